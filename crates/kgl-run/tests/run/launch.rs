//! From a verb to a run: plans, documents, environment, refusals, detaching.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Instant;

use kgl_contract::RunState;

use crate::project::{Project, SLUG, finish, finish_with, is_alive, session, until, wait};

#[test]
fn a_plan_says_what_would_run_and_touches_nothing() {
    let project = Project::new(&[("train", "touch done")]);
    let run = project
        .kgl(&["train", "--plan", "--seed", "7", "--", "--folds", "5"])
        .expect(0)
        .run();
    assert_eq!(run.state, RunState::Planned);
    assert_eq!(run.argv, ["sh", "-c", "touch done", "--folds", "5"]);
    assert_eq!(run.seed, Some(7));
    assert_eq!(run.competition, SLUG);
    assert!(run.pid.is_none() && run.started_at.is_none());
    let names: Vec<_> = fs::read_dir(project.work())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["challenge.json"]);
}

#[test]
fn the_challenge_comes_from_its_folder_from_a_file_or_from_stdin() {
    let project = Project::new(&[("train", "exit 0")]);
    let mut plan = project.kgl(&["train", "--plan"]).expect(0).run();
    let file = format!("competitions/{SLUG}/challenge.json");
    let others = [
        finish(project.bare(&["train", "--plan", "--challenge", &file])),
        finish_with(
            project.bare(&["train", "--plan"]),
            &fs::read(project.challenge()).unwrap(),
        ),
        finish_with(
            project.bare(&["train", "--plan", "--challenge", "-"]),
            &fs::read(project.challenge()).unwrap(),
        ),
    ];
    for other in others {
        let mut other = other.expect(0).run();
        for run in [&mut plan, &mut other] {
            run.id.clear();
            run.paths.folder.clear();
        }
        assert_eq!(other, plan);
    }
}

#[test]
fn a_challenge_in_the_wrong_place_is_refused() {
    let project = Project::new(&[("train", "exit 0")]);
    let text = fs::read_to_string(project.challenge()).unwrap();
    let loose = project.path().join("challenge.json");
    fs::write(&loose, &text).unwrap();
    let args = ["train", "--challenge", loose.to_str().unwrap()];
    let ended = finish(project.bare(&args)).expect(2);
    assert!(
        ended.stderr.contains("competitions/SLUG/challenge.json"),
        "{ended:?}"
    );

    fs::write(project.challenge(), text.replace(SLUG, "other")).unwrap();
    let ended = project.kgl(&["train"]).expect(2);
    assert!(
        ended.stderr.contains("`slug` is other, but the folder is"),
        "{ended:?}"
    );

    let ended = finish(project.bare(&["train", "--competition", "nope"])).expect(2);
    assert!(
        ended.stderr.contains("no folder competitions/nope"),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains(&format!("there are: {SLUG}")),
        "{ended:?}"
    );
}

#[test]
fn a_broken_challenge_is_placed() {
    let project = Project::new(&[("train", "exit 0")]);
    let text = fs::read_to_string(project.challenge()).unwrap();
    fs::write(project.challenge(), &text[..40]).unwrap();
    let ended = project.kgl(&["train"]).expect(2);
    assert!(
        ended
            .stderr
            .contains("challenge.json: cut short at byte 40"),
        "{ended:?}"
    );
}

