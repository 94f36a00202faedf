//! Where a submission comes from: the commit it was made at and the run that made it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kgl_cli::run_program;
use kgl_contract::{Run, RunEnd, parse_document};

/// The commit of a folder's checkout, and whether it has uncommitted changes;
/// nothing where it is no checkout, or git is not there.
#[must_use]
pub fn commit(folder: &Path) -> Option<(String, bool)> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(arguments);
        let done = run_program(&mut command, b"", Some(Duration::from_secs(20))).ok()?;
        done.status
            .success()
            .then(|| done.stdout_text().trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some((commit, !changes.is_empty()))
}

/// The newest run that ended well and whose verb is to predict, below the
/// competition's folder: nothing is taken from a run that failed.
#[must_use]
pub fn newest_prediction(folder: &Path) -> Option<Run> {
    let entries = std::fs::read_dir(folder.join("outputs/runs")).ok()?;
    let runs = entries.flatten().filter_map(|entry| {
        let bytes = std::fs::read(entry.path().join("run.json")).ok()?;
        let run: Run = parse_document(&bytes).ok()?;
        let ended = std::fs::read(entry.path().join("run.rc")).ok()?;
        let ended: RunEnd = serde_json::from_slice(&ended).ok()?;
        (ended.code == Some(0) && run.verb.starts_with("predict")).then_some(run)
    });
    runs.max_by(|a, b| a.id.cmp(&b.id))
}
