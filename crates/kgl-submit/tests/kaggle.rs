//! The tool with the real client against the stand-in of Kaggle's API: what is on
//! the server and what is in the ledger, whatever breaks on the way.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use kgl_contract::{Sha256, SubmissionReceipt, SubmissionState, parse_document};
use kgl_testkit::kaggle::{KEY, SIGNATURE, StandIn, TOKEN};
use kgl_testkit::rng::Rng;
use serde_json::{Value, json};
use tempfile::TempDir;

const SAMPLE: &str = "id,p\na,0\nb,0\nc,0\n";
const VALID: &str = "id,p\na,0.1\nb,0.2\nc,0.3\n";

/// A competition's folder with a valid submission.
fn folder(slug: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let challenge = json!({
        "schema": "kgl.challenge/1", "slug": slug, "name": "Toy", "where": "local",
        "metric": { "name": "accuracy", "better": "higher" }, "submission": { "sample": "sample.csv" },
    });
    fs::write(folder.path().join("challenge.json"), challenge.to_string()).unwrap();
    fs::write(folder.path().join("sample.csv"), SAMPLE).unwrap();
    fs::write(folder.path().join("submission.csv"), VALID).unwrap();
    folder
}

fn tool(stand_in: &StandIn, folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-submit"));
    stand_in.lead(&mut command);
    command
        .current_dir(folder)
        .args([
            "--challenge",
            "challenge.json",
            "--submission",
            "submission.csv",
        ])
        .args(more)
        .env("KGL_HASTE", "100")
        .stdin(Stdio::null());
    command
}

