//! Profiles against a naive oracle, and faults against their places.

use std::collections::BTreeSet;
use std::io;

use kgl_contract::{ColumnProfile, ColumnType, Extremes};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

fn sizes(block: usize) -> Sizes {
    Sizes {
        block,
        batch: 3,
        record: 1 << 20,
    }
}

fn profile_bytes(bytes: &[u8], block: usize) -> Result<TableProfile, Fault> {
    profile(bytes, "x.csv", sizes(block), &|_| ()).map(|profiled| profiled.table)
}

#[track_caller]
fn fault(bytes: &[u8]) -> String {
    let faults = [1, 7, 1 << 20].map(|block| profile_bytes(bytes, block).unwrap_err().to_string());
    assert_eq!(faults[0], faults[1]);
    assert_eq!(faults[0], faults[2]);
    let [fault, ..] = faults;
    fault
}

/// A field and the type it was made to have.
type Field = (String, ColumnType);

fn field(type_: ColumnType) -> BoxedStrategy<Field> {
    let text = match type_ {
        ColumnType::Empty => Just(String::new()).boxed(),
        ColumnType::Integer => (-50..50_i64).prop_map(|n| n.to_string()).boxed(),
        ColumnType::Real => (-400..400_i32)
            .prop_map(|n| format!("{:.3}", f64::from(n) / 8.0))
            .boxed(),
        ColumnType::Boolean => prop_oneof!["true", "False", "TRUE"].boxed(),
        ColumnType::Date => "20[0-9][0-9]-0[13-9]-[12][0-9]".boxed(),
        ColumnType::Text => prop_oneof![
            "[a-c]{1,2}",
            "[é\n\r,;\"x]{1,4}x",
            "z{78,83}",
            "0[0-9]{1,2}",
        ]
        .boxed(),
    };
    text.prop_map(move |text| (text, type_)).boxed()
}

/// Mostly of one type, some missing, rarely something else.
fn column(rows: usize) -> impl Strategy<Value = Vec<Field>> {
    let types = vec![
        ColumnType::Empty,
        ColumnType::Integer,
        ColumnType::Real,
        ColumnType::Boolean,
        ColumnType::Date,
        ColumnType::Text,
    ];
    (
        prop::sample::select(types.clone()),
        prop::sample::select(types),
    )
        .prop_flat_map(move |(main, other)| {
            let mixed = prop_oneof![
                12 => field(main),
                2 => field(ColumnType::Empty),
                1 => field(other),
            ];
            prop::collection::vec(mixed, rows)
        })
}

fn table() -> impl Strategy<Value = Vec<Vec<Field>>> {
    (0..12_usize).prop_flat_map(|rows| prop::collection::vec(column(rows), 2..5))
}

