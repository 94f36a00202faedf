//! Scores of many targets, which are laid out once for all queries.

use super::layout::{Batch, lay_out};
use super::low::Low;
use super::{Engine, Path, readout};
use crate::scalar;

/// Targets in the lanes of an engine, ready to be scored against any number of
/// queries; see [`Engine::lay_out`]. May be shared between threads.
#[derive(Clone, Debug)]
pub struct LaidOut<'a> {
    engine: Engine,
    targets: Vec<&'a [u8]>,
    /// The batches of those that have any residues.
    batches: Vec<Batch<'a>>,
}

impl Engine {
    /// The score of `query` against each of `targets`, in their order: codes
    /// of [`kgl_seq::alphabet`], any lengths, none included. Each is exactly
    /// [`crate::scalar::score`].
    #[must_use]
    pub fn scores(&self, query: &[u8], targets: &[&[u8]]) -> Vec<i64> {
        LaidOut::new(self, targets).scores(query)
    }

    /// Lays out `targets` for several queries: what [`Engine::scores`] does for
    /// each anew is done once. Takes as many bytes as they have residues, and a
    /// hundred each.
    #[must_use]
    pub fn lay_out<'a>(&self, targets: &[&'a [u8]]) -> LaidOut<'a> {
        let mut laid_out = LaidOut::new(self, targets);
        for batch in &mut laid_out.batches {
            batch.turn(self.lanes());
        }
        laid_out
    }
}

impl<'a> LaidOut<'a> {
    fn new(engine: &Engine, targets: &[&'a [u8]]) -> LaidOut<'a> {
        let mut order: Vec<usize> = (0..targets.len()).collect();
        // Shortest first: the lengths of a batch are close together. Whoever has
        // them the other way round is spared the sorting, too.
        let length = |&index: &usize| targets[index].len();
        if order.first().map(length) > order.last().map(length) {
            order.reverse();
        }
        order.sort_by_key(length);
        order.drain(..order.partition_point(|&index| targets[index].is_empty()));
        let batches = match engine.path {
            Path::Scalar => Vec::new(),
            _ => lay_out(targets, &order, engine.shape()),
        };
        LaidOut {
            engine: *engine,
            targets: targets.to_vec(),
            batches,
        }
    }

    /// The score of `query` against each target, in their order; see
    /// [`Engine::scores`].
    #[must_use]
    pub fn scores(&self, query: &[u8]) -> Vec<i64> {
        let Engine {
            scoring, low, path, ..
        } = &self.engine;
        let mut scores = vec![0; self.targets.len()];
        let by_hand = query.is_empty() || matches!(path, Path::Scalar);
        for (score, target) in scores.iter_mut().zip(&self.targets) {
            if by_hand || target.is_empty() {
                *score = scalar::score(query, target, scoring);
            }
        }
        if by_hand {
            return scores;
        }
        let mut without = self.read(query, &self.batches, *low, &mut scores);
        without.sort_by_key(|&index| self.targets[index].len());
        let again = lay_out(&self.targets, &without, self.engine.shape());
        self.read(query, &again, None, &mut scores);
        scores
    }

    /// Takes the scores from batches, and gives the numbers of the targets that
    /// have none: those that score too much, where only `low` scores are found.
    fn read(
        &self,
        query: &[u8],
        batches: &[Batch<'_>],
        low: Option<Low>,
        scores: &mut [i64],
    ) -> Vec<usize> {
        let mut without = Vec::new();
        for batch in batches {
            let job = self.engine.job(query, batch);
            let task = readout::Score { job, low };
            let width = self.engine.frame.width;
            for (index, score) in self.engine.path.run(width, task).unwrap_or_default() {
                match score {
                    Some(score) => scores[index] = score,
                    None => without.push(index),
                }
            }
        }
        without
    }
}
