//! The targets of a query by the bound on their score, best first.
//!
//! Sorting them all would cost as much as computing short ones; most of the
//! order is never looked at. So the best are split off, a part at a time, each
//! part several times as large as the one before.

/// A target that a query may still have to be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its score is at most this.
    pub(super) bound: i64,
    /// Its number in the library.
    pub(super) target: u32,
}

/// How many times as large as the part before a part is.
const GROWTH: usize = 16;

/// Candidates, of which the best are taken first.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    rest: Vec<Candidate>,
    part: usize,
}

impl Order {
    /// An order of `candidates`, of which the first part has `first`.
    pub(super) fn new(candidates: Vec<Candidate>, first: usize) -> Self {
        Self {
            rest: candidates,
            part: first.max(1),
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Drops the candidates that are not `wanted`.
    pub(super) fn retain(&mut self, wanted: impl FnMut(&Candidate) -> bool) {
        self.rest.retain(wanted);
    }

    /// Takes the next part: none of what stays has a higher bound. Empty when
    /// nothing is left.
    pub(super) fn next_part(&mut self) -> Vec<Candidate> {
        let size = self.part.min(self.rest.len());
        self.part = self.part.saturating_mul(GROWTH);
        let kept = self.rest.len() - size;
        if kept > 0 && size > 0 {
            self.rest
                .select_nth_unstable_by_key(kept, |candidate| (candidate.bound, !candidate.target));
        }
        self.rest.split_off(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_and_come_best_first() {
        let candidates: Vec<Candidate> = (0..100)
            .map(|target| Candidate {
                bound: i64::from(target * 37 % 50),
                target,
            })
            .collect();
        let mut order = Order::new(candidates.clone(), 3);
        let mut seen = Vec::new();
        for size in [3, 48, 49, 0] {
            let part = order.next_part();
            assert_eq!(part.len(), size);
            let lowest = part.iter().map(|candidate| candidate.bound).min();
            let left = order.rest.iter().map(|candidate| candidate.bound).max();
            assert!(left.is_none() || lowest.is_none() || left <= lowest);
            seen.extend(part);
        }
        seen.sort_by_key(|candidate| candidate.target);
        assert_eq!(seen, candidates);
    }
}
