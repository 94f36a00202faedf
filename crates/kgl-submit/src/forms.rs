//! The forms that a challenge may ask of the values of a column, and the rules
//! of the ten kinds of competitions.
//!
//! | kind | form in challenge.json | errors | warnings |
//! |---|---|---|---|
//! | classification by name | `label` | `unknown-label` | `constant-column` |
//! | probability | `probability` | `not-a-probability`, `non-finite` | `hard-probabilities` |
//! | a column for each class | `probability`, `sum_to_one` | the same | `sum-not-one`: most metrics rescale a row, some do not |
//! | several labels a row | `label-set` | `unknown-label`, `wrong-separator` | `repeated-item` |
//! | ranking | `ranking` | `long-list`, `unknown-label`, `wrong-separator` | `repeated-item` |
//! | pairs | `pair` | `reversed-pair`, `extra-row` | |
//! | segmentation | `run-length` | `bad-run-length`, `overlapping-runs`, `outside-image` | |
//! | coordinates | ranges | `out-of-range`, `non-finite`, `changed-copy` | `integers-for-decimals` |
//! | time series | order, ranges, `integer` | `out-of-order`, `repeated-row`, `out-of-range`, `not-an-integer` | `decimals-for-integers` |
//! | free text | `text` | `empty-value`, `long-text` | `control-character` |
//!
//! Rows, ids, header and text are checked alike for all of them.

use std::collections::HashSet;

use kgl_contract::{ValueForm, ValueRule};

use crate::faults::{Found, Place, Rule, show};
use crate::values::{self, Plain, Value};

/// What else might stand between labels.
const SEPARATORS: [char; 5] = [' ', ',', ';', '|', '\t'];
/// How far from 1 the probabilities of a row may sum.
pub(crate) const SUM_TOLERANCE: f64 = 1e-3;

/// The known labels of a column.
pub type Known = HashSet<Vec<u8>>;

/// A rule with its labels at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// As the challenge has it.
    pub rule: ValueRule,
    /// The known labels, where the rule has some.
    pub known: Option<Known>,
}

impl Form {
    /// Whether its values are numbers.
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        matches!(
            self.rule.form,
            ValueForm::Integer | ValueForm::Probability { .. }
        )
    }

    /// Whether the values of a row must sum to one.
    #[must_use]
    pub fn sums_to_one(&self) -> bool {
        matches!(self.rule.form, ValueForm::Probability { sum_to_one: true })
    }

    /// What stands between the two halves of an id.
    #[must_use]
    pub fn pair_separator(&self) -> Option<&str> {
        match &self.rule.form {
            ValueForm::Pair { separator } => Some(separator),
            _ => None,
        }
    }

    /// Checks a value that is not empty.
    pub(crate) fn check<'p>(&self, field: &[u8], place: impl Fn() -> Place<'p>, found: &mut Found) {
        match &self.rule.form {
            ValueForm::Pair { .. } => {}
            ValueForm::Integer => check_integer(field, place, found),
            ValueForm::Probability { .. } => check_probability(field, place, found),
            ValueForm::Label { .. } => {
                if self
                    .known
                    .as_ref()
                    .is_some_and(|known| !known.contains(field))
                {
                    found.add(Rule::UnknownLabel, place(), || self.unknown(field));
                }
            }
            ValueForm::LabelSet { separator, .. } => {
                self.check_list(field, separator, None, place, found);
            }
            ValueForm::Ranking {
                separator, at_most, ..
            } => self.check_list(field, separator, *at_most, place, found),
            ValueForm::RunLength {
                width_px,
                height_px,
            } => check_runs(field, width_px * height_px, place, found),
            ValueForm::Text { longest_chars } => check_text(field, *longest_chars, place, found),
        }
    }

    fn unknown(&self, label: &[u8]) -> String {
        let near = self
            .known
            .iter()
            .flatten()
            .find(|known| known.trim_ascii().eq_ignore_ascii_case(label.trim_ascii()));
        match near {
            Some(near) => format!("`{}` is not a label, `{}` is", show(label), show(near)),
            None => format!("`{}` is none of the known labels", show(label)),
        }
    }

    fn check_list<'p>(
        &self,
        field: &[u8],
        separator: &str,
        at_most: Option<u64>,
        place: impl Fn() -> Place<'p>,
        found: &mut Found,
    ) {
        let text = String::from_utf8_lossy(field);
        let items: Vec<&str> = text.split(separator).collect();
        if let Some(wrong) = self.wrong_separator(&items, separator) {
            found.add(Rule::WrongSeparator, place(), || {
                format!("items are separated by {wrong}, and by `{separator}` they must be")
            });
            return;
        }
        if items.iter().any(|item| item.is_empty()) {
            found.add(Rule::WrongSeparator, place(), || {
                format!("a `{separator}` too many: an item is empty")
            });
            return;
        }
        if let Some(known) = &self.known
            && let Some(odd) = items.iter().find(|item| !known.contains(item.as_bytes()))
        {
            found.add(Rule::UnknownLabel, place(), || self.unknown(odd.as_bytes()));
        }
        let mut seen = HashSet::with_capacity(items.len());
        if let Some(twice) = items.iter().find(|item| !seen.insert(**item)) {
            found.add(Rule::RepeatedItem, place(), || {
                format!("`{}` is there twice", show(twice.as_bytes()))
            });
        }
        if at_most.is_some_and(|most| items.len() as u64 > most) {
            found.add(Rule::LongList, place(), || {
                let most = at_most.unwrap_or_default();
                format!(
                    "{} items, and {most} are allowed: keep the best",
                    items.len()
                )
            });
        }
    }

    /// What seems to stand between the items instead. Labels that are known to hold the
    /// character are believed.
    fn wrong_separator(&self, items: &[&str], separator: &str) -> Option<String> {
        let other = |item: &str| {
            SEPARATORS
                .iter()
                .copied()
                .find(|&c| !separator.contains(c) && item.contains(c))
        };
        let odd = items.iter().find_map(|item| match &self.known {
            Some(known) if known.contains(item.as_bytes()) => None,
            Some(known) => {
                let c = other(item)?;
                let parts = item.split(c).map(str::trim).filter(|part| !part.is_empty());
                parts
                    .clone()
                    .all(|part| known.contains(part.as_bytes()))
                    .then_some(c)
            }
            None => other(item),
        })?;
        Some(match odd {
            '\t' => "a tab".to_owned(),
            c => format!("`{c}`"),
        })
    }
}

