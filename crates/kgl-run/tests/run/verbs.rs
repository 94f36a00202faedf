//! status, why and watch.

use std::fs;
use std::io::Read as _;

use kgl_contract::RunState;

use crate::project::{Project, SLUG, until, wait};

#[test]
fn status_gives_every_run_newest_first_and_a_table() {
    let project = Project::new(&[("train", "exit 1"), ("predict", "exit 0")]);
    let empty = project.kgl(&["status"]).expect(0);
    assert_eq!(empty.stdout, "");
    assert!(empty.stderr.contains("has run here yet"), "{empty:?}");
    let mut ids = Vec::new();
    for verb in ["train", "predict", "train", "train"] {
        ids.push(project.kgl(&[verb]).run().id);
    }
    ids.reverse();
    let ended = project.kgl(&["status"]).expect(0);
    let runs = ended.runs();
    assert_eq!(
        runs.iter().map(|run| &run.id).collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    let table: Vec<&str> = ended.stderr.lines().collect();
    assert!(table[0].trim_start().starts_with("run "), "{ended:?}");
    assert!(
        table[1].contains(" failed ") && table[1].ends_with("ended with code 1"),
        "{ended:?}"
    );
    assert!(table[3].contains(" done "), "{ended:?}");
    assert_eq!(project.kgl(&["-q", "status"]).expect(0).stderr, "");
}

#[test]
fn a_folder_that_is_no_run_is_named_and_hides_nothing() {
    let project = Project::new(&[("train", "exit 0")]);
    let good = project.kgl(&["train"]).run();
    let bad = project.kgl(&["train"]).run();
    let path = project.file(&bad, "run.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..50]).unwrap();
    let ended = project.kgl(&["status"]).expect(0);
    assert_eq!(ended.run().id, good.id);
    assert!(
        ended
            .stderr
            .contains(&format!("{}/run.json: cut short at byte 50", bad.id)),
        "{ended:?}"
    );
    // Nor does it keep anybody from working.
    project.kgl(&["train"]).expect(0);
}

#[test]
fn a_copied_folder_is_no_run_of_its_own() {
    let project = Project::new(&[("train", "exit 0")]);
    let run = project.kgl(&["train"]).run();
    let copy = project.runs().join("20000101-000000-train-0000");
    fs::create_dir(&copy).unwrap();
    fs::copy(project.file(&run, "run.json"), copy.join("run.json")).unwrap();
    let ended = project.kgl(&["status"]).expect(0);
    assert_eq!(ended.run().id, run.id);
    assert!(ended.stderr.contains("moved or copied"), "{ended:?}");
}

#[test]
fn an_unreadable_end_is_lost() {
    let project = Project::new(&[("train", "exit 0")]);
    let run = project.kgl(&["train"]).run();
    fs::write(project.file(&run, "run.rc"), "{\"code\":").unwrap();
    let seen = project.see(&run);
    assert_eq!(seen.state, RunState::Lost);
    assert!(seen.why.unwrap().what.contains("run.rc: "));
}

#[test]
fn why_repeats_the_three_lines_of_what_failed_last() {
    let project = Project::new(&[("train", "echo no GPU; exit 1"), ("predict", "exit 0")]);
    let nothing = project.kgl(&["why"]).expect(0);
    assert_eq!(nothing.stdout, "");
    assert!(nothing.stderr.contains("has failed"), "{nothing:?}");
    let run = project.kgl(&["train"]).expect(1).run();
    project.kgl(&["predict"]).expect(0);
    let ended = project.kgl(&["why"]).expect(0);
    assert_eq!(
        ended.stdout,
        format!(
            "train ended with code 1; its log ends: no GPU\n  \
             log:  competitions/{SLUG}/outputs/runs/{}/run.log\n  \
             next: make train competition={SLUG}\n",
            run.id
        )
    );
    assert_eq!(ended.stderr, "");
}

#[test]
fn why_says_when_it_went_well_since() {
    let project = Project::new(&[("train", "[ -e ready ] || exit 1")]);
    project.kgl(&["train"]).expect(1);
    fs::write(project.work().join("ready"), "").unwrap();
    project.kgl(&["train"]).expect(0);
    let ended = project.kgl(&["why"]).expect(0);
    assert!(ended.stdout.contains("ended with code 1"), "{ended:?}");
    assert!(ended.stderr.contains("ended well since"), "{ended:?}");
}

#[test]
fn watch_follows_a_run_to_its_end() {
    let script =
        "printf '10%%\\r'; until [ -e go ]; do sleep 0.02; done; printf '20%%\\n'; exit $(cat go)";
    for (code, exit) in [("0", 0), ("5", 1)] {
        let project = Project::new(&[("train", script)]);
        let run = project.detach("train");
        let mut watch = project.spawn(&["watch"]);
        let mut first = [0; 4];
        watch
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut first)
            .unwrap();
        assert_eq!(&first, b"10%\r");
        assert!(watch.try_wait().unwrap().is_none(), "the run goes on");
        fs::write(project.work().join("go"), code).unwrap();
        let ended = wait(watch).expect(exit);
        assert_eq!(ended.stdout, "20%\n");
        let word = if exit == 0 {
            "train is done"
        } else {
            "train ended with code 5"
        };
        assert!(ended.stderr.contains(word), "{ended:?}");
        assert_eq!(
            project.see(&run).end.unwrap().code,
            Some(code.parse().unwrap())
        );
    }
}

#[test]
fn watch_gives_all_of_a_long_log() {
    let project = Project::new(&[("train", "yes | head -c 1000000")]);
    project.kgl(&["-q", "train"]).expect(0);
    assert_eq!(project.kgl(&["watch"]).expect(0).stdout.len(), 1_000_000);
    let shown = project.kgl(&["train"]).expect(0).stderr;
    assert!(shown.len() > 1_000_000, "{} bytes were shown", shown.len());
}

#[test]
fn watch_ends_when_nobody_reads_it() {
    let project = Project::new(&[("train", "while :; do echo more; sleep 0.05; done")]);
    project.detach("train");
    let mut watch = project.spawn(&["watch"]);
    let mut first = [0; 5];
    watch.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ended = wait(watch).expect(0);
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert_eq!(project.status()[0].state, RunState::Running);
}

#[test]
fn watch_can_look_once() {
    let project = Project::new(&[("train", "echo hello; exec sleep 100")]);
    let ended = project.kgl(&["watch", "--no-follow"]).expect(1);
    assert!(ended.stderr.contains("has run here yet"), "{ended:?}");
    let run = project.detach("train");
    until("first line", || !project.log(&run).is_empty());
    let ended = project.kgl(&["watch", "--no-follow"]).expect(0);
    assert_eq!(ended.stdout, "hello\n");
    assert!(ended.stderr.contains("train is running"), "{ended:?}");
}
