//! 128-bit vectors of every x86-64 processor, for turning letters round.
#![allow(unsafe_code)]

use super::letters::BLOCK;
use std::arch::x86_64::{
    __m128i, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm_storeu_si128, _mm_unpackhi_epi8,
    _mm_unpacklo_epi8,
};

/// Rows, and columns, that are turned round as one square.
const SQUARE: usize = 16;

/// Turns rows into the columns of `block`, which has a byte for each of
/// `stride` rows in each of [`BLOCK`] columns. Gives how many rows it has done:
/// as many as make squares.
pub(super) fn turn(rows: &[[u8; BLOCK]], block: &mut [u8], stride: usize) -> usize {
    // SAFETY: every x86-64 has SSE2.
    unsafe { turn_here(rows, block, stride) }
}

#[target_feature(enable = "sse2")]
fn turn_here(rows: &[[u8; BLOCK]], block: &mut [u8], stride: usize) -> usize {
    let mut done = 0;
    for rows in rows.chunks_exact(SQUARE) {
        for (at, columns) in block.chunks_exact_mut(SQUARE * stride).enumerate() {
            let mut square = [load(&rows[0][at * SQUARE..]); SQUARE];
            for (vector, row) in square.iter_mut().zip(rows).skip(1) {
                *vector = load(&row[at * SQUARE..]);
            }
            // Each shuffle moves the highest bit of a byte's place, of row and
            // column together, to the lowest end: four swap row and column.
            for _ in 0..4 {
                let old = square;
                for (at, pair) in square.chunks_exact_mut(2).enumerate() {
                    let (a, b) = (old[at], old[at + SQUARE / 2]);
                    pair[0] = _mm_unpacklo_epi8(a, b);
                    pair[1] = _mm_unpackhi_epi8(a, b);
                }
            }
            for (column, vector) in columns.chunks_exact_mut(stride).zip(square) {
                let column = &mut column[done..done + SQUARE];
                // SAFETY: there are as many bytes as a vector has.
                unsafe { _mm_storeu_si128(column.as_mut_ptr().cast(), vector) };
            }
        }
        done += SQUARE;
    }
    done
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(bytes: &[u8]) -> __m128i {
    let bytes = &bytes[..SQUARE];
    // SAFETY: there are as many bytes as a vector has.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Asks for bytes to be brought into the caches, without waiting for them.
#[inline(always)]
pub(super) fn fetch(bytes: &[u8]) {
    /// Bytes of a cache line.
    const LINE: usize = 64;
    // The last byte may lie in a line of its own.
    for byte in bytes.iter().step_by(LINE).chain(bytes.last()) {
        // SAFETY: every x86-64 has SSE, and nothing is read.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) };
    }
}
