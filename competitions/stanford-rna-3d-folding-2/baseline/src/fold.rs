//! Which residues of an RNA pair with which: a small, greedy guess.
//!
//! Stems are taken one after the other, the strongest first, each nested in
//! what was taken before (no pseudoknots). A stem's strength is a coarse form
//! of the nearest-neighbour model (Turner & Mathews, "NNDB", Nucleic Acids
//! Res. 38, 2010): every two stacked pairs help, closing a loop costs. It is
//! there to give stretches without a template the shape of stems instead of
//! that of a thread, not to compete with a folding program.

use std::collections::BTreeSet;

/// The partner of each residue, both ways; `None` where it is unpaired.
pub type Pairs = Vec<Option<usize>>;

/// The fewest unpaired residues that a stem can turn around.
const SHORTEST_LOOP: usize = 3;
/// The fewest pairs that are called a stem.
const SHORTEST_STEM: usize = 3;
/// Residues farther apart than this are not tried as a pair: it bounds the work
/// on a chain of thousands, whose long-range pairs this model cannot tell.
const LONGEST_SPAN: usize = 450;
/// Chains longer than this are left unpaired.
const LONGEST_CHAIN: usize = 10_000;

/// A stem: `length` pairs, the outermost of residues `first` and `last`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stem {
    first: usize,
    last: usize,
    length: usize,
    gain: f64,
}

/// The pairs of `sequence` (letters; case and T/U do not matter).
#[must_use]
pub fn fold(sequence: &[u8]) -> Pairs {
    fold_without(sequence, &BTreeSet::new()).0
}

/// Up to `count` different foldings of `sequence`, the best first: each later
/// one does without the stems that the earlier ones began with.
#[must_use]
pub fn alternative_folds(sequence: &[u8], count: usize) -> Vec<Pairs> {
    let mut forbidden = BTreeSet::new();
    let mut folds: Vec<Pairs> = Vec::new();
    while folds.len() < count {
        let (pairs, first) = fold_without(sequence, &forbidden);
        let Some(stem) = first else { break };
        forbidden.extend((0..stem.length).map(|k| (stem.first + k, stem.last - k)));
        folds.push(pairs);
    }
    folds
}

/// Folds without the pairs `forbidden`; also says which stem came first.
fn fold_without(sequence: &[u8], forbidden: &BTreeSet<(usize, usize)>) -> (Pairs, Option<Stem>) {
    let mut pairs = vec![None; sequence.len()];
    let mut first = None;
    if sequence.len() > LONGEST_CHAIN {
        return (pairs, first);
    }
    let mut loops = vec![(0..sequence.len()).collect::<Vec<usize>>()];
    while let Some(region) = loops.pop() {
        let Some(stem) = strongest_stem(sequence, &region, forbidden) else {
            continue;
        };
        first = first.or(Some(stem));
        for k in 0..stem.length {
            pairs[stem.first + k] = Some(stem.last - k);
            pairs[stem.last - k] = Some(stem.first + k);
        }
        let (inner_first, inner_last) = (stem.first + stem.length - 1, stem.last + 1 - stem.length);
        loops.push(
            region
                .iter()
                .copied()
                .filter(|&i| i > inner_first && i < inner_last)
                .collect(),
        );
        loops.push(
            region
                .iter()
                .copied()
                .filter(|&i| i < stem.first || i > stem.last)
                .collect(),
        );
    }
    (pairs, first)
}

