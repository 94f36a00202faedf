//! A query's targets on their way to the kernel.
//!
//! They come best first in parts, and within a part longest first in batches
//! that fill the kernel's lanes. Between taking one batch and the next the best
//! hits so far may have improved, so every candidate is asked again whether it
//! is still wanted, just before it would be computed.

use super::order::{Candidate, Order};

/// Batches are made of so many cells or more, where there are so many: enough
/// for handing them out to cost nothing, few enough for what they find to be
/// of use to the next.
const BATCH_CELLS: u64 = 1 << 27;

/// A batch is this share of a worker's share of what is left of its part, where
/// that is more: the more targets the kernel is given, the fuller its lanes; and
/// as batches become smaller towards the end, workers end together (guided
/// self-scheduling, Polychronopoulos and Kuck 1987).
const SHARE: u64 = 4;

/// And no more targets than these: what is noted of each while it is computed
/// stays small, and lanes that are refilled hundreds of times are full.
const MOST_TARGETS: usize = 1 << 14;

/// The candidates of one query in one part of the library.
#[derive(Debug, Default)]
pub(super) struct Line {
    order: Order,
    /// What is being handed out, shortest first: it is taken from the end.
    part: Vec<Candidate>,
    /// The cells of that.
    left: u64,
    /// Batches that were handed out and have not come back.
    out: usize,
    /// The highest bound of a candidate that nobody wanted.
    left_out: i64,
}

/// What to do with a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has to be computed.
    Wanted,
    /// Its score is known already, to both sides.
    Known,
    /// It cannot be kept.
    LeftOut,
}

/// How a line cuts batches.
pub(super) struct Cut<'a> {
    /// How many targets the kernel takes at a time.
    pub(super) lanes: usize,
    /// How many take batches.
    pub(super) workers: u32,
    /// The cells of a target for this query.
    pub(super) cells: &'a dyn Fn(u32) -> u64,
}

impl Line {
    /// A line of `candidates`, of which the best `first` come first. `left_out`
    /// is the highest bound of those that are not even in it.
    pub(super) fn new(candidates: Vec<Candidate>, first: usize, left_out: i64) -> Self {
        Self {
            order: Order::new(candidates, first),
            left_out,
            ..Self::default()
        }
    }

    /// The next batch; empty when there is none. `look` is asked of every
    /// candidate before its part is sorted, and `look_again` just before it would
    /// be computed.
    pub(super) fn take(
        &mut self,
        cut: &Cut<'_>,
        look: impl Fn(&Candidate) -> Verdict,
        mut look_again: impl FnMut(&Candidate) -> Verdict,
    ) -> Vec<u32> {
        let (mut batch, mut cells) = (Vec::new(), 0);
        loop {
            let enough = BATCH_CELLS.max(self.left / (SHARE * u64::from(cut.workers)));
            while let Some(candidate) = self.part.pop() {
                let its_cells = (cut.cells)(candidate.target);
                self.left -= its_cells;
                match look_again(&candidate) {
                    Verdict::Wanted => {
                        batch.push(candidate.target);
                        cells += its_cells;
                    }
                    Verdict::Known => {}
                    Verdict::LeftOut => self.left_out = self.left_out.max(candidate.bound),
                }
                let full = batch.len().is_multiple_of(cut.lanes) && cells >= enough;
                if full || batch.len() == MOST_TARGETS {
                    break;
                }
            }
            if !batch.is_empty() {
                self.out += 1;
                return batch;
            }
            let left_out = &mut self.left_out;
            self.order.retain(|candidate| {
                let verdict = look(candidate);
                if verdict == Verdict::LeftOut {
                    *left_out = (*left_out).max(candidate.bound);
                }
                verdict == Verdict::Wanted
            });
            self.part = self.order.next_part();
            if self.part.is_empty() {
                return batch;
            }
            let key = |candidate: &Candidate| ((cut.cells)(candidate.target), candidate.target);
            self.part.sort_unstable_by_key(key);
            self.left = self.part.iter().map(|candidate| key(candidate).0).sum();
        }
    }

    /// A batch has come back.
    pub(super) fn came_back(&mut self) {
        self.out -= 1;
    }

    /// Once every candidate has been computed or left out: the highest bound of
    /// those that were left out. All that had a higher one are known.
    pub(super) fn end(&self) -> Option<i64> {
        (self.out == 0 && self.part.is_empty() && self.order.is_empty()).then_some(self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(count: u32) -> Vec<Candidate> {
        let candidate = |target| Candidate {
            bound: i64::from(target),
            target,
        };
        (0..count).map(candidate).collect()
    }

    #[test]
    fn batches_fill_lanes_and_end_with_what_was_left_out() {
        let cut = Cut {
            lanes: 4,
            workers: 1,
            cells: &|target| BATCH_CELLS / 8 + u64::from(target % 3),
        };
        let mut line = Line::new(candidates(40), 8, -5);
        let always = |_: &Candidate| Verdict::Wanted;
        let first = line.take(&cut, always, always);
        // The best eight, longest first.
        assert_eq!(first, [38, 35, 32, 37, 34, 39, 36, 33]);
        assert_eq!(line.end(), None);
        let below = |limit: u32| {
            move |candidate: &Candidate| match candidate.target {
                10 => Verdict::Known,
                target if target < limit => Verdict::LeftOut,
                _ => Verdict::Wanted,
            }
        };
        // The part begins with what 7 lets through, and ends at 31.
        let second = line.take(&cut, below(7), below(20));
        assert_eq!(second, [29, 26, 23, 20, 31, 28, 25, 22]);
        line.came_back();
        let third = line.take(&cut, always, below(20));
        assert_eq!(third, [30, 27, 24, 21]);
        line.came_back();
        assert!(line.take(&cut, always, always).is_empty());
        assert_eq!(line.end(), None);
        line.came_back();
        assert_eq!(line.end(), Some(19));
    }
}
