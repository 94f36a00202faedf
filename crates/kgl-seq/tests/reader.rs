//! Files of sequences, good and bad, as bytes.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use flate2::Compression;
use flate2::write::GzEncoder;
use kgl_seq::{Columns, Group, ReadError, Record, decode, read, read_bytes, read_path};
use proptest::prelude::*;
use std::io::Write as _;
use std::path::Path;

fn columns() -> Columns {
    Columns {
        id: "id".into(),
        sequence: "seq".into(),
        date: None,
        group: None,
    }
}

fn all_columns() -> Columns {
    let group = Group {
        column: "id".into(),
        until: Some("_".into()),
    };
    Columns {
        date: Some("day".into()),
        group: Some(group),
        ..columns()
    }
}

fn parse(text: impl AsRef<[u8]>, columns: &Columns) -> Result<Vec<Record>, ReadError> {
    read_bytes(text.as_ref(), "t.csv", columns)
}

#[track_caller]
fn message(text: impl AsRef<[u8]>, columns: &Columns) -> String {
    parse(text, columns).unwrap_err().to_string()
}

fn summary(records: &[Record]) -> Vec<(String, String, u64)> {
    records
        .iter()
        .map(|r| (r.id.clone(), decode(&r.sequence), r.line))
        .collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn csv_gives_every_role() {
    let text = "day,id,note,seq\n\
                2001-02-03,1SCL_A,\"two\nlines, \"\"quoted\"\"\",acgt\n\
                ,4X_B_C,,\n";
    let records = parse(text, &all_columns()).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].id, "1SCL_A");
    assert_eq!(records[0].sequence, [0, 1, 2, 3]);
    assert_eq!(records[0].date.unwrap().to_string(), "2001-02-03");
    assert_eq!(records[0].group.as_deref(), Some("1SCL"));
    assert_eq!(records[0].line, 2);
    assert_eq!(records[1].group.as_deref(), Some("4X"));
    assert_eq!(
        (records[1].date, records[1].sequence.len(), records[1].line),
        (None, 0, 4)
    );
}

#[test]
fn a_group_is_the_text_before_the_first_mark() {
    for (until, expected) in [
        (Some("_"), "ab"),
        (Some("_c"), "ab"),
        (Some("x"), "ab_c_d"),
        (Some(""), "ab_c_d"),
        (None, "ab_c_d"),
    ] {
        let group = Group {
            column: "id".into(),
            until: until.map(str::to_owned),
        };
        let columns = Columns {
            group: Some(group),
            ..columns()
        };
        let records = parse("id,seq\nab_c_d,A\n", &columns).unwrap();
        assert_eq!(records[0].group.as_deref(), Some(expected), "{until:?}");
    }
}

#[test]
fn lines_are_those_where_records_begin() {
    let text = "id,seq,note\n\na,A,\"1\n2\n3\"\r\n\r\n\nb,C,\nc,G,\"x\"";
    let lines: Vec<u64> = parse(text, &columns())
        .unwrap()
        .iter()
        .map(|r| r.line)
        .collect();
    assert_eq!(lines, [3, 8, 9]);
}

#[test]
fn byte_order_marks_and_carriage_returns_are_taken() {
    let records = parse("\u{feff}id,seq\r\na,ACG\r\n", &columns()).unwrap();
    assert_eq!(summary(&records), [("a".into(), "ACG".into(), 2)]);
    let records = parse("\u{feff}>a\r\nACG\r\n", &columns()).unwrap();
    assert_eq!(summary(&records), [("a".into(), "ACG".into(), 1)]);
}

#[test]
fn fasta_joins_lines_and_takes_the_first_word() {
    let text = "\n>1ABC_A some words\nACG\n\nu u\n".replace("u u", "uu") + ">b\n>c\t x\nN-\n";
    let records = parse(text, &columns()).unwrap();
    let expected = [("1ABC_A", "ACGUU", 2), ("b", "", 6), ("c", "NN", 7)];
    assert_eq!(
        summary(&records),
        expected.map(|(id, seq, line)| (id.into(), seq.into(), line))
    );
    let group = Some(Group {
        column: "id".into(),
        until: Some("_".into()),
    });
    let records = parse(">1ABC_A\nA\n", &Columns { group, ..columns() }).unwrap();
    assert_eq!(records[0].group.as_deref(), Some("1ABC"));
}

