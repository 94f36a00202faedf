//! CSV tables of the competition's kind: columns found by name, one row at a
//! time, every complaint with file and line.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};

/// What is wrong with a table, and where.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file could not be opened or read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is read, but something in it is wrong.
    #[error("{}, line {line}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// 1-based line where the row begins.
        line: u64,
        /// What is wrong, and what would be right.
        what: String,
    },
}

/// A table being read, one row at a time.
pub struct Table {
    path: PathBuf,
    reader: Reader<Box<dyn Read>>,
    header: Vec<String>,
    record: ByteRecord,
}

impl Table {
    /// Opens the CSV file `path` and reads its header.
    ///
    /// # Errors
    /// The file is unreadable or empty, or its header is not UTF-8.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let file = File::open(path).map_err(|source| TableError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::from_reader(path, Box::new(BufReader::with_capacity(1 << 18, file)))
    }

    /// Reads a table from `source`, which complaints call `path`.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn from_reader(path: &Path, source: Box<dyn Read>) -> Result<Self, TableError> {
        let mut reader = ReaderBuilder::new().has_headers(false).from_reader(source);
        let mut record = ByteRecord::new();
        let malformed = |what: &str| TableError::Malformed {
            path: path.to_owned(),
            line: 1,
            what: what.into(),
        };
        let found = reader
            .read_byte_record(&mut record)
            .map_err(|error| from_csv(path, 1, error))?;
        if !found {
            return Err(malformed(
                "the file is empty; it should begin with a header",
            ));
        }
        let header = record
            .iter()
            .map(|name| std::str::from_utf8(name).map(|name| name.trim_start_matches('\u{feff}')))
            .map(|name| name.map(str::to_owned))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| malformed("the header is not UTF-8"))?;
        Ok(Self {
            path: path.to_owned(),
            reader,
            header,
            record,
        })
    }

    /// The names of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The place of the column `name`, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// The place of the column `name`.
    ///
    /// # Errors
    /// There is none; the sentence lists those there are.
    pub fn column(&self, name: &str) -> Result<usize, TableError> {
        self.find(name).ok_or_else(|| TableError::Malformed {
            path: self.path.clone(),
            line: 1,
            what: format!(
                "no column `{name}`; the header has: {}",
                listed(&self.header)
            ),
        })
    }

    /// Reads the next row; false at the end of the table.
    ///
    /// # Errors
    /// The row has another number of fields than the header, or the file
    /// cannot be read on.
    pub fn next_row(&mut self) -> Result<bool, TableError> {
        let line = self.reader.position().line();
        let more = self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(|error| from_csv(&self.path, line, error))?;
        Ok(more)
    }

    /// The bytes of field `column` of the current row; empty when there is none.
    #[must_use]
    pub fn bytes(&self, column: usize) -> &[u8] {
        self.record.get(column).unwrap_or_default()
    }

    /// The text of field `column` of the current row.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, column: usize) -> Result<&str, TableError> {
        std::str::from_utf8(self.bytes(column))
            .map_err(|_| self.wrong(format!("column `{}` is not UTF-8", self.header[column])))
    }

    /// The number in field `column`; `None` where the field is empty.
    ///
    /// # Errors
    /// It is not a finite number.
    pub fn number(&self, column: usize) -> Result<Option<f64>, TableError> {
        let text = self.text(column)?.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(self.wrong(format!(
                "column `{}` holds `{text}`, which is not a finite number",
                self.header[column]
            ))),
        }
    }

    /// The 1-based line where the current row begins.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line)
    }

    /// A complaint about the current row.
    #[must_use]
    pub fn wrong(&self, what: impl Into<String>) -> TableError {
        TableError::Malformed {
            path: self.path.clone(),
            line: self.line(),
            what: what.into(),
        }
    }
}

/// At most twelve of `names`, for a sentence.
fn listed(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(12)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > 12 {
        format!("{shown}, … ({} in all)", names.len())
    } else {
        shown
    }
}

fn from_csv(path: &Path, line: u64, error: csv::Error) -> TableError {
    let line = error.position().map_or(line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => TableError::Unreadable {
            path: path.to_owned(),
            source,
        },
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => TableError::Malformed {
            path: path.to_owned(),
            line,
            what: format!("{len} fields where the header has {expected_len}; is the file cut?"),
        },
        other => TableError::Malformed {
            path: path.to_owned(),
            line,
            what: format!("not a CSV row: {other:?}"),
        },
    }
}

/// A row's id: the target and its 1-based residue, split on the last `_`
/// (targets have underscores of their own: `1SCL_A_7`).
#[must_use]
pub fn split_id(id: &[u8]) -> Option<(&[u8], usize)> {
    let cut = id.iter().rposition(|&byte| byte == b'_')?;
    let residue = std::str::from_utf8(&id[cut + 1..]).ok()?;
    // `parse` would accept `+7`.
    if !residue.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let residue = residue.parse().ok().filter(|&residue| residue > 0)?;
    (cut > 0).then_some((&id[..cut], residue))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &'static str) -> Result<Table, TableError> {
        Table::from_reader(Path::new("t.csv"), Box::new(text.as_bytes()))
    }

    #[test]
    fn ids_are_split_on_the_last_underscore() {
        assert_eq!(split_id(b"1SCL_A_7"), Some((&b"1SCL_A"[..], 7)));
        assert_eq!(split_id(b"R1107_12"), Some((&b"R1107"[..], 12)));
        for id in ["", "_", "7", "A_", "A_0", "A_+1", "A_1.0", "_1", "A_-3"] {
            assert_eq!(split_id(id.as_bytes()), None, "{id}");
        }
    }

    #[test]
    fn complaints_name_file_line_and_remedy() {
        let said = |result: Result<bool, TableError>| result.unwrap_err().to_string();
        assert_eq!(
            table("").err().unwrap().to_string(),
            "t.csv, line 1: the file is empty; it should begin with a header"
        );
        assert_eq!(
            table("a,b\n").unwrap().column("c").unwrap_err().to_string(),
            "t.csv, line 1: no column `c`; the header has: a, b"
        );
        let mut cut = table("a,b\n1,\"x\ny\"\n3").unwrap();
        assert!(cut.next_row().unwrap());
        assert_eq!(cut.line(), 2);
        assert!(said(cut.next_row()).starts_with("t.csv, line 4: 1 fields"));
        let mut words = table("a,b\n1,nan\n").unwrap();
        words.next_row().unwrap();
        assert_eq!(
            words.number(1).unwrap_err().to_string(),
            "t.csv, line 2: column `b` holds `nan`, which is not a finite number"
        );
        assert_eq!(words.number(0).unwrap(), Some(1.0));
    }
}
