//! `on_done`: a command of the user's for a run that has ended, once for each run.

use std::fs::File;
use std::process::Command;
use std::time::Duration;

use kgl_cli::{Io, run_program};
use kgl_contract::{OnDone, Run, RunState, canonical_bytes};

use crate::place;
use crate::runs::Runs;

/// A command that takes longer is not waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// In a run's folder, once its end has been told.
const TOLD: &str = ".told";

/// Calls the user's command for each of `ended` that has ended and was not told of yet. Whoever
/// learns of the end first calls it; what goes wrong with it is a warning.
pub(crate) fn tell<'a>(runs: &Runs, ended: impl IntoIterator<Item = &'a Run>, io: &Io) {
    let mut hooks: Option<(OnDone, Vec<String>)> = None;
    for run in ended {
        if !matches!(
            run.state,
            RunState::Done | RunState::Failed | RunState::Died | RunState::Rebooted
        ) {
            continue;
        }
        let (hooks, verbs) = hooks.get_or_insert_with(|| match place::challenge_at(runs.place()) {
            Ok(challenge) => (challenge.on_done, challenge.verbs.into_keys().collect()),
            // Nobody to call: the challenge is being edited, or came from elsewhere.
            Err(_) => (OnDone::default(), Vec::new()),
        });
        // A shard of a fleet's search is a run, but nobody waits for that one.
        if !verbs.contains(&run.verb) {
            continue;
        }
        let argv = match run.state {
            RunState::Done => &hooks.finished,
            RunState::Failed => &hooks.failed,
            _ => &hooks.died,
        };
        let [program, args @ ..] = argv.as_slice() else {
            continue;
        };
        // Whoever makes the file is the one who tells.
        let folder = runs.folder(&run.id);
        if File::create_new(folder.join(TOLD)).is_err() {
            continue;
        }
        let work = runs.place().project.join(runs.place().work());
        let mut command = Command::new(crate::launch::resolve(program, &work));
        command
            .args(args)
            .current_dir(&work)
            .env("KGL_RUN_ID", &run.id)
            .env("KGL_RUN_STATE", run.state.name())
            .env("KGL_RUN_DIR", &folder);
        let document = canonical_bytes(run).unwrap_or_default();
        match run_program(&mut command, &document, Some(LIMIT)) {
            Ok(finished) if finished.status.success() => {}
            Ok(finished) => io.warn(format_args!(
                "on_done for {}: {program} ended with {}: {}",
                run.id,
                finished.status,
                finished.stderr_text().trim()
            )),
            Err(error) => io.warn(format_args!("on_done for {}: {error}", run.id)),
        }
    }
}
