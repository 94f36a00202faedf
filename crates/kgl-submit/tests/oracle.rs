//! The check against a naive one that holds both files in memory, on random
//! changes of a valid submission and on random bytes.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;

use kgl_contract::{ColumnRange, RowOrder};
use kgl_submit::check::{Findings, Rules, check};
use kgl_submit::faults::Rule;
use kgl_submit::room::Room;
use proptest::prelude::*;

type Table = Vec<Vec<String>>;

fn rules(order: RowOrder) -> Rules {
    let range = ColumnRange {
        columns: "x_*".into(),
        min: Some(-1.0),
        max: Some(1.0),
    };
    Rules {
        order,
        ranges: vec![range],
        forms: Vec::new(),
    }
}

fn sample(rows: usize) -> Table {
    let mut table = vec![["ID", "resname", "x_1", "x_2"].map(String::from).to_vec()];
    table.extend((0..rows).map(|row| {
        let base = ["A", "C"][row % 2];
        [&format!("id{row}"), base, "0.0", "0.0"]
            .map(String::from)
            .to_vec()
    }));
    table
}

/// A submission without fault.
fn valid(rows: usize) -> Table {
    let mut table = sample(rows);
    for (row, fields) in table.iter_mut().enumerate().skip(1) {
        fields[2] = format!("0.{row}");
        fields[3] = format!("-0.{row}");
    }
    table
}

fn bytes(table: &Table) -> Vec<u8> {
    let lines: Vec<_> = table.iter().map(|fields| fields.join(",") + "\n").collect();
    lines.concat().into_bytes()
}

fn run(sample: &Table, submission: &[u8], order: RowOrder) -> Findings {
    check(
        Cursor::new(bytes(sample)),
        Cursor::new(submission),
        &rules(order),
        &Room::default(),
    )
    .unwrap()
}

/// What the rules of rows and values say, in the plainest way.
fn oracle(sample: &Table, submission: &Table, order: RowOrder) -> BTreeMap<Rule, u64> {
    let mut counts = BTreeMap::new();
    let mut add = |rule| *counts.entry(rule).or_insert(0u64) += 1;
    let places: HashMap<&str, usize> = sample
        .iter()
        .enumerate()
        .skip(1)
        .map(|(at, fields)| (&*fields[0], at))
        .collect();
    let mut taken = vec![false; sample.len()];
    let mut previous = 0;
    for fields in &submission[1..] {
        if fields.len() != 4 {
            add(Rule::RaggedRow);
        }
        let near = || {
            (1..sample.len())
                .find(|&at| sample[at][0].to_lowercase() == fields[0].trim().to_lowercase())
        };
        let mut twin = None;
        match places.get(&*fields[0]).copied().or_else(near) {
            None => add(Rule::ExtraRow),
            Some(at) if taken[at] => add(Rule::RepeatedRow),
            Some(at) => {
                if sample[at][0] != fields[0] {
                    add(Rule::IdSpelling);
                }
                if at < previous && order == RowOrder::Sample {
                    add(Rule::OutOfOrder);
                }
                previous = at;
                taken[at] = true;
                twin = Some(&sample[at]);
            }
        }
        if fields.len() != 4 {
            continue;
        }
        // A sample of one row has no placeholders, so nothing in it is given.
        if sample.len() == 2 {
            if fields[1].is_empty() {
                add(Rule::EmptyValue);
            }
        } else if twin.is_some_and(|twin| twin[1] != fields[1]) {
            add(Rule::ChangedCopy);
        }
        for value in &fields[2..] {
            match value.trim().parse::<f64>() {
                _ if value.is_empty() => add(Rule::EmptyValue),
                Err(_) => add(Rule::NotANumber),
                Ok(number) if !number.is_finite() => add(Rule::NonFinite),
                Ok(number) if !(-1.0..=1.0).contains(&number) => add(Rule::OutOfRange),
                Ok(_) => {}
            }
        }
    }
    for _ in taken[1..].iter().filter(|taken| !**taken) {
        add(Rule::MissingRow);
    }
    counts
}

