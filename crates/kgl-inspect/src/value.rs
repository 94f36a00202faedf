//! What one field of a table says: a number, a date, a yes, or just text.
//!
//! Blanks around a number, a date or a yes are ignored, as pandas ignores them.
//! What could be an identifier stays text: `007` is not the number seven.

/// What a field that is not empty says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// A whole number from -2^63 to 2^64 - 1.
    Integer(i128),
    /// Another finite number.
    Real(f64),
    /// `nan`, `inf` or a number too large for a double: real, but without a place in a range.
    NonFinite,
    /// `true` or `false`.
    TrueFalse,
    /// `yes` or `no`.
    YesNo,
    /// `yyyy-mm-dd`, perhaps with a time.
    Date,
    /// Anything else.
    Text,
}

/// Reads a field. Give it at least one byte; the bytes are UTF-8.
pub(crate) fn read_value(field: &[u8]) -> Value {
    let field = field.trim_ascii();
    match field.first() {
        Some(b'0'..=b'9') if is_date(field) => Value::Date,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => read_number(field).unwrap_or(Value::Text),
        Some(_) => read_word(field),
        None => Value::Text,
    }
}

fn read_word(field: &[u8]) -> Value {
    let is = |word: &str| field.eq_ignore_ascii_case(word.as_bytes());
    if is("true") || is("false") {
        Value::TrueFalse
    } else if is("yes") || is("no") {
        Value::YesNo
    } else if is("nan") || is("inf") || is("infinity") {
        Value::NonFinite
    } else {
        Value::Text
    }
}

/// A sign, digits with at most one point, an exponent; or a signed infinity.
fn read_number(field: &[u8]) -> Option<Value> {
    let unsigned = field
        .strip_prefix(b"-")
        .or_else(|| field.strip_prefix(b"+"))
        .unwrap_or(field);
    if unsigned.first().is_some_and(u8::is_ascii_alphabetic) {
        return (read_word(unsigned) == Value::NonFinite).then_some(Value::NonFinite);
    }
    let (whole, rest) = split_digits(unsigned);
    if rest.is_empty() {
        if whole.len() > 1 && whole[0] == b'0' {
            return None;
        }
        if let Some(value) = read_whole(field) {
            return Some(Value::Integer(value));
        }
    }
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => split_digits(rest),
        None => (&rest[..0], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        let digits = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        let (digits, rest) = split_digits(digits);
        if digits.is_empty() || !rest.is_empty() {
            return None;
        }
    } else if !rest.is_empty() {
        return None;
    }
    let value: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    Some(if value.is_finite() {
        // Adding zero takes the sign off -0.
        Value::Real(value + 0.0)
    } else {
        Value::NonFinite
    })
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// A whole number that fits 64 bits, signed or not.
fn read_whole(field: &[u8]) -> Option<i128> {
    let value: i128 = std::str::from_utf8(field).ok()?.parse().ok()?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX))
        .contains(&value)
        .then_some(value)
}

/// `yyyy-mm-dd`, a day that exists; then nothing, or `T` or a blank and
/// `hh:mm`, perhaps `:ss`, a fraction, and `Z` or `+hh:mm`.
fn is_date(field: &[u8]) -> bool {
    let (date, time) = field.split_at(field.len().min(10));
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else {
        return false;
    };
    let (Some(century), Some(year)) = (two_digits(*y1, *y2), two_digits(*y3, *y4)) else {
        return false;
    };
    let (Some(month), Some(day)) = (two_digits(*m1, *m2), two_digits(*d1, *d2)) else {
        return false;
    };
    let year = u32::from(century) * 100 + u32::from(year);
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day) && (time.is_empty() || is_time(time))
}

fn is_time(time: &[u8]) -> bool {
    let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, rest @ ..] = time else {
        return false;
    };
    let rest = match rest {
        [b':', s1, s2, rest @ ..] if below(*s1, *s2, 61) => match rest.strip_prefix(b".") {
            Some(fraction) => match split_digits(fraction) {
                ([], _) => return false,
                (_, rest) => rest,
            },
            None => rest,
        },
        rest => rest,
    };
    let zone = match rest {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] | [b'+' | b'-', h1, h2, m1, m2] => {
            below(*h1, *h2, 24) && below(*m1, *m2, 60)
        }
        _ => false,
    };
    zone && below(*h1, *h2, 24) && below(*m1, *m2, 60)
}

fn below(tens: u8, ones: u8, limit: u8) -> bool {
    two_digits(tens, ones).is_some_and(|value| value < limit)
}

fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, value: Value) {
        assert_eq!(read_value(text.as_bytes()), value, "{text:?}");
    }

    #[test]
    fn whole_numbers_are_those_that_fit_64_bits() {
        reads("0", Value::Integer(0));
        reads("-12", Value::Integer(-12));
        reads("+5", Value::Integer(5));
        reads(" 7 ", Value::Integer(7));
        reads("18446744073709551615", Value::Integer(u64::MAX.into()));
        reads("-9223372036854775808", Value::Integer(i64::MIN.into()));
        reads(
            "18446744073709551616",
            Value::Real(18_446_744_073_709_551_616.0),
        );
    }

    #[test]
    fn leading_zeros_are_an_identifier() {
        reads("007", Value::Text);
        reads("-00", Value::Text);
        reads("0.5", Value::Real(0.5));
    }

    #[test]
    fn real_numbers_have_a_point_or_an_exponent() {
        reads("1.", Value::Real(1.0));
        reads("-.5", Value::Real(-0.5));
        reads("-1e18", Value::Real(-1e18));
        reads("1E-3", Value::Real(1e-3));
        for text in ["1e400", "NaN", "-inf", "Infinity"] {
            reads(text, Value::NonFinite);
        }
        for text in [
            ".", "-", "1e", "1e+", "1.2.3", "0x10", "1,5", "1_000", "--1", "-yes", "1 2",
        ] {
            reads(text, Value::Text);
        }
    }

    #[test]
    fn minus_zero_is_zero() {
        let Value::Real(zero) = read_value(b"-0.0") else {
            panic!("not a real");
        };
        assert!(zero.is_sign_positive());
    }

    #[test]
    fn dates_are_days_that_exist() {
        for text in [
            "1995-01-26",
            "2024-02-29",
            "2000-02-29",
            "2022-05-27T23:59",
            "2022-05-27 23:59:59.125",
            "2022-05-27T23:59:59Z",
            "2022-05-27T23:59:59+02:00",
        ] {
            reads(text, Value::Date);
        }
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2022-13-01",
            "2022-00-10",
            "2022-04-31",
            "2022-04-00",
            "22-04-01",
            "2022/04/01",
            "2022-05-27T",
            "2022-05-27T24:00",
            "2022-05-27T23:59:59.",
            "2022-05-27x",
        ] {
            reads(text, Value::Text);
        }
    }

    #[test]
    fn yes_and_no_are_words() {
        reads("True", Value::TrueFalse);
        reads("FALSE", Value::TrueFalse);
        reads("no", Value::YesNo);
        reads("t", Value::Text);
        reads(" ", Value::Text);
    }
}
