//! From what the search found to five structures a target: the pool of
//! [`crate::candidates`], of which [`crate::choose`] takes five. Where there are
//! fewer candidates than slots, coils fill up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use kgl_contract::{Hit, SearchMerged};
use rayon::prelude::*;

use crate::bridge::bridge;
use crate::candidates::{Library, pool, with_pairs};
use crate::choose::choose;
use crate::geometry::Point;
use crate::helix::STEP;
use crate::labels::{Keep, Structure, read_labels_into};
use crate::submission::{Sample, SampleTarget};
use crate::table::TableError;
use crate::tm_score::to_f64;
use crate::transfer::{HitError, fit_for_submission};

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
    let library = with_pairs(read_structures(labels, &wanted)?);
    let predicted: Vec<(Vec<Vec<Point>>, Vec<String>)> = sample
        .targets
        .par_iter()
        .map(|target| {
            let hits = hits.get(target.id.as_str()).copied().unwrap_or_default();
            predict_target(
                target,
                hits,
                merged.score_scale,
                &library,
                sample.structures,
            )
        })
        .collect::<Result<_, _>>()?;
    let (structures, templates) = predicted.into_iter().unzip();
    Ok(Prediction {
        structures,
        templates,
    })
}

/// The first structure of each of the targets `wanted` in the label files `labels`.
///
/// # Errors
/// A label file that cannot be read.
pub fn read_structures(
    labels: &[PathBuf],
    wanted: &BTreeSet<&str>,
) -> Result<BTreeMap<String, Structure>, TableError> {
    let mut structures: BTreeMap<String, Structure> = BTreeMap::new();
    for path in labels {
        read_labels_into(
            path,
            Keep::First,
            |target| wanted.contains(target),
            &mut structures,
        )?;
    }
    Ok(structures)
}

/// The `slots` structures of one target and the templates among them.
fn predict_target(
    target: &SampleTarget,
    hits: &[Hit],
    score_scale: u32,
    library: &Library,
    slots: usize,
) -> Result<(Vec<Vec<Point>>, Vec<String>), PredictError> {
    let pool = pool(target, hits, score_scale, library)?;
    let chosen = choose(&pool, slots);
    let mut traces: Vec<Vec<Point>> = Vec::with_capacity(slots);
    let mut templates = Vec::new();
    for k in chosen {
        let candidate = &pool.candidates[k];
        traces.push(fit_for_submission(&candidate.trace));
        templates.extend(candidate.template.clone());
    }
    traces.extend(
        coils(target.sequence.len(), slots - traces.len())
            .iter()
            .map(|trace| fit_for_submission(trace)),
    );
    Ok((traces, templates))
}

/// `count` different traces of `length` residues for slots that no candidate
/// fills: ever more open arcs and coils. None is likely, but they differ.
fn coils(length: usize, count: usize) -> Vec<Vec<Point>> {
    let mut openness = 0.0;
    (0..count)
        .map(|_| {
            openness += 0.2;
            let end = [openness * STEP * to_f64(length).min(40.0), 0.0, 0.0];
            bridge([0.0; 3], end, length, [0.0, 0.0, 1.0])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::with_pairs;
    use crate::complete::complete;

    fn target(sequence: &[u8]) -> SampleTarget {
        SampleTarget {
            id: "Q".into(),
            sequence: sequence.to_vec(),
            cuts: Vec::new(),
        }
    }

    fn hit(name: &str, cigar: &str, length: u32) -> Hit {
        Hit {
            target: name.into(),
            target_index: 0,
            score: 20 * i64::from(length),
            alignment: Some(kgl_contract::HitAlignment {
                matches: length,
                columns: length,
                query_span: [0, length],
                target_span: [0, length],
                cigar: cigar.into(),
            }),
        }
    }

    #[test]
    fn a_template_of_the_same_sequence_comes_first() {
        let sequence = b"GGCGCAAGACUUCGGUCAAAGCGCC";
        let mut known = complete(sequence, &[], &[None; 25]);
        // A bend that no folding would make.
        for point in &mut known[12..] {
            *point = [point[0] + 9.0, point[2], -point[1]];
        }
        let structure = Structure {
            residues: sequence.to_vec(),
            copies: vec![known.into_iter().map(Some).collect()],
        };
        let library = with_pairs([("T".to_owned(), structure.clone())].into());
        let (traces, templates) =
            predict_target(&target(sequence), &[hit("T", "25=", 25)], 10, &library, 5).unwrap();
        assert_eq!((traces.len(), templates), (5, vec!["T".to_owned()]));
        let first: Vec<_> = traces[0].iter().copied().map(Some).collect();
        let found = crate::tm_score::tm_score(&first, &structure.copies[0]).unwrap();
        assert!(found.score > 0.99, "{}", found.score);
    }

    #[test]
    fn without_templates_all_slots_are_filled_and_differ() {
        for sequence in [&b"GGGGCAAAAGCCCC"[..], b"AAAAAAAAA", b"A"] {
            let (traces, templates) =
                predict_target(&target(sequence), &[], 10, &Library::new(), 5).unwrap();
            assert!(templates.is_empty());
            for (k, trace) in traces.iter().enumerate() {
                assert_eq!(trace.len(), sequence.len());
                let different = traces[..k].iter().all(|other| other != trace);
                assert!(different || sequence.len() == 1);
            }
        }
    }
}
