//! The bound that follows from lengths, residues and shared k-mers.
//!
//! # The constraints
//! Any alignment (see [`super`] for the letters) obeys, with `L` the shorter
//! length,
//!
//! ```text
//! pairs     M + X ≤ L                      a pair takes a residue of either
//! residues  M ≤ S₁                         a match takes two equal ones
//! k-mers    M − (K − 1)·(X + g) ≤ S + K − 1
//! ```
//!
//! `S₁` and `S` are the residues and the k-mers that the two share. The third
//! is what [`super::kmers`] proves, `M − (K − 1)·R ≤ S`: between two runs of
//! matches lies a pair that is none, or a gap, so `R ≤ 1 + X + g`. Besides,
//! `Z ≤ min(L, wildcards of both)`; and in global mode with `m ≠ n`, or
//! semi-global with `m > n`, there is a gap: `g ≥ f` with `f = 1`, else 0.
//!
//! # The prices
//! (1) is a linear function under linear constraints, so a price on each gives
//! a bound (weak duality): for any `λ, ν, μ ≥ 0` with
//!
//! ```text
//! λ + ν + μ ≥ A        λ − (K − 1)·μ ≥ U        (K − 1)·μ ≤ −O           (2)
//! ```
//!
//! and `g = f + g'`, `g' ≥ 0`,
//!
//! ```text
//! A·M + U·X + O·g' ≤ λ·(M + X) + ν·M + μ·(M − (K − 1)·(X + g'))
//!                  ≤ λ·L + ν·S₁ + μ·(S + (K − 1)·(1 + f))
//! ```
//!
//! so `score ≤ C + V·Z + O·f +` that, and in local mode never below 0, which
//! the empty alignment is worth. The prices do not depend on the pair: the few
//! corners of (2) are found once a scoring, and a bound is the least of a few
//! sums of products. Prices are kept times `K·(K − 1)`, which makes them whole.

use super::kmers::FACTOR as KMER;
use super::outline::Outline;
use super::runs::Windows;
use crate::scoring::{Mode, Scoring};

/// What prices are kept times.
const UNIT: i64 = KMER * (KMER - 1);

/// The prices of the three constraints, times [`UNIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prices {
    pairs: i64,
    residues: i64,
    kmers: i64,
}

/// The bounds of one scoring.
#[derive(Clone, Debug)]
pub struct Bound {
    scoring: Scoring,
    /// `A`, `U`, `V`, `O`.
    matches: i64,
    others: i64,
    wildcards: i64,
    gaps: i64,
    /// Corners of (2). The first has nothing to do with k-mers.
    prices: Vec<Prices>,
}

impl Bound {
    /// Finds the prices of a scoring.
    #[must_use]
    pub fn new(scoring: &Scoring) -> Bound {
        let (open, extend) = (scoring.gap_open(), scoring.gap_extend());
        // What a pair saves of extensions, and what a gap costs besides them.
        let (saved, gaps) = match scoring.mode() {
            Mode::Global => (-2 * extend, open - extend),
            Mode::SemiGlobal => (-extend, open - extend),
            Mode::Local => (0, open),
        };
        let matches = scoring.match_score() + saved;
        let others = scoring.mismatch() + saved;
        Bound {
            scoring: *scoring,
            matches,
            others,
            wildcards: (scoring.wildcard() - scoring.mismatch()).max(0),
            gaps,
            prices: corners(matches, others, gaps),
        }
    }

    /// No alignment of two such sequences scores more.
    #[must_use]
    pub fn by_residues(&self, query: &Outline, target: &Outline) -> i64 {
        self.priced(&self.prices[..1], query, target, 0)
    }

    /// No alignment of two such sequences that share so many k-mers scores
    /// more; never above [`Bound::by_residues`].
    #[must_use]
    pub fn by_kmers(&self, query: &Outline, target: &Outline, shared: u32) -> i64 {
        self.priced(&self.prices, query, target, shared)
    }

    fn priced(&self, prices: &[Prices], query: &Outline, target: &Outline, shared: u32) -> i64 {
        let (m, n) = (i64::from(query.length()), i64::from(target.length()));
        let forced = self.forced_gaps(m, n);
        let pairs = m.min(n);
        let residues = i64::from(query.shared(target));
        let kmers = i64::from(shared) + (KMER - 1) * (1 + forced);
        let costs = prices
            .iter()
            .map(|price| price.pairs * pairs + price.residues * residues + price.kmers * kmers);
        let cheapest = costs.min().unwrap_or(i64::MAX);
        self.finish(query, target, cheapest.div_euclid(UNIT))
    }

    /// No alignment of two such sequences scores more, where `windows` tells of
    /// the target what the query lacks; see [`super::runs`].
    #[must_use]
    pub fn by_runs(&self, query: &Outline, target: &Outline, windows: Windows) -> i64 {
        let (m, n) = (i64::from(query.length()), i64::from(target.length()));
        match self.scoring.mode() {
            Mode::Global => {
                let pairs = self.others.max(self.matches + self.gaps).max(0);
                let matches = n - i64::from(windows.lacking()) + self.forced_gaps(m, n);
                let cost = pairs * m.min(n) + (self.matches - pairs) * matches;
                self.finish(query, target, cost)
            }
            // A semi-global alignment is one that a local one may be.
            Mode::Local | Mode::SemiGlobal => {
                windows.best() + self.wildcards * most_wildcard_pairs(query, target)
            }
        }
    }

