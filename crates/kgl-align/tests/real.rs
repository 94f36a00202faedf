//! Real RNA, where the folder of real data is.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use kgl_align::{Engine, KernelChoice, Mode, Scoring, align, scalar};
use kgl_seq::{Columns, Record, decode, read_path};
use kgl_testkit::conformance::find_fault;
use kgl_testkit::{process, skip};

fn load(name: &str) -> Option<Vec<Record>> {
    let path = skip::data_dir()?.join("rna3d-part1").join(name);
    let columns = Columns {
        id: "target_id".into(),
        sequence: "sequence".into(),
        date: None,
        group: None,
    };
    Some(read_path(&path, &columns).unwrap())
}

#[test]
fn kernels_and_walks_agree_with_the_oracle() {
    let Some(queries) = load("validation_sequences.csv") else {
        return;
    };
    let Some(library) = load("train_sequences.csv") else {
        return;
    };
    assert_eq!((queries.len(), library.len()), (12, 844));
    let targets: Vec<&[u8]> = library
        .iter()
        .map(|record| record.sequence.as_slice())
        .collect();
    for mode in Mode::ALL {
        let scoring = Scoring::new(mode, 20, -15, -15, -80, -4).unwrap();
        let best = Engine::new(scoring, KernelChoice::Auto).unwrap();
        for (turn, query) in queries.iter().enumerate() {
            let query = &query.sequence;
            let scores = best.scores(query, &targets);
            for choice in KernelChoice::ALL {
                let Ok(engine) = Engine::new(scoring, choice) else {
                    continue;
                };
                if choice == KernelChoice::Scalar {
                    continue;
                }
                assert_eq!(engine.scores(query, &targets), scores, "{mode} {choice}");
            }
            // One target in fifty is asked of the oracle, the best is walked.
            for at in (turn..targets.len()).step_by(50) {
                assert_eq!(
                    scores[at],
                    scalar::score(query, targets[at], &scoring),
                    "{mode}"
                );
            }
            let top = (0..targets.len()).max_by_key(|&at| scores[at]).unwrap();
            let found = align(query, targets[top], &scoring);
            assert_eq!(
                find_fault(&found, query, targets[top], &scoring, scores[top]),
                None
            );
        }
    }
}

/// Biopython's aligner with the scoring of the RNA competition, written as
/// decimals there and as integers here.
const BIOPYTHON: &str = "
import sys
from Bio.Align import PairwiseAligner
aligner = PairwiseAligner(mode='global', match_score=2, mismatch_score=-1.5)
aligner.open_gap_score = -8
aligner.extend_gap_score = -0.4
for line in sys.stdin:
    query, target = line.split()
    print(round(aligner.score(query, target) * 10))
";

#[test]
fn global_scores_are_biopythons() {
    let Some(python) = skip::python_with("Bio") else {
        return;
    };
    let mut rng = kgl_testkit::Rng::new(5, 0);
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for m in [1, 2, 17, 64, 200, 431] {
        for n in [1, 3, 30, 65, 180, 600] {
            pairs.push((rng.residues(m), rng.residues(n)));
        }
    }
    if let Some((queries, library)) =
        load("validation_sequences.csv").zip(load("train_sequences.csv"))
    {
        for (at, query) in queries.iter().enumerate() {
            for target in library.iter().skip(at * 7).step_by(200) {
                pairs.push((query.sequence.clone(), target.sequence.clone()));
            }
        }
    }
    let lines: String = pairs
        .iter()
        .map(|(a, b)| format!("{} {}\n", decode(a), decode(b)))
        .collect();
    let done = process::run(python, &["-c", BIOPYTHON], lines.as_bytes());
    let text = done.assert_code(0).stdout_text();
    let theirs: Vec<i64> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(theirs.len(), pairs.len());
    let scoring = Scoring::new(Mode::Global, 20, -15, -15, -80, -4).unwrap();
    let engine = Engine::new(scoring, KernelChoice::Auto).unwrap();
    for ((query, target), theirs) in pairs.iter().zip(theirs) {
        let known = |codes: &[u8]| codes.iter().all(|&code| code < 4);
        // Biopython gives two equal wildcards a match; ours never do.
        if known(query) && known(target) {
            let names = (decode(query), decode(target));
            assert_eq!(engine.scores(query, &[target]), [theirs], "{names:?}");
            assert_eq!(align(query, target, &scoring).score, theirs, "{names:?}");
        }
    }
}
