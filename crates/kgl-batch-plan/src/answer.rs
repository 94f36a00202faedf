//! What gcloud says of a job and its tasks, as far as it is read here. Fields may be absent: a
//! young job has hardly any.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

use kgl_cli::{Failure, OrFail as _};
use kgl_contract::ArrayJob;
use serde::Deserialize as _;
use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::Value;

/// The state of a task that is done.
pub(crate) const SUCCEEDED: &str = "SUCCEEDED";

/// The state of a task that failed for good.
pub(crate) const FAILED: &str = "FAILED";

/// `gcloud batch jobs describe --format=json`.
#[derive(Debug, Clone, serde::Deserialize)]
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
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct Task {
    /// Ends with its index.
    pub name: String,
    #[serde(default)]
    pub status: Status,
}

/// How a job or a task stands.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    pub state: String,
    pub status_events: Vec<Event>,
    /// Of a job: how its tasks stand.
    task_groups: BTreeMap<String, Group>,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
struct Group {
    /// By state; numbers travel as text.
    counts: BTreeMap<String, String>,
}

/// Something that happened to it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    pub description: String,
    pub event_time: String,
    /// The state that a task is in from then on.
    pub task_state: String,
    task_execution: Execution,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
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

    /// How many of its tasks are in each state, as far as it says so.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (state, count) in self
            .status
            .task_groups
            .values()
            .flat_map(|group| &group.counts)
        {
            let count: u64 = count.parse().unwrap_or(0);
            if count > 0 {
                *counts.entry(state.clone()).or_default() += count;
            }
        }
        counts
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
    /// Reads what gcloud says of them, and hands each on as it comes: there may be many, and
    /// gcloud takes its time. gcloud closes a list that it cannot finish, so where the list is
    /// `marked`, `true` must follow it.
    ///
    /// # Errors
    /// It is not a list of tasks (exit 2), or it ends early (exit 3).
    pub(crate) fn read_list(
        source: impl Read,
        name: &str,
        marked: bool,
        each: impl FnMut(&Self),
    ) -> Result<(), Failure> {
        let mut reader = serde_json::Deserializer::from_reader(BufReader::new(source));
        let read = || {
            reader.deserialize_seq(Each(each))?;
            let whole = !marked || bool::deserialize(&mut reader)?;
            reader.end().map(|()| whole)
        };
        let early = || Failure::outside(format_args!("{name}: the list of tasks ends early"));
        match read() {
            Ok(true) => Ok(()),
            Ok(false) => Err(early()),
            Err(error) if error.is_eof() => Err(early()),
            Err(error) if error.is_io() => {
                Err(error).or_outside(format_args!("cannot read {name}"))
            }
            Err(error) => {
                Err(error).or_usage(format_args!("{name}: not what gcloud says of tasks"))
            }
        }
    }

    /// Its index in the array.
    pub(crate) fn index(&self) -> Option<u32> {
        self.name.rsplit('/').next()?.parse().ok()
    }
}

/// Calls its function with every task of a list.
struct Each<F>(F);

impl<'de, F: FnMut(&Task)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut tasks: A) -> Result<(), A::Error> {
        while let Some(task) = tasks.next_element()? {
            self.0(&task);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_cli::Exit;

    #[test]
    fn a_list_that_was_cut_short_is_known() {
        let read = |text: &str, marked| {
            let mut names = Vec::new();
            let each = |task: &Task| names.push(task.name.clone());
            let read = Task::read_list(text.as_bytes(), "tasks", marked, each);
            read.map(|()| names).map_err(|failure| failure.exit())
        };
        let two = r#"[{"name":"a/0"},{"name":"a/1"}]"#;
        let names = vec!["a/0".to_owned(), "a/1".to_owned()];
        assert_eq!(read(two, false), Ok(names.clone()));
        assert_eq!(read(&format!("{two}\ntrue\n"), true), Ok(names));
        // gcloud stopped, whether or not it closed the list.
        assert_eq!(read(two, true), Err(Exit::Outside));
        assert_eq!(read(&two[..20], false), Err(Exit::Outside));
        assert_eq!(read("", true), Err(Exit::Outside));
        assert_eq!(read(r#"{"error":1}"#, false), Err(Exit::Usage));
        assert_eq!(read("[]]", false), Err(Exit::Usage));
    }
}
