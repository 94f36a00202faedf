//! The binary as a process: documents, verdicts, exit codes, bad input.

#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use kgl_contract::{SubmissionCheck, parse_document};
use tempfile::TempDir;

const SAMPLE: &str = "id,p,q\na,0,0\nb,0,0\nc,0,0\n";
const VALID: &str = "id,p,q\na,0.1,1\nb,0.2,2\nc,0.3,3\n";
const REQUEST: &str = r#"{"schema":"kgl.submission-request/1","competition":"toy",
    "submission":"submission.csv","sample":"sample.csv","ranges":[{"columns":"p","min":0,"max":1}]}"#;

/// A folder with a sample, a submission and a request.
fn folder(submission: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sample.csv"), SAMPLE).unwrap();
    fs::write(folder.path().join("submission.csv"), submission).unwrap();
    fs::write(folder.path().join("request.json"), REQUEST).unwrap();
    folder
}

fn tool(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kgl-submit"));
    command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    tool(folder, arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn document(output: &Output) -> SubmissionCheck {
    parse_document(&output.stdout).unwrap()
}

/// The errors and warnings of a submission, as `rule@line`.
fn faults(submission: impl AsRef<[u8]>) -> Vec<String> {
    let folder = folder(submission);
    let output = run(folder.path(), &["--check", "request.json"]);
    let check = document(&output);
    assert_eq!(
        output.status.code(),
        Some(i32::from(!check.valid)),
        "{}",
        stderr(&output)
    );
    assert_eq!(check.valid, check.errors.count == 0);
    let all = check.errors.first.iter().chain(&check.warnings.first);
    all.map(|fault| match fault.line {
        Some(line) => format!("{}@{line}", fault.rule),
        None => fault.rule.clone(),
    })
    .collect()
}

#[test]
fn a_valid_submission_gets_a_document_and_a_word() {
    let folder = folder(VALID);
    let output = run(folder.path(), &["--check", "request.json"]);
    assert_eq!(output.status.code(), Some(0));
    let expected = concat!(
        r#"{"competition":"toy","errors":{"count":0,"first":[]},"sample":{"path":"sample.csv","rows":3,"#,
        r#""sha256":"SAMPLE","size_bytes":25},"schema":"kgl.submission-check/1","#,
        r#""submission":{"path":"submission.csv","rows":3,"sha256":"SUBMISSION","size_bytes":31},"#,
        r#""valid":true,"warnings":{"count":0,"first":[]}}"#,
        "\n"
    );
    let digest = |text: &str| kgl_contract::Sha256::of(text.as_bytes()).to_string();
    let expected = expected
        .replace("SAMPLE", &digest(SAMPLE))
        .replace("SUBMISSION", &digest(VALID));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "submission.csv: valid, 3 rows\n"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("submission.csv")).unwrap(),
        VALID
    );
}

