//! What a way of choosing is worth on targets that its weights were not fitted on.
//!
//! Families are dealt to folds in the order of their names. Each fold's targets are
//! predicted with weights that were fitted on all the others, so no target helps to
//! choose its own structures, nor one that is nearly the same.

use std::collections::{BTreeMap, BTreeSet};

use kgl_contract::SearchMerged;
use rayon::prelude::*;

use crate::candidates::{FIGURES, Library, Pool};
use crate::choose::choose_with;
use crate::fit::{Row, pools, rows, weights};
use crate::labels::Structure;
use crate::tm_score::best_over_references;
use crate::transfer::HitError;

/// Structures a target, as in a submission.
const SLOTS: usize = 5;

/// How a target came out that was left out of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// The target.
    pub query: String,
    /// Its family.
    pub group: String,
    /// TM-score of the best of the slots.
    pub best: f64,
    /// And of the first.
    pub first: f64,
}

/// A target, its candidates and what they teach.
struct Seen<'a> {
    group: String,
    query: &'a str,
    pool: &'a Pool,
    rows: &'a [Row],
}

/// The weights of [`crate::fit::fit`], and how every target of `truths` came out
/// with those of the other folds.
///
/// # Errors
/// A hit that contradicts its structure.
pub fn held_out(
    merged: &SearchMerged,
    library: &Library,
    truths: &BTreeMap<String, Structure>,
    group_of: impl Fn(&str) -> String,
    folds: usize,
) -> Result<([f64; FIGURES], Vec<HeldOut>), HitError> {
    let seen = pools(merged, library, truths, |pool, truth| {
        (pool.clone(), rows(pool, truth))
    })?;
    let targets: Vec<Seen<'_>> = seen
        .iter()
        .map(|(query, (pool, rows))| Seen {
            group: group_of(query),
            query,
            pool,
            rows,
        })
        .collect();
    let learned = |targets: &[&Seen<'_>]| {
        let lessons: Vec<(&str, &[Row])> = targets.iter().map(|t| (t.query, t.rows)).collect();
        weights(&lessons, &group_of)
    };
    let fold_of = deal(targets.iter().map(|t| t.group.as_str()), folds);
    let mut found = Vec::with_capacity(targets.len());
    for fold in 0..folds {
        let (out, others): (Vec<_>, Vec<_>) = targets
            .iter()
            .partition(|t| fold_of[t.group.as_str()] == fold);
        let weights = learned(&others);
        let scored: Vec<HeldOut> = out
            .par_iter()
            .map(|target| {
                let truth = &truths[target.query];
                let scores: Vec<f64> = choose_with(&weights, target.pool, SLOTS)
                    .into_iter()
                    .map(|k| score(target.pool, k, truth))
                    .collect();
                HeldOut {
                    query: target.query.to_owned(),
                    group: target.group.clone(),
                    best: scores.iter().copied().fold(0.0, f64::max),
                    first: scores.first().copied().unwrap_or(0.0),
                }
            })
            .collect();
        found.extend(scored);
    }
    found.sort_by(|a, b| a.query.cmp(&b.query));
    Ok((learned(&targets.iter().collect::<Vec<_>>()), found))
}

/// The fold of each of `groups`.
fn deal<'a>(groups: impl Iterator<Item = &'a str>, folds: usize) -> BTreeMap<&'a str, usize> {
    let groups: BTreeSet<&str> = groups.collect();
    groups
        .into_iter()
        .enumerate()
        .map(|(k, group)| (group, k % folds.max(1)))
        .collect()
}

fn score(pool: &Pool, k: usize, truth: &Structure) -> f64 {
    let trace: Vec<_> = pool.candidates[k].trace.iter().copied().map(Some).collect();
    best_over_references(&trace, &truth.copies).map_or(0.0, |found| found.score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::with_pairs;
    use crate::complete::helix;
    use kgl_contract::{Coverage, Hit, HitAlignment, QueryHits, Sha256, Tag};

    /// A chain of one letter, wound as tightly as `by` says.
    fn wound(letter: u8, by: f64) -> Structure {
        let trace = helix(24).into_iter();
        Structure {
            residues: vec![letter; 24],
            copies: vec![trace.map(|p| Some([p[0], p[1], p[2] * by])).collect()],
        }
    }

    fn hit(target: &str, cigar: &str, matches: u32) -> Hit {
        Hit {
            target: target.into(),
            target_index: 0,
            score: 20 * i64::from(matches),
            alignment: Some(HitAlignment {
                matches,
                columns: 24,
                query_span: [0, 24],
                target_span: [0, 24],
                cigar: cigar.into(),
            }),
        }
    }

    #[test]
    fn a_target_is_told_by_what_others_taught_even_if_that_is_wrong() {
        // The same chain twice: once the template with its letters is right, once the
        // other one.
        let (loose, tight) = (wound(b'A', 1.6), wound(b'C', 0.2));
        let library = [("same", loose), ("other", tight)].map(|(id, s)| (id.to_owned(), s));
        let library = with_pairs(library.into());
        let truths: BTreeMap<String, Structure> = [
            ("q".to_owned(), wound(b'A', 1.6)),
            ("r".to_owned(), wound(b'A', 0.2)),
        ]
        .into();
        let zeros: Sha256 = "0".repeat(64).parse().unwrap();
        let merged = SearchMerged {
            schema: Tag::default(),
            search_sha256: zeros,
            score_scale: 10,
            top_k: 30,
            coverage: Coverage {
                targets: 2,
                ids_sha256: zeros,
            },
            results: ["q", "r"]
                .map(|query| QueryHits {
                    query: query.into(),
                    hits: vec![hit("same", "24=", 24), hit("other", "24X", 0)],
                })
                .into(),
        };
        let (weights, found) = held_out(&merged, &library, &truths, str::to_owned, 2).unwrap();
        let names: Vec<&str> = found.iter().map(|one| one.query.as_str()).collect();
        assert_eq!(names, ["q", "r"]);
        for one in &found {
            assert!(one.best > 0.99 && one.first < 0.9, "{one:?}");
        }
        let fitted = crate::fit::fit(&merged, &library, &truths, str::to_owned).unwrap();
        assert_eq!(
            weights.map(|w| w.to_string()),
            fitted.map(|w| w.to_string())
        );
    }

    #[test]
    fn a_family_is_dealt_as_one() {
        let dealt = deal(["b", "a", "b", "c", "a"].into_iter(), 2);
        assert_eq!(dealt, [("a", 0), ("b", 1), ("c", 0)].into());
    }
}
