//! `file-list`: files and their digests, as a host tells what it has made and as a pull tells what
//! it brought.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::document::{Document, Tag};

/// Files below one folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileList {
    /// `kgl.file-list/1`.
    pub schema: Tag<FileList>,
    /// The files, ordered by path.
    pub files: Vec<ListedFile>,
    /// Ids of runs that are still writing: their own folders are not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<String>,
}

impl Document for FileList {
    const KIND: &'static str = "file-list";
    const MAJOR: u32 = 1;
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ListedFile {
    /// Relative to the folder.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its digest.
    pub sha256: Sha256,
}
