//! The profile of one table: read in blocks, the blocks profiled side by side,
//! their summaries merged in the order of the file.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use kgl_contract::TableProfile;
use kgl_csv::{BYTE_ORDER_MARK, Block, Blocks, Separator, Sizes, SliceRecords};
use rayon::prelude::*;

use crate::column::Column;
use crate::fault::Fault;
use crate::person;
use crate::sample::RowSample;
use crate::value::{Value, read_value};

/// From so many bytes the separator is told.
const HEAD_BYTES: u64 = 1 << 16;
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Profiles the table in the file at `place`, which the document calls `path`.
/// `advance` is told of bytes that are done.
///
/// # Errors
/// [`Fault`]: the first one in the file, the same for any number of workers.
pub(crate) fn profile_file(
    place: &Path,
    path: &str,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<TableProfile, Fault> {
    profile(File::open(place)?, path, Sizes::USUAL, advance)
}

/// Profiles the table that `reader` gives.
pub(crate) fn profile(
    mut reader: impl Read + Send,
    path: &str,
    sizes: Sizes,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<TableProfile, Fault> {
    let mut head = Vec::new();
    let read = reader.by_ref().take(HEAD_BYTES).read_to_end(&mut head)? as u64;
    if UTF16_MARKS.iter().any(|mark| head.starts_with(mark)) {
        return Err(Fault::Utf16);
    }
    let mark = if head.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let separator = Separator::tell(&head[mark..], read < HEAD_BYTES, path);
    head.drain(..mark);
    let reader = Cursor::new(head).chain(reader);
    let mut blocks = Blocks::new(reader, mark as u64, separator, sizes);

    let (names, rest) = take_header(&mut blocks, separator)?;
    let mut batch = vec![Ok(rest)];
    let mut table = Part::new(names.len(), 0);
    while !batch.is_empty() {
        let zeros = table.sample.zeros();
        let (parts, next) = rayon::join(
            || {
                let parts = batch.into_par_iter().map(|block| {
                    let block = block?;
                    let part = Part::of(&block, separator, names.len(), zeros);
                    advance(block.bytes.len() as u64);
                    part
                });
                parts.collect::<Vec<_>>()
            },
            || blocks.next_batch(),
        );
        for part in parts {
            table.merge(part?);
        }
        batch = next;
    }
    Ok(table.into_profile(path, separator, names))
}

/// The names of the columns, and what is left of the block they stand in.
fn take_header(
    blocks: &mut Blocks<impl Read>,
    separator: Separator,
) -> Result<(Vec<String>, Block), Fault> {
    // A block without a record holds nothing but line ends.
    while let Some(mut block) = blocks.next_block()? {
        let mut records = SliceRecords::new(&block.bytes, separator);
        if records.advance() {
            let end = records.end();
            let sound = block.sound();
            if sound < end {
                return Err(not_utf8(&block, sound));
            }
            let names = records
                .fields()
                .map(|name| String::from_utf8_lossy(name).into_owned());
            let names = names.collect();
            block.drop_front(end);
            return Ok((names, block));
        }
    }
    Err(Fault::Empty)
}

/// The fault of the byte at `place` of the block, which is not UTF-8.
fn not_utf8(block: &Block, place: usize) -> Fault {
    Fault::NotUtf8 {
        line: block.line_of(place),
        offset: block.offset + place as u64,
        value: block.bytes.get(place).copied().unwrap_or_default(),
    }
}

/// The summary of some rows.
#[derive(Debug)]
struct Part {
    rows: u64,
    columns: Vec<Column>,
    sample: RowSample,
}

impl Part {
    fn new(width: usize, zeros: u32) -> Self {
        Self {
            rows: 0,
            columns: vec![Column::default(); width],
            sample: RowSample::new(width, zeros),
        }
    }

    /// The summary of a block's rows, or the first fault in it.
    fn of(block: &Block, separator: Separator, width: usize, zeros: u32) -> Result<Self, Fault> {
        let mut part = Self::new(width, zeros);
        let sound = block.sound();
        let mut records = SliceRecords::new(&block.bytes, separator);
        while records.advance() {
            if records.end() > sound {
                return Err(not_utf8(block, sound));
            }
            if records.width() != width {
                return Err(Fault::Ragged {
                    line: block.line_of(records.start()),
                    found: records.width(),
                    expected: width,
                });
            }
            part.rows += 1;
            for (column, field) in part.columns.iter_mut().zip(records.fields()) {
                column.add(field);
            }
            let place = block.offset + records.start() as u64;
            if part.sample.wants(place) {
                part.sample.add(place, records.fields().map(number));
            }
        }
        Ok(part)
    }

    /// Takes in the summary of the rows behind.
    fn merge(&mut self, behind: Self) {
        self.rows += behind.rows;
        for (column, behind) in self.columns.iter_mut().zip(behind.columns) {
            column.merge(behind);
        }
        self.sample.merge(behind.sample);
    }

    fn into_profile(self, path: &str, separator: Separator, names: Vec<String>) -> TableProfile {
        let columns = self.columns.iter().zip(names).enumerate();
        let whole = self.sample.is_whole();
        let profile = |(place, (column, name)): (usize, (&Column, String))| {
            let mut profile = column.profile(name, self.sample.column(place), whole);
            profile.kind = Some(person::tell_kind(&profile, self.rows));
            profile
        };
        TableProfile {
            path: path.to_owned(),
            separator: separator.text().to_owned(),
            rows: self.rows,
            columns: columns.map(profile).collect(),
        }
    }
}

/// A field as a number of the sample: seven digits are enough for a quantile.
fn number(field: &[u8]) -> f32 {
    match read_value(field) {
        Value::Integer(value) => value as f32,
        Value::Real(value) => value as f32,
        _ => f32::NAN,
    }
}

#[cfg(test)]
mod tests;
