//! Which row of the sample each row of the submission is: order, missing and
//! extra rows.
//!
//! While the ids agree, the sample is read side by side with the submission and
//! nothing is kept. At the first id that differs the sample is read again into
//! an [`Index`], which decides the rest: an id further down may always turn out to be
//! out of order, there twice or unknown, and only all ids can tell which.

use std::io::Read;

use kgl_contract::RowOrder;
use kgl_csv::{Records, Rewind};

use crate::check::{CheckError, Rules};
use crate::columns::{Sample, take_sample_row};
use crate::faults::{Found, Place, Rule, show};
use crate::index::{Index, Lookup};

/// Finds the sample's row for each row of the submission.
#[derive(Debug)]
pub struct Matcher<R> {
    records: Records<R>,
    width: usize,
    order: RowOrder,
    /// What stands between the halves of an id whose order counts.
    pair: Option<String>,
    given: Vec<usize>,
    /// Rows matched side by side.
    matched: u64,
    index: Option<Index>,
    /// The row of the sample that the last known row of the submission is.
    previous: Option<u32>,
}

/// The sample's row for a row of the submission.
#[derive(Debug)]
pub enum Twin<'a, R> {
    /// The one that the sample's reader stands on.
    Beside(&'a Records<R>),
    /// One in the index.
    Indexed(&'a Index, u32),
}

impl<R: Read> Twin<'_, R> {
    /// A given value: that of column `column`, the `place`th of those that are given.
    #[must_use]
    pub fn given(&self, place: usize, column: usize) -> &[u8] {
        match self {
            Self::Beside(records) => records.field(column),
            Self::Indexed(index, row) => index.given(*row, place),
        }
    }
}

impl<R: Read + Rewind> Matcher<R> {
    /// Begins at the sample's first row. `records` have been read by
    /// [`Sample::learn`].
    ///
    /// # Errors
    /// The sample cannot be read a second time.
    pub fn new(
        mut records: Records<R>,
        sample: &Sample,
        rules: &Rules,
    ) -> Result<Self, CheckError> {
        let id = sample.columns.first().map_or("", |column| &column.name);
        let of_id = rules.forms.iter().filter(|form| form.rule.covers(id));
        let pair = of_id.filter_map(|form| form.pair_separator()).next();
        records.rewind().map_err(CheckError::ReadSample)?;
        let width = sample.columns.len();
        take_sample_row(&mut records, width)?;
        Ok(Self {
            records,
            width,
            order: rules.order,
            pair: pair.map(str::to_owned),
            given: sample.given(),
            matched: 0,
            index: None,
            previous: None,
        })
    }

    /// Takes the next row of the submission, whose id is `id`; gives the
    /// sample's row, when it has one.
    ///
    /// # Errors
    /// The sample cannot be read.
    pub fn take(
        &mut self,
        id: &[u8],
        line: u64,
        found: &mut Found,
    ) -> Result<Option<Twin<'_, R>>, CheckError> {
        if self.index.is_none() {
            let needed = self.given.last().map_or(1, |last| last + 1);
            let beside = self
                .records
                .advance_to(needed)
                .map_err(CheckError::of_sample)?;
            if beside && self.records.field(0) == id {
                self.matched += 1;
                return Ok(Some(Twin::Beside(&self.records)));
            }
            let index = Index::build(&mut self.records, self.width, &self.given, self.matched)?;
            self.previous = self
                .matched
                .checked_sub(1)
                .and_then(|row| u32::try_from(row).ok());
            self.index = Some(index);
        }
        let Some(index) = &mut self.index else {
            return Ok(None);
        };
        let place = Place {
            line: Some(line),
            id: Some(id),
            column: None,
        };
        let row = match index.take(id) {
            Lookup::Row(row) => row,
            Lookup::Misspelled(row) => {
                found.add(Rule::IdSpelling, place, || {
                    format!(
                        "the sample writes it `{}`, with other case or white space",
                        show(index.id(row))
                    )
                });
                row
            }
            Lookup::Repeated => {
                found.add(
                    Rule::RepeatedRow,
                    place,
                    || "this id was there before: keep one row of it",
                );
                return Ok(None);
            }
            Lookup::Unknown if index.knows_reversed(id, self.pair.as_deref()) => {
                found.add(
                    Rule::ReversedPair,
                    place,
                    || "the sample has its halves the other way round: turn them",
                );
                return Ok(None);
            }
            Lookup::Unknown => {
                found.add(
                    Rule::ExtraRow,
                    place,
                    || "this id is not in the sample: drop the row",
                );
                return Ok(None);
            }
        };
        if let Some(previous) = self.previous.filter(|&previous| row < previous)
            && self.order == RowOrder::Sample
        {
            found.add(Rule::OutOfOrder, place, || {
                let before = show(index.id(previous));
                format!(
                    "it comes after `{before}`, and before it in the sample: sort the rows as there"
                )
            });
        }
        self.previous = Some(row);
        Ok(Some(Twin::Indexed(index, row)))
    }

    /// After the last row of the submission: which rows are missing.
    ///
    /// # Errors
    /// The sample cannot be read.
    pub fn finish(mut self, found: &mut Found) -> Result<(), CheckError> {
        let mut missing = |id: &[u8]| {
            let place = Place {
                id: Some(id),
                ..Place::default()
            };
            found.add(
                Rule::MissingRow,
                place,
                || "the sample's row is not there: add it",
            );
        };
        match &self.index {
            Some(index) => index.free_rows().for_each(|row| missing(index.id(row))),
            None => {
                while take_sample_row(&mut self.records, self.width)? {
                    missing(self.records.field(0));
                }
            }
        }
        Ok(())
    }
}
