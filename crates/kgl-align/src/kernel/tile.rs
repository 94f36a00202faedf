//! The loop all kernels share, written once over [`Lanes`].
//!
//! The matrix is cut into columns of tiles, tiles into steps of [`STEP`]
//! columns. A step is walked from the first row of the query to the last,
//! band by band; [`super::frame`] says what the numbers of a cell are, and
//! why a lane holds them.
//!
//! ```text
//!                     targets (one a lane) ->
//!            column       c=0    c=1    c=2    c=3
//!            edge       +------+------+------+------+
//!  query     h[i-1] --> |      |      |      |      |     one band of a step;
//!    |                  +--|---+--|---+--|---+--|---+     a tile is so many steps
//!    v                     v up[] v      v      v         wide, and keeps its numbers
//!            h[i],d[i]->| cell>| cell>| cell>| cell>|     relative to its corner
//!                       +------+------+------+------+
//! ```
//!
//! `up[]` (`H` of the row above) and `gap_i[]` stay in registers from row to
//! row. `h[]` and `d[]` hold the column left of the step and are overwritten
//! by its last column. Whoever enters a tile is made relative to its corner:
//! `h[]` and `d[]` in its first step, `up[]` and `gap_i[]` at its top.
//!
//! # Padding
//! Lanes whose target has ended, or that have no target, go on with the code
//! [`PAD`], as if the target were longer. No value depends on columns to its
//! right, so the cells of the target itself are what they would be alone.
//! What is read out is guarded mode by mode: global reads the last row in the
//! target's own last column; semi-global takes the maximum of the last row
//! over columns that are not padding; local takes the maximum over all cells,
//! and a cell of a padding column is never more than the best cell to its
//! left, by induction over columns and rows: its diagonal adds at most 0 (see
//! [`super::frame::pad`]), a gap adds at most 0, and the floor is the empty
//! alignment's 0, with which the best begins.

use super::frame::{self, Frame, STEP, Shift, count};
use super::lanes::Lanes;
use crate::scoring::{Mode, Scoring};
use kgl_seq::alphabet::WILDCARD;

/// Columns whose letters are turned round at a time, a multiple of [`STEP`]:
/// few enough to stay in the first cache.
const BLOCK: usize = 64;

/// The code of columns behind the end of a target.
const PAD: u8 = WILDCARD + 1;

/// Codes of the query: four residues and the wildcard.
const CODES: usize = WILDCARD as usize + 1;

/// One batch: a query of at least one residue, and targets of at least one
/// residue each, sorted by length, no more than there are lanes.
pub(super) struct Job<'a> {
    pub(super) scoring: &'a Scoring,
    pub(super) frame: Frame,
    pub(super) query: &'a [u8],
    pub(super) batch: &'a [&'a [u8]],
}

/// Scores a batch: one score a target.
#[inline(always)]
pub(super) fn score<V: Lanes>(token: V::Token, job: &Job<'_>) -> Vec<i64> {
    match job.scoring.mode() {
        Mode::Local => Sweep::<V, true>::new(token, job).run(),
        Mode::Global | Mode::SemiGlobal => Sweep::<V, false>::new(token, job).run(),
    }
}

/// The numbers of the recurrence in every lane, shifted.
#[derive(Clone, Copy)]
struct Constants<V> {
    open: V,
    rest: V,
    match_: V,
    mismatch: V,
    wildcard: V,
    pad: V,
    is_wildcard: V,
    is_pad: V,
    residues: [V; 4],
}

/// The pair scores of a step: for every code of the query, one vector a
/// column.
type Profile<V> = [[V; STEP]; CODES];

/// A band of tiles: so many rows of the query.
struct Band<V> {
    /// `H*` in the tile's corner, in the lanes' numbers.
    base: V,
    /// From the frame of the tile to the left into this one's.
    enter: V,
    /// The floor in the tile's first column (local mode).
    floor: V,
    /// The best cell of the tile so far, its column's shift taken off.
    peak: V,
}

/// What is walked from column to column.
struct Sweep<'a, V: Lanes, const LOCAL: bool> {
    token: V::Token,
    job: &'a Job<'a>,
    shift: Shift,
    constants: Constants<V>,
    rows: Vec<u8>,
    h: Vec<V>,
    d: Vec<V>,
    bands: Vec<Band<V>>,
    /// The true score in each tile's corner, a band after the other, a number
    /// a lane (local mode).
    corners: Vec<i64>,
    profile: Profile<V>,
    letters: [V; STEP],
}

