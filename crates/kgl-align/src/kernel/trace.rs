//! The canonical alignments of a batch, a target a lane.
//!
//! The rule is [`crate::traceback`]'s, and so is the walk; what is vectorised
//! is the filling of the matrix. With the scores known, it takes two passes
//! from left to right. The first finds where each alignment ends, and keeps
//! the columns between some tiles; the second fills again from there, last
//! strip first, only as far down and right as a walk still reaches, and
//! writes a byte a cell and lane for the walks to read:
//!
//! ```text
//!        edge     edge     edge
//!         |........|...\....|          1. ends found, edges kept
//!         |........|....\___|
//!         |........|        |\end     2. strips filled right to left,
//!         |   3rd  |  2nd   |1st         each walk goes on where it stood
//! ```
//!
//! A strip that would not fit the budget is cut again.
//!
//! # The same bytes from other numbers
//! The recurrence of [`super::frame`] differs from the textbook's in one
//! place: a gap is opened from `x`, the best of a cell but for `D`, instead of
//! from `H`. So its `I` may be lower than the textbook's, where `H = D > x` in
//! the cell above. The walk cannot see it. `H` and `D` are the same. Where it
//! turns into `I`, neither the diagonal nor `D` gave `H`, so `I` did, in both.
//! Within a gap it stands in a cell where both `I` are the same number `v`,
//! and looks at whether `v` is `H` above plus `open`, which is the same
//! question in both. If it is not, then `v` exceeds that, hence what any `x`
//! above could open, and both took it from `I` above, where they are again the
//! same number.

use super::Job;
use super::frame::count;
use super::lanes::{Lanes, Task};
use super::layout::Lane;
use super::readout::LastRow;
use super::sweep::{Edge, Sweep, Unwatched, Watch};
use super::tile::{Cell, Cells};
use crate::alignment::Alignment;
use crate::scoring::Mode;
use crate::traceback::{
    D_OPENS, End, FROM_D, FROM_DIAGONAL, FROM_I, I_OPENS, STOP, STRIPS, Walk, finish,
};

/// Columns of a step here: what is written of the cells needs registers too, so
/// that of a wider one nothing would be had.
const STEP: usize = 4;

/// To align a batch whose scores are known, holding about `budget` bytes.
/// Gives nothing for a target that cannot have its score.
pub(super) struct Trace<'a> {
    pub(super) job: Job<'a>,
    pub(super) scores: &'a [i64],
    pub(super) budget: usize,
}

impl Task for Trace<'_> {
    type Output = Vec<Option<Alignment>>;

    #[inline(always)]
    fn run<V: Lanes, const S: usize>(self, token: V::Token) -> Self::Output {
        match self.job.scoring.mode() {
            Mode::Local => run::<V, true>(token, &self),
            Mode::Global | Mode::SemiGlobal => run::<V, false>(token, &self),
        }
    }
}

#[inline(always)]
fn run<V: Lanes, const LOCAL: bool>(token: V::Token, trace: &Trace<'_>) -> Vec<Option<Alignment>> {
    let Trace {
        ref job,
        scores,
        budget,
    } = *trace;
    let sweep = Sweep::<V, LOCAL, STEP>::new(token, *job);
    let start = sweep.edge(0);
    let columns = job.batch.columns();
    let rows = job.query.len();
    let mut tracer = Tracer::<V, LOCAL> {
        token,
        job,
        budget,
        bytes: Vec::new(),
        walks: Vec::new(),
    };
    let (ends, edges) = if job.scoring.mode() == Mode::Global {
        let end = |(lane, &score): (&Lane<'_>, &i64)| {
            let column = lane.end();
            Some(End {
                score,
                row: rows,
                column,
            })
        };
        let lanes = job.batch.lanes.iter();
        (lanes.zip(scores).map(end).collect(), vec![start])
    } else {
        let mut ends = Ends::new(job, scores, &sweep);
        let edges = tracer.forward(&start, (rows, columns), &mut ends);
        (ends.found, edges)
    };
    // A lane without an end has nowhere to go.
    let nowhere = End {
        score: 0,
        row: 0,
        column: 0,
    };
    let walk = |end: &Option<End>| Walk::from_end(end.as_ref().unwrap_or(&nowhere));
    tracer.walks = ends.iter().map(walk).collect();
    tracer.descend(edges, columns);
    let mode = job.scoring.mode();
    let finished = tracer.walks.into_iter().zip(ends);
    finished
        .map(|(walk, end)| end.map(|end| finish(walk, &end, mode)))
        .collect()
}

