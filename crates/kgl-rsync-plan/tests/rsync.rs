//! The real rsync, on this machine: what a plan lists is what then happens, whatever names and
//! rules there are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::process::Command;

use kgl_contract::{SyncAction, SyncRule};
use kgl_rsync_plan::{Kind, argv, dry_run, rules};
use kgl_testkit::skip::program;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Every path below `folder`, folders with a `/` at their end.
fn walk(folder: &Path) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            let mut name = path
                .strip_prefix(folder)
                .unwrap()
                .as_os_str()
                .to_owned()
                .into_vec();
            if path.is_dir() && !path.is_symlink() {
                name.push(b'/');
                todo.push(path);
            }
            found.insert(name);
        }
    }
    found
}

fn put(folder: &Path, path: &[u8], text: &str) {
    let file = folder.join(OsStr::from_bytes(path));
    let _ = fs::create_dir_all(file.parent().unwrap());
    let _ = fs::write(file, text);
}

fn execute(argv: &[String]) {
    let done = Command::new(&argv[0]).args(&argv[1..]).output().unwrap();
    assert!(done.status.success(), "{argv:?}: {done:?}");
}

/// Names that have broken programs.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let odd = [
        "a",
        "b",
        "a b",
        " lead",
        "trail ",
        "-n",
        "--delete",
        "new\nline",
        "tab\t",
        "back\\slash",
        "\\#012",
        "é",
        "日本",
        "*",
        "?",
        "[a]",
        "'",
        "\"",
        "$HOME",
        "`x`",
        ".hidden",
        "..x",
        "#",
        "data",
        "outputs",
        "target",
        "x.py",
        "\u{7f}",
        "a.tmp",
        "**",
    ];
    prop_oneof![
        8 => select(odd.to_vec()).prop_map(|name| name.as_bytes().to_vec()),
        1 => vec(1u8..=255, 1..6).prop_filter("a name", |name| !name.contains(&b'/') && name != b"." && name != b".."),
    ]
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    vec(name(), 1..4).prop_map(|parts| parts.join(&b'/'))
}

fn rule() -> impl Strategy<Value = SyncRule> {
    let patterns = [
        "*.py",
        "/data",
        "data",
        "/*/outputs",
        "**/a",
        "a/**",
        "target/",
        ".*",
        "[a-b]",
        "new*",
        "-*",
        "?",
        "/a b",
        "*",
        "/**/x.py",
        " lead",
        "é",
        "--delete",
        "\\*",
        "a/b",
    ];
    let action = prop_oneof![3 => Just(SyncAction::Exclude), 1 => Just(SyncAction::Include)];
    (action, select(patterns.to_vec())).prop_map(|(action, pattern)| SyncRule {
        action,
        pattern: pattern.to_owned(),
        why: String::new(),
    })
}

fn check(
    here: &[Vec<u8>],
    there: &[Vec<u8>],
    rules: &[SyncRule],
    delete: bool,
) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let (source, root) = (folder.path().join("so urce"), folder.path().join("ro'ot"));
    fs::create_dir_all(&source).unwrap();
    fs::create_dir_all(&root).unwrap();
    here.iter()
        .for_each(|path| put(&source, path, "here, and longer"));
    there.iter().for_each(|path| put(&root, path, "there"));
    let before = walk(&root);
    let argv = argv(
        source.to_str().unwrap(),
        None,
        root.to_str().unwrap(),
        rules,
        delete,
    );
    let Ok(planned) = dry_run(&argv, "here") else {
        // A file where a folder should be, with things in it that may not be deleted.
        return Ok(());
    };
    prop_assert_eq!(walk(&root), before.clone(), "a plan touches nothing");
    if !Command::new(&argv[0])
        .args(&argv[1..])
        .output()
        .unwrap()
        .status
        .success()
    {
        return Ok(());
    }
    let after = walk(&root);
    let names = |kind: Kind| -> BTreeSet<Vec<u8>> {
        let of_kind = planned.changes.iter().filter(|change| change.kind == kind);
        of_kind.map(|change| change.path.clone()).collect()
    };
    let gone: BTreeSet<_> = before.difference(&after).cloned().collect();
    let plain = |path: &Vec<u8>| path.strip_suffix(b"/").unwrap_or(path).to_vec();
    let planned_gone: BTreeSet<_> = names(Kind::Delete).iter().map(plain).collect();
    let came: BTreeSet<_> = after.difference(&before).cloned().collect();
    let sent = names(Kind::Send);
    // A file that makes room for a folder of the same name is gone without being listed.
    let replaced = |path: &Vec<u8>| after.iter().any(|other| plain(other) == plain(path));
    for path in gone.iter().filter(|path| !replaced(path)) {
        prop_assert!(
            planned_gone.contains(&plain(path)),
            "{:?} was deleted",
            String::from_utf8_lossy(path)
        );
    }
    for path in &came {
        prop_assert!(
            sent.contains(path) || names(Kind::Touch).contains(path),
            "{:?} appeared",
            String::from_utf8_lossy(path)
        );
    }
    for path in &sent {
        let bytes = fs::read(root.join(OsStr::from_bytes(path))).unwrap();
        prop_assert_eq!(bytes, b"here, and longer");
    }
    prop_assert!(delete || gone.iter().all(replaced));
    prop_assert!(dry_run(&argv, "here").unwrap().changes.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_planned_is_what_happens(
        here in vec(path(), 0..25),
        there in vec(path(), 0..25),
        rules in vec(rule(), 0..6),
        delete in any::<bool>(),
    ) {
        if program("rsync") {
            check(&here, &there, &rules, delete)?;
        }
    }
}

