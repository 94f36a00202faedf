//! What the processor's execution ports allow: billions of cells a second if
//! nothing but the recurrence's own operations had to be done.
//!
//! `cargo run --release -p kgl-align --example ports` writes a line for each
//! path, width and mode: `path<TAB>bits<TAB>mode<TAB>operations<TAB>GCUPS`. The
//! operations are those of a cell in `kernel::tile`, in its order, on four
//! independent cells that never leave their registers: nothing is loaded,
//! stored, looked up, started or read out, and no lane is empty. No kernel of
//! these operations can be faster, and how close one comes is a fair figure.
#![allow(unsafe_code, clippy::print_stdout)]

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;
    use std::time::Instant;

    /// Cells in flight: with three numbers each and the constants they fit the
    /// sixteen registers of AVX2, and their chains of maxima hide each other.
    const CELLS: usize = 4;
    const ROUNDS: usize = 100_000;
    /// The least of so many is taken: a turn lasts a millisecond or two.
    const TURNS: usize = 15;

    /// Adds and maxima that `kernel::tile` spends on a cell, and how many of the
    /// maxima are taken aside.
    pub(crate) const GLOBAL: (f64, f64) = (6.0, 0.75);
    /// Besides: the floor, the peak, and the gap that costs something to extend.
    pub(crate) const LOCAL: (f64, f64) = (9.0, 1.0);
    /// The same in `kernel::low`, which bytes are for, where the floor comes with a
    /// masked sum, so that half of the peaks aside are enough.
    pub(crate) const LOW: (f64, f64) = (9.0, 0.5);

    /// A maximum as a comparison and a move, as the kernel takes some of them.
    macro_rules! aside {
        ($name:ident, $greater:literal, $move:literal) => {
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw")]
            fn $name(mut a: __m512i, b: __m512i) -> __m512i {
                // SAFETY: registers in, a register out, nothing else.
                unsafe {
                    std::arch::asm!(
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
        };
    }
    aside!(aside_8, "vpcmpgtb", "vmovdqu8");
    aside!(aside_16, "vpcmpgtw", "vmovdqu16");
    aside!(aside_32, "vpcmpgtd", "vmovdqu32");

    macro_rules! ports {
        ($name:ident, $feature:literal, $vector:ty, $lane:ty, $splat:ident, $add:ident, $max:ident, $aside:ident) => {
            ports!(
                $name,
                $feature,
                $vector,
                $lane,
                $splat,
                $add,
                $max,
                $aside,
                |sum, pair, _, floor| $max($add(sum, pair), floor),
                CELLS
            );
        };
        ($name:ident, $feature:literal, $vector:ty, $lane:ty, $splat:ident, $add:ident, $max:ident, $aside:ident, $sum:expr, $aside_peaks:expr) => {
            /// Cells a second, in one lane.
            #[target_feature(enable = $feature)]
            pub(crate) fn $name(local: bool) -> f64 {
                let splat = |value: $lane| $splat(black_box(value));
                let (pair, open, rest, floor) = (splat(3), splat(1), splat(2), splat(0));
                let least_above = splat(-3);
                let mut diagonal: [$vector; CELLS] = [0, 1, 2, 3].map(splat);
                let mut below: [$vector; CELLS] = [0, 1, 2, 3].map(splat);
                let mut gap: [$vector; CELLS] = [0, 1, 2, 3].map(splat);
                let mut peak = [floor; CELLS];
                let mut least = f64::INFINITY;
                for _ in 0..TURNS {
                    let start = Instant::now();
                    for _ in 0..ROUNDS {
                        for c in 0..CELLS {
                            let x = if local {
                                let sum = $sum(diagonal[c], pair, least_above, floor);
                                $max(sum, below[c])
                            } else {
                                $max($add(diagonal[c], pair), below[c])
                            };
                            if local {
                                peak[c] = if c < $aside_peaks {
                                    $aside(peak[c], x)
                                } else {
                                    $max(peak[c], x)
                                };
                            }
                            let opened = $add(x, open);
                            diagonal[c] = $max(x, gap[c]);
                            gap[c] = $max(gap[c], opened);
                            below[c] = if local || c == 0 {
                                $max(below[c], opened)
                            } else {
                                $aside(below[c], opened)
                            };
                            if local {
                                below[c] = $add(below[c], rest);
                            }
                        }
                    }
                    least = least.min(start.elapsed().as_secs_f64());
                }
                black_box((diagonal, below, gap, peak));
                (CELLS * ROUNDS) as f64 / least
            }
        };
    }

    ports!(
        avx512_8,
        "avx512f,avx512bw",
        __m512i,
        i8,
        _mm512_set1_epi8,
        _mm512_add_epi8,
        _mm512_max_epi8,
        aside_8,
        |sum, pair, least, floor| _mm512_mask_add_epi8(
            floor,
            _mm512_cmpgt_epi8_mask(sum, least),
            sum,
            pair
        ),
        2
    );
    ports!(
        avx512_16,
        "avx512f,avx512bw",
        __m512i,
        i16,
        _mm512_set1_epi16,
        _mm512_add_epi16,
        _mm512_max_epi16,
        aside_16
    );
    ports!(
        avx512_32,
        "avx512f,avx512bw",
        __m512i,
        i32,
        _mm512_set1_epi32,
        _mm512_add_epi32,
        _mm512_max_epi32,
        aside_32
    );
    ports!(
        avx2_8,
        "avx2",
        __m256i,
        i8,
        _mm256_set1_epi8,
        _mm256_add_epi8,
        _mm256_max_epi8,
        _mm256_max_epi8
    );
    ports!(
        avx2_16,
        "avx2",
        __m256i,
        i16,
        _mm256_set1_epi16,
        _mm256_add_epi16,
        _mm256_max_epi16,
        _mm256_max_epi16
    );
    ports!(
        avx2_32,
        "avx2",
        __m256i,
        i32,
        _mm256_set1_epi32,
        _mm256_add_epi32,
        _mm256_max_epi32,
        _mm256_max_epi32
    );
}

#[cfg(target_arch = "x86_64")]
fn main() {
    let print = |path: &str, bits: usize, per_second: [f64; 2], vector: usize| {
        let lanes = (vector / bits) as f64;
        let local = if bits == 8 { x86::LOW } else { x86::LOCAL };
        for (mode, (operations, aside), cells) in [
            ("global", x86::GLOBAL, per_second[0]),
            ("semi-global", x86::GLOBAL, per_second[0]),
            ("local", local, per_second[1]),
        ] {
            let operations = operations + if vector == 512 { aside } else { 0.0 };
            println!(
                "{path}\t{bits}\t{mode}\t{operations}\t{:.2}",
                cells * lanes / 1e9
            );
        }
    };
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
        // SAFETY: the features were detected.
        print(
            "avx512",
            8,
            [false, true].map(|local| unsafe { x86::avx512_8(local) }),
            512,
        );
        // SAFETY: as above.
        print(
            "avx512",
            16,
            [false, true].map(|local| unsafe { x86::avx512_16(local) }),
            512,
        );
        // SAFETY: as above.
        print(
            "avx512",
            32,
            [false, true].map(|local| unsafe { x86::avx512_32(local) }),
            512,
        );
    }
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was detected.
        print(
            "avx2",
            8,
            [false, true].map(|local| unsafe { x86::avx2_8(local) }),
            256,
        );
        // SAFETY: as above.
        print(
            "avx2",
            16,
            [false, true].map(|local| unsafe { x86::avx2_16(local) }),
            256,
        );
        // SAFETY: as above.
        print(
            "avx2",
            32,
            [false, true].map(|local| unsafe { x86::avx2_32(local) }),
            256,
        );
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn main() {}
