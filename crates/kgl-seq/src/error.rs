//! What can be wrong with a file of sequences.

use crate::alphabet::AlphabetError;
use crate::date::DateError;
use std::io;

/// What is wrong, in which file and where, and what to do about it. Lines and
/// bytes count from 1.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are what the messages name")]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable { file: String, source: io::Error },
    /// The file begins like gzip and then is not.
    #[error("{file}: damaged gzip data: {source}; compress or fetch the file again")]
    Gzip { file: String, source: io::Error },
    /// No byte but white space.
    #[error("{file}: empty; a file of sequences holds CSV with a header, or FASTA")]
    Empty { file: String },
    /// Not text.
    #[error("{file}, byte {byte} (line {line}): not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        file: String,
        line: u64,
        byte: usize,
    },
    /// The header lacks a column.
    #[error("{file}, line {line}: no column `{column}`; the header has: {header}")]
    MissingColumn {
        file: String,
        line: u64,
        column: String,
        header: String,
    },
    /// The header has a wanted column more than once.
    #[error("{file}, line {line}: column `{column}` appears twice; rename one of them")]
    AmbiguousColumn {
        file: String,
        line: u64,
        column: String,
    },
    /// The file ends inside a quoted field.
    #[error(
        "{file}, line {line}: a quoted field opens here and never closes; the file is cut short \
         or a quote is missing"
    )]
    CutInQuotes { file: String, line: u64 },
    /// A row that is not as wide as the header.
    #[error("{file}, line {line}: {found} fields where the header has {expected}")]
    FieldCount {
        file: String,
        line: u64,
        found: usize,
        expected: usize,
    },
    /// A record without a name.
    #[error("{file}, line {line}: the id is empty; give every record an id of its own")]
    EmptyId { file: String, line: u64 },
    /// Two records of one name.
    #[error("{file}, line {line}: id `{id}` is already that of line {first}; rename one of them")]
    DuplicateId {
        file: String,
        line: u64,
        id: String,
        first: u64,
    },
    /// A character that is no residue.
    #[error("{file}, line {line}: sequence of `{id}`: {source}")]
    Sequence {
        file: String,
        line: u64,
        id: String,
        source: AlphabetError,
    },
    /// Not a day.
    #[error("{file}, line {line}: date of `{id}`: {source}")]
    Date {
        file: String,
        line: u64,
        id: String,
        source: DateError,
    },
    /// FASTA was asked for what it does not hold.
    #[error(
        "{file}: FASTA has no column `{column}`, only ids and sequences; give a CSV file that \
         has it, or leave the {role} out"
    )]
    FastaColumn {
        file: String,
        column: String,
        role: &'static str,
    },
}
