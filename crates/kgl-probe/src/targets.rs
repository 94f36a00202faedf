//! Which hosts to ask.

use std::path::{Path, PathBuf};

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Challenge, DocumentError, Fleet, parse_document};

use crate::cli::Args;

/// A host, and the project's folder there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) root: Option<String>,
}

/// The hosts that the arguments and their documents name, each once.
///
/// # Errors
/// A document that is neither a challenge nor a fleet, or no host at all (exit 2).
pub(crate) fn read(args: &Args, io: &Io) -> Result<Vec<Target>, Failure> {
    let mut targets: Vec<Target> = args.hosts.iter().map(|word| parse(word)).collect();
    let stdin = [PathBuf::from("-")];
    let nothing = args.hosts.is_empty() && args.from.is_empty();
    for file in if nothing { &stdin[..] } else { &args.from } {
        let given = (file != Path::new("-")).then_some(file.as_path());
        // Without a file, a terminal on stdin is answered with the help.
        let (bytes, source) = io.read_bytes(if nothing { None } else { given.or(Some(file)) })?;
        targets.extend(of_document(&bytes, &source.name, io)?);
    }
    if let Some(target) = targets
        .iter()
        .find(|target| !kgl_ssh::is_host_name(&target.host))
    {
        return Err(Failure::usage(format_args!("`{}` is no name of a host", target.host))
            .hint("give what `ssh` would be given, and the folder after a colon: gpu:/workspace/kaggle"));
    }
    let mut once: Vec<Target> = Vec::new();
    for target in targets {
        if !once.contains(&target) {
            once.push(target);
        }
    }
    if once.is_empty() {
        return Err(Failure::usage("no document names a host")
            .hint("a challenge names its host in \"remote\": { \"host\": ..., \"root\": ... }"));
    }
    Ok(once)
}

/// `gpu`, `gpu:/workspace/kaggle`: a folder is absolute, so an address with colons is no folder.
fn parse(word: &str) -> Target {
    match word.split_once(":/") {
        Some((host, rest)) if !host.starts_with("ssh") || !rest.starts_with('/') => Target {
            host: host.to_owned(),
            root: Some(format!("/{rest}")),
        },
        _ => Target {
            host: word.to_owned(),
            root: None,
        },
    }
}

fn of_document(bytes: &[u8], name: &str, io: &Io) -> Result<Vec<Target>, Failure> {
    match parse_document::<Challenge>(bytes) {
        Ok(challenge) => {
            if challenge.remote.is_none() {
                io.detail(format_args!(
                    "{name}: {} names no remote host",
                    challenge.slug
                ));
            }
            let target = |remote: kgl_contract::Remote| Target {
                host: remote.host,
                root: Some(remote.root),
            };
            return Ok(challenge.remote.map(target).into_iter().collect());
        }
        Err(DocumentError::OtherDocument { .. }) => {}
        Err(error) => return Err(error).or_usage(name),
    }
    let fleet: Fleet =
        parse_document(bytes).or_usage(format_args!("{name}: neither a challenge nor a fleet"))?;
    let root = Some(fleet.project_dir);
    let target = |host: kgl_contract::FleetHost| Target {
        host: host.name,
        root: root.clone(),
    };
    Ok(fleet.hosts.into_iter().map(target).collect())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_folder_follows_a_host_after_a_colon() {
        let parsed = |word: &str| {
            let target = parse(word);
            (target.host, target.root)
        };
        assert_eq!(parsed("gpu"), ("gpu".into(), None));
        assert_eq!(
            parsed("me@gpu:/a b/c:/d"),
            ("me@gpu".into(), Some("/a b/c:/d".into()))
        );
        assert_eq!(parsed("ssh://me@gpu:22"), ("ssh://me@gpu:22".into(), None));
    }
}
