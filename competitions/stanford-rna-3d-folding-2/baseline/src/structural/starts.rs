//! Superpositions from which a structural alignment may grow.

use super::{Comparison, OPENINGS, Start, WIDER};
use crate::geometry::{Moments, Motion};
use crate::tm_score::Effort;

/// How many starts are made.
#[derive(Clone, Copy)]
pub(super) struct Count {
    /// Shifts of the whole chains that are tried, and that go on to an alignment.
    shifts: (usize, usize),
    /// Pieces of the model, and of the reference, that are laid upon each other.
    pieces: (usize, usize),
    /// Cells that the alignments of the pieces may have together: long chains have
    /// fewer pieces.
    cells: usize,
}

/// For a figure that is reported.
pub(super) const MANY: Count = Count {
    shifts: (10_000, 3),
    pieces: (8, 12),
    cells: 1_000_000_000,
};
/// For sorting.
pub(super) const FEW: Count = Count {
    shifts: (200, 1),
    pieces: (3, 8),
    cells: 2_000_000,
};

/// Residues of a piece, at most, and the part of the shorter chain that it is.
const PIECE: usize = 20;
/// See [`PIECE`].
const PART: usize = 3;
/// The shortest piece, and the shortest overlap of shifted chains.
const SHORTEST: usize = 5;

impl Comparison {
    /// Superpositions, the one whose alignment promises most first.
    pub(super) fn starts(&mut self, count: Count) -> Vec<Start> {
        let shorter = self.model.len().min(self.reference.len());
        let mut starts = self.shifted(shorter, count.shifts);
        starts.extend(self.numbered());
        let piece = (shorter / PART).clamp(SHORTEST.min(shorter), PIECE);
        let cells = self.model.len() * self.reference.len();
        let most = count.cells / cells;
        let rows = count.pieces.0.min(most);
        let columns = count.pieces.1.min(most / rows.max(1));
        for i in spread(self.model.len() - piece, rows) {
            for j in spread(self.reference.len() - piece, columns) {
                let motion = self.upon((i, j), piece);
                starts.push(Start { motion, sum: 0.0 });
            }
        }
        for start in &mut starts {
            let (sum, _) =
                self.dynamic
                    .align(&self.model, start.motion, self.d0 + WIDER, OPENINGS[0]);
            start.sum = sum;
        }
        // Stable: equal ones stay in the order they were made in.
        starts.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        starts
    }

    /// Residues of one number upon each other.
    fn numbered(&self) -> Option<Start> {
        let columns: Vec<_> = (0..self.model.len())
            .filter_map(|i| Some((i, self.reference_at.binary_search(&self.model_at[i]).ok()?)))
            .collect();
        let (_, motion) = self.superpose(&columns, Effort::Quick);
        (!columns.is_empty()).then_some(Start { motion, sum: 0.0 })
    }

    /// The best `kept` of `tried` shifts at which half of the shorter chain or more
    /// lies upon the other.
    fn shifted(&self, shorter: usize, (tried, kept): (usize, usize)) -> Vec<Start> {
        let overlap = (shorter / 2).max(SHORTEST).min(shorter);
        let (n, m) = (self.model.len(), self.reference.len());
        let ahead = n - overlap;
        let mut found: Vec<Start> = spread(ahead + m - overlap, tried)
            .into_iter()
            .map(|k| {
                let (i, j) = (ahead.saturating_sub(k), k.saturating_sub(ahead));
                let length = (n - i).min(m - j);
                let motion = self.upon((i, j), length);
                let sum = self.nearness((i, j), length, motion);
                Start { motion, sum }
            })
            .collect();
        found.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        found.truncate(kept);
        found
    }

    /// The superposition of `length` residues from the `i`th and the `j`th on.
    fn upon(&self, (i, j): (usize, usize), length: usize) -> Motion {
        let mut moments = Moments::default();
        for (&moving, &fixed) in self.model[i..i + length].iter().zip(&self.reference[j..]) {
            moments.push(moving, fixed);
        }
        moments.superposition()
    }

    fn nearness(&self, (i, j): (usize, usize), length: usize, motion: Motion) -> f64 {
        let square = (self.d0 + WIDER) * (self.d0 + WIDER);
        let pairs = self.model[i..i + length].iter().zip(&self.reference[j..]);
        pairs
            .map(|(&moving, to)| {
                let from = motion.apply(moving);
                let (a, b, c) = (from[0] - to[0], from[1] - to[1], from[2] - to[2]);
                square / (square + (a * a + b * b + c * c))
            })
            .sum()
    }
}

/// At most `count` places from 0 to `last`, evenly spread, each once.
fn spread(last: usize, count: usize) -> Vec<usize> {
    let count = count.min(last + 1);
    match count {
        0 | 1 => vec![last / 2; count],
        _ => (0..count).map(|k| k * last / (count - 1)).collect(),
    }
}
