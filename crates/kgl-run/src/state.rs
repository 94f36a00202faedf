//! How a run stands: a pure function of what it wrote and of what can be seen now.
//!
//! ```text
//! run.rc is there            done, failed or stopped, as it says
//! boot id is another one     rebooted (lost, if it was on another machine)
//! wrapper is alive           running
//! otherwise                  died, and maybe some of its processes go on without it
//! ```

use kgl_cli::quote;
use kgl_contract::{Ending, Run, RunEnd, RunState, Where, Why};

use crate::process::{self, Process};
use crate::remote;

/// What `run.rc` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rc {
    /// There is none.
    Absent,
    /// It cannot be understood, and why.
    Unreadable(String),
    /// The run ended.
    Ended(Ending),
}

/// What can be seen of a run now.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// What `run.rc` says.
    pub(crate) rc: Rc,
    /// Whether the run is on another machine, and what is here is a record of it.
    pub(crate) is_elsewhere: bool,
    /// This machine's name.
    pub(crate) host: String,
    /// This boot.
    pub(crate) boot_id: Option<String>,
    /// When the process that has the wrapper's id now started; none if there is no such process.
    pub(crate) wrapper_start_ticks: Option<u64>,
    /// The run's processes, where the wrapper is gone.
    pub(crate) survivors: Vec<Process>,
    /// The last lines of its log.
    pub(crate) log_tail: Vec<String>,
}

/// `run`, as it stands by the `evidence`: state, end and why are set anew.
pub(crate) fn derive(mut run: Run, evidence: &Evidence) -> Run {
    if evidence.is_elsewhere && evidence.rc == Rc::Absent {
        // A record of what its host said last: how it stands now is the host's to say.
        if !remote::has_ended(run.state) {
            run.state = RunState::Lost;
            run.why = what(&run, evidence).map(|what| why(&run, what, evidence));
        }
        return run;
    }
    run.state = state(&run, evidence);
    (run.end, run.ended_at) = match &evidence.rc {
        Rc::Ended(ending) => (Some(ending.end), Some(ending.ended_at.clone())),
        _ => (None, None),
    };
    run.why = what(&run, evidence).map(|what| why(&run, what, evidence));
    run
}

fn why(run: &Run, what: String, evidence: &Evidence) -> Why {
    Why {
        what,
        log: format!("{}/{}", run.paths.folder, run.paths.log),
        next: next(run, evidence),
    }
}

fn state(run: &Run, evidence: &Evidence) -> RunState {
    let boot = evidence.boot_id.as_deref();
    let ending = match &evidence.rc {
        Rc::Ended(ending) => Some(ending),
        Rc::Unreadable(_) => return RunState::Lost,
        Rc::Absent => None,
    };
    if ending.is_none() {
        if !matches!(run.where_.kind, Where::Local | Where::Host | Where::Fleet) {
            return RunState::Lost;
        }
        // The name is looked at only where the boot differs: laptops change theirs with the
        // network.
        if run.has_other_boot(boot) && run.where_.host != evidence.host {
            return RunState::Lost;
        }
    }
    run.standing(ending, boot, evidence.wrapper_start_ticks)
}

/// What did not go well, in one line with the log's last lines; none where nothing failed.
fn what(run: &Run, evidence: &Evidence) -> Option<String> {
    let verb = &run.verb;
    let wrapper = run.pid.map_or("its wrapper".to_owned(), |pid| {
        format!("its wrapper (pid {pid})")
    });
    let what = match run.state {
        RunState::Planned | RunState::Running | RunState::Done => return None,
        RunState::Stopped => format!("{verb} was stopped"),
        RunState::Failed => format!("{verb} {}", how(run.end.as_ref())),
        RunState::Died if evidence.survivors.is_empty() => {
            format!("{verb} died: {wrapper} is gone without a word, killed or out of memory")
        }
        RunState::Died => format!(
            "{verb} is alone: {wrapper} is gone, but {} goes on",
            process::list(&evidence.survivors)
        ),
        RunState::Rebooted => format!("{} was restarted while {verb} ran", run.where_.host),
        RunState::Lost => match &evidence.rc {
            Rc::Unreadable(why) => format!("nobody knows how {verb} ended: run.rc: {why}"),
            _ => format!(
                "{verb} runs on {}, which cannot be asked from here",
                run.where_.host
            ),
        },
    };
    Some(if evidence.log_tail.is_empty() {
        what
    } else {
        format!("{what}; its log ends: {}", evidence.log_tail.join(" | "))
    })
}

