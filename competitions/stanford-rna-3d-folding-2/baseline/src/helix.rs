//! The A-form double helix of RNA as its C1' atoms see it.
//!
//! Radius, twist, rise and the offset of the second strand are a least-squares
//! fit to distances within 2,005 helical stretches of four Watson-Crick pairs
//! in experimental structures (medians reproduced within 0.02 Å):
//!
//! ```text
//!        strand 1, residue k        strand 2, its partner
//! angle        a + k·twist               −a + k·twist
//! height       z + k·rise                −z + k·rise
//! ```

use crate::geometry::Point;

/// Distance of C1' from the helix axis, in ångström.
const RADIUS: f64 = 8.484;
/// Turn from one residue to the next, in radians (32.3°); positive: right-handed.
pub const TWIST: f64 = 0.563_87;
/// Climb from one residue to the next, in ångström.
pub const RISE: f64 = 2.778;
/// Half the angle between paired residues, in radians.
const PAIR_ANGLE: f64 = -0.659_62;
/// Half the height between paired residues, in ångström.
const PAIR_HEIGHT: f64 = 1.199;

/// Typical distance in ångström of C1' atoms of neighbours in the chain.
pub const STEP: f64 = 5.6;
/// Distance in ångström of C1' atoms of a Watson-Crick pair.
pub const PAIR: f64 = 10.66;

/// C1' of residue `k` of the first strand; the axis is z, 5' to 3' upwards.
#[must_use]
pub fn strand_point(k: f64) -> Point {
    on_cylinder(PAIR_ANGLE + k * TWIST, PAIR_HEIGHT + k * RISE)
}

/// C1' of the residue that pairs with residue `k` of the first strand.
#[must_use]
pub fn partner_point(k: f64) -> Point {
    on_cylinder(-PAIR_ANGLE + k * TWIST, -PAIR_HEIGHT + k * RISE)
}

fn on_cylinder(angle: f64, height: f64) -> Point {
    // libm, not std: the platform's own sine differs between machines.
    [RADIUS * libm::cos(angle), RADIUS * libm::sin(angle), height]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::distance;

    #[test]
    fn distances_are_those_of_real_helices() {
        let near = |found: f64, expected: f64| {
            assert!(
                (found - expected).abs() < 0.05,
                "{found} instead of {expected}"
            );
        };
        near(distance(strand_point(0.0), strand_point(1.0)), 5.50);
        near(distance(strand_point(3.0), strand_point(5.0)), 10.65);
        near(distance(partner_point(3.0), partner_point(6.0)), 15.18);
        near(distance(strand_point(2.0), partner_point(2.0)), PAIR);
        // Across the minor groove, then across the major one.
        near(distance(strand_point(0.0), partner_point(3.0)), 17.95);
        near(distance(strand_point(3.0), partner_point(0.0)), 11.18);
    }
}
