//! A file of sequences that a document names.

use std::fs;
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, Source, read_failure};
use kgl_contract::{Columns, SequenceFile, Sha256};
use kgl_seq::Record;

/// Where `path` leads when it is relative to `base`.
#[must_use]
pub fn below(base: &Path, path: &str) -> PathBuf {
    if base.as_os_str().is_empty() {
        PathBuf::from(path)
    } else {
        base.join(path)
    }
}

/// Reads the file at `path`, which `document` calls `file`, and pins its digest.
///
/// # Errors
/// It cannot be read, has another digest than the document says, or is no file of sequences
/// (exit 2).
pub fn read_sequences(
    file: &mut SequenceFile,
    path: &Path,
    document: &Source,
) -> Result<Vec<Record>, Failure> {
    let bytes = fs::read(path).map_err(|error| {
        read_failure(path, error).hint(format_args!(
            "{} names it; paths in it are relative to its folder, or to --base DIR",
            document.name
        ))
    })?;
    let sha256 = Sha256::of(&bytes);
    if let Some(expected) = file.sha256.filter(|expected| *expected != sha256) {
        return Err(Failure::usage(format_args!(
            "{}: its digest is {}, but {} asks for {}",
            path.display(),
            sha256.short(),
            document.name,
            expected.short()
        ))
        .hint("restore the file the search was pinned to, or pin the search again with --pin"));
    }
    file.sha256 = Some(sha256);
    kgl_seq::read_bytes(&bytes, &path.display().to_string(), &columns(&file.columns))
        .map_err(Failure::usage)
}

fn columns(columns: &Columns) -> kgl_seq::Columns {
    kgl_seq::Columns {
        id: columns.id.clone(),
        sequence: columns.sequence.clone(),
        date: columns.date.clone(),
        group: columns.group.as_ref().map(|group| kgl_seq::Group {
            column: group.column.clone(),
            until: group.until.clone(),
        }),
    }
}
