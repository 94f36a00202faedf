//! `kgl-run pull`: what a host has made, brought here and verified.
//!
//! Files arrive in a folder of their own, are compared by digest with what the host said, and only
//! then take their place, by rename. A file of this machine's own making is never replaced: what
//! was pulled is remembered by digest, and what differs from that was made or changed here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use kgl_cli::{Exit, Failure, Io, OrFail as _, quote, size, write_atomically};
use kgl_contract::{
    Challenge, FileList, ListedFile, Sha256, Tag, Where, canonical_bytes, parse_document,
};
use kgl_ssh::rsync;

use crate::files::digest;
use crate::runs::Runs;
use crate::there::There;

/// Where files wait to be verified, and what was pulled before; both in `outputs`.
const STAGE: &str = ".pull";
const PULLED: &str = ".pulled.json";
/// How often files are taken that change while they travel.
const ROUNDS: u32 = 3;
/// How long a host may take to read what it has made.
const LIST: Duration = Duration::from_secs(3600);

/// What to do about one file of the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// The same bytes are here.
    Same,
    /// It is new here, or what is here was pulled before.
    Take,
    /// What is here was made or changed here.
    Keep,
}

/// Decides by digests alone: clocks differ from host to host.
fn decide(there: Sha256, here: Option<Sha256>, pulled: Option<Sha256>, replace: bool) -> Decision {
    match here {
        Some(here) if here == there => Decision::Same,
        None => Decision::Take,
        Some(here) if replace || pulled == Some(here) => Decision::Take,
        Some(_) => Decision::Keep,
    }
}

/// Pulls the outputs of the competition from its host.
///
/// # Errors
/// No host (exit 2); the host or the disk failed, or a file could not be had whole (exit 3); files
/// that were made here are kept (exit 1). What could be verified is here even then.
pub(crate) fn pull(
    runs: &Runs,
    challenge: &Challenge,
    replace: bool,
    io: &Io,
) -> Result<Exit, Failure> {
    let slug = &challenge.slug;
    let (seen, _) = runs.list()?;
    if challenge.where_ == Where::Local && seen.iter().all(|one| one.run.where_.kind != Where::Host)
    {
        io.note(format_args!(
            "all of {slug} runs here: there is nothing to pull"
        ));
        return Ok(Exit::Done);
    }
    let Some(remote) = &challenge.remote else {
        return Err(Failure::usage(format_args!("{slug} has no remote host to pull from"))
            .hint("add \"remote\": { \"host\": \"NAME\", \"root\": \"/workspace/kaggle\" } to its challenge.json"));
    };
    let there = There::new(&remote.host, &remote.root)?;
    let outputs = runs.place().outputs();
    let lock = runs.lock_as(".pull-lock")?;
    let mut pulled = read_pulled(&outputs);
    let mut brought: Vec<ListedFile> = Vec::new();
    let mut odd: Vec<String> = Vec::new();
    let mut kept: Vec<String> = Vec::new();
    for round in 1..=ROUNDS {
        let list = ask(&there, slug)?;
        (kept, odd) = (Vec::new(), Vec::new());
        let mut wanted = Vec::new();
        for file in &list.files {
            let path = place_of(&outputs, &file.path)?;
            let here = digest(&path)?.map(|(sha256, _)| sha256);
            // The record of a run on a host is a copy of what the host has.
            let is_record = file.path.starts_with("runs/") && file.path.ends_with("/run.json");
            match decide(
                file.sha256,
                here,
                pulled.get(&file.path).copied(),
                replace || is_record,
            ) {
                Decision::Same => {
                    pulled.insert(file.path.clone(), file.sha256);
                }
                Decision::Take => wanted.push(file.clone()),
                Decision::Keep => kept.push(file.path.clone()),
            }
        }
        if round == 1 && !list.running.is_empty() {
            io.note(format_args!(
                "still running there, and not pulled yet: {}",
                list.running.join(", ")
            ));
        }
        if !wanted.is_empty() {
            let bytes: u64 = wanted.iter().map(|file| file.size_bytes).sum();
            io.detail(format_args!(
                "{} files ({}) from {}",
                wanted.len(),
                size(bytes),
                there.name()
            ));
            bring(&there, slug, &outputs, &wanted, round > 1)?;
        }
        let mut moving = false;
        for file in wanted {
            match settle(&outputs, &file)? {
                Settled::Here => {
                    pulled.insert(file.path.clone(), file.sha256);
                    brought.push(file);
                }
                Settled::Changed => {
                    moving = true;
                    odd.push(format!("{} changes while it travels", file.path));
                }
                Settled::HalfWritten => odd.push(format!("{} is half-written there", file.path)),
            }
        }
        write_pulled(&outputs, &pulled)?;
        if !moving {
            break;
        }
    }
    let _ = fs::remove_dir_all(outputs.join(STAGE));
    drop(lock);
    let bytes: u64 = brought.iter().map(|file| file.size_bytes).sum();
    io.note(format_args!(
        "{} files ({}) pulled from {} and verified",
        brought.len(),
        size(bytes),
        there.name()
    ));
    crate::print_document(
        &FileList {
            schema: Tag::default(),
            files: brought,
            running: Vec::new(),
        },
        io,
    )?;
    if !odd.is_empty() {
        return Err(Failure::outside(format_args!(
            "not pulled from {}: {}",
            there.name(),
            odd.join("; ")
        ))
        .hint(
            "what was here under those names is as it was; pull again when their writer is done",
        ));
    }
    if !kept.is_empty() {
        let names = quote(kept.iter().map(String::as_str));
        return Err(Failure::no(format_args!(
            "kept, because they were made or changed here: {names}"
        ))
        .hint("--replace takes the host's instead; move yours aside first if you want both"));
    }
    Ok(Exit::Done)
}

