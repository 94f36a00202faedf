//! Templates that may become candidates, by two alignments each: as the search
//! found them, and realigned with an eye on pairs.

use std::collections::BTreeMap;

use kgl_contract::Hit;

use super::{Candidate, Library, figures};
use crate::complete::complete;
use crate::ensemble::Foldings;
use crate::fold::Pairs;
use crate::labels::Structure;
use crate::realign::{Column, Worth, realign};
use crate::submission::SampleTarget;
use crate::tm_score::to_f64;
use crate::transfer::{HitError, hit_columns};

/// What columns are worth when a template is realigned.
const WORTH: Worth = Worth {
    same: 20,
    different: -10,
    paired: 10,
    odd: -10,
    open: -80,
    extend: -4,
    end: -4,
};
/// Pairs of sequences with more cells than this are not realigned.
const MOST_CELLS: usize = 4_000_000;
/// Templates of each kind that become candidates, at most and at least.
const MOST_TEMPLATES: usize = 32;
/// See [`MOST_TEMPLATES`].
const FEWEST_TEMPLATES: usize = 6;
/// Residues that all candidates of one kind may have together.
const MOST_RESIDUES: usize = 40_000;
/// A template must give places to this many residues: fewer fix no shape.
const FEWEST_COPIED: usize = 3;

/// A template that may become a candidate.
struct Choice<'a> {
    hit: &'a Hit,
    template: &'a (Structure, Pairs),
    /// Score of the alignment over the shorter length, in residues.
    score: f64,
    columns: Vec<Column>,
}

/// The candidates that templates make, each with the score of its alignment.
///
/// # Errors
/// A hit that contradicts the query or the template's structure.
pub(super) fn candidates(
    target: &SampleTarget,
    hits: &[Hit],
    score_scale: u32,
    library: &Library,
    foldings: &Foldings,
) -> Result<Vec<(f64, Candidate)>, HitError> {
    let length = target.sequence.len();
    let most = (MOST_RESIDUES / length.max(1)).clamp(FEWEST_TEMPLATES, MOST_TEMPLATES);
    let mut as_found = Vec::new();
    let mut by_structure = Vec::new();
    for hit in hits {
        let Some(template) = library.get(&hit.target) else {
            continue;
        };
        if template.0.copies.is_empty() {
            continue;
        }
        let shorter = to_f64(length.min(template.0.len()).max(1));
        as_found.push(Choice {
            hit,
            template,
            score: in_matches(hit.score, score_scale) / shorter,
            columns: hit_columns(&target.id, hit, &template.0, length)?,
        });
        if length.saturating_mul(template.0.len()) <= MOST_CELLS {
            let (score, columns) = realign(
                (&target.sequence, &foldings.sides),
                (&template.0.residues, &template.1),
                &WORTH,
            );
            by_structure.push(Choice {
                hit,
                template,
                score: f64::from(score) / f64::from(WORTH.same) / shorter,
                columns,
            });
        }
    }
    let structural: BTreeMap<&str, f64> = by_structure
        .iter()
        .map(|choice| (choice.hit.target.as_str(), choice.score))
        .collect();
    let mut candidates: Vec<(f64, Candidate)> = Vec::new();
    for mut choices in [as_found, by_structure] {
        // Stable: equal ones stay in the search's order.
        choices.sort_by(|a, b| b.score.total_cmp(&a.score));
        for choice in choices.iter().take(most) {
            let score = structural.get(choice.hit.target.as_str()).copied();
            let score = score.unwrap_or(choice.score);
            let Some(candidate) = candidate(target, choice, score, foldings) else {
                continue;
            };
            let twice = candidates
                .iter()
                .any(|(_, other)| other.trace == candidate.trace);
            if !twice {
                candidates.push((score, candidate));
            }
        }
    }
    Ok(candidates)
}

/// A score of the search in matches, which are worth 2 in search.json.
fn in_matches(score: i64, scale: u32) -> f64 {
    let tenths = i32::try_from(score).unwrap_or(i32::MIN);
    f64::from(tenths) / (2.0 * f64::from(scale.max(1)))
}

/// The candidate that a template makes; `None` where it gives too few places.
fn candidate(
    target: &SampleTarget,
    choice: &Choice<'_>,
    score: f64,
    foldings: &Foldings,
) -> Option<Candidate> {
    let sequence = target.sequence.as_slice();
    let (structure, pairs) = choice.template;
    let trace = structure.copies.first()?;
    let mut copied = vec![None; sequence.len()];
    for &(i, j) in &choice.columns {
        copied[i] = trace[j];
    }
    let covered = copied.iter().flatten().count();
    if covered < FEWEST_COPIED.min(sequence.len()) {
        return None;
    }
    Some(Candidate {
        template: Some(choice.hit.target.clone()),
        trace: complete(sequence, &target.cuts, &copied),
        figures: figures::of_template(
            (sequence, &structure.residues),
            (&choice.columns, pairs),
            foldings,
            score,
            covered,
        ),
    })
}
