//! A table in blocks of whole records, so that blocks can be profiled in
//! parallel and no more than a few of them are held at a time.
//!
//! Where a record ends can only be known from its beginning: a line end inside
//! quotes is none, and a quote opens a field only where a field begins. So one
//! reader walks over the bytes in order with a machine of five states and cuts
//! behind the last whole record; the work of taking fields out of the records is
//! done on the blocks, side by side. Where blocks are cut depends on the bytes
//! alone, never on the number of workers.

use std::io::Read;

use crate::{Fault, Separator, count_lines};

/// How a table is cut.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Bytes that are read at a time, and so about the size of a block.
    pub block: usize,
    /// Blocks that are profiled side by side while the next are read.
    pub batch: usize,
    /// A record longer than this is taken for a quote that never closes.
    pub record: usize,
}

impl Sizes {
    /// Twelve million rows (691 MB) take 34 MB of memory with two workers: at most
    /// two batches of blocks, one being profiled and one being read.
    pub const USUAL: Self = Self {
        block: 1 << 20,
        batch: 8,
        record: 64 << 20,
    };
}

/// A piece of a table that starts and ends with a record.
#[derive(Debug)]
pub struct Block {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// 1-based line of its first byte.
    pub line: u64,
    /// 0-based offset of its first byte in the file.
    pub offset: u64,
}

impl Block {
    /// 1-based line of the byte at `place` in the block.
    #[must_use]
    pub fn line_of(&self, place: usize) -> u64 {
        self.line + count_lines(&self.bytes[..place])
    }

    /// How many of its first bytes are UTF-8.
    #[must_use]
    pub fn sound(&self) -> usize {
        match std::str::from_utf8(&self.bytes) {
            Ok(_) => self.bytes.len(),
            Err(error) => error.valid_up_to(),
        }
    }

    /// Takes its first bytes away.
    pub fn drop_front(&mut self, count: usize) {
        self.line = self.line_of(count);
        self.offset += count as u64;
        self.bytes.drain(..count);
    }
}

/// Cuts what a reader gives into blocks.
#[derive(Debug)]
pub struct Blocks<R> {
    reader: R,
    separator: u8,
    sizes: Sizes,
    /// The beginning of a record whose end is not read yet.
    carry: Vec<u8>,
    line: u64,
    offset: u64,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of `reader`, whose first byte is at `offset` in its file.
    pub fn new(reader: R, offset: u64, separator: Separator, sizes: Sizes) -> Self {
        Self {
            reader,
            separator: separator.byte(),
            sizes,
            carry: Vec::new(),
            line: 1,
            offset,
            ended: false,
        }
    }

