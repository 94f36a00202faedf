//! The program as a process: what it reads, writes and ends with.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::Path;
use std::process::Command;

use kgl_contract::{Hit, SearchShard, parse_document};
use kgl_testkit::process::{Finished, finish};

const TARGETS: &str = "id,sequence,day,entry\n\
    old,GGGAAACCC,2001-01-01,A1_x\n\
    near,GGGAAUCCC,2002-01-01,A2_x\n\
    young,GGGAAACCC,2030-01-01,A3_x\n\
    same,GGGAAACCC,2001-01-01,Q1_y\n\
    undated,GGGAAACCC,,A4_x\n\
    twin,GGGAAACCC,2001-01-02,A5_x\n\
    empty,,2001-01-01,A6_x\n\
    \"quo\nted\",gggTTTccc-X,2001-01-01,A7_x\n";
const QUERIES: &str = "id,sequence,day,entry\nq,GGGAAACCC,2010-01-01,Q1_x\nnone,,2010-01-01,Q2_x\n";

fn search(extra: &str) -> String {
    let columns =
        r#"{"id":"id","sequence":"sequence","date":"day","group":{"column":"entry","until":"_"}}"#;
    format!(
        r#"{{"schema":"kgl.search/1","queries":{{"path":"q.csv","columns":{columns}}},
            "targets":{{"path":"t.csv","columns":{columns}}},
            "scoring":{{"mode":"global","match":2,"mismatch":-1.5,"gap_open":-8,"gap_extend":-0.4}},
            "top_k":3,"filters":{{"dated_before_query":true,"other_group":true}},"shards":2{extra}}}"#
    )
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("t.csv", TARGETS);
        folder.write("q.csv", QUERIES);
        folder.write("search.json", search(""));
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with(arguments, &[], "")
    }

    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], stdin: &str) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-shard-search"));
        command
            .args(arguments)
            .current_dir(self.path())
            .envs(environment.iter().copied());
        finish(&mut command, stdin.as_bytes())
    }

    /// Runs, expects exit 2, and gives the sentence.
    fn refuse(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        done.assert_code(2);
        assert!(done.stdout.is_empty());
        done.stderr_text()
    }
}

fn shard(done: &Finished) -> SearchShard {
    parse_document(&done.assert_code(0).stdout).unwrap()
}

#[test]
fn finds_the_best_by_score_then_file_order_within_the_filters() {
    let folder = Folder::new();
    let found = shard(&folder.run(&["0", "search.json", "--count", "1"]));
    let hits = &found.results[0].hits;
    let named: Vec<(&str, u32, i64)> = hits
        .iter()
        .map(|hit| (hit.target.as_str(), hit.target_index, hit.score))
        .collect();
    assert_eq!(named, [("old", 0, 180), ("twin", 5, 180), ("near", 1, 145)]);
    let third = hits[2].alignment.as_ref().unwrap();
    assert_eq!(third.cigar, "5=1X3=");
    assert_eq!((third.matches, third.columns), (8, 9));
    assert_eq!((third.query_span, third.target_span), ([0, 9], [0, 9]));
    // A query without a residue still has a row, and its hits are gaps only.
    assert_eq!(found.results[1].query, "none");
    assert_eq!(found.results[1].hits[0].target, "empty");
    let gap = found.results[1].hits[1].alignment.as_ref().unwrap();
    assert_eq!(gap.cigar, "9D");
    assert_eq!(found.score_scale, 10);
}

#[test]
fn a_shard_document_stays_as_it_is() {
    let folder = Folder::new();
    let mut found = shard(&folder.run(&["1", "search.json"]));
    found.attempt.tool = "tool".into();
    found.attempt.kernel = "kernel".into();
    found.attempt.host = "host".into();
    found.attempt.started_at = "now".into();
    found.attempt.lanes = 1;
    (found.attempt.workers, found.attempt.elapsed_ms) = (1, 1);
    let bytes = kgl_contract::canonical_bytes(&found).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/shard.json");
    if std::env::var_os("KGL_BLESS").is_some() {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, &bytes).unwrap();
    }
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        fs::read_to_string(&golden).unwrap_or_default()
    );
}

#[test]
fn the_result_does_not_depend_on_workers_kernel_or_the_way_in() {
    let folder = Folder::new();
    let attempt = shard(&folder.run(&["0", "search.json"])).attempt;
    let result = |done: &Finished| {
        let mut found = shard(done);
        found.attempt = attempt.clone();
        kgl_contract::canonical_bytes(&found).unwrap()
    };
    let expected = result(&folder.run(&["0", "search.json"]));
    for arguments in [
        ["0", "search.json", "-w", "1"],
        ["0", "search.json", "-w", "8"],
        ["0", "search.json", "--kernel", "scalar"],
        ["0", "search.json", "--kernel", "portable"],
    ]
    .map(|a| a.to_vec())
    .into_iter()
    .chain([vec!["0", "search.json", "--no-prune"]])
    {
        assert!(result(&folder.run(&arguments)) == expected, "{arguments:?}");
    }
    assert!(result(&folder.run_with(&["0"], &[], &search(""))) == expected);
    let pinned = folder
        .run(&["--pin", "search.json"])
        .assert_code(0)
        .stdout_text();
    assert!(result(&folder.run_with(&["0", "-"], &[], &pinned)) == expected);
}

