//! The textbook once more: three full matrices and the walk back through
//! them, with every rule of the canonical alignment spelled out. It shares no
//! code with kgl-align but the scoring and the types of the result, and keeps
//! all it computes, so it is for short sequences.

use kgl_align::{Alignment, Cigar, Mode, Op, Scoring, is_match};

const UNREACHABLE: i64 = i64::MIN / 2;

/// The matrices of Gotoh's recurrence, one row a query position.
struct Matrices {
    h: Vec<Vec<i64>>,
    d: Vec<Vec<i64>>,
    i: Vec<Vec<i64>>,
}

fn fill(query: &[u8], target: &[u8], scoring: &Scoring) -> Matrices {
    let blank = vec![vec![UNREACHABLE; target.len() + 1]; query.len() + 1];
    let mut all = Matrices {
        h: blank.clone(),
        d: blank.clone(),
        i: blank,
    };
    let (open, extend) = (scoring.gap_open(), scoring.gap_extend());
    for row in 0..=query.len() {
        for column in 0..=target.len() {
            if row > 0 {
                let (opened, extended) = (
                    all.h[row - 1][column] + open,
                    all.i[row - 1][column] + extend,
                );
                all.i[row][column] = opened.max(extended);
            }
            if column > 0 {
                let (opened, extended) = (
                    all.h[row][column - 1] + open,
                    all.d[row][column - 1] + extend,
                );
                all.d[row][column] = opened.max(extended);
            }
            let mut best = all.i[row][column].max(all.d[row][column]);
            if row > 0 && column > 0 {
                let pair = scoring.pair(query[row - 1], target[column - 1]);
                best = best.max(all.h[row - 1][column - 1] + pair);
            }
            let free = match scoring.mode() {
                Mode::Global => row == 0 && column == 0,
                Mode::SemiGlobal => row == 0,
                Mode::Local => true,
            };
            all.h[row][column] = if free { best.max(0) } else { best };
        }
    }
    all
}

/// The canonical alignment, by the rules in [`kgl_align::traceback`].
#[must_use]
pub fn align(query: &[u8], target: &[u8], scoring: &Scoring) -> Alignment {
    let all = fill(query, target, scoring);
    let (m, n) = (query.len(), target.len());
    let mut end = (m, n);
    let candidates: Vec<(usize, usize)> = match scoring.mode() {
        Mode::Global => vec![end],
        Mode::SemiGlobal => (0..=n).map(|column| (m, column)).collect(),
        Mode::Local => (0..=m)
            .flat_map(|row| (0..=n).map(move |column| (row, column)))
            .collect(),
    };
    let mut score = UNREACHABLE;
    for (row, column) in candidates {
        if all.h[row][column] > score {
            score = all.h[row][column];
            end = (row, column);
        }
    }
    let (mut row, mut column) = end;
    let mut columns = Vec::new();
    let mut gap = None;
    loop {
        let cell = all.h[row][column];
        if gap.is_none() {
            let over = match scoring.mode() {
                Mode::Global => row == 0 && column == 0,
                Mode::SemiGlobal => row == 0,
                Mode::Local => cell == 0,
            };
            if over {
                break;
            }
            if row > 0 && column > 0 {
                let (a, b) = (query[row - 1], target[column - 1]);
                if cell == all.h[row - 1][column - 1] + scoring.pair(a, b) {
                    columns.push(if is_match(a, b) {
                        Op::Match
                    } else {
                        Op::Mismatch
                    });
                    (row, column) = (row - 1, column - 1);
                    continue;
                }
            }
        }
        let deletion = match gap {
            Some(op) => op == Op::Deletion,
            None => column > 0 && cell == all.d[row][column],
        };
        let (value, opened) = if deletion {
            column -= 1;
            (
                all.d[row][column + 1],
                all.h[row][column] + scoring.gap_open(),
            )
        } else {
            row -= 1;
            (
                all.i[row + 1][column],
                all.h[row][column] + scoring.gap_open(),
            )
        };
        let op = if deletion {
            Op::Deletion
        } else {
            Op::Insertion
        };
        columns.push(op);
        gap = if value == opened { None } else { Some(op) };
    }
    let mut cigar = Cigar::new();
    columns.into_iter().rev().for_each(|op| cigar.push(1, op));
    let span = |from: usize, to: usize| from as u32..to as u32;
    Alignment {
        score,
        matches: cigar.matches(),
        columns: cigar.len(),
        query_span: span(row, end.0),
        target_span: span(column, end.1),
        cigar,
    }
}
