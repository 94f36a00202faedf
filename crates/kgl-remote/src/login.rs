//! From an open connection to a session that may run commands.

use std::fs;
use std::path::{Path, PathBuf};

use ssh2::Session;

use crate::settings::Settings;

/// Tries the keys of the agent, then the key files, with and without their certificates. Gives
/// whether one of them was let in.
pub(crate) fn log_in(session: &Session, settings: &Settings) -> bool {
    let user = settings.user.as_str();
    let wanted = public_keys(settings);
    with_agent(session, settings, &wanted)
        || settings
            .identity_files
            .iter()
            .filter(|file| file.exists())
            .any(|file| {
                certificates(file, settings).iter().any(|certificate| {
                    session
                        .userauth_pubkey_file(user, Some(certificate), file, None)
                        .is_ok()
                }) || session.userauth_pubkey_file(user, None, file, None).is_ok()
            })
}

/// The keys of the agent; with `IdentitiesOnly`, those that belong to a key file.
fn with_agent(session: &Session, settings: &Settings, wanted: &[String]) -> bool {
    // Set to nothing: the user wants no agent.
    if settings.agent.as_deref() == Some("") {
        return false;
    }
    if settings.agent.is_none() && std::env::var_os("SSH_AUTH_SOCK").is_none() {
        return false;
    }
    let Ok(mut agent) = session.agent() else {
        return false;
    };
    if let Some(socket) = &settings.agent
        && agent.set_identity_path(Path::new(socket)).is_err()
    {
        return false;
    }
    if agent.connect().is_err() || agent.list_identities().is_err() {
        return false;
    }
    let allowed =
        |blob: &[u8]| !settings.identities_only || wanted.iter().any(|key| *key == base64(blob));
    let identities = agent.identities().unwrap_or_default();
    identities
        .iter()
        .filter(|identity| allowed(identity.blob()))
        .any(|identity| agent.userauth(&settings.user, identity).is_ok())
}

/// The public halves of the key files, in base64, as far as they lie beside them.
fn public_keys(settings: &Settings) -> Vec<String> {
    settings
        .identity_files
        .iter()
        .filter_map(|file| fs::read_to_string(beside(file, ".pub")).ok())
        .filter_map(|text| text.split_ascii_whitespace().nth(1).map(str::to_owned))
        .collect()
}

/// Certificates that may belong to a key file: the one beside it, and those that are named.
fn certificates(file: &Path, settings: &Settings) -> Vec<PathBuf> {
    let own = beside(file, "-cert.pub");
    let all = std::iter::once(own).chain(settings.certificate_files.iter().cloned());
    all.filter(|certificate| certificate.exists()).collect()
}

/// `~/.ssh/id_ed25519` and `.pub`: `~/.ssh/id_ed25519.pub`.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Base64 as key files have it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let three = chunk
            .iter()
            .fold(0u32, |sum, byte| sum << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(three >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() {
                digit as char
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_as_in_rfc_4648() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(super::base64(text.as_bytes()), expected);
        }
    }
}
