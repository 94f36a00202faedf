//! The TM-score of a predicted trace against a reference, by residue number.
//!
//! ```text
//!           1            1
//! TM = max ---- Σ  ---------------
//!          Lref  i  1 + (d_i / d0)²
//! ```
//!
//! where `d_i` is the distance of residue i's C1' atoms after a superposition,
//! `Lref` counts the resolved residues of the reference, and the maximum is
//! over all superpositions (Zhang & Skolnick, "Scoring function for automated
//! assessment of protein structure template quality", Proteins 57, 2004; for
//! RNA's `d0`: Gong et al., "RNA-align", Bioinformatics 35, 2019). Nobody
//! knows the maximum in closed form. The search here is the paper's: superpose
//! on every stretch of L, L/2, L/4 … 4 residues, then again and again on the
//! residues that came out near, until they stay the same.

use crate::geometry::{Moments, Motion, Point, add, centroid, sub};

/// How often a superposition is repeated on the residues that came out near.
const ROUNDS: usize = 20;
/// The same for [`quick_tm_score`].
const QUICK_ROUNDS: usize = 6;
/// How many lengths of starting stretches there are at most, the shortest included.
const STRETCH_LENGTHS: usize = 6;
/// The shortest starting stretch.
const SHORTEST_STRETCH: usize = 4;
/// Above this many residues not every stretch is a start: the work grows with
/// the square of the length otherwise.
const EVERY_START_UP_TO: usize = 1000;

/// One comparison of a prediction with a reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TmScore {
    /// The score, 0 to 1.
    pub score: f64,
    /// The superposition it was reached with, prediction onto reference.
    pub motion: Motion,
    /// Resolved residues of the reference.
    pub resolved: usize,
    /// Residues that both have.
    pub compared: usize,
}

/// The distance scale d0 in ångström for an RNA reference with `resolved`
/// residues, as the competition's US-align has it.
#[must_use]
pub fn d0(resolved: usize) -> f64 {
    match resolved {
        0..12 => 0.3,
        12..16 => 0.4,
        16..20 => 0.5,
        20..24 => 0.6,
        24..30 => 0.7,
        _ => 0.6 * (to_f64(resolved) - 0.5).sqrt() - 2.5,
    }
}

/// The TM-score of `predicted` against `reference`, both indexed by residue;
/// `None` where the reference has no resolved residue.
#[must_use]
pub fn tm_score(predicted: &[Option<Point>], reference: &[Option<Point>]) -> Option<TmScore> {
    let resolved = reference.iter().flatten().count();
    tm_score_with_d0(predicted, reference, d0(resolved))
}

/// [`tm_score`] with a distance scale `d0` in ångström chosen by the caller.
#[must_use]
pub fn tm_score_with_d0(
    predicted: &[Option<Point>],
    reference: &[Option<Point>],
    d0: f64,
) -> Option<TmScore> {
    searched(predicted, reference, d0, Effort::Full)
}

/// A lower bound of [`tm_score`] at a small part of its cost: few starts, few
/// rounds. It is for sorting many candidates, never for a figure that is
/// reported.
#[must_use]
pub fn quick_tm_score(predicted: &[Option<Point>], reference: &[Option<Point>]) -> Option<TmScore> {
    let resolved = reference.iter().flatten().count();
    searched(predicted, reference, d0(resolved), Effort::Quick)
}

fn searched(
    predicted: &[Option<Point>],
    reference: &[Option<Point>],
    d0: f64,
    effort: Effort,
) -> Option<TmScore> {
    let resolved = reference.iter().flatten().count();
    if resolved == 0 {
        return None;
    }
    let (moving, fixed): (Vec<Point>, Vec<Point>) = predicted
        .iter()
        .zip(reference)
        .filter_map(|(a, b)| Some(((*a)?, (*b)?)))
        .unzip();
    let compared = moving.len();
    let (sum, motion) = best_of_pairs(moving, fixed, d0, effort);
    Some(TmScore {
        score: sum / to_f64(resolved),
        motion,
        resolved,
        compared,
    })
}

/// How hard to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As [`tm_score`] does.
    Full,
    /// As [`quick_tm_score`] does.
    Quick,
}

/// The greatest sum of 1/(1 + d²/d0²) over the pairs of `moving` and `fixed` and
/// the superposition that has it. Without pairs the sum is 0.
pub(crate) fn best_of_pairs(
    mut moving: Vec<Point>,
    mut fixed: Vec<Point>,
    d0: f64,
    effort: Effort,
) -> (f64, Motion) {
    if moving.is_empty() {
        return (0.0, Motion::NONE);
    }
    // Moments lose digits far from the origin, so both are centred first.
    let (middle_moving, middle_fixed) = (centre(&mut moving), centre(&mut fixed));
    let mut search = Search::new(moving, fixed, d0);
    match effort {
        Effort::Full => search.run(),
        Effort::Quick => search.run_quickly(),
    }
    let mut motion = search.best_motion;
    motion.shift = add(
        sub(motion.shift, motion.rotate(middle_moving)),
        middle_fixed,
    );
    (search.best_sum, motion)
}

