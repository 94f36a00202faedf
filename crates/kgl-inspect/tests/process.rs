//! The program, run as a process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use kgl_contract::{ColumnKind, ColumnProfile, ColumnType, FileKind, Inspection, parse_document};
use kgl_testkit::process::{self, Finished};
use kgl_testkit::skip;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kgl-inspect");

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn run(data: &Path, more: &[&str]) -> Finished {
    let data = data.to_str().unwrap();
    process::run(PROGRAM, &[&["--data", data], more].concat(), b"")
}

fn inspect(data: &Path) -> Inspection {
    let done = run(data, &["--quiet"]);
    done.assert_code(0);
    assert_eq!(done.stderr_text(), "", "--quiet");
    parse_document(&done.stdout).unwrap()
}

#[track_caller]
fn is_refused(done: &Finished, message: &str) {
    done.assert_code(2);
    assert!(
        done.stderr_text().contains(message),
        "{}",
        done.stderr_text()
    );
    assert_eq!(done.stdout_text(), "");
}

/// A small competition with something of everything.
fn competition() -> TempDir {
    folder(&[
        (
            "train.csv",
            b"id,when,score,note,fair,y\n\
              7,2024-01-31,0.5,\"two\nlines, quoted\",yes,1\n\
              8,2024-02-01,-1e3,,no,0\n\
              9,,nan,caf\xc3\xa9,yes,1\n",
        ),
        (
            "test.csv",
            b"\xef\xbb\xbfid,when,score\r\n10,2024-03-01,2\r\n11,2024-03-02,3\r\n",
        ),
        ("sample_submission.csv", b"id,y\n10,0\n11,0\n"),
        (
            "more/codes.tsv",
            b"code\tname\n007\tBond; James\n008\tBill\n",
        ),
        ("more/decimal.csv", b"a;b\n1,5;2,5\n"),
        ("images/a.png", b"\x89PNG\r\n\x1a\n...."),
        ("images/b.png", b"\x89PNG\r\n\x1a\n...."),
        ("images/c.png", b"\x89PNG\r\n\x1a\n...."),
        ("read.me", b"hello\n"),
        (".hidden/secret.csv", b"a,b\n1,2\n"),
        ("broken/empty.csv", b""),
        ("broken/latin.csv", b"a,b\n1,caf\xe9\n"),
        ("broken/cut.csv", b"a,b\n1,2\n3,\"never closed\n4,5\n"),
        ("broken/ragged.csv", b"a,b\n1,2\n3\n"),
        ("broken/packed.csv.gz", b"\x1f\x8b\x08\0"),
    ])
}

#[test]
fn a_folder_gives_the_same_document_to_the_byte() {
    let folder = competition();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/competition.json");
    let done = run(folder.path(), &[]);
    done.assert_code(0);
    if std::env::var_os("KGL_BLESS").is_some() {
        fs::write(&golden, &done.stdout).unwrap();
    }
    assert_eq!(done.stdout_text(), fs::read_to_string(golden).unwrap());
    let mut from_within = Command::new(PROGRAM);
    from_within.args(["--data", "."]).current_dir(folder.path());
    assert_eq!(
        process::finish(&mut from_within, b"").stdout_text(),
        done.stdout_text()
    );
}

#[test]
fn a_summary_tells_people_what_there_is() {
    let folder = competition();
    let done = run(folder.path(), &[]);
    assert_eq!(
        done.stderr_text(),
        "\
table                  rows  columns   size
more/codes.tsv            2        2   35 B
more/decimal.csv          1        2   12 B
sample_submission.csv     2        2   15 B
test.csv                  2        3   52 B
train.csv                 3        6  112 B

files: 8 tables (275 B), 3 images (36 B), 1 archive (4 B), 1 text file (6 B), 1 empty file
  in broken: 3 tables (49 B), 1 archive (4 B), 1 empty file
  in images: 3 images (36 B)
  in more: 2 tables (47 B)
submission: 2 rows as in sample_submission.csv; id id; predict y
task: one of several classes a row, by name; learn from train.csv, answers in y
not learned: broken/cut.csv: line 3: the quote that opens here never closes
  next: close the quote; if the file ends early, download it again
not learned: broken/empty.csv: empty: it has no bytes at all
  next: download the file again
not learned: broken/latin.csv: line 2: not UTF-8 (byte 0xe9 at offset 9)
  next: convert it, for instance from Latin-1: iconv -f ISO-8859-1 -t UTF-8
not learned: broken/packed.csv.gz: cannot be read: unexpected end of file
  next: download the file again
not learned: broken/ragged.csv: line 3: 1 field where the header has 2
  next: look at that line: a field that holds the separator needs quotes around it
"
    );
    let columns = run(folder.path(), &["--verbose"]).stderr_text();
    assert!(
        columns.contains("\nwhen    date           1         2  from 2024-01-31 to 2024-02-01\n"),
        "{columns}"
    );
}

