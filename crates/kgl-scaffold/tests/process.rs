//! The program, run as a process.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kgl_contract::{Baseline, Challenge, ScaffoldAction as Action, ScaffoldReport, parse_document};
use kgl_testkit::process::{self, Finished};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kgl-scaffold");
const INSPECTION: &str = r#"{ "schema": "kgl.inspection/1",
  "competition": { "slug": "toy", "title": "A \"Toy\"", "deadline": "2030-01-01T00:00:00Z", "entered": true,
    "metric": { "name": "RMSE", "better": "lower" }, "evaluation": "RMSE", "max_daily_submissions": 5 },
  "files": [], "kinds": [], "unlearned": [ { "what": "pages", "reason": "no", "next": "ask" } ],
  "tables": [
    { "path": "train.csv", "separator": ",", "rows": 9, "columns": [
      { "name": "y", "type": "real", "missing": 0, "distinct_estimate": 9, "distinct_exact": true, "examples": ["1.5"] } ] },
    { "path": "sample_submission.csv", "separator": ",", "rows": 2, "columns": [
      { "name": "id", "type": "integer", "missing": 0, "distinct_estimate": 2, "distinct_exact": true, "examples": ["1", "2"] },
      { "name": "y", "type": "real", "missing": 0, "distinct_estimate": 1, "distinct_exact": true, "examples": ["0.5"] } ] } ],
  "submission": { "sample": "sample_submission.csv", "rows": 2, "id_column": "id", "copied_columns": [], "target_columns": ["y"] },
  "task": { "kind": "number", "train": "train.csv", "answers": ["y"], "shared_columns": [], "group_columns": [] } }"#;

fn run(project: &Path, more: &[&str]) -> Finished {
    let mut command = Command::new(PROGRAM);
    command.current_dir(project).args(more);
    process::finish(&mut command, INSPECTION.as_bytes())
}

fn actions(done: &Finished) -> Vec<(String, Action)> {
    let report: ScaffoldReport = parse_document(&done.stdout).unwrap();
    report
        .files
        .into_iter()
        .map(|file| (file.path, file.action))
        .collect()
}

fn action(done: &Finished, name: &str) -> Action {
    actions(done)
        .into_iter()
        .find(|(path, _)| path == name)
        .unwrap()
        .1
}

#[test]
fn a_project_whose_documents_are_what_they_say() {
    let project = tempfile::tempdir().unwrap();
    // Only looked at: nothing is written.
    run(project.path(), &["--dry-run"]).assert_code(0);
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 0);

    let done = run(project.path(), &[]);
    done.assert_code(0);
    assert!(
        actions(&done)
            .iter()
            .all(|(_, action)| *action == Action::Created)
    );
    let folder = project.path().join("competitions/toy");
    let challenge: Challenge =
        parse_document(&fs::read(folder.join("challenge.json")).unwrap()).unwrap();
    assert_eq!(challenge.name, "A \"Toy\"");
    assert_eq!(challenge.verbs["predict"], ["./predict.sh"]);
    let baseline: Baseline =
        parse_document(&fs::read(folder.join("baseline.json")).unwrap()).unwrap();
    assert_eq!(baseline.sample, "data/sample_submission.csv");
    let agents = fs::read_to_string(folder.join("AGENTS.md")).unwrap();
    assert!(agents.starts_with("# A \"Toy\"\n") && agents.contains("RMSE: lower is better"));
    assert!(agents.contains("- pages: no. Next: ask."));
    let mode = fs::metadata(folder.join("train.sh"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
}

#[test]
fn an_edited_file_is_never_overwritten() {
    let project = tempfile::tempdir().unwrap();
    let agents = project.path().join("competitions/toy/AGENTS.md");
    run(project.path(), &[]).assert_code(0);
    let again = run(project.path(), &[]);
    assert!(
        actions(&again)
            .iter()
            .all(|(_, action)| *action == Action::Unchanged)
    );
    // Another name: what nobody touched follows, what was edited stays.
    fs::write(&agents, "mine").unwrap();
    let renamed = run(project.path(), &["--name", "Other"]);
    assert_eq!(action(&renamed, "AGENTS.md"), Action::Kept);
    assert_eq!(action(&renamed, "challenge.json"), Action::Updated);
    assert_eq!(fs::read_to_string(&agents).unwrap(), "mine");
    // Also without a record of what was written.
    fs::remove_file(project.path().join("competitions/toy/.scaffold.json")).unwrap();
    assert_eq!(
        action(&run(project.path(), &["--name", "Third"]), "AGENTS.md"),
        Action::Kept
    );
    // Forced, the old one is kept.
    let forced = run(project.path(), &["--force", "AGENTS.md"]);
    assert_eq!(action(&forced, "AGENTS.md"), Action::Replaced);
    assert_eq!(
        fs::read_to_string(agents.with_extension("md.orig")).unwrap(),
        "mine"
    );
    run(project.path(), &["--force", "no-such-file"]).assert_code(2);
}

#[test]
fn bad_input_writes_nothing() {
    let project = tempfile::tempdir().unwrap();
    for slug in ["../up", "_template", "A"] {
        run(project.path(), &["--slug", slug]).assert_code(2);
    }
    process::run(PROGRAM, &["no-such-file"], b"").assert_code(2);
    process::run(PROGRAM, &[""; 0], b"{}").assert_code(2);
    assert_eq!(fs::read_dir(project.path()).unwrap().count(), 0);
}

#[test]
fn a_closed_pipe_ends_quietly_and_a_full_disk_is_told() {
    let project = tempfile::tempdir().unwrap();
    let inspection = project.path().join("inspection.json");
    fs::write(&inspection, INSPECTION).unwrap();
    let mut command = Command::new("sh");
    let line = format!("{PROGRAM} --quiet inspection.json | true");
    let closed = process::finish(command.current_dir(project.path()).args(["-c", &line]), b"");
    assert_eq!(closed.stderr_text(), "");
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = Command::new(PROGRAM);
    command.current_dir(project.path()).arg("inspection.json");
    let status = command
        .stdout(Stdio::from(full))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}