#[derive(Debug, Clone)]
enum Change {
    Drop(usize),
    Swap(usize, usize),
    Repeat(usize, usize),
    Value(usize, usize, &'static str),
    Id(usize, &'static str),
    Field(usize),
    Truncate(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let value = prop::sample::select(
        &[
            "",
            "nan",
            "inf",
            "-Infinity",
            "1e400",
            "1.0",
            "-1",
            "1.00000000000000000001",
            "1.0000000000000002",
            "-1.0000000000000002",
            "1.5",
            "-7",
            "text",
            "0x1",
            " 0.5 ",
            "1e-3",
            "+0.25",
            ".",
            "-",
            "1.2.3",
        ][..],
    );
    let id = prop::sample::select(&["ID3", " id4", "id5 ", "id77", "Id1 ", "x"][..]);
    prop_oneof![
        any::<usize>().prop_map(Change::Drop),
        any::<(usize, usize)>().prop_map(|(a, b)| Change::Swap(a, b)),
        any::<(usize, usize)>().prop_map(|(a, b)| Change::Repeat(a, b)),
        (any::<usize>(), 1..4usize, value)
            .prop_map(|(row, column, v)| Change::Value(row, column, v)),
        (any::<usize>(), id).prop_map(|(row, id)| Change::Id(row, id)),
        any::<usize>().prop_map(Change::Field),
        any::<usize>().prop_map(Change::Truncate),
    ]
}

fn apply(table: &mut Table, change: &Change) {
    let rows = table.len() - 1;
    if rows == 0 {
        return;
    }
    let at = |index: usize| 1 + index % rows;
    match *change {
        Change::Drop(row) => drop(table.remove(at(row))),
        Change::Swap(a, b) => table.swap(at(a), at(b)),
        Change::Repeat(row, to) => table.insert(at(to), table[at(row)].clone()),
        Change::Value(row, column, value) => {
            if let Some(field) = table[at(row)].get_mut(column) {
                *field = value.to_owned();
            }
        }
        Change::Id(row, id) => table[at(row)][0] = id.to_owned(),
        Change::Field(row) => table[at(row)].push("0.5".to_owned()),
        Change::Truncate(row) => table.truncate(at(row)),
    }
}

/// The rules that the oracle leaves to tests of their own.
fn comparable(findings: &Findings) -> BTreeMap<Rule, u64> {
    let whole = [
        Rule::ConstantColumn,
        Rule::SampleConstant,
        Rule::IdenticalRows,
        Rule::NothingPredicted,
        Rule::IntegersForDecimals,
    ];
    let mut counts = findings.found.counts().clone();
    counts.retain(|rule, _| !whole.contains(rule));
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn changes_are_found_as_a_naive_check_finds_them(
        rows in 1..40usize,
        changes in prop::collection::vec(change(), 0..6),
        any_order: bool,
    ) {
        let order = if any_order { RowOrder::Any } else { RowOrder::Sample };
        let sample = sample(rows);
        let mut submission = valid(rows);
        for change in &changes {
            apply(&mut submission, change);
        }
        let expected = oracle(&sample, &submission, order);
        let found = run(&sample, &bytes(&submission), order);
        prop_assert_eq!(comparable(&found), expected);
        prop_assert_eq!(found.submission.rows, submission.len() as u64 - 1);
    }

    #[test]
    fn no_bytes_bring_it_down(head: bool, noise in prop::collection::vec(noisy_byte(), 0..300)) {
        let mut submission = if head { bytes(&valid(3)) } else { Vec::new() };
        submission.extend(&noise);
        let found = run(&sample(3), &submission, RowOrder::Sample);
        prop_assert_eq!(found.submission.size_bytes, submission.len() as u64);
        prop_assert_eq!(found.submission.sha256, kgl_contract::Sha256::of(&submission));
        // And the same bytes as a sample: a sentence or a result.
        let valid = bytes(&valid(3));
        let _ = check(Cursor::new(&submission), Cursor::new(&valid), &rules(RowOrder::Any), &Room::default());
    }

    #[test]
    fn a_submission_cut_anywhere_is_invalid(rows in 2..20usize, cut: prop::sample::Index) {
        let whole = bytes(&valid(rows));
        // Without its last newline, or a digit of its last value, it is whole still.
        let last_comma = whole.iter().rposition(|byte| *byte == b',').unwrap();
        let cut = &whole[..cut.index(last_comma + 1)];
        let found = run(&sample(rows), cut, RowOrder::Sample);
        let (errors, _) = found.found.into_faults();
        prop_assert!(errors.count > 0, "{}", String::from_utf8_lossy(cut));
    }
}

fn noisy_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => prop::sample::select(&b",\n\r\"a1.-"[..]),
        1 => any::<u8>(),
    ]
}