/// Moves `points` so that their middle is the origin; says where it was.
pub(crate) fn centre(points: &mut [Point]) -> Point {
    let middle = centroid(points.iter().copied());
    for point in points {
        *point = sub(*point, middle);
    }
    middle
}

/// The best score of `predicted` over several `references`; `None` where none
/// has a resolved residue. The first of equals wins.
#[must_use]
pub fn best_over_references(
    predicted: &[Option<Point>],
    references: &[Vec<Option<Point>>],
) -> Option<TmScore> {
    references
        .iter()
        .filter_map(|reference| tm_score(predicted, reference))
        .reduce(|best, next| if next.score > best.score { next } else { best })
}

/// The search for the best superposition of one pair of traces.
struct Search {
    moving: Vec<Point>,
    fixed: Vec<Point>,
    d0: f64,
    /// The distance below which a pair takes part in the next round.
    near: f64,
    squared: Vec<f64>,
    best_sum: f64,
    best_motion: Motion,
}

impl Search {
    fn new(moving: Vec<Point>, fixed: Vec<Point>, d0: f64) -> Self {
        let squared = vec![0.0; moving.len()];
        let near = d0.clamp(4.5, 8.0);
        Self {
            moving,
            fixed,
            d0,
            near,
            squared,
            best_sum: -1.0,
            best_motion: Motion::NONE,
        }
    }

    fn run(&mut self) {
        let length = self.moving.len();
        let step = if length <= EVERY_START_UP_TO {
            1
        } else {
            (length * length).div_ceil(EVERY_START_UP_TO * EVERY_START_UP_TO)
        };
        let mut chosen = Vec::with_capacity(length);
        let mut next = Vec::with_capacity(length);
        for stretch in stretch_lengths(length) {
            for start in (0..=length - stretch).step_by(step) {
                chosen.clear();
                chosen.extend(start..start + stretch);
                self.refine(&mut chosen, &mut next, ROUNDS);
            }
        }
    }

    /// Starts of the whole, halves, quarters and eighths only.
    fn run_quickly(&mut self) {
        let length = self.moving.len();
        let mut chosen = Vec::with_capacity(length);
        let mut next = Vec::with_capacity(length);
        for parts in [1, 2, 4, 8] {
            let stretch = (length / parts).max(SHORTEST_STRETCH.min(length));
            for start in (0..=length - stretch).step_by(stretch) {
                chosen.clear();
                chosen.extend(start..start + stretch);
                self.refine(&mut chosen, &mut next, QUICK_ROUNDS);
            }
        }
    }

    /// Superposes on `chosen`, then at most `rounds` times on what came out
    /// near, until that no longer changes. `next` is scratch space.
    fn refine(&mut self, chosen: &mut Vec<usize>, next: &mut Vec<usize>, rounds: usize) {
        self.superpose_on(chosen);
        self.select_near(self.near - 1.0, chosen);
        for _ in 0..rounds {
            self.superpose_on(chosen);
            self.select_near(self.near + 1.0, next);
            if chosen == next {
                break;
            }
            std::mem::swap(chosen, next);
        }
    }

    /// Superposes on the residues `chosen`, measures all, keeps the best.
    fn superpose_on(&mut self, chosen: &[usize]) {
        let mut moments = Moments::default();
        for &i in chosen {
            moments.push(self.moving[i], self.fixed[i]);
        }
        let motion = moments.superposition();
        for ((square, &from), &to) in self.squared.iter_mut().zip(&self.moving).zip(&self.fixed) {
            let apart = sub(motion.apply(from), to);
            *square = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2];
        }
        let sum = score_sum(&self.squared, self.d0 * self.d0);
        if sum > self.best_sum {
            self.best_sum = sum;
            self.best_motion = motion;
        }
    }

    /// Puts into `chosen` the residues nearer than `cutoff`, which grows until
    /// there are three: fewer do not fix a superposition.
    fn select_near(&self, mut cutoff: f64, chosen: &mut Vec<usize>) {
        let wanted = if self.squared.len() > 3 { 3 } else { 1 };
        loop {
            let square = cutoff * cutoff;
            chosen.clear();
            chosen.extend((0..self.squared.len()).filter(|&i| self.squared[i] < square));
            // A prediction may lie so far off that half an ångström a time
            // would take for ever; then all residues take part.
            if chosen.len() >= wanted {
                return;
            }
            if cutoff > 1000.0 {
                chosen.clear();
                chosen.extend(0..self.squared.len());
                return;
            }
            cutoff += 0.5;
        }
    }
}

