//! A bound from where the query's k-mers stand in a target.
//!
//! A run of matches that covers a whole window of [`K`] target residues needs
//! that k-mer in the query. So every window whose k-mer the query *lacks* has
//! an error in it: a residue of the target that is no match, or a gap of the
//! query's residues between two of its own. Windows that do not overlap have
//! an error each. They are chosen from the left, each as soon as the one
//! before it has ended, which makes them as many as can be.
//!
//! ```text
//! target   A C G U G G A C U C G A A U G C U A ...
//!          [── lacking ──]   [── lacking ──]
//!            one error         one error
//! ```
//!
//! # Global
//! With `E` such windows, the target's residues outside matches are at least
//! `E` less the gaps between them, `n − M ≥ E − g`, so `M − g ≤ n − E`. Priced
//! like the constraints in [`super::prices`], with `λ` for `M + X ≤ L` and `ρ`
//! for this: `λ ≥ U`, `λ + ρ ≥ A` and `ρ ≤ −O` give
//! `A·M + U·X + O·g' ≤ λ·L + ρ·(n − E + f)`, the least where
//! `λ = max(U, A + O, 0)` and `ρ = A − λ`.
//!
//! # Local and semi-global
//! An alignment covers a stretch of the target. Each residue of the stretch
//! brings at most `a`; each window that lies within loses at least the
//! cheapest error of it: `a − s` in a mismatch, `a − x` in a residue against a
//! gap, `−o` in a gap between two. The best stretch is found in one pass
//! (Kadane), and what it is worth is a bound, `V` for each wildcard besides.

use super::kmers::{FACTOR, K, KmerSet};
use super::prices::Bound;

/// What windows of a target say of its alignments with a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    lacking: u32,
    best: i64,
}

impl Windows {
    /// Looks for windows of `target` that a query with the k-mers `query` lacks.
    /// Takes one look-up for every [`K`] residues that have nothing in common,
    /// one a residue where they have.
    #[must_use]
    pub fn of(target: &[u8], query: &KmerSet, bound: &Bound) -> Windows {
        let (gain, loss) = (bound.match_score(), bound.window_loss());
        let window = FACTOR;
        let (mut lacking, mut at) = (0, 0);
        // The best stretch that ends at `at`, and the best that ended anywhere.
        let (mut here, mut best) = (0, 0);
        while at + K <= target.len() {
            if query.has_first(&target[at..]) {
                here += gain;
                at += 1;
            } else {
                // A stretch may end just before the window does, or begin
                // just after it began, and lose nothing.
                best = best.max(here + gain * (window - 1));
                here = (here + gain * window - loss).max(gain * (window - 1));
                lacking += 1;
                at += K;
            }
        }
        here += gain * i64::try_from(target.len() - at).unwrap_or(i64::MAX);
        Windows {
            lacking,
            best: best.max(here),
        }
    }

    /// How many windows have an error in them.
    #[must_use]
    pub fn lacking(&self) -> u32 {
        self.lacking
    }

    /// No stretch of the target is worth more.
    pub(super) fn best(&self) -> i64 {
        self.best
    }
}
