//! Where a project goes: the host of a challenge, or the hosts of a fleet.

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Challenge, DocumentError, Fleet, parse_document};
use kgl_ssh::{Host, Patience, Socket};

use crate::cli::Args;

/// A competition's hosts, and the folder of the project on each.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) competition: String,
    pub(crate) hosts: Vec<(Host, String)>,
}

/// Reads the challenge or fleet.
///
/// # Errors
/// Another document, one without hosts, a folder there that is not absolute (exit 2).
pub(crate) fn read(args: &Args, io: &Io) -> Result<Targets, Failure> {
    let (bytes, source) = io.read_bytes(args.document.as_deref())?;
    let name = &source.name;
    let (competition, hosts) = match parse_document::<Challenge>(&bytes) {
        Ok(challenge) => {
            let Some(remote) = challenge.remote else {
                return Err(Failure::usage(format_args!(
                    "{name}: {} has no remote host",
                    challenge.slug
                ))
                .hint("add \"remote\": { \"host\": \"NAME\", \"root\": \"/workspace/kaggle\" }"));
            };
            (challenge.slug, vec![(remote.host, remote.root)])
        }
        Err(DocumentError::OtherDocument { .. }) => {
            let fleet: Fleet = parse_document(&bytes)
                .or_usage(format_args!("{name}: neither a challenge nor a fleet"))?;
            let root = fleet.project_dir;
            let hosts = fleet
                .hosts
                .into_iter()
                .map(|host| (host.name, root.clone()));
            (fleet.competition, hosts.collect())
        }
        Err(error) => return Err(error).or_usage(name),
    };
    let mut once: Vec<(Host, String)> = Vec::new();
    for (host, root) in hosts {
        if !root.starts_with('/') || root.trim_matches('/').is_empty() || root.contains('\0') {
            return Err(Failure::usage(format_args!(
                "{name}: the project's folder on {host} is `{root}`"
            ))
            .hint("give a folder of its own, from the root: /workspace/kaggle"));
        }
        let host = Host::new(&host, Patience::of_environment())?.through(Socket::of_environment());
        if !once.iter().any(|(known, _)| *known == host) {
            once.push((host, root));
        }
    }
    if once.is_empty() {
        return Err(Failure::usage(format_args!(
            "{name}: the fleet has no hosts"
        )));
    }
    Ok(Targets {
        competition,
        hosts: once,
    })
}