impl<'a, V: Lanes, const LOCAL: bool> Sweep<'a, V, LOCAL> {
    #[inline(always)]
    fn new(token: V::Token, job: &'a Job<'a>) -> Self {
        let Job {
            scoring,
            frame,
            query,
            ..
        } = *job;
        let shift = Shift::of(scoring);
        let splat = |value: i64| V::splat(token, value);
        let pair = |value: i64| splat(value + shift.row + shift.column);
        let constants = Constants {
            open: splat(scoring.gap_open() + shift.column),
            rest: splat(scoring.gap_extend() + shift.row),
            match_: pair(scoring.match_score()),
            mismatch: pair(scoring.mismatch()),
            wildcard: pair(scoring.wildcard()),
            pad: pair(frame::pad(scoring)),
            is_wildcard: splat(WILDCARD.into()),
            is_pad: splat(PAD.into()),
            residues: [0, 1, 2, 3].map(splat),
        };
        // The left edge belongs to no tile: its lanes hold true scores.
        let left = (1..=query.len()).map(|i| {
            let plain = if LOCAL { 0 } else { scoring.gap(i) };
            plain + shift.row * count(i)
        });
        let h: Vec<V> = left.map(|cell| splat(cell + frame.bias)).collect();
        let d = h.iter().map(|cell| cell.add(constants.open)).collect();
        let zero = splat(0);
        let bands = (0..query.len().div_ceil(frame.rows))
            .map(|_| Band {
                base: zero,
                enter: zero,
                floor: zero,
                peak: zero,
            })
            .collect::<Vec<_>>();
        let corners = if LOCAL { bands.len() * V::COUNT } else { 0 };
        Sweep {
            token,
            job,
            shift,
            constants,
            rows: query.iter().map(|&code| code.min(WILDCARD)).collect(),
            h,
            d,
            corners: vec![0; corners],
            bands,
            profile: [[zero; STEP]; CODES],
            letters: [zero; STEP],
        }
    }

    #[inline(always)]
    fn splat(&self, value: i64) -> V {
        V::splat(self.token, value)
    }

    /// `H*` in the row above the first residue of the query.
    fn top(&self, column: usize) -> i64 {
        let plain = match self.job.scoring.mode() {
            Mode::Global => self.job.scoring.gap(column),
            Mode::Local | Mode::SemiGlobal => 0,
        };
        plain + self.shift.column * count(column)
    }

    /// Walks through all columns, and gives one score a target.
    #[inline(always)]
    fn run(mut self) -> Vec<i64> {
        let Job {
            scoring,
            frame,
            query,
            batch,
        } = *self.job;
        let (m, mode) = (query.len(), scoring.mode());
        let columns = batch.iter().map(|target| target.len()).max().unwrap_or(0);
        let mut block = vec![PAD; BLOCK * V::COUNT];
        let mut scores = vec![0; batch.len()];
        let mut ended = 0;
        // The shift of a score in the last row, in column 0.
        let below = self.shift.row * count(m);
        // H* in the last row left of the tile, and the best score so far.
        let mut bottom = vec![scoring.gap(m) + below; V::COUNT];
        let mut best = match mode {
            Mode::SemiGlobal => vec![scoring.gap(m); V::COUNT],
            Mode::Global | Mode::Local => vec![0; V::COUNT],
        };
        let none = self.splat(frame.width.lowest());
        for tile in (0..columns).step_by(frame.columns) {
            self.enter_tile(tile);
            let mut start = none;
            let mut up = [none; STEP];
            let mut peak = none;
            for first in (tile..columns.min(tile + frame.columns)).step_by(STEP) {
                if first % BLOCK == 0 {
                    turn_block(&mut block, batch, first, V::COUNT);
                }
                self.look_up(&block[first % BLOCK * V::COUNT..]);
                if first == tile {
                    (up, start) = self.walk_step::<true>(tile, first);
                } else {
                    (up, _) = self.walk_step::<false>(tile, first);
                }
                match mode {
                    Mode::Global => {
                        while let Some(target) =
                            batch.get(ended).filter(|t| t.len() <= first + STEP)
                        {
                            let n = target.len();
                            let step = up[n - 1 - first].get(ended) - start.get(ended);
                            let shift = below + self.shift.column * count(n);
                            scores[ended] = bottom[ended] + step - shift;
                            ended += 1;
                        }
                    }
                    Mode::SemiGlobal => {
                        for (c, (&cell, &letter)) in up.iter().zip(&self.letters).enumerate() {
                            let plain = cell.sub(self.column_shift(first - tile + c + 1));
                            peak = letter.select(self.constants.is_pad, peak, peak.max(plain));
                        }
                    }
                    Mode::Local => {}
                }
            }
            match mode {
                Mode::Global => {}
                Mode::SemiGlobal => {
                    let shift = below + self.shift.column * count(tile);
                    for (lane, best) in best.iter_mut().enumerate() {
                        // A lane of nothing but padding has no peak.
                        if peak.get(lane) > frame.width.lowest() {
                            let step = peak.get(lane) - start.get(lane);
                            *best = (*best).max(bottom[lane] + step - shift);
                        }
                    }
                }
                Mode::Local => self.take_peaks(tile, &mut best),
            }
            for (lane, bottom) in bottom.iter_mut().enumerate() {
                *bottom += up[STEP - 1].get(lane) - start.get(lane);
            }
        }
        if mode != Mode::Global {
            scores.copy_from_slice(&best[..batch.len()]);
        }
        scores
    }

