//! Upper bounds on a score: what no alignment of two sequences can exceed,
//! from far less than the sequences.
//!
//! A search that knows its k-th best score so far need not align a pair whose
//! bound lies below it. The bounds are proofs and not guesses, so nothing is
//! ever lost by believing them; each module states its own beside its code.
//!
//! - [`outline`]: a sequence's length and how many of each residue it has.
//! - [`kmers`]: how many k-mers two sequences share, asked of an index for one
//!   query and all targets at once.
//! - [`prices`]: the bound that follows from these counts.
//! - [`runs`]: a bound from where in a target the query's k-mers stand.
//!
//! # What is counted
//! Take any alignment. It has `M` matches, `X` other pairs, of which `Z` hold
//! a wildcard, and `g` gaps: runs of residues of one sequence against nothing.
//! `I` residues of the query (length `m`) and `D` of the target (length `n`)
//! stand in gaps. With `a` for a match, `s` for a mismatch, `w` for a
//! wildcard, `o` and `x` for a gap's first and further residues, it is worth
//!
//! ```text
//! score = a·M + s·(X − Z) + w·Z + (o − x)·g + x·(I + D)
//! ```
//!
//! and the modes fix some of it: global has `I = m − M − X` and
//! `D = n − M − X`; semi-global has `I = m − M − X`, and `D ≥ 0`; local has
//! `I + D ≥ g`, since a gap has a residue. Putting these in (and remembering
//! `x ≤ 0`) gives one form for all three,
//!
//! ```text
//! score ≤ C + A·M + U·X + V·Z + O·g                                      (1)
//!
//! mode         C            A        U        V            O
//! global       x·(m + n)    a − 2x   s − 2x   max(w−s, 0)  o − x
//! semi-global  x·m          a − x    s − x    max(w−s, 0)  o − x
//! local        0            a        s        max(w−s, 0)  o
//! ```
//!
//! with `A > 0`, `A > U`, `V ≥ 0` and `O ≤ 0` for every [`Scoring`].
//!
//! [`Scoring`]: crate::Scoring

pub mod kmers;
pub mod outline;
pub mod prices;
pub mod runs;

pub use kmers::{Index, K, KmerSet};
pub use outline::Outline;
pub use prices::Bound;
pub use runs::Windows;
