//! Runs on real hosts, in real tmux, over links that break.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use kgl_contract::{Run, RunState};
use kgl_testkit::fleet::{Fleet, Kind, beside};

use crate::project::{Ended, Project, SLUG, finish, signal, until, wait};

/// The project's folder on the host: every kind of character a path may hold.
const ROOT: &str = "/work $HOME/it's \"here\"";

/// A project whose verbs are these shell scripts and run on host1, where its folder is.
struct Remote<'a> {
    project: Project,
    fleet: &'a Fleet,
}

impl<'a> Remote<'a> {
    fn new(fleet: &'a Fleet, verbs: &[(&str, &str)]) -> Self {
        let project = Project::new(verbs);
        let text = fs::read_to_string(project.challenge()).unwrap();
        let mut challenge: serde_json::Value = serde_json::from_str(&text).unwrap();
        challenge["where"] = "host".into();
        challenge["remote"] = serde_json::json!({ "host": "host1", "root": ROOT });
        fs::write(project.challenge(), challenge.to_string()).unwrap();
        let remote = Self { project, fleet };
        fs::create_dir_all(remote.there("")).unwrap();
        fs::copy(remote.project.challenge(), remote.there("challenge.json")).unwrap();
        remote
    }

    /// A file in the competition's folder on the host.
    fn there(&self, path: &str) -> PathBuf {
        self.fleet
            .disk("host1", ROOT)
            .join("competitions")
            .join(SLUG)
            .join(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        self.project.command(args)
    }

    fn kgl(&self, args: &[&str]) -> Ended {
        finish(self.command(args))
    }

    fn detach(&self, verb: &str) -> Run {
        self.kgl(&[verb, "--detach"]).expect(0).run()
    }

    fn newest(&self) -> Run {
        self.kgl(&["status"]).expect(0).runs().remove(0)
    }

    #[track_caller]
    fn until_state(&self, state: RunState) -> Run {
        until(&format!("{state:?}"), || self.newest().state == state);
        self.newest()
    }

    fn happens(&self, what: &[&str]) {
        self.fleet.happens(what);
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_run_on_a_host_is_started_followed_and_pulled() {
    beside(Kind::Namespaces, |fleet| {
        let script = "echo \"in $PWD\"; echo out; echo err >&2; mkdir -p outputs; \
                      echo '{\"n\":1}' > outputs/result.json; echo \"$KGL_SEED\" > outputs/seed";
        let remote = Remote::new(fleet, &[("train", script)]);
        let done = remote.kgl(&["train", "--seed", "7"]).expect(0);
        let run = done.run();
        assert_eq!(
            (run.state, run.where_.host.as_str()),
            (RunState::Done, "host1")
        );
        for word in ["/it's \"here\"/competitions/", "out\n", "err\n"] {
            assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
        }
        // tmux keeps what the pane showed, under a name that one can guess.
        let pane = fleet.ssh(
            "host1",
            &format!("tmux capture-pane -p -t =kgl-{SLUG}-train:"),
        );
        assert!(pane.stdout_text().contains("out"), "{pane:?}");
        let pulled = remote.kgl(&["pull"]).expect(0);
        assert_eq!(read(&remote.project.work().join("outputs/seed")), "7\n");
        assert!(
            pulled.stdout.contains("outputs") || pulled.stdout.contains("run.log"),
            "{pulled:?}"
        );
        assert_eq!(
            remote.project.log(&run),
            read(&remote.there(&format!("outputs/runs/{}/run.log", run.id)))
        );
        assert_eq!(remote.newest().state, RunState::Done);
        // Nothing is brought twice.
        assert!(
            remote
                .kgl(&["pull"])
                .expect(0)
                .stdout
                .contains("\"files\":[]")
        );
        // Without the host, what was pulled is known.
        remote.happens(&["off", "host1"]);
        assert_eq!(remote.newest().state, RunState::Done);
    });
}

#[test]
fn the_end_of_a_run_is_told_truthfully_however_it_ends() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(
            fleet,
            &[
                ("fail", "echo no GPU; exit 7"),
                ("kill", "kill -9 $$"),
                ("long", "sleep 300"),
                ("none", "exit 0"),
            ],
        );
        let failed = remote.kgl(&["fail"]).expect(3);
        assert!(
            failed
                .stderr
                .contains("ended with code 7; its log ends: no GPU"),
            "{failed:?}"
        );
        assert!(
            failed
                .stderr
                .contains(&format!("make fail competition={SLUG}")),
            "{failed:?}"
        );
        assert!(remote.kgl(&["why"]).expect(0).stdout.contains("no GPU"));
        assert!(remote.kgl(&["kill"]).expect(3).stderr.contains("signal 9"));
        // The wrapper dies.
        let run = remote.detach("long");
        assert_eq!(remote.newest().state, RunState::Running);
        remote.happens(&["on", "host1", "kill", "-9", &run.pid.unwrap().to_string()]);
        let died = remote.until_state(RunState::Died);
        assert!(
            died.why.unwrap().what.contains("goes on"),
            "the verb's own process"
        );
        remote.kgl(&["stop"]).expect(0);
        remote.until_state(RunState::Stopped);
        // The machine restarts under it.
        remote.detach("long");
        remote.happens(&["off", "host1"]);
        let away = remote.newest();
        assert_eq!(away.state, RunState::Lost);
        assert!(
            away.why
                .unwrap()
                .what
                .contains("cannot be asked: host1 cannot be reached")
        );
        remote.happens(&["boot", "host1"]);
        assert_eq!(remote.newest().state, RunState::Rebooted);
        // And a verb that is asked for next starts all the same.
        assert_eq!(remote.kgl(&["none"]).expect(0).run().state, RunState::Done);
    });
}

