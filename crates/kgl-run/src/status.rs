//! `kgl-run status`: a table of runs.

use kgl_cli::Table;
use kgl_contract::{Run, RunState};

use crate::runs::Seen;
use crate::state::how;

/// The table for people.
pub(crate) fn table(seen: &[Seen], now: &str) -> Table {
    let mut table = Table::new(["run", "where", "state", "started", "took", "end"]);
    for Seen {
        run,
        survivors,
        is_elsewhere,
    } in seen
    {
        let end = match run.state {
            RunState::Failed => how(run.end.as_ref()),
            RunState::Died if !survivors.is_empty() => {
                format!("{} goes on alone", crate::process::list(survivors))
            }
            _ => String::new(),
        };
        let until = match run.state {
            RunState::Running => Some(now),
            _ => run.ended_at.as_deref(),
        };
        table.row([
            run.id.clone(),
            if *is_elsewhere {
                run.where_.host.clone()
            } else {
                "here".to_owned()
            },
            run.state.name().to_owned(),
            run.started_at.clone().unwrap_or_default(),
            took(run, until).unwrap_or_default(),
            end,
        ]);
    }
    table
}

/// `1 h 02 min`, `3 min 20 s`, `7 s`.
pub(crate) fn took(run: &Run, until: Option<&str>) -> Option<String> {
    let from: jiff::Timestamp = run.started_at.as_deref()?.parse().ok()?;
    let until: jiff::Timestamp = until?.parse().ok()?;
    let seconds = until.as_second().saturating_sub(from.as_second());
    Some(kgl_cli::duration(u64::try_from(seconds).unwrap_or(0)))
}
