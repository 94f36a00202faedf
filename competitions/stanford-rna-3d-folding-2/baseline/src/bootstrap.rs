//! How sure a mean is: a bootstrap that resamples groups.
//!
//! Targets of one family rise and fall together, so families are drawn, not
//! targets (Efron & Tibshirani, "An introduction to the bootstrap", 1993,
//! percentile interval).

use std::collections::BTreeMap;

use crate::random::Random;
use crate::tm_score::to_f64;

/// How many times the groups are drawn anew.
const RESAMPLES: usize = 2000;

/// The mean of `scores`; 0 when there are none.
#[must_use]
pub fn mean(scores: &[f64]) -> f64 {
    if scores.is_empty() {
        0.0
    } else {
        scores.iter().sum::<f64>() / to_f64(scores.len())
    }
}

/// The 95 % interval of the mean of `items`, each a group and a score; the same
/// for the same items in the same order and `seed`. One group tells nothing of
/// the spread: then both ends are the mean.
#[must_use]
pub fn interval_95(items: &[(&str, f64)], seed: u64) -> [f64; 2] {
    let mut groups: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for &(group, score) in items {
        let (sum, count) = groups.entry(group).or_default();
        *sum += score;
        *count += 1.0;
    }
    let groups: Vec<(f64, f64)> = groups.into_values().collect();
    if groups.is_empty() {
        return [0.0; 2];
    }
    let mut random = Random::new(seed);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let (sum, count) = (0..groups.len()).fold((0.0, 0.0), |(sum, count), _| {
                let (s, c) = random.pick(&groups);
                (sum + s, count + c)
            });
            sum / count
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let rank = RESAMPLES / 40;
    [means[rank - 1], means[RESAMPLES - rank]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_theory() {
        // 100 groups, half 0 and half 1: standard error 0.05.
        let names: Vec<String> = (0..100).map(|i| format!("g{i}")).collect();
        let items: Vec<(&str, f64)> = names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.as_str(), to_f64(i % 2)))
            .collect();
        let [low, high] = interval_95(&items, 1);
        assert!(
            (low - 0.402).abs() < 0.02 && (high - 0.598).abs() < 0.02,
            "{low} {high}"
        );
        let bits = |ends: [f64; 2]| ends.map(f64::to_bits);
        assert_eq!(bits(interval_95(&items, 1)), bits([low, high]));
    }

    #[test]
    fn items_of_one_group_are_one_draw() {
        let apart: Vec<(String, f64)> = (0..40).map(|i| (format!("g{i}"), to_f64(i % 2))).collect();
        let apart: Vec<(&str, f64)> = apart.iter().map(|(g, s)| (g.as_str(), *s)).collect();
        let together: Vec<(&str, f64)> = (0..40)
            .map(|i| (["a", "b", "c", "d"][i / 10], to_f64(i / 10 % 2)))
            .collect();
        let width = |items: &[(&str, f64)]| {
            let [low, high] = interval_95(items, 3);
            high - low
        };
        assert!(width(&together) > 1.5 * width(&apart));
        for (items, expected) in [(&[("a", 0.5), ("a", 0.7)][..], 0.6), (&[], 0.0)] {
            for end in interval_95(items, 1) {
                assert!((end - expected).abs() < 1e-12);
            }
        }
    }
}
