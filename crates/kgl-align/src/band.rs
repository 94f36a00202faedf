//! The canonical alignment within a band that provably holds it.
//!
//! Who knows the score knows where the alignment can be. The closer the score
//! comes to the most that the lengths allow, the fewer diagonals are left; of
//! near relatives only a narrow band is filled.
//!
//! # The certificate
//! Let an alignment of `m` with `n` residues score `S`, and let no pair be
//! worth more than `a > 0`. Gaps are worth at most nothing, so it has at least
//! `P = ⌈S / a⌉` pairs. Take any cell `(i, j)` that it visits, with `p` of its
//! pairs behind and `q` before it: `p + q ≥ P`. The pairs behind need as many
//! residues of either sequence, so `i ≥ p` and `j ≥ p`; those before it
//! likewise, so `m − i ≥ q` and `n − j ≥ q`. Hence
//!
//! ```text
//! P − m  ≤  p + q − m  ≤  j − i  ≤  n − q − p  ≤  n − P
//! ```
//!
//! A global alignment begins on diagonal 0 and ends on diagonal `n − m`. One
//! that visits diagonal `k` beyond both has a gap of at least `k` residues in
//! one direction and of `k − (n − m)` in the other (`k > 0`; with the signs
//! turned round below), and as many residues of the query as the latter has
//! are not in pairs: `S ≤ a·(m − (k − (n − m))) + gap(k) + gap(k − (n − m))`,
//! for several gaps are worth no more than one as long as all of them. The
//! right side falls with `k`.
//!
//! # Why the walk is the same
//! Every alignment of the best score lies in the band, not just the canonical
//! one. A cell that one of them visits has its true value although the cells
//! outside are taken as unreachable: the best way there, continued as that
//! alignment goes on, is an alignment of the best score, hence in the band as
//! well. All other cells have at most their true value. So on the canonical
//! walk, each of the comparisons that decide where to go comes out as it would
//! in the whole matrix: both sides are true, or the one that is not could not
//! have won.

use crate::alignment::Alignment;
use crate::scalar::{UNREACHABLE, left, top};
use crate::scoring::{Mode, Scoring};
use crate::traceback::{End, STOP, Walk, came_from, finish, opens};

/// Diagonals, `target position − query position`: from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    low: isize,
    high: isize,
}

impl Band {
    /// The diagonals that alignments of `m` with `n` residues can visit if
    /// they score `score`, the best score there is; no band where no alignment
    /// can score so much.
    #[must_use]
    pub fn certain(m: usize, n: usize, scoring: &Scoring, score: i64) -> Option<Band> {
        // No pair is worth more: `Scoring` sees to it.
        let most = scoring.match_score();
        let (m, n) = (m.cast_signed(), n.cast_signed());
        let pairs = if score > 0 {
            isize::try_from((score + most - 1) / most).ok()?
        } else {
            0
        };
        if pairs > m.min(n) {
            return None;
        }
        let mut band = Band {
            low: pairs - m,
            high: n - pairs,
        };
        if scoring.mode() == Mode::Global {
            // How far beyond both ends' diagonals a way of this score may go.
            let apart = n - m;
            let worth = |there: isize, back: isize, unpaired: isize| {
                let gaps = [there, back].map(|k| scoring.gap(k.unsigned_abs()));
                let pairs = i64::try_from(m - unpaired).unwrap_or(i64::MAX);
                most.saturating_mul(pairs) + gaps[0] + gaps[1]
            };
            let above = |k: isize| worth(k, k - apart, k - apart) >= score;
            let below = |k: isize| worth(-k, apart - k, -k) >= score;
            let (lowest, highest) = (apart.min(0), apart.max(0));
            band.high = last_that(highest, band.high.max(highest), above);
            band.low = -last_that(-lowest, (-band.low).max(-lowest), |k| below(-k));
        }
        Some(band)
    }

    /// How many diagonals there are.
    #[must_use]
    pub fn width(&self) -> usize {
        (self.high - self.low + 1).unsigned_abs()
    }
}

/// The largest number from `first` to `last` that `holds`, which holds for the
/// numbers up to some number; `first` if none does.
fn last_that(first: isize, last: isize, holds: impl Fn(isize) -> bool) -> isize {
    let (mut yes, mut no) = (first, last + 1);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    yes
}

