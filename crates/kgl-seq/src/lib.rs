//! RNA sequences: what their letters mean, and how they are read from files.
//!
//! - [`alphabet`]: letters to codes, with one rule for wildcards.
//! - [`date`]: calendar days, compared as such.
//! - [`record`]: a sequence with its id and what else is known of it.
//! - [`reader`]: CSV and FASTA, plain or gzip'd, with errors that name file,
//!   line and remedy.

pub mod alphabet;
pub mod date;
pub mod error;
mod fasta;
pub mod reader;
pub mod record;
mod table;

pub use alphabet::{AlphabetError, WILDCARD, decode, encode};
pub use date::{Date, DateError};
pub use error::ReadError;
pub use reader::{Columns, Group, read, read_bytes, read_path};
pub use record::Record;
