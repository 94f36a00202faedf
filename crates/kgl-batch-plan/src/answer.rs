//! What gcloud says of a job and its tasks, as far as it is read here. Fields may be absent: a
//! young job has hardly any.

use kgl_cli::{Failure, OrFail as _};
use kgl_contract::ArrayJob;
use serde::Deserialize;
use serde_json::Value;

/// `gcloud batch jobs describe --format=json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    /// Its name, with project and region before it.
    pub name: String,
    /// What its log lines are labelled with.
    #[serde(default)]
    pub uid: String,
    #[serde(default)]
    pub status: Status,
    #[serde(default)]
    labels: Value,
    #[serde(default)]
    task_groups: Vec<Value>,
}

/// A task of `gcloud batch tasks list --format=json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Task {
    /// Ends with its index.
    pub name: String,
    #[serde(default)]
    pub status: Status,
}

/// How a job or a task stands.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    pub state: String,
    pub status_events: Vec<Event>,
}

/// Something that happened to it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    pub description: String,
    pub event_time: String,
    /// The state that a task is in from then on.
    pub task_state: String,
    task_execution: Execution,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Execution {
    exit_code: Option<i64>,
}

impl Event {
    /// The exit code of the task, or the one that Batch gives where a machine was lost.
    pub(crate) fn exit_code(&self) -> Option<i64> {
        self.task_execution.exit_code
    }
}

impl Job {
    /// Reads what gcloud said.
    ///
    /// # Errors
    /// It is not the description of a job (exit 2).
    pub(crate) fn parse(bytes: &[u8], name: &str) -> Result<Self, Failure> {
        let job: Self = serde_json::from_slice(bytes)
            .or_usage(format_args!("{name}: not what gcloud says of a job"))?;
        Ok(job)
    }

    /// Its name without project and region.
    pub(crate) fn id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it was made from `plan`, which is submitted as `rendered`: it carries the plan's
    /// name as a label, and its tasks do the same with the same files.
    pub(crate) fn is_of(&self, plan: &ArrayJob, rendered: &[u8]) -> bool {
        let ours: Value = serde_json::from_slice(rendered).unwrap_or_default();
        let script = "/taskSpec/runnables/0/script/text";
        let text = self
            .task_groups
            .first()
            .and_then(|group| group.pointer(script));
        self.labels.get("kgl-run").and_then(Value::as_str) == Some(plan.id.as_str())
            && text.is_some()
            && text == ours.pointer(&format!("/taskGroups/0{script}"))
    }
}

impl Task {
    /// Reads what gcloud said of all of them.
    ///
    /// # Errors
    /// It is not a list of tasks (exit 2).
    pub(crate) fn parse_list(bytes: &[u8], name: &str) -> Result<Vec<Self>, Failure> {
        serde_json::from_slice(bytes)
            .or_usage(format_args!("{name}: not what gcloud says of tasks"))
    }

    /// Its index in the array.
    pub(crate) fn index(&self) -> Option<u32> {
        self.name.rsplit('/').next()?.parse().ok()
    }
}
