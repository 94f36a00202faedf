//! How a run ended, when nobody was left to say so.

use std::fs;
use std::process::Command;

use kgl_contract::{Run, RunState};
use rustix::process::Signal;

use crate::project::{Project, SLUG, finish, is_alive, signal, until, until_gone};

const SLEEPER: &str = "echo epoch 3; echo $$ > pid; exec sleep 100";

fn sleeper() -> (Project, Run, u32) {
    let project = Project::new(&[("train", SLEEPER)]);
    let run = project.detach("train");
    let pid = project.wait_for_pid("pid");
    (project, run, pid)
}

/// Changes a field of `run.json`.
fn forge(project: &Project, run: &Run, field: &str, value: serde_json::Value) {
    let path = project.file(run, "run.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    json[field] = value;
    fs::write(&path, json.to_string()).unwrap();
}

#[test]
fn a_killed_wrapper_died_and_its_orphan_is_named_refused_and_stopped() {
    let (project, run, pid) = sleeper();
    signal(run.pid.unwrap(), Signal::KILL);
    until_gone(run.pid.unwrap());
    let seen = project.see(&run);
    assert_eq!(seen.state, RunState::Died);
    let why = seen.why.unwrap();
    assert!(
        why.what
            .contains(&format!("sleep ({pid}) goes on; its log ends: epoch 3")),
        "{}",
        why.what
    );
    assert_eq!(why.next, format!("make stop competition={SLUG}"));
    assert!(is_alive(pid), "looking harms nothing");

    let refused = project.kgl(&["train"]).expect(1);
    assert!(
        refused.stderr.contains(&format!("sleep ({pid}) goes on")),
        "{refused:?}"
    );

    let ended = project.kgl(&["stop"]).expect(0);
    assert!(
        ended.stderr.contains(&format!("sleep ({pid})")),
        "{ended:?}"
    );
    assert!(!is_alive(pid));
    assert_eq!(ended.run().state, RunState::Stopped);
    assert_eq!(project.see(&run).state, RunState::Stopped);
}

#[test]
fn an_orphans_child_is_found_even_with_an_empty_environment() {
    let script = "env -i sh -c 'echo $$ > bare; exec sleep 100' & echo $$ > pid; wait";
    let project = Project::new(&[("train", script)]);
    let run = project.detach("train");
    let (pid, bare) = (project.wait_for_pid("pid"), project.wait_for_pid("bare"));
    signal(run.pid.unwrap(), Signal::KILL);
    until_gone(run.pid.unwrap());
    project.kgl(&["stop"]).expect(0);
    assert!(!is_alive(pid) && !is_alive(bare));
}

#[test]
fn a_killed_wrapper_and_child_died() {
    let (project, run, pid) = sleeper();
    signal(run.pid.unwrap(), Signal::KILL);
    signal(pid, Signal::KILL);
    until_gone(pid);
    until_gone(run.pid.unwrap());
    let seen = project.see(&run);
    assert_eq!(seen.state, RunState::Died);
    assert!(seen.end.is_none() && seen.ended_at.is_none());
    let why = seen.why.unwrap();
    assert!(why.what.contains("gone without a word"), "{}", why.what);
    assert_eq!(why.next, format!("make train competition={SLUG}"));
    let nothing = project.kgl(&["stop"]).expect(0);
    assert!(nothing.stderr.contains("nothing of"), "{nothing:?}");
    assert_eq!(
        project.see(&run).state,
        RunState::Died,
        "stop rewrites no history"
    );
}

#[test]
fn a_killed_child_failed_by_a_signal() {
    let (project, run, pid) = sleeper();
    signal(pid, Signal::KILL);
    until("end of the run", || {
        project.see(&run).state != RunState::Running
    });
    let seen = project.see(&run);
    assert_eq!(seen.state, RunState::Failed);
    assert_eq!(seen.end.unwrap().signal, Some(9));
    assert!(seen.why.unwrap().what.contains("signal 9 (KILL)"));
}

#[test]
fn another_boot_means_rebooted() {
    let (project, run, _) = sleeper();
    forge(&project, &run, "boot_id", "00000000-another-boot".into());
    let seen = project.see(&run);
    assert_eq!(seen.state, RunState::Rebooted);
    assert!(
        seen.why
            .unwrap()
            .what
            .contains("was restarted while train ran")
    );
    // Elsewhere, nobody can say.
    forge(
        &project,
        &run,
        "where",
        serde_json::json!({"kind": "local", "host": "elsewhere"}),
    );
    assert_eq!(project.see(&run).state, RunState::Lost);
    // It is running, really: the true boot makes that visible, and the test's end stops it.
    forge(&project, &run, "boot_id", run.boot_id.clone().into());
    assert_eq!(project.see(&run).state, RunState::Running);
}

#[test]
fn a_process_that_was_given_the_wrappers_id_is_not_the_wrapper() {
    let (project, run, pid) = sleeper();
    signal(run.pid.unwrap(), Signal::KILL);
    signal(pid, Signal::KILL);
    until_gone(run.pid.unwrap());
    until_gone(pid);
    let mut stranger = Command::new("sleep").arg("100").spawn().unwrap();
    forge(&project, &run, "pid", stranger.id().into());
    assert_eq!(project.see(&run).state, RunState::Died);
    project.kgl(&["stop", "--run", &run.id]).expect(0);
    let alive = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(alive, "a stranger was stopped");
}

#[test]
fn a_state_in_the_file_is_not_believed() {
    let project = Project::new(&[("train", "exit 4")]);
    let run = project.kgl(&["train"]).expect(3).run();
    for state in ["done", "running", "planned"] {
        forge(&project, &run, "state", state.into());
        assert_eq!(project.see(&run).state, RunState::Failed, "{state}");
    }
}

#[test]
fn a_starter_that_was_killed_leaves_nothing_that_counts() {
    let project = Project::new(&[("train", "exit 0")]);
    fs::create_dir_all(project.runs().join(".new-abcdef")).unwrap();
    assert!(project.status().is_empty());
    project.kgl(&["train"]).expect(0);
    assert!(!project.runs().join(".new-abcdef").exists());
}

#[test]
fn a_run_that_fills_the_disk_can_still_say_how_it_ended() {
    let project = Project::new(&[("train", "cat /dev/zero > ballast; echo full; exit 5")]);
    // A small disk of its own, in a mount namespace of its own.
    let mount = "mount -t tmpfs -o size=256k tmpfs competitions/demo-competition/outputs && \
        cd competitions/demo-competition && ln -sf outputs/ballast ballast && cd ../..";
    fs::create_dir_all(project.work().join("outputs")).unwrap();
    let namespace = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args([
                "-rm",
                "sh",
                "-c",
                script,
                "sh",
                env!("CARGO_BIN_EXE_kgl-run"),
            ])
            .current_dir(project.path());
        command
    };
    let can = namespace(mount)
        .output()
        .is_ok_and(|output| output.status.success());
    if !kgl_testkit::skip::have("mount-namespace", can, "unshare -rm cannot mount here") {
        return;
    }
    let script = format!(
        "{mount} && {{ \"$1\" -q train --competition {SLUG} > /dev/null 2>&1; \
         df --output=avail competitions/{SLUG}/outputs | tail -1 | tr -d ' ' >&2; \
         \"$1\" -q status --competition {SLUG}; }}"
    );
    let mut command = namespace(&script);
    command.env_remove("KGL_RUN_ID");
    let ended = finish(command).expect(0);
    assert_eq!(ended.stderr.trim(), "0", "the disk is full: {ended:?}");
    let run = ended.run();
    assert_eq!(
        (run.state, run.end.unwrap().code),
        (RunState::Failed, Some(5))
    );
}
