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
    /// Commands of the user's for runs that have ended.
    #[serde(default, skip_serializing_if = "OnDone::is_empty")]
    pub on_done: OnDone,
    /// The argv behind each verb. It is run in the competition's folder, without a shell.
    #[serde(default)]
    pub verbs: BTreeMap<String, Vec<String>>,
}

impl Document for Challenge {
    const KIND: &'static str = "challenge";
    const MAJOR: u32 = 1;
}

/// Whether a text is a slug, the name of a competition in its address: lower case, digits and
/// `-`, beginning with one of the first two. Nothing of that kind leads out of a folder.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(letter) && text.len() <= 100 && text.chars().all(|c| letter(c) || c == '-')
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

/// What to execute here, once, when a run has ended: an argv for each kind of end, run in the
/// competition's folder, with the run's document on stdin and `KGL_RUN_ID`, `KGL_RUN_STATE` and
/// `KGL_RUN_DIR` in its environment. A run that was stopped calls nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OnDone {
    /// It ended with code 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finished: Vec<String>,
    /// It ended with another code, or by a signal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// It is gone without a word: its wrapper was killed, or its machine restarted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub died: Vec<String>,
}

impl OnDone {
    /// Whether nobody is called.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.finished.is_empty() && self.failed.is_empty() && self.died.is_empty()
    }
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
    /// What the values of some columns must be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueRule>,
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
        covers(&self.columns, name)
    }
}

/// Whether a name, or a pattern with one `*`, is that of the column called `name`.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}

/// What the values of some columns must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ValueRule {
    /// A column's name, or a pattern with one `*` (`class_*`).
    pub columns: String,
    /// The form of each value.
    #[serde(flatten)]
    pub form: ValueForm,
}

impl ValueRule {
    /// Whether the rule is meant for the column called `name`.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        covers(&self.columns, name)
    }
}

/// The form of a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ValueForm {
    /// One of the known labels.
    Label {
        /// The known labels.
        labels: Labels,
    },
    /// A whole number.
    Integer,
    /// A number from 0 to 1.
    Probability {
        /// Whether those of all columns of this rule sum to 1 in a row.
        #[serde(default)]
        sum_to_one: bool,
    },
    /// Some labels, in any order.
    LabelSet {
        /// What stands between them.
        #[serde(default = "space")]
        separator: String,
        /// The known labels, where they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<Labels>,
    },
    /// Some items, the best first.
    Ranking {
        /// What stands between them.
        #[serde(default = "space")]
        separator: String,
        /// How many there may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<u64>,
        /// The known items, where they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<Labels>,
    },
    /// Pairs of a start (from 1) and a length, ascending: the pixels of a mask.
    RunLength {
        /// The image's width.
        width_px: u64,
        /// The image's height.
        height_px: u64,
    },
    /// An id made of two, whose order counts.
    Pair {
        /// What stands between them.
        separator: String,
    },
    /// Words for people.
    Text {
        /// How long it may be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        longest_chars: Option<u64>,
    },
}

fn space() -> String {
    " ".to_owned()
}

/// The known labels: listed here, or all values of a column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Labels {
    /// Listed here.
    Listed(Vec<String>),
    /// Of a table.
    Of(LabelColumn),
}

/// A column of a table, as where to find the known labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LabelColumn {
    /// The table, relative to the document's folder.
    pub table: String,
    /// The column.
    pub column: String,
    /// What stands between labels, where a value holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
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
