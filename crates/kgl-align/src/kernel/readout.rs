//! The scores of a batch, read from the cells as they pass.

use super::frame::{STEP, Shift, count};
use super::lanes::{Lanes, Task};
use super::tile::{Cell, Cells, Job, Sweep, Watch};
use crate::scoring::Mode;

/// To score a batch: one score a target.
pub(super) struct Score<'a>(pub(super) Job<'a>);

impl Task for Score<'_> {
    type Output = Vec<i64>;

    #[inline(always)]
    fn run<V: Lanes>(self, token: V::Token) -> Vec<i64> {
        match self.0.scoring.mode() {
            Mode::Local => read::<V, true>(token, &self.0),
            Mode::Global | Mode::SemiGlobal => read::<V, false>(token, &self.0),
        }
    }
}

#[inline(always)]
fn read<V: Lanes, const LOCAL: bool>(token: V::Token, job: &Job<'_>) -> Vec<i64> {
    let columns = job.batch.last().map_or(0, |target| target.len());
    let mut sweep = Sweep::<V, LOCAL>::new(token, *job);
    let mut scores = Scores::new(&sweep);
    sweep.walk(0, columns, &mut scores);
    let mut best = scores.best;
    best.truncate(job.batch.len());
    best
}

/// The true scores of the last row, which lanes hold relative to a corner.
pub(super) struct LastRow {
    /// `H*` left of the current tile.
    left: Vec<i64>,
    /// The same in the lanes' numbers.
    start: Vec<i64>,
    /// The last cell so far, in the lanes' numbers.
    last: Vec<i64>,
    /// The shift of the row.
    shift: i64,
}

impl LastRow {
    #[inline(always)]
    pub(super) fn new(job: &Job<'_>, lanes: usize) -> LastRow {
        let m = job.query.len();
        let shift = Shift::of(job.scoring).row * count(m);
        LastRow {
            left: vec![job.scoring.gap(m) + shift; lanes],
            start: vec![0; lanes],
            last: vec![0; lanes],
            shift,
        }
    }

    /// To be told of every step: the cell left of it, and its last one.
    #[inline(always)]
    pub(super) fn step<V: Lanes>(&mut self, (tile, first): (usize, usize), left: V, last: V) {
        if first == tile {
            copy(&mut self.start, left);
        }
        copy(&mut self.last, last);
    }

    /// What makes a score of a lane's number in a tile, the shift of the
    /// columns since column `tile` taken off.
    #[inline(always)]
    pub(super) fn back(&self, shift: Shift, tile: usize, lane: usize) -> i64 {
        self.left[lane] - self.start[lane] - self.shift - shift.column * count(tile)
    }

    /// To be told of every tile, once its last step is done.
    #[inline(always)]
    pub(super) fn tile_done(&mut self) {
        let steps = self.last.iter().zip(&self.start);
        for (left, (last, start)) in self.left.iter_mut().zip(steps) {
            *left += last - start;
        }
    }
}

#[inline(always)]
fn copy<V: Lanes>(numbers: &mut [i64], vector: V) {
    for (number, &lane) in numbers.iter_mut().zip(vector.array().as_ref()) {
        *number = lane.into();
    }
}

/// Reads scores, mode by mode.
struct Scores<V> {
    best: Vec<i64>,
    row: LastRow,
    /// The best cell of the tile's last row so far, the columns' shift taken
    /// off (semi-global mode).
    peak: V,
    /// The best cell of each tile so far, likewise (local mode).
    peaks: Vec<V>,
    /// How many targets have ended (global mode).
    ended: usize,
}

impl<V: Lanes> Scores<V> {
    #[inline(always)]
    fn new<const LOCAL: bool>(sweep: &Sweep<'_, V, LOCAL>) -> Scores<V> {
        let scoring = sweep.job.scoring;
        let zero = sweep.splat(0);
        // Semi-global: no residue of the target at all. Local: none of either.
        let none = match scoring.mode() {
            Mode::SemiGlobal => scoring.gap(sweep.job.query.len()),
            Mode::Global | Mode::Local => 0,
        };
        Scores {
            best: vec![none; V::COUNT],
            row: LastRow::new(&sweep.job, V::COUNT),
            peak: zero,
            peaks: vec![zero; if LOCAL { sweep.bands() } else { 0 }],
            ended: 0,
        }
    }
}

