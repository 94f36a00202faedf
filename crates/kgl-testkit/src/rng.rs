//! Seeded random numbers.
//!
//! The generator is ChaCha with 8 rounds, whose output is specified to the
//! bit; what turns it into numbers of a range is written here, because the
//! distributions of the rand crates may change their values between versions
//! and generated data must not.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// A stream of random numbers: the same for the same seed and stream, on
/// every machine, for good.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream numbered `stream` of a seed. Streams of one seed are
    /// independent: what is drawn from one never moves another.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut chacha = ChaCha8Rng::from_seed(key);
        chacha.set_stream(stream);
        Rng(chacha)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number of `0..bound`, or 0 when `bound` is 0. (The high half of a
    /// product; what that favours is less than 1 in 2⁶⁴⁻ᵇ for b-bit bounds.)
    pub fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.bits()) * bound as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// A number of `low..=high`; `low` where the range is empty.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below((high + 1).saturating_sub(low))
    }

    /// A number of `[0, 1)`: 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `true` with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A residue, code 0 to 3.
    pub fn residue(&mut self) -> u8 {
        (self.bits() >> 62).to_le_bytes()[0]
    }

    /// As many residues as asked for, each of the four equally likely.
    pub fn residues(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.residue()).collect()
    }

    /// Puts a slice in random order (Fisher & Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These numbers are a promise: generated data hangs on them.
    #[test]
    fn streams_never_change() {
        let mut rng = Rng::new(7, 0);
        assert_eq!([rng.bits(), rng.bits()], PINNED_BITS);
        let mut rng = Rng::new(7, 1);
        let drawn = [
            rng.below(10),
            rng.below(1000),
            rng.between(5, 8),
            rng.below(0),
        ];
        assert_eq!(drawn, PINNED_DRAWS);
    }

    const PINNED_BITS: [u64; 2] = [14_095_323_943_061_994_099, 8_595_031_940_432_502_117];
    const PINNED_DRAWS: [usize; 4] = [9, 281, 8, 0];

    #[test]
    fn ranges_are_kept_and_filled() {
        let mut rng = Rng::new(1, 0);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[rng.below(7)] += 1;
            assert!((0.0..1.0).contains(&rng.unit()));
            assert!((3..=5).contains(&rng.between(3, 5)));
            assert!(rng.residue() < 4);
        }
        assert!(
            seen.iter().all(|&count| (850..1150).contains(&count)),
            "{seen:?}"
        );
        let mut order: Vec<usize> = (0..50).collect();
        rng.shuffle(&mut order);
        assert!(order.iter().enumerate().any(|(at, &item)| at != item));
        order.sort_unstable();
        assert!(order.into_iter().eq(0..50));
    }
}