/// The profile of a column, with all its values at hand.
fn oracle(name: &str, fields: &[Field]) -> ColumnProfile {
    let present: Vec<&Field> = fields.iter().filter(|(text, _)| !text.is_empty()).collect();
    let mut types: Vec<ColumnType> = Vec::new();
    for (_, type_) in &present {
        if !types.contains(type_) {
            types.push(*type_);
        }
    }
    let numeric = [ColumnType::Integer, ColumnType::Real];
    let type_ = match types.as_slice() {
        [] => ColumnType::Empty,
        [one] => *one,
        several if several.iter().all(|t| numeric.contains(t)) => ColumnType::Real,
        _ => ColumnType::Text,
    };
    let shown = |text: &str| text.chars().take(80).collect::<String>();
    let number = |text: &str| text.parse::<f64>().unwrap() + 0.0;
    let by_number = |a: &&&Field, b: &&&Field| number(&a.0).total_cmp(&number(&b.0));
    let by_bytes = |a: &&&Field, b: &&&Field| a.0.as_bytes().cmp(b.0.as_bytes());
    let (min, max) = if numeric.contains(&type_) {
        (
            present.iter().min_by(by_number),
            present.iter().max_by(by_number),
        )
    } else {
        (
            present.iter().min_by(by_bytes),
            present.iter().max_by(by_bytes),
        )
    };
    let json = |field: &Field| match type_ {
        ColumnType::Integer => Json::from(field.0.parse::<i64>().unwrap()),
        ColumnType::Real => Json::from(number(&field.0)),
        _ => Json::from(shown(&field.0)),
    };
    let mut examples: Vec<String> = Vec::new();
    for (text, _) in &present {
        if examples.len() < 5 && !examples.contains(&shown(text)) {
            examples.push(shown(text));
        }
    }
    let lengths = present.iter().map(|(text, _)| text.chars().count() as u64);
    let distinct: BTreeSet<&str> = present.iter().map(|(text, _)| text.as_str()).collect();
    ColumnProfile {
        name: name.to_owned(),
        type_,
        missing: (fields.len() - present.len()) as u64,
        distinct_estimate: distinct.len() as u64,
        distinct_exact: true,
        range: min.zip(max).map(|(min, max)| Extremes {
            min: json(min),
            max: json(max),
        }),
        length_chars: lengths
            .clone()
            .min()
            .zip(lengths.max())
            .filter(|_| type_ == ColumnType::Text)
            .map(|(short, long)| [short, long]),
        examples,
        kind: None,
        mean: None,
        standard_deviation: None,
        quantiles: None,
        top: Vec::new(),
    }
}

/// Mean, quantiles and counts against all values at hand.
fn numbers_are_those_of(found: &ColumnProfile, fields: &[Field]) -> Result<(), TestCaseError> {
    let present: Vec<&str> = fields
        .iter()
        .map(|f| f.0.as_str())
        .filter(|t| !t.is_empty())
        .collect();
    for top in &found.top {
        let cut = |text: &&&str| text.chars().take(80).collect::<String>() == top.value;
        prop_assert!(present.iter().filter(cut).count() as u64 >= top.count);
    }
    if !matches!(found.type_, ColumnType::Integer | ColumnType::Real) {
        prop_assert!(found.mean.is_none() && found.quantiles.is_none());
        return Ok(());
    }
    let mut numbers: Vec<f64> = present.iter().map(|text| text.parse().unwrap()).collect();
    numbers.sort_by(f64::total_cmp);
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    prop_assert!((found.mean.unwrap() - mean).abs() < 1e-6);
    let quantiles = found.quantiles.clone().unwrap();
    prop_assert!(quantiles.exact);
    let middle = crate::sample::quantile(&numbers, 0.5).unwrap();
    prop_assert!(
        (quantiles.p50 - middle).abs() < 1e-4,
        "{} {middle}",
        quantiles.p50
    );
    Ok(())
}

