//! Reading sequences: CSV or FASTA, plain or gzip'd.
//!
//! The format is told from the content, never from the name: gzip by its
//! magic number, FASTA by a first character `>`; everything else is CSV.

use crate::alphabet;
use crate::error::ReadError;
use crate::quotes::find_open_quote;
use crate::record::Record;
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
    fn of(&self, text: &str) -> String {
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
        Some(_) => read_csv(text, name, columns)?,
    };
    check_ids(&records, name)?;
    Ok(records)
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
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

/// Where the wanted columns are.
struct Places {
    id: usize,
    sequence: usize,
    date: Option<usize>,
    group: Option<usize>,
}

fn read_csv(text: &str, name: &str, columns: &Columns) -> Result<Vec<Record>, ReadError> {
    let file = || name.to_owned();
    if let Some(line) = find_open_quote(text.as_bytes()) {
        return Err(ReadError::CutInQuotes { file: file(), line });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut lines = Lines::new(text);
    let mut row = csv::StringRecord::new();
    let mut next = |row: &mut csv::StringRecord| {
        // Blank lines before a record are skipped by the csv crate, and are
        // not where the record begins.
        let line = lines.at(reader.position().byte());
        match reader.read_record(row) {
            Ok(there) => Ok(there.then_some(line)),
            Err(source) => Err(ReadError::Csv {
                file: file(),
                line,
                source,
            }),
        }
    };
    let Some(line) = next(&mut row)? else {
        return Err(ReadError::Empty { file: file() });
    };
    let places = find_places(&row, line, name, columns)?;
    let expected = row.len();
    let mut records = Vec::new();
    while let Some(line) = next(&mut row)? {
        if row.len() != expected {
            return Err(ReadError::FieldCount {
                file: file(),
                line,
                found: row.len(),
                expected,
            });
        }
        let cell = |place: usize| row.get(place).unwrap_or_default();
        let id = cell(places.id).to_owned();
        let sequence =
            alphabet::encode(cell(places.sequence)).map_err(|source| ReadError::Sequence {
                file: file(),
                line,
                id: id.clone(),
                source,
            })?;
        let date = places.date.map(cell).filter(|text| !text.is_empty());
        let date = date
            .map(str::parse)
            .transpose()
            .map_err(|source| ReadError::Date {
                file: file(),
                line,
                id: id.clone(),
                source,
            })?;
        let group = columns.group.as_ref().zip(places.group);
        let group = group.map(|(group, place)| group.of(cell(place)));
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

fn find_places(
    header: &csv::StringRecord,
    line: u64,
    name: &str,
    columns: &Columns,
) -> Result<Places, ReadError> {
    let find = |column: &str| {
        let (file, column) = (name.to_owned(), column.to_owned());
        let mut places = (0..header.len()).filter(|&at| header.get(at) == Some(&*column));
        match (places.next(), places.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(ReadError::AmbiguousColumn { file, line, column }),
            (None, _) => {
                let header = header.iter().collect::<Vec<_>>().join(", ");
                Err(ReadError::MissingColumn {
                    file,
                    line,
                    column,
                    header,
                })
            }
        }
    };
    Ok(Places {
        id: find(&columns.id)?,
        sequence: find(&columns.sequence)?,
        date: columns.date.as_deref().map(find).transpose()?,
        group: columns
            .group
            .as_ref()
            .map(|group| find(&group.column))
            .transpose()?,
    })
}

/// Turns growing byte offsets into lines.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines {
            text: text.as_bytes(),
            byte: 0,
            line: 1,
        }
    }

    /// The line of the first byte at or behind `byte` that is not a line
    /// break.
    fn at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        let blank = |&byte: &u8| byte == b'\n' || byte == b'\r';
        let blanks = self.text[byte..]
            .iter()
            .take_while(|byte| blank(byte))
            .count();
        let end = byte + blanks;
        self.line += count_lines(&self.text[self.byte.min(end)..end]);
        self.byte = end;
        self.line
    }
}

fn read_fasta(text: &str, name: &str, columns: &Columns) -> Result<Vec<Record>, ReadError> {
    let file = || name.to_owned();
    let lacks = |column: &str, role| {
        Err(ReadError::FastaColumn {
            file: file(),
            column: column.to_owned(),
            role,
        })
    };
    if let Some(column) = &columns.date {
        return lacks(column, "date");
    }
    if let Some(group) = columns
        .group
        .as_ref()
        .filter(|group| group.column != columns.id)
    {
        return lacks(&group.column, "group");
    }
    let mut records: Vec<Record> = Vec::new();
    for (line, content) in (1u64..).zip(text.lines()) {
        let content = content.trim_end();
        if let Some(header) = content.strip_prefix('>') {
            let id = header
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            let group = columns.group.as_ref().map(|group| group.of(&id));
            records.push(Record {
                id,
                sequence: Vec::new(),
                date: None,
                group,
                line,
            });
        } else if let Some(record) = records.last_mut() {
            let residues = alphabet::encode(content).map_err(|mut source| {
                source.position += record.sequence.len();
                ReadError::Sequence {
                    file: file(),
                    line,
                    id: record.id.clone(),
                    source,
                }
            })?;
            record.sequence.extend(residues);
        }
    }
    Ok(records)
}
