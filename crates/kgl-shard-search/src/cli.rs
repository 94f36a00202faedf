//! The arguments, whose comments are the help.

use std::path::{Path, PathBuf};

/// Exact nearest neighbours of RNA queries within one shard of a library.
///
/// Scores every query against every target of shard INDEX that the search's
/// filters let through, and keeps the best hits with their alignments. Pairs that
/// provably cannot be among the best are not computed. The result is exact: the
/// same bytes on any machine, with any number of workers.
#[derive(Debug, clap::Parser)]
#[command(name = "kgl-shard-search", version, after_long_help = AFTER_HELP, max_term_width = 100)]
#[command(
    override_usage = "kgl-shard-search [OPTIONS] INDEX [SEARCH]\n       kgl-shard-search --pin|--plan|--identity [OPTIONS] [SEARCH]"
)]
pub struct Arguments {
    /// Which shard to search, from 0; several as `0-3,7`, or `all`, together with --out-dir.
    #[arg(required_unless_present_any = ["pin", "plan", "identity"])]
    pub index: Option<String>,
    /// The search document; stdin when left out or `-`.
    pub search: Option<PathBuf>,

    /// How many shards the targets are cut into, instead of the document's `shards`.
    #[arg(long, value_name = "N")]
    pub count: Option<u32>,
    /// INDEX is a task, and line INDEX (from 0) of this file names its shard: run
    /// only what `kgl-merge --missing` printed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pin", "plan", "identity"])]
    pub map: Option<PathBuf>,

    /// Folder that the document's paths are relative to, instead of its own.
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,
    /// Read the queries from this file instead of the document's path.
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,
    /// Read the targets from this file instead of the document's path.
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,

    /// Write the shard to this file instead of stdout.
    #[arg(long, short, value_name = "FILE", conflicts_with = "out_dir")]
    pub out: Option<PathBuf>,
    /// Write each shard to `sequence_nn_search.shard{i}.json` in this folder; shards
    /// of this search that are already there are kept and not searched again.
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// With --out-dir: search again, and replace what is there.
    #[arg(long, requires = "out_dir")]
    pub force: bool,

    /// Worker threads; all cores when left out.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub workers: Option<u32>,
    /// The alignment kernel: auto, avx512, avx2, portable or scalar. Changes the time, never the result.
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub kernel: String,

    /// Compute every pair that the filters let meet, also where a proof makes it
    /// unnecessary. The result is the same bytes: this is how to check that, and to
    /// time the kernel.
    #[arg(long)]
    pub no_prune: bool,
    /// Find scores, and leave out the alignments of the hits. A search of its own, as
    /// if the document said `"alignments": false`: merged with its like only.
    #[arg(long)]
    pub scores_only: bool,

    /// Print the search with file digests filled in, and search nothing.
    #[arg(long, conflicts_with_all = ["plan", "out_dir"])]
    pub pin: bool,
    /// Print what each shard would search, and search nothing.
    #[arg(long, conflicts_with = "out_dir")]
    pub plan: bool,
    /// Print the digest that names the search in its shards, and search nothing.
    #[arg(long, conflicts_with_all = ["plan", "pin", "out_dir"])]
    pub identity: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: kgl_cli::Common,
}

impl Arguments {
    /// The path of the search document: --pin, --plan and --identity take no INDEX before it.
    #[must_use]
    pub fn search_path(&self) -> Option<&Path> {
        match &self.index {
            Some(search) if self.pin || self.plan || self.identity => Some(Path::new(search)),
            _ => self.search.as_deref(),
        }
    }
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

const AFTER_HELP: &str = "\
Examples:
  One shard of sixteen, as an array job calls it:
    kgl-shard-search $BATCH_TASK_INDEX search.json > shard.json

  All of them here, and one merged document:
    kgl-shard-search all search.json --out-dir shards && kgl-merge shards > merged.json

  Only what is missing:
    kgl-merge --missing shards | xargs -I{} kgl-shard-search {} search.json --out-dir shards

Input:   a kgl.search/1 document; sequences in CSV or FASTA, also gzipped. Where
         queries have no relatives, its `min_score` (the lowest score worth
         reporting) saves most of the work.
Output:  a kgl.search-shard/1 document; its `attempt` says which kernel ran, and how
         many cells were computed and how many proved unnecessary.
Exit:    0 done, 2 bad usage or input, 3 the disk or another part of the world failed.

A task count in the environment (BATCH_TASK_COUNT, SLURM_ARRAY_TASK_COUNT,
CLOUD_RUN_TASK_COUNT, AWS_BATCH_JOB_ARRAY_SIZE) must agree with the shard count,
or with the number of lines of --map, so that no shard is forgotten.";
