//! The shape of a submission, told from the sample among the tables.
//!
//! *Which table.* `sample_submission` first, whatever its case and dashes; else
//! a name that holds those two words; else one that holds `submission`. Among
//! equals the one closest to the top of the folder, then the first by path.
//!
//! *Which column names rows.* The first that is called `id` or ends in `_id`,
//! `Id` or `ID`; else the first.
//!
//! *Which columns are copied.* Of the others, by the first rule that holds:
//!
//! 1. A column that a test table has too is copied: what is given is not asked for.
//!    A table of answers (`test_labels`) gives nothing.
//! 2. A column with one value all the way down is a placeholder to predict, and
//!    so are those that differ from it in name only by a number at the end
//!    (`x_1`, `x_2`), and all columns of real numbers.
//! 3. What is left varies, and is text, a whole number or a date. Beside
//!    placeholders it is copied (`resname` and `resid` beside `x_1` … `z_5`);
//!    without any, it is itself the example of a prediction.
//!
//! If that leaves nothing to predict, everything but the id is to predict.

use kgl_contract::{ColumnProfile, ColumnType, SubmissionShape, TableProfile};

/// Tells the shape of a submission, if there is a sample among the tables.
pub(crate) fn tell_submission(tables: &[TableProfile]) -> Option<SubmissionShape> {
    let sample = tables
        .iter()
        .filter_map(|table| Some((sample_rank(&table.path)?, table)))
        .min_by_key(|(rank, table)| (*rank, table.path.matches('/').count(), &table.path))?
        .1;
    let tests: Vec<&TableProfile> = tables
        .iter()
        .filter(|table| is_test(&table.path) && sample_rank(&table.path).is_none())
        .collect();
    let id = sample
        .columns
        .iter()
        .position(|column| names_rows(&column.name))
        .unwrap_or(0);
    let others: Vec<&ColumnProfile> = sample
        .columns
        .iter()
        .enumerate()
        .filter_map(|(place, column)| (place != id).then_some(column))
        .collect();

    let given = |column: &ColumnProfile| {
        let mut columns = tests.iter().flat_map(|test| &test.columns);
        columns.any(|other| other.name == column.name)
    };
    let placeholders: Vec<&str> = others
        .iter()
        .filter(|column| is_constant(column) && !given(column))
        .map(|column| series(&column.name))
        .collect();
    let is_copied = |column: &ColumnProfile| {
        given(column)
            || !(is_constant(column)
                || column.type_ == ColumnType::Real
                || placeholders.is_empty()
                || placeholders.contains(&series(&column.name)))
    };
    let (mut copied, mut targets): (Vec<&ColumnProfile>, Vec<&ColumnProfile>) =
        others.iter().partition(|column| is_copied(column));
    if targets.is_empty() {
        std::mem::swap(&mut copied, &mut targets);
    }
    let names = |columns: Vec<&ColumnProfile>| columns.iter().map(|c| c.name.clone()).collect();
    Some(SubmissionShape {
        sample: sample.path.clone(),
        rows: sample.rows,
        id_column: sample.columns.get(id)?.name.clone(),
        copied_columns: names(copied),
        target_columns: names(targets),
    })
}

/// How much a path looks like the sample's: 0 most; `None` not at all.
pub(crate) fn sample_rank(path: &str) -> Option<u8> {
    let name = file_stem(path)
        .replace(['_', '-', ' '], "")
        .to_ascii_lowercase();
    if name == "samplesubmission" {
        Some(0)
    } else if name.contains("sample") && name.contains("submission") {
        Some(1)
    } else if name.contains("submission") {
        Some(2)
    } else {
        None
    }
}

/// A table whose name has the word `test`, and none that says it holds answers.
pub(crate) fn is_test(path: &str) -> bool {
    let has = |wanted: &[&str]| {
        file_stem(path)
            .split(|c: char| !c.is_ascii_alphabetic())
            .any(|word| wanted.contains(&word.to_ascii_lowercase().as_str()))
    };
    has(&["test"]) && !has(&["label", "labels", "solution", "truth", "answers"])
}

pub(crate) fn file_stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

fn names_rows(column: &str) -> bool {
    column.eq_ignore_ascii_case("id")
        || ["_id", "_ID", "_Id", "Id", "ID"]
            .iter()
            .any(|end| column.ends_with(end))
}

fn is_constant(column: &ColumnProfile) -> bool {
    column.distinct_exact && column.distinct_estimate <= 1
}

