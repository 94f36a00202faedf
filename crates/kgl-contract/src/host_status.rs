//! `host-status`: hosts as they were at one moment. What could not be learned is left out; it is
//! never told as a zero.

use serde::{Deserialize, Serialize};

use crate::document::{Document, Tag};
use crate::run::Run;

/// Hosts as they were when they were asked, all at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostStatus {
    /// `kgl.host-status/1`.
    pub schema: Tag<HostStatus>,
    /// When they were asked; RFC 3339, UTC, by the clock of the machine that asked.
    pub asked_at: String,
    /// How long it took until the last one was heard or given up.
    pub elapsed_ms: u64,
    /// The hosts, in the order they were given.
    pub hosts: Vec<HostReport>,
}

impl Document for HostStatus {
    const KIND: &'static str = "host-status";
    const MAJOR: u32 = 1;
}

/// One host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostReport {
    /// The name that `ssh` was given.
    pub host: String,
    /// The project's folder there, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Why it could not be asked; left out where it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Unreachable>,
    /// What it said; left out where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// The newest runs there, newest first.
    #[serde(default)]
    pub runs: Vec<HostRun>,
}

/// Why a host could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unreachable {
    /// What failed, in a few words.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

/// A machine at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Machine {
    /// Until its answer was here.
    pub answer_ms: u64,
    /// Its boot, so that a reboot is told from a death.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// Since it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_s: Option<u64>,
    /// By how much its clock is ahead of the one that asked; negative when it is behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_ms: Option<i64>,
    /// How far that may be off: half the time that the question took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_error_ms: Option<u64>,
    /// Processors that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Processes that wanted a processor, on average over the last minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_1min: Option<f64>,
    /// Its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Room>,
    /// The disk that holds the project's folder, or where it would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Room>,
    /// Its GPUs; left out where there is no nvidia-smi, or it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Vec<Gpu>>,
}

/// Room that there is, and that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Room {
    /// In all.
    pub total_bytes: u64,
    /// What can still be had.
    pub available_bytes: u64,
}

/// A GPU as nvidia-smi tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Gpu {
    /// Its number.
    pub index: u32,
    /// Its model.
    pub name: String,
    /// Share of the last moment in which it computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_percent: Option<u32>,
    /// Its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Room>,
    /// Degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_celsius: Option<u32>,
}

/// A run on a host, as it stands there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HostRun {
    /// The run; its state was derived from what the host showed.
    pub run: Run,
    /// Its log, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogFacts>,
}

/// A log without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LogFacts {
    /// Its size.
    pub size_bytes: u64,
    /// Since it was last written to, by the host's own clock.
    pub quiet_s: u64,
}
