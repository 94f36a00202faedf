//! Billions of cells a second, of every kernel this processor can run, in one
//! thread: `cargo run --release -p kgl-align --example throughput [QUERY TARGET COUNT]`
//! with the lengths of the query and of `COUNT` targets.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use kgl_align::{Engine, KernelChoice, Mode, Scoring, cells, scalar};
use std::time::Instant;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse::<usize>().unwrap());
    let m = numbers.next().unwrap_or(300);
    let n = numbers.next().unwrap_or(400);
    let count = numbers.next().unwrap_or(640);
    let mut state = 1u64;
    let mut sequence = |length: usize| -> Vec<u8> {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 62) as u8
        };
        (0..length).map(|_| next()).collect()
    };
    let query = sequence(m);
    let targets: Vec<Vec<u8>> = (0..count)
        .map(|at| sequence(n - n / 8 + at % (n / 4 + 1)))
        .collect();
    let targets: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
    let work: u64 = targets.iter().map(|target| cells(m, target.len())).sum();
    for factor in [1, 20, 20_000] {
        for mode in Mode::ALL {
            let [a, b, c, d] = [20, -15, -80, -4].map(|score| score * factor / 10);
            let scoring = Scoring::new(mode, a.max(1), b, b, c, d).unwrap();
            for choice in KernelChoice::ALL {
                let Ok(engine) = Engine::new(scoring, choice) else {
                    continue;
                };
                if choice == KernelChoice::Auto || choice == KernelChoice::Scalar && factor > 1 {
                    continue;
                }
                let scores = engine.scores(&query, &targets);
                assert_eq!(scores[0], scalar::score(&query, targets[0], &scoring));
                let rounds = if choice == KernelChoice::Scalar { 1 } else { 5 };
                let best = (0..rounds)
                    .map(|_| {
                        let start = Instant::now();
                        std::hint::black_box(engine.scores(&query, &targets));
                        start.elapsed().as_secs_f64()
                    })
                    .fold(f64::INFINITY, f64::min);
                let speed = work as f64 / best / 1e9;
                let start = Instant::now();
                let aligned = engine.align(&query, &targets, &scores, 8 << 20);
                let took = start.elapsed().as_secs_f64();
                assert!(aligned.iter().all(Option::is_some));
                let align = work as f64 / took / 1e9;
                println!(
                    "match {:<6} {:<12} {:<9} {speed:7.2} GCUPS, aligned {align:6.2}",
                    a.max(1),
                    mode.to_string(),
                    engine.kernel_name()
                );
            }
        }
    }
}
