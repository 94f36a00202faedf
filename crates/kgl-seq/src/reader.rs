//! Reading sequences: CSV or FASTA, plain or gzip'd.
//!
//! The format is told from the content, never from the name: gzip by its
//! magic number, FASTA by a first character `>`; everything else is CSV.

use crate::error::ReadError;
use crate::fasta::read_fasta;
use crate::record::Record;
use crate::table::read_table;
use kgl_csv::count_lines;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// Which columns of a CSV file say what. FASTA has none: the id is the first
/// word of the header line, and a group may be cut from it by naming the same
/// column as the id's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The column of the id.
    pub id: String,
    /// The column of the sequence.
    pub sequence: String,
    /// The column of the date, if dates are wanted.
    pub date: Option<String>,
    /// Where the group comes from, if groups are wanted.
    pub group: Option<Group>,
}

/// How a record's group is read: the text of a column, up to the first
/// occurrence of `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The column.
    pub column: String,
    /// Where the group's name ends: `1SCL_A` until `_` is `1SCL`. Without it,
    /// or where it does not occur, the whole text is the name.
    pub until: Option<String>,
}

impl Group {
    pub(crate) fn of(&self, text: &str) -> String {
        let until = self.until.as_deref().filter(|until| !until.is_empty());
        let name = until
            .and_then(|until| text.split_once(until))
            .map_or(text, |(name, _)| name);
        name.to_owned()
    }
}

/// Reads the file at `path`; messages call it by that path.
///
/// # Errors
/// See [`ReadError`].
pub fn read_path(path: &Path, columns: &Columns) -> Result<Vec<Record>, ReadError> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => read_bytes(&bytes, &name, columns),
        Err(source) => Err(ReadError::Unreadable { file: name, source }),
    }
}

/// Reads everything that `source` gives; messages call it `name`.
///
/// # Errors
/// See [`ReadError`].
pub fn read(
    mut source: impl Read,
    name: &str,
    columns: &Columns,
) -> Result<Vec<Record>, ReadError> {
    let mut bytes = Vec::new();
    match source.read_to_end(&mut bytes) {
        Ok(_) => read_bytes(&bytes, name, columns),
        Err(source) => Err(ReadError::Unreadable {
            file: name.to_owned(),
            source,
        }),
    }
}

/// Reads the bytes of a whole file, for callers that have use for the bytes
/// as well; messages call it `name`. Records come in the file's order. A file
/// with a header alone has no records, which is not an error here.
///
/// # Errors
/// See [`ReadError`].
pub fn read_bytes(bytes: &[u8], name: &str, columns: &Columns) -> Result<Vec<Record>, ReadError> {
    let file = || name.to_owned();
    let unpacked;
    let mut content = bytes;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes)
            .read_to_end(&mut text)
            .map_err(|source| ReadError::Gzip {
                file: file(),
                source,
            })?;
        unpacked = text;
        content = &unpacked;
    }
    let mark = "\u{feff}".len();
    let offset = if content.starts_with("\u{feff}".as_bytes()) {
        mark
    } else {
        0
    };
    let text = std::str::from_utf8(&content[offset..]).map_err(|error| {
        let good = offset + error.valid_up_to();
        ReadError::NotUtf8 {
            file: file(),
            line: 1 + count_lines(&content[..good]),
            byte: good + 1,
        }
    })?;
    let records = match text.trim_start().chars().next() {
        None => return Err(ReadError::Empty { file: file() }),
        Some('>') => read_fasta(text, name, columns)?,
        Some(_) => read_table(text, name, columns)?,
    };
    check_ids(&records, name)?;
    Ok(records)
}

fn check_ids(records: &[Record], name: &str) -> Result<(), ReadError> {
    let mut lines = HashMap::with_capacity(records.len());
    for record in records {
        let (file, line) = (name.to_owned(), record.line);
        if record.id.is_empty() {
            return Err(ReadError::EmptyId { file, line });
        }
        if let Some(first) = lines.insert(record.id.as_str(), line) {
            return Err(ReadError::DuplicateId {
                file,
                line,
                id: record.id.clone(),
                first,
            });
        }
    }
    Ok(())
}
