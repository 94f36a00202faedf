//! One alignment of a query with a target.

use crate::cigar::{Cigar, ReplayError};
use crate::scoring::Scoring;
use std::ops::Range;

/// An alignment: what it is worth, where it lies and how its columns go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alignment {
    /// The score in the scoring's units.
    pub score: i64,
    /// Columns with two equal residues; wildcards never count.
    pub matches: u32,
    /// All columns, gaps included.
    pub columns: u32,
    /// The residues of the query that are aligned: half-open, from 0. The
    /// whole query except in local mode.
    pub query_span: Range<u32>,
    /// The residues of the target that are aligned: half-open, from 0. The
    /// whole target in global mode.
    pub target_span: Range<u32>,
    /// The columns. Gaps at the ends are part of it in global mode; the free
    /// ends of the target in semi-global mode are not.
    pub cigar: Cigar,
}

impl Alignment {
    /// Replays the columns within the spans of `query` and `target`, the two
    /// whole sequences, and adds up what they are worth.
    ///
    /// # Errors
    /// When the columns do not fit the spans or contradict the residues.
    pub fn reprice(
        &self,
        query: &[u8],
        target: &[u8],
        scoring: &Scoring,
    ) -> Result<i64, ReplayError> {
        let query_part = query.get(usize_span(&self.query_span));
        let query_part = query_part.ok_or(past_end("query"))?;
        let target_part = target.get(usize_span(&self.target_span));
        let target_part = target_part.ok_or(past_end("target"))?;
        self.cigar.reprice(query_part, target_part, scoring)
    }
}

fn usize_span(span: &Range<u32>) -> Range<usize> {
    span.start as usize..span.end as usize
}

fn past_end(sequence: &'static str) -> ReplayError {
    ReplayError::PastEnd {
        column: 0,
        sequence,
    }
}
