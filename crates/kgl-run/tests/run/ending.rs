//! Runs that are asked to end, and what they leave behind.

use std::fs;
use std::process::{Command, Stdio};

use kgl_contract::{Run, RunState};
use rustix::process::Signal;

use crate::project::{Project, is_alive, signal, until, until_gone, wait};

/// A stranger's process, which must not be ended by anything here.
struct Stranger(std::process::Child);

impl Stranger {
    fn new() -> Self {
        Self(
            Command::new("sleep")
                .arg("100")
                .stdin(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let alive = self.0.try_wait().unwrap().is_none();
        let _ = self.0.kill();
        let _ = self.0.wait();
        if !std::thread::panicking() {
            assert!(alive, "a stranger's process was ended");
        }
    }
}

/// A shell, a child of it, a child in the background, and one that left the session.
const TREE: &str = "sleep 100 & echo $! > background
    setsid sh -c 'echo $$ > daemon; exec sleep 100' &
    sh -c 'echo $$ > inner; sleep 100; true'";

fn tree(project: &Project) -> [u32; 3] {
    ["background", "daemon", "inner"].map(|name| project.wait_for_pid(name))
}

fn newest(project: &Project) -> Run {
    project.status().remove(0)
}

#[test]
fn an_interrupt_reaches_the_whole_tree_and_is_recorded() {
    let _stranger = Stranger::new();
    for asked in [Signal::INT, Signal::TERM, Signal::HUP] {
        let project = Project::new(&[("train", TREE)]);
        // Nothing here needs to be killed, not even the job that ignores INT.
        let wrapper = project.spawn(&["train", "--grace", "1000"]);
        let pids = tree(&project);
        signal(wrapper.id(), asked);
        let ended = wait(wrapper).expect(3);
        let run = ended.run();
        assert_eq!(run.state, RunState::Stopped);
        assert!(run.end.unwrap().stopped);
        assert!(
            ended.stderr.contains("kgl-run: train was stopped"),
            "{ended:?}"
        );
        assert!(pids.iter().all(|pid| !is_alive(*pid)));
        assert_eq!(newest(&project), run);
    }
}

#[test]
fn a_verb_that_tidies_up_is_given_the_time() {
    let script =
        "trap 'echo saved >> state; exit 0' INT; echo ready > ready; while :; do sleep 0.05; done";
    let project = Project::new(&[("train", script)]);
    let wrapper = project.spawn(&["train"]);
    project.wait_for("ready");
    signal(wrapper.id(), Signal::INT);
    let run = wait(wrapper).expect(3).run();
    assert_eq!(project.wait_for("state"), "saved");
    let end = run.end.unwrap();
    assert_eq!((run.state, end.code), (RunState::Stopped, Some(0)));
}

#[test]
fn what_nohup_ignores_stays_ignored() {
    let project = Project::new(&[("train", "echo $$ > pid; exec sleep 100")]);
    let kgl = project.command(&["train"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        .arg(kgl.get_program())
        .args(kgl.get_args())
        .current_dir(project.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let wrapper = shell.spawn().unwrap();
    let pid = project.wait_for_pid("pid");
    signal(wrapper.id(), Signal::HUP);
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(is_alive(pid));
    signal(wrapper.id(), Signal::TERM);
    wait(wrapper).expect(3);
}

const STUBBORN: &str = "trap '' INT TERM; echo $$ > pid; while :; do sleep 0.05; done";

#[test]
fn a_verb_that_will_not_end_is_killed_when_its_time_is_over() {
    let project = Project::new(&[("train", STUBBORN)]);
    let wrapper = project.spawn(&["train", "--grace", "1"]);
    let pid = project.wait_for_pid("pid");
    signal(wrapper.id(), Signal::TERM);
    let run = wait(wrapper).expect(3).run();
    assert!(!is_alive(pid));
    assert_eq!(run.end.unwrap().signal, Some(9));
    assert_eq!(run.state, RunState::Stopped);
    assert!(
        project
            .log(&run)
            .contains("[kgl-run] kills what did not end")
    );
}

#[test]
fn a_second_interrupt_kills_at_once() {
    let project = Project::new(&[("train", STUBBORN)]);
    let wrapper = project.spawn(&["train", "--grace", "1000"]);
    let pid = project.wait_for_pid("pid");
    signal(wrapper.id(), Signal::INT);
    // Two signals that arrive together count as one: the second waits for the first to be seen.
    until("first signal was seen", || {
        fs::read_to_string(format!("/proc/{}/status", wrapper.id()))
            .is_ok_and(|status| status.contains("SigPnd:\t0000000000000000"))
    });
    std::thread::sleep(std::time::Duration::from_millis(150));
    assert!(is_alive(pid), "the grace is not over");
    signal(wrapper.id(), Signal::INT);
    assert_eq!(wait(wrapper).expect(3).run().end.unwrap().signal, Some(9));
}

#[test]
fn stop_ends_exactly_what_it_started_and_says_so() {
    let _stranger = Stranger::new();
    let project = Project::new(&[
        ("train", TREE),
        ("predict", "echo $$ > other; exec sleep 100"),
    ]);
    let predict = project.detach("predict");
    let other = project.wait_for_pid("other");
    let train = project.detach("train");
    let pids = tree(&project);
    let newest = newest(&project);
    assert_eq!(newest.id, train.id, "the newest is stopped");
    let ended = project.kgl(&["stop"]).expect(0);
    assert!(
        ended
            .stderr
            .contains(&format!("stopped {}: sh (", train.id)),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("1 more running"), "{ended:?}");
    assert!(pids.iter().all(|pid| !is_alive(*pid)));
    assert!(is_alive(other));
    let run = ended.run();
    assert_eq!((run.state, &run.id), (RunState::Stopped, &train.id));
    assert_eq!(project.see(&predict).state, RunState::Running);

    project.kgl(&["stop"]).expect(0);
    until_gone(other);
    let again = project.kgl(&["stop"]).expect(0);
    assert!(again.stderr.contains("is running here"), "{again:?}");
    assert_eq!(again.stdout, "");
}

#[test]
fn a_run_can_be_named_by_the_end_of_its_id() {
    let project = Project::new(&[("train", "exec sleep 100")]);
    let first = project.detach("train");
    let second = project
        .kgl(&["train", "--detach", "--again"])
        .expect(0)
        .run();
    let end = &first.id[first.id.len() - 10..];
    let ended = project.kgl(&["stop", "--run", end]).expect(0);
    assert_eq!(ended.run().id, first.id);
    assert_eq!(project.see(&second).state, RunState::Running);
    let ended = project.kgl(&["stop", "--run", "nope"]).expect(2);
    assert!(ended.stderr.contains("has no run nope"), "{ended:?}");
    // What has ended may be stopped as often as one likes.
    let ended = project.kgl(&["stop", "--run", &first.id]).expect(0);
    assert!(ended.stderr.contains("had ended"), "{ended:?}");
    assert_eq!(ended.run().state, RunState::Stopped);
}

#[test]
fn stop_kills_a_verb_that_will_not_end() {
    let project = Project::new(&[("train", STUBBORN)]);
    let run = project.detach("train");
    let pid = project.wait_for_pid("pid");
    project.kgl(&["stop", "--grace", "0"]).expect(0);
    assert!(!is_alive(pid));
    assert_eq!(project.see(&run).end.unwrap().signal, Some(9));
}

#[test]
fn a_frozen_wrapper_is_woken_and_stopped() {
    let project = Project::new(&[("train", "echo $$ > pid; exec sleep 100")]);
    let run = project.detach("train");
    let pid = project.wait_for_pid("pid");
    signal(run.pid.unwrap(), Signal::STOP);
    signal(pid, Signal::STOP);
    let run = project.kgl(&["stop"]).expect(0).run();
    assert_eq!(run.state, RunState::Stopped);
    assert_eq!(run.end.unwrap().signal, Some(15), "nothing was killed");
    assert!(!is_alive(pid));
}

#[test]
fn a_run_can_be_stopped_while_its_challenge_is_broken() {
    let project = Project::new(&[("train", "exec sleep 100")]);
    let run = project.detach("train");
    fs::write(project.challenge(), "{").unwrap();
    assert_eq!(project.kgl(&["stop"]).expect(0).run().id, run.id);
}

#[test]
fn a_verb_does_not_stop_itself() {
    let script = format!(
        "{} stop --all --competition demo-competition; echo went on",
        env!("CARGO_BIN_EXE_kgl-run")
    );
    let project = Project::new(&[("train-1-auto", &format!("cd ../..; {script}"))]);
    let ended = project.kgl(&["train-1-auto"]).expect(0);
    assert!(project.log(&ended.run()).contains("went on"), "{ended:?}");
}

#[test]
fn what_a_verb_leaves_in_the_background_is_ended_with_it() {
    let project = Project::new(&[(
        "train",
        "sleep 100 & echo $! > background; sh -c 'sleep 100 & echo $! > nested'; exit 0",
    )]);
    let run = project.kgl(&["train"]).expect(0).run();
    for name in ["background", "nested"] {
        assert!(!is_alive(project.wait_for_pid(name)), "{name}");
    }
    assert_eq!(run.state, RunState::Done);
    assert!(
        project
            .log(&run)
            .contains("[kgl-run] ends what train left behind: ")
    );
}

#[test]
fn a_daemon_stays_until_it_is_stopped() {
    let script = "setsid sh -c 'echo $$ > daemon; exec sleep 100' > /dev/null 2>&1 & \
        until [ -s daemon ]; do sleep 0.02; done";
    let project = Project::new(&[("train", script)]);
    let run = project.kgl(&["train"]).expect(0).run();
    let daemon = project.wait_for_pid("daemon");
    assert!(is_alive(daemon));
    let ended = project.kgl(&["stop", "--run", &run.id]).expect(0);
    assert!(ended.stderr.contains("sleep ("), "{ended:?}");
    assert!(!is_alive(daemon));
    assert_eq!(project.see(&run).state, RunState::Done);
}

#[test]
fn a_verb_that_never_stops_talking_can_be_interrupted() {
    let project = Project::new(&[("train", "echo $$ > pid; exec yes")]);
    let wrapper = project.spawn(&["train"]);
    let pid = project.wait_for_pid("pid");
    let asker = std::thread::spawn({
        let wrapper = wrapper.id();
        move || {
            std::thread::sleep(std::time::Duration::from_millis(200));
            signal(wrapper, Signal::INT);
        }
    });
    let ended = wait(wrapper).expect(3);
    asker.join().unwrap();
    assert!(!is_alive(pid));
    assert!(ended.stderr.contains("y\ny\n") && ended.stderr.contains("was stopped"));
}

#[test]
fn a_verb_may_close_its_stdout() {
    let project = Project::new(&[("train", "echo before; exec >&- 2>&-; sleep 0.1; exit 0")]);
    let run = project.kgl(&["train"]).expect(0).run();
    assert_eq!(project.log(&run), "before\n");
}
