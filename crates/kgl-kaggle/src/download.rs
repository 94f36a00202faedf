//! A competition's files, fetched by the client, gone on with where they were
//! cut, checked, and put in place by rename.
//!
//! ```text
//! listing ─► plan: what is not there ─► fetch into FOLDER/.download ─► unpack, check sizes ─► rename
//! ```
//!
//! The client writes a file under its final name from the first byte on; in
//! `.download` that harms nobody, and what is there when a run ends early is where
//! the next one goes on. A file counts as there when it has the listed size.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kgl_cli::{Failure, Io, OrFail as _, Progress};
use serde_json::json;

use crate::call::Call;
use crate::client::Client;
use crate::refusal::Refusal;
use crate::wire::ApiFile;

/// Up to so many files are fetched one by one: a run that is cut loses none that is whole. More
/// come as one archive, since each request takes about a second.
const ONE_BY_ONE: usize = 20;
/// Where files are until they are whole. Hidden, so that an inspection leaves it out.
const STAGING: &str = ".download";

/// What a download came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downloaded {
    /// Files that were there already.
    pub there: usize,
    /// Files that were fetched.
    pub fetched: usize,
}

/// Brings the files of the competition `slug` that are listed into `folder`.
///
/// # Errors
/// `Err(Ok(refusal))` where Kaggle refuses, `Err(Err(failure))` for all else: a name that leads
/// out of the folder, a file of another size than the listed one, no space (exit 3).
pub fn download(
    client: &Client,
    slug: &str,
    listing: &[ApiFile],
    folder: &Path,
    io: &Io,
) -> Result<Downloaded, Result<Refusal, Failure>> {
    let missing = plan(listing, folder).map_err(Err)?;
    let done = Downloaded {
        there: listing.len() - missing.len(),
        fetched: missing.len(),
    };
    if missing.is_empty() {
        return Ok(done);
    }
    let staging = folder.join(STAGING);
    fs::create_dir_all(&staging)
        .or_outside(format_args!("cannot write {}", staging.display()))
        .map_err(Err)?;
    let wanted: u64 = missing.iter().map(|file| file.total_bytes).sum();
    has_space(&staging, wanted).map_err(Err)?;
    let progress = io.progress(wanted, "downloading");
    if missing.len() <= ONE_BY_ONE {
        for file in &missing {
            let place = staging.join(place_of(&file.name));
            let call = Call::method(
                "competition_download_file",
                json!({ "competition": slug, "file_name": file.name, "path": place, "quiet": true }),
            );
            fetch(client, call, &place, &progress)?;
            let fetched = only_file(&place).map_err(Err)?;
            put_in_place(&fetched, file, folder).map_err(Err)?;
        }
    } else {
        let place = staging.join("all");
        let call = Call::method(
            "competition_download_files",
            json!({ "competition": slug, "path": place, "quiet": true }),
        );
        fetch(client, call, &place, &progress)?;
        let archive = only_file(&place).map_err(Err)?;
        unpack(&archive, &missing, folder).map_err(Err)?;
    }
    let _ = fs::remove_dir_all(&staging);
    Ok(done)
}

/// The listed files that are not in `folder`.
fn plan<'a>(listing: &'a [ApiFile], folder: &Path) -> Result<Vec<&'a ApiFile>, Failure> {
    let mut missing = Vec::new();
    for file in listing {
        if !is_below(&file.name) {
            return Err(Failure::outside(format_args!(
                "Kaggle lists a file `{}`, which would lie outside of {}",
                file.name,
                folder.display()
            )));
        }
        let size = fs::metadata(folder.join(&file.name)).map(|there| there.len());
        if size.ok() != Some(file.total_bytes) {
            missing.push(file);
        }
    }
    Ok(missing)
}

