//! Random numbers that are the same on every machine and for ever: the
//! generated competition and the bootstrap are promises to the byte.
//!
//! SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014): one addition and two multiplications a number,
//! and any seed is a good one.

use crate::geometry::{Motion, Point};
use crate::tm_score::to_f64;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The high half of a 128-bit product: even to within 2^-64 of bound.
        let product = u128::from(self.bits()) * (bound as u128);
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// A number in 0 to 1, 1 excluded.
    pub fn unit(&mut self) -> f64 {
        // 53 bits, which a float holds exactly.
        let bits = usize::try_from(self.bits() >> 11).unwrap_or(0);
        to_f64(bits) / 9_007_199_254_740_992.0
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A normal deviate of mean 0 and variance 1, as the sum of twelve uniform
    /// ones: no logarithm, and tails beyond 6 are not wanted.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A vector of three normal deviates, `size` times as large.
    pub fn jitter(&mut self, size: f64) -> Point {
        [
            self.normal() * size,
            self.normal() * size,
            self.normal() * size,
        ]
    }

    /// A random rotation and a shift of up to about a hundred ångström.
    pub fn motion(&mut self) -> Motion {
        let quaternion = [self.normal(), self.normal(), self.normal(), self.normal()];
        let mut motion = Motion::from_quaternion(quaternion);
        motion.shift = self.jitter(40.0);
        motion
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut random = Random::new(7);
        let numbers: Vec<usize> = (0..200).map(|_| random.between(3, 6)).collect();
        assert_eq!(numbers.iter().min(), Some(&3));
        assert_eq!(numbers.iter().max(), Some(&6));
        assert_eq!(random.below(0), 0);
        let mean = (0..2000).map(|_| random.normal()).sum::<f64>() / 2000.0;
        assert!(mean.abs() < 0.1, "{mean}");
    }
}
