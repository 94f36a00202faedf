//! The loop all kernels share, written once over [`Lanes`].
//!
//! A tile is [`COLUMNS`] columns of the matrix, the whole query high. It is
//! walked from top to bottom, one row of cells at a time:
//!
//! ```text
//!                     targets (one a lane) ->
//!            column       c=0    c=1    c=2    c=3
//!            edge       +------+------+------+------+
//!  query     h[i-1] --> |      |      |      |      |
//!    |                  +--|---+--|---+--|---+--|---+
//!    v                     v up[] v      v      v       up, gap_i: registers, one a column
//!            h[i],d[i]->| cell>| cell>| cell>| cell>|-> h[i], d[i] of the next tile
//!                       +------+------+------+------+
//! ```
//!
//! `h[]` and `d[]` hold the column left of the tile and are overwritten by
//! its last column, so the memory traffic of a column of cells is shared by
//! all of the tile. The cells of a row depend on each other from left to
//! right, but a row's first cells need not wait for the last ones of the row
//! above: the processor overlaps rows by itself.
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
//! [`super::bounds::pad`]), a gap adds at most 0, and the floor is the empty
//! alignment's 0, with which the best begins.

use super::bounds::{self, Form};
use super::lanes::Lanes;
use crate::scoring::{Mode, Scoring};
use kgl_seq::alphabet::WILDCARD;

/// Columns of a tile. Four columns keep `up`, `gap_i` and the constants in
/// the sixteen registers of AVX2.
pub(super) const COLUMNS: usize = 4;

/// Columns whose letters are turned round at a time, a multiple of
/// [`COLUMNS`]: few enough to stay in the first cache.
const BLOCK: usize = 256;

/// The code of columns behind the end of a target.
const PAD: u8 = WILDCARD + 1;

/// Codes of the query: four residues and the wildcard.
const CODES: usize = WILDCARD as usize + 1;

/// One batch: a query of at least one residue, and targets of at least one
/// residue each, sorted by length, no more than there are lanes.
pub(super) struct Job<'a> {
    pub(super) scoring: &'a Scoring,
    pub(super) form: Form,
    pub(super) query: &'a [u8],
    pub(super) batch: &'a [&'a [u8]],
}

/// Scores a batch: one score a target.
#[inline(always)]
pub(super) fn score<V: Lanes>(token: V::Token, job: &Job<'_>) -> Vec<i64> {
    match (job.scoring.mode(), job.form.shifted) {
        (Mode::Local, _) => sweep::<V, false, true>(token, job),
        (_, true) => sweep::<V, true, false>(token, job),
        (_, false) => sweep::<V, false, false>(token, job),
    }
}

/// The numbers of the recurrence in every lane.
struct Constants<V> {
    open: V,
    extend: V,
    floor: V,
    match_: V,
    mismatch: V,
    wildcard: V,
    pad: V,
    is_wildcard: V,
    is_pad: V,
    residues: [V; 4],
}

/// The pair scores of a tile: for every code of the query, one vector a
/// column.
type Profile<V> = [[V; COLUMNS]; CODES];

