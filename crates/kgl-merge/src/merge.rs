//! Merging: a fold over shards that does not care for their order or number.
//! It holds the result so far and one shard.

use std::collections::BTreeMap;

use kgl_contract::{
    Coverage, IndexSet, QueryHits, SearchMerged, SearchShard, Sha256, ShardOf, Tag, TargetList,
};

/// Why some shards do not merge: the input is not what it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// A shard of another search, or of another cut of it.
    #[error("{name}: {what} is {found}, but {first} has {expected}")]
    Foreign {
        /// Where the shard comes from.
        name: String,
        /// Which property differs.
        what: &'static str,
        /// Its value there.
        found: String,
        /// Where the first shard came from.
        first: String,
        /// The value of the first shard.
        expected: String,
    },
    /// Two different results of one shard.
    #[error("corruption: {name} and {first} both hold shard {index}, with different results")]
    Diverging {
        /// Where the second came from.
        name: String,
        /// Where the first came from.
        first: String,
        /// The shard's index.
        index: u32,
    },
    /// A shard that contradicts itself.
    #[error("{name}: {what}")]
    Inconsistent {
        /// Where the shard comes from.
        name: String,
        /// What is wrong with it.
        what: String,
    },
}

/// What all shards of one search, cut in one way, have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Common {
    search_sha256: Sha256,
    partition: u32,
    count: u32,
    targets: TargetList,
    score_scale: u32,
    top_k: u32,
    queries: Sha256,
}

/// A shard that was seen.
#[derive(Debug, Clone)]
struct Seen {
    name: String,
    result: Sha256,
}

/// The merge so far.
#[derive(Debug, Clone, Default)]
pub struct Merge {
    common: Option<Common>,
    first: String,
    seen: BTreeMap<u32, Seen>,
    /// One bit a target: searched by a shard that was seen.
    searched: Vec<u64>,
    /// Whether hits carry alignments, once a hit was seen.
    alignments: Option<bool>,
    results: Vec<QueryHits>,
}

impl Merge {
    /// Adds a shard; `name` is where it came from. A shard that was added before
    /// changes nothing.
    ///
    /// # Errors
    /// [`MergeError`]; the merge is not to be used after one.
    pub fn add(&mut self, shard: SearchShard, name: &str) -> Result<(), MergeError> {
        let inconsistent = |what: String| MergeError::Inconsistent {
            name: name.to_owned(),
            what,
        };
        let common = Common {
            search_sha256: shard.search_sha256,
            partition: shard.partition,
            count: shard.shard.count,
            targets: shard.targets,
            score_scale: shard.score_scale,
            top_k: shard.top_k,
            queries: Sha256::of_lines(shard.results.iter().map(|row| row.query.as_str())),
        };
        self.check_common(&common, name)?;
        let ShardOf { index, count } = shard.shard;
        if index >= count {
            return Err(inconsistent(format!(
                "shard index {index} is not below its count {count}"
            )));
        }

        let result = shard
            .result_sha256()
            .map_err(|error| inconsistent(error.to_string()))?;
        if let Some(seen) = self.seen.get(&index) {
            if seen.result == result {
                return Ok(());
            }
            return Err(MergeError::Diverging {
                name: name.to_owned(),
                first: seen.name.clone(),
                index,
            });
        }
        check_hits(&shard).map_err(inconsistent)?;
        self.check_alignments(&shard).map_err(inconsistent)?;
        self.mark_searched(&shard).map_err(inconsistent)?;

        self.seen.insert(
            index,
            Seen {
                name: name.to_owned(),
                result,
            },
        );
        if self.results.is_empty() {
            self.results = shard.results;
        } else {
            for (row, more) in self.results.iter_mut().zip(shard.results) {
                row.hits.extend(more.hits);
                row.hits.sort_by_key(kgl_contract::Hit::rank);
                row.hits.truncate(shard.top_k as usize);
            }
        }
        Ok(())
    }

    /// Takes over what the first shard says, and holds all others to it.
    fn check_common(&mut self, found: &Common, name: &str) -> Result<(), MergeError> {
        let Some(expected) = &self.common else {
            self.common = Some(found.clone());
            self.first = name.to_owned();
            return Ok(());
        };
        let pairs = [
            (
                "the search",
                found.search_sha256.short(),
                expected.search_sha256.short(),
            ),
            (
                "the shard count",
                found.count.to_string(),
                expected.count.to_string(),
            ),
            (
                "the partition rule",
                found.partition.to_string(),
                expected.partition.to_string(),
            ),
            (
                "the number of targets",
                found.targets.count.to_string(),
                expected.targets.count.to_string(),
            ),
            (
                "the list of targets",
                found.targets.ids_sha256.short(),
                expected.targets.ids_sha256.short(),
            ),
            (
                "the list of queries",
                found.queries.short(),
                expected.queries.short(),
            ),
            (
                "score_scale",
                found.score_scale.to_string(),
                expected.score_scale.to_string(),
            ),
            ("top_k", found.top_k.to_string(), expected.top_k.to_string()),
        ];
        match pairs
            .into_iter()
            .find(|(_, found, expected)| found != expected)
        {
            None => Ok(()),
            Some((what, found, expected)) => {
                let (name, first) = (name.to_owned(), self.first.clone());
                Err(MergeError::Foreign {
                    name,
                    what,
                    found,
                    first,
                    expected,
                })
            }
        }
    }