    /// What `columns` columns add to every score.
    #[inline(always)]
    fn column_shift(&self, columns: usize) -> V {
        self.splat(self.shift.column * count(columns))
    }

    /// Gives every band the frame of the tile that begins behind column
    /// `tile`: relative to `H*` in that column, in the row above the band.
    #[inline(always)]
    fn enter_tile(&mut self, tile: usize) {
        let Frame {
            rows, bias, width, ..
        } = self.job.frame;
        let zero = self.splat(bias);
        // Upwards: a band's corner is in the frame of the old tile above.
        for t in (0..self.bands.len()).rev() {
            let base = match t.checked_sub(1) {
                None => self.splat(self.top(tile)),
                Some(above) => {
                    let corner = self.h[t * rows - 1];
                    if LOCAL {
                        let (old, new) = self.corners.split_at_mut(t * V::COUNT);
                        let old = &old[above * V::COUNT..];
                        for (lane, (new, old)) in new.iter_mut().zip(old).enumerate() {
                            // Left of the first tile every score is 0.
                            *new = if tile == 0 {
                                0
                            } else {
                                old + corner.get(lane) - bias
                            };
                        }
                    }
                    self.bands[above].base.add(corner.sub(zero))
                }
            };
            let band = &mut self.bands[t];
            band.enter = band.base.sub(base);
            band.base = base;
            if LOCAL {
                let corners = &mut self.corners[t * V::COUNT..][..V::COUNT];
                if t == 0 {
                    corners.fill(self.shift.column * count(tile));
                }
                let shift = self.shift.column * count(tile);
                let mut floors = V::splat(self.token, 0).wide();
                for (floor, corner) in floors.as_mut().iter_mut().zip(corners) {
                    *floor = (bias + shift - *corner).max(width.lowest());
                }
                band.floor = V::from_wide(self.token, floors.as_ref());
                band.peak = band.floor;
            }
        }
    }

    /// Takes the best cells of the tile behind column `tile` into `best`.
    #[inline(always)]
    fn take_peaks(&self, tile: usize, best: &mut [i64]) {
        let back = self.shift.column * count(tile) + self.job.frame.bias;
        for (band, corners) in self.bands.iter().zip(self.corners.chunks_exact(V::COUNT)) {
            let peak = band.peak.array();
            for ((best, corner), &peak) in best.iter_mut().zip(corners).zip(peak.as_ref()) {
                *best = (*best).max(corner + peak.into() - back);
            }
        }
    }

    /// Writes what the letters of a step are worth against every code.
    #[inline(always)]
    fn look_up(&mut self, block: &[u8]) {
        let Constants {
            mismatch,
            match_,
            wildcard,
            pad,
            is_wildcard,
            is_pad,
            residues,
            ..
        } = self.constants;
        for (c, codes) in block.chunks_exact(V::COUNT).take(STEP).enumerate() {
            let letter = V::from_codes(self.token, codes);
            let unknown = letter.select(is_pad, pad, wildcard);
            let unequal =
                letter.select(is_wildcard, wildcard, letter.select(is_pad, pad, mismatch));
            for (row, residue) in self.profile.iter_mut().zip(residues) {
                row[c] = letter.select(residue, match_, unequal);
            }
            self.profile[CODES - 1][c] = unknown;
            self.letters[c] = letter;
        }
    }

