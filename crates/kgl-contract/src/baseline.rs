//! `baseline`: how a first submission is made from a competition's tables.

use serde::{Deserialize, Serialize};

use crate::document::{Document, Tag};

/// A first submission: for each column of it where its values come from.
///
/// Paths are relative to the competition's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Baseline {
    /// `kgl.baseline/1`.
    pub schema: Tag<Baseline>,
    /// The sample submission: its rows, in its order, are the submission's.
    pub sample: String,
    /// The table with the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<String>,
    /// The table that says more of the sample's rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestTable>,
    /// Columns that `train` and `test` share: the values of a column may be told for each value
    /// of one of these, where that helps on rows held out.
    #[serde(default)]
    pub by: Vec<String>,
    /// The column of `train` whose rows belong together: they are held out together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The columns to predict. Any other is copied from the sample.
    pub columns: Vec<BaselineColumn>,
}

impl Document for Baseline {
    const KIND: &'static str = "baseline";
    const MAJOR: u32 = 1;
}

/// The table that says more of the sample's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestTable {
    /// Its path.
    pub path: String,
    /// The column that holds the sample's ids.
    pub id_column: String,
}

/// One column of the submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BaselineColumn {
    /// Its name.
    pub name: String,
    /// Where its values come from.
    pub from: BaselineSource,
    /// Digits behind the point of a number; as many as it needs when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
}

/// Where the values of a column come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "statistic")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum BaselineSource {
    /// The sample's own value.
    Sample,
    /// The same value in every row.
    Constant {
        /// It.
        value: String,
    },
    /// How much two columns of `test` are alike, from 0 to 1: the share of their words and parts
    /// of words that they have in common.
    Alike {
        /// Those columns.
        columns: [String; 2],
    },
    /// The mean of a column of `train`.
    Mean {
        /// That column.
        column: String,
    },
    /// The median of a column of `train`.
    Median {
        /// That column.
        column: String,
    },
    /// The most frequent value of a column of `train`.
    Mode {
        /// That column.
        column: String,
    },
    /// How often a column of `train` has this value, from 0 to 1.
    Share {
        /// That column.
        column: String,
        /// The value.
        value: String,
    },
    /// The most frequent items of a column of `train`, which holds one or a list of them.
    Items {
        /// That column.
        column: String,
        /// What stands between the items.
        separator: String,
        /// How many.
        count: u32,
    },
}
