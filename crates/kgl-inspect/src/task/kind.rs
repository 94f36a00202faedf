//! The kind of prediction.

use kgl_contract::{ColumnProfile, ColumnType, SubmissionShape, TableProfile, TaskKind};

use super::lists::{label_separator, list_separator};

/// Up to so many different whole numbers are classes; beyond they count something.
const MOST_CLASSES: u64 = 20;
/// Values longer than this, on average, are words rather than names.
const NAME_CHARS: usize = 40;

/// What the kind is told from.
pub(super) struct Evidence<'a> {
    pub(super) shape: &'a SubmissionShape,
    pub(super) sample: &'a TableProfile,
    pub(super) targets: &'a [&'a ColumnProfile],
    pub(super) answers: &'a [&'a ColumnProfile],
    pub(super) train: Option<&'a TableProfile>,
    pub(super) test: Option<&'a TableProfile>,
    pub(super) is_list: bool,
}

/// Tells the kind.
pub(super) fn tell_kind(seen: &Evidence<'_>) -> TaskKind {
    let binary = |column: &ColumnProfile| column.distinct_exact && column.distinct_estimate <= 2;
    if seen
        .targets
        .iter()
        .any(|target| is_run_lengths(target) || holds_runs(target, seen.answers))
    {
        return TaskKind::RunLengths;
    }
    if let [target] = seen.targets {
        if !target.is_numeric() && target.type_ != ColumnType::Boolean {
            return tell_words(seen, target);
        }
        let answer = seen.answers.first().copied();
        if is_pairs(seen) {
            return TaskKind::Pairs;
        }
        return match answer {
            Some(answer) if binary(answer) && target.type_ == ColumnType::Real => {
                TaskKind::Probability
            }
            Some(answer) if binary(answer) || !answer.is_numeric() => TaskKind::Classes,
            _ if has_dates(seen) => TaskKind::Forecast,
            Some(answer)
                if answer.type_ == ColumnType::Integer
                    && target.type_ == ColumnType::Integer
                    && answer.distinct_exact
                    && answer.distinct_estimate <= MOST_CLASSES =>
            {
                TaskKind::Classes
            }
            _ => TaskKind::Number,
        };
    }
    if seen.targets.iter().all(|target| is_position(&target.name)) {
        return TaskKind::Coordinates;
    }
    match seen.answers {
        [one] if !seen.shape.target_columns.contains(&one.name) => TaskKind::ClassProbabilities,
        [] => TaskKind::Numbers,
        answers if answers.iter().all(|answer| binary(answer)) => TaskKind::Labels,
        answers if answers.iter().all(|answer| !answer.is_numeric()) => TaskKind::Labels,
        _ if has_dates(seen) => TaskKind::Forecast,
        _ => TaskKind::Numbers,
    }
}

/// A column of words: lists, names, or text.
fn tell_words(seen: &Evidence<'_>, target: &ColumnProfile) -> TaskKind {
    let answer = seen.answers.first();
    if seen.is_list {
        // A list is a ranking where what is looked for is one thing, or where its name says so.
        let several = answer
            .and_then(|answer| list_separator(&answer.examples))
            .is_some();
        let same_length = {
            let lengths = target
                .examples
                .iter()
                .map(|text| text.split_whitespace().count());
            let first = lengths.clone().next();
            first.is_some_and(|first| first >= 3) && lengths.clone().all(|n| Some(n) == first)
        };
        let prose = answer.is_some_and(|answer| mean_chars(answer) > NAME_CHARS);
        return match (prose, several, same_length) {
            (true, ..) => TaskKind::Text,
            (_, true, false) => TaskKind::Labels,
            _ => TaskKind::Ranking,
        };
    }
    let mostly_new = answer.is_some_and(|answer| {
        let rows = seen.train.map_or(0, |train| train.rows);
        answer.distinct_estimate > 50 && answer.distinct_estimate * 2 > rows
    });
    let long = answer.map_or(mean_chars(target), |answer| mean_chars(answer)) > NAME_CHARS;
    match answer {
        Some(answer) if label_separator(answer).is_some() => TaskKind::Labels,
        _ if long || mostly_new => TaskKind::Text,
        _ => TaskKind::Classes,
    }
}

fn mean_chars(column: &ColumnProfile) -> usize {
    let total: usize = column
        .examples
        .iter()
        .map(|text| text.chars().count())
        .sum();
    total / column.examples.len().max(1)
}

/// Called so, or pairs of whole numbers (`1 3 10 5`) that a mask is packed in.
fn is_run_lengths(target: &ColumnProfile) -> bool {
    let plain = target
        .name
        .to_ascii_lowercase()
        .replace(['_', '-', ' '], "");
    ["rle", "encodedpixels", "encodedpixel", "runlength"]
        .iter()
        .any(|word| plain.ends_with(word) || plain.starts_with(word))
}

/// Pairs of whole numbers in the sample and, with starts that ascend, in the answers.
fn holds_runs(target: &ColumnProfile, answers: &[&ColumnProfile]) -> bool {
    let pairs = |text: &String| -> Option<Vec<u64>> {
        let numbers: Option<Vec<u64>> = text.split(' ').map(|word| word.parse().ok()).collect();
        numbers.filter(|numbers| numbers.len().is_multiple_of(2))
    };
    let ascends = |numbers: Vec<u64>| numbers.chunks(2).map(|run| run[0]).is_sorted();
    let masks = |column: &ColumnProfile| {
        !column.examples.is_empty()
            && column
                .examples
                .iter()
                .all(|text| pairs(text).is_some_and(ascends))
    };
    let answer = answers.iter().find(|answer| answer.name == target.name);
    masks(target) && answer.is_none_or(|answer| masks(answer))
}

/// Two things named in a row of the test table, or a column called so.
fn is_pairs(seen: &Evidence<'_>) -> bool {
    let names = ["similarity", "same", "is_duplicate", "match", "distance"];
    let called = seen
        .shape
        .target_columns
        .iter()
        .any(|name| names.contains(&name.to_ascii_lowercase().as_str()));
    let table = seen.test.unwrap_or(seen.sample);
    let others = table
        .columns
        .iter()
        .filter(|column| column.name != seen.shape.id_column);
    let texts = others
        .filter(|column| column.type_ == ColumnType::Text)
        .count();
    called && (texts >= 2 || seen.answers.is_empty())
}

fn has_dates(seen: &Evidence<'_>) -> bool {
    let dated = |table: Option<&TableProfile>| {
        table.is_some_and(|table| table.columns.iter().any(|c| c.type_ == ColumnType::Date))
    };
    dated(seen.train) && dated(seen.test)
}

/// `x`, `y_3`, `lat`, `center_z`: a place in space.
fn is_position(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_ascii_alphabetic());
    let axes = ["x", "y", "z", "lat", "lon", "lng", "latitude", "longitude"];
    words
        .filter(|word| !word.is_empty())
        .any(|word| axes.contains(&word.to_ascii_lowercase().as_str()))
}
