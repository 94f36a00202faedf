//! What is known of one column, gathered value by value.
//!
//! A summary of a part of the rows can be merged with that of the part behind
//! it, and the result is that of the rows in one piece: nothing depends on how
//! the rows were parted.

use kgl_contract::{ColumnProfile, ColumnType, Extremes, Quantiles, TopValue};
use serde_json::Value as Json;

use crate::distinct::Distinct;
use crate::moments::{Moments, rounded};
use crate::sample::quantile;
use crate::value::{Value, read_value};

/// How many characters of a value are shown.
const SHOWN_CHARS: usize = 80;
/// How many different values are shown.
const EXAMPLES: usize = 5;
/// How many frequent values are shown; of classes all, so that columns can be told to be theirs.
const TOP: usize = 40;
/// Up to here every whole number is a double, and so a JSON number.
const EXACT_IN_JSON: i128 = 1 << 53;

/// The kinds of values that a column has had, as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const INTEGER: Self = Self(1);
    const REAL: Self = Self(2);
    const NON_FINITE: Self = Self(4);
    const TRUE_FALSE: Self = Self(8);
    const YES_NO: Self = Self(16);
    const DATE: Self = Self(32);
    const TEXT: Self = Self(64);

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The narrowest type that holds them all.
    fn narrowest(self) -> ColumnType {
        let numbers = Self::INTEGER.with(Self::REAL);
        let only = |allowed: Self| self.0 & !allowed.0 == 0;
        if self == Self::default() {
            ColumnType::Empty
        } else if self == Self::INTEGER {
            ColumnType::Integer
        } else if only(numbers.with(Self::NON_FINITE)) && self.has(numbers) {
            ColumnType::Real
        } else if self == Self::TRUE_FALSE || self == Self::YES_NO {
            ColumnType::Boolean
        } else if self == Self::DATE {
            ColumnType::Date
        } else {
            ColumnType::Text
        }
    }
}

/// The summary of a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Column {
    missing: u64,
    present: u64,
    kinds: Kinds,
    integers: Option<[i128; 2]>,
    numbers: Option<[f64; 2]>,
    moments: Moments,
    /// The first characters of the smallest and of the largest value by bytes.
    /// Beginnings sort as the values do, so no more has to be kept.
    texts: Option<[Vec<u8>; 2]>,
    chars: Option<[u64; 2]>,
    distinct: Distinct,
    examples: Vec<Vec<u8>>,
}

impl Column {
    /// Takes a field in; its bytes are UTF-8.
    pub(crate) fn add(&mut self, field: &[u8]) {
        if field.is_empty() {
            self.missing += 1;
            return;
        }
        self.present += 1;
        // Among text nothing else matters any more.
        if !self.kinds.has(Kinds::TEXT) {
            self.add_value(read_value(field));
        }
        let beginning = beginning(field);
        widen_texts(&mut self.texts, beginning, beginning);
        let chars = count_chars(field);
        self.chars = widen(self.chars, [chars, chars]);
        self.distinct.add(field, beginning);
        self.show(beginning);
    }

    fn add_value(&mut self, value: Value) {
        let kind = match value {
            Value::Integer(value) => {
                self.integers = widen(self.integers, [value, value]);
                self.numbers = widen(self.numbers, [value as f64, value as f64]);
                self.moments.add(value as f64);
                Kinds::INTEGER
            }
            Value::Real(value) => {
                self.numbers = widen(self.numbers, [value, value]);
                self.moments.add(value);
                Kinds::REAL
            }
            Value::NonFinite => Kinds::NON_FINITE,
            Value::TrueFalse => Kinds::TRUE_FALSE,
            Value::YesNo => Kinds::YES_NO,
            Value::Date => Kinds::DATE,
            Value::Text => Kinds::TEXT,
        };
        self.kinds = self.kinds.with(kind);
    }

    /// The most frequent values; none where each is there once.
    fn top(&self) -> Vec<TopValue> {
        let counts = self.distinct.counts();
        if counts.iter().all(|(_, count)| *count == 1) {
            return Vec::new();
        }
        let top = counts.into_iter().take(TOP).map(|(value, count)| TopValue {
            value: text(value),
            count,
        });
        top.collect()
    }

    fn show(&mut self, beginning: &[u8]) {
        if self.examples.len() < EXAMPLES && !self.examples.iter().any(|seen| seen == beginning) {
            self.examples.push(beginning.to_vec());
        }
    }

    /// Takes in the summary of the rows behind.
    pub(crate) fn merge(&mut self, behind: Self) {
        self.missing += behind.missing;
        self.present += behind.present;
        self.kinds = self.kinds.with(behind.kinds);
        if let Some(range) = behind.integers {
            self.integers = widen(self.integers, range);
        }
        if let Some(range) = behind.numbers {
            self.numbers = widen(self.numbers, range);
        }
        self.moments.merge(behind.moments);
        if let Some([min, max]) = &behind.texts {
            widen_texts(&mut self.texts, min, max);
        }
        if let Some(range) = behind.chars {
            self.chars = widen(self.chars, range);
        }
        self.distinct.merge(behind.distinct);
        for example in &behind.examples {
            self.show(example);
        }
    }

    /// Counts rows in which the column was not named: of `rows` those that are left.
    pub(crate) fn pad(&mut self, rows: u64) {
        self.missing = rows - self.present.min(rows);
    }