/// The stem of greatest gain among the unpaired residues `region` of one loop,
/// in ascending order; `None` where every stem costs more than it gives.
fn strongest_stem(
    sequence: &[u8],
    region: &[usize],
    forbidden: &BTreeSet<(usize, usize)>,
) -> Option<Stem> {
    let n = region.len();
    // runs[b]: stem that ends, inwards, with the pair of the previous row's
    // residue and region[b + 1]; rows go from the 3' side inwards.
    let mut above = vec![(0_usize, 0.0_f64); n + 1];
    let mut row = vec![(0_usize, 0.0_f64); n + 1];
    let mut best: Option<Stem> = None;
    for a in 0..n {
        let last = n.min(a + LONGEST_SPAN);
        row.fill((0, 0.0));
        for b in a + SHORTEST_LOOP + 1..last {
            let (i, j) = (region[a], region[b]);
            let strength = pair_strength(sequence[i], sequence[j]);
            if strength == 0 || (!forbidden.is_empty() && forbidden.contains(&(i, j))) {
                continue;
            }
            let (outer_length, outer_gain) = above[b + 1];
            let stacked = outer_length > 0 && region[a - 1] + 1 == i && region[b + 1] == j + 1;
            let (length, gain) = if stacked {
                let outer = pair_strength(sequence[i - 1], sequence[j + 1]);
                (
                    outer_length + 1,
                    outer_gain + 0.8 * f64::from(strength + outer - 2),
                )
            } else {
                (1, 0.0)
            };
            row[b] = (length, gain);
            let net = gain - loop_cost(b - a - 1);
            if length >= SHORTEST_STEM && net > best.map_or(0.0, |best| best.gain) {
                best = Some(Stem {
                    first: i + 1 - length,
                    last: j + length - 1,
                    length,
                    gain: net,
                });
            }
        }
        std::mem::swap(&mut above, &mut row);
    }
    best
}

/// What it costs to close a loop over `unpaired` residues, in the units of gain.
fn loop_cost(unpaired: usize) -> f64 {
    4.5 + libm::log(crate::tm_score::to_f64(unpaired.max(SHORTEST_LOOP)) / 3.0)
}

/// Whether two letters can pair within a helix.
#[must_use]
pub fn can_pair(a: u8, b: u8) -> bool {
    pair_strength(a, b) > 0
}

/// Hydrogen bonds of a pair that fits into a helix: 3, 2, for G-U 1, else 0.
pub(crate) fn pair_strength(a: u8, b: u8) -> u8 {
    let letter = |byte: u8| match byte.to_ascii_uppercase() {
        b'T' => b'U',
        other => other,
    };
    match (letter(a), letter(b)) {
        (b'G', b'C') | (b'C', b'G') => 3,
        (b'A', b'U') | (b'U', b'A') => 2,
        (b'G', b'U') | (b'U', b'G') => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(pairs: &Pairs) -> String {
        let sign = |(i, partner): (usize, &Option<usize>)| match partner {
            None => '.',
            Some(j) if *j > i => '(',
            Some(_) => ')',
        };
        pairs.iter().enumerate().map(sign).collect()
    }

    #[test]
    fn a_hairpin_is_seen() {
        assert_eq!(drawn(&fold(b"GGGGAAAACCCC")), "((((....))))");
        assert_eq!(drawn(&fold(b"aaggcgcttcggcgccaa")), "..(((((....)))))..");
        assert_eq!(drawn(&fold(b"AAAAAAAAAAAA")), "............");
        assert_eq!(drawn(&fold(b"")), "");
    }

    #[test]
    fn a_cloverleaf_is_nested() {
        let sequence = b"GCGCGAGGCAGCCUUUUGGCUGCCACCGGCUGAAAAGCCGGACGCGC";
        let expected = "(((((.(((((((....))))))).((((((....)))))).)))))";
        assert_eq!(drawn(&fold(sequence)), expected);
    }

    #[test]
    fn alternatives_differ() {
        let folds = alternative_folds(b"GGGGGAAAACCCCCAAAAGGGGG", 3);
        assert_eq!(folds.len(), 3);
        assert!(folds[0] != folds[1] && folds[1] != folds[2]);
    }

    proptest! {
        #[test]
        fn pairs_are_mutual_nested_and_fit(sequence in "[ACGUN]{0,80}") {
            let sequence = sequence.as_bytes();
            let pairs = fold(sequence);
            for (i, partner) in pairs.iter().enumerate() {
                let Some(j) = *partner else { continue };
                prop_assert_eq!(pairs[j], Some(i));
                prop_assert!(i.abs_diff(j) > SHORTEST_LOOP);
                prop_assert!(pair_strength(sequence[i], sequence[j]) > 0);
                for inner in pairs[i.min(j)..=i.max(j)].iter().flatten() {
                    prop_assert!((i.min(j)..=i.max(j)).contains(inner));
                }
            }
        }
    }
}
