//! From what the search found to five structures a target.
//!
//! The best template comes first and the others come from different templates
//! in order. One slot is kept for the chain's own folding, built without any
//! template: it is the first slot where even the best template is a distant
//! one, else the last. On 124 structures of 2014 to 2019 (older templates only)
//! the kept slot raised the mean of the best of five from 0.364 to 0.388, and
//! its place the mean of the first slot from 0.299 to 0.319. Where there are
//! fewer templates than slots, other foldings, helices and coils fill up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use kgl_contract::{Hit, SearchMerged};
use rayon::prelude::*;

use crate::bridge::bridge;
use crate::complete::{build, complete, helix};
use crate::fold::{alternative_folds, fold};
use crate::geometry::Point;
use crate::helix::STEP;
use crate::labels::{Keep, Structure, read_labels_into};
use crate::submission::{Sample, SampleTarget};
use crate::table::TableError;
use crate::tm_score::to_f64;
use crate::transfer::{HitError, copy_hit, fit_for_submission};

/// A template must give places to this many residues: fewer fix no shape.
const FEWEST_COPIED: usize = 3;
/// The part of the query's residues, as numerator and denominator, that a
/// template must share before it is put above the chain's own folding.
const TRUSTED_IDENTITY: (usize, usize) = (3, 5);

/// Why there is no prediction.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// A table is not what it should be.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The search and the structures contradict each other.
    #[error(transparent)]
    Hit(#[from] HitError),
}

/// The structures of all targets of a sample, and what they rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// `[target][slot][residue]`, targets in the sample's order; fit for a
    /// submission: three decimals, within the limits.
    pub structures: Vec<Vec<Vec<Point>>>,
    /// For each target the templates used, best first; fewer than the slots
    /// where guesses fill up.
    pub templates: Vec<Vec<String>>,
}

/// Predicts the targets of `sample` with the hits of `merged` whose structures
/// are in the label files `labels` (a target in several counts in the first).
/// The result does not depend on the number of rayon's threads.
///
/// # Errors
/// A label file that cannot be read, or hits that do not fit their structures.
pub fn predict(
    merged: &SearchMerged,
    sample: &Sample,
    labels: &[PathBuf],
) -> Result<Prediction, PredictError> {
    let asked: BTreeSet<&str> = sample.targets.iter().map(|t| t.id.as_str()).collect();
    let hits: BTreeMap<&str, &[Hit]> = merged
        .results
        .iter()
        .filter(|row| asked.contains(row.query.as_str()))
        .map(|row| (row.query.as_str(), row.hits.as_slice()))
        .collect();
    let wanted: BTreeSet<&str> = hits
        .values()
        .flat_map(|hits| hits.iter())
        .map(|hit| hit.target.as_str())
        .collect();
    let mut structures = BTreeMap::new();
    for path in labels {
        read_labels_into(
            path,
            Keep::First,
            |target| wanted.contains(target),
            &mut structures,
        )?;
    }
    let predicted: Vec<(Vec<Vec<Point>>, Vec<String>)> = sample
        .targets
        .par_iter()
        .map(|target| {
            let hits = hits.get(target.id.as_str()).copied().unwrap_or_default();
            predict_target(target, hits, &structures, sample.structures)
        })
        .collect::<Result<_, _>>()?;
    let (structures, templates) = predicted.into_iter().unzip();
    Ok(Prediction {
        structures,
        templates,
    })
}

/// The `slots` structures of one target and the templates among them.
fn predict_target(
    target: &SampleTarget,
    hits: &[Hit],
    structures: &BTreeMap<String, Structure>,
    slots: usize,
) -> Result<(Vec<Vec<Point>>, Vec<String>), PredictError> {
    // A chain that cannot fold has no guess worth a template's slot.
    let kept = usize::from(fold(&target.sequence).iter().any(Option::is_some));
    let mut traces = Vec::with_capacity(slots);
    let mut templates = Vec::new();
    let mut trusted = false;
    for (hit, template) in ranked(target.sequence.len(), hits, structures) {
        if traces.len() + kept >= slots {
            break;
        }
        let copied = copy_hit(&target.id, hit, template, target.sequence.len())?;
        if copied.iter().flatten().count() >= FEWEST_COPIED.min(copied.len()) {
            trusted |= traces.is_empty() && is_trusted(hit, target.sequence.len());
            traces.push(complete(&target.sequence, &copied));
            templates.push(hit.target.clone());
        }
    }
    let mut guesses = guesses(&target.sequence, slots - traces.len());
    if kept > 0 && !trusted && !guesses.is_empty() {
        traces.insert(0, guesses.remove(0));
    }
    traces.append(&mut guesses);
    Ok((
        traces
            .iter()
            .map(|trace| fit_for_submission(trace))
            .collect(),
        templates,
    ))
}

/// Whether `hit` shares enough residues with a query of `length` to be put
/// above a guess.
fn is_trusted(hit: &Hit, length: usize) -> bool {
    let (part, whole) = TRUSTED_IDENTITY;
    let matches = hit.alignment.as_ref().map_or(0, |found| found.matches);
    usize::try_from(matches)
        .unwrap_or(usize::MAX)
        .saturating_mul(whole)
        >= length * part
}