    /// What the document says of the column. `sampled` are its numbers in a sample of the rows,
    /// or in all of them (`all_rows`).
    pub(crate) fn profile(&self, name: String, sampled: Vec<f64>, all_rows: bool) -> ColumnProfile {
        let type_ = self.kinds.narrowest();
        let (distinct_estimate, distinct_exact) = self.distinct.count(self.present);
        let range = match type_ {
            ColumnType::Empty => None,
            ColumnType::Integer => self.integers.map(|range| range.map(whole)),
            ColumnType::Real => self.numbers.map(|range| range.map(Json::from)),
            ColumnType::Boolean | ColumnType::Date | ColumnType::Text => self
                .texts
                .as_ref()
                .map(|[min, max]| [text(min).into(), text(max).into()]),
        };
        let is_numeric = matches!(type_, ColumnType::Integer | ColumnType::Real);
        ColumnProfile {
            name,
            type_,
            missing: self.missing,
            distinct_estimate,
            distinct_exact,
            range: range.map(|[min, max]| Extremes { min, max }),
            length_chars: self.chars.filter(|_| type_ == ColumnType::Text),
            examples: self.examples.iter().map(|example| text(example)).collect(),
            kind: None,
            mean: self.moments.mean().filter(|_| is_numeric),
            standard_deviation: self.moments.standard_deviation().filter(|_| is_numeric),
            quantiles: quantiles(sampled, all_rows).filter(|_| is_numeric),
            top: self.top(),
        }
    }
}

fn quantiles(mut sampled: Vec<f64>, exact: bool) -> Option<Quantiles> {
    sampled.sort_by(f64::total_cmp);
    let of = |p| quantile(&sampled, p).and_then(rounded);
    Some(Quantiles {
        p05: of(0.05)?,
        p25: of(0.25)?,
        p50: of(0.5)?,
        p75: of(0.75)?,
        p95: of(0.95)?,
        exact,
    })
}

/// A whole number as JSON: as text where a double would round it.
fn whole(value: i128) -> Json {
    match i64::try_from(value) {
        Ok(small) if value.abs() <= EXACT_IN_JSON => Json::from(small),
        _ => Json::from(value.to_string()),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn widen<T: PartialOrd + Copy>(range: Option<[T; 2]>, [low, high]: [T; 2]) -> Option<[T; 2]> {
    let Some([min, max]) = range else {
        return Some([low, high]);
    };
    Some([
        if low < min { low } else { min },
        if high > max { high } else { max },
    ])
}

fn widen_texts(range: &mut Option<[Vec<u8>; 2]>, low: &[u8], high: &[u8]) {
    let Some([min, max]) = range else {
        *range = Some([low.to_vec(), high.to_vec()]);
        return;
    };
    if low < min.as_slice() {
        min.clear();
        min.extend(low);
    }
    if high > max.as_slice() {
        max.clear();
        max.extend(high);
    }
}

/// Whether a byte of UTF-8 begins a character.
fn begins_char(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

fn count_chars(field: &[u8]) -> u64 {
    field.iter().filter(|&&byte| begins_char(byte)).count() as u64
}

/// The first [`SHOWN_CHARS`] characters.
fn beginning(field: &[u8]) -> &[u8] {
    if field.len() <= SHOWN_CHARS {
        return field;
    }
    let starts = field
        .iter()
        .enumerate()
        .filter(|&(_, &byte)| begins_char(byte));
    match starts.map(|(place, _)| place).nth(SHOWN_CHARS) {
        Some(end) => &field[..end],
        None => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(values: &[&str]) -> ColumnProfile {
        let mut column = Column::default();
        for value in values {
            column.add(value.as_bytes());
        }
        column.profile("c".to_owned(), Vec::new(), true)
    }

    #[track_caller]
    fn has_type(values: &[&str], expected: ColumnType) {
        assert_eq!(profile(values).type_, expected, "{values:?}");
    }

    #[test]
    fn the_type_is_the_narrowest_that_holds_all_values() {
        has_type(&[], ColumnType::Empty);
        has_type(&["", ""], ColumnType::Empty);
        has_type(&["1", "", "-2"], ColumnType::Integer);
        has_type(&["1", "2.5"], ColumnType::Real);
        has_type(&["1", "nan"], ColumnType::Real);
        has_type(&["nan"], ColumnType::Text);
        has_type(&["true", "False"], ColumnType::Boolean);
        has_type(&["yes", "false"], ColumnType::Text);
        has_type(&["0", "1"], ColumnType::Integer);
        has_type(&["2020-01-31", "2020-02-01"], ColumnType::Date);
        has_type(&["2020-01-31", "7"], ColumnType::Text);
        has_type(&["007", "7"], ColumnType::Text);
    }

    #[test]
    fn ranges_are_numbers_for_numbers_and_text_for_text() {
        let range = |values| {
            let Extremes { min, max } = profile(values).range.unwrap();
            serde_json::json!([min, max])
        };
        assert_eq!(range(&["10", "9", "-1"]), serde_json::json!([-1, 10]));
        assert_eq!(range(&["10", "9.5", "nan"]), serde_json::json!([9.5, 10.0]));
        assert_eq!(range(&["10", "9", "x"]), serde_json::json!(["10", "x"]));
        assert_eq!(
            range(&["9007199254740993", "1"]),
            serde_json::json!([1, "9007199254740993"])
        );
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "é".repeat(100);
        let profile = profile(&[&long]);
        assert_eq!(profile.examples, ["é".repeat(80)]);
        assert_eq!(profile.range.unwrap().max, "é".repeat(80));
        assert_eq!(profile.length_chars, Some([100, 100]));
    }

    #[test]
    fn examples_are_the_first_different_values() {
        let profile = profile(&["b", "b", "", "a", "c", "d", "e", "f"]);
        assert_eq!(profile.examples, ["b", "a", "c", "d", "e"]);
        assert_eq!((profile.missing, profile.distinct_estimate), (1, 6));
    }
}
