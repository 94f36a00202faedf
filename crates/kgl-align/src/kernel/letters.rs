//! The letters of a batch, turned round: from a row a target to a column of
//! lanes.

use super::layout::{Batch, Lane, Place};
use kgl_seq::alphabet::WILDCARD;
use std::slice::ChunksExact;

/// Columns that are turned round at a time, a multiple of [`super::frame::STEP`]
/// and of eight: few enough to stay in the first cache.
pub(super) const BLOCK: usize = 128;

/// The code of columns behind the end of a target.
pub(super) const PAD: u8 = WILDCARD + 1;

/// Lanes, and columns, that are turned round as one square.
const SQUARE: usize = 8;

/// The letters of some columns of a batch.
#[derive(Clone, Debug)]
pub(super) struct Letters {
    /// [`BLOCK`] columns, a byte for each of `stride` lanes.
    block: Vec<u8>,
    stride: usize,
    /// The first of them; none before there are any.
    start: Option<usize>,
    /// The same columns, a row a lane.
    rows: Vec<[u8; BLOCK]>,
    /// How many targets of each lane lie before them.
    before: Vec<usize>,
}

impl Letters {
    /// Room for the letters of `lanes` lanes.
    pub(super) fn new(lanes: usize) -> Letters {
        let stride = lanes.next_multiple_of(SQUARE);
        Letters {
            block: vec![PAD; BLOCK * stride],
            stride,
            start: None,
            rows: vec![[PAD; BLOCK]; stride],
            before: vec![0; lanes],
        }
    }

    /// The codes of the columns from `first`, a multiple of the step, on, at
    /// least a step of them: column by column, a byte a lane, padding in lanes
    /// beyond the batch.
    #[inline(always)]
    pub(super) fn columns<'b>(
        &'b mut self,
        batch: &'b Batch<'_>,
        first: usize,
    ) -> ChunksExact<'b, u8> {
        if let Some(Turned(codes)) = &batch.turned {
            return codes[first * self.stride..].chunks_exact(self.stride);
        }
        let start = first - first % BLOCK;
        if self.start != Some(start) {
            self.turn(&batch.lanes, start);
        }
        self.block[(first - start) * self.stride..].chunks_exact(self.stride)
    }

    // Not inlined into a path with wide vectors: the compiler would turn the
    // arithmetic below into shuffles between them, which is slower.
    #[inline(never)]
    fn turn(&mut self, batch: &[Lane<'_>], start: usize) {
        let lanes = self.stride;
        if self.start.is_some_and(|last| last > start) {
            self.before.fill(0);
        }
        for ((row, Lane(places)), before) in self.rows.iter_mut().zip(batch).zip(&mut self.before) {
            let passed = |place: &&Place<'_>| place.end() <= start;
            *before += places[*before..].iter().take_while(passed).count();
            copy(row, &places[*before..], start);
            fetch(&places[*before..], start + BLOCK);
        }
        self.start = Some(start);
        #[cfg(target_arch = "x86_64")]
        let mut left = super::sse2::turn(&self.rows, &mut self.block, lanes);
        #[cfg(not(target_arch = "x86_64"))]
        let mut left = 0;
        for rows in self.rows[left..].chunks_exact(SQUARE) {
            turn(rows, &mut self.block, lanes, left);
            left += SQUARE;
        }
    }
}

/// All columns of a batch, in whole blocks, for lanes of one number.
#[derive(Clone, Debug)]
pub(super) struct Turned(Vec<u8>);

