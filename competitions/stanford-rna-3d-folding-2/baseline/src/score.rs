//! The competition's score of a submission, target by target.
//!
//! A target's score is the best TM-score of its structures, each over all
//! reference structures, by residue number; the competition's is the mean over
//! targets. Beside it stands the second reading, which is sequence-independent.

use std::collections::BTreeMap;

use kgl_contract::{Better, Metric, ValidationItem, ValidationReport};
use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::bootstrap::{interval_95, mean};
use crate::geometry::rmsd;
use crate::labels::Structure;
use crate::references::{Reading, References, Slots};
use crate::structural::structural;
use crate::tm_score::tm_score;

/// The competition these reports are of.
const COMPETITION: &str = "stanford-rna-3d-folding-2";
/// The stream of the bootstrap: any number does, as long as it stays.
pub(crate) const SEED: u64 = 20_220_527;

/// The score of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetScore {
    /// The target.
    pub id: String,
    /// The best TM-score of all slots.
    pub best: f64,
    /// The slot it belongs to, from 1.
    pub best_slot: usize,
    /// The TM-score of the first slot.
    pub first: f64,
    /// The same two by the second reading, sequence-independent.
    pub independent: Slots,
    /// RMSD in ångström of the best slot to the reference it is nearest to by
    /// TM-score; `None` where the two share no residue.
    pub rmsd: Option<f64>,
    /// Residues of the target, resolved or not.
    pub residues: usize,
    /// Resolved residues of that reference.
    pub resolved: usize,
}

/// Scores every target that is in both maps, in order of their names. Targets
/// of which no reference residue is resolved have no score.
#[must_use]
pub fn score_targets(
    predicted: &BTreeMap<String, Structure>,
    references: &BTreeMap<String, Structure>,
) -> Vec<TargetScore> {
    let both: Vec<(&String, &Structure, &Structure)> = references
        .iter()
        .filter_map(|(id, reference)| Some((id, predicted.get(id)?, reference)))
        .collect();
    both.par_iter()
        .filter_map(|(id, predicted, reference)| score(id, predicted, reference))
        .collect()
}

fn score(id: &str, predicted: &Structure, reference: &Structure) -> Option<TargetScore> {
    let mut result: Option<TargetScore> = None;
    let mut independent = Slots::default();
    for (slot, trace) in predicted.copies.iter().enumerate() {
        let mut slot_best = -1.0;
        for truth in &reference.copies {
            let Some(found) = tm_score(trace, truth) else {
                continue;
            };
            if let Some(free) = structural(trace, truth) {
                independent.best = independent.best.max(free.score);
                if slot == 0 {
                    independent.first = independent.first.max(free.score);
                }
            }
            if found.score > slot_best {
                slot_best = found.score;
                if result
                    .as_ref()
                    .is_none_or(|result| found.score > result.best)
                {
                    let first = result.as_ref().map_or(found.score, |result| result.first);
                    result = Some(TargetScore {
                        id: id.to_owned(),
                        best: found.score,
                        best_slot: slot + 1,
                        first,
                        independent,
                        rmsd: rmsd(trace, truth),
                        residues: reference.len(),
                        resolved: found.resolved,
                    });
                }
            }
        }
        if let (0, Some(result)) = (slot, &mut result) {
            result.first = slot_best;
        }
    }
    result.map(|result| TargetScore {
        independent,
        ..result
    })
}

/// What stands beside the scores in a report, by target, where it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// What others would have reached.
    pub references: BTreeMap<String, References>,
    /// The best of all candidates that `predict` had.
    pub pool: BTreeMap<String, f64>,
}

/// The report of these scores, with what stands `beside` them in the details.
/// `group_of` says which targets are not independent; `split` says in words which
/// were held out.
#[must_use]
pub fn report(
    scores: &[TargetScore],
    beside: &Beside,
    group_of: impl Fn(&str) -> String,
    split: &str,
    run: Option<String>,
) -> ValidationReport {
    let items: Vec<ValidationItem> = scores
        .iter()
        .map(|score| ValidationItem {
            id: score.id.clone(),
            group: group_of(&score.id),
            score: rounded(score.best),
            detail: detail(score, beside),
        })
        .collect();
    let grouped: Vec<(&str, f64)> = items
        .iter()
        .map(|item| (item.group.as_str(), item.score))
        .collect();
    let scores: Vec<f64> = items.iter().map(|item| item.score).collect();
    let interval_95 = interval_95(&grouped, SEED).map(rounded);
    let mean = rounded(mean(&scores));
    ValidationReport {
        schema: kgl_contract::Tag::default(),
        competition: COMPETITION.to_owned(),
        metric: Metric {
            name: "TM-score".to_owned(),
            better: Better::Higher,
        },
        split: split.to_owned(),
        items,
        mean,
        interval_95,
        run,
    }
}

