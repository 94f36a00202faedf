//! Why a host gave no answer.

use std::fmt;

use kgl_cli::{Failure, ProgramError};

/// Kinds of faults between here and a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody answers there: off, unplugged, another address.
    Unreachable,
    /// Somebody answers, and does not speak ssh in time: sshd is frozen or overwhelmed.
    Silent,
    /// The host's key is not the one in known_hosts.
    HostKeyChanged,
    /// No key of the host is in known_hosts.
    HostKeyUnknown,
    /// None of our keys lets us in.
    Refused,
    /// The connection was there, and broke.
    Cut,
    /// Anything else; the words say what.
    Other,
}

impl Fault {
    /// The fault that `stderr` of an ssh that ended with 255 tells of.
    #[must_use]
    pub fn of_stderr(stderr: &str) -> Self {
        let stderr = &own_words(stderr);
        // A connection that was shared, and ended, takes its commands with it without a word.
        if stderr.trim().is_empty() {
            return Self::Cut;
        }
        let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word));
        // The order matters: a broken connection also says that it is closed.
        if says(&["IDENTIFICATION HAS CHANGED", "Host key for"]) {
            Self::HostKeyChanged
        } else if says(&[
            "Host key verification failed",
            "No ED25519 host key is known",
            "host key is known for",
        ]) {
            Self::HostKeyUnknown
        } else if is_refused(stderr) || says(&["Too many authentication failures"]) {
            Self::Refused
        } else if says(&["banner exchange", "during kex"]) {
            Self::Silent
        } else if says(&[
            "Connection refused",
            "No route to host",
            "Could not resolve",
            "Network is unreachable",
        ]) || stderr.contains("ssh: connect to host")
        {
            Self::Unreachable
        } else if says(&[
            "not responding",
            "Connection reset",
            "Broken pipe",
            "closed by remote host",
            "Connection closed",
            "Connection to",
        ]) {
            Self::Cut
        } else {
            Self::Other
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(self, host: &str) -> String {
        match self {
            Self::Unreachable => {
                format!("is {host} on, and is its address right? `ssh -G {host}` shows it")
            }
            Self::Silent => {
                format!("{host} is there but its sshd does not answer: overloaded, or frozen")
            }
            Self::HostKeyChanged => format!(
                "if {host} was set up anew, `ssh-keygen -R` forgets the old key and `ssh {host}` shows the new one; \
                 if not, somebody else answers in its place"
            ),
            Self::HostKeyUnknown => format!("`ssh {host}` once, and compare the key it shows"),
            Self::Refused => format!(
                "`ssh {host}` must work without a password: is your key there, or in the agent?"
            ),
            Self::Cut => "nothing is lost there; the same command goes on".to_owned(),
            Self::Other => format!("`ssh -v {host}` says more"),
        }
    }
}

/// Whether ssh says so: "Permission denied (publickey)". Of a file it would be an errno that
/// stands in the parentheses.
fn is_refused(stderr: &str) -> bool {
    let mut ways = stderr.split("Permission denied (").skip(1);
    ways.any(|ways| ways.starts_with(|first: char| first.is_ascii_alphabetic()))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "cannot be reached",
            Self::Silent => "does not answer",
            Self::HostKeyChanged => "has another host key than before",
            Self::HostKeyUnknown => "has a host key that is not known here",
            Self::Refused => "refuses our keys",
            Self::Cut => "was cut off",
            Self::Other => "cannot be used",
        })
    }
}

