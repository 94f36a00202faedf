//! Calendar days, written as ISO 8601 writes them.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, years 0000 to 9999; days compare as days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    // In this order, so that the derived comparison is that of days.
    year: u16,
    month: u8,
    day: u8,
}

/// Not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date; write a day that exists as yyyy-mm-dd")]
pub struct DateError(
    /// What was given.
    pub String,
);

impl Date {
    /// The day of that year (0 to 9999), month (1 to 12) and day (from 1), or
    /// `None` when the calendar has no such day.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let every = |years| year.is_multiple_of(years);
        let leap = every(4) && (!every(100) || every(400));
        let days = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        let there = year <= 9999 && (1..=days).contains(&day);
        there.then_some(Date { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads exactly `yyyy-mm-dd`.
    fn from_str(text: &str) -> Result<Date, DateError> {
        parse(text).ok_or_else(|| DateError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return None;
    }
    Date::new(
        text[..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..].parse().ok()?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2022-04-31",
            "2022-13-01",
            "2022-00-10",
            "2022-01-00",
            "2022-1-01",
            "22-01-01",
            "2022/01/01",
            "2022-01-01 ",
            "+022-01-01",
            "",
            "2022-01-0é",
        ] {
            assert_eq!(text.parse::<Date>(), Err(DateError(text.to_owned())));
        }
        for text in ["2024-02-29", "2000-02-29", "2022-12-31", "0000-01-01"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn days_compare_as_their_text_does(
            a in (0..=9999u16, 1..=12u8, 1..=28u8),
            b in (0..=9999u16, 1..=12u8, 1..=28u8),
        ) {
            let a = Date::new(a.0, a.1, a.2).unwrap();
            let b = Date::new(b.0, b.1, b.2).unwrap();
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
        }
    }
}
