//! Runs on a host: started there, followed, ended and asked from here. What is here of them is a
//! record, `run.json`; the truth is there until it is pulled.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use kgl_cli::{Failure, Io, OrFail as _, stream_program};
use kgl_contract::{Run, RunState, Where, Why, parse_document};

use kgl_ssh::{Fault, SshError};

use crate::runs::{Runs, Seen};
use crate::there::{There, Unheard};

/// How long a host may take over a question.
const ANSWER: Duration = Duration::from_secs(60);
/// How often a start is tried over a link that breaks.
const TRIES: u32 = 4;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a host may be away before nobody waits for it any more.
const AWAY: Duration = Duration::from_secs(600);

/// Whether `run` is on another machine than the one called `here`.
pub(crate) fn is_elsewhere(run: &Run, here: &str, boot_id: Option<&str>) -> bool {
    run.where_.kind == Where::Host
        && run.where_.host != here
        // Seen on the host itself, under whatever name it has for itself.
        && (run.boot_id.is_none() || run.has_other_boot(boot_id) || boot_id.is_none())
}

/// The host of `run`.
fn there(run: &Run) -> Result<There, Failure> {
    let root = run.where_.root.as_deref();
    let root = root.ok_or_else(|| {
        Failure::usage(format_args!(
            "{}: where on {} it runs is not on record",
            run.id, run.where_.host
        ))
    })?;
    There::new(&run.where_.host, root)
}

/// Starts the planned `run` on its host, in tmux. The record here comes first, so that whatever
/// happens on the way, `status` can find out how it stands.
///
/// # Errors
/// The host refuses it (its own code), and nothing is on record; or the host is not heard
/// (exit 3), and what became of it is found out by the next `status`.
pub(crate) fn start(runs: &Runs, planned: &Run, again: bool, grace: u64) -> Result<Run, Failure> {
    let there = there(planned)?;
    let lock = runs.lock()?;
    runs.create(planned)?;
    drop(lock);
    let plan = serde_json::to_vec(planned).or_outside("cannot write the plan as JSON")?;
    let grace = grace.to_string();
    let mut args = vec![
        "--quiet",
        "_start",
        "--grace",
        &grace,
        "--competition",
        &planned.competition,
    ];
    if again {
        args.push("--again");
    }
    let mut tries = 0;
    // Whether the host may have been told, and only its answer was lost.
    let mut told = false;
    let answer = loop {
        tries += 1;
        match there.call(&args, &plan, ANSWER) {
            // The id makes it safe to ask again: a run that is there is not started twice.
            Err(Unheard::Ssh(error)) if (told || may_be_told(&error)) && tries < TRIES => {
                told = true;
                std::thread::sleep(PAUSE);
            }
            Err(Unheard::Ssh(error)) => {
                told |= may_be_told(&error);
                break Err(Unheard::Ssh(error));
            }
            answer => break answer,
        }
    };
    match answer {
        Ok(finished) => {
            let run: Run = parse_document(&finished.stdout)
                .or_outside(format_args!("{} answered", there.name()))?;
            runs.record(&run)?;
            Ok(run)
        }
        Err(Unheard::Failure(failure)) => {
            runs.forget(planned);
            Err(failure)
        }
        Err(Unheard::Ssh(error)) if !told => {
            // Nobody was reached, so nothing was started.
            runs.forget(planned);
            Err(error.into())
        }
        Err(Unheard::Ssh(error)) => Err(Failure::outside(format_args!(
            "whether {} started is not known: {error}",
            planned.verb
        ))
        .hint(format_args!(
            "`kgl-run status --competition {}` finds out; starting it again is refused if it runs",
            planned.competition
        ))),
    }
}

/// Whether what was sent may have arrived before the connection failed.
fn may_be_told(error: &SshError) -> bool {
    matches!(error.fault(), Some(Fault::Cut | Fault::Other))
}

/// Asks the hosts of those runs in `seen` that have not ended as far as is known here, once each,
/// and notes what they say.
pub(crate) fn refresh(runs: &Runs, seen: &mut [Seen], io: &Io) {
    let mut hosts: BTreeMap<(String, Option<String>), Vec<usize>> = BTreeMap::new();
    for (index, one) in seen.iter().enumerate() {
        if one.is_elsewhere && !has_ended(one.run.state) {
            let key = (one.run.where_.host.clone(), one.run.where_.root.clone());
            hosts.entry(key).or_default().push(index);
        }
    }
    for indexes in hosts.values() {
        let Some(first) = indexes.first() else {
            continue;
        };
        let asked = ask(&seen[*first].run);
        for index in indexes {
            let one = &mut seen[*index];
            match &asked {
                Ok(found) => match found.iter().find(|run| run.id == one.run.id) {
                    Some(run) => {
                        one.run = run.clone();
                        if let Err(failure) = runs.record(run) {
                            io.warn(failure);
                        }
                    }
                    None => {
                        one.run = lost(
                            &one.run,
                            "knows nothing of it: it never started there, or its folder is gone",
                        );
                    }
                },
                Err(why) => one.run = lost(&one.run, &format!("cannot be asked: {why}")),
            }
        }
    }
}

