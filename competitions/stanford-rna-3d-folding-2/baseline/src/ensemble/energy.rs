//! What loops cost, in kcal/mol at 37 °C.
//!
//! The nearest-neighbour model (Turner & Mathews, "NNDB", Nucleic Acids Res. 38,
//! 2010) without its tables of mismatches and special loops: what decides here are
//! the stacks and what a loop costs by its size.

use crate::fold::pair_strength;
use crate::tm_score::to_f64;

/// kT at 37 °C.
pub(super) const KT: f64 = 0.616;
/// Closing a branching, and each of its stems.
pub(super) const BRANCHING: (f64, f64) = (3.4, 0.4);
/// A residue next to the end of a stem, which stacks on it.
pub(super) const DANGLING: f64 = -0.4;
/// A stem that ends in A-U or G-U.
const WEAK_END: f64 = 0.45;
/// The same within a loop between two pairs.
const WEAK_END_INSIDE: f64 = 0.7;
/// Each residue by which the sides of a loop differ.
const LOPSIDED: f64 = 0.6;
/// Loops larger than the tables: so much for each factor e in size (1.75 RT).
const GROWTH: f64 = 1.08;
/// Hairpins of 3 to 9 residues.
const HAIRPINS: [f64; 7] = [5.4, 5.6, 5.7, 5.4, 6.0, 5.5, 6.4];
/// The first mismatch in a hairpin of more than 3.
const MISMATCH: f64 = -0.8;
/// Bulges of 1 to 6 residues.
const BULGES: [f64; 6] = [3.8, 2.8, 3.2, 3.6, 4.0, 4.4];
/// Loops with residues on both sides, of 2 to 8 residues.
const INNER: [f64; 7] = [0.9, 1.6, 1.1, 2.0, 2.0, 2.2, 2.3];

/// Two letters that pair, from 5' to 3'.
pub(super) type Pair = (u8, u8);

/// The letter as the tables have it.
pub(super) fn code(letter: u8) -> u8 {
    match letter.to_ascii_uppercase() {
        b'T' => b'U',
        other => other,
    }
}

/// What it costs that a stem ends in `pair`.
pub(super) fn weak_end(pair: Pair) -> f64 {
    if strong(pair) { 0.0 } else { WEAK_END }
}

fn strong(pair: Pair) -> bool {
    pair_strength(pair.0, pair.1) == 3
}

/// A hairpin over `turn`.
pub(super) fn hairpin(pair: Pair, turn: &[u8]) -> f64 {
    let special = match turn {
        [b'G', _, b'A' | b'G', b'A'] => -2.0,
        [b'U', b'U', b'C', b'G'] => -2.5,
        _ => 0.0,
    };
    let end = if turn.len() == 3 {
        weak_end(pair)
    } else {
        MISMATCH
    };
    of_size(&HAIRPINS, 3, turn.len()) + special + end
}

/// The loop between two pairs with `left` and `right` unpaired residues.
pub(super) fn between(outer: Pair, inner: Pair, left: usize, right: usize) -> f64 {
    let weak = |cost: f64| {
        let ends = [outer, inner].into_iter().filter(|&pair| !strong(pair));
        cost * to_f64(ends.count())
    };
    match (left, right) {
        (0, 0) => stack(outer, inner),
        (0, 1) | (1, 0) => BULGES[0] + stack(outer, inner),
        (0, count) | (count, 0) => of_size(&BULGES, 1, count) + weak(WEAK_END),
        _ => {
            let lopsided = LOPSIDED * to_f64(left.abs_diff(right));
            of_size(&INNER, 2, left + right) + lopsided + weak(WEAK_END_INSIDE)
        }
    }
}

/// The cost of a loop of `count` residues by a `table` that begins at `first`.
fn of_size(table: &[f64], first: usize, count: usize) -> f64 {
    let last = table.len() - 1;
    let beyond = || table[last] + GROWTH * libm::log(to_f64(count) / to_f64(first + last));
    let known = count.checked_sub(first).and_then(|k| table.get(k));
    known.copied().unwrap_or_else(beyond)
}

/// The pair `inner` stacked within `outer`.
fn stack(outer: Pair, inner: Pair) -> f64 {
    let wobble = |pair: Pair| pair_strength(pair.0, pair.1) == 1;
    match (wobble(outer), wobble(inner)) {
        (true, true) => return -0.5,
        (true, false) | (false, true) => {
            let other = if wobble(outer) { inner } else { outer };
            return if strong(other) { -1.6 } else { -1.1 };
        }
        (false, false) => {}
    }
    // A step on one strand, 5' to 3', names the stack; so does that on the other.
    match (outer.0, inner.0) {
        (b'A', b'A') | (b'U', b'U') => -0.93,
        (b'A', b'U') => -1.10,
        (b'U', b'A') => -1.33,
        (b'C', b'U') | (b'A', b'G') => -2.08,
        (b'C', b'A') | (b'U', b'G') => -2.11,
        (b'G', b'U') | (b'A', b'C') => -2.24,
        (b'G', b'A') | (b'U', b'C') => -2.35,
        (b'C', b'G') => -2.36,
        (b'G', b'G') | (b'C', b'C') => -3.26,
        _ => -3.42,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_the_same_from_either_strand() {
        let pairs = [
            (b'A', b'U'),
            (b'U', b'A'),
            (b'G', b'C'),
            (b'C', b'G'),
            (b'G', b'U'),
            (b'U', b'G'),
        ];
        let turned = |pair: Pair| (pair.1, pair.0);
        for outer in pairs {
            for inner in pairs {
                let (here, there) = (stack(outer, inner), stack(turned(inner), turned(outer)));
                assert!((here - there).abs() < 1e-12, "{outer:?} {inner:?}");
            }
        }
        assert!((stack((b'G', b'C'), (b'C', b'G')) + 3.42).abs() < 1e-12);
    }

    #[test]
    fn loops_cost_by_their_size_and_shape() {
        let (strong, weak) = ((b'G', b'C'), (b'A', b'U'));
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        near(hairpin(strong, b"AAA"), 5.4);
        near(hairpin(weak, b"AAA"), 5.85);
        near(hairpin(strong, b"GAAA"), 5.6 - 2.0 - 0.8);
        near(
            hairpin(strong, &[b'A'; 18]),
            6.4 - 0.8 + GROWTH * 2.0_f64.ln(),
        );
        near(between(strong, strong, 0, 1), 3.8 - 3.26);
        near(between(strong, weak, 0, 2), 2.8 + 0.45);
        near(between(weak, weak, 1, 3), 1.1 + 1.2 + 1.4);
    }
}