#[test]
fn the_document_is_the_same_for_any_number_of_workers() {
    let mut big = b"id,text,number\n".to_vec();
    for i in 0..90_000_u32 {
        let number = f64::from(i * 7919 % 90_001) / 8.0;
        big.extend(format!("{i},\"row {i}\n of \"\"many\"\"\",{number}\n").bytes());
    }
    let folder = competition();
    fs::write(folder.path().join("big.csv"), &big).unwrap();
    let one = run(folder.path(), &["--workers", "1"]);
    let table = parse_document::<Inspection>(&one.stdout)
        .unwrap()
        .tables
        .swap_remove(0);
    assert_eq!((table.path.as_str(), table.rows), ("big.csv", 90_000));
    assert!(big.len() > 3 << 20, "several blocks");
    for workers in ["2", "8"] {
        let many = run(folder.path(), &["--workers", workers]);
        assert_eq!(many.stdout, one.stdout, "{workers} workers");
    }
}

#[test]
fn the_order_in_which_files_appeared_does_not_matter() {
    let files: &[(&str, &[u8])] = &[
        ("b/x.csv", b"a\n1\n"),
        ("b.csv", b"a\n1\n"),
        ("a/z.txt", b"z"),
        ("B.csv", b"a\n1\n"),
    ];
    let mut backwards = files.to_vec();
    backwards.reverse();
    let one = folder(files);
    let other = folder(&backwards);
    assert_eq!(run(one.path(), &[]).stdout, run(other.path(), &[]).stdout);
    let paths: Vec<String> = inspect(one.path())
        .files
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert_eq!(paths, ["B.csv", "a/z.txt", "b.csv", "b/x.csv"]);
}

#[test]
fn the_document_may_be_written_into_the_folder_itself() {
    let folder = folder(&[("train.csv", b"id,y\n1,2\n")]);
    let out = folder.path().join("inspection.json");
    let first = run(folder.path(), &["--out", out.to_str().unwrap()]);
    first.assert_code(0);
    assert_eq!(first.stdout_text(), "");
    let bytes = fs::read(&out).unwrap();
    run(folder.path(), &["--out", out.to_str().unwrap()]).assert_code(0);
    assert_eq!(fs::read(&out).unwrap(), bytes);
}

