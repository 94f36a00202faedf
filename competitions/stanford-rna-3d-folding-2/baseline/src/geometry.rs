//! Points in ångström, rigid motions, and the superposition that every
//! comparison of structures rests on.
//!
//! Everything here is made of `+ - * /` and `sqrt`, which IEEE 754 fixes to the
//! bit, so the same input gives the same bytes on every machine.

/// A point or vector in ångström: x, y, z.
pub type Point = [f64; 3];

/// The three coordinate axes' origin, and the zero vector.
pub const ORIGIN: Point = [0.0; 3];

/// `a + b`.
#[must_use]
pub fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// `a - b`.
#[must_use]
pub fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// `a` stretched by `factor`.
#[must_use]
pub fn scale(a: Point, factor: f64) -> Point {
    [a[0] * factor, a[1] * factor, a[2] * factor]
}

/// The scalar product of `a` and `b`.
#[must_use]
pub fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The vector product of `a` and `b`.
#[must_use]
pub fn cross(a: Point, b: Point) -> Point {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// The length of `a`.
#[must_use]
pub fn norm(a: Point) -> f64 {
    dot(a, a).sqrt()
}

/// The distance between `a` and `b`.
#[must_use]
pub fn distance(a: Point, b: Point) -> f64 {
    norm(sub(a, b))
}

/// `a` at length one, or `fallback` when `a` is too short to have a direction.
#[must_use]
pub fn unit_or(a: Point, fallback: Point) -> Point {
    let length = norm(a);
    if length > 1e-6 {
        scale(a, 1.0 / length)
    } else {
        fallback
    }
}

/// A unit vector at a right angle to the unit vector `axis`, as near to `wish`
/// as that allows.
#[must_use]
pub fn perpendicular(axis: Point, wish: Point) -> Point {
    // The axis least along `axis` serves where the wish is parallel to it.
    let spare = if axis[0].abs() < 0.6 {
        [1.0, 0.0, 0.0]
    } else {
        [0.0, 1.0, 0.0]
    };
    let reject = |v: Point| sub(v, scale(axis, dot(v, axis)));
    unit_or(reject(wish), unit_or(reject(spare), [0.0, 0.0, 1.0]))
}

/// The mean of `points`; the origin when there are none.
#[must_use]
pub fn centroid(points: impl IntoIterator<Item = Point>) -> Point {
    let (sum, count) = points
        .into_iter()
        .fold((ORIGIN, 0.0), |(sum, count), point| {
            (add(sum, point), count + 1.0)
        });
    if count > 0.0 {
        scale(sum, 1.0 / count)
    } else {
        ORIGIN
    }
}

/// A rigid motion without reflection: rotate, then shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Rows of the rotation matrix.
    pub rotation: [Point; 3],
    /// What is added after the rotation, in ångström.
    pub shift: Point,
}

impl Motion {
    /// The motion that moves nothing.
    pub const NONE: Self = Self {
        rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        shift: ORIGIN,
    };

    /// Where `point` goes.
    #[must_use]
    pub fn apply(&self, point: Point) -> Point {
        add(self.rotate(point), self.shift)
    }

    /// Where the direction `vector` goes: the rotation alone.
    #[must_use]
    pub fn rotate(&self, vector: Point) -> Point {
        [
            dot(self.rotation[0], vector),
            dot(self.rotation[1], vector),
            dot(self.rotation[2], vector),
        ]
    }

    /// The motion that carries the coordinate frame to the frame with its
    /// origin at `origin` and the axes `x`, `y`, `z` (unit, right-handed).
    #[must_use]
    pub fn to_frame(origin: Point, x: Point, y: Point, z: Point) -> Self {
        Self {
            rotation: [[x[0], y[0], z[0]], [x[1], y[1], z[1]], [x[2], y[2], z[2]]],
            shift: origin,
        }
    }

