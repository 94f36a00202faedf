//! Which integers hold every number of a batch: the proof that a kernel is
//! exact.
//!
//! A kernel adds and takes maxima, nothing else. If every sum it forms lies
//! in `[low, high]` when computed without limits, and `high − low` fits the
//! lanes, then adding one `bias` to all numbers (so that `low` becomes the
//! smallest lane value) makes lane arithmetic and true arithmetic agree: no
//! sum wraps, and maxima compare true values.
//!
//! # Two forms
//! *Plain* keeps `H`, `D` and `I` as the crate's front page writes them.
//!
//! *Shifted* keeps `H' = H + e·(i + j)` with `e = −extend ≥ 0`, and `D'`,
//! `I'` alike. Then extending a gap adds nothing, and a cell is two additions
//! and four maxima instead of four and four:
//!
//! ```text
//! D'[i][j] = max(D'[i][j-1], H'[i][j-1] + open + e)
//! I'[i][j] = max(I'[i-1][j], H'[i-1][j] + open + e)
//! H'[i][j] = max(H'[i-1][j-1] + pair + 2e, D'[i][j], I'[i][j])
//! ```
//!
//! # The bounds
//! For `1 ≤ i ≤ m`, `1 ≤ j ≤ n`; `n` counts padding, whose pair score `pad`
//! is one of the pair scores below. `o = open + e ≤ 0`, and `worst` is the
//! smallest pair score, padding included.
//!
//! - An alignment of `i` with `j` residues has at most `min(i, j)` pairs, and
//!   gaps are worth at most 0: `H ≤ match·min(m, n)` in every mode.
//! - In global mode the gaps hold at least `|i − j|` residues, so
//!   `H ≤ match·min(i, j) + gap(|i − j|)`, and since `gap(k) ≤ −e·k` this
//!   gives `H' ≤ (match + 2e)·min(m, n)`. In semi-global mode only
//!   `H' ≤ match·min(m, n) + e·(m + n)` holds.
//! - One gap in each sequence is an alignment: in global mode
//!   `H ≥ gap(i) + gap(j)`, that is `H' ≥ 2o`; in semi-global mode the query
//!   in one gap gives `H ≥ gap(m)` and `H' ≥ o`. Local mode has `H ≥ 0`.
//! - `D` and `I` are worth at least some `H` plus `open` (shifted: plus `o`)
//!   and at most `H`. Before they enter a maximum they may have been extended
//!   once, or a pair may have been added: the smallest sum is `low(H)` plus
//!   `open + extend` or `worst` (shifted: plus `o` or `worst + 2e`).
//! - The edges begin with `D = I = H + open` (shifted: `+ o`) where the
//!   recurrence has minus infinity: extending that is never better than
//!   opening from the same `H`, so no value changes.
//! - The running best of a semi-global batch is kept unshifted and lies in
//!   `[gap(m), match·min(m, n)]`; shifting back passes through no other value.

use super::tile::COLUMNS;
use crate::scoring::{Mode, Scoring};

/// How wide a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    I16,
    I32,
    I64,
}

/// How a batch is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) width: Width,
    pub(super) shifted: bool,
    /// What true 0 is in a lane.
    pub(super) bias: i64,
}

/// The score of any residue against padding: a pair score so small that local
/// alignments never gain from it.
pub(super) fn pad(scoring: &Scoring) -> i64 {
    scoring.mismatch().min(scoring.wildcard()).min(0)
}

/// The form for a query of `m` and targets of up to `n` residues (both at
/// least 1) in lanes of this width; `None` when the numbers do not fit.
pub(super) fn fit(scoring: &Scoring, width: Width, m: usize, n: usize) -> Option<Form> {
    let (floor, ceiling) = match width {
        Width::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Width::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Width::I64 => return Some(widest(scoring)),
    };
    let forms: &[bool] = match scoring.mode() {
        Mode::Global => &[true],
        Mode::SemiGlobal => &[true, false],
        Mode::Local => &[false],
    };
    forms.iter().find_map(|&shifted| {
        let (low, high) = range(scoring, shifted, m, n)?;
        let bias = floor - low;
        (high + bias <= ceiling).then_some(Form {
            width,
            shifted,
            bias,
        })
    })
}

/// 64-bit lanes hold everything: with [`Scoring::CAP`] even sequences of four
/// billion residues stay below 2⁵³.
pub(super) fn widest(scoring: &Scoring) -> Form {
    Form {
        width: Width::I64,
        shifted: scoring.mode() != Mode::Local,
        bias: 0,
    }
}

/// The smallest and the largest number a batch can meet, see the module.
fn range(scoring: &Scoring, shifted: bool, m: usize, n: usize) -> Option<(i64, i64)> {
    let padded = n.checked_next_multiple_of(COLUMNS)?;
    let shorter = i64::try_from(m.min(padded)).ok()?;
    let both = i64::try_from(m.checked_add(padded)?).ok()?;
    let (open, extend) = (scoring.gap_open(), scoring.gap_extend());
    let worst = pad(scoring).min(scoring.mismatch()).min(scoring.wildcard());
    let pairs = scoring.match_score() * shorter;
    let o = open - extend;
    let (lowest, highest) = match (scoring.mode(), shifted) {
        (Mode::Local, _) => (0, pairs),
        (Mode::Global, true) => (2 * o, pairs - 2 * extend * shorter),
        (Mode::SemiGlobal, true) => (o, pairs - extend * both),
        (Mode::Global, false) => (scoring.gap(m) + scoring.gap(padded), pairs),
        (Mode::SemiGlobal, false) => (scoring.gap(m), pairs),
    };
    let step = if shifted {
        o.min(worst - 2 * extend)
    } else {
        (open + extend).min(worst)
    };
    let mut low = lowest + step.min(0);
    if scoring.mode() == Mode::SemiGlobal {
        low = low.min(scoring.gap(m));
    }
    Some((low, highest.max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scoring(mode: Mode) -> Scoring {
        Scoring::new(mode, 20, -15, -15, -80, -4).unwrap()
    }

    #[test]
    fn ordinary_rna_fits_sixteen_bits() {
        for mode in Mode::ALL {
            let form = fit(&scoring(mode), Width::I16, 300, 125_580).unwrap();
            assert_eq!(form.shifted, mode == Mode::Global, "{mode}");
            let form = fit(&scoring(mode), Width::I16, 300, 2_000).unwrap();
            assert_eq!(form.shifted, mode != Mode::Local, "{mode}");
            assert_eq!(
                fit(&scoring(mode), Width::I16, 4_640, 125_580),
                None,
                "{mode}"
            );
            assert!(
                fit(&scoring(mode), Width::I32, 4_640, 125_580).is_some(),
                "{mode}"
            );
        }
    }

    #[test]
    fn extreme_numbers_need_more() {
        for mode in Mode::ALL {
            let cap = Scoring::CAP;
            let scoring = Scoring::new(mode, cap, -cap, -cap, -cap, -cap).unwrap();
            assert_eq!(fit(&scoring, Width::I16, 1, 1), None);
            assert_eq!(fit(&scoring, Width::I32, 5_000, 5_000), None);
        }
    }
}
