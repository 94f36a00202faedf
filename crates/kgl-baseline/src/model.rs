//! What was learned: for each column its value, and its values within groups.

use std::collections::BTreeMap;
use std::path::Path;

use kgl_cli::{Failure, Io};
use kgl_contract::{Baseline, BaselineColumn, BaselineSource, Document, Tag};
use serde::{Deserialize, Serialize};

use crate::choose::{self, Fitted};
use crate::statistic::Statistic;
use crate::tables::{Column, read_columns};

/// A column with more values than this is none to group by.
const MOST_GROUPS: usize = 1000;

/// What `train` writes and `predict` reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    schema: Tag<Model>,
    pub(crate) columns: Vec<ModelColumn>,
}

impl Document for Model {
    const KIND: &'static str = "baseline-model";
    const MAJOR: u32 = 1;
}

/// One column of the submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelColumn {
    pub(crate) name: String,
    /// What is written; `None` is the sample's own value.
    pub(crate) value: Option<String>,
    /// The column that the values below are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// The two columns of the test table whose likeness is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alike: Option<[String; 2]>,
    /// What is written where that column has this value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) groups: BTreeMap<String, String>,
}

/// The column of `train` that a source is about.
fn column_of(from: &BaselineSource) -> Option<&str> {
    match from {
        BaselineSource::Sample | BaselineSource::Constant { .. } | BaselineSource::Alike { .. } => {
            None
        }
        BaselineSource::Mean { column }
        | BaselineSource::Median { column }
        | BaselineSource::Mode { column }
        | BaselineSource::Share { column, .. }
        | BaselineSource::Items { column, .. } => Some(column),
    }
}

/// Learns the values of all columns.
pub(crate) fn train(baseline: &Baseline, base: &Path, io: &Io) -> Result<Model, Failure> {
    let mut names: Vec<&str> = baseline
        .columns
        .iter()
        .filter_map(|column| column_of(&column.from))
        .chain(baseline.by.iter().map(String::as_str))
        .chain(baseline.group.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    let columns = match &baseline.train {
        Some(train)
            if baseline
                .columns
                .iter()
                .any(|c| column_of(&c.from).is_some()) =>
        {
            read_columns(&base.join(train), &names)?
        }
        None if !names.is_empty() => {
            return Err(
                Failure::usage("a statistic is asked for, and no `train` is named")
                    .hint("name the table with the answers, or take \"statistic\": \"sample\""),
            );
        }
        _ => names.iter().map(|_| Column::default()).collect(),
    };
    let column = |name: &str| names.binary_search(&name).ok().map(|place| &columns[place]);
    let rows = columns.first().map_or(0, |column| column.codes.len());
    io.note(format_args!(
        "train: {rows} rows, {} columns to predict",
        baseline.columns.len()
    ));
    let parted = choose::part(rows, baseline.group.as_deref().and_then(column));
    // A test table is needed to tell a row's group.
    let by = baseline.by.iter().filter(|_| baseline.test.is_some());
    let candidates: Vec<(&str, &Column)> = by
        .filter_map(|name| Some((name.as_str(), column(name)?)))
        .filter(|(_, by)| (2..=MOST_GROUPS).contains(&by.values.len()))
        .collect();

    let statistics: Vec<Option<Statistic<'_>>> = baseline
        .columns
        .iter()
        .map(|of| Some(Statistic::new(&of.from, column(column_of(&of.from)?)?)))
        .collect();
    // Columns that are about the same answer are grouped alike, so that shares still sum to one.
    let mut chosen: BTreeMap<&str, usize> = BTreeMap::new();
    for of in &baseline.columns {
        let Some(answer) = column_of(&of.from) else {
            continue;
        };
        if chosen.contains_key(answer) {
            continue;
        }
        let about: Vec<&Statistic<'_>> = baseline
            .columns
            .iter()
            .zip(&statistics)
            .filter(|(other, _)| column_of(&other.from) == Some(answer))
            .filter_map(|(_, statistic)| statistic.as_ref())
            .collect();
        let by: Vec<&Column> = candidates
            .iter()
            .filter(|(name, _)| *name != answer)
            .map(|(_, column)| *column)
            .collect();
        let names = candidates
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != answer);
        let names: Vec<&str> = std::iter::once("none").chain(names).collect();
        let errors = choose::errors(&about, &parted, &by);
        for (name, error) in names.iter().zip(&errors) {
            io.note(format_args!(
                "held out: answer={answer} by={name} error={error:.6}"
            ));
        }
        let best = choose::best(&errors);
        let place = candidates.iter().position(|(name, _)| *name == names[best]);
        chosen.insert(answer, place.map_or(0, |place| place + 1));
    }

    let all: Vec<u32> = (0..rows as u32).collect();
    let mut learned = Vec::new();
    for (of, statistic) in baseline.columns.iter().zip(&statistics) {
        let best = column_of(&of.from).and_then(|answer| chosen.get(answer));
        let by = best.and_then(|best| candidates.get(best.checked_sub(1)?).copied());
        learned.push(learn(of, statistic.as_ref(), &all, by));
    }
    Ok(Model {
        schema: Tag::default(),
        columns: learned,
    })
}

fn learn(
    of: &BaselineColumn,
    statistic: Option<&Statistic<'_>>,
    rows: &[u32],
    by: Option<(&str, &Column)>,
) -> ModelColumn {
    let mut column = ModelColumn {
        name: of.name.clone(),
        value: None,
        by: None,
        alike: None,
        groups: BTreeMap::new(),
    };
    if let BaselineSource::Alike { columns } = &of.from {
        column.alike = Some(columns.clone());
    }
    if let BaselineSource::Constant { value } = &of.from {
        column.value = Some(value.clone());
    }
    let Some(statistic) = statistic else {
        return column;
    };
    let fitted = Fitted::of(statistic, rows, by.map(|(_, by)| by));
    let write = |said: &crate::statistic::Said| statistic.write(said, of.decimals);
    column.value = fitted.all.as_ref().map(write);
    if let Some((name, by)) = by {
        column.by = Some(name.to_owned());
        let groups = by.values.iter().zip(&fitted.groups);
        column.groups = groups
            .filter_map(|(value, said)| Some((value.clone(), write(said.as_ref()?))))
            .collect();
    }
    column
}
