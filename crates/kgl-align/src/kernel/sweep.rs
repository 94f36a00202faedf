//! From column to column through the tiles of a batch.
//!
//! What is made of the cells is not the loop's business: a [`Watch`] sees them
//! pass and keeps what it is there for, the scores (`readout`) or the way back
//! (`trace`).
//!
//! # Padding
//! Lanes whose target has ended, or that have no target, go on with the code
//! [`PAD`](super::letters::PAD), as if the target were longer. No value depends on columns to its
//! right, so the cells of the target itself are what they would be alone.
//! What is read out is guarded mode by mode: global reads the last row in the
//! target's own last column; semi-global takes the maximum of the last row
//! over columns that are not padding; local takes the maximum over all cells,
//! and a cell of a padding column is never more than the best cell to its
//! left, by induction over columns and rows: its diagonal adds at most 0 (see
//! [`super::frame::pad`]), a gap adds at most 0, and the floor is the empty
//! alignment's 0, with which the best begins.

use super::Job;
use super::frame::{Frame, Shift, count};
use super::lanes::Lanes;
use super::layout::Begin;
use super::profile::{Pairs, Profile};
use super::tile::{Cell, Cells, Entry, walk_band};
use crate::scalar::top;
use crate::scoring::Scoring;
use kgl_seq::alphabet::WILDCARD;

/// Sees the cells of a sweep pass. What does not concern it, it leaves out.
pub(super) trait Watch<V: Lanes, const LOCAL: bool, const S: usize> {
    /// What sees the cells of one band of a step. Apart from the rest, so
    /// that it can live in registers.
    type Band<'a>: Cells<V>
    where
        Self: 'a;

    /// A tile's column `tile` has been entered.
    #[inline(always)]
    fn tile(&mut self, _sweep: &Sweep<'_, V, LOCAL, S>, _tile: usize) {}
    /// Band `number` of a step begins. `shifts` is what has been added to a
    /// cell in each column since the tile began.
    fn band<'a>(&'a mut self, number: usize, shifts: &[V; S]) -> Self::Band<'a>;
    /// The step behind column `first` is done: its last row, and the cell
    /// left of that.
    #[inline(always)]
    fn step(
        &mut self,
        _sweep: &Sweep<'_, V, LOCAL, S>,
        (_tile, _first): (usize, usize),
        _row: &[V; S],
        _left: V,
    ) {
    }
    /// The tile is done.
    #[inline(always)]
    fn tile_done(&mut self, _sweep: &Sweep<'_, V, LOCAL, S>, _tile: usize) {}
}

/// A watch that keeps nothing.
pub(super) struct Unwatched;

impl<V: Lanes, const LOCAL: bool, const S: usize> Watch<V, LOCAL, S> for Unwatched {
    type Band<'a> = Unwatched;

    #[inline(always)]
    fn band(&mut self, _: usize, _: &[V; S]) -> Unwatched {
        Unwatched
    }
}

impl<V> Cells<V> for Unwatched {
    #[inline(always)]
    fn see(&mut self, _: usize, _: &Cell<V>) {}
    #[inline(always)]
    fn done(self) {}
}

/// The numbers of the recurrence in every lane, shifted.
#[derive(Clone, Copy)]
pub(super) struct Constants<V> {
    /// `o`: what opening a gap costs beside its first residue.
    pub(super) open: V,
    /// What `I*` gains a row.
    pub(super) rest: V,
}

/// A band of tiles: so many rows of the query.
#[derive(Clone)]
struct Band<V> {
    /// `H*` in the tile's corner, in the lanes' numbers.
    base: V,
    /// From the frame of the tile to the left into this one's.
    enter: V,
    /// `H*` left of a target that begins with the tile.
    edge: V,
    /// The floor in the tile's first column (local mode).
    floor: V,
}

/// A column between two tiles, and all that the columns right of it depend
/// on.
#[derive(Clone)]
pub(super) struct Edge<V> {
    /// How many residues of the targets lie to its left.
    pub(super) column: usize,
    h: Vec<V>,
    d: Vec<V>,
    bases: Vec<V>,
    corners: Vec<i64>,
}

/// What is walked from column to column.
pub(super) struct Sweep<'a, V: Lanes, const LOCAL: bool, const S: usize> {
    token: V::Token,
    pub(super) job: Job<'a>,
    pub(super) shift: Shift,
    pub(super) constants: Constants<V>,
    /// The query.
    rows: Vec<u8>,
    /// Where each lane's current target begins.
    starts: Vec<usize>,
    /// What is still to begin, behind the first column.
    waiting: &'a [Begin],
    /// 1 in the lanes whose target begins with the current tile, 0 in the others.
    begins: V,
    /// What the first column of such a target costs beside the others: the
    /// opening of a gap in global mode.
    opened: V,
    /// `H*` in the current tile's corner, above the query; whether it has to be
    /// found lane by lane, because lanes were not all within a target before.
    tops: V,
    apart: bool,
    h: Vec<V>,
    d: Vec<V>,
    bands: Vec<Band<V>>,
    /// The true score in each tile's corner plus the column's shift, a band
    /// after the other, a number a lane (local mode).
    corners: Vec<i64>,
    pub(super) profile: Profile<V, S>,
}

