//! `search-shard` and `search-merged`: what a search found.

use serde::{Deserialize, Serialize};

use crate::canonical::canonical_digest;
use crate::digest::Sha256;
use crate::document::{Document, Tag};
use crate::index_set::IndexSet;

/// What one shard of a search found: for each query the best hits among the
/// targets of this shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SearchShard {
    /// `kgl.search-shard/1`.
    pub schema: Tag<SearchShard>,
    /// [`Search::identity`](crate::Search::identity) of the search.
    pub search_sha256: Sha256,
    /// Version of the rule that deals targets to shards. Shards of different
    /// partitions cannot be merged.
    pub partition: u32,
    /// Which shard this is.
    pub shard: ShardOf,
    /// All targets of the search.
    pub targets: TargetList,
    /// 0-based indexes, in the targets file, of the targets that this shard searched.
    pub targets_searched: IndexSet,
    /// Scores are in units of 1/score_scale.
    pub score_scale: u32,
    /// Hits that are kept for each query.
    pub top_k: u32,
    /// One row for each query, in the order of the queries file, also without hits.
    pub results: Vec<QueryHits>,
    /// How this run went. Not part of the result; merging drops it.
    pub attempt: Attempt,
}

impl Document for SearchShard {
    const KIND: &'static str = "search-shard";
    const MAJOR: u32 = 1;
}

impl SearchShard {
    /// Digest of what must be equal in two runs of one shard: all but the attempt.
    ///
    /// # Errors
    /// Only what keeps a value from being written as JSON.
    pub fn result_sha256(&self) -> Result<Sha256, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        if let Some(shard) = value.as_object_mut() {
            shard.remove("attempt");
        }
        canonical_digest(&value)
    }
}

/// What a whole search found; the same bytes for every shard count, machine and
/// order of merging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SearchMerged {
    /// `kgl.search-merged/1`.
    pub schema: Tag<SearchMerged>,
    /// [`Search::identity`](crate::Search::identity) of the search.
    pub search_sha256: Sha256,
    /// Scores are in units of 1/score_scale.
    pub score_scale: u32,
    /// Hits that are kept for each query.
    pub top_k: u32,
    /// What was searched for every query: each of these targets exactly once.
    pub coverage: Coverage,
    /// One row for each query, in the order of the queries file, also without hits.
    pub results: Vec<QueryHits>,
}

impl Document for SearchMerged {
    const KIND: &'static str = "search-merged";
    const MAJOR: u32 = 1;
}

/// Which shard of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ShardOf {
    /// 0-based; below `count`.
    pub index: u32,
    /// How many shards the search was cut into.
    pub count: u32,
}

impl ShardOf {
    /// The name under which shard `index` is kept; fleet, Batch and laptop all use it.
    #[must_use]
    pub fn file_name(index: u32) -> String {
        format!("sequence_nn_search.shard{index}.json")
    }

    /// The index of the shard that is kept under `name`, if it is such a name.
    #[must_use]
    pub fn index_of(name: &str) -> Option<u32> {
        let digits = name
            .strip_prefix("sequence_nn_search.shard")?
            .strip_suffix(".json")?;
        let index = digits.parse().ok()?;
        (Self::file_name(index) == name).then_some(index)
    }
}

/// The targets of a search, by number and digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TargetList {
    /// How many.
    pub count: u32,
    /// Digest of all target ids in file order, each followed by a newline.
    pub ids_sha256: Sha256,
}

/// The proof of a merge: every target was searched once for every query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coverage {
    /// How many targets.
    pub targets: u32,
    /// Digest of all target ids in file order, each followed by a newline.
    pub ids_sha256: Sha256,
}

/// The hits of one query: score descending, then target order in the targets file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct QueryHits {
    /// The query's id.
    pub query: String,
    /// At most `top_k` hits.
    pub hits: Vec<Hit>,
}

/// One target found for a query, and the alignment that gives its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireHit", into = "WireHit")]
pub struct Hit {
    /// The target's id.
    pub target: String,
    /// The target's 0-based place in the targets file; the earlier of two equal scores comes first.
    pub target_index: u32,
    /// Alignment score in units of 1/score_scale.
    pub score: i64,
    /// The alignment; `None` in every hit of a search for scores only
    /// ([`Search::alignments`](crate::Search::alignments) is false).
    pub alignment: Option<HitAlignment>,
}

/// The alignment of a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitAlignment {
    /// Columns with two equal residues.
    pub matches: u32,
    /// All columns of the alignment.
    pub columns: u32,
    /// Half-open, 0-based stretch of the query that is aligned.
    pub query_span: [u32; 2],
    /// Half-open, 0-based stretch of the target that is aligned.
    pub target_span: [u32; 2],
    /// Run-length operations `=` (equal) `X` (different) `I` (query residue
    /// against a gap) `D` (target residue against a gap), in query direction.
    pub cigar: String,
}