/// All runs of the competition on the host of `run`.
fn ask(run: &Run) -> Result<Vec<Run>, String> {
    let there = there(run).map_err(|failure| failure.to_string())?;
    let args = ["--quiet", "status", "--competition", &run.competition];
    let finished = match there.call(&args, b"", ANSWER) {
        Ok(finished) => finished,
        Err(Unheard::Ssh(error)) => return Err(error.to_string()),
        Err(Unheard::Failure(failure)) => return Err(failure.to_string()),
    };
    let lines = finished
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| parse_document(line).map_err(|error| error.to_string()))
        .collect()
}

fn lost(run: &Run, what: &str) -> Run {
    let (verb, host) = (&run.verb, &run.where_.host);
    Run {
        state: RunState::Lost,
        why: Some(Why {
            what: format!("{verb} on {host}: {host} {what}"),
            log: format!("{}/{}", run.paths.folder, run.paths.log),
            next: kgl_cli::quote([
                "make",
                "status",
                &format!("competition={}", run.competition),
            ]),
        }),
        ..run.clone()
    }
}

/// Whether nothing will change any more.
pub(crate) fn has_ended(state: RunState) -> bool {
    use RunState as S;
    matches!(
        state,
        S::Done | S::Failed | S::Stopped | S::Died | S::Rebooted
    )
}

/// Ends `run` on its host, and gives it as it stands then.
///
/// # Errors
/// The host is not heard, or cannot end it (exit 3).
pub(crate) fn stop(runs: &Runs, run: &Run, grace: Duration, io: &Io) -> Result<Run, Failure> {
    let there = there(run)?;
    let seconds = grace.as_secs().to_string();
    let args = [
        "--quiet",
        "stop",
        "--competition",
        &run.competition,
        "--run",
        &run.id,
        "--grace",
        &seconds,
    ];
    let finished = there.call(&args, b"", grace + ANSWER)?;
    let line = finished
        .stdout
        .split(|byte| *byte == b'\n')
        .find(|line| !line.is_empty());
    let ended: Run = match line {
        Some(line) => parse_document(line).or_outside(format_args!("{} answered", there.name()))?,
        None => run.clone(),
    };
    runs.record(&ended)?;
    io.note(format_args!("stopped {} on {}", run.id, there.name()));
    Ok(ended)
}

/// Hands the log of `run` to `sink`, every byte once, until the run has ended, and gives it as it
/// stands then. A link that is cut is waited for; `follow` false takes what is there now. `sink`
/// is called with nothing now and then, and may break off: then there is no answer.
///
/// # Errors
/// The host has been away for too long, or does not know the run (exit 3).
pub(crate) fn follow(
    runs: &Runs,
    run: &Run,
    follow: bool,
    io: &Io,
    mut sink: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<Option<Run>, Failure> {
    let there = there(run)?;
    let mut offset: u64 = 0;
    let mut away_since: Option<Instant> = None;
    loop {
        let from = offset.to_string();
        let mut args = vec![
            "--quiet",
            "_log",
            "--competition",
            &run.competition,
            "--run",
            &run.id,
            "--from",
            &from,
        ];
        if !follow {
            args.push("--no-follow");
        }
        let mut broken = false;
        let finished = stream_program(&mut there.command(&args), |bytes| {
            offset += bytes.len() as u64;
            if !bytes.is_empty() {
                away_since = None;
            }
            let flow = sink(bytes);
            broken |= flow.is_break();
            flow
        })
        .map_err(|error| error.into_failure("apt-get install -y openssh-client"))?;
        if broken {
            return Ok(None);
        }
        match finished.status.code() {
            Some(0) => break,
            Some(255) | None => {
                let error = there.cut(&finished);
                let since = *away_since.get_or_insert_with(|| {
                    io.note(format_args!("{error}; waiting for {}", there.name()));
                    Instant::now()
                });
                if !error.may_pass() || since.elapsed() > AWAY {
                    return Err(Failure::from(error).hint(format_args!(
                        "{} goes on there; `kgl-run watch --competition {}` follows it again",
                        run.verb, run.competition
                    )));
                }
                let end = Instant::now() + PAUSE;
                while Instant::now() < end {
                    if sink(&[]).is_break() {
                        return Ok(None);
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            // The program there is missing or says no: asking properly says why.
            Some(_) => {
                there.call(&args, b"", ANSWER)?;
            }
        }
    }
    // The log is complete. How the run stands is asked until it is heard.
    let begun = Instant::now();
    loop {
        let mut seen = [Seen::elsewhere(run.clone())];
        refresh(runs, &mut seen, io);
        let [one] = seen;
        if one.run.state != RunState::Lost || begun.elapsed() > ANSWER || !follow {
            return Ok(Some(one.run));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Shows bytes on stderr, for a run in the foreground.
pub(crate) fn show(bytes: &[u8]) {
    let _ = io::stderr().write_all(bytes);
}