#[test]
fn a_second_run_is_refused_and_two_launches_at_once_are_one_run() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(fleet, &[("train", "echo x >> started; sleep 300")]);
        let launch = || {
            let mut command = remote.command(&["train", "--detach"]);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let (one, two) = (launch(), launch());
        let ends = [wait(one), wait(two)];
        let mut codes = ends.each_ref().map(|end| end.code);
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(1)], "{ends:?}");
        assert_eq!(read(&remote.there("started")), "x\n");
        let refused = remote.kgl(&["train", "--detach"]).expect(1);
        assert!(
            refused.stderr.contains("host1: train is running already"),
            "{refused:?}"
        );
        // Only the runs that started are on record.
        assert_eq!(remote.kgl(&["status"]).expect(0).runs().len(), 1);
        remote.kgl(&["train", "--detach", "--again"]).expect(0);
        assert_eq!(read(&remote.there("started")), "x\nx\n");
        remote.kgl(&["stop", "--all"]).expect(0);
        let runs = remote.kgl(&["status"]).expect(0).runs();
        assert!(
            runs.len() == 2 && runs.iter().all(|run| run.state == RunState::Stopped),
            "{runs:?}"
        );
        let left = fleet.ssh("host1", "pgrep -fc 'sleep 300'").stdout_text();
        assert_eq!(left.trim(), "0");
    });
}

#[test]
fn a_log_survives_cut_links_without_losing_or_repeating_a_byte() {
    beside(Kind::Namespaces, |fleet| {
        let script = "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo \"line $i\"; sleep 0.02; done";
        let remote = Remote::new(fleet, &[("train", script)]);
        let run = remote.detach("train");
        let watch = remote
            .command(&["watch"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(1200));
            remote.happens(&["cut", "host1"]);
            std::thread::sleep(Duration::from_millis(4500));
            remote.happens(&["mend", "host1"]);
        }
        let watched = wait(watch).expect(0);
        let expected: String = (1..=400).map(|n| format!("line {n}\n")).collect();
        assert!(
            watched.stdout == expected,
            "{} of {} bytes",
            watched.stdout.len(),
            expected.len()
        );
        assert!(
            watched.stderr.contains("waiting for host1"),
            "{}",
            watched.stderr
        );
        assert_eq!(remote.newest().id, run.id);
    });
}

