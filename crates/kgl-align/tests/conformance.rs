//! The suite of kgl-testkit on every path of this crate.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kgl_align::{Band, Engine, KernelChoice, Scoring, align, align_in, align_within, scalar};
use kgl_testkit::conformance::{AlignFn, Aligner, run};
use kgl_testkit::skip;

fn engine(scoring: &Scoring, choice: KernelChoice) -> Engine {
    Engine::new(*scoring, choice).unwrap()
}

fn is_here(choice: KernelChoice) -> bool {
    let scoring = kgl_testkit::conformance::scorings(kgl_align::Mode::Local)[0];
    Engine::new(scoring, choice).is_ok()
}

fn conforms(choice: KernelChoice) {
    if !skip::have(
        &choice.to_string(),
        is_here(choice),
        "the processor lacks the instructions",
    ) {
        return;
    }
    let batch = |q: &[u8], ts: &[&[u8]], s: &Scoring| engine(s, choice).scores(q, ts);
    // The pair among others, so that lanes differ in length; budgets from one
    // tile's width of traceback at a time to all of it.
    let among = |q: &[u8], t: &[u8], s: &Scoring, budget: usize| {
        let engine = engine(s, choice);
        let others = [&t[..t.len() / 2], t, &q[q.len() / 3..], q];
        let scores = engine.scores(q, &others);
        engine
            .align(q, &others, &scores, budget)
            .swap_remove(1)
            .unwrap()
    };
    let name = choice.to_string();
    let names = ["narrow", "split", "whole"].map(|budget| format!("{name}, {budget}"));
    let narrow = |q: &[u8], t: &[u8], s: &Scoring| among(q, t, s, q.len() << 12);
    let split = |q: &[u8], t: &[u8], s: &Scoring| among(q, t, s, q.len() * 64 * 100);
    let whole = |q: &[u8], t: &[u8], s: &Scoring| among(q, t, s, usize::MAX);
    let aligners: [AlignFn<'_>; 3] = [&narrow, &split, &whole];
    let mut all = vec![Aligner {
        name: &name,
        batch: Some(&batch),
        ..Aligner::default()
    }];
    for (name, align) in names.iter().zip(aligners) {
        all.push(Aligner {
            name,
            align: Some(align),
            ..Aligner::default()
        });
    }
    run(&all, 1).assert_clean();
}

#[test]
fn avx512_conforms() {
    conforms(KernelChoice::Avx512);
}

#[test]
fn avx2_conforms() {
    conforms(KernelChoice::Avx2);
}

#[test]
fn portable_conforms() {
    conforms(KernelChoice::Portable);
}

#[test]
fn scalar_conforms() {
    conforms(KernelChoice::Scalar);
    let one = |q: &[u8], t: &[u8], s: &Scoring| scalar::score(q, t, s);
    run(
        &[Aligner {
            name: "one by one",
            score: Some(&one),
            ..Aligner::default()
        }],
        2,
    )
    .assert_clean();
}

/// Budgets so small that strips of single rows and strips of strips occur.
#[test]
fn traceback_conforms_within_any_budget() {
    let whole = |q: &[u8], t: &[u8], s: &Scoring| align(q, t, s);
    let strips = |q: &[u8], t: &[u8], s: &Scoring| align_within(q, t, s, 1000);
    let band = |q: &[u8], t: &[u8], s: &Scoring| {
        let band = Band::certain(q.len(), t.len(), s, scalar::score(q, t, s)).unwrap();
        align_in(q, t, s, band)
    };
    let rows = |q: &[u8], t: &[u8], s: &Scoring| align_within(q, t, s, 0);
    run(
        &[
            Aligner {
                name: "traceback",
                align: Some(&whole),
                ..Aligner::default()
            },
            Aligner {
                name: "traceback in 1000 bytes",
                align: Some(&strips),
                ..Aligner::default()
            },
            Aligner {
                name: "traceback in a band",
                align: Some(&band),
                ..Aligner::default()
            },
            Aligner {
                name: "traceback by rows",
                align: Some(&rows),
                ..Aligner::default()
            },
        ],
        3,
    )
    .assert_clean();
}
