//! CSV as competitions have it: records with the places that a fault needs (the
//! line and the byte where a record begins, where a quote opens that nobody
//! closes, where a byte is no UTF-8), and fields that are borrowed, not copied.
//!
//! The dialect is that of the `csv` crate and of pandas (property tests hold the
//! three readers here equal to that crate): a record ends with `\n`, `\r\n` or
//! `\r`; lines without anything are passed over; a quote opens a field only as its
//! first byte, two quotes inside are one, and what follows the closing quote is
//! taken as it stands. In one thing it differs on purpose: a record cut inside
//! quotes is a fault here, and a whole record there.
//!
//! - [`records`]: records of a stream, one after the other.
//! - [`mod@slice`]: records of bytes that are in memory.
//! - [`blocks`]: a stream cut behind whole records, so that the pieces can be
//!   worked on side by side.
//! - [`separator`]: which character stands between fields, told from the text.
//! - [`unpack`]: plain, gzip and zip files read alike.
//!
//! Lines count from 1, bytes from 0, both in the unpacked text.

pub mod blocks;
mod fault;
mod lines;
pub mod records;
pub mod separator;
pub mod slice;
mod split;
pub mod unpack;

pub use blocks::{Block, Blocks, Sizes};
pub use fault::{Fault, is_broken_packing};
pub use lines::count_lines;
pub use records::{LONGEST_RECORD, Records};
pub use separator::Separator;
pub use slice::SliceRecords;
pub use unpack::{Packing, Rewind, Unpacked};

/// What a UTF-8 file may begin with.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
