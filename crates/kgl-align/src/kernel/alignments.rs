//! Alignments of many targets: which are done together, and by what.

use super::layout::{Batch, Lane};
use super::{Engine, Path, trace};
use crate::alignment::Alignment;
use crate::band::{Band, align_in};
use crate::traceback::align_within;

/// How many times as many cells a kernel does in the time that a band takes.
const BAND_SAVES: usize = 32;

/// What aligning with vectors of so many bits costs, in no unit. Half as wide
/// is not half as dear, and the portable path has to do without a maximum of
/// bytes.
fn cost(bits: usize) -> usize {
    match bits {
        512 => 4,
        256 => 3,
        _ => 6,
    }
}

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
    /// [`Engine::scores`] gave. Holds about `budget` bytes of traceback, and
    /// some columns of the matrix.
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
        // What the kernels do not do: empty sequences, and queries of which one
        // tile's width of traceback exceeds the budget.
        let paths = self.paths_within(query.len(), budget);
        let none = query.is_empty() || paths.is_empty();
        order.retain(|&index| {
            let (target, score) = (targets[index], scores[index]);
            let alone = none || target.is_empty();
            let band = Band::certain(query.len(), target.len(), &self.scoring, score);
            let factor = if alone { 1 } else { BAND_SAVES };
            let banded = band.filter(|band| {
                let held = band.width().saturating_mul(query.len()) <= budget;
                held && band.width().saturating_mul(factor) <= target.len()
            });
            if let Some(band) = banded {
                alignments[index] = Some(align_in(query, target, &self.scoring, band));
            } else if alone {
                alignments[index] = Some(align_within(query, target, &self.scoring, budget));
            }
            alignments[index].is_none()
        });
        let lengths: Vec<usize> = order.iter().map(|&index| targets[index].len()).collect();
        for group in self.groups(&lengths, &paths) {
            let order = &order[group.targets];
            let lane = |&index: &usize| Lane::alone(index, targets[index]);
            let batch = Batch::of(order.iter().map(lane).collect());
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

    /// The paths that hold the traceback of one tile's width within `budget`.
    fn paths_within(&self, rows: usize, budget: usize) -> Vec<Path> {
        let fits = |path: &Path| {
            let vector = path.bits().map(|bits| bits / 8 * self.frame.columns);
            vector.is_some_and(|bytes| rows.saturating_mul(bytes) <= budget)
        };
        let paths = [Some(self.path), self.narrower[0], self.narrower[1]];
        paths.into_iter().flatten().filter(fits).collect()
    }

    /// Cuts targets of these lengths, in ascending order, into groups that
    /// waste little: fewer lanes where there are few targets, or where their
    /// lengths differ much.
    fn groups(&self, lengths: &[usize], paths: &[Path]) -> Vec<Group> {
        let width = self.frame.width.bits();
        let bits = |path: &Path| path.bits().unwrap_or(width);
        // The cheapest way to do the first so many, and its last group.
        let mut best: Vec<(usize, usize, Path)> = vec![(0, 0, self.path)];
        for (last, &length) in lengths.iter().enumerate() {
            let ways = paths.iter().map(|path| {
                let first = (last + 1).saturating_sub(bits(path) / width);
                let dear = length.saturating_mul(cost(bits(path)));
                (best[first].0 + dear, first, *path)
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
