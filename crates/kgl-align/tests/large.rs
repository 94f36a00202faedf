//! Pairs of the size of a whole genome, and adversarial ones.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kgl_align::{Alignment, Engine, KernelChoice, Mode, Scoring, align, align_within, scalar};
use kgl_testkit::Rng;
use kgl_testkit::conformance::find_fault;
use kgl_testkit::families::{Evolution, evolve};

const LONGEST: usize = 125_580;

fn scoring(mode: Mode) -> Scoring {
    Scoring::new(mode, 20, -15, -15, -80, -4).unwrap()
}

fn engines(mode: Mode) -> impl Iterator<Item = Engine> {
    let choices = [
        KernelChoice::Avx512,
        KernelChoice::Avx2,
        KernelChoice::Portable,
    ];
    choices
        .into_iter()
        .filter_map(move |choice| Engine::new(scoring(mode), choice).ok())
}

/// A query of 200 and the longest target known, in company of short ones.
#[test]
fn the_longest_target_is_scored_exactly() {
    let mut rng = Rng::new(11, 0);
    let query = rng.residues(200);
    let mut long = rng.residues(LONGEST);
    let related = Evolution {
        substitution: 0.1,
        insertion: 0.02,
        deletion: 0.02,
        run: 0.5,
    };
    let copy = evolve(&mut rng, &query, &related).sequence;
    long.splice(LONGEST - copy.len().., copy);
    let others: Vec<Vec<u8>> = (0..40).map(|at| rng.residues(10 * at)).collect();
    let mut targets: Vec<&[u8]> = others.iter().map(Vec::as_slice).collect();
    targets.insert(7, &long);
    for mode in Mode::ALL {
        let expected: Vec<i64> = targets
            .iter()
            .map(|target| scalar::score(&query, target, &scoring(mode)))
            .collect();
        for engine in engines(mode) {
            let found = engine.scores(&query, &targets);
            assert_eq!(found, expected, "{mode} {}", engine.kernel_name());
        }
        let found = align(&query, &long, &scoring(mode));
        assert_eq!(
            find_fault(&found, &query, &long, &scoring(mode), expected[7]),
            None
        );
        if mode != Mode::Global {
            assert!(found.score > 1500 && found.target_span.start as usize > LONGEST - 300);
        }
    }
}

/// One residue everywhere: the largest scores there are, past 16 bits.
#[test]
fn the_largest_scores_do_not_saturate() {
    for n in [1_600, 1_640, 3_300] {
        let query = vec![2; n];
        let longer = vec![2; n + 37];
        for mode in Mode::ALL {
            let scoring = scoring(mode);
            for engine in engines(mode) {
                let found = engine.scores(&query, &[&longer, &query]);
                let pairs = 20 * i64::try_from(n).unwrap();
                let gap = if mode == Mode::Global {
                    scoring.gap(37)
                } else {
                    0
                };
                assert_eq!(
                    found,
                    [pairs + gap, pairs],
                    "{mode} {} {n}",
                    engine.kernel_name()
                );
            }
        }
    }
}

/// Nothing in common: the smallest scores, past 16 bits as well.
#[test]
fn the_smallest_scores_do_not_saturate() {
    let (query, target) = (vec![0; 900], vec![1; 9_000]);
    for mode in Mode::ALL {
        let expected = scalar::score(&query, &target, &scoring(mode));
        for engine in engines(mode) {
            assert_eq!(engine.scores(&query, &[&target]), [expected], "{mode}");
        }
    }
}

/// The largest numbers a scoring takes, on sequences so long that 32 bits do
/// not hold the sums.
#[test]
fn numbers_past_32_bits_are_exact() {
    let cap = Scoring::CAP;
    let mut rng = Rng::new(13, 0);
    let query = rng.residues(4_400);
    let related = Evolution {
        substitution: 0.1,
        insertion: 0.01,
        deletion: 0.01,
        run: 0.5,
    };
    let close = evolve(&mut rng, &query, &related).sequence;
    let other = rng.residues(90);
    for mode in Mode::ALL {
        let scoring = Scoring::new(mode, cap, -cap, -cap, -cap, -cap).unwrap();
        let targets = [&query, &close, &other].map(Vec::as_slice);
        let expected = targets.map(|target| scalar::score(&query, target, &scoring));
        assert_eq!(expected[0], 4_400 * i64::from(cap));
        for choice in [
            KernelChoice::Avx512,
            KernelChoice::Avx2,
            KernelChoice::Portable,
        ] {
            let Ok(engine) = Engine::new(scoring, choice) else {
                continue;
            };
            assert_eq!(engine.scores(&query, &targets), expected, "{mode} {choice}");
        }
    }
}

/// Strips of the walk back, on a matrix that the default budget cuts, and on
/// one cut so small that strips are cut again.
#[test]
fn budgets_do_not_show() {
    let mut rng = Rng::new(12, 0);
    let query = rng.residues(700);
    let related = Evolution {
        substitution: 0.2,
        insertion: 0.05,
        deletion: 0.05,
        run: 0.9,
    };
    let target = evolve(&mut rng, &query, &related).sequence;
    for mode in Mode::ALL {
        let whole = align(&query, &target, &scoring(mode));
        let by_budget =
            |budget| -> Alignment { align_within(&query, &target, &scoring(mode), budget) };
        for budget in [1, 700, 5_000, 30_000, 200_000] {
            assert_eq!(by_budget(budget), whole, "{mode} {budget}");
        }
    }
    let long = rng.residues(LONGEST);
    let found = align_within(&query, &long, &scoring(Mode::SemiGlobal), 16 << 20);
    let expected = scalar::score(&query, &long, &scoring(Mode::SemiGlobal));
    assert_eq!(
        find_fault(&found, &query, &long, &scoring(Mode::SemiGlobal), expected),
        None
    );
}