    /// The rotation that the quaternion w, x, y, z stands for (any length but
    /// zero), without a shift.
    #[must_use]
    pub fn from_quaternion(quaternion: [f64; 4]) -> Self {
        let length = quaternion
            .iter()
            .map(|part| part * part)
            .sum::<f64>()
            .sqrt();
        if length < 1e-150 {
            return Self::NONE;
        }
        let [w, x, y, z] = quaternion.map(|part| part / length);
        Self {
            rotation: [
                [
                    w * w + x * x - y * y - z * z,
                    2.0 * (x * y - w * z),
                    2.0 * (x * z + w * y),
                ],
                [
                    2.0 * (x * y + w * z),
                    w * w - x * x + y * y - z * z,
                    2.0 * (y * z - w * x),
                ],
                [
                    2.0 * (x * z - w * y),
                    2.0 * (y * z + w * x),
                    w * w - x * x - y * y + z * z,
                ],
            ],
            shift: ORIGIN,
        }
    }
}

/// What a superposition needs to know about pairs of points, gathered one pair
/// at a time: moments up to the second order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    count: f64,
    moving: Point,
    fixed: Point,
    products: [Point; 3],
}

impl Moments {
    /// Counts the pair of `moving` and the `fixed` point it belongs on.
    pub fn push(&mut self, moving: Point, fixed: Point) {
        self.count += 1.0;
        self.moving = add(self.moving, moving);
        self.fixed = add(self.fixed, fixed);
        for (row, part) in self.products.iter_mut().zip(moving) {
            *row = add(*row, scale(fixed, part));
        }
    }

    /// The motion that brings the moving points as near to the fixed ones as
    /// rigid motion can (least sum of squares): Horn, "Closed-form solution of
    /// absolute orientation using unit quaternions", J. Opt. Soc. Am. A 4, 1987.
    #[must_use]
    pub fn superposition(&self) -> Motion {
        if self.count < 1.0 {
            return Motion::NONE;
        }
        let moving = scale(self.moving, 1.0 / self.count);
        let fixed = scale(self.fixed, 1.0 / self.count);
        let mut s = self.products;
        for (row, part) in s.iter_mut().zip(self.moving) {
            *row = sub(*row, scale(fixed, part));
        }
        let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
        let quaternion = leading_eigenvector([
            [xx + yy + zz, yz - zy, zx - xz, xy - yx],
            [yz - zy, xx - yy - zz, xy + yx, zx + xz],
            [zx - xz, xy + yx, yy - xx - zz, yz + zy],
            [xy - yx, zx + xz, yz + zy, zz - xx - yy],
        ]);
        let mut motion = Motion::from_quaternion(quaternion);
        motion.shift = sub(fixed, motion.rotate(moving));
        motion
    }
}

/// The eigenvector of the greatest eigenvalue of a symmetric matrix, by cyclic
/// Jacobi rotations. Slower than a closed form by a microsecond and right for
/// degenerate input too: collinear points, a single pair, all zeros.
fn leading_eigenvector(mut m: [[f64; 4]; 4]) -> [f64; 4] {
    let mut vectors = [[0.0; 4]; 4];
    for (i, row) in vectors.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    // Six sweeps are usual; the bound only guards against NaN.
    for _ in 0..32 {
        let mut off = 0.0;
        let mut diagonal = 0.0;
        for i in 0..4 {
            diagonal += m[i][i] * m[i][i];
            for value in &m[i][i + 1..] {
                off += value * value;
            }
        }
        if off <= diagonal * 1e-30 || off.is_nan() {
            break;
        }
        for p in 0..3 {
            for q in p + 1..4 {
                rotate_pair(&mut m, &mut vectors, p, q);
            }
        }
    }
    let mut best = 0;
    for i in 1..4 {
        if m[i][i] > m[best][best] {
            best = i;
        }
    }
    [
        vectors[0][best],
        vectors[1][best],
        vectors[2][best],
        vectors[3][best],
    ]
}

