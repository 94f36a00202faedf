//! Alignments written down as run-length lists.

use crate::scoring::{Scoring, is_match};
use std::fmt;
use std::str::FromStr;

/// What one column of an alignment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`: two equal residues, neither a wildcard.
    Match,
    /// `X`: two residues that do not match, wildcards included.
    Mismatch,
    /// `I`: a residue of the query against a gap.
    Insertion,
    /// `D`: a residue of the target against a gap.
    Deletion,
}

impl Op {
    /// The letter of SAM's extended CIGAR.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Op::Match => '=',
            Op::Mismatch => 'X',
            Op::Insertion => 'I',
            Op::Deletion => 'D',
        }
    }

    fn from_letter(letter: u8) -> Option<Op> {
        match letter {
            b'=' => Some(Op::Match),
            b'X' => Some(Op::Mismatch),
            b'I' => Some(Op::Insertion),
            b'D' => Some(Op::Deletion),
            _ => None,
        }
    }
}

/// Why a text is not a CIGAR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cigar, character {position}: {fault}")]
pub struct CigarError {
    /// Where, counted from 1.
    pub position: usize,
    /// What is wrong there.
    pub fault: &'static str,
}

/// Why a CIGAR does not describe two sequences.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// It walks past the end of a sequence.
    #[error("column {column} walks past the end of the {sequence}")]
    PastEnd {
        /// The column, counted from 1.
        column: u64,
        /// `query` or `target`.
        sequence: &'static str,
    },
    /// It leaves residues over.
    #[error("{left} residues of the {sequence} are left over")]
    LeftOver {
        /// How many.
        left: usize,
        /// `query` or `target`.
        sequence: &'static str,
    },
    /// `=` where the residues differ, or `X` where they match.
    #[error("column {column} says `{letter}`, which the residues contradict")]
    Contradiction {
        /// The column, counted from 1.
        column: u64,
        /// The letter of the operation.
        letter: char,
    },
}

/// A run-length list of [`Op`]s, from the start of the alignment to its end.
/// Neighbouring runs differ and no run is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cigar {
    runs: Vec<(u32, Op)>,
}

impl Cigar {
    /// A CIGAR without columns; its text is empty.
    #[must_use]
    pub fn new() -> Cigar {
        Cigar::default()
    }

    /// Appends `length` columns of one kind, merging them with the last run.
    /// Runs longer than a `u32` cannot come from sequences this crate takes;
    /// the length saturates there.
    pub fn push(&mut self, length: u32, op: Op) {
        if length == 0 {
            return;
        }
        match self.runs.last_mut() {
            Some((last, same)) if *same == op => *last = last.saturating_add(length),
            _ => self.runs.push((length, op)),
        }
    }

    /// The runs: length (at least 1) and kind.
    #[must_use]
    pub fn runs(&self) -> &[(u32, Op)] {
        &self.runs
    }

    /// Every column, one by one.
    pub fn columns(&self) -> impl Iterator<Item = Op> + '_ {
        self.runs
            .iter()
            .flat_map(|&(length, op)| (0..length).map(move |_| op))
    }

    /// How many columns there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.runs.iter().map(|&(length, _)| length).sum()
    }

    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many columns are matches.
    #[must_use]
    pub fn matches(&self) -> u32 {
        let of_matches = |&(length, op): &(u32, Op)| if op == Op::Match { length } else { 0 };
        self.runs.iter().map(of_matches).sum()
    }

    /// Turns the list round: what was built from the end backwards then reads
    /// forwards.
    pub(crate) fn reverse(&mut self) {
        self.runs.reverse();
    }

    /// Replays the columns on `query` and `target`, the aligned parts alone
    /// (whole sequences in global mode), and adds up what they are worth.
    /// Knows nothing of how the alignment was found.
    ///
    /// # Errors
    /// When the columns do not use up both sequences exactly, or when `=` and
    /// `X` contradict the residues.
    pub fn reprice(
        &self,
        query: &[u8],
        target: &[u8],
        scoring: &Scoring,
    ) -> Result<i64, ReplayError> {
        let past = |column, sequence| ReplayError::PastEnd { column, sequence };
        let (mut i, mut j, mut column, mut score) = (0usize, 0usize, 0u64, 0i64);
        for &(length, op) in &self.runs {
            if matches!(op, Op::Insertion | Op::Deletion) {
                score += scoring.gap(length as usize);
            }
            for _ in 0..length {
                column += 1;
                if op != Op::Deletion && i == query.len() {
                    return Err(past(column, "query"));
                }
                if op != Op::Insertion && j == target.len() {
                    return Err(past(column, "target"));
                }
                if matches!(op, Op::Match | Op::Mismatch) {
                    if is_match(query[i], target[j]) != (op == Op::Match) {
                        return Err(ReplayError::Contradiction {
                            column,
                            letter: op.letter(),
                        });
                    }
                    score += scoring.pair(query[i], target[j]);
                }
                i += usize::from(op != Op::Deletion);
                j += usize::from(op != Op::Insertion);
            }
        }
        for (left, sequence) in [(query.len() - i, "query"), (target.len() - j, "target")] {
            if left > 0 {
                return Err(ReplayError::LeftOver { left, sequence });
            }
        }
        Ok(score)
    }
}

