//! A competition asked for by name: the program, the real client, the stand-in.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kgl_contract::{Better, Inspection, parse_document};
use kgl_testkit::kaggle::{KEY, SIGNATURE, StandIn, TOKEN};
use kgl_testkit::process::{self, Finished};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kgl-inspect");
const DATA: &str = "competitions/toy/data";

/// A competition of a few files, and a folder to work in.
struct World {
    files: TempDir,
    work: TempDir,
    stand_in: StandIn,
}

impl World {
    fn new(more: &Value) -> Option<Self> {
        let files = tempfile::tempdir().unwrap();
        let train: String = (0..60_000).map(|i| format!("{i},{}\n", i % 7)).collect();
        for (name, text) in [
            ("train.csv", format!("id,y\n{train}").as_str()),
            ("test.csv", "id\n1\n2\n"),
            ("sample_submission.csv", "id,y\n1,0\n2,0\n"),
            ("images/a.png", "no picture"),
        ] {
            let path = files.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut toy = json!({
            "title": "A Toy", "folder": files.path(), "page_size": 2, "evaluationMetric": "ROC AUC",
            "deadline": "2030-01-02T23:59:00.000Z", "reward": "Swag", "tags": [{ "name": "tabular" }],
            "pages": [{ "name": "rules", "content": "Be nice." }, { "name": "empty", "content": "" }],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            toy[name] = value.clone();
        }
        Some(Self {
            stand_in: StandIn::start(&json!({ "competitions": { "toy": toy } }))?,
            work: tempfile::tempdir().unwrap(),
            files,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        self.stand_in.lead(&mut command);
        command.current_dir(self.work.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        process::finish(&mut self.command(arguments), b"")
    }

    fn data(&self, name: &str) -> std::path::PathBuf {
        self.work.path().join(DATA).join(name)
    }

    #[track_caller]
    fn is_all_there(&self) {
        for name in [
            "train.csv",
            "test.csv",
            "sample_submission.csv",
            "images/a.png",
        ] {
            let there = fs::read(self.data(name)).unwrap();
            assert_eq!(
                there,
                fs::read(self.files.path().join(name)).unwrap(),
                "{name}"
            );
        }
        assert!(!self.data(".download").exists());
    }
}

fn inspection(done: &Finished) -> Inspection {
    parse_document(&done.stdout).unwrap()
}

fn unlearned(inspection: &Inspection) -> Vec<&str> {
    inspection
        .unlearned
        .iter()
        .map(|one| one.what.as_str())
        .collect()
}

/// Every file below a folder holds none of the secrets.
fn holds_no_secret(folder: &Path) {
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).unwrap();
            has_no_secret(&entry.path().display().to_string(), &bytes);
        }
    }
}

#[track_caller]
fn has_no_secret(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [TOKEN, KEY, SIGNATURE] {
        assert!(!text.contains(secret), "{what} holds {secret}");
    }
}

#[test]
fn all_that_kaggle_and_the_data_tell_and_no_secret_anywhere() {
    let Some(world) = World::new(&json!({})) else {
        return;
    };
    world.stand_in.set(&json!({ "newest_client": "99.0.0" }));
    let done = world.run(&["toy", "--download", "--verbose"]);
    let toy = inspection(done.assert_code(0));
    let facts = toy.competition.as_ref().unwrap();
    assert_eq!(facts.title, "A Toy");
    assert_eq!(facts.deadline.as_deref(), Some("2030-01-02T23:59:00Z"));
    assert_eq!(facts.metric.as_ref().unwrap().better, Better::Higher);
    assert_eq!(facts.limits.as_ref().unwrap().left, 5);
    assert_eq!(facts.pages.len(), 1);
    assert!(facts.entered && !facts.code_competition);
    assert_eq!(toy.published.len(), 4, "all pages of the listing");
    assert_eq!(toy.tables.len(), 3);
    assert_eq!(toy.submission.as_ref().unwrap().target_columns, ["y"]);
    assert_eq!(unlearned(&toy), [""; 0]);
    world.is_all_there();
    let stderr = done.stderr_text();
    assert!(
        stderr.contains("warning: the kaggle client says: Warning: Looks like"),
        "{stderr}"
    );
    assert!(stderr.contains("4 files fetched"), "{stderr}");

    // Again: nothing is fetched.
    let again = world.run(&["toy", "--download"]);
    assert_eq!(inspection(again.assert_code(0)), toy);
    assert_eq!(world.stand_in.counted("blob"), 4);

    // Offline, from what was saved; no client is there at all.
    fs::write(world.work.path().join("saved.json"), &done.stdout).unwrap();
    let asked = world.stand_in.journal().len();
    let mut command = world.command(&["toy", "--saved", "saved.json"]);
    let offline = process::finish(command.env("KGL_KAGGLE", "/nonexistent"), b"");
    assert_eq!(inspection(offline.assert_code(0)), toy);
    assert_eq!(world.stand_in.journal().len(), asked);

    for (what, done) in [("first", &done), ("again", &again), ("offline", &offline)] {
        has_no_secret(what, &done.stdout);
        has_no_secret(what, &done.stderr);
    }
    holds_no_secret(world.work.path());
    holds_no_secret(&world.stand_in.home());
}

#[test]
fn no_secret_is_an_argument_of_any_process() {
    let Some(world) = World::new(&json!({})) else {
        return;
    };
    world
        .stand_in
        .fault(&json!({ "on": "GetCompetition", "delay_s": 3 }));
    let mut command = world.command(&["toy", "--quiet"]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    let mut seen = 0;
    while child.try_wait().unwrap().is_none() && Instant::now() < end {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let argv = fs::read(process.path().join("cmdline")).unwrap_or_default();
            has_no_secret("an argument vector", &argv);
            seen += usize::from(argv.windows(9).any(|part| part == b"bridge.py"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(child.wait().unwrap().success());
    assert!(seen > 0, "the client's process was never looked at");
}

#[test]
fn each_refusal_ends_with_its_code_and_a_next_step() {
    let Some(world) = World::new(&json!({})) else {
        return;
    };
    let later = json!({ "Retry-After": "3600" });
    for (fault, code, says) in [
        (json!({ "status": 401 }), 2, "make kaggle-auth"),
        (
            json!({ "status": 403 }),
            1,
            "accept the rules at https://www.kaggle.com/competitions/toy/rules",
        ),
        (json!({ "status": 404 }), 2, "look at the name"),
        (json!({ "status": 429, "headers": later }), 3, "wait 3600 s"),
        (
            json!({ "status": 503, "headers": later }),
            3,
            "run it again",
        ),
    ] {
        let mut fault = fault;
        fault["on"] = "GetCompetition".into();
        world.stand_in.fault(&fault);
        let done = world.run(&["toy"]);
        let stderr = done.assert_code(code).stderr_text();
        assert!(stderr.contains(says), "{stderr}");
        assert_eq!(done.stdout_text(), "");
    }
    // What passes is asked for again.
    world.stand_in.fault(&json!({ "on": "*", "cut": "before" }));
    let toy = world.run(&["toy"]);
    assert_eq!(unlearned(&inspection(toy.assert_code(0))), ["tables"]);
}

#[test]
fn what_is_not_allowed_is_listed_and_the_rest_is_written() {
    let Some(world) = World::new(&json!({ "userHasEntered": false })) else {
        return;
    };
    let done = world.run(&["toy", "--download"]);
    let toy = inspection(done.assert_code(1));
    assert!(!toy.competition.as_ref().unwrap().entered);
    assert_eq!(toy.published.len(), 4);
    assert_eq!(unlearned(&toy), ["data", "files"]);
    assert!(
        toy.unlearned[0].next.contains("/toy/rules"),
        "{:?}",
        toy.unlearned
    );

    // Nor is the listing shown to those who have not entered, where the host wants it so.
    let Some(shut) = World::new(&json!({ "userHasEntered": false, "listing_needs_entry": true }))
    else {
        return;
    };
    let toy = inspection(shut.run(&["toy"]).assert_code(1));
    assert!(
        unlearned(&toy).contains(&"list of files"),
        "{:?}",
        toy.unlearned
    );
    assert!(
        toy.unlearned
            .iter()
            .any(|part| part.next.contains("/toy/rules")),
        "{:?}",
        toy.unlearned
    );

    // Kaggle fails for a part: 3, since asking again may bring it.
    let later = json!({ "Retry-After": "3600" });
    world
        .stand_in
        .fault(&json!({ "on": "ListDataFiles", "status": 500, "headers": later }));
    let toy = world.run(&["toy"]);
    assert_eq!(
        unlearned(&inspection(toy.assert_code(3))),
        ["list of files", "files"]
    );
}

#[test]
fn a_download_that_is_killed_goes_on_where_it_was() {
    let Some(world) = World::new(&json!({})) else {
        return;
    };
    // The client writes a MiB at a time.
    let train = "id,y\n".to_owned() + &"12345,6\n".repeat(500_000);
    fs::write(world.files.path().join("train.csv"), &train).unwrap();
    // The first files come at once; the last, train.csv, slowly.
    world
        .stand_in
        .fault(&json!({ "on": "blob", "skip": 3, "rate": 800_000 }));
    let mut command = world.command(&["toy", "--download", "--quiet"]);
    let mut child = command
        .process_group(0)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let partial = || {
        let staging = walkdir::WalkDir::new(world.data(".download")).into_iter();
        let files = staging
            .flatten()
            .filter(|entry| entry.file_name() == "train.csv");
        files
            .map(|entry| entry.metadata().unwrap().len())
            .sum::<u64>()
    };
    let end = Instant::now() + Duration::from_secs(60);
    while partial() == 0 {
        assert!(Instant::now() < end, "nothing arrives");
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        std::thread::sleep(Duration::from_millis(20));
    }
    let group = format!("-{}", child.id());
    assert!(
        Command::new("kill")
            .args(["-9", "--", &group])
            .status()
            .unwrap()
            .success()
    );
    child.wait().unwrap();
    assert!(
        !world.data("train.csv").exists(),
        "half a file under its final name"
    );
    let had = partial();
    assert!(had < train.len() as u64);

    world.run(&["toy", "--download"]).assert_code(0);
    world.is_all_there();
    let journal = world.stand_in.journal();
    let last = journal
        .iter()
        .rfind(|entry| entry["rpc"] == "blob")
        .unwrap();
    assert_eq!(last["answer"], 206);
    assert_eq!(last["sent_from"], had);
}

#[test]
fn many_files_come_as_one_archive_and_single_ones_may_be_packed() {
    let Some(world) = World::new(&json!({ "zipped": true, "page_size": 200 })) else {
        return;
    };
    world.run(&["toy", "--download"]).assert_code(0);
    world.is_all_there();
    for i in 0..30 {
        let name = format!("images/{i}.txt");
        fs::write(world.files.path().join(&name), format!("text {i}")).unwrap();
    }
    let done = world.run(&["toy", "--download"]);
    let stderr = done.assert_code(0).stderr_text();
    assert!(
        stderr.contains("30 files fetched into competitions/toy/data, 4 were there"),
        "{stderr}"
    );
    assert_eq!(
        fs::read_to_string(world.data("images/29.txt")).unwrap(),
        "text 29"
    );
    assert_eq!(world.stand_in.counted("DownloadDataFiles"), 1);
}

#[test]
fn a_file_of_another_size_never_gets_its_final_name() {
    let Some(world) = World::new(&json!({})) else {
        return;
    };
    world
        .stand_in
        .fault(&json!({ "on": "blob", "skip": 3, "short": 1000 }));
    let done = world.run(&["toy", "--download"]);
    let stderr = done.assert_code(3).stderr_text();
    assert!(
        stderr.contains("train.csv: not what Kaggle lists"),
        "{stderr}"
    );
    assert!(!world.data("train.csv").exists());
    world.run(&["toy", "--download"]).assert_code(0);
    world.is_all_there();
}

#[test]
fn without_client_or_with_a_name_that_is_none_nothing_is_asked() {
    let work = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (["../etc", "--quiet"], "is no competition's name"),
        (["Titanic", "--quiet"], "is no competition's name"),
        (["titanic", "--quiet"], "make kaggle-install"),
    ] {
        let mut command = Command::new(PROGRAM);
        command.current_dir(work.path()).args(arguments);
        command.env_remove("KGL_KAGGLE").env("PATH", "/nonexistent");
        command
            .env("HOME", work.path())
            .env("XDG_DATA_HOME", work.path());
        let done = process::finish(&mut command, b"");
        let stderr = done.assert_code(2).stderr_text();
        assert!(stderr.contains(says), "{stderr}");
    }
}