fn ask(there: &There, slug: &str) -> Result<FileList, Failure> {
    let finished = there.call(&["--quiet", "_files", "--competition", slug], b"", LIST)?;
    parse_document(&finished.stdout).or_outside(format_args!("{} answered", there.name()))
}

/// Where a file of the host's belongs here.
///
/// # Errors
/// A path that leads elsewhere (exit 3): a host is not believed that much.
fn place_of(outputs: &Path, path: &str) -> Result<PathBuf, Failure> {
    let relative = Path::new(path);
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !plain || path.split('/').any(|part| part.starts_with('.')) {
        return Err(Failure::outside(format_args!(
            "the host names a file `{path}`, which is no output"
        )));
    }
    Ok(outputs.join(relative))
}

/// Brings files into the stage, where a transfer that is cut goes on later.
fn bring(
    there: &There,
    slug: &str,
    outputs: &Path,
    wanted: &[ListedFile],
    again: bool,
) -> Result<(), Failure> {
    let stage = outputs.join(STAGE);
    fs::create_dir_all(&stage).or_outside(format_args!("cannot write {}", stage.display()))?;
    let from = format!(
        "{}:{}/competitions/{slug}/outputs/",
        there.name(),
        there.root()
    );
    let mut argv = vec!["rsync".to_owned(), "-rpt".to_owned(), "-s".to_owned()];
    argv.push("--partial-dir=.kgl-partial".to_owned());
    argv.extend(["--files-from=-", "--from0"].map(str::to_owned));
    argv.push(format!("--rsh={}", there.host().rsh()));
    if again {
        // The same size and time are not the same bytes.
        argv.push("-I".to_owned());
    }
    argv.extend(["--".to_owned(), from, format!("{}/", stage.display())]);
    let names: Vec<u8> = wanted
        .iter()
        .flat_map(|file| [file.path.as_bytes(), b"\0"].concat())
        .collect();
    rsync(&argv, &names, there.name()).map(|_| ())
}

#[derive(Debug, PartialEq, Eq)]
enum Settled {
    Here,
    Changed,
    HalfWritten,
}