/// `ended with code 1`, `was killed by signal 9 (KILL)`.
pub(crate) fn how(end: Option<&RunEnd>) -> String {
    match end.map(|end| (end.code, end.signal)) {
        Some((Some(126), _)) => "ended with code 126 (a program cannot be executed)".to_owned(),
        Some((Some(127), _)) => "ended with code 127 (a program was not found)".to_owned(),
        Some((Some(code), _)) => format!("ended with code {code}"),
        Some((None, Some(9))) => {
            "was killed by signal 9 (KILL), by somebody or for want of memory".to_owned()
        }
        Some((None, Some(signal))) => match kgl_cli::signal_name(signal) {
            Some(name) => format!("was killed by signal {signal} ({name})"),
            None => format!("was killed by signal {signal}"),
        },
        _ => "ended in a way that was not recorded".to_owned(),
    }
}

/// The command that goes on from there.
fn next(run: &Run, evidence: &Evidence) -> String {
    let competition = format!("competition={}", run.competition);
    match run.state {
        RunState::Died if !evidence.survivors.is_empty() => {
            quote(["make", "stop", competition.as_str()])
        }
        _ => quote(["make", run.verb.as_str(), competition.as_str()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::parse_document;

    fn run() -> Run {
        let text = r#"{"schema":"kgl.run/1","id":"20261123-140501-train-7f3a","competition":"demo",
            "verb":"train","argv":["./train.sh"],"state":"running","pid":4711,
            "pid_start_ticks":123456,"boot_id":"boot-1","started_at":"2026-11-23T14:05:01Z",
            "challenge_sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
            "where":{"host":"laptop","kind":"local"},
            "paths":{"folder":"competitions/demo/outputs/runs/r","log":"run.log","work":"w"}}"#;
        parse_document(text.as_bytes()).unwrap()
    }

    fn evidence() -> Evidence {
        Evidence {
            rc: Rc::Absent,
            is_elsewhere: false,
            host: "laptop".into(),
            boot_id: Some("boot-1".into()),
            wrapper_start_ticks: Some(123_456),
            survivors: Vec::new(),
            log_tail: vec!["a".into(), "no GPU".into()],
        }
    }

    fn ended(code: Option<i32>, signal: Option<i32>, stopped: bool) -> Evidence {
        Evidence {
            rc: Rc::Ended(Ending {
                end: RunEnd {
                    code,
                    signal,
                    stopped,
                },
                ended_at: "2026-11-23T14:06:00Z".into(),
            }),
            wrapper_start_ticks: None,
            ..evidence()
        }
    }

    fn told(evidence: &Evidence) -> (RunState, String) {
        let run = derive(run(), evidence);
        (run.state, run.why.map(|why| why.what).unwrap_or_default())
    }

    #[test]
    fn the_record_of_the_end_is_believed_before_all_else() {
        assert_eq!(
            told(&ended(Some(0), None, false)),
            (RunState::Done, String::new())
        );
        let (state, what) = told(&ended(Some(1), None, false));
        assert_eq!(state, RunState::Failed);
        assert_eq!(what, "train ended with code 1; its log ends: a | no GPU");
        let (state, what) = told(&ended(None, Some(9), false));
        assert_eq!(state, RunState::Failed);
        assert!(what.contains("signal 9 (KILL)"), "{what}");
        // A program that ends with 0 when it is asked to end was stopped all the same.
        assert_eq!(told(&ended(Some(0), None, true)).0, RunState::Stopped);
        // Whatever else was to be seen: another boot, a process with the wrapper's id.
        let mut after = ended(Some(0), None, false);
        after.boot_id = Some("boot-2".into());
        after.wrapper_start_ticks = Some(123_456);
        assert_eq!(told(&after).0, RunState::Done);
    }

    #[test]
    fn an_end_is_carried_into_the_run() {
        let run = derive(run(), &ended(Some(3), None, false));
        assert_eq!(run.end.unwrap().code, Some(3));
        assert_eq!(run.ended_at.unwrap(), "2026-11-23T14:06:00Z");
        let why = run.why.unwrap();
        assert_eq!(why.log, "competitions/demo/outputs/runs/r/run.log");
        assert_eq!(why.next, "make train competition=demo");
    }

    #[test]
    fn a_living_wrapper_is_running() {
        assert_eq!(told(&evidence()), (RunState::Running, String::new()));
    }

    #[test]
    fn a_process_with_the_same_id_is_not_the_wrapper() {
        let reused = Evidence {
            wrapper_start_ticks: Some(123_457),
            ..evidence()
        };
        assert_eq!(told(&reused).0, RunState::Died);
        // Nor is a run that never said when its wrapper started.
        let mut untold = run();
        untold.pid_start_ticks = None;
        let gone = Evidence {
            wrapper_start_ticks: None,
            ..evidence()
        };
        assert_eq!(derive(untold, &gone).state, RunState::Died);
    }

    #[test]
    fn what_goes_on_without_its_wrapper_is_named() {
        let alone = Evidence {
            wrapper_start_ticks: None,
            survivors: vec![Process {
                pid: 4712,
                parent: 1,
                session: 4712,
                start_ticks: 5,
                zombie: false,
                name: "python".into(),
            }],
            ..evidence()
        };
        let run = derive(run(), &alone);
        assert_eq!(run.state, RunState::Died);
        let why = run.why.unwrap();
        assert!(why.what.contains("python (4712) goes on"), "{}", why.what);
        assert_eq!(why.next, "make stop competition=demo");
    }

    #[test]
    fn another_boot_is_a_reboot_here_and_a_loss_elsewhere() {
        let mut seen = Evidence {
            boot_id: Some("boot-2".into()),
            // The wrapper's id may have been given away after the reboot, ticks and all.
            ..evidence()
        };
        assert_eq!(told(&seen).0, RunState::Rebooted);
        seen.host = "desktop".into();
        let (state, what) = told(&seen);
        assert_eq!(state, RunState::Lost);
        assert!(what.contains("runs on laptop"), "{what}");
        // The same boot under another name is this machine.
        seen.boot_id = Some("boot-1".into());
        assert_eq!(told(&seen).0, RunState::Running);
        // A system that does not tell its boot is judged by the process alone.
        seen.boot_id = None;
        assert_eq!(told(&seen).0, RunState::Running);
    }

    #[test]
    fn a_record_of_a_run_elsewhere_waits_for_its_host() {
        let mut run = run();
        run.where_.kind = Where::Host;
        run.where_.host = "gpu".into();
        let elsewhere = Evidence {
            is_elsewhere: true,
            ..evidence()
        };
        assert_eq!(derive(run.clone(), &elsewhere).state, RunState::Lost);
        // What the host said of its end stays said.
        run.state = RunState::Died;
        assert_eq!(derive(run.clone(), &elsewhere).state, RunState::Died);
        // And a record of the end that was pulled is the end.
        let pulled = Evidence {
            is_elsewhere: true,
            ..ended(Some(0), None, false)
        };
        assert_eq!(derive(run.clone(), &pulled).state, RunState::Done);
        // On the host itself it is a run like any other.
        run.state = RunState::Running;
        assert_eq!(derive(run, &evidence()).state, RunState::Running);
    }

    #[test]
    fn an_unreadable_end_is_lost_and_never_invented() {
        let seen = Evidence {
            rc: Rc::Unreadable("expected value".into()),
            ..evidence()
        };
        let (state, what) = told(&seen);
        assert_eq!(state, RunState::Lost);
        assert!(what.contains("run.rc: expected value"), "{what}");
    }

    #[test]
    fn the_end_has_one_form_on_the_disk() {
        let Rc::Ended(ending) = ended(None, Some(15), true).rc else {
            panic!("an end was made");
        };
        let text = serde_json::to_string(&ending).unwrap();
        assert_eq!(
            text,
            r#"{"signal":15,"stopped":true,"ended_at":"2026-11-23T14:06:00Z"}"#
        );
        assert_eq!(serde_json::from_str::<Ending>(&text).unwrap(), ending);
    }
}
