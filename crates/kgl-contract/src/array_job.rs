//! `array-job`: a search as an array of tasks on an engine that others run (GCP Batch, Slurm).
//! It says all that is decided, so that it can be read before it costs anything.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::document::{Document, Tag};
use crate::index_set::IndexSet;
use crate::search::Search;

/// A search as an array of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ArrayJob {
    /// `kgl.array-job/1`.
    pub schema: Tag<ArrayJob>,
    /// The job's name with the engine: lower case letters, digits and `-`, at most 63.
    pub id: String,
    /// The competition's slug.
    pub competition: String,
    /// When it was planned, RFC 3339.
    pub planned_at: String,
    /// The search as the tasks read it: pinned, cut into as many shards as were decided, its
    /// files called `queries` and `targets` beside it.
    pub search: Search,
    /// [`Search::identity`] of it.
    pub search_sha256: Sha256,
    /// The shards to search. Task t takes the t-th of them.
    pub indexes: IndexSet,
    /// How many tasks run at once, at most.
    pub parallelism: u32,
    /// Threads of a task.
    pub workers: u32,
    /// A task that has not ended by then is ended.
    pub max_run_s: u64,
    /// How often a task that the engine lost is started again.
    pub max_retries: u32,
    /// What the tasks execute, below the project's folder.
    pub entry: String,
    /// What the tasks find there.
    pub files: Vec<JobFile>,
    /// Where they run.
    pub engine: ArrayEngine,
    /// What it is expected to take.
    pub estimate: ArrayEstimate,
}

impl Document for ArrayJob {
    const KIND: &'static str = "array-job";
    const MAJOR: u32 = 1;
}

impl ArrayJob {
    /// How many tasks the job has.
    #[must_use]
    pub fn tasks(&self) -> u32 {
        u32::try_from(self.indexes.len()).unwrap_or(u32::MAX)
    }

    /// The shard of task `task`, if there is such a task.
    #[must_use]
    pub fn shard_of(&self, task: u32) -> Option<u32> {
        self.indexes.iter().nth(task as usize)
    }
}

/// A file that tasks find below the project's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct JobFile {
    /// Where, relative to the project's folder of the task.
    pub path: String,
    /// Where it lies here, absolute. What has none is written from this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its digest, by which it is kept and fetched.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
}

/// An engine that runs arrays of tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ArrayEngine {
    /// Google Cloud's Batch.
    GcpBatch(GcpBatch),
    /// A cluster under Slurm, whose nodes see the project's folder.
    Slurm(Slurm),
}

/// Where a job of Batch runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GcpBatch {
    /// The project that is billed.
    pub project: String,
    /// The region of job and machines.
    pub region: String,
    /// The bucket for inputs and shards, without `gs://`.
    pub bucket: String,
    /// Whom the machines act as.
    pub service_account: String,
    /// The kind of machine of each task.
    pub machine_type: String,
    /// Its virtual cores.
    pub vcpus: u32,
    /// Its memory.
    pub memory_mib: u64,
    /// Its disk.
    pub boot_disk_gib: u64,
    /// How machines are had.
    pub provisioning: Provisioning,
    /// What a machine costs an hour, in millionths of a US dollar.
    pub micro_usd_per_hour: u64,
    /// Labels beside those that are always set.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub labels: std::collections::BTreeMap<String, String>,
}

/// How machines are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Provisioning {
    /// Cheap, and taken away when somebody else wants them.
    Spot,
    /// Kept until the task has ended.
    Standard,
}

/// Where a job of Slurm runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Slurm {
    /// The project's folder, which all nodes see under this name.
    pub project: String,
    /// The partition; the cluster's default where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The account; the user's default where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Memory of a task.
    pub memory_mib: u64,
}

/// What a job is expected to take. All of it is arithmetic on what was given: cells, the speed of
/// a core, prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ArrayEstimate {
    /// Cells of the shards to search, at most.
    pub cells: u64,
    /// Cells of the heaviest of them.
    pub heaviest_cells: u64,
    /// Cells a second of a core here.
    pub cells_per_core_s: u64,
    /// All shards on this machine, with all its cores.
    pub here_s: u64,
    /// The heaviest task by itself.
    pub task_s: u64,
    /// The whole job: waiting for machines, and as many rounds of tasks as there must be.
    pub there_s: u64,
    /// What the machines cost, in millionths of a US dollar; nothing is known of a cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
    /// The day of the prices, `yyyy-mm-dd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices_of: Option<String>,
    /// Whether the job is done sooner there than here.
    pub worth_leaving: bool,
}
