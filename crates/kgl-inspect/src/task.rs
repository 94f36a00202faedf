//! What is to be predicted, and from what, told from the sample and the tables.
//!
//! *Tables.* The training table has `train` in its name, or else is the one with
//! most of the columns to predict; the test table has `test` in its name and the
//! sample's id.
//!
//! *Answers.* Columns of the training table that are called as those to predict.
//! Where there are none, the one column whose values are at the end of the names
//! to predict (`Status_C`, `Status_D`: a probability for each class), or the one
//! that the test table lacks.
//!
//! *Kind.* From what the sample holds (numbers, words, lists, runs), from what
//! the answers are, and where those leave it open from names ([`kind`]).

mod kind;
mod lists;

use kgl_contract::{ColumnProfile, SubmissionShape, TableProfile, Task, TaskKind};

use crate::submission::{file_stem, is_test, sample_rank};
use kind::{Evidence, tell_kind};
use lists::label_separator;
pub(crate) use lists::list_separator;

/// Tells what is to be predicted.
pub(crate) fn tell_task(tables: &[TableProfile], shape: &SubmissionShape) -> Option<Task> {
    let sample = tables.iter().find(|table| table.path == shape.sample)?;
    let targets: Vec<&ColumnProfile> = shape
        .target_columns
        .iter()
        .filter_map(|name| sample.column(name))
        .collect();
    let train = training_table(tables, shape);
    let test = tables
        .iter()
        .filter(|table| is_test(&table.path) && sample_rank(&table.path).is_none())
        .filter(|table| table.column(&shape.id_column).is_some())
        .max_by_key(|table| table.rows);
    let answers = train
        .map(|train| answers(train, test, shape))
        .unwrap_or_default();
    let answer_columns: Vec<&ColumnProfile> = train
        .into_iter()
        .flat_map(|train| answers.iter().filter_map(|name| train.column(name)))
        .collect();
    let shared_columns = match (train, test) {
        (Some(train), Some(test)) => shared(train, test, shape, &answers),
        _ => Vec::new(),
    };
    let list_separator = targets
        .first()
        .filter(|_| targets.len() == 1)
        .and_then(|target| list_separator(&target.examples))
        .map(str::to_owned);
    let kind = tell_kind(&Evidence {
        shape,
        sample,
        targets: &targets,
        answers: &answer_columns,
        test,
        train,
        is_list: list_separator.is_some(),
    });
    let is_list = matches!(kind, TaskKind::Ranking | TaskKind::Labels);
    let of_labels = answer_columns
        .first()
        .and_then(|answer| label_separator(answer));
    let list_separator = list_separator.or(of_labels.map(str::to_owned));
    Some(Task {
        kind,
        train: train.map(|table| table.path.clone()),
        test: test.map(|table| table.path.clone()),
        group_columns: train
            .map(|train| group_columns(train, &answers))
            .unwrap_or_default(),
        answers,
        shared_columns,
        list_separator: list_separator.filter(|_| is_list),
    })
}

fn training_table<'a>(
    tables: &'a [TableProfile],
    shape: &SubmissionShape,
) -> Option<&'a TableProfile> {
    let rank = |table: &TableProfile| {
        let has = |name: &String| table.column(name).is_some();
        let answers = shape.target_columns.iter().filter(|name| has(name)).count();
        let stem = file_stem(&table.path).to_ascii_lowercase();
        let words = stem.split(|c: char| !c.is_ascii_alphabetic());
        let named = words
            .into_iter()
            .any(|word| word == "train" || word == "training");
        (answers > 0 || named).then_some((answers > 0, named, table.rows))
    };
    tables
        .iter()
        .filter(|table| table.path != shape.sample && sample_rank(&table.path).is_none())
        .filter(|table| {
            let stem = file_stem(&table.path).to_ascii_lowercase();
            !stem
                .split(|c: char| !c.is_ascii_alphabetic())
                .any(|word| word == "test")
        })
        .filter_map(|table| Some((rank(table)?, table)))
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, table)| table)
}

fn answers(
    train: &TableProfile,
    test: Option<&TableProfile>,
    shape: &SubmissionShape,
) -> Vec<String> {
    let named: Vec<String> = shape
        .target_columns
        .iter()
        .filter(|name| train.column(name).is_some())
        .cloned()
        .collect();
    if !named.is_empty() {
        return named;
    }
    let others = || {
        train
            .columns
            .iter()
            .filter(|column| column.name != shape.id_column)
    };
    if let Some(classes) = others().find(|column| names_classes(column, &shape.target_columns)) {
        return vec![classes.name.clone()];
    }
    let Some(test) = test else {
        return Vec::new();
    };
    let lacking: Vec<&ColumnProfile> = others()
        .filter(|other| test.column(&other.name).is_none())
        .collect();
    match lacking.as_slice() {
        [only] => vec![only.name.clone()],
        _ => Vec::new(),
    }
}

/// Whether each name to predict ends in a value of the column, each in another.
fn names_classes(column: &ColumnProfile, targets: &[String]) -> bool {
    targets.len() > 1
        && targets
            .iter()
            .all(|target| column.class_of(target).is_some())
}

fn shared(
    train: &TableProfile,
    test: &TableProfile,
    shape: &SubmissionShape,
    answers: &[String],
) -> Vec<String> {
    train
        .columns
        .iter()
        .map(|column| &column.name)
        .filter(|name| test.column(name).is_some())
        .filter(|name| **name != shape.id_column && !answers.contains(name))
        .cloned()
        .collect()
}

/// Columns that name what belongs together: called like an id, each value on several rows.
fn group_columns(train: &TableProfile, answers: &[String]) -> Vec<String> {
    const WORDS: [&str; 12] = [
        "id",
        "group",
        "user",
        "patient",
        "session",
        "subject",
        "family",
        "store",
        "customer",
        "site",
        "individual",
        "household",
    ];
    let named = |name: &str| {
        let parts = name.split(|c: char| !c.is_alphanumeric());
        let mut words = parts.map(str::to_ascii_lowercase);
        words.any(|word| WORDS.contains(&word.as_str()))
            || ["Id", "ID"].iter().any(|end| name.ends_with(end))
    };
    let repeats = |column: &ColumnProfile| {
        let present = train.rows - column.missing.min(train.rows);
        column.distinct_estimate > 1 && column.distinct_estimate * 2 <= present
    };
    train
        .columns
        .iter()
        .filter(|column| named(&column.name) && repeats(column) && !answers.contains(&column.name))
        .map(|column| column.name.clone())
        .collect()
}
