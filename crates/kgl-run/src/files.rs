//! What a competition has made on this machine: its outputs, with their digests.

use std::fs::File;
use std::path::Path;

use kgl_cli::{Failure, OrFail as _};
use kgl_contract::{FileList, ListedFile, Sha256, Tag};

use crate::runs::{Runs, Seen};

/// Lists the files below `outputs`, but for those that begin with a dot or end in `.tmp` (nobody
/// is done with them), links, and the folders of runs in `seen` that are running.
///
/// # Errors
/// A file cannot be read (exit 3).
pub(crate) fn list(runs: &Runs, seen: &[Seen]) -> Result<FileList, Failure> {
    let outputs = runs.place().outputs();
    let running: Vec<String> = seen
        .iter()
        .filter(|one| one.is_live())
        .map(|one| one.run.id.clone())
        .collect();
    let mut files = Vec::new();
    if outputs.is_dir() {
        walk(&outputs, "", &running, &mut files)?;
    }
    files.sort_by(|a: &ListedFile, b| a.path.cmp(&b.path));
    Ok(FileList {
        schema: Tag::default(),
        files,
        running,
    })
}

fn walk(
    folder: &Path,
    prefix: &str,
    running: &[String],
    files: &mut Vec<ListedFile>,
) -> Result<(), Failure> {
    let context = || format!("cannot read {}", folder.display());
    for entry in folder.read_dir().or_outside(context())? {
        let entry = entry.or_outside(context())?;
        // A name that is no text cannot be told in a document, and nobody here makes one.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        let is_of_running = prefix == "runs/" && running.contains(&name);
        if name.starts_with('.') || name.ends_with(".tmp") || is_of_running {
            continue;
        }
        let kind = entry.file_type().or_outside(context())?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), running, files)?;
        } else if kind.is_file()
            && let Some((sha256, size_bytes)) = digest(&entry.path())?
        {
            files.push(ListedFile {
                path,
                size_bytes,
                sha256,
            });
        }
    }
    Ok(())
}

/// A file's digest and size; none if it is gone.
///
/// # Errors
/// It cannot be read (exit 3).
pub(crate) fn digest(path: &Path) -> Result<Option<(Sha256, u64)>, Failure> {
    let context = || format!("cannot read {}", path.display());
    match File::open(path) {
        Ok(file) if file.metadata().is_ok_and(|meta| meta.is_file()) => {
            Sha256::of_reader(file).map(Some).or_outside(context())
        }
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).or_outside(context()),
    }
}
