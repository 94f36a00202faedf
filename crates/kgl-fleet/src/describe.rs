//! The fleet's document, from what its configuration says.

use kgl_cli::{Failure, Io, OrFail as _};
use kgl_contract::{Fleet, FleetHost, FleetShard, Tag};

use crate::cli::Describe;

/// Makes the document: shards are dealt to hosts one by one, in turn.
///
/// # Errors
/// No hosts, or no sessions (exit 2).
pub(crate) fn describe(asked: &Describe, io: &Io) -> Result<Fleet, Failure> {
    let (bytes, source) = io.read_bytes(Some(&asked.sessions))?;
    let text = String::from_utf8(bytes).or_usage(&source.name)?;
    let hosts = asked
        .host
        .iter()
        .map(|word| host(word))
        .collect::<Result<Vec<_>, _>>()?;
    if hosts.is_empty() {
        return Err(Failure::usage("the fleet has no hosts")
            .hint("name some in RNA_CLUSTER_HOSTS_ARR, in cluster_fleet_config.sh"));
    }
    let sessions: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let shards = (0..).zip(&sessions).zip(hosts.iter().cycle());
    let shards: Vec<FleetShard> = shards
        .map(|((index, session), host)| FleetShard {
            index,
            host: host.name.clone(),
            session: (*session).to_owned(),
        })
        .collect();
    Ok(Fleet {
        schema: Tag::default(),
        competition: asked.competition.clone(),
        hosts,
        project_dir: asked.project_dir.clone(),
        shard_dir: asked.shard_dir.clone(),
        shard_count: u32::try_from(shards.len()).or_usage("that many shards")?,
        shards,
        search: Some(asked.search.clone()),
        argv: asked.argv.clone(),
    })
}

fn host(word: &str) -> Result<FleetHost, Failure> {
    let (name, workers) = match word.split_once('=') {
        None => (word, None),
        Some((name, workers)) => {
            let number = workers
                .parse()
                .ok()
                .filter(|number| (1..=1024).contains(number));
            if number.is_none() {
                return Err(
                    Failure::usage(format_args!("host `{word}`: `{workers}` threads"))
                        .hint("NAME, or NAME=N with N from 1 to 1024"),
                );
            }
            (name, number)
        }
    };
    Ok(FleetHost {
        name: name.to_owned(),
        workers,
    })
}
