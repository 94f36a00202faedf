//! What is known of a chain's pairs before any template is looked at.

use std::collections::BTreeMap;

use super::Ensemble;
use crate::fold::{Pairs, alternative_folds};
use crate::random::Random;
use crate::realign::Sides;
use crate::tm_score::to_f64;

/// Structures that are drawn.
const DRAWS: usize = 100;
/// Foldings of each kind that are kept.
const FOLDS: usize = 3;
/// A further folding must speak for so many of those drawn.
const WORTH_A_FOLD: f64 = 0.02;
/// Chains longer than this are folded greedily only: the ensemble's work grows with
/// the cube, and far pairs are beyond it in any case.
const LONGEST_CHAIN: usize = 800;

/// A chain's pairs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Foldings {
    /// Foldings, the likeliest first.
    pub folds: Vec<Pairs>,
    /// How probable it is that a residue opens a pair, and that it closes one.
    pub sides: Sides,
    /// How probable pairs are; those that are not there never came.
    often: BTreeMap<(usize, usize), f64>,
}

impl Foldings {
    /// How probable it is that i and j pair.
    #[must_use]
    pub fn probability(&self, i: usize, j: usize) -> f64 {
        let pair = (i.min(j), i.max(j));
        self.often.get(&pair).copied().unwrap_or(0.0)
    }

    /// What `drawn` structures of `length` residues say together.
    fn of(drawn: &[Pairs], length: usize) -> Self {
        let mut this = Self {
            folds: Vec::new(),
            sides: vec![[0.0; 2]; length],
            often: BTreeMap::new(),
        };
        let share = 1.0 / to_f64(drawn.len().max(1));
        for pairs in drawn {
            for (i, partner) in pairs.iter().enumerate() {
                if let Some(j) = partner.filter(|&j| j > i) {
                    *this.often.entry((i, j)).or_default() += share;
                    this.sides[i][0] += share;
                    this.sides[j][1] += share;
                }
            }
        }
        this
    }
}

/// The foldings of `sequence`: those that stand for most of what thermodynamics
/// says, then greedy ones. The same bytes give the same foldings.
#[must_use]
pub fn foldings(sequence: &[u8]) -> Foldings {
    let greedy = alternative_folds(sequence, FOLDS);
    let mut foldings = if sequence.len() > LONGEST_CHAIN {
        Foldings::of(&greedy[..greedy.len().min(1)], sequence.len())
    } else {
        let ensemble = Ensemble::new(sequence);
        let mut random = Random::new(1);
        let drawn: Vec<Pairs> = (0..DRAWS).map(|_| ensemble.draw(&mut random)).collect();
        let mut foldings = Foldings::of(&drawn, sequence.len());
        foldings.folds = representatives(&drawn);
        foldings
    };
    for pairs in greedy {
        if !foldings.folds.contains(&pairs) {
            foldings.folds.push(pairs);
        }
    }
    foldings
}

/// Those of `drawn` that the others resemble most, each next one counting only
/// what the earlier leave out; at most [`FOLDS`].
fn representatives(drawn: &[Pairs]) -> Vec<Pairs> {
    let mut reached = vec![0.0_f64; drawn.len()];
    let mut folds: Vec<Pairs> = Vec::new();
    while folds.len() < FOLDS {
        let gain = |candidate: &Pairs| -> f64 {
            let others = drawn.iter().zip(&reached);
            others
                .map(|(other, reached)| (alike(candidate, other) - reached).max(0.0))
                .sum()
        };
        let best = drawn
            .iter()
            .map(|candidate| (gain(candidate), candidate))
            .reduce(|a, b| if b.0 > a.0 { b } else { a });
        let Some((gained, best)) = best else { break };
        if gained < WORTH_A_FOLD * to_f64(drawn.len()) {
            break;
        }
        for (reached, other) in reached.iter_mut().zip(drawn) {
            *reached = reached.max(alike(best, other));
        }
        // Without pairs it is the helix, which is a candidate of its own.
        folds.push(best.clone());
    }
    folds.retain(|pairs| pairs.iter().any(Option::is_some));
    folds
}

/// The part of pairs that two foldings share; 1 where neither has any.
fn alike(a: &Pairs, b: &Pairs) -> f64 {
    let count = |pairs: &Pairs| pairs.iter().flatten().count();
    let both = a
        .iter()
        .zip(b)
        .filter(|(x, y)| x.is_some() && x == y)
        .count();
    match count(a) + count(b) {
        0 => 1.0,
        all => 2.0 * to_f64(both) / to_f64(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    #[test]
    fn what_was_drawn_more_often_comes_first() {
        let (often, seldom) = (fold(b"GGGGAAAACCCCAAAA"), fold(b"AAAAGGGGAAAACCCC"));
        let drawn = [&often, &often, &seldom, &often].map(Clone::clone);
        let foldings = Foldings::of(&drawn, 16);
        assert!((foldings.probability(11, 0) - 0.75).abs() < 1e-9);
        assert!((foldings.probability(4, 15) - 0.25).abs() < 1e-9);
        assert!(foldings.probability(1, 2).abs() < 1e-9);
        // Residue 8 closes in three of four, in none it opens.
        let near = |sides: [f64; 2], [opens, closes]: [f64; 2]| {
            (sides[0] - opens).abs() < 1e-9 && (sides[1] - closes).abs() < 1e-9
        };
        assert!(near(foldings.sides[8], [0.0, 0.75]));
        assert!(near(foldings.sides[4], [0.25, 0.0]));
        assert_eq!(representatives(&drawn), [often, seldom]);
    }

    #[test]
    fn a_chain_that_cannot_pair_or_is_too_long_is_folded_all_the_same() {
        assert!(foldings(b"").folds.is_empty() && foldings(b"AAAAAAAA").folds.is_empty());
        let long = b"GGGGGAAAACCCCCAAAA".repeat(50);
        let foldings = foldings(&long);
        assert!(foldings.folds.len() <= FOLDS && foldings.folds[0].len() == long.len());
        assert!((foldings.probability(0, 13) - 1.0).abs() < 1e-9);
    }
}