fn write_csv(columns: &[Vec<Field>], line_end: csv::Terminator) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(line_end)
        .from_writer(Vec::new());
    let header = (0..columns.len()).map(|c| format!("c{c}"));
    writer.write_record(header).unwrap();
    for row in 0..columns[0].len() {
        let fields = columns.iter().map(|column| &column[row].0);
        writer.write_record(fields).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn a_profile_is_what_a_naive_reader_finds(
        columns in table(),
        block in 1..80_usize,
        mark in any::<bool>(),
        line_end in prop::sample::select(vec![csv::Terminator::Any(b'\n'), csv::Terminator::CRLF]),
    ) {
        let mut bytes = if mark { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        bytes.extend(write_csv(&columns, line_end));
        let table = profile_bytes(&bytes, block).unwrap();
        prop_assert_eq!(table.rows, columns[0].len() as u64);
        prop_assert_eq!(table.columns.len(), columns.len());
        for (c, (found, fields)) in table.columns.iter().zip(&columns).enumerate() {
            let bare = ColumnProfile {
                kind: None,
                mean: None,
                standard_deviation: None,
                quantiles: None,
                top: Vec::new(),
                ..found.clone()
            };
            prop_assert_eq!(&bare, &oracle(&format!("c{c}"), fields));
            numbers_are_those_of(found, fields)?;
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(
            prop::sample::select(b"a1,;\"\r\n\t|\xc3\xa9\xff\0-.".as_slice()), 0..60),
        block in 1..9_usize,
    ) {
        let small = profile_bytes(&bytes, block).map_err(|fault| fault.to_string());
        let large = profile_bytes(&bytes, 1 << 20).map_err(|fault| fault.to_string());
        prop_assert_eq!(small, large);
    }
}

#[test]
fn estimates_do_not_depend_on_how_the_table_is_cut() {
    let mut bytes = b"id,half\n".to_vec();
    for i in 0..20_000 {
        bytes.extend(format!("{i},{}\n", i / 2 * 2).bytes());
    }
    let whole = profile_bytes(&bytes, 1 << 20).unwrap();
    assert!(!whole.columns[0].distinct_exact && !whole.columns[1].distinct_exact);
    for block in [1000, 4097, 100_000] {
        assert_eq!(
            profile_bytes(&bytes, block).unwrap(),
            whole,
            "block {block}"
        );
    }
}

#[test]
fn every_byte_is_counted_once_for_progress() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let bytes = b"a,b\n1,2\n3,4\n".repeat(50);
    let done = AtomicU64::new(0);
    profile(bytes.as_slice(), "x.csv", sizes(16), &|n| {
        done.fetch_add(n, Ordering::Relaxed);
    })
    .unwrap();
    // All but the header's line.
    assert_eq!(done.into_inner(), bytes.len() as u64 - 4);
}

#[test]
fn faults_name_their_place() {
    assert_eq!(
        fault(b"a,b\r\n1,2\r\n\"x\ny\",3\r\n4\r\n"),
        "line 5: 1 field where the header has 2"
    );
    assert_eq!(
        fault(b"a,b\n1,2,3\n"),
        "line 2: 3 fields where the header has 2"
    );
    assert_eq!(
        fault(b"a,b\n1,2\n1,caf\xe9\n"),
        "line 3: not UTF-8 (byte 0xe9 at offset 13)"
    );
    assert_eq!(
        fault(b"\xef\xbb\xbfa,\xe9\n"),
        "line 1: not UTF-8 (byte 0xe9 at offset 5)"
    );
    assert_eq!(
        fault(b"a,b\n1,2\n3,\"x\n4,5\n"),
        "line 3: the quote that opens here never closes"
    );
    assert_eq!(
        fault(b"\n\r\n"),
        "no header: there is nothing in it but line ends"
    );
    assert_eq!(fault(b"\xff\xfea\0\n\0"), "not UTF-8 but UTF-16");
}

#[test]
fn the_first_fault_is_told() {
    assert!(fault(b"a,b\n1\n\xff,2\n").starts_with("line 2: 1 field "));
    assert!(fault(b"a,b\n\xff,2\n1\n").starts_with("line 2: not UTF-8"));
    assert!(fault(b"a,b\n1\n2,\"").starts_with("line 2: 1 field "));
}

#[test]
fn a_header_alone_is_a_table_of_no_rows() {
    let table = profile_bytes(b"a,b", 1).unwrap();
    assert_eq!(table.rows, 0);
    assert_eq!(table.columns[1].name, "b");
    assert_eq!(table.columns[1].type_, ColumnType::Empty);
}

#[test]
fn a_disk_that_fails_on_the_way_is_told() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let mut start = b"a,b\n".to_vec();
    start.extend(b"1,2\n".repeat(20_000));
    let reader = start.as_slice().chain(Failing);
    let fault = profile(reader, "x.csv", sizes(1000), &|_| ()).unwrap_err();
    assert_eq!(fault.to_string(), "cannot be read: the disk is gone");
}
