//! Where the fields of one CSV record end, in bytes that hold at least its
//! beginning. Delimiters are looked for eight bytes at a time.

/// What one look at the bytes of a record found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Split {
    /// The record takes `length` bytes and ends `lines` lines, the last of them in CR LF or CR.
    Whole {
        length: usize,
        lines: u64,
        crlf: bool,
    },
    /// A field begins with a quote: [`split_quoted`] is needed.
    Quote,
    /// The record does not end in these bytes.
    More,
    /// Nor does a quoted field, which opens `lines` lines below the record's first.
    Open { lines: u64 },
}

/// Splits a record in whose first `columns` fields none begins with a quote
/// into ranges of `bytes`.
pub(crate) fn split_plain(
    bytes: &[u8],
    columns: usize,
    at_end: bool,
    fields: &mut Vec<(usize, usize)>,
) -> Split {
    fields.clear();
    let (mut field, mut at) = (0, 0);
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let mut marks = mark(word, b'\n') | mark(word, b'\r') | mark(word, b'"');
        if fields.len() < columns {
            marks |= mark(word, b',');
        }
        while marks != 0 {
            let here = at + (marks.trailing_zeros() / 8) as usize;
            marks &= marks - 1;
            match mind(bytes, here, &mut field, columns, at_end, fields) {
                None => {}
                Some(found) => return found,
            }
        }
        at += 8;
    }
    for here in at..bytes.len() {
        if let Some(found) = mind(bytes, here, &mut field, columns, at_end, fields) {
            return found;
        }
    }
    if !at_end {
        return Split::More;
    }
    if fields.len() < columns {
        fields.push((field, bytes.len()));
    }
    Split::Whole {
        length: bytes.len(),
        lines: 1,
        crlf: false,
    }
}

/// What the byte at `here` means for the record; `None` when it goes on.
#[inline(always)]
fn mind(
    bytes: &[u8],
    here: usize,
    field: &mut usize,
    columns: usize,
    at_end: bool,
    fields: &mut Vec<(usize, usize)>,
) -> Option<Split> {
    let (length, crlf) = match bytes[here] {
        b',' => {
            if fields.len() < columns {
                fields.push((*field, here));
            }
            *field = here + 1;
            return None;
        }
        b'\n' => (here + 1, false),
        b'\r' => match bytes.get(here + 1) {
            Some(b'\n') => (here + 2, true),
            Some(_) => (here + 1, true),
            None if at_end => (here + 1, true),
            None => return Some(Split::More),
        },
        // Within a field a quote is a byte like any other. Where commas are no
        // longer looked at, any quote may begin a field.
        b'"' if *field == here || fields.len() >= columns => return Some(Split::Quote),
        _ => return None,
    };
    if fields.len() < columns {
        fields.push((*field, here));
    }
    Some(Split::Whole {
        length,
        lines: 1,
        crlf,
    })
}

/// The high bit of each byte of `word` that is `byte`.
#[inline(always)]
fn mark(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let v = word ^ (u64::from(byte) * 0x0101_0101_0101_0101);
    !(((v & LOW) + LOW) | v | LOW)
}

/// Splits a record that has quotes: its fields are ranges of `unquoted`.
pub(crate) fn split_quoted(
    bytes: &[u8],
    at_end: bool,
    fields: &mut Vec<(usize, usize)>,
    unquoted: &mut Vec<u8>,
) -> Split {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        /// Just after a quote within quotes: it closed the field, or stands for itself.
        Closed,
    }
    fields.clear();
    unquoted.clear();
    let (mut at, mut field, mut lines, mut opened) = (At::Start, 0, 0, 0);
    let mut here = 0;
    while here < bytes.len() {
        let byte = bytes[here];
        here += 1;
        if at == At::Quoted {
            match byte {
                b'"' => at = At::Closed,
                _ => {
                    lines += u64::from(byte == b'\n');
                    unquoted.push(byte);
                }
            }
            continue;
        }
        match byte {
            b'"' if at == At::Start => {
                opened = lines;
                at = At::Quoted;
            }
            b'"' if at == At::Closed => {
                unquoted.push(byte);
                at = At::Quoted;
            }
            b',' => {
                fields.push((field, unquoted.len()));
                field = unquoted.len();
                at = At::Start;
            }
            b'\n' | b'\r' => {
                let crlf = byte == b'\r';
                if crlf {
                    match bytes.get(here) {
                        Some(b'\n') => here += 1,
                        None if !at_end => return Split::More,
                        _ => {}
                    }
                }
                fields.push((field, unquoted.len()));
                return Split::Whole {
                    length: here,
                    lines: lines + 1,
                    crlf,
                };
            }
            _ => {
                unquoted.push(byte);
                at = At::Plain;
            }
        }
    }
    if at == At::Quoted {
        return Split::Open { lines: opened };
    }
    if !at_end {
        return Split::More;
    }
    fields.push((field, unquoted.len()));
    Split::Whole {
        length: bytes.len(),
        lines: lines + 1,
        crlf: false,
    }
}