/// Fills the matrix from the right, and walks.
struct Tracer<'a, V: Lanes, const LOCAL: bool> {
    token: V::Token,
    job: &'a Job<'a>,
    budget: usize,
    /// The traceback of one strip: a vector a cell, step by step, in a step
    /// row by row.
    bytes: Vec<V>,
    /// One a target of the batch.
    walks: Vec<Walk>,
}

impl<'a, V: Lanes, const LOCAL: bool> Tracer<'a, V, LOCAL> {
    /// The job with so many rows of the query.
    fn cut(&self, rows: usize) -> Job<'a> {
        Job {
            query: &self.job.query[..rows],
            ..*self.job
        }
    }

    /// Whether the traceback of so many cells is within the budget.
    fn fits(&self, rows: usize, columns: usize) -> bool {
        rows.saturating_mul(columns.next_multiple_of(STEP)) <= self.budget / size_of::<V>()
    }

    /// Walks the columns from `from` up to `columns`, and gives the edges of
    /// the strips they are cut into, `from` first.
    #[inline(always)]
    fn forward<W: Watch<V, LOCAL, STEP>>(
        &self,
        from: &Edge<V>,
        (rows, columns): (usize, usize),
        watch: &mut W,
    ) -> Vec<Edge<V>> {
        let mut sweep = Sweep::<V, LOCAL, STEP>::at(self.token, self.cut(rows), from);
        let width = (columns - from.column).div_ceil(STRIPS);
        let width = width.next_multiple_of(self.job.frame.columns);
        let mut edges = Vec::new();
        for left in (from.column..columns).step_by(width) {
            edges.push(sweep.edge(left));
            sweep.walk(left, columns.min(left + width), watch);
        }
        edges
    }

    /// Takes the walks through the columns behind each of `edges`, last one
    /// first, `columns` in all.
    #[inline(always)]
    fn descend(&mut self, edges: Vec<Edge<V>>, columns: usize) {
        // Strips that are still to be walked; the last one is next.
        let mut edges = edges;
        let mut columns = columns;
        while let Some(edge) = edges.pop() {
            let (mut rows, mut reach) = (0, edge.column);
            for walk in self.walks.iter().filter(|walk| !walk.done && walk.row > 0) {
                if walk.column > edge.column {
                    rows = rows.max(walk.row);
                    reach = reach.max(walk.column);
                }
            }
            let right = columns.min(reach);
            let width = right - edge.column;
            if rows == 0 {
                // No walk comes here.
            } else if self.fits(rows, width) || width <= self.job.frame.columns {
                self.fill(&edge, (rows, right));
            } else {
                let strips = self.forward(&edge, (rows, right), &mut Unwatched);
                edges.extend(strips);
                columns = right;
                continue;
            }
            columns = edge.column;
        }
    }

    /// Fills the strip behind `edge`, and walks through it.
    #[inline(always)]
    fn fill(&mut self, edge: &Edge<V>, (rows, right): (usize, usize)) {
        let columns = (right - edge.column).next_multiple_of(STEP);
        let zero = V::splat(self.token, 0);
        self.bytes
            .resize(self.bytes.len().max(rows * columns), zero);
        let mut sweep = Sweep::<V, LOCAL, STEP>::at(self.token, self.cut(rows), edge);
        let mut ways = Ways {
            codes: Codes::new(&sweep),
            bytes: &mut self.bytes,
            next: 0,
            band_rows: self.job.frame.rows,
            rows,
        };
        sweep.walk(edge.column, right, &mut ways);
        for (lane, walk) in self.walks.iter_mut().enumerate() {
            let bytes = &self.bytes;
            walk.go(
                (self.job.query, self.job.batch.lanes[lane].first()),
                (0, edge.column),
                |row, column| {
                    let (step, c) = ((column - 1 - edge.column) / STEP, (column - 1) % STEP);
                    let at = (step * rows + row - 1) * STEP + c;
                    bytes[at].low_byte(lane)
                },
            );
        }
    }
}

