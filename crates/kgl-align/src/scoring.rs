//! What an alignment is worth: integer scores with affine gaps.

use kgl_seq::alphabet::WILDCARD;
use std::fmt;
use std::str::FromStr;

/// Which ends of the two sequences an alignment has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Both sequences from end to end (Needleman & Wunsch 1970). Gaps at the
    /// ends cost what gaps cost anywhere.
    Global,
    /// The best pair of substrings (Smith & Waterman 1981); the empty
    /// alignment, worth 0, is always allowed.
    Local,
    /// The whole query inside the target: residues of the target before the
    /// first and after the last column are free, every residue of the query
    /// is paid for.
    SemiGlobal,
}

impl Mode {
    /// Every mode, for tests and help texts.
    pub const ALL: [Mode; 3] = [Mode::Global, Mode::Local, Mode::SemiGlobal];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Global => "global",
            Mode::Local => "local",
            Mode::SemiGlobal => "semi-global",
        })
    }
}

impl FromStr for Mode {
    type Err = ScoringError;

    /// Reads `global`, `local` or `semi-global`.
    fn from_str(text: &str) -> Result<Mode, ScoringError> {
        Mode::ALL
            .into_iter()
            .find(|mode| mode.to_string() == text)
            .ok_or_else(|| ScoringError::UnknownMode(text.to_owned()))
    }
}

/// Why numbers do not make a scoring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoringError {
    /// A value is so large that sums over long sequences could leave 64 bits.
    #[error("{name} {value} is out of range; scaled scores lie within ±{cap}", cap = Scoring::CAP)]
    OutOfRange {
        /// Which of the five numbers.
        name: &'static str,
        /// What was given.
        value: i32,
    },
    /// A match has to be worth something, or the empty alignment always wins.
    #[error("match {0} is not positive; give a match a score above 0")]
    MatchNotPositive(i32),
    /// A mismatch has to be worth less than a match.
    #[error("mismatch {mismatch} is not below match {match_}; give a mismatch the lower score")]
    MismatchNotBelowMatch {
        /// The mismatch score given.
        mismatch: i32,
        /// The match score given.
        match_: i32,
    },
    /// A wildcard may not be worth more than knowing the residue.
    #[error("wildcard {wildcard} is above match {match_}; give it at most the match score")]
    WildcardAboveMatch {
        /// The wildcard score given.
        wildcard: i32,
        /// The match score given.
        match_: i32,
    },
    /// Gaps are penalties, written as numbers of at most 0.
    #[error("{name} {value} is positive; gap scores are penalties, written as 0 or below")]
    GapPositive {
        /// `gap open` or `gap extend`.
        name: &'static str,
        /// What was given.
        value: i32,
    },
    /// See [`Scoring::new`] for why this cannot be computed as written.
    #[error(
        "gap open {open} is cheaper than gap extend {extend}; opening must cost at least as much \
         as extending"
    )]
    OpenCheaperThanExtend {
        /// The opening score given.
        open: i32,
        /// The extension score given.
        extend: i32,
    },
    /// Not the name of a mode.
    #[error("no mode `{0}`; choose global, local or semi-global")]
    UnknownMode(String),
}

/// A mode and five integers: what pairs of residues and gaps are worth.
///
/// Decimal scorings are scaled by the caller first (2, −1.5, −8, −0.4 times
/// ten are 20, −15, −80, −4), so that every sum is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scoring {
    mode: Mode,
    match_: i32,
    mismatch: i32,
    wildcard: i32,
    gap_open: i32,
    gap_extend: i32,
}

impl Scoring {
    /// The largest magnitude of any of the numbers. With it, the score of two
    /// sequences of four billion residues still fits an `i64`.
    pub const CAP: i32 = 1_000_000;

    /// Checks the numbers and makes a scoring of them.
    ///
    /// A gap of `k` residues costs `gap_open + (k − 1)·gap_extend`, the
    /// convention of Biopython, parasail and SSW. (BLAST's and minimap2's
    /// "open" is charged besides the first extension.) `wildcard` is the
    /// score of every pair with at least one wildcard in it; such a pair is
    /// never a match, not even a wildcard against a wildcard.
    ///
    /// # Errors
    /// - a magnitude above [`Scoring::CAP`];
    /// - `match_` not above 0, `mismatch` not below it, `wildcard` above it;
    /// - a gap score above 0;
    /// - `gap_open` above `gap_extend`. Gotoh's recurrence lets a gap begin
    ///   wherever an alignment may stand, also right behind another gap of
    ///   the same kind. If opening were the cheaper of the two, every long
    ///   gap would be rebuilt out of gaps of one residue, and the score would
    ///   not be the one that the formula above states.
    pub fn new(
        mode: Mode,
        match_: i32,
        mismatch: i32,
        wildcard: i32,
        gap_open: i32,
        gap_extend: i32,
    ) -> Result<Scoring, ScoringError> {
        for (name, value) in [
            ("match", match_),
            ("mismatch", mismatch),
            ("wildcard", wildcard),
            ("gap open", gap_open),
            ("gap extend", gap_extend),
        ] {
            if value.unsigned_abs() > Self::CAP.unsigned_abs() {
                return Err(ScoringError::OutOfRange { name, value });
            }
        }
        if match_ <= 0 {
            return Err(ScoringError::MatchNotPositive(match_));
        }
        if mismatch >= match_ {
            return Err(ScoringError::MismatchNotBelowMatch { mismatch, match_ });
        }
        if wildcard > match_ {
            return Err(ScoringError::WildcardAboveMatch { wildcard, match_ });
        }
        for (name, value) in [("gap open", gap_open), ("gap extend", gap_extend)] {
            if value > 0 {
                return Err(ScoringError::GapPositive { name, value });
            }
        }
        if gap_open > gap_extend {
            return Err(ScoringError::OpenCheaperThanExtend {
                open: gap_open,
                extend: gap_extend,
            });
        }
        Ok(Scoring {
            mode,
            match_,
            mismatch,
            wildcard,
            gap_open,
            gap_extend,
        })
    }

