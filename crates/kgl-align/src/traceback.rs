//! The canonical alignment of two sequences, in bounded memory.
//!
//! Many alignments can share the best score. Which of them is given is part
//! of the contract, so that any other implementation (banded, blocked,
//! parallel) has to produce the same bytes:
//!
//! 1. The alignment *ends* in the last cell (global), in the cell of the last
//!    row that has the best score and the smallest target end (semi-global),
//!    or in the first cell with the best score in row-major order, that is
//!    the smallest query end and then the smallest target end (local).
//! 2. From there it is walked *backwards*. In a cell of `H` that could have
//!    come from several places, the diagonal is taken first, then `D`, then
//!    `I`.
//! 3. Within a gap, the gap *begins* as soon as it could have: opening is
//!    preferred to extending when both give the cell's value.
//! 4. The walk stops in the origin (global), in the first row (semi-global),
//!    or in the first cell of `H` that is 0 (local).
//!
//! # Memory
//! The walk needs one byte a cell. When the matrix does not fit the budget,
//! the rows are cut into strips, rows of `H` and `I` are kept where strips
//! begin, and strips are filled again from there, last strip first: the cells
//! are the same numbers, hence the walk is the same walk. Strips that are
//! still too large are cut again, so memory is the budget plus 16 bytes a
//! target residue for each of at most [`STRIPS`] rows a level.

use crate::alignment::Alignment;
use crate::cigar::{Cigar, Op};
use crate::scalar::{UNREACHABLE, left, top};
use crate::scoring::{Mode, Scoring, is_match};

/// Bytes of traceback that [`align`] holds at a time.
pub const DEFAULT_BUDGET: usize = 64 << 20;

/// Strips that one level of the recursion cuts its rows into.
pub const STRIPS: usize = 16;

// One byte a cell: where H came from, and whether each gap began here.
pub(crate) const FROM_DIAGONAL: u8 = 0;
pub(crate) const FROM_D: u8 = 1;
pub(crate) const FROM_I: u8 = 2;
pub(crate) const STOP: u8 = 3;
const FROM: u8 = 3;
pub(crate) const D_OPENS: u8 = 4;
pub(crate) const I_OPENS: u8 = 8;

/// Where a cell of `H` came from: the rule's second and fourth point.
#[inline(always)]
pub(crate) fn came_from(cell: i64, floor: i64, matched: i64, gap_d: i64) -> u8 {
    if cell == floor {
        STOP
    } else if cell == matched {
        FROM_DIAGONAL
    } else if cell == gap_d {
        FROM_D
    } else {
        FROM_I
    }
}

/// Which of the gaps that end in a cell begin there: the rule's third point.
/// Each gap is given with what opening it would be worth.
#[inline(always)]
pub(crate) fn opens((gap_d, d_opened): (i64, i64), (gap_i, i_opened): (i64, i64)) -> u8 {
    let d_opens = if gap_d == d_opened { D_OPENS } else { 0 };
    let i_opens = if gap_i == i_opened { I_OPENS } else { 0 };
    d_opens | i_opens
}

/// Aligns `query` with `target` (codes, any lengths that fit a `u32`) and
/// gives the canonical alignment; see the module for which one that is.
#[must_use]
pub fn align(query: &[u8], target: &[u8], scoring: &Scoring) -> Alignment {
    align_within(query, target, scoring, DEFAULT_BUDGET)
}

/// As [`align`], holding at most `budget` bytes of traceback at a time (but
/// always at least one row). The result does not depend on the budget.
#[must_use]
pub fn align_within(query: &[u8], target: &[u8], scoring: &Scoring, budget: usize) -> Alignment {
    let sweep = Sweep {
        query,
        target,
        scoring,
    };
    let mut row = Row::first(target.len(), scoring);
    let mut ends = EndFinder::new(scoring.mode());
    let (end, walk);
    if query.len().saturating_mul(target.len()) <= budget {
        // Everything fits: the end is found and the way kept in one pass.
        let strip = sweep.fill(&mut row, query.len(), |row| ends.see(row));
        end = ends.finish(&row);
        let mut whole = Walk::from_end(&end);
        sweep.walk_strip(&strip, &mut whole);
        walk = whole;
    } else {
        for &residue in query {
            row.step(residue, target, scoring, |_, _| {});
            ends.see(&row);
        }
        end = ends.finish(&row);
        drop(row);
        let mut whole = Walk::from_end(&end);
        let first = Row::first(end.column, scoring);
        sweep.walk_rows(&first, end.row, budget, &mut whole);
        walk = whole;
    }
    finish(walk, &end, scoring.mode())
}

