//! The oracle: Gotoh's recurrence, cell by cell, in 64-bit integers.
//!
//! It is written to be believed rather than to be fast; every other path in
//! this crate is held equal to it. The crate's front page has the drawing.

use crate::scoring::{Mode, Scoring};

/// A score that no path has. Low enough never to win, and far enough from
/// `i64::MIN` to survive having gap scores added to it.
pub(crate) const UNREACHABLE: i64 = i64::MIN / 2;

/// `H` in the row above the first residue of the query, target position `j`.
pub(crate) fn top(scoring: &Scoring, j: usize) -> i64 {
    match scoring.mode() {
        Mode::Global => scoring.gap(j),
        Mode::Local | Mode::SemiGlobal => 0,
    }
}

/// `H` in the column before the first residue of the target, query position `i`.
pub(crate) fn left(scoring: &Scoring, i: usize) -> i64 {
    match scoring.mode() {
        Mode::Global | Mode::SemiGlobal => scoring.gap(i),
        Mode::Local => 0,
    }
}

/// The score of the best alignment of `query` (codes, any length) with
/// `target` (codes, any length) in the scoring's mode; at least 0 in local
/// mode. Time is the product of the lengths, memory two rows.
///
/// Gotoh (1982), "An improved algorithm for matching biological sequences".
#[must_use]
pub fn score(query: &[u8], target: &[u8], scoring: &Scoring) -> i64 {
    let (open, extend) = (scoring.gap_open(), scoring.gap_extend());
    // One row of H and one of I, overwritten from left to right.
    let mut h: Vec<i64> = (0..=target.len()).map(|j| top(scoring, j)).collect();
    let mut gap_i = vec![UNREACHABLE; target.len() + 1];
    let mut best_cell = 0;
    for (row, &residue) in query.iter().enumerate() {
        let mut diagonal = h[0];
        let mut gap_d = UNREACHABLE;
        h[0] = left(scoring, row + 1);
        for (column, &other) in target.iter().enumerate() {
            let j = column + 1;
            gap_i[j] = (h[j] + open).max(gap_i[j] + extend);
            gap_d = (h[j - 1] + open).max(gap_d + extend);
            let mut cell = (diagonal + scoring.pair(residue, other))
                .max(gap_d)
                .max(gap_i[j]);
            if scoring.mode() == Mode::Local {
                cell = cell.max(0);
            }
            diagonal = h[j];
            h[j] = cell;
            best_cell = best_cell.max(cell);
        }
    }
    match scoring.mode() {
        Mode::Global => h[target.len()],
        Mode::Local => best_cell,
        Mode::SemiGlobal => h.into_iter().max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_seq::alphabet::encode;

    fn run(mode: Mode, query: &str, target: &str) -> i64 {
        let scoring = Scoring::new(mode, 2, -3, -3, -5, -2).unwrap();
        score(&encode(query).unwrap(), &encode(target).unwrap(), &scoring)
    }

    #[test]
    fn cases_small_enough_to_do_by_hand() {
        use Mode::{Global, Local, SemiGlobal};
        for (mode, query, target, expected) in [
            (Global, "", "", 0),
            (Global, "", "ACG", -9),
            (Global, "ACG", "", -9),
            (Global, "ACGU", "ACGU", 8),
            (Global, "ACGU", "AGGU", 3),
            (Global, "ACGU", "AU", 4 - 7),
            (Global, "AAAA", "CCCC", -12),
            (Local, "", "ACG", 0),
            (Local, "AAAA", "CCCC", 0),
            (Local, "CCACGUCC", "GGACGUGG", 8),
            (Local, "AAAAAACCCCCC", "AAAAAAGCCCCCC", 24 - 5),
            (SemiGlobal, "ACG", "", -9),
            (SemiGlobal, "", "ACG", 0),
            (SemiGlobal, "ACGU", "GGGACGUGGG", 8),
            (SemiGlobal, "ACGU", "GGGACUGGG", 6 - 5),
            (SemiGlobal, "AAAA", "CC", -11),
            (Global, "NNNN", "NNNN", -12),
        ] {
            assert_eq!(
                run(mode, query, target),
                expected,
                "{mode} {query} {target}"
            );
        }
    }
}