fn detail(score: &TargetScore, beside: &Beside) -> Map<String, Value> {
    let mut detail = Map::new();
    let mut put = |name: &str, value: f64| {
        detail.insert(name.into(), rounded(value).into());
    };
    put("first_slot", score.first);
    put("independent", score.independent.best);
    put("independent_first", score.independent.first);
    if let Some(rmsd) = score.rmsd {
        put("rmsd_angstrom", rmsd);
    }
    if let Some(&pool) = beside.pool.get(&score.id) {
        // Candidates were rounded when they were written.
        put("candidates", pool.max(score.best));
    }
    let references = beside.references.get(&score.id);
    if let Some(found) = references {
        put("nearest_identity", found.nearest_identity);
        put("structural_oracle", found.structural);
        for (before, reading) in [("", &found.by_number), ("independent_", &found.independent)] {
            for (name, value) in figures(reading) {
                put(&format!("{before}{name}"), value);
            }
        }
    }
    detail.insert("best_slot".into(), score.best_slot.into());
    detail.insert("residues".into(), score.residues.into());
    detail.insert("resolved_residues".into(), score.resolved.into());
    if let Some(found) = references {
        detail.insert("templates".into(), found.templates.into());
    }
    detail
}

fn figures(reading: &Reading) -> [(&'static str, f64); 6] {
    [
        ("random", reading.random.best),
        ("random_first", reading.random.first),
        ("identity", reading.identity),
        ("recipe", reading.recipe.best),
        ("recipe_first", reading.recipe.first),
        ("oracle", reading.oracle),
    ]
}

/// Six decimals: more would only be noise to read.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::helix;
    use crate::geometry::Point;

    fn trace(count: usize, stretch: f64) -> Vec<Option<Point>> {
        helix(count)
            .into_iter()
            .map(|p| Some([p[0], p[1], p[2] * stretch]))
            .collect()
    }

    fn structure(copies: Vec<Vec<Option<Point>>>) -> Structure {
        Structure {
            residues: vec![b'A'; copies[0].len()],
            copies,
        }
    }

    #[test]
    fn the_best_slot_over_all_references_counts() {
        let (good, bad, other) = (trace(40, 1.0), trace(40, 0.1), trace(40, 3.0));
        let mut hole = good.clone();
        hole[3] = None;
        let predicted = [
            (
                "both".to_owned(),
                structure(vec![bad.clone(), good.clone()]),
            ),
            ("lonely".to_owned(), structure(vec![good.clone()])),
        ];
        let references = [
            (
                "both".to_owned(),
                structure(vec![other.clone(), hole.clone()]),
            ),
            ("unasked".to_owned(), structure(vec![good])),
        ];
        let scores = score_targets(&predicted.into(), &references.into());
        assert_eq!(scores.len(), 1);
        assert_eq!(
            (scores[0].best_slot, scores[0].residues, scores[0].resolved),
            (2, 40, 39)
        );
        let first = [&other, &hole].map(|truth| tm_score(&bad, truth).unwrap().score);
        assert!((scores[0].best - 1.0).abs() < 1e-9);
        assert!((scores[0].first - first[0].max(first[1])).abs() < 1e-12);
        assert!(first[0].max(first[1]) < 0.5 && (first[0] - first[1]).abs() > 1e-3);
        assert!(scores[0].rmsd.unwrap() < 1e-6);
        // The second reading takes the best slot, and the first, over both truths.
        let free = [&other, &hole].map(|truth| structural(&bad, truth).unwrap().score);
        let independent = scores[0].independent;
        assert!((independent.best - 1.0).abs() < 1e-9);
        assert!((independent.first - free[0].max(free[1])).abs() < 1e-12);
    }

    #[test]
    fn the_report_carries_groups_mean_and_interval() {
        let scores: Vec<TargetScore> = [("a_1", 0.2), ("a_2", 0.4), ("b_1", 0.9)]
            .map(|(id, best)| TargetScore {
                id: id.to_owned(),
                best,
                best_slot: 1,
                first: best,
                independent: Slots {
                    best: best + 0.05,
                    first: best,
                },
                rmsd: None,
                residues: 9,
                resolved: 8,
            })
            .into();
        let report = report(
            &scores,
            &Beside {
                pool: [("a_1".to_owned(), 0.1), ("b_1".to_owned(), 0.95)].into(),
                ..Beside::default()
            },
            |id| id[..1].to_owned(),
            "all",
            None,
        );
        assert!((report.mean - 0.5).abs() < 1e-9);
        let [low, high] = report.interval_95;
        assert!((low - 0.3).abs() < 1e-9 && (high - 0.9).abs() < 1e-9);
        assert_eq!(report.items[1].group, "a");
        assert!(!report.items[0].detail.contains_key("rmsd_angstrom"));
        assert_eq!(report.items[1].detail["independent"], 0.45);
        // No candidate is below what was chosen among them.
        assert_eq!(report.items[0].detail["candidates"], 0.2);
        assert_eq!(report.items[2].detail["candidates"], 0.95);
        assert!(!report.items[1].detail.contains_key("candidates"));
    }
}
