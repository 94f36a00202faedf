//! What the letters of a step are worth against every code of a query.

use super::frame::{self, Shift};
use super::lanes::Lanes;
use super::layout::Batch;
use super::letters::{Letters, PAD};
use crate::scoring::Scoring;
use kgl_seq::alphabet::WILDCARD;

/// Codes of the query: four residues and the wildcard.
const CODES: usize = WILDCARD as usize + 1;

/// The scores of pairs in every lane, shifted by a row and a column.
#[derive(Clone, Copy)]
pub(super) struct Pairs<V> {
    match_: V,
    mismatch: V,
    wildcard: V,
    pad: V,
    is_wildcard: V,
    pub(super) is_pad: V,
    residues: [V; 4],
}

impl<V: Lanes> Pairs<V> {
    #[inline(always)]
    pub(super) fn of(token: V::Token, scoring: &Scoring, shift: Shift) -> Pairs<V> {
        let splat = |value: i64| V::splat(token, value);
        let pair = |value: i64| splat(value + shift.row + shift.column);
        Pairs {
            match_: pair(scoring.match_score()),
            mismatch: pair(scoring.mismatch()),
            wildcard: pair(scoring.wildcard()),
            pad: pair(frame::pad(scoring)),
            is_wildcard: splat(WILDCARD.into()),
            is_pad: splat(PAD.into()),
            residues: [0, 1, 2, 3].map(splat),
        }
    }
}

/// For every code of the query, one vector a column.
pub(super) type Scores<V, const S: usize> = [[V; S]; CODES];

/// The pair scores of a step of `S` columns.
pub(super) struct Profile<V, const S: usize> {
    pub(super) worth: Pairs<V>,
    /// The letters of the step.
    pub(super) letters: [V; S],
    pairs: Scores<V, S>,
    texts: Letters,
}

impl<V: Lanes, const S: usize> Profile<V, S> {
    /// A profile of no step yet.
    #[inline(always)]
    pub(super) fn new(token: V::Token, worth: Pairs<V>) -> Profile<V, S> {
        let zero = V::splat(token, 0);
        Profile {
            worth,
            letters: [zero; S],
            pairs: [[zero; S]; CODES],
            texts: Letters::new(V::COUNT),
        }
    }

    /// Looks up the step behind column `first`.
    #[inline(always)]
    pub(super) fn look_up(&mut self, token: V::Token, batch: &Batch<'_>, first: usize) {
        let Pairs {
            match_,
            mismatch,
            wildcard,
            pad,
            is_wildcard,
            is_pad,
            residues,
        } = self.worth;
        let columns = self.texts.columns(batch, first);
        for (c, codes) in columns.take(S).enumerate() {
            let letter = V::from_codes(token, &codes[..V::COUNT]);
            let unknown = letter.select(is_pad, pad, wildcard);
            let unequal =
                letter.select(is_wildcard, wildcard, letter.select(is_pad, pad, mismatch));
            for (row, residue) in self.pairs.iter_mut().zip(residues) {
                row[c] = letter.select(residue, match_, unequal);
            }
            self.pairs[CODES - 1][c] = unknown;
            self.letters[c] = letter;
        }
    }

    /// What the step's columns are worth against a code of the query.
    #[inline(always)]
    pub(super) fn pairs(&self, code: u8) -> &[V; S] {
        Self::row(&self.pairs, code)
    }

    /// What every pair score lacks of its column's floor.
    // Loops, not closures: a closure that is not inlined has lost the path's
    // instructions.
    #[inline(always)]
    pub(super) fn below(&self, floors: &[V; S]) -> Scores<V, S> {
        let mut below = self.pairs;
        for row in &mut below {
            for c in 0..S {
                row[c] = floors[c].sub(row[c]);
            }
        }
        below
    }

    /// The row of a code of the query.
    #[inline(always)]
    pub(super) fn row(scores: &Scores<V, S>, code: u8) -> &[V; S] {
        &scores[usize::from(code.min(WILDCARD))]
    }
}
