//! `challenge`: one competition as the tools see it. A folder with a
//! `challenge.json` is a project; there is nothing else to register.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{Document, Tag};

/// One competition: what it is, where it runs and the argv behind each verb.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Challenge {
    /// `kgl.challenge/1`.
    pub schema: Tag<Challenge>,
    /// The name in the competition's address; lower case, digits and `-`.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// What the leaderboard measures.
    pub metric: Metric,
    /// When submissions end; RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Whether a notebook is submitted instead of a file.
    #[serde(default)]
    pub code_competition: bool,
    /// Where verbs run unless they are told otherwise.
    #[serde(rename = "where")]
    pub where_: Where,
    /// The host that `"where": "host"` means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Remote>,
    /// Logs worth following, relative to the competition's folder; `*` matches within a name.
    #[serde(default)]
    pub logs: Vec<String>,
    /// What a submission must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionRules>,
    /// The argv behind each verb. It is run in the competition's folder, without a shell.
    #[serde(default)]
    pub verbs: BTreeMap<String, Vec<String>>,
}

impl Document for Challenge {
    const KIND: &'static str = "challenge";
    const MAJOR: u32 = 1;
}

/// A metric and its direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Metric {
    /// The metric's usual name.
    pub name: String,
    /// Which direction is better.
    pub better: Better,
}

/// The direction of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Better {
    /// A larger score is better.
    Higher,
    /// A smaller score is better.
    Lower,
}

/// A kind of compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Where {
    /// This machine.
    Local,
    /// One host over ssh.
    Host,
    /// Several hosts over ssh.
    Fleet,
    /// An array job.
    Batch,
}

/// A host and the folder on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Remote {
    /// A name that `ssh` understands.
    pub host: String,
    /// The project's folder there; absolute.
    pub root: String,
}

/// What a submission must look like beyond its sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubmissionRules {
    /// The sample submission, relative to the competition's folder.
    pub sample: String,
    /// Whether rows must stand in the sample's order.
    #[serde(default)]
    pub order: RowOrder,
    /// Ranges that numbers must lie in.
    #[serde(default)]
    pub ranges: Vec<ColumnRange>,
}

/// Whether the order of rows counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RowOrder {
    /// Rows must stand in the sample's order.
    #[default]
    Sample,
    /// Any order will do.
    Any,
}

/// The range of some columns; both ends are allowed values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColumnRange {
    /// A column's name, or a pattern with one `*` (`x_*`).
    pub columns: String,
    /// Smallest value allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl ColumnRange {
    /// Whether the range is meant for the column called `name`.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        match self.columns.split_once('*') {
            None => self.columns == name,
            Some((head, tail)) => {
                name.len() >= head.len() + tail.len()
                    && name.starts_with(head)
                    && name.ends_with(tail)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_names_with_its_head_and_tail() {
        let range = |columns: &str| ColumnRange {
            columns: columns.into(),
            min: None,
            max: None,
        };
        assert!(range("x_*").covers("x_1") && !range("x_*").covers("y_1"));
        assert!(range("*").covers("anything") && range("a").covers("a"));
        assert!(!range("a").covers("ab") && !range("aa*aa").covers("aaa"));
    }
}