impl Turned {
    /// The letters of so many `columns`, for vectors of `width` lanes.
    pub(super) fn of(lanes: &[Lane<'_>], columns: usize, width: usize) -> Turned {
        let mut letters = Letters::new(width);
        let blocks = columns.div_ceil(BLOCK);
        let mut codes = Vec::with_capacity(blocks * letters.block.len());
        for block in 0..blocks {
            letters.turn(lanes, block * BLOCK);
            codes.extend_from_slice(&letters.block);
        }
        Turned(codes)
    }
}

/// Writes eight lanes, of which `left` is the first, into columns of `lanes`.
#[inline(always)]
fn turn(rows: &[[u8; BLOCK]], block: &mut [u8], lanes: usize, left: usize) {
    for (at, columns) in block.chunks_exact_mut(SQUARE * lanes).enumerate() {
        let square = std::array::from_fn(|lane| {
            let mut eight = [0; SQUARE];
            eight.copy_from_slice(&rows[lane][at * SQUARE..][..SQUARE]);
            u64::from_le_bytes(eight)
        });
        for (column, turned) in columns.chunks_exact_mut(lanes).zip(transpose(square)) {
            column[left..][..SQUARE].copy_from_slice(&turned.to_le_bytes());
        }
    }
}

/// Writes the codes of one lane from column `first` on, where all targets before
/// `places` have ended.
#[inline(always)]
fn copy(row: &mut [u8; BLOCK], places: &[Place<'_>], first: usize) {
    // Most blocks lie within a target.
    if let Some(place) = places.first()
        && place.column <= first
        && let Some(codes) = place.target[first - place.column..].first_chunk::<BLOCK>()
    {
        *row = codes.map(|code| code.min(WILDCARD));
        return;
    }
    row.fill(PAD);
    for (column, codes) in within(places, first) {
        for (column, &code) in row[column - first..].iter_mut().zip(codes) {
            *column = code.min(WILDCARD);
        }
    }
}

/// Has what [`copy`] will read brought nearer: every lane reads somewhere else,
/// with pauses between that are longer than the processor foresees.
#[inline(always)]
fn fetch(places: &[Place<'_>], first: usize) {
    #[cfg(target_arch = "x86_64")]
    for (_, codes) in within(places, first) {
        super::sse2::fetch(codes);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (places, first);
}

/// What lies in the block behind column `first`: where it begins, and the codes.
#[inline(always)]
fn within<'a>(places: &[Place<'a>], first: usize) -> impl Iterator<Item = (usize, &'a [u8])> {
    let before_end = move |place: &&Place<'_>| place.column < first + BLOCK;
    places
        .iter()
        .take_while(before_end)
        .filter_map(move |place| {
            let column = place.column.max(first);
            let codes = place.target.get(column - place.column..)?;
            Some((column, &codes[..codes.len().min(first + BLOCK - column)]))
        })
}

/// Turns a square of bytes round: squares of one byte within those of two,
/// these within those of four, and the four of these.
#[inline(always)]
fn transpose(rows: [u64; SQUARE]) -> [u64; SQUARE] {
    let swap = |a: u64, b: u64, bits: u32, low: u64| {
        let swapped = (a >> bits ^ b) & low;
        (a ^ swapped << bits, b ^ swapped)
    };
    let ones = |a, b| swap(a, b, 8, 0x00ff_00ff_00ff_00ff);
    let twos = |a, b| swap(a, b, 16, 0x0000_ffff_0000_ffff);
    let fours = |a, b| swap(a, b, 32, 0x0000_0000_ffff_ffff);
    let [a, b, c, d, e, f, g, h] = rows;
    let ((a, b), (c, d), (e, f), (g, h)) = (ones(a, b), ones(c, d), ones(e, f), ones(g, h));
    let ((a, c), (b, d), (e, g), (f, h)) = (twos(a, c), twos(b, d), twos(e, g), twos(f, h));
    let ((a, e), (b, f), (c, g), (d, h)) = (fours(a, e), fours(b, f), fours(c, g), fours(d, h));
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::frame::STEP;
    use crate::kernel::layout::Place;

    #[test]
    fn every_letter_comes_to_its_column_and_lane() {
        for lanes in [4, 8, 16, 32, 64] {
            let texts: Vec<Vec<u8>> = (0..lanes)
                .map(|lane| {
                    (0..150)
                        .map(|at| ((lane * 7 + at * at) % 6) as u8)
                        .collect()
                })
                .collect();
            let all: Vec<Lane<'_>> = texts
                .iter()
                .enumerate()
                .map(|(number, text)| {
                    let place = |column, length| Place {
                        column,
                        target: &text[..length],
                        number,
                    };
                    Lane(vec![place(0, 70 + number % 3), place(80, 150 - number)])
                })
                .collect();
            let mut letters = Letters::new(lanes);
            let streaming = Batch::of(all[..lanes - 1].to_vec());
            let mut turned = streaming.clone();
            turned.turn(lanes);
            let blocks = (0..2 * BLOCK).step_by(STEP);
            let places = blocks.flat_map(|first| [(&streaming, first), (&turned, first)]);
            for (batch, first) in places {
                let columns = letters.columns(batch, first);
                let stride = lanes.next_multiple_of(SQUARE);
                for (at, &code) in columns.take(STEP).flatten().enumerate() {
                    let (column, lane) = (first + at / stride, at % stride);
                    if lane >= lanes {
                        continue;
                    }
                    let text = &texts[lane];
                    let expected = match column {
                        _ if lane == lanes - 1 => PAD,
                        0..80 if column < 70 + lane % 3 => text[column].min(WILDCARD),
                        80.. if column - 80 < 150 - lane => text[column - 80].min(WILDCARD),
                        _ => PAD,
                    };
                    assert_eq!(
                        code, expected,
                        "{lanes} lanes, column {column}, lane {lane}"
                    );
                }
            }
        }
    }
}
