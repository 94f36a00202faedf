//! Random sequences and random scorings: every path against the oracle.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kgl_align::{Engine, KernelChoice, Mode, Scoring, align_within, scalar};
use kgl_testkit::conformance::find_fault;
use kgl_testkit::reference;
use proptest::prelude::*;

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(Mode::ALL.to_vec())
}

/// Every scoring that [`Scoring::new`] takes, small numbers and large ones.
fn any_scoring() -> impl Strategy<Value = Scoring> {
    let numbers = (any_mode(), 1..60i32, 1..90i32, 0..90i32, 0..60i32, 0..60i32);
    let factor = prop::sample::select(vec![1, 1, 1, 30, 8_000]);
    (numbers, factor).prop_map(|((mode, match_, below, under, extend, more), factor)| {
        let scaled = [
            match_,
            match_ - below,
            match_ - under,
            -extend - more,
            -extend,
        ];
        let [a, b, c, d, e] = scaled.map(|number| number * factor);
        Scoring::new(mode, a, b, c, d, e).unwrap()
    })
}

/// Few letters make many ties; a fifth code is the wildcard.
fn any_sequence(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    (1..=5u8).prop_flat_map(move |letters| prop::collection::vec(0..letters, 0..=longest))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kernels_give_the_oracles_scores(
        scoring in any_scoring(),
        query in any_sequence(70),
        targets in prop::collection::vec(any_sequence(90), 0..150),
    ) {
        let targets: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
        let expected: Vec<i64> =
            targets.iter().map(|target| scalar::score(&query, target, &scoring)).collect();
        for choice in KernelChoice::ALL {
            if let Ok(engine) = Engine::new(scoring, choice) {
                prop_assert_eq!(engine.scores(&query, &targets), expected.clone(), "{}", choice);
                let laid_out = engine.lay_out(&targets);
                prop_assert_eq!(laid_out.scores(&query), expected.clone(), "{}, laid out", choice);
            }
        }
    }

    #[test]
    fn tracebacks_are_canonical_within_any_budget(
        scoring in any_scoring(),
        query in any_sequence(40),
        target in any_sequence(40),
        budget in prop::sample::select(vec![0, 60, 300, usize::MAX]),
    ) {
        let found = align_within(&query, &target, &scoring, budget);
        let expected = scalar::score(&query, &target, &scoring);
        prop_assert_eq!(find_fault(&found, &query, &target, &scoring, expected), None);
        prop_assert_eq!(found, reference::align(&query, &target, &scoring));
    }

    /// Turning both sequences round changes no score.
    #[test]
    fn scores_do_not_depend_on_direction(
        scoring in any_scoring(),
        query in any_sequence(40),
        target in any_sequence(40),
    ) {
        let turned = |codes: &[u8]| -> Vec<u8> { codes.iter().rev().copied().collect() };
        let forwards = scalar::score(&query, &target, &scoring);
        let backwards = scalar::score(&turned(&query), &turned(&target), &scoring);
        prop_assert_eq!(forwards, backwards);
    }
}
