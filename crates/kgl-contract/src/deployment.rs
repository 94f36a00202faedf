//! `deployment`: what was published for a code competition, and what it wrote.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::document::{Document, Tag};
use crate::receipt::NotebookVersion;
use crate::submission::SubmissionCheck;

/// A version of a notebook that ran to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Deployment {
    /// `kgl.deployment/1`.
    pub schema: Tag<Deployment>,
    /// The competition's slug.
    pub competition: String,
    /// The dataset with what the notebook runs: `owner/slug`.
    pub dataset: String,
    /// Digest of the dataset's files: of a line `SHA256  NAME` for each, by name.
    pub files_sha256: Sha256,
    /// The notebook's version, and the file of its output that counts.
    pub notebook: NotebookVersion,
    /// Where that file was fetched to.
    pub output: String,
    /// Whether it may be submitted.
    pub check: SubmissionCheck,
}

impl Document for Deployment {
    const KIND: &'static str = "deployment";
    const MAJOR: u32 = 1;
}
