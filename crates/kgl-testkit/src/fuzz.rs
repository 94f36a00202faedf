//! The body of the fuzz target in `fuzz/`: bytes become a scoring, a query and
//! its targets, and every path of kgl-align has to agree with the oracle.
//!
//! It lives here so that the ordinary tests compile it and run it; the target
//! itself is one line. A few bytes describe long sequences (a `Piece` each), because
//! what is hard for a kernel is a matter of length: tiles, lanes that end, gaps
//! longer than a tile, sums that leave a narrow lane.

use crate::conformance::{AlignFn, Aligner, BatchFn, Case, Report, run_case};
use arbitrary::{Arbitrary, Result, Unstructured};
use kgl_align::{Alignment, Engine, KernelChoice, Mode, Scoring, align, align_within};
use kgl_seq::alphabet::WILDCARD;

/// Most residues of the query and of a target.
const LONGEST: usize = 700;
/// Most targets: more than the widest vectors have lanes.
const MOST_TARGETS: usize = 80;
/// Cells of a whole case, so that a fuzzer tries many of them a second.
const MOST_CELLS: usize = 400_000;

/// What the bytes say.
#[derive(Clone, Debug)]
pub struct Input {
    /// Any scoring that [`Scoring::new`] takes.
    pub scoring: Scoring,
    /// The query and at least one target.
    pub case: Case,
    /// Bytes of traceback that may be held.
    pub budget: usize,
}

/// A part of a sequence.
enum Piece {
    /// Residues one by one.
    Letters(Vec<u8>),
    /// A short unit again and again.
    Repeats { unit: Vec<u8>, times: usize },
    /// A stretch of the query, as it is.
    Copy { from: usize, length: usize },
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let scoring = scoring(u)?;
        let budget = *u.choose(&[0, 60, 1_000, usize::MAX])?;
        let query = sequence(u, &[])?;
        let mut targets = Vec::new();
        let mut cells = 0;
        loop {
            let target = sequence(u, &query)?;
            cells += query.len() * target.len();
            targets.push(target);
            if u.is_empty() || cells > MOST_CELLS || targets.len() == MOST_TARGETS {
                break;
            }
        }
        let case = Case { query, targets };
        Ok(Input {
            scoring,
            case,
            budget,
        })
    }
}

/// Scorings of every kind: a factor carries the small numbers past bytes and
/// past sixteen bits, up to [`Scoring::CAP`].
fn scoring(u: &mut Unstructured<'_>) -> Result<Scoring> {
    let mode = *u.choose(&Mode::ALL)?;
    let factor = *u.choose(&[1, 1, 1, 10, 300, 10_000])?;
    let match_ = u.int_in_range(1..=40)?;
    let mismatch = match_ - u.int_in_range(1..=60)?;
    let wildcard = match_ - u.int_in_range(0..=60)?;
    let extend: i32 = -u.int_in_range(0..=40)?;
    let open = extend - u.int_in_range(0..=60)?;
    let [a, b, c, d, e] = [match_, mismatch, wildcard, open, extend].map(|n| n * factor);
    // Every draw is a scoring; were one refused, these bytes would say nothing.
    Scoring::new(mode, a, b, c, d, e).map_err(|_| arbitrary::Error::IncorrectFormat)
}

fn sequence(u: &mut Unstructured<'_>, query: &[u8]) -> Result<Vec<u8>> {
    let mut sequence = Vec::new();
    for _ in 0..u.int_in_range(0..=4)? {
        match piece(u, query.len())? {
            Piece::Letters(letters) => sequence.extend(letters),
            Piece::Repeats { unit, times } => sequence.extend(unit.repeat(times)),
            Piece::Copy { from, length } => {
                sequence.extend(query.iter().skip(from).take(length));
            }
        }
    }
    sequence.truncate(LONGEST);
    Ok(sequence)
}

fn piece(u: &mut Unstructured<'_>, query: usize) -> Result<Piece> {
    Ok(match u.int_in_range(0..=3)? {
        0 => Piece::Letters(letters(u, 60)?),
        1 => Piece::Repeats {
            unit: letters(u, 4)?,
            times: u.int_in_range(1..=300)?,
        },
        _ => Piece::Copy {
            from: u.int_in_range(0..=query)?,
            length: u.int_in_range(0..=query)?,
        },
    })
}

fn letters(u: &mut Unstructured<'_>, most: usize) -> Result<Vec<u8>> {
    let length = u.int_in_range(1..=most)?;
    (0..length).map(|_| u.int_in_range(0..=WILDCARD)).collect()
}

