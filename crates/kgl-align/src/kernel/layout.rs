//! Which targets go into which lane, one after another.
//!
//! Lanes run side by side, so a batch takes as many columns as its longest
//! lane has. There are two ways to keep the others busy meanwhile: neighbours
//! in length side by side, each lane one target; or lanes that are refilled,
//! where the next target begins as soon as the one before has ended:
//!
//! ```text
//!     neighbours        refilled
//!     AAAAAAAAAAAA      AAAAAAAAAAAA
//!     BBBBBBBBBBB.      BBBBBBBBBBB
//!     CCCCC.......      CCCCC|DDDD|F
//!     DDDD........      EEE|GG|HH|I
//! ```
//!
//! A target begins with a tile, where a lane is moved to another corner
//! anyway. So refilling wastes half a tile a target, and neighbours waste the
//! differences of their lengths: whichever needs fewer columns is taken.

use super::frame::STEP;
use super::letters::Turned;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A target in a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// How many columns of the lane lie before it.
    pub(super) column: usize,
    /// At least one residue.
    pub(super) target: &'a [u8],
    /// Its number among the targets.
    pub(super) number: usize,
}

impl Place<'_> {
    /// The column behind its last.
    pub(super) fn end(&self) -> usize {
        self.column + self.target.len()
    }
}

/// The targets of a lane, in order; at least one.
#[derive(Clone, Debug)]
pub(super) struct Lane<'a>(pub(super) Vec<Place<'a>>);

impl<'a> Lane<'a> {
    /// A lane of one target.
    pub(super) fn alone(number: usize, target: &'a [u8]) -> Lane<'a> {
        let place = Place {
            column: 0,
            target,
            number,
        };
        Lane(vec![place])
    }

    /// Its first target.
    pub(super) fn first(&self) -> &'a [u8] {
        self.0.first().map_or(&[], |place| place.target)
    }

    /// The column behind its last.
    pub(super) fn end(&self) -> usize {
        self.0.last().map_or(0, Place::end)
    }
}

/// Where a target begins. In order of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Begin {
    /// How many columns of the lane lie before it.
    pub(super) column: usize,
    pub(super) lane: usize,
    /// Its number among the targets.
    pub(super) number: usize,
}

/// Lanes that run side by side, no more than a vector has.
#[derive(Clone, Debug)]
pub(super) struct Batch<'a> {
    pub(super) lanes: Vec<Lane<'a>>,
    /// Its targets, as they begin.
    pub(super) begins: Vec<Begin>,
    /// Where they end, in order: the column behind, and the lane.
    pub(super) ends: Vec<(usize, usize)>,
    /// Its letters, if they were turned round beforehand.
    pub(super) turned: Option<Turned>,
}

impl<'a> Batch<'a> {
    pub(super) fn of(lanes: Vec<Lane<'a>>) -> Batch<'a> {
        let (mut begins, mut ends) = (Vec::new(), Vec::new());
        for (lane, Lane(places)) in lanes.iter().enumerate() {
            for place in places {
                ends.push((place.end(), lane));
                begins.push(Begin {
                    column: place.column,
                    lane,
                    number: place.number,
                });
            }
        }
        begins.sort_unstable();
        ends.sort_unstable();
        Batch {
            lanes,
            begins,
            ends,
            turned: None,
        }
    }

    /// The column behind the last of all lanes.
    pub(super) fn columns(&self) -> usize {
        self.ends.last().map_or(0, |&(column, _)| column)
    }

    /// Turns its letters round once for all queries to come, for vectors of so
    /// many lanes.
    pub(super) fn turn(&mut self, lanes: usize) {
        self.turned = Some(Turned::of(&self.lanes, self.columns(), lanes));
    }
}

/// The targets of a batch, as lanes come to them and leave them.
pub(super) struct Targets<'a> {
    /// What is still to begin.
    waiting: &'a [Begin],
    /// The numbers of the current targets, by lane.
    current: Vec<Option<usize>>,
    /// The numbers of those that have ended, and their scores, where one was found.
    pub(super) done: Vec<(usize, Option<i64>)>,
}

