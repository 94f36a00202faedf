//! What Kaggle answers about submissions. Absent means default.

use serde::{Deserialize, Deserializer};

use crate::wire::number;

/// One of `ListSubmissions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiSubmission {
    /// Its number.
    #[serde(rename = "ref", deserialize_with = "number")]
    pub reference: u64,
    /// When it came.
    #[serde(deserialize_with = "text")]
    pub date: String,
    /// The message that went with it.
    #[serde(deserialize_with = "text")]
    pub description: String,
    /// The file's name.
    #[serde(deserialize_with = "text")]
    pub file_name: String,
    /// `PENDING`, `COMPLETE` or `ERROR`; absent is the first of them.
    #[serde(deserialize_with = "text")]
    pub status: String,
    /// Empty until there is one.
    #[serde(deserialize_with = "text")]
    pub public_score: String,
    /// Empty until it is shown.
    #[serde(deserialize_with = "text")]
    pub private_score: String,
    /// Why scoring failed.
    #[serde(deserialize_with = "text")]
    pub error_description: String,
}

/// One row of `GetLeaderboard`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiScore {
    /// The team.
    #[serde(deserialize_with = "text")]
    pub team_name: String,
    /// Its score, as text.
    #[serde(deserialize_with = "text")]
    pub score: String,
}

/// A text; null is none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_null_and_text_numbers_are_read() {
        let one: ApiSubmission =
            serde_json::from_str(r#"{"ref":"12","publicScore":null,"fileName":"a.csv"}"#).unwrap();
        assert_eq!(
            (one.reference, &*one.file_name, &*one.public_score),
            (12, "a.csv", "")
        );
        let row: ApiScore = serde_json::from_str(r#"{"teamName":"a","score":"0.9"}"#).unwrap();
        assert_eq!(row.score, "0.9");
        assert!(serde_json::from_str::<ApiSubmission>(r#"{"ref":"a"}"#).is_err());
    }
}
