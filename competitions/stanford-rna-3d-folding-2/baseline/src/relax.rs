//! A light relaxation: neighbours in the chain at the distance of neighbours,
//! nothing inside anything else, and what a template says left in place.
//!
//! Positions are corrected pair by pair, each in proportion to how far the two
//! residues may move (position-based dynamics: Müller et al., J. Vis. Commun.
//! Image R. 18, 2007), in a fixed order, so that the result is the same
//! everywhere.

use std::collections::BTreeMap;

use crate::chains::begins;
use crate::geometry::{Point, add, norm, scale, sub};
use crate::helix::STEP;

/// How often every correction is made.
const ROUNDS: usize = 40;
/// Next but one in the chain, no nearer than this, in ångström.
const SECOND_NEIGHBOURS: f64 = 8.0;
/// All others, no nearer than this, in ångström.
const STRANGERS: f64 = 6.5;

/// A residue that does not move.
pub const FIXED: f64 = 0.0;
/// A residue of a stem that was guessed.
pub const STIFF: f64 = 0.1;
/// A residue of which nothing is known.
pub const LOOSE: f64 = 1.0;

/// Moves `points` by what `mobility` (0 to 1 for each) allows. Pairs of which
/// neither moves are left as they are; across `cuts` nobody is a neighbour.
pub fn relax(points: &mut [Point], mobility: &[f64], cuts: &[usize]) {
    if mobility.iter().all(|&m| m <= FIXED) {
        return;
    }
    for _ in 0..ROUNDS {
        for (i, j) in near_pairs(points, mobility) {
            keep(points, mobility, (i, j), |apart| apart.max(STRANGERS));
        }
        for i in (2..points.len()).filter(|&i| !begins(cuts, i) && !begins(cuts, i - 1)) {
            keep(points, mobility, (i - 2, i), |apart| {
                apart.max(SECOND_NEIGHBOURS)
            });
        }
        for i in (1..points.len()).filter(|&i| !begins(cuts, i)) {
            keep(points, mobility, (i - 1, i), |_| STEP);
        }
    }
}

/// Brings a pair to the distance that `wish` makes of its present one.
fn keep(points: &mut [Point], mobility: &[f64], (i, j): (usize, usize), wish: impl Fn(f64) -> f64) {
    let total = mobility[i] + mobility[j];
    if total <= FIXED {
        return;
    }
    let mut along = sub(points[j], points[i]);
    let mut apart = norm(along);
    if apart < 1e-3 {
        // Any direction parts two residues in one place; this one alternates.
        along = if i.is_multiple_of(2) {
            [0.0, 0.0, 1.0]
        } else {
            [0.0, 1.0, 0.0]
        };
        apart = 1.0;
    }
    let excess = (apart - wish(apart)) / apart * 0.5;
    points[i] = add(points[i], scale(along, excess * mobility[i] / total));
    points[j] = sub(points[j], scale(along, excess * mobility[j] / total));
}

/// Pairs three or more apart in the chain, nearer than strangers may be, of
/// which at least one moves; in ascending order.
fn near_pairs(points: &[Point], mobility: &[f64]) -> Vec<(usize, usize)> {
    let cell = |point: &Point| point.map(grid_line);
    let mut cells: BTreeMap<[i64; 3], Vec<usize>> = BTreeMap::new();
    for (i, point) in points.iter().enumerate() {
        cells.entry(cell(point)).or_default().push(i);
    }
    let mut pairs = Vec::new();
    for (i, point) in points
        .iter()
        .enumerate()
        .filter(|&(i, _)| mobility[i] > FIXED)
    {
        let [x, y, z] = cell(point);
        for dx in -1..=1 {
            for dy in -1..=1 {
                // The three cells along z stand together in the map.
                let column = cells.range([x + dx, y + dy, z - 1]..=[x + dx, y + dy, z + 1]);
                for &j in column.flat_map(|(_, inside)| inside) {
                    let once = j > i || mobility[j] <= FIXED;
                    let apart = sub(points[j], *point);
                    if once && i.abs_diff(j) > 2 && norm(apart) < STRANGERS {
                        pairs.push((i.min(j), i.max(j)));
                    }
                }
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

/// The cell of a coordinate in a grid as wide as strangers must be apart.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of floats saturates"
)]
fn grid_line(coordinate: f64) -> i64 {
    // Far-off input must not overflow the neighbour's index.
    (coordinate / STRANGERS).floor().clamp(-1e12, 1e12) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::distance;
    use crate::tm_score::to_f64;

    #[test]
    fn loose_residues_find_their_distances_and_fixed_ones_stay() {
        let mut points: Vec<Point> = (0..12)
            .map(|i| [4.0 * to_f64(i), 0.0, 2.0 * to_f64(i % 3)])
            .collect();
        points[0] = [-1.5, 0.0, 0.0];
        let before = points.clone();
        let mut mobility = vec![LOOSE; 12];
        mobility[0] = FIXED;
        mobility[1] = FIXED;
        relax(&mut points, &mobility, &[]);
        assert_eq!(points[..2], before[..2]);
        for i in 2..12 {
            let step = distance(points[i - 1], points[i]);
            assert!((step - STEP).abs() < 1.3, "{step}");
            for j in 0..i.saturating_sub(2) {
                assert!(distance(points[i], points[j]) > 4.5);
            }
        }
    }

    #[test]
    fn chains_are_not_drawn_together() {
        let mut points: Vec<Point> = (0..8).map(|i| [STEP * to_f64(i), 0.0, 0.0]).collect();
        for point in &mut points[4..] {
            point[0] += 50.0;
        }
        let apart = |points: &[Point]| distance(points[3], points[4]);
        let before = points.clone();
        relax(&mut points, &[LOOSE; 8], &[4]);
        assert!((apart(&points) - apart(&before)).abs() < 1e-9);
        relax(&mut points, &[LOOSE; 8], &[]);
        assert!(apart(&points) < 40.0);
    }

    #[test]
    fn residues_in_one_place_are_parted_without_nan() {
        let mut points = vec![[5.0; 3]; 30];
        relax(&mut points, &[LOOSE; 30], &[]);
        assert!(points.iter().flatten().all(|c| c.is_finite()));
        assert!(distance(points[0], points[29]) > 1.0);
    }
}
