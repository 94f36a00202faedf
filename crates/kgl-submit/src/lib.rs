//! `kgl-submit`: a submission is checked against the competition's sample, sent
//! exactly once, and its score waited for.
//!
//! ```text
//! kgl-submit --check --challenge competitions/SLUG/challenge.json --submission submission.csv
//! kgl-submit --challenge competitions/SLUG/challenge.json --submission submission.csv -m TEXT
//! kgl-submit history --challenge competitions/SLUG/challenge.json --svg history.svg
//! ```
//!
//! Input: a `submission-request`, or a `challenge` and a file. Output: a
//! `submission-check` or a `submission-receipt` on stdout, the first faults and a
//! verdict on stderr, and a line in the ledger. Exit codes: 0 done, 1 a proper no,
//! 2 bad usage or an unreadable file, 3 the outside world failed. The submission
//! is only read.
//!
//! # The rules
//!
//! [`faults::Rule`] is the table: each rule has a name, is an error or a warning, and
//! says what it is about; the help prints it. An error is what the site refuses, or
//! scores as something else than was meant; a warning is what it takes but nobody means.
//!
//! What is wrong with the submission, down to its bytes, is a finding (exit 1);
//! what is wrong with the sample leaves nothing to check against (exit 2).
//!
//! # How
//!
//! ```text
//! columns   the sample is read once: names, numbers or text, given or to be predicted
//! rows      then beside the submission, row by row, in constant memory; ids that
//!           disagree bring in an index of the sample's ids, or, where it does not fit,
//!           partitions of them on disk and a second reading of the submission
//! watch     each value against what its column and its form say; each column as a whole at the end
//! faults    the first 20 of each severity, and a count
//! outbox    then: guard, keep a copy, send, wait, receipt
//! send      the states of a submission, and what settles them; knows only `site` and `clock`
//! ```
//!
//! `scripts/bench-submit.sh` times it: 2.06 GB (15 million rows) in the sample's order take
//! 17 to 23 s of one core and 14 MiB, both digests and the two readings of the sample of
//! 1.13 GB included, where DuckDB's `SUMMARIZE` of the submission alone takes 77 s and
//! 139 MiB. 20 million rows from the last to the first take 33 s and 73 MiB with partitions
//! on disk, 26 s and 1344 MiB with all ids in memory.

pub mod changes;
pub mod chart;
pub mod check;
pub mod cli;
pub mod clock;
pub mod columns;
pub mod correlation;
pub mod deploy;
pub mod digested;
pub mod faults;
pub mod forms;
pub mod guard;
pub mod history;
pub mod index;
pub mod kaggle;
pub mod labels;
pub mod ledger;
pub mod medals;
pub mod outbox;
pub mod partitions;
mod plot;
pub mod provenance;
pub mod request;
pub mod room;
pub mod rows;
pub mod send;
pub mod site;
pub mod streams;
pub mod values;
pub mod verdict;
mod watch;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use kgl_cli::{Exit, Failure, Io, read_failure};
use kgl_contract::{CheckedFile, Sha256, SubmissionCheck, Tag};
use kgl_csv::{Packing, Unpacked, is_broken_packing};

use crate::check::{CheckError, Findings, Summary};
use crate::cli::{Arguments, Command};
use crate::faults::Rule;
use crate::request::{Named, Request};

/// Runs the tool.
///
/// # Errors
/// Bad usage, an unreadable file (exit 2), a failing disk (exit 3).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    match &arguments.command {
        Some(Command::History(options)) => return history::run(options, io),
        Some(Command::Deploy(options)) => return deploy::run(options, io),
        None => {}
    }
    let out = arguments.out.clone();
    let request = request::read(&arguments, io)?;
    if let Some(out) = &out {
        spare_the_inputs(out, &request)?;
    }
    let (check, counts) = check_request(&request)?;
    io.note(verdict::describe(&check, &counts, io.is_verbose()));
    if !arguments.check {
        if !check.valid {
            return Err(Failure::no("the submission is invalid: nothing was sent")
                .hint("mend what makes it, and look again with --check"));
        }
        return outbox::send(&arguments, &request, &check, io);
    }
    io.write_document(&check, out.as_deref())?;
    Ok(if check.valid { Exit::Done } else { Exit::No })
}

