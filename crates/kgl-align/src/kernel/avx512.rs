//! 512-bit vectors: AVX-512 F and BW.
#![allow(unsafe_code)]

use super::bounds::Width;
use super::lanes::{Array, Lanes, Portable, WIDE};
use super::tile::{self, Job};
use std::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm256_loadu_si256, _mm512_add_epi16, _mm512_add_epi32,
    _mm512_cmpeq_epi16_mask, _mm512_cmpeq_epi32_mask, _mm512_cvtepu8_epi16, _mm512_cvtepu8_epi32,
    _mm512_mask_blend_epi16, _mm512_mask_blend_epi32, _mm512_max_epi16, _mm512_max_epi32,
    _mm512_set1_epi16, _mm512_set1_epi32, _mm512_storeu_si512,
};

/// The proof that the processor has AVX-512 F and BW.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512(());

impl Avx512 {
    /// Asks the processor; the only way to a token.
    pub(super) fn detect() -> Option<Avx512> {
        let there = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        there.then_some(Avx512(()))
    }
}

/// Scores a batch with 512-bit vectors.
pub(super) fn score(token: Avx512, job: &Job<'_>) -> Vec<i64> {
    // SAFETY: the token proves that the features are there.
    unsafe { score_here(token, job) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn score_here(token: Avx512, job: &Job<'_>) -> Vec<i64> {
    match job.form.width {
        Width::I16 => tile::score::<I16x32>(token, job),
        Width::I32 => tile::score::<I32x16>(token, job),
        Width::I64 => tile::score::<Array<i64, WIDE>>(Portable, job),
    }
}

/// 32 lanes of 16 bits.
#[derive(Clone, Copy)]
struct I16x32(__m512i);

/// 16 lanes of 32 bits.
#[derive(Clone, Copy)]
struct I32x16(__m512i);

// SAFETY, for every block below: `splat` and `from_codes` are given a token,
// the others a value that was made with one, and a token exists only where
// `detect` saw the features. Loads and stores go to local arrays of exactly
// the vector's size, by the unaligned instructions.
impl Lanes for I16x32 {
    type Token = Avx512;
    const COUNT: usize = 32;

    #[inline(always)]
    fn splat(_: Avx512, value: i64) -> Self {
        // Truncation is the point: sums are taken modulo the width.
        #[allow(clippy::cast_possible_truncation)]
        let low = value as i16;
        I16x32(unsafe { _mm512_set1_epi16(low) })
    }

    #[inline(always)]
    fn from_codes(_: Avx512, codes: &[u8]) -> Self {
        let mut bytes = [0u8; 32];
        bytes
            .iter_mut()
            .zip(codes)
            .for_each(|(byte, &code)| *byte = code);
        let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
        I16x32(unsafe { _mm512_cvtepu8_epi16(bytes) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        I16x32(unsafe { _mm512_add_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        I16x32(unsafe { _mm512_max_epi16(self.0, other.0) })
    }

    #[inline(always)]
    fn select(self, key: Self, yes: Self, no: Self) -> Self {
        let mask = unsafe { _mm512_cmpeq_epi16_mask(self.0, key.0) };
        I16x32(unsafe { _mm512_mask_blend_epi16(mask, no.0, yes.0) })
    }

    #[inline(always)]
    fn get(self, lane: usize) -> i64 {
        let mut lanes = [0i16; 32];
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), self.0) };
        lanes[lane].into()
    }
}

impl Lanes for I32x16 {
    type Token = Avx512;
    const COUNT: usize = 16;

    #[inline(always)]
    fn splat(_: Avx512, value: i64) -> Self {
        // Truncation is the point: sums are taken modulo the width.
        #[allow(clippy::cast_possible_truncation)]
        let low = value as i32;
        I32x16(unsafe { _mm512_set1_epi32(low) })
    }

    #[inline(always)]
    fn from_codes(_: Avx512, codes: &[u8]) -> Self {
        let mut bytes = [0u8; 16];
        bytes
            .iter_mut()
            .zip(codes)
            .for_each(|(byte, &code)| *byte = code);
        let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        I32x16(unsafe { _mm512_cvtepu8_epi32(bytes) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        I32x16(unsafe { _mm512_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        I32x16(unsafe { _mm512_max_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn select(self, key: Self, yes: Self, no: Self) -> Self {
        let mask = unsafe { _mm512_cmpeq_epi32_mask(self.0, key.0) };
        I32x16(unsafe { _mm512_mask_blend_epi32(mask, no.0, yes.0) })
    }

    #[inline(always)]
    fn get(self, lane: usize) -> i64 {
        let mut lanes = [0i32; 16];
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), self.0) };
        lanes[lane].into()
    }
}