/// A name without the number at its end.
fn series(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColumnType::{Integer, Real, Text};

    fn table(path: &str, columns: &[(&str, ColumnType, u64)]) -> TableProfile {
        let columns = columns
            .iter()
            .map(|&(name, type_, distinct)| ColumnProfile {
                name: name.to_owned(),
                type_,
                missing: 0,
                distinct_estimate: distinct,
                distinct_exact: true,
                range: None,
                length_chars: None,
                examples: Vec::new(),
                kind: None,
                mean: None,
                standard_deviation: None,
                quantiles: None,
                top: Vec::new(),
            });
        TableProfile {
            path: path.to_owned(),
            separator: ",".to_owned(),
            rows: 9,
            columns: columns.collect(),
        }
    }

    #[track_caller]
    fn shape(tables: &[TableProfile], id: &str, copied: &[&str], targets: &[&str]) {
        let shape = tell_submission(tables).unwrap();
        assert_eq!(shape.id_column, id);
        assert_eq!(shape.copied_columns, copied, "copied");
        assert_eq!(shape.target_columns, targets, "targets");
    }

    /// The made-up RNA competition keeps its answers in `hidden/test_labels.csv`.
    #[test]
    fn a_table_of_answers_gives_nothing() {
        let sample = table(
            "sample_submission.csv",
            &[("ID", Text, 9), ("x_1", Real, 1)],
        );
        let answers = table(
            "hidden/test_labels.csv",
            &[("ID", Text, 9), ("x_1", Real, 9)],
        );
        shape(&[sample, answers], "ID", &[], &["x_1"]);
    }

    #[test]
    fn what_varies_beside_placeholders_is_copied() {
        let sample = [
            ("ID", Text, 9),
            ("resname", Text, 4),
            ("resid", Integer, 9),
            ("x_1", Real, 1),
            ("x_2", Real, 1),
        ];
        let tables = [table("sample_submission.csv", &sample)];
        shape(&tables, "ID", &["resname", "resid"], &["x_1", "x_2"]);
    }

    #[test]
    fn one_varying_column_is_an_example_of_a_prediction() {
        let sample = table(
            "sample_submission.csv",
            &[("row_id", Integer, 9), ("similarity", Real, 9)],
        );
        let test = table(
            "test.csv",
            &[("row_id", Integer, 9), ("query_image", Text, 9)],
        );
        shape(&[sample.clone(), test], "row_id", &[], &["similarity"]);
        let labels = table(
            "sample_submission.csv",
            &[("id", Integer, 9), ("label", Text, 3)],
        );
        shape(&[labels], "id", &[], &["label"]);
    }

    #[test]
    fn what_a_test_table_gives_is_copied_even_if_constant() {
        let sample = [("id", Integer, 9), ("chain", Text, 1), ("y", Real, 9)];
        let tables = [
            table("sample_submission.csv", &sample),
            table(
                "test_features.csv",
                &[("id", Integer, 9), ("chain", Text, 1)],
            ),
            table("latest.csv", &[("y", Real, 9)]),
        ];
        shape(&tables, "id", &["chain"], &["y"]);
    }

    #[test]
    fn members_of_a_series_stay_together() {
        let sample = [("id", Text, 9), ("x_1", Integer, 1), ("x_2", Integer, 7)];
        shape(
            &[table("sampleSubmission.csv", &sample)],
            "id",
            &[],
            &["x_1", "x_2"],
        );
    }

    #[test]
    fn something_is_always_predicted() {
        let sample = table(
            "sample_submission.csv",
            &[("id", Text, 9), ("y", Integer, 3)],
        );
        let test = table("test.csv", &[("id", Text, 9), ("y", Integer, 3)]);
        shape(&[sample, test], "id", &[], &["y"]);
    }

    #[test]
    fn the_id_is_the_first_column_called_so() {
        let sample = [("Survived", Integer, 1), ("PassengerId", Integer, 9)];
        let tables = [table("gender_submission.csv", &sample)];
        shape(&tables, "PassengerId", &[], &["Survived"]);
        let sample = [("filename", Text, 9), ("y", Integer, 1)];
        shape(
            &[table("sample_submission.csv", &sample)],
            "filename",
            &[],
            &["y"],
        );
    }

    #[test]
    fn the_best_named_sample_wins_then_the_highest() {
        let columns = [("id", Text, 9), ("y", Real, 1)];
        let paths = [
            "a/sample-submission.csv",
            "old_submission.csv",
            "b/c/sample_submission.csv",
        ];
        let tables = paths.map(|path| table(path, &columns));
        assert_eq!(tell_submission(&tables).unwrap().sample, paths[0]);
        assert_eq!(tell_submission(&[table("train.csv", &columns)]), None);
    }
}
