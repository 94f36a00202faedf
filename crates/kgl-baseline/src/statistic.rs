//! A statistic of some rows of a column, and how far it is from a row.

use std::collections::BTreeMap;

use kgl_contract::BaselineSource;

use crate::tables::Column;

/// So many rows of all stand beside a group's own when a mean or share is taken: a small group
/// says little by itself.
const BESIDE: f64 = 10.0;
/// A median, mode or list of a smaller group is that of all rows.
const ENOUGH: usize = 5;

/// What a statistic says of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Number(f64),
    /// Codes of values; of a list the items' own.
    Value(u32),
    Items(Vec<u32>),
}

/// A statistic over a column, with what it needs prepared.
pub(crate) struct Statistic<'a> {
    from: &'a BaselineSource,
    column: &'a Column,
    /// Each value as a number; `None` where it is missing or is none.
    numbers: Vec<Option<f64>>,
    /// Each value's items, as places in `items`.
    lists: Vec<Vec<u32>>,
    pub(crate) items: Vec<String>,
}

impl<'a> Statistic<'a> {
    /// `None` for what is no statistic of a column.
    pub(crate) fn new(from: &'a BaselineSource, column: &'a Column) -> Self {
        let numbers = column.values.iter().map(|value| number(value)).collect();
        let mut statistic = Self {
            from,
            column,
            numbers,
            lists: Vec::new(),
            items: Vec::new(),
        };
        if let BaselineSource::Items { separator, .. } = from {
            let mut seen: BTreeMap<String, u32> = BTreeMap::new();
            for value in &column.values {
                let items = value
                    .split(separator.as_str())
                    .filter(|item| !item.is_empty());
                let codes = items.map(|item| {
                    let next = seen.len() as u32;
                    let code = *seen.entry(item.to_owned()).or_insert(next);
                    if code == next {
                        statistic.items.push(item.to_owned());
                    }
                    code
                });
                statistic.lists.push(codes.collect());
            }
        }
        statistic
    }

    /// The statistic of these rows; `of_all` is that of all rows, for what a group cannot say.
    pub(crate) fn of(&self, rows: &[u32], of_all: Option<&Said>) -> Option<Said> {
        let codes = || rows.iter().map(|&row| self.column.codes[row as usize]);
        let numbers = || codes().filter_map(|code| self.numbers[code as usize]);
        let small = |count: usize| of_all.is_some() && count < ENOUGH;
        match self.from {
            BaselineSource::Sample
            | BaselineSource::Constant { .. }
            | BaselineSource::Alike { .. } => None,
            BaselineSource::Mean { .. } => {
                let (sum, count) = numbers().fold((0.0, 0.0), |(s, n), x| (s + x, n + 1.0));
                shrunk(sum, count, of_all)
            }
            BaselineSource::Share { value, .. } => {
                let present = codes().filter(|&code| !self.value(code).is_empty());
                let (hits, count) = present.fold((0.0, 0.0), |(hits, n), code| {
                    (
                        hits + f64::from(u8::from(same(self.value(code), value))),
                        n + 1.0,
                    )
                });
                shrunk(hits, count, of_all)
            }
            BaselineSource::Median { .. } => {
                let mut all: Vec<f64> = numbers().collect();
                if small(all.len()) || all.is_empty() {
                    return of_all.cloned();
                }
                all.sort_by(f64::total_cmp);
                let middle = all.len() / 2;
                let median = if all.len().is_multiple_of(2) {
                    f64::midpoint(all[middle - 1], all[middle])
                } else {
                    all[middle]
                };
                Some(Said::Number(median))
            }
            BaselineSource::Mode { .. } => {
                let present = codes().filter(|&code| !self.value(code).is_empty());
                let (counts, total) = count(present);
                let first = ranked(&counts).first().copied();
                match first {
                    Some(code) if !small(total) => Some(Said::Value(code)),
                    _ => of_all.cloned(),
                }
            }
            BaselineSource::Items { count: most, .. } => {
                let items = codes().flat_map(|code| self.lists[code as usize].iter().copied());
                let (counts, total) = count(items);
                if small(total) {
                    return of_all.cloned();
                }
                let mut best = ranked(&counts);
                // A group that has too few is filled up with what is frequent among all.
                if let Some(Said::Items(all)) = of_all {
                    let more: Vec<u32> =
                        all.iter().copied().filter(|i| !best.contains(i)).collect();
                    best.extend(more);
                }
                best.truncate(*most as usize);
                (!best.is_empty()).then_some(Said::Items(best))
            }
        }
    }

    /// How wrong it would be to say this of that row: 0 is right.
    pub(crate) fn error(&self, said: &Said, row: u32) -> f64 {
        let code = self.column.codes[row as usize];
        match (said, self.from) {
            (Said::Number(said), BaselineSource::Share { value, .. }) => {
                let truth = f64::from(u8::from(same(self.value(code), value)));
                (said - truth).powi(2)
            }
            (Said::Number(said), from) => match self.numbers[code as usize] {
                None => 0.0,
                Some(truth) if matches!(from, BaselineSource::Median { .. }) => {
                    (said - truth).abs()
                }
                Some(truth) => (said - truth).powi(2),
            },
            (Said::Value(said), _) => f64::from(u8::from(*said != code)),
            (Said::Items(said), _) => {
                let wanted = &self.lists[code as usize];
                let hits = wanted.iter().filter(|item| said.contains(item)).count();
                1.0 - hits as f64 / wanted.len().max(1) as f64
            }
        }
    }

