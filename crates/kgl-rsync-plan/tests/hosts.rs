//! Plans for real hosts, applied and refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use kgl_contract::{SyncPlan, parse_document};
use kgl_testkit::fleet::{Fleet, Kind, beside};
use kgl_testkit::process::{Finished, finish, run};

const TOOL: &str = env!("CARGO_BIN_EXE_kgl-rsync-plan");
/// The project's folder on the host: every kind of character a path may hold.
const ROOT: &str = "/work $HOME/it's \"here\"";

struct Project {
    folder: PathBuf,
}

impl Project {
    fn new(fleet: &Fleet) -> Self {
        let folder = fleet.dir().join("pro ject");
        let project = Self { folder };
        project.put(
            "competitions/demo/challenge.json",
            &challenge("host1", ROOT),
        );
        project.put("Makefile", "all:\n");
        project.put("-dash/new\nline $x", "odd\n");
        project.put("competitions/demo/data/train.csv", "id,x\n1,2\n");
        project.put("kaggle.json", "{\"key\":\"secret\"}");
        project
    }

    fn put(&self, path: &str, text: &str) {
        let file = self.folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn tool(&self, args: &[&str], stdin: &[u8]) -> Finished {
        finish(
            Command::new(TOOL).args(args).current_dir(&self.folder),
            stdin,
        )
    }

    fn plan(&self, args: &[&str]) -> (SyncPlan, Vec<u8>) {
        let mut all = vec!["competitions/demo/challenge.json"];
        all.extend(args);
        let done = self.tool(&all, b"");
        done.assert_code(0);
        (parse_document(&done.stdout).unwrap(), done.stdout)
    }

    fn sync(&self, args: &[&str]) -> Finished {
        let (_, bytes) = self.plan(args);
        self.tool(&["--apply", "-"], &bytes)
    }
}

fn challenge(host: &str, root: &str) -> String {
    let remote = format!(
        "{{\"host\":\"{host}\",\"root\":\"{}\"}}",
        root.replace('"', "\\\"")
    );
    format!(
        r#"{{"schema":"kgl.challenge/1","slug":"demo","name":"D","where":"host","metric":{{"name":"m","better":"higher"}},"remote":{remote}}}"#
    )
}

fn there(fleet: &Fleet, path: &str) -> Option<String> {
    fs::read_to_string(fleet.disk("host1", ROOT).join(path)).ok()
}

/// What waits until rsync has written some of a file on the first host, under whatever name,
/// so that the transfer is under way however slow this machine is.
fn half_of_a_file(fleet: &Fleet, name: &'static str) -> impl FnOnce() + Send + 'static {
    let project = fleet.disk("host1", ROOT);
    move || {
        let written = |entry: walkdir::Result<walkdir::DirEntry>| {
            entry.is_ok_and(|entry| {
                entry.file_name().to_string_lossy().contains(name)
                    && entry.metadata().is_ok_and(|file| file.len() > 0)
            })
        };
        for _ in 0..6000 {
            if walkdir::WalkDir::new(&project).into_iter().any(written) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("a minute has passed, and nothing has come");
    }
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[test]
fn a_project_arrives_and_its_secrets_and_data_do_not() {
    beside(Kind::Namespaces, |fleet| {
        let project = Project::new(fleet);
        let (plan, bytes) = project.plan(&[]);
        assert!(
            !exists(&fleet.disk("host1", "/work $HOME")),
            "a plan touches nothing"
        );
        let part = &plan.hosts[0];
        assert!(part.send.count >= 3 && part.delete.count == 0 && part.protected.is_none());
        assert!(part.available_bytes > 1 << 20);
        project.tool(&["--apply", "-"], &bytes).assert_code(0);
        assert_eq!(there(fleet, "-dash/new\nline $x").as_deref(), Some("odd\n"));
        assert!(
            there(fleet, "kaggle.json").is_none()
                && there(fleet, "competitions/demo/data/train.csv").is_none()
        );
        // Twice is once.
        let (again, bytes) = project.plan(&[]);
        assert_eq!(again.hosts[0].send.count, 0);
        project.tool(&["--apply", "-"], &bytes).assert_code(0);
        // The first plan is stale now, and says so.
        project.put("Makefile", "all: more\n");
        let (_, stale) = project.plan(&[]);
        project.put("Makefile", "all: and more\n");
        let refused = project.tool(&["--apply", "-"], &stale);
        refused.assert_code(1);
        assert!(
            refused
                .stderr_text()
                .contains("has changed since the plan was made"),
            "{refused:?}"
        );
        assert_eq!(there(fleet, "Makefile").as_deref(), Some("all:\n"));
    });
}

#[test]
fn inputs_travel_by_digest_whatever_the_rules_say() {
    beside(Kind::Namespaces, |fleet| {
        let project = Project::new(fleet);
        project.put("competitions/demo/data/test.csv", "id,x\n9,9\n");
        let file = |path: &str| {
            format!(r#"{{"path":"data/{path}","columns":{{"id":"id","sequence":"x"}}}}"#)
        };
        project.put(
            "competitions/demo/search.json",
            &format!(
                r#"{{"schema":"kgl.search/1","queries":{},"targets":{},"scoring":{{"mode":"global","match":2,"mismatch":-1,"gap_open":-3,"gap_extend":-1}},"top_k":3,"shards":2}}"#,
                file("test.csv"),
                file("train.csv")
            ),
        );
        let args = ["--search", "competitions/demo/search.json"];
        project.sync(&args).assert_code(0);
        let train = "competitions/demo/data/train.csv";
        assert_eq!(there(fleet, train).as_deref(), Some("id,x\n1,2\n"));
        assert!(project.plan(&args).0.hosts[0].inputs_argv.is_none());
        // The same size and time with other bytes: only a digest can tell.
        let far = fleet.disk("host1", ROOT).join(train);
        let time = fs::metadata(&far).unwrap().modified().unwrap();
        fs::write(&far, "id,x\n1,3\n").unwrap();
        fs::File::options()
            .write(true)
            .open(&far)
            .unwrap()
            .set_modified(time)
            .unwrap();
        let (plan, bytes) = project.plan(&args);
        assert_eq!(
            plan.hosts[0]
                .inputs
                .iter()
                .filter(|input| !input.there)
                .count(),
            1
        );
        project.tool(&["--apply", "-"], &bytes).assert_code(0);
        assert_eq!(there(fleet, train).as_deref(), Some("id,x\n1,2\n"));
        // A secret is none, and neither is what lies elsewhere.
        for (path, word) in [
            ("kaggle.json", "looks like a secret"),
            ("/etc/hostname", "does not lie in the project"),
        ] {
            let done = project.tool(&["competitions/demo/challenge.json", "--input", path], b"");
            done.assert_code(2);
            assert!(done.stderr_text().contains(word), "{done:?}");
        }
    });
}

#[test]
fn deleting_is_asked_for_capped_and_never_touches_what_is_protected() {
    beside(Kind::Namespaces, |fleet| {
        let project = Project::new(fleet);
        project.sync(&[]).assert_code(0);
        let disk = fleet.disk("host1", ROOT);
        for n in 0..8 {
            fs::write(disk.join(format!("old {n}.py")), "old").unwrap();
        }
        fs::create_dir_all(disk.join("competitions/demo/outputs")).unwrap();
        fs::write(disk.join("competitions/demo/outputs/result"), "result").unwrap();
        project.sync(&[]).assert_code(0);
        assert!(there(fleet, "old 0.py").is_some());
        let (plan, bytes) = project.plan(&["--delete", "--max-deletions", "7"]);
        assert_eq!(
            (
                plan.hosts[0].delete.count,
                plan.hosts[0].protected.as_ref().unwrap().count
            ),
            (8, 2)
        );
        let refused = project.tool(&["--apply", "-"], &bytes);
        refused.assert_code(1);
        assert!(
            refused.stderr_text().contains("8 deletions are planned"),
            "{refused:?}"
        );
        assert!(there(fleet, "old 0.py").is_some());
        // One more appears between plan and apply.
        let (_, stale) = project.plan(&["--delete"]);
        fs::write(disk.join("new there"), "x").unwrap();
        project.tool(&["--apply", "-"], &stale).assert_code(1);
        project.sync(&["--delete"]).assert_code(0);
        assert!(there(fleet, "old 0.py").is_none() && there(fleet, "new there").is_none());
        assert_eq!(
            there(fleet, "competitions/demo/outputs/result").as_deref(),
            Some("result")
        );
        // Another folder is not the project, so nothing is deleted in its name.
        let empty = fleet.dir().join("empty");
        fs::create_dir(&empty).unwrap();
        let args = [
            "competitions/demo/challenge.json",
            "--delete",
            "--source",
            empty.to_str().unwrap(),
        ];
        let done = project.tool(&args, b"");
        done.assert_code(2);
        assert!(
            done.stderr_text().contains("is not the project"),
            "{done:?}"
        );
    });
}

#[test]
fn what_goes_wrong_on_the_way_is_told_and_mended_by_the_same_command() {
    beside(Kind::Namespaces, |fleet| {
        let project = Project::new(fleet);
        project.sync(&[]).assert_code(0);
        let fails = |code: i32, word: &str| {
            let done = project.tool(&["competitions/demo/challenge.json"], b"");
            done.assert_code(code);
            assert!(
                done.stderr_text().contains(word),
                "{word}: {}",
                done.stderr_text()
            );
        };
        fleet.happens(&["off", "host1"]);
        fails(3, "cannot be reached");
        fleet.happens(&["boot", "host1"]);
        fleet.happens(&["freeze", "host1"]);
        fails(3, "host1");
        fleet.happens(&["thaw", "host1"]);
        fleet.happens(&["hide", "host1", "rsync"]);
        fails(2, "there is no rsync there");
        fleet.happens(&["break", "host1", "rsync"]);
        fails(2, "cannot be executed");
        fleet.happens(&["show", "host1", "rsync"]);
        fleet.happens(&["refuse", "host1"]);
        fails(3, "refuses our keys");
        fleet.happens(&["accept", "host1"]);
        // More than the disk has: refused before it begins.
        let large = "x".repeat(100 << 20);
        project.put("large", &large);
        let (_, plan) = project.plan(&[]);
        let refused = project.tool(&["--apply", "-"], &plan);
        refused.assert_code(1);
        assert!(
            refused.stderr_text().contains("has room for"),
            "{refused:?}"
        );
        // The disk fills after the plan was made: what was there stays whole.
        project.put("large", &large[..1 << 20]);
        project.put("Makefile", "all: new\n");
        let (_, plan) = project.plan(&[]);
        fleet.happens(&["fill", "host1"]);
        let full = project.tool(&["--apply", "-"], &plan);
        assert!(matches!(full.code, Some(1 | 3)), "{full:?}");
        assert!(matches!(
            there(fleet, "Makefile").as_deref(),
            Some("all:\n" | "all: new\n")
        ));
        fleet.happens(&["empty", "host1"]);
        project.sync(&[]).assert_code(0);
        assert_eq!(there(fleet, "Makefile").as_deref(), Some("all: new\n"));
        fleet.happens(&["rekey", "host1"]);
        fails(3, "has another host key than before");
    });
}

/// What ends a transfer in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Cut,
    Interrupted,
    Killed,
}

#[test]
fn a_sync_that_ends_in_the_middle_costs_nothing_but_time() {
    beside(Kind::Namespaces, |fleet| {
        let project = Project::new(fleet);
        project.sync(&[]).assert_code(0);
        let link = |words: &str| {
            let tc = Command::new("tc").args(words.split(' ')).status();
            tc.is_ok_and(|status| status.success())
        };
        if !link("qdisc add dev fleet-host1 root tbf rate 40mbit burst 64kb latency 50ms") {
            kgl_testkit::skip::have("tc-tbf", false, "a slow link needs tc and the kernel's tbf");
            return;
        }
        for (ending, name) in [
            (Ending::Cut, "large-0"),
            (Ending::Interrupted, "large-1"),
            (Ending::Killed, "large-2"),
        ] {
            // Long enough to take a while on a link of 40 Mbit/s.
            project.put(name, &"0123456789abcdef".repeat(1 << 20));
            let (_, plan) = project.plan(&[]);
            let file = fleet.dir().join("plan.json");
            fs::write(&file, plan).unwrap();
            let begun = half_of_a_file(fleet, name);
            let mut child = Command::new(TOOL)
                .arg("--apply")
                .arg(&file)
                .current_dir(&project.folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            begun();
            match ending {
                Ending::Cut => {
                    fleet.happens(&["cut", "host1"]);
                }
                Ending::Interrupted => signal(&child, "INT"),
                Ending::Killed => signal(&child, "KILL"),
            }
            let status = child.wait().unwrap();
            assert!(
                there(fleet, name).is_none(),
                "{ending:?}: half a file under its own name"
            );
            if ending == Ending::Cut {
                assert_eq!(status.code(), Some(3));
                let mut words = String::new();
                child.stderr.unwrap().read_to_string(&mut words).unwrap();
                assert!(words.contains("goes on"), "{words}");
                fleet.happens(&["mend", "host1"]);
            } else {
                assert!(!status.success(), "{ending:?}: {status}");
            }
            project.sync(&[]).assert_code(0);
            assert_eq!(there(fleet, name).unwrap().len(), 16 << 20, "{ending:?}");
        }
        assert!(link("qdisc del dev fleet-host1 root"));
    });
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(kill.is_ok_and(|status| status.success()), "kill -s {name}");
}

#[test]
fn a_fleet_gets_it_all_at_once_and_one_host_that_is_off_does_not_keep_it_from_the_others() {
    beside(Kind::Namespaces, |fleet| {
        let project = Project::new(fleet);
        let document = r#"{"schema":"kgl.fleet/1","competition":"demo","hosts":[{"name":"host1"},{"name":"host2"},{"name":"host3"}],"project_dir":"/project","shard_dir":"/s","shard_count":1,"shards":[]}"#;
        let done = project.tool(&[], document.as_bytes());
        done.assert_code(0);
        fleet.happens(&["off", "host2"]);
        let applied = project.tool(&["--apply", "-"], &done.stdout);
        applied.assert_code(3);
        assert!(applied.stderr_text().contains("host2"), "{applied:?}");
        for host in ["host1", "host3"] {
            assert!(exists(&fleet.disk(host, "/project/Makefile")), "{host}");
        }
    });
}

#[test]
fn bad_input_is_refused() {
    let relative = challenge("host1", "kaggle");
    let option = challenge("-oProxyCommand=x", "/k");
    for (stdin, word) in [
        ("", "empty"),
        ("{}", "neither a challenge nor a fleet"),
        (relative.as_str(), "from the root"),
        (option.as_str(), "no name of a host"),
    ] {
        let done = run(TOOL, &[""; 0], stdin.as_bytes());
        done.assert_code(2);
        assert!(
            done.stderr_text().contains(word),
            "{stdin}: {}",
            done.stderr_text()
        );
    }
    // A plan that somebody wrote executes nothing but rsync.
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("competitions/demo/x")).unwrap();
    let fixture = include_str!("../../kgl-contract/fixtures/sync-plan-1.json");
    let plan = fixture.replace(
        "\"/p\"",
        &format!("{:?}", folder.path().display().to_string()),
    );
    let done = run(TOOL, &["--apply", "-"], plan.as_bytes());
    assert!(matches!(done.code, Some(1..=3)), "{done:?}");
}
