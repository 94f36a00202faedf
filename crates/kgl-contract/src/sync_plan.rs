//! `sync-plan`: what would be brought to hosts, to the last argument. It is made by rsync's own
//! dry run, and can be read, stored, and applied exactly as it is.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::document::{Document, Tag};

/// A plan for one host or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SyncPlan {
    /// `kgl.sync-plan/1`.
    pub schema: Tag<SyncPlan>,
    /// The competition's slug.
    pub competition: String,
    /// The folder whose content travels; absolute.
    pub source: String,
    /// What is left out or let in: the first rule that fits a path counts.
    pub rules: Vec<SyncRule>,
    /// How many deletions on a host are too many to be meant.
    pub max_deletions: u64,
    /// The hosts.
    pub hosts: Vec<HostSync>,
}

impl Document for SyncPlan {
    const KIND: &'static str = "sync-plan";
    const MAJOR: u32 = 1;
}

/// A filter rule of rsync's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SyncRule {
    /// What happens to paths that fit.
    pub action: SyncAction,
    /// The pattern, in rsync's language: a leading `/` is the source folder, a trailing one means
    /// folders only.
    pub pattern: String,
    /// Why.
    pub why: String,
}

/// What happens to paths that fit a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SyncAction {
    /// They travel.
    Include,
    /// They do not travel, and are not deleted there.
    Exclude,
}

/// One host's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostSync {
    /// The name that `ssh` is given.
    pub host: String,
    /// The project's folder there; absolute.
    pub root: String,
    /// What is executed, without a shell.
    pub argv: Vec<String>,
    /// New and changed files.
    pub send: Changes,
    /// What is deleted there: nothing, unless the plan was asked to delete.
    pub delete: Changes,
    /// What deleting leaves alone because a rule says so; only where deleting was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Changes>,
    /// Files that are compared by digest, and travel whatever the rules say.
    #[serde(default)]
    pub inputs: Vec<SyncInput>,
    /// What is executed for the inputs that are not there; their paths go to its stdin, each
    /// ended by a zero byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs_argv: Option<Vec<String>>,
    /// Room on the disk there.
    pub available_bytes: u64,
    /// Digest of every single change, by which a plan that has gone stale is known.
    pub changes_sha256: Sha256,
}

/// Changes of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changes {
    /// How many files, folders and links.
    pub count: u64,
    /// How large they are; 0 for what is deleted, whose size rsync does not tell.
    pub size_bytes: u64,
    /// The first of them, in rsync's order, relative to the source.
    pub first: Vec<String>,
}

/// A file that a search or a run reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SyncInput {
    /// Relative to the source.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its digest here.
    pub sha256: Sha256,
    /// Whether the host has the same bytes already.
    pub there: bool,
}
