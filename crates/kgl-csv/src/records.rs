//! Records of a stream, one after the other, in a buffer that grows only when a
//! record does not fit.

use std::io::{self, Read};

use crate::split::{Fields, Split, split};
use crate::unpack::Rewind;
use crate::{BYTE_ORDER_MARK, Fault, Separator, count_lines};

/// Bytes read at once.
const BLOCK: usize = 1 << 18;
/// No record may be longer: an open quote must not swallow a file into memory.
pub const LONGEST_RECORD: usize = 1 << 26;

/// A reader of CSV records that knows where it is.
#[derive(Debug)]
pub struct Records<R> {
    source: R,
    separator: u8,
    buffer: Vec<u8>,
    /// The bytes of `buffer` that are filled and not yet given out.
    start: usize,
    end: usize,
    at_end: bool,
    /// Whether the filled bytes are all ASCII: then UTF-8 need not be checked.
    ascii: bool,
    /// Offset in the file of `buffer[0]`.
    offset: u64,
    next_line: u64,
    longest: usize,

    /// Where the record begins in `buffer`.
    record: usize,
    line: u64,
    fields: Fields,
    not_utf8: Option<u64>,

    began: bool,
    byte_order_mark: bool,
    crlf: Option<u64>,
    blank_line: Option<u64>,
}

impl<R: Read> Records<R> {
    /// Records of `source`, from its beginning.
    pub fn new(source: R, separator: Separator) -> Self {
        Self::with_block(source, separator, BLOCK, LONGEST_RECORD)
    }

    /// As [`Records::new`], reading `block` bytes at once and refusing records of
    /// more than about `longest` bytes.
    pub fn with_block(source: R, separator: Separator, block: usize, longest: usize) -> Self {
        Self {
            source,
            separator: separator.byte(),
            buffer: vec![0; block.max(1)],
            start: 0,
            end: 0,
            at_end: false,
            ascii: true,
            offset: 0,
            next_line: 1,
            longest,
            record: 0,
            line: 1,
            fields: Fields::default(),
            not_utf8: None,
            began: false,
            byte_order_mark: false,
            crlf: None,
            blank_line: None,
        }
    }

    /// Goes to the next record; false at the end.
    ///
    /// # Errors
    /// [`Fault`]: no further record can be told.
    pub fn advance(&mut self) -> Result<bool, Fault> {
        self.advance_to(usize::MAX)
    }

