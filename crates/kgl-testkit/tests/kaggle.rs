//! The stand-in of Kaggle's API, as the official client meets it.

#![allow(clippy::unwrap_used, reason = "a helper of tests")]

use std::fs;
use std::process::Command;

use kgl_testkit::kaggle::{self, StandIn};
use kgl_testkit::process::{Finished, finish};
use serde_json::{Value, json};

/// A competition of four files, listed two at a time.
fn competition(folder: &tempfile::TempDir) -> Value {
    fs::create_dir(folder.path().join("images")).unwrap();
    fs::write(folder.path().join("images/a.png"), "not a picture").unwrap();
    fs::write(
        folder.path().join("train.csv"),
        "id,y\n1,2\n".repeat(300_000),
    )
    .unwrap();
    fs::write(folder.path().join("test.csv"), "id\n1\n").unwrap();
    fs::write(folder.path().join("sample_submission.csv"), "id,y\n1,0\n").unwrap();
    json!({ "competitions": { "titanic": { "folder": folder.path(), "page_size": 2 } } })
}

fn client(stand_in: &StandIn, arguments: &[&str]) -> Finished {
    let mut command = Command::new(kaggle::client());
    finish(stand_in.lead(&mut command).args(arguments), b"")
}

#[test]
fn a_listing_comes_in_pages_with_the_token_line_first() {
    let data = tempfile::tempdir().unwrap();
    let Some(stand_in) = StandIn::start(&competition(&data)) else {
        return;
    };
    let list = client(&stand_in, &["competitions", "files", "-c", "titanic", "-v"]);
    let text = list.assert_code(0).stdout_text();
    // The line is the client's; what follows is by the csv module, with its line ends.
    let begin = "Next Page Token = 2\nname,size,creationDate\r\nimages/a.png,13,";
    assert!(text.starts_with(begin), "{text}");
    assert_eq!(stand_in.counted("ListDataFiles"), 1);
}

#[test]
fn a_file_that_is_cut_is_fetched_on_and_gets_no_credentials() {
    let data = tempfile::tempdir().unwrap();
    let Some(stand_in) = StandIn::start(&competition(&data)) else {
        return;
    };
    stand_in.fault(&json!({ "on": "blob", "cut": 1_500_000 }));
    let out = data.path().join("out");
    let to = out.to_str().unwrap();
    let download = ["competitions", "download", "-c", "titanic"];
    let arguments = [&download[..], &["-f", "train.csv", "-p", to]].concat();
    client(&stand_in, &arguments).assert_code(0);
    assert_eq!(
        fs::read(out.join("train.csv")).unwrap(),
        fs::read(data.path().join("train.csv")).unwrap()
    );
    let blobs = stand_in.journal();
    let blobs: Vec<_> = blobs
        .iter()
        .filter(|entry| entry["rpc"] == "blob")
        .collect();
    assert_eq!(blobs.len(), 2);
    assert_eq!(blobs[1]["answer"], 206);
    assert!(blobs.iter().all(|entry| entry["auth"] == "none"));
}

#[test]
fn a_fault_is_used_up_and_its_message_arrives() {
    let data = tempfile::tempdir().unwrap();
    let Some(stand_in) = StandIn::start(&competition(&data)) else {
        return;
    };
    stand_in.fault(&json!({ "on": "ListDataFiles", "status": 429,
        "headers": { "Retry-After": "7" }, "message": "slow down" }));
    let files = ["competitions", "files", "-c", "titanic", "-v"];
    let refused = client(&stand_in, &files);
    assert_eq!(refused.assert_code(1).stderr_text(), "slow down\n");
    client(&stand_in, &files).assert_code(0);
    assert_eq!(stand_in.counted("ListDataFiles"), 1);
}

#[test]
fn a_submission_whose_answer_is_lost_counts_once() {
    let data = tempfile::tempdir().unwrap();
    let Some(stand_in) = StandIn::start(&competition(&data)) else {
        return;
    };
    stand_in.fault(&json!({ "on": "CreateSubmission", "cut": "after" }));
    let file = data.path().join("sample_submission.csv");
    let submit = ["competitions", "submit", "-c", "titanic", "-m", "first"];
    let submit = [&submit[..], &["-f", file.to_str().unwrap()]].concat();
    client(&stand_in, &submit).assert_code(1);
    assert_eq!(stand_in.counted("CreateSubmission"), 1);
    let state = stand_in.state();
    assert_eq!(state["submissions"][0]["description"], "first");
    assert_eq!(state["submissions"][0]["totalBytes"], 9);
}

#[test]
fn wrong_credentials_are_refused_and_never_written_down() {
    let data = tempfile::tempdir().unwrap();
    let Some(stand_in) = StandIn::start(&competition(&data)) else {
        return;
    };
    let files = ["competitions", "files", "-c", "titanic"];
    let mut command = Command::new(kaggle::client());
    let command = stand_in.lead(&mut command).args(files);
    let refused = finish(command.env("KAGGLE_API_TOKEN", "another-secret"), b"");
    let text = refused.assert_code(1).stdout_text();
    assert!(text.starts_with("Authentication required"), "{text}");
    client(&stand_in, &files).assert_code(0);
    let journal = format!("{:?}", stand_in.journal());
    for secret in [kaggle::TOKEN, kaggle::KEY, "another-secret"] {
        assert!(!journal.contains(secret), "{journal}");
    }
}
