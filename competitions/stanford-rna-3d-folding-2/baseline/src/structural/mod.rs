//! The best structural alignment of two traces, and the TM-score by it: the
//! metric's second reading, which asks for the shape and not for the numbers.
//!
//! The score is that of [`crate::tm_score`], its maximum taken over all alignments
//! that keep the order of both chains as well. Nobody knows that maximum in closed
//! form either; the search is TM-align's (Zhang & Skolnick, Nucleic Acids Res. 33,
//! 2005; for RNA: Gong et al., Bioinformatics 35, 2019): from several starts, the
//! best alignment for a superposition ([`dynamic`]) and the best superposition for
//! an alignment take turns until neither improves.
//!
//! ```text
//! starts                    numbers equal · chains shifted · short pieces laid
//!                           upon each other
//! superposition ─► alignment ─► superposition ─► …      until it stays
//! ```
//!
//! The alignment by number is one of those that compete, so this reading is never
//! below the first. (US-align does not try it and can be below.)

mod dynamic;
mod starts;

use dynamic::Dynamic;

use crate::geometry::{Motion, Point};
use crate::tm_score::{Effort, best_of_pairs, centre, d0, tm_score_with_d0, to_f64};

/// Pairs of traces with more cells than this are compared by number only.
const MOST_CELLS: usize = 64_000_000;
/// How many starts are followed to their end.
const FOLLOWED: usize = 8;
/// How often alignment and superposition take turns, at most.
const TURNS: usize = 6;
/// What opening a gap costs, in pairs: first more, so that the alignment does not
/// fray, then nothing.
const OPENINGS: [f64; 2] = [0.6, 0.0];
/// How much wider than d0 the alignments look, in ångström: d0 of a short chain is
/// far below what an imperfect superposition leaves.
const WIDER: f64 = 0.8;

/// One column: residue of the model, residue of the reference.
pub type Column = (usize, usize);

/// The best structural alignment that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Structural {
    /// The TM-score by it, 0 to 1.
    pub score: f64,
    /// Its columns, ascending.
    pub columns: Vec<Column>,
}

/// The sequence-independent TM-score of `model` against `reference`; `None` where
/// the reference has no resolved residue.
#[must_use]
pub fn structural(model: &[Option<Point>], reference: &[Option<Point>]) -> Option<Structural> {
    let resolved = reference.iter().flatten().count();
    structural_with_d0(model, reference, d0(resolved))
}

/// [`structural`] with a distance scale `d0` in ångström chosen by the caller.
#[must_use]
pub fn structural_with_d0(
    model: &[Option<Point>],
    reference: &[Option<Point>],
    d0: f64,
) -> Option<Structural> {
    let numbered = tm_score_with_d0(model, reference, d0)?;
    let by_number = Structural {
        score: numbered.score,
        columns: (0..model.len().min(reference.len()))
            .filter(|&i| model[i].is_some() && reference[i].is_some())
            .map(|i| (i, i))
            .collect(),
    };
    let Some(found) = Comparison::new(model, reference, d0).and_then(|mut c| c.align()) else {
        return Some(by_number);
    };
    Some(if found.score > by_number.score {
        found
    } else {
        by_number
    })
}

/// A lower bound of [`structural`] at a small part of its cost, for sorting many
/// templates and never for a figure that is reported.
#[must_use]
pub fn quick_structural(model: &[Option<Point>], reference: &[Option<Point>]) -> f64 {
    let d0 = d0(reference.iter().flatten().count());
    Comparison::new(model, reference, d0).map_or(0.0, |mut comparison| comparison.glance())
}

/// Two traces being compared: their resolved residues only.
struct Comparison {
    model: Vec<Point>,
    reference: Vec<Point>,
    /// Which residues those are.
    model_at: Vec<usize>,
    reference_at: Vec<usize>,
    d0: f64,
    dynamic: Dynamic,
}

/// A superposition from which a search goes on, and what it promises.
#[derive(Clone, Copy)]
struct Start {
    motion: Motion,
    sum: f64,
}

impl Comparison {
    fn new(model: &[Option<Point>], reference: &[Option<Point>], d0: f64) -> Option<Self> {
        let resolved = |trace: &[Option<Point>]| -> (Vec<usize>, Vec<Point>) {
            let places = trace.iter().enumerate();
            places.filter_map(|(i, p)| Some((i, (*p)?))).unzip()
        };
        let (model_at, mut model) = resolved(model);
        let (reference_at, mut reference) = resolved(reference);
        let cells = model.len().saturating_mul(reference.len());
        if cells == 0 || cells > MOST_CELLS {
            return None;
        }
        centre(&mut model);
        centre(&mut reference);
        Some(Self {
            d0,
            dynamic: Dynamic::new(&reference),
            model,
            reference,
            model_at,
            reference_at,
        })
    }

    /// The best alignment of all starts.
    fn align(&mut self) -> Option<Structural> {
        let mut starts = self.starts(starts::MANY);
        starts.truncate(FOLLOWED);
        let mut best: Option<(f64, Vec<Column>)> = None;
        for start in starts {
            for opening in OPENINGS {
                self.follow(start.motion, opening, &mut best);
            }
        }
        let (_, columns) = best?;
        let (sum, _) = self.superpose(&columns, Effort::Full);
        Some(Structural {
            score: sum / to_f64(self.reference.len()),
            columns: columns
                .into_iter()
                .map(|(i, j)| (self.model_at[i], self.reference_at[j]))
                .collect(),
        })
    }

    /// The best first alignment of few starts, followed for two turns.
    fn glance(&mut self) -> f64 {
        let starts = self.starts(starts::FEW);
        let mut best = 0.0_f64;
        for start in starts.iter().take(2) {
            let columns = self.aligned(start.motion, OPENINGS[0]);
            best = best.max(self.superpose(&columns, Effort::Quick).0);
        }
        best / to_f64(self.reference.len())
    }

    /// Alignment and superposition in turns, from `motion` until nothing changes.
    fn follow(&mut self, motion: Motion, opening: f64, best: &mut Option<(f64, Vec<Column>)>) {
        let mut motion = motion;
        let mut before = -1.0;
        for _ in 0..TURNS {
            let columns = self.aligned(motion, opening);
            let (sum, next) = self.superpose(&columns, Effort::Quick);
            motion = next;
            if best.as_ref().is_none_or(|(most, _)| sum > *most) {
                *best = Some((sum, columns));
            }
            if sum <= before + 1e-6 {
                break;
            }
            before = sum;
        }
    }

    /// The best alignment for a superposition.
    fn aligned(&mut self, motion: Motion, opening: f64) -> Vec<Column> {
        self.dynamic
            .align(&self.model, motion, self.d0 + WIDER, opening)
            .1
    }

    /// The best superposition for an alignment, and its sum of closeness.
    fn superpose(&self, columns: &[Column], effort: Effort) -> (f64, Motion) {
        let moving = columns.iter().map(|&(i, _)| self.model[i]).collect();
        let fixed = columns.iter().map(|&(_, j)| self.reference[j]).collect();
        best_of_pairs(moving, fixed, self.d0, effort)
    }
}

#[cfg(test)]
mod tests;