/// A hit as it is written: one flat object, and of the alignment's fields
/// either all or, in a search for scores only, none.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WireHit {
    /// The target's id.
    target: String,
    /// The target's 0-based place in the targets file; the earlier of two equal scores comes first.
    target_index: u32,
    /// Alignment score in units of 1/score_scale.
    score: i64,
    /// Columns with two equal residues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    matches: Option<u32>,
    /// All columns of the alignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<u32>,
    /// Half-open, 0-based stretch of the query that is aligned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query_span: Option<[u32; 2]>,
    /// Half-open, 0-based stretch of the target that is aligned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_span: Option<[u32; 2]>,
    /// Run-length operations `=` (equal) `X` (different) `I` (query residue
    /// against a gap) `D` (target residue against a gap), in query direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cigar: Option<String>,
}

/// A hit with a part of an alignment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the hit on {0} has a part of an alignment: matches, columns, query_span, target_span and cigar come together or not at all"
)]
pub struct PartialHit(String);

impl TryFrom<WireHit> for Hit {
    type Error = PartialHit;

    fn try_from(hit: WireHit) -> Result<Self, PartialHit> {
        let parts = (
            hit.matches,
            hit.columns,
            hit.query_span,
            hit.target_span,
            hit.cigar,
        );
        let alignment = match parts {
            (None, None, None, None, None) => None,
            (Some(matches), Some(columns), Some(query_span), Some(target_span), Some(cigar)) => {
                Some(HitAlignment {
                    matches,
                    columns,
                    query_span,
                    target_span,
                    cigar,
                })
            }
            _ => return Err(PartialHit(hit.target)),
        };
        Ok(Self {
            target: hit.target,
            target_index: hit.target_index,
            score: hit.score,
            alignment,
        })
    }
}

impl From<Hit> for WireHit {
    fn from(hit: Hit) -> Self {
        let flat = Self {
            target: hit.target,
            target_index: hit.target_index,
            score: hit.score,
            matches: None,
            columns: None,
            query_span: None,
            target_span: None,
            cigar: None,
        };
        let Some(alignment) = hit.alignment else {
            return flat;
        };
        Self {
            matches: Some(alignment.matches),
            columns: Some(alignment.columns),
            query_span: Some(alignment.query_span),
            target_span: Some(alignment.target_span),
            cigar: Some(alignment.cigar),
            ..flat
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Hit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hit".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        WireHit::json_schema(generator)
    }
}

impl Hit {
    /// The order of hits: score descending, then target order in the targets file.
    #[must_use]
    pub fn rank(&self) -> (std::cmp::Reverse<i64>, u32) {
        (std::cmp::Reverse(self.score), self.target_index)
    }
}

/// How a shard's run went: what varies from run to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Attempt {
    /// Name and version of the program.
    pub tool: String,
    /// The alignment kernel that was used.
    pub kernel: String,
    /// How many targets it computes at a time; 0 in a document from before this was told.
    #[serde(default)]
    pub lanes: u32,
    /// Worker threads.
    pub workers: u32,
    /// Cells of dynamic programming that were computed for scores.
    pub cells_computed: u64,
    /// Cells of the other pairs that the filters let meet: a proof made them
    /// unnecessary (a bound, an equal sequence, the same pair the other way
    /// round). With `cells_computed` it makes the same sum in every run.
    pub cells_pruned: u64,
    /// Wall-clock time, reading and writing included.
    pub elapsed_ms: u64,
    /// The machine's name.
    pub host: String,
    /// When it began; RFC 3339, UTC.
    pub started_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_has_a_whole_alignment_or_none() {
        let bare = r#"{"score":7,"target":"t","target_index":3}"#;
        let hit: Hit = serde_json::from_str(bare).unwrap();
        assert_eq!(hit.alignment, None);
        assert_eq!(
            crate::canonical_bytes(&hit).unwrap(),
            format!("{bare}\n").into_bytes()
        );
        let part = bare.replace("\"score\"", "\"cigar\":\"3=\",\"score\"");
        let message = serde_json::from_str::<Hit>(&part).unwrap_err().to_string();
        assert!(message.starts_with("the hit on t has a part"), "{message}");
    }

    #[test]
    fn a_shard_has_one_name() {
        assert_eq!(ShardOf::file_name(7), "sequence_nn_search.shard7.json");
        assert_eq!(ShardOf::index_of("sequence_nn_search.shard7.json"), Some(7));
        for name in [
            "sequence_nn_search.shard07.json",
            "sequence_nn_search.shard+7.json",
            "sequence_nn_search.shard.json",
            ".sequence_nn_search.shard7.json.tmp",
        ] {
            assert_eq!(ShardOf::index_of(name), None, "{name}");
        }
    }
}
