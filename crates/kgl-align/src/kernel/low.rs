//! Local scores in bytes, as long as they are low.
//!
//! Most local alignments are of strangers, and score little. Then a number need
//! not be kept relative to a corner: bytes relative to the floor, which is the
//! same in every lane, hold it, and all that [`super::sweep`] spends on corners is
//! saved. What scores too much for that is found out and left to [`super::sweep`].
//!
//! With the shifts of [`super::frame`] (`a = 0`, `b = e`) a tile is all rows by
//! [`Low::columns`] columns, and a cell in its column `c` (from 1) is kept as
//! `zero + H + b·c`, where `zero` is a constant: entering the next tile takes
//! `b·columns` off.
//!
//! # Nothing wraps unseen
//! *Below*: a cell is at least its floor `zero + b·c`, so `t = x + o` is at least
//! `zero + o`, `D*` likewise (of the column before, or of the left edge), `I*` at
//! least `zero + o − e`, and the diagonal plus a pair at least
//! `zero + b·(c − 1) + p ≥ zero + min(p − b, 0)` with `p` the lowest pair score
//! plus `b`. A floor less a pair score, with which diagonals are compared, is at
//! least `zero − M`. `zero` is chosen so that none of these is below the lowest
//! byte; a floor less a pair score is never above the highest, or there is no
//! [`Low`].
//!
//! *Above*: let `limit` be the highest byte less `M + b`. Suppose a tile begins
//! with numbers up to `limit` to its left, and take its cells in order. `D*` and
//! `I*` are at most an earlier `x` plus `o ≤ 0`, and a diagonal is an earlier `H*`;
//! as long as no `x` was above `limit`, the next is at most
//! `limit + M + b`, which is a byte. So the first `x` above `limit` is seen as it
//! is, whatever comes behind it: [`Sweep::high`] keeps the highest `x`, and a target
//! where that is above `limit` has no score here. (A floor may not be above
//! `limit` itself: that bounds `columns`.) The next target of the lane begins with
//! the left edge again.

use super::Job;
use super::frame::{Frame, Shift, Width, count, pad};
use super::lanes::Lanes;
use super::layout::Targets;
use super::profile::{Pairs, Profile};
use super::tile::Entry;
use crate::scoring::{Mode, Scoring};

/// How low scores are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Low {
    /// What a score of 0 is left of a tile.
    zero: i64,
    /// Columns of a tile.
    columns: usize,
    /// The highest number that is certain.
    limit: i64,
}

/// A scoring with which lower scores than this are too high is not worth it.
const WORTH: i64 = 80;

/// So many tiles are walked before it is asked whether too many scores are high.
const PATIENCE: usize = 8;

impl Low {
    /// For a scoring whose tiles are of bytes, if it leaves enough room.
    pub(super) fn of(scoring: &Scoring, frame: &Frame) -> Option<Low> {
        let (lowest, highest) = (Width::I8.lowest(), -Width::I8.lowest() - 1);
        let shift = Shift::of(scoring);
        let open = scoring.gap_open() + shift.column;
        let worst = pad(scoring);
        let gain = scoring.match_score().max(0);
        let fall = (shift.column - open).max(-worst).max(gain);
        let low = Low {
            zero: lowest + fall,
            columns: frame.columns,
            limit: highest - (gain + shift.column),
        };
        let last_floor = low.zero + shift.column * count(low.columns);
        let room = low.limit - last_floor;
        let local = scoring.mode() == Mode::Local && frame.width == Width::I8;
        let fits = last_floor - worst <= highest;
        (local && room >= WORTH && fits).then_some(low)
    }
}

/// The scores of a batch: the number of each target, and its score unless that
/// is too high. Where too many are, it gives up.
#[inline(always)]
pub(super) fn read<V: Lanes, const S: usize>(
    token: V::Token,
    job: &Job<'_>,
    low: &Low,
) -> Vec<(usize, Option<i64>)> {
    let end = job.batch.columns();
    let mut sweep = Sweep::<V, S>::new(token, job, low);
    let mut targets = Targets::of(job.batch);
    for (number, tile) in (0..end).step_by(low.columns).enumerate() {
        let mut begins = V::ZEROS;
        while let Some((lane, number)) = targets.next(tile) {
            targets.take(lane, number, sweep.score(lane));
            begins.as_mut()[lane] = 1;
        }
        sweep.begin(V::from_wide(token, begins.as_ref()));
        for first in (tile..end.min(tile + low.columns)).step_by(S) {
            if first == tile {
                sweep.walk_step::<true>(first, 0);
            } else {
                sweep.walk_step::<false>(first, first - tile);
            }
        }
        if number % PATIENCE == PATIENCE - 1 && sweep.is_hopeless() {
            return targets.leave();
        }
    }
    for lane in 0..job.batch.lanes.len() {
        targets.end(lane, sweep.score(lane));
    }
    targets.done
}