/// Refuses to write the check over what it checks.
fn spare_the_inputs(out: &Path, request: &Request) -> Result<(), Failure> {
    // A file that cannot be found is none of the inputs, or the check says so.
    let Ok(target) = out.canonicalize() else {
        return Ok(());
    };
    for input in [&request.submission, &request.sample] {
        if input.path.canonicalize().is_ok_and(|path| path == target) {
            return Err(Failure::usage(format_args!(
                "--out {} would overwrite what is to be checked",
                out.display()
            ))
            .hint("name another file"));
        }
    }
    Ok(())
}

/// Checks what a request names: the document, and how often each rule is broken.
pub(crate) fn check_request(
    request: &Request,
) -> Result<(SubmissionCheck, BTreeMap<Rule, u64>), Failure> {
    let findings = check_files(request)?;
    let counts = findings.found.counts().clone();
    Ok((to_document(request, findings), counts))
}

fn check_files(request: &Request) -> Result<Findings, Failure> {
    let sample = open(&request.sample)?;
    let submission = open(&request.submission)?;
    let packings = [sample.packing(), submission.packing()];
    let sample_name = &request.sample.path;
    let found = check::check(sample, submission, &request.rules, &request.room);
    let mut findings = found.map_err(|error| match error {
        CheckError::ReadSample(error) => unpack_failure(sample_name)(error),
        CheckError::ReadSubmission(error) => read_failure(&request.submission.path, error),
        CheckError::BrokenSample { .. } => Failure::usage(format_args!(
            "the sample {}, {error}",
            sample_name.display()
        ))
        .hint("fetch the competition's data again, or name the right file"),
        CheckError::Room { folder, error } => no_room(&folder, &error),
    })?;
    let files = [&request.sample, &request.submission];
    let summaries = [&mut findings.sample, &mut findings.submission];
    for ((named, summary), packing) in files.into_iter().zip(summaries).zip(packings) {
        // What is told of a file is told of its own bytes, packed as they are.
        if packing != Packing::Plain {
            let unreadable = |error| read_failure(&named.path, error);
            let file = File::open(&named.path).map_err(unreadable)?;
            let (sha256, size_bytes) = Sha256::of_reader(file).map_err(unreadable)?;
            (summary.sha256, summary.size_bytes) = (sha256, size_bytes);
        }
    }
    Ok(findings)
}

/// The failure for ids that found no place on disk.
fn no_room(folder: &Path, error: &std::io::Error) -> Failure {
    let context = format!(
        "the rows are in another order, and {} does not take the sample's ids",
        folder.display()
    );
    Failure::outside(format_args!("{context}: {error}"))
        .hint("free some room there, let TMPDIR name another folder, or allow more with --memory")
}

/// Opens a file, packed or not, and refuses what is none.
fn open(named: &Named) -> Result<Unpacked, Failure> {
    let path: &Path = &named.path;
    let unreadable = |error| read_failure(path, error);
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(
            Failure::usage(format_args!("cannot read {}: not a file", path.display()))
                .hint("a folder or a pipe cannot be checked: name the CSV file"),
        );
    }
    Unpacked::new(file).map_err(unpack_failure(path))
}

/// The failure for a file that could not be read, or not be unpacked.
fn unpack_failure(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    move |error| {
        if is_broken_packing(&error) {
            return Failure::usage(format_args!("cannot unpack {}: {error}", path.display()))
                .hint("unpack it yourself, or fetch it again");
        }
        read_failure(path, error)
    }
}

fn to_document(request: &Request, findings: Findings) -> SubmissionCheck {
    let (errors, warnings) = findings.found.into_faults();
    SubmissionCheck {
        schema: Tag::default(),
        competition: request.competition.clone(),
        submission: checked(&request.submission, findings.submission),
        sample: checked(&request.sample, findings.sample),
        valid: errors.count == 0,
        errors,
        warnings,
    }
}

fn checked(named: &Named, summary: Summary) -> CheckedFile {
    CheckedFile {
        path: named.given.clone(),
        sha256: summary.sha256,
        size_bytes: summary.size_bytes,
        rows: summary.rows,
    }
}
