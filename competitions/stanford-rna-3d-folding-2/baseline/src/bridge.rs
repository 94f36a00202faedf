//! Chains where no template speaks: arcs between two residues that have a
//! place, and helices that go on from a chain's end.

use std::f64::consts::{PI, TAU};

use crate::geometry::{Point, add, cross, distance, perpendicular, scale, sub, superpose, unit_or};
use crate::helix::{RISE, STEP, TWIST, strand_point};
use crate::tm_score::to_f64;

/// Up to this many residues a gap is a plain arc; longer ones coil up, or the
/// arc would be wider than the molecule.
const LONGEST_PLAIN_ARC: usize = 20;
/// How many residues at an end say where its helix points.
const END_RESIDUES: usize = 6;

/// Places for `count` residues between `from` and `to`, neighbours about
/// [`STEP`] apart as far as the distance allows, bulging towards `outward`.
///
/// ```text
///      ·  ·
///    ·      ·        a chord and equal steps fix the arc: with m steps s
///   ·        ·       of α each, chord / s = sin(mα/2) / sin(α/2)
///  from ─── to
/// ```
#[must_use]
pub fn bridge(from: Point, to: Point, count: usize, outward: Point) -> Vec<Point> {
    let steps = to_f64(count + 1);
    let chord = distance(from, to);
    let along = unit_or(
        sub(to, from),
        perpendicular(unit_or(outward, [0.0, 0.0, 1.0]), [1.0, 0.0, 0.0]),
    );
    if chord >= 0.98 * STEP * steps {
        return (1..=count)
            .map(|k| add(from, scale(sub(to, from), to_f64(k) / steps)))
            .collect();
    }
    let side = perpendicular(along, outward);
    let third = cross(along, side);
    let plain = count <= LONGEST_PLAIN_ARC;
    let advance = if plain {
        STEP
    } else {
        RISE.max(chord / steps * 1.02)
    };
    let coil = (STEP * STEP - advance * advance).max(0.0).sqrt() / (2.0 * libm::sin(TWIST / 2.0));
    let turn = turn_of_arc(chord / advance, steps);
    let radius = advance / (2.0 * libm::sin(turn / 2.0));
    let half = steps * turn / 2.0;
    let place = |k: usize| {
        let angle = PI / 2.0 + half - to_f64(k) * turn;
        let (cos, sin) = (libm::cos(angle), libm::sin(angle));
        let spoke = add(scale(along, cos), scale(side, sin));
        let height = -radius * libm::cos(half);
        let axis = add(
            from,
            add(
                scale(along, chord / 2.0),
                add(scale(side, height), scale(spoke, radius)),
            ),
        );
        if plain {
            return axis;
        }
        // The coil opens and closes over two residues at each end.
        let opening = (to_f64(k.min(count + 1 - k)) / 2.0).min(1.0);
        let wound = to_f64(k) * TWIST;
        let off = add(
            scale(spoke, libm::cos(wound)),
            scale(third, libm::sin(wound)),
        );
        add(axis, scale(off, coil * opening))
    };
    (1..=count).map(place).collect()
}

