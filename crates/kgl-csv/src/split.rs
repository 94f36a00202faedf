//! Where the fields of one record end, in bytes that hold at least its
//! beginning. Delimiters are looked for eight bytes at a time.

use memchr::{memchr, memchr3};

/// The fields of one record.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    spans: Vec<(usize, usize)>,
    /// The fields of a record that has quotes, without them.
    unquoted: Vec<u8>,
    has_quotes: bool,
}

impl Fields {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether a field of the record begins with a quote.
    pub(crate) fn has_quotes(&self) -> bool {
        self.has_quotes
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
    }

    /// A field of the record that was split from the beginning of `bytes`; empty past its end.
    #[inline]
    pub(crate) fn get<'a>(&'a self, bytes: &'a [u8], index: usize) -> &'a [u8] {
        match self.spans.get(index) {
            Some(&(start, end)) if self.has_quotes => &self.unquoted[start..end],
            Some(&(start, end)) => &bytes[start..end],
            None => b"",
        }
    }
}

/// What one look at the bytes of a record found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Split {
    /// The record takes `length` bytes; `crlf` when its last line ends in CR LF or CR.
    Whole { length: usize, crlf: bool },
    /// The record does not end in these bytes.
    More,
    /// Nor does a quoted field, which opens at byte `quote` of them.
    Open { quote: usize },
}

/// Splits the record at the beginning of `bytes` into at least its first
/// `columns` fields. `at_end` says that no bytes follow.
#[inline]
pub(crate) fn split(
    bytes: &[u8],
    separator: u8,
    columns: usize,
    at_end: bool,
    fields: &mut Fields,
) -> Split {
    fields.has_quotes = false;
    match split_plain(bytes, separator, columns, at_end, &mut fields.spans) {
        Some(found) => found,
        None => {
            fields.has_quotes = true;
            split_quoted(bytes, separator, at_end, fields)
        }
    }
}

/// Splits a record in whose first `columns` fields none begins with a quote
/// into ranges of `bytes`; nothing when one may.
#[inline]
fn split_plain(
    bytes: &[u8],
    separator: u8,
    columns: usize,
    at_end: bool,
    spans: &mut Vec<(usize, usize)>,
) -> Option<Split> {
    spans.clear();
    let (mut field, mut at) = (0, 0);
    while spans.len() < columns {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        let mut marks =
            mark(word, separator) | mark(word, b'\n') | mark(word, b'\r') | mark(word, b'"');
        while marks != 0 {
            let here = at + (marks.trailing_zeros() / 8) as usize;
            marks &= marks - 1;
            let byte = bytes[here];
            if byte == separator {
                spans.push((field, here));
                field = here + 1;
            } else if byte == b'"' {
                // Within a field a quote is a byte like any other.
                if field == here {
                    return None;
                }
            } else {
                spans.push((field, here));
                return Some(end_of_line(bytes, here, at_end));
            }
        }
        at += 8;
    }
    // The last bytes one by one; or what lies behind the wanted fields, where
    // any quote may begin a field.
    while let Some(&byte) = bytes.get(at) {
        if spans.len() >= columns {
            return match memchr3(b'\n', b'\r', b'"', &bytes[at..]) {
                Some(next) if bytes[at + next] == b'"' => None,
                Some(next) => Some(end_of_line(bytes, at + next, at_end)),
                None if at_end => Some(whole(bytes)),
                None => Some(Split::More),
            };
        }
        match byte {
            b'"' if field == at => return None,
            b'\n' | b'\r' => {
                spans.push((field, at));
                return Some(end_of_line(bytes, at, at_end));
            }
            byte if byte == separator => {
                spans.push((field, at));
                field = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if !at_end {
        return Some(Split::More);
    }
    if spans.len() < columns {
        spans.push((field, bytes.len()));
    }
    Some(whole(bytes))
}

fn whole(bytes: &[u8]) -> Split {
    Split::Whole {
        length: bytes.len(),
        crlf: false,
    }
}

/// The record whose line ends with the byte at `here`.
#[inline]
fn end_of_line(bytes: &[u8], here: usize, at_end: bool) -> Split {
    let (length, crlf) = match (bytes[here], bytes.get(here + 1)) {
        (b'\n', _) => (here + 1, false),
        (_, Some(b'\n')) => (here + 2, true),
        (_, None) if !at_end => return Split::More,
        _ => (here + 1, true),
    };
    Split::Whole { length, crlf }
}

/// The high bit of each byte of `word` that is `byte`.
#[inline(always)]
fn mark(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let v = word ^ (u64::from(byte) * 0x0101_0101_0101_0101);
    !(((v & LOW) + LOW) | v | LOW)
}

/// Splits a record that has quotes: its fields are put together without them.
fn split_quoted(bytes: &[u8], separator: u8, at_end: bool, fields: &mut Fields) -> Split {
    let Fields {
        spans, unquoted, ..
    } = fields;
    spans.clear();
    unquoted.clear();
    let mut here = 0;
    loop {
        let start = unquoted.len();
        if bytes.get(here) == Some(&b'"') {
            let quote = here;
            here += 1;
            loop {
                let Some(length) = memchr(b'"', &bytes[here..]) else {
                    return Split::Open { quote };
                };
                unquoted.extend_from_slice(&bytes[here..here + length]);
                here += length + 1;
                match bytes.get(here) {
                    Some(b'"') => {
                        unquoted.push(b'"');
                        here += 1;
                    }
                    None if !at_end => return Split::More,
                    _ => break,
                }
            }
        }
        let rest = &bytes[here..];
        let length = memchr3(separator, b'\n', b'\r', rest);
        unquoted.extend_from_slice(&rest[..length.unwrap_or(rest.len())]);
        let Some(length) = length else {
            if !at_end {
                return Split::More;
            }
            spans.push((start, unquoted.len()));
            return whole(bytes);
        };
        spans.push((start, unquoted.len()));
        here += length;
        if bytes[here] != separator {
            return end_of_line(bytes, here, at_end);
        }
        here += 1;
    }
}