#[test]
fn the_format_is_told_from_the_content() {
    for text in ["id,seq\na,ACG\n", "  \n>a\nACG\n"] {
        let plain = parse(text, &columns()).unwrap();
        assert_eq!(plain, parse(gzip(text.as_bytes()), &columns()).unwrap());
        let halves = [gzip(&text.as_bytes()[..5]), gzip(&text.as_bytes()[5..])].concat();
        assert_eq!(plain, parse(halves, &columns()).unwrap());
        assert_eq!(plain, read(text.as_bytes(), "-", &columns()).unwrap());
    }
}

#[test]
fn a_header_alone_has_no_records() {
    assert_eq!(parse("id,seq\n", &columns()).unwrap(), []);
}

#[test]
fn long_sequences_are_read_whole() {
    let sequence = "ACGU".repeat(125_580 / 4);
    let records = parse(format!("id,seq\na,{sequence}\n"), &columns()).unwrap();
    assert_eq!(decode(&records[0].sequence), sequence);
    let lines: Vec<&str> = sequence
        .as_bytes()
        .chunks(80)
        .map(|c| str::from_utf8(c).unwrap())
        .collect();
    let records = parse(format!(">a\n{}\n", lines.join("\n")), &columns()).unwrap();
    assert_eq!(decode(&records[0].sequence), sequence);
}

#[test]
fn bad_files_are_named_with_place_and_remedy() {
    let none = columns();
    let dated = Columns {
        date: Some("day".into()),
        ..columns()
    };
    let rule = "a sequence is written in A C G U (or T), IUPAC codes, X, - . and *";
    let cut =
        "a quoted field opens here and never closes; the file is cut short or a quote is missing";
    for (text, columns, expected) in [
        ("", &none, "t.csv: empty; a file of sequences holds CSV with a header, or FASTA".to_owned()),
        (" \n\n", &none, "t.csv: empty; a file of sequences holds CSV with a header, or FASTA".into()),
        ("\u{feff}", &none, "t.csv: empty; a file of sequences holds CSV with a header, or FASTA".into()),
        ("\nname,seq\n", &none, "t.csv, line 2: no column `id`; the header has: name, seq".into()),
        ("id,seq\na,A\n", &dated, "t.csv, line 1: no column `day`; the header has: id, seq".into()),
        ("id,seq,id\n", &none, "t.csv, line 1: column `id` appears twice; rename one of them".into()),
        ("id,seq\na,A\nb,\"C\nG", &none, format!("t.csv, line 3: {cut}")),
        ("id,seq\na,\"A\nb,C\nc,G\n", &none, format!("t.csv, line 2: {cut}")),
        ("id,seq\na,A\n\nb\n", &none, "t.csv, line 4: 1 fields where the header has 2".into()),
        ("id,seq\na,A,C\n", &none, "t.csv, line 2: 3 fields where the header has 2".into()),
        ("id,seq\na,A\n,C\n", &none, "t.csv, line 3: the id is empty; give every record an id of its own".into()),
        ("id,seq\na,A\nb,C\na,G\n", &none, "t.csv, line 4: id `a` is already that of line 2; rename one of them".into()),
        ("id,seq\na,AC!G\n", &none, format!("t.csv, line 2: sequence of `a`: character '!' at position 3; {rule}")),
        ("id,seq,day\na,A,2022-02-30\n", &dated, "t.csv, line 2: date of `a`: `2022-02-30` is not a date; write a day that exists as yyyy-mm-dd".into()),
        (">a\nAC\nG;\n", &none, format!("t.csv, line 3: sequence of `a`: character ';' at position 4; {rule}")),
        (">a\nA\n> \nC\n", &none, "t.csv, line 3: the id is empty; give every record an id of its own".into()),
        (">a x\nA\n>a y\nC\n", &none, "t.csv, line 3: id `a` is already that of line 1; rename one of them".into()),
        (">a\nA\n", &dated, "t.csv: FASTA has no column `day`, only ids and sequences; give a CSV file that has it, or leave the date out".into()),
    ] {
        assert_eq!(message(text, columns), expected, "{text:?}");
    }
    let group = Some(Group {
        column: "family".into(),
        until: None,
    });
    let found = message(">a\nA\n", &Columns { group, ..columns() });
    assert!(found.ends_with("or leave the group out"), "{found}");
}

