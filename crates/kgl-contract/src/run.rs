//! `run`: one verb of a competition that was started: what, where, and how it
//! truly ended. Monitor, pull, stop, console, gate and ledger read this document.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::challenge::Where;
use crate::digest::Sha256;
use crate::document::{Document, Tag};

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Run {
    /// `kgl.run/1`.
    pub schema: Tag<Run>,
    /// Unique among the competition's runs, sortable by time: `20261123-140501-train-7f3a`.
    pub id: String,
    /// The competition's slug.
    pub competition: String,
    /// The verb of the challenge.
    pub verb: String,
    /// What is executed, without a shell.
    pub argv: Vec<String>,
    /// The project's commit, if it is a git checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the checkout had uncommitted changes; left out where there is no commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Digest of the challenge document the run was planned from.
    pub challenge_sha256: Sha256,
    /// Settings handed to the run, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// Seed handed to the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Where it runs.
    #[serde(rename = "where")]
    pub where_: RunWhere,
    /// Where its files are.
    pub paths: RunPlace,
    /// How it stands. Derived when it is read, never trusted from a file that a
    /// dead process left.
    pub state: RunState,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<RunEnd>,
    /// The wrapper's process id on its host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// When that process started, in clock ticks since boot: a process id alone
    /// may have been given to another process since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_start_ticks: Option<u64>,
    /// The host's boot, so that a reboot is told from a death.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// For a run that did not end well: what failed, its log, the way on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// What the run itself reported as its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

impl Document for Run {
    const KIND: &'static str = "run";
    const MAJOR: u32 = 1;
}

/// `2026-11-23T14:05:01Z`, `train` → `20261123-140501-train-7f3a`.
fn run_id(now: &str, verb: &str, salt: u16) -> String {
    let digits: String = now.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("{day}-{time}-{verb}-{salt:04x}")
}

impl Run {
    /// A run as it is planned at `now` (RFC 3339), with a name of its own: `salt` tells apart
    /// those of one second. Its files go below the competition's folder in the project.
    #[must_use]
    pub fn planned(
        (competition, verb): (&str, &str),
        argv: Vec<String>,
        challenge_sha256: Sha256,
        where_: RunWhere,
        (now, salt): (&str, u16),
    ) -> Run {
        let id = run_id(now, verb, salt);
        let work = format!("competitions/{competition}");
        Run {
            schema: Tag::default(),
            competition: competition.to_owned(),
            verb: verb.to_owned(),
            argv,
            commit: None,
            dirty: None,
            challenge_sha256,
            config: None,
            seed: None,
            where_,
            paths: RunPlace {
                folder: format!("{work}/outputs/runs/{id}"),
                work,
                log: "run.log".to_owned(),
            },
            state: RunState::Planned,
            end: None,
            pid: None,
            pid_start_ticks: None,
            boot_id: None,
            started_at: None,
            ended_at: None,
            why: None,
            result: None,
            id,
        }
    }

    /// How it stands on the machine it was started on: by the record of its end, if there is
    /// one; else by that machine's boot and by when the process with its wrapper's id started.
    #[must_use]
    pub fn standing(
        &self,
        ending: Option<&Ending>,
        boot_id: Option<&str>,
        wrapper_start_ticks: Option<u64>,
    ) -> RunState {
        if let Some(Ending { end, .. }) = ending {
            return match end {
                RunEnd { stopped: true, .. } => RunState::Stopped,
                RunEnd { code: Some(0), .. } => RunState::Done,
                _ => RunState::Failed,
            };
        }
        if self.has_other_boot(boot_id) {
            RunState::Rebooted
        } else if self.pid_start_ticks.is_some() && self.pid_start_ticks == wrapper_start_ticks {
            RunState::Running
        } else {
            RunState::Died
        }
    }

    /// Whether it was started in another boot than `boot_id`; a system that does not tell its
    /// boot counts as the same one.
    #[must_use]
    pub fn has_other_boot(&self, boot_id: Option<&str>) -> bool {
        matches!((self.boot_id.as_deref(), boot_id), (Some(then), Some(now)) if then != now)
    }
}

/// What `run.rc` holds: how the run's process ended, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How.
    #[serde(flatten)]
    pub end: RunEnd,
    /// RFC 3339, UTC.
    pub ended_at: String,
}

impl Ending {
    /// Reads what `run.rc` holds.
    ///
    /// # Errors
    /// It is half-written, or something else.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

/// A kind of compute, and which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunWhere {
    /// The kind of compute.
    pub kind: Where,
    /// The host's name.
    pub host: String,
    /// The project's folder there; left out on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

/// Where a run's files are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunPlace {
    /// The folder the argv is executed in, relative to the project (`competitions/<slug>`).
    pub work: String,
    /// The folder of `run.json`, `run.log` and `run.rc`, relative to the project.
    pub folder: String,
    /// The log's name in that folder.
    pub log: String,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum RunState {
    /// Not started: this is a plan.
    Planned,
    /// Its wrapper is alive.
    Running,
    /// It ended with code 0.
    Done,
    /// It ended with another code, or by a signal.
    Failed,
    /// It was ended by `kgl-run stop` or ^C.
    Stopped,
    /// Its wrapper is gone without a word: killed, or out of memory.
    Died,
    /// The machine was restarted under it.
    Rebooted,
    /// Its host cannot be asked, or its folder is unreadable.
    Lost,
}

impl RunState {
    /// As documents and tables say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Died => "died",
            Self::Rebooted => "rebooted",
            Self::Lost => "lost",
        }
    }
}

/// How a run's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunEnd {
    /// The exit code, if it ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Whether somebody asked for the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

/// The three lines a failed verb ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Why {
    /// What failed.
    pub what: String,
    /// Where its log is, relative to the project.
    pub log: String,
    /// The command that goes on from there.
    pub next: String,
}
