//! A sequence and what is known of it.

use crate::date::Date;

/// One sequence of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its name, not empty and the only one of its kind in the file.
    pub id: String,
    /// Codes 0 to 4 of [`crate::alphabet`], none for an empty sequence.
    pub sequence: Vec<u8>,
    /// Its date, where a date column was asked for and the cell is not empty.
    /// Whoever compares dates decides what an unknown one means.
    pub date: Option<Date>,
    /// The group it belongs to, where one was asked for.
    pub group: Option<String>,
    /// The line of the file where the record begins, counted from 1.
    pub line: u64,
}
