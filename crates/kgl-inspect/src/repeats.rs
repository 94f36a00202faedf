//! Rows of one table that are in another too.
//!
//! Of each table the rows with the smallest hashes are kept, as many as fit: two
//! tables keep the same rows where they have the same, so the shares among what
//! both kept are those of the whole (a bottom-k sketch, after Cohen and Kaplan,
//! "Summarizing data using bottom-k sketches", 2007). Small tables are kept whole,
//! and the answer is exact.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use kgl_csv::{Sizes, SliceRecords, Unpacked};

use crate::distinct::hash;
use crate::fault::Fault;
use crate::table::fold;

/// The most different rows kept.
const MOST: usize = 1 << 15;

/// The rows of a table with the smallest hashes, and how often each is there.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    counts: BTreeMap<u64, u64>,
    /// Hashes from here on were not kept.
    limit: Option<u64>,
}

/// How the rows of two tables are shared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shared {
    /// Of the second table's rows, the share that is in the first too.
    pub(crate) share: f64,
    /// How many rows of the second that are, among those that were kept.
    pub(crate) rows: u64,
    /// Of the first table's rows, the share that differs from all others in it.
    pub(crate) distinct: f64,
    /// Whether all rows were kept.
    pub(crate) exact: bool,
}

impl Rows {
    /// Reads these columns of the table at `place`.
    ///
    /// # Errors
    /// [`Fault`]: the first one in the file.
    pub(crate) fn read(place: &Path, path: &str, columns: &[String]) -> Result<Self, Fault> {
        let wanted = |names: Vec<String>| -> Vec<usize> {
            let place = |column: &String| names.iter().position(|name| name == column);
            columns.iter().filter_map(place).collect()
        };
        let (_, rows) = fold(
            Unpacked::new(File::open(place)?)?,
            path,
            Sizes::USUAL,
            |names, _| (wanted(names), Self::default()),
            |(places, so_far): &(Vec<usize>, Self), block, separator| {
                let mut rows = Self {
                    limit: so_far.limit,
                    ..Self::default()
                };
                let mut records = SliceRecords::new(&block.bytes, separator);
                while records.advance() {
                    // A row is the hashes of its fields one behind the other: of `a`, `bc` another
                    // than of `ab`, `c`.
                    let row = places.iter().fold(0, |row: u64, &column| {
                        let field = hash(records.field(column));
                        (row.rotate_left(5) ^ field).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    });
                    rows.add(hash(&row.to_le_bytes()), 1);
                }
                Ok(rows)
            },
            |(_, whole), part| whole.merge(part),
        )?;
        Ok(rows)
    }

    fn add(&mut self, hash: u64, count: u64) {
        if self.limit.is_some_and(|limit| hash >= limit) {
            return;
        }
        *self.counts.entry(hash).or_insert(0) += count;
        if self.counts.len() > MOST {
            self.limit = self.counts.pop_last().map(|(hash, _)| hash);
        }
    }

    fn merge(&mut self, part: Self) {
        self.keep_below(part.limit);
        for (hash, count) in part.counts {
            self.add(hash, count);
        }
    }

    fn keep_below(&mut self, limit: Option<u64>) {
        if let Some(limit) = limit
            && self.limit.is_none_or(|own| limit < own)
        {
            self.counts.split_off(&limit);
            self.limit = Some(limit);
        }
    }

    /// How many rows of `other` are here too.
    pub(crate) fn shared_with(&self, other: &Self) -> Option<Shared> {
        let limit = [self.limit, other.limit].into_iter().flatten().min();
        let below = |rows: &Self| -> Vec<(u64, u64)> {
            let counts = rows.counts.iter().map(|(hash, count)| (*hash, *count));
            let below = counts.take_while(|(hash, _)| limit.is_none_or(|limit| *hash < limit));
            below.collect()
        };
        let (own, others) = (below(self), below(other));
        let sum = |rows: &[(u64, u64)]| rows.iter().map(|(_, count)| count).sum::<u64>();
        let here = |row: &&(u64, u64)| self.counts.contains_key(&row.0);
        let rows = others.iter().filter(here).map(|(_, count)| count).sum();
        (!own.is_empty() && !others.is_empty()).then(|| Shared {
            share: rows as f64 / sum(&others) as f64,
            rows,
            distinct: own.len() as f64 / sum(&own) as f64,
            exact: limit.is_none(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(range: impl Iterator<Item = u64>) -> Rows {
        let mut rows = Rows::default();
        range.for_each(|row| rows.add(hash(&row.to_le_bytes()), 1));
        rows
    }

    #[test]
    fn small_tables_are_compared_exactly() {
        let shared = rows(0..100).shared_with(&rows(90..110)).unwrap();
        assert!((shared.share - 0.5).abs() < 1e-12 && shared.exact);
        assert_eq!(shared.rows, 10);
        let twice = rows((0..50).chain(0..50)).shared_with(&rows(0..1)).unwrap();
        assert!((twice.distinct - 0.5).abs() < 1e-12);
        assert_eq!(rows(0..0).shared_with(&rows(0..1)), None);
    }

    #[test]
    fn large_tables_by_what_both_kept() {
        let shared = rows(0..200_000)
            .shared_with(&rows(150_000..350_000))
            .unwrap();
        assert!((shared.share - 0.25).abs() < 0.02, "{shared:?}");
        assert!(!shared.exact && shared.distinct > 0.999);
        let none = rows(0..200_000)
            .shared_with(&rows(200_000..300_000))
            .unwrap();
        assert_eq!(none.rows, 0);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let mut merged = rows(0..60_000);
        merged.merge(rows(60_000..100_000));
        let whole = rows(0..100_000);
        assert_eq!((merged.counts, merged.limit), (whole.counts, whole.limit));
    }
}
