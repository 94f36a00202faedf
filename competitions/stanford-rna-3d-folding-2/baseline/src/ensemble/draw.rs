//! Structures drawn from an ensemble, each with the probability it has: the sums
//! are gone through again, and of each one term is drawn by its weight.

use super::energy::BRANCHING;
use super::{Ensemble, Inside, SHORTEST_LOOP};
use crate::fold::Pairs;
use crate::random::Random;

/// A part of a structure that is still to be drawn.
enum Part {
    /// The chain up to here.
    Open(usize),
    /// What this pair encloses.
    Paired(usize, usize),
    /// One stem of a branching that begins here, somewhere up to there.
    Branch(usize, usize),
    /// One such stem or more.
    Branches(usize, usize),
}

impl Ensemble {
    /// A structure, drawn by its weight.
    pub(super) fn draw(&self, random: &mut Random) -> Pairs {
        let mut pairs: Pairs = vec![None; self.letters.len()];
        let mut parts = vec![Part::Open(self.letters.len())];
        while let Some(part) = parts.pop() {
            match part {
                Part::Open(end) => self.draw_open(end, random, &mut parts),
                Part::Paired(i, j) => {
                    pairs[i] = Some(j);
                    pairs[j] = Some(i);
                    self.draw_enclosed(i, j, random, &mut parts);
                }
                Part::Branch(i, j) => parts.push(self.draw_branch(i, j, random)),
                Part::Branches(i, j) => self.draw_branches(i, j, random, &mut parts),
            }
        }
        pairs
    }

    fn draw_open(&self, end: usize, random: &mut Random, parts: &mut Vec<Part>) {
        let Some(j) = end.checked_sub(1) else { return };
        let mut left = random.unit() * self.open[end];
        for (k, weight) in self.outer_pairs(j) {
            left -= weight;
            if left < 0.0 {
                parts.extend([Part::Open(k), Part::Paired(k, j)]);
                return;
            }
        }
        parts.push(Part::Open(j));
    }

    fn draw_enclosed(&self, i: usize, j: usize, random: &mut Random, parts: &mut Vec<Part>) {
        let mut left = random.unit() * self.paired[self.at(i, j)];
        for (inside, weight) in self.enclosed(i, j) {
            left -= weight;
            if left < 0.0 {
                match inside {
                    Inside::Hairpin => {}
                    Inside::Pair(k, l) => parts.push(Part::Paired(k, l)),
                    Inside::Branching(k) => {
                        parts.extend([Part::Branches(i + 1, k - 1), Part::Branch(k, j - 1)]);
                    }
                }
                return;
            }
        }
    }

    /// The stem that a branch from i on ends in; what follows it is unpaired.
    fn draw_branch(&self, i: usize, last: usize, random: &mut Random) -> Part {
        let mut left = random.unit() * self.branch[self.at(i, last)];
        let mut found = None;
        for j in (i + SHORTEST_LOOP + 1..=last).rev() {
            let paired = self.paired[self.at(i, j)];
            if paired <= 0.0 {
                continue;
            }
            // Rounding may leave a rest after the last of them: then it is that one.
            found = Some(j);
            left -= paired * self.stem(i, j, BRANCHING.1) * self.unpaired[last - j];
            if left < 0.0 {
                break;
            }
        }
        found.map_or(Part::Open(0), |j| Part::Paired(i, j))
    }

    fn draw_branches(&self, i: usize, j: usize, random: &mut Random, parts: &mut Vec<Part>) {
        let mut left = random.unit() * self.branches[self.at(i, j)];
        for (k, alone, after) in self.last_stems(i, j) {
            left -= alone;
            if left < 0.0 {
                parts.push(Part::Branch(k, j));
                return;
            }
            left -= after;
            if left < 0.0 {
                parts.extend([Part::Branches(i, k - 1), Part::Branch(k, j)]);
                return;
            }
        }
    }
}