    /// Which ends have to be reached.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The score of two equal residues, above 0.
    #[must_use]
    pub fn match_score(&self) -> i64 {
        self.match_.into()
    }

    /// The score of two different residues, below that of a match.
    #[must_use]
    pub fn mismatch(&self) -> i64 {
        self.mismatch.into()
    }

    /// The score of a pair with a wildcard in it.
    #[must_use]
    pub fn wildcard(&self) -> i64 {
        self.wildcard.into()
    }

    /// The score of the first residue of a gap, at most [`Scoring::gap_extend`].
    #[must_use]
    pub fn gap_open(&self) -> i64 {
        self.gap_open.into()
    }

    /// The score of every further residue of a gap, at most 0.
    #[must_use]
    pub fn gap_extend(&self) -> i64 {
        self.gap_extend.into()
    }

    /// The score of one residue against another, as codes of
    /// [`kgl_seq::alphabet`]; any code from [`WILDCARD`] up is a wildcard.
    #[must_use]
    #[inline]
    pub fn pair(&self, a: u8, b: u8) -> i64 {
        if a >= WILDCARD || b >= WILDCARD {
            self.wildcard()
        } else if a == b {
            self.match_score()
        } else {
            self.mismatch()
        }
    }

    /// The score of a gap of `length` residues: 0 for none.
    #[must_use]
    #[inline]
    pub fn gap(&self, length: usize) -> i64 {
        match i64::try_from(length) {
            Ok(0) => 0,
            Ok(k) => self.gap_open() + (k - 1) * self.gap_extend(),
            Err(_) => i64::MIN / 4,
        }
    }
}

/// Whether two codes count as a match: equal, and neither a wildcard.
#[must_use]
#[inline]
pub fn is_match(a: u8, b: u8) -> bool {
    a == b && a < WILDCARD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scoring(numbers: [i32; 5]) -> Result<Scoring, ScoringError> {
        let [match_, mismatch, wildcard, open, extend] = numbers;
        Scoring::new(Mode::Global, match_, mismatch, wildcard, open, extend)
    }

    #[test]
    fn a_gap_of_k_costs_open_and_k_minus_one_extensions() {
        let scoring = scoring([20, -15, -15, -80, -4]).unwrap();
        assert_eq!([0, 1, 2, 11].map(|k| scoring.gap(k)), [0, -80, -84, -120]);
    }

    #[test]
    fn a_wildcard_never_matches() {
        let scoring = scoring([2, -3, -1, -5, -2]).unwrap();
        assert_eq!(scoring.pair(4, 4), -1);
        assert_eq!(scoring.pair(0, 4), -1);
        assert_eq!(scoring.pair(9, 0), -1);
        assert_eq!(scoring.pair(2, 2), 2);
        assert_eq!(scoring.pair(2, 3), -3);
        assert!(is_match(0, 0) && !is_match(4, 4) && !is_match(0, 1));
    }

    #[test]
    fn numbers_that_make_no_scoring_are_refused() {
        for (numbers, part) in [
            ([0, -1, -1, -2, -1], "match 0 is not positive"),
            ([2, 2, -1, -2, -1], "mismatch 2 is not below match 2"),
            ([2, -1, 3, -2, -1], "wildcard 3 is above match 2"),
            ([2, -1, -1, 1, 1], "gap open 1 is positive"),
            ([2, -1, -1, -1, 1], "gap extend 1 is positive"),
            (
                [2, -1, -1, -1, -2],
                "gap open -1 is cheaper than gap extend -2",
            ),
            ([1_000_001, -1, -1, -1, -1], "match 1000001 is out of range"),
            (
                [1, i32::MIN, -1, -1, -1],
                "mismatch -2147483648 is out of range",
            ),
        ] {
            let message = scoring(numbers).unwrap_err().to_string();
            assert!(message.starts_with(part), "{message}");
        }
        assert!(scoring([1, 0, 1, 0, 0]).is_ok());
    }

    #[test]
    fn modes_are_read_as_they_are_written() {
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse::<Mode>(), Ok(mode));
        }
        assert!("Global".parse::<Mode>().is_err());
    }
}