impl fmt::Display for Cigar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.runs
            .iter()
            .try_for_each(|(length, op)| write!(f, "{length}{}", op.letter()))
    }
}

impl FromStr for Cigar {
    type Err = CigarError;

    /// Reads what [`Cigar`] writes and nothing else: no leading zeros, no
    /// empty runs, no two neighbouring runs of a kind. So text and value
    /// correspond one to one, and equal alignments have equal bytes.
    fn from_str(text: &str) -> Result<Cigar, CigarError> {
        let mut runs: Vec<(u32, Op)> = Vec::new();
        let (mut length, mut digits) = (0u32, 0usize);
        for (at, byte) in text.bytes().enumerate() {
            let fail = |fault| CigarError {
                position: at + 1,
                fault,
            };
            if byte.is_ascii_digit() {
                if digits == 0 && byte == b'0' {
                    return Err(fail("a run length begins with 0"));
                }
                length = length
                    .checked_mul(10)
                    .and_then(|tens| tens.checked_add(u32::from(byte - b'0')))
                    .ok_or(fail("a run length above 4294967295"))?;
                digits += 1;
                continue;
            }
            let op = Op::from_letter(byte).ok_or(fail("not a digit and not one of = X I D"))?;
            if digits == 0 {
                return Err(fail("an operation without a run length"));
            }
            if runs.last().is_some_and(|&(_, last)| last == op) {
                return Err(fail("a second run of the same operation; join the two"));
            }
            runs.push((length, op));
            (length, digits) = (0, 0);
        }
        if digits > 0 {
            let position = text.len() + 1;
            return Err(CigarError {
                position,
                fault: "a run length without an operation",
            });
        }
        Ok(Cigar { runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mode;
    use kgl_seq::alphabet::encode;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_it_would_not_write() {
        for (text, position) in [
            ("12", 3),
            ("=", 1),
            ("3=2", 4),
            ("03=", 1),
            ("0=", 1),
            ("3=1=", 4),
            ("3M", 2),
            ("3=-1X", 3),
            ("4294967296=", 10),
            (" 3=", 1),
            ("3é", 2),
        ] {
            let error = text.parse::<Cigar>().unwrap_err();
            assert_eq!(error.position, position, "{text}: {error}");
        }
        assert!("".parse::<Cigar>().unwrap().is_empty());
        assert_eq!("4294967295=".parse::<Cigar>().unwrap().len(), u32::MAX);
    }

    #[test]
    fn repricing_replays_every_column() {
        let scoring = Scoring::new(Mode::Global, 2, -3, -1, -5, -2).unwrap();
        let query = encode("ACGUAN").unwrap();
        let target = encode("ACCUGGAA").unwrap();
        let price = |text: &str| {
            text.parse::<Cigar>()
                .unwrap()
                .reprice(&query, &target, &scoring)
                .map_err(|e| e.to_string())
        };
        assert_eq!(price("2=1X1=2D1=1X"), Ok(4 - 3 + 2 - 7 + 2 - 1));
        assert_eq!(price("6I8D"), Ok(-15 - 19));
        assert_eq!(
            price("2=1X1=2D2="),
            Err("column 8 says `=`, which the residues contradict".into())
        );
        assert_eq!(
            price("1X5I7D"),
            Err("column 1 says `X`, which the residues contradict".into())
        );
        assert_eq!(
            price("7I8D"),
            Err("column 7 walks past the end of the query".into())
        );
        assert_eq!(
            price("6I9D"),
            Err("column 15 walks past the end of the target".into())
        );
        assert_eq!(
            price("6I7D"),
            Err("1 residues of the target are left over".into())
        );
    }

    proptest! {
        #[test]
        fn text_and_value_correspond(columns in prop::collection::vec(0..4u8, 0..200)) {
            let mut cigar = Cigar::new();
            for letter in columns {
                cigar.push(1, Op::from_letter(b"=XID"[usize::from(letter)]).unwrap());
            }
            prop_assert_eq!(cigar.to_string().parse::<Cigar>(), Ok(cigar));
        }

        #[test]
        fn what_is_read_is_what_was_written(text in "[0-9=XID]{0,12}") {
            if let Ok(cigar) = text.parse::<Cigar>() {
                prop_assert_eq!(cigar.to_string(), text);
            }
        }
    }
}