    /// Goes to the next record, but finds only its first `columns` fields (or
    /// more): the rest is passed over.
    ///
    /// # Errors
    /// As [`Records::advance`].
    #[inline]
    pub fn advance_to(&mut self, columns: usize) -> Result<bool, Fault> {
        if !self.began {
            self.begin()?;
        }
        self.fields.clear();
        if !self.skip_blank_lines()? {
            return Ok(false);
        }
        self.line = self.next_line;
        loop {
            let bytes = &self.buffer[self.start..self.end];
            let found = split(
                bytes,
                self.separator,
                columns,
                self.at_end,
                &mut self.fields,
            );
            match found {
                Split::Whole { length, crlf } => {
                    self.take(length, crlf);
                    return Ok(true);
                }
                Split::Open { quote } if self.at_end || bytes.len() >= self.longest => {
                    return Err(Fault::OpenQuote {
                        line: self.line + count_lines(&bytes[..quote]),
                        byte: self.offset + (self.start + quote) as u64,
                    });
                }
                Split::Open { .. } | Split::More => {
                    if bytes.len() >= self.longest {
                        return Err(Fault::TooLong {
                            line: self.line,
                            byte: self.offset + self.start as u64,
                            limit_bytes: self.longest,
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

    /// A field of the record, without quotes; empty past its end.
    #[must_use]
    #[inline]
    pub fn field(&self, index: usize) -> &[u8] {
        self.fields.get(&self.buffer[self.record..], index)
    }

    /// The 1-based line that the record begins on.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The 0-based offset of the record's first byte.
    #[must_use]
    pub fn byte(&self) -> u64 {
        self.offset + self.record as u64
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

    /// Where the records come from.
    #[must_use]
    pub fn source(&self) -> &R {
        &self.source
    }

    /// Reads what is left without looking at it, and gives the source back at its end.
    ///
    /// # Errors
    /// What reading fails with.
    pub fn finish(mut self) -> io::Result<R> {
        self.drain()?;
        Ok(self.source)
    }

    /// Reads what is left without looking at it.
    ///
    /// # Errors
    /// What reading fails with.
    pub fn drain(&mut self) -> io::Result<()> {
        while !self.at_end {
            self.start = self.end;
            self.fill()?;
        }
        self.start = self.end;
        Ok(())
    }

    #[cold]
    fn begin(&mut self) -> io::Result<()> {
        self.began = true;
        while self.end < BYTE_ORDER_MARK.len() && !self.at_end {
            self.fill()?;
        }
        if self.buffer[..self.end].starts_with(BYTE_ORDER_MARK) {
            self.byte_order_mark = true;
            self.start = BYTE_ORDER_MARK.len();
        }
        Ok(())
    }

    /// Takes `length` bytes as a record.
    #[inline]
    fn take(&mut self, length: usize, crlf: bool) {
        let bytes = &self.buffer[self.start..self.start + length];
        if crlf {
            self.crlf.get_or_insert(self.line);
        }
        self.not_utf8 = None;
        if !self.ascii
            && let Err(error) = str::from_utf8(bytes)
        {
            let within = self.start + error.valid_up_to();
            self.not_utf8 = Some(self.offset + within as u64);
        }
        self.next_line += if self.fields.has_quotes() {
            count_lines(bytes)
        } else {
            1
        };
        self.record = self.start;
        self.start += length;
    }

    /// Passes over empty lines, as the csv crate does; `false` at the file's end.
    #[inline]
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
        self.ascii = self.buffer[..self.end].is_ascii();
        Ok(())
    }
}

impl<R: Read + Rewind> Records<R> {
    /// Goes back to the first record.
    ///
    /// # Errors
    /// The source cannot go back.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.source.rewind()?;
        (self.start, self.end, self.offset, self.next_line) = (0, 0, 0, 1);
        (self.at_end, self.began, self.record) = (false, false, 0);
        self.fields.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(u64, Vec<Vec<u8>>)>;

    fn read(bytes: &[u8], block: usize, columns: usize) -> (Rows, Option<Fault>) {
        let mut records = Records::with_block(bytes, Separator::Comma, block, 1 << 20);
        let mut rows = Vec::new();
        loop {
            match records.advance_to(columns) {
                Ok(true) => {
                    let fields = (0..records.width()).map(|i| records.field(i).to_vec());
                    rows.push((records.line(), fields.collect()));
                }
                Ok(false) => return (rows, None),
                Err(fault) => {
                    assert!(records.finish().unwrap().is_empty());
                    return (rows, Some(fault));
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

    fn open_quote(fault: Option<&Fault>) -> Option<(u64, u64)> {
        match fault {
            None => None,
            Some(Fault::OpenQuote { line, byte }) => Some((*line, *byte)),
            Some(other) => panic!("{other}"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn agrees_with_the_csv_crate(
            bytes in prop::collection::vec(prop::sample::select(&b"aaaaaaab,,\n\r\"\xff"[..]), 0..80),
            block in 1..40usize,
            columns in 1..4usize,
        ) {
            let (rows, fault) = read(&bytes, block, usize::MAX);
            let fields: Vec<_> = rows.iter().map(|(_, fields)| fields.clone()).collect();
            let mut expected = csv_crate(&bytes);
            let open = open_quote(fault.as_ref());
            if let Some((line, byte)) = open {
                // What the csv crate takes for a last record.
                expected.pop();
                let byte = usize::try_from(byte).unwrap();
                prop_assert_eq!(bytes[byte], b'"');
                prop_assert_eq!(line, 1 + count_lines(&bytes[..byte]));
            }
            prop_assert_eq!(&fields, &expected);
            // The first fields alone are the same, in the same rows.
            let (heads, head_fault) = read(&bytes, block, columns);
            prop_assert_eq!(open_quote(head_fault.as_ref()), open);
            prop_assert_eq!(heads.len(), rows.len());
            for ((head_line, head), (line, whole)) in heads.iter().zip(&rows) {
                let shown = columns.min(whole.len());
                prop_assert_eq!((head_line, &head[..shown]), (line, &whole[..shown]));
            }
        }

        #[test]
        fn any_separator_splits_as_the_comma_does(
            text in prop::collection::vec(prop::sample::select(&b"aab,,\n\""[..]), 0..60),
        ) {
            let (expected, fault) = read(&text, 16, usize::MAX);
            for separator in Separator::ALL {
                let other: Vec<u8> = text.iter()
                    .map(|&byte| if byte == b',' { separator.byte() } else { byte })
                    .collect();
                let mut records = Records::with_block(&other[..], separator, 16, 1 << 20);
                for (line, fields) in &expected {
                    prop_assert!(records.advance().unwrap());
                    prop_assert_eq!((records.line(), records.width()), (*line, fields.len()));
                }
                prop_assert_eq!(records.advance().is_err(), fault.is_some());
            }
        }
    }

    #[test]
    fn places_are_lines_and_bytes_of_the_file() {
        let lines = |text: &[u8]| {
            let (rows, fault) = read(text, 4, usize::MAX);
            let lines: Vec<_> = rows.iter().map(|(line, _)| *line).collect();
            (lines, open_quote(fault.as_ref()))
        };
        let text = b"a\n\n\"x\ny\",2\r\nb\n\"c\n,\"\"";
        assert_eq!(lines(text), (vec![1, 3, 5], Some((6, 14))));
        assert_eq!(lines(b"a\n\"b\nc\",\n1,\"x\n").1, Some((4, 11)));
        assert_eq!(lines(b"a,\"b\nc\",\"d").1, Some((2, 8)));
        assert_eq!(lines(b"\xef\xbb\xbfa\rb,\"").1, Some((2, 7)));
        let mut records = Records::with_block(&b"ab\ncd\ne\xe9f\n"[..], Separator::Comma, 3, 100);
        let mut places = Vec::new();
        while records.advance().unwrap() {
            places.push((records.byte(), records.not_utf8()));
        }
        assert_eq!(places, [(0, None), (3, None), (6, Some(7))]);
    }

    #[test]
    fn what_is_read_again_is_the_same() {
        let text = b"\xef\xbb\xbfa,b\n\"1\n\",2\n";
        let mut records = Records::with_block(Cursor::new(text), Separator::Comma, 5, 100);
        for _ in 0..2 {
            assert!(records.advance().unwrap() && records.byte_order_mark());
            assert_eq!((records.field(0), records.byte()), (&b"a"[..], 3));
            assert!(records.advance().unwrap());
            assert_eq!((records.line(), records.field(0)), (2, &b"1\n"[..]));
            assert!(!records.advance().unwrap());
            records.rewind().unwrap();
        }
    }

    #[test]
    fn no_record_swallows_the_memory() {
        let reading = |text: &[u8]| {
            let mut records = Records::with_block(text, Separator::Comma, 16, 1000);
            assert!(records.advance().unwrap());
            let fault = records.advance().unwrap_err();
            assert!(records.buffer.len() <= 2048);
            fault
        };
        let fault = reading(&[&b"a,b\nc,"[..], &[b'x'; 5000]].concat());
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
        let fault = reading(&[&b"a,b\nc,\"\n"[..], &[b'x'; 5000]].concat());
        assert!(
            matches!(fault, Fault::OpenQuote { line: 2, byte: 6 }),
            "{fault}"
        );
    }
}