#[test]
fn a_verb_runs_in_its_folder_without_a_shell_and_knows_its_run() {
    let script = "#!/bin/sh\nprintf '%s|' \"$@\"; echo\npwd\n\
        printf '%s\\n' \"$KGL_RUN_ID\" \"$KGL_RUN_DIR\" \"$KGL_PROJECT_DIR\" \"$KGL_SEED\" \"$FROM_OUTSIDE\"\n\
        cat\necho to-stderr >&2\n";
    let project = Project::with_argv(&[("train", vec!["./my train.sh", "$HOME", "a b"])], "local");
    let path = project.work().join("my train.sh");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = project.command(&["train", "--seed", "7", "--", "it's", "*"]);
    command.env("FROM_OUTSIDE", "a secret");
    let ended = finish(command).expect(0);
    let run = ended.run();
    let log = project.log(&run);
    let folder = project.runs().join(&run.id);
    assert_eq!(
        log.lines().collect::<Vec<_>>(),
        [
            "$HOME|a b|it's|*|",
            project.work().to_str().unwrap(),
            &run.id,
            folder.to_str().unwrap(),
            project.path().to_str().unwrap(),
            "7",
            "a secret",
            "to-stderr",
        ]
    );
    assert!(ended.stderr.contains(&log), "the log is shown: {ended:?}");
    assert_eq!(run.state, RunState::Done);
    assert_eq!(run.end.unwrap().code, Some(0));
    assert!(run.why.is_none() && run.ended_at.is_some());
    let json = fs::read_to_string(folder.join("run.json")).unwrap();
    assert_eq!(json, ended.stdout);
    assert!(!json.contains("a secret"));
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["run.json", "run.log", "run.rc"]);
}

