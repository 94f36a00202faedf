//! What is known of a host from one exchange to the next.

use std::collections::{BTreeMap, BTreeSet};

use kgl_contract::{Run, RunState};

use crate::decide::{Held, HostView};
use crate::fleet::Led;
use crate::there::Trouble;

/// Between two tries at a host that is of no use, in ms: at first, and at most.
const PAUSE: (u64, u64) = (1_000, 10_000);
/// Rest after a shard failed there, in ms: at first, and at most.
const REST: (u64, u64) = (2_000, 60_000);

/// A host.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Which kind of programs runs there, once it was prepared.
    pub(crate) kind: Option<usize>,
    /// Somebody is talking to it.
    pub(crate) busy: bool,
    pub(crate) view: HostView,
    /// When it was last heard.
    pub(crate) heard: u64,
    /// It is not tried again before.
    pub(crate) next_try: u64,
    pause: u64,
    rest: u64,
    /// Shards that were brought from it.
    pub(crate) fetched: BTreeSet<u32>,
    /// Files to move aside there.
    pub(crate) aside: Vec<u32>,
    /// Shards whose sessions there can be closed.
    pub(crate) finished: BTreeSet<u32>,
    /// Shards of which it has what is here, compared.
    pub(crate) whole: BTreeSet<u32>,
    /// Runs there that are of no more use, by id; and how many were removed.
    pub(crate) forget: BTreeSet<String>,
    pub(crate) forgotten: usize,
    /// Why it is of no use, if it is.
    pub(crate) trouble: Option<String>,
}

/// What an answer says about the shards that a host held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// They failed: shard, and what is known of it.
    pub(crate) failed: Vec<(u32, String)>,
}

impl Known {
    /// It gave no answer, or is not fit for work. Says whether that is news.
    pub(crate) fn trouble(&mut self, trouble: &Trouble, now: u64) -> bool {
        if trouble.unprepared {
            self.kind = None;
            self.next_try = now;
            // Whatever it held is gone with the folder.
            self.view.held.clear();
            self.fetched.clear();
            self.whole.clear();
            self.forget.clear();
            return false;
        }
        self.view.away_since.get_or_insert(self.heard);
        self.view.no_use_since.get_or_insert(self.heard);
        self.pause = (self.pause * 2).clamp(PAUSE.0, PAUSE.1);
        self.next_try = now + self.pause;
        let news = self.trouble.as_ref() != Some(&trouble.what);
        self.trouble = Some(trouble.what.clone());
        news
    }

    /// It answered. Says whether it had been away.
    pub(crate) fn answered(&mut self, now: u64) -> bool {
        self.heard = now;
        self.pause = 0;
        self.next_try = now;
        self.view.away_since.take().is_some() && self.trouble.take().is_some()
    }

    /// Something came of it.
    pub(crate) fn was_of_use(&mut self) {
        self.view.no_use_since = None;
        self.rest = 0;
    }

    /// It could not do what it was given: it gets nothing for a while.
    pub(crate) fn failed(&mut self, now: u64) {
        self.view.no_use_since.get_or_insert(now);
        self.rest = (self.rest * 2).clamp(REST.0, REST.1);
        self.view.rests_until = now + self.rest;
    }

    /// Another launch has given it this already: that is no fault of its own.
    pub(crate) fn is_taken(&mut self, now: u64) {
        self.view.rests_until = now + REST.0;
    }

    /// Notes which runs there are of no more use: those that ended well, whose shards were compared
    /// with what is here; and those that were ended because their shards, `done`, are here. What
    /// failed is left for whoever wants to know why.
    pub(crate) fn note_useless(&mut self, led: &Led, runs: &[Run], done: &BTreeSet<u32>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        for run in runs.iter().filter(|run| run.id.chars().all(plain)) {
            let Some(shard) = led.shard_of(run) else {
                continue;
            };
            let is_useless = match run.state {
                RunState::Done => self.whole.contains(&shard),
                RunState::Stopped => done.contains(&shard),
                _ => false,
            };
            if is_useless {
                self.forget.insert(run.id.clone());
            }
        }
    }

    /// Takes over which shards run there, and tells of those that ended without a result.
    /// `delivered` are the shards that are there, whole.
    pub(crate) fn reconcile(
        &mut self,
        led: &Led,
        runs: &[Run],
        delivered: &BTreeSet<u32>,
        now: u64,
    ) -> Ended {
        let mut running = BTreeMap::new();
        for run in runs.iter().filter(|run| run.state == RunState::Running) {
            if let Some(shard) = led.shard_of(run) {
                running.insert(shard, run.id.clone());
            }
        }
        let before = std::mem::take(&mut self.view.held);
        let mut ended = Ended::default();
        for (shard, held) in &before {
            if running.contains_key(shard) || delivered.contains(shard) || held.stopping {
                continue;
            }
            let run = runs.iter().find(|run| run.id == held.run);
            let Some(run) = run else { continue };
            if matches!(
                run.state,
                RunState::Failed | RunState::Done | RunState::Died
            ) {
                ended.failed.push((
                    *shard,
                    format!("{} ({})", run.state.name(), run.paths.folder),
                ));
            }
        }
        for (shard, run) in running {
            let known = before.get(&shard).filter(|held| held.run == run);
            self.view.held.insert(
                shard,
                known.cloned().unwrap_or(Held {
                    run,
                    since: now,
                    stopping: false,
                }),
            );
        }
        ended
    }
}