#[inline]
fn check_integer<'p>(field: &[u8], place: impl Fn() -> Place<'p>, found: &mut Found) {
    if let Value::Number { integer: false, .. } = values::read(field) {
        found.add(Rule::NotAnInteger, place(), || {
            format!("`{}` is not written as a whole number", show(field))
        });
    }
}

#[inline]
fn check_probability<'p>(field: &[u8], place: impl Fn() -> Place<'p>, found: &mut Found) {
    let inside = |value: f64| (0.0..=1.0).contains(&value);
    // An estimate that is surely inside will do.
    if Plain::read(field).is_some_and(|plain| plain.value > 0.0 && plain.value < 0.999_999) {
        return;
    }
    if let Value::Number { value, .. } = values::read(field)
        && !inside(value)
    {
        found.add(Rule::NotAProbability, place(), || {
            format!("{} is no probability: 0 to 1", show(field))
        });
    }
}

/// Runs are `start length` pairs, counted from 1, in ascending order.
fn check_runs<'p>(field: &[u8], pixels: u64, place: impl Fn() -> Place<'p>, found: &mut Found) {
    let mut numbers = field
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(|word| str::from_utf8(word).ok()?.parse::<u64>().ok());
    let mut end = 0u64;
    loop {
        let (start, length) = match (numbers.next(), numbers.next()) {
            (None, _) => return,
            (Some(Some(start)), Some(Some(length))) => (start, length),
            (Some(_), None) => {
                found.add(
                    Rule::BadRunLength,
                    place(),
                    || "an odd number of numbers: each start needs a length",
                );
                return;
            }
            _ => {
                found.add(
                    Rule::BadRunLength,
                    place(),
                    || "not pairs of whole numbers: write `start length start length …`",
                );
                return;
            }
        };
        if start == 0 || length == 0 {
            found.add(Rule::BadRunLength, place(), || {
                format!("the run `{start} {length}`: pixels count from 1, and a run has some")
            });
            return;
        }
        if start <= end {
            found.add(Rule::OverlappingRuns, place(), || {
                format!("the run `{start} {length}` begins before pixel {end}, where the one before it ends")
            });
            return;
        }
        end = start.saturating_add(length - 1);
        if end > pixels {
            found.add(Rule::OutsideImage, place(), || {
                format!(
                    "the run `{start} {length}` ends at pixel {end}, and the image has {pixels}"
                )
            });
            return;
        }
    }
}

fn check_text<'p>(
    field: &[u8],
    longest: Option<u64>,
    place: impl Fn() -> Place<'p>,
    found: &mut Found,
) {
    let Ok(text) = str::from_utf8(field) else {
        return;
    };
    let count = text.chars().count() as u64;
    if let Some(longest) = longest.filter(|&longest| count > longest) {
        found.add(Rule::LongText, place(), || {
            format!("{count} characters, and {longest} are allowed")
        });
    }
    let odd = text
        .chars()
        .find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if let Some(odd) = odd {
        found.add(Rule::ControlCharacter, place(), || {
            format!("it holds the control character {}", odd.escape_unicode())
        });
    }
}
