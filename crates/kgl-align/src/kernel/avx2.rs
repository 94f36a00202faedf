//! 256-bit vectors: AVX2.
#![allow(unsafe_code)]

use super::bounds::Width;
use super::lanes::{Array, Lanes, Portable, WIDE};
use super::tile::{self, Job};
use std::arch::x86_64::{
    __m256i, _mm_loadl_epi64, _mm_loadu_si128, _mm256_add_epi16, _mm256_add_epi32,
    _mm256_blendv_epi8, _mm256_cmpeq_epi16, _mm256_cmpeq_epi32, _mm256_cvtepu8_epi16,
    _mm256_cvtepu8_epi32, _mm256_max_epi16, _mm256_max_epi32, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_storeu_si256,
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

/// Scores a batch with 256-bit vectors.
pub(super) fn score(token: Avx2, job: &Job<'_>) -> Vec<i64> {
    // SAFETY: the token proves that the feature is there.
    unsafe { score_here(token, job) }
}

#[target_feature(enable = "avx2")]
fn score_here(token: Avx2, job: &Job<'_>) -> Vec<i64> {
    match job.form.width {
        Width::I16 => tile::score::<I16x16>(token, job),
        Width::I32 => tile::score::<I32x8>(token, job),
        Width::I64 => tile::score::<Array<i64, WIDE>>(Portable, job),
    }
}

/// 16 lanes of 16 bits.
#[derive(Clone, Copy)]
struct I16x16(__m256i);

/// 8 lanes of 32 bits.
#[derive(Clone, Copy)]
struct I32x8(__m256i);

// SAFETY, for every block below: `splat` and `from_codes` are given a token,
// the others a value that was made with one, and a token exists only where
// `detect` saw the feature. Loads and stores go to local arrays of exactly
// the vector's size, by the unaligned instructions.
impl Lanes for I16x16 {
    type Token = Avx2;
    const COUNT: usize = 16;

    #[inline(always)]
    fn splat(_: Avx2, value: i64) -> Self {
        // Truncation is the point: sums are taken modulo the width.
        #[allow(clippy::cast_possible_truncation)]
        let low = value as i16;
        I16x16(unsafe { _mm256_set1_epi16(low) })
    }

    #[inline(always)]
    fn from_codes(_: Avx2, codes: &[u8]) -> Self {
        let mut bytes = [0u8; 16];
        bytes
            .iter_mut()
            .zip(codes)
            .for_each(|(byte, &code)| *byte = code);
        let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        I16x16(unsafe { _mm256_cvtepu8_epi16(bytes) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        I16x16(unsafe { _mm256_add_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        I16x16(unsafe { _mm256_max_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn select(self, key: Self, yes: Self, no: Self) -> Self {
        let mask = unsafe { _mm256_cmpeq_epi16(self.0, key.0) };
        I16x16(unsafe { _mm256_blendv_epi8(no.0, yes.0, mask) })
    }

    #[inline(always)]
    fn get(self, lane: usize) -> i64 {
        let mut lanes = [0i16; 16];
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), self.0) };
        lanes[lane].into()
    }
}

impl Lanes for I32x8 {
    type Token = Avx2;
    const COUNT: usize = 8;

    #[inline(always)]
    fn splat(_: Avx2, value: i64) -> Self {
        // Truncation is the point: sums are taken modulo the width.
        #[allow(clippy::cast_possible_truncation)]
        let low = value as i32;
        I32x8(unsafe { _mm256_set1_epi32(low) })
    }

    #[inline(always)]
    fn from_codes(_: Avx2, codes: &[u8]) -> Self {
        let mut bytes = [0u8; 8];
        bytes
            .iter_mut()
            .zip(codes)
            .for_each(|(byte, &code)| *byte = code);
        let bytes = unsafe { _mm_loadl_epi64(bytes.as_ptr().cast()) };
        I32x8(unsafe { _mm256_cvtepu8_epi32(bytes) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        I32x8(unsafe { _mm256_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        I32x8(unsafe { _mm256_max_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn select(self, key: Self, yes: Self, no: Self) -> Self {
        let mask = unsafe { _mm256_cmpeq_epi32(self.0, key.0) };
        I32x8(unsafe { _mm256_blendv_epi8(no.0, yes.0, mask) })
    }

    #[inline(always)]
    fn get(self, lane: usize) -> i64 {
        let mut lanes = [0i32; 8];
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), self.0) };
        lanes[lane].into()
    }
}
