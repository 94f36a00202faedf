//! Ids on disk against ids in memory: the same findings, to the byte, on random samples and
//! submissions; and what becomes of the files.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::io::{self, Cursor, Read};
use std::path::Path;

use kgl_contract::{Faults, RowOrder, Sha256, ValueForm, ValueRule};
use kgl_csv::Rewind;
use kgl_submit::check::{CheckError, Findings, Rules, check};
use kgl_submit::forms::Form;
use kgl_submit::room::Room;
use proptest::prelude::*;

/// Everything that is told of a submission.
type Told = (Faults, Faults, String, Sha256, u64, u64);

fn told(findings: Findings) -> Told {
    let counts = format!("{:?}", findings.found.counts());
    let submission = findings.submission;
    let (errors, warnings) = findings.found.into_faults();
    (
        errors,
        warnings,
        counts,
        submission.sha256,
        submission.size_bytes,
        submission.rows,
    )
}

fn run(sample: &[u8], submission: &[u8], rules: &Rules, room: &Room) -> Told {
    told(check(Cursor::new(sample), Cursor::new(submission), rules, room).unwrap())
}

/// Ids that meet: few letters, white space around, case, and pairs both ways round.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ab]{1,2}-[ab]{1,2}",
        2 => " ?[abAB]{1,3} ?",
        1 => "[a-c]-[ab]-[A-C]é?",
        1 => "x{60,70}[aA]",
    ]
}

