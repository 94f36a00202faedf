//! The deal of targets to shards: deterministic, balanced by cells, the same
//! everywhere. Changing a rule here means a new [`VERSION`], since shards of
//! two different deals must never be merged.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use kgl_contract::Filters;
use kgl_seq::Record;

/// The version of the rule below, written into every shard.
pub const VERSION: u32 = 1;

/// Which targets each shard searches.
///
/// The rule: a target weighs the cells it costs, its length times the lengths of
/// all queries that the length filter lets meet it, plus its length plus one.
/// Heaviest first (of equals, the earlier in the file), each goes to the shard
/// with the least weight so far (of equals, the lowest index): Graham's LPT
/// rule (1969), which is within 4/3 of the best possible balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// For each shard the indexes of its targets, ascending.
    shards: Vec<Vec<u32>>,
    /// For each shard the cells of its targets.
    cells: Vec<u64>,
}

impl Partition {
    /// Deals `targets` to `count` shards; `count` is at least 1.
    #[must_use]
    pub fn deal(queries: &[Record], targets: &[Record], filters: &Filters, count: u32) -> Self {
        let lengths = |records: &[Record]| -> Vec<usize> {
            records.iter().map(|record| record.sequence.len()).collect()
        };
        Self::deal_lengths(&lengths(queries), &lengths(targets), filters, count)
    }

    /// As [`Partition::deal`], from the lengths alone.
    #[must_use]
    pub fn deal_lengths(
        queries: &[usize],
        targets: &[usize],
        filters: &Filters,
        count: u32,
    ) -> Self {
        let cells = cells_by_length(queries, targets, filters);
        let mut heaviest_first: Vec<(Reverse<u64>, u32, usize)> = (0..)
            .zip(targets)
            .map(|(index, &length)| (Reverse(cells[&length] + length as u64 + 1), index, length))
            .collect();
        heaviest_first.sort_unstable();
        let mut shards = vec![Vec::new(); count as usize];
        let mut shard_cells = vec![0; count as usize];
        let mut lightest: BinaryHeap<Reverse<(u64, usize)>> = (0..count as usize)
            .map(|shard| Reverse((0, shard)))
            .collect();
        for (Reverse(weight), index, length) in heaviest_first {
            if let Some(Reverse((load, shard))) = lightest.pop() {
                shards[shard].push(index);
                shard_cells[shard] += cells[&length];
                lightest.push(Reverse((load + weight, shard)));
            }
        }
        for shard in &mut shards {
            shard.sort_unstable();
        }
        Self {
            shards,
            cells: shard_cells,
        }
    }

    /// The targets of shard `index`, ascending; none for an index there is not.
    #[must_use]
    pub fn targets_of(&self, index: u32) -> &[u32] {
        self.shards.get(index as usize).map_or(&[], Vec::as_slice)
    }

    /// The cells of shard `index` when only the length filter is applied.
    #[must_use]
    pub fn cells_of(&self, index: u32) -> u64 {
        self.cells.get(index as usize).copied().unwrap_or(0)
    }

    /// The targets of every shard.
    #[must_use]
    pub fn shards(&self) -> &[Vec<u32>] {
        &self.shards
    }
}

/// For each length of a target, the cells of its alignments with all queries
/// that pass the length filter. Many sequences share a length, so each pair of
/// lengths is decided once.
fn cells_by_length(
    queries: &[usize],
    targets: &[usize],
    filters: &Filters,
) -> BTreeMap<usize, u64> {
    let mut queries_of_length: BTreeMap<usize, u64> = BTreeMap::new();
    for &length in queries {
        *queries_of_length.entry(length).or_default() += 1;
    }
    let mut cells: BTreeMap<usize, u64> = targets.iter().map(|&length| (length, 0)).collect();
    for (&n, cells) in &mut cells {
        for (&m, &number) in &queries_of_length {
            if filters.lengths_pass(m, n) {
                *cells += number * m as u64 * n as u64;
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::Decimal;

    /// Lengths like a real library's: many short, few long.
    fn lengths(count: u64) -> Vec<usize> {
        (0..count)
            .map(|i| 10 + (i * 7919 % 97) as usize + if i % 50 == 0 { 3000 } else { 0 })
            .collect()
    }

    #[test]
    fn every_target_is_dealt_once() {
        for count in [1, 2, 7, 37, 500] {
            let partition =
                Partition::deal_lengths(&[100, 30], &lengths(300), &Filters::default(), count);
            let mut all: Vec<u32> = partition.shards().concat();
            all.sort_unstable();
            assert_eq!(all, (0..300).collect::<Vec<_>>());
            assert_eq!(partition.shards().len(), count as usize);
        }
    }

    #[test]
    fn shards_are_balanced_by_cells() {
        let filters = Filters {
            max_length_difference: Some(Decimal::new(3, 1).unwrap()),
            ..Filters::default()
        };
        let partition = Partition::deal_lengths(&[100, 30, 3100], &lengths(5000), &filters, 16);
        let cells: Vec<u64> = (0..16).map(|shard| partition.cells_of(shard)).collect();
        let (least, most) = (cells.iter().min().unwrap(), cells.iter().max().unwrap());
        // No dealer does better than the heaviest target, which goes to one shard.
        let heaviest = 3100 * 3106;
        assert!(most - least <= heaviest, "{cells:?}");
    }

    /// Version 1 as it was first written: a golden deal. If this fails, either
    /// undo the change or raise `VERSION`.
    #[test]
    fn version_1_deals_like_this() {
        let partition = Partition::deal_lengths(
            &[20, 50],
            &[50, 10, 50, 30, 0, 20, 50],
            &Filters::default(),
            3,
        );
        assert_eq!(
            partition.shards(),
            [vec![0, 3], vec![2, 5], vec![1, 4, 6]].as_slice()
        );
    }
}
