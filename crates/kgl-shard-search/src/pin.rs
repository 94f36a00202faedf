//! Paths of a pinned search: they must lead to the same files from the folder
//! that the document is written to.

use std::path::{Component, Path, PathBuf};

use kgl_cli::{Failure, read_failure};

/// The path of `file` as seen from `folder` (empty: the current one).
///
/// # Errors
/// Either does not exist, or the path is not UTF-8 and cannot stand in JSON.
pub(crate) fn relative_to(folder: &Path, file: &Path) -> Result<String, Failure> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    std::fs::create_dir_all(folder).map_err(|error| read_failure(folder, error))?;
    let absolute = |path: &Path| {
        path.canonicalize()
            .map_err(|error| read_failure(path, error))
    };
    let relative = between(&absolute(folder)?, &absolute(file)?);
    relative.into_os_string().into_string().map_err(|path| {
        Failure::usage(format_args!(
            "{} is not UTF-8, so no document can name it",
            path.display()
        ))
    })
}

/// The way from one absolute folder to an absolute path.
fn between(folder: &Path, path: &Path) -> PathBuf {
    let mut up: Vec<Component<'_>> = folder.components().collect();
    let mut down: Vec<Component<'_>> = path.components().collect();
    let shared = up.iter().zip(&down).take_while(|(a, b)| a == b).count();
    up.drain(..shared);
    down.drain(..shared);
    up.iter()
        .map(|_| Component::ParentDir)
        .chain(down)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_a_folder_to_a_file() {
        for (folder, path, way) in [
            ("/a/b", "/a/b/c.csv", "c.csv"),
            ("/a/b", "/a/d/c.csv", "../d/c.csv"),
            ("/", "/a", "a"),
            ("/a/b/c", "/x", "../../../x"),
        ] {
            assert_eq!(between(Path::new(folder), Path::new(path)), Path::new(way));
        }
    }
}
