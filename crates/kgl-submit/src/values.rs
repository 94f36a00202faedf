//! What one value of a column is: a number, none, or something else.

/// A value as a reader of numbers sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A finite number, and whether it is written as an integer (`-12`).
    Number {
        /// Its value, to the nearest `f64`.
        value: f64,
        /// Digits only, with at most a sign.
        integer: bool,
    },
    /// `nan` in any case.
    NotANumber,
    /// `inf`, `-Infinity`, or a number beyond what an `f64` holds.
    Infinite,
    /// Nothing, or one of the words that pandas reads as nothing.
    Missing,
    /// Anything else.
    Text,
}

/// Powers of ten that an `f64` holds exactly.
const POWERS: [f64; 20] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19,
];

/// A finite number in its plainest form, `[-]digits[.digits]` of at most 19 digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plain {
    /// Its value, with a relative error below 1e-15 when it is not exact.
    pub value: f64,
    /// Whether `value` is the nearest `f64`.
    pub exact: bool,
    /// Whether there is no point.
    pub integer: bool,
}

impl Plain {
    /// Reads a field; nothing when it is anything else.
    #[must_use]
    #[inline]
    pub fn read(field: &[u8]) -> Option<Self> {
        let (negative, digits) = match field {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, field),
        };
        if digits.len() > 20 {
            return None;
        }
        let (mut mantissa, mut count, mut point) = (0u64, 0usize, None);
        for &byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
                count += 1;
            } else if byte == b'.' && point.is_none() {
                point = Some(count);
            } else {
                return None;
            }
        }
        if count == 0 || count > 19 {
            return None;
        }
        // Up to 15 digits both the digits as an integer and the power of ten are
        // exact in an f64, so one division rounds correctly (Clinger, "How to
        // read floating point numbers accurately", 1990). Beyond, it is two
        // roundings away at most.
        let value = mantissa as f64 / POWERS[point.map_or(0, |point| count - point)];
        Some(Self {
            value: if negative { -value } else { value },
            exact: count <= 15,
            integer: point.is_none(),
        })
    }
}

/// Reads a value. White space around it does not count.
#[must_use]
#[inline]
pub fn read(field: &[u8]) -> Value {
    match Plain::read(field) {
        Some(plain) if plain.exact => Value::Number {
            value: plain.value,
            integer: plain.integer,
        },
        _ => read_slowly(field),
    }
}

#[cold]
fn read_slowly(field: &[u8]) -> Value {
    let Ok(text) = str::from_utf8(field.trim_ascii()) else {
        return Value::Text;
    };
    if matches!(
        text,
        "" | "NA" | "N/A" | "n/a" | "#N/A" | "#NA" | "<NA>" | "NULL" | "null" | "None"
    ) {
        return Value::Missing;
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_nan() => Value::NotANumber,
        Ok(value) if value.is_infinite() => Value::Infinite,
        Ok(value) => Value::Number {
            value,
            integer: text
                .strip_prefix(['-', '+'])
                .unwrap_or(text)
                .bytes()
                .all(|byte| byte.is_ascii_digit()),
        },
        Err(_) => Value::Text,
    }
}

/// Whether a column has held one value so far. Numbers are compared as numbers:
/// `0` and `0.0` are one value.
#[derive(Debug, Clone, Default)]
pub struct Sameness {
    first: Option<(Vec<u8>, Option<f64>)>,
    varies: bool,
}

impl Sameness {
    /// Takes the next value of the column.
    #[inline]
    pub fn see(&mut self, field: &[u8]) {
        if !self.varies {
            self.compare(field);
        }
    }

    fn compare(&mut self, field: &[u8]) {
        match &self.first {
            None => self.first = Some((field.to_vec(), number(field))),
            Some((first, value)) if first != field => {
                self.varies = !same_number(*value, number(field));
            }
            Some(_) => {}
        }
    }

    /// Whether there were two different values.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.varies
    }

    /// The one value of the column, as it was written first; nothing when there
    /// were several, or none.
    #[must_use]
    pub fn only(&self) -> Option<&[u8]> {
        match &self.first {
            Some((first, _)) if !self.varies => Some(first),
            _ => None,
        }
    }
}

/// Whether two values are one: the same bytes, or the same number.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a == b || same_number(number(a), number(b))
}

fn number(field: &[u8]) -> Option<f64> {
    match read(field) {
        Value::Number { value, .. } => Some(value),
        _ => None,
    }
}

fn same_number(a: Option<f64>, b: Option<f64>) -> bool {
    // Adding zero makes -0.0 and 0.0 one.
    matches!((a, b), (Some(a), Some(b)) if (a + 0.0).to_bits() == (b + 0.0).to_bits())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_and_numbers_are_told_apart() {
        let integer = |value| Value::Number {
            value,
            integer: true,
        };
        let decimal = |value| Value::Number {
            value,
            integer: false,
        };
        for (text, expected) in [
            ("12", integer(12.0)),
            ("-0", integer(-0.0)),
            ("+7", integer(7.0)),
            (" 3 ", integer(3.0)),
            ("123456789012345678", integer(123_456_789_012_345_678.0)),
            ("1.", decimal(1.0)),
            (".5", decimal(0.5)),
            ("-9999.999", decimal(-9999.999)),
            ("1e3", decimal(1000.0)),
            ("0.3745401188473625", decimal(0.374_540_118_847_362_5)),
            ("nan", Value::NotANumber),
            ("NaN", Value::NotANumber),
            ("-inf", Value::Infinite),
            ("1e999", Value::Infinite),
            ("", Value::Missing),
            ("  ", Value::Missing),
            ("NA", Value::Missing),
            ("None", Value::Missing),
            (".", Value::Text),
            ("-", Value::Text),
            ("--1", Value::Text),
            ("1.2.3", Value::Text),
            ("1,5", Value::Text),
            ("0x10", Value::Text),
            ("\u{feff}1", Value::Text),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(read(b"\xff"), Value::Text);
    }

    #[test]
    fn one_number_written_twice_is_one_value() {
        let only = |fields: &[&str]| {
            let mut values = Sameness::default();
            fields.iter().for_each(|field| values.see(field.as_bytes()));
            values.only().map(<[u8]>::to_vec)
        };
        assert_eq!(only(&["0", "0.0", "-0", "0e5"]), Some(b"0".to_vec()));
        assert_eq!(only(&["a", "a"]), Some(b"a".to_vec()));
        assert_eq!(only(&["a", "A"]), None);
        assert_eq!(only(&["0", "0.1", "0"]), None);
        assert_eq!(only(&[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]

        #[test]
        fn an_estimate_is_near(text in "-?[0-9]{1,10}[.][0-9]{0,9}") {
            let expected: f64 = text.parse().unwrap();
            let plain = Plain::read(text.as_bytes()).unwrap();
            prop_assert!((plain.value - expected).abs() <= expected.abs() * 1e-15);
            prop_assert!(!plain.exact || plain.value.to_bits() == expected.to_bits());
        }

        #[test]
        fn the_fast_path_reads_what_the_standard_library_reads(text in "[-+]?[0-9]{0,18}[.]?[0-9]{0,18}") {
            match (read(text.as_bytes()), text.parse::<f64>()) {
                (Value::Number { value, .. }, Ok(expected)) => {
                    prop_assert_eq!(value.to_bits(), expected.to_bits());
                }
                (Value::Text | Value::Missing, Err(_)) => {}
                (found, expected) => prop_assert!(false, "{found:?} {expected:?}"),
            }
        }
    }
}