#[inline(always)]
fn sweep<V: Lanes, const SHIFTED: bool, const LOCAL: bool>(
    token: V::Token,
    job: &Job<'_>,
) -> Vec<i64> {
    let Job {
        scoring,
        form,
        query,
        batch,
    } = *job;
    let mode = scoring.mode();
    let bias = form.bias;
    let shift = if SHIFTED { -scoring.gap_extend() } else { 0 };
    let splat = |value: i64| V::splat(token, value);
    let open = scoring.gap_open() + shift;
    let constants = Constants {
        open: splat(open),
        extend: splat(scoring.gap_extend()),
        floor: splat(bias),
        match_: splat(scoring.match_score() + 2 * shift),
        mismatch: splat(scoring.mismatch() + 2 * shift),
        wildcard: splat(scoring.wildcard() + 2 * shift),
        pad: splat(bounds::pad(scoring) + 2 * shift),
        is_wildcard: splat(WILDCARD.into()),
        is_pad: splat(PAD.into()),
        residues: [0, 1, 2, 3].map(splat),
    };
    // The edges, in the form's terms.
    let steps = |k: usize| i64::try_from(k).unwrap_or(i64::MAX / 4);
    let edge = |free: bool, k: usize| {
        let plain = if free { 0 } else { scoring.gap(k) };
        bias + plain + shift * steps(k)
    };
    let left = |i: usize| splat(edge(LOCAL, i));
    let top = |j: usize| splat(edge(mode != Mode::Global, j));

    let m = query.len();
    let mut h: Vec<V> = (0..=m).map(left).collect();
    let mut d: Vec<V> = h[1..].iter().map(|cell| cell.add(constants.open)).collect();
    let rows: Vec<u8> = query.iter().map(|&code| code.min(WILDCARD)).collect();
    let columns = batch.iter().map(|target| target.len()).max().unwrap_or(0);

    let mut best = match mode {
        Mode::SemiGlobal => splat(bias + scoring.gap(m)),
        Mode::Global | Mode::Local => constants.floor,
    };
    let mut scores = vec![0; batch.len()];
    let mut ended = 0;
    let mut block = vec![PAD; BLOCK * V::COUNT];
    let mut profile: Profile<V> = [[constants.floor; COLUMNS]; CODES];
    let mut letters = [constants.floor; COLUMNS];
    for first in (0..columns).step_by(COLUMNS) {
        if first % BLOCK == 0 {
            turn_block(&mut block, batch, first, V::COUNT);
        }
        for (c, letter) in letters.iter_mut().enumerate() {
            let start = (first % BLOCK + c) * V::COUNT;
            *letter = V::from_codes(token, &block[start..start + V::COUNT]);
            look_up(*letter, c, &mut profile, &constants);
        }
        let mut up: [V; COLUMNS] = std::array::from_fn(|c| top(first + c + 1));
        let corner = up[COLUMNS - 1];
        let peak =
            walk_rows::<V, SHIFTED, LOCAL>(&rows, &profile, &mut h, &mut d, &mut up, &constants);
        h[0] = corner;
        match mode {
            Mode::Local => best = best.max(peak),
            Mode::SemiGlobal => {
                for c in 0..COLUMNS {
                    let back = splat(-shift * steps(m + first + c + 1));
                    let cell = letters[c].select(constants.is_pad, best, up[c].add(back));
                    best = best.max(cell);
                }
            }
            Mode::Global => {
                while let Some(target) = batch.get(ended) {
                    let n = target.len();
                    if n > first + COLUMNS {
                        break;
                    }
                    let cell = up[n - 1 - first].get(ended);
                    scores[ended] = cell - bias - shift * steps(m + n);
                    ended += 1;
                }
            }
        }
    }
    if mode != Mode::Global {
        for (lane, score) in scores.iter_mut().enumerate() {
            *score = best.get(lane) - bias;
        }
    }
    scores
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

/// Writes what the letters of column `c` are worth against every code.
#[inline(always)]
fn look_up<V: Lanes>(letter: V, c: usize, profile: &mut Profile<V>, constants: &Constants<V>) {
    let Constants {
        mismatch,
        match_,
        wildcard,
        pad,
        is_wildcard,
        is_pad,
        ..
    } = *constants;
    let unknown = letter.select(is_pad, pad, wildcard);
    let unequal = letter.select(is_wildcard, wildcard, letter.select(is_pad, pad, mismatch));
    for (code, row) in profile.iter_mut().enumerate() {
        row[c] = match constants.residues.get(code) {
            Some(&residue) => letter.select(residue, match_, unequal),
            None => unknown,
        };
    }
}

/// Walks one tile from top to bottom. On the way in, `h` and `d` are the
/// column left of the tile and `up` its row above; on the way out, `h` and
/// `d` are its last column (but for `h[0]`) and `up` its last row. Gives the
/// best cell where the mode is local.
#[inline(always)]
fn walk_rows<V: Lanes, const SHIFTED: bool, const LOCAL: bool>(
    rows: &[u8],
    profile: &Profile<V>,
    h: &mut [V],
    d: &mut [V],
    up: &mut [V; COLUMNS],
    constants: &Constants<V>,
) -> V {
    let Constants {
        open,
        extend,
        floor,
        ..
    } = *constants;
    let mut peak = floor;
    let mut above = *up;
    let mut opened = above.map(|cell| cell.add(open));
    let mut gap_i = opened;
    let mut corner = h[0];
    for ((&code, h), d) in rows.iter().zip(&mut h[1..]).zip(d) {
        let pairs = &profile[usize::from(code.min(WILDCARD))];
        let mut diagonal = corner;
        corner = *h;
        let mut gap_d = *d;
        let mut before = corner.add(open);
        let mut cell = corner;
        for c in 0..COLUMNS {
            if !SHIFTED {
                gap_d = gap_d.add(extend);
                gap_i[c] = gap_i[c].add(extend);
            }
            gap_d = gap_d.max(before);
            gap_i[c] = gap_i[c].max(opened[c]);
            cell = diagonal.add(pairs[c]).max(gap_i[c]);
            if LOCAL {
                cell = cell.max(floor);
            }
            cell = cell.max(gap_d);
            if LOCAL {
                peak = peak.max(cell);
            }
            before = cell.add(open);
            opened[c] = before;
            diagonal = above[c];
            above[c] = cell;
        }
        *h = cell;
        *d = gap_d;
    }
    *up = above;
    peak
}
