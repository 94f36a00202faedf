//! Every pair that may meet, none proved unnecessary.
//!
//! All queries want the same targets then, so these are laid out once: a batch
//! of them, which is for all queries, longest first; then the next batch. Whoever
//! is done with a query takes the next one, be it of the next batch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kgl_align::{LaidOut, cells};
use kgl_cli::Progress;

use super::Job;
use super::best::{Best, Scored};
use super::turns::lock;
use super::workers::Workers;

/// Residues of a batch: its letters, and what is noted of each target, stay
/// small, and lanes that are refilled many times are full.
const BATCH_RESIDUES: usize = 1 << 20;

/// A worker's share of the targets comes in so many batches or more, so that
/// workers end together where there is but one query.
const BATCHES_EACH: usize = 4;

/// The search of one shard.
pub(super) struct Every<'a> {
    job: &'a Job<'a>,
    /// Queries, longest first.
    heaviest_first: Vec<u32>,
    /// The targets of each batch.
    batches: Vec<Vec<u32>>,
    turn: Mutex<Turn<'a>>,
    /// The best hits of every query.
    best: Vec<Mutex<Best>>,
    computed: AtomicU64,
}

/// What is to be done next.
#[derive(Default)]
struct Turn<'a> {
    /// The batch, and the place of the query.
    batch: usize,
    query: usize,
    laid_out: Option<Arc<LaidOut<'a>>>,
}

impl<'a> Every<'a> {
    /// For the `targets` of a shard, which are indexes into the targets file.
    pub(super) fn new(job: &'a Job<'a>, targets: &[u32], workers: u32) -> Self {
        let inputs = job.inputs;
        let length = |&query: &u32| inputs.queries[query as usize].sequence.len();
        let mut heaviest_first: Vec<u32> = (0..).zip(&inputs.queries).map(|(at, _)| at).collect();
        heaviest_first.sort_by_key(|query| std::cmp::Reverse(length(query)));
        let best = || Mutex::new(job.best());
        Self {
            job,
            best: heaviest_first.iter().map(|_| best()).collect(),
            heaviest_first,
            batches: deal(
                targets,
                |target| inputs.targets[target as usize].sequence.len(),
                (job.engine.lanes(), workers as usize),
            ),
            turn: Mutex::default(),
            computed: AtomicU64::new(0),
        }
    }

    /// Cells of all pairs, whether they may meet or not.
    pub(super) fn most_cells(&self) -> u64 {
        let inputs = self.job.inputs;
        let asked = inputs.queries.iter().map(|query| query.sequence.len());
        let target = |&target: &u32| inputs.targets[target as usize].sequence.len();
        let residues = self.batches.iter().flatten().map(target);
        cells(asked.sum(), residues.sum())
    }

    /// Computes them all.
    pub(super) fn search(&self, workers: &Workers, progress: &Progress) {
        workers.each(|| {
            while let Some((query, batch, laid_out)) = self.take() {
                self.work_on(query, batch, &laid_out, progress);
            }
        });
    }

    /// The best hits of every query, in file order, and the cells that were
    /// computed.
    pub(super) fn finish(self) -> (Vec<Vec<Scored>>, u64) {
        let hits = |best: Mutex<Best>| {
            let best = best.into_inner().unwrap_or_else(PoisonError::into_inner);
            best.into_hits()
        };
        let best = self.best.into_iter().map(hits).collect();
        (best, self.computed.into_inner())
    }

    /// The next query, the batch for it, and this laid out.
    fn take(&self) -> Option<(u32, usize, Arc<LaidOut<'a>>)> {
        let mut turn = lock(&self.turn);
        if turn.query == self.heaviest_first.len() {
            *turn = Turn {
                batch: turn.batch + 1,
                ..Turn::default()
            };
        }
        let query = *self.heaviest_first.get(turn.query)?;
        let targets = self.batches.get(turn.batch)?;
        turn.query += 1;
        let lay_out = || {
            let sequences: Vec<&[u8]> = targets.iter().map(|&at| self.sequence(at)).collect();
            Arc::new(self.job.engine.lay_out(&sequences))
        };
        let laid_out = turn.laid_out.get_or_insert_with(lay_out).clone();
        Some((query, turn.batch, laid_out))
    }

    fn sequence(&self, target: u32) -> &'a [u8] {
        &self.job.inputs.targets[target as usize].sequence
    }

    /// Compares a query with those of a batch that it may meet.
    fn work_on(&self, query: u32, batch: usize, laid_out: &LaidOut<'_>, progress: &Progress) {
        let Job {
            inputs,
            pairs,
            engine,
            ..
        } = self.job;
        let sequence = &inputs.queries[query as usize].sequence;
        let targets = &self.batches[batch];
        let meets = |&target: &u32| pairs.may_meet(query, target);
        let met: Vec<u32> = targets.iter().copied().filter(meets).collect();
        let scores = if met.len() == targets.len() {
            laid_out.scores(sequence)
        } else {
            let sequences: Vec<&[u8]> = met.iter().map(|&target| self.sequence(target)).collect();
            engine.scores(sequence, &sequences)
        };
        let mut best = lock(&self.best[query as usize]);
        for (&target, score) in met.iter().zip(scores) {
            best.show(Scored { score, target });
        }
        best.settle();
        drop(best);
        let all = |targets: &[u32]| -> u64 {
            let each = |&target: &u32| cells(sequence.len(), self.sequence(target).len());
            targets.iter().map(each).sum()
        };
        self.computed.fetch_add(all(&met), Ordering::Relaxed);
        progress.advance(all(targets));
    }
}

/// Deals targets to batches as cards are dealt, the longest first, so that each
/// has of all lengths: long ones to begin with, and short ones to fill its lanes
/// evenly to the end.
fn deal(
    targets: &[u32],
    length: impl Fn(u32) -> usize,
    (lanes, workers): (usize, usize),
) -> Vec<Vec<u32>> {
    let mut longest_first = targets.to_vec();
    longest_first.sort_by_key(|&target| std::cmp::Reverse(length(target)));
    let residues: usize = targets.iter().map(|&target| length(target)).sum();
    let longest = longest_first.first().map_or(0, |&target| length(target));
    // A batch goes on until its longest target ends, so it needs enough of others.
    let most = residues / (lanes * longest).max(1);
    let wanted = residues
        .div_ceil(BATCH_RESIDUES)
        .max(BATCHES_EACH * workers);
    let count = wanted.min(most).max(1);
    let mut batches = vec![Vec::with_capacity(targets.len() / count + 1); count];
    for (place, target) in longest_first.into_iter().enumerate() {
        batches[place % count].push(target);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_batch_has_of_all_lengths_and_fills_its_lanes() {
        let targets: Vec<u32> = (0..1000).collect();
        let length = |target| 100 + target as usize;
        let batches = deal(&targets, length, (4, 2));
        assert_eq!(batches.len(), 8);
        assert_eq!(batches[0][..3], [999, 991, 983]);
        let mut all = batches.concat();
        all.sort_unstable();
        assert_eq!(all, targets);
        // One is as long as sixteenth of all: in sixteen lanes that takes all of it.
        let long = |target| if target == 0 { 66_600 } else { length(target) };
        assert_eq!(deal(&targets, long, (4, 2)).len(), 2);
        assert_eq!(deal(&targets, long, (64, 2)).len(), 1);
        assert_eq!(deal(&[], length, (64, 2)), [[0_u32; 0]]);
    }
}
