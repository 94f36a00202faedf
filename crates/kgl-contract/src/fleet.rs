//! `fleet`: which hosts carry which shards. `cluster_fleet_config.sh` is its one
//! source; this document is derived from it.

use serde::{Deserialize, Serialize};

use crate::document::{Document, Tag};

/// Hosts, and the shard each one carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fleet {
    /// `kgl.fleet/1`.
    pub schema: Tag<Fleet>,
    /// The competition's slug.
    pub competition: String,
    /// The hosts, in the order of the array in the configuration.
    pub hosts: Vec<FleetHost>,
    /// The project's folder on every host; absolute.
    pub project_dir: String,
    /// Where shards are written on every host; absolute.
    pub shard_dir: String,
    /// How many shards the search is cut into.
    pub shard_count: u32,
    /// Which host each shard begins with; from a lost or slow host they move.
    pub shards: Vec<FleetShard>,
    /// The pinned search, relative to the project; left out where nothing is searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// What searches one shard, in the competition's folder on a host, without a shell. In its
    /// words `{index}`, `{count}`, `{workers}` (empty for all cores), `{search}`, `{shard_dir}`
    /// and `{bin}` (the folder of the tools that were brought there) are filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
}

impl Document for Fleet {
    const KIND: &'static str = "fleet";
    const MAJOR: u32 = 1;
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FleetHost {
    /// A name that `ssh` understands.
    pub name: String,
    /// Worker threads to use there; all its cores when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

/// One shard's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FleetShard {
    /// 0-based index of the shard.
    pub index: u32,
    /// Name of the host that carries it.
    pub host: String,
    /// The tmux session it runs in; `[a-z0-9-]` only.
    pub session: String,
}
