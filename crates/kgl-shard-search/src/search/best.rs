//! The best hits so far, and what can still enter among them.

use std::cmp::Reverse;

/// A pair's score; ordered as hits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scored {
    pub(super) score: i64,
    pub(super) target: u32,
}

impl Scored {
    /// The order of hits: score descending, then the target's place in the file.
    fn rank(self) -> (Reverse<i64>, u32) {
        (Reverse(self.score), self.target)
    }
}

/// The best hits of one query among those it was shown.
///
/// Being shown a hit twice changes nothing, nor does the order in which hits
/// come: what is kept in the end are the first `top_k` in the order of hits.
#[derive(Debug, Clone)]
pub(super) struct Best {
    top_k: usize,
    /// Scores below are not worth reporting.
    least: i64,
    /// Hits that may be among the best; sorted as far as `settled`.
    hits: Vec<Scored>,
    settled: usize,
}

impl Best {
    pub(super) fn new(top_k: u32, least: i64) -> Self {
        Self {
            top_k: top_k as usize,
            least,
            hits: Vec::new(),
            settled: 0,
        }
    }

    /// Whether a hit on `target` that scores at most `bound` could be kept.
    ///
    /// The hit that is last now is beaten by a higher score, and by the same
    /// score earlier in the file; and later it will only be harder to beat.
    pub(super) fn could_keep(&self, bound: i64, target: u32) -> bool {
        let hit = Scored {
            score: bound,
            target,
        };
        bound >= self.least && self.last().is_none_or(|last| hit.rank() < last.rank())
    }

    /// The last of the hits that are kept, once there are so many.
    fn last(&self) -> Option<Scored> {
        (self.settled == self.top_k).then(|| self.hits[self.top_k - 1])
    }

    /// Takes a hit if it is worth keeping.
    pub(super) fn show(&mut self, hit: Scored) {
        if self.could_keep(hit.score, hit.target) {
            self.hits.push(hit);
        }
    }

    /// Puts what was shown in order, as soon as there is enough of it to be
    /// left out; to be called after a batch, since it sorts.
    pub(super) fn settle(&mut self) {
        if self.hits.len() > self.settled && self.hits.len() >= self.top_k {
            self.hits.sort_by_key(|hit| hit.rank());
            self.hits.dedup();
            self.hits.truncate(self.top_k);
            self.settled = self.hits.len();
        }
    }

    /// The hits that are kept, in order.
    pub(super) fn into_hits(mut self) -> Vec<Scored> {
        self.hits.sort_by_key(|hit| hit.rank());
        self.hits.dedup();
        self.hits.truncate(self.top_k);
        self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(score: i64, target: u32) -> Scored {
        Scored { score, target }
    }

    #[test]
    fn a_bound_that_equals_the_last_score_decides_by_place() {
        let mut best = Best::new(2, i64::MIN);
        assert!(best.could_keep(-1_000, 9));
        for shown in [hit(5, 4), hit(7, 8), hit(5, 6)] {
            best.show(shown);
        }
        best.settle();
        assert!(best.could_keep(6, 9) && best.could_keep(5, 3));
        assert!(!best.could_keep(5, 4) && !best.could_keep(5, 5) && !best.could_keep(4, 0));
        assert_eq!(best.into_hits(), [hit(7, 8), hit(5, 4)]);
    }

    #[test]
    fn neither_order_nor_repetition_is_seen() {
        let shown = [
            hit(1, 1),
            hit(3, 5),
            hit(3, 2),
            hit(2, 0),
            hit(3, 5),
            hit(0, 7),
        ];
        for turn in 0..shown.len() {
            let mut best = Best::new(3, 1);
            for at in 0..shown.len() {
                best.show(shown[(at + turn) % shown.len()]);
                best.settle();
            }
            assert_eq!(best.into_hits(), [hit(3, 2), hit(3, 5), hit(2, 0)]);
        }
    }

    #[test]
    fn scores_below_the_least_are_not_kept() {
        let mut best = Best::new(3, 2);
        best.show(hit(1, 0));
        best.show(hit(2, 1));
        assert!(!best.could_keep(1, 0));
        assert_eq!(best.into_hits(), [hit(2, 1)]);
    }
}