fn run(stand_in: &StandIn, folder: &Path, more: &[&str]) -> Output {
    let output = tool(stand_in, folder, more).output().unwrap();
    for secret in [TOKEN, KEY, SIGNATURE] {
        let told = [&output.stdout[..], &output.stderr].concat();
        assert!(!String::from_utf8_lossy(&told).contains(secret));
    }
    output
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ledger(folder: &Path) -> Vec<SubmissionReceipt> {
    let text = fs::read_to_string(folder.join("submissions.jsonl")).unwrap_or_default();
    text.lines()
        .map(|line| parse_document(line.as_bytes()).unwrap())
        .collect()
}

/// The submissions to a competition that the server has.
fn on_server(stand_in: &StandIn, slug: &str) -> Vec<Value> {
    let state = stand_in.state();
    let all = state["submissions"].as_array().unwrap();
    let of = |one: &&Value| one["competition"] == slug;
    all.iter().filter(of).cloned().collect()
}

fn stand_in(competitions: &Value) -> Option<StandIn> {
    StandIn::start(&json!({ "competitions": competitions }))
}

#[test]
fn a_submission_is_sent_once_scored_and_written_down() {
    let Some(stand_in) = stand_in(
        &json!({ "toy": { "scoring": { "lists_unseen": 2, "lists_pending": 2, "public": "0.875" } } }),
    ) else {
        return;
    };
    let folder = folder("toy");
    let output = run(&stand_in, folder.path(), &["-m", "ten folds"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        told(&output).contains("the first submission"),
        "{}",
        told(&output)
    );
    let receipt: SubmissionReceipt = parse_document(&output.stdout).unwrap();
    let tag = Sha256::of(VALID.as_bytes()).short();
    assert_eq!(
        (receipt.state, receipt.public_score),
        (SubmissionState::Scored, Some(0.875))
    );
    assert_eq!(receipt.message, format!("ten folds [kgl:{tag}]"));
    assert_eq!(ledger(folder.path()), [receipt]);
    let sent = on_server(&stand_in, "toy");
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["sha256"], Sha256::of(VALID.as_bytes()).to_string());
    assert_eq!(sent[0]["fileName"], "submission.csv");
    assert_eq!(
        fs::read_to_string(folder.path().join("submission.csv")).unwrap(),
        VALID
    );
    // The same bytes again are a no, with the result they had.
    let output = run(&stand_in, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("sent before"), "{}", told(&output));
    assert_eq!(
        parse_document::<SubmissionReceipt>(&output.stdout)
            .unwrap()
            .public_score,
        Some(0.875)
    );
    // Also where the ledger is gone: the site remembers.
    fs::remove_file(folder.path().join("submissions.jsonl")).unwrap();
    let output = run(&stand_in, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(
        (
            on_server(&stand_in, "toy").len(),
            ledger(folder.path()).len()
        ),
        (1, 1)
    );
    // Other bytes are another submission, and what changed is told.
    fs::write(
        folder.path().join("submission.csv"),
        VALID.replace("0.3", "0.15"),
    )
    .unwrap();
    let output = run(&stand_in, folder.path(), &["--no-wait"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let words = "1 of 3 rows differ; rank correlation of `p` 0.5000";
    assert!(told(&output).contains(words), "{}", told(&output));
    assert_eq!(
        (
            on_server(&stand_in, "toy").len(),
            ledger(folder.path()).len()
        ),
        (2, 2)
    );
    // Nothing secret stays behind.
    let grep = Command::new("grep")
        .args(["-rlE", &[TOKEN, KEY, SIGNATURE].join("|"), "."])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "");
}

#[test]
fn the_history_joins_the_ledger_and_the_list() {
    let board: Vec<_> = (0..300).map(|i| json!({ "teamId": i, "teamName": format!("t{i}"), "score": format!("{}", 0.9 - f64::from(i) / 1000.0) })).collect();
    let past = json!([{ "fileName": "old.csv", "description": "by hand", "publicScore": "0.61", "date": "2026-01-02T03:04:05Z" }]);
    let Some(stand_in) = stand_in(
        &json!({ "toy": { "leaderboard": board, "past_submissions": past, "maxDailySubmissions": 20, "page_size": 100 } }),
    ) else {
        return;
    };
    let folder = folder("toy");
    for (place, public) in ["0.62", "0.7", "0.66", "0.81"].iter().enumerate() {
        fs::write(
            folder.path().join("submission.csv"),
            VALID.replace("0.3", &format!("0.3{place}")),
        )
        .unwrap();
        let report = json!({ "schema": "kgl.validation-report/1", "competition": "toy", "metric": { "name": "accuracy", "better": "higher" },
            "split": "folds", "items": [], "mean": 0.5 + place as f64 / 10.0, "interval_95": [0.4, 0.9] });
        fs::write(folder.path().join("report.json"), report.to_string()).unwrap();
        stand_in.set(&json!({ "competitions": { "toy": { "scoring": { "public": public } } } }));
        let output = run(
            &stand_in,
            folder.path(),
            &["--validation", "report.json", "-m", "more of it"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    }
    let history = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-submit"));
        let output = stand_in
            .lead(&mut command)
            .current_dir(folder.path())
            .args(["history", "--challenge", "challenge.json"])
            .args(more)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let json: kgl_contract::SubmissionHistory =
        parse_document(history(&["--json", "--svg", "history.svg"]).as_bytes()).unwrap();
    assert_eq!(
        (json.submissions.len(), json.elsewhere.len(), json.teams),
        (4, 1, Some(300))
    );
    let agreement = json.agreement.unwrap();
    assert_eq!((agreement.pairs, agreement.rank_correlation), (4, 0.8));
    let lines: Vec<_> = json
        .medals
        .iter()
        .map(|line| (&*line.medal, line.rank, line.score))
        .collect();
    assert_eq!(
        lines,
        [
            ("gold", 10, 0.891),
            ("silver", 50, 0.851),
            ("bronze", 100, 0.801)
        ]
    );
    assert!((json.medals[2].margin.unwrap() - 0.009).abs() < 1e-12);
    let text = history(&[]);
    for words in [
        "by hand",
        "(elsewhere)",
        "rank correlation 0.80 over 4 submissions (95 % between",
        "bronze  place  100, 0.801: 0.00900 above it",
        "short of it",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    let svg = fs::read_to_string(folder.path().join("history.svg")).unwrap();
    assert_eq!(svg.matches("<circle").count(), 8);
    // The ledger alone, without anybody to ask.
    assert!(!history(&["--offline"]).contains("by hand"));
}

#[test]
fn a_dry_run_prints_the_command_and_sends_nothing() {
    let Some(stand_in) = stand_in(&json!({ "toy": {} })) else {
        return;
    };
    let folder = folder("toy");
    let output = run(&stand_in, folder.path(), &["--dry-run", "-m", "it's me"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let tag = Sha256::of(VALID.as_bytes()).short();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!(
            "kaggle competitions submit -c toy -f outputs/submissions/{tag}/submission.csv -m 'it'\\''s me [kgl:{tag}]'\n"
        )
    );
    assert!(
        told(&output).contains("5 of today's submissions left"),
        "{}",
        told(&output)
    );
    assert!(on_server(&stand_in, "toy").is_empty() && ledger(folder.path()).is_empty());
    assert_eq!(stand_in.counted("StartSubmissionUpload"), 0);
}

#[test]
fn whatever_says_no_says_it_before_anything_is_sent() {
    let Some(stand_in) = stand_in(&json!({
        "outside": { "userHasEntered": false },
        "over": { "deadline": "2020-01-01T00:00:00Z" },
        "closed": { "submissionsDisabled": true },
        "notebooks": { "isKernelsSubmissionsOnly": true },
        "full": { "maxDailySubmissions": 0 },
        "broken": { "scoring": { "status": "ERROR", "reason": "Submission must have 4 rows" } },
        "toy": {},
    })) else {
        return;
    };
    let refused = |slug: &str, code: i32, words: &str| {
        let folder = folder(slug);
        let output = run(&stand_in, folder.path(), &[]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{slug}: {}",
            told(&output)
        );
        assert!(told(&output).contains(words), "{slug}: {}", told(&output));
        ledger(folder.path())
    };
    assert!(refused("outside", 1, "/competitions/outside/rules").is_empty());
    assert!(refused("over", 1, "ended at 2020-01-01").is_empty());
    assert!(refused("closed", 1, "switched off").is_empty());
    assert!(refused("notebooks", 1, "make deploy").is_empty());
    assert!(refused("full", 1, "midnight UTC").is_empty());
    assert!(refused("unknown", 2, "404").is_empty());
    let failed = refused("broken", 1, "scoring FAILED: Submission must have 4 rows");
    assert_eq!(failed[0].state, SubmissionState::Failed);
    // An invalid file, and no credentials.
    let folder = folder("toy");
    fs::write(folder.path().join("submission.csv"), "id,p\na,1\n").unwrap();
    let output = run(&stand_in, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told(&output).contains("nothing was sent"),
        "{}",
        told(&output)
    );
    fs::write(folder.path().join("submission.csv"), VALID).unwrap();
    let mut command = tool(&stand_in, folder.path(), &[]);
    let output = stand_in
        .lead_without_credentials(&mut command)
        .env_remove("KAGGLE_API_TOKEN")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(
        told(&output).contains("make kaggle-auth"),
        "{}",
        told(&output)
    );
    assert_eq!(stand_in.counted("CreateSubmission"), 1);
}

#[test]
fn a_quota_that_the_team_used_up_meanwhile_is_no_success() {
    let raced =
        |way: &str| json!({ "maxDailySubmissions": 1, "taken_meanwhile": 1, "over_quota": way });
    let Some(stand_in) = stand_in(&json!({ "told": raced("refuse"), "quiet": raced("quiet") }))
    else {
        return;
    };
    for (slug, code) in [("told", 1), ("quiet", 3)] {
        let folder = folder(slug);
        let output = run(&stand_in, folder.path(), &[]);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(code), "{slug}: {told}");
        assert!(told.contains("today"), "{slug}: {told}");
        let states: Vec<_> = ledger(folder.path()).iter().map(|one| one.state).collect();
        assert_eq!(states, [SubmissionState::Refused], "{slug}: {told}");
        assert!(on_server(&stand_in, slug).is_empty(), "{slug}");
    }
}

#[test]
fn with_any_answer_cut_once_it_is_there_once() {
    let cut = |rpc: &str, when: &str| json!({ "on": rpc, "cut": when });
    let reads = [
        "GetCompetition",
        "GetSubmissionLimits",
        "ListSubmissions",
        "IntrospectToken",
    ];
    let faults = [
        vec![cut("StartSubmissionUpload", "after")],
        vec![json!({ "on": "upload", "cut": 5 }), cut("upload", "after")],
        vec![cut("CreateSubmission", "before")],
        vec![cut("CreateSubmission", "after")],
        vec![json!({ "on": "CreateSubmission", "status": 429 })],
        reads.map(|rpc| cut(rpc, "after")).to_vec(),
    ];
    let slugs: Vec<String> = (0..faults.len()).map(|i| format!("toy-{i}")).collect();
    let competitions: serde_json::Map<_, _> =
        slugs.iter().map(|slug| (slug.clone(), json!({}))).collect();
    let Some(stand_in) = stand_in(&Value::Object(competitions)) else {
        return;
    };
    for (slug, faults) in slugs.iter().zip(&faults) {
        let folder = folder(slug);
        faults.iter().for_each(|fault| stand_in.fault(fault));
        let output = run(&stand_in, folder.path(), &[]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{faults:?}: {}",
            told(&output)
        );
        assert_eq!(on_server(&stand_in, slug).len(), 1, "{faults:?}");
        let ledger = ledger(folder.path());
        assert_eq!(
            (ledger.len(), ledger[0].state),
            (1, SubmissionState::Scored),
            "{faults:?}"
        );
    }
}

#[test]
fn a_notebook_is_published_followed_checked_and_then_submitted() {
    let wrote = tempfile::tempdir().unwrap();
    fs::write(wrote.path().join("submission.csv"), VALID).unwrap();
    let Some(stand_in) = StandIn::start(&json!({
        "competitions": { "toy": { "isKernelsSubmissionsOnly": true } },
        "kernels": { "looks_queued": 1, "looks_running": 1, "output": wrote.path(), "log": "[]" },
        "datasets": { "looks_pending": 1 },
    })) else {
        return;
    };
    let folder = folder("toy");
    fs::create_dir(folder.path().join("static")).unwrap();
    fs::write(folder.path().join("static/tool"), "a binary").unwrap();
    fs::write(folder.path().join("notebook.py"), "print('hello')\n").unwrap();
    let deploy = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-submit"));
        let arguments = [
            "deploy",
            "--challenge",
            "challenge.json",
            "--files",
            "static",
            "--notebook",
            "notebook.py",
        ];
        let command = stand_in
            .lead(&mut command)
            .current_dir(folder.path())
            .args(arguments);
        command.env("KGL_HASTE", "100").output().unwrap()
    };
    let output = deploy();
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let deployment: kgl_contract::Deployment = parse_document(&output.stdout).unwrap();
    assert_eq!(
        (&*deployment.dataset, &*deployment.notebook.name),
        ("tester/kgl-toy", "tester/kgl-run-toy")
    );
    assert_eq!(
        (deployment.notebook.version, deployment.check.valid),
        (1, true)
    );
    let state = stand_in.state();
    let kernel = &state["kernels"]["tester/kgl-run-toy"];
    assert_ne!(kernel["enableInternet"], true);
    assert_eq!(kernel["text"], "print('hello')\n");
    assert_eq!(state["datasets"]["tester/kgl-toy"]["private"], true);
    // Nothing is uploaded twice, and a new version is a new version.
    let output = deploy();
    assert!(
        told(&output).contains("holds these files already"),
        "{}",
        told(&output)
    );
    assert_eq!(stand_in.state()["datasets"]["tester/kgl-toy"]["version"], 1);
    let version = [
        "--notebook",
        "tester/kgl-run-toy",
        "--notebook-version",
        "2",
    ];
    let output = run(&stand_in, folder.path(), &version);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let sent = on_server(&stand_in, "toy");
    assert_eq!((sent.len(), &sent[0]["kernelVersion"]), (1, &json!(2)));
    // What does not work is a no, whatever the client says.
    let refused = |patch: Value, words: &str| {
        stand_in.set(&patch);
        let output = deploy();
        assert_eq!(output.status.code(), Some(1), "{words}: {}", told(&output));
        assert!(told(&output).contains(words), "{}", told(&output));
    };
    fs::write(wrote.path().join("submission.csv"), "id,p\na,1\n").unwrap();
    refused(json!({}), "writes an invalid submission");
    refused(
        json!({ "kernels": { "status": "ERROR", "reason": "out of memory" } }),
        "out of memory",
    );
    refused(
        json!({ "kernels": { "refuse": "no GPU left" } }),
        "no GPU left",
    );
}

/// With `VERBOSE` the client prints the header that holds the token ([`run`] looks for it), and
/// a `path` in its configuration sends what is fetched elsewhere.
#[test]
fn what_the_clients_surroundings_say_changes_nothing() {
    let wrote = tempfile::tempdir().unwrap();
    fs::write(wrote.path().join("submission.csv"), VALID).unwrap();
    let Some(stand_in) = StandIn::start(&json!({
        "competitions": { "toy": {} }, "kernels": { "output": wrote.path(), "log": "[]" },
    })) else {
        return;
    };
    let (folder, elsewhere) = (folder("toy"), tempfile::tempdir().unwrap());
    let home = stand_in.home().join(".kaggle");
    fs::create_dir_all(&home).unwrap();
    let astray = json!({ "username": "tester", "key": KEY, "path": elsewhere.path() });
    fs::write(home.join("kaggle.json"), astray.to_string()).unwrap();
    let verbose = |mut command: Command| {
        let output = command
            .env("VERBOSE", "1")
            .arg("--verbose")
            .output()
            .unwrap();
        let told = [&output.stdout[..], &output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        for secret in [TOKEN, KEY, SIGNATURE, "Authorization"] {
            assert!(!told.contains(secret), "{told}");
        }
    };
    verbose(tool(&stand_in, folder.path(), &[]));
    assert_eq!(on_server(&stand_in, "toy").len(), 1);
    fs::create_dir(folder.path().join("static")).unwrap();
    fs::write(folder.path().join("static/tool"), "a binary").unwrap();
    fs::write(folder.path().join("notebook.py"), "print('hello')\n").unwrap();
    let mut deploy = Command::new(env!("CARGO_BIN_EXE_kgl-submit"));
    stand_in
        .lead(&mut deploy)
        .current_dir(folder.path())
        .args(["deploy", "--challenge", "challenge.json"])
        .args(["--files", "static", "--notebook", "notebook.py"])
        .env("KGL_HASTE", "100");
    verbose(deploy);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    let fetched = folder.path().join("outputs/deploy/output-1/submission.csv");
    assert_eq!(fs::read_to_string(fetched).unwrap(), VALID);
}

/// The client ends with 0 when it is interrupted.
#[test]
fn an_interrupted_client_is_no_success() {
    let Some(stand_in) = stand_in(&json!({ "toy": {} })) else {
        return;
    };
    // What was done last, and what it waits for then: the bytes to be taken, and to be told
    // what is left after the submission was taken.
    let moments = [
        (
            "StartSubmissionUpload",
            json!({ "on": "upload", "delay_s": 15 }),
        ),
        (
            "CreateSubmission",
            json!({ "on": "GetSubmissionLimits", "skip": 1, "delay_s": 15 }),
        ),
    ];
    for (place, (done, fault)) in moments.into_iter().enumerate() {
        let folder = folder("toy");
        let bytes = VALID.replace("0.3", &format!("0.3{place}"));
        fs::write(folder.path().join("submission.csv"), &bytes).unwrap();
        stand_in.fault(&fault);
        let before = stand_in.counted(done);
        let mut command = tool(&stand_in, folder.path(), &[]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().unwrap();
        while stand_in.counted(done) == before {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(20));
        }
        let group = format!("-{}", child.id());
        let sent = Command::new("kill").args(["-INT", "--", &group]).status();
        assert!(sent.unwrap().success());
        let ended = child.wait().unwrap();
        assert_ne!(ended.code(), Some(0), "{done}");
        let states: Vec<_> = (ledger(folder.path()).iter())
            .map(|one| one.state)
            .collect();
        assert_eq!(states, [SubmissionState::Sending], "{done}");
        assert_eq!(
            fs::read_to_string(folder.path().join("submission.csv")).unwrap(),
            bytes
        );
        let output = run(&stand_in, folder.path(), &[]);
        assert_eq!(output.status.code(), Some(0), "{done}: {}", told(&output));
        let sha256 = Sha256::of(bytes.as_bytes()).to_string();
        let there = on_server(&stand_in, "toy");
        let ours = there.iter().filter(|one| one["sha256"] == sha256);
        assert_eq!(ours.count(), 1, "{done}");
        let states: Vec<_> = (ledger(folder.path()).iter())
            .map(|one| one.state)
            .collect();
        assert_eq!(states, [SubmissionState::Scored], "{done}");
    }
}

/// Killed at random moments (`KGL_KILLS` of them): the tool alone, so that the
/// client that it started goes on without it, or both.
#[test]
fn killed_at_any_moment_it_is_there_once() {
    let kills: usize = std::env::var("KGL_KILLS").map_or(5, |text| text.parse().unwrap());
    let slugs: Vec<String> = (0..kills).map(|i| format!("toy-{i}")).collect();
    let scoring = json!({ "scoring": { "lists_unseen": 1 } });
    let competitions: serde_json::Map<_, _> = slugs
        .iter()
        .map(|slug| (slug.clone(), scoring.clone()))
        .collect();
    let Some(stand_in) = stand_in(&Value::Object(competitions)) else {
        return;
    };
    let mut random = Rng::new(20_261_125, 0);
    // How long one takes here decides when the others are killed.
    let mut whole = {
        let folder = folder("toy-0");
        let begun = Instant::now();
        assert_eq!(run(&stand_in, folder.path(), &[]).status.code(), Some(0));
        begun.elapsed()
    };
    let mut cut = 0;
    for slug in &slugs[1..] {
        let folder = folder(slug);
        let group = random.chance(0.5);
        let mut command = tool(&stand_in, folder.path(), &[]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().unwrap();
        let share = random.unit();
        std::thread::sleep(whole.mul_f64(share));
        let target = if group {
            format!("-{}", child.id())
        } else {
            child.id().to_string()
        };
        Command::new("kill")
            .args(["-9", "--", &target])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let was_cut = child.wait().unwrap().code().is_none();
        cut += usize::from(was_cut);
        // A machine that was busier or idler when it was timed: the moments move with it.
        whole = whole.mul_f64(if was_cut { 1.05 } else { 0.8 });
        let output = run(&stand_in, folder.path(), &[]);
        let done = output.status.code();
        assert!(
            done == Some(0) || done == Some(1),
            "{slug}: {}",
            told(&output)
        );
        assert_eq!(
            on_server(&stand_in, slug).len(),
            1,
            "{slug}, {share}, {group}: {}",
            told(&output)
        );
        let ledger = ledger(folder.path());
        assert_eq!(
            (ledger.len(), ledger[0].state),
            (1, SubmissionState::Scored),
            "{slug}"
        );
    }
    assert!(cut * 2 > kills, "only {cut} of {kills} were cut short");
    std::thread::sleep(Duration::from_millis(100));
    for slug in &slugs {
        assert_eq!(on_server(&stand_in, slug).len(), 1, "{slug}, later");
    }
}
