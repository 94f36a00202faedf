//! `validation-report`: a score for each item and its group, so that a
//! bootstrap can resample groups.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::challenge::Metric;
use crate::document::{Document, Tag};

/// What an offline validation measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ValidationReport {
    /// `kgl.validation-report/1`.
    pub schema: Tag<ValidationReport>,
    /// The competition's slug.
    pub competition: String,
    /// What was measured.
    pub metric: Metric,
    /// Which items were held out, in words.
    pub split: String,
    /// One entry for each item.
    pub items: Vec<ValidationItem>,
    /// Mean score over items.
    pub mean: f64,
    /// 95 % bootstrap interval of the mean; groups are resampled.
    pub interval_95: [f64; 2],
    /// The run that made the predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Document for ValidationReport {
    const KIND: &'static str = "validation-report";
    const MAJOR: u32 = 1;
}

/// One item's score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ValidationItem {
    /// The item (a target, an image, a row).
    pub id: String,
    /// Items of one group are not independent.
    pub group: String,
    /// Its score.
    pub score: f64,
    /// Other figures worth keeping, by name with unit.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub detail: Map<String, Value>,
}
