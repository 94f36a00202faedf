//! Which candidates fill the slots.
//!
//! A linear model of a candidate's figures says how near the truth it promises
//! to be ([`WEIGHTS`], fitted by `rna3d fit` on targets before 2020). The most
//! promising takes the first slot. The truth is then taken to look like candidate
//! k with a probability p that grows with its promise, and the other slots are
//! filled one after the other so that
//!
//! ```text
//! Σ  p_k · max TM(slot, k)        is greatest: the expected best of the slots.
//! k        slots
//! ```
//!
//! This is a facility location problem: slots are drawn to what the earlier ones
//! leave out, and taking the best next one is within 1 − 1/e of the best set
//! (Nemhauser, Wolsey & Fisher, Math. Program. 14, 1978).

use crate::candidates::{FIGURES, Pool};

/// What each figure adds to a candidate's promise, by [`crate::candidates::NAMES`].
pub const WEIGHTS: [f64; FIGURES] = [
    0.0833,  // template
    -0.0351, // template_log_length
    -0.0016, // alignment_score
    -0.0220, // identity
    0.0798,  // covered
    0.0341,  // pairs_kept
    -0.0329, // pairs_broken
    -0.0234, // pairs_lost
    0.0270,  // pairs_likely
    -0.4257, // agreement
    0.3578,  // agreement_log_length
    0.1971,  // folding
    -0.0577, // folding_log_length
    0.0867,  // folding_paired
    0.0580,  // folding_likely
    0.2326,  // helix
    -0.0565, // helix_log_length
];
/// How much greater a promise must be to be e times as probable.
const TEMPERATURE: f64 = 0.04;

/// The TM-score that a candidate with these figures promises by `weights`.
fn promise(weights: &[f64; FIGURES], figures: &[f64; FIGURES]) -> f64 {
    weights
        .iter()
        .zip(figures)
        .map(|(weight, figure)| weight * figure)
        .sum()
}

/// At most `slots` different candidates of `pool`, in the order of the slots.
#[must_use]
pub fn choose(pool: &Pool, slots: usize) -> Vec<usize> {
    choose_with(&WEIGHTS, pool, slots)
}

/// [`choose`] by other weights.
#[must_use]
pub fn choose_with(weights: &[f64; FIGURES], pool: &Pool, slots: usize) -> Vec<usize> {
    let promises: Vec<f64> = pool
        .candidates
        .iter()
        .map(|c| promise(weights, &c.figures))
        .collect();
    choose_by(&promises, &pool.alike, slots)
}

fn choose_by(promises: &[f64], alike: &[Vec<f64>], slots: usize) -> Vec<usize> {
    let greatest = promises.iter().copied().fold(f64::MIN, f64::max);
    let probable: Vec<f64> = promises
        .iter()
        .map(|promise| libm::exp((promise - greatest) / TEMPERATURE))
        .collect();
    let mut reached = vec![0.0_f64; promises.len()];
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < slots.min(promises.len()) {
        let expected = |s: usize| -> f64 {
            if chosen.is_empty() {
                return promises[s];
            }
            probable
                .iter()
                .zip(&reached)
                .zip(&alike[s])
                .map(|((p, reached), tm)| p * tm.max(*reached))
                .sum()
        };
        let mut best: Option<(f64, usize)> = None;
        for s in (0..promises.len()).filter(|s| !chosen.contains(s)) {
            let expected = expected(s);
            if best.is_none_or(|(most, _)| expected > most) {
                best = Some((expected, s));
            }
        }
        let Some((_, next)) = best else { break };
        for (reached, tm) in reached.iter_mut().zip(&alike[next]) {
            *reached = reached.max(*tm);
        }
        chosen.push(next);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_go_where_the_expectation_grows_most() {
        // 0 and 1 are nearly the same and promise most; 2 stands alone.
        let alike = vec![
            vec![1.0, 0.9, 0.1],
            vec![0.9, 1.0, 0.1],
            vec![0.1, 0.1, 1.0],
        ];
        assert_eq!(choose_by(&[0.50, 0.49, 0.45], &alike, 2), [0, 2]);
        // Without hope of the third, a second look at the first two is worth more.
        assert_eq!(choose_by(&[0.50, 0.49, 0.10], &alike, 2), [0, 1]);
        // After the first, one that another resembles goes before a lonely one.
        let alike = vec![
            vec![1.0, 0.2, 0.2, 0.2],
            vec![0.2, 1.0, 0.2, 0.2],
            vec![0.2, 0.2, 1.0, 0.8],
            vec![0.2, 0.2, 0.8, 1.0],
        ];
        assert_eq!(choose_by(&[0.50, 0.45, 0.44, 0.44], &alike, 2), [0, 2]);
        assert_eq!(choose_by(&[0.5], &[vec![1.0]], 5), [0]);
        assert_eq!(choose_by(&[], &[], 5), [0; 0]);
    }
}