#[test]
fn links_pipes_and_odd_files_are_told_of_and_not_opened() {
    let outside = folder(&[("secret.csv", b"a\n1\n")]);
    let folder = folder(&[("train.csv", b"id,y\n1,2\n"), ("nul.csv", b"a\0b\n")]);
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    };
    link(&outside.path().join("secret.csv"), "link.csv");
    link(folder.path(), "circle");
    let pipe = folder.path().join("pipe.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let inspection = inspect(folder.path());
    let unlearned: Vec<&str> = inspection
        .unlearned
        .iter()
        .map(|u| u.what.as_str())
        .collect();
    assert_eq!(
        unlearned,
        ["circle", "link.csv", "nul.csv", "pipe.csv", "submission"]
    );
    let kinds: Vec<FileKind> = inspection.files.iter().map(|file| file.kind).collect();
    assert_eq!(kinds, [FileKind::Binary, FileKind::Table]);
    let document = run(folder.path(), &[]).stdout_text();
    assert!(
        !document.contains(outside.path().to_str().unwrap()),
        "no path outside the folder"
    );
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// Everything of a table but its path.
fn columns(inspection: &Inspection, path: &str) -> (u64, Vec<ColumnProfile>) {
    let table = inspection.tables.iter().find(|table| table.path == path);
    let table = table.unwrap_or_else(|| panic!("no {path}: {:?}", inspection.unlearned));
    (table.rows, table.columns.clone())
}

#[test]
fn packed_tables_and_lines_of_json_are_as_the_plain_table() {
    let plain = b"id,word,weight\n1,a,0.5\n2,b,\n3,a,1.5\n";
    let lines = b"{\"id\": 1, \"word\": \"a\", \"weight\": 0.5}\n{\"id\": 2, \"word\": \"b\", \"weight\": null}\n\
        {\"id\": 3, \"word\": \"a\", \"weight\": 1.5}\n";
    let folder = folder(&[
        ("train.csv", plain),
        ("packed.csv.gz", &gzipped(plain)),
        ("lines.jsonl", lines),
        ("lines.json", lines),
        ("lines.ndjson.gz", &gzipped(lines)),
        ("one.json", b"{\n\"a\": 1}\n"),
    ]);
    let zip = std::process::Command::new("python3")
        .current_dir(folder.path())
        .args(["-m", "zipfile", "-c", "alone.csv.zip", "train.csv"])
        .status();
    let zip = zip.is_ok_and(|status| status.success());
    let inspection = inspect(folder.path());
    let expected = columns(&inspection, "train.csv");
    for path in [
        "packed.csv.gz",
        "lines.jsonl",
        "lines.json",
        "lines.ndjson.gz",
    ] {
        assert_eq!(columns(&inspection, path), expected, "{path}");
    }
    if skip::have("python3", zip, "python3 makes the zip file") {
        assert_eq!(columns(&inspection, "alone.csv.zip"), expected);
    }
    assert_eq!(inspection.tables.len(), if zip { 6 } else { 5 });
}

#[test]
fn of_parquet_the_schema_is_told() {
    // DuckDB 2.0 wrote it: 100 rows, of `word` every fourth missing.
    let parquet = include_bytes!("fixtures/duckdb.parquet");
    let folder = folder(&[
        ("train.parquet", parquet),
        ("cut.parquet", &parquet[..parquet.len() - 20]),
    ]);
    let inspection = inspect(folder.path());
    let (rows, columns) = columns(&inspection, "train.parquet");
    assert_eq!(rows, 100);
    let kinds: Vec<(&str, ColumnKind)> = columns
        .iter()
        .map(|column| (column.name.as_str(), column.kind.unwrap()))
        .collect();
    let expected = [
        ("id", ColumnKind::Integer),
        ("weight", ColumnKind::Real),
        ("word", ColumnKind::Text),
        ("day", ColumnKind::Date),
        ("even", ColumnKind::Boolean),
        ("pair", ColumnKind::List),
        ("price", ColumnKind::Real),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(columns[2].missing, 25);
    let range = columns[0].range.as_ref().unwrap();
    assert_eq!(
        (range.min.as_i64(), range.max.as_i64()),
        (Some(1), Some(100))
    );
    let told: Vec<&str> = inspection
        .unlearned
        .iter()
        .map(|one| one.what.as_str())
        .collect();
    assert_eq!(told, ["cut.parquet", "submission", "train.parquet"]);
}

#[test]
fn leaks_are_worth_a_look() {
    // Sorted by the answer; a tenth of the test rows are training rows.
    let row = |i: usize| format!("{},{}", (i * 7919) % 1000, (i * 31) % 997);
    let train: String = (0..600)
        .map(|i| format!("{i},{},{}\n", row(i), i / 200))
        .collect();
    let test: String = (0..200)
        .map(|i| format!("{},{}\n", 600 + i, row(if i < 20 { i } else { 600 + i })))
        .collect();
    let sample: String = (600..800).map(|i| format!("{i},0\n")).collect();
    let folder = folder(&[
        ("train.csv", format!("id,a,b,y\n{train}").as_bytes()),
        ("test.csv", format!("id,a,b\n{test}").as_bytes()),
        (
            "sample_submission.csv",
            format!("id,y\n{sample}").as_bytes(),
        ),
    ]);
    let notices = inspect(folder.path()).notices;
    let seen: Vec<String> = notices
        .iter()
        .map(|notice| format!("{}: {}", notice.what, notice.seen))
        .collect();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(
        seen[0].starts_with("train.csv: y: it follows the order of the rows"),
        "{seen:?}"
    );
    assert!(
        seen[1].starts_with("test.csv: 10.0 % of its rows are in train.csv too"),
        "{seen:?}"
    );
}

#[test]
fn a_name_that_is_not_utf8_is_told_of() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = folder(&[("train.csv", b"id,y\n1,2\n")]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.csv");
    fs::write(folder.path().join(name), "a\n1\n").unwrap();
    let inspection = inspect(folder.path());
    assert_eq!(inspection.tables[0].path, "caf\u{fffd}.csv");
    assert_eq!(inspection.unlearned[0].what, "caf\u{fffd}.csv");
}

#[test]
fn an_unreadable_table_does_not_stop_the_inspection() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder(&[("a.csv", b"id,y\n1,2\n"), ("b.csv", b"id,y\n1,2\n")]);
    let locked = folder.path().join("a.csv");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if !skip::have(
        "non-root",
        fs::read(&locked).is_err(),
        "root reads every file",
    ) {
        return;
    }
    let inspection = inspect(folder.path());
    assert_eq!(inspection.tables[0].path, "b.csv");
    assert_eq!(inspection.unlearned[0].what, "a.csv");
    assert_eq!(
        inspection.unlearned[0].reason,
        "cannot be read: Permission denied (os error 13)"
    );
}

#[test]
fn an_empty_folder_is_no_failure() {
    let folder = folder(&[]);
    let inspection = inspect(folder.path());
    assert!(inspection.files.is_empty());
    assert_eq!(inspection.unlearned[0].what, "files");
}

#[test]
fn no_folder_is_bad_usage() {
    let folder = folder(&[("train.csv", b"a\n1\n")]);
    let missing = folder.path().join("missing");
    is_refused(&run(&missing, &[]), "missing: No such file or directory");
    let file = folder.path().join("train.csv");
    is_refused(&run(&file, &[]), "train.csv is a file, not a folder");
}

#[test]
fn nothing_given_is_the_help() {
    is_refused(
        &process::run(PROGRAM, &[""; 0], b""),
        "Usage: kgl-inspect SLUG",
    );
    is_refused(
        &process::run(PROGRAM, &["-v"], b""),
        "name a competition, or a folder: --data DIR",
    );
    is_refused(
        &process::run(PROGRAM, &["--data", "b", "--download"], b""),
        "required arguments were not provided",
    );
}

#[test]
fn a_full_disk_is_told_and_a_closed_pipe_is_not() {
    let folder = folder(&[("train.csv", b"id,y\n1,2\n")]);
    let tool = || {
        let mut tool = Command::new(PROGRAM);
        tool.arg("--quiet")
            .arg("--data")
            .arg(folder.path())
            .stderr(Stdio::piped());
        tool
    };
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let done = tool().stdout(full).output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&done.stderr).contains("cannot write to stdout"));

    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let done = tool().stdout(writer).output().unwrap();
    assert_eq!(
        (done.status.code(), done.stderr.as_slice()),
        (Some(0), b"".as_slice())
    );

    let nowhere = run(folder.path(), &["--out", "/dev/null/x/inspection.json"]);
    nowhere.assert_code(3);
    assert!(
        nowhere
            .stderr_text()
            .contains("cannot write /dev/null/x/inspection.json")
    );
}

