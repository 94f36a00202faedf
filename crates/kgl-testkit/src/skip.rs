//! Tests that need what a machine may lack: skipped, counted, and on demand
//! not skipped.
//!
//! - `KGL_SKIP_LOG=FILE`: every skip appends a line `name<TAB>test<TAB>why`.
//! - `KGL_REQUIRE=name,…`: the tests that need one of these fail instead.
//! - `KGL_WITHOUT=name,…`: the tests that need one of these are skipped although
//!   it is there.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// Passes `ok` on; where it is false, notes that the running test is skipped
/// because it needs `name`, and `why` that is not there.
///
/// # Panics
/// When `name` is missing and `KGL_REQUIRE` names it, or when the skip cannot
/// be written to `KGL_SKIP_LOG`: a skip that nobody counts is a lie.
pub fn have(name: &str, ok: bool, why: &str) -> bool {
    let log = env::var_os("KGL_SKIP_LOG").filter(|log| !log.is_empty());
    let required = env::var("KGL_REQUIRE").unwrap_or_default();
    let why = if is_left_out(name) {
        "KGL_WITHOUT leaves it out"
    } else if ok {
        return true;
    } else {
        why
    };
    note(name, why, &test_name(), log, &required);
    false
}

/// Whether `KGL_WITHOUT` names it. [`have`] asks this too; to be asked before
/// something slow finds out whether it is there.
#[must_use]
pub fn is_left_out(name: &str) -> bool {
    names(&env::var("KGL_WITHOUT").unwrap_or_default(), name)
}

/// Whether a list such as `fleet,kaggle` has `name` in it.
fn names(list: &str, name: &str) -> bool {
    list.split(',').any(|one| one.trim() == name)
}

fn note(name: &str, why: &str, test: &str, log: Option<OsString>, required: &str) {
    if names(required, name) {
        panic!("KGL_REQUIRE names {name}, which is missing: {why}");
    }
    eprintln!("skipped: {test} needs {name}: {why}");
    if let Some(log) = log {
        // One write of one line, so that tests that run at once do not mix.
        let line = format!("{name}\t{test}\t{why}\n");
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .unwrap_or_else(|error| panic!("{}: {error}", Path::new(&log).display()));
    }
}

/// `binary::test`, as far as it can be told.
fn test_name() -> String {
    let binary = env::current_exe().ok();
    let stem = binary
        .as_deref()
        .and_then(Path::file_stem)
        .unwrap_or_default()
        .to_string_lossy();
    let binary = stem
        .rsplit_once('-')
        .map_or(&*stem, |(name, _)| name)
        .to_owned();
    let thread = std::thread::current();
    let test = env::var("NEXTEST_TEST_NAME").ok();
    let test = test.as_deref().or(thread.name()).unwrap_or("?");
    format!("{binary}::{test}")
}

/// The folder of real data that `KGL_DATA` names, as `data`.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    let dir = env::var_os("KGL_DATA").map(PathBuf::from);
    let why = match &dir {
        None => "KGL_DATA is not set; it names the folder of real data".to_owned(),
        Some(dir) => format!("KGL_DATA names {}, which is no folder", dir.display()),
    };
    have("data", dir.as_deref().is_some_and(Path::is_dir), &why)
        .then_some(dir)
        .flatten()
}

/// A Python that can import `module`: the name of the program, as
/// `python-MODULE`. `KGL_PYTHON` names the one to take; else it is `python3`,
/// or the distribution's own where another stands before it on the `PATH`.
#[must_use]
pub fn python_with(module: &str) -> Option<String> {
    let named = env::var("KGL_PYTHON").ok();
    let candidates = match &named {
        Some(python) => vec![python.as_str()],
        None => vec!["python3", "/usr/bin/python3"],
    };
    let import = format!("import {module}");
    let found = candidates
        .iter()
        .find(|python| runs(Command::new(python).args(["-c", &import])));
    let why = format!("{} cannot import {module}", candidates.join(" or "));
    have(&format!("python-{module}"), found.is_some(), &why)
        .then(|| found.map(|python| (*python).to_owned()))
        .flatten()
}

/// Whether the program `name` is on the `PATH`, as `name`.
#[must_use]
pub fn program(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let there = env::split_paths(&path).any(|dir| is_program(&dir.join(name)));
    have(name, there, "not on the PATH")
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn runs(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_skipped() {
        assert!(have("thing", true, "never read"));
        assert!(program("sh"));
    }

    #[test]
    fn a_list_names_whole_names() {
        assert!(names("fleet, kaggle", "kaggle"));
        assert!(!names("fleet-namespaces", "fleet"));
        assert!(!names("", "fleet"));
    }

    #[test]
    fn skips_are_lines_of_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("skips.tsv");
        let log_name = Some(log.clone().into_os_string());
        note(
            "thing",
            "it is not there",
            "a::b",
            log_name.clone(),
            "other",
        );
        note("thing", "nor here", "a::c", log_name, "");
        let text = fs::read_to_string(log).unwrap();
        assert_eq!(
            text,
            "thing\ta::b\tit is not there\nthing\ta::c\tnor here\n"
        );
    }

    #[test]
    #[should_panic(expected = "KGL_REQUIRE names thing, which is missing: gone")]
    fn what_is_required_is_not_skipped() {
        note("thing", "gone", "a::b", None, "other, thing");
    }

    #[test]
    fn tests_know_their_name() {
        let name = test_name();
        assert!(
            name.ends_with("skip::tests::tests_know_their_name"),
            "{name}"
        );
    }
}
