//! Who works on which query, and what is known the other way round.
//!
//! Every query has its turn. A worker takes the heaviest query whose turn has
//! not begun and works through its line; when all turns have begun, workers help
//! where there is still something to do, so that they end together.
//!
//! # The other way round
//! In global and local mode a pair scores the same whichever of the two is the
//! query. Where one sequence is a query and a target (train against train), a
//! score found in the turn of `q` against `t` is shown to the best hits of `t`
//! as well, if `t` is a query, against `q`. When a turn has ended it says down
//! to which bound it has computed everything; bounds are symmetric too, so a
//! later turn knows of every pair whether it was computed then, and leaves it
//! out. (What was left out in that turn is computed in this one, if it is
//! wanted: each query decides by its own best hits.)

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kgl_align::{Mode, cells};
use kgl_cli::Progress;

use super::Job;
use super::best::{Best, Scored};
use super::distinct::Distinct;
use super::library::Library;
use super::line::Line;
use super::round::Round;
use super::runs::Runs;
use super::workers::Workers;

/// The turns of all queries, and what they have found.
pub(super) struct Turns<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) turns: Vec<Turn>,
    /// Queries, longest first.
    heaviest_first: Vec<usize>,
    /// How many threads search.
    pub(super) workers: u32,
    pub(super) twins: Option<Twins>,
    most_cells: u64,
    pub(super) computed: AtomicU64,
    /// Cells of all pairs that may meet.
    pub(super) all: AtomicU64,
}

/// One group of equal queries.
pub(super) struct Turn {
    /// The best hits of each of them.
    pub(super) best: Mutex<Vec<Best>>,
    pub(super) state: Mutex<State>,
    /// Every pair that may meet and has a higher bound was computed in this turn
    /// and shown to both sides; `i64::MAX` until the turn has ended.
    pub(super) known_above: AtomicI64,
}

/// How far a turn is.
pub(super) enum State {
    Waiting,
    Going(Box<Going>),
    Ended,
}

/// A turn that goes on.
pub(super) struct Going {
    pub(super) line: Line,
    pub(super) runs: Option<Runs>,
}

/// Which group of queries has the sequence of which group of targets.
pub(super) struct Twins {
    pub(super) query_of_target: Vec<Option<u32>>,
    pub(super) target_of_query: Vec<Option<u32>>,
}

impl Twins {
    fn of(job: &Job<'_>, targets: &Distinct) -> Self {
        let queries: HashMap<&[u8], u32> = (0..)
            .zip(0..job.queries.len())
            .map(|(number, at)| (job.queries.sequence(at, &job.inputs.queries), number))
            .collect();
        let mut target_of_query = vec![None; job.queries.len()];
        let query_of_target = (0..)
            .zip(0..targets.len())
            .map(|(number, at)| {
                let query = queries
                    .get(targets.sequence(at, &job.inputs.targets))
                    .copied();
                if let Some(query) = query {
                    target_of_query[query as usize] = Some(number);
                }
                query
            })
            .collect();
        Self {
            query_of_target,
            target_of_query,
        }
    }
}

/// Locks, also what another thread was holding when it panicked: that panic ends
/// the program anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Turns<'a> {
    pub(super) fn new(job: &'a Job<'a>, targets: &Distinct, workers: u32) -> Self {
        let turn = |query: usize| Turn {
            best: Mutex::new(vec![job.best(); job.queries.members(query).len()]),
            state: Mutex::new(State::Waiting),
            known_above: AtomicI64::new(i64::MAX),
        };
        let length = |query: usize| job.queries.sequence(query, &job.inputs.queries).len();
        let mut heaviest_first: Vec<usize> = (0..job.queries.len()).collect();
        heaviest_first.sort_by_key(|&query| std::cmp::Reverse(length(query)));
        let residues = (0..targets.len())
            .map(|target| targets.sequence(target, &job.inputs.targets).len())
            .sum();
        let asked = heaviest_first.iter().map(|&query| length(query)).sum();
        let symmetric = job.inputs.scoring.mode() != Mode::SemiGlobal;
        Self {
            job,
            turns: (0..job.queries.len()).map(turn).collect(),
            heaviest_first,
            workers,
            twins: symmetric.then(|| Twins::of(job, targets)),
            most_cells: cells(asked, residues),
            computed: AtomicU64::new(0),
            all: AtomicU64::new(0),
        }
    }

    /// Cells of all pairs of different sequences, whether they may meet or not.
    pub(super) fn most_cells(&self) -> u64 {
        self.most_cells
    }

    /// Gives every query its turn with a part of the library.
    pub(super) fn search(&mut self, library: &Library<'_>, workers: &Workers, progress: &Progress) {
        for turn in &mut self.turns {
            turn.state = Mutex::new(State::Waiting);
            turn.known_above = AtomicI64::new(i64::MAX);
        }
        let turns = &*self;
        let round = Round {
            turns,
            library,
            progress,
        };
        let next = AtomicUsize::new(0);
        let begin_next = || {
            turns
                .heaviest_first
                .get(next.fetch_add(1, Ordering::Relaxed))
        };
        workers.each(|| {
            while let Some(&query) = begin_next() {
                round.work_on(query);
            }
            for &query in &turns.heaviest_first {
                round.work_on(query);
            }
        });
    }

    /// The best hits of every query, in file order; the cells that were
    /// computed, and those that were not.
    pub(super) fn finish(self) -> (Vec<Vec<Scored>>, u64, u64) {
        let mut found = vec![Vec::new(); self.job.inputs.queries.len()];
        for (group, turn) in self.turns.into_iter().enumerate() {
            let best = turn
                .best
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner);
            for (&query, best) in self.job.queries.members(group).iter().zip(best) {
                found[query as usize] = best.into_hits();
            }
        }
        let (all, computed) = (self.all.into_inner(), self.computed.into_inner());
        (found, computed, all - computed)
    }
}
