//! Ancestors: an RNA thought up stem by stem, and its trace in space.

use std::f64::consts::TAU;

use crate::complete::build;
use crate::fold::Pairs;
use crate::geometry::{Point, add, centroid, dot, scale, sub};
use crate::random::Random;
use crate::relax::{LOOSE, relax};

/// An RNA: what it is made of, what pairs with what, where it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rna {
    /// A, C, G, U.
    pub(super) sequence: Vec<u8>,
    /// The partners.
    pub(super) pairs: Pairs,
    /// C1' of every residue.
    pub(super) trace: Vec<Point>,
}

/// An RNA of `length` residues.
#[must_use]
pub(super) fn design(length: usize, random: &mut Random) -> Rna {
    let pairs = design_pairs(length, random);
    let mut sequence: Vec<u8> = (0..length).map(|_| random.pick(b"AAACGUU")).collect();
    for (i, partner) in pairs.iter().enumerate() {
        if let Some(j) = *partner
            && j > i
        {
            let (five, three) = pair_letters(random);
            sequence[i] = five;
            sequence[j] = three;
        }
    }
    let mut trace = build(&pairs, &[]);
    bend(&mut trace, random);
    Rna {
        sequence,
        pairs,
        trace,
    }
}

/// The letters of a pair: as often as in known structures, about.
#[must_use]
pub(super) fn pair_letters(random: &mut Random) -> (u8, u8) {
    let pairs: [&[u8; 2]; 10] = [
        b"GC", b"CG", b"GC", b"CG", b"GC", b"CG", b"AU", b"UA", b"GU", b"UG",
    ];
    let [five, three] = *random.pick(&pairs);
    (five, three)
}

/// Stems within stems beside stems until all residues are dealt out.
fn design_pairs(length: usize, random: &mut Random) -> Pairs {
    let mut pairs = vec![None; length];
    let mut regions = vec![(0, length)];
    while let Some((from, to)) = regions.pop() {
        let width = to - from;
        // A stem of three around a loop of four, and something to each side.
        if width < 12 {
            continue;
        }
        if width > 60 && random.chance(0.5) {
            let cut = from + random.between(width / 3, 2 * width / 3);
            regions.push((from, cut));
            regions.push((cut, to));
            continue;
        }
        let first = from + random.below(3);
        let last = to - 1 - random.below(3);
        let most = ((last - first - 4) / 2).min(9);
        let stem = random.between(3.min(most), most);
        for k in 0..stem {
            pairs[first + k] = Some(last - k);
            pairs[last - k] = Some(first + k);
        }
        regions.push((first + stem, last + 1 - stem));
    }
    pairs
}

/// Bends the whole trace by a few long waves, so that it is not what the
/// predictor would have built, and mends the steps of the chain.
fn bend(trace: &mut [Point], random: &mut Random) {
    let middle = centroid(trace.iter().copied());
    let waves: Vec<(Point, Point, f64)> = (0..4)
        .map(|_| {
            let across = random.jitter(2.5);
            let along = random.jitter(1.0 / 90.0);
            (across, along, random.unit())
        })
        .collect();
    for point in trace.iter_mut() {
        let from_middle = sub(*point, middle);
        for &(across, along, phase) in &waves {
            let height = libm::sin(TAU * (dot(along, from_middle) + phase));
            *point = add(*point, scale(across, height));
        }
    }
    relax(trace, &vec![LOOSE; trace.len()], &[]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::distance;

    #[test]
    fn ancestors_are_compact_chains_that_pair() {
        for seed in 0..6 {
            let mut random = Random::new(seed);
            let length = 30 + 20 * usize::try_from(seed).unwrap();
            let rna = design(length, &mut random);
            assert_eq!((rna.sequence.len(), rna.trace.len()), (length, length));
            assert!(rna.pairs.iter().flatten().count() * 3 > length);
            for (k, step) in rna.trace.windows(2).enumerate() {
                let step = distance(step[0], step[1]);
                assert!((3.0..9.0).contains(&step), "seed {seed}, {k}: {step}");
            }
            for i in 0..length {
                for j in 0..i.saturating_sub(2) {
                    assert!(
                        distance(rna.trace[i], rna.trace[j]) > 3.0,
                        "seed {seed}: {i} {j}"
                    );
                }
            }
        }
    }
}
