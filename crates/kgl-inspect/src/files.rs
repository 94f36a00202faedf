//! The files below a folder, in the order of the bytes of their paths.
//!
//! Hidden files and folders (a name that starts with a dot) are left out.
//! Symbolic links are not followed, so nothing outside the folder is read and no
//! circle is walked; each is told of. Neither are pipes and devices opened.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, read_failure};
use kgl_contract::{FileEntry, FileKind, FilesOfKind, Unlearned};
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use crate::kind::{HEAD_BYTES, kind_of_name, tell_kind};
use crate::layout::{Layout, tell_layout};

/// A file and where it lies.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) entry: FileEntry,
    pub(crate) place: PathBuf,
    /// How its rows are written, where it is a table.
    pub(crate) layout: Option<Layout>,
}

/// All files below a folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// By path.
    pub(crate) files: Vec<Found>,
    /// What could not be looked at.
    pub(crate) unlearned: Vec<Unlearned>,
    /// Hidden files and folders that were left out.
    pub(crate) hidden: u64,
}

/// Lists the files below `root` and tells their kinds. `leave_out` is a file
/// that does not count: the one the inspection itself is written to.
///
/// # Errors
/// `root` is missing, cannot be read, or is not a folder (exit 2). What is wrong
/// further below is told in [`Folder::unlearned`].
pub(crate) fn list_files(root: &Path, leave_out: Option<&Path>) -> Result<Folder, Failure> {
    let is_folder = fs::metadata(root)
        .map_err(|error| read_failure(root, error))?
        .is_dir();
    if !is_folder {
        let parent = root
            .parent()
            .filter(|parent| *parent != Path::new(""))
            .unwrap_or(Path::new("."));
        let argv = ["--data", &parent.to_string_lossy()].map(str::to_owned);
        return Err(
            Failure::usage(format_args!("{} is a file, not a folder", root.display())).hint(
                format_args!("give the folder that holds it: {}", kgl_cli::quote(argv)),
            ),
        );
    }
    fs::read_dir(root).map_err(|error| read_failure(root, error))?;
    let leave_out = leave_out.and_then(|path| fs::canonicalize(path).ok());

    let mut folder = Folder::default();
    let mut places = Vec::new();
    let mut walk = WalkDir::new(root).min_depth(1).into_iter();
    while let Some(step) = walk.next() {
        match step {
            Ok(entry) if is_hidden(&entry) => {
                folder.hidden += 1;
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
            }
            Ok(entry) => {
                let kind = entry.file_type();
                let path = path_below(root, entry.path());
                if entry.file_name().to_str().is_none() {
                    folder.unlearned.push(odd_name(path.clone()));
                }
                if kind.is_file() {
                    if !is_same(entry.path(), leave_out.as_deref()) {
                        places.push((path, entry.into_path()));
                    }
                } else if !kind.is_dir() {
                    folder.unlearned.push(not_a_file(path, kind.is_symlink()));
                }
            }
            Err(error) => folder.unlearned.push(Unlearned {
                what: path_below(root, error.path().unwrap_or(root)),
                reason: match error.io_error() {
                    Some(error) => format!("cannot be read: {error}"),
                    None => "cannot be read".to_owned(),
                },
                next: "make it readable (chmod u+rx), then inspect again".to_owned(),
            }),
        }
    }
    places.sort();
    let looks: Vec<_> = places
        .into_par_iter()
        .map(|(path, place)| look_at(path, place))
        .collect();
    for (found, unlearned) in looks {
        folder.files.extend(found);
        folder.unlearned.extend(unlearned);
    }
    Ok(folder)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_same(path: &Path, other: Option<&Path>) -> bool {
    other.is_some_and(|other| fs::canonicalize(path).is_ok_and(|path| path == other))
}

/// The path below the folder, its parts joined by `/`.
fn path_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn odd_name(what: String) -> Unlearned {
    Unlearned {
        what,
        reason: "its name is not UTF-8, so it is not shown as it is".to_owned(),
        next: "rename it".to_owned(),
    }
}

fn not_a_file(what: String, is_link: bool) -> Unlearned {
    let (reason, next) = if is_link {
        (
            "a symbolic link; links are not followed",
            "put the file or folder itself in its place, or inspect the folder that it leads to",
        )
    } else {
        (
            "neither a file nor a folder, so it was not opened",
            "take it out of the folder",
        )
    };
    Unlearned {
        what,
        reason: reason.to_owned(),
        next: next.to_owned(),
    }
}

/// Tells a file's size and kind, and what its first look leaves open.
fn look_at(path: String, place: PathBuf) -> (Option<Found>, Option<Unlearned>) {
    let unlearned = |reason: String, next: &str| Unlearned {
        what: path.clone(),
        reason,
        next: next.to_owned(),
    };
    let size_bytes = match fs::metadata(&place) {
        Ok(metadata) => metadata.len(),
        Err(error) => {
            let why = unlearned(format!("cannot be read: {error}"), "inspect again");
            return (None, Some(why));
        }
    };
    let named_table = kind_of_name(&path) == Some(FileKind::Table);
    let (kind, layout, why) = match first_bytes(&place) {
        Ok(head) => {
            let kind = tell_kind(&path, size_bytes, &head);
            let (layout, why) = tell_layout(&path, &place, kind, &head);
            let why = why.or_else(|| match kind {
                FileKind::Empty if named_table => Some((
                    "empty: it has no bytes at all".to_owned(),
                    "download the file again",
                )),
                FileKind::Binary if named_table => Some((
                    "named like a table, but not text: it holds NUL bytes".to_owned(),
                    "download the file again, or give it its right name",
                )),
                _ => None,
            });
            (
                kind,
                layout,
                why.map(|(reason, next)| unlearned(reason, next)),
            )
        }
        // A table that cannot be read is told of when it is profiled.
        Err(_) if named_table && size_bytes > 0 => (FileKind::Table, Some(Layout::Separated), None),
        Err(error) => {
            let kind = if size_bytes == 0 {
                Some(FileKind::Empty)
            } else {
                kind_of_name(&path)
            };
            let next = "make it readable (chmod u+r), then inspect again";
            let why = unlearned(format!("cannot be read: {error}"), next);
            (kind.unwrap_or(FileKind::Binary), None, Some(why))
        }
    };
    let entry = FileEntry {
        path,
        size_bytes,
        kind,
    };
    let found = Found {
        entry,
        place,
        layout,
    };
    (Some(found), why)
}

fn first_bytes(place: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(place)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

/// Counts files by kind, the most frequent first.
pub(crate) fn count_kinds<'a>(files: impl Iterator<Item = &'a FileEntry>) -> Vec<FilesOfKind> {
    let mut kinds: Vec<FilesOfKind> = Vec::new();
    for entry in files {
        match kinds.iter_mut().find(|of| of.kind == entry.kind) {
            Some(of) => {
                of.files += 1;
                of.size_bytes += entry.size_bytes;
            }
            None => kinds.push(FilesOfKind {
                kind: entry.kind,
                files: 1,
                size_bytes: entry.size_bytes,
            }),
        }
    }
    kinds.sort_by_key(|of| (std::cmp::Reverse(of.files), of.kind));
    kinds
}