/// Whether the processor can run this kernel.
fn is_here(choice: KernelChoice, scoring: &Scoring) -> bool {
    Engine::new(*scoring, choice).is_ok()
}

/// Compares every path that this processor can run with the scalar oracle, and
/// replays and reprices the CIGAR of every pair, within any budget.
///
/// # Panics
/// Where one differs, with a test ready to paste.
pub fn check(input: &Input) {
    let choices: Vec<KernelChoice> = KernelChoice::ALL
        .into_iter()
        .filter(|&choice| choice != KernelChoice::Scalar && is_here(choice, &input.scoring))
        .collect();
    let names: Vec<String> = choices.iter().map(ToString::to_string).collect();
    let batches: Vec<_> = choices
        .iter()
        .map(|&choice| {
            move |q: &[u8], targets: &[&[u8]], scoring: &Scoring| {
                let Ok(engine) = Engine::new(*scoring, choice) else {
                    return Vec::new();
                };
                let scores = engine.scores(q, targets);
                let laid_out = engine.lay_out(targets).scores(q);
                assert_eq!(scores, laid_out, "{choice}: laid out once, or on the way");
                scores
            }
        })
        .collect();
    let mut aligners: Vec<Aligner<'_>> = names
        .iter()
        .zip(&batches)
        .map(|(name, batch)| Aligner {
            name,
            batch: Some(batch as BatchFn<'_>),
            ..Aligner::default()
        })
        .collect();
    let whole = |q: &[u8], t: &[u8], s: &Scoring| align(q, t, s);
    let within =
        |q: &[u8], t: &[u8], s: &Scoring| -> Alignment { align_within(q, t, s, input.budget) };
    for (name, align) in [
        ("traceback", &whole as AlignFn<'_>),
        ("traceback within a budget", &within),
    ] {
        aligners.push(Aligner {
            name,
            align: Some(align),
            ..Aligner::default()
        });
    }
    let mut report = Report::default();
    run_case(&aligners, &input.case, &input.scoring, &mut report);
    report.assert_clean();
}

/// As [`check`], from a fuzzer's bytes; bytes that are too few say nothing.
///
/// # Panics
/// As [`check`].
pub fn check_bytes(bytes: &[u8]) {
    if let Ok(input) = Input::arbitrary(&mut Unstructured::new(bytes)) {
        check(&input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use std::collections::BTreeSet;

    fn bytes(rng: &mut Rng) -> Vec<u8> {
        let length = rng.between(0, 600);
        (0..length).map(|_| rng.bits().to_le_bytes()[0]).collect()
    }

    #[test]
    fn every_path_agrees_with_the_oracle() {
        let mut rng = Rng::new(4, 0);
        for _ in 0..200 {
            check_bytes(&bytes(&mut rng));
        }
    }

    /// What the bytes never say is never tried.
    #[test]
    fn inputs_reach_every_mode_width_and_length() {
        let mut rng = Rng::new(5, 0);
        let mut widths = BTreeSet::new();
        let (mut longest, mut most, mut budgets, mut read) = (0, 0, BTreeSet::new(), 0);
        for _ in 0..3000 {
            let bytes = bytes(&mut rng);
            let Ok(input) = Input::arbitrary(&mut Unstructured::new(&bytes)) else {
                continue;
            };
            read += 1;
            let engine = Engine::new(input.scoring, KernelChoice::Portable).unwrap();
            widths.insert((input.scoring.mode().to_string(), engine.lanes()));
            longest = longest.max(input.case.query.len());
            most = most.max(input.case.targets.len());
            budgets.insert(input.budget);
        }
        // Three modes of bytes, sixteen and thirty-two bits.
        assert_eq!(widths.len(), 9, "{widths:?}");
        assert_eq!(budgets.len(), 4);
        assert!(
            read > 2900 && longest == LONGEST && most > 8,
            "{read} {longest} {most}"
        );
    }

    #[test]
    #[should_panic(expected = "results are wrong")]
    fn a_wrong_path_ends_the_run() {
        let mut rng = Rng::new(6, 0);
        let bytes = bytes(&mut rng);
        let input = Input::arbitrary(&mut Unstructured::new(&bytes)).unwrap();
        let wrong = |_: &[u8], targets: &[&[u8]], _: &Scoring| vec![i64::MIN; targets.len()];
        let aligner = Aligner {
            name: "wrong",
            batch: Some(&wrong),
            ..Aligner::default()
        };
        let mut report = Report::default();
        run_case(&[aligner], &input.case, &input.scoring, &mut report);
        report.assert_clean();
    }
}