/// Why nothing came back from a host.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// Not a host's name.
    #[error("`{0}` is no name of a host")]
    Name(String),
    /// The host, or the way there, failed.
    #[error("{host} {fault}: {words}")]
    Host {
        /// As ssh was asked for it.
        host: String,
        /// What kind of fault.
        fault: Fault,
        /// What ssh said last.
        words: String,
    },
    /// It was still at work when its time was over.
    #[error("{host} did not finish within {seconds} s")]
    TimedOut {
        /// As ssh was asked for it.
        host: String,
        /// The time it had.
        seconds: f64,
    },
    /// The ssh program itself failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl SshError {
    /// The fault, where it is one of the host or of the way there.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Host { fault, .. } => Some(*fault),
            Self::TimedOut { .. } => Some(Fault::Cut),
            _ => None,
        }
    }

    /// Whether the same may work in a moment.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self.fault(),
            Some(Fault::Unreachable | Fault::Silent | Fault::Cut)
        )
    }
}

impl From<SshError> for Failure {
    fn from(error: SshError) -> Self {
        match error {
            SshError::Name(_) => Failure::usage(error)
                .hint("a host is what `ssh` would be given: an alias, or user@address"),
            SshError::Program(error) => error.into_failure("apt-get install -y openssh-client"),
            SshError::Host {
                ref host, fault, ..
            } => {
                let hint = fault.hint(host);
                Failure::outside(error).hint(hint)
            }
            SshError::TimedOut { .. } => Failure::outside(error),
        }
    }
}

/// The last thing ssh said that is not decoration.
pub(crate) fn last_words(stderr: &str) -> String {
    let stderr = own_words(stderr);
    let line = stderr
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.starts_with('@'))
        .unwrap_or("ssh ended without a word");
    line.trim_start_matches("ssh: ").to_owned()
}

/// What ssh said of its own connection: nothing of a shared one that it could not use before.
pub(crate) fn own_words(stderr: &str) -> String {
    let of_the_shared = |line: &&str| {
        ["mux", "Control socket ", "ControlSocket "]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    let own: Vec<&str> = stderr.lines().filter(|line| !of_the_shared(line)).collect();
    own.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_told_from_what_ssh_says() {
        // As OpenSSH 9.2 says them.
        let said = [
            (
                "ssh: connect to host 10.77.0.11 port 22: Connection timed out",
                Fault::Unreachable,
            ),
            (
                "ssh: connect to host 10.77.0.11 port 22: Connection refused",
                Fault::Unreachable,
            ),
            (
                "ssh: Could not resolve hostname nope: Name or service not known",
                Fault::Unreachable,
            ),
            (
                "Connection timed out during banner exchange\nConnection to 10.77.0.12 port 22 timed out",
                Fault::Silent,
            ),
            (
                "root@10.77.0.12: Permission denied (publickey).",
                Fault::Refused,
            ),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                Fault::HostKeyChanged,
            ),
            (
                "No ED25519 host key is known for 10.77.0.11 and you have requested strict checking.\r\n\
                 Host key verification failed.",
                Fault::HostKeyUnknown,
            ),
            ("Timeout, server 10.77.0.11 not responding.", Fault::Cut),
            ("client_loop: send disconnect: Broken pipe", Fault::Cut),
            (
                "Connection to 10.77.0.11 closed by remote host.",
                Fault::Cut,
            ),
            (
                "kex_exchange_identification: read: Connection reset by peer",
                Fault::Cut,
            ),
            // A shared connection that is gone says nothing of the host.
            (
                "Control socket connect(/tmp/s): Connection refused\r\nConnection to 10.77.0.11 closed by remote host.",
                Fault::Cut,
            ),
            (
                "mux_client_request_session: read from master failed: Broken pipe\r\n",
                Fault::Cut,
            ),
            ("Bad configuration option: nonsense", Fault::Other),
        ];
        for (stderr, fault) in said {
            assert_eq!(Fault::of_stderr(stderr), fault, "{stderr}");
        }
    }

    #[test]
    fn the_last_words_are_a_sentence() {
        let stderr = "@@@@\n@ WARNING @\n@@@@\nHost key verification failed.\r\n\n";
        assert_eq!(last_words(stderr), "Host key verification failed.");
        assert_eq!(last_words("ssh: no such host\n"), "no such host");
        assert_eq!(last_words(""), "ssh ended without a word");
    }
}