/// Lengths of the starting stretches: `length` halved again and again down to
/// the shortest.
fn stretch_lengths(length: usize) -> Vec<usize> {
    let shortest = SHORTEST_STRETCH.min(length);
    let mut lengths = Vec::with_capacity(STRETCH_LENGTHS);
    let mut stretch = length;
    while stretch > shortest && lengths.len() + 1 < STRETCH_LENGTHS {
        lengths.push(stretch);
        stretch /= 2;
    }
    lengths.push(shortest);
    lengths
}

/// Σ 1 / (1 + d²/d0²) in eight running sums: one would make every addition wait
/// for the one before, and the order is fixed either way.
fn score_sum(squared: &[f64], d0_squared: f64) -> f64 {
    let mut sums = [0.0; 8];
    let chunks = squared.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, square) in sums.iter_mut().zip(chunk) {
            *sum += d0_squared / (d0_squared + square);
        }
    }
    for (sum, square) in sums.iter_mut().zip(rest) {
        *sum += d0_squared / (d0_squared + square);
    }
    sums.iter().sum()
}

/// A count as a float; exact for every length that fits a memory.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of residues are far below 2^53"
)]
pub(crate) fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helix::strand_point;

    fn helix(length: u32) -> Vec<Option<Point>> {
        (0..length)
            .map(|i| Some(strand_point(f64::from(i))))
            .collect()
    }

    #[test]
    fn d0_follows_the_table() {
        for (resolved, expected) in [
            (5, 0.3),
            (11, 0.3),
            (12, 0.4),
            (16, 0.5),
            (19, 0.5),
            (20, 0.6),
            (24, 0.7),
            (29, 0.7),
        ] {
            assert!((d0(resolved) - expected).abs() < 1e-12, "{resolved}");
        }
        assert!((d0(30) - 0.758_834).abs() < 1e-6, "{}", d0(30));
        assert!((d0(720) - 13.594_1).abs() < 1e-3, "{}", d0(720));
    }

    #[test]
    fn a_structure_is_itself() {
        let trace = helix(50);
        let found = tm_score(&trace, &trace).unwrap();
        assert!((found.score - 1.0).abs() < 1e-9);
        assert_eq!((found.resolved, found.compared), (50, 50));
    }

    #[test]
    fn missing_residues_count_in_the_reference_only() {
        let trace = helix(40);
        let mut half = trace.clone();
        half[20..].fill(None);
        let predicted_half = tm_score(&half, &trace).unwrap();
        assert!((predicted_half.score - 0.5).abs() < 1e-9);
        let reference_half = tm_score(&trace, &half).unwrap();
        assert!((reference_half.score - 1.0).abs() < 1e-9);
        assert_eq!(tm_score(&trace, &vec![None; 40]), None);
        assert!(tm_score(&vec![None; 40], &trace).unwrap().score.abs() < 1e-12);
    }

    #[test]
    fn the_right_half_is_found_when_the_other_half_is_wrong() {
        let reference = helix(64);
        let mut predicted = reference.clone();
        for (i, point) in predicted.iter_mut().enumerate().skip(32) {
            *point = Some([200.0 + 7.0 * to_f64(i), 0.0, 0.0]);
        }
        let found = tm_score(&predicted, &reference).unwrap();
        assert!(found.score > 0.499 && found.score < 0.55, "{}", found.score);
    }

    #[test]
    fn the_best_reference_wins() {
        let references = vec![
            vec![None; 30],
            helix(30)
                .iter()
                .map(|p| p.map(|p| [p[0], p[1], 3.0 * p[2]]))
                .collect(),
            helix(30),
        ];
        let found = best_over_references(&helix(30), &references).unwrap();
        assert!((found.score - 1.0).abs() < 1e-9);
        assert_eq!(best_over_references(&helix(30), &[]), None);
    }

    #[test]
    fn stretches_are_halved_down_to_four() {
        assert_eq!(stretch_lengths(3), [3]);
        assert_eq!(stretch_lengths(4), [4]);
        assert_eq!(stretch_lengths(20), [20, 10, 5, 4]);
        assert_eq!(stretch_lengths(720), [720, 360, 180, 90, 45, 4]);
    }

    #[test]
    fn tiny_and_far_traces_are_scored() {
        for length in 1..6 {
            let trace = helix(length);
            assert!((tm_score(&trace, &trace).unwrap().score - 1.0).abs() < 1e-9);
        }
        let zeros = vec![Some([0.0; 3]); 40];
        let far: Vec<_> = (0..40)
            .map(|i| Some([9000.0 * to_f64(i % 3), 900.0 * to_f64(i), 0.0]))
            .collect();
        let found = tm_score(&zeros, &far).unwrap();
        assert!(found.score.is_finite() && found.score > 0.0);
    }
}
