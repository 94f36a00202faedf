//! Equal sequences are one: what is computed for one holds for all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use kgl_align::bound::Index;
use kgl_seq::Record;

/// Residues of a part of the library: what a k-mer index of it takes stays at
/// some 16 MiB, however large the library is.
const PART_RESIDUES: usize = 8 << 20;

/// Records grouped by their sequences; groups are numbered from 0, in the order
/// of their first members.
#[derive(Debug, Clone)]
pub(super) struct Distinct {
    /// The members of all groups, one group after the other, ascending in each.
    members: Vec<u32>,
    /// Where each group begins, and the end of the last.
    starts: Vec<u32>,
}

impl Distinct {
    /// Groups the records that `which` names, ascending.
    pub(super) fn of(records: &[Record], which: &[u32]) -> Self {
        let mut groups: HashMap<&[u8], u32> = HashMap::new();
        let mut sizes: Vec<u32> = Vec::new();
        let mut placed: Vec<(u32, u32)> = Vec::new();
        for &index in which {
            let group = match groups.entry(&records[index as usize].sequence) {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) => {
                    sizes.push(0);
                    *entry.insert(u32::try_from(sizes.len() - 1).unwrap_or(u32::MAX))
                }
            };
            sizes[group as usize] += 1;
            placed.push((group, index));
        }
        placed.sort_unstable();
        let mut starts = vec![0];
        let mut end = 0;
        for size in sizes {
            end += size;
            starts.push(end);
        }
        Self {
            members: placed.into_iter().map(|(_, index)| index).collect(),
            starts,
        }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The records of a group, ascending; at least one.
    pub(super) fn members(&self, group: usize) -> &[u32] {
        &self.members[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// The sequence of a group.
    pub(super) fn sequence<'a>(&self, group: usize, records: &'a [Record]) -> &'a [u8] {
        &records[self.members(group)[0] as usize].sequence
    }

    /// The groups in parts that one k-mer index can hold.
    pub(super) fn parts(&self, records: &[Record]) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let (mut start, mut residues) = (0, 0);
        for group in 0..self.len() {
            let length = self.sequence(group, records).len();
            let full = group - start == Index::SEQUENCES || residues + length > PART_RESIDUES;
            if full && group > start {
                parts.push(start..group);
                (start, residues) = (group, 0);
            }
            residues += length;
        }
        parts.push(start..self.len());
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(sequences: &[&[u8]]) -> Vec<Record> {
        let record = |sequence: &&[u8]| Record {
            id: String::new(),
            sequence: sequence.to_vec(),
            date: None,
            group: None,
            line: 1,
        };
        sequences.iter().map(record).collect()
    }

    #[test]
    fn equal_sequences_are_grouped_in_file_order() {
        let records = records(&[&[1], &[0, 1], &[1], &[], &[0, 1], &[1]]);
        let distinct = Distinct::of(&records, &[0, 1, 2, 3, 5]);
        let groups: Vec<&[u32]> = (0..distinct.len()).map(|at| distinct.members(at)).collect();
        assert_eq!(groups, [&[0, 2, 5][..], &[1], &[3]]);
        assert_eq!(distinct.sequence(1, &records), [0, 1]);
    }

    #[test]
    fn parts_are_no_longer_than_they_may_be() {
        let half = vec![0; PART_RESIDUES / 2];
        let whole = vec![1; PART_RESIDUES + 1];
        let records = records(&[&half, &half[1..], &[2], &whole, &[3]]);
        let distinct = Distinct::of(&records, &[0, 1, 2, 3, 4]);
        assert_eq!(distinct.parts(&records), [0..3, 3..4, 4..5]);
        let none = Distinct::of(&records, &[]).parts(&records);
        assert!(none.len() == 1 && none[0].is_empty());
    }
}