/// One Jacobi rotation: zeroes `m[p][q]` and turns `vectors` along.
fn rotate_pair(m: &mut [[f64; 4]; 4], vectors: &mut [[f64; 4]; 4], p: usize, q: usize) {
    let off = m[p][q];
    if off.abs() < 1e-300 {
        return;
    }
    let theta = (m[q][q] - m[p][p]) / (2.0 * off);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in m.iter_mut() {
        let (a, b) = (row[p], row[q]);
        row[p] = c * a - s * b;
        row[q] = s * a + c * b;
    }
    // The rows p and q, p above q.
    let (above, below) = m.split_at_mut(q);
    for (a, b) in above[p].iter_mut().zip(below[0].iter_mut()) {
        (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
    }
    for row in vectors.iter_mut() {
        let (a, b) = (row[p], row[q]);
        row[p] = c * a - s * b;
        row[q] = s * a + c * b;
    }
}

/// The best superposition of `moving` onto `fixed`, pair by pair; pairs beyond
/// the shorter slice are left out.
#[must_use]
pub fn superpose(moving: &[Point], fixed: &[Point]) -> Motion {
    // Moments far from the origin lose digits, so they are taken about a point
    // that is near.
    let (Some(&near_moving), Some(&near_fixed)) = (moving.first(), fixed.first()) else {
        return Motion::NONE;
    };
    let mut moments = Moments::default();
    for (&from, &to) in moving.iter().zip(fixed) {
        moments.push(sub(from, near_moving), sub(to, near_fixed));
    }
    let mut motion = moments.superposition();
    motion.shift = add(sub(motion.shift, motion.rotate(near_moving)), near_fixed);
    motion
}

/// The root of the mean squared distance in ångström between `moving` and
/// `fixed` after the best superposition, over residues that both have; `None`
/// when there is no such residue.
#[must_use]
pub fn rmsd(moving: &[Option<Point>], fixed: &[Option<Point>]) -> Option<f64> {
    let (from, to): (Vec<Point>, Vec<Point>) = moving
        .iter()
        .zip(fixed)
        .filter_map(|(from, to)| Some(((*from)?, (*to)?)))
        .unzip();
    if from.is_empty() {
        return None;
    }
    let motion = superpose(&from, &to);
    let mut sum = 0.0;
    let mut count = 0.0;
    for (&from, &to) in from.iter().zip(&to) {
        let apart = sub(motion.apply(from), to);
        sum += dot(apart, apart);
        count += 1.0;
    }
    Some((sum / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some(points: &[Point]) -> Vec<Option<Point>> {
        points.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_quarter_turn_is_found_exactly() {
        let from = [
            [1.0, 0.0, 0.0],
            [0.0, 2.0, 0.0],
            [0.0, 0.0, 3.0],
            [1.0, 1.0, 1.0],
        ];
        let to: Vec<Point> = from
            .iter()
            .map(|p| [5.0 - p[1], p[0] - 1.0, p[2] + 2.0])
            .collect();
        let motion = superpose(&from, &to);
        for (&from, &to) in from.iter().zip(&to) {
            assert!(distance(motion.apply(from), to) < 1e-12);
        }
    }

    #[test]
    fn a_mirror_image_does_not_superpose() {
        let helix: Vec<Point> = (0..12)
            .map(|i| crate::helix::strand_point(f64::from(i)))
            .collect();
        let mirrored: Vec<Point> = helix.iter().map(|p| [-p[0], p[1], p[2]]).collect();
        let apart = rmsd(&some(&helix), &some(&mirrored)).unwrap();
        assert!(apart > 2.0, "{apart}");
    }

    #[test]
    fn the_rmsd_of_a_known_pair_is_the_textbook_value() {
        // Two segments on one line, 2 and 4 long: each end is 1 off.
        let apart = rmsd(
            &some(&[[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
            &some(&[[0.0, -2.0, 0.0], [0.0, 2.0, 0.0]]),
        );
        assert!((apart.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(rmsd(&[None], &[Some(ORIGIN)]), None);
    }

    #[test]
    fn degenerate_points_give_finite_motions() {
        for points in [
            vec![],
            vec![[3.0; 3]],
            vec![[0.0; 3]; 5],
            vec![[1.0, 0.0, 0.0]; 2],
        ] {
            let motion = superpose(&points, &points);
            for &point in &points {
                assert!(distance(motion.apply(point), point) < 1e-9);
            }
        }
    }

    proptest! {
        #[test]
        fn any_rigid_motion_is_undone(
            points in prop::collection::vec(prop::array::uniform3(-50.0..50.0f64), 3..20),
            quaternion in prop::array::uniform4(-1.0..1.0f64),
            shift in prop::array::uniform3(-500.0..500.0f64),
        ) {
            prop_assume!(quaternion.iter().map(|q| q * q).sum::<f64>() > 1e-3);
            let mut motion = Motion::from_quaternion(quaternion);
            motion.shift = shift;
            let moved: Vec<Point> = points.iter().map(|&p| motion.apply(p)).collect();
            prop_assert!(rmsd(&some(&points), &some(&moved)).unwrap() < 1e-6);
        }
    }
}