#[derive(Debug, Clone)]
enum Change {
    Drop(usize),
    Swap(usize, usize),
    Reverse,
    Repeat(usize, usize),
    Id(usize, String),
    Turn(usize),
    Given(usize),
    Value(usize, &'static str),
    Wide(usize),
    Narrow(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let value = prop::sample::select(&["", "nan", "x", "7", "\"a\nb\"", "\u{1}"][..]);
    prop_oneof![
        any::<usize>().prop_map(Change::Drop),
        any::<(usize, usize)>().prop_map(|(a, b)| Change::Swap(a, b)),
        Just(Change::Reverse),
        any::<(usize, usize)>().prop_map(|(a, b)| Change::Repeat(a, b)),
        (any::<usize>(), id()).prop_map(|(row, id)| Change::Id(row, id)),
        any::<usize>().prop_map(Change::Turn),
        any::<usize>().prop_map(Change::Given),
        (any::<usize>(), value).prop_map(|(row, value)| Change::Value(row, value)),
        any::<usize>().prop_map(Change::Wide),
        any::<usize>().prop_map(Change::Narrow),
    ]
}

fn apply(rows: &mut Vec<Vec<String>>, change: Change) {
    let count = rows.len();
    if count == 0 {
        return;
    }
    match change {
        Change::Drop(row) => drop(rows.remove(row % count)),
        Change::Swap(a, b) => rows.swap(a % count, b % count),
        Change::Reverse => rows.reverse(),
        Change::Repeat(row, to) => rows.insert(to % count, rows[row % count].clone()),
        Change::Id(row, id) => rows[row % count][0] = id,
        Change::Turn(row) => {
            let id = &mut rows[row % count][0];
            if let Some((left, right)) = id.split_once('-') {
                *id = format!("{right}-{left}");
            }
        }
        Change::Given(row) => set(&mut rows[row % count], 1, "!"),
        Change::Value(row, value) => set(&mut rows[row % count], 2, value),
        Change::Wide(row) => rows[row % count].push("more".to_owned()),
        Change::Narrow(row) => rows[row % count].truncate(1),
    }
}

/// A value of a row, where the row is wide enough.
fn set(row: &mut [String], column: usize, value: &str) {
    if let Some(field) = row.get_mut(column) {
        *field = value.to_owned();
    }
}

fn bytes(header: &str, rows: &[Vec<String>]) -> Vec<u8> {
    let lines = rows.iter().map(|fields| fields.join(",") + "\n");
    (header.to_owned() + "\n" + &lines.collect::<String>()).into_bytes()
}

fn rules(order: RowOrder, pair: bool) -> Rules {
    let form = Form {
        rule: ValueRule {
            columns: "id".into(),
            form: ValueForm::Pair {
                separator: "-".into(),
            },
        },
        known: None,
    };
    Rules {
        order,
        ranges: Vec::new(),
        forms: if pair { vec![form] } else { Vec::new() },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn on_disk_the_findings_are_those_in_memory(
        ids in prop::collection::vec(id(), 1..60),
        changes in prop::collection::vec(change(), 1..8),
        moved: bool,
        any_order: bool,
        pair: bool,
        cut in prop::option::of(any::<prop::sample::Index>()),
        memory_bytes in 0..3000u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let on_disk = Room { memory_bytes, folder: folder.path().to_owned() };
        let row = |(place, id): (usize, &String)| {
            vec![id.clone(), format!("g{}", place % 3), "0".to_owned()]
        };
        let mut rows: Vec<_> = ids.iter().enumerate().map(row).collect();
        let sample = bytes("id,given,p", &rows);
        for (place, fields) in rows.iter_mut().enumerate() {
            fields[2] = format!("0.{place}");
        }
        for change in changes {
            apply(&mut rows, change);
        }
        let mut submission = bytes("id,given,p", &rows);
        if moved {
            // The id column at another place, one column too many.
            for fields in &mut rows {
                fields.resize(3, String::new());
                fields.rotate_left(1);
                fields.push("extra".to_owned());
            }
            submission = bytes("given,p,id,more", &rows);
        }
        if let Some(cut) = cut {
            submission.truncate(cut.index(submission.len()) + 1);
        }
        let order = if any_order { RowOrder::Any } else { RowOrder::Sample };
        let rules = rules(order, pair);
        let expected = run(&sample, &submission, &rules, &Room::default());
        prop_assert_eq!(run(&sample, &submission, &rules, &on_disk), expected);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

/// A sample of `rows` rows and a submission of it from the last to the first.
fn reversed(rows: usize) -> (Vec<u8>, Vec<u8>) {
    let ids = (0..rows).map(|row| format!("row{row}"));
    let sample: String = ids.clone().map(|id| id + ",0\n").collect();
    let submission: String = ids.rev().map(|id| id + ",0.5\n").collect();
    let file = |text: String| ("id,p\n".to_owned() + &text).into_bytes();
    (file(sample), file(submission))
}

#[test]
fn many_rows_in_many_partitions() {
    let (sample, submission) = reversed(50_000);
    let rules = rules(RowOrder::Sample, false);
    let room = Room {
        memory_bytes: 100_000,
        ..Room::default()
    };
    let found = run(&sample, &submission, &rules, &room);
    assert_eq!(found, run(&sample, &submission, &rules, &Room::default()));
    assert_eq!((found.0.count, found.0.first.len()), (49_999, 20));
    let expected = "it comes after `row49999`, and before it in the sample: sort the rows as there";
    assert_eq!(found.0.first[0].message, expected);
}

#[test]
fn missing_rows_are_told_in_the_samples_order() {
    let (sample, mut submission) = reversed(1000);
    submission.truncate(5 + "row999,0.5\n".len() * 500);
    let room = Room {
        memory_bytes: 1,
        ..Room::default()
    };
    let rules = rules(RowOrder::Any, false);
    let (errors, ..) = run(&sample, &submission, &rules, &room);
    let ids: Vec<_> = errors.first.iter().flat_map(|fault| &fault.id).collect();
    let expected: Vec<_> = (0..20).map(|row| format!("row{row}")).collect();
    assert_eq!(ids, expected.iter().collect::<Vec<_>>());
    assert_eq!(errors.count, 500);
}

#[test]
fn what_cannot_be_read_to_its_end_is_digested_to_its_end() {
    let (sample, mut submission) = reversed(30);
    submission.extend(b"row1,\"");
    submission.resize(70 << 20, b'x');
    let room = Room {
        memory_bytes: 1,
        ..Room::default()
    };
    let rules = rules(RowOrder::Sample, false);
    let found = run(&sample, &submission, &rules, &room);
    assert_eq!(found, run(&sample, &submission, &rules, &Room::default()));
    assert_eq!(found.0.first[19].rule, "out-of-order");
    assert!(found.2.contains("OpenQuote: 1"), "{}", found.2);
    assert_eq!((found.3, found.4), (Sha256::of(&submission), 70 << 20));
}

/// Holds more from the second time on.
struct Grows {
    bytes: Cursor<Vec<u8>>,
    more: Vec<u8>,
}

impl Read for Grows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl Rewind for Grows {
    fn rewind(&mut self) -> io::Result<()> {
        self.bytes.get_mut().append(&mut self.more);
        Rewind::rewind(&mut self.bytes)
    }
}

#[test]
fn a_submission_that_grows_meanwhile_is_told_of() {
    let (sample, submission) = reversed(30);
    let submission = Grows {
        bytes: Cursor::new(submission),
        more: b"row7,1\n".repeat(40),
    };
    let room = Room {
        memory_bytes: 1,
        ..Room::default()
    };
    let rules = rules(RowOrder::Sample, false);
    let error = check(Cursor::new(sample), submission, &rules, &room).unwrap_err();
    assert!(matches!(error, CheckError::ReadSubmission(_)), "{error:?}");
    let expected = "it changed while it was checked: check it again";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn no_folder_for_the_files_is_an_error_with_its_name() {
    let (sample, submission) = reversed(30);
    let room = Room {
        memory_bytes: 1,
        folder: "/nowhere/at/all".into(),
    };
    let rules = rules(RowOrder::Sample, false);
    let found = check(Cursor::new(sample), Cursor::new(submission), &rules, &room);
    let Err(CheckError::Room { folder, .. }) = found else {
        panic!("{found:?}");
    };
    assert_eq!(folder, Path::new("/nowhere/at/all"));
}
