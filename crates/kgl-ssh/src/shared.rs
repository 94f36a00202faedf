//! One connection that many commands go through: ssh's own multiplexing.
//!
//! A command over a connection of its own costs a key exchange and a login, which is most of the
//! time of a short question. A [`Shared`] connection is an `ssh` that is held open; every ssh of a
//! [`Host::through`] it, rsync's included, finds its socket and becomes a channel of it.
//!
//! It is a help and no more: where the socket is not there, or nobody answers behind it, ssh makes
//! a connection of its own, and what is told of the host is what that connection meets. The ssh
//! that holds it reads a pipe from its owner, so it ends with him, however he ends, and takes its
//! socket with it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Stdio};
use std::sync::mpsc;
use std::thread;

use kgl_cli::ProgramError;

use crate::fault::SshError;
use crate::host::Host;

/// Names the folder of the socket to programs that are called.
const VARIABLE: &str = "KGL_SSH_SHARED";
/// What the other side says once the connection stands.
const STANDS: &str = "kgl: the connection stands";
/// A socket's path may have 107 bytes, of which ssh takes 17 for the name it binds first, and `%C`
/// is 40 characters.
const LONGEST: usize = 107 - 17 - 41;

/// A folder that may hold the socket of a shared connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    folder: PathBuf,
}

impl Socket {
    /// In `folder`, which must be the user's alone; none where a socket cannot be there: the path
    /// is too long, or has characters that mean something to ssh.
    #[must_use]
    pub fn within(folder: &Path) -> Option<Self> {
        let text = folder.to_str()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,".contains(c);
        let fits = text.len() <= LONGEST && text.starts_with('/') && text.chars().all(plain);
        fits.then(|| Self {
            folder: folder.to_owned(),
        })
    }

    /// The one that the caller of this program holds open, if he does.
    #[must_use]
    pub fn of_environment() -> Option<Self> {
        Self::within(Path::new(&std::env::var_os(VARIABLE)?))
    }

    /// The variable that tells a program that is called of it.
    #[must_use]
    pub fn variable(&self) -> (&'static str, &Path) {
        (VARIABLE, &self.folder)
    }

    /// ssh's option: `%C` is a digest of host, port and user, so that no socket is ever taken for
    /// another host's.
    pub(crate) fn option(&self) -> String {
        format!("ControlPath={}/%C", self.folder.display())
    }
}

/// A connection that is held open. Dropped, it is closed, and what goes through it is cut.
#[derive(Debug)]
pub struct Shared {
    socket: Socket,
    child: Child,
    /// Its end is the end of the connection.
    _open: Option<ChildStdin>,
    /// Held, so that what it says at its end goes nowhere.
    said: Option<ChildStderr>,
}

impl Shared {
    /// Connects to `host`, for whoever goes through `socket`.
    ///
    /// # Errors
    /// No connection, and why.
    pub fn open(host: &Host, socket: Socket) -> Result<Self, SshError> {
        let script = format!("echo '{STANDS}'; exec cat >/dev/null");
        let mut command = host
            .clone()
            .through(Some(socket.clone()))
            .holding(&["sh", "-c", &script]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| ProgramError::NotStarted {
                program: "ssh".to_owned(),
                error,
            })?;
        let stdout = child.stdout.take();
        let mut shared = Self {
            socket,
            _open: child.stdin.take(),
            said: child.stderr.take(),
            child,
        };
        let (sender, stands) = mpsc::channel();
        thread::spawn(move || {
            let lines = stdout.map(|pipe| BufReader::new(pipe).lines());
            let told = lines.is_some_and(|mut lines| {
                lines.any(|line| line.is_ok_and(|line| line.ends_with(STANDS)))
            });
            let _ = sender.send(told);
        });
        let limit = host.patience().connect + host.patience().silence;
        match stands.recv_timeout(limit) {
            Ok(true) => Ok(shared),
            Ok(false) => {
                let mut said = Vec::new();
                if let Some(pipe) = &mut shared.said {
                    let _ = pipe.read_to_end(&mut said);
                }
                let _ = shared.child.wait();
                Err(host.fault(&String::from_utf8_lossy(&said)))
            }
            Err(_) => Err(SshError::TimedOut {
                host: host.name().to_owned(),
                seconds: limit.as_secs_f64(),
            }),
        }
    }

    /// Where its socket is.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Not asked to end: it may be stopped, or wait for a host that is silent.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A socket that nobody listens to would only make the next ssh say so.
        for entry in fs::read_dir(&self.socket.folder).into_iter().flatten() {
            let _ = entry.and_then(|entry| fs::remove_file(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_where_no_socket_can_be_is_not_tried() {
        let fits = format!("/{}", "a".repeat(LONGEST - 1));
        assert!(Socket::within(Path::new(&fits)).is_some());
        for folder in [&format!("{fits}a"), "/tmp/a b", "/tmp/%h", "tmp"] {
            assert!(Socket::within(Path::new(folder)).is_none(), "{folder}");
        }
    }
}
