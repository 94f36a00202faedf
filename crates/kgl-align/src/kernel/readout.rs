//! The scores of a batch, read from the cells as they pass.

use super::Job;
use super::frame::{Shift, count};
use super::lanes::{Lanes, Task};
use super::layout::Targets;
use super::low::{self, Low};
use super::sweep::{Sweep, Watch};
use super::tile::{Cell, Cells};
use crate::scoring::Mode;

/// To score a batch: the numbers of its targets and their scores, where a score
/// was found. All are, unless only `low` ones are looked for.
pub(super) struct Score<'a> {
    pub(super) job: Job<'a>,
    pub(super) low: Option<Low>,
}

impl Task for Score<'_> {
    type Output = Vec<(usize, Option<i64>)>;

    #[inline(always)]
    fn run<V: Lanes, const S: usize>(self, token: V::Token) -> Self::Output {
        // Low scores are a matter of bytes: no other width needs the code.
        if size_of::<V::Lane>() == 1
            && let Some(low) = &self.low
        {
            return low::read::<V, S>(token, &self.job, low);
        }
        match self.job.scoring.mode() {
            Mode::Local => read::<V, true, S>(token, &self.job),
            Mode::Global | Mode::SemiGlobal => read::<V, false, S>(token, &self.job),
        }
    }
}

#[inline(always)]
fn read<V: Lanes, const LOCAL: bool, const S: usize>(
    token: V::Token,
    job: &Job<'_>,
) -> Vec<(usize, Option<i64>)> {
    let mut sweep = Sweep::<V, LOCAL, S>::new(token, *job);
    let mut scores = Scores::new(&sweep);
    sweep.walk(0, job.batch.columns(), &mut scores);
    for lane in 0..job.batch.lanes.len() {
        scores.targets.end(lane, Some(scores.best[lane]));
    }
    scores.targets.done
}

/// The true scores of the last row, which lanes hold relative to a corner.
pub(super) struct LastRow<V> {
    /// `H*` left of the current tile.
    left: Vec<i64>,
    /// The same in the lanes' numbers.
    start: V,
    /// The last cell so far, in the lanes' numbers.
    last: V,
    /// The shift of the row.
    shift: i64,
}

impl<V: Lanes> LastRow<V> {
    #[inline(always)]
    pub(super) fn new<const LOCAL: bool, const S: usize>(
        sweep: &Sweep<'_, V, LOCAL, S>,
    ) -> LastRow<V> {
        let job = &sweep.job;
        let m = job.query.len();
        let shift = Shift::of(job.scoring).row * count(m);
        LastRow {
            left: vec![job.scoring.gap(m) + shift; V::COUNT],
            start: sweep.splat(0),
            last: sweep.splat(0),
            shift,
        }
    }

    /// To be told of a target that begins in a lane behind column `tile`.
    #[inline(always)]
    fn begin(&mut self, job: &Job<'_>, tile: usize, lane: usize) {
        let columns = Shift::of(job.scoring).column * count(tile);
        self.left[lane] = job.scoring.gap(job.query.len()) + self.shift + columns;
    }

    /// To be told of every step: the cell left of it, and its last one.
    #[inline(always)]
    pub(super) fn step(&mut self, (tile, first): (usize, usize), left: V, last: V) {
        if first == tile {
            self.start = left;
        }
        self.last = last;
    }

    /// What makes a score of each lane's number in a tile, the shift of the
    /// columns since column `tile` taken off.
    #[inline(always)]
    pub(super) fn back(&self, shift: Shift, tile: usize) -> impl Fn(usize) -> i64 {
        let start = self.start.array();
        let shifts = self.shift + shift.column * count(tile);
        move |lane| self.left[lane] - start.as_ref()[lane].into() - shifts
    }

    /// To be told of every tile, once its last step is done.
    #[inline(always)]
    pub(super) fn tile_done(&mut self) {
        let (last, start) = (self.last.array(), self.start.array());
        let lanes = last.as_ref().iter().zip(start.as_ref());
        for (left, (&last, &start)) in self.left.iter_mut().zip(lanes) {
            *left += last.into() - start.into();
        }
    }
}