/// What is walked from column to column.
struct Sweep<'a, V: Lanes, const S: usize> {
    token: V::Token,
    job: &'a Job<'a>,
    low: &'a Low,
    /// What a column adds to every number.
    column: i64,
    /// `H*` and `D*` in the column left of the step.
    h: Vec<V>,
    d: Vec<V>,
    profile: Profile<V, S>,
    /// 1 in the lanes whose target begins with the tile, 0 in the others.
    begins: V,
    /// The score of each lane's target so far, plus `zero`.
    best: V,
    /// The highest number of each lane's target so far.
    high: V,
}

impl<'a, V: Lanes, const S: usize> Sweep<'a, V, S> {
    #[inline(always)]
    fn new(token: V::Token, job: &'a Job<'a>, low: &'a Low) -> Self {
        let shift = Shift::of(job.scoring);
        let zero = V::splat(token, low.zero);
        Sweep {
            token,
            job,
            low,
            column: shift.column,
            // Every target begins with a tile, which says what is left of it.
            h: vec![zero; job.query.len()],
            d: vec![zero; job.query.len()],
            profile: Profile::new(token, Pairs::of(token, job.scoring, shift)),
            begins: zero,
            best: zero,
            high: zero,
        }
    }

    #[inline(always)]
    fn splat(&self, value: i64) -> V {
        V::splat(self.token, value)
    }

    /// Forgets what came before in the lanes where a target begins.
    #[inline(always)]
    fn begin(&mut self, begins: V) {
        let (one, zero) = (self.splat(1), self.splat(self.low.zero));
        self.begins = begins;
        self.best = begins.select(one, zero, self.best);
        self.high = begins.select(one, zero, self.high);
    }

    /// The score of a lane's target so far, unless it is too high.
    #[inline(always)]
    fn score(&self, lane: usize) -> Option<i64> {
        let certain = self.high.get(lane) <= self.low.limit;
        certain.then(|| self.best.get(lane) - self.low.zero)
    }

    /// Whether the scores of every other lane are too high.
    #[inline(always)]
    fn is_hopeless(&self) -> bool {
        let high = self.high.array();
        let too_high = |number: &&V::Lane| Into::<i64>::into(**number) > self.low.limit;
        2 * high.as_ref().iter().filter(too_high).count() > V::COUNT
    }