/// The canonical alignment of `query` with `target` (codes), whose best score
/// is `score`, filling no more than `band`. Holds a byte for each residue of
/// the query and diagonal.
///
/// `band` must be [`Band::certain`]'s for the true score. From a score that is
/// not the true one comes an alignment, but not the canonical one of the best.
#[must_use]
pub fn align_in(query: &[u8], target: &[u8], scoring: &Scoring, band: Band) -> Alignment {
    let (open, extend) = (scoring.gap_open(), scoring.gap_extend());
    let local = scoring.mode() == Mode::Local;
    let floor = if local { 0 } else { i64::MIN };
    let (m, n) = (query.len(), target.len());
    let width = band.width();
    // Cell (i, j) is at `j − i − low`; so the cell above is one to the right
    // in the row above, and the diagonal one at the same place.
    let at = |i: usize, j: usize| j.cast_signed() - i.cast_signed() - band.low;
    let columns = |i: usize| {
        let shifted = |diagonal: isize| i.cast_signed() + diagonal;
        let from = shifted(band.low).max(0).unsigned_abs();
        let to = (shifted(band.high) + 1).max(0).unsigned_abs();
        from..to.min(n + 1)
    };
    let mut h = vec![UNREACHABLE; width + 1];
    let mut gap_i = vec![UNREACHABLE; width + 1];
    for j in columns(0) {
        h[at(0, j).unsigned_abs()] = top(scoring, j);
    }
    let mut end = End {
        score: 0,
        row: 0,
        column: 0,
    };
    let mut bytes = vec![0_u8; m * width];
    for (i, (&residue, bytes)) in (1..).zip(query.iter().zip(bytes.chunks_exact_mut(width))) {
        let pairs: [i64; 5] = [0, 1, 2, 3, 4].map(|other| scoring.pair(residue, other));
        let mut before = UNREACHABLE;
        let mut gap_d = UNREACHABLE;
        let mut row = columns(i);
        if row.start == 0 && !row.is_empty() {
            before = left(scoring, i);
            let place = at(i, 0).unsigned_abs();
            (h[place], gap_i[place]) = (before, UNREACHABLE);
            row.start = 1;
        }
        for j in row {
            let place = at(i, j).unsigned_abs();
            let (i_opened, i_extended) = (h[place + 1] + open, gap_i[place + 1] + extend);
            let (d_opened, d_extended) = (before + open, gap_d + extend);
            let gap_up = i_opened.max(i_extended);
            gap_d = d_opened.max(d_extended);
            let matched = h[place] + pairs[usize::from(target[j - 1].min(4))];
            let cell = matched.max(gap_d).max(gap_up).max(floor);
            let from = came_from(cell, floor, matched, gap_d);
            bytes[place] = from | opens((gap_d, d_opened), (gap_up, i_opened));
            (h[place], gap_i[place]) = (cell, gap_up);
            before = cell;
            if local && cell > end.score {
                (end.score, end.row, end.column) = (cell, i, j);
            }
        }
        // The place right of the band is nobody's.
        (h[width], gap_i[width]) = (UNREACHABLE, UNREACHABLE);
    }
    if !local {
        let last = match scoring.mode() {
            Mode::Global => n..n + 1,
            _ => columns(m),
        };
        let cell = |j: usize| {
            h.get(at(m, j).unsigned_abs())
                .copied()
                .unwrap_or(UNREACHABLE)
        };
        let first = last.start;
        end = End {
            score: cell(first),
            row: m,
            column: first,
        };
        for column in last {
            if cell(column) > end.score {
                (end.score, end.column) = (cell(column), column);
            }
        }
    }
    let mut walk = Walk::from_end(&end);
    walk.go((query, target), (0, 0), |row, column| {
        // Outside of the band there is nothing but an end: a walk gets there
        // only from a score that is not the true one.
        let place = usize::try_from(at(row, column))
            .ok()
            .filter(|&place| place < width);
        place.map_or(STOP, |place| bytes[(row - 1) * width + place])
    });
    finish(walk, &end, scoring.mode())
}
