//! A search gives what comparing every pair gives: the same bytes, whatever is
//! left out on the way, however many workers and shards there are.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kgl_align::{Engine, KernelChoice, scalar};
use kgl_cli::Io;
use kgl_contract::{Decimal, QueryHits, Search, Sha256, canonical_bytes, parse_document};
use kgl_search::Partition;
use kgl_seq::Record;
use kgl_shard_search::inputs::Inputs;
use kgl_shard_search::search::{Workers, search_shard};
use kgl_testkit::Rng;
use kgl_testkit::families::{Evolution, evolve};

/// A search with every option there is, as the dice fall.
fn random_search(rng: &mut Rng) -> Search {
    let mode = ["global", "local", "semi-global"][rng.below(3)];
    let scores = [
        r#""match":2,"mismatch":-1.5,"gap_open":-8,"gap_extend":-0.4"#,
        r#""match":2,"mismatch":-3,"gap_open":-7,"gap_extend":-2"#,
        r#""match":1,"mismatch":-1,"gap_open":-1,"gap_extend":-1,"wildcards":"zero""#,
        r#""match":3,"mismatch":1,"gap_open":-2,"gap_extend":0,"wildcards":"zero""#,
    ][rng.below(4)];
    let text = format!(
        r#"{{"schema":"kgl.search/1","queries":{{"path":"q"}},"targets":{{"path":"t"}},
            "scoring":{{"mode":"{mode}",{scores}}},"top_k":{},"shards":1}}"#,
        1 + rng.below(9)
    );
    let mut search: Search = parse_document(text.as_bytes()).unwrap();
    search.alignments = rng.chance(0.4);
    if rng.chance(0.3) {
        let least = i64::try_from(rng.below(900)).unwrap() - 200;
        search.min_score = Some(Decimal::new(least, 1).unwrap());
    }
    search.filters.dated_before_query = rng.chance(0.3);
    search.filters.other_group = rng.chance(0.3);
    if rng.chance(0.3) {
        search.filters.max_length_difference = Some(Decimal::new(3, 1).unwrap());
    }
    search
}

/// Families, strangers, copies, empty ones, wildcards; some without a date.
fn random_records(rng: &mut Rng, count: usize, longest: usize) -> Vec<Record> {
    let mut sequences: Vec<Vec<u8>> = vec![Vec::new()];
    while sequences.len() < count {
        let next = match rng.below(5) {
            0 => {
                let length = rng.below(longest);
                rng.residues(length)
            }
            1 => sequences[rng.below(sequences.len())].clone(),
            _ => {
                let evolution = Evolution {
                    substitution: rng.unit() * 0.1,
                    insertion: 0.01,
                    deletion: 0.01,
                    run: 0.6,
                };
                let ancestor = sequences[rng.below(sequences.len())].clone();
                evolve(rng, &ancestor, &evolution).sequence
            }
        };
        sequences.push(next);
    }
    rng.shuffle(&mut sequences);
    let mut number = 0;
    let mut record = |mut sequence: Vec<u8>| {
        number += 1;
        if rng.chance(0.2) {
            sequence.iter_mut().step_by(31).for_each(|code| *code = 4);
        }
        let day = format!("20{:02}-01-01", rng.below(30));
        Record {
            id: format!("r{number}"),
            sequence,
            date: rng.chance(0.8).then(|| day.parse().unwrap()),
            group: Some(format!("g{}", rng.below(6))),
            line: 1,
        }
    };
    sequences.drain(..).map(&mut record).collect()
}

fn random_inputs(rng: &mut Rng) -> Inputs {
    let search = random_search(rng);
    let scaled = search.scoring.scaled().unwrap();
    let mode = serde_mode(&search);
    let scoring = kgl_align::Scoring::new(
        mode,
        scaled.match_,
        scaled.mismatch,
        scaled.wildcard,
        scaled.gap_open,
        scaled.gap_extend,
    )
    .unwrap();
    let (count, longest) = (1 + rng.below(90), 20 + rng.below(180));
    let targets = random_records(rng, count, longest);
    // Against itself, against a part of itself, or against others.
    let mut queries = match rng.below(3) {
        0 => targets.clone(),
        1 => targets.iter().step_by(7).cloned().collect(),
        _ => {
            let count = 1 + rng.below(20);
            random_records(rng, count, longest)
        }
    };
    rng.shuffle(&mut queries);
    Inputs {
        search,
        identity: Sha256::of(b"test"),
        scoring,
        score_scale: scaled.scale,
        queries_path: "q".into(),
        targets_path: "t".into(),
        queries,
        targets,
    }
}

fn serde_mode(search: &Search) -> kgl_align::Mode {
    match search.scoring.mode {
        kgl_contract::Mode::Global => kgl_align::Mode::Global,
        kgl_contract::Mode::Local => kgl_align::Mode::Local,
        kgl_contract::Mode::SemiGlobal => kgl_align::Mode::SemiGlobal,
    }
}

