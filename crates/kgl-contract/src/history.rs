//! `submission-history`: what was submitted to a competition and what came of it,
//! the ledger and the site's list in one.

use serde::{Deserialize, Serialize};

use crate::challenge::Metric;
use crate::document::{Document, Tag};
use crate::receipt::SubmissionReceipt;

/// The submissions of a competition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionHistory {
    /// `kgl.submission-history/1`.
    pub schema: Tag<SubmissionHistory>,
    /// The competition's slug.
    pub competition: String,
    /// Its metric.
    pub metric: Metric,
    /// What the ledger holds, oldest first.
    pub submissions: Vec<SubmissionReceipt>,
    /// What only the site holds: sent by a colleague, or by hand; oldest first.
    pub elsewhere: Vec<ForeignSubmission>,
    /// How validation and the public leaderboard agree, where both scores are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Teams on the leaderboard that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<u64>,
    /// The medal lines, gold first; none where no leaderboard was seen.
    #[serde(default)]
    pub medals: Vec<MedalLine>,
}

impl Document for SubmissionHistory {
    const KIND: &'static str = "submission-history";
    const MAJOR: u32 = 1;
}

/// A submission that the ledger does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ForeignSubmission {
    /// Its number on the site.
    #[serde(rename = "ref")]
    pub reference: u64,
    /// When it came; RFC 3339, UTC.
    pub sent_at: String,
    /// The file's name.
    pub file: String,
    /// The message.
    pub message: String,
    /// The score on the public leaderboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_score: Option<f64>,
    /// The score on the private leaderboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_score: Option<f64>,
}

/// How validation and the public leaderboard agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Agreement {
    /// Submissions that have both scores.
    pub pairs: u64,
    /// Spearman's rank correlation.
    pub rank_correlation: f64,
    /// Its 95 % bootstrap interval; left out for fewer than four pairs, which say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_95: Option<[f64; 2]>,
}

/// The last place that earns a medal, and its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MedalLine {
    /// `gold`, `silver` or `bronze`.
    pub medal: String,
    /// The place, from 1.
    pub rank: u64,
    /// Its score.
    pub score: f64,
    /// How far the best public score is beyond the line; negative: short of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
}