/// Adds what the walk left over along the edges: gaps that the mode does not
/// give away.
pub(crate) fn finish(walk: Walk, end: &End, mode: Mode) -> Alignment {
    let Walk {
        row,
        column,
        mut cigar,
        ..
    } = walk;
    let (mut query_start, mut target_start) = (row, column);
    if mode != Mode::Local {
        cigar.push(count(row), Op::Insertion);
        query_start = 0;
    }
    if mode == Mode::Global {
        cigar.push(count(column), Op::Deletion);
        target_start = 0;
    }
    cigar.reverse();
    Alignment {
        score: end.score,
        matches: cigar.matches(),
        columns: cigar.len(),
        query_span: count(query_start)..count(end.row),
        target_span: count(target_start)..count(end.column),
        cigar,
    }
}

/// Lengths beyond a `u32` (four billion residues) have no alignment that
/// could be held; they saturate instead of wrapping.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Where the alignment ends: residues of each sequence before the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) score: i64,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// Looks at the rows as they come, from the first residue of the query on.
struct EndFinder {
    mode: Mode,
    best: End,
}

impl EndFinder {
    fn new(mode: Mode) -> EndFinder {
        EndFinder {
            mode,
            best: End {
                score: 0,
                row: 0,
                column: 0,
            },
        }
    }

    /// Only a local alignment can end in any row.
    fn see(&mut self, row: &Row) {
        if self.mode == Mode::Local {
            let highest = row.highest();
            if highest.score > self.best.score {
                self.best = highest;
            }
        }
    }

    /// The end, once `last` has come as well.
    fn finish(self, last: &Row) -> End {
        match self.mode {
            Mode::Global => {
                let column = last.h.len() - 1;
                End {
                    score: last.h[column],
                    row: last.index,
                    column,
                }
            }
            Mode::Local => self.best,
            Mode::SemiGlobal => last.highest(),
        }
    }
}

/// One row of the matrix: all that the rows below it depend on.
#[derive(Clone)]
struct Row {
    /// How many residues of the query lie above and in this row.
    index: usize,
    h: Vec<i64>,
    gap_i: Vec<i64>,
}

impl Row {
    fn first(n: usize, scoring: &Scoring) -> Row {
        let h = (0..=n).map(|j| top(scoring, j)).collect();
        Row {
            index: 0,
            h,
            gap_i: vec![UNREACHABLE; n + 1],
        }
    }

    /// The part of the row left of and including target position `n`.
    fn prefix(&self, n: usize) -> Row {
        let part = |cells: &[i64]| cells[..=n].to_vec();
        Row {
            index: self.index,
            h: part(&self.h),
            gap_i: part(&self.gap_i),
        }
    }

    /// The best cell, and of those that are equally good the first.
    fn highest(&self) -> End {
        let score = self.h.iter().copied().max().unwrap_or(0);
        let column = self.h.iter().position(|&cell| cell == score).unwrap_or(0);
        End {
            score,
            row: self.index,
            column,
        }
    }

    /// Replaces the row by the next one and hands each cell's traceback byte
    /// to `keep`, with the cell's target position counted from 0.
    #[inline(always)]
    fn step(
        &mut self,
        residue: u8,
        target: &[u8],
        scoring: &Scoring,
        mut keep: impl FnMut(usize, u8),
    ) {
        let (open, extend) = (scoring.gap_open(), scoring.gap_extend());
        let floor = if scoring.mode() == Mode::Local {
            0
        } else {
            i64::MIN
        };
        let pairs: [i64; 5] = [0, 1, 2, 3, 4].map(|other| scoring.pair(residue, other));
        self.index += 1;
        let mut diagonal = self.h[0];
        let mut before = left(scoring, self.index);
        self.h[0] = before;
        let mut gap_d = UNREACHABLE;
        let cells = self.h[1..].iter_mut().zip(&mut self.gap_i[1..]).zip(target);
        for (column, ((h, gap_i), &other)) in cells.enumerate() {
            let (i_opened, i_extended) = (*h + open, *gap_i + extend);
            let (d_opened, d_extended) = (before + open, gap_d + extend);
            *gap_i = i_opened.max(i_extended);
            gap_d = d_opened.max(d_extended);
            let matched = diagonal + pairs[usize::from(other.min(4))];
            let cell = matched.max(gap_d).max(*gap_i).max(floor);
            let from = came_from(cell, floor, matched, gap_d);
            keep(column, from | opens((gap_d, d_opened), (*gap_i, i_opened)));
            diagonal = *h;
            *h = cell;
            before = cell;
        }
    }
}

