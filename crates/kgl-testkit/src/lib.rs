//! What the tests of several crates share.
//!
//! - [`rng`]: seeded random numbers that never change.
//! - [`families`]: seeded RNA families that remember where each residue came
//!   from.
//! - [`conformance`]: one suite for every aligner, with [`mod@reference`] as the
//!   textbook it is compared with.
//! - [`fuzz`]: bytes turned into work for every path of kgl-align.
//! - [`skip`]: tests that need what is not there, skipped and counted.
//! - [`kaggle`]: the stand-in of Kaggle's API, and the real client led to it.
//! - [`fleet`]: tests beside real ssh hosts.
//! - [`process`]: a binary run to its end, with its input and outputs.

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    reason = "only tests run this, and tests may fail loudly"
)]

pub mod conformance;
pub mod families;
pub mod fleet;
pub mod fuzz;
pub mod kaggle;
pub mod process;
pub mod reference;
pub mod rng;
pub mod skip;

pub use rng::Rng;
