//! What can go wrong on stdout.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;

use rustix::fs::{OFlags, fcntl_getfl, fstat};

/// Whether stdout leads nowhere because the caller closed it. Rust's runtime
/// opens /dev/null for reading and writing in the place of a closed descriptor;
/// a shell's `> /dev/null` opens it for writing only.
pub(crate) fn stdout_is_discarded() -> bool {
    let stdout = io::stdout();
    let read_write = fcntl_getfl(&stdout).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR);
    let null = fs::metadata("/dev/null")
        .ok()
        .filter(|null| null.file_type().is_char_device());
    let same = match (null, fstat(&stdout)) {
        (Some(null), Ok(stat)) => std::os::unix::fs::MetadataExt::rdev(&null) == stat.st_rdev,
        _ => false,
    };
    read_write && same
}
