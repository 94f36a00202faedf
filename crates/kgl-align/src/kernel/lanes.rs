//! What a vector of lanes must be able to do, and the portable twin.

use super::frame::Width;

/// A vector of equal integers. A value of a vector type can only be made from
/// a token, and a token only where the processor was seen to have the
/// instructions; so whoever holds a value may use it, and every method here
/// is safe to call.
pub(super) trait Lanes: Copy {
    /// The proof that the instructions are there.
    type Token: Copy;
    /// A lane's number.
    type Lane: Copy + Into<i64>;
    /// All lanes' numbers: `COUNT` of them.
    type Array: AsRef<[Self::Lane]>;
    /// Some of the lanes.
    type Mask: Copy;
    /// A wide number a lane.
    type Wide: AsRef<[i64]> + AsMut<[i64]>;
    /// How many lanes there are.
    const COUNT: usize;
    /// A wide 0 a lane.
    const ZEROS: Self::Wide;

    /// The same number in all lanes, its low bits where it does not fit.
    fn splat(token: Self::Token, value: i64) -> Self;
    /// Small numbers, a byte a lane; the slice is `COUNT` long.
    fn from_codes(token: Self::Token, codes: &[u8]) -> Self;
    /// The low bits of wide numbers; the slice is `COUNT` long.
    fn from_wide(token: Self::Token, wide: &[i64]) -> Self;
    /// Lane by lane sums, modulo the lane's width.
    fn add(self, other: Self) -> Self;
    /// Lane by lane differences, modulo the lane's width.
    fn sub(self, other: Self) -> Self;
    /// Lane by lane maxima, signed.
    fn max(self, other: Self) -> Self;
    /// [`Lanes::max`] by other instructions, for results that are not waited
    /// for: where maxima have one port of the processor to themselves and the
    /// others idle, some are better taken there.
    #[inline(always)]
    fn max_aside(self, other: Self) -> Self {
        self.max(other)
    }
    /// The sum of the two, or `floor` in the lanes where that is more, given
    /// `least`, which is `floor` less `other`. No sum or difference of these may
    /// leave the lane.
    #[inline(always)]
    fn add_above(self, other: Self, least: Self, floor: Self) -> Self {
        let _ = least;
        self.add(other).max(floor)
    }
    /// The lanes where `self` equals `key`.
    fn equals(self, key: Self) -> Self::Mask;
    /// The sum of the two in the lanes of `mask`, `without` in the others.
    fn add_within(self, other: Self, mask: Self::Mask, without: Self) -> Self;
    /// `yes` in the lanes where `self` equals `key`, `no` in the others.
    fn select(self, key: Self, yes: Self, no: Self) -> Self;
    /// Whether any lane of the two holds the same number.
    fn meets(self, other: Self) -> bool;
    /// The low byte of one lane; `lane` below `COUNT`. For a vector that lies
    /// in memory, of which one lane is wanted.
    fn low_byte(&self, lane: usize) -> u8;
    /// The lanes, one by one.
    fn array(self) -> Self::Array;
    /// One lane; `lane` below `COUNT`.
    #[inline(always)]
    fn get(self, lane: usize) -> i64 {
        self.array().as_ref()[lane].into()
    }
}

/// Something to be done with vectors of whatever kind. Every path runs it
/// with its own, in lanes of the width asked for.
pub(super) trait Task {
    /// What it gives.
    type Output;
    /// Does it, in steps of `S` columns: as many as the registers hold. Inlined,
    /// so that it is compiled for the path's instructions.
    fn run<V: Lanes, const S: usize>(self, token: V::Token) -> Self::Output;
}

/// The token of plain Rust: always there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

/// An array that the compiler maps on whatever vectors there are.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Array<T, const N: usize>([T; N]);

macro_rules! array_lanes {
    ($type:ty, $count:expr) => {
        impl Lanes for Array<$type, { $count }> {
            type Token = Portable;
            type Lane = $type;
            type Array = [$type; $count];
            /// 1 in the lanes that are meant.
            type Mask = Self;
            type Wide = [i64; $count];
            const COUNT: usize = $count;
            const ZEROS: [i64; $count] = [0; $count];

            #[inline(always)]
            fn splat(_: Portable, value: i64) -> Self {
                // Truncation is the point: sums are taken modulo the width.
                #[allow(clippy::cast_possible_truncation)]
                Array([value as $type; $count])
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_wrap, reason = "codes are small")]
            fn from_codes(_: Portable, codes: &[u8]) -> Self {
                Array(std::array::from_fn(|lane| codes[lane] as $type))
            }

            #[inline(always)]
            fn from_wide(_: Portable, wide: &[i64]) -> Self {
                #[allow(clippy::cast_possible_truncation)]
                Array(std::array::from_fn(|lane| wide[lane] as $type))
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Array(std::array::from_fn(|lane| {
                    self.0[lane].wrapping_add(other.0[lane])
                }))
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Array(std::array::from_fn(|lane| {
                    self.0[lane].wrapping_sub(other.0[lane])
                }))
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Array(std::array::from_fn(|lane| self.0[lane].max(other.0[lane])))
            }

            #[inline(always)]
            fn equals(self, key: Self) -> Self {
                Array(std::array::from_fn(|lane| {
                    (self.0[lane] == key.0[lane]).into()
                }))
            }

            #[inline(always)]
            fn add_within(self, other: Self, mask: Self, without: Self) -> Self {
                mask.select(Array([1; $count]), self.add(other), without)
            }

            #[inline(always)]
            fn select(self, key: Self, yes: Self, mut no: Self) -> Self {
                for lane in 0..$count {
                    if self.0[lane] == key.0[lane] {
                        no.0[lane] = yes.0[lane];
                    }
                }
                no
            }

            #[inline(always)]
            fn meets(self, other: Self) -> bool {
                let mut met = false;
                for lane in 0..$count {
                    met |= self.0[lane] == other.0[lane];
                }
                met
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            fn low_byte(&self, lane: usize) -> u8 {
                self.0[lane] as u8
            }

            #[inline(always)]
            fn array(self) -> Self::Array {
                self.0
            }
        }
    };
}

array_lanes!(i8, 16);
array_lanes!(i16, 8);
array_lanes!(i32, 4);

/// Does a task with arrays.
pub(super) fn run<T: Task>(token: Portable, width: Width, task: T) -> T::Output {
    match width {
        Width::I8 => task.run::<Array<i8, 16>, 4>(token),
        Width::I16 => task.run::<Array<i16, 8>, 4>(token),
        Width::I32 => task.run::<Array<i32, 4>, 4>(token),
    }
}
