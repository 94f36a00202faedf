//! The program as a process: any order, any cut, any damage.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kgl_contract::{
    Attempt, Hit, HitAlignment, IndexSet, QueryHits, SearchMerged, SearchShard, Sha256, ShardOf,
    Tag, TargetList, canonical_bytes, parse_document,
};
use kgl_testkit::process::{Finished, finish};
use proptest::prelude::*;

const TARGETS: u32 = 23;
const TOP_K: u32 = 4;

/// Score of a target for a query: few values, so that ties are common.
fn score(query: usize, target: u32) -> i64 {
    (i64::from(target) * 7 + i64::try_from(query).unwrap_or(0) * 3) % 5
}

fn hit(query: usize, target: u32) -> Hit {
    Hit {
        target: format!("t{target}"),
        target_index: target,
        score: score(query, target),
        alignment: Some(HitAlignment {
            matches: 1,
            columns: 1,
            query_span: [0, 1],
            target_span: [0, 1],
            cigar: "1=".into(),
        }),
    }
}

fn best(query: usize, targets: impl Iterator<Item = u32>) -> Vec<Hit> {
    let mut hits: Vec<Hit> = targets.map(|target| hit(query, target)).collect();
    hits.sort_by_key(Hit::rank);
    hits.truncate(TOP_K as usize);
    hits
}

/// A shard of a search that deals target t to shard t mod count.
fn shard(index: u32, count: u32) -> SearchShard {
    let own = || (0..TARGETS).filter(move |target| target % count == index);
    SearchShard {
        schema: Tag::default(),
        search_sha256: Sha256::of(b"search"),
        partition: 1,
        shard: ShardOf { index, count },
        targets: TargetList {
            count: TARGETS,
            ids_sha256: Sha256::of(b"ids"),
        },
        targets_searched: own().collect(),
        score_scale: 10,
        top_k: TOP_K,
        results: (0..3)
            .map(|query| QueryHits {
                query: format!("q{query}"),
                hits: best(query, own()),
            })
            .collect(),
        attempt: Attempt {
            tool: "test".into(),
            kernel: "none".into(),
            lanes: 1,
            workers: 1,
            cells_computed: 1,
            cells_pruned: 0,
            elapsed_ms: 5,
            host: format!("host{index}"),
            started_at: "2026-11-23T00:00:00Z".into(),
        },
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, shard: &SearchShard) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, canonical_bytes(shard).unwrap()).unwrap();
        path
    }

    /// Writes shards under the names that the search gives them.
    fn write_all(&self, count: u32) {
        for index in 0..count {
            self.write(&ShardOf::file_name(index), &shard(index, count));
        }
    }

    fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Finished {
        self.run_with(arguments, b"")
    }

    fn run_with<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S], stdin: &[u8]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-merge"));
        finish(command.args(arguments).current_dir(self.0.path()), stdin)
    }

    fn refuse(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        done.assert_code(2);
        assert!(done.stdout.is_empty());
        done.stderr_text()
    }
}

fn expected() -> Vec<QueryHits> {
    (0..3)
        .map(|query| QueryHits {
            query: format!("q{query}"),
            hits: best(query, 0..TARGETS),
        })
        .collect()
}