impl<'a> Targets<'a> {
    /// Before the first column.
    pub(super) fn of(batch: &'a Batch<'_>) -> Targets<'a> {
        Targets {
            waiting: &batch.begins,
            current: vec![None; batch.lanes.len()],
            done: Vec::with_capacity(batch.begins.len()),
        }
    }

    /// A target that begins with column `tile`, or has begun before: its lane and
    /// its number.
    pub(super) fn next(&mut self, tile: usize) -> Option<(usize, usize)> {
        let first = self.waiting.first().filter(|begin| begin.column <= tile)?;
        self.waiting = &self.waiting[1..];
        Some((first.lane, first.number))
    }

    /// A lane comes to a target; the one before, if there was one, has this score.
    pub(super) fn take(&mut self, lane: usize, number: usize, score: Option<i64>) {
        self.end(lane, score);
        self.current[lane] = Some(number);
    }

    /// The current target of a lane, if there is one, has this score.
    pub(super) fn end(&mut self, lane: usize, score: Option<i64>) {
        let number = self.current[lane].take();
        self.done.extend(number.map(|number| (number, score)));
    }

    /// Those that have ended; the others have no score.
    pub(super) fn leave(mut self) -> Vec<(usize, Option<i64>)> {
        let waiting = self.waiting.iter().map(|begin| begin.number);
        let left = self.current.iter().copied().flatten().chain(waiting);
        self.done.extend(left.map(|number| (number, None)));
        self.done
    }
}

/// Lays out targets of at least one residue each, given by their numbers in
/// ascending order of length, in batches of at most `lanes` lanes. Targets
/// begin at multiples of `width`.
pub(super) fn lay_out<'a>(
    targets: &[&'a [u8]],
    order: &[usize],
    (lanes, width): (usize, usize),
) -> Vec<Batch<'a>> {
    let steps = |columns: usize| columns.next_multiple_of(STEP) + STEP;
    let neighbours = order.chunks(lanes);
    let longest = |chunk: &[usize]| chunk.last().map_or(0, |&number| targets[number].len());
    let columns: usize = neighbours.clone().map(longest).map(steps).sum();
    if neighbours.len() > 1 {
        let refilled = Batch::of(refill(targets, order, (lanes, width)));
        if steps(refilled.columns()) < columns {
            return vec![refilled];
        }
    }
    let alone = |&number: &usize| Lane::alone(number, targets[number]);
    let batch = |chunk: &[usize]| Batch::of(chunk.iter().map(alone).collect());
    neighbours.map(batch).collect()
}

/// The longest first, each into the lane that ends first: at most a third more
/// columns than the best there is (Graham 1969).
fn refill<'a>(
    targets: &[&'a [u8]],
    order: &[usize],
    (lanes, columns): (usize, usize),
) -> Vec<Lane<'a>> {
    let places = || Vec::with_capacity(order.len() / lanes + 1);
    let mut filled: Vec<Lane<'_>> = (0..lanes).map(|_| Lane(places())).collect();
    let mut ends: BinaryHeap<Reverse<(usize, usize)>> =
        (0..lanes).map(|lane| Reverse((0, lane))).collect();
    for &number in order.iter().rev() {
        if let Some(mut first) = ends.peek_mut() {
            let Reverse((column, lane)) = *first;
            let target = targets[number];
            let place = Place {
                column,
                target,
                number,
            };
            *first = Reverse((place.end().next_multiple_of(columns), lane));
            filled[lane].0.push(place);
        }
    }
    filled.retain(|lane| !lane.0.is_empty());
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(lengths: &[usize], shape: (usize, usize)) -> Vec<Vec<Vec<(usize, usize)>>> {
        let residues = vec![0; lengths.iter().copied().max().unwrap_or(0)];
        let targets: Vec<&[u8]> = lengths.iter().map(|&length| &residues[..length]).collect();
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&number| lengths[number]);
        let place = |place: &Place<'_>| (place.column, place.number);
        let lane = |lane: &Lane<'_>| lane.0.iter().map(place).collect();
        lay_out(&targets, &order, shape)
            .iter()
            .map(|batch| batch.lanes.iter().map(lane).collect())
            .collect()
    }

    #[test]
    fn a_lane_is_refilled_where_that_saves_columns() {
        // 40 columns; as neighbours 8 + 40.
        assert_eq!(
            laid_out(&[8, 40, 6, 10, 7], (2, 8)),
            [vec![vec![(0, 1)], vec![(0, 3), (16, 0), (24, 4), (32, 2)]]]
        );
        // A tile that is much wider than a target: nothing is to be had.
        assert_eq!(
            laid_out(&[9; 4], (2, 64)),
            [
                vec![vec![(0, 0)], vec![(0, 1)]],
                vec![vec![(0, 2)], vec![(0, 3)]]
            ]
        );
        assert_eq!(
            laid_out(&[5, 4], (4, 8)),
            [vec![vec![(0, 1)], vec![(0, 0)]]]
        );
        assert!(laid_out(&[], (4, 8)).is_empty());
    }
}
