//! What can be wrong with a table, where, and what to do about it.

use std::io;

/// Why a table has no profile. Lines count from 1, bytes from 0.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("no header: there is nothing in it but line ends")]
    Empty,
    #[error("line {line}: not UTF-8 (byte 0x{value:02x} at offset {offset})")]
    NotUtf8 { line: u64, offset: u64, value: u8 },
    #[error("not UTF-8 but UTF-16")]
    Utf16,
    #[error("line {line}: the quote that opens here never closes")]
    OpenQuote { line: u64 },
    #[error("line {line}: a record of more than {} MiB begins here", .limit_bytes >> 20)]
    Endless { line: u64, limit_bytes: usize },
    #[error("line {line}: not a row, which is a JSON object: {error}")]
    NotARow { line: u64, error: String },
    #[error("no rows: there is nothing in it but line ends")]
    NoRows,
    #[error("the end of the file, where Parquet says what it holds, is broken: {0}")]
    Footer(String),
    #[error("line {line}: {found} where the header has {expected}", found = fields(*.found))]
    Ragged {
        line: u64,
        found: usize,
        expected: usize,
    },
}

fn fields(count: usize) -> String {
    format!("{count} field{}", if count == 1 { "" } else { "s" })
}

impl From<kgl_csv::Fault> for Fault {
    fn from(fault: kgl_csv::Fault) -> Self {
        match fault {
            kgl_csv::Fault::Unreadable(error) => Self::Unreadable(error),
            kgl_csv::Fault::OpenQuote { line, .. } => Self::OpenQuote { line },
            kgl_csv::Fault::TooLong {
                line, limit_bytes, ..
            } => Self::Endless { line, limit_bytes },
        }
    }
}

impl Fault {
    /// The next step to take.
    pub(crate) fn next(&self) -> &'static str {
        match self {
            Self::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                "make it readable (chmod u+r), then inspect again"
            }
            Self::Unreadable(error) if kgl_csv::is_broken_packing(error) => {
                "download the file again"
            }
            Self::Unreadable(_) => "look whether the file is still there and the disk is healthy",
            Self::NotARow { .. } => {
                "look at that line: each is to be an object, {\"name\": value, …}"
            }
            Self::Footer(_) => "download the file again",
            Self::Empty | Self::NoRows => "download the file again: its content is missing",
            Self::NotUtf8 { .. } => {
                "convert it, for instance from Latin-1: iconv -f ISO-8859-1 -t UTF-8"
            }
            Self::Utf16 => "convert it: iconv -f UTF-16 -t UTF-8",
            Self::OpenQuote { .. } => "close the quote; if the file ends early, download it again",
            Self::Endless { .. } => "look for a quote that opens there and never closes",
            Self::Ragged { .. } => {
                "look at that line: a field that holds the separator needs quotes around it"
            }
        }
    }
}
