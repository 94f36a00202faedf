//! What Kaggle answers, as far as it is read here. Absent means default.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// `GetCompetition`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiCompetition {
    /// The name for people.
    pub title: String,
    /// Its address.
    pub url: String,
    /// One sentence about it.
    pub description: String,
    /// Who holds it.
    pub organization_name: String,
    /// Featured, Research, Playground and so on.
    pub category: String,
    /// What is to be won.
    pub reward: String,
    /// When submissions end.
    pub deadline: Option<String>,
    /// After this nobody can join.
    pub new_entrant_deadline: Option<String>,
    /// After this teams cannot merge.
    pub merger_deadline: Option<String>,
    /// When it began.
    pub enabled_date: Option<String>,
    /// The metric's name.
    pub evaluation_metric: String,
    /// Submissions allowed a day.
    #[serde(deserialize_with = "number")]
    pub max_daily_submissions: u64,
    /// The largest team.
    #[serde(deserialize_with = "number")]
    pub max_team_size: u64,
    /// Teams so far.
    #[serde(deserialize_with = "number")]
    pub team_count: u64,
    /// Our rank; 0 when there is none.
    #[serde(deserialize_with = "number")]
    pub user_rank: u64,
    /// Whether we accepted the rules.
    pub user_has_entered: bool,
    /// Whether a notebook is submitted instead of a file.
    pub is_kernels_submissions_only: bool,
    /// Whether nothing can be submitted.
    pub submissions_disabled: bool,
    /// Whether it counts for points.
    pub awards_points: bool,
    /// The licence of its data.
    pub license_name: String,
    /// What it is about.
    pub tags: Vec<ApiTag>,
}

/// A tag of a competition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ApiTag {
    /// Its name.
    pub name: String,
}

/// One of `ListDataFiles`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiFile {
    /// Its path, parts joined by `/`.
    pub name: String,
    /// Its size, unpacked.
    #[serde(deserialize_with = "number")]
    pub total_bytes: u64,
    /// When it was put there.
    pub creation_date: Option<String>,
}

/// One of `ListCompetitionPages`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiPage {
    /// `rules`, `evaluation`, `data-description` and so on.
    pub name: String,
    /// Markdown or HTML.
    pub content: String,
}

/// `GetSubmissionLimits`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiLimits {
    /// Submissions today.
    #[serde(deserialize_with = "number")]
    pub num_today: u64,
    /// Submissions ever.
    #[serde(deserialize_with = "number")]
    pub num_total: u64,
    /// Submissions left for now.
    #[serde(deserialize_with = "number")]
    pub num_allowed_now: u64,
    /// Whether it is a limit for the whole competition that holds.
    pub limited_by_total: bool,
}

/// A number, also where it is written as text: 64-bit numbers are, in JSON made from protobuf.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = match &value {
        Value::Null => Some(0),
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    number.ok_or_else(|| serde::de::Error::custom(format!("{value} is no count")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_default_and_numbers_may_be_text() {
        let competition: ApiCompetition = serde_json::from_str(
            r#"{"title":"T","maxDailySubmissions":"5","tags":[{"name":"tabular","id":3}],"new":[1]}"#,
        )
        .unwrap();
        assert_eq!(competition.max_daily_submissions, 5);
        assert_eq!(competition.tags[0].name, "tabular");
        assert!(!competition.user_has_entered && competition.deadline.is_none());
        let file: ApiFile = serde_json::from_str(r#"{"name":"a","totalBytes":7}"#).unwrap();
        assert_eq!(file.total_bytes, 7);
        assert!(serde_json::from_str::<ApiFile>(r#"{"totalBytes":"many"}"#).is_err());
    }
}