#[test]
fn merges_a_folder() {
    let folder = Folder::new();
    folder.write_all(4);
    fs::write(folder.0.path().join("notes.txt"), "not a shard").unwrap();
    let done = folder.run(&["."]);
    let merged: SearchMerged = parse_document(&done.assert_code(0).stdout).unwrap();
    assert_eq!(merged.results, expected());
    assert_eq!(merged.coverage.targets, TARGETS);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// One merged document for every cut, order, repetition and way in.
    #[test]
    fn the_same_bytes_whatever_the_way(
        count in prop_oneof![Just(1u32), Just(4), Just(37), 1u32..50],
        shuffle in any::<u64>(),
        repeated in 0usize..5,
        by_pipe in any::<bool>(),
    ) {
        let folder = Folder::new();
        folder.write("whole.json", &shard(0, 1));
        let whole = folder.run(&["whole.json"]).stdout;
        let mut order: Vec<u32> = (0..count).collect();
        order.extend((0..repeated as u32).map(|again| again % count));
        let mut seed = shuffle;
        for i in (1..order.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(i, (seed >> 33) as usize % (i + 1));
        }
        let shards = order.iter().enumerate().map(|(copy, &index)| {
            let mut shard = shard(index, count);
            shard.attempt.elapsed_ms = copy as u64;
            shard
        });
        let done = if by_pipe {
            let bytes: Vec<u8> = shards.flat_map(|shard| canonical_bytes(&shard).unwrap()).collect();
            folder.run_with(&["-"], &bytes)
        } else {
            let paths: Vec<PathBuf> =
                shards.enumerate().map(|(copy, shard)| folder.write(&format!("{copy}.json"), &shard)).collect();
            folder.run(&paths)
        };
        prop_assert_eq!(done.code, Some(0), "{}", done.stderr_text());
        prop_assert!(done.stdout == whole);
    }
}

#[test]
fn missing_shards_are_a_proper_no() {
    let folder = Folder::new();
    folder.write_all(6);
    for index in [1, 4, 5] {
        fs::remove_file(folder.0.path().join(ShardOf::file_name(index))).unwrap();
    }
    let done = folder.run(&["."]);
    assert!(
        done.assert_code(1)
            .stderr_text()
            .contains("3 of 6 shards are missing: 1,4-5")
    );
    assert!(done.stdout.is_empty());
    assert_eq!(
        folder.run(&["--missing", "."]).assert_code(1).stdout_text(),
        "1\n4\n5\n"
    );
    folder.write_all(6);
    assert_eq!(
        folder.run(&["--missing", "."]).assert_code(0).stdout_text(),
        ""
    );
}

#[test]
fn with_no_shard_at_all_the_count_must_be_said() {
    let folder = Folder::new();
    assert!(folder.refuse(&["--missing", "."]).contains("--count"));
    assert_eq!(
        folder
            .run(&["--missing", "--count", "2", "."])
            .assert_code(1)
            .stdout_text(),
        "0\n1\n"
    );
    folder.write_all(2);
    assert!(
        folder
            .refuse(&["--missing", "--count", "3", "."])
            .contains("of 2, but 3 are expected")
    );
}

#[test]
fn two_results_of_one_shard_are_corruption() {
    let folder = Folder::new();
    folder.write_all(2);
    let mut other = shard(1, 2);
    other.results[2].hits[0].alignment.as_mut().unwrap().cigar = "1X".into();
    folder.write("other.json", &other);
    let message = folder.refuse(&[".", "other.json"]);
    assert!(
        message.contains(
            "corruption: other.json and ./sequence_nn_search.shard1.json both hold shard 1"
        ),
        "{message}"
    );
}

#[test]
fn scores_alone_are_merged_but_not_with_alignments() {
    let bare = |index| {
        let mut shard = shard(index, 2);
        for row in &mut shard.results {
            row.hits.iter_mut().for_each(|hit| hit.alignment = None);
        }
        shard
    };
    let folder = Folder::new();
    folder.write("0.json", &bare(0));
    folder.write("1.json", &bare(1));
    let merged = folder
        .run(&["0.json", "1.json"])
        .assert_code(0)
        .stdout_text();
    assert!(!merged.contains("cigar") && merged.contains("target_index"));
    folder.write("1.json", &shard(1, 2));
    let message = folder.refuse(&["0.json", "1.json"]);
    assert!(
        message.contains("1.json: the hit on t")
            && message.contains("has an alignment, where hits before it have none"),
        "{message}"
    );
}

