//! `--after VERB`: what another verb makes is waited for.

use std::ops::ControlFlow;
use std::time::Duration;

use kgl_cli::{Failure, Io};
use kgl_contract::{Run, RunState};

use crate::runs::{Runs, Seen};
use crate::{hooks, remote, why};

const LOOK: Duration = Duration::from_millis(100);

/// Waits for the run of `verb` that is running, if there is one, and looks how it ended. One that
/// ended before counts where nothing was run since: `make train predict` must not go on with what
/// an earlier training left.
///
/// # Errors
/// That run did not end well (exit 1); its host is not heard (exit 3).
pub(crate) fn wait_for(runs: &Runs, verb: &str, io: &Io) -> Result<(), Failure> {
    let (mut seen, _) = runs.list()?;
    remote::refresh(runs, &mut seen, io);
    let is_live = |seen: &Seen| seen.run.verb == verb && seen.is_live();
    let place = seen.iter().position(is_live).or_else(|| {
        let newest = seen.first()?;
        (newest.run.verb == verb).then_some(0)
    });
    let Some(place) = place else {
        return Ok(());
    };
    let ended = end(runs, seen.swap_remove(place), io)?;
    hooks::tell(runs, [&ended], io);
    if ended.state == RunState::Done {
        return Ok(());
    }
    Err(Failure::no(why::lines(&ended)).hint(format_args!(
        "without --after {verb} it goes on with what is there"
    )))
}

/// The run as it ended.
fn end(runs: &Runs, mut seen: Seen, io: &Io) -> Result<Run, Failure> {
    if seen.is_live() {
        io.note(format_args!(
            "waiting for {}, which runs as {}\n  follow it: kgl-run watch --competition {}",
            seen.run.verb, seen.run.id, seen.run.competition
        ));
    }
    while seen.is_live() {
        if seen.is_elsewhere {
            let ended = remote::follow(runs, &seen.run, true, io, |_| ControlFlow::Continue(()))?;
            return Ok(ended.unwrap_or(seen.run));
        }
        std::thread::sleep(LOOK);
        seen = runs.see(&seen.run.id).map_err(Failure::outside)?;
    }
    Ok(seen.run)
}
