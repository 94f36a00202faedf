//! Where shards come from: files, folders of them, or one after the other on stdin.

use std::fs;
use std::io::{self, BufReader, IsTerminal as _};
use std::path::{Path, PathBuf};

use kgl_cli::{Failure, Io, OrFail as _, read_failure};
use kgl_contract::{SearchShard, ShardOf, parse_document};

/// Calls `take` with every shard and the name of where it came from, one at a time.
///
/// # Errors
/// The first broken or unreadable source, or the first error of `take`.
pub fn for_each_shard(
    paths: &[PathBuf],
    io: &Io,
    mut take: impl FnMut(SearchShard, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if paths.is_empty() && io::stdin().is_terminal() {
        // Asks for bytes from a terminal, which answers with the help.
        return io.read_bytes(None).map(|_| ());
    }
    if paths.is_empty() {
        return read_stdin(&mut take);
    }
    let progress = io.progress(paths.len() as u64, "merging");
    for path in paths {
        if path == Path::new("-") {
            read_stdin(&mut take)?;
        } else if path.is_dir() {
            for file in shards_in(path)? {
                read_file(&file, &mut take)?;
            }
        } else {
            read_file(path, &mut take)?;
        }
        progress.advance(1);
    }
    Ok(())
}

fn read_file(
    path: &Path,
    take: &mut impl FnMut(SearchShard, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bytes = fs::read(path).map_err(|error| read_failure(path, error))?;
    let name = path.display().to_string();
    let shard = parse_document(&bytes).or_usage(&name).map_err(|failure| {
        failure.hint("if it was cut on its way, fetch it again; else search that shard again")
    })?;
    drop(bytes);
    take(shard, &name)
}

/// The shards in a folder, by index; what is called otherwise is none of ours.
fn shards_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| read_failure(folder, error))? {
        let path = entry.map_err(|error| read_failure(folder, error))?.path();
        if let Some(index) = path
            .file_name()
            .and_then(|name| ShardOf::index_of(name.to_str()?))
        {
            found.push((index, path));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Shards one after the other, with or without white space between them. Only
/// one is held at a time, so a broken one is told by its number and line.
fn read_stdin(
    take: &mut impl FnMut(SearchShard, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stream = serde_json::Deserializer::from_reader(BufReader::with_capacity(
        1 << 16,
        io::stdin().lock(),
    ));
    for (number, shard) in (1..).zip(stream.into_iter::<SearchShard>()) {
        let name = format!("stdin, document {number}");
        let shard = match shard {
            Ok(shard) => shard,
            Err(error) if error.is_io() => return Err(error).or_outside("cannot read stdin"),
            Err(error) => return Err(error).or_usage(name),
        };
        take(shard, &name)?;
    }
    Ok(())
}
