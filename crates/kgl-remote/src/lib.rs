//! Many hosts at once: one command on each of them, at the same time, with one deadline.
//!
//! ```no_run
//! use kgl_remote::{Limits, ask_all};
//! let answers = ask_all(&["host1", "host2"], "nproc", b"", Limits::default());
//! for answer in answers {
//!     println!("{:?}", answer.map(|answer| answer.end));
//! }
//! ```
//!
//! A host is asked through libssh2 (feature `libssh2`), which connects to fifty of them in less
//! than a second; and through the `ssh` program where libssh2 cannot do what the user's
//! configuration asks for: ProxyJump, a key type it does not know, a certificate in an agent.
//! Which way it was, the [`Answer`] says; what comes back is the same.
//!
//! A host's key must be in known_hosts, whatever the configuration says of accepting new ones.

#[cfg(feature = "libssh2")]
mod exec;
#[cfg(feature = "libssh2")]
mod known;
#[cfg(feature = "libssh2")]
mod login;
mod program;
mod settings;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

pub use kgl_ssh::{Fault, SshError};
pub use settings::Settings;

/// How long hosts may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until somebody answers there. A host that is off is given up after that.
    pub connect: Duration,
    /// Until the command has ended.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            whole: Duration::from_secs(5),
        }
    }
}

/// How a command on a host ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Code(i32),
    /// By a signal: its name without `SIG`.
    Signal(String),
}

/// Which way a host was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Through libssh2.
    Library,
    /// Through the `ssh` program.
    Program,
}

/// What came back from a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How the command ended.
    pub end: End,
    /// What it wrote to stdout, to the byte.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr, to the byte.
    pub stderr: Vec<u8>,
    /// Which way.
    pub way: Way,
    /// When the command was sent, by this machine's steady clock.
    pub sent_at: Instant,
    /// When its end was known.
    pub ended_at: Instant,
}

/// As [`ask_each`], with the same command for all.
pub fn ask_all<S: AsRef<str>>(
    hosts: &[S],
    command: &str,
    stdin: &[u8],
    limits: Limits,
) -> Vec<Result<Answer, SshError>> {
    let questions: Vec<(&str, &str)> = hosts.iter().map(|host| (host.as_ref(), command)).collect();
    ask_each(&questions, stdin, limits)
}

/// Runs a shell command on every host, `(host, command)`, at the same time, each with `stdin`, and
/// gives the answers in the order of the hosts. It takes as long as the slowest host, and
/// `limits.whole` at most.
pub fn ask_each<S: AsRef<str>>(
    questions: &[(S, S)],
    stdin: &[u8],
    limits: Limits,
) -> Vec<Result<Answer, SshError>> {
    let deadline = Instant::now() + limits.whole;
    let (sender, receiver) = mpsc::channel();
    for (index, (host, command)) in questions.iter().enumerate() {
        let sender = sender.clone();
        let (host, command, stdin) = (
            host.as_ref().to_owned(),
            command.as_ref().to_owned(),
            stdin.to_vec(),
        );
        // Not scoped: looking up a name cannot be ended, and nobody waits for it.
        thread::spawn(move || {
            let answer = ask(&host, &command, &stdin, limits, deadline);
            let _ = sender.send((index, answer));
        });
    }
    drop(sender);
    let mut answers: Vec<Option<Result<Answer, SshError>>> =
        questions.iter().map(|_| None).collect();
    // A little later than each host's own deadline, whose reason is the better one.
    let last = deadline + Duration::from_millis(100);
    while let Ok((index, answer)) =
        receiver.recv_timeout(last.saturating_duration_since(Instant::now()))
    {
        answers[index] = Some(answer);
    }
    let late = |(host, _): &(S, S)| SshError::TimedOut {
        host: host.as_ref().to_owned(),
        seconds: limits.whole.as_secs_f64(),
    };
    let pairs = answers.into_iter().zip(questions);
    pairs
        .map(|(answer, host)| answer.unwrap_or_else(|| Err(late(host))))
        .collect()
}

/// Asks one host, the way that suits it.
fn ask(
    name: &str,
    command: &str,
    stdin: &[u8],
    limits: Limits,
    deadline: Instant,
) -> Result<Answer, SshError> {
    if !kgl_ssh::is_host_name(name) {
        return Err(SshError::Name(name.to_owned()));
    }
    #[cfg(feature = "libssh2")]
    {
        let settings = Settings::of(name, deadline)?;
        if settings.needs_program().is_none() {
            match exec::ask(name, &settings, command, stdin, limits, deadline) {
                Ok(answer) => return Ok(answer),
                Err(exec::NoAnswer::Fault(fault)) => return Err(fault),
                // It cannot do what this host needs: the program is asked, and has the last word.
                Err(exec::NoAnswer::Unable) => {}
            }
        }
    }
    program::ask(name, command, stdin, limits, deadline)
}
