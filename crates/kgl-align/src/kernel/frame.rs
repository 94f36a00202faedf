//! Why narrow lanes are exact: every number of a tile lies close to the
//! tile's corner.
//!
//! A kernel adds, subtracts and takes maxima. Sums are right modulo the width
//! of a lane whatever happens; maxima need the numbers they compare to lie
//! within one window that is as wide as the lane. So a tile of [`Frame::rows`]
//! by [`Frame::columns`] cells keeps its numbers relative to `H` in its corner
//! (the cell up and left of its first), and this module bounds how far from
//! there they can be. The bound depends on the scoring and on the size of the
//! tile alone, not on the length of anything: where it is less than 256 wide,
//! bytes are exact for sequences of any length.
//!
//! ```text
//!        corner ──► 0  ·  ·  ·  ·      top edge: H, I        what is known of a step
//!                   ·  ┌──────────┐                          o  ≤  H* right − H*  ≤  M + e + b − o
//!         left edge ·  │   rows × │                          o − (e − a)
//!         H, D      ·  │  columns │                             ≤  H* below − H*  ≤  M + e + a − o
//!                      └──────────┘
//! ```
//!
//! # Shifted scores
//! `H*[i][j] = H[i][j] + a·i + b·j`, `D*` and `I*` alike, with `e = −extend`.
//! `b = e` in every mode, so that a gap in the query is extended for nothing;
//! `a = e` in global and semi-global mode for the gap in the target as well.
//! In local mode `a = 0`: its floor of 0 then depends on the column alone.
//! With `o = open + e ≤ 0`, a cell is
//!
//! ```text
//! x       = max(H*[i-1][j-1] + pair + a + b, I*[i][j])      local: and at least b·j
//! t       = x + o
//! H*[i][j]   = max(x, D*[i][j])
//! D*[i][j+1] = max(D*[i][j], t)
//! I*[i+1][j] = max(I*[i][j], t) − (e − a)
//! ```
//!
//! Opening a gap from `x` instead of `H*` shortens the chain from cell to
//! cell and changes no `H`: `D` would gain nothing from itself (`o ≤ 0`), and
//! a gap in the target right behind one in the query is worth the same with
//! the two in the other order, which `x` allows.
//!
//! # The bounds
//! `M` is the match score, `p` the lowest pair score (padding's included)
//! plus `a + b`. Relative to the corner, in a tile of `R × C`:
//!
//! - *A step costs at most a gap*: one more residue of the target against a
//!   gap gives `H* right ≥ H* + o`, and a run of them still costs one `o`; a
//!   run of `r` rows costs `o − (e − a)·r`. So `H* ≥ 2o − (e − a)·R`.
//! - *A step gains at most a match*: cut the last `c` columns off the best
//!   alignment that ends in `(i, j)`, and put all the residues of the query
//!   that stood in them into one gap. What was cut holds at most `c` pairs,
//!   each worth `M + a + b`, and its gaps are worth at most 0 after the
//!   shift, but for `e − a` a residue of the query, which the new gap pays
//!   too; opening it costs `−o`. Hence `H*[i][j] − H*[i][j−c] ≤
//!   c·(M + e + b) − o`, and with rows for columns `≤ r·(M + e + a) − o`.
//!   (A local alignment that begins within the cut is worth at most `c·M`,
//!   and what is left of the cut at least 0.) The best alignment of a cell
//!   within the tile enters it over the top or the left edge, and gains a
//!   pair a column or a row from there:
//!   `H* ≤ max(C·(M + e + b), R·(M + e + a)) − o`.
//! - `D*` and `t` are at most `H*` of their cell; `D*` behind a cell is at
//!   least `H* + o` of it.
//! - `I*` below a cell is at least `t − (e − a)`, and `x ≥ H*` up and left of
//!   it plus `p`. At the top edge that `H*` lies one row above the corner's
//!   row, where it is at least `2o − (M + e + a)`; and `I*` loses `e − a` a
//!   row: `I* ≥ 3o − (M + e + a) + min(p, 0) − (e − a)·(R + 1)`.
//! - Where peaks are taken, the shift of up to `C` columns is subtracted:
//!   `b·C` below the lowest `H*`. A floor so far below the tile that the
//!   window ends before it is moved up to the window's end, and then rises by
//!   at most `b·C`: it stays below every `H*`.

use crate::scoring::{Mode, Scoring};

/// How wide a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    I8,
    I16,
    I32,
}

impl Width {
    /// Narrowest first.
    const ALL: [Width; 3] = [Width::I8, Width::I16, Width::I32];

    pub(super) fn bits(self) -> usize {
        match self {
            Width::I8 => 8,
            Width::I16 => 16,
            Width::I32 => 32,
        }
    }

    /// The smallest number a lane holds.
    pub(super) fn lowest(self) -> i64 {
        -(1 << (self.bits() - 1))
    }
}

