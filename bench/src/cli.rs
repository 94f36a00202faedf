//! The arguments, whose comments are the help.

use std::path::PathBuf;

/// How fast the search is, beside other programs on the same data
///
/// `generate` makes the sequences, `compare` times kgl-shard-search and every other program that
/// is there on them, and writes a table (stdout), DIR/bench.json and DIR/bench.svg. `make bench`
/// does both and installs the other programs where it may.
#[derive(Debug, clap::Parser)]
#[command(
    name = "kgl-bench",
    version,
    after_long_help = AFTER,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: kgl_cli::Common,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make the sequences: 5,716 targets, 28 unrelated queries, 200 queries out of the targets
    Generate {
        /// Where they are written; what is there is replaced
        dir: PathBuf,
        /// Real chains (CSV with target_id and sequence) that take the place of as many
        /// generated targets of like length
        #[arg(long, value_name = "FILE")]
        chains: Option<PathBuf>,
    },
    /// Time everything, and write the table
    Compare {
        /// Where `generate` wrote
        dir: PathBuf,
        /// A quarter of the targets and of the queries, and one turn instead of three
        #[arg(long)]
        quick: bool,
        /// A Python that can import Bio
        #[arg(long, value_name = "PROGRAM", default_value = "python3")]
        python: String,
    },
    /// Count the portable kernels' instructions a cell with valgrind, and compare with a baseline
    ///
    /// Exit 1 where a count is more than 5 % above it. KGL_BLESS=1 writes the baseline instead.
    Instructions {
        /// The baseline, a JSON file
        baseline: PathBuf,
    },
    /// What `instructions` counts: one kernel on so many targets
    #[command(hide = true)]
    Workload {
        /// Which
        name: String,
        /// How many targets
        targets: usize,
    },
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

const AFTER: &str = "\
Examples:
  kgl-bench generate /tmp/bench && kgl-bench compare /tmp/bench --quick > table.md
  kgl-bench instructions bench/instructions.json

Exit: 0 done, 1 more instructions than the baseline, 2 bad usage or input, 3 a program or the
disk failed.";
