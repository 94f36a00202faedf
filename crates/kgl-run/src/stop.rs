//! `kgl-run stop`: ends what a run started, all of it, and nothing else.

use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Ending, Run, RunEnd, RunState};
use rustix::process::Signal;

use crate::process::{self, Process};
use crate::remote;
use crate::runs::{Runs, Seen};
use crate::wrapper::Request;

const LOOK: Duration = Duration::from_millis(30);
/// How often a wrapper is asked that was given its time.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a killed process may take to go.
const LAST: Duration = Duration::from_secs(5);

/// Ends the runs in `seen`, says what it ended, and gives them as they stand then.
///
/// # Errors
/// A process that is somebody else's, or that even KILL does not end (exit 3).
pub(crate) fn stop(
    runs: &Runs,
    seen: &[Seen],
    grace: Duration,
    io: &Io,
) -> Result<Vec<Run>, Failure> {
    let (line, mark) = (process::ancestors(), std::env::var(process::MARK));
    let mut ended = Vec::new();
    for one in seen {
        let id = &one.run.id;
        let within = one.run.pid.is_some_and(|pid| line.contains(&pid));
        if within || mark.as_ref() == Ok(id) {
            io.note(format_args!(
                "{id} runs this very command, and is left alone"
            ));
            continue;
        }
        if one.is_elsewhere {
            ended.push(remote::stop(runs, &one.run, grace, io)?);
            continue;
        }
        let found = end(runs, &one.run, grace)?;
        let run = runs.see(id).map_err(Failure::outside)?.run;
        if found.is_empty() {
            io.note(format_args!("{id} had ended by itself"));
        } else {
            io.note(format_args!("stopped {id}: {}", process::list(&found)));
        }
        ended.push(run);
    }
    Ok(ended)
}

/// Ends one run, and gives the processes that were there.
fn end(runs: &Runs, run: &Run, grace: Duration) -> Result<Vec<Process>, Failure> {
    let id = &run.id;
    let wrapper = (run.state == RunState::Running)
        .then(|| run.pid.and_then(process::find))
        .flatten()
        .filter(|process| Some(process.start_ticks) == run.pid_start_ticks);
    let mut found = process::of_run(id);
    if let Some(wrapper) = &wrapper {
        // The wrapper knows its processes best, and records the end: it is asked first, and
        // the second time it kills at once. Signals that arrive together count as one, so the
        // second time is more than once.
        let insist = std::iter::repeat_n(AGAIN, 25);
        for patience in std::iter::once(grace).chain(insist) {
            process::send(wrapper, Signal::TERM)
                .or_outside(format_args!("cannot stop {id} (pid {})", wrapper.pid))?;
            let _ = process::send(wrapper, Signal::CONT);
            if wait_until(patience, || is_gone(wrapper)) {
                break;
            }
        }
        if !is_gone(wrapper) {
            let _ = process::send(wrapper, Signal::KILL);
            wait_until(LAST, || is_gone(wrapper));
        }
    }
    // What is left has no wrapper: it died, or had to be killed.
    let begun = Instant::now();
    let mut request = Request::new(Signal::TERM, begun + grace);
    loop {
        let present = process::of_run(id);
        if present.is_empty() {
            break;
        }
        let now = Instant::now();
        if now > begun + grace + LAST {
            return Err(Failure::outside(format_args!(
                "cannot end {} of {id}",
                process::list(&present)
            )));
        }
        request.press(&present, now);
        std::thread::sleep(LOOK);
        let known = |process: &Process| found.contains(process);
        let new: Vec<Process> = present.into_iter().filter(|one| !known(one)).collect();
        found.extend(new);
    }
    let now = runs.see(id).map_err(Failure::outside)?;
    if now.run.state == RunState::Died {
        let ending = Ending {
            end: RunEnd {
                code: None,
                signal: None,
                stopped: true,
            },
            ended_at: kgl_cli::now(),
        };
        runs.finish(run, &ending)?;
    }
    if found.is_empty() {
        found.extend(wrapper);
    }
    Ok(found)
}

fn is_gone(process: &Process) -> bool {
    process::find(process.pid).is_none_or(|now| now.start_ticks != process.start_ticks)
}

/// Looks again and again until `done` or `patience` is over; gives whether it is done.
fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
    let end = Instant::now() + patience;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(LOOK);
    }
}
