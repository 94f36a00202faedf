//! Programs that a tool calls (git, kaggle, rsync, ssh), run to their end.

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

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
