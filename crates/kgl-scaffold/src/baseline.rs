//! Where the columns of a first submission come from.

use kgl_contract::{
    Baseline, BaselineColumn, BaselineSource as From, ColumnProfile, ColumnType, Inspection,
    SubmissionShape, TableProfile, Tag, Task, TaskKind, TestTable,
};

use crate::plan::below_data;

/// Columns to group by are those with at most so many values.
const MOST_GROUPS: u64 = 200;
/// So many columns are tried, those with the fewest values first.
const MOST_TRIED: usize = 8;

/// Where each column of a first submission comes from.
pub(crate) fn baseline(inspection: &Inspection, shape: &SubmissionShape) -> Baseline {
    // kgl-baseline reads tables with a separator.
    let find = |path: &String| {
        let mut tables = inspection.tables.iter();
        tables.find(|table| table.path == *path && !table.separator.is_empty())
    };
    let sample = find(&shape.sample);
    let task = inspection.task.as_ref();
    let train = task.and_then(|task| find(task.train.as_ref()?));
    let test = task.and_then(|task| find(task.test.as_ref()?));
    let metric = inspection
        .competition
        .as_ref()
        .and_then(|facts| facts.evaluation.clone());
    let columns = shape.target_columns.iter().map(|name| {
        let target = sample.and_then(|sample| sample.column(name));
        let (from, decimals) = match (task, train, target) {
            (Some(task), Some(train), Some(target)) => source(
                task,
                train,
                test,
                target,
                metric.as_deref().unwrap_or_default(),
            ),
            _ => (From::Sample, None),
        };
        BaselineColumn {
            name: name.clone(),
            from,
            decimals,
        }
    });
    let columns: Vec<BaselineColumn> = columns.collect();
    // A column of archives that nobody unpacked cannot be read by name: tables are.
    let place = |table: &TableProfile| below_data(&table.path);
    let by = match (task, train, test) {
        (Some(task), Some(train), Some(test)) => grouping(task, train, test),
        _ => Vec::new(),
    };
    // What is grouped by is known of the rows to predict: their groups are not new ones.
    let group = task.and_then(|task| {
        let mut groups = task.group_columns.iter();
        groups
            .find(|name| !by.contains(name) && !task.answers.contains(name))
            .cloned()
    });
    Baseline {
        schema: Tag::default(),
        sample: below_data(&shape.sample),
        train: train.map(place),
        test: test.map(|test| TestTable {
            path: place(test),
            id_column: shape.id_column.clone(),
        }),
        by,
        group,
        columns,
    }
}

/// Columns worth grouping by: shared, with few values.
fn grouping(task: &Task, train: &TableProfile, test: &TableProfile) -> Vec<String> {
    let mut few: Vec<(u64, &String)> = task
        .shared_columns
        .iter()
        .filter(|name| test.column(name).is_some())
        .filter_map(|name| Some((train.column(name)?.distinct_estimate, name)))
        .filter(|(distinct, _)| (2..=MOST_GROUPS).contains(distinct))
        .filter(|(distinct, _)| distinct * 5 <= train.rows)
        .collect();
    few.sort();
    few.into_iter()
        .take(MOST_TRIED)
        .map(|(_, name)| name.clone())
        .collect()
}

/// Where the values of one column come from, and how many decimals they have.
fn source(
    task: &Task,
    train: &TableProfile,
    test: Option<&TableProfile>,
    target: &ColumnProfile,
    metric: &str,
) -> (From, Option<u32>) {
    if task.kind == TaskKind::Pairs {
        return (test.and_then(alike).unwrap_or(From::Sample), None);
    }
    let own = task.answers.iter().find(|name| **name == target.name);
    let Some(answer) = own.or(task.answers.first()) else {
        return (From::Sample, None);
    };
    let Some(profile) = train.column(answer) else {
        return (From::Sample, None);
    };
    let column = answer.clone();
    match task.kind {
        TaskKind::Pairs => (From::Sample, None),
        TaskKind::Classes | TaskKind::Text | TaskKind::RunLengths => (From::Mode { column }, None),
        TaskKind::Ranking => {
            let separator = task
                .list_separator
                .clone()
                .unwrap_or_else(|| " ".to_owned());
            let example = target.examples.first();
            let items = example.map_or(1, |list| list.split(separator.as_str()).count());
            let count = u32::try_from(items).unwrap_or(1);
            (
                From::Items {
                    column,
                    separator,
                    count,
                },
                None,
            )
        }
        TaskKind::Labels if target.type_ == ColumnType::Real => (share_of_yes(profile), None),
        TaskKind::Labels => (From::Mode { column }, None),
        TaskKind::Probability => (share_of_yes(profile), None),
        TaskKind::ClassProbabilities => match profile.class_of(&target.name) {
            Some(value) => {
                let value = value.to_owned();
                (From::Share { column, value }, None)
            }
            None => (From::Sample, None),
        },
        _ if !profile.is_numeric() => (From::Sample, None),
        TaskKind::Coordinates | TaskKind::Forecast | TaskKind::Number | TaskKind::Numbers => {
            let whole = target.type_ == ColumnType::Integer && profile.type_ == ColumnType::Integer;
            let decimals = whole.then_some(0);
            // What a median minimises, a mean does not.
            if is_absolute(metric) {
                (From::Median { column }, decimals)
            } else {
                (From::Mean { column }, decimals)
            }
        }
    }
}

/// The two columns of the test table that name what is to be compared: its last two of text.
fn alike(test: &TableProfile) -> Option<From> {
    let texts = test
        .columns
        .iter()
        .filter(|column| column.type_ == ColumnType::Text);
    let names: Vec<&String> = texts.map(|column| &column.name).collect();
    let [.., left, right] = names.as_slice() else {
        return None;
    };
    Some(From::Alike {
        columns: [(*left).clone(), (*right).clone()],
    })
}

/// Metrics that a median minimises: absolute, relative and logarithmic errors.
fn is_absolute(metric: &str) -> bool {
    let plain: String = metric
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    let words = [
        "absolute",
        "mae",
        "mape",
        "rmsle",
        "logarithmicerror",
        "logerror",
    ];
    words.iter().any(|word| plain.contains(word))
}

/// How often the answer is the one that means yes.
fn share_of_yes(profile: &ColumnProfile) -> From {
    let column = profile.name.clone();
    if profile.is_numeric() {
        return From::Mean { column };
    }
    const YES: [&str; 6] = ["1", "true", "yes", "y", "t", "positive"];
    let is_yes = |value: &&String| YES.contains(&value.to_ascii_lowercase().as_str());
    let values: Vec<&String> = profile.examples.iter().collect();
    let yes = values
        .iter()
        .copied()
        .find(is_yes)
        .or(values.iter().max().copied());
    From::Share {
        value: yes.cloned().unwrap_or_default(),
        column,
    }
}
