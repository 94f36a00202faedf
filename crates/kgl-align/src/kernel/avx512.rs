//! 512-bit vectors: AVX-512 F and BW.
#![allow(unsafe_code)]

use super::frame::Width;
use super::lanes::{Lanes, Task};
use std::arch::asm;
use std::arch::x86_64::{
    __m512i, _mm512_add_epi8, _mm512_add_epi16, _mm512_add_epi32, _mm512_cmpeq_epi8_mask,
    _mm512_cmpeq_epi16_mask, _mm512_cmpeq_epi32_mask, _mm512_cmpgt_epi8_mask,
    _mm512_cmpgt_epi16_mask, _mm512_cmpgt_epi32_mask, _mm512_loadu_si512, _mm512_mask_add_epi8,
    _mm512_mask_add_epi16, _mm512_mask_add_epi32, _mm512_mask_blend_epi8, _mm512_mask_blend_epi16,
    _mm512_mask_blend_epi32, _mm512_max_epi8, _mm512_max_epi16, _mm512_max_epi32, _mm512_set1_epi8,
    _mm512_set1_epi16, _mm512_set1_epi32, _mm512_storeu_si512, _mm512_sub_epi8, _mm512_sub_epi16,
    _mm512_sub_epi32,
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

/// Does a task with 512-bit vectors.
pub(super) fn run<T: Task>(token: Avx512, width: Width, task: T) -> T::Output {
    // SAFETY: the token proves that the features are there.
    unsafe { run_here(token, width, task) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn run_here<T: Task>(token: Avx512, width: Width, task: T) -> T::Output {
    match width {
        Width::I8 => task.run::<I8x64, 8>(token),
        Width::I16 => task.run::<I16x32, 8>(token),
        Width::I32 => task.run::<I32x16, 8>(token),
    }
}

// SAFETY, for every block below: whatever makes a value is given a token, the
// others are given a value that was made with one, and a token exists only
// where `detect` saw the features. Loads and stores go to local arrays of
// exactly the vector's size, by the unaligned instructions.
macro_rules! lanes {
    ($name:ident, $doc:literal, $lane:ty, $count:literal, $splat:ident, $add:ident, $sub:ident, $max:ident, $equal:ident, $blend:ident, $over:ident, $mask_add:ident, $mask:ty, $greater:literal, $move:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        struct $name(__m512i);

        impl Lanes for $name {
            type Token = Avx512;
            type Lane = $lane;
            type Array = [$lane; $count];
            type Mask = $mask;
            type Wide = [i64; $count];
            const COUNT: usize = $count;
            const ZEROS: [i64; $count] = [0; $count];

            #[inline(always)]
            fn splat(_: Avx512, value: i64) -> Self {
                // Truncation is the point: sums are taken modulo the width.
                #[allow(clippy::cast_possible_truncation)]
                let low = value as $lane;
                $name(unsafe { $splat(low) })
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_wrap, reason = "codes are small")]
            fn from_codes(_: Avx512, codes: &[u8]) -> Self {
                let mut lanes: [$lane; $count] = [0; $count];
                for (lane, &code) in lanes.iter_mut().zip(codes) {
                    *lane = code as $lane;
                }
                $name(unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) })
            }

            #[inline(always)]
            fn from_wide(_: Avx512, wide: &[i64]) -> Self {
                let mut lanes: [$lane; $count] = [0; $count];
                for (lane, &number) in lanes.iter_mut().zip(wide) {
                    #[allow(clippy::cast_possible_truncation)]
                    {
                        *lane = number as $lane;
                    }
                }
                $name(unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) })
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
            fn max_aside(self, other: Self) -> Self {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw")]
                unsafe fn max(mut a: __m512i, b: __m512i) -> __m512i {
                    unsafe {
                        asm!(
                            concat!($greater, " {k}, {b}, {a}"),
                            concat!($move, " {a} {{{k}}}, {b}"),
                            k = out(kreg) _,
                            a = inout(zmm_reg) a,
                            b = in(zmm_reg) b,
                            options(pure, nomem, nostack, preserves_flags),
                        );
                    }
                    a
                }
                $name(unsafe { max(self.0, other.0) })
            }

            #[inline(always)]
            fn add_above(self, other: Self, least: Self, floor: Self) -> Self {
                // The comparison has the port that maxima do not need, and the
                // sum is masked for nothing.
                let above = unsafe { $over(self.0, least.0) };
                $name(unsafe { $mask_add(floor.0, above, self.0, other.0) })
            }

            #[inline(always)]
            fn equals(self, key: Self) -> $mask {
                #[inline]
                #[target_feature(enable = "avx512f,avx512bw")]
                unsafe fn keep(mut mask: $mask) -> $mask {
                    // As if it came from elsewhere: the compiler would compare
                    // anew wherever the mask is used, and ports are what is short.
                    unsafe {
                        asm!(
                            "/* {mask} */",
                            mask = inout(kreg) mask,
                            options(pure, nomem, nostack, preserves_flags),
                        );
                    }
                    mask
                }
                unsafe { keep($equal(self.0, key.0)) }
            }

            #[inline(always)]
            fn add_within(self, other: Self, mask: $mask, without: Self) -> Self {
                $name(unsafe { $mask_add(without.0, mask, self.0, other.0) })
            }

            #[inline(always)]
            fn select(self, key: Self, yes: Self, no: Self) -> Self {
                let mask = unsafe { $equal(self.0, key.0) };
                $name(unsafe { $blend(mask, no.0, yes.0) })
            }

            #[inline(always)]
            fn meets(self, other: Self) -> bool {
                let mask = unsafe { $equal(self.0, other.0) };
                mask != 0
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
                unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), self.0) };
                lanes
            }
        }
    };
}

lanes!(
    I8x64,
    "64 lanes of 8 bits.",
    i8,
    64,
    _mm512_set1_epi8,
    _mm512_add_epi8,
    _mm512_sub_epi8,
    _mm512_max_epi8,
    _mm512_cmpeq_epi8_mask,
    _mm512_mask_blend_epi8,
    _mm512_cmpgt_epi8_mask,
    _mm512_mask_add_epi8,
    u64,
    "vpcmpgtb",
    "vmovdqu8"
);
lanes!(
    I16x32,
    "32 lanes of 16 bits.",
    i16,
    32,
    _mm512_set1_epi16,
    _mm512_add_epi16,
    _mm512_sub_epi16,
    _mm512_max_epi16,
    _mm512_cmpeq_epi16_mask,
    _mm512_mask_blend_epi16,
    _mm512_cmpgt_epi16_mask,
    _mm512_mask_add_epi16,
    u32,
    "vpcmpgtw",
    "vmovdqu16"
);
lanes!(
    I32x16,
    "16 lanes of 32 bits.",
    i32,
    16,
    _mm512_set1_epi32,
    _mm512_add_epi32,
    _mm512_sub_epi32,
    _mm512_max_epi32,
    _mm512_cmpeq_epi32_mask,
    _mm512_mask_blend_epi32,
    _mm512_cmpgt_epi32_mask,
    _mm512_mask_add_epi32,
    u16,
    "vpcmpgtd",
    "vmovdqu32"
);