#[test]
fn a_search_for_scores_only_is_one_of_its_own() {
    let folder = Folder::new();
    let whole = shard(&folder.run(&["0", "search.json"]));
    let bare = shard(&folder.run(&["0", "search.json", "--scores-only"]));
    assert_ne!(bare.search_sha256, whole.search_sha256);
    for (bare, whole) in bare.results.iter().zip(&whole.results) {
        let scores = |hits: &[Hit]| -> Vec<(u32, i64)> {
            hits.iter()
                .map(|hit| (hit.target_index, hit.score))
                .collect()
        };
        assert_eq!(scores(&bare.hits), scores(&whole.hits));
        assert!(bare.hits.iter().all(|hit| hit.alignment.is_none()));
        assert!(whole.hits.iter().all(|hit| hit.alignment.is_some()));
    }
    folder.write("search.json", search(",\"alignments\":false"));
    let same = shard(&folder.run(&["0", "search.json"]));
    assert_eq!(same.search_sha256, bare.search_sha256);
    assert_eq!(same.results, bare.results);
}

#[test]
fn scores_below_the_least_are_not_reported() {
    let folder = Folder::new();
    folder.write("search.json", search(",\"min_score\":14.5"));
    let found = shard(&folder.run(&["0", "search.json", "--count", "1"]));
    let scores: Vec<i64> = found.results[0].hits.iter().map(|hit| hit.score).collect();
    assert_eq!(scores, [180, 180, 145]);
    assert!(found.results[1].hits.is_empty());
    folder.write("search.json", search(",\"min_score\":14.51"));
    let found = shard(&folder.run(&["0", "search.json", "--count", "1"]));
    assert_eq!(found.results[0].hits.len(), 2);
}

#[test]
fn verbose_says_which_kernel_and_how_much_was_saved() {
    let folder = Folder::new();
    let arguments = ["1", "search.json", "-v", "--kernel", "portable"];
    let said = folder.run(&arguments).assert_code(0).stderr_text();
    assert!(
        said.contains("kernel portable, ") && said.contains(" lanes"),
        "{said}"
    );
    assert!(said.contains("proved unnecessary"), "{said}");
    let attempt = shard(&folder.run(&arguments)).attempt;
    assert_eq!(attempt.kernel, "portable");
    assert!(attempt.lanes > 1 && attempt.cells_pruned > 0);
}

#[test]
fn a_pinned_search_refuses_other_files() {
    let folder = Folder::new();
    folder.write("pinned.json", folder.run(&["--pin", "search.json"]).stdout);
    folder.write("t.csv", TARGETS.replace("GGGAAUCCC", "GGGAAGCCC"));
    let message = folder.refuse(&["0", "pinned.json"]);
    assert!(
        message.contains("t.csv: its digest is") && message.contains("--pin"),
        "{message}"
    );
}

#[test]
fn shards_in_a_folder_are_kept_and_foreign_ones_not_overwritten() {
    let folder = Folder::new();
    folder
        .run(&["0-1", "search.json", "--out-dir", "out"])
        .assert_code(0);
    let path = folder.path().join("out/sequence_nn_search.shard1.json");
    let first = fs::read(&path).unwrap();
    let again = folder.run(&["0-1", "search.json", "--out-dir", "out", "-v"]);
    assert!(
        again
            .assert_code(0)
            .stderr_text()
            .contains("shard 1 is there")
    );
    assert_eq!(fs::read(&path).unwrap(), first);

    let message = folder.refuse(&["1", "search.json", "--count", "3", "--out-dir", "out"]);
    assert!(
        message.contains("holds shard 1 of 2, not 1 of 3"),
        "{message}"
    );
    fs::write(&path, &first[..100]).unwrap();
    assert!(
        folder
            .refuse(&["1", "search.json", "--out-dir", "out"])
            .contains("cut short at byte 100")
    );
    assert_eq!(fs::read(&path).unwrap(), &first[..100]);
    folder
        .run(&["1", "search.json", "--out-dir", "out", "--force"])
        .assert_code(0);
    assert!(fs::read(&path).unwrap().len() > 100);
}

