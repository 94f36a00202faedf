//! The check itself: two readers and some rules in, findings out.

use std::io::{self, Read};

use kgl_contract::{ColumnRange, RowOrder, Sha256};
use kgl_csv::{Fault, Records, Rewind, Separator, is_broken_packing};

use crate::columns::{Column, Layout, Sample};
use crate::digested::Digested;
use crate::faults::{Found, Place, Rule, show};
use crate::rows::{Matcher, Twin};
use crate::values::{self, Plain, Sameness, Value};

/// What a submission must be beyond its sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Whether rows must stand in the sample's order.
    pub order: RowOrder,
    /// Ranges that numbers must lie in.
    pub ranges: Vec<ColumnRange>,
}

/// What the check found.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The sample.
    pub sample: Summary,
    /// The submission.
    pub submission: Summary,
    /// The faults.
    pub found: Found,
}

/// A file as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Digest of its bytes.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
    /// Rows, the header not counted. Of a submission, those up to an `open-quote` or `long-row`.
    pub rows: u64,
}

/// Why nothing can be said of a submission.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The sample cannot be read.
    #[error(transparent)]
    ReadSample(io::Error),
    /// The submission cannot be read.
    #[error(transparent)]
    ReadSubmission(io::Error),
    /// The sample is broken itself.
    #[error("line {line}: {what}")]
    BrokenSample {
        /// Its 1-based line.
        line: u64,
        /// What is wrong there.
        what: String,
    },
}

impl CheckError {
    /// What a fault in reading the sample means.
    pub(crate) fn of_sample(fault: Fault) -> Self {
        match fault {
            Fault::Unreadable(error) => Self::ReadSample(error),
            Fault::OpenQuote { line, .. } => {
                Self::sample(line, "the quote that opens here is never closed")
            }
            Fault::TooLong { line, .. } => Self::sample(line, "a record of more than 64 MiB"),
        }
    }

    pub(crate) fn sample(line: u64, what: impl Into<String>) -> Self {
        Self::BrokenSample {
            line,
            what: what.into(),
        }
    }
}

/// Checks a submission. The sample is read twice or three times, the submission
/// once, from where it stands to its end.
///
/// # Errors
/// A file that cannot be read, or a sample that is broken. Whatever is wrong
/// with the submission is a finding.
pub fn check<S: Read + Rewind, T: Read>(
    sample: S,
    submission: T,
    rules: &Rules,
) -> Result<Findings, CheckError> {
    let mut sample_records = Records::new(Digested::new(sample), Separator::Comma);
    let sample = Sample::learn(&mut sample_records, &rules.ranges)?;
    let mut found = Found::default();
    for range in &rules.ranges {
        if !sample
            .columns
            .iter()
            .any(|column| range.covers(&column.name))
        {
            found.add(Rule::UnusedRange, Place::default(), || {
                format!(
                    "the range of `{}` covers no column of the sample: mend its name",
                    range.columns
                )
            });
        }
    }
    let matcher = Matcher::new(sample_records, &sample, rules.order)?;
    let mut records = Records::new(Digested::new(submission), Separator::Comma);
    let rows = check_rows(&mut records, &sample, matcher, &mut found)?;
    // What cannot be unpacked further was read as far as it goes.
    let submission = match records.finish() {
        Ok(submission) => submission.digest(),
        Err(error) if is_broken_packing(&error) => (Sha256::of(b""), 0),
        Err(error) => return Err(CheckError::ReadSubmission(error)),
    };
    let (sha256, size_bytes) = submission;
    if sha256 == sample.sha256 && !found.counts().contains_key(&Rule::NothingPredicted) {
        found.add(
            Rule::NothingPredicted,
            Place::default(),
            || "the file is the sample itself, byte for byte: fill in predictions",
        );
    }
    Ok(Findings {
        sample: Summary {
            sha256: sample.sha256,
            size_bytes: sample.size_bytes,
            rows: sample.rows,
        },
        submission: Summary {
            sha256,
            size_bytes,
            rows,
        },
        found,
    })
}

