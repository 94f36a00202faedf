//! Binaries run to their end.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a process ended and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
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

    /// Ends the test unless the process left with this code.
    ///
    /// # Panics
    /// When it did not; shows what it wrote.
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Finished {
        assert_eq!(
            self.code,
            Some(code),
            "exit code; stdout:\n{}\nstderr:\n{}",
            self.stdout_text(),
            self.stderr_text()
        );
        self
    }
}

/// Runs the program at `path` (a test of a binary passes
/// `env!("CARGO_BIN_EXE_name")`) with these arguments, gives it `stdin` and
/// waits for its end.
///
/// # Panics
/// When the program cannot be started or waited for.
#[track_caller]
pub fn run<A: AsRef<OsStr>>(path: impl AsRef<Path>, args: &[A], stdin: &[u8]) -> Finished {
    finish(Command::new(path.as_ref()).args(args), stdin)
}

/// As [`run`], for a command that was prepared: folder, environment.
///
/// # Panics
/// When the program cannot be started or waited for.
#[track_caller]
pub fn finish(command: &mut Command, stdin: &[u8]) -> Finished {
    let program = command.get_program().to_owned();
    let fail =
        |error: std::io::Error| -> ! { panic!("{}: {error}", Path::new(&program).display()) };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| fail(error));
    let input = child.stdin.take();
    // Fed from the side: a process may write before it has read everything.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A process need not read its input to the end.
            let _ = input.map(|mut input| input.write_all(stdin));
        });
        child.wait_with_output()
    });
    let output = output.unwrap_or_else(|error| fail(error));
    Finished {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: output.stderr,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn input_outputs_and_code_come_through() {
        let done = run("/bin/sh", &["-c", "cat; echo oops >&2; exit 3"], b"in\xff");
        assert_eq!(done.stdout, b"in\xff");
        assert_eq!(done.stderr_text(), "oops\n");
        done.assert_code(3);
    }

    #[test]
    fn large_input_neither_read_nor_blocked_on() {
        let input = vec![b'x'; 1 << 20];
        run("/bin/sh", &["-c", "exit 0"], &input).assert_code(0);
        assert_eq!(run("/bin/cat", &[""; 0], &input).stdout.len(), 1 << 20);
    }

    #[test]
    fn a_signal_is_no_code() {
        assert_eq!(run("/bin/sh", &["-c", "kill -9 $$"], b"").code, None);
    }

    #[test]
    #[should_panic(expected = "exit code; stdout:\nhello")]
    fn a_wrong_code_shows_what_was_written() {
        run("/bin/sh", &["-c", "echo hello; exit 1"], b"").assert_code(0);
    }
}