/// Reads scores, mode by mode.
struct Scores<'a, V> {
    /// The score so far of each lane's current target.
    best: Vec<i64>,
    targets: Targets<'a>,
    /// Where targets are still to end (global mode).
    ends: &'a [(usize, usize)],
    /// The score of no residue at all.
    none: i64,
    row: LastRow<V>,
    /// The best cell of the tile's last row so far, the columns' shift taken
    /// off (semi-global mode).
    peak: V,
    /// The best cell of each tile so far, likewise (local mode).
    peaks: Vec<V>,
}

impl<'a, V: Lanes> Scores<'a, V> {
    #[inline(always)]
    fn new<const LOCAL: bool, const S: usize>(sweep: &Sweep<'a, V, LOCAL, S>) -> Self {
        let scoring = sweep.job.scoring;
        let zero = sweep.splat(0);
        // Semi-global: no residue of the target at all. Local: none of either.
        let none = match scoring.mode() {
            Mode::SemiGlobal => scoring.gap(sweep.job.query.len()),
            Mode::Global | Mode::Local => 0,
        };
        Scores {
            best: vec![none; V::COUNT],
            targets: Targets::of(sweep.job.batch),
            ends: &sweep.job.batch.ends,
            none,
            row: LastRow::new(sweep),
            peak: zero,
            peaks: vec![zero; if LOCAL { sweep.bands() } else { 0 }],
        }
    }
}

impl<V: Lanes, const LOCAL: bool, const S: usize> Watch<V, LOCAL, S> for Scores<'_, V> {
    type Band<'a>
        = Peaks<'a, V, LOCAL, S>
    where
        Self: 'a;

    #[inline(always)]
    fn tile(&mut self, sweep: &Sweep<'_, V, LOCAL, S>, tile: usize) {
        while let Some((lane, number)) = self.targets.next(tile) {
            let score = std::mem::replace(&mut self.best[lane], self.none);
            self.targets.take(lane, number, Some(score));
            self.row.begin(&sweep.job, tile, lane);
        }
        self.peak = sweep.splat(sweep.job.frame.width.lowest());
        for (band, peak) in self.peaks.iter_mut().enumerate() {
            *peak = sweep.floor(band);
        }
    }

    #[inline(always)]
    fn band<'a>(&'a mut self, number: usize, shifts: &[V; S]) -> Peaks<'a, V, LOCAL, S> {
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
        sweep: &Sweep<'_, V, LOCAL, S>,
        (tile, first): (usize, usize),
        row: &[V; S],
        left: V,
    ) {
        self.row.step((tile, first), left, row[S - 1]);
        match sweep.job.scoring.mode() {
            Mode::Global => {
                while let Some((&(column, lane), later)) = self.ends.split_first()
                    && column <= first + S
                {
                    self.ends = later;
                    let cell = row[column - 1 - first].get(lane);
                    let shift = sweep.shift.column * count(column - tile);
                    self.best[lane] = cell - shift + self.row.back(sweep.shift, tile)(lane);
                }
            }
            Mode::SemiGlobal => {
                for (c, (&cell, &letter)) in row.iter().zip(&sweep.profile.letters).enumerate() {
                    let plain = cell.sub(sweep.column_shift(first - tile + c + 1));
                    let peak = self.peak;
                    self.peak = letter.select(sweep.profile.worth.is_pad, peak, peak.max(plain));
                }
            }
            Mode::Local => {}
        }
    }

    #[inline(always)]
    fn tile_done(&mut self, sweep: &Sweep<'_, V, LOCAL, S>, tile: usize) {
        let lowest = sweep.job.frame.width.lowest();
        if sweep.job.scoring.mode() == Mode::SemiGlobal {
            let (peak, back) = (self.peak.array(), self.row.back(sweep.shift, tile));
            for (lane, (best, &peak)) in self.best.iter_mut().zip(peak.as_ref()).enumerate() {
                // A lane of nothing but padding has no peak.
                if peak.into() > lowest {
                    *best = (*best).max(peak.into() + back(lane));
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
struct Peaks<'a, V, const LOCAL: bool, const S: usize> {
    peaks: [V; S],
    shifts: [V; S],
    best: &'a mut V,
}

impl<V: Lanes, const LOCAL: bool, const S: usize> Cells<V> for Peaks<'_, V, LOCAL, S> {
    #[inline(always)]
    fn see(&mut self, column: usize, cell: &Cell<V>) {
        if LOCAL {
            self.peaks[column] = self.peaks[column].max_aside(cell.opener);
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
