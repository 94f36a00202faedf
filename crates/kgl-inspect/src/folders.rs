//! Folders below the folder, and how many files of which kind they hold.

use std::collections::BTreeMap;

use kgl_contract::{FileEntry, FilesInFolder};

use crate::files::{Found, count_kinds};

/// So deep are folders told apart; what lies deeper is counted with them.
const DEPTH: usize = 2;
/// Of more folders than this only the first level is told.
const MOST: usize = 100;

/// Counts the files in each folder, by path; nothing where all lie on top.
pub(crate) fn count_folders(files: &[Found]) -> Vec<FilesInFolder> {
    let deep = count(files, DEPTH);
    if deep.len() > MOST {
        count(files, 1)
    } else {
        deep
    }
}

fn count(files: &[Found], depth: usize) -> Vec<FilesInFolder> {
    let mut folders: BTreeMap<&str, Vec<&FileEntry>> = BTreeMap::new();
    for Found { entry, .. } in files {
        if let Some(folder) = folder(&entry.path, depth) {
            folders.entry(folder).or_default().push(entry);
        }
    }
    let counted = folders.into_iter().map(|(path, files)| FilesInFolder {
        path: path.to_owned(),
        kinds: count_kinds(files.into_iter()),
    });
    counted.collect()
}

/// The first parts of the path of the folder that a file lies in.
fn folder(path: &str, depth: usize) -> Option<&str> {
    let (parents, _) = path.rsplit_once('/')?;
    let mut slashes = parents.match_indices('/').map(|(at, _)| at);
    let end = slashes.nth(depth - 1).unwrap_or(parents.len());
    Some(&parents[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::FileKind;

    fn files(paths: impl Iterator<Item = String>) -> Vec<Found> {
        let found = |path| Found {
            entry: FileEntry {
                path,
                size_bytes: 5,
                kind: FileKind::Image,
            },
            place: "x".into(),
            layout: None,
        };
        paths.map(found).collect()
    }

    #[test]
    fn files_are_counted_two_folders_deep() {
        let paths = ["a.png", "train/b.png", "train/x/c.png", "train/x/y/d.png"];
        let folders = count_folders(&files(paths.map(str::to_owned).into_iter()));
        let seen: Vec<(&str, u64, u64)> = folders
            .iter()
            .map(|of| (of.path.as_str(), of.kinds[0].files, of.kinds[0].size_bytes))
            .collect();
        assert_eq!(seen, [("train", 1, 5), ("train/x", 2, 10)]);
    }

    #[test]
    fn of_many_folders_only_the_first_level_is_told() {
        let paths = (0..300).map(|i| format!("train/{i}/a.png"));
        let folders = count_folders(&files(paths));
        assert_eq!((folders.len(), folders[0].kinds[0].files), (1, 300));
    }
}
