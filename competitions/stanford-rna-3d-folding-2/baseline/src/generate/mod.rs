//! A small competition of the real one's formats, made up from a seed: RNA
//! families that evolved from ancestors, and RNAs without relatives.
//!
//! Some relatives of the test targets are too young to be used, one entry is
//! a test target's own, residues are missing from structures, and one test
//! target in four has no relative at all. The same settings give the same
//! bytes on every machine.

mod design;
mod entries;
mod evolve;
mod files;
pub mod scale;

pub use entries::{Entry, Settings, generate};
pub use files::render;
