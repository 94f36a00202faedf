//! Programs that a tool calls (git, kaggle, rsync, ssh), run to their end.

use std::io::{self, Read, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How long [`stream_program`] waits for something before it says that there is nothing.
const TICK: Duration = Duration::from_millis(100);

/// How a program ended and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code or the signal that ended it.
    pub status: ExitStatus,
    /// What it wrote to stdout, to the byte.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr, to the byte.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Its stdout as text, odd bytes replaced.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its stderr as text, odd bytes replaced.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// The name, without `SIG`, of a signal that ends programs: their numbers are the same on every
/// Linux we know. None for any other number.
#[must_use]
pub fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        _ => return None,
    })
}

/// Why a program gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// There is no such program, or it may not be executed.
    #[error("{program} cannot be started: {error}")]
    NotStarted {
        /// As it was called.
        program: String,
        /// What the system said.
        error: io::Error,
    },
    /// It was still running when its time was over, and was killed.
    #[error("{program} gave no answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// As it was called.
        program: String,
        /// The time it had.
        after: Duration,
    },
    /// The system failed under it.
    #[error("{program} was lost: {error}")]
    Lost {
        /// As it was called.
        program: String,
        /// What the system said.
        error: io::Error,
    },
}

impl ProgramError {
    /// The failure to tell: a program that is missing is the caller's to install (exit 2, with
    /// `install` as the hint), one that gives no answer is the outside world (exit 3).
    #[must_use]
    pub fn into_failure(self, install: &str) -> Failure {
        match self {
            ProgramError::NotStarted { .. } => Failure::usage(self).hint(install),
            _ => Failure::outside(self),
        }
    }
}