    /// Hits have alignments in all shards or in none. (A search for scores only
    /// is another search by its digest; this holds the shards to what they say.)
    fn check_alignments(&mut self, shard: &SearchShard) -> Result<(), String> {
        for hit in shard.results.iter().flat_map(|row| &row.hits) {
            let has = hit.alignment.is_some();
            if *self.alignments.get_or_insert(has) != has {
                let (this, others) = if has { ("an", "none") } else { ("no", "one") };
                return Err(format!(
                    "the hit on {} has {this} alignment, where hits before it have {others}",
                    hit.target
                ));
            }
        }
        Ok(())
    }

    /// Sets the bits of the shard's targets; each may be set once.
    fn mark_searched(&mut self, shard: &SearchShard) -> Result<(), String> {
        let count = shard.targets.count;
        self.searched.resize(count.div_ceil(64) as usize, 0);
        for target in shard.targets_searched.iter() {
            if target >= count {
                return Err(format!(
                    "it searched target {target}, but there are {count}"
                ));
            }
            let (word, bit) = (
                &mut self.searched[target as usize / 64],
                1u64 << (target % 64),
            );
            if *word & bit != 0 {
                return Err(format!(
                    "it searched target {target}, which another shard searched as well"
                ));
            }
            *word |= bit;
        }
        Ok(())
    }

    /// Where a shard of another search than `search` came from, if the first one is of another.
    #[must_use]
    pub fn foreign_to(&self, search: Sha256) -> Option<(&str, Sha256)> {
        let common = self.common.as_ref()?;
        (common.search_sha256 != search).then_some((self.first.as_str(), common.search_sha256))
    }

    /// How many shards there should be; `None` before the first one.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        self.common.as_ref().map(|common| common.count)
    }

    /// How many different shards were added.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen.len()
    }

    /// The indexes below `count` that were not added.
    #[must_use]
    pub fn missing(&self, count: u32) -> IndexSet {
        (0..count)
            .filter(|index| !self.seen.contains_key(index))
            .collect()
    }

    /// The merged document, once every shard was added.
    ///
    /// # Errors
    /// The shards that are there do not cover every target: they are not what
    /// the partition deals.
    pub fn finish(self) -> Result<Option<SearchMerged>, MergeError> {
        let Some(common) = self
            .common
            .filter(|common| self.seen.len() == common.count as usize)
        else {
            return Ok(None);
        };
        let covered: u32 = self.searched.iter().map(|word| word.count_ones()).sum();
        if covered != common.targets.count {
            return Err(MergeError::Inconsistent {
                name: self.first,
                what: format!(
                    "all {} shards are there, but together they searched {covered} of {} targets",
                    common.count, common.targets.count
                ),
            });
        }
        Ok(Some(SearchMerged {
            schema: Tag::default(),
            search_sha256: common.search_sha256,
            score_scale: common.score_scale,
            top_k: common.top_k,
            coverage: Coverage {
                targets: common.targets.count,
                ids_sha256: common.targets.ids_sha256,
            },
            results: self.results,
        }))
    }
}

/// Whether a shard's hits are its own: among the targets it searched, in order,
/// none twice, at most `top_k` a query.
fn check_hits(shard: &SearchShard) -> Result<(), String> {
    let mut own = vec![false; shard.targets.count as usize];
    for target in shard.targets_searched.iter() {
        if let Some(own) = own.get_mut(target as usize) {
            *own = true;
        }
    }
    for row in &shard.results {
        let query = &row.query;
        if row.hits.len() > shard.top_k as usize {
            return Err(format!(
                "query {query} has {} hits, more than top_k {}",
                row.hits.len(),
                shard.top_k
            ));
        }
        if !row
            .hits
            .windows(2)
            .all(|pair| pair[0].rank() < pair[1].rank())
        {
            return Err(format!("the hits of query {query} are not in order"));
        }
        if let Some(hit) = row
            .hits
            .iter()
            .find(|hit| own.get(hit.target_index as usize) != Some(&true))
        {
            return Err(format!(
                "query {query} has a hit on {}, which this shard did not search",
                hit.target
            ));
        }
    }
    Ok(())
}
