//! The turns of all queries with one part of the library: batches are taken
//! from lines, computed, and delivered to whom they concern.
//!
//! Locks: whoever holds a turn's state may take its best hits, and no other
//! lock; whoever holds best hits takes none.

use std::sync::atomic::Ordering;

use kgl_align::cells;
use kgl_cli::Progress;

use super::Job;
use super::best::{Best, Scored};
use super::library::{Bounds, Library};
use super::line::{Cut, Line, Verdict};
use super::order::Candidate;
use super::runs::Runs;
use super::turns::{Going, State, Turns, lock};

/// All turns with one part of the library.
pub(super) struct Round<'a> {
    pub(super) turns: &'a Turns<'a>,
    pub(super) library: &'a Library<'a>,
    pub(super) progress: &'a Progress,
}

impl Round<'_> {
    /// Computes batches of a query until there are none to be had.
    pub(super) fn work_on(&self, query: usize) {
        let job = self.turns.job;
        let sequence = job.queries.sequence(query, &job.inputs.queries);
        loop {
            let batch = self.take(query);
            if batch.is_empty() {
                return;
            }
            let sequences: Vec<&[u8]> = batch
                .iter()
                .map(|&target| self.library.sequences[target as usize])
                .collect();
            let scores = job.engine.scores(sequence, &sequences);
            self.deliver(query, &batch, &scores);
        }
    }

    /// The next batch of a query, whose turn begins now if it has not yet.
    fn take(&self, query: usize) -> Vec<u32> {
        let turn = &self.turns.turns[query];
        // Whoever comes while another begins the turn waits here.
        let mut state = lock(&turn.state);
        if matches!(*state, State::Waiting) {
            *state = State::Going(Box::new(self.begin(query)));
        }
        let State::Going(going) = &mut *state else {
            return Vec::new();
        };
        let best = lock(&turn.best);
        let length = self.length(query);
        let cut = Cut {
            lanes: self.turns.job.engine.lanes().max(1),
            workers: self.turns.workers,
            cells: &|target| self.cells(length, target),
        };
        let Going { line, runs } = &mut **going;
        let judge = |candidate: &Candidate| {
            let verdict = self.judge(query, &best, candidate);
            if verdict != Verdict::Wanted {
                self.progress.advance(self.cells(length, candidate.target));
            }
            verdict
        };
        let forbidden = |runs: &mut Option<Runs>, candidate: &Candidate| {
            let kept = |bound| self.could_keep(query, &best, candidate.target, bound);
            runs.as_mut()
                .is_some_and(|runs| runs.forbid(self.library, candidate.target, kept))
        };
        let batch = line.take(&cut, judge, |candidate| match judge(candidate) {
            Verdict::Wanted if forbidden(runs, candidate) => {
                self.progress.advance(self.cells(length, candidate.target));
                Verdict::LeftOut
            }
            verdict => verdict,
        });
        drop(best);
        self.end_if_done(query, &mut state);
        batch
    }

    /// Puts the targets of a query in line.
    fn begin(&self, query: usize) -> Going {
        let Job {
            pairs,
            queries,
            inputs,
            engine,
            ..
        } = self.turns.job;
        let sequence = queries.sequence(query, &inputs.queries);
        let best = lock(&self.turns.turns[query].best);
        let bounds = Bounds::of(&self.library.proofs, sequence);
        let (mut candidates, mut left_out) = (Vec::new(), i64::MIN);
        let (mut all, mut not_in_line) = (0, 0);
        for (target, at) in (0..).zip(0..self.library.sequences.len()) {
            let cells = self.cells(sequence.len(), target);
            let meetings = pairs.meetings(queries.members(query), self.library.members(at));
            all += cells * meetings as u64;
            let bound = bounds.of_target(at);
            if meetings > 0 && self.could_keep(query, &best, target, bound) {
                candidates.push(Candidate { bound, target });
                continue;
            }
            not_in_line += cells;
            if meetings > 0 {
                left_out = left_out.max(bound);
            }
        }
        self.turns.all.fetch_add(all, Ordering::Relaxed);
        self.progress.advance(not_in_line);
        let first = engine.lanes().max(inputs.search.top_k as usize);
        let indexed = self.library.proofs.index.is_some();
        Going {
            line: Line::new(candidates, first, left_out),
            runs: indexed.then(|| Runs::of(sequence)),
        }
    }

    /// Whether a candidate has to be computed, as far as its bound tells.
    fn judge(&self, query: usize, best: &[Best], candidate: &Candidate) -> Verdict {
        let &Candidate { bound, target } = candidate;
        if !self.could_keep(query, best, target, bound) {
            Verdict::LeftOut
        } else if self.is_known(query, candidate) {
            Verdict::Known
        } else {
            Verdict::Wanted
        }
    }

    /// Whether a target that scores at most `bound` could be kept for any of a
    /// group of equal queries.
    fn could_keep(&self, query: usize, best: &[Best], target: u32, bound: i64) -> bool {
        let Job { pairs, queries, .. } = self.turns.job;
        let (queries, targets) = (
            queries.members(query),
            self.library.members(target as usize),
        );
        // Of equal targets the first in the file ranks highest.
        best.iter().zip(queries).any(|(best, &one)| {
            best.could_keep(bound, targets[0])
                && (queries.len() == 1 || pairs.any_meet(&[one], targets))
        })
    }

    /// Whether the pair was computed in the turn of the target.
    fn is_known(&self, query: usize, candidate: &Candidate) -> bool {
        let Some((other, own)) = self.other_way_round(query, candidate.target) else {
            return false;
        };
        let Job { pairs, queries, .. } = self.turns.job;
        let known_above = &self.turns.turns[other].known_above;
        other != query
            && candidate.bound > known_above.load(Ordering::Acquire)
            && pairs.any_meet(queries.members(other), self.library.members(own))
    }

    /// The group of queries that has the target's sequence, and the target of
    /// this part of the library that has the query's.
    fn other_way_round(&self, query: usize, target: u32) -> Option<(usize, usize)> {
        let twins = self.turns.twins.as_ref()?;
        let own = twins.target_of_query[query]? as usize;
        let group = self.library.group_of(target as usize);
        let other = twins.query_of_target[group]? as usize;
        Some((other, self.library.number_of(own)?))
    }

    /// Takes the scores of a batch.
    fn deliver(&self, query: usize, batch: &[u32], scores: &[i64]) {
        let found = || batch.iter().copied().zip(scores.iter().copied());
        let mut best = lock(&self.turns.turns[query].best);
        for (target, score) in found() {
            self.show(query, &mut best, target as usize, score);
        }
        best.iter_mut().for_each(Best::settle);
        drop(best);
        for (target, score) in found() {
            if let Some((other, own)) = self.other_way_round(query, target)
                && other != query
            {
                let mut best = lock(&self.turns.turns[other].best);
                self.show(other, &mut best, own, score);
                best.iter_mut().for_each(Best::settle);
            }
        }
        let length = self.length(query);
        let each = batch.iter().map(|&target| self.cells(length, target));
        let cells = each.sum();
        self.turns.computed.fetch_add(cells, Ordering::Relaxed);
        self.progress.advance(cells);
        let mut state = lock(&self.turns.turns[query].state);
        if let State::Going(going) = &mut *state {
            going.line.came_back();
        }
        self.end_if_done(query, &mut state);
    }

    /// Shows a score to all equal queries for all equal targets that may meet.
    fn show(&self, query: usize, best: &mut [Best], target: usize, score: i64) {
        let Job { pairs, queries, .. } = self.turns.job;
        for (best, &one) in best.iter_mut().zip(queries.members(query)) {
            for &target in self.library.members(target) {
                if best.could_keep(score, target) && pairs.may_meet(one, target) {
                    best.show(Scored { score, target });
                }
            }
        }
    }

    /// Ends a turn when its line has ended, and says down to where all is known.
    fn end_if_done(&self, query: usize, state: &mut State) {
        if let State::Going(going) = state
            && let Some(left_out) = going.line.end()
        {
            self.turns.turns[query]
                .known_above
                .store(left_out, Ordering::Release);
            *state = State::Ended;
        }
    }

    /// The length of a query.
    fn length(&self, query: usize) -> usize {
        let job = self.turns.job;
        job.queries.sequence(query, &job.inputs.queries).len()
    }

    /// The cells of a target for a query of this length.
    fn cells(&self, length: usize, target: u32) -> u64 {
        cells(length, self.library.sequences[target as usize].len())
    }
}