#[test]
fn damaged_and_foreign_files_are_named_with_the_byte() {
    let folder = Folder::new();
    let path = folder.write("a.json", &shard(0, 1));
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..200]).unwrap();
    assert!(
        folder
            .refuse(&["a.json"])
            .contains("a.json: cut short at byte 200")
    );
    fs::write(&path, b"").unwrap();
    assert!(folder.refuse(&["a.json"]).contains("a.json: empty"));
    fs::write(&path, br#"{"schema":"kgl.run/1"}"#).unwrap();
    assert!(
        folder
            .refuse(&["a.json"])
            .contains("a.json: this is `kgl.run/1`")
    );
    let mut flipped = whole.clone();
    let colon = whole.iter().position(|&byte| byte == b':').unwrap();
    flipped[colon] = b';';
    fs::write(&path, &flipped).unwrap();
    let message = folder.refuse(&["a.json"]);
    assert!(
        message.contains(&format!("a.json: byte {colon}: expected `:`")),
        "{message}"
    );
    assert!(
        folder
            .refuse(&["nowhere.json"])
            .contains("cannot read nowhere.json")
    );
    let pipe = folder.run_with(&["-"], &[whole.as_slice(), &whole[..50]].concat());
    assert!(
        pipe.assert_code(2)
            .stderr_text()
            .contains("stdin, document 2")
    );
}

#[test]
fn shards_that_do_not_belong_together_are_refused() {
    type Change = fn(&mut SearchShard);
    let changes: [(Change, &str); 9] = [
        (|s| s.search_sha256 = Sha256::of(b"other"), "the search is"),
        (|s| s.shard.count = 3, "the shard count is 3"),
        (|s| s.partition = 2, "the partition rule is 2"),
        (|s| s.top_k = 9, "top_k is 9"),
        (|s| s.results[0].query = "x".into(), "the list of queries"),
        (
            |s| s.targets_searched = "0-22".parse().unwrap(),
            "another shard searched as well",
        ),
        (|s| s.results[0].hits.reverse(), "not in order"),
        (|s| s.results[0].hits[0].target_index = 0, "did not search"),
        (
            |s| s.targets_searched = IndexSet::default(),
            "did not search",
        ),
    ];
    for (change, expected) in changes {
        let folder = Folder::new();
        folder.write("0.json", &shard(0, 2));
        let mut other = shard(1, 2);
        change(&mut other);
        folder.write("1.json", &other);
        let message = folder.refuse(&["0.json", "1.json"]);
        assert!(message.contains(expected), "{expected:?} not in {message}");
    }
}

#[test]
fn all_shards_without_all_targets_is_no_proof() {
    let folder = Folder::new();
    let mut lacking = shard(1, 2);
    lacking.targets_searched = lacking
        .targets_searched
        .iter()
        .filter(|&target| target != 1)
        .collect();
    lacking
        .results
        .iter_mut()
        .for_each(|row| row.hits.retain(|hit| hit.target_index != 1));
    folder.write("0.json", &shard(0, 2));
    folder.write("1.json", &lacking);
    let message = folder.refuse(&["0.json", "1.json"]);
    assert!(message.contains("searched 22 of 23 targets"), "{message}");
}

#[test]
fn a_named_search_refuses_all_others() {
    let folder = Folder::new();
    folder.write_all(2);
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../kgl-contract/fixtures/search-1.json");
    let fixture = fixture.to_str().unwrap();
    assert!(
        folder
            .refuse(&["--search", fixture, "."])
            .contains("not of the one given with --search")
    );
}

#[test]
fn the_merged_file_appears_whole_or_not_at_all() {
    let folder = Folder::new();
    folder.write_all(2);
    fs::write(folder.0.path().join("merged.json"), "old").unwrap();
    fs::remove_file(folder.0.path().join(ShardOf::file_name(1))).unwrap();
    folder.run(&[".", "-o", "merged.json"]).assert_code(1);
    assert_eq!(
        fs::read_to_string(folder.0.path().join("merged.json")).unwrap(),
        "old"
    );
}