#[test]
fn a_frozen_host_is_waited_for_and_c_stops_the_run_there() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(fleet, &[("train-1", "echo begun; sleep 300; echo never")]);
        let child = remote
            .command(&["train-1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until("running", || {
            remote
                .kgl(&["status"])
                .runs()
                .first()
                .is_some_and(|run| run.state == RunState::Running)
        });
        remote.happens(&["freeze", "host1"]);
        std::thread::sleep(Duration::from_secs(4));
        remote.happens(&["thaw", "host1"]);
        std::thread::sleep(Duration::from_secs(1));
        signal(child.id(), rustix::process::Signal::INT);
        let ended = wait(child).expect(3);
        assert_eq!(ended.run().state, RunState::Stopped);
        assert!(ended.stderr.contains("begun"), "{ended:?}");
        assert_eq!(remote.newest().state, RunState::Stopped);
    });
}

#[test]
fn whoever_dies_here_leaves_the_run_there_alone_and_it_is_taken_up_again() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(
            fleet,
            &[(
                "train-1",
                "echo begun; until [ -e go ]; do sleep 0.1; done; echo ended",
            )],
        );
        let mut child = remote
            .command(&["train-1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("running", || {
            remote
                .kgl(&["status"])
                .runs()
                .first()
                .is_some_and(|run| run.state == RunState::Running)
        });
        child.kill().unwrap();
        child.wait().unwrap();
        // The first one's reader may still be there, until there is something to read.
        let readers = || fleet.ssh("host1", "pgrep -f ' _log '").stdout_text();
        let before: HashSet<String> = readers().lines().map(str::to_owned).collect();
        // Again would be a second one; --attach takes up the first.
        remote.kgl(&["train-1"]).expect(1);
        let mut command = remote.command(&["train-1", "--attach"]);
        let attached = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until("attached", || {
            readers().lines().any(|reader| !before.contains(reader))
        });
        fs::write(remote.there("go"), "").unwrap();
        let attached = wait(attached).expect(0);
        assert_eq!(attached.stdout, "begun\nended\n");
        assert_eq!(remote.kgl(&["status"]).expect(0).runs().len(), 1);
    });
}

#[test]
fn what_a_host_lacks_is_named_and_nothing_is_on_record() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(fleet, &[("train", "exit 0"), ("odd", "exit 0")]);
        let fails = |code: i32, word: &str| {
            let ended = remote.kgl(&["train", "--detach"]).expect(code);
            assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
            assert!(ended.stderr.contains("host1"), "{}", ended.stderr);
        };
        remote.happens(&["hide", "host1", "tmux"]);
        fails(2, "apt-get install -y tmux");
        remote.happens(&["show", "host1", "tmux"]);
        remote.happens(&["off", "host1"]);
        fails(3, "cannot be reached");
        remote.happens(&["boot", "host1"]);
        remote.happens(&["refuse", "host1"]);
        fails(3, "refuses our keys");
        remote.happens(&["accept", "host1"]);
        fs::rename(fleet.disk("host1", ROOT), fleet.disk("host1", "/away")).unwrap();
        fails(2, "make sync");
        fs::rename(fleet.disk("host1", "/away"), fleet.disk("host1", ROOT)).unwrap();
        remote.happens(&["fill", "host1"]);
        fails(3, "No space left");
        remote.happens(&["empty", "host1"]);
        assert!(remote.kgl(&["status"]).expect(0).runs().is_empty());
        // A clock that is off by hours changes nothing.
        remote.happens(&["skew", "host1", "-7200"]);
        assert_eq!(remote.kgl(&["train"]).expect(0).run().state, RunState::Done);
        remote.happens(&["rekey", "host1"]);
        fails(3, "has another host key than before");
    });
}