/// The hits that have a structure, best first: by score over the shorter of the
/// two lengths, so that a long template does not win by its length; equal ones
/// in the search's order.
fn ranked<'a>(
    length: usize,
    hits: &'a [Hit],
    structures: &'a BTreeMap<String, Structure>,
) -> Vec<(&'a Hit, &'a Structure)> {
    let mut usable: Vec<(&Hit, &Structure)> = hits
        .iter()
        .filter_map(|hit| Some((hit, structures.get(&hit.target)?)))
        .filter(|(_, template)| !template.copies.is_empty())
        .collect();
    // a/b > c/d as a·d > c·b: exact, so that ties are ties everywhere.
    let shorter = |template: &Structure| length.min(template.len()) as i128;
    usable.sort_by(|(a, at), (b, bt)| {
        (i128::from(b.score) * shorter(at)).cmp(&(i128::from(a.score) * shorter(bt)))
    });
    usable
}

/// `count` different traces for `sequence` without any template, the most
/// likely first.
fn guesses(sequence: &[u8], count: usize) -> Vec<Vec<Point>> {
    let mut traces: Vec<Vec<Point>> = alternative_folds(sequence, count)
        .iter()
        .map(build)
        .collect();
    if traces.len() < count {
        traces.push(helix(sequence.len()));
    }
    // Ever more open arcs and coils: none is likely, but they differ.
    let length = to_f64(sequence.len());
    let mut openness = 0.0;
    while traces.len() < count {
        openness += 0.2;
        let end = [openness * STEP * length.min(40.0), 0.0, 0.0];
        traces.push(bridge([0.0; 3], end, sequence.len(), [0.0, 0.0, 1.0]));
    }
    traces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::distance;
    use kgl_contract::HitAlignment;

    const FOLDS: &[u8] = b"GGGGCAAAAGCCCC";

    fn target(sequence: &[u8]) -> SampleTarget {
        SampleTarget {
            id: "Q".into(),
            sequence: sequence.to_vec(),
        }
    }

    fn hit(name: usize, score: i64, matches: u32) -> Hit {
        Hit {
            target: format!("T{name}"),
            target_index: 0,
            score,
            alignment: Some(HitAlignment {
                matches,
                columns: 14,
                query_span: [0, 14],
                target_span: [0, 14],
                cigar: "14=".into(),
            }),
        }
    }

    /// Straight templates, each with steps of its own.
    fn library(count: usize) -> BTreeMap<String, Structure> {
        let trace = |k: usize| {
            (0..14)
                .map(|i| Some([to_f64((k + 1) * i), 0.0, 0.0]))
                .collect()
        };
        (0..count)
            .map(|k| {
                (
                    format!("T{k}"),
                    Structure {
                        residues: vec![b'G'; 14],
                        copies: vec![trace(k)],
                    },
                )
            })
            .collect()
    }

    fn steps(sequence: &[u8], hits: &[Hit], library: &BTreeMap<String, Structure>) -> Vec<f64> {
        let (traces, _) = predict_target(&target(sequence), hits, library, 5).unwrap();
        assert_eq!(traces.len(), 5);
        traces
            .iter()
            .map(|trace| distance(trace[0], trace[1]).round())
            .collect()
    }

    #[test]
    fn templates_come_in_order_and_one_slot_is_the_chains_own_folding() {
        let hits: Vec<Hit> = (0..7)
            .map(|k| hit(k, 100 - i64::try_from(k % 5).unwrap(), 14))
            .collect();
        let near = steps(FOLDS, &hits, &library(7));
        // T0 and T5 share a score: the search's order decides.
        assert_eq!(
            near[..4].iter().map(|s| format!("{s}")).collect::<Vec<_>>(),
            ["1", "6", "2", "7"]
        );
        let far: Vec<Hit> = (0..7)
            .map(|k| hit(k, 100 - i64::try_from(k % 5).unwrap(), 3))
            .collect();
        let far = steps(FOLDS, &far, &library(7));
        assert_eq!(
            far[1..].iter().map(|s| format!("{s}")).collect::<Vec<_>>(),
            ["1", "6", "2", "7"]
        );
        let unfoldable = steps(&[b'A'; 14], &hits, &library(7));
        assert_eq!(format!("{}", unfoldable[4]), "3");
    }

    #[test]
    fn a_longer_template_does_not_win_by_its_length() {
        let mut library = library(2);
        if let Some(long) = library.get_mut("T0") {
            long.residues.resize(400, b'G');
            long.copies[0].resize(400, None);
        }
        let query = [b'A'; 40];
        let hits = [hit(0, 300, 14), hit(1, 200, 14)];
        let order: Vec<&str> = ranked(query.len(), &hits, &library)
            .iter()
            .map(|(hit, _)| hit.target.as_str())
            .collect();
        assert_eq!(order, ["T1", "T0"]);
    }

    #[test]
    fn guesses_differ() {
        for sequence in [FOLDS, b"AAAAAAAAA"] {
            let guesses = guesses(sequence, 5);
            for (k, guess) in guesses.iter().enumerate() {
                assert_eq!(guess.len(), sequence.len());
                assert!(guesses[..k].iter().all(|other| other != guess));
            }
        }
    }
}
