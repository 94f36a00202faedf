//! `scaffold-report`: which files a new competition got.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::document::{Document, Tag};

/// The files of a new competition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScaffoldReport {
    /// `kgl.scaffold-report/1`.
    pub schema: Tag<ScaffoldReport>,
    /// The competition.
    pub slug: String,
    /// Its files, by path below its folder.
    pub files: Vec<ScaffoldedFile>,
}

impl Document for ScaffoldReport {
    const KIND: &'static str = "scaffold-report";
    const MAJOR: u32 = 1;
}

/// One file of a new competition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ScaffoldedFile {
    /// Its path below the competition's folder.
    pub path: String,
    /// What was done, or would be.
    pub action: ScaffoldAction,
    /// What the scaffold has for it.
    pub sha256: Sha256,
}

/// What was done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ScaffoldAction {
    /// It was not there.
    Created,
    /// It was there as an earlier scaffold had left it, and the scaffold changed.
    Updated,
    /// It is as the scaffold has it.
    Unchanged,
    /// Somebody edited it: it stays as it is.
    Kept,
    /// Somebody had edited it, and it was forced; the old one has `.orig` behind its name.
    Replaced,
}