#[test]
fn real_data_is_what_its_page_says() {
    let Some(data) = skip::data_dir() else {
        return;
    };
    let types = |inspection: &Inspection, path: &str| -> Vec<ColumnType> {
        let table = inspection
            .tables
            .iter()
            .find(|table| table.path == path)
            .unwrap();
        table.columns.iter().map(|column| column.type_).collect()
    };
    let rows = |inspection: &Inspection| -> Vec<(String, u64)> {
        let tables = inspection.tables.iter();
        tables
            .map(|table| (table.path.clone(), table.rows))
            .collect()
    };
    use ColumnType::{Date, Integer, Real, Text};

    let rna = inspect(&data.join("rna3d-part1"));
    let expected = [
        ("sample_submission.csv", 2_515),
        ("train_labels.csv", 28_230),
        ("train_sequences.csv", 844),
        ("validation_sequences.csv", 12),
    ];
    assert_eq!(
        rows(&rna),
        expected.map(|(path, rows)| (path.to_owned(), rows))
    );
    assert_eq!(
        types(&rna, "train_labels.csv"),
        [Text, Text, Integer, Real, Real, Real]
    );
    assert_eq!(
        types(&rna, "train_sequences.csv"),
        [Text, Text, Date, Text, Text]
    );
    assert_eq!(
        types(&rna, "validation_sequences.csv"),
        [Text, Text, Date, Text, Text]
    );
    let shape = rna.submission.unwrap();
    assert_eq!((shape.id_column.as_str(), shape.rows), ("ID", 2_515));
    assert_eq!(shape.copied_columns, ["resname", "resid"]);
    assert_eq!(shape.target_columns.len(), 15);
    assert_eq!(shape.target_columns[..3], ["x_1", "y_1", "z_1"]);
    assert_eq!(rna.unlearned, []);

    let jaguar = inspect(&data.join("jaguar-re-id"));
    let expected = [("sample_submission.csv", 137_270), ("train.csv", 1_895)];
    assert_eq!(
        rows(&jaguar),
        expected.map(|(path, rows)| (path.to_owned(), rows))
    );
    assert_eq!(types(&jaguar, "sample_submission.csv"), [Integer, Real]);
    assert_eq!(types(&jaguar, "train.csv"), [Text, Text]);
    let shape = jaguar.submission.unwrap();
    assert_eq!((shape.id_column.as_str(), shape.rows), ("row_id", 137_270));
    assert!(shape.copied_columns.is_empty());
    assert_eq!(shape.target_columns, ["similarity"]);
    let identities = &jaguar.tables[1].columns[1];
    assert_eq!(
        (identities.distinct_estimate, identities.distinct_exact),
        (31, true)
    );
}