    /// What an absent window costs a local alignment that covers it, at least.
    pub(super) fn window_loss(&self) -> i64 {
        let match_ = self.scoring.match_score();
        let mismatch = match_ - self.scoring.mismatch();
        let deletion = match_ - self.scoring.gap_extend();
        mismatch.min(deletion).min(-self.scoring.gap_open())
    }

    /// What a match is worth.
    pub(super) fn match_score(&self) -> i64 {
        self.scoring.match_score()
    }

    /// `f`: gaps that the lengths force.
    fn forced_gaps(&self, m: i64, n: i64) -> i64 {
        let forced = match self.scoring.mode() {
            Mode::Global => m != n,
            Mode::SemiGlobal => m > n,
            Mode::Local => false,
        };
        i64::from(forced)
    }

    /// Adds to `cost`, a bound on `A·M + U·X + O·g'`, the rest of (1).
    fn finish(&self, query: &Outline, target: &Outline, cost: i64) -> i64 {
        let (m, n) = (i64::from(query.length()), i64::from(target.length()));
        let extend = self.scoring.gap_extend();
        let ends = match self.scoring.mode() {
            Mode::Global => extend * (m + n),
            Mode::SemiGlobal => extend * m,
            Mode::Local => 0,
        };
        let wildcards = self.wildcards * most_wildcard_pairs(query, target);
        let score = ends + cost + wildcards + self.gaps * self.forced_gaps(m, n);
        if self.scoring.mode() == Mode::Local {
            score.max(0)
        } else {
            score
        }
    }
}

/// At most so many pairs have a wildcard in them.
fn most_wildcard_pairs(query: &Outline, target: &Outline) -> i64 {
    let wildcards = i64::from(query.wildcards()) + i64::from(target.wildcards());
    wildcards.min(query.length().min(target.length()).into())
}

/// The corners of (2), by `μ`: given `μ`, the cheapest `λ` is what the second
/// inequality asks for, and `ν` is what then lacks of the first (`ν` costs no
/// more than `λ`, as `S₁ ≤ L`). Both are straight in `μ` but where one of them
/// reaches 0, so the best `μ` is one of these or the largest there may be.
fn corners(matches: i64, others: i64, gaps: i64) -> Vec<Prices> {
    let largest = -gaps * KMER;
    let no_pairs = -others * KMER;
    let no_residues = ((matches - others) * (KMER - 1)).min(matches * UNIT);
    let mut prices = Vec::new();
    for kmers in [0, no_pairs, no_residues, matches * UNIT, largest] {
        let pairs = (others * UNIT + (KMER - 1) * kmers).max(0);
        let residues = matches * UNIT - pairs - kmers;
        let corner = Prices {
            pairs,
            residues,
            kmers,
        };
        if (0..=largest).contains(&kmers) && residues >= 0 && !prices.contains(&corner) {
            prices.push(corner);
        }
    }
    prices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_pay_for_everything() {
        for mode in Mode::ALL {
            for numbers in [
                [2, -3, -3, -7, -2],
                [20, -15, 0, -80, -4],
                [1, -1, 0, -1, -1],
                [5, -4, 5, -9, 0],
                [1, -2, -1, 0, 0],
                [3, 1, -1, -2, -1],
                [900_000, -700_000, -800_000, -1_000_000, -300_000],
            ] {
                let [a, s, w, o, x] = numbers;
                let bound = Bound::new(&Scoring::new(mode, a, s, w, o, x).unwrap());
                assert_eq!(bound.prices[0].kmers, 0);
                for Prices {
                    pairs,
                    residues,
                    kmers,
                } in bound.prices
                {
                    assert!(pairs >= 0 && residues >= 0 && kmers >= 0);
                    assert!(pairs + residues + kmers >= bound.matches * UNIT);
                    assert!(pairs - (KMER - 1) * kmers >= bound.others * UNIT);
                    assert!((KMER - 1) * kmers <= -bound.gaps * UNIT);
                }
            }
        }
    }

    /// Two sequences of 100 without a k-mer in common, +2 −3 and gaps of
    /// 5 + 2k: seven matches, a mismatch, and so on; written out by hand.
    #[test]
    fn a_bound_is_as_tight_as_its_proof() {
        let scoring = Scoring::new(Mode::Local, 2, -3, -3, -7, -2).unwrap();
        let bound = Bound::new(&scoring);
        let even = Outline::of(&[0, 1, 2, 3].repeat(26));
        assert_eq!(bound.by_residues(&even, &even), 208);
        // 13 runs of 7 and 12 breaks of −3 would be 146.
        assert_eq!(bound.by_kmers(&even, &even, 0), 147);
        let poor = Outline::of(&[0; 104]);
        assert_eq!(bound.by_residues(&even, &poor), 52);
    }
}