impl<'a, V: Lanes, const LOCAL: bool, const S: usize> Sweep<'a, V, LOCAL, S> {
    /// A sweep that stands left of the first column.
    #[inline(always)]
    pub(super) fn new(token: V::Token, job: Job<'a>) -> Self {
        let Job {
            scoring,
            frame,
            query,
            ..
        } = job;
        let shift = Shift::of(scoring);
        let splat = |value: i64| V::splat(token, value);
        let open = splat(scoring.gap_open() + shift.column);
        // The left edge belongs to no tile: its lanes hold true scores.
        let left = splat(left_of::<LOCAL>(scoring) + frame.bias);
        let h = vec![left; query.len()];
        let d = vec![left.add(open); query.len()];
        let bands = query.len().div_ceil(frame.rows);
        let edge = Edge {
            column: 0,
            h,
            d,
            bases: vec![splat(0); bands],
            corners: vec![0; if LOCAL { bands * V::COUNT } else { 0 }],
        };
        Sweep::at(token, job, &edge)
    }

    /// A sweep that stands at `edge`, of which it needs as many rows as the
    /// job's query has.
    #[inline(always)]
    pub(super) fn at(token: V::Token, job: Job<'a>, edge: &Edge<V>) -> Self {
        let Job {
            scoring,
            frame,
            query,
            ..
        } = job;
        let shift = Shift::of(scoring);
        let splat = |value: i64| V::splat(token, value);
        let constants = Constants {
            open: splat(scoring.gap_open() + shift.column),
            rest: splat(scoring.gap_extend() + shift.row),
        };
        let zero = splat(0);
        let bands = query.len().div_ceil(frame.rows);
        let band = |&base: &V| Band {
            base,
            enter: zero,
            edge: zero,
            floor: zero,
        };
        let corners = if LOCAL { bands * V::COUNT } else { 0 };
        let begins = &job.batch.begins;
        let at_once = begins.partition_point(|begin| begin.column == 0);
        Sweep {
            token,
            job,
            shift,
            constants,
            rows: query.iter().map(|&code| code.min(WILDCARD)).collect(),
            starts: vec![0; V::COUNT],
            waiting: &begins[at_once..],
            begins: zero,
            opened: zero,
            tops: zero,
            apart: true,
            h: edge.h[..query.len()].to_vec(),
            d: edge.d[..query.len()].to_vec(),
            bands: edge.bases[..bands].iter().map(band).collect(),
            corners: edge.corners[..corners].to_vec(),
            profile: Profile::new(token, Pairs::of(token, scoring, shift)),
        }
    }

    /// The column that it stands at, which must be one between two tiles.
    pub(super) fn edge(&self, column: usize) -> Edge<V> {
        Edge {
            column,
            h: self.h.clone(),
            d: self.d.clone(),
            bases: self.bands.iter().map(|band| band.base).collect(),
            corners: self.corners.clone(),
        }
    }

