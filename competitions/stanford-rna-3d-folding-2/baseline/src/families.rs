//! Which targets are not independent of each other: near-identical sequences.
//!
//! Single linkage: two targets are of one family when they are the same for at
//! least [`SAME`] of the longer one's residues, or when a chain of such targets
//! leads from one to the other.

use kgl_align::{Mode, Scoring, ScoringError, align};
use kgl_seq::alphabet::{WILDCARD, encode};

/// Matching residues of the longer sequence, as numerator and denominator, from
/// which two are near-identical.
const SAME: (usize, usize) = (4, 5);

/// For each sequence the number of its family: the place of its first member.
///
/// # Errors
/// Never with the scoring that is written here.
pub fn families(sequences: &[Vec<u8>]) -> Result<Vec<usize>, ScoringError> {
    let scoring = Scoring::new(Mode::Global, 2, -3, -3, -5, -2)?;
    let codes: Vec<Vec<u8>> = sequences
        .iter()
        .map(|sequence| encode(sequence).unwrap_or_else(|_| vec![WILDCARD; sequence.len()]))
        .collect();
    let mut family: Vec<usize> = (0..codes.len()).collect();
    for i in 1..codes.len() {
        for j in 0..i {
            if family[i] != family[j] && near_identical(&codes[i], &codes[j], &scoring) {
                let (kept, gone) = (family[i].min(family[j]), family[i].max(family[j]));
                for member in &mut family[..=i] {
                    if *member == gone {
                        *member = kept;
                    }
                }
            }
        }
    }
    Ok(family)
}

fn near_identical(a: &[u8], b: &[u8], scoring: &Scoring) -> bool {
    let (part, whole) = SAME;
    let needed = a.len().max(b.len()) * part;
    // No alignment has more matches than the shorter has residues, nor than
    // the two have letters in common.
    let common: usize = (0..WILDCARD)
        .map(|code| count(a, code).min(count(b, code)))
        .sum();
    common * whole >= needed
        && usize::try_from(align(a, b, scoring).matches).unwrap_or(0) * whole >= needed
}

fn count(codes: &[u8], code: u8) -> usize {
    codes.iter().filter(|&&one| one == code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_identical_sequences_are_linked_also_through_others() {
        let of = |texts: &[&str]| {
            families(
                &texts
                    .iter()
                    .map(|t| t.as_bytes().to_vec())
                    .collect::<Vec<_>>(),
            )
            .unwrap()
        };
        // Each differs from the one before by a fifth; the ends by two fifths.
        assert_eq!(
            of(&["GGGGGGGGGG", "CCCCCCCCCC", "GGGGGGGGAA", "GGGGGGAAAA"]),
            [0, 1, 0, 0]
        );
        assert_eq!(of(&["GGGGGGGGGG", "GGGGGGGAAA"]), [0, 1]);
        // The same letters in another order.
        assert_eq!(of(&["GGGGGCCCCC", "CCCCCGGGGG"]), [0, 1]);
        // A residue that is not known is no match.
        assert_eq!(of(&["NNNN", "NNNN"]), [0, 1]);
        // A link that comes last joins two families.
        assert_eq!(of(&["GGGGGGGGGG", "GGGGGGAAAA", "GGGGGGGGAA"]), [0, 0, 0]);
        assert_eq!(of(&[]), [0; 0]);
    }
}