    /// What is written of it.
    pub(crate) fn write(&self, said: &Said, decimals: Option<u32>) -> String {
        match (said, self.from) {
            (Said::Number(number), _) => match decimals {
                Some(decimals) => format!("{number:.0$}", decimals as usize),
                None => short(*number),
            },
            (Said::Value(code), _) => self.value(*code).to_owned(),
            (Said::Items(items), BaselineSource::Items { separator, .. }) => {
                let items: Vec<&str> = items
                    .iter()
                    .map(|&item| self.items[item as usize].as_str())
                    .collect();
                items.join(separator)
            }
            (Said::Items(_), _) => String::new(),
        }
    }

    fn value(&self, code: u32) -> &str {
        &self.column.values[code as usize]
    }
}

/// A number with twelve digits at most: what comes behind is chance.
fn short(number: f64) -> String {
    let rounded: Result<f64, _> = format!("{number:.11e}").parse();
    rounded.map_or_else(|_| number.to_string(), |rounded| rounded.to_string())
}

/// Truth as a number too: competitions write it in several ways.
fn number(value: &str) -> Option<f64> {
    match value.trim() {
        "True" | "true" | "TRUE" | "yes" | "Yes" => Some(1.0),
        "False" | "false" | "FALSE" | "no" | "No" => Some(0.0),
        other => other.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// Whether two fields say the same: `1` and `1.0` do.
fn same(one: &str, other: &str) -> bool {
    one == other || number(one).is_some_and(|number_of| number(other) == Some(number_of))
}

fn shrunk(sum: f64, count: f64, of_all: Option<&Said>) -> Option<Said> {
    match of_all {
        Some(Said::Number(all)) => Some(Said::Number((sum + BESIDE * all) / (count + BESIDE))),
        _ if count > 0.0 => Some(Said::Number(sum / count)),
        _ => None,
    }
}

fn count(codes: impl Iterator<Item = u32>) -> (BTreeMap<u32, usize>, usize) {
    let mut counts = BTreeMap::new();
    let mut total = 0;
    for code in codes {
        *counts.entry(code).or_insert(0) += 1;
        total += 1;
    }
    (counts, total)
}

/// The most frequent first; among equals the one that came first.
fn ranked(counts: &BTreeMap<u32, usize>) -> Vec<u32> {
    let mut all: Vec<(u32, usize)> = counts.iter().map(|(&code, &n)| (code, n)).collect();
    all.sort_by_key(|&(code, n)| (std::cmp::Reverse(n), code));
    all.into_iter().map(|(code, _)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[&str]) -> Column {
        let mut column = Column::default();
        for value in values {
            column.add(value.as_bytes());
        }
        column
    }

    fn all(from: &BaselineSource, values: &[&str]) -> Option<String> {
        let column = column(values);
        let rows: Vec<u32> = (0..values.len() as u32).collect();
        let statistic = Statistic::new(from, &column);
        let said = statistic.of(&rows, None)?;
        Some(statistic.write(&said, None))
    }

    #[test]
    fn each_statistic_says_what_its_name_says() {
        let column = || "c".to_owned();
        let says = |from: BaselineSource, values: &[&str], expected: &str| {
            assert_eq!(all(&from, values).as_deref(), Some(expected), "{from:?}");
        };
        says(
            BaselineSource::Mean { column: column() },
            &["1", "", "2", "x"],
            "1.5",
        );
        says(
            BaselineSource::Mean { column: column() },
            &["True", "False"],
            "0.5",
        );
        says(
            BaselineSource::Median { column: column() },
            &["9", "1", "2"],
            "2",
        );
        says(
            BaselineSource::Mode { column: column() },
            &["", "", "", "b", "a", "b"],
            "b",
        );
        let share = |value: &str| BaselineSource::Share {
            column: column(),
            value: value.to_owned(),
        };
        says(share("1"), &["1.0", "0", "", "1"], "0.666666666667");
        let items = BaselineSource::Items {
            column: column(),
            separator: " ".to_owned(),
            count: 2,
        };
        says(items, &["a b", "b c", "c b"], "b c");
        assert_eq!(
            all(&BaselineSource::Mean { column: column() }, &["x"]),
            None
        );
    }

    #[test]
    fn a_small_group_leans_on_all() {
        let from = BaselineSource::Mean {
            column: "c".to_owned(),
        };
        let column = column(&["10", "0", "0", "0"]);
        let statistic = Statistic::new(&from, &column);
        let of_all = statistic.of(&[0, 1, 2, 3], None);
        let Some(Said::Number(group)) = statistic.of(&[0], of_all.as_ref()) else {
            panic!("no number");
        };
        assert!((group - (10.0 + 10.0 * 2.5) / 11.0).abs() < 1e-12);
    }
}