#[test]
fn a_pull_keeps_what_is_good_and_what_is_ours() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(fleet, &[("train", "sleep 300")]);
        let (here, there) = (
            remote.project.work().join("outputs"),
            remote.there("outputs"),
        );
        let put = |path: &str, text: &str| {
            let file = there.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        put("merged.json", "{\"n\":1}\n");
        put("a b/$x '\"\n-.csv", "a\n");
        put("half.tmp", "no");
        remote.kgl(&["pull"]).expect(0);
        assert_eq!(read(&here.join("a b/$x '\"\n-.csv")), "a\n");
        assert!(!here.join("half.tmp").exists());
        // Half-written there: the good one stays here, and the rest comes.
        put("merged.json", "{\"n\":");
        put("a b/$x '\"\n-.csv", "b\n");
        let half = remote.kgl(&["pull"]).expect(3);
        assert!(
            half.stderr.contains("merged.json is half-written there"),
            "{half:?}"
        );
        assert_eq!(read(&here.join("merged.json")), "{\"n\":1}\n");
        assert_eq!(read(&here.join("a b/$x '\"\n-.csv")), "b\n");
        // Made here: kept, unless the host's is asked for.
        put("merged.json", "{\"n\":2}\n");
        fs::write(here.join("merged.json"), "{\"mine\":1}\n").unwrap();
        let kept = remote.kgl(&["pull"]).expect(1);
        assert!(kept.stderr.contains("merged.json"), "{kept:?}");
        assert_eq!(read(&here.join("merged.json")), "{\"mine\":1}\n");
        remote.kgl(&["pull", "--replace"]).expect(0);
        assert_eq!(read(&here.join("merged.json")), "{\"n\":2}\n");
        // A run that is still writing is left alone, and said to be.
        let run = remote.detach("train");
        let during = remote.kgl(&["pull"]).expect(0);
        assert!(during.stderr.contains(&run.id), "{during:?}");
        remote.happens(&["hide", "host1", "rsync"]);
        put("late.csv", "x\n");
        assert!(
            remote
                .kgl(&["pull"])
                .expect(2)
                .stderr
                .contains("no rsync there")
        );
        remote.happens(&["show", "host1", "rsync"]);
        remote.kgl(&["pull"]).expect(0);
        remote.kgl(&["stop"]).expect(0);
        remote.kgl(&["pull"]).expect(0);
        assert_eq!(remote.newest().state, RunState::Stopped);
    });
}

#[test]
fn a_pull_that_ends_in_the_middle_goes_on_and_shows_nothing_half_done() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(fleet, &[]);
        let here = remote.project.work().join("outputs");
        fs::create_dir_all(remote.there("outputs")).unwrap();
        // kgl-run is brought there on the first call, before the link is slow.
        remote.kgl(&["pull"]).expect(0);
        // The host's side of the cable is the slow one.
        let slow = "on host1 tc qdisc add dev eth0 root tbf rate 40mbit burst 64kb latency 50ms";
        if !Command::new("fleet")
            .args(slow.split(' '))
            .status()
            .is_ok_and(|status| status.success())
        {
            kgl_testkit::skip::have("tc-tbf", false, "a slow link needs tc and the kernel's tbf");
            return;
        }
        let large = "0123456789abcdef".repeat(1 << 20);
        for ending in ["cut", "interrupted", "killed"] {
            let name = format!("model-{ending}.bin");
            fs::write(remote.there("outputs").join(&name), &large).unwrap();
            let pull = remote
                .command(&["pull"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            until("begun", || here.join(".pull").exists());
            std::thread::sleep(Duration::from_millis(1000));
            match ending {
                "cut" => remote.happens(&["cut", "host1"]),
                "interrupted" => signal(pull.id(), rustix::process::Signal::INT),
                _ => signal(pull.id(), rustix::process::Signal::KILL),
            }
            let ended = wait(pull);
            assert!(!here.join(&name).exists(), "{ending}");
            if ending == "cut" {
                ended.expect(3);
                remote.happens(&["mend", "host1"]);
            } else {
                assert_ne!(ended.code, Some(0), "{ending}");
            }
            remote.kgl(&["pull"]).expect(0);
            assert_eq!(read(&here.join(&name)).len(), large.len(), "{ending}");
            assert!(!here.join(".pull").exists(), "{ending}");
        }
        remote.happens(&["on", "host1", "tc", "qdisc", "del", "dev", "eth0", "root"]);
    });
}

