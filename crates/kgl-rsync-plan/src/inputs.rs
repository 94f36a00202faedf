//! Files that a search or a run reads: compared by digest, here and there.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

use kgl_cli::{Failure, Io, OrFail as _, read_failure};
use kgl_contract::{Search, Sha256, SyncInput};
use kgl_ssh::Host;
use walkdir::WalkDir;

use crate::cli::Args;
use crate::rsync::dry_run;
use crate::rules::secrets;

/// The inputs that the arguments name, each once, with their digests here.
///
/// # Errors
/// A file that is missing, lies outside the project, holds a secret, or is not the one whose
/// digest a search gives (exit 2).
pub(crate) fn read(args: &Args, source: &Path, io: &Io) -> Result<Vec<SyncInput>, Failure> {
    let mut files: Vec<(PathBuf, Option<Sha256>)> = Vec::new();
    for path in &args.input {
        for entry in WalkDir::new(path).follow_links(true).sort_by_file_name() {
            let entry = entry.or_usage(format_args!("--input {}", path.display()))?;
            if entry.file_type().is_file() {
                files.push((entry.into_path(), None));
            }
        }
    }
    for path in &args.search {
        let (search, from) = io.read_document::<Search>(Some(path))?;
        for file in [search.queries, search.targets] {
            files.push((from.base.join(&file.path), file.sha256));
        }
    }
    let mut inputs: Vec<SyncInput> = Vec::new();
    for (file, expected) in files {
        let path = within(&file, source)?;
        if inputs.iter().any(|input| input.path == path) {
            continue;
        }
        let opened = File::open(&file).map_err(|error| read_failure(&file, error))?;
        let (sha256, size_bytes) =
            Sha256::of_reader(opened).or_outside(format_args!("cannot read {}", file.display()))?;
        if expected.is_some_and(|expected| expected != sha256) {
            return Err(Failure::usage(format_args!(
                "{path} is not the file that the search names: its digest differs"
            ))
            .hint("bring the file back, or pin the search anew: kgl-shard-search --pin"));
        }
        inputs.push(SyncInput {
            path,
            size_bytes,
            sha256,
            there: false,
        });
    }
    refuse_secrets(&inputs, source)?;
    Ok(inputs)
}

/// The path relative to the project, without `..` and links to elsewhere.
fn within(file: &Path, source: &Path) -> Result<String, Failure> {
    // The file's folder is resolved, the file itself not: a link to data on another disk is data.
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder
        .canonicalize()
        .map_err(|error| read_failure(file, error))?;
    let inside = folder.strip_prefix(source).ok();
    let path = inside.and_then(|inside| Some(inside.join(file.file_name()?)));
    let plain = |path: &PathBuf| {
        path.components()
            .all(|part| matches!(part, Component::Normal(_)))
    };
    let text = path
        .filter(plain)
        .and_then(|path| path.to_str().map(str::to_owned));
    text.ok_or_else(|| {
        Failure::usage(format_args!(
            "{} does not lie in the project {}",
            file.display(),
            source.display()
        ))
        .hint("inputs keep their place in the project: put the file, or a link to it, there")
    })
}

/// rsync itself is asked which of the inputs the rules for secrets would leave out.
fn refuse_secrets(inputs: &[SyncInput], source: &Path) -> Result<(), Failure> {
    if inputs.is_empty() {
        return Ok(());
    }
    let nowhere = tempfile::tempdir().or_outside("cannot make a temporary folder")?;
    let list = nowhere.path().join("list");
    std::fs::write(&list, names(inputs.iter())).or_outside("cannot write a temporary file")?;
    let to = nowhere.path().join("to");
    let (from, to) = (source.display().to_string(), to.display().to_string());
    let mut argv = crate::rsync::argv(&from, None, &to, &secrets(), false);
    argv.splice(
        1..1,
        [
            format!("--files-from={}", list.display()),
            "--from0".to_owned(),
        ],
    );
    let found = dry_run(&argv, "inputs")?;
    let kept: BTreeSet<&[u8]> = found
        .changes
        .iter()
        .map(|change| change.path.as_slice())
        .collect();
    match inputs
        .iter()
        .find(|input| !kept.contains(input.path.as_bytes()))
    {
        Some(secret) => Err(Failure::usage(format_args!(
            "{} looks like a secret, and secrets do not travel",
            secret.path
        ))
        .hint("scripts/push-kaggle-auth-remote.sh brings Kaggle's credentials to a host")),
        None => Ok(()),
    }
}

/// Asks the host for the digests of the inputs, and notes which of them are there.
///
/// # Errors
/// The host gives no answer (exit 3), or has no sha256sum (exit 2).
pub(crate) fn look(host: &Host, root: &str, inputs: &mut [SyncInput]) -> Result<(), Failure> {
    if inputs.is_empty() {
        return Ok(());
    }
    let each = "if [ -f \"$1\" ]; then sha256sum <\"$1\" || exit 255; else echo missing; fi";
    // Without the folder nothing is there.
    let script = "cd -- \"$1\" 2>/dev/null || set -- '' 'echo missing'; \
                  exec xargs -0 -n 1 sh -c \"$2\" sh";
    let relative: Vec<u8> = names(inputs.iter());
    let finished = host.run(&["sh", "-c", script, "sh", root, each], &relative, None)?;
    let text = finished.stdout_text();
    let lines: Vec<&str> = text.lines().collect();
    if !finished.status.success() || lines.len() != inputs.len() {
        return Err(Failure::outside(format_args!(
            "{}: cannot take digests there: {}",
            host.name(),
            finished.stderr_text().trim()
        )));
    }
    for (input, line) in inputs.iter_mut().zip(lines) {
        let digest = line.split(' ').next().unwrap_or_default();
        input.there = digest.parse() == Ok(input.sha256);
    }
    Ok(())
}

/// Paths, each ended by a zero byte.
pub(crate) fn names<'a>(inputs: impl Iterator<Item = &'a SyncInput>) -> Vec<u8> {
    inputs
        .flat_map(|input| [input.path.as_bytes(), b"\0"].concat())
        .collect()
}
