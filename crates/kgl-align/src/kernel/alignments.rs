//! Alignments of many targets: which are done together, and by what.

use super::{Engine, Path, trace};
use crate::alignment::Alignment;
use crate::traceback::align_within;

/// What a vector of so many bits costs, in no unit: half as wide is not half
/// as dear.
const COST_512: usize = 4;
const COST_256: usize = 3;

/// Targets that are aligned together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Which, of those in order of length.
    pub(super) targets: std::ops::Range<usize>,
    pub(super) path: Path,
}

impl Engine {
    /// The canonical alignments (see [`crate::traceback`]) of `query` with
    /// each of `targets`, in their order, given the scores that
    /// [`Engine::scores`] gave. Holds about `budget` bytes, whatever the
    /// lengths, and four bytes a residue.
    ///
    /// Every alignment is replayed and priced before it is given: there is
    /// none for a target where that is not `scores`' number.
    #[must_use]
    pub fn align(
        &self,
        query: &[u8],
        targets: &[&[u8]],
        scores: &[i64],
        budget: usize,
    ) -> Vec<Option<Alignment>> {
        let mut alignments = vec![None; targets.len()];
        let mut order: Vec<usize> = (0..targets.len().min(scores.len())).collect();
        order.sort_by_key(|&index| targets[index].len());
        // What the kernels do not do: empty sequences, and tiles that alone
        // exceed the budget.
        let empty = order.partition_point(|&index| targets[index].is_empty());
        let alone = if self.is_too_long(query, budget) {
            order.len()
        } else {
            empty
        };
        for &index in &order[..alone] {
            let alignment = align_within(query, targets[index], &self.scoring, budget);
            alignments[index] = Some(alignment);
        }
        let order = &order[alone..];
        let lengths: Vec<usize> = order.iter().map(|&index| targets[index].len()).collect();
        for group in self.groups(&lengths) {
            let order = &order[group.targets];
            let batch: Vec<&[u8]> = order.iter().map(|&index| targets[index]).collect();
            let scores: Vec<i64> = order.iter().map(|&index| scores[index]).collect();
            let task = trace::Trace {
                job: self.job(query, &batch),
                scores: &scores,
                budget,
            };
            let found = group.path.run(self.frame.width, task).unwrap_or_default();
            for (&index, alignment) in order.iter().zip(found) {
                alignments[index] = alignment;
            }
        }
        for ((alignment, &score), target) in alignments.iter_mut().zip(scores).zip(targets) {
            let worth = |found: &Alignment| found.reprice(query, target, &self.scoring);
            if alignment.as_ref().map(worth) != Some(Ok(score)) {
                *alignment = None;
            }
        }
        alignments
    }

    /// Whether one tile's width of traceback exceeds the budget.
    fn is_too_long(&self, query: &[u8], budget: usize) -> bool {
        let columns = self.frame.columns * (self.path.bits().unwrap_or(8) / 8);
        query.is_empty()
            || matches!(self.path, Path::Scalar)
            || query.len().saturating_mul(columns) > budget
    }

    /// Cuts targets of these lengths, in ascending order, into groups that
    /// waste little: fewer lanes where there are few targets, or where their
    /// lengths differ much.
    fn groups(&self, lengths: &[usize]) -> Vec<Group> {
        let width = self.frame.width.bits();
        let mut choices = vec![(self.path, self.lanes(), COST_512)];
        if let Some(path) = self.narrower {
            choices.push((path, path.bits().map_or(1, |bits| bits / width), COST_256));
        }
        // The cheapest way to do the first so many, and its last group.
        let mut best: Vec<(usize, usize, Path)> = vec![(0, 0, self.path)];
        for (last, &length) in lengths.iter().enumerate() {
            let ways = choices.iter().map(|&(path, lanes, cost)| {
                let first = (last + 1).saturating_sub(lanes);
                (best[first].0 + length.saturating_mul(cost), first, path)
            });
            let cheapest = ways.min_by_key(|&(cost, ..)| cost);
            best.push(cheapest.unwrap_or((0, last, self.path)));
        }
        let mut groups = Vec::new();
        let mut end = lengths.len();
        while end > 0 {
            let (_, first, path) = best[end];
            let targets = first..end;
            groups.push(Group { targets, path });
            end = first;
        }
        groups
    }
}
