//! Whether the key a host shows is the one that known_hosts has for it.
//!
//! libssh2 compares keys and hashed names; it knows neither patterns (`*.example.org`) nor
//! markers (`@cert-authority`, `@revoked`). Where a file has such lines and the plain ones do not
//! settle it, the ssh program is left to decide.

use std::fs;
use std::path::PathBuf;

use kgl_ssh::Fault;
use ssh2::{CheckResult, KnownHostFileKind, Session};

/// The lines of known_hosts that are about one host.
#[derive(Debug, Default)]
pub(crate) struct Known {
    lines: Vec<String>,
    /// There are lines that only ssh understands.
    odd: bool,
}

/// What known_hosts says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the host's.
    Known,
    /// It is not, and why.
    Wrong(Fault),
    /// Only ssh can tell.
    AskProgram,
}

impl Known {
    /// The lines of `files` for the host that is filed under `name` and `port`. Files that are
    /// not there know nobody.
    pub(crate) fn read(session: &Session, files: &[PathBuf], name: &str, port: u16) -> Self {
        let mut known = Self::default();
        for line in files
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
            .flat_map(|text| lines(&text))
        {
            if line.starts_with('@') {
                known.odd = true;
                continue;
            }
            let names = line.split([' ', '\t']).next().unwrap_or_default();
            if names.contains(['*', '?', '!']) {
                known.odd = true;
            } else if is_about(session, &line, name, port) {
                known.lines.push(line);
            }
        }
        known
    }

    /// The methods of key exchange that make the host show a key that is known; without them it
    /// shows the one it likes best, which may be another one of its own.
    pub(crate) fn preference(&self) -> Option<String> {
        let mut methods: Vec<&str> = Vec::new();
        for line in &self.lines {
            let kind = line.split_ascii_whitespace().nth(1).unwrap_or_default();
            let names: &[&str] = match kind {
                "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
                kind => &[kind],
            };
            methods.extend(
                names
                    .iter()
                    .filter(|name| !methods.contains(name))
                    .collect::<Vec<_>>(),
            );
        }
        (!methods.is_empty()).then(|| methods.join(","))
    }

    /// Judges the key that the host showed in `session`.
    pub(crate) fn judge(&self, session: &Session, name: &str, port: u16) -> Verdict {
        let Some((key, _)) = session.host_key() else {
            return Verdict::AskProgram;
        };
        let matches = |line: &String| {
            matches!(
                check(session, line, name, port, key),
                Some(CheckResult::Match)
            )
        };
        if self.lines.iter().any(matches) && !self.odd {
            Verdict::Known
        } else if self.odd {
            // A revocation, or a pattern.
            Verdict::AskProgram
        } else if self.lines.is_empty() {
            Verdict::Wrong(Fault::HostKeyUnknown)
        } else {
            Verdict::Wrong(Fault::HostKeyChanged)
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// Whether a line is about the host: any key but its own is a mismatch then.
fn is_about(session: &Session, line: &str, name: &str, port: u16) -> bool {
    matches!(
        check(session, line, name, port, b"no key"),
        Some(CheckResult::Mismatch | CheckResult::Match)
    )
}

fn check(session: &Session, line: &str, name: &str, port: u16, key: &[u8]) -> Option<CheckResult> {
    let mut hosts = session.known_hosts().ok()?;
    hosts.read_str(line, KnownHostFileKind::OpenSSH).ok()?;
    Some(hosts.check_port(name, port, key))
}
