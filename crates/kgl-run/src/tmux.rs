//! Starting a run on this host for somebody who is elsewhere: in tmux, so that it outlives the
//! connection and can be looked at.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kgl_cli::{Failure, OrFail as _, run_program, write_atomically};
use kgl_contract::{Run, canonical_bytes, parse_document};

use crate::launch::refuse_a_second;
use crate::runs::Runs;

/// How long a wrapper may take to start the run.
const START: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(10);
const TMUX: Duration = Duration::from_secs(20);

/// Starts the planned `run` in a tmux session of its own, and gives it as it started. A run that
/// is there already, under its id, is not started twice.
///
/// # Errors
/// The verb is running already (exit 1); no tmux, or the program cannot be started (exit 2); the
/// disk failed (exit 3). Then nothing was started.
pub(crate) fn start(
    runs: &Runs,
    run: &Run,
    again: bool,
    session: Option<&str>,
    grace: u64,
    name: &str,
) -> Result<Run, Failure> {
    if let Ok(seen) = runs.see(&run.id) {
        return Ok(seen.run);
    }
    let work = runs.place().project.join(&run.paths.work);
    if !work.is_dir() {
        return Err(Failure::usage(format_args!(
            "no folder {} in {}",
            run.paths.work,
            runs.place().project.display()
        ))
        .hint("`make sync` brings the project there"));
    }
    // Two starters at once: the second one waits until the first one's run is on record. The
    // wrapper takes the other lock.
    let _turn = runs.lock_as(".start-lock")?;
    if let Ok(seen) = runs.see(&run.id) {
        return Ok(seen.run);
    }
    if !again {
        refuse_a_second(runs, run)?;
    }
    let session = match session {
        Some(given) => given.to_owned(),
        None => session_name(run, again),
    };
    let plan = runs.place().runs().join(format!(".plan-{}.json", run.id));
    let answer = runs.place().runs().join(format!(".answer-{}.json", run.id));
    write_atomically(
        &plan,
        &canonical_bytes(run).or_outside("cannot write the plan as JSON")?,
    )?;
    let started = new_session(runs, run, &session, &plan, &answer, again, grace, name)
        .and_then(|()| await_answer(runs, run, &answer, &session));
    let _ = fs::remove_file(&plan);
    let _ = fs::remove_file(&answer);
    started
}

/// `kgl-SLUG-VERB`: the same for the same verb, so that whoever logs in knows where to look.
fn session_name(run: &Run, again: bool) -> String {
    let tail = run.id.rsplit('-').next().filter(|_| again);
    let parts = ["kgl", &run.competition, &run.verb].into_iter().chain(tail);
    parts.collect::<Vec<_>>().join("-")
}

#[allow(clippy::too_many_arguments, reason = "the words of one command line")]
fn new_session(
    runs: &Runs,
    run: &Run,
    session: &str,
    plan: &Path,
    answer: &Path,
    again: bool,
    grace: u64,
    name: &str,
) -> Result<(), Failure> {
    // What an earlier run of the verb left to be looked at. `=`: not a session that only begins
    // with this name.
    let exact = format!("={session}");
    let _ = tmux(&["kill-session", "-t", &exact]);
    let own = std::env::current_exe().or_outside("cannot find kgl-run itself")?;
    let own = own.display().to_string();
    let project = runs.place().project.display().to_string();
    let (plan, answer, grace) = (
        plan.display().to_string(),
        answer.display().to_string(),
        grace.to_string(),
    );
    let path = format!("PATH={}", std::env::var("PATH").unwrap_or_default());
    let work = runs
        .place()
        .project
        .join(&run.paths.work)
        .display()
        .to_string();
    // A server that runs already has an environment of its own, so PATH is handed over.
    let mut words = vec![
        "new-session",
        "-d",
        "-s",
        session,
        "-x",
        "200",
        "-y",
        "50",
        "-c",
        &work,
        "-e",
        &path,
        "--",
    ];
    words.extend([
        own.as_str(),
        "--as",
        name,
        "--grace",
        &grace,
        "_attend",
        "--project",
        &project,
    ]);
    words.extend(["--plan", &plan, "--answer", &answer]);
    if again {
        words.push("--again");
    }
    // In one call, so that the pane cannot be gone before it is told to stay.
    let target = format!("={session}:");
    words.extend([
        ";",
        "set-option",
        "-w",
        "-t",
        &target,
        "remain-on-exit",
        "on",
    ]);
    tmux(&words)
}

fn tmux(words: &[&str]) -> Result<(), Failure> {
    let finished = run_program(Command::new("tmux").args(words), b"", Some(TMUX))
        .map_err(|error| error.into_failure("apt-get install -y tmux"))?;
    if finished.status.success() {
        return Ok(());
    }
    Err(Failure::outside(format_args!(
        "tmux: {}",
        finished.stderr_text().trim()
    )))
}

/// Waits until the wrapper says that the run has started, or why it has not.
fn await_answer(runs: &Runs, run: &Run, answer: &Path, session: &str) -> Result<Run, Failure> {
    let end = Instant::now() + START;
    loop {
        if let Ok(bytes) = fs::read(answer) {
            return read_answer(&bytes);
        }
        // The answer may be what the disk had no room for.
        if let Ok(seen) = runs.see(&run.id) {
            return Ok(seen.run);
        }
        if Instant::now() > end {
            return Err(
                Failure::outside(format_args!("the wrapper of {} did not start", run.id)).hint(
                    format_args!("`tmux attach -t ={session}` on the host shows what it said"),
                ),
            );
        }
        std::thread::sleep(LOOK);
    }
}

/// What a wrapper in tmux answers: the run, or its exit code and why.
pub(crate) fn write_answer(path: &Path, outcome: Result<&Run, &Failure>) {
    let bytes = match outcome {
        Ok(run) => canonical_bytes(run).unwrap_or_default(),
        Err(failure) => format!("{} {failure}", failure.exit().code()).into_bytes(),
    };
    let _ = write_atomically(path, &bytes);
}

fn read_answer(bytes: &[u8]) -> Result<Run, Failure> {
    let text = String::from_utf8_lossy(bytes);
    Err(match text.split_once(' ') {
        Some(("1", why)) => Failure::no(why),
        Some(("2", why)) => Failure::usage(why),
        Some(("3", why)) => Failure::outside(why),
        _ => return parse_document(bytes).or_outside("the run's wrapper answered"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer");
        write_answer(&path, Err(&Failure::usage("no file ./x").hint("make it")));
        let failure = read_answer(&fs::read(&path).unwrap()).unwrap_err();
        assert_eq!(
            (failure.exit(), failure.to_string().as_str()),
            (kgl_cli::Exit::Usage, "no file ./x\n  hint: make it")
        );
        assert!(read_answer(b"nonsense").is_err());
    }
}
