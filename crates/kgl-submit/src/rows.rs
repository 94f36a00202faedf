//! Which row of the sample each row of the submission is: order, missing and
//! extra rows.
//!
//! While the ids agree, the sample is read side by side with the submission and
//! nothing is kept. At the first id that differs the sample is read again into
//! an [`Index`], which decides the rest: an id further down may always turn out to be
//! out of order, there twice or unknown, and only all ids can tell which. Where they do
//! not fit in memory, [`partitions`](crate::partitions) of them decide the same on disk.

use std::io::Read;

use kgl_contract::RowOrder;
use kgl_csv::{Records, Rewind};

use crate::check::{CheckError, Rules};
use crate::columns::{Sample, take_sample_row};
use crate::faults::{Found, Place, Rule, show};
use crate::index::{Index, Lookup, bytes_for};
use crate::partitions::{Answers, Task};
use crate::room::Room;

/// Finds the sample's row for each row of the submission.
#[derive(Debug)]
pub struct Matcher<R> {
    records: Records<R>,
    width: usize,
    order: RowOrder,
    /// What stands between the halves of an id whose order counts.
    pair: Option<String>,
    given: Vec<usize>,
    room: Room,
    /// What an index of the whole sample takes, at most.
    index_bytes: u64,
    /// Rows matched side by side.
    matched: u64,
    ids: Option<Ids>,
    /// The row of the sample that the last known row of the submission is, among those
    /// that were found by their id: whatever they are, they come after those matched.
    previous: Option<u64>,
}

