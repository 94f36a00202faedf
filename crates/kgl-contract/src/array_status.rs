//! `array-status`: how an array of tasks stands, as its engine tells it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{Document, Tag};
use crate::index_set::IndexSet;

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ArrayStatus {
    /// `kgl.array-status/1`.
    pub schema: Tag<ArrayStatus>,
    /// The job.
    pub id: String,
    /// When the engine was asked, RFC 3339.
    pub asked_at: String,
    /// Its state in the engine's own word.
    pub state: String,
    /// Whether anything can still happen, and be billed.
    pub ended: bool,
    /// How many tasks are in each state, by the engine's word.
    pub tasks: BTreeMap<String, u64>,
    /// How many tasks were asked about one by one, where that is not all of them: what follows of
    /// tasks (`done`, `failed`, `lost`, `ran_s`) is of these alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<u64>,
    /// The shards whose tasks succeeded.
    pub done: IndexSet,
    /// Tasks that failed for good.
    pub failed: Vec<FailedTask>,
    /// How often tasks were lost, by the engine's reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost: BTreeMap<String, u64>,
    /// What the engine says of the job, oldest first, each once.
    pub events: Vec<ArrayEvent>,
    /// Seconds that tasks ran, lost attempts included.
    pub ran_s: u64,
    /// What those seconds cost, in millionths of a US dollar; only where all tasks were listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
}

impl Document for ArrayStatus {
    const KIND: &'static str = "array-status";
    const MAJOR: u32 = 1;
}

/// A task that failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailedTask {
    /// Its index in the array.
    pub task: u32,
    /// The shard it was to search.
    pub shard: u32,
    /// Its exit code, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Why, in words.
    pub why: String,
}

/// Something that happened to a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ArrayEvent {
    /// When, RFC 3339.
    pub at: String,
    /// What, in words.
    pub what: String,
}
