//! The best alignment of two traces that lie upon each other.
//!
//! Two values a cell suffice, since going on with a gap is free:
//!
//! ```text
//! pair[i][j] = near(i, j) + max(pair, gap)[i−1][j−1]
//! gap[i][j]  = max of  pair − opening, gap   of [i−1][j] and [i][j−1]
//! ```
//!
//! where near is 1/(1 + d²/d0²), as in the score. Gaps at both ends are free.

use super::Column;
use crate::geometry::{Motion, Point};

/// The pair came from a gap, not from a pair.
const AFTER_GAP: u8 = 1;
/// The gap came from a pair, which it opened after.
const OPENED: u8 = 2;
/// The gap came along the model, not along the reference.
const ALONG_MODEL: u8 = 4;
/// No alignment ends so: far below any sum.
const NEVER: f64 = f64::MIN / 4.0;

/// The reference, and what an alignment to it is computed in.
pub(super) struct Dynamic {
    reference: Vec<Point>,
    from: Vec<u8>,
    pairs: Vec<f64>,
    gaps: Vec<f64>,
}

impl Dynamic {
    pub(super) fn new(reference: &[Point]) -> Self {
        let width = reference.len() + 1;
        Self {
            reference: reference.to_vec(),
            from: Vec::new(),
            pairs: vec![0.0; width],
            gaps: vec![0.0; width],
        }
    }

    /// The greatest sum of nearness, less what gaps cost, that an alignment of
    /// `model`, moved by `motion`, reaches; and its columns.
    pub(super) fn align(
        &mut self,
        model: &[Point],
        motion: Motion,
        d0: f64,
        opening: f64,
    ) -> (f64, Vec<Column>) {
        let (n, m) = (model.len(), self.reference.len());
        let width = m + 1;
        // Every cell that the way back may meet is written below.
        self.from.resize((n + 1) * width, 0);
        self.pairs.fill(NEVER);
        self.gaps.fill(0.0);
        let square = d0 * d0;
        for (i, &place) in model.iter().enumerate() {
            let [x, y, z] = motion.apply(place);
            let row = &mut self.from[(i + 1) * width..(i + 2) * width];
            let (mut diagonal_pair, mut diagonal_gap) = (self.pairs[0], self.gaps[0]);
            let (mut left_pair, mut left_gap) = (NEVER, 0.0_f64);
            let down = if i + 1 == n { 0.0 } else { opening };
            for (j, to) in self.reference.iter().enumerate() {
                let (a, b, c) = (x - to[0], y - to[1], z - to[2]);
                let near = square / (square + (a * a + b * b + c * c));
                let mut cell = 0;
                let before = if diagonal_gap > diagonal_pair {
                    cell |= AFTER_GAP;
                    diagonal_gap
                } else {
                    diagonal_pair
                };
                diagonal_pair = self.pairs[j + 1];
                diagonal_gap = self.gaps[j + 1];
                let along = if j + 1 == m { 0.0 } else { opening };
                let (up_opened, left_opened) = (diagonal_pair - along, left_pair - down);
                let (up, up_bits) = if up_opened > diagonal_gap {
                    (up_opened, ALONG_MODEL | OPENED)
                } else {
                    (diagonal_gap, ALONG_MODEL)
                };
                let (left, left_bits) = if left_opened > left_gap {
                    (left_opened, OPENED)
                } else {
                    (left_gap, 0)
                };
                let gap = if up > left {
                    cell |= up_bits;
                    up
                } else {
                    cell |= left_bits;
                    left
                };
                left_pair = before + near;
                left_gap = gap;
                self.pairs[j + 1] = left_pair;
                self.gaps[j + 1] = gap;
                row[j + 1] = cell;
            }
        }
        let (pair, gap) = (self.pairs[m], self.gaps[m]);
        (pair.max(gap), self.walk(n, gap > pair))
    }

    /// The way back from the last cell.
    fn walk(&self, n: usize, in_gap: bool) -> Vec<Column> {
        let width = self.reference.len() + 1;
        let (mut i, mut j, mut in_gap) = (n, width - 1, in_gap);
        let mut columns = Vec::with_capacity(i.min(j));
        while i > 0 && j > 0 {
            let cell = self.from[i * width + j];
            if in_gap {
                if cell & ALONG_MODEL == 0 {
                    j -= 1;
                } else {
                    i -= 1;
                }
                in_gap = cell & OPENED == 0;
            } else {
                i -= 1;
                j -= 1;
                columns.push((i, j));
                in_gap = cell & AFTER_GAP != 0;
            }
        }
        columns.reverse();
        columns
    }
}
