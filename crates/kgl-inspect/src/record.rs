//! The records of a piece of a table that holds whole records, and their
//! fields, without quotes.
//!
//! The rules are those of the `csv` crate and of pandas: a record ends with
//! `\n`, `\r\n` or `\r`; lines without anything are skipped; a quote opens a
//! field only as its first byte, two quotes inside are one, and what follows the
//! closing quote is taken as it stands.

use crate::separator::Separator;

/// Walks over the records of some bytes.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    separator: u8,
    at: usize,
    start: usize,
    fields: Vec<Span>,
    /// Fields that are not a piece of `bytes`, because quotes were taken out.
    unquoted: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    in_bytes: bool,
    start: usize,
    end: usize,
}

impl<'a> Records<'a> {
    /// The records of `bytes`, which start with one.
    pub(crate) fn new(bytes: &'a [u8], separator: Separator) -> Self {
        Self {
            bytes,
            separator: separator.byte(),
            at: 0,
            start: 0,
            fields: Vec::new(),
            unquoted: Vec::new(),
        }
    }

    /// Goes to the next record; false when there is none.
    pub(crate) fn advance(&mut self) -> bool {
        while self.at_line_end() {
            self.at += 1;
        }
        self.start = self.at;
        self.fields.clear();
        self.unquoted.clear();
        if self.at == self.bytes.len() {
            return false;
        }
        loop {
            let field = match self.peek() {
                Some(b'"') => self.quoted_field(),
                _ => self.plain_field(),
            };
            self.fields.push(field);
            if self.peek() != Some(self.separator) {
                break;
            }
            self.at += 1;
        }
        // The line's end, so that `end` is where the next line begins.
        if self.peek() == Some(b'\r') {
            self.at += 1;
            if self.peek() == Some(b'\n') {
                self.at += 1;
            }
        } else if self.peek() == Some(b'\n') {
            self.at += 1;
        }
        true
    }

    /// Where the record begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where the bytes after the record begin.
    pub(crate) fn end(&self) -> usize {
        self.at
    }

    /// How many fields the record has.
    pub(crate) fn width(&self) -> usize {
        self.fields.len()
    }

    /// The record's fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().map(|field| {
            let from = if field.in_bytes {
                self.bytes
            } else {
                &self.unquoted
            };
            &from[field.start..field.end]
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn at_line_end(&self) -> bool {
        matches!(self.peek(), Some(b'\n' | b'\r'))
    }

    /// Moves to the next separator or line's end.
    fn skip_plain(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest
            .iter()
            .position(|&byte| byte == self.separator || byte == b'\n' || byte == b'\r')
            .unwrap_or(rest.len());
    }

    fn plain_field(&mut self) -> Span {
        let start = self.at;
        self.skip_plain();
        Span {
            in_bytes: true,
            start,
            end: self.at,
        }
    }

    fn quoted_field(&mut self) -> Span {
        self.at += 1;
        let start = self.at;
        let close = self.skip_to_quote();
        let next = self.peek();
        if next.is_none_or(|byte| byte == self.separator) || self.at_line_end() {
            return Span {
                in_bytes: true,
                start,
                end: close,
            };
        }
        // Quotes inside, or text behind the closing one: the field is put together.
        let begin = self.unquoted.len();
        self.unquoted.extend(&self.bytes[start..close]);
        while self.peek() == Some(b'"') {
            let from = self.at;
            self.at += 1;
            let close = self.skip_to_quote();
            self.unquoted.extend(&self.bytes[from..close]);
        }
        let from = self.at;
        self.skip_plain();
        self.unquoted.extend(&self.bytes[from..self.at]);
        Span {
            in_bytes: false,
            start: begin,
            end: self.unquoted.len(),
        }
    }

    /// Moves behind the next quote, and says where it is; the end of the bytes
    /// stands for a quote that never comes.
    fn skip_to_quote(&mut self) -> usize {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|&byte| byte == b'"') {
            Some(quote) => {
                let close = self.at + quote;
                self.at = close + 1;
                close
            }
            None => {
                self.at = self.bytes.len();
                self.at
            }
        }
    }
}

/// How many line ends there are: `\n`, `\r\n` and `\r` are one each.
pub(crate) fn count_lines(bytes: &[u8]) -> u64 {
    let feeds = bytes.iter().filter(|&&byte| byte == b'\n').count();
    let returns = if bytes.contains(&b'\r') {
        let alone = bytes
            .windows(2)
            .filter(|pair| pair[0] == b'\r' && pair[1] != b'\n');
        alone.count() + usize::from(bytes.last() == Some(&b'\r'))
    } else {
        0
    };
    (feeds + returns) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut records = Records::new(bytes, Separator::Comma);
        let mut all = Vec::new();
        while records.advance() {
            all.push(records.fields().map(<[u8]>::to_vec).collect());
        }
        all
    }

    fn by_the_csv_crate(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes)
            .byte_records()
            .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
            .collect()
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
        let mut records = Records::new(b"\r\na\r\n\nbc", Separator::Comma);
        assert!(records.advance());
        assert_eq!((records.start(), records.end()), (2, 5));
        assert!(records.advance());
        assert_eq!((records.start(), records.end()), (6, 8));
        assert!(!records.advance());
    }

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(count_lines(b""), 0);
        assert_eq!(count_lines(b"a\nb\n"), 2);
        assert_eq!(count_lines(b"a\r\nb\rc\r\n\r"), 4);
    }

    proptest! {
        #[test]
        fn reads_as_the_csv_crate_does(text in "[a,;\"\r\n é]{0,60}") {
            prop_assert_eq!(records(text.as_bytes()), by_the_csv_crate(text.as_bytes()));
        }
    }
}
