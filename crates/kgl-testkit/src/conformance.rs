//! One suite for every aligner.
//!
//! Lengths cluster around the edges of lanes and tiles; pairs come from
//! several error models; every scoring has each mode. Scores are compared
//! with the scalar oracle, alignments are replayed, repriced and compared
//! with [`crate::reference`], and failures are printed as tests ready to
//! paste.

use crate::families::{Evolution, evolve};
use crate::reference;
use crate::rng::Rng;
use kgl_align::{Alignment, Cigar, Mode, Scoring, scalar};
use kgl_seq::alphabet::{WILDCARD, decode};
use std::fmt::Write as _;

/// Lengths that the suite pairs with each other.
pub const LENGTHS: [usize; 23] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 257, 300,
];

/// Matrices above this size are not aligned by the reference as well.
const REFERENCE_CELLS: usize = 2_200;

/// How a pair is related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The shorter is the beginning of the longer.
    Prefix,
    /// One residue in eight replaced.
    Substitutions,
    /// Short insertions and deletions, and some substitutions.
    Indels,
    /// Two related parts with a large gap between them.
    GiantGap,
    /// One residue everywhere.
    AllMatch,
    /// No residue in common.
    AllMismatch,
    /// Short repeats: as many equally good alignments as there can be.
    Repeats,
    /// Nothing in common.
    Unrelated,
    /// One position in five unknown.
    Wildcards,
}

/// Every relation.
pub const RELATIONS: [Relation; 9] = [
    Relation::Prefix,
    Relation::Substitutions,
    Relation::Indels,
    Relation::GiantGap,
    Relation::AllMatch,
    Relation::AllMismatch,
    Relation::Repeats,
    Relation::Unrelated,
    Relation::Wildcards,
];

/// Makes a target of `n` residues that relates to `query` as asked.
fn relate(rng: &mut Rng, query: &[u8], n: usize, relation: Relation) -> Vec<u8> {
    let (substitution, indel) = match relation {
        Relation::Substitutions | Relation::Wildcards => (0.125, 0.0),
        Relation::Indels => (0.05, 0.05),
        _ => (0.0, 0.0),
    };
    let evolution = Evolution {
        substitution,
        insertion: indel,
        deletion: indel,
        run: 0.5,
    };
    let known: Vec<u8> = query.iter().map(|&code| code % 4).collect();
    let mut target = evolve(rng, &known, &evolution).sequence;
    match relation {
        Relation::AllMatch => return vec![0; n],
        Relation::AllMismatch => return vec![1; n],
        Relation::Repeats => return [0, 1, 0].iter().copied().cycle().take(n).collect(),
        Relation::Unrelated => return rng.residues(n),
        Relation::GiantGap => {
            let middle = target.len() / 2;
            let extra = rng.residues(n.saturating_sub(target.len()));
            target.splice(middle..middle, extra);
            let surplus = target.len().saturating_sub(n);
            let start = (target.len() - surplus) / 2;
            target.drain(start..start + surplus);
        }
        _ => {}
    }
    target.truncate(n);
    let missing = n - target.len();
    // Half of what is missing goes in front, for the free ends.
    let front = if relation == Relation::Prefix {
        0
    } else {
        missing / 2
    };
    let mut whole = rng.residues(front);
    whole.append(&mut target);
    whole.extend(rng.residues(missing - front));
    if relation == Relation::Wildcards {
        whole
            .iter_mut()
            .filter(|_| rng.chance(0.2))
            .for_each(|code| *code = WILDCARD);
    }
    whole
}

/// One query and the targets it is compared with.
#[derive(Clone, Debug)]
pub struct Case {
    /// Codes, length of [`LENGTHS`].
    pub query: Vec<u8>,
    /// Codes, lengths of [`LENGTHS`], in no order.
    pub targets: Vec<Vec<u8>>,
}

/// All queries with all their targets: every pair of lengths with one
/// relation in three, in turn. Always the same for the same seed.
#[must_use]
pub fn cases(seed: u64) -> Vec<Case> {
    let mut rng = Rng::new(seed, 0);
    let mut turn = 0;
    let mut cases = Vec::new();
    for &m in &LENGTHS {
        for kind in [Relation::Unrelated, Relation::AllMatch, Relation::Repeats] {
            let query = match kind {
                Relation::AllMatch => vec![0; m],
                Relation::Repeats => [0, 1, 1].iter().copied().cycle().take(m).collect(),
                _ => rng.residues(m),
            };
            let mut targets = Vec::new();
            for &n in &LENGTHS {
                turn += 1;
                targets.push(relate(
                    &mut rng,
                    &query,
                    n,
                    RELATIONS[turn % RELATIONS.len()],
                ));
            }
            // Wildcards of the query's own, in one case of three.
            let mut query = query;
            if turn % 3 == 0 {
                query
                    .iter_mut()
                    .filter(|_| rng.chance(0.1))
                    .for_each(|code| *code = WILDCARD);
            }
            rng.shuffle(&mut targets);
            cases.push(Case { query, targets });
        }
    }
    cases
}

