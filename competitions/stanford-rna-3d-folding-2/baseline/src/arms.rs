//! From pairs to shapes: every stem becomes a piece of A-form helix, and the
//! stems are laid out so that they neither run through each other nor fly
//! apart.
//!
//! ```text
//!   z ↑   ║ ║      stems in one line (with bulges and inner loops between
//!     │   ║ ║ ║ ║  them) share an axis: an arm; arms stand side by side;
//!     └───╨─╨─╨─╨─▶ x   a branch leans against the arm it leaves
//! ```

use crate::fold::Pairs;
use crate::geometry::{Motion, Point, add, cross, perpendicular, scale};
use crate::helix::{RISE, partner_point, strand_point};
use crate::tm_score::to_f64;

/// Distance in ångström of the axes of neighbouring arms: two helices touch.
const SPACING: f64 = 23.0;

/// An arm being built: its frame, how many pairs high it is, and its next pair.
struct Arm {
    frame: Motion,
    height: f64,
    pair: (usize, usize),
    branches: usize,
}

/// C1' of every paired residue of `pairs`; `None` for the others. The first
/// pairs of the outermost arms stand in a line along x about the origin, their
/// strands apart along x, and the arms rise along z.
#[must_use]
pub fn place_stems(pairs: &Pairs) -> Vec<Option<Point>> {
    let mut points = vec![None; pairs.len()];
    let outermost = enclosed(pairs, 0, pairs.len());
    let middle = to_f64(outermost.len().saturating_sub(1)) / 2.0;
    let mut arms: Vec<Arm> = outermost
        .into_iter()
        .enumerate()
        .map(|(k, pair)| Arm {
            frame: standing_at(
                [(to_f64(k) - middle) * SPACING, 0.0, 0.0],
                [1.0, 0.0, 0.0],
                [0.0, 0.0, 1.0],
            ),
            height: 0.0,
            pair,
            branches: 0,
        })
        .collect();
    while let Some(mut arm) = arms.pop() {
        loop {
            let (i, j) = arm.pair;
            points[i] = Some(arm.frame.apply(strand_point(arm.height)));
            points[j] = Some(arm.frame.apply(partner_point(arm.height)));
            let mut inside = enclosed(pairs, i + 1, j);
            let Some(widest) = (0..inside.len()).max_by_key(|&k| (inside[k].1 - inside[k].0, k))
            else {
                break;
            };
            let next = inside.remove(widest);
            for branch in inside {
                arms.push(branch_off(&arm, branch));
                arm.branches += 1;
            }
            // Opposite bases of an inner loop mostly stay stacked.
            let stacked = (next.0 - i - 1).min(j - next.1 - 1).min(4);
            arm.height += 1.0 + to_f64(stacked);
            arm.pair = next;
        }
    }
    points
}

/// The arm of the pair `branch`, leaning against `arm` where that has got to.
/// Later branches go to other sides and alternate between up and down.
fn branch_off(arm: &Arm, branch: (usize, usize)) -> Arm {
    // A fifth of a turn more than half: no two branches on one side.
    let angle = 0.7 * std::f64::consts::TAU * to_f64(arm.branches + 1);
    let side = arm.frame.rotate([libm::cos(angle), libm::sin(angle), 0.0]);
    let axis = arm.frame.rotate([
        0.0,
        0.0,
        if arm.branches.is_multiple_of(2) {
            1.0
        } else {
            -1.0
        },
    ]);
    let level = arm.frame.apply([0.0, 0.0, (arm.height + 2.0) * RISE]);
    let across = perpendicular(axis, cross(axis, side));
    Arm {
        frame: standing_at(add(level, scale(side, SPACING)), across, axis),
        height: 0.0,
        pair: branch,
        branches: 0,
    }
}

/// The frame of an arm at `origin` that rises along `axis` and whose first
/// strand faces its second along `across` (unit vectors at a right angle).
#[must_use]
pub fn standing_at(origin: Point, across: Point, axis: Point) -> Motion {
    Motion::to_frame(origin, cross(across, axis), across, axis)
}

/// The outermost pairs within residues `from..to`, in order.
fn enclosed(pairs: &Pairs, from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut i = from;
    while i < to {
        match pairs[i] {
            Some(j) if j > i => {
                found.push((i, j));
                i = j + 1;
            }
            _ => i += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;
    use crate::geometry::distance;
    use crate::helix::PAIR;

    #[test]
    fn pairs_have_the_distance_of_pairs_and_arms_do_not_clash() {
        let pairs = fold(b"GCGCGGCAGCCUUUUGGCUGAAGGCUCGUUUUCGAGCCAACGCGCAAAGGGGAAAACCCC");
        let points = place_stems(&pairs);
        let placed: Vec<Point> = points.iter().copied().flatten().collect();
        assert!(placed.len() > 30);
        for (i, &partner) in pairs.iter().enumerate() {
            assert_eq!(points[i].is_some(), partner.is_some());
            if let (Some(here), Some(j)) = (points[i], partner) {
                assert!((distance(here, points[j].unwrap()) - PAIR).abs() < 0.05);
            }
        }
        for (k, &a) in placed.iter().enumerate() {
            for &b in &placed[..k] {
                assert!(distance(a, b) > 4.0, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn an_inner_loop_lifts_what_stands_on_it() {
        // Four pairs, two residues on each side, four pairs over a turn of four.
        let mut pairs = vec![None; 24];
        for (i, j) in (0..4)
            .map(|k| (k, 23 - k))
            .chain((6..10).map(|k| (k, 23 - k)))
        {
            (pairs[i], pairs[j]) = (Some(j), Some(i));
        }
        let points = place_stems(&pairs);
        let height = |i: usize| (points[i].unwrap()[2] - points[0].unwrap()[2]) / RISE;
        for (i, expected) in [(3, 3.0), (6, 6.0), (9, 9.0)] {
            assert!((height(i) - expected).abs() < 1e-9, "{i}: {}", height(i));
        }
    }

    #[test]
    fn nothing_paired_nothing_placed() {
        assert_eq!(place_stems(&vec![None; 4]), vec![None; 4]);
    }
}
