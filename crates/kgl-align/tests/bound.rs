//! No bound lies below a score: on pairs of every kind, in every mode, with
//! usual and odd scorings, and on every pair of a real set.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kgl_align::bound::{Bound, Index, KmerSet, Outline, Windows};
use kgl_align::{Engine, KernelChoice, Mode, Scoring};
use kgl_seq::{Columns, decode, read_path};
use kgl_testkit::families::{Evolution, evolve};
use kgl_testkit::{Rng, conformance, skip};

/// How much the bounds of some pairs allow, together.
#[derive(Debug, Default)]
struct Sums {
    scores: i64,
    by_residues: i64,
    by_kmers: i64,
    by_runs: i64,
    pairs: usize,
}

/// Holds every bound of `query` and each of `targets` to the score.
fn check(query: &[u8], targets: &[&[u8]], scoring: &Scoring, sums: &mut Sums) {
    let engine = Engine::new(*scoring, KernelChoice::Auto).unwrap();
    let bound = Bound::new(scoring);
    let (outline, kmers) = (Outline::of(query), KmerSet::of(query));
    let mut shared = Vec::new();
    Index::of(targets).share(query, &mut shared);
    let scores = engine.scores(query, targets);
    for ((target, &score), &shared) in targets.iter().zip(&scores).zip(&shared) {
        let other = Outline::of(target);
        let windows = Windows::of(target, &kmers, &bound);
        let by_residues = bound.by_residues(&outline, &other);
        let by_kmers = bound.by_kmers(&outline, &other, shared);
        let by_runs = bound.by_runs(&outline, &other, windows);
        let names = || format!("{scoring:?} {} {}", decode(query), decode(target));
        assert!(by_residues >= score, "{by_residues} < {score}: {}", names());
        assert!(by_kmers >= score, "{by_kmers} < {score}: {}", names());
        assert!(by_runs >= score, "{by_runs} < {score}: {}", names());
        assert!(by_kmers <= by_residues, "{}", names());
        if scoring.mode() != Mode::SemiGlobal {
            // A search against itself relies on this.
            assert_eq!(by_kmers, bound.by_kmers(&other, &outline, shared));
            assert_eq!(by_residues, bound.by_residues(&other, &outline));
        }
        sums.scores += score;
        sums.by_residues += by_residues;
        sums.by_kmers += by_kmers;
        sums.by_runs += by_runs.min(by_kmers);
        sums.pairs += 1;
    }
}

#[test]
fn pairs_of_every_kind_stay_below_their_bounds() {
    let mut sums = Sums::default();
    for mode in Mode::ALL {
        for scoring in conformance::scorings(mode) {
            for case in conformance::cases(5) {
                let targets: Vec<&[u8]> = case.targets.iter().map(Vec::as_slice).collect();
                check(&case.query, &targets, &scoring, &mut sums);
            }
        }
    }
    assert!(sums.pairs > 30_000, "{sums:?}");
}

#[test]
fn odd_scorings_keep_relatives_below_their_bounds() {
    let mut rng = Rng::new(17, 0);
    let mut sums = Sums::default();
    for turn in 0..1_200 {
        let mode = Mode::ALL[turn % 3];
        let mut number = |low: usize, high: usize| i32::try_from(rng.between(low, high)).unwrap();
        let match_ = number(1, 40);
        let (mismatch, wildcard) = (match_ - number(1, 70), match_ - number(0, 60));
        let extend = -number(0, 12) * number(0, 1);
        let open = extend - number(0, 60) * number(0, 1);
        let scoring = Scoring::new(mode, match_, mismatch, wildcard, open, extend).unwrap();
        let letters = rng.between(1, 4);
        let length = rng.between(0, 160);
        let query: Vec<u8> = (0..length)
            .map(|_| u8::try_from(rng.below(letters)).unwrap())
            .collect();
        let mut targets: Vec<Vec<u8>> = Vec::new();
        for _ in 0..12 {
            let evolution = Evolution {
                substitution: rng.unit() * 0.2,
                insertion: rng.unit() * 0.05,
                deletion: rng.unit() * 0.05,
                run: rng.unit() * 0.9,
            };
            let mut target = evolve(&mut rng, &query, &evolution).sequence;
            for code in &mut target {
                if rng.chance(0.01) {
                    *code = 4;
                }
            }
            // A part of it, a repeat of it, or with strangers around it.
            let cut = rng.below(target.len() + 1);
            match rng.below(4) {
                0 => target.truncate(cut),
                1 => target.extend_from_within(..cut),
                2 => target.splice(cut..cut, rng.residues(40)).for_each(drop),
                _ => {}
            }
            targets.push(target);
        }
        let targets: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
        check(&query, &targets, &scoring, &mut sums);
    }
    assert_eq!(sums.pairs, 14_400);
}

/// Strangers are told from relatives, or the bounds would be of no use.
#[test]
fn bounds_tell_strangers_from_relatives() {
    let mut rng = Rng::new(23, 0);
    let query = rng.residues(400);
    let evolution = Evolution {
        substitution: 0.02,
        insertion: 0.002,
        deletion: 0.002,
        run: 0.5,
    };
    let relative = evolve(&mut rng, &query, &evolution).sequence;
    for mode in Mode::ALL {
        let scoring = Scoring::new(mode, 2, -3, -3, -7, -2).unwrap();
        let engine = Engine::new(scoring, KernelChoice::Auto).unwrap();
        let least = engine.scores(&query, &[&relative])[0];
        let (mut kmers, mut runs) = (Sums::default(), 0);
        for _ in 0..50 {
            let stranger = rng.residues(400);
            let mut sums = Sums::default();
            check(&query, &[&stranger], &scoring, &mut sums);
            kmers.pairs += usize::from(sums.by_kmers < least);
            runs += usize::from(sums.by_runs < least);
        }
        assert_eq!((kmers.pairs, runs), (50, 50), "{mode}");
    }
}

#[test]
fn every_pair_of_a_real_set_stays_below_its_bounds() {
    let Some(data) = skip::data_dir() else { return };
    let columns = Columns {
        id: "target_id".into(),
        sequence: "sequence".into(),
        date: None,
        group: None,
    };
    let read = |name: &str| read_path(&data.join(name), &columns).unwrap();
    let queries = read("rna3d-part1/validation_sequences.csv");
    let library = read("rna3d-part1/train_sequences.csv");
    let chains = read("rna-chains/chains.csv");
    assert_eq!((queries.len(), library.len()), (12, 844));
    let mut targets: Vec<&[u8]> = library.iter().map(|record| &*record.sequence).collect();
    targets.extend(chains.iter().step_by(9).map(|record| &*record.sequence));
    let mut queries: Vec<&[u8]> = queries.iter().map(|record| &*record.sequence).collect();
    // And chains that have relatives there.
    queries.extend(library.iter().step_by(120).map(|record| &*record.sequence));
    for mode in Mode::ALL {
        for numbers in [[2, -3, -3, -7, -2], [20, -15, 0, -80, -4]] {
            let [a, s, w, o, x] = numbers;
            let scoring = Scoring::new(mode, a, s, w, o, x).unwrap();
            let mut sums = Sums::default();
            for query in &queries {
                check(query, &targets, &scoring, &mut sums);
            }
            assert!(
                sums.pairs > 20_000 && sums.by_kmers < sums.by_residues,
                "{sums:?}"
            );
        }
    }
}
