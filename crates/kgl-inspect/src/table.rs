//! The profile of one table: read in blocks, the blocks profiled side by side,
//! their summaries merged in the order of the file.

use std::io::{Cursor, Read};

use kgl_contract::{ColumnProfile, TableProfile};
use kgl_csv::{BYTE_ORDER_MARK, Block, Blocks, Separator, Sizes, SliceRecords};
use rayon::prelude::*;

use crate::column::Column;
use crate::fault::Fault;
use crate::layout::unpacked_name;
use crate::order::{self, Order};
use crate::person;
use crate::sample::{RowSample, cell};

/// From so many bytes the separator is told.
const HEAD_BYTES: u64 = 1 << 16;
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// A table and how its rows are ordered.
#[derive(Debug)]
pub(crate) struct Profiled {
    pub(crate) table: TableProfile,
    /// Of each column.
    pub(crate) orders: Vec<Order>,
}

impl Profiled {
    /// A table of whose rows no sample was taken.
    pub(crate) fn of(table: TableProfile) -> Self {
        let orders = vec![Order::default(); table.columns.len()];
        Self { table, orders }
    }
}

/// Profiles the table that `reader` gives, which the document calls `path`. `advance` is told of
/// bytes that are done.
///
/// # Errors
/// [`Fault`]: the first one in the file, the same for any number of workers.
pub(crate) fn profile(
    reader: impl Read + Send,
    path: &str,
    sizes: Sizes,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Profiled, Fault> {
    let mut names = Vec::new();
    let mut separator = Separator::Comma;
    let table = fold(
        reader,
        unpacked_name(path),
        sizes,
        |header, told| {
            names = header;
            separator = told;
            Part::new(names.len(), 0)
        },
        |table: &Part, block, separator| {
            let part = Part::of(block, separator, table.columns.len(), table.sample.zeros());
            advance(block.bytes.len() as u64);
            part
        },
        Part::merge,
    )?;
    Ok(table.into_profile(path, separator, names))
}

/// Folds a table: `start` is given its header, `part` sums a block up (several side by side), and
/// `merge` takes the sums in, in the order of the file. What was merged so far is seen by `part`.
///
/// # Errors
/// [`Fault`]: the first one in the file, the same for any number of workers.
pub(crate) fn fold<S: Sync + Send, P: Send>(
    mut reader: impl Read + Send,
    path: &str,
    sizes: Sizes,
    start: impl FnOnce(Vec<String>, Separator) -> S,
    part: impl Fn(&S, &Block, Separator) -> Result<P, Fault> + Sync,
    mut merge: impl FnMut(&mut S, P),
) -> Result<S, Fault> {
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
    let mut state = start(names, separator);
    let mut batch = vec![Ok(rest)];
    while !batch.is_empty() {
        let (parts, next) = rayon::join(
            || {
                let parts = batch.into_par_iter();
                let parts = parts.map(|block| part(&state, &block?, separator));
                parts.collect::<Vec<_>>()
            },
            || blocks.next_batch(),
        );
        for part in parts {
            merge(&mut state, part?);
        }
        batch = next;
    }
    Ok(state)
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
            sample: RowSample::new(zeros),
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
                part.sample.add(place, records.fields().map(cell).collect());
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

    fn into_profile(self, path: &str, separator: Separator, names: Vec<String>) -> Profiled {
        let orders = order::tell(&self.sample, &names);
        Profiled {
            table: TableProfile {
                path: path.to_owned(),
                separator: separator.text().to_owned(),
                rows: self.rows,
                columns: profile_columns(&self.columns, names, &self.sample, self.rows),
            },
            orders,
        }
    }
}

/// The profiles of all columns of a table.
pub(crate) fn profile_columns(
    columns: &[Column],
    names: Vec<String>,
    sample: &RowSample,
    rows: u64,
) -> Vec<ColumnProfile> {
    let whole = sample.is_whole();
    let profile = |(place, (column, name)): (usize, (&Column, String))| {
        let cells = sample.column(place).into_iter();
        let numbers = cells.filter(|cell| !cell.is_nan()).map(f64::from);
        let mut profile = column.profile(name, numbers.collect(), whole);
        profile.kind = Some(person::tell_kind(&profile, rows));
        profile
    };
    columns.iter().zip(names).enumerate().map(profile).collect()
}

#[cfg(test)]
mod tests;
