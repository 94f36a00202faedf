//! `submission-receipt`: one submission, from the intent to send it to its score.
//! The ledger, `competitions/<slug>/submissions.jsonl`, holds one a line.

use serde::{Deserialize, Serialize};

use crate::document::{Document, Tag};
use crate::submission::CheckedFile;

/// One submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionReceipt {
    /// `kgl.submission-receipt/1`.
    pub schema: Tag<SubmissionReceipt>,
    /// The competition's slug.
    pub competition: String,
    /// What stands in the message and names the content: the first 12 hex digits of its digest,
    /// and `.2` where the same content was sent a second time on purpose.
    pub tag: String,
    /// The file that was sent. Of a notebook, the output that was checked.
    pub content: CheckedFile,
    /// The notebook whose version was submitted instead of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook: Option<NotebookVersion>,
    /// The message as it was sent, with the tag.
    pub message: String,
    /// How it stands.
    pub state: SubmissionState,
    /// Its number on the site.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<u64>,
    /// The score on the public leaderboard, as the site writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_score: Option<f64>,
    /// The score on the private leaderboard, once it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_score: Option<f64>,
    /// Why it was refused, or why scoring failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The mean score of the validation that went with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_score: Option<f64>,
    /// The run that made the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The project's commit, if it is a git checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the checkout had uncommitted changes; left out where there is no commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// How many submissions the site had counted before this one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_before: Option<u64>,
    /// When it was decided to send it; RFC 3339, UTC.
    pub intended_at: String,
    /// When the site had it; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// When its score, or its failure, was seen; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scored_at: Option<String>,
}

impl Document for SubmissionReceipt {
    const KIND: &'static str = "submission-receipt";
    const MAJOR: u32 = 1;
}

/// A version of a notebook and the file of its output that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotebookVersion {
    /// `owner/slug`.
    pub name: String,
    /// The version.
    pub version: u64,
    /// The file in its output.
    pub file: String,
}

/// How a submission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum SubmissionState {
    /// It is being sent, or a sender died over it: whether the site has it is not known.
    Sending,
    /// The site has it; the score is still to come.
    Sent,
    /// It has its score.
    Scored,
    /// The site took it and could not score it.
    Failed,
    /// The site did not take it: it does not count.
    Refused,
}
