//! `kgl-run why`: three lines about what failed.

use kgl_contract::{Run, RunState};

use crate::runs::Seen;

/// What failed, where its log is, and the command that goes on from there: three lines, without
/// a newline at the end.
pub(crate) fn lines(run: &Run) -> String {
    match &run.why {
        Some(why) => format!("{}\n  log:  {}\n  next: {}", why.what, why.log, why.next),
        None => format!("{} did not fail", run.verb),
    }
}

/// Whether a run ended badly, without anybody having asked for it.
pub(crate) fn has_failed(run: &Run) -> bool {
    use RunState as S;
    matches!(run.state, S::Failed | S::Died | S::Rebooted | S::Lost)
}

/// The newest run in `seen` (newest first) that failed, and whether its verb has ended well
/// since.
pub(crate) fn newest(seen: &[Seen]) -> Option<(&Run, bool)> {
    let failed = seen.iter().position(|seen| has_failed(&seen.run))?;
    let run = &seen[failed].run;
    let better = |later: &Seen| later.run.verb == run.verb && later.run.state == RunState::Done;
    Some((run, seen[..failed].iter().any(better)))
}
