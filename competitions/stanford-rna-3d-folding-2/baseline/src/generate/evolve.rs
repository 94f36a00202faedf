//! Descendants: substitutions and indels, and a structure that follows.

use crate::complete::complete;
use crate::fold::Pairs;
use crate::generate::design::{Rna, pair_letters};
use crate::geometry::{Point, add};
use crate::random::Random;

/// A descendant of `ancestor` at this `divergence` (0: the same; 0.5: hardly to
/// be recognised): pairs mostly change together, insertions and deletions are
/// rarer and one to four residues long, shared residues stay near their
/// places, inserted ones are fitted in. The whole is turned and shifted at
/// random, as experiments leave it.
#[must_use]
pub(super) fn evolve(ancestor: &Rna, divergence: f64, random: &mut Random) -> Rna {
    let letters = substitute(ancestor, divergence, random);
    // For each residue of the descendant the ancestor's it comes from.
    let mut origins: Vec<Option<usize>> = Vec::with_capacity(letters.len());
    let mut i = 0;
    while i < letters.len() {
        // Stems are kept more than loops.
        let rate = divergence
            * if ancestor.pairs[i].is_some() {
                0.03
            } else {
                0.15
            };
        if random.chance(rate) && letters.len() > 16 {
            i += random.between(1, 4);
            continue;
        }
        if random.chance(rate) {
            origins.extend((0..random.between(1, 4)).map(|_| None));
        }
        origins.push(Some(i));
        i += 1;
    }
    let sequence: Vec<u8> = origins
        .iter()
        .map(|origin| origin.map_or_else(|| random.pick(b"ACGU"), |i| letters[i]))
        .collect();
    let known: Vec<Option<Point>> = origins
        .iter()
        .map(|origin| origin.map(|i| add(ancestor.trace[i], random.jitter(0.3 + 1.5 * divergence))))
        .collect();
    let motion = random.motion();
    let trace = complete(&sequence, &[], &known)
        .into_iter()
        .map(|p| motion.apply(p))
        .collect();
    Rna {
        sequence,
        pairs: carry_pairs(&ancestor.pairs, &origins),
        trace,
    }
}

/// The ancestor's letters after substitutions.
fn substitute(ancestor: &Rna, divergence: f64, random: &mut Random) -> Vec<u8> {
    let mut letters = ancestor.sequence.clone();
    for i in 0..letters.len() {
        match ancestor.pairs[i] {
            None if random.chance(divergence) => letters[i] = random.pick(b"ACGU"),
            Some(j) if j > i && random.chance(divergence) => {
                let (five, three) = pair_letters(random);
                letters[i] = five;
                // One change in eight breaks the pair.
                if random.chance(0.875) {
                    letters[j] = three;
                }
            }
            _ => {}
        }
    }
    letters
}

/// The pairs of which both residues are still there, by their new numbers.
fn carry_pairs(pairs: &Pairs, origins: &[Option<usize>]) -> Pairs {
    let mut places = vec![None; pairs.len()];
    for (new, origin) in origins.iter().enumerate() {
        if let Some(old) = *origin {
            places[old] = Some(new);
        }
    }
    origins
        .iter()
        .map(|origin| origin.and_then(|old| pairs[old]).and_then(|j| places[j]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::design::design;
    use crate::tm_score::tm_score;

    #[test]
    fn relatives_resemble_each_other_less_the_farther_they_are() {
        let mut random = Random::new(11);
        let ancestor = design(80, &mut random);
        let some = |rna: &Rna| rna.trace.iter().copied().map(Some).collect::<Vec<_>>();
        let same = evolve(&ancestor, 0.0, &mut random);
        assert_eq!(
            (&same.sequence, &same.pairs),
            (&ancestor.sequence, &ancestor.pairs)
        );
        assert!(tm_score(&some(&same), &some(&ancestor)).unwrap().score > 0.9);
        let far = evolve(&ancestor, 0.5, &mut random);
        assert_eq!(far.sequence.len(), far.trace.len());
        let equal = far
            .sequence
            .iter()
            .zip(&ancestor.sequence)
            .filter(|(a, b)| a == b)
            .count();
        assert!(equal < 70, "{equal}");
        for (i, partner) in far.pairs.iter().enumerate() {
            assert!(partner.is_none_or(|j| far.pairs[j] == Some(i)));
        }
    }
}