#[test]
fn an_invalid_one_is_told_with_place_and_remedy() {
    let folder = folder("id,p,q\nb,1.5,1\na,0.2,nan\n");
    let output = run(folder.path(), &["--check", "request.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "\
error: submission.csv, line 2, row `b`, column `p`: 1.5 is above the largest allowed, 1 [out-of-range]
error: submission.csv, line 3, row `a`: it comes after `b`, and before it in the sample: sort the rows as there [out-of-order]
error: submission.csv, line 3, row `a`, column `q`: `nan` is not a finite number: mend the prediction [non-finite]
error: submission.csv, row `c`: the sample's row is not there: add it [missing-row]
submission.csv: INVALID, 2 rows; 4 errors (missing-row 1, out-of-order 1, non-finite 1, out-of-range 1)
"
    );
    let check = document(&output);
    assert_eq!((check.errors.count, check.submission.rows), (4, 2));
    let first = &check.errors.first[0];
    assert_eq!(
        (first.line, first.id.as_deref(), first.column.as_deref()),
        (Some(2), Some("b"), Some("p"))
    );
}

#[test]
fn each_header_fault_has_its_name() {
    assert_eq!(faults("id,p\na,.1\nb,.2\nc,.3\n"), ["missing-column@1"]);
    assert_eq!(
        faults("id,p,q,r\na,.1,1,1\nb,.2,2,1\nc,.3,3,1\n"),
        ["extra-column@1"]
    );
    assert_eq!(
        faults("id,q,p\na,1,.1\nb,2,.2\nc,3,.3\n"),
        ["reordered-columns@1"]
    );
    assert_eq!(
        faults("id,p,q,p\na,.1,1,1\nb,.2,2,1\nc,.3,3,1\n"),
        ["repeated-column@1"]
    );
    assert_eq!(
        faults(VALID.replace("id,p,q", "Id,p, q")),
        ["renamed-column@1", "renamed-column@1"]
    );
    assert_eq!(faults(format!("\u{feff}{VALID}")), ["byte-order-mark@1"]);
    // A file without a header: nothing below it can be told apart.
    let headless = faults(VALID.replace("id,p,q\n", ""));
    assert!(
        headless.iter().any(|fault| fault == "missing-column@1"),
        "{headless:?}"
    );
}

#[test]
fn each_fault_of_the_text_has_its_name() {
    assert_eq!(faults(""), ["empty-file"]);
    assert_eq!(faults("\n\n"), ["empty-file"]);
    assert_eq!(faults("id,p,q\n"), ["missing-row"; 3]);
    assert_eq!(faults(VALID.replace('\n', "\r\n")), ["crlf@1"]);
    assert_eq!(faults(VALID.replace('\n', "\r")), ["crlf@1"]);
    assert_eq!(faults(format!("{VALID}\n")), ["blank-line@5"]);
    assert_eq!(faults(VALID.trim_end()), [""; 0]);
    assert_eq!(faults("id,p,q\na,.1,1\nb,.2\nc,.3,3\n"), ["ragged-row@3"]);
    assert_eq!(faults(VALID.replace("b,0.2", "b,\"0.2")), ["open-quote@3"]);
    assert_eq!(
        faults("id,p,q\na,.1,1\nb,.2,\"1\n2\nc,.3,3\n"),
        ["open-quote@3"]
    );
    assert_eq!(faults(VALID.replace("b,0.2", "\"b\",\"0.2\"")), [""; 0]);
    assert_eq!(
        faults(b"id,p,q\na,.1,1\nb,.2,\xff\nc,.3,3\n"),
        ["not-utf8@3", "not-a-number@3"]
    );
}

#[test]
fn each_fault_of_the_rows_has_its_name() {
    assert_eq!(faults("id,p,q\na,.1,1\nc,.3,3\n"), ["missing-row"]);
    assert_eq!(faults(format!("{VALID}d,0.5,1\n")), ["extra-row@5"]);
    assert_eq!(faults(format!("{VALID}a,0.5,1\n")), ["repeated-row@5"]);
    assert_eq!(
        faults("id,p,q\nb,.2,2\na,.1,1\nc,.3,3\n"),
        ["out-of-order@3"]
    );
    assert_eq!(
        faults("id,p,q\na,.1,1\n B,.2,2\nc,.3,3\n"),
        ["id-spelling@3"]
    );
}

#[test]
fn each_fault_of_a_column_has_its_name() {
    assert_eq!(faults(SAMPLE), ["nothing-predicted"]);
    assert_eq!(
        faults("id,p,q\na,0.0,0\nb,-0,0\nc,0,0e0\n"),
        ["nothing-predicted"]
    );
    assert_eq!(
        faults("id,p,q\na,.1,0\nb,.2,0\nc,.3,0\n"),
        ["sample-constant"]
    );
    assert_eq!(
        faults("id,p,q\na,.1,7\nb,.2,7\nc,.3,7\n"),
        ["constant-column"]
    );
    assert_eq!(
        faults("id,p,q\na,.1,7\nb,.1,7\nc,.1,7\n"),
        ["identical-rows"]
    );
    assert_eq!(
        faults("id,p,q\na,,7\nb,NA,8\nc,text,9\n"),
        ["empty-value@2", "empty-value@3", "not-a-number@4"]
    );
}

#[test]
fn the_first_twenty_are_told_and_all_are_counted() {
    let rows: String = (0..50)
        .map(|row| format!("x{row},0.{row},{row}\n"))
        .collect();
    let folder = folder(format!("{VALID}{rows}"));
    let output = run(folder.path(), &["--check", "request.json"]);
    let check = document(&output);
    assert_eq!((check.errors.count, check.errors.first.len()), (50, 20));
    assert_eq!(check.errors.first[19].line, Some(24));
    assert!(
        stderr(&output).contains("and 42 more errors"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_challenge_gives_sample_order_and_ranges() {
    let folder = folder("id,p,q\nb,.2,2\na,.1,1\nc,3,3\n");
    let challenge = r#"{"schema":"kgl.challenge/1","slug":"toy","name":"Toy","metric":{"name":"m","better":"higher"},
        "where":"local","submission":{"sample":"../sample.csv","order":"any","ranges":[{"columns":"p","max":1}]}}"#;
    fs::create_dir(folder.path().join("toy")).unwrap();
    fs::write(folder.path().join("toy/challenge.json"), challenge).unwrap();
    let given = [
        "--check",
        "--challenge",
        "toy/challenge.json",
        "--submission",
        "submission.csv",
    ];
    let output = run(folder.path(), &given);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let check = document(&output);
    assert_eq!(check.errors.first[0].rule, "out-of-range");
    assert_eq!(
        (check.errors.count, &*check.sample.path),
        (1, "../sample.csv")
    );
    // Another sample overrides it.
    fs::write(folder.path().join("other.csv"), "id,r\na,0\n").unwrap();
    let output = run(
        folder.path(),
        &[&given[..], &["--sample", "other.csv"]].concat(),
    );
    assert_eq!(document(&output).sample.path, "other.csv");
    assert!(stderr(&output).contains("the range of `p` covers no column"));
    // Without the section nothing is known.
    let bare = challenge
        .split(",\"submission\"")
        .next()
        .unwrap()
        .to_owned()
        + "}";
    fs::write(folder.path().join("toy/challenge.json"), bare).unwrap();
    let output = run(folder.path(), &given);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("--sample FILE"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_request_on_stdin_starts_from_the_base() {
    let folder = folder(VALID);
    let elsewhere = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    let mut child = tool(elsewhere.path(), &["--check", "--base", base])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(REQUEST.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn bad_input_is_named_and_nothing_changes() {
    let folder = folder(VALID);
    let path = folder.path();
    let refused = |arguments: &[&str], words: &str| {
        let output = run(path, arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(words), "{words:?} is not in {told}");
        assert!(output.stdout.is_empty());
    };
    refused(
        &["--check"],
        "empty: expected a kgl.submission-request/1 document",
    );
    refused(&["--check", "nowhere.json"], "cannot read nowhere.json");
    refused(&["--check", "--challenge", "c.json"], "--submission");
    refused(
        &["--check", "--challenge", "c.json", "--submission", "s.csv"],
        "cannot read c.json",
    );
    let write = |name: &str, bytes: &[u8]| fs::write(path.join(name), bytes).unwrap();
    let request = ["--check", "request.json"];
    for (bytes, words) in [
        (&b""[..], "sample.csv, line 1: empty"),
        (b"id,p\n", "sample.csv, line 1: a header and no rows"),
        (b"id,p,p\na,1,1\n", "line 1: column `p` is there twice"),
        (b"id,p\na,1\nb\n", "line 3: 1 fields, and the header has 2"),
        (b"id,p\na,1\nb,\"\n", "line 3: the quote"),
        (b"id,p\na,\xff\n", "line 2: byte 7 of the file is no UTF-8"),
        (b"\x1f\x8b\x08\x00", "cannot unpack sample.csv"),
    ] {
        write("sample.csv", bytes);
        refused(&request, words);
    }
    write("sample.csv", SAMPLE.as_bytes());
    write("submission.csv", b"PK\x03\x04zip");
    refused(&request, "bad zip file");
    fs::remove_file(path.join("submission.csv")).unwrap();
    refused(&request, "submission.csv");
    fs::create_dir(path.join("submission.csv")).unwrap();
    refused(&request, "not a file");
    write("request.json", &REQUEST.as_bytes()[..40]);
    refused(&request, "cut short at byte 40");
}

#[test]
fn packed_files_are_checked_as_what_is_in_them() {
    let packed = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let good = packed(VALID);
    let folder = folder(&good);
    fs::write(folder.path().join("sample.csv"), packed(SAMPLE)).unwrap();
    let output = run(folder.path(), &["--check", "request.json"]);
    let check = document(&output);
    assert_eq!((output.status.code(), check.submission.rows), (Some(0), 3));
    // What is told of the file is told of the bytes that would be sent.
    assert_eq!(check.submission.size_bytes, good.len() as u64);
    assert_eq!(check.submission.sha256, kgl_contract::Sha256::of(&good));
    assert_eq!(faults(packed("id,p,q\na,.1,1\nc,.3,3\n")), ["missing-row"]);
    assert_eq!(faults(&good[..good.len() - 9]), ["broken-packing"]);
}

#[test]
fn the_check_goes_to_a_file_or_says_why_not() {
    let folder = folder(VALID);
    let output = run(
        folder.path(),
        &["--check", "request.json", "--out", "new/check.json"],
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let written = fs::read(folder.path().join("new/check.json")).unwrap();
    assert!(parse_document::<SubmissionCheck>(&written).unwrap().valid);
    let output = run(
        folder.path(),
        &["--check", "request.json", "--out", "/dev/null/check.json"],
    );
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("cannot write /dev/null/check.json"));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = tool(folder.path(), &["--check", "request.json"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("cannot write to stdout"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_check_is_never_written_over_what_it_checks() {
    let folder = folder(VALID);
    for input in ["submission.csv", "sample.csv"] {
        let output = run(
            folder.path(),
            &["--check", "request.json", "--out", &format!("./{input}")],
        );
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("would overwrite"));
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        (&*read("submission.csv"), &*read("sample.csv")),
        (VALID, SAMPLE)
    );
}

#[test]
fn a_verbose_verdict_tells_all_that_the_document_holds() {
    let folder = folder("id,p,q\n".to_owned() + &"z,1,1\n".repeat(30));
    let told = |flags: &[&str]| {
        let output = run(
            folder.path(),
            &[&["--check", "request.json"], flags].concat(),
        );
        stderr(&output)
            .lines()
            .filter(|line| line.contains("[extra-row]"))
            .count()
    };
    assert_eq!((told(&[]), told(&["-v"]), told(&["-q"])), (8, 20, 0));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = folder(VALID);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = tool(folder.path(), &["--check", "-q", "request.json"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(0), String::new())
    );
}

/// A folder whose submission has the rows of its sample from the last to the first.
fn reversed(rows: usize) -> TempDir {
    let lines = |rows: &mut dyn Iterator<Item = usize>, value: &str| {
        let lines = rows.map(|row| format!("row{row},{value},{row}\n"));
        "id,p,q\n".to_owned() + &lines.collect::<String>()
    };
    let folder = folder(lines(&mut (0..rows).rev(), "0.5"));
    fs::write(folder.path().join("sample.csv"), lines(&mut (0..rows), "0")).unwrap();
    folder
}

#[test]
fn ids_that_memory_must_not_hold_go_to_the_folder_for_temporary_files() {
    let folder = reversed(3000);
    let check = |more: &[&str], place: &str| {
        let arguments = [&["--check", "request.json"], more].concat();
        let mut command = tool(folder.path(), &arguments);
        command.env("TMPDIR", place).output().unwrap()
    };
    fs::create_dir(folder.path().join("temporary")).unwrap();
    let on_disk = check(&["--memory", "0"], "temporary");
    assert_eq!(on_disk.status.code(), Some(1), "{}", stderr(&on_disk));
    assert_eq!(on_disk.stdout, check(&[], "temporary").stdout);
    let left = fs::read_dir(folder.path().join("temporary")).unwrap();
    assert_eq!(left.count(), 0);
    // In memory nobody needs the folder; on disk it is missed by name.
    assert_eq!(check(&[], "nowhere").status.code(), Some(1));
    let lost = check(&["--memory", "0"], "nowhere");
    assert_eq!(lost.status.code(), Some(3));
    let words = "the rows are in another order, and nowhere does not take the sample's ids";
    assert!(stderr(&lost).contains(words), "{}", stderr(&lost));
    assert!(lost.stdout.is_empty());
}

#[test]
fn a_full_disk_under_the_ids_is_the_outside_worlds_failure() {
    let folder = reversed(60_000);
    fs::create_dir(folder.path().join("small")).unwrap();
    // A small disk of its own, in a mount namespace of its own.
    let namespace = |script: &str| {
        let mut command = Command::new("unshare");
        let tool = env!("CARGO_BIN_EXE_kgl-submit");
        let mount = "mount -t tmpfs -o size=512k tmpfs small";
        command
            .current_dir(folder.path())
            .args(["-rm", "sh", "-c", &format!("{mount} && {script}"), "sh"])
            .arg(tool);
        command.stdin(Stdio::null()).output()
    };
    let can = namespace("true").is_ok_and(|output| output.status.success());
    if !kgl_testkit::skip::have("mount-namespace", can, "unshare -rm cannot mount here") {
        return;
    }
    let check = "TMPDIR=small exec \"$1\" --check --memory 1 --out check.json request.json";
    let output = namespace(check).unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let expected = "\
kgl-submit: the rows are in another order, and small does not take the sample's ids: No space left on device (os error 28)
  hint: free some room there, let TMPDIR name another folder, or allow more with --memory
";
    assert_eq!(stderr(&output), expected);
    assert!(!folder.path().join("check.json").exists());
}

#[test]
fn the_help_lists_every_rule() {
    let help = run(Path::new("/"), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).unwrap();
    for rule in kgl_submit::faults::Rule::ALL {
        assert!(help.contains(rule.name()), "{}", rule.name());
    }
    assert!(
        help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
}