#[test]
fn quiet_keeps_the_log_to_itself() {
    let project = Project::new(&[("train", "echo hello")]);
    let ended = project.kgl(&["-q", "train"]).expect(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(project.log(&ended.run()), "hello\n");
}

#[test]
fn the_verbs_own_code_is_passed_on_where_it_is_one_of_ours() {
    let script = "case $1 in 9) kill -9 $$;; *) exit $1;; esac";
    let project = Project::with_argv(&[("train", vec!["sh", "-c", script, "sh"])], "local");
    for (given, code) in [
        ("0", 0),
        ("1", 1),
        ("2", 2),
        ("3", 3),
        ("7", 3),
        ("127", 3),
        ("9", 3),
    ] {
        let ended = project.kgl(&["train", "--", given]).expect(code);
        let end = ended.run().end.unwrap();
        match given {
            "9" => assert_eq!((end.code, end.signal), (None, Some(9))),
            _ => assert_eq!(end.code, Some(given.parse().unwrap())),
        }
    }
}

#[test]
fn a_failed_verb_ends_with_three_lines_that_are_in_the_run_too() {
    let project = Project::new(&[(
        "train",
        "echo loading; printf '10%%\\r20%%\\n'; echo no GPU >&2; exit 1",
    )]);
    let ended = project.kgl(&["train"]).expect(1);
    let run = ended.run();
    let log = format!("competitions/{SLUG}/outputs/runs/{}/run.log", run.id);
    let lines: Vec<&str> = ended.stderr.lines().rev().take(3).collect();
    assert_eq!(lines[0], format!("  next: make train competition={SLUG}"));
    assert_eq!(lines[1], format!("  log:  {log}"));
    assert_eq!(
        lines[2],
        "kgl-run: train ended with code 1; its log ends: loading | 20% | no GPU"
    );
    let why = run.why.unwrap();
    assert_eq!(format!("kgl-run: {}", why.what), lines[2]);
    assert_eq!(why.log, log);
}

#[test]
fn what_cannot_be_started_is_explained_and_leaves_no_run() {
    let verbs = [
        ("missing", vec!["no-such-program-here"]),
        ("nofile", vec!["./nofile.sh"]),
        ("plain", vec!["./plain.sh"]),
        ("orphan", vec!["./orphan.sh"]),
        ("text", vec!["./text"]),
    ];
    let project = Project::with_argv(&verbs, "local");
    let make = |name: &str, text: &str, mode: u32| {
        let path = project.work().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    make("plain.sh", "#!/bin/sh\n", 0o644);
    make("orphan.sh", "#!/no/such/interpreter\n", 0o755);
    make("text", "just words\n", 0o755);
    for (verb, word) in [
        (
            "missing",
            "program no-such-program-here was not found in PATH",
        ),
        ("nofile", "no file ./nofile.sh in competitions/"),
        (
            "plain",
            "`chmod +x competitions/demo-competition/plain.sh` lets it",
        ),
        ("orphan", "first line (#!)"),
        ("text", "neither a program for this machine nor a script"),
    ] {
        for how in [vec![verb], vec![verb, "--detach"]] {
            let ended = project.kgl(&how).expect(2);
            assert!(ended.stderr.contains(word), "{ended:?}");
            assert_eq!(ended.stderr.matches("kgl-run: ").count(), 1, "{ended:?}");
            assert_eq!(ended.stdout, "");
        }
    }
    assert!(project.status().is_empty());
}

#[test]
fn other_machines_are_refused_unless_told_to_run_here() {
    let project = Project::with_argv(&[("train", vec!["true"])], "batch");
    let ended = project.kgl(&["train"]).expect(2);
    assert!(ended.stderr.contains("--where local"), "{ended:?}");
    project.kgl(&["train", "--where", "local"]).expect(0);
}

#[test]
fn a_detached_run_outlives_its_starter_and_holds_none_of_its_descriptors() {
    let project = Project::new(&[("train", "echo $$ > pid; read -r line < go; echo got $line")]);
    let fifo = project.work().join("go");
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    // As bats and make do, the caller leaves a descriptor open besides the usual ones.
    let mut caller = project.command(&[]);
    let kgl = caller.get_program().to_owned();
    let args: Vec<_> = caller.get_args().map(ToOwned::to_owned).collect();
    caller = std::process::Command::new("sh");
    caller
        .args(["-c", "\"$@\" 3>&1", "sh"])
        .arg(kgl)
        .args(args)
        .args(["train", "--detach"])
        .current_dir(project.path())
        .stdin(Stdio::null());
    let begun = Instant::now();
    let run = finish(caller).expect(0).run();
    assert!(begun.elapsed().as_secs() < 5, "it waited for the end");
    assert_eq!(run.state, RunState::Running);
    let (wrapper, pid) = (run.pid.unwrap(), project.wait_for_pid("pid"));
    assert!(is_alive(wrapper) && is_alive(pid));
    assert_ne!(session(wrapper), session(std::process::id()));
    for descriptor in 0..3 {
        let target = fs::read_link(format!("/proc/{wrapper}/fd/{descriptor}")).unwrap();
        assert_eq!(target.to_str(), Some("/dev/null"));
    }
    assert_eq!(project.see(&run).state, RunState::Running);
    fs::write(&fifo, "it\n").unwrap();
    until("end of the run", || {
        project.see(&run).state == RunState::Done
    });
    assert_eq!(project.log(&run), "got it\n");
}

#[test]
fn the_same_verb_is_not_started_twice_unless_asked_to() {
    let project = Project::new(&[("train", "exec sleep 100"), ("predict", "exit 0")]);
    let first = project.detach("train");
    let ended = project.kgl(&["train"]).expect(1);
    assert!(
        ended
            .stderr
            .contains(&format!("running already, as {}", first.id)),
        "{ended:?}"
    );
    assert_eq!(ended.stdout, "");
    project.kgl(&["train", "--detach"]).expect(1);
    project.kgl(&["predict"]).expect(0);
    let second = project
        .kgl(&["train", "--detach", "--again"])
        .expect(0)
        .run();
    assert_ne!(first.id, second.id);
    project.kgl(&["stop", "--all"]).expect(0);
    project.kgl(&["train", "--detach"]).expect(0);
}

#[test]
fn of_many_starters_at_once_one_wins() {
    let project = Project::new(&[("train", "exec sleep 100")]);
    let starters: Vec<_> = (0..6)
        .map(|_| project.spawn(&["train", "--detach"]))
        .collect();
    let mut codes: Vec<_> = starters.into_iter().map(|child| wait(child).code).collect();
    codes.sort();
    assert_eq!(codes, [0, 1, 1, 1, 1, 1].map(Some));
    assert_eq!(project.status().len(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_starts() {
    let project = Project::new(&[("train", "touch started")]);
    fs::write(project.work().join("outputs"), "a file").unwrap();
    for how in [vec!["train"], vec!["train", "--detach"]] {
        let ended = project.kgl(&how).expect(3);
        assert!(ended.stderr.contains("outputs/runs"), "{ended:?}");
    }
    assert!(!project.work().join("started").exists());
}

#[test]
fn the_commit_is_recorded_where_there_is_one() {
    let project = Project::new(&[("train", "exit 0")]);
    assert_eq!(
        project.kgl(&["train", "--plan"]).expect(0).run().commit,
        None
    );
    let git = |args: &[&str]| {
        std::process::Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(args)
            .current_dir(project.path())
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !kgl_testkit::skip::program("git") {
        return;
    }
    assert!(git(&["init", "-q"]) && git(&["add", "."]) && git(&["commit", "-qm", "first"]));
    let clean = project.kgl(&["train", "--plan"]).expect(0).run();
    assert_eq!(clean.commit.unwrap().len(), 40);
    assert_eq!(clean.dirty, Some(false));
    fs::write(project.work().join("new"), "").unwrap();
    let dirty = project.kgl(&["train", "--plan"]).expect(0).run();
    assert_eq!(dirty.dirty, Some(true));
}

#[test]
fn a_verb_is_needed_and_help_is_there() {
    let project = Project::new(&[("train", "exit 0"), ("predict", "exit 0")]);
    let ended = project.kgl(&[]).expect(2);
    assert!(ended.stderr.contains("predict, train"), "{ended:?}");
    let ended = project.kgl(&["trian"]).expect(2);
    assert!(ended.stderr.contains("it has: predict, train"), "{ended:?}");
    let ended = finish(project.bare(&["train"])).expect(2);
    assert!(ended.stderr.contains("stdin: empty"), "{ended:?}");
    assert!(ended.stderr.contains("--competition SLUG"), "{ended:?}");
    let ended = project.kgl(&["--detach", "status"]).expect(2);
    assert!(ended.stderr.contains("--detach"), "{ended:?}");
    let help = finish(project.bare(&["--help"])).expect(0).stdout;
    for word in [
        "KGL_RUN_DIR",
        "Exit codes:",
        "watch",
        "--detach",
        "Examples:",
    ] {
        assert!(help.contains(word), "{word}");
    }
    assert!(!help.contains("attend"));
}

#[test]
fn a_verb_after_another_waits_for_it() {
    let project = Project::new(&[
        (
            "train",
            "until [ -e go ]; do sleep 0.05; done; echo made >model",
        ),
        ("predict", "cat model"),
    ]);
    let after = ["predict", "--after", "train"];
    // Nothing to wait for: the verb itself says what is missing.
    project.kgl(&after).expect(1);
    project.detach("train");
    let waiting = project.spawn(&after);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!project.work().join("model").exists());
    fs::write(project.work().join("go"), "").unwrap();
    let done = waiting.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("waiting for train"), "{stderr}");
    assert!(stderr.contains("made"), "{stderr}");
}

#[test]
fn what_failed_before_is_not_gone_on_from() {
    let project = Project::new(&[("train", "exit 4"), ("predict", "exit 0"), ("other", "")]);
    let after = ["predict", "--after", "train"];
    project.kgl(&["train"]).expect(3);
    let refused = project.kgl(&after).expect(1);
    assert!(
        refused.stderr.contains("train ended with code 4"),
        "{refused:?}"
    );
    assert!(
        refused.stderr.contains("without --after train"),
        "{refused:?}"
    );
    // Somebody went on meanwhile: then it is old.
    project.kgl(&["other"]).expect(0);
    project.kgl(&after).expect(0);
}