impl<V: Lanes, const LOCAL: bool> Watch<V, LOCAL> for Scores<V> {
    type Band<'a>
        = Peaks<'a, V, LOCAL>
    where
        V: 'a;

    #[inline(always)]
    fn tile(&mut self, sweep: &Sweep<'_, V, LOCAL>, _: usize) {
        self.peak = sweep.splat(sweep.job.frame.width.lowest());
        for (band, peak) in self.peaks.iter_mut().enumerate() {
            *peak = sweep.floor(band);
        }
    }

    #[inline(always)]
    fn band<'a>(&'a mut self, number: usize, shifts: &[V; STEP]) -> Peaks<'a, V, LOCAL> {
        let best = if LOCAL {
            &mut self.peaks[number]
        } else {
            &mut self.peak
        };
        Peaks {
            peaks: shifts.map(|shift| best.add(shift)),
            shifts: *shifts,
            best,
        }
    }

    #[inline(always)]
    fn step(
        &mut self,
        sweep: &Sweep<'_, V, LOCAL>,
        (tile, first): (usize, usize),
        row: &[V; STEP],
        left: V,
    ) {
        self.row.step((tile, first), left, row[STEP - 1]);
        match sweep.job.scoring.mode() {
            Mode::Global => {
                let ends = |target: &&&[u8]| target.len() <= first + STEP;
                while let Some(target) = sweep.job.batch.get(self.ended).filter(ends) {
                    let lane = self.ended;
                    let columns = target.len() - tile;
                    let cell = row[target.len() - 1 - first].get(lane);
                    let shift = sweep.shift.column * count(columns);
                    self.best[lane] = cell - shift + self.row.back(sweep.shift, tile, lane);
                    self.ended += 1;
                }
            }
            Mode::SemiGlobal => {
                for (c, (&cell, &letter)) in row.iter().zip(&sweep.letters).enumerate() {
                    let plain = cell.sub(sweep.column_shift(first - tile + c + 1));
                    let peak = self.peak;
                    self.peak = letter.select(sweep.constants.is_pad, peak, peak.max(plain));
                }
            }
            Mode::Local => {}
        }
    }

    #[inline(always)]
    fn tile_done(&mut self, sweep: &Sweep<'_, V, LOCAL>, tile: usize) {
        let lowest = sweep.job.frame.width.lowest();
        if sweep.job.scoring.mode() == Mode::SemiGlobal {
            let peak = self.peak.array();
            for (lane, (best, &peak)) in self.best.iter_mut().zip(peak.as_ref()).enumerate() {
                // A lane of nothing but padding has no peak.
                if peak.into() > lowest {
                    *best = (*best).max(peak.into() + self.row.back(sweep.shift, tile, lane));
                }
            }
        }
        if LOCAL {
            let back = sweep.shift.column * count(tile) + sweep.job.frame.bias;
            for (band, peak) in self.peaks.iter().enumerate() {
                let peaks = peak.array();
                let lanes = self.best.iter_mut().zip(sweep.corners(band));
                for ((best, corner), &peak) in lanes.zip(peaks.as_ref()) {
                    *best = (*best).max(corner + peak.into() - back);
                }
            }
        }
        self.row.tile_done();
    }
}

/// The best cell of each column of a band (local mode).
struct Peaks<'a, V, const LOCAL: bool> {
    peaks: [V; STEP],
    shifts: [V; STEP],
    best: &'a mut V,
}

impl<V: Lanes, const LOCAL: bool> Cells<V> for Peaks<'_, V, LOCAL> {
    #[inline(always)]
    fn see(&mut self, column: usize, cell: &Cell<V>) {
        if LOCAL {
            self.peaks[column] = self.peaks[column].max(cell.opener);
        }
    }

    #[inline(always)]
    fn done(self) {
        if LOCAL {
            for (peak, shift) in self.peaks.into_iter().zip(self.shifts) {
                *self.best = self.best.max(peak.sub(shift));
            }
        }
    }
}