/// Whether a name leads to a place below a folder, and not to our own.
fn is_below(name: &str) -> bool {
    let mut parts = Path::new(name).components().peekable();
    let hidden = matches!(parts.peek(), Some(Component::Normal(first)) if *first == STAGING);
    !name.is_empty() && !hidden && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// A folder of its own for each file: the client keeps only the last part of a name.
fn place_of(name: &str) -> String {
    kgl_contract::Sha256::of(name.as_bytes()).to_string()[..16].to_owned()
}

/// Lets the client fetch, and shows how far it is.
fn fetch(
    client: &Client,
    call: Call,
    place: &Path,
    progress: &Progress,
) -> Result<(), Result<Refusal, Failure>> {
    let over = AtomicBool::new(false);
    let answer = thread::scope(|scope| {
        scope.spawn(|| {
            let mut seen = 0;
            while !over.load(Ordering::Relaxed) {
                let size = size_below(place);
                progress.advance(size.saturating_sub(seen));
                seen = size.max(seen);
                thread::sleep(Duration::from_millis(100));
            }
        });
        let answer = client.ask(&[call]);
        over.store(true, Ordering::Relaxed);
        answer
    });
    let mut answers = answer.map_err(Err)?.answers;
    match answers.pop() {
        Some(Err(refusal)) => Err(Ok(refusal)),
        _ => Ok(()),
    }
}

fn size_below(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// The file that the client left, whole: its marker of a partial one is gone.
fn only_file(place: &Path) -> Result<PathBuf, Failure> {
    let mut names: Vec<PathBuf> = fs::read_dir(place)
        .or_outside(format_args!("cannot read {}", place.display()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    names.sort();
    match names.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(Failure::outside(format_args!(
            "the client said it was done, but left {} files in {}",
            names.len(),
            place.display()
        ))
        .hint("run it again; what is done is kept")),
    }
}

/// Checks a fetched file, unpacks it where the site packed it, and renames it into the folder.
fn put_in_place(fetched: &Path, file: &ApiFile, folder: &Path) -> Result<(), Failure> {
    let broken = |what: &dyn std::fmt::Display| wrong(file, what, fetched);
    let size = fs::metadata(fetched).map_err(|error| broken(&error))?.len();
    let is_packed = fetched.extension().is_some_and(|end| end == "zip")
        && Path::new(&file.name)
            .extension()
            .is_none_or(|end| end != "zip");
    if !is_packed {
        if size != file.total_bytes {
            return Err(broken(&format_args!("it has {size} bytes")));
        }
        return rename(fetched, &folder.join(&file.name));
    }
    // The checksum within is held against the bytes by the zip crate.
    let mut archive = open_zip(fetched).map_err(|error| broken(&error))?;
    if archive.len() != 1 {
        return Err(broken(&format_args!("it holds {} files", archive.len())));
    }
    let unpacked = fetched.with_extension("unpacked");
    let mut entry = archive.by_index(0).map_err(|error| broken(&error))?;
    let mut out = File::create(&unpacked).map_err(|error| broken(&error))?;
    let bytes = io::copy(&mut entry, &mut out).map_err(|error| broken(&error))?;
    // Kaggle may list the size of what it sends or of what is in it.
    if bytes != file.total_bytes && size != file.total_bytes {
        return Err(broken(&format_args!("unpacked it has {bytes} bytes")));
    }
    rename(&unpacked, &folder.join(&file.name))
}

/// Takes the wanted files out of the archive of all, each by rename.
fn unpack(archive: &Path, wanted: &[&ApiFile], folder: &Path) -> Result<(), Failure> {
    let all = ApiFile {
        name: "the archive of all files".to_owned(),
        ..ApiFile::default()
    };
    let mut zip = open_zip(archive).map_err(|error| wrong(&all, &error, archive))?;
    for file in wanted {
        let broken = |what: &dyn std::fmt::Display| wrong(file, what, archive);
        let mut entry = zip.by_name(&file.name).map_err(|error| broken(&error))?;
        let beside = folder.join(STAGING).join(place_of(&file.name));
        let mut out = File::create(&beside).map_err(|error| broken(&error))?;
        let bytes = io::copy(&mut entry, &mut out).map_err(|error| broken(&error))?;
        if bytes != file.total_bytes {
            return Err(broken(&format_args!("it has {bytes} bytes")));
        }
        rename(&beside, &folder.join(&file.name))?;
    }
    Ok(())
}

fn open_zip(path: &Path) -> zip::result::ZipResult<zip::ZipArchive<io::BufReader<File>>> {
    zip::ZipArchive::new(io::BufReader::new(File::open(path)?))
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    let context = || format!("cannot write {}", to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).or_outside(context())?;
    }
    fs::rename(from, to).or_outside(context())
}

/// A file that is not what was listed: it goes, so that the next run does not go on with it.
fn wrong(file: &ApiFile, what: &dyn std::fmt::Display, fetched: &Path) -> Failure {
    let _ = fs::remove_file(fetched);
    Failure::outside(format_args!(
        "{}: not what Kaggle lists ({} bytes): {what}",
        file.name, file.total_bytes
    ))
    .hint("run it again: it is fetched anew")
}

/// Refuses to begin what cannot fit: the client would try for minutes on a full disk.
fn has_space(folder: &Path, wanted: u64) -> Result<(), Failure> {
    let context = || format!("cannot tell the free space of {}", folder.display());
    let stat = rustix::fs::statvfs(folder).or_outside(context())?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if wanted > free {
        return Err(Failure::outside(format_args!(
            "{wanted} bytes are to be downloaded, and {} has {free} free",
            folder.display()
        ))
        .hint("make room, or name a folder on another disk with --data"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in ["a", "a/b.csv", ".hidden", "a/../b"] {
            assert_eq!(is_below(name), !name.contains(".."), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", ".download/x"] {
            assert!(!is_below(name), "{name}");
        }
    }

    #[test]
    fn what_has_the_listed_size_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "12").unwrap();
        let file = |name: &str, total_bytes| ApiFile {
            name: name.to_owned(),
            total_bytes,
            creation_date: None,
        };
        let listing = [file("a", 2), file("a", 3), file("b", 0)];
        let missing = plan(&listing, folder.path()).unwrap();
        assert_eq!(missing, [&listing[1], &listing[2]]);
        assert!(plan(&[file("../a", 2)], folder.path()).is_err());
    }
}