/// The walk backwards: the cell it stands in, the gap it is inside of, and
/// the columns so far, last one first.
pub(crate) struct Walk {
    pub(crate) row: usize,
    pub(crate) column: usize,
    gap: Option<Op>,
    cigar: Cigar,
    /// It has come to where a local alignment begins.
    pub(crate) done: bool,
}

impl Walk {
    pub(crate) fn from_end(end: &End) -> Walk {
        let cigar = Cigar::new();
        Walk {
            row: end.row,
            column: end.column,
            gap: None,
            cigar,
            done: false,
        }
    }

    /// Walks until the row `top`, the column `left` or the end. `byte` gives
    /// the traceback of a cell: residues before and in it, of the query and of
    /// the target.
    pub(crate) fn go(
        &mut self,
        (query, target): (&[u8], &[u8]),
        (top, left): (usize, usize),
        byte: impl Fn(usize, usize) -> u8,
    ) {
        while self.row > top && self.column > left && !self.done {
            let byte = byte(self.row, self.column);
            let gap = match (self.gap, byte & FROM) {
                (Some(gap), _) => gap,
                (None, FROM_DIAGONAL) => {
                    (self.row, self.column) = (self.row - 1, self.column - 1);
                    let same = is_match(query[self.row], target[self.column]);
                    let op = if same { Op::Match } else { Op::Mismatch };
                    self.cigar.push(1, op);
                    continue;
                }
                (None, FROM_D) => Op::Deletion,
                (None, FROM_I) => Op::Insertion,
                (None, _) => {
                    self.done = true;
                    return;
                }
            };
            self.cigar.push(1, gap);
            let opens = if gap == Op::Deletion {
                self.column -= 1;
                byte & D_OPENS != 0
            } else {
                self.row -= 1;
                byte & I_OPENS != 0
            };
            self.gap = if opens { None } else { Some(gap) };
        }
    }
}

/// The traceback bytes of the rows below row `top`, `width` a row.
struct Strip {
    top: usize,
    width: usize,
    bytes: Vec<u8>,
}

/// Two sequences and their scoring.
struct Sweep<'a> {
    query: &'a [u8],
    target: &'a [u8],
    scoring: &'a Scoring,
}

impl Sweep<'_> {
    /// Walks through the rows below `start` down to and including row
    /// `bottom`, where the walk stands.
    fn walk_rows(&self, start: &Row, bottom: usize, budget: usize, walk: &mut Walk) {
        // Cells right of the walk are never visited again.
        let n = walk.column;
        let rows = bottom - start.index;
        if rows == 0 || n == 0 || walk.done {
            return;
        }
        if rows == 1 || rows.saturating_mul(n) <= budget {
            let strip = self.fill(&mut start.prefix(n), bottom, |_| {});
            self.walk_strip(&strip, walk);
            return;
        }
        let height = rows.div_ceil(STRIPS);
        let mut row = start.prefix(n);
        let mut starts = vec![row.clone()];
        for &residue in &self.query[start.index..bottom - 1] {
            row.step(residue, &self.target[..n], self.scoring, |_, _| {});
            if (row.index - start.index).is_multiple_of(height) {
                starts.push(row.clone());
            }
        }
        drop(row);
        let mut strip_bottom = bottom;
        while let Some(strip) = starts.pop() {
            self.walk_rows(&strip, strip_bottom, budget, walk);
            strip_bottom = strip.index;
        }
    }

    /// Moves `row` down to row `bottom`, shows every row on the way to `see`,
    /// and gives the strip in between.
    fn fill(&self, row: &mut Row, bottom: usize, mut see: impl FnMut(&Row)) -> Strip {
        let (top, width) = (row.index, row.h.len() - 1);
        let mut bytes = vec![0u8; (bottom - top) * width];
        let mut rest = bytes.as_mut_slice();
        for &residue in &self.query[top..bottom] {
            let (line, below) = rest.split_at_mut(width);
            let keep = |column: usize, byte| line[column] = byte;
            row.step(residue, &self.target[..width], self.scoring, keep);
            see(row);
            rest = below;
        }
        Strip { top, width, bytes }
    }

    /// Walks through a strip until its top, the left edge or the end.
    fn walk_strip(&self, strip: &Strip, walk: &mut Walk) {
        walk.go((self.query, self.target), (strip.top, 0), |row, column| {
            strip.bytes[(row - strip.top - 1) * strip.width + column - 1]
        });
    }
}
