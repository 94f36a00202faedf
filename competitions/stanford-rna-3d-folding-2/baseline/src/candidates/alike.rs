//! How much candidates resemble each other.

use rayon::prelude::*;

use super::Candidate;
use super::figures::{AGREEMENT, log_length};
use crate::geometry::Point;
use crate::tm_score::quick_tm_score;

/// How sharply the agreement with templates prefers those with a high score.
const SHARPNESS: f64 = 4.0;

/// Quick TM-scores of all pairs.
pub(super) fn resemblance(candidates: &[Candidate]) -> Vec<Vec<f64>> {
    let traces: Vec<Vec<Option<Point>>> = candidates
        .iter()
        .map(|candidate| candidate.trace.iter().copied().map(Some).collect())
        .collect();
    let below: Vec<Vec<f64>> = (0..traces.len())
        .into_par_iter()
        .map(|i| {
            (0..i)
                .map(|j| quick_tm_score(&traces[i], &traces[j]).map_or(0.0, |found| found.score))
                .collect()
        })
        .collect();
    (0..traces.len())
        .map(|i| {
            (0..traces.len())
                .map(|j| match i.cmp(&j) {
                    std::cmp::Ordering::Less => below[j][i],
                    std::cmp::Ordering::Equal => 1.0,
                    std::cmp::Ordering::Greater => below[i][j],
                })
                .collect()
        })
        .collect()
}

/// Fills in how much each candidate resembles the templates, which come first
/// and have `scores`.
pub(super) fn agree(
    candidates: &mut [Candidate],
    scores: &[f64],
    alike: &[Vec<f64>],
    length: usize,
) {
    let weights: Vec<f64> = scores
        .iter()
        .map(|score| libm::exp(SHARPNESS * score))
        .collect();
    let total: f64 = weights.iter().sum();
    for (candidate, row) in candidates.iter_mut().zip(alike) {
        let sum: f64 = weights
            .iter()
            .zip(row)
            .map(|(weight, tm)| weight * tm)
            .sum();
        let agreement = if total > 0.0 { sum / total } else { 0.0 };
        candidate.figures[AGREEMENT[0]] = agreement;
        candidate.figures[AGREEMENT[1]] = agreement * log_length(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::FIGURES;

    #[test]
    fn agreement_listens_to_templates_of_high_score() {
        let candidate = Candidate {
            template: None,
            trace: Vec::new(),
            figures: [0.0; FIGURES],
        };
        let mut candidates = vec![candidate; 3];
        // The third is no template; it resembles the better one.
        let alike = [
            vec![1.0, 0.2, 0.8],
            vec![0.2, 1.0, 0.1],
            vec![0.8, 0.1, 1.0],
        ];
        agree(&mut candidates, &[0.9, 0.4], &alike, 20);
        let [first, with_length] = AGREEMENT.map(|k| candidates[2].figures[k]);
        // e^(4 · 0.5) to 1: 0.88 of the weight is with the first.
        let part = 1.0 / (1.0 + libm::exp(-2.0));
        assert!(
            (first - (0.8 * part + 0.1 * (1.0 - part))).abs() < 1e-9,
            "{first}"
        );
        assert!((with_length - first * log_length(20)).abs() < 1e-9);
        assert!(candidates[0].figures[AGREEMENT[0]] > candidates[1].figures[AGREEMENT[0]]);
    }
}