/// Verifies a file that has arrived, and gives it its place.
fn settle(outputs: &Path, file: &ListedFile) -> Result<Settled, Failure> {
    let staged = outputs.join(STAGE).join(&file.path);
    if digest(&staged)? != Some((file.sha256, file.size_bytes)) {
        return Ok(Settled::Changed);
    }
    if file.path.ends_with(".json") && !is_whole_json(&staged)? {
        return Ok(Settled::HalfWritten);
    }
    let place = place_of(outputs, &file.path)?;
    let context = || format!("cannot write {}", place.display());
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).or_outside(context())?;
    }
    fs::File::open(&staged)
        .and_then(|opened| opened.sync_all())
        .or_outside(context())?;
    fs::rename(&staged, &place).or_outside(context())?;
    Ok(Settled::Here)
}

/// A writer that died, or is not done, leaves a document that ends too early.
fn is_whole_json(path: &Path) -> Result<bool, Failure> {
    let bytes = fs::read(path).or_outside(format_args!("cannot read {}", path.display()))?;
    Ok(serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok())
}

/// What was pulled before. Without that memory everything here counts as made here.
fn read_pulled(outputs: &Path) -> BTreeMap<String, Sha256> {
    let list = fs::read(outputs.join(PULLED))
        .ok()
        .and_then(|bytes| parse_document::<FileList>(&bytes).ok());
    let files = list.map(|list| list.files).unwrap_or_default();
    files
        .into_iter()
        .map(|file| (file.path, file.sha256))
        .collect()
}

fn write_pulled(outputs: &Path, pulled: &BTreeMap<String, Sha256>) -> Result<(), Failure> {
    let file = |(path, sha256): (&String, &Sha256)| ListedFile {
        path: path.clone(),
        size_bytes: fs::metadata(outputs.join(path)).map_or(0, |meta| meta.len()),
        sha256: *sha256,
    };
    let list = FileList {
        schema: Tag::default(),
        files: pulled.iter().map(file).collect(),
        running: Vec::new(),
    };
    let bytes = canonical_bytes(&list).or_outside("cannot write what was pulled as JSON")?;
    write_atomically(&outputs.join(PULLED), &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_here_is_kept_and_what_was_pulled_is_replaced() {
        let [old, new, own] = ["old", "new", "own"].map(|text| Sha256::of(text.as_bytes()));
        assert_eq!(decide(new, None, None, false), Decision::Take);
        assert_eq!(decide(new, Some(new), None, false), Decision::Same);
        assert_eq!(decide(new, Some(old), Some(old), false), Decision::Take);
        assert_eq!(decide(new, Some(own), Some(old), false), Decision::Keep);
        assert_eq!(decide(new, Some(own), None, false), Decision::Keep);
        assert_eq!(decide(new, Some(own), None, true), Decision::Take);
    }

    #[test]
    fn a_host_cannot_write_elsewhere() {
        let outputs = Path::new("/p/outputs");
        assert_eq!(
            place_of(outputs, "runs/a b/x.json").unwrap(),
            Path::new("/p/outputs/runs/a b/x.json")
        );
        for path in [
            "",
            "../x",
            "/etc/passwd",
            "a/../../x",
            ".pulled.json",
            "a/.hidden",
        ] {
            assert!(place_of(outputs, path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_file_takes_its_place_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let outputs = folder.path();
        fs::create_dir_all(outputs.join(STAGE)).unwrap();
        let arrive = |name: &str, text: &str, said: &str| {
            fs::write(outputs.join(STAGE).join(name), text).unwrap();
            let file = ListedFile {
                path: name.to_owned(),
                size_bytes: said.len() as u64,
                sha256: Sha256::of(said.as_bytes()),
            };
            settle(outputs, &file).unwrap()
        };
        let here = |name: &str| fs::read_to_string(outputs.join(name)).unwrap();
        assert_eq!(arrive("a.json", "{\"n\":1}", "{\"n\":1}"), Settled::Here);
        assert_eq!(arrive("a.json", "{\"n\":", "{\"n\":"), Settled::HalfWritten);
        assert_eq!(arrive("a.json", "{\"n\":2}", "{\"n\":3}"), Settled::Changed);
        assert_eq!(here("a.json"), "{\"n\":1}");
        assert_eq!(arrive("b.csv", "a,b\n1,", "a,b\n1,"), Settled::Here);
    }
}
