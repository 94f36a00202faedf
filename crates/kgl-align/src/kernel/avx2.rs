//! 256-bit vectors: AVX2.
#![allow(unsafe_code)]

use super::frame::Width;
use super::lanes::{Lanes, Task};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_blendv_epi8,
    _mm256_cmpeq_epi8, _mm256_cmpeq_epi16, _mm256_cmpeq_epi32, _mm256_loadu_si256, _mm256_max_epi8,
    _mm256_max_epi16, _mm256_max_epi32, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_storeu_si256, _mm256_sub_epi8, _mm256_sub_epi16, _mm256_sub_epi32,
};

/// The proof that the processor has AVX2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Asks the processor; the only way to a token.
    pub(super) fn detect() -> Option<Avx2> {
        let there = is_x86_feature_detected!("avx2");
        there.then_some(Avx2(()))
    }
}

/// Does a task with 256-bit vectors.
pub(super) fn run<T: Task>(token: Avx2, width: Width, task: T) -> T::Output {
    // SAFETY: the token proves that the feature is there.
    unsafe { run_here(token, width, task) }
}

#[target_feature(enable = "avx2")]
fn run_here<T: Task>(token: Avx2, width: Width, task: T) -> T::Output {
    match width {
        Width::I8 => task.run::<I8x32, 4>(token),
        Width::I16 => task.run::<I16x16, 4>(token),
        Width::I32 => task.run::<I32x8, 4>(token),
    }
}

// SAFETY, for every block below: whatever makes a value is given a token, the
// others are given a value that was made with one, and a token exists only
// where `detect` saw the feature. Loads and stores go to local arrays of
// exactly the vector's size, by the unaligned instructions.
macro_rules! lanes {
    ($name:ident, $doc:literal, $lane:ty, $count:literal, $splat:ident, $add:ident, $sub:ident, $max:ident, $equal:ident) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        struct $name(__m256i);

        impl Lanes for $name {
            type Token = Avx2;
            type Lane = $lane;
            type Array = [$lane; $count];
            /// All bits of the lanes that are meant.
            type Mask = Self;
            type Wide = [i64; $count];
            const COUNT: usize = $count;
            const ZEROS: [i64; $count] = [0; $count];

            #[inline(always)]
            fn splat(_: Avx2, value: i64) -> Self {
                // Truncation is the point: sums are taken modulo the width.
                #[allow(clippy::cast_possible_truncation)]
                let low = value as $lane;
                $name(unsafe { $splat(low) })
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_wrap, reason = "codes are small")]
            fn from_codes(_: Avx2, codes: &[u8]) -> Self {
                let mut lanes: [$lane; $count] = [0; $count];
                for (lane, &code) in lanes.iter_mut().zip(codes) {
                    *lane = code as $lane;
                }
                $name(unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) })
            }

            #[inline(always)]
            fn from_wide(_: Avx2, wide: &[i64]) -> Self {
                let mut lanes: [$lane; $count] = [0; $count];
                for (lane, &number) in lanes.iter_mut().zip(wide) {
                    #[allow(clippy::cast_possible_truncation)]
                    {
                        *lane = number as $lane;
                    }
                }
                $name(unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) })
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $name(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                $name(unsafe { $sub(self.0, other.0) })
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                $name(unsafe { $max(self.0, other.0) })
            }

            #[inline(always)]
            fn equals(self, key: Self) -> Self {
                $name(unsafe { $equal(self.0, key.0) })
            }

            #[inline(always)]
            fn add_within(self, other: Self, mask: Self, without: Self) -> Self {
                let sum = self.add(other);
                $name(unsafe { _mm256_blendv_epi8(without.0, sum.0, mask.0) })
            }

            #[inline(always)]
            fn select(self, key: Self, yes: Self, no: Self) -> Self {
                let mask = unsafe { $equal(self.0, key.0) };
                $name(unsafe { _mm256_blendv_epi8(no.0, yes.0, mask) })
            }

            #[inline(always)]
            fn meets(self, other: Self) -> bool {
                let mask = unsafe { $equal(self.0, other.0) };
                unsafe { _mm256_movemask_epi8(mask) != 0 }
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            fn low_byte(&self, lane: usize) -> u8 {
                assert!(lane < Self::COUNT, "no such lane");
                let lanes = std::ptr::from_ref(&self.0).cast::<$lane>();
                // SAFETY: a vector is `COUNT` lanes side by side, and this is one.
                unsafe { *lanes.add(lane) as u8 }
            }

            #[inline(always)]
            fn array(self) -> Self::Array {
                let mut lanes = [0; $count];
                unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), self.0) };
                lanes
            }
        }
    };
}

lanes!(
    I8x32,
    "32 lanes of 8 bits.",
    i8,
    32,
    _mm256_set1_epi8,
    _mm256_add_epi8,
    _mm256_sub_epi8,
    _mm256_max_epi8,
    _mm256_cmpeq_epi8
);
lanes!(
    I16x16,
    "16 lanes of 16 bits.",
    i16,
    16,
    _mm256_set1_epi16,
    _mm256_add_epi16,
    _mm256_sub_epi16,
    _mm256_max_epi16,
    _mm256_cmpeq_epi16
);
lanes!(
    I32x8,
    "8 lanes of 32 bits.",
    i32,
    8,
    _mm256_set1_epi32,
    _mm256_add_epi32,
    _mm256_sub_epi32,
    _mm256_max_epi32,
    _mm256_cmpeq_epi32
);
