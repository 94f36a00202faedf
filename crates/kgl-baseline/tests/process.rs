//! The program, run as a process.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use kgl_testkit::process::{self, Finished};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kgl-baseline");

/// Rows of two sexes, whose answers differ.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let row = |i: usize| {
        let sex = if i.is_multiple_of(2) { "f" } else { "m" };
        format!(
            "{i},{sex},{}\n",
            u8::from(i.is_multiple_of(2) != i.is_multiple_of(10))
        )
    };
    let train: String = (0..500).map(row).collect();
    for (name, text) in [
        ("train.csv", format!("id,sex,y\n{train}")),
        ("test.csv", "id,sex\n901,f\n902,m\n903,?\n".to_owned()),
        ("sample.csv", "id,y,note\n903,0.5,\"a,b\"\n901,0.5,c\n902,0.5,d\n".to_owned()),
        (
            "baseline.json",
            r#"{ "schema": "kgl.baseline/1", "sample": "sample.csv", "train": "train.csv",
                 "test": { "path": "test.csv", "id_column": "id" }, "by": ["sex"],
                 "columns": [ { "name": "y", "from": { "statistic": "mean", "column": "y" }, "decimals": 2 } ] }"#
                .to_owned(),
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = Command::new(PROGRAM);
    process::finish(command.current_dir(folder).args(arguments), b"")
}

#[test]
fn a_submission_has_the_samples_rows_in_its_order() {
    let folder = folder();
    let train = run(
        folder.path(),
        &["train", "baseline.json", "--out", "model.json"],
    );
    let stderr = train.assert_code(0).stderr_text();
    assert!(stderr.contains("held out: answer=y by=sex"), "{stderr}");
    let predict = ["predict", "baseline.json", "--model", "model.json"];
    let done = run(folder.path(), &predict);
    let text = done.assert_code(0).stdout_text();
    let rows: Vec<&str> = text.lines().collect();
    // An unknown group gets the mean of all; what is not predicted is copied.
    assert_eq!(rows[..2], ["id,y,note", "903,0.40,\"a,b\""]);
    assert!(
        rows[2].starts_with("901,0.7") && rows[3].starts_with("902,0.0"),
        "{text}"
    );
    let smoke = run(folder.path(), &[&predict[..], &["--rows", "1"]].concat());
    assert_eq!(smoke.stdout_text().lines().count(), 2);
}

#[test]
fn pairs_are_as_alike_as_their_words() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "test.csv",
            "id,left,right\n1,what is love,what is love\n2,abc,xyz\n",
        ),
        ("sample.csv", "id,same\n2,0.5\n1,0.5\n3,0.5\n"),
        (
            "baseline.json",
            r#"{ "schema": "kgl.baseline/1", "sample": "sample.csv",
                 "test": { "path": "test.csv", "id_column": "id" },
                 "columns": [ { "name": "same", "from": { "statistic": "alike", "columns": ["left", "right"] } } ] }"#,
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    run(
        folder.path(),
        &["train", "baseline.json", "--out", "model.json"],
    )
    .assert_code(0);
    let done = run(
        folder.path(),
        &["predict", "baseline.json", "--model", "model.json"],
    );
    // Of a row that the test table does not have, the sample's own value.
    assert_eq!(
        done.assert_code(0).stdout_text(),
        "id,same\n2,0.0000\n1,1.0000\n3,0.5\n"
    );
}

#[test]
fn what_is_missing_is_named() {
    let folder = folder();
    let baseline = folder.path().join("baseline.json");
    let text = fs::read_to_string(&baseline).unwrap();
    for (from, to, says) in [
        (
            "\"column\": \"y\"",
            "\"column\": \"z\"",
            "it has no column `z`",
        ),
        ("\"train.csv\"", "\"gone.csv\"", "gone.csv: No such file"),
    ] {
        fs::write(&baseline, text.replace(from, to)).unwrap();
        let done = run(folder.path(), &["train", "baseline.json"]);
        assert!(
            done.assert_code(2).stderr_text().contains(says),
            "{}",
            done.stderr_text()
        );
    }
    fs::write(folder.path().join("train.csv"), "id,sex,y\n1,f\n").unwrap();
    fs::write(&baseline, &text).unwrap();
    let done = run(folder.path(), &["train", "baseline.json"]);
    let says = "train.csv, line 2: 2 fields where the header has 3";
    assert!(
        done.assert_code(2).stderr_text().contains(says),
        "{}",
        done.stderr_text()
    );
}

#[test]
fn a_closed_pipe_ends_quietly_and_a_full_disk_is_told() {
    let folder = folder();
    let line = format!("{PROGRAM} --quiet train baseline.json | true");
    let mut command = Command::new("sh");
    let closed = process::finish(command.current_dir(folder.path()).args(["-c", &line]), b"");
    assert_eq!(closed.stderr_text(), "");
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = Command::new(PROGRAM);
    command
        .current_dir(folder.path())
        .args(["train", "baseline.json"]);
    let status = command
        .stdout(Stdio::from(full))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}
