//! The arguments, whose comments are the help.

use std::path::PathBuf;

/// Merge the shards of a search into one document, and prove that nothing is missing.
///
/// Shards may come in any order, from any machine, and more than once. The
/// merged document is the same bytes for any number of shards.
#[derive(Debug, clap::Parser)]
#[command(name = "kgl-merge", version, after_long_help = AFTER_HELP, max_term_width = 100)]
pub struct Arguments {
    /// Shard files, or folders that hold `sequence_nn_search.shard{i}.json`; shards on
    /// stdin, one after the other, when none is given or for `-`.
    #[arg(value_name = "SHARD")]
    pub shards: Vec<PathBuf>,
    /// The pinned search document: refuse shards of any other search.
    #[arg(long, value_name = "FILE")]
    pub search: Option<PathBuf>,
    /// How many shards there should be: needed by --missing while there is none.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub count: Option<u32>,
    /// Print the indexes that are missing, one a line, instead of merging.
    #[arg(long)]
    pub missing: bool,
    /// Write the merged document to this file instead of stdout.
    #[arg(long, short, value_name = "FILE", conflicts_with = "missing")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: kgl_cli::Common,
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

const AFTER_HELP: &str = "\
Examples:
  Merge a folder of shards:
    kgl-merge shards > sequence_nn_search_merged.json

  From a pipe:
    cat shards/*.json | kgl-merge > sequence_nn_search_merged.json

  Search what is missing, then merge:
    kgl-merge --missing --count 16 shards |
      xargs -I{} kgl-shard-search {} search.json --out-dir shards
    kgl-merge shards > sequence_nn_search_merged.json

Input:   kgl.search-shard/1 documents.
Output:  a kgl.search-merged/1 document.
Exit:    0 done (with --missing: nothing is), 1 shards are missing, 2 bad usage or
         input (a broken or foreign file, two different results of one shard), 3 the
         disk or another part of the world failed.";