/// The sample's row for a row of the submission.
#[derive(Debug)]
pub enum Twin<'a, R> {
    /// The one that the sample's reader stands on.
    Beside(&'a Records<R>),
    /// One found by its id.
    Found(&'a Ids),
}

/// All ids of the sample, in memory or on disk, and the rows that were found last.
#[derive(Debug)]
pub enum Ids {
    /// In memory.
    Indexed {
        /// The index.
        index: Index,
        /// The row found last.
        row: u32,
        /// The row found before it.
        previous: u32,
    },
    /// On disk.
    Dealt(Box<Answers>),
}

impl Ids {
    /// The row of the next row of the submission, whose id is `id`.
    fn take(&mut self, id: &[u8], pair: Option<&str>) -> Result<Lookup<u64>, CheckError> {
        let (index, row, previous) = match self {
            Self::Dealt(answers) => return answers.next(id),
            Self::Indexed {
                index,
                row,
                previous,
            } => (index, row, previous),
        };
        let found = index.take(id, pair);
        if let Lookup::Row(found) | Lookup::Misspelled(found) = found {
            (*previous, *row) = (*row, found);
        }
        Ok(match found {
            Lookup::Row(row) => Lookup::Row(u64::from(row)),
            Lookup::Misspelled(row) => Lookup::Misspelled(u64::from(row)),
            Lookup::Repeated => Lookup::Repeated,
            Lookup::Reversed => Lookup::Reversed,
            Lookup::Unknown => Lookup::Unknown,
        })
    }

    /// The sample's id of the row found last.
    fn id(&self) -> &[u8] {
        match self {
            Self::Indexed { index, row, .. } => index.id(*row),
            Self::Dealt(answers) => answers.id(),
        }
    }

    /// The sample's id of the row found before it.
    fn previous_id(&self) -> &[u8] {
        match self {
            Self::Indexed {
                index, previous, ..
            } => index.id(*previous),
            Self::Dealt(answers) => answers.previous_id(),
        }
    }

    /// A given value of the row found last.
    fn given(&self, place: usize) -> &[u8] {
        match self {
            Self::Indexed { index, row, .. } => index.given(*row, place),
            Self::Dealt(answers) => answers.given(place),
        }
    }
}

impl<R: Read> Twin<'_, R> {
    /// A given value: that of column `column`, the `place`th of those that are given.
    #[must_use]
    pub fn given(&self, place: usize, column: usize) -> &[u8] {
        match self {
            Self::Beside(records) => records.field(column),
            Self::Found(ids) => ids.given(place),
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
        room: &Room,
    ) -> Result<Self, CheckError> {
        let id = sample.columns.first().map_or("", |column| &column.name);
        let of_id = rules.forms.iter().filter(|form| form.rule.covers(id));
        let pair = of_id.filter_map(|form| form.pair_separator()).next();
        records.rewind().map_err(CheckError::ReadSample)?;
        let width = sample.columns.len();
        take_sample_row(&mut records, width)?;
        let given = sample.given();
        Ok(Self {
            records,
            width,
            order: rules.order,
            pair: pair.map(str::to_owned),
            index_bytes: bytes_for(sample.rows, sample.size_bytes, given.len()),
            given,
            room: room.clone(),
            matched: 0,
            ids: None,
            previous: None,
        })
    }

    /// Takes the row that `submission` stands on, its `row`th, whose id is in column `id`;
    /// gives the sample's row, when it has one.
    ///
    /// # Errors
    /// The sample cannot be read, or there is no room for its ids.
    pub fn take<T: Read + Rewind>(
        &mut self,
        submission: &mut Records<T>,
        id: usize,
        row: u64,
        found: &mut Found,
    ) -> Result<Option<Twin<'_, R>>, CheckError> {
        if self.ids.is_none() {
            let needed = self.given.last().map_or(1, |last| last + 1);
            let beside = self
                .records
                .advance_to(needed)
                .map_err(CheckError::of_sample)?;
            if beside && self.records.field(0) == submission.field(id) {
                self.matched += 1;
                return Ok(Some(Twin::Beside(&self.records)));
            }
            self.ids = Some(self.find_ids(submission, id, row)?);
        }
        let Some(ids) = &mut self.ids else {
            return Ok(None);
        };
        let (line, id) = (submission.line(), submission.field(id));
        let place = Place {
            line: Some(line),
            id: Some(id),
            column: None,
        };
        let row = match ids.take(id, self.pair.as_deref())? {
            Lookup::Row(row) => row,
            Lookup::Misspelled(row) => {
                found.add(Rule::IdSpelling, place, || {
                    format!(
                        "the sample writes it `{}`, with other case or white space",
                        show(ids.id())
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
            Lookup::Reversed => {
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
        if self.previous.is_some_and(|previous| row < previous) && self.order == RowOrder::Sample {
            found.add(Rule::OutOfOrder, place, || {
                let before = show(ids.previous_id());
                format!(
                    "it comes after `{before}`, and before it in the sample: sort the rows as there"
                )
            });
        }
        self.previous = Some(row);
        Ok(Some(Twin::Found(ids)))
    }

    /// Makes the ids ready, in memory if they fit. The rows matched so far are taken.
    fn find_ids<T: Read + Rewind>(
        &mut self,
        submission: &mut Records<T>,
        id: usize,
        row: u64,
    ) -> Result<Ids, CheckError> {
        let partitions = self.room.partitions(self.index_bytes);
        if partitions > 1 {
            let task = Task {
                width: self.width,
                given: &self.given,
                matched: self.matched,
                id,
                // The header is a record, too.
                read: row + 1,
                pair: self.pair.as_deref(),
                partitions,
                room: &self.room,
            };
            let answers = Answers::find(&mut self.records, submission, &task)?;
            return Ok(Ids::Dealt(Box::new(answers)));
        }
        let index = Index::build(&mut self.records, self.width, &self.given, self.matched)?;
        Ok(Ids::Indexed {
            index,
            row: 0,
            previous: 0,
        })
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
        match &self.ids {
            Some(Ids::Indexed { index, .. }) => {
                index.free_rows().for_each(|row| missing(index.id(row)));
            }
            Some(Ids::Dealt(answers)) => {
                let (count, named) = answers.missing();
                let told = named.map(&mut missing).count() as u64;
                if count > told {
                    found.add_untold(Rule::MissingRow, count - told);
                }
            }
            None => {
                while take_sample_row(&mut self.records, self.width)? {
                    missing(self.records.field(0));
                }
            }
        }
        Ok(())
    }
}