    /// Walks the step behind column `first` from top to bottom. Gives the
    /// last row of cells, and the cell left of it.
    #[inline(always)]
    fn walk_step<const ENTER: bool>(&mut self, tile: usize, first: usize) -> ([V; STEP], V) {
        let Frame { rows, bias, .. } = self.job.frame;
        let origin = self.top(tile) - bias;
        let mut corner = self.splat(self.top(first) - origin);
        let mut up: [V; STEP] =
            std::array::from_fn(|c| self.splat(self.top(first + c + 1) - origin));
        let Constants { open, rest, .. } = self.constants;
        let mut gap_i = up.map(|cell| cell.add(open).add(rest));
        let shifts: [V; STEP] = std::array::from_fn(|c| self.column_shift(first - tile + c + 1));
        let strips = self
            .rows
            .chunks(rows)
            .zip(self.h.chunks_mut(rows))
            .zip(self.d.chunks_mut(rows));
        for (t, ((codes, h), d)) in strips.enumerate() {
            if let Some(above) = t.checked_sub(1) {
                let down = self.bands[above].base.sub(self.bands[t].base);
                corner = corner.add(down);
                up = up.map(|cell| cell.add(down));
                gap_i = gap_i.map(|cell| cell.add(down));
            }
            let band = &mut self.bands[t];
            let floors = shifts.map(|shift| band.floor.add(shift));
            let mut peaks = floors;
            walk_band::<V, LOCAL, ENTER>(
                codes,
                &self.profile,
                (h, d),
                (&mut up, &mut gap_i, &mut corner),
                (band.enter, open, rest),
                (&floors, &mut peaks),
            );
            if LOCAL {
                for (peak, shift) in peaks.into_iter().zip(shifts) {
                    band.peak = band.peak.max(peak.sub(shift));
                }
            }
        }
        (up, corner)
    }
}

/// Walks one band of a step from top to bottom. On the way in, `h` and `d`
/// are the column left of it, `up` and `gap_i` the row above it and `corner`
/// the cell where the two meet; on the way out they are its last column, its
/// last row, and the cell left of that.
#[inline(always)]
fn walk_band<V: Lanes, const LOCAL: bool, const ENTER: bool>(
    codes: &[u8],
    profile: &Profile<V>,
    (h, d): (&mut [V], &mut [V]),
    (up, gap_i, corner): (&mut [V; STEP], &mut [V; STEP], &mut V),
    (enter, open, rest): (V, V, V),
    (floors, peaks): (&[V; STEP], &mut [V; STEP]),
) {
    let (mut above, mut below, mut peak) = (*up, *gap_i, *peaks);
    let mut left = *corner;
    for ((&code, h), d) in codes.iter().zip(h).zip(d) {
        let pairs = &profile[usize::from(code.min(WILDCARD))];
        let mut diagonal = left;
        left = *h;
        let mut gap_d = *d;
        if ENTER {
            left = left.add(enter);
            gap_d = gap_d.add(enter);
        }
        let mut cell = left;
        for c in 0..STEP {
            let mut x = diagonal.add(pairs[c]).max(below[c]);
            if LOCAL {
                x = x.max(floors[c]);
                peak[c] = peak[c].max(x);
            }
            let opened = x.add(open);
            cell = x.max(gap_d);
            gap_d = gap_d.max(opened);
            below[c] = below[c].max(opened);
            if LOCAL {
                below[c] = below[c].add(rest);
            }
            diagonal = above[c];
            above[c] = cell;
        }
        *h = cell;
        *d = gap_d;
    }
    (*up, *gap_i, *peaks) = (above, below, peak);
    *corner = left;
}

/// Writes the codes of [`BLOCK`] columns, from column `first` on, column by
/// column, a byte a lane.
#[inline(always)]
fn turn_block(block: &mut [u8], batch: &[&[u8]], first: usize, lanes: usize) {
    block.fill(PAD);
    for (lane, target) in batch.iter().enumerate() {
        let codes = target.get(first..).unwrap_or_default();
        for (column, &code) in block.chunks_exact_mut(lanes).zip(codes) {
            column[lane] = code.min(WILDCARD);
        }
    }
}
