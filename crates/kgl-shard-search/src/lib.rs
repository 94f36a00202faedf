//! `kgl-shard-search INDEX`: exact nearest neighbours of RNA queries within one
//! shard of a library.
//!
//! ```text
//! search.json ─► kgl-shard-search 0 ─► shard 0 ┐
//! search.json ─► kgl-shard-search 1 ─► shard 1 ┼─► kgl-merge ─► merged.json
//! search.json ─► kgl-shard-search 2 ─► shard 2 ┘
//! ```
//!
//! Input is a `search` document; output a `search-shard` document. The entry
//! point is the same on the laptop, in a GCP Batch or Slurm task and in tmux on
//! a host, and so are the bytes, save for the `attempt` that says how this run
//! went.
//!
//! The data flows one way: [`task`] decides which shards are meant, [`inputs`]
//! reads and checks the files, [`kgl_search::partition`] deals the targets, [`pairs`] says
//! who may meet whom, [`search`] computes what it cannot prove unnecessary and
//! keeps the best, and this page reports. Exit codes: 0 done, 2 bad usage or
//! input, 3 the outside world failed.

pub mod cli;
pub mod inputs;
pub mod pairs;
mod pin;
pub mod search;
pub mod task;

use std::fs;
use std::path::Path;
use std::time::Instant;

use kgl_align::{Engine, KernelChoice};
use kgl_cli::{Exit, Failure, Io, OrFail as _, Table};
use kgl_contract::{Attempt, SearchShard, ShardOf, Tag, TargetList, parse_document};
use kgl_search::partition::{self, Partition};

use cli::Arguments;
use inputs::Inputs;

/// The tool: reads the search, searches the shards that are meant, writes them.
///
/// # Errors
/// Bad input (exit 2) with the thing, the place and the remedy; a failing disk (exit 3).
#[allow(clippy::needless_pass_by_value)] // the shape of every tool's entry
pub fn run(arguments: Arguments, io: &Io) -> Result<Exit, Failure> {
    let started = Instant::now();
    let mut inputs = Inputs::read(&arguments, io)?;
    if let Some(count) = arguments.count {
        inputs.search.shards = count;
        inputs.search.check().or_usage("--count")?;
    }
    let count = inputs.search.shards;
    if arguments.pin {
        let out = arguments.out.as_deref();
        let folder = out.and_then(Path::parent).unwrap_or(Path::new(""));
        inputs.search.queries.path = pin::relative_to(folder, &inputs.queries_path)?;
        inputs.search.targets.path = pin::relative_to(folder, &inputs.targets_path)?;
        io.write_document(&inputs.search, out)?;
        return Ok(Exit::Done);
    }
    if arguments.identity {
        io.print(inputs.identity)?;
        return Ok(Exit::Done);
    }
    let partition = Partition::deal(
        &inputs.queries,
        &inputs.targets,
        &inputs.search.filters,
        count,
    );
    if arguments.plan {
        io.print(plan_table(&inputs, &partition))?;
        return Ok(Exit::Done);
    }
    let shards = task::shards_meant(&arguments, count, &task::environment_counts())?;
    if shards.len() > 1 && arguments.out_dir.is_none() {
        return Err(Failure::usage("several shards do not fit one document")
            .hint("name a folder with --out-dir"));
    }

    let choice: KernelChoice = arguments.kernel.parse().or_usage("--kernel")?;
    let engine = Engine::new(inputs.scoring, choice).or_usage("--kernel")?;
    let workers = search::Workers::start(arguments.workers)?;
    io.detail(format_args!(
        "search {}: {} queries, {} targets; kernel {}, {} lanes, {} workers",
        inputs.identity.short(),
        inputs.queries.len(),
        inputs.targets.len(),
        engine.kernel_name(),
        engine.lanes(),
        workers.count(),
    ));

    // Reading the inputs counts for the first shard of this process.
    let mut shard_started = started;
    for index in shards.iter() {
        let path = match &arguments.out_dir {
            Some(folder) => Some(folder.join(ShardOf::file_name(index))),
            None => arguments.out.clone(),
        };
        let resumable = arguments.out_dir.is_some() && !arguments.force;
        if let Some(path) = path.as_deref().filter(|_| resumable)
            && is_done(path, &inputs, ShardOf { index, count })?
        {
            io.detail(format_args!("shard {index} is there: {}", path.display()));
            continue;
        }
        let targets = partition.targets_of(index);
        let prune = !arguments.no_prune;
        let found = search::search_shard(&inputs, targets, &engine, &workers, prune, io)?;
        let elapsed = shard_started.elapsed();
        let shard = SearchShard {
            schema: Tag::default(),
            search_sha256: inputs.identity,
            partition: partition::VERSION,
            shard: ShardOf { index, count },
            targets: TargetList {
                count: inputs.target_count(),
                ids_sha256: inputs.target_ids_digest(),
            },
            targets_searched: partition.targets_of(index).iter().copied().collect(),
            score_scale: inputs.score_scale,
            top_k: inputs.search.top_k,
            results: found.results,
            attempt: Attempt {
                tool: concat!("kgl-shard-search ", env!("CARGO_PKG_VERSION")).to_owned(),
                kernel: engine.kernel_name().to_owned(),
                lanes: u32::try_from(engine.lanes()).unwrap_or(u32::MAX),
                workers: workers.count(),
                cells_computed: found.cells,
                cells_pruned: found.cells_pruned,
                elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                host: kgl_cli::host_name(),
                started_at: kgl_cli::now(),
            },
        };
        io.write_document(&shard, path.as_deref())?;
        io.detail(format_args!(
            "shard {index} of {count}: {} targets, {:.3} Gcells computed and {:.3} proved unnecessary in {:.2} s",
            shard.targets_searched.len(),
            found.cells as f64 / 1e9,
            found.cells_pruned as f64 / 1e9,
            elapsed.as_secs_f64(),
        ));
        shard_started = Instant::now();
    }
    Ok(Exit::Done)
}

/// Whether `path` holds this shard of this search. Anything else that has its
/// name is not ours to overwrite.
fn is_done(path: &Path, inputs: &Inputs, shard: ShardOf) -> Result<bool, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(kgl_cli::read_failure(path, error)),
    };
    let refuse = |what: String| {
        Err(Failure::usage(format_args!("{}: {what}", path.display()))
            .hint("move it away, or replace it with --force"))
    };
    match parse_document::<SearchShard>(&bytes) {
        Ok(found) if found.search_sha256 != inputs.identity => refuse(format!(
            "holds a shard of search {}, not of this one ({})",
            found.search_sha256.short(),
            inputs.identity.short()
        )),
        Ok(found) if found.shard != shard || found.partition != partition::VERSION => {
            refuse(format!(
                "holds shard {} of {}, not {} of {}",
                found.shard.index, found.shard.count, shard.index, shard.count
            ))
        }
        Ok(_) => Ok(true),
        Err(error) => refuse(error.to_string()),
    }
}

/// What each shard would search, for people.
fn plan_table(inputs: &Inputs, partition: &Partition) -> Table {
    let mut table = Table::new(["shard", "targets", "residues", "Gcells at most", "file"]);
    for (index, targets) in (0..).zip(partition.shards()) {
        let residues: usize = targets
            .iter()
            .map(|&t| inputs.targets[t as usize].sequence.len())
            .sum();
        table.row([
            index.to_string(),
            targets.len().to_string(),
            residues.to_string(),
            format!("{:.3}", partition.cells_of(index) as f64 / 1e9),
            ShardOf::file_name(index),
        ]);
    }
    table
}