/// The angle of one step of an arc of `steps` equal steps whose chord is
/// `chord` steps long (less than `steps`), by bisection.
fn turn_of_arc(chord: f64, steps: f64) -> f64 {
    let (mut low, mut high) = (1e-9, TAU / steps);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        // The chord shrinks as the arc closes.
        if libm::sin(steps * middle / 2.0) / libm::sin(middle / 2.0) > chord {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Places for `count` residues beyond the 3' end of `chain` (5' to 3'): the
/// A-form strand that fits its last residues best, continued.
#[must_use]
pub fn continue_after(chain: &[Point], count: usize) -> Vec<Point> {
    let end = &chain[chain.len().saturating_sub(END_RESIDUES)..];
    let ideal: Vec<Point> = (0..end.len()).map(|k| strand_point(to_f64(k))).collect();
    let motion = superpose(&ideal, end);
    let gap = end
        .last()
        .zip(ideal.last())
        .map_or([0.0; 3], |(&e, &i)| sub(e, motion.apply(i)));
    (end.len()..end.len() + count)
        .map(|k| add(motion.apply(strand_point(to_f64(k))), gap))
        .collect()
}

/// Places for `count` residues before the 5' end of `chain`, in chain order.
#[must_use]
pub fn continue_before(chain: &[Point], count: usize) -> Vec<Point> {
    let end = &chain[..chain.len().min(END_RESIDUES)];
    let ideal: Vec<Point> = (0..end.len()).map(|k| strand_point(to_f64(k))).collect();
    let motion = superpose(&ideal, end);
    let gap = end
        .first()
        .zip(ideal.first())
        .map_or([0.0; 3], |(&e, &i)| sub(e, motion.apply(i)));
    (1..=count)
        .rev()
        .map(|k| add(motion.apply(strand_point(-to_f64(k))), gap))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::norm;
    use proptest::prelude::*;

    fn steps(from: Point, points: &[Point], to: Point) -> Vec<f64> {
        let mut chain = vec![from];
        chain.extend(points);
        chain.push(to);
        chain
            .windows(2)
            .map(|pair| distance(pair[0], pair[1]))
            .collect()
    }

    #[test]
    fn an_arc_has_equal_steps_and_bulges_outward() {
        let (from, to) = ([0.0; 3], [12.0, 0.0, 0.0]);
        let arc = bridge(from, to, 6, [0.0, 1.0, 0.3]);
        for step in steps(from, &arc, to) {
            assert!((step - STEP).abs() < 1e-6, "{step}");
        }
        assert!(arc.iter().all(|p| p[1] > 0.0));
    }

    #[test]
    fn a_long_gap_stays_compact() {
        let arc = bridge([0.0; 3], [20.0, 0.0, 0.0], 200, [0.0, 0.0, 1.0]);
        let widest = arc.iter().map(|&p| norm(p)).fold(0.0, f64::max);
        assert!(widest < 220.0, "{widest}");
        let straight = bridge([0.0; 3], [90.0, 0.0, 0.0], 2, [0.0, 0.0, 1.0]);
        assert!((straight[0][0] - 30.0).abs() < 1e-9);
    }

    #[test]
    fn a_helix_goes_on_as_the_same_helix() {
        let helix: Vec<Point> = (0..12).map(|k| strand_point(to_f64(k))).collect();
        for (found, expected) in [
            (continue_after(&helix[..8], 4), &helix[8..]),
            (continue_before(&helix[4..], 4), &helix[..4]),
        ] {
            for (&found, &expected) in found.iter().zip(expected) {
                assert!(distance(found, expected) < 1e-6);
            }
        }
        assert_eq!(continue_after(&helix[..1], 2).len(), 2);
    }

    #[test]
    fn what_goes_on_is_joined_to_a_chain_that_is_no_helix() {
        let straight: Vec<Point> = (0..6).map(|k| [STEP * to_f64(k), 0.0, 0.0]).collect();
        let after = continue_after(&straight, 3);
        let before = continue_before(&straight, 3);
        for (end, next) in [(straight[5], after[0]), (straight[0], before[2])] {
            assert!(
                (distance(end, next) - 5.5).abs() < 0.1,
                "{}",
                distance(end, next)
            );
        }
    }

    proptest! {
        #[test]
        fn bridges_are_finite_and_their_steps_near_the_chain(
            to in prop::array::uniform3(-60.0..60.0f64),
            outward in prop::array::uniform3(-1.0..1.0f64),
            count in 1usize..120,
        ) {
            let from = [0.0; 3];
            let points = bridge(from, to, count, outward);
            prop_assert_eq!(points.len(), count);
            let bound = (norm(to) / to_f64(count + 1)).max(2.0 * STEP);
            for step in steps(from, &points, to) {
                prop_assert!(step.is_finite() && step <= bound + 1e-6, "{} > {}", step, bound);
            }
        }
    }
}
