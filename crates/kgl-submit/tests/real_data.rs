//! The real samples of both competitions, where `KGL_DATA` names them.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Cursor, Seek as _};
use std::path::Path;

use kgl_contract::ColumnRange;
use kgl_submit::check::{Findings, Rules, check};
use kgl_submit::faults::Rule;
use kgl_submit::room::Room;

/// The sample's text with every predicted field replaced by what `predict` makes
/// of its row and column.
fn predicted(sample: &str, given: usize, predict: impl Fn(usize, usize) -> f64) -> String {
    let mut text = String::new();
    for (row, line) in sample.lines().enumerate() {
        let fields = line.split(',').enumerate().map(|(column, field)| {
            if row == 0 || column < given {
                field.to_owned()
            } else {
                format!("{:.3}", predict(row, column))
            }
        });
        writeln!(text, "{}", fields.collect::<Vec<_>>().join(",")).unwrap();
    }
    text
}

fn run(sample: &Path, submission: &[u8], ranges: Vec<ColumnRange>) -> Findings {
    let rules = Rules {
        ranges,
        ..Rules::default()
    };
    let mut sample = File::open(sample).unwrap();
    sample.rewind().unwrap();
    check(sample, Cursor::new(submission), &rules, &Room::default()).unwrap()
}

fn rules_of(findings: &Findings) -> Vec<(Rule, u64)> {
    findings
        .found
        .counts()
        .iter()
        .map(|(rule, count)| (*rule, *count))
        .collect()
}

#[test]
fn rna_sample_and_made_up_coordinates() {
    let Some(data) = kgl_testkit::skip::data_dir() else {
        return;
    };
    let path = data.join("rna3d-part1/sample_submission.csv");
    let sample = std::fs::read_to_string(&path).unwrap();
    let ranges = || {
        ["x_*", "y_*", "z_*"].map(|columns| ColumnRange {
            columns: columns.into(),
            min: Some(-999.999),
            max: Some(9999.999),
        })
    };
    let found = run(&path, sample.as_bytes(), ranges().to_vec());
    assert_eq!(rules_of(&found), [(Rule::NothingPredicted, 1)]);
    assert_eq!(found.submission.rows, 2515);
    let coordinate = |row: usize, column: usize| (row * 31 + column * 7) as f64 % 1999.0 - 999.0;
    let submission = predicted(&sample, 3, coordinate);
    assert_eq!(
        rules_of(&run(&path, submission.as_bytes(), ranges().to_vec())),
        []
    );
    // One coordinate too far, one residue renamed, one row gone.
    let mut lines: Vec<_> = submission.lines().map(str::to_owned).collect();
    lines[10] = lines[10].rsplit_once(',').unwrap().0.to_owned() + ",10000";
    let mut fields: Vec<_> = lines[20].split(',').collect();
    fields[1] = "X";
    lines[20] = fields.join(",");
    lines.remove(30);
    let found = run(&path, lines.join("\n").as_bytes(), ranges().to_vec());
    let expected = [
        (Rule::MissingRow, 1),
        (Rule::OutOfRange, 1),
        (Rule::ChangedCopy, 1),
    ];
    assert_eq!(rules_of(&found), expected);
}

#[test]
fn jaguar_sample_and_made_up_similarities() {
    let Some(data) = kgl_testkit::skip::data_dir() else {
        return;
    };
    let path = data.join("jaguar-re-id/sample_submission.csv");
    let sample = std::fs::read_to_string(&path).unwrap();
    let found = run(&path, sample.as_bytes(), Vec::new());
    assert_eq!(rules_of(&found), [(Rule::NothingPredicted, 1)]);
    assert_eq!(found.submission.rows, 137_270);
    let submission = predicted(&sample, 1, |row, _| (row % 997) as f64 / 997.0);
    assert_eq!(rules_of(&run(&path, submission.as_bytes(), Vec::new())), []);
    // Sorted the other way round, every row but one comes too late.
    let (header, rows) = submission.split_once('\n').unwrap();
    let reversed: Vec<_> = [header].into_iter().chain(rows.lines().rev()).collect();
    let found = run(&path, reversed.join("\n").as_bytes(), Vec::new());
    assert_eq!(rules_of(&found), [(Rule::OutOfOrder, 137_269)]);
}