/// Goes through the submission; gives the number of its rows.
fn check_rows<S: Read + Rewind, T: Read>(
    records: &mut Records<T>,
    sample: &Sample,
    mut matcher: Matcher<S>,
    found: &mut Found,
) -> Result<u64, CheckError> {
    let Some(()) = step(records, found)? else {
        if is_whole(found) {
            found.add(
                Rule::EmptyFile,
                Place::default(),
                || "the file is empty: write the predictions again",
            );
        }
        return Ok(0);
    };
    if records.byte_order_mark() && !sample.byte_order_mark {
        found.add(
            Rule::ByteOrderMark,
            Place::line(1),
            || "the file begins with a byte-order mark: save it as UTF-8 without one",
        );
    }
    let layout = Layout::compare(records, sample, found);
    let mut watch = Watch::new(&layout, sample);
    let mut rows = 0u64;
    while let Some(()) = step(records, found)? {
        rows += 1;
        let width = layout.columns.len();
        if records.width() != width {
            found.add(Rule::RaggedRow, Place::line(records.line()), || {
                format!(
                    "{} fields, and the header has {width}: is a comma unquoted?",
                    records.width()
                )
            });
        }
        let Some(id) = layout.id.filter(|&id| id < records.width()) else {
            continue;
        };
        let twin = matcher.take(records.field(id), records.line(), found)?;
        if records.width() == width {
            watch.see(records, records.field(id), twin.as_ref(), found);
        }
    }
    mind_lines(records, sample, found);
    if is_whole(found) && layout.id.is_some() {
        matcher.finish(found)?;
        watch.finish(rows, found);
    }
    Ok(rows)
}

/// Goes to the next record of the submission; nothing when there is none, or
/// none that can be read.
fn step<T: Read>(records: &mut Records<T>, found: &mut Found) -> Result<Option<()>, CheckError> {
    match records.advance() {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(fault) if fault.is_broken_packing() => {
            found.add(Rule::BrokenPacking, Place::default(), || {
                format!("it {fault}: pack it again")
            });
            return Ok(None);
        }
        Err(Fault::Unreadable(error)) => return Err(CheckError::ReadSubmission(error)),
        Err(Fault::OpenQuote { line, .. }) => {
            found.add(Rule::OpenQuote, Place::line(line), || {
                "the quote that opens here is never closed, so nothing below was checked: is the file cut?"
            });
            return Ok(None);
        }
        Err(Fault::TooLong { line, .. }) => {
            found.add(Rule::LongRow, Place::line(line), || {
                "more than 64 MiB without an end of line, so nothing below was checked: is this a CSV file?"
            });
            return Ok(None);
        }
    }
    if let Some(byte) = records.not_utf8() {
        found.add(Rule::NotUtf8, Place::line(records.line()), || {
            format!("byte {byte} of the file is no UTF-8: save it as UTF-8")
        });
    }
    Ok(Some(()))
}

/// Whether the submission was read to its end.
fn is_whole(found: &Found) -> bool {
    ![Rule::OpenQuote, Rule::LongRow, Rule::BrokenPacking]
        .iter()
        .any(|rule| found.counts().contains_key(rule))
}

fn mind_lines<T: Read>(records: &Records<T>, sample: &Sample, found: &mut Found) {
    if let Some(line) = records.crlf().filter(|_| !sample.crlf) {
        found.add(
            Rule::Crlf,
            Place::line(line),
            || "lines end in CR LF or CR, and those of the sample in LF: write them as there",
        );
    }
    if let Some(line) = records.blank_line() {
        found.add(
            Rule::BlankLine,
            Place::line(line),
            || "the line holds nothing: drop it",
        );
    }
}

/// What is checked of the values of each column.
struct Watch<'a> {
    columns: Vec<Watched<'a>>,
}

struct Watched<'a> {
    /// Where it stands in the submission.
    here: usize,
    /// Where it stands in the sample.
    there: usize,
    column: &'a Column,
    /// Its place among the given columns.
    given: Option<usize>,
    values: Sameness,
}

