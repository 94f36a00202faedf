//! Exact pairwise alignment of RNA.
//!
//! Every score this crate gives is the optimum of Gotoh's recurrence, for any
//! lengths and any [`Scoring`]; nothing is banded, seeded or saturated away.
//!
//! # The recurrence
//! The query runs down the rows, the target along the columns. A cell knows
//! three scores of the best alignment that ends there: `H` of any, `D` of one
//! that ends with a residue of the target against a gap, `I` of one that ends
//! with a residue of the query against a gap (Gotoh 1982).
//!
//! ```text
//!                 target j-1     target j
//!              +--------------+--------------+
//!  query i-1   |      H       |    H    I    |
//!              |        \     |    |    |    |
//!              |         \    |  +open +extend
//!              |     +pair\   |    |    |    |
//!              +-----------\--+----v----v----+
//!              |            \ |      I       |    I = max(H above + open, I above + extend)
//!  query i     |  H --+open---->  D          |    D = max(H left + open,  D left + extend)
//!              |  D --+extend-->     \       |    H = max(H diagonal + pair, D, I)
//!              |              |       H      |        and in local mode at least 0
//!              +--------------+--------------+
//! ```
//!
//! A gap of `k` residues costs `open + (k − 1)·extend`. What the modes differ
//! in are the edges and where the result is read:
//!
//! | mode        | `H` above the first row | `H` left of the first column | result |
//! |-------------|-------------------------|------------------------------|--------|
//! | global      | gap of `j`              | gap of `i`                   | last cell |
//! | semi-global | 0                       | gap of `i`                   | best of the last row |
//! | local       | 0                       | 0                            | best cell |
//!
//! # The rooms
//! - [`scoring`]: the numbers, checked.
//! - [`scalar`]: the recurrence as it stands above; the oracle of all tests.
//! - [`kernel`]: the same scores for one query against many targets, a target
//!   a vector lane; [`Engine`] picks the widest vectors the processor has, and
//!   [`Engine::lay_out`] keeps targets ready for further queries.
//! - [`traceback`]: the one canonical [`Alignment`] among the best ones, in
//!   bounded memory; [`band`]: the same, where the score proves that it lies on
//!   a few diagonals. [`Engine::align`] does many at a time, in lanes, and
//!   leaves to either of these what is quicker that way.
//!
//! ```
//! use kgl_align::{Engine, KernelChoice, Mode, Scoring, align};
//! use kgl_seq::alphabet::encode;
//!
//! let scoring = Scoring::new(Mode::Global, 2, -3, -3, -5, -2)?;
//! let query = encode("GGACGUCC")?;
//! let target = encode("GGACUCC")?;
//! let engine = Engine::new(scoring, KernelChoice::Auto)?;
//! assert_eq!(engine.scores(&query, &[&target, &query]), [9, 16]);
//! let alignment = align(&query, &target, &scoring);
//! assert_eq!(alignment.cigar.to_string(), "4=1I3=");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alignment;
pub mod band;
pub mod bound;
pub mod cigar;
pub mod kernel;
pub mod scalar;
pub mod scoring;
pub mod traceback;

pub use alignment::Alignment;
pub use band::{Band, align_in};
pub use cigar::{Cigar, CigarError, Op, ReplayError};
pub use kernel::{Engine, KernelChoice, KernelError, LaidOut, cells};
pub use scoring::{Mode, Scoring, ScoringError, is_match};
pub use traceback::{align, align_within};
