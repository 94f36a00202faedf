//! Tables of JSON lines: an object a line, whose names are the columns.
//!
//! Numbers and words are taken as they stand, lists and objects as JSON; `null`,
//! the empty text and a name that is not there are missing. The file is cut behind
//! lines and the pieces are profiled side by side, as those of a CSV are.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use kgl_contract::TableProfile;
use rayon::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::column::Column;
use crate::fault::Fault;
use crate::order;
use crate::sample::{RowSample, cell};
use crate::table::{Profiled, profile_columns};

/// Pieces that are profiled side by side.
const BATCH: usize = 8;
/// About the size of a piece.
const PIECE_BYTES: usize = 1 << 20;
/// A longer line is taken for something else than a row.
const LONGEST_LINE: usize = 64 << 20;

/// Profiles the JSON lines that `reader` gives.
///
/// # Errors
/// [`Fault`]: the first one in the file.
pub(crate) fn profile(
    reader: impl Read + Send,
    path: &str,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Profiled, Fault> {
    let mut pieces = Pieces {
        reader: BufReader::with_capacity(PIECE_BYTES, reader),
        line: 1,
        offset: 0,
    };
    let mut whole = Part::default();
    let mut batch = pieces.next_batch()?;
    while !batch.is_empty() {
        let zeros = whole.sample.zeros();
        let (parts, next) = rayon::join(
            || {
                let parts = batch.par_iter().map(|piece| {
                    let part = Part::of(piece, zeros)?;
                    advance(piece.bytes.len() as u64);
                    Ok(part)
                });
                parts.collect::<Vec<Result<Part, Fault>>>()
            },
            || pieces.next_batch(),
        );
        for part in parts {
            whole.merge(part?);
        }
        batch = next?;
    }
    if whole.rows == 0 {
        return Err(Fault::NoRows);
    }
    let Part {
        rows,
        names,
        mut columns,
        sample,
        ..
    } = whole;
    for column in &mut columns {
        column.pad(rows);
    }
    let orders = order::tell(&sample, &names);
    let table = TableProfile {
        path: path.to_owned(),
        separator: String::new(),
        rows,
        columns: profile_columns(&columns, names, &sample, rows),
    };
    Ok(Profiled { table, orders })
}

/// Some whole lines.
struct Piece {
    bytes: Vec<u8>,
    line: u64,
    offset: u64,
}

struct Pieces<R> {
    reader: BufReader<R>,
    line: u64,
    offset: u64,
}

impl<R: Read> Pieces<R> {
    fn next_batch(&mut self) -> Result<Vec<Piece>, Fault> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            match self.next()? {
                Some(piece) => batch.push(piece),
                None => break,
            }
        }
        Ok(batch)
    }

    fn next(&mut self) -> Result<Option<Piece>, Fault> {
        let mut bytes = Vec::new();
        self.reader
            .by_ref()
            .take(PIECE_BYTES as u64)
            .read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !bytes.ends_with(b"\n") {
            let limit = LONGEST_LINE as u64;
            let more = self
                .reader
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut bytes)?;
            if more == LONGEST_LINE && !bytes.ends_with(b"\n") {
                let line = self.line + kgl_csv::count_lines(&bytes);
                return Err(Fault::Endless {
                    line,
                    limit_bytes: LONGEST_LINE,
                });
            }
        }
        let piece = Piece {
            line: self.line,
            offset: self.offset,
            bytes,
        };
        self.line += kgl_csv::count_lines(&piece.bytes);
        self.offset += piece.bytes.len() as u64;
        Ok(Some(piece))
    }
}

/// The summary of some rows; columns in the order in which their names came.
#[derive(Default)]
struct Part {
    rows: u64,
    names: Vec<String>,
    places: HashMap<String, usize>,
    columns: Vec<Column>,
    sample: RowSample,
}

