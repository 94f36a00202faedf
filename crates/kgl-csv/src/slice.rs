//! The records of bytes that are in memory and hold whole records.

use crate::Separator;
use crate::split::{Fields, Split, split};

/// Walks over the records of some bytes. A quote that never closes ends with them.
#[derive(Debug)]
pub struct SliceRecords<'a> {
    bytes: &'a [u8],
    separator: u8,
    start: usize,
    end: usize,
    fields: Fields,
}

impl<'a> SliceRecords<'a> {
    /// The records of `bytes`, which start with one.
    #[must_use]
    pub fn new(bytes: &'a [u8], separator: Separator) -> Self {
        Self {
            bytes,
            separator: separator.byte(),
            start: 0,
            end: 0,
            fields: Fields::default(),
        }
    }

    /// Goes to the next record; false when there is none.
    #[inline]
    pub fn advance(&mut self) -> bool {
        self.advance_to(usize::MAX)
    }

    /// As [`SliceRecords::advance`], but finds only the first `columns` fields (or more).
    pub fn advance_to(&mut self, columns: usize) -> bool {
        while matches!(self.bytes.get(self.end), Some(b'\n' | b'\r')) {
            self.end += 1;
        }
        self.start = self.end;
        self.fields.clear();
        let rest = &self.bytes[self.start..];
        if rest.is_empty() {
            return false;
        }
        match split(rest, self.separator, columns, true, &mut self.fields) {
            Split::Whole { length, .. } => self.end += length,
            // The bytes hold whole records, so this is a last field that the
            // caller knows to be open: it is closed with them.
            Split::More | Split::Open { .. } => {
                let closed = [rest, b"\""].concat();
                split(&closed, self.separator, columns, true, &mut self.fields);
                self.end = self.bytes.len();
            }
        }
        true
    }

    /// Where the record begins.
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the bytes after the record begin.
    #[must_use]
    pub fn end(&self) -> usize {
        self.end
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
        self.fields.get(&self.bytes[self.start..], index)
    }

    /// The record's fields, without quotes.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.width()).map(|index| self.field(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut records = SliceRecords::new(bytes, Separator::Comma);
        let mut all = Vec::new();
        while records.advance() {
            all.push(records.fields().map(<[u8]>::to_vec).collect());
        }
        all
    }

    #[test]
    fn quotes_newlines_and_empty_fields() {
        assert_eq!(
            records(b"a,\"b\nc\",\"d\"\"e\",\r\n\n\"\"\rx\"y,\"z\"w\"\n"),
            [
                vec![b"a".to_vec(), b"b\nc".to_vec(), b"d\"e".to_vec(), vec![]],
                vec![vec![]],
                vec![b"x\"y".to_vec(), b"zw\"".to_vec()],
            ]
        );
    }

    #[test]
    fn a_record_knows_where_it_is() {
        let mut records = SliceRecords::new(b"\r\na\r\n\nbc", Separator::Comma);
        assert!(records.advance());
        assert_eq!((records.start(), records.end()), (2, 5));
        assert!(records.advance());
        assert_eq!((records.start(), records.end()), (6, 8));
        assert!(!records.advance());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn reads_as_the_csv_crate_does(text in "[a,;\"\r\n é]{0,60}") {
            let by_the_csv_crate: Vec<Vec<Vec<u8>>> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes())
                .byte_records()
                .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            prop_assert_eq!(records(text.as_bytes()), by_the_csv_crate);
        }
    }
}