impl<'a> Watch<'a> {
    fn new(layout: &Layout, sample: &'a Sample) -> Self {
        let given = sample.given();
        let columns = layout.columns.iter().enumerate();
        let columns = columns.filter_map(|(here, &there)| {
            let there = there.filter(|&there| there > 0)?;
            Some(Watched {
                here,
                there,
                column: &sample.columns[there],
                given: given.iter().position(|&column| column == there),
                values: Sameness::default(),
            })
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// Checks the values of a row.
    fn see<S: Read, T: Read>(
        &mut self,
        records: &Records<T>,
        id: &[u8],
        twin: Option<&Twin<'_, S>>,
        found: &mut Found,
    ) {
        for watched in &mut self.columns {
            let field = records.field(watched.here);
            let place = || Place {
                line: Some(records.line()),
                id: Some(id),
                column: Some(&watched.column.name),
            };
            if let Some(given) = watched.given {
                if let Some(twin) = twin {
                    let right = twin.given(given, watched.there);
                    if field != right {
                        found.add(Rule::ChangedCopy, place(), || {
                            let (wrong, right) = (show(field), show(right));
                            format!("`{wrong}`, and the sample has `{right}`: copy it from there")
                        });
                    }
                }
                continue;
            }
            watched.values.see(field);
            if watched.column.numeric {
                check_number(field, watched.column, place, found);
            } else if field.is_empty() && !watched.column.may_miss {
                found.add(
                    Rule::EmptyValue,
                    place(),
                    || "the value is empty: fill it in",
                );
            }
        }
    }

    /// Checks each column as a whole, after `rows` rows.
    fn finish(&self, rows: u64, found: &mut Found) {
        let predicted: Vec<_> = self.columns.iter().filter(|w| w.given.is_none()).collect();
        if rows < 2 || predicted.is_empty() {
            return;
        }
        let left = |watched: &Watched<'_>| match (watched.values.only(), &watched.column.constant) {
            (Some(value), Some(constant)) => values::same(value, constant),
            _ => false,
        };
        if predicted.iter().all(|watched| left(watched)) {
            // An error although the site would take it: a submission is spent
            // and nothing learnt, and the likely cause is a pipeline that never
            // wrote its predictions.
            found.add(
                Rule::NothingPredicted,
                Place::default(),
                || "every predicted column is as the sample has it: fill in predictions",
            );
            return;
        }
        if predicted.len() > 1 && predicted.iter().all(|w| w.values.only().is_some()) {
            found.add(
                Rule::IdenticalRows,
                Place::default(),
                || "every row predicts the same: is that meant?",
            );
            return;
        }
        for watched in predicted {
            let Some(value) = watched.values.only().map(show) else {
                continue;
            };
            let place = Place {
                column: Some(&watched.column.name),
                ..Place::default()
            };
            if left(watched) {
                found.add(Rule::SampleConstant, place, || {
                    format!("every value is the sample's `{value}`: was it predicted?")
                });
            } else {
                found.add(Rule::ConstantColumn, place, || {
                    format!("every value is `{value}`: is that meant?")
                });
            }
        }
    }
}

#[inline]
fn check_number<'p>(
    field: &[u8],
    column: &Column,
    place: impl Fn() -> Place<'p>,
    found: &mut Found,
) {
    if Plain::read(field).is_some_and(|plain| column.surely_holds(plain.value)) {
        return;
    }
    match values::read(field) {
        Value::Number { value, .. } => {
            if value < column.min {
                found.add(Rule::OutOfRange, place(), || {
                    format!(
                        "{} is below the smallest allowed, {}",
                        show(field),
                        column.min
                    )
                });
            } else if value > column.max {
                found.add(Rule::OutOfRange, place(), || {
                    format!(
                        "{} is above the largest allowed, {}",
                        show(field),
                        column.max
                    )
                });
            }
        }
        Value::Missing | Value::NotANumber if column.may_miss => {}
        Value::Missing if field.is_empty() => {
            found.add(
                Rule::EmptyValue,
                place(),
                || "the value is empty: fill in a number",
            );
        }
        Value::Missing => found.add(Rule::EmptyValue, place(), || {
            format!("`{}` is read as no value: fill in a number", show(field))
        }),
        Value::NotANumber | Value::Infinite => found.add(Rule::NonFinite, place(), || {
            format!(
                "`{}` is not a finite number: mend the prediction",
                show(field)
            )
        }),
        Value::Text => found.add(Rule::NotANumber, place(), || {
            format!(
                "`{}` is not a number, and the sample has numbers here",
                show(field)
            )
        }),
    }
}
