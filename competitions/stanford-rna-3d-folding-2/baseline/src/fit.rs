//! Fits the weights of [`crate::choose`] on targets whose structures are known.
//!
//! Ridge regression of a candidate's TM-score on its figures. Every family
//! weighs the same, and within it every target, and within that every candidate.

use std::collections::BTreeMap;

use kgl_contract::SearchMerged;
use rayon::prelude::*;

use crate::candidates::{FIGURES, Library, Pool, pool};
use crate::labels::Structure;
use crate::submission::SampleTarget;
use crate::tm_score::{best_over_references, quick_tm_score, to_f64};
use crate::transfer::HitError;

/// Keeps weights of figures that say the same from growing against each other.
const RIDGE: f64 = 0.01;

/// So many candidates, the best by a quick score, are scored in full.
const FULLY_SCORED: usize = 12;

/// A candidate's figures and its quick TM-score.
pub(crate) type Row = ([f64; FIGURES], f64);

/// The weights that suit the targets of `truths` best. `group_of` says which
/// targets are not independent.
///
/// # Errors
/// A hit that contradicts its structure.
pub fn fit(
    merged: &SearchMerged,
    library: &Library,
    truths: &BTreeMap<String, Structure>,
    group_of: impl Fn(&str) -> String,
) -> Result<[f64; FIGURES], HitError> {
    let targets = pools(merged, library, truths, rows)?;
    Ok(weights(&targets, group_of))
}

/// The weights that suit `targets` best: each a query and its candidates.
pub(crate) fn weights<Q: AsRef<str>, R: AsRef<[Row]>>(
    targets: &[(Q, R)],
    group_of: impl Fn(&str) -> String,
) -> [f64; FIGURES] {
    let mut members: BTreeMap<String, usize> = BTreeMap::new();
    for (query, _) in targets {
        *members.entry(group_of(query.as_ref())).or_default() += 1;
    }
    let mut normal = [[0.0; FIGURES + 1]; FIGURES];
    for (query, rows) in targets {
        let rows = rows.as_ref();
        let alike = members.get(&group_of(query.as_ref())).copied().unwrap_or(1);
        let weight = 1.0 / (to_f64(alike) * to_f64(rows.len().max(1)));
        for (figures, score) in rows {
            for (row, figure) in normal.iter_mut().zip(figures) {
                for (cell, other) in row.iter_mut().zip(figures.iter().chain([score])) {
                    *cell += weight * figure * other;
                }
            }
        }
    }
    for (k, row) in normal.iter_mut().enumerate() {
        row[k] += RIDGE;
    }
    solve(normal)
}

/// What `look` makes of the candidates of each target of `merged` whose truth is
/// known, and of that truth. Chains are taken for one.
///
/// # Errors
/// A hit that contradicts its structure.
pub fn pools<'a, T: Send>(
    merged: &'a SearchMerged,
    library: &Library,
    truths: &BTreeMap<String, Structure>,
    look: impl Fn(&Pool, &Structure) -> T + Sync,
) -> Result<Vec<(&'a str, T)>, HitError> {
    merged
        .results
        .par_iter()
        .filter_map(|row| Some((row, truths.get(&row.query)?)))
        .map(|(row, truth)| {
            let target = SampleTarget {
                id: row.query.clone(),
                sequence: truth.residues.clone(),
                cuts: Vec::new(),
            };
            let pool = pool(&target, &row.hits, merged.score_scale, library)?;
            Ok((row.query.as_str(), look(&pool, truth)))
        })
        .collect()
}

/// The best TM-score among the candidates of `pool`.
#[must_use]
pub fn best_candidate(pool: &Pool, truth: &Structure) -> f64 {
    let mut scored: Vec<(f64, usize)> = rows(pool, truth)
        .into_iter()
        .enumerate()
        .map(|(k, (_, score))| (score, k))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored
        .iter()
        .take(FULLY_SCORED)
        .filter_map(|&(_, k)| {
            let trace: Vec<_> = pool.candidates[k].trace.iter().copied().map(Some).collect();
            best_over_references(&trace, &truth.copies)
        })
        .map(|found| found.score)
        .fold(0.0, f64::max)
}

/// What the candidates of `pool` teach.
pub(crate) fn rows(pool: &Pool, truth: &Structure) -> Vec<Row> {
    pool.candidates
        .iter()
        .map(|candidate| {
            let trace: Vec<_> = candidate.trace.iter().copied().map(Some).collect();
            let score = truth
                .copies
                .iter()
                .filter_map(|copy| quick_tm_score(&trace, copy))
                .map(|found| found.score)
                .fold(0.0, f64::max);
            (candidate.figures, score)
        })
        .collect()
}

/// Solves a positive definite system by elimination; the last column is the
/// right-hand side.
fn solve(mut rows: [[f64; FIGURES + 1]; FIGURES]) -> [f64; FIGURES] {
    for k in 0..FIGURES {
        let pivot = rows[k];
        for row in &mut rows[k + 1..] {
            let factor = row[k] / pivot[k];
            for (cell, above) in row.iter_mut().zip(&pivot).skip(k) {
                *cell -= factor * above;
            }
        }
    }
    let mut weights = [0.0; FIGURES];
    for k in (0..FIGURES).rev() {
        let known: f64 = (k + 1..FIGURES).map(|j| rows[k][j] * weights[j]).sum();
        weights[k] = (rows[k][FIGURES] - known) / rows[k][k];
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_of_known_solution_is_solved() {
        let mut rows = [[0.0; FIGURES + 1]; FIGURES];
        for (i, row) in rows.iter_mut().enumerate() {
            for j in 0..FIGURES {
                row[j] = if i == j { 9.0 } else { 0.5 };
                row[FIGURES] += row[j] * (to_f64(j) - 3.0);
            }
        }
        for (k, weight) in solve(rows).iter().enumerate() {
            assert!((weight - (to_f64(k) - 3.0)).abs() < 1e-9, "{k}: {weight}");
        }
    }

    #[test]
    fn the_best_candidate_is_the_one_nearest_the_truth() {
        use crate::candidates::Candidate;
        use crate::complete::helix;
        let truth = Structure {
            residues: vec![b'A'; 24],
            copies: vec![helix(24).into_iter().map(Some).collect()],
        };
        let squeezed = |by: f64| Candidate {
            template: None,
            trace: helix(24).iter().map(|p| [p[0], p[1], p[2] * by]).collect(),
            figures: [0.0; FIGURES],
        };
        let mut pool = Pool::default();
        assert!(best_candidate(&pool, &truth).abs() < 1e-12);
        pool.candidates = [0.2, 1.0, 0.5].map(squeezed).into();
        assert!((best_candidate(&pool, &truth) - 1.0).abs() < 1e-9);
        pool.candidates.remove(1);
        assert!(best_candidate(&pool, &truth) < 0.9);
    }
}