impl Part {
    fn of(piece: &Piece, zeros: u32) -> Result<Self, Fault> {
        let mut part = Self {
            sample: RowSample::new(zeros),
            ..Self::default()
        };
        let mut start = 0;
        for (line, bytes) in (piece.line..).zip(piece.bytes.split_inclusive(|b| *b == b'\n')) {
            let place = piece.offset + start as u64;
            start += bytes.len();
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let Row(fields) = serde_json::from_slice(bytes).map_err(|error| Fault::NotARow {
                line,
                error: plain(&error),
            })?;
            part.add(place, fields);
        }
        Ok(part)
    }

    fn add(&mut self, place: u64, fields: Vec<(String, Value)>) {
        self.rows += 1;
        let wanted = self.sample.wants(place);
        let mut cells = Vec::new();
        for (name, value) in fields {
            let column = self.place_of(name);
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                other => other.to_string(),
            };
            self.columns[column].add(text.as_bytes());
            if wanted {
                cells.resize(self.columns.len(), f32::NAN);
                cells[column] = cell(text.as_bytes());
            }
        }
        if wanted {
            self.sample.add(place, cells);
        }
    }

    fn place_of(&mut self, name: String) -> usize {
        match self.places.get(&name) {
            Some(&place) => place,
            None => {
                let place = self.columns.len();
                self.places.insert(name.clone(), place);
                self.names.push(name);
                self.columns.push(Column::default());
                place
            }
        }
    }

    fn merge(&mut self, behind: Self) {
        self.rows += behind.rows;
        let mut places = Vec::new();
        for (name, column) in behind.names.into_iter().zip(behind.columns) {
            let place = self.place_of(name);
            self.columns[place].merge(column);
            places.push(place);
        }
        self.sample.merge(behind.sample.moved(&places));
    }
}

/// What is wrong with a line, without serde's own count of lines: it saw one.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    format!("{} (column {})", &text[..end], error.column())
}

/// An object's fields in the order in which they stand.
struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Row(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::{ColumnKind, ColumnType};

    fn of(text: &str) -> Result<TableProfile, Fault> {
        let profiled = profile(text.as_bytes(), "t.jsonl", &|_| {})?;
        Ok(profiled.table)
    }

    #[test]
    fn names_are_columns_in_the_order_in_which_they_come() {
        let table =
            of("{\"b\": 1, \"a\": \"x\"}\n\n{\"a\": null, \"c\": [1, 2], \"b\": 2}\n").unwrap();
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!((table.rows, names), (2, vec!["b", "a", "c"]));
        let missing: Vec<u64> = table.columns.iter().map(|c| c.missing).collect();
        assert_eq!(missing, [0, 1, 1]);
        assert_eq!(table.columns[0].type_, ColumnType::Integer);
        assert_eq!(table.columns[2].examples, ["[1,2]"]);
        assert_eq!(table.columns[2].kind, Some(ColumnKind::List));
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let row = |i: usize| match i % 3 {
            0 => format!("{{\"a\": {i}}}\n"),
            1 => format!("{{\"b\": \"{}\", \"a\": {i}.5}}\n", "x".repeat(i % 90)),
            _ => format!("{{\"c\": true, \"b\": \"y\", \"a\": {i}}}\n"),
        };
        let text: String = (0..80_000).map(row).collect();
        assert!(text.len() > 2 * PIECE_BYTES);
        let table = of(&text).unwrap();
        let a = table.column("a").unwrap();
        assert_eq!((table.rows, a.missing), (80_000, 0));
        assert_eq!(table.column("c").unwrap().missing, 53_334);
        let median = a.quantiles.as_ref().unwrap().p50;
        assert!((median / 40_000.0 - 1.0).abs() < 0.05, "{median}");
    }

    #[test]
    fn a_line_that_is_no_object_is_placed() {
        for (text, line) in [
            ("{}\n{\"a\": }\n", 2),
            ("[1]\n", 1),
            ("{\"a\": 1}\n\n{\"a\"", 3),
        ] {
            let told = of(text).unwrap_err().to_string();
            assert!(told.starts_with(&format!("line {line}: ")), "{told}");
        }
        assert!(of("\n").is_err());
    }
}
