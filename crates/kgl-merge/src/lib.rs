//! `kgl-merge`: the shards of a search in, one document out, and the proof that
//! every target was searched once for every query.
//!
//! ```text
//! shard 2 ┐
//! shard 0 ┼─► kgl-merge ─► sequence_nn_search_merged.json
//! shard 1 ┘
//! ```
//!
//! Order-free, idempotent, and in memory no more than the result and one shard.
//! Exit codes: 0 done, 1 shards are missing, 2 bad usage or input (a broken or
//! foreign file; two different results of one shard, which is corruption), 3 the
//! outside world failed.

pub mod cli;
pub mod merge;
pub mod sources;

use kgl_cli::{Exit, Failure, Io, OrFail as _};
use kgl_contract::{Search, Sha256};

use cli::Arguments;
use merge::{Merge, MergeError};

/// The tool: merges all shards it is given, or says which are missing.
///
/// # Errors
/// Missing shards (exit 1); broken, foreign or diverging ones (exit 2).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    let search = arguments
        .search
        .as_deref()
        .map(|path| read_search(path, io))
        .transpose()?;
    let mut merge = Merge::default();
    sources::for_each_shard(&arguments.shards, io, |shard, name| {
        merge.add(shard, name).map_err(explain)?;
        match search
            .as_ref()
            .and_then(|(identity, _)| merge.foreign_to(*identity))
        {
            None => Ok(()),
            Some((name, found)) => Err(Failure::usage(format_args!(
                "{name}: a shard of search {}, not of the one given with --search",
                found.short()
            ))),
        }
    })?;

    let expected = arguments.count.or(search.map(|(_, shards)| shards));
    let count = match (merge.count(), expected) {
        (Some(found), Some(expected)) if found != expected => {
            return Err(Failure::usage(format_args!(
                "the shards are of {found}, but {expected} are expected"
            ))
            .hint("a search cut another way cannot be mixed in: merge each cut by itself"));
        }
        (Some(found), _) => found,
        (None, Some(expected)) => expected,
        (None, None) => {
            return Err(
                Failure::usage("no shard was given, so their number is not known")
                    .hint("give shards, or --count N, or --search FILE"),
            );
        }
    };
    let missing = merge.missing(count);
    if arguments.missing {
        let lines: String = missing.iter().map(|index| format!("{index}\n")).collect();
        io.write_stdout(lines.as_bytes())?;
        return Ok(if missing.is_empty() {
            Exit::Done
        } else {
            Exit::No
        });
    }
    if !missing.is_empty() {
        return Err(Failure::no(format_args!("{} of {count} shards are missing: {missing}", missing.len()))
            .hint("`kgl-merge --missing …` prints them one a line, for `xargs -I{} kgl-shard-search {} …`"));
    }
    let shards = merge.seen();
    let Some(merged) = merge.finish().map_err(explain)? else {
        return Err(Failure::no("shards are missing"));
    };
    io.detail(format_args!(
        "merged {shards} shards of search {}: {} queries, {} targets, each searched once",
        merged.search_sha256.short(),
        merged.results.len(),
        merged.coverage.targets,
    ));
    io.write_document(&merged, arguments.out.as_deref())?;
    Ok(Exit::Done)
}

/// Identity and shard count of a pinned search.
fn read_search(path: &std::path::Path, io: &Io) -> Result<(Sha256, u32), Failure> {
    let (search, source) = io.read_document::<Search>(Some(path))?;
    let identity = search
        .identity()
        .or_usage(&source.name)
        .map_err(|failure| {
            failure.hint("pin it first: `kgl-shard-search --pin search.json > pinned.json`")
        })?;
    Ok((identity, search.shards))
}

fn explain(error: MergeError) -> Failure {
    let hint = match &error {
        MergeError::Foreign { .. } => "merge the shards of one search, cut one way, at a time",
        MergeError::Diverging { .. } => {
            "keep both files, search that shard once more elsewhere, and see which one it equals"
        }
        MergeError::Inconsistent { .. } => {
            "the file was not written by kgl-shard-search: search that shard again"
        }
    };
    Failure::usage(error).hint(hint)
}