    #[inline(always)]
    pub(super) fn splat(&self, value: i64) -> V {
        V::splat(self.token, value)
    }

    /// A number a lane. What no lane of this width can hold becomes the
    /// lowest, which no cell has.
    #[inline(always)]
    pub(super) fn fit(&self, numbers: impl Iterator<Item = i64>) -> V {
        let lowest = self.job.frame.width.lowest();
        let mut wide = V::ZEROS;
        for (lane, number) in wide.as_mut().iter_mut().zip(numbers) {
            let fits = lowest <= number && number < -lowest;
            *lane = if fits { number } else { lowest };
        }
        V::from_wide(self.token, wide.as_ref())
    }

    /// `H*` in the row above the first residue of the query, `columns` columns
    /// into a target that begins behind column `start`.
    fn top(&self, start: usize, columns: usize) -> i64 {
        top(self.job.scoring, columns) + self.shift.column * count(start + columns)
    }

    /// What `H*` gains in that row over so many columns, the first column of a
    /// target apart.
    fn along(&self, columns: usize) -> i64 {
        self.top(0, columns + 1) - self.top(0, 1)
    }

    /// What `columns` columns add to every score.
    #[inline(always)]
    pub(super) fn column_shift(&self, columns: usize) -> V {
        self.splat(self.shift.column * count(columns))
    }

    /// The true scores, plus the shift of column `tile`, that a lane's number
    /// `bias` stands for in a band of the tile behind that column (local mode).
    #[inline(always)]
    pub(super) fn corners(&self, band: usize) -> &[i64] {
        &self.corners[band * V::COUNT..][..V::COUNT]
    }

    /// The floor in a band of the current tile, the columns' shift taken off
    /// (local mode).
    #[inline(always)]
    pub(super) fn floor(&self, band: usize) -> V {
        self.bands[band].floor
    }

    /// How many bands of tiles there are.
    pub(super) fn bands(&self) -> usize {
        self.bands.len()
    }

    /// Walks through the columns from `left`, where it stands, to `right`.
    /// Both lie between tiles, unless `right` is behind all targets.
    #[inline(always)]
    pub(super) fn walk<W: Watch<V, LOCAL, S>>(&mut self, left: usize, right: usize, watch: &mut W) {
        let columns = self.job.frame.columns;
        for tile in (left..right).step_by(columns) {
            self.enter_tile(tile);
            watch.tile(self, tile);
            for first in (tile..right.min(tile + columns)).step_by(S) {
                self.profile.look_up(self.token, self.job.batch, first);
                let (row, corner) = if first == tile {
                    self.walk_step::<true, W>(tile, first, watch)
                } else {
                    self.walk_step::<false, W>(tile, first, watch)
                };
                watch.step(self, (tile, first), &row, corner);
            }
            watch.tile_done(self, tile);
        }
    }

    /// Gives every band the frame of the tile that begins behind column
    /// `tile`: relative to `H*` in that column, in the row above the band.
    #[inline(always)]
    fn enter_tile(&mut self, tile: usize) {
        let Frame {
            rows, bias, width, ..
        } = self.job.frame;
        self.begin_targets(tile);
        let zero = self.splat(bias);
        let shift = self.shift.column * count(tile);
        self.move_tops(tile);
        let one = self.splat(1);
        let left = self.splat(left_of::<LOCAL>(self.job.scoring) + shift);
        // Upwards: a band's corner is in the frame of the old tile above.
        for t in (0..self.bands.len()).rev() {
            let base = match t.checked_sub(1) {
                None => self.tops,
                Some(above) => {
                    let corner = self.h[t * rows - 1];
                    if LOCAL {
                        let (old, new) = self.corners.split_at_mut(t * V::COUNT);
                        let old = &old[above * V::COUNT..];
                        let corner = corner.array();
                        let lanes = old.iter().zip(corner.as_ref()).zip(&self.starts);
                        for (new, ((old, &corner), &start)) in new.iter_mut().zip(lanes) {
                            // Left of a target every score is 0.
                            let within = old + corner.into() - bias;
                            *new = if start == tile { shift } else { within };
                        }
                    }
                    let within = self.bands[above].base.add(corner.sub(zero));
                    self.begins.select(one, left, within)
                }
            };
            let band = &mut self.bands[t];
            band.enter = band.base.sub(base);
            band.edge = left.add(zero).sub(base);
            band.base = base;
            if LOCAL {
                let corners = &mut self.corners[t * V::COUNT..][..V::COUNT];
                if t == 0 {
                    corners.fill(shift);
                }
                let mut floors = V::ZEROS;
                for (floor, corner) in floors.as_mut().iter_mut().zip(corners) {
                    *floor = (bias + shift - *corner).max(width.lowest());
                }
                band.floor = V::from_wide(self.token, floors.as_ref());
            }
        }
    }

