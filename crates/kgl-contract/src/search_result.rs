//! `search-shard` and `search-merged`: what a search found.

use serde::{Deserialize, Serialize};

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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hit {
    /// The target's id.
    pub target: String,
    /// The target's 0-based place in the targets file; the earlier of two equal scores comes first.
    pub target_index: u32,
    /// Alignment score in units of 1/score_scale.
    pub score: i64,
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
    /// Worker threads.
    pub workers: u32,
    /// Cells of dynamic programming that were computed for scores.
    pub cells_computed: u64,
    /// Cells that a proof made unnecessary.
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
