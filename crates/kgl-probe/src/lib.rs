//! `kgl-probe`: asks hosts how they are and what runs on them, all at once.
//!
//! ```text
//! kgl-probe host1 host2:/workspace/kaggle | jq '.hosts[].machine.load_1min'
//! ```
//!
//! **Input**: hosts as arguments, and `kgl.challenge/1` and `kgl.fleet/1` documents.
//! **Output**: a `kgl.host-status/1` document; on a terminal, tables.
//!
//! One shell script goes to every host at the same time ([`question`]); it needs nothing there but
//! a POSIX shell. Its answer is read here ([`answer`]), and the state of runs is derived here, by
//! the rule that kgl-run uses on its own machine.
//!
//! **Exit codes**: 0 every host answered, 1 some did not, 2 bad usage or input.

mod answer;
mod cli;
mod question;
mod table;
mod targets;

pub use cli::Args;

use std::io::{IsTerminal as _, stdout};
use std::time::{Instant, SystemTime};

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::{HostReport, HostStatus, Tag, Unreachable, canonical_bytes};
use kgl_remote::{Answer, End, Limits, SshError, ask_each};

use crate::targets::Target;

/// Moves to the top of a terminal and clears what is below: a table that is drawn over itself.
const REDRAW: &str = "\u{1b}[H\u{1b}[J";

/// Runs the tool.
///
/// # Errors
/// No hosts, or a document that names none (exit 2); stdout cannot be written (exit 3).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(args: Args, io: &Io) -> Result<Exit, Failure> {
    let targets = targets::read(&args, io)?;
    let limits = Limits {
        connect: cli::time(args.connect),
        whole: cli::time(args.deadline),
    };
    let Some(pause) = args.watch else {
        let status = probe(&targets, limits, args.runs);
        if stdout().is_terminal() {
            io.print(table::tables(&status))?;
        } else {
            io.write_document(&status, None)?;
        }
        let missing = status.hosts.iter().any(|host| host.unreachable.is_some());
        return Ok(if missing { Exit::No } else { Exit::Done });
    };
    loop {
        let status = probe(&targets, limits, args.runs);
        let bytes = if stdout().is_terminal() {
            format!(
                "{REDRAW}{}\n\n{}, every {pause} s; ^C ends this\n",
                table::tables(&status),
                status.asked_at
            )
            .into_bytes()
        } else {
            canonical_bytes(&status).or_outside("cannot write the document as JSON")?
        };
        // Nobody looks on any more.
        if !io.stream_stdout(&bytes)? {
            return Ok(Exit::Done);
        }
        std::thread::sleep(cli::time(pause));
    }
}

/// Asks all targets at once.
fn probe(targets: &[Target], limits: Limits, runs: u32) -> HostStatus {
    let asked_at = kgl_cli::now();
    let (wall, begun) = (SystemTime::now(), Instant::now());
    let questions: Vec<(String, String)> = targets
        .iter()
        .map(|target| {
            (
                target.host.clone(),
                question::command(target.root.as_deref(), runs),
            )
        })
        .collect();
    let answers = ask_each(&questions, question::SCRIPT.as_bytes(), limits);
    let hosts = targets
        .iter()
        .zip(answers)
        .map(|(target, answer)| report(target, answer, wall, begun))
        .collect();
    HostStatus {
        schema: Tag::default(),
        asked_at,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        hosts,
    }
}

/// What is known of `target` after its answer. The steady clock showed `begun` when the wall's
/// showed `wall`.
fn report(
    target: &Target,
    answer: Result<Answer, SshError>,
    wall: SystemTime,
    begun: Instant,
) -> HostReport {
    let mut report = HostReport {
        host: target.host.clone(),
        root: target.root.clone(),
        unreachable: None,
        machine: None,
        runs: Vec::new(),
    };
    match answer {
        Ok(answer) if answer.end == End::Code(0) => {
            let since = |moment: Instant| {
                let at = wall + moment.saturating_duration_since(begun);
                at.duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap_or_default()
                    .as_secs_f64()
            };
            let spoken = answer::Spoken {
                text: &String::from_utf8_lossy(&answer.stdout),
                sent_at: since(answer.sent_at),
                ended_at: since(answer.ended_at),
                answer_ms: u64::try_from((answer.ended_at - begun).as_millis()).unwrap_or(u64::MAX),
            };
            let (machine, runs) = answer::read(&spoken);
            report.machine = Some(machine);
            report.runs = runs;
        }
        Ok(answer) => {
            let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            report.unreachable = Some(Unreachable {
                what: format!("{} cannot run a script of sh: {said}", target.host),
                next: format!("`ssh {} sh` must start a POSIX shell", target.host),
            });
        }
        Err(error) => {
            let hint = error.fault().map(|fault| fault.hint(&target.host));
            report.unreachable = Some(Unreachable {
                what: error.to_string(),
                next: hint.unwrap_or_else(|| format!("`ssh -v {}` says more", target.host)),
            });
        }
    }
    report
}