#[test]
fn a_host_that_cannot_be_pulled_from_is_told_for_what_it_is() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(fleet, &[("train", "exit 0")]);
        let here = remote.project.work().join("outputs/merged.json");
        fs::create_dir_all(remote.there("outputs")).unwrap();
        fs::write(remote.there("outputs/merged.json"), "{\"n\":1}\n").unwrap();
        remote.kgl(&["pull"]).expect(0);
        fs::write(remote.there("outputs/merged.json"), "{\"n\":2}\n").unwrap();
        let fails = |word: &str| {
            let ended = remote.kgl(&["pull"]).expect(3);
            assert!(ended.stderr.contains("host1"), "{word}: {}", ended.stderr);
            assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
            assert_eq!(read(&here), "{\"n\":1}\n");
        };
        remote.happens(&["off", "host1"]);
        fails("cannot be reached");
        remote.happens(&["boot", "host1"]);
        remote.happens(&["refuse", "host1"]);
        fails("refuses our keys");
        remote.happens(&["accept", "host1"]);
        remote.happens(&["freeze", "host1"]);
        fails("");
        // Nor does a launch hang.
        let frozen = remote.kgl(&["train", "--detach"]).expect(3);
        assert!(frozen.stderr.contains("host1"), "{}", frozen.stderr);
        remote.happens(&["thaw", "host1"]);
        // A clock that is off by hours: contents decide, not times.
        remote.happens(&["skew", "host1", "-7200"]);
        remote.kgl(&["pull"]).expect(0);
        assert_eq!(read(&here), "{\"n\":2}\n");
        fs::write(remote.there("outputs/merged.json"), "{\"n\":3}\n").unwrap();
        remote.happens(&["rekey", "host1"]);
        let ended = remote.kgl(&["pull"]).expect(3);
        assert!(
            ended.stderr.contains("has another host key than before"),
            "{}",
            ended.stderr
        );
        assert_eq!(read(&here), "{\"n\":2}\n");
    });
}

#[test]
fn on_done_calls_the_user_s_command_once_for_each_end() {
    beside(Kind::Namespaces, |fleet| {
        let remote = Remote::new(
            fleet,
            &[
                ("train", "exit 0"),
                ("fail", "exit 5"),
                ("long", "sleep 300"),
            ],
        );
        let text = read(&remote.project.challenge());
        let mut challenge: serde_json::Value = serde_json::from_str(&text).unwrap();
        let note = |word: &str| {
            serde_json::json!([
                "sh",
                "-c",
                format!("echo {word} $KGL_RUN_STATE $(grep -c kgl.run/1) >> told")
            ])
        };
        challenge["on_done"] = serde_json::json!({ "finished": note("good"), "failed": note("bad"), "died": note("gone") });
        fs::write(remote.project.challenge(), challenge.to_string()).unwrap();
        let told = || read(&remote.project.work().join("told"));
        remote.kgl(&["train"]).expect(0);
        remote.kgl(&["fail"]).expect(3);
        let run = remote.detach("long");
        remote.happens(&["on", "host1", "kill", "-9", &run.pid.unwrap().to_string()]);
        remote.until_state(RunState::Died);
        for _ in 0..2 {
            remote.kgl(&["status"]).expect(0);
        }
        assert_eq!(told(), "good done 1\nbad failed 1\ngone died 1\n");
        remote.kgl(&["stop", "--run", &run.id]).expect(0);
        // Runs here call as well: in the foreground, and detached.
        remote.kgl(&["train", "--where", "local"]).expect(0);
        remote
            .kgl(&["fail", "--where", "local", "--detach"])
            .expect(0);
        until("told", || told().lines().count() == 5);
        assert_eq!(
            told().lines().skip(3).collect::<Vec<_>>(),
            ["good done 1", "bad failed 1"]
        );
    });
}