/// Scorings that differ in kind: the usual one, a decimal one scaled, linear
/// gaps, free extensions, free gaps, rewarded mismatches, and one whose
/// numbers need wide integers.
///
/// # Panics
/// Never: the numbers are sound.
#[must_use]
pub fn scorings(mode: Mode) -> Vec<Scoring> {
    [
        [2, -3, -3, -7, -2],
        [20, -15, -15, -80, -4],
        [1, -1, 0, -1, -1],
        [5, -4, 5, -9, 0],
        [1, -2, -1, 0, 0],
        [3, 1, -1, -2, -1],
        [900_000, -700_000, -800_000, -1_000_000, -300_000],
    ]
    .into_iter()
    .map(|[a, b, c, d, e]| Scoring::new(mode, a, b, c, d, e))
    .collect::<Result<_, _>>()
    .unwrap_or_else(|error| panic!("{error}"))
}

/// Scores one pair.
pub type ScoreFn<'a> = &'a dyn Fn(&[u8], &[u8], &Scoring) -> i64;
/// Scores one query against many targets.
pub type BatchFn<'a> = &'a dyn Fn(&[u8], &[&[u8]], &Scoring) -> Vec<i64>;
/// Aligns one pair.
pub type AlignFn<'a> = &'a dyn Fn(&[u8], &[u8], &Scoring) -> Alignment;

/// An aligner under test: whichever of the three it can do.
#[derive(Clone, Copy, Default)]
pub struct Aligner<'a> {
    /// What failures call it.
    pub name: &'a str,
    /// Scores one pair.
    pub score: Option<ScoreFn<'a>>,
    /// Scores one query against many targets.
    pub batch: Option<BatchFn<'a>>,
    /// Aligns one pair, canonically.
    pub align: Option<AlignFn<'a>>,
}

/// What a run of the suite found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Results that were compared.
    pub checked: usize,
    /// Failures, each a test ready to paste.
    pub failures: Vec<String>,
}

impl Report {
    /// Ends the test where something failed, showing the first failures.
    ///
    /// # Panics
    /// When there is a failure, or when nothing was checked.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.checked > 0, "the suite checked nothing");
        if !self.failures.is_empty() {
            let shown = self
                .failures
                .iter()
                .take(3)
                .cloned()
                .collect::<Vec<_>>()
                .join("\n");
            panic!(
                "{} of {} results are wrong:\n{shown}",
                self.failures.len(),
                self.checked
            );
        }
    }
}