/// Runs `command` to its end: gives it `stdin`, drains stdout and stderr side by side, and kills
/// it when it takes longer than `limit`. A status that is not 0 is an answer, not an error.
///
/// # Errors
/// It cannot be started, takes too long, or is lost.
pub fn run_program(
    command: &mut Command,
    stdin: &[u8],
    limit: Option<Duration>,
) -> Result<Finished, ProgramError> {
    let program = Path::new(command.get_program()).display().to_string();
    let lost = {
        let program = program.clone();
        move |error| ProgramError::Lost {
            program: program.clone(),
            error,
        }
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| ProgramError::NotStarted {
            program: program.clone(),
            error,
        })?;
    // Fed from the side: a program may write before it has read everything, or not read at all.
    if let Some(mut pipe) = child.stdin.take() {
        let input = stdin.to_vec();
        thread::spawn(move || pipe.write_all(&input));
    }
    let stdout = child.stdout.take().map(drain);
    let stderr = child.stderr.take().map(drain);
    let end = limit.map(|limit| Instant::now() + limit);
    let read = |pipe: Option<mpsc::Receiver<io::Result<Vec<u8>>>>| match (pipe, end) {
        (None, _) => Some(Ok(Vec::new())),
        (Some(pipe), None) => pipe.recv().ok(),
        (Some(pipe), Some(end)) => pipe
            .recv_timeout(end.saturating_duration_since(Instant::now()))
            .ok(),
    };
    let (Some(stdout), Some(stderr)) = (read(stdout), read(stderr)) else {
        // The readers are left to end with whoever still holds the pipes.
        let _ = child.kill();
        let _ = child.wait();
        return Err(ProgramError::TimedOut {
            program,
            after: limit.unwrap_or_default(),
        });
    };
    loop {
        if let Some(status) = child.try_wait().map_err(&lost)? {
            return Ok(Finished {
                status,
                stdout: stdout.map_err(&lost)?,
                stderr: stderr.map_err(&lost)?,
            });
        }
        // It closed its pipes and goes on: seldom, so looking again and again is good enough.
        if end.is_some_and(|end| Instant::now() >= end) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(ProgramError::TimedOut {
                program,
                after: limit.unwrap_or_default(),
            });
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Runs `command` without an input, and hands what it writes to stdout to `sink` as it comes; now
/// and then, while there is nothing, an empty slice. When `sink` breaks off, the program is
/// killed. What comes back holds its stderr, and no stdout.
///
/// # Errors
/// It cannot be started, or is lost.
pub fn stream_program(
    command: &mut Command,
    mut sink: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<Finished, ProgramError> {
    let program = Path::new(command.get_program()).display().to_string();
    let named = program.clone();
    let lost = move |error| ProgramError::Lost {
        program: named.clone(),
        error,
    };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| ProgramError::NotStarted { program, error })?;
    let stderr = child.stderr.take().map(drain);
    let (sender, receiver) = mpsc::sync_channel::<Vec<u8>>(16);
    if let Some(mut pipe) = child.stdout.take() {
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
    }
    loop {
        let go_on = match receiver.recv_timeout(TICK) {
            Ok(bytes) => sink(&bytes),
            Err(mpsc::RecvTimeoutError::Timeout) => sink(&[]),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        };
        if go_on.is_break() {
            let _ = child.kill();
            break;
        }
    }
    let status = child.wait().map_err(&lost)?;
    // Somebody whom it left behind may still hold its stderr.
    let stderr = stderr.and_then(|pipe| pipe.recv_timeout(TICK * 10).ok());
    Ok(Finished {
        status,
        stdout: Vec::new(),
        stderr: stderr.unwrap_or(Ok(Vec::new())).map_err(&lost)?,
    })
}

/// Reads a pipe to its end on a thread of its own.
fn drain(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.read_to_end(&mut bytes).map(|_| bytes);
        // Nobody waits any more where the time was over.
        let _ = sender.send(read);
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn megabytes_on_every_pipe_do_not_block() {
        let script = "head -c 3000000 /dev/zero >&2; cat; exit 3";
        let input = vec![b'x'; 3_000_000];
        let done = run_program(&mut shell(script), &input, None).unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert_eq!(done.stdout, input);
        assert_eq!(done.stderr.len(), 3_000_000);
    }

    #[test]
    fn a_program_that_hangs_is_ended_also_when_it_closed_its_pipes() {
        for script in ["exec sleep 100", "exec >&- 2>&-; exec sleep 100"] {
            let begun = Instant::now();
            let limit = Some(Duration::from_millis(150));
            let error = run_program(&mut shell(script), b"", limit).unwrap_err();
            assert_eq!(error.to_string(), "sh gave no answer within 0.15 s");
            assert!(begun.elapsed() < Duration::from_secs(20));
            assert_eq!(error.into_failure("").exit(), crate::Exit::Outside);
        }
    }

    #[test]
    fn a_stream_is_handed_on_as_it_comes_and_can_be_broken_off() {
        let mut seen = Vec::new();
        let done = stream_program(
            &mut shell("printf a; sleep 0.3; printf b; echo no >&2; exit 4"),
            |bytes| {
                seen.push(bytes.to_vec());
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(
            (seen.concat(), done.status.code()),
            (b"ab".to_vec(), Some(4))
        );
        assert!(seen.iter().any(Vec::is_empty) && done.stderr == b"no\n");
        let begun = Instant::now();
        let mut ticks = 0;
        let broken = stream_program(&mut shell("exec sleep 100"), |_| {
            ticks += 1;
            if ticks < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert!(broken.unwrap().status.code().is_none());
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_missing_program_is_named_with_the_way_to_get_it() {
        let error = run_program(&mut Command::new("no-such-program"), b"", None).unwrap_err();
        let failure = error.into_failure("apt-get install it");
        assert_eq!(failure.exit(), crate::Exit::Usage);
        let text = failure.to_string();
        assert!(
            text.starts_with("no-such-program cannot be started: "),
            "{text}"
        );
        assert!(text.ends_with("hint: apt-get install it"), "{text}");
    }
}