/// The codes of [`crate::traceback`] in every lane.
#[derive(Clone, Copy)]
struct Codes<V> {
    diagonal: V,
    d: V,
    i: V,
    stop: V,
    d_opens: V,
    i_opens: V,
    none: V,
    open: V,
    /// What opening a gap and its first row cost.
    open_rest: V,
}

impl<V: Lanes> Codes<V> {
    #[inline(always)]
    fn new<const LOCAL: bool>(sweep: &Sweep<'_, V, LOCAL, STEP>) -> Codes<V> {
        let code = |code: u8| sweep.splat(code.into());
        let (open, rest) = (sweep.constants.open, sweep.constants.rest);
        Codes {
            diagonal: code(FROM_DIAGONAL),
            d: code(FROM_D),
            i: code(FROM_I),
            stop: code(STOP),
            d_opens: code(D_OPENS),
            i_opens: code(I_OPENS),
            none: code(0),
            open,
            open_rest: open.add(rest),
        }
    }
}

/// Writes where each cell came from.
struct Ways<'a, V> {
    codes: Codes<V>,
    bytes: &'a mut [V],
    /// Where the next band's cells go.
    next: usize,
    band_rows: usize,
    rows: usize,
}

impl<V: Lanes, const LOCAL: bool> Watch<V, LOCAL, STEP> for Ways<'_, V> {
    type Band<'b>
        = BandWays<'b, V, LOCAL>
    where
        Self: 'b;

    #[inline(always)]
    fn band<'b>(&'b mut self, number: usize, _: &[V; STEP]) -> BandWays<'b, V, LOCAL> {
        let rows = self.band_rows.min(self.rows - number * self.band_rows);
        let cells = &mut self.bytes[self.next..][..rows * STEP];
        self.next += rows * STEP;
        BandWays {
            codes: self.codes,
            cells: cells.iter_mut(),
        }
    }
}

/// Writes those of one band.
struct BandWays<'a, V, const LOCAL: bool> {
    codes: Codes<V>,
    cells: std::slice::IterMut<'a, V>,
}

impl<V: Lanes, const LOCAL: bool> Cells<V> for BandWays<'_, V, LOCAL> {
    #[inline(always)]
    fn see(&mut self, _: usize, cell: &Cell<V>) {
        let codes = &self.codes;
        let mut from = cell.gap_d.select(cell.h, codes.d, codes.i);
        from = cell.matched.select(cell.h, codes.diagonal, from);
        if LOCAL {
            from = cell.floor.select(cell.h, codes.stop, from);
        }
        let d_opened = cell.left.add(codes.open);
        let i_opened = cell.above.add(codes.open_rest);
        let d_opens = cell.gap_d.select(d_opened, codes.d_opens, codes.none);
        let i_opens = cell.gap_i.select(i_opened, codes.i_opens, codes.none);
        if let Some(place) = self.cells.next() {
            *place = from.add(d_opens).add(i_opens);
        }
    }

    #[inline(always)]
    fn done(self) {}
}

/// Finds where alignments end whose scores are known: of the cells that have
/// the score the first, row by row in local mode, in the last row otherwise.
struct Ends<'a, V> {
    job: &'a Job<'a>,
    scores: &'a [i64],
    found: Vec<Option<End>>,
    /// What the score is in the lanes of each band, the columns' shift taken
    /// off (local mode), or of the last row.
    wanted: Vec<V>,
    row: LastRow<V>,
    /// The first column of the step.
    first: usize,
}

impl<'a, V: Lanes> Ends<'a, V> {
    #[inline(always)]
    fn new<const LOCAL: bool>(
        job: &'a Job<'a>,
        scores: &'a [i64],
        sweep: &Sweep<'_, V, LOCAL, STEP>,
    ) -> Ends<'a, V> {
        // Without a residue of the target: the first column of the last row,
        // and for a local alignment the first cell of all.
        let (edge, row) = match job.scoring.mode() {
            Mode::Local => (0, 0),
            Mode::Global | Mode::SemiGlobal => (job.scoring.gap(job.query.len()), job.query.len()),
        };
        let at_edge = |&score: &i64| {
            let column = 0;
            (score == edge).then_some(End { score, row, column })
        };
        Ends {
            job,
            scores,
            found: scores.iter().map(at_edge).collect(),
            wanted: Vec::new(),
            row: LastRow::new(sweep),
            first: 0,
        }
    }
}