/// Runs the suite over all modes and scorings. The oracle is asked once a
/// pair, however many aligners there are.
#[must_use]
pub fn run(aligners: &[Aligner<'_>], seed: u64) -> Report {
    let mut report = Report::default();
    let cases = cases(seed);
    for mode in Mode::ALL {
        for scoring in scorings(mode) {
            for case in &cases {
                run_case(aligners, case, &scoring, &mut report);
            }
        }
    }
    report
}

/// Runs one case with one scoring.
pub fn run_case(aligners: &[Aligner<'_>], case: &Case, scoring: &Scoring, report: &mut Report) {
    let Case { query, targets } = case;
    let views: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
    let scores: Vec<i64> = views
        .iter()
        .map(|t| scalar::score(query, t, scoring))
        .collect();
    let mut fail = |name: &str, target: &[u8], expected: i64, what: &str| {
        let text = paste(name, query, target, scoring, expected, what);
        report.failures.push(text);
    };
    for aligner in aligners {
        if let Some(batch) = aligner.batch {
            let found = batch(query, &views, scoring);
            report.checked += found.len();
            if found.len() != scores.len() {
                fail(
                    aligner.name,
                    &[],
                    0,
                    &format!("gave {} scores", found.len()),
                );
            }
            for ((target, &expected), found) in views.iter().zip(&scores).zip(found) {
                if found != expected {
                    fail(aligner.name, target, expected, &format!("gave {found}"));
                }
            }
        }
        if let Some(score) = aligner.score {
            for (target, &expected) in views.iter().zip(&scores) {
                report.checked += 1;
                let found = score(query, target, scoring);
                if found != expected {
                    fail(aligner.name, target, expected, &format!("gave {found}"));
                }
            }
        }
    }
    let walkers: Vec<(&str, AlignFn<'_>)> = aligners
        .iter()
        .filter_map(|a| a.align.map(|align| (a.name, align)))
        .collect();
    if walkers.is_empty() {
        return;
    }
    for (target, &expected) in views.iter().zip(&scores) {
        let small = query.len() * target.len() <= REFERENCE_CELLS;
        let canonical = small.then(|| reference::align(query, target, scoring));
        for (name, align) in &walkers {
            report.checked += 1;
            let found = align(query, target, scoring);
            let fault = find_fault(&found, query, target, scoring, expected).or_else(|| {
                let canonical = canonical
                    .as_ref()
                    .filter(|canonical| **canonical != found)?;
                Some(format!("{found:?} is not the canonical {canonical:?}"))
            });
            if let Some(fault) = fault {
                fail(name, target, expected, &fault);
            }
        }
    }
}

/// What is wrong with an alignment, if anything: its price, its spans, its
/// counts, its text.
#[must_use]
pub fn find_fault(
    found: &Alignment,
    query: &[u8],
    target: &[u8],
    scoring: &Scoring,
    expected: i64,
) -> Option<String> {
    let whole = |span: &std::ops::Range<u32>, sequence: &[u8]| {
        span.start == 0 && span.end as usize == sequence.len()
    };
    let (whole_query, whole_target) = (
        whole(&found.query_span, query),
        whole(&found.target_span, target),
    );
    if found.score != expected {
        return Some(format!("gave the score {}", found.score));
    }
    match found.reprice(query, target, scoring) {
        Ok(price) if price == expected => {}
        Ok(price) => return Some(format!("{} is worth {price}", found.cigar)),
        Err(error) => return Some(format!("{}: {error}", found.cigar)),
    }
    if scoring.mode() != Mode::Local && !whole_query
        || scoring.mode() == Mode::Global && !whole_target
    {
        return Some(format!(
            "spans {:?} {:?}",
            found.query_span, found.target_span
        ));
    }
    if (found.matches, found.columns) != (found.cigar.matches(), found.cigar.len()) {
        return Some(format!("counts {} of {}", found.matches, found.columns));
    }
    let text = found.cigar.to_string();
    (text.parse::<Cigar>().as_ref() != Ok(&found.cigar)).then(|| format!("cigar reads as {text}"))
}

/// A failure as a test, ready to paste.
fn paste(
    name: &str,
    query: &[u8],
    target: &[u8],
    scoring: &Scoring,
    expected: i64,
    what: &str,
) -> String {
    let mode = scoring.mode();
    let numbers = [
        scoring.match_score(),
        scoring.mismatch(),
        scoring.wildcard(),
        scoring.gap_open(),
        scoring.gap_extend(),
    ]
    .map(|number| number.to_string())
    .join(", ");
    let mut text = String::new();
    let lines = [
        format!("// {name}: {what}"),
        "#[test]".into(),
        "fn found_by_the_conformance_suite() {".into(),
        format!("    let scoring = Scoring::new(Mode::{mode:?}, {numbers}).unwrap();"),
        format!("    let query = encode({:?}).unwrap();", decode(query)),
        format!("    let target = encode({:?}).unwrap();", decode(target)),
        format!("    assert_eq!(score(&query, &target, &scoring), {expected});"),
        "}".into(),
    ];
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A suite that no aligner can fail proves nothing.
    #[test]
    fn wrong_aligners_are_found_and_shown() {
        let off = |q: &[u8], t: &[u8], s: &Scoring| {
            scalar::score(q, t, s) + i64::from(q.len() == 129 && t.len() == 128)
        };
        let batch = |q: &[u8], ts: &[&[u8]], s: &Scoring| -> Vec<i64> {
            ts.iter().map(|t| off(q, t, s)).collect()
        };
        let align = |q: &[u8], t: &[u8], s: &Scoring| {
            let mut found = kgl_align::align(q, t, s);
            if q.len() == 17 && found.score > 0 {
                found.cigar.push(1, kgl_align::Op::Deletion);
            }
            found
        };
        let score = Aligner {
            name: "a",
            score: Some(&off),
            ..Aligner::default()
        };
        let batch = Aligner {
            name: "b",
            batch: Some(&batch),
            ..Aligner::default()
        };
        let align = Aligner {
            name: "c",
            align: Some(&align),
            ..Aligner::default()
        };
        let scoring = scorings(Mode::Global)[0];
        let mut shown = Vec::new();
        for aligner in [score, batch, align] {
            let mut report = Report::default();
            for case in cases(1) {
                run_case(&[aligner], &case, &scoring, &mut report);
            }
            assert!(!report.failures.is_empty(), "{}", aligner.name);
            assert!(
                report.failures.len() < report.checked / 10,
                "{}",
                aligner.name
            );
            shown.push(report.failures[0].clone());
        }
        assert!(shown[0].starts_with("// a: gave "), "{}", shown[0]);
        assert!(
            shown[0].contains("Scoring::new(Mode::Global, 2, -3, -3, -7, -2)"),
            "{}",
            shown[0]
        );
        assert!(
            shown[2].contains("walks past the end of the target"),
            "{}",
            shown[2]
        );
    }

    #[test]
    fn the_cases_cover_lengths_and_never_change() {
        let cases = cases(1);
        assert_eq!(cases.len(), 3 * LENGTHS.len());
        for case in &cases {
            let mut lengths: Vec<usize> = case.targets.iter().map(Vec::len).collect();
            lengths.sort_unstable();
            assert_eq!(lengths, LENGTHS);
        }
        assert_eq!(cases[40].targets, super::cases(1)[40].targets);
        assert!(
            cases
                .iter()
                .flat_map(|case| &case.query)
                .any(|&code| code == WILDCARD)
        );
    }
}
