//! `submission-request` and `submission-check`: what is to be submitted, and
//! whether it may be.

use serde::{Deserialize, Serialize};

use crate::challenge::{ColumnRange, RowOrder, ValueRule};
use crate::digest::Sha256;
use crate::document::{Document, Tag};

/// A submission to check (and later to send).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionRequest {
    /// `kgl.submission-request/1`.
    pub schema: Tag<SubmissionRequest>,
    /// The competition's slug.
    pub competition: String,
    /// The file to submit, relative to the document's folder (or to `--base`).
    pub submission: String,
    /// The competition's sample submission, likewise.
    pub sample: String,
    /// Whether rows must stand in the sample's order.
    #[serde(default)]
    pub order: RowOrder,
    /// Ranges that numbers must lie in.
    #[serde(default)]
    pub ranges: Vec<ColumnRange>,
    /// What the values of some columns must be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueRule>,
}

impl Document for SubmissionRequest {
    const KIND: &'static str = "submission-request";
    const MAJOR: u32 = 1;
}

/// Whether a submission is what its sample asks for, and where it is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionCheck {
    /// `kgl.submission-check/1`.
    pub schema: Tag<SubmissionCheck>,
    /// The competition's slug.
    pub competition: String,
    /// The file that was checked.
    pub submission: CheckedFile,
    /// The sample it was checked against.
    pub sample: CheckedFile,
    /// Whether it may be submitted: there is no error.
    pub valid: bool,
    /// What makes it invalid.
    pub errors: Faults,
    /// What is allowed but rarely meant.
    pub warnings: Faults,
}

impl Document for SubmissionCheck {
    const KIND: &'static str = "submission-check";
    const MAJOR: u32 = 1;
}

/// A file as it was when it was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckedFile {
    /// Its path as it was given.
    pub path: String,
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
    /// Rows, the header not counted.
    pub rows: u64,
}

/// How many faults there are, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Faults {
    /// All of them.
    pub count: u64,
    /// The first 20, in the order of the file.
    pub first: Vec<Fault>,
}

/// One fault and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fault {
    /// The rule that is broken, as one word or several joined by `-` (`missing-row`).
    pub rule: String,
    /// 1-based line of the submission, where the fault is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The row's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The column's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The sentence for people: what is wrong and what would be right.
    pub message: String,
}
