//! Files that appear by rename, so that no half-written one ever has its final name.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Failure, OrFail as _};

/// Writes `bytes` beside `path`, then renames: `path` holds the old bytes or
/// the new ones, never a part. Folders on the way are made.
///
/// # Errors
/// Names the file (exit 3): no space, no right, no such folder.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)
        .or_outside(format_args!("cannot write {}", path.display()))?;
    file.commit()
}

/// A file that is written beside its final path and appears there by rename
/// when it is [committed](AtomicFile::commit). Dropped before, it leaves nothing.
///
/// A link is followed: what it names is replaced, the link stays. A device or a
/// named pipe (`/dev/stdout`, `/dev/null`) cannot be renamed over without losing
/// it, so it is written to as it comes.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    writer: BufWriter<Place>,
}

/// Where the bytes go meanwhile.
#[derive(Debug)]
enum Place {
    Beside(NamedTempFile),
    Device(File),
}

impl AtomicFile {
    /// Begins a file that will appear at `path`. Folders on the way are made.
    ///
    /// # Errors
    /// The folder cannot be written (exit 3).
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let context = || format!("cannot write {}", path.display());
        let (path, place) = match fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                return Err(Failure::usage(format_args!(
                    "{}: it is a folder",
                    context()
                )));
            }
            Ok(there) if !there.is_file() => {
                let device = OpenOptions::new()
                    .write(true)
                    .open(path)
                    .or_outside(context())?;
                (path.to_owned(), Place::Device(device))
            }
            Ok(_) => {
                let path = path.canonicalize().or_outside(context())?;
                let beside = begin_beside(&path).or_outside(context())?;
                (path, Place::Beside(beside))
            }
            Err(_) => {
                fs::create_dir_all(folder_of(path)).or_outside(context())?;
                (
                    path.to_owned(),
                    Place::Beside(begin_beside(path).or_outside(context())?),
                )
            }
        };
        Ok(Self {
            path,
            writer: BufWriter::with_capacity(1 << 16, place),
        })
    }

    /// Makes the file appear at its path, with all its bytes on the disk.
    ///
    /// # Errors
    /// No space left, or the rename was refused (exit 3); `path` is as it was.
    pub fn commit(self) -> Result<(), Failure> {
        let context = || format!("cannot write {}", self.path.display());
        let place = self
            .writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        let Place::Beside(file) = place.or_outside(context())? else {
            return Ok(());
        };
        file.as_file().sync_all().or_outside(context())?;
        file.persist(&self.path)
            .map_err(|error| error.error)
            .or_outside(context())?;
        // The rename itself reaches the disk with its folder. Some file systems
        // cannot sync a folder; the file is whole all the same.
        if let Ok(folder) = File::open(folder_of(&self.path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A hidden file in the folder of `path`, named after it.
fn begin_beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("not a file name"))?;
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        // What the umask leaves of it, as for any other file.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder_of(path))
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Place::Beside(file) => file.write(bytes),
            Place::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Place::Beside(file) => file.flush(),
            Place::Device(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/a.json");
        write_atomically(&path, b"old\n").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old\n");
        write_atomically(&path, b"new\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_gets_the_usual_rights() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("a"), folder.path().join("b"));
        write_atomically(&ours, b"").unwrap();
        fs::write(&plain, b"").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named() {
        let failure = write_atomically(Path::new("/dev/null/x/a.json"), b"").unwrap_err();
        assert!(
            failure.to_string().contains("/dev/null/x/a.json"),
            "{failure}"
        );
        assert_eq!(failure.exit(), kgl_contract::Exit::Outside);
    }

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt as _;
        write_atomically(Path::new("/dev/null"), b"x").unwrap();
        let full = write_atomically(Path::new("/dev/full"), b"x").unwrap_err();
        assert!(full.to_string().contains("/dev/full"), "{full}");
        for device in ["/dev/null", "/dev/full"] {
            assert!(
                fs::metadata(device).unwrap().file_type().is_char_device(),
                "{device}"
            );
        }
    }

    #[test]
    fn a_link_stays_and_what_it_names_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(
            write_atomically(folder.path(), b"").unwrap_err().exit(),
            kgl_contract::Exit::Usage
        );
    }
}
