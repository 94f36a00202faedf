//! Decimal numbers taken exactly as they were written: −0.4 is −4/10 and not
//! the nearest binary fraction. Scores and filters are decided with integers.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A decimal number `mantissa / 10^places`, in lowest terms (no trailing zero
/// after the point).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    places: u32,
}

/// A number that has no short exact decimal form.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0} is not usable here: write a decimal number with at most 9 digits before and 6 after the point"
)]
pub struct DecimalError(String);

/// Digits after the point that are accepted.
const MAX_PLACES: u32 = 6;
/// Absolute values from here on are refused.
const LIMIT: i64 = 1_000_000_000;

impl Decimal {
    /// `mantissa / 10^places`; what [`Decimal::try_from`] a float accepts is
    /// accepted here.
    ///
    /// # Errors
    /// More than 6 places, or an absolute value of a milliard or more.
    pub fn new(mantissa: i64, places: u32) -> Result<Self, DecimalError> {
        let refuse = || DecimalError(format!("{mantissa}e-{places}"));
        let (mut mantissa, mut places) = (mantissa, places);
        while places > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            places -= 1;
        }
        if places > MAX_PLACES || (mantissa / 10i64.pow(places)).abs() >= LIMIT {
            return Err(refuse());
        }
        Ok(Self { mantissa, places })
    }

    /// The smallest positive integer that makes this number whole when
    /// multiplied with it: 2 for 1.5, 5 for 0.4, 1 for 3.
    #[must_use]
    pub fn denominator(self) -> i64 {
        let power = 10i64.pow(self.places);
        power / gcd(self.mantissa.unsigned_abs(), power.unsigned_abs())
    }

    /// This number times `scale`, where that is whole.
    #[must_use]
    pub fn times(self, scale: i64) -> Option<i64> {
        let power = 10i128.pow(self.places);
        let product = i128::from(self.mantissa) * i128::from(scale);
        if product % power == 0 {
            i64::try_from(product / power).ok()
        } else {
            None
        }
    }

    /// The least whole number that is not below this one times `scale`.
    #[must_use]
    pub fn times_rounded_up(self, scale: i64) -> i64 {
        let power = 10i128.pow(self.places);
        let product = i128::from(self.mantissa) * i128::from(scale);
        let up = i128::from(product.rem_euclid(power) != 0);
        // Mantissas and scales are far too small for this to saturate.
        i64::try_from(product.div_euclid(power) + up).unwrap_or(i64::MAX)
    }

    /// Numerator and denominator in lowest terms; the denominator is positive.
    #[must_use]
    pub fn ratio(self) -> (i64, i64) {
        let denominator = self.denominator();
        let power = 10i64.pow(self.places);
        (self.mantissa / (power / denominator), denominator)
    }
}

/// The greatest common divisor, at least 1 when `b` is positive.
fn gcd(a: u64, b: u64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(i64::MAX)
}

/// The smallest positive integer that makes every one of `numbers` whole when
/// multiplied with it.
#[must_use]
pub(crate) fn common_denominator(numbers: &[Decimal]) -> i64 {
    numbers.iter().fold(1, |scale, number| {
        let next = number.denominator();
        scale / gcd(scale.unsigned_abs(), next.unsigned_abs()) * next
    })
}

impl TryFrom<f64> for Decimal {
    type Error = DecimalError;

    /// The decimal that is written shortest among those that read back as
    /// `value`: what the person typed.
    fn try_from(value: f64) -> Result<Self, DecimalError> {
        let text = format!("{value}");
        let refuse = || DecimalError(text.clone());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let places = u32::try_from(fraction.len()).map_err(|_| refuse())?;
        if !value.is_finite() || places > MAX_PLACES {
            return Err(refuse());
        }
        let mantissa = format!("{whole}{fraction}").parse().map_err(|_| refuse())?;
        Self::new(mantissa, places).map_err(|_| refuse())
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self {
            mantissa: value.into(),
            places: 0,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = 10u64.pow(self.places);
        let size = self.mantissa.unsigned_abs();
        if self.mantissa < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", size / power)?;
        if self.places > 0 {
            write!(f, ".{:0width$}", size % power, width = self.places as usize)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.places == 0 {
            return serializer.serialize_i64(self.mantissa);
        }
        // At most 15 digits: the nearest float reads back as the same decimal.
        let value: f64 = self
            .to_string()
            .parse()
            .map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(value)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "description": "taken exactly as written; at most 6 digits after the point" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Decimal, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn takes_numbers_as_written() {
        for (text, ratio, shown) in [
            ("2", (2, 1), "2"),
            ("-1.5", (-3, 2), "-1.5"),
            ("-8.0", (-8, 1), "-8"),
            ("-0.4", (-2, 5), "-0.4"),
            ("0", (0, 1), "0"),
            ("-0.05", (-1, 20), "-0.05"),
            ("1e2", (100, 1), "100"),
        ] {
            let number = read(text).unwrap();
            assert_eq!(
                (number.ratio(), number.to_string().as_str()),
                (ratio, shown),
                "{text}"
            );
            assert_eq!(serde_json::to_string(&number).unwrap(), shown);
        }
    }

    #[test]
    fn the_published_scoring_scales_by_ten() {
        let scores = ["2", "-1.5", "-8", "-0.4"].map(|text| read(text).unwrap());
        assert_eq!(common_denominator(&scores), 10);
        assert_eq!(
            scores.map(|score| score.times(10)),
            [Some(20), Some(-15), Some(-80), Some(-4)]
        );
        assert_eq!(scores[1].times(5), None);
    }

    #[test]
    fn refuses_what_is_not_short() {
        for text in ["0.33333333333", "1e9", "1e300", "0.0000001"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(Decimal::try_from(f64::NAN).is_err());
        assert!(Decimal::try_from(f64::INFINITY).is_err());
    }

    proptest! {
        #[test]
        fn survives_the_wire(mantissa in -999_999_999_999_999i64..=999_999_999_999_999, places in 0u32..=6) {
            if let Ok(number) = Decimal::new(mantissa, places) {
                let text = serde_json::to_string(&number).unwrap();
                prop_assert_eq!(read(&text).unwrap(), number);
                let (numerator, denominator) = number.ratio();
                prop_assert_eq!(number.times(denominator), Some(numerator));
            }
        }
    }
}
