//! CSV records from a stream, with the places that a fault needs: the line a
//! record begins on, the line where a quote opens that nobody closes, the byte
//! that is no UTF-8.
//!
//! The dialect is the csv crate's default (a test holds the two equal), but that
//! crate takes a record cut inside quotes for a whole one and copies every field.
//! Here the fields of a record without quotes are ranges of the read buffer.

use std::io::{self, Read, Seek};

use kgl_contract::Sha256;
use sha2::Digest as _;

use crate::split::{Split, split_plain, split_quoted};

/// Bytes read at once.
const BLOCK: usize = 1 << 18;
/// No record may be longer: an open quote must not swallow a file into memory.
pub const LONGEST_RECORD: usize = 1 << 26;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a call of [`Records::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A record; its fields can be read until the next call.
    Record,
    /// Nothing is left.
    End,
    /// The file ends inside a quoted field.
    OpenQuote {
        /// The 1-based line where the quote opens.
        line: u64,
    },
    /// A record of more than [`LONGEST_RECORD`] bytes.
    TooLong {
        /// The 1-based line where it begins.
        line: u64,
    },
}

/// A reader of CSV records that counts lines and digests what it reads.
#[derive(Debug)]
pub struct Records<R> {
    source: R,
    buffer: Vec<u8>,
    /// The bytes of `buffer` that are filled and not yet given out.
    start: usize,
    end: usize,
    at_end: bool,
    /// Whether the filled bytes are all ASCII: then UTF-8 need not be checked.
    ascii: bool,
    /// Offset in the file of `buffer[0]`.
    offset: u64,
    hasher: Option<sha2::Sha256>,
    size: u64,
    next_line: u64,
    longest: usize,

    line: u64,
    fields: Vec<(usize, usize)>,
    /// The unquoted fields of a record that has quotes.
    unquoted: Vec<u8>,
    has_quotes: bool,
    not_utf8: Option<u64>,

    began: bool,
    byte_order_mark: bool,
    crlf: Option<u64>,
    blank_line: Option<u64>,
}

impl<R: Read> Records<R> {
    /// Records of `source`, from its beginning.
    pub fn new(source: R) -> Self {
        Self::with_block(source, BLOCK, LONGEST_RECORD)
    }

    fn with_block(source: R, block: usize, longest: usize) -> Self {
        Self {
            source,
            buffer: vec![0; block],
            start: 0,
            end: 0,
            at_end: false,
            ascii: true,
            offset: 0,
            hasher: Some(sha2::Sha256::new()),
            size: 0,
            next_line: 1,
            longest,
            line: 1,
            fields: Vec::new(),
            unquoted: Vec::new(),
            has_quotes: false,
            not_utf8: None,
            began: false,
            byte_order_mark: false,
            crlf: None,
            blank_line: None,
        }
    }

    /// Goes to the next record.
    ///
    /// # Errors
    /// What reading fails with.
    pub fn advance(&mut self) -> io::Result<Step> {
        self.advance_to(usize::MAX)
    }

    /// Goes to the next record, but finds only its first `columns` fields (or
    /// more): the rest is passed over.
    ///
    /// # Errors
    /// What reading fails with.
    pub fn advance_to(&mut self, columns: usize) -> io::Result<Step> {
        if !self.began {
            self.began = true;
            self.fill()?;
            if self.buffer[..self.end].starts_with(BYTE_ORDER_MARK) {
                self.byte_order_mark = true;
                self.start = BYTE_ORDER_MARK.len();
            }
        }
        if !self.skip_blank_lines()? {
            return Ok(Step::End);
        }
        self.line = self.next_line;
        loop {
            let bytes = &self.buffer[self.start..self.end];
            self.has_quotes = false;
            let mut found = split_plain(bytes, columns, self.at_end, &mut self.fields);
            if matches!(found, Split::Quote) {
                self.has_quotes = true;
                found = split_quoted(bytes, self.at_end, &mut self.fields, &mut self.unquoted);
            }
            match found {
                Split::Whole {
                    length,
                    lines,
                    crlf,
                } => {
                    if crlf {
                        self.crlf.get_or_insert(self.line);
                    }
                    self.not_utf8 = None;
                    if !self.ascii
                        && let Err(error) = str::from_utf8(&bytes[..length])
                    {
                        let within = self.start + error.valid_up_to();
                        self.not_utf8 = Some(self.offset + within as u64);
                    }
                    if !self.has_quotes {
                        // The fields are ranges of the buffer from here on.
                        for field in &mut self.fields {
                            field.0 += self.start;
                            field.1 += self.start;
                        }
                    }
                    self.start += length;
                    self.next_line += lines;
                    return Ok(Step::Record);
                }
                Split::Open { lines } if self.at_end => {
                    return Ok(Step::OpenQuote {
                        line: self.line + lines,
                    });
                }
                Split::Open { .. } | Split::More | Split::Quote => {
                    if self.end - self.start >= self.longest {
                        return Ok(match found {
                            Split::Open { lines } => Step::OpenQuote {
                                line: self.line + lines,
                            },
                            _ => Step::TooLong { line: self.line },
                        });
                    }
                    self.fill()?;
                }
            }
        }
    }

    /// How many fields the record has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// A field of the record, unquoted; empty past its end.
    #[must_use]
    pub fn field(&self, index: usize) -> &[u8] {
        match self.fields.get(index) {
            Some(&(start, end)) if self.has_quotes => &self.unquoted[start..end],
            Some(&(start, end)) => &self.buffer[start..end],
            None => b"",
        }
    }

    /// The 1-based line that the record begins on.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The 0-based offset in the file of the record's first byte that is no UTF-8.
    #[must_use]
    pub fn not_utf8(&self) -> Option<u64> {
        self.not_utf8
    }

    /// Whether the file begins with a byte-order mark.
    #[must_use]
    pub fn byte_order_mark(&self) -> bool {
        self.byte_order_mark
    }

    /// The first line so far that ends in CR LF or CR.
    #[must_use]
    pub fn crlf(&self) -> Option<u64> {
        self.crlf
    }

    /// The first line so far that holds nothing.
    #[must_use]
    pub fn blank_line(&self) -> Option<u64> {
        self.blank_line
    }

    /// Reads to the end and gives the digest and the size of the whole file.
    ///
    /// # Errors
    /// What reading fails with.
    pub fn finish(&mut self) -> io::Result<(Sha256, u64)> {
        while !self.at_end {
            self.start = self.end;
            self.fill()?;
        }
        let hasher = self.hasher.take().unwrap_or_default();
        let hex: String = hasher
            .finalize()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        Ok((hex.parse().map_err(io::Error::other)?, self.size))
    }

    /// Passes over empty lines, as the csv crate does; `false` at the file's end.
    fn skip_blank_lines(&mut self) -> io::Result<bool> {
        loop {
            if self.start == self.end {
                if self.at_end {
                    return Ok(false);
                }
                self.fill()?;
                continue;
            }
            match self.buffer[self.start] {
                b'\n' => {}
                b'\r' if self.start + 1 == self.end && !self.at_end => {
                    self.fill()?;
                    continue;
                }
                b'\r' => {
                    self.crlf.get_or_insert(self.next_line);
                    if self.buffer[..self.end].get(self.start + 1) == Some(&b'\n') {
                        self.start += 1;
                    }
                }
                _ => return Ok(true),
            }
            self.blank_line.get_or_insert(self.next_line);
            self.start += 1;
            self.next_line += 1;
        }
    }

    /// Moves the unread bytes to the front and reads until the buffer is full
    /// (doubled first when it was) or the file ends.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let kept = self.end;
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let fresh = &self.buffer[kept..self.end];
        if let Some(hasher) = &mut self.hasher {
            hasher.update(fresh);
        }
        self.size += fresh.len() as u64;
        self.ascii = self.buffer[..self.end].is_ascii();
        Ok(())
    }
}

impl<R: Read + Seek> Records<R> {
    /// Goes back to the first record. From here on nothing is digested: the
    /// digest is that of the first reading.
    ///
    /// # Errors
    /// The source cannot go back.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.source.rewind()?;
        self.hasher = None;
        (self.start, self.end, self.offset, self.next_line) = (0, 0, 0, 1);
        (self.at_end, self.began) = (false, false);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(u64, Vec<Vec<u8>>)>;

    fn read(bytes: &[u8], block: usize, columns: usize) -> (Rows, Step) {
        let mut records = Records::with_block(bytes, block, 1 << 20);
        let mut rows = Vec::new();
        loop {
            match records.advance_to(columns).unwrap() {
                Step::Record => {
                    let fields = (0..records.width()).map(|i| records.field(i).to_vec());
                    rows.push((records.line(), fields.collect()));
                }
                end => {
                    let (sha256, size) = records.finish().unwrap();
                    assert_eq!((sha256, size), (Sha256::of(bytes), bytes.len() as u64));
                    return (rows, end);
                }
            }
        }
    }

    fn csv_crate(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).flexible(true).from_reader(bytes);
        let records = reader.byte_records().map(Result::unwrap);
        records
            .map(|record| record.iter().map(<[u8]>::to_vec).collect())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn agrees_with_the_csv_crate(
            bytes in prop::collection::vec(prop::sample::select(&b"aaaaaaab,,\n\r\"\xff"[..]), 0..80),
            block in 1..40usize,
            columns in 1..4usize,
        ) {
            let (rows, end) = read(&bytes, block, usize::MAX);
            let fields: Vec<_> = rows.iter().map(|(_, fields)| fields.clone()).collect();
            let mut expected = csv_crate(&bytes);
            if end != Step::End {
                // What the csv crate takes for a last record.
                prop_assert!(matches!(end, Step::OpenQuote { .. }), "{end:?}");
                expected.pop();
            }
            prop_assert_eq!(&fields, &expected);
            // The first fields alone are the same, in the same rows.
            let (heads, head_end) = read(&bytes, block, columns);
            prop_assert_eq!(head_end, end);
            prop_assert_eq!(heads.len(), rows.len());
            for ((head_line, head), (line, whole)) in heads.iter().zip(&rows) {
                let shown = columns.min(whole.len());
                prop_assert_eq!((head_line, &head[..shown]), (line, &whole[..shown]));
            }
        }
    }

    #[test]
    fn places_are_lines_and_bytes_of_the_file() {
        let (rows, end) = read(b"a\n\n\"x\ny\",2\r\nb\n\"c\n,\"\"", 4, usize::MAX);
        let lines: Vec<_> = rows.iter().map(|(line, _)| *line).collect();
        assert_eq!((lines, end), (vec![1, 3, 5], Step::OpenQuote { line: 6 }));
        let (_, end) = read(b"a\n\"b\nc\",\n1,\"x\n", 4, usize::MAX);
        assert_eq!(end, Step::OpenQuote { line: 4 });
        let (_, end) = read(b"a,\"b\nc\",\"d", 4, usize::MAX);
        assert_eq!(end, Step::OpenQuote { line: 2 });
        let mut records = Records::with_block(&b"ab\ncd\ne\xe9f\n"[..], 3, 100);
        let places = std::iter::from_fn(|| {
            (records.advance().unwrap() == Step::Record).then(|| records.not_utf8())
        });
        assert_eq!(places.collect::<Vec<_>>(), [None, None, Some(7)]);
    }

    #[test]
    fn no_record_swallows_the_memory() {
        let long = [&b"a,b\nc,"[..], &[b'x'; 5000]].concat();
        let mut records = Records::with_block(Cursor::new(&long), 16, 1000);
        assert_eq!(records.advance().unwrap(), Step::Record);
        assert_eq!(records.advance().unwrap(), Step::TooLong { line: 2 });
        assert!(records.buffer.len() <= 2048);
        let quoted = [&b"a,b\nc,\"\n"[..], &[b'x'; 5000]].concat();
        let mut records = Records::with_block(Cursor::new(&quoted), 16, 1000);
        assert_eq!(records.advance().unwrap(), Step::Record);
        assert_eq!(records.advance().unwrap(), Step::OpenQuote { line: 2 });
        assert_eq!(records.finish().unwrap().0, Sha256::of(&quoted));
    }
}
