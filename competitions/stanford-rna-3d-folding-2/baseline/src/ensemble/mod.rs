//! The secondary structures that a chain takes, each as often as thermodynamics
//! says: McCaskill's partition function (Biopolymers 29, 1990), from which
//! structures are drawn (Ding & Lawrence, Nucleic Acids Res. 31, 2003).
//!
//! ```text
//! paired[i][j]    i pairs with j: a hairpin, a loop to the next pair, a branching
//! branch[i][j]    one stem that begins at i within a branching, and what follows
//! branches[i][j]  one such stem or more
//! open[j]         the chain up to j
//! ```
//!
//! Each is a sum over all structures of that part of exp(−energy/kT). Energies are
//! [`energy`]'s; there are no pseudoknots. What the rest of the house asks for are
//! [`foldings()`].

mod draw;
mod energy;
mod foldings;

pub use foldings::{Foldings, foldings};

use energy::{BRANCHING, DANGLING, KT, between, hairpin, weak_end};

use crate::fold::pair_strength;
use crate::tm_score::to_f64;

/// Each residue's share in every weight, as an exponent: chains of hundreds would
/// overflow without it, and it is the same for all structures.
const PER_RESIDUE: f64 = -0.4;
/// The fewest unpaired residues of a hairpin.
const SHORTEST_LOOP: usize = 3;
/// The most unpaired residues of a loop between two pairs.
const LONGEST_LOOP: usize = 20;

/// The sums of the weights of a chain's structures.
struct Ensemble {
    letters: Vec<u8>,
    paired: Vec<f64>,
    branch: Vec<f64>,
    branches: Vec<f64>,
    open: Vec<f64>,
    /// The weight of so many unpaired residues.
    unpaired: Vec<f64>,
}

/// What a pair encloses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Nothing that pairs.
    Hairpin,
    /// This pair, and between the two a loop or nothing.
    Pair(usize, usize),
    /// Stems, the last of which begins here.
    Branching(usize),
}

impl Ensemble {
    /// The ensemble of `sequence`. The work grows with the cube of its length.
    fn new(sequence: &[u8]) -> Self {
        let n = sequence.len();
        let width = n + 1;
        let mut this = Self {
            letters: sequence
                .iter()
                .map(|&letter| energy::code(letter))
                .collect(),
            paired: vec![0.0; width * width],
            branch: vec![0.0; width * width],
            branches: vec![0.0; width * width],
            open: vec![1.0; width],
            unpaired: (0..=n)
                .map(|k| libm::exp(PER_RESIDUE * to_f64(k)))
                .collect(),
        };
        for i in (0..n).rev() {
            for j in i + SHORTEST_LOOP + 1..n {
                let at = i * width + j;
                if pair_strength(this.letters[i], this.letters[j]) > 0 {
                    this.paired[at] = this.enclosed(i, j).map(|(_, weight)| weight).sum();
                }
                let stem = this.paired[at] * this.stem(i, j, BRANCHING.1);
                this.branch[at] = this.branch[at - 1] * this.unpaired[1] + stem;
                this.branches[at] = this
                    .last_stems(i, j)
                    .map(|(_, alone, after)| alone + after)
                    .sum();
            }
        }
        for j in 0..n {
            let stems: f64 = this.outer_pairs(j).map(|(_, weight)| weight).sum();
            this.open[j + 1] = this.open[j] * this.unpaired[1] + stems;
        }
        this
    }

    fn at(&self, i: usize, j: usize) -> usize {
        i * (self.letters.len() + 1) + j
    }

    fn pair(&self, i: usize, j: usize) -> (u8, u8) {
        (self.letters[i], self.letters[j])
    }

    /// The weight of the end of a stem, seen from outside the pair i, j.
    fn stem(&self, i: usize, j: usize, cost: f64) -> f64 {
        let neighbours = u8::from(i > 0) + u8::from(j + 1 < self.letters.len());
        boltzmann(cost + weak_end(self.pair(i, j)) + DANGLING * f64::from(neighbours))
    }

    /// What the pair i, j may enclose, each with its weight.
    fn enclosed(&self, i: usize, j: usize) -> impl Iterator<Item = (Inside, f64)> + '_ {
        let outer = self.pair(i, j);
        let turn = boltzmann(hairpin(outer, &self.letters[i + 1..j])) * self.unpaired[j - i + 1];
        let loops = (i + 1..j.min(i + LONGEST_LOOP + 2)).flat_map(move |k| {
            let left = k - i - 1;
            let nearest = (k + SHORTEST_LOOP + 1).max((j + left).saturating_sub(LONGEST_LOOP + 1));
            (nearest..j).filter_map(move |l| {
                let inner = self.paired[self.at(k, l)];
                if inner <= 0.0 {
                    return None;
                }
                let right = j - l - 1;
                let energy = between(outer, self.pair(k, l), left, right);
                let weight = boltzmann(energy) * inner * self.unpaired[left + right + 2];
                Some((Inside::Pair(k, l), weight))
            })
        });
        let closing = BRANCHING.0 + BRANCHING.1 + weak_end(outer) + 2.0 * DANGLING;
        let closing = boltzmann(closing) * self.unpaired[2];
        let branching = (i + 2..j).map(move |k| {
            let before = self.branches[self.at(i + 1, k - 1)];
            let last = self.branch[self.at(k, j - 1)];
            (Inside::Branching(k), closing * before * last)
        });
        std::iter::once((Inside::Hairpin, turn))
            .chain(loops)
            .chain(branching)
    }

    /// Where the last stem of the branches within i..=j may begin, with the weight
    /// of its being the only one and of others standing before it.
    fn last_stems(&self, i: usize, j: usize) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
        (i..j.saturating_sub(SHORTEST_LOOP)).map(move |k| {
            let here = self.branch[self.at(k, j)];
            let before = if k == i {
                0.0
            } else {
                self.branches[self.at(i, k - 1)]
            };
            (k, self.unpaired[k - i] * here, before * here)
        })
    }

    /// What residue j may pair with if nothing encloses the pair, each with the
    /// weight of the chain up to j.
    fn outer_pairs(&self, j: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        (0..j.saturating_sub(SHORTEST_LOOP)).map(move |k| {
            let paired = self.paired[self.at(k, j)];
            let weight = if paired > 0.0 {
                self.open[k] * paired * self.stem(k, j, 0.0)
            } else {
                0.0
            };
            (k, weight)
        })
    }
}

fn boltzmann(energy: f64) -> f64 {
    libm::exp(-energy / KT)
}

#[cfg(test)]
mod tests;