#[test]
fn bad_input_is_named_with_its_place_and_remedy() {
    type Case = (&'static str, Vec<u8>, &'static [&'static str]);
    let cases: [Case; 8] = [
        ("t.csv", b"".to_vec(), &["t.csv", "empty"]),
        (
            "t.csv",
            b"name,sequence,day,entry\na,G,,x\n".to_vec(),
            &["t.csv", "`id`"],
        ),
        (
            "t.csv",
            b"id,sequence,day,entry\na,G\xff,,x\n".to_vec(),
            &["t.csv", "UTF-8", "line 2"],
        ),
        (
            "t.csv",
            b"id,sequence,day,entry\na,G,,x\nb,\"GG".to_vec(),
            &["t.csv", "line 3"],
        ),
        (
            "t.csv",
            b"id,sequence,day,entry\na,G,,x\na,C,,x\n".to_vec(),
            &["t.csv", "line 3", "`a`"],
        ),
        (
            "q.csv",
            b"id,sequence,day,entry\na,G5,2010-01-01,x\n".to_vec(),
            &["q.csv", "line 2", "5"],
        ),
        (
            "search.json",
            search(",\"top_k\":0").replace("\"top_k\":3,", "").into(),
            &["search.json", "top_k"],
        ),
        (
            "search.json",
            search("").replace("global", "glocal").into(),
            &["search.json", "glocal"],
        ),
    ];
    for (name, bytes, expected) in cases {
        let folder = Folder::new();
        folder.write(name, &bytes);
        let message = folder.refuse(&["0", "search.json", "-o", "out.json"]);
        for part in expected {
            assert!(message.contains(part), "{part:?} not in: {message}");
        }
        assert!(!folder.path().join("out.json").exists());
    }
}

#[test]
fn bad_calls_are_refused() {
    let folder = Folder::new();
    assert!(
        folder
            .refuse(&["2", "search.json"])
            .contains("INDEX 2 is not below 2")
    );
    assert!(
        folder
            .refuse(&["0", "search.json", "--count", "0"])
            .contains("0 shards")
    );
    assert!(
        folder
            .refuse(&["x", "search.json"])
            .contains("`x` is not a set of indexes")
    );
    assert!(
        folder
            .refuse(&["0", "nowhere.json"])
            .contains("cannot read nowhere.json")
    );
    assert!(folder.refuse(&["0-1", "search.json"]).contains("--out-dir"));
    assert!(
        folder
            .refuse(&["0", "search.json", "--kernel", "mmx"])
            .contains("mmx")
    );
    assert!(
        folder
            .refuse(&["0", "search.json", "-w", "0"])
            .contains("workers")
    );
    assert!(
        folder
            .refuse(&["0", "search.json", "--base", "nowhere"])
            .contains("--base")
    );
    let done = folder.run_with(&["0", "search.json"], &[("BATCH_TASK_COUNT", "3")], "");
    assert!(
        done.assert_code(2)
            .stderr_text()
            .contains("BATCH_TASK_COUNT=3 contradicts")
    );
    assert!(folder.refuse(&["0", "t.csv"]).contains("t.csv: byte"));
}

#[test]
fn what_cannot_be_written_is_the_worlds_fault() {
    let folder = Folder::new();
    let done = folder.run(&["0", "search.json", "-o", "t.csv/shard.json"]);
    assert!(
        done.assert_code(3)
            .stderr_text()
            .contains("cannot write t.csv/shard.json")
    );
    let mut command = Command::new("sh");
    let full = r#""$0" 0 search.json > /dev/full"#;
    command
        .args(["-c", full, env!("CARGO_BIN_EXE_kgl-shard-search")])
        .current_dir(folder.path());
    assert!(
        finish(&mut command, b"")
            .assert_code(3)
            .stderr_text()
            .contains("cannot write to stdout")
    );
}

#[test]
fn a_closed_pipe_ends_quietly_and_a_closed_stdout_is_told() {
    let folder = Folder::new();
    let shell = |script: &str| {
        let mut command = Command::new("bash");
        command
            .args(["-c", script, env!("CARGO_BIN_EXE_kgl-shard-search")])
            .current_dir(folder.path());
        finish(&mut command, b"")
    };
    let piped = shell(r#"set -o pipefail; "$0" 0 search.json | true; exit "${PIPESTATUS[0]}""#);
    assert_eq!(piped.assert_code(0).stderr_text(), "");
    let closed = shell(r#""$0" 0 search.json >&-"#);
    assert!(
        closed
            .assert_code(0)
            .stderr_text()
            .contains("stdout is closed")
    );
    assert_eq!(
        shell(r#""$0" 0 search.json > /dev/null"#)
            .assert_code(0)
            .stderr_text(),
        ""
    );
}

#[test]
fn a_typo_in_the_search_is_warned_of() {
    let folder = Folder::new();
    folder.write("search.json", search(",\"topk\":9"));
    assert!(
        folder
            .run(&["0", "search.json"])
            .assert_code(0)
            .stderr_text()
            .contains("unknown field `topk`")
    );
}

#[test]
fn a_target_as_long_as_the_longest_there_is() {
    let folder = Folder::new();
    let long: String = "GAUC".chars().cycle().take(125_580).collect();
    folder.write(
        "t.csv",
        format!("id,sequence,day,entry\nlong,{long},2001-01-01,L_x\n"),
    );
    let found = shard(&folder.run(&["0", "search.json"]));
    let alignment = found.results[0].hits[0].alignment.as_ref().unwrap();
    assert_eq!(alignment.target_span, [0, 125_580]);
}