#[test]
fn bytes_that_are_no_text_are_counted() {
    let found = message(b"id,seq\na,A\nb,\xffC\n", &columns());
    assert_eq!(
        found,
        "t.csv, byte 14 (line 3): not UTF-8; save the file as UTF-8"
    );
    let found = message(b"\xef\xbb\xbfid\xe9", &columns());
    assert_eq!(
        found,
        "t.csv, byte 6 (line 1): not UTF-8; save the file as UTF-8"
    );
}

#[test]
fn damaged_gzip_is_no_end_of_file() {
    let whole = gzip("id,seq\na,ACGACGUUGACUAGUC\n".as_bytes());
    for bytes in [
        &whole[..whole.len() - 9],
        &whole[..whole.len() - 1],
        &whole[..5],
    ] {
        let found = message(bytes, &columns());
        assert!(found.starts_with("t.csv: damaged gzip data: "), "{found}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().join("none.csv"), dir.path().to_path_buf()] {
        let found = read_path(&path, &columns()).unwrap_err().to_string();
        assert!(
            found.starts_with(&format!("{}: cannot be read: ", path.display())),
            "{found}"
        );
    }
    let path = dir.path().join("named.fasta");
    std::fs::write(&path, "id,seq\na,A\n").unwrap();
    assert_eq!(read_path(&path, &columns()).unwrap().len(), 1);
}

#[test]
fn real_files_are_read_whole() {
    let Some(data) = kgl_data() else { return };
    let columns = Columns {
        id: "target_id".into(),
        sequence: "sequence".into(),
        date: Some("temporal_cutoff".into()),
        group: Some(Group {
            column: "target_id".into(),
            until: Some("_".into()),
        }),
    };
    for (name, count) in [
        ("train_sequences.csv", 844),
        ("validation_sequences.csv", 12),
    ] {
        let path = Path::new(&data).join("rna3d-part1").join(name);
        let text = std::fs::read(&path).unwrap();
        let records = read_path(&path, &columns).unwrap();
        assert_eq!(records.len(), count);
        let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        for record in &records {
            let line = lines[usize::try_from(record.line).unwrap() - 1];
            assert!(
                line.starts_with(format!("{},", record.id).as_bytes()),
                "{record:?}"
            );
            assert!(
                record.date.is_some() && record.id.starts_with(record.group.as_deref().unwrap())
            );
        }
    }
}

fn kgl_data() -> Option<std::path::PathBuf> {
    kgl_testkit::skip::data_dir()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No bytes make the reader panic, and cutting a good file anywhere never
    /// yields a record that the whole file does not begin with, but for the
    /// last one, which a cut can shorten.
    #[test]
    fn cut_files_never_invent_records(cut in 0..80usize) {
        let text = "id,seq,note\na,ACGU,\"x, \"\"y\"\"\nz\"\nb,GGG,\nc,\"UU\",\"\n\"\n";
        let whole = parse(text, &columns()).unwrap();
        let cut = cut.min(text.len());
        if let Ok(records) = parse(&text[..cut], &columns()) {
            let sure = records.len().saturating_sub(1);
            prop_assert_eq!(&records[..sure], &whole[..sure]);
        }
    }

    #[test]
    fn any_bytes_give_records_or_a_message(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = parse(&bytes, &columns()).map_err(|error| error.to_string());
        let _ = parse([b"id,seq\n", bytes.as_slice()].concat(), &columns());
        let _ = parse([b">a\n", bytes.as_slice()].concat(), &columns());
        let _ = parse([b"\x1f\x8b", bytes.as_slice()].concat(), &columns());
    }

    #[test]
    fn what_is_written_is_read(
        rows in prop::collection::vec(("[a-z\",\n_]{1,6}", "[ACGUN]{0,9}"), 0..8),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "seq"]).unwrap();
        for (at, (id, seq)) in rows.iter().enumerate() {
            writer.write_record([&format!("{id}{at}"), seq]).unwrap();
        }
        let records = parse(writer.into_inner().unwrap(), &columns()).unwrap();
        let expected: Vec<(String, String)> =
            rows.iter().enumerate().map(|(at, (id, seq))| (format!("{id}{at}"), seq.clone())).collect();
        let found: Vec<(String, String)> =
            records.iter().map(|r| (r.id.clone(), decode(&r.sequence))).collect();
        prop_assert_eq!(found, expected);
    }
}
