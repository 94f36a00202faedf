//! Why no further record can be read.

use std::io;

impl Fault {
    /// Whether the packing of the file is broken: it can be read, and not unpacked.
    #[must_use]
    pub fn is_broken_packing(&self) -> bool {
        matches!(self, Self::Unreadable(error) if is_broken_packing(error))
    }
}

/// Whether an error of [`Unpacked`](crate::Unpacked) means that the file itself is broken.
#[must_use]
pub fn is_broken_packing(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::InvalidData | K::InvalidInput | K::UnexpectedEof
    )
}

/// What ends the reading of a table before its end.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The bytes cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// The text ends inside a quoted field.
    #[error("line {line}: the quote that opens here never closes")]
    OpenQuote {
        /// The 1-based line where the quote opens.
        line: u64,
        /// The 0-based offset of the quote.
        byte: u64,
    },
    /// A record goes on for more bytes than any record may.
    #[error("line {line}: a record of more than {limit_bytes} bytes begins here")]
    TooLong {
        /// The 1-based line where it begins.
        line: u64,
        /// The 0-based offset of its first byte.
        byte: u64,
        /// How long a record may be.
        limit_bytes: usize,
    },
}
