//! Which character stands between the fields of a table.

use std::path::Path;

use crate::slice::SliceRecords;

/// The separators a table may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Pipe,
}

/// How many records are looked at.
const SAMPLE: usize = 50;

impl Separator {
    /// All of them, the most usual first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The separator as a byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The separator as text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Tab => "\t",
            Self::Pipe => "|",
        }
    }

    /// What the end of a file's name promises.
    fn promised_by(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Comma),
            "tsv" | "tab" => Some(Self::Tab),
            "psv" => Some(Self::Pipe),
            _ => None,
        }
    }

    /// Tells the separator from the first bytes of a table; `whole` says that
    /// these are all it has.
    ///
    /// A separator fits when it cuts the first records into equally many fields,
    /// at least two. The one that the file's name promises is taken if it fits,
    /// else the one that fits with the most fields, else the one that cuts the
    /// header into the most fields; a table of one column has commas.
    #[must_use]
    pub fn tell(head: &[u8], whole: bool, name: &str) -> Self {
        let cuts = Self::ALL.map(|separator| (separator, Cut::of(head, whole, separator)));
        if let Some(promised) = Self::promised_by(name)
            && cuts
                .iter()
                .any(|(separator, cut)| *separator == promised && cut.fits())
        {
            return promised;
        }
        let mut best = (Self::Comma, (false, 1));
        for (separator, cut) in cuts {
            let rank = (cut.fits(), cut.header);
            if rank > best.1 {
                best = (separator, rank);
            }
        }
        best.0
    }
}

/// How a separator cuts the first records.
struct Cut {
    /// Fields of the header.
    header: usize,
    /// Whether all records have as many.
    even: bool,
}

impl Cut {
    fn of(head: &[u8], whole: bool, separator: Separator) -> Self {
        let mut records = SliceRecords::new(head, separator);
        let header = if records.advance() {
            records.width()
        } else {
            0
        };
        let mut even = true;
        for _ in 1..SAMPLE {
            // The last record of a piece may go on behind it.
            if !records.advance() || (!whole && records.end() == head.len()) {
                break;
            }
            even &= records.width() == header;
        }
        Self { header, even }
    }

    fn fits(&self) -> bool {
        self.even && self.header > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn tells(name: &str, text: &str, expected: Separator) {
        assert_eq!(
            Separator::tell(text.as_bytes(), true, name),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn each_separator_is_told_from_the_text() {
        for separator in Separator::ALL {
            let text = "a,b,c\n1,\"x\ny\",3\n".replace(',', separator.text());
            tells("x.csv", &text, separator);
            tells("x.tsv", &text, separator);
        }
    }

    #[test]
    fn the_name_decides_between_two_that_fit() {
        tells("x.csv", "a;b;c,d\n1;2;3,4\n", Separator::Comma);
        tells("x.tsv", "a,b,c\td\n1,2,3\t4\n", Separator::Tab);
        tells("x.txt", "a;b;c,d\n1;2;3,4\n", Separator::Semicolon);
    }

    #[test]
    fn numbers_with_a_decimal_comma_do_not_mislead() {
        tells("x.csv", "a;b\n1,5;2,5\n2;3,5\n", Separator::Semicolon);
        tells("x.csv", "width, mm;b\n1,5;2,5\n2;3\n", Separator::Semicolon);
    }

    #[test]
    fn one_column_and_nothing_have_commas() {
        tells("x.csv", "a\n1\n2\n", Separator::Comma);
        tells("x.tsv", "", Separator::Comma);
    }

    #[test]
    fn a_ragged_table_keeps_its_separator() {
        tells("x.csv", "a,b,c\n1,2,3\n1,2\n", Separator::Comma);
    }

    #[test]
    fn a_record_cut_by_the_end_of_the_piece_does_not_count() {
        let head = b"a;b\n1,0;2\n1,0";
        assert_eq!(Separator::tell(head, false, "x.csv"), Separator::Semicolon);
        assert_eq!(
            Separator::tell(b"a;b\n1;2\n3", false, "x.csv"),
            Separator::Semicolon
        );
    }
}