/// How the cells of a scoring are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) width: Width,
    /// Rows of a tile.
    pub(super) rows: usize,
    /// Columns of a tile, a multiple of [`STEP`].
    pub(super) columns: usize,
    /// What the corner of a tile is in a lane.
    pub(super) bias: i64,
}

/// Tiles are a multiple of so many columns wide: the widest step there is.
pub(super) const STEP: usize = 8;

/// Sizes of tiles that are tried.
const ROWS: [usize; 9] = [8, 12, 16, 24, 32, 48, 64, 96, 128];
const COLUMNS: [usize; 4] = [8, 16, 32, 64];

/// What is added to a score for each row and each column before its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) row: i64,
    pub(super) column: i64,
}

impl Shift {
    pub(super) fn of(scoring: &Scoring) -> Shift {
        let column = -scoring.gap_extend();
        let row = match scoring.mode() {
            Mode::Local => 0,
            Mode::Global | Mode::SemiGlobal => column,
        };
        Shift { row, column }
    }
}

/// The score of any residue against padding: the lowest pair score, and so small
/// that local alignments never gain from it.
pub(super) fn pad(scoring: &Scoring) -> i64 {
    scoring.mismatch().min(scoring.wildcard()).min(0)
}

impl Frame {
    /// The narrowest lanes that are exact for `scoring`, with the tile that
    /// spends the least on its edges.
    pub(super) fn narrowest(scoring: &Scoring) -> Frame {
        let fitting = |width| Frame::fit(scoring, width);
        let found = Width::ALL.into_iter().find_map(fitting);
        // With numbers up to `Scoring::CAP`, 32 bits hold the smallest tile
        // many times over; a test says so.
        found.unwrap_or(Frame {
            width: Width::I32,
            rows: ROWS[0],
            columns: COLUMNS[0],
            bias: 0,
        })
    }

    /// The tile for lanes of this width, if there is one.
    pub(super) fn fit(scoring: &Scoring, width: Width) -> Option<Frame> {
        let sizes = ROWS
            .into_iter()
            .flat_map(|rows| COLUMNS.map(|columns| (rows, columns)));
        let fits = |(rows, columns): (usize, usize)| {
            let (low, high) = range(scoring, rows, columns);
            let window = 1_i64 << width.bits();
            // The lowest number of a lane is kept free: it says that there is none.
            (high - low < window - 1).then_some(Frame {
                width,
                rows,
                columns,
                bias: width.lowest() + 1 - low,
            })
        };
        // Operations an edge costs a cell: two a row to enter a tile from the
        // left, some four a column to enter it from above.
        let overhead = |frame: &Frame| 30 * frame.rows + 60 * frame.columns;
        sizes
            .filter_map(fits)
            .min_by_key(|frame| overhead(frame) * 1_000_000 / (frame.rows * frame.columns))
    }
}

/// The lowest and the highest number in a tile, relative to its corner; see
/// the module.
fn range(scoring: &Scoring, rows: usize, columns: usize) -> (i64, i64) {
    let shift = Shift::of(scoring);
    let (r, c) = (count(rows), count(columns));
    let extend = -scoring.gap_extend();
    let o = scoring.gap_open() + extend;
    let rest = extend - shift.row;
    let gain = scoring.match_score() + extend;
    let p = pad(scoring) + shift.row + shift.column;
    let low_h = 2 * o - rest * r;
    let low_i = 3 * o - (gain + shift.row) + p.min(0) - rest * (r + 1);
    let high = (c * (gain + shift.column)).max(r * (gain + shift.row)) - o;
    (low_i.min(low_h - shift.column * c), high)
}

/// A length as a factor of scores; lengths beyond 2⁶² do not exist.
pub(super) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(mode: Mode, numbers: [i32; 4]) -> Frame {
        let [match_, mismatch, open, extend] = numbers;
        Frame::narrowest(&Scoring::new(mode, match_, mismatch, mismatch, open, extend).unwrap())
    }

    #[test]
    fn usual_scorings_fit_bytes() {
        for mode in Mode::ALL {
            for numbers in [
                [2, -3, -7, -2],
                [1, -1, -2, -1],
                [5, -4, -10, -1],
                [1, -2, -1, 0],
            ] {
                assert_eq!(frame(mode, numbers).width, Width::I8, "{mode} {numbers:?}");
            }
            // Tenths need sixteen bits: one step spans 180 of them.
            assert_eq!(frame(mode, [20, -15, -80, -4]).width, Width::I16);
        }
    }

    #[test]
    fn any_scoring_fits_thirty_two_bits() {
        let cap = Scoring::CAP;
        for mode in Mode::ALL {
            for numbers in [
                [cap, -cap, -cap, -cap],
                [cap, -cap, -cap, 0],
                [1, 0, -cap, -1],
            ] {
                let [match_, mismatch, open, extend] = numbers;
                let scoring = Scoring::new(mode, match_, mismatch, -cap, open, extend).unwrap();
                assert!(
                    Frame::fit(&scoring, Width::I32).is_some(),
                    "{mode} {numbers:?}"
                );
            }
        }
    }
}
