//! The base pairs of a known structure, as its C1' atoms show them.

use crate::fold::{Pairs, can_pair};
use crate::geometry::{Point, distance};

/// Distance in ångström of the C1' atoms of a pair, at least and at most. A
/// Watson-Crick pair has 10.66; strands breathe and models are coarse.
const PAIRED: (f64, f64) = (9.2, 12.0);
/// Residues farther apart in the chain are not looked at: it bounds the work on
/// chains of a hundred thousand.
const LONGEST_SPAN: usize = 500;
/// The fewest residues between two that pair.
const SHORTEST_LOOP: usize = 3;

/// The pairs of `residues` placed at `trace`: letters that pair, at the distance
/// of pairs, with a neighbouring pair stacked on them. Each residue has one
/// partner at most; pseudoknots are kept.
#[must_use]
pub fn pairs_of(residues: &[u8], trace: &[Option<Point>]) -> Pairs {
    let length = residues.len().min(trace.len());
    let close = |i: usize, j: usize| {
        can_pair(residues[i], residues[j])
            && trace[i].zip(trace[j]).is_some_and(|(a, b)| {
                // Two comparisons are cheaper than a root, and most fail here.
                (a[0] - b[0]).abs() < PAIRED.1 && {
                    let apart = distance(a, b);
                    apart > PAIRED.0 && apart < PAIRED.1
                }
            })
    };
    let mut pairs: Pairs = vec![None; length];
    for i in 0..length {
        if pairs[i].is_some() {
            continue;
        }
        // From the far side, so that long helices are found from their outside.
        let farthest = length.min(i + LONGEST_SPAN);
        for j in (i + SHORTEST_LOOP + 1..farthest).rev() {
            if pairs[j].is_some() || !close(i, j) {
                continue;
            }
            let inward = j > i + SHORTEST_LOOP + 2 && close(i + 1, j - 1);
            let outward = i > 0 && j + 1 < length && pairs[i - 1] == Some(j + 1);
            if inward || outward {
                pairs[i] = Some(j);
                pairs[j] = Some(i);
                break;
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::build;
    use crate::fold::fold;

    #[test]
    fn the_pairs_of_a_built_stem_are_seen_again() {
        let sequence = b"AAGGCGCAAAAGCGCCAA";
        let pairs = fold(sequence);
        let trace: Vec<Option<Point>> = build(&pairs, &[]).into_iter().map(Some).collect();
        let seen = pairs_of(sequence, &trace);
        assert!(pairs.iter().flatten().count() >= 10);
        for (i, partner) in pairs.iter().enumerate() {
            assert!(partner.is_none() || seen[i] == *partner, "{i}");
        }
        // A pair on which no other is stacked is a chance meeting.
        let mut alone = vec![None; 9];
        (alone[1], alone[7]) = (Some([0.0; 3]), Some([10.6, 0.0, 0.0]));
        assert_eq!(pairs_of(b"AGAAAAACA", &alone), vec![None; 9]);
        let mut hole = trace.clone();
        hole[3] = None;
        assert_eq!(pairs_of(sequence, &hole)[3], None);
        assert_eq!(pairs_of(b"AAAA", &[None; 4]), vec![None; 4]);
    }
}
