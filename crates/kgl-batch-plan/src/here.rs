//! What is here already: shards of the search, and how fast a core is.

use std::collections::BTreeSet;
use std::path::Path;

use kgl_cli::{Failure, OrFail as _, read_failure};
use kgl_contract::{SearchShard, Sha256, ShardOf, parse_document};

/// Cells a second of a core, where no shard tells: about what an AVX-512 core does, those that it
/// proves unnecessary counted with those that it computes.
const CELLS_PER_CORE_S: u64 = 10_000_000_000;

/// The shards that are here already.
#[derive(Debug, Default)]
pub(crate) struct ShardsHere {
    /// Into how many the search is cut, if there is one.
    pub count: Option<u32>,
    /// Which they are.
    pub indexes: BTreeSet<u32>,
    /// Cells a second of a core, over all of them.
    cells_per_core_s: Option<u64>,
}

impl ShardsHere {
    /// Reads the shards of the search in `folder`, which need not exist.
    ///
    /// # Errors
    /// One is of another search, or cut another way (exit 2); one cannot be read.
    pub(crate) fn read(folder: &Path, identity: Sha256) -> Result<Self, Failure> {
        let mut here = Self::default();
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(here),
            Err(error) => return Err(read_failure(folder, error)),
        };
        let (mut cells, mut core_ms) = (0u128, 0u128);
        for entry in entries {
            let path = entry.map_err(|error| read_failure(folder, error))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(index) = name.and_then(ShardOf::index_of) else {
                continue;
            };
            let bytes = std::fs::read(&path).map_err(|error| read_failure(&path, error))?;
            let shard: SearchShard = parse_document(&bytes).or_usage(path.display())?;
            let count = *here.count.get_or_insert(shard.shard.count);
            if shard.search_sha256 != identity
                || shard.shard.count != count
                || shard.shard.index != index
            {
                return Err(Failure::usage(format_args!(
                    "{}: not shard {index} of {count} of this search",
                    path.display()
                ))
                .hint("keep the shards of each search, cut one way, in a folder of their own"));
            }
            here.indexes.insert(index);
            let attempt = &shard.attempt;
            cells += u128::from(attempt.cells_computed) + u128::from(attempt.cells_pruned);
            core_ms += u128::from(attempt.elapsed_ms) * u128::from(attempt.workers);
        }
        let rate = (cells * 1000).checked_div(core_ms);
        here.cells_per_core_s = rate
            .and_then(|rate| u64::try_from(rate).ok())
            .filter(|&rate| rate > 0);
        Ok(here)
    }

    /// Cells a second of a core here: as `given` in milliards, as the shards tell, or as usual.
    ///
    /// # Errors
    /// What is given is no rate (exit 2).
    pub(crate) fn rate(&self, given: Option<f64>) -> Result<u64, Failure> {
        let Some(given) = given else {
            return Ok(self.cells_per_core_s.unwrap_or(CELLS_PER_CORE_S));
        };
        if !(given > 0.0 && given < 1e6) {
            return Err(Failure::usage(format_args!(
                "--gcells-per-s {given}: give a number above 0"
            )));
        }
        // In whole thousands of cells, which the range above makes exact enough.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(((given * 1e6).ceil() as u64).saturating_mul(1000))
    }
}
