//! The shards that are here: taken in only when they are what they should be, and never replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, OrFail as _, read_failure, write_atomically};
use kgl_contract::{SearchShard, Sha256, ShardOf, parse_document};

/// The folder of a search's shards.
#[derive(Debug)]
pub(crate) struct Shards {
    folder: PathBuf,
    search: Sha256,
    count: u32,
    /// The digest of each shard's result.
    results: BTreeMap<u32, Sha256>,
    corrupt: Vec<String>,
}

/// What became of a shard that was brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is here now.
    New {
        /// How long its search took, in ms.
        elapsed_ms: u64,
    },
    /// It was here, and is the same.
    Same,
    /// It was here, and is another: both are kept.
    Corrupt,
    /// It is no shard of this search.
    Broken(String),
}

impl Shards {
    /// Reads what is in `folder`, which is made.
    ///
    /// # Errors
    /// The folder cannot be read or made (exit 3), or holds shards of something else (exit 2).
    pub(crate) fn open(folder: &Path, search: Sha256, count: u32) -> Result<Self, Failure> {
        fs::create_dir_all(folder).or_outside(format_args!("cannot make {}", folder.display()))?;
        let mut shards = Self {
            folder: folder.to_owned(),
            search,
            count,
            results: BTreeMap::new(),
            corrupt: Vec::new(),
        };
        for entry in fs::read_dir(folder).map_err(|error| read_failure(folder, error))? {
            let path = entry.map_err(|error| read_failure(folder, error))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(name) = name else { continue };
            if name.starts_with("sequence_nn_search.shard") && name.ends_with(".corrupt") {
                shards.corrupt.push(path.display().to_string());
            }
            let Some(index) = ShardOf::index_of(name) else {
                continue;
            };
            let bytes = fs::read(&path).map_err(|error| read_failure(&path, error))?;
            let (shard, result) = shards.read(index, &bytes).map_err(|what| {
                Failure::usage(format_args!("{}: {what}", path.display()))
                    .hint("move it away; it is searched again")
            })?;
            drop(shard);
            shards.results.insert(index, result);
        }
        Ok(shards)
    }

    /// The indexes that are here.
    pub(crate) fn done(&self) -> BTreeSet<u32> {
        self.results.keys().copied().collect()
    }

    /// The shards of which two different results are here, by path.
    pub(crate) fn corrupt(&self) -> &[String] {
        &self.corrupt
    }

    fn read(&self, index: u32, bytes: &[u8]) -> Result<(SearchShard, Sha256), String> {
        let shard: SearchShard = parse_document(bytes).map_err(|error| error.to_string())?;
        if shard.search_sha256 != self.search {
            return Err(format!("a shard of search {}", shard.search_sha256.short()));
        }
        let expected = ShardOf {
            index,
            count: self.count,
        };
        if shard.shard != expected {
            let ShardOf { index, count } = shard.shard;
            return Err(format!("shard {index} of {count}"));
        }
        let result = shard.result_sha256().map_err(|error| error.to_string())?;
        Ok((shard, result))
    }

    /// Takes in what `host` has as shard `index`.
    ///
    /// # Errors
    /// The disk here (exit 3).
    pub(crate) fn take(&mut self, index: u32, host: &str, bytes: &[u8]) -> Result<Taken, Failure> {
        let (shard, result) = match self.read(index, bytes) {
            Ok(read) => read,
            Err(what) => return Ok(Taken::Broken(what)),
        };
        let name = ShardOf::file_name(index);
        match self.results.get(&index) {
            Some(known) if *known == result => Ok(Taken::Same),
            Some(_) => {
                let plain: String = host
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                let other = self.folder.join(format!("{name}.of-{plain}.corrupt"));
                write_atomically(&other, bytes)?;
                let other = other.display().to_string();
                if !self.corrupt.contains(&other) {
                    self.corrupt.push(other);
                }
                Ok(Taken::Corrupt)
            }
            None => {
                write_atomically(&self.folder.join(name), bytes)?;
                self.results.insert(index, result);
                Ok(Taken::New {
                    elapsed_ms: shard.attempt.elapsed_ms,
                })
            }
        }
    }
}