    /// Walks the step behind column `first`, which is so many columns `within`
    /// its tile, from top to bottom.
    #[inline(always)]
    fn walk_step<const ENTER: bool>(&mut self, first: usize, within: usize) {
        self.profile.look_up(self.token, self.job.batch, first);
        let floor = |c: usize| self.splat(self.low.zero + self.column * count(within + c));
        let (open, rest) = (
            self.splat(self.job.scoring.gap_open() + self.column),
            self.splat(self.job.scoring.gap_extend()),
        );
        let entry = Entry {
            within: self.begins.equals(self.splat(0)),
            edge: self.splat(self.low.zero),
            enter: self.splat(-self.column * count(self.low.columns)),
        };
        let floors: [V; S] = std::array::from_fn(|c| floor(c + 1));
        // Where a diagonal is no more than this, the pair ends below the floor.
        let least = self.profile.below(&floors);
        let mut above = floors;
        let mut below = floors.map(|floor| floor.add(open).add(rest));
        let mut peaks = floors;
        let mut left = floor(0);
        for ((&code, h), d) in self.job.query.iter().zip(&mut self.h).zip(&mut self.d) {
            let (pairs, least) = (self.profile.pairs(code), Profile::row(&least, code));
            let mut diagonal = left;
            left = *h;
            let mut gap_d = *d;
            if ENTER {
                left = entry.enter_tile(left, entry.edge);
                gap_d = entry.enter_tile(gap_d, entry.edge.add(open));
            }
            let mut before = left;
            for c in 0..S {
                let matched = diagonal.add_above(pairs[c], least[c], floors[c]);
                let x = matched.max(below[c]);
                // As in `tile`, some maxima are taken aside.
                peaks[c] = if c % 8 < 3 {
                    peaks[c].max_aside(x)
                } else {
                    peaks[c].max(x)
                };
                let opened = x.add(open);
                before = x.max(gap_d);
                gap_d = gap_d.max(opened);
                below[c] = below[c].max(opened).add(rest);
                diagonal = above[c];
                above[c] = before;
            }
            *h = before;
            *d = gap_d;
        }
        for (c, peak) in peaks.into_iter().enumerate() {
            self.high = self.high.max(peak);
            let shift = self.splat(self.column * count(within + c + 1));
            self.best = self.best.max(peak.sub(shift));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::{self, Portable};
    use crate::kernel::layout::lay_out;
    use crate::kernel::readout::Score;
    use crate::scalar;
    use kgl_testkit::Rng;

    fn low(mode: Mode, numbers: [i32; 4]) -> Option<Low> {
        let [match_, mismatch, open, extend] = numbers;
        let scoring = Scoring::new(mode, match_, mismatch, mismatch, open, extend).unwrap();
        Low::of(&scoring, &Frame::narrowest(&scoring))
    }

    #[test]
    fn usual_local_scorings_have_room() {
        let usual = low(Mode::Local, [2, -3, -7, -2]).unwrap();
        assert_eq!((usual.zero, usual.limit), (-121, 123));
        assert!(low(Mode::Local, [5, -4, -10, -1]).is_some());
        assert_eq!(low(Mode::Global, [2, -3, -7, -2]), None);
        // Sixteen bits, and bytes that one tile fills.
        assert_eq!(low(Mode::Local, [20, -15, -80, -4]), None);
    }

    /// The scores that the portable path finds of `query` and targets laid out in
    /// its lanes, one after another in each.
    fn scores(query: &[u8], targets: &[Vec<u8>]) -> (Low, Vec<Option<i64>>) {
        let scoring = Scoring::new(Mode::Local, 2, -3, -3, -7, -2).unwrap();
        let frame = Frame::narrowest(&scoring);
        let low = Low::of(&scoring, &frame).unwrap();
        let slices: Vec<&[u8]> = targets.iter().map(Vec::as_slice).collect();
        let order: Vec<usize> = (0..targets.len()).collect();
        let mut found = vec![None; targets.len()];
        let mut seen = vec![0; targets.len()];
        for batch in lay_out(&slices, &order, (16, frame.columns)) {
            let job = Job {
                scoring: &scoring,
                frame,
                query,
                batch: &batch,
            };
            let task = Score {
                job,
                low: Some(low),
            };
            for (number, score) in lanes::run(Portable, frame.width, task) {
                found[number] = score;
                seen[number] += 1;
            }
        }
        assert!(seen.iter().all(|&times| times == 1), "each target once");
        let expected = |target: &Vec<u8>| scalar::score(query, target, &scoring);
        for (target, score) in targets.iter().zip(&found) {
            assert!(score.is_none_or(|score| score == expected(target)));
        }
        (low, found)
    }

    #[test]
    fn low_scores_are_found_and_high_ones_are_not() {
        let mut rng = Rng::new(5, 1);
        let query = rng.residues(300);
        // Strangers, and prefixes of the query: their scores are twice their lengths.
        let lengths = (1..=60).map(|times| 5 * times);
        let targets: Vec<Vec<u8>> = lengths
            .flat_map(|length| {
                let strangers = (0..4).map(|_| length);
                let strangers: Vec<Vec<u8>> =
                    strangers.map(|length| rng.residues(length)).collect();
                strangers.into_iter().chain([query[..length].to_vec()])
            })
            .collect();
        let (low, found) = scores(&query, &targets);
        let room = low.limit - low.zero;
        let tile = 2 * count(low.columns);
        for (target, score) in targets.iter().zip(found) {
            let length = count(target.len());
            if *target != query[..target.len()] {
                assert!(score.is_some(), "a stranger of {length}");
            } else if 2 * length + tile <= room {
                assert_eq!(score, Some(2 * length));
            } else if 2 * length > room {
                assert_eq!(score, None, "a copy of {length}");
            }
        }
    }

    #[test]
    fn a_batch_of_high_scores_is_left() {
        let query = Rng::new(5, 2).residues(2_000);
        let targets = vec![query.clone(); 16];
        let (_, found) = scores(&query, &targets);
        assert_eq!(found, [None; 16]);
        // So is what waits behind them.
        let behind = [vec![query[..20].to_vec(); 40], targets].concat();
        let (_, found) = scores(&query, &behind);
        assert!(found.iter().filter(|score| score.is_some()).count() < 40);
    }
}
