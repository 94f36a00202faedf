//! The check itself: two readers and some rules in, findings out.

use std::io::{self, Read};
use std::path::PathBuf;

use kgl_contract::{ColumnRange, RowOrder, Sha256};
use kgl_csv::{Fault, Records, Rewind, Separator, is_broken_packing};

use crate::columns::{Layout, Sample};
use crate::digested::Digested;
use crate::faults::{Found, Place, Rule};
use crate::forms::Form;
use crate::room::Room;
use crate::rows::Matcher;
use crate::watch::Watch;

/// What a submission must be beyond its sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Whether rows must stand in the sample's order.
    pub order: RowOrder,
    /// Ranges that numbers must lie in.
    pub ranges: Vec<ColumnRange>,
    /// What the values of some columns must be.
    pub forms: Vec<Form>,
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
    /// Rows come in another order, and the sample's ids fit neither in memory nor on disk.
    #[error("{error}")]
    Room {
        /// The folder for temporary files.
        folder: PathBuf,
        /// Why they do not fit there.
        error: io::Error,
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
/// once, and again from its beginning when its rows come in another order and the
/// sample's ids do not fit in the `room`.
///
/// # Errors
/// A file that cannot be read, or a sample that is broken. Whatever is wrong
/// with the submission is a finding.
pub fn check<S: Read + Rewind, T: Read + Rewind>(
    sample: S,
    submission: T,
    rules: &Rules,
    room: &Room,
) -> Result<Findings, CheckError> {
    let mut sample_records = Records::new(Digested::new(sample), Separator::Comma);
    let sample = Sample::learn(&mut sample_records, &rules.ranges, &rules.forms)?;
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
    for form in &rules.forms {
        if !sample
            .columns
            .iter()
            .any(|column| form.rule.covers(&column.name))
        {
            found.add(Rule::UnusedRange, Place::default(), || {
                format!(
                    "the rule of `{}` covers no column of the sample: mend its name",
                    form.rule.columns
                )
            });
        }
    }
    let matcher = Matcher::new(sample_records, &sample, rules, room)?;
    let mut records = Records::new(Digested::new(submission), Separator::Comma);
    let rows = check_rows(&mut records, &sample, &rules.forms, matcher, &mut found)?;
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
fn check_rows<S: Read + Rewind, T: Read + Rewind>(
    records: &mut Records<T>,
    sample: &Sample,
    forms: &[Form],
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
    let mut watch = Watch::new(&layout, sample, forms);
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
        let twin = matcher.take(records, id, rows, found)?;
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
