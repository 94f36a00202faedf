//! The tables: a few columns of them, values as small numbers.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use kgl_cli::{Failure, read_failure};
use kgl_csv::{Records, Separator, Unpacked};

/// An open table and the names of its columns.
pub(crate) struct Table {
    pub(crate) records: Records<Unpacked>,
    pub(crate) names: Vec<String>,
    pub(crate) separator: Separator,
    shown: String,
}

impl Table {
    /// Opens the table at `path` and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let open = || -> std::io::Result<Unpacked> { Unpacked::new(File::open(path)?) };
        let mut head = Vec::new();
        let look = open().and_then(|unpacked| unpacked.take(1 << 16).read_to_end(&mut head));
        let whole = look.map_err(|error| read_failure(path, error))? < 1 << 16;
        let head = head.strip_prefix(kgl_csv::BYTE_ORDER_MARK).unwrap_or(&head);
        let separator = Separator::tell(head, whole, &shown);
        let unpacked = open().map_err(|error| read_failure(path, error))?;
        let mut table = Self {
            records: Records::new(unpacked, separator),
            names: Vec::new(),
            separator,
            shown,
        };
        if !table.advance()? {
            return Err(Failure::usage(format_args!("{}: it is empty", table.shown))
                .hint("fetch the competition's data again"));
        }
        table.names = (0..table.records.width())
            .map(|i| String::from_utf8_lossy(table.records.field(i)).into_owned())
            .collect();
        Ok(table)
    }

    /// Goes to the next row.
    pub(crate) fn advance(&mut self) -> Result<bool, Failure> {
        let more = self.records.advance();
        let more = more.map_err(|fault| Failure::usage(format_args!("{}: {fault}", self.shown)))?;
        if more && !self.names.is_empty() && self.records.width() != self.names.len() {
            return Err(Failure::usage(format_args!(
                "{}, line {}: {} fields where the header has {}",
                self.shown,
                self.records.line(),
                self.records.width(),
                self.names.len()
            )));
        }
        Ok(more)
    }

    /// The place of the column called `name`.
    pub(crate) fn column(&self, name: &str) -> Result<usize, Failure> {
        let place = self.names.iter().position(|other| other == name);
        place.ok_or_else(|| {
            Failure::usage(format_args!("{}: it has no column `{name}`", self.shown))
                .hint(format_args!("it has: {}", self.names.join(", ")))
        })
    }
}

/// The values of a column as numbers from 0, in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// Each row's value.
    pub(crate) codes: Vec<u32>,
    /// The different values.
    pub(crate) values: Vec<String>,
    seen: HashMap<Vec<u8>, u32>,
}

impl Column {
    pub(crate) fn add(&mut self, field: &[u8]) {
        let code = match self.seen.get(field) {
            Some(&code) => code,
            None => {
                let code = self.values.len() as u32;
                self.seen.insert(field.to_vec(), code);
                self.values
                    .push(String::from_utf8_lossy(field).into_owned());
                code
            }
        };
        self.codes.push(code);
    }
}

/// Reads the columns called `names` of the table at `path`.
pub(crate) fn read_columns(path: &Path, names: &[&str]) -> Result<Vec<Column>, Failure> {
    let mut table = Table::open(path)?;
    let places: Vec<usize> = names
        .iter()
        .map(|name| table.column(name))
        .collect::<Result<_, _>>()?;
    let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    while table.advance()? {
        for (column, &place) in columns.iter_mut().zip(&places) {
            column.add(table.records.field(place));
        }
    }
    Ok(columns)
}
