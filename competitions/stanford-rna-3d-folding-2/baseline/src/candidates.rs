//! All structures that a target might be given, and what can be said of each
//! before the truth is known.
//!
//! Templates come twice: as the search aligned them, and realigned with an eye
//! on structure ([`crate::realign`]). Beside them stand the chain's own
//! foldings and one helix.

use std::collections::BTreeMap;

use kgl_contract::Hit;
use rayon::prelude::*;

use crate::complete::{build, complete};
use crate::contacts::pairs_of;
use crate::fold::{Pairs, alternative_folds, can_pair};
use crate::geometry::Point;
use crate::labels::Structure;
use crate::realign::{Column, Worth, realign};
use crate::submission::SampleTarget;
use crate::tm_score::{quick_tm_score, to_f64};
use crate::transfer::{HitError, hit_columns};

/// What columns are worth when a template is realigned.
const WORTH: Worth = Worth {
    same: 20,
    different: -15,
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
/// Foldings of the chain itself.
const FOLDS: usize = 3;
/// A template must give places to this many residues: fewer fix no shape.
const FEWEST_COPIED: usize = 3;
/// How sharply the agreement with templates prefers those with a high score.
const SHARPNESS: f64 = 4.0;

/// How many figures there are of a candidate.
pub const FIGURES: usize = 15;
/// What the figures are called. Those of kinds a candidate is not of are 0; all
/// have an agreement: how much they resemble the templates, high scores first.
pub const NAMES: [&str; FIGURES] = [
    "template",
    "template_log_length",
    "alignment_score",
    "identity",
    "covered",
    "pairs_kept",
    "pairs_broken",
    "pairs_lost",
    "agreement",
    "agreement_log_length",
    "folding",
    "folding_log_length",
    "folding_paired",
    "helix",
    "helix_log_length",
];

/// The library as the candidates need it: structures with their pairs.
pub type Library = BTreeMap<String, (Structure, Pairs)>;

/// The structures of templates with the pairs they show.
#[must_use]
pub fn with_pairs(structures: BTreeMap<String, Structure>) -> Library {
    structures
        .into_par_iter()
        .map(|(id, structure)| {
            let trace = structure.copies.first().map_or(&[][..], Vec::as_slice);
            let pairs = pairs_of(&structure.residues, trace);
            (id, (structure, pairs))
        })
        .collect()
}

/// One structure that a target might be given.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The template; `None` where there is none.
    pub template: Option<String>,
    /// The coordinates of all residues.
    pub trace: Vec<Point>,
    /// What is known of it, by [`NAMES`].
    pub figures: [f64; FIGURES],
}

/// A target's candidates, and how much they resemble each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pool {
    /// The candidates.
    pub candidates: Vec<Candidate>,
    /// Quick TM-scores, `[i][j]` of candidate i against candidate j.
    pub alike: Vec<Vec<f64>>,
}

/// A template that may become a candidate.
struct Choice<'a> {
    hit: &'a Hit,
    template: &'a (Structure, Pairs),
    /// Score of the alignment over the shorter length, in residues.
    score: f64,
    columns: Vec<Column>,
}

