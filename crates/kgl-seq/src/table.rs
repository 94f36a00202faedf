//! Sequences as CSV has them: a record a line, a header that names the columns.

use crate::alphabet;
use crate::error::ReadError;
use crate::reader::{Columns, Group};
use crate::record::Record;
use kgl_csv::{Fault, Records, Separator};
use std::borrow::Cow;

/// Bytes that are looked at together.
const BLOCK: usize = 1 << 18;

/// Where the wanted columns are.
struct Places {
    id: usize,
    sequence: usize,
    date: Option<usize>,
    group: Option<usize>,
}

/// The rows of a table that is in memory.
struct Rows<'a> {
    records: Records<&'a [u8]>,
    name: &'a str,
}

impl<'a> Rows<'a> {
    fn of(text: &'a str, name: &'a str) -> Rows<'a> {
        // All of it is in memory: no record is too long.
        let longest = text.len() + 1;
        let records = Records::with_block(text.as_bytes(), Separator::Comma, BLOCK, longest);
        Rows { records, name }
    }

    /// Goes to the next row; false when there is none.
    fn advance(&mut self) -> Result<bool, ReadError> {
        let file = || self.name.to_owned();
        self.records.advance().map_err(|fault| match fault {
            Fault::OpenQuote { line, .. } => ReadError::CutInQuotes { file: file(), line },
            other => ReadError::Unreadable {
                file: file(),
                source: std::io::Error::other(other),
            },
        })
    }

    fn line(&self) -> u64 {
        self.records.line()
    }

    fn width(&self) -> usize {
        self.records.width()
    }

    /// A cell of the row; the text is UTF-8, and so are its cells.
    fn cell(&self, place: usize) -> Cow<'_, str> {
        String::from_utf8_lossy(self.records.field(place))
    }
}

/// The records of a CSV file; messages call it `name`.
pub(crate) fn read_table(
    text: &str,
    name: &str,
    columns: &Columns,
) -> Result<Vec<Record>, ReadError> {
    let file = || name.to_owned();
    let mut rows = Rows::of(text, name);
    if !rows.advance()? {
        return Err(ReadError::Empty { file: file() });
    }
    let places = find_places(&rows, columns)?;
    let expected = rows.width();
    let mut records = Vec::new();
    while rows.advance()? {
        let line = rows.line();
        if rows.width() != expected {
            return Err(ReadError::FieldCount {
                file: file(),
                line,
                found: rows.width(),
                expected,
            });
        }
        let id = rows.cell(places.id).into_owned();
        let sequence = rows.records.field(places.sequence);
        let sequence = alphabet::encode(sequence).map_err(|source| ReadError::Sequence {
            file: file(),
            line,
            id: id.clone(),
            source,
        })?;
        let date = places.date.map(|place| rows.cell(place));
        let date = date
            .filter(|text| !text.is_empty())
            .map(|text| text.parse())
            .transpose()
            .map_err(|source| ReadError::Date {
                file: file(),
                line,
                id: id.clone(),
                source,
            })?;
        let group = columns.group.as_ref().zip(places.group);
        let group = group.map(|(group, place): (&Group, usize)| group.of(&rows.cell(place)));
        records.push(Record {
            id,
            sequence,
            date,
            group,
            line,
        });
    }
    Ok(records)
}

/// Finds the wanted columns in the header, which `rows` stands at.
fn find_places(rows: &Rows<'_>, columns: &Columns) -> Result<Places, ReadError> {
    let line = rows.line();
    let header: Vec<Cow<'_, str>> = (0..rows.width()).map(|at| rows.cell(at)).collect();
    let find = |column: &str| {
        let (file, column) = (rows.name.to_owned(), column.to_owned());
        let mut places = (0..header.len()).filter(|&at| header[at] == column);
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(ReadError::AmbiguousColumn { file, line, column }),
            (None, _) => {
                let header = header.join(", ");
                Err(ReadError::MissingColumn {
                    file,
                    line,
                    column,
                    header,
                })
            }
        }
    };
    let group = columns.group.as_ref();
    Ok(Places {
        id: find(&columns.id)?,
        sequence: find(&columns.sequence)?,
        date: columns.date.as_deref().map(find).transpose()?,
        group: group.map(|group| find(&group.column)).transpose()?,
    })
}
