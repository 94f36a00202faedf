//! Commands on a host.

use std::process::Command;
use std::time::Duration;

use kgl_cli::{Finished, ProgramError, quote, run_program};

use crate::fault::{Fault, SshError, last_words};
use crate::shared::Socket;
use crate::words::{is_host_name, remote_command};

/// How long a host may take to answer, and how long it may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until the connection stands.
    pub connect: Duration,
    /// Without a sign of life, once it stands: then it counts as cut.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(15),
        }
    }
}

impl Patience {
    /// What `KGL_SSH_PATIENCE=CONNECT,SILENCE` says, in seconds, for links that are slower, or
    /// tests that are faster, than most; else the default.
    #[must_use]
    pub fn of_environment() -> Self {
        let given = std::env::var("KGL_SSH_PATIENCE").ok();
        let parsed = given.as_deref().and_then(|text| {
            let (connect, silence) = text.split_once(',')?;
            Some(Self {
                connect: Duration::from_secs(connect.parse().ok()?),
                silence: Duration::from_secs(silence.parse().ok()?),
            })
        });
        parsed.unwrap_or_default()
    }
}

/// Questions in a row that a host may leave unanswered.
const UNANSWERED: u64 = 3;

/// A host that ssh can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    name: String,
    patience: Patience,
    shared: Option<Socket>,
}

impl Host {
    /// The host that `ssh NAME` reaches.
    ///
    /// # Errors
    /// What cannot be a name.
    pub fn new(name: &str, patience: Patience) -> Result<Self, SshError> {
        if !is_host_name(name) {
            return Err(SshError::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            patience,
            shared: None,
        })
    }

    /// The same host, its commands through the connection that is held open at `socket`, if one
    /// is.
    #[must_use]
    pub fn through(self, socket: Option<Socket>) -> Self {
        Self {
            shared: socket,
            ..self
        }
    }

    /// How long it is waited for.
    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The options that keep ssh from asking and from hanging.
    fn options(&self) -> Vec<String> {
        let seconds = |time: Duration| time.as_secs().max(1);
        let interval = (seconds(self.patience.silence) / UNANSWERED).max(1);
        let shared = self.shared.iter().flat_map(|socket| {
            // Who finds nobody there connects, and does not become the next to be shared.
            [socket.option(), "ControlMaster=no".to_owned()]
        });
        let options = [
            "BatchMode=yes".to_owned(),
            format!("ConnectTimeout={}", seconds(self.patience.connect)),
            format!("ServerAliveInterval={interval}"),
            format!("ServerAliveCountMax={UNANSWERED}"),
            "ClearAllForwardings=yes".to_owned(),
            "LogLevel=INFO".to_owned(),
        ];
        options
            .into_iter()
            .chain(shared)
            .flat_map(|option| ["-o".to_owned(), option])
            .collect()
    }

    /// As [`command`](Self::command), by an ssh that holds its connection open for others.
    pub(crate) fn holding<S: AsRef<str>>(&self, argv: &[S]) -> Command {
        let mut command = Command::new("ssh");
        // Of an option that is given twice ssh takes the first.
        command.args(["-o", "ControlMaster=yes", "-o", "ControlPersist=no"]);
        command.args(self.command(argv).get_args());
        command
    }

    /// `ssh` with `argv` for the other side, ready to be started.
    #[must_use]
    pub fn command<S: AsRef<str>>(&self, argv: &[S]) -> Command {
        let mut command = Command::new("ssh");
        command
            .arg("-T")
            .args(self.options())
            .arg("--")
            .arg(&self.name)
            .arg(remote_command(argv));
        command
    }

    /// The words for rsync's `--rsh`: ssh with the same options.
    #[must_use]
    pub fn rsh(&self) -> String {
        let mut words = vec!["ssh".to_owned(), "-T".to_owned()];
        words.extend(self.options());
        quote(words)
    }

    /// Runs `argv` there to its end, with `stdin`. A code other than 0 is an answer, but for 255:
    /// that is ssh's own, and an error.
    ///
    /// # Errors
    /// No answer, and why.
    pub fn run<S: AsRef<str>>(
        &self,
        argv: &[S],
        stdin: &[u8],
        limit: Option<Duration>,
    ) -> Result<Finished, SshError> {
        let finished =
            run_program(&mut self.command(argv), stdin, limit).map_err(|error| match error {
                ProgramError::TimedOut { after, .. } => SshError::TimedOut {
                    host: self.name.clone(),
                    seconds: after.as_secs_f64(),
                },
                error => error.into(),
            })?;
        match finished.status.code() {
            Some(255) => Err(self.fault(&finished.stderr_text())),
            _ => Ok(finished),
        }
    }

    /// Brings `bytes` as the program `path`, relative to the folder `root` there, which is made:
    /// by rename, so that under its name it is whole or not there. Whether it came is the answer's
    /// status.
    ///
    /// # Errors
    /// No answer, and why.
    pub fn bring(&self, root: &str, path: &str, bytes: &[u8]) -> Result<Finished, SshError> {
        let script = "mkdir -p -- \"$1\" && cd -- \"$1\" && mkdir -p -- \"${2%/*}\" && new=${2%/*}/.new-$$ && \
                      trap 'rm -f \"$new\"' EXIT && cat >\"$new\" && [ \"$(wc -c <\"$new\")\" -eq \"$3\" ] && \
                      chmod 755 \"$new\" && mv -f \"$new\" \"$2\"";
        let size = bytes.len().to_string();
        let words = ["sh", "-c", script, "sh", root, path, &size];
        self.run(&words, bytes, None)
    }

    /// The error that an ssh to this host told on `stderr`.
    #[must_use]
    pub fn fault(&self, stderr: &str) -> SshError {
        SshError::Host {
            host: self.name.clone(),
            fault: Fault::of_stderr(stderr),
            words: last_words(stderr),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_never_asks_and_always_ends() {
        let patience = Patience {
            connect: Duration::from_millis(100),
            silence: Duration::from_secs(6),
        };
        let host = Host::new("gpu", patience).unwrap();
        let command = host.command(&["echo", "a b"]);
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_str().unwrap())
            .collect();
        for option in [
            "BatchMode=yes",
            "ConnectTimeout=1",
            "ServerAliveInterval=2",
            "ServerAliveCountMax=3",
        ] {
            assert!(words.contains(&option), "{words:?}");
        }
        assert_eq!(words[words.len() - 3..], ["--", "gpu", "echo 'a b'"]);
        assert!(
            host.rsh().starts_with("ssh -T -o BatchMode=yes "),
            "{}",
            host.rsh()
        );
        assert!(Host::new("-v", patience).is_err());
    }
}