/// The pool of `target`.
///
/// # Errors
/// A hit that contradicts the query or the template's structure.
pub fn pool(
    target: &SampleTarget,
    hits: &[Hit],
    score_scale: u32,
    library: &Library,
) -> Result<Pool, HitError> {
    let sequence = target.sequence.as_slice();
    let folds = alternative_folds(sequence, FOLDS);
    let unpaired = vec![None; sequence.len()];
    let folding = folds.first().unwrap_or(&unpaired);
    let most = (MOST_RESIDUES / sequence.len().max(1)).clamp(FEWEST_TEMPLATES, MOST_TEMPLATES);
    let mut as_found = Vec::new();
    let mut by_structure = Vec::new();
    for hit in hits {
        let Some(template) = library.get(&hit.target) else {
            continue;
        };
        let length = template.0.len();
        if template.0.copies.is_empty() {
            continue;
        }
        let shorter = to_f64(sequence.len().min(length).max(1));
        let columns = hit_columns(&target.id, hit, &template.0, sequence.len())?;
        as_found.push(Choice {
            hit,
            template,
            score: in_matches(hit.score, score_scale) / shorter,
            columns,
        });
        if sequence.len().saturating_mul(length) <= MOST_CELLS {
            let (score, columns) = realign(
                (sequence, folding),
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
    let mut candidates = Vec::new();
    let mut scores = Vec::new();
    for mut choices in [as_found, by_structure] {
        // Stable: equal ones stay in the search's order.
        choices.sort_by(|a, b| b.score.total_cmp(&a.score));
        for choice in choices.iter().take(most) {
            let score = structural
                .get(choice.hit.target.as_str())
                .copied()
                .unwrap_or(choice.score);
            if let Some(candidate) = of_template(target, choice, score) {
                let twice = candidates
                    .iter()
                    .any(|other: &Candidate| other.trace == candidate.trace);
                if !twice {
                    candidates.push(candidate);
                    scores.push(score);
                }
            }
        }
    }
    candidates.extend(folds.iter().map(|pairs| of_folding(target, pairs)));
    candidates.push(of_helix(target));
    let alike = resemblance(&candidates);
    agree(&mut candidates, &scores, &alike, sequence.len());
    Ok(Pool { candidates, alike })
}

/// A score of the search in matches, which are worth 2 in search.json.
fn in_matches(score: i64, scale: u32) -> f64 {
    let tenths = i32::try_from(score).unwrap_or(i32::MIN);
    f64::from(tenths) / (2.0 * f64::from(scale.max(1)))
}

/// Natural logarithm of a chain's length.
fn log_length(length: usize) -> f64 {
    libm::log(to_f64(length.max(1)))
}

/// The candidate that a template makes; `None` where it gives too few places.
fn of_template(target: &SampleTarget, choice: &Choice<'_>, score: f64) -> Option<Candidate> {
    let sequence = target.sequence.as_slice();
    let (structure, pairs) = choice.template;
    let trace = structure.copies.first()?;
    let length = sequence.len();
    let mut copied = vec![None; length];
    let mut place = vec![None; structure.len()];
    let mut same = 0;
    for &(i, j) in &choice.columns {
        copied[i] = trace[j];
        place[j] = Some(i);
        same += usize::from(sequence[i].eq_ignore_ascii_case(&structure.residues[j]));
    }
    let covered = copied.iter().flatten().count();
    if covered < FEWEST_COPIED.min(length) {
        return None;
    }
    let (mut kept, mut broken, mut lost) = (0, 0, 0);
    for &(i, j) in &choice.columns {
        let Some(partner) = pairs.get(j).copied().flatten() else {
            continue;
        };
        match place[partner] {
            Some(other) if can_pair(sequence[i], sequence[other]) => kept += 1,
            Some(_) => broken += 1,
            None => lost += 1,
        }
    }
    let part = |count: usize| to_f64(count) / to_f64(length);
    let mut figures = [0.0; FIGURES];
    figures[..8].copy_from_slice(&[
        1.0,
        log_length(length),
        score,
        part(same),
        part(covered),
        part(kept),
        part(broken),
        part(lost),
    ]);
    Some(Candidate {
        template: Some(choice.hit.target.clone()),
        trace: complete(sequence, &target.cuts, &copied),
        figures,
    })
}

fn of_folding(target: &SampleTarget, pairs: &Pairs) -> Candidate {
    let length = target.sequence.len();
    let mut figures = [0.0; FIGURES];
    let paired = to_f64(pairs.iter().flatten().count()) / to_f64(length.max(1));
    figures[10..13].copy_from_slice(&[1.0, log_length(length), paired]);
    Candidate {
        template: None,
        trace: build(pairs, &target.cuts),
        figures,
    }
}

fn of_helix(target: &SampleTarget) -> Candidate {
    let length = target.sequence.len();
    let mut figures = [0.0; FIGURES];
    figures[13..].copy_from_slice(&[1.0, log_length(length)]);
    Candidate {
        template: None,
        trace: build(&vec![None; length], &target.cuts),
        figures,
    }
}

/// Quick TM-scores of all pairs.
fn resemblance(candidates: &[Candidate]) -> Vec<Vec<f64>> {
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
fn agree(candidates: &mut [Candidate], scores: &[f64], alike: &[Vec<f64>], length: usize) {
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
        candidate.figures[8] = agreement;
        candidate.figures[9] = agreement * log_length(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    const SEQUENCE: &[u8] = b"GGCGCUUUUGCGCC";

    fn hit(target: &str) -> Hit {
        Hit {
            target: target.into(),
            target_index: 0,
            score: 280,
            alignment: Some(kgl_contract::HitAlignment {
                matches: 14,
                columns: 14,
                query_span: [0, 14],
                target_span: [0, 14],
                cigar: "14=".into(),
            }),
        }
    }

    fn target(sequence: &[u8]) -> SampleTarget {
        SampleTarget {
            id: "q".into(),
            sequence: sequence.to_vec(),
            cuts: Vec::new(),
        }
    }

    fn library() -> Library {
        let trace = build(&fold(SEQUENCE), &[]).into_iter().map(Some).collect();
        let structure = Structure {
            residues: SEQUENCE.to_vec(),
            copies: vec![trace],
        };
        with_pairs([("same".to_owned(), structure)].into())
    }

    #[test]
    fn a_template_is_described_and_alike_ones_stand_once() {
        let hits = [hit("same"), hit("unlabelled")];
        let pool = pool(&target(SEQUENCE), &hits, 10, &library()).unwrap();
        // Both alignments are the same; then the foldings and the helix.
        let templates: Vec<bool> = pool
            .candidates
            .iter()
            .map(|c| c.template.is_some())
            .collect();
        assert!(templates[0] && !templates[1] && templates.len() >= 3);
        let figures = pool.candidates[0].figures;
        let named = |name: &str| figures[NAMES.iter().position(|n| *n == name).unwrap()];
        for (name, expected) in [
            ("identity", 1.0),
            ("covered", 1.0),
            ("pairs_kept", 10.0 / 14.0),
            ("pairs_broken", 0.0),
            ("agreement", 1.0),
            ("folding", 0.0),
        ] {
            assert!(
                (named(name) - expected).abs() < 1e-9,
                "{name}: {}",
                named(name)
            );
        }
        let last = pool.candidates.last().unwrap();
        assert!(last.figures[8] < 0.9 && last.figures[13] > 0.5);
    }

    #[test]
    fn without_hits_the_chain_itself_remains() {
        let pool = pool(&target(b"AAAA"), &[], 10, &Library::new()).unwrap();
        assert_eq!(pool.candidates.len(), 1);
        assert_eq!(pool.alike, [[1.0]]);
    }

    #[test]
    fn a_pair_that_the_query_cannot_make_is_broken() {
        let mut sequence = SEQUENCE.to_vec();
        sequence[1] = b'A';
        let pool = pool(&target(&sequence), &[hit("same")], 10, &library()).unwrap();
        assert!((pool.candidates[0].figures[6] - 2.0 / 14.0).abs() < 1e-9);
    }
}
