//! Where one chain ends and the next begins.
//!
//! Part 2 writes the chains of an entry one after the other as one sequence:
//! `stoichiometry` says how many copies there are of each, in order (`A:2;B:1`),
//! and `all_sequences` holds each sequence once, as FASTA, with the chains that
//! have it in its header (`>2BQ5_2|Chains D[auth R], E[auth S]|…`). A cut is a
//! residue that begins a chain, the first chain aside: nothing is bridged there.

use std::path::Path;

use crate::submission::Sample;
use crate::table::{Table, TableError};

/// Whether residue `i` begins a chain.
#[must_use]
pub fn begins(cuts: &[usize], i: usize) -> bool {
    cuts.binary_search(&i).is_ok()
}

/// The stretches of `length` residues that `cuts` leave: the chains.
pub fn chains(cuts: &[usize], length: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(length));
    starts.zip(ends).map(|(start, end)| start..end)
}

/// Gives the targets of `sample` the cuts that the sequences file `path` knows;
/// a file without the columns of part 2 knows none. Returns the targets whose
/// stoichiometry does not add up to their length: they stay one chain.
///
/// # Errors
/// A file that is unreadable or not of the competition's shape.
pub fn read_chains(path: &Path, sample: &mut Sample) -> Result<Vec<String>, TableError> {
    let mut table = Table::open(path)?;
    let (Some(copies), Some(all)) = (table.find("stoichiometry"), table.find("all_sequences"))
    else {
        return Ok(Vec::new());
    };
    let id = table.column("target_id")?;
    let mut odd = Vec::new();
    while table.next_row()? {
        let name = table.text(id)?;
        let Some(target) = sample.targets.iter_mut().find(|t| t.id == name) else {
            continue;
        };
        let copies = table.text(copies)?;
        match cuts(copies, table.text(all)?, target.sequence.len()) {
            Some(cuts) => target.cuts = cuts,
            None if copies.is_empty() => {}
            None => odd.push(target.id.clone()),
        }
    }
    Ok(odd)
}

/// The cuts of a sequence of `length` residues; `None` where the two columns do
/// not add up to it.
#[must_use]
pub fn cuts(stoichiometry: &str, all_sequences: &str, length: usize) -> Option<Vec<usize>> {
    // Which of a header's two names for a chain is meant is not said: whichever
    // adds up.
    [Name::Author, Name::Label].into_iter().find_map(|name| {
        let mut ends = Vec::new();
        let mut end = 0;
        for part in stoichiometry.split(';') {
            let (chain, copies) = part.split_once(':')?;
            let residues = length_of(chain.trim(), all_sequences, name)?;
            for _ in 0..copies.trim().parse::<usize>().ok()? {
                end += residues;
                ends.push(end);
                if end > length {
                    return None;
                }
            }
        }
        (ends.pop() == Some(length) && end == length).then_some(ends)
    })
}

/// The two names of a chain in `D[auth R]`.
#[derive(Clone, Copy)]
enum Name {
    /// R, or D where that is all.
    Author,
    /// D.
    Label,
}

/// Residues of the first FASTA record whose header lists `chain`; 0 is none.
fn length_of(chain: &str, fasta: &str, name: Name) -> Option<usize> {
    let record = fasta.split('>').find(|record| {
        let header = record.lines().next().unwrap_or_default();
        let listed = header.split('|').nth(1).unwrap_or_default();
        let listed = listed.trim_start_matches("Chains ");
        let listed = listed.trim_start_matches("Chain ");
        listed.split(',').any(|one| {
            let (label, author) = one.split_once("[auth ").unwrap_or((one, one));
            let said = match name {
                Name::Author => author.trim_end_matches(']'),
                Name::Label => label,
            };
            said.trim() == chain
        })
    })?;
    let residues = record.lines().skip(1).map(|line| line.trim().len()).sum();
    (residues > 0).then_some(residues)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FASTA: &str = ">1ABC_1|Chains A[auth B], C|RNA one|null\nGGACC\n\
                         >1ABC_2|Chain B[auth A]|RNA two|null\nGGA\nCCAA\n";

    #[test]
    fn chains_are_counted_in_the_order_of_the_stoichiometry() {
        // B is five residues by its author's name, A seven.
        assert_eq!(cuts("B:2;A:1", FASTA, 17), Some(vec![5, 10]));
        // By the label it is the other way round, and only that adds up.
        assert_eq!(cuts("B:2;A:1", FASTA, 19), Some(vec![7, 14]));
        assert_eq!(cuts("C:1", FASTA, 5), Some(vec![]));
        for (odd, length) in [("B:2", 11), ("Z:1", 5), ("", 5), ("B", 5), ("B:x", 5)] {
            assert_eq!(cuts(odd, FASTA, length), None, "{odd}");
        }
        assert_eq!(cuts("B:99999999999", FASTA, 10), None);
    }

    #[test]
    fn cuts_part_a_sequence_into_chains() {
        assert!(begins(&[5, 10], 10) && !begins(&[5, 10], 0));
        let ends = |cuts: &[usize], length| -> Vec<[usize; 2]> {
            chains(cuts, length).map(|c| [c.start, c.end]).collect()
        };
        assert_eq!(ends(&[5, 10], 17), [[0, 5], [5, 10], [10, 17]]);
        assert_eq!(ends(&[], 3), [[0, 3]]);
    }
}