    /// Finds the lanes whose next target begins behind column `tile`.
    #[inline(always)]
    fn begin_targets(&mut self, tile: usize) {
        (self.begins, self.opened) = (self.splat(0), self.splat(0));
        let begins = |begin: &&Begin| begin.column <= tile;
        let now = self.waiting.iter().take_while(begins).count();
        if tile > 0 && now == 0 {
            return;
        }
        let (now, later) = self.waiting.split_at(now);
        for begin in now {
            self.starts[begin.lane] = tile;
        }
        self.waiting = later;
        self.apart = true;
        let mut begins = V::ZEROS;
        for (begin, &start) in begins.as_mut().iter_mut().zip(&self.starts) {
            *begin = (start == tile).into();
        }
        self.begins = V::from_wide(self.token, begins.as_ref());
        let first = self.top(0, 1) - self.top(0, 0) - self.along(1);
        self.opened = self
            .begins
            .select(self.splat(1), self.splat(first), self.opened);
    }

    /// Moves what is known of the row above the query to the tile behind
    /// column `tile`.
    #[inline(always)]
    fn move_tops(&mut self, tile: usize) {
        if !self.apart {
            self.tops = self
                .tops
                .add(self.splat(self.along(self.job.frame.columns)));
            return;
        }
        let mut tops = V::ZEROS;
        for (top, &start) in tops.as_mut().iter_mut().zip(&self.starts) {
            *top = self.top(start, tile - start);
        }
        self.tops = V::from_wide(self.token, tops.as_ref());
        self.apart = self.starts.contains(&tile);
    }

    /// Walks the step behind column `first` from top to bottom. Gives the
    /// last row of cells, and the cell left of it.
    #[inline(always)]
    fn walk_step<const ENTER: bool, W: Watch<V, LOCAL, S>>(
        &mut self,
        tile: usize,
        first: usize,
        watch: &mut W,
    ) -> ([V; S], V) {
        let Frame { rows, bias, .. } = self.job.frame;
        let along = |columns| self.splat(self.along(columns) + bias);
        let mut corner = along(first - tile);
        if !ENTER {
            corner = corner.add(self.opened);
        }
        let mut up: [V; S] = std::array::from_fn(|c| along(first - tile + c + 1).add(self.opened));
        let within = self.begins.equals(self.splat(0));
        let Constants { open, rest, .. } = self.constants;
        let mut gap_i = up.map(|cell| cell.add(open).add(rest));
        let shifts: [V; S] = std::array::from_fn(|c| self.column_shift(first - tile + c + 1));
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
            let band = &self.bands[t];
            let entry = Entry {
                within,
                edge: band.edge,
                enter: band.enter,
            };
            walk_band::<V, W::Band<'_>, LOCAL, ENTER, S>(
                codes,
                &self.profile,
                (h, d),
                (&mut up, &mut gap_i, &mut corner),
                (&entry, open, rest),
                &shifts.map(|shift| band.floor.add(shift)),
                watch.band(t, &shifts),
            );
        }
        (up, corner)
    }
}

/// `H*` left of a target, but for the columns' shift: the same in every row,
/// since the rows' shift pays for what a gap costs a row (see [`Shift::of`]).
#[inline(always)]
fn left_of<const LOCAL: bool>(scoring: &Scoring) -> i64 {
    if LOCAL {
        0
    } else {
        scoring.gap(1) - scoring.gap_extend()
    }
}