#[test]
fn every_byte_that_a_name_may_hold_is_read_back() {
    if !program("rsync") {
        return;
    }
    // One and two bytes of every kind, and what looks like rsync's own escapes.
    let mut names: Vec<Vec<u8>> = (1..=255u8)
        .filter(|byte| *byte != b'/' && *byte != b'.')
        .map(|byte| vec![byte])
        .collect();
    names.extend(
        (1..=255u8)
            .filter(|byte| *byte != b'/')
            .map(|byte| vec![b'\\', b'#', byte]),
    );
    names.extend((0..1000).map(|n| format!("\\#{n:03o}").into_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let (source, root) = (folder.path().join("source"), folder.path().join("root"));
    names.iter().for_each(|name| put(&source, name, "x"));
    fs::create_dir_all(&root).unwrap();
    let argv = argv(
        source.to_str().unwrap(),
        None,
        root.to_str().unwrap(),
        &[],
        false,
    );
    let listed: BTreeSet<Vec<u8>> = dry_run(&argv, "here")
        .unwrap()
        .changes
        .into_iter()
        .map(|change| change.path)
        .collect();
    let mut expected = walk(&source);
    expected.insert(b"./".to_vec());
    assert!(names.len() > 1400);
    // The folder itself is listed only where its rights differ.
    assert!(expected.difference(&listed).all(|path| path == b"./"));
    assert!(listed.is_subset(&expected));
}

#[test]
fn secrets_and_what_is_made_stay_here_and_are_safe_there() {
    if !program("rsync") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, root) = (folder.path().join("source"), folder.path().join("root"));
    let stay = [
        "kaggle.json",
        "a/.kaggle/kaggle.json",
        ".env",
        "x/.env.local",
        "home/.ssh/id_ed25519",
        "key.pem",
        ".netrc",
        "my-credentials-2.json",
        ".git/config",
        "a/__pycache__/x.pyc",
        ".venv/bin/python",
        ".venv-gpu/x",
        "target/debug/x",
        "competitions/demo/data/train.csv",
        "competitions/demo/outputs/runs/x/run.json",
        "dashboard/x",
        "outputs/x",
        "competitions/demo/baseline/target/x",
        ".kgl/kgl-run-1",
    ];
    let travel = [
        "Makefile",
        "scripts/_env.sh",
        "competitions/demo/challenge.json",
        "crates/kgl-dashboard/src/lib.rs",
        "crates/x/src/outputs/mod.rs",
        "crates/x/src/data/mod.rs",
        "crates/x/src/target/mod.rs",
        "environment.yml",
    ];
    for path in stay.iter().chain(&travel) {
        put(&source, path.as_bytes(), "here, and longer");
    }
    for path in stay {
        put(&root, path.as_bytes(), "there");
    }
    put(&root, b"old.py", "there");
    // Not even a rule of the user's lets a secret out.
    let argv = argv(
        source.to_str().unwrap(),
        None,
        root.to_str().unwrap(),
        &rules(&["*.tmp".into()]),
        true,
    );
    execute(&argv);
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    for path in stay {
        assert_eq!(read(path), "there", "{path}");
    }
    for path in travel {
        assert_eq!(read(path), "here, and longer", "{path}");
    }
    assert!(!root.join("old.py").exists());
}
