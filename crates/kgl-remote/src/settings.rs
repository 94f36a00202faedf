//! What the user's ssh configuration says of a host, as `ssh -G` resolves it.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use kgl_cli::run_program;
use kgl_ssh::{Fault, SshError};

/// How a host is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its name or address on the network.
    pub address: String,
    /// The port of its sshd.
    pub port: u16,
    /// Who to be there.
    pub user: String,
    /// The name its key is filed under in known_hosts, where that is another one.
    pub key_alias: Option<String>,
    /// Private keys to try, in this order.
    pub identity_files: Vec<PathBuf>,
    /// Certificates to try with them.
    pub certificate_files: Vec<PathBuf>,
    /// Whether only those keys may be tried, also if an agent has others.
    pub identities_only: bool,
    /// The agent's socket: none for the one in the environment.
    pub agent: Option<String>,
    /// Files that know hosts' keys.
    pub known_hosts_files: Vec<PathBuf>,
    /// A setting that only the ssh program can follow, if there is one.
    program_only: Option<String>,
}

impl Settings {
    /// Asks `ssh -G` about `name`.
    ///
    /// # Errors
    /// There is no ssh, or its configuration cannot be read.
    pub fn of(name: &str, deadline: Instant) -> Result<Self, SshError> {
        let mut command = Command::new("ssh");
        command.args(["-G", "--", name]);
        let left = deadline.saturating_duration_since(Instant::now());
        let finished = run_program(&mut command, b"", Some(left))?;
        if !finished.status.success() {
            return Err(SshError::Host {
                host: name.to_owned(),
                fault: Fault::Other,
                words: finished.stderr_text().trim().to_owned(),
            });
        }
        Ok(Self::parse(&finished.stdout_text()))
    }

    /// Reads what `ssh -G` prints: a keyword in lower case and its value on each line.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut settings = Self {
            port: 22,
            ..Self::default()
        };
        for line in text.lines() {
            let (keyword, value) = line.split_once(' ').unwrap_or((line, ""));
            match keyword {
                "hostname" => value.clone_into(&mut settings.address),
                "port" => settings.port = value.parse().unwrap_or(22),
                "user" => value.clone_into(&mut settings.user),
                "hostkeyalias" => settings.key_alias = Some(value.to_owned()),
                "identityfile" => settings.identity_files.push(at_home(value)),
                "certificatefile" => settings.certificate_files.push(at_home(value)),
                "identitiesonly" => settings.identities_only = value == "yes",
                "identityagent" if value == "none" => settings.agent = Some(String::new()),
                "identityagent" if value != "SSH_AUTH_SOCK" => {
                    settings.agent = Some(at_home(value).display().to_string());
                }
                "userknownhostsfile" | "globalknownhostsfile" => {
                    settings
                        .known_hosts_files
                        .extend(value.split(' ').map(at_home));
                }
                "proxyjump" | "proxycommand" | "pkcs11provider" | "bindaddress"
                | "bindinterface" | "knownhostscommand"
                    if value != "none" && !value.is_empty() =>
                {
                    settings.program_only = Some(line.to_owned());
                }
                // The user lets ssh file keys of hosts it meets for the first time.
                "stricthostkeychecking"
                    if matches!(value, "accept-new" | "no" | "off" | "false") =>
                {
                    settings.program_only = Some(line.to_owned());
                }
                _ => {}
            }
        }
        settings
    }

    /// The setting that only the ssh program can follow, if there is one.
    #[must_use]
    pub fn needs_program(&self) -> Option<&str> {
        self.program_only.as_deref()
    }

    /// The name its key is filed under.
    #[must_use]
    pub fn known_as(&self) -> &str {
        self.key_alias.as_deref().unwrap_or(&self.address)
    }
}

/// `ssh -G` leaves `~` as it was written, and quotes nothing.
fn at_home(path: &str) -> PathBuf {
    let path = path.trim_matches('"');
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_what_ssh_resolved() {
        let text = "user me\nhostname 10.77.0.11\nport 2222\nidentitiesonly yes\n\
                    identityfile /k/id_ed25519\nidentityfile /k/id_rsa\ncertificatefile /k/c-cert.pub\n\
                    userknownhostsfile /k/known_hosts /k/known_hosts2\nglobalknownhostsfile /dev/null\n\
                    stricthostkeychecking true\nproxycommand none\n";
        let settings = Settings::parse(text);
        assert_eq!((settings.user.as_str(), settings.port), ("me", 2222));
        assert_eq!(settings.known_as(), "10.77.0.11");
        assert_eq!(settings.identity_files.len(), 2);
        assert_eq!(settings.known_hosts_files.len(), 3);
        assert!(settings.identities_only && settings.needs_program().is_none());
    }

    #[test]
    fn what_libssh2_cannot_do_is_left_to_the_program() {
        for line in [
            "proxyjump bastion",
            "proxycommand nc %h %p",
            "stricthostkeychecking accept-new",
        ] {
            assert_eq!(Settings::parse(line).needs_program(), Some(line));
        }
        assert_eq!(
            Settings::parse("hostkeyalias gpu\nhostname a").known_as(),
            "gpu"
        );
    }
}
