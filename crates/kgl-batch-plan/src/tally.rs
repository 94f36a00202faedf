//! What the tasks of a job say, added up one after another.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kgl_contract::{ArrayJob, FailedTask};

use crate::answer::{Event, FAILED, SUCCEEDED, Task};
use crate::words;

/// The sum of those that were added.
#[derive(Debug)]
pub(crate) struct Tally<'a> {
    /// The shard of each task.
    shards: Vec<u32>,
    /// Until when tasks ran that run still.
    now: &'a str,
    /// How many they are.
    pub listed: u64,
    /// How many are in each state.
    pub counts: BTreeMap<String, u64>,
    /// The shards of those that succeeded.
    pub done: BTreeSet<u32>,
    /// Those that failed for good.
    pub failed: Vec<FailedTask>,
    /// How often one was lost, by the reason.
    pub lost: BTreeMap<String, u64>,
    /// For how long they had machines.
    pub ran_ms: u64,
}

impl<'a> Tally<'a> {
    /// No task yet of the plan's job.
    pub(crate) fn of(plan: &ArrayJob, now: &'a str) -> Self {
        Self {
            shards: plan.indexes.iter().collect(),
            now,
            listed: 0,
            counts: BTreeMap::new(),
            done: BTreeSet::new(),
            failed: Vec::new(),
            lost: BTreeMap::new(),
            ran_ms: 0,
        }
    }

    /// Adds a task.
    pub(crate) fn add(&mut self, task: &Task) {
        let state = task.status.state.as_str();
        self.listed += 1;
        *self.counts.entry(state.to_owned()).or_default() += 1;
        let codes = || {
            task.status
                .status_events
                .iter()
                .filter_map(Event::exit_code)
        };
        for loss in codes().filter_map(words::of_loss) {
            *self.lost.entry(loss.to_owned()).or_default() += 1;
        }
        self.ran_ms += ran(task, self.now);
        let Some(index) = task.index() else { return };
        let Some(&shard) = self.shards.get(index as usize) else {
            return;
        };
        if state == SUCCEEDED {
            self.done.insert(shard);
        } else if state == FAILED {
            let code = codes().next_back();
            self.failed.push(FailedTask {
                task: index,
                shard,
                code,
                why: code.map_or_else(|| "nobody says why".to_owned(), words::of_code),
            });
        }
    }
}

/// Milliseconds for which a task had a machine, over all its attempts; until now where it runs.
fn ran(task: &Task, now: &str) -> u64 {
    let at = |time: &str| {
        time.parse::<Timestamp>()
            .map_or(0, Timestamp::as_millisecond)
    };
    let mut events: Vec<_> = task.status.status_events.iter().collect();
    events.sort_by_key(|event| event.event_time.parse::<Timestamp>().ok());
    let (mut sum, mut since) = (0, None);
    for event in events {
        let time = at(&event.event_time);
        // What runs on in the same state goes on running.
        if event.task_state == "RUNNING" {
            since = since.or(Some(time));
        } else if let Some(start) = since.take() {
            sum += time - start;
        }
    }
    if let Some(start) = since {
        sum += at(now) - start;
    }
    u64::try_from(sum).unwrap_or(0)
}