/// Score and place of each query's hits, by comparing every pair.
fn by_hand(inputs: &Inputs) -> Vec<Vec<(i64, u32)>> {
    let Search { filters, top_k, .. } = &inputs.search;
    let least = match inputs.search.min_score {
        None => f64::NEG_INFINITY,
        Some(least) => {
            let (numerator, denominator) = least.ratio();
            numerator as f64 / denominator as f64
        }
    };
    let meets = |query: &Record, target: &Record| {
        let older = || target.date.is_some() && query.date.is_some() && target.date < query.date;
        filters.lengths_pass(query.sequence.len(), target.sequence.len())
            && (!filters.other_group || query.group != target.group)
            && (!filters.dated_before_query || older())
    };
    let hits_of = |query: &Record| {
        let mut hits: Vec<(i64, u32)> = (0..)
            .zip(&inputs.targets)
            .filter(|(_, target)| meets(query, target))
            .map(|(at, target)| {
                let score = scalar::score(&query.sequence, &target.sequence, &inputs.scoring);
                (score, at)
            })
            .filter(|&(score, _)| score as f64 / f64::from(inputs.score_scale) >= least)
            .filter(|&(score, _)| score > 0 || inputs.scoring.mode() != kgl_align::Mode::Local)
            .collect();
        hits.sort_by_key(|&(score, at)| (-score, at));
        hits.truncate(*top_k as usize);
        hits
    };
    inputs.queries.iter().map(hits_of).collect()
}

fn bytes(results: &[QueryHits]) -> Vec<u8> {
    canonical_bytes(&results.to_vec()).unwrap()
}

#[test]
fn what_is_left_out_is_never_missed() {
    let io = Io::new(&kgl_cli::Common::default());
    let workers: Vec<Workers> = (1..=8).map(|n| Workers::start(Some(n)).unwrap()).collect();
    let (mut computed, mut pruned) = (0, 0);
    for seed in 0..40 {
        let mut rng = Rng::new(seed, 0);
        let inputs = random_inputs(&mut rng);
        let kernels = [
            KernelChoice::Auto,
            KernelChoice::Portable,
            KernelChoice::Scalar,
        ];
        let engine = Engine::new(inputs.scoring, kernels[rng.below(3)]).unwrap();
        let expected = by_hand(&inputs);
        for count in [1, 4, 37] {
            let partition = Partition::deal(
                &inputs.queries,
                &inputs.targets,
                &inputs.search.filters,
                count,
            );
            let mut merged: Vec<Vec<(i64, u32)>> = vec![Vec::new(); inputs.queries.len()];
            for targets in partition.shards() {
                let find = |workers: &Workers, prune| {
                    search_shard(&inputs, targets, &engine, workers, prune, &io).unwrap()
                };
                let all = find(&workers[0], false);
                let some = find(&workers[rng.below(workers.len())], true);
                assert!(
                    bytes(&all.results) == bytes(&some.results),
                    "seed {seed}, {count} shards"
                );
                assert_eq!(all.cells_pruned, 0);
                assert_eq!(all.cells, some.cells + some.cells_pruned, "seed {seed}");
                if count == 1 {
                    computed += some.cells;
                    pruned += some.cells_pruned;
                }
                for (row, found) in merged.iter_mut().zip(&some.results) {
                    let hits = found.hits.iter();
                    row.extend(hits.map(|hit| (hit.score, hit.target_index)));
                    assert!(
                        found
                            .hits
                            .iter()
                            .all(|hit| hit.alignment.is_some() == inputs.search.alignments)
                    );
                }
            }
            for row in &mut merged {
                row.sort_by_key(|&(score, at)| (-score, at));
                row.truncate(inputs.search.top_k as usize);
            }
            assert_eq!(merged, expected, "seed {seed}, {count} shards");
        }
    }
    assert!(pruned > computed / 2, "{pruned} of {}", pruned + computed);
}

/// In a search against itself each pair of different sequences is computed once.
#[test]
fn pairs_are_not_computed_the_other_way_round() {
    let io = Io::new(&kgl_cli::Common::default());
    let mut rng = Rng::new(4, 4);
    let mut inputs = random_inputs(&mut rng);
    while inputs.search.scoring.mode != kgl_contract::Mode::Global {
        inputs = random_inputs(&mut rng);
    }
    inputs.search.filters = kgl_contract::Filters::default();
    inputs.search.min_score = None;
    // Everything is kept, so that no bound leaves anything out.
    inputs.search.top_k = 1_000;
    inputs.targets = random_records(&mut rng, 60, 100);
    inputs.queries = inputs.targets.clone();
    let mut distinct: Vec<&[u8]> = inputs.targets.iter().map(|one| &*one.sequence).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let pairs = distinct.iter().enumerate().flat_map(|(at, one)| {
        let others = distinct[at..].iter();
        others.map(|other| one.len() as u64 * other.len() as u64)
    });
    let engine = Engine::new(inputs.scoring, KernelChoice::Auto).unwrap();
    let targets: Vec<u32> = (0..60).collect();
    let workers = Workers::start(Some(1)).unwrap();
    let found = search_shard(&inputs, &targets, &engine, &workers, true, &io).unwrap();
    assert_eq!(found.cells, pairs.sum::<u64>());
    let all = search_shard(&inputs, &targets, &engine, &workers, false, &io).unwrap();
    assert!(bytes(&found.results) == bytes(&all.results));
}