    /// The next few blocks; none at the end. Where reading breaks, the fault is
    /// the last item, behind the blocks before it.
    pub fn next_batch(&mut self) -> Vec<Result<Block, Fault>> {
        let mut batch = Vec::new();
        while batch.len() < self.sizes.batch && !self.ended {
            match self.next_block() {
                Ok(Some(block)) => batch.push(Ok(block)),
                Ok(None) => self.ended = true,
                Err(fault) => {
                    self.ended = true;
                    batch.push(Err(fault));
                }
            }
        }
        batch
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// The bytes cannot be read, or a quote never closes.
    pub fn next_block(&mut self) -> Result<Option<Block>, Fault> {
        let mut bytes = std::mem::take(&mut self.carry);
        let mut scan = Scan::new(self.separator);
        scan.over(&bytes);
        loop {
            let wanted = self.sizes.block as u64;
            let before = bytes.len();
            let read = self.reader.by_ref().take(wanted).read_to_end(&mut bytes)?;
            scan.over(&bytes[before..]);
            if read == 0 {
                if scan.state == State::Quoted {
                    return Err(Fault::OpenQuote {
                        line: self.line + count_lines(&bytes[..scan.quote]),
                        byte: self.offset + scan.quote as u64,
                    });
                }
                scan.cut = bytes.len();
                break;
            }
            if scan.cut > 0 {
                break;
            }
            if bytes.len() > self.sizes.record {
                return Err(Fault::TooLong {
                    line: self.line,
                    byte: self.offset,
                    limit_bytes: self.sizes.record,
                });
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        self.carry = bytes.split_off(scan.cut);
        let block = Block {
            line: self.line,
            offset: self.offset,
            bytes,
        };
        self.line += count_lines(&block.bytes);
        self.offset += block.bytes.len() as u64;
        Ok(Some(block))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the first byte of a field or record.
    Start,
    /// In a field without quotes, or behind its closing quote.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes the field, or is the first of two.
    Closing,
    /// Behind `\r`: the record ends here, or behind the `\n` that follows.
    Return,
}

/// The machine that finds where records end.
#[derive(Debug)]
struct Scan {
    separator: u8,
    state: State,
    /// Bytes seen.
    seen: usize,
    /// Where the bytes behind the last whole record begin.
    cut: usize,
    /// Where the last quoted field opens.
    quote: usize,
}

impl Scan {
    fn new(separator: u8) -> Self {
        Self {
            separator,
            state: State::Start,
            seen: 0,
            cut: 0,
            quote: 0,
        }
    }

    fn over(&mut self, bytes: &[u8]) {
        if !self.leap(bytes) {
            for (i, &byte) in bytes.iter().enumerate() {
                self.step(self.seen + i, byte);
            }
        }
        self.seen += bytes.len();
    }

    /// Without any quote, records end where lines do: only the last end matters.
    fn leap(&mut self, bytes: &[u8]) -> bool {
        if matches!(self.state, State::Quoted | State::Closing)
            || memchr::memchr(b'"', bytes).is_some()
        {
            return false;
        }
        let (Some(feed), Some(&last)) = (memchr::memrchr(b'\n', bytes), bytes.last()) else {
            return false;
        };
        self.cut = self.seen + feed + 1;
        self.state = match last {
            b'\n' => State::Start,
            b'\r' => State::Return,
            byte if byte == self.separator => State::Start,
            _ => State::Plain,
        };
        true
    }

    fn step(&mut self, place: usize, byte: u8) {
        if self.state == State::Return {
            self.state = State::Start;
            if byte == b'\n' {
                self.cut = place + 1;
                return;
            }
            self.cut = place;
        }
        self.state = match (self.state, byte) {
            (State::Start, b'"') => {
                self.quote = place;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) | (State::Closing, b'"') => State::Quoted,
            (_, b'\n') => {
                self.cut = place + 1;
                State::Start
            }
            (_, b'\r') => State::Return,
            (_, byte) if byte == self.separator => State::Start,
            _ => State::Plain,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SliceRecords;
    use proptest::prelude::*;

    fn sizes(block: usize) -> Sizes {
        Sizes {
            block,
            batch: 3,
            record: 1 << 20,
        }
    }

    fn blocks(text: &[u8], block: usize) -> Result<Vec<Block>, Fault> {
        let mut blocks = Blocks::new(text, 0, Separator::Comma, sizes(block));
        let mut all = Vec::new();
        loop {
            let batch = blocks.next_batch();
            if batch.is_empty() {
                return Ok(all);
            }
            for block in batch {
                all.push(block?);
            }
        }
    }

    fn records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut records = SliceRecords::new(bytes, Separator::Comma);
        let mut all = Vec::new();
        while records.advance() {
            all.push(records.fields().map(<[u8]>::to_vec).collect());
        }
        all
    }

    #[test]
    fn a_quote_that_never_closes_is_placed() {
        for block in [1, 4, 100] {
            let fault = blocks(b"a,b\r\n1,\"x\ny\"\r\n2,\"z\n\n", block).unwrap_err();
            assert!(
                matches!(fault, Fault::OpenQuote { line: 4, byte: 16 }),
                "{fault}"
            );
        }
        assert!(blocks(b"a\n\"x\"", 2).is_ok());
        assert!(blocks(b"a\n\"x\"\"", 2).is_err());
        assert!(blocks(b"a\nx\"", 2).is_ok());
    }

    #[test]
    fn a_record_without_end_is_not_held_in_memory() {
        let text = [b"a,b\n1,\"".as_slice(), &vec![b'x'; 3 << 20]].concat();
        let fault = blocks(&text, 1 << 16).unwrap_err();
        assert!(
            matches!(
                fault,
                Fault::TooLong {
                    line: 2,
                    byte: 4,
                    ..
                }
            ),
            "{fault}"
        );
    }

    proptest! {
        #[test]
        fn blocks_hold_the_records_of_the_whole(
            text in "([a,é]|\"[a,\n\"]{0,3}\"|\"|\r|\n|\r\n){0,40}",
            block in 1..20_usize,
        ) {
            let text = text.as_bytes();
            match blocks(text, block) {
                Ok(blocks) => {
                    let bytes: Vec<u8> = blocks.iter().flat_map(|b| b.bytes.clone()).collect();
                    prop_assert_eq!(&bytes, text);
                    let of_blocks: Vec<_> = blocks.iter().flat_map(|b| records(&b.bytes)).collect();
                    prop_assert_eq!(of_blocks, records(text));
                    for block in blocks {
                        let before = &text[..usize::try_from(block.offset).unwrap()];
                        prop_assert_eq!(block.line, 1 + count_lines(before));
                    }
                }
                // Then closing it must give a table with the same records.
                Err(Fault::OpenQuote { .. }) => {
                    let closed = [text, b"\""].concat();
                    prop_assert!(blocks(&closed, block).is_ok());
                    prop_assert_eq!(records(&closed), records(text));
                }
                Err(fault) => prop_assert!(false, "{}", fault),
            }
        }
    }
}
