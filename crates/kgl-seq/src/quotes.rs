//! Finding the quote that never closes.
//!
//! The csv crate takes the end of the file for the end of a quoted field, so
//! a file cut in the middle of a record reads as a shorter file without a
//! word. This scanner follows the same rules (RFC 4180, and a quote inside an
//! unquoted field is a character like any other) and only wants to know
//! whether the text ends inside quotes.

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote inside quotes: the end of them, or half of a `""`.
    QuoteInQuotes,
}

/// The line (from 1) of the quote that is still open where `text` ends.
pub(crate) fn find_open_quote(text: &[u8]) -> Option<u64> {
    let mut state = State::FieldStart;
    let (mut line, mut opened) = (1, 1);
    for &byte in text {
        state = match (state, byte) {
            (State::FieldStart, b'"') => {
                opened = line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::QuoteInQuotes,
            (State::QuoteInQuotes, b'"') | (State::Quoted, _) => State::Quoted,
            (_, b',' | b'\n' | b'\r') => State::FieldStart,
            (State::FieldStart | State::Plain | State::QuoteInQuotes, _) => State::Plain,
        };
        line += u64::from(byte == b'\n');
    }
    (state == State::Quoted).then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tells_open_from_closed() {
        for (text, line) in [
            ("a,b\n1,\"x", Some(2)),
            ("a,b\n\"1\n2\n3", Some(2)),
            ("\"a\n\",\"b", Some(2)),
            ("a,\"", Some(1)),
            ("a,\"\"\"", Some(1)),
            ("a,\"\"", None),
            ("a,\"x\"\"y\"", None),
            ("a,x\"y", None),
            ("a,\"x\"y\"", None),
            ("a\r\n\"b\"\r\n", None),
            ("", None),
        ] {
            assert_eq!(find_open_quote(text.as_bytes()), line, "{text:?}");
        }
    }

    proptest! {
        /// Behind an open quote, a lone line break is part of the last field;
        /// behind anything else it is not. The csv crate is asked which.
        #[test]
        fn agrees_with_the_csv_crate(text in "[a\",\n\r]{0,12}") {
            let fields = |text: String| -> Vec<Vec<String>> {
                csv::ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(text.as_bytes())
                    .records()
                    .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                    .collect()
            };
            let with_break = fields(format!("{text}\nz"));
            let in_quotes = with_break.last().is_none_or(|last| *last != ["z"]);
            prop_assert_eq!(find_open_quote(text.as_bytes()).is_some(), in_quotes);
        }
    }
}