/// Notes the lanes in which `cell` is the number wanted.
#[cold]
#[inline(never)]
fn note<V: Lanes>(
    (job, scores, found): (&Job<'_>, &[i64], &mut [Option<End>]),
    (cell, wanted): (V, V),
    (row, column): (usize, usize),
) {
    let (cell, wanted) = (cell.array(), wanted.array());
    let lanes = cell.as_ref().iter().zip(wanted.as_ref());
    for (lane, (&cell, &wanted)) in lanes.take(found.len()).enumerate() {
        let first = found[lane].is_none_or(|end| (row, column) < (end.row, end.column));
        if cell.into() == wanted.into() && first && column <= job.batch.lanes[lane].end() {
            let score = scores[lane];
            found[lane] = Some(End { score, row, column });
        }
    }
}

impl<V: Lanes, const LOCAL: bool> Watch<V, LOCAL, STEP> for Ends<'_, V> {
    type Band<'b>
        = BandEnds<'b, V, LOCAL>
    where
        Self: 'b;

    #[inline(always)]
    fn tile(&mut self, sweep: &Sweep<'_, V, LOCAL, STEP>, tile: usize) {
        self.first = tile;
        if LOCAL {
            let back = sweep.shift.column * count(tile) + sweep.job.frame.bias;
            let wanted = |band| {
                let lanes = self.scores.iter().zip(sweep.corners(band));
                sweep.fit(lanes.map(|(score, corner)| score - corner + back))
            };
            self.wanted = (0..sweep.bands()).map(wanted).collect();
        }
    }

    #[inline(always)]
    fn band<'b>(&'b mut self, number: usize, shifts: &[V; STEP]) -> BandEnds<'b, V, LOCAL> {
        BandEnds {
            wanted: self.wanted.get(number).copied(),
            shifts: *shifts,
            place: (number * self.job.frame.rows + 1, self.first + 1),
            report: (self.job, self.scores, &mut self.found),
        }
    }

    #[inline(always)]
    fn step(
        &mut self,
        sweep: &Sweep<'_, V, LOCAL, STEP>,
        (tile, first): (usize, usize),
        row: &[V; STEP],
        left: V,
    ) {
        self.first = first + STEP;
        if LOCAL {
            return;
        }
        self.row.step((tile, first), left, row[STEP - 1]);
        let back = self.row.back(sweep.shift, tile);
        let plain = |(lane, score): (usize, &i64)| score - back(lane);
        let wanted = sweep.fit(self.scores.iter().enumerate().map(plain));
        for (c, cell) in row.iter().enumerate() {
            let plain = cell.sub(sweep.column_shift(first - tile + c + 1));
            if plain.meets(wanted) {
                let report = (self.job, self.scores, self.found.as_mut_slice());
                note(
                    report,
                    (plain, wanted),
                    (self.job.query.len(), first + c + 1),
                );
            }
        }
    }

    #[inline(always)]
    fn tile_done(&mut self, _: &Sweep<'_, V, LOCAL, STEP>, _: usize) {
        self.row.tile_done();
    }
}

/// Looks at the cells of one band (local mode).
struct BandEnds<'a, V, const LOCAL: bool> {
    wanted: Option<V>,
    shifts: [V; STEP],
    /// The row that comes next, and the first column: residues before and in
    /// them.
    place: (usize, usize),
    report: (&'a Job<'a>, &'a [i64], &'a mut [Option<End>]),
}

impl<V: Lanes, const LOCAL: bool> Cells<V> for BandEnds<'_, V, LOCAL> {
    #[inline(always)]
    fn see(&mut self, column: usize, cell: &Cell<V>) {
        if !LOCAL {
            return;
        }
        let (row, first) = self.place;
        if let Some(wanted) = self.wanted {
            let plain = cell.h.sub(self.shifts[column]);
            if plain.meets(wanted) {
                let (job, scores, found) = &mut self.report;
                note((job, scores, found), (plain, wanted), (row, first + column));
            }
        }
        if column == STEP - 1 {
            self.place.0 += 1;
        }
    }

    #[inline(always)]
    fn done(self) {}
}
