//! The command line. The doc comments here are the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use kgl_cli::Common;

const AFTER: &str = "\
Input:
  A kgl.fleet/1 document: hosts, folders there, the pinned search, which host each shard begins
  with, and the argv that searches a shard. `kgl-fleet describe` makes one.

How it goes:
  Every host is synced by kgl-rsync-plan and given kgl's programs by digest. It holds two shards
  at a time, each a run of kgl-run's in a tmux session: one is searched, one waits for its turn.
  Finished shards are brought by digest into --shards. Whatever is true lies in that folder and on
  the hosts: the command may be ended at any time, and goes on when it is started again, here or
  on another machine. A shard of a host that is lost for --lost-after, or that takes longer than
  --slow-after and 6 times the usual, goes to another host as well.

Exit codes:
  0  every shard is in --shards
  1  it is not worth it (without --go), or another launch is at work
  2  bad usage or input; one shard with two results: both are kept, and named
  3  no host is of use, or shards fail everywhere; the same command goes on

Examples:
  kgl-fleet run --shards outputs/shards < fleet.json && kgl-merge outputs/shards > merged.json
  kgl-fleet run --dry-run --shards outputs/shards < fleet.json
  kgl-fleet map --shards outputs/shards --watch 2 < fleet.json
  kgl-fleet stop --shards outputs/shards < fleet.json
";

/// A search over several hosts: handed out in shards, verified, and taken up again
///
/// No daemon and no scheduler: one loop that can be ended and started again at any time.
#[derive(Debug, Parser)]
#[command(name = "kgl-fleet", version, after_long_help = AFTER, max_term_width = 100)]
pub struct Arguments {
    /// What is to be done
    #[command(subcommand)]
    pub command: Command,
    /// The manners of all tools.
    #[command(flatten)]
    pub common: Common,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the fleet's document from what a configuration says
    Describe(Describe),
    /// Estimate, then search every shard that is not here
    Run(Run),
    /// Fetch the shards that the hosts have
    Pull(Place),
    /// End what runs on the hosts for this search, and fetch what is finished
    Stop(Place),
    /// Show which host has which shard
    Map {
        /// The fleet, and where shards are
        #[command(flatten)]
        place: Place,
        /// Again and again, every so many seconds
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        watch: Option<u64>,
    },
}

/// What a configuration says.
#[derive(Debug, Args)]
pub struct Describe {
    /// The competition's slug
    #[arg(long, value_name = "SLUG")]
    pub competition: String,
    /// A host, as `ssh` knows it; NAME=N for N threads there; may be given more than once
    #[arg(long, value_name = "NAME[=N]")]
    pub host: Vec<String>,
    /// The project's folder on every host
    #[arg(long, value_name = "DIR")]
    pub project_dir: String,
    /// Where shards appear on every host
    #[arg(long, value_name = "DIR")]
    pub shard_dir: String,
    /// The pinned search, relative to the project
    #[arg(long, value_name = "FILE")]
    pub search: String,
    /// A file with the name of a tmux session for each shard, one a line; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub sessions: PathBuf,
    /// What searches one shard; {index}, {count}, {workers}, {search}, {shard_dir} and {bin} are
    /// filled in
    #[arg(last = true, required = true, value_name = "ARGV")]
    pub argv: Vec<String>,
}

/// The fleet, and where shards are.
#[derive(Debug, Args)]
pub struct Place {
    /// The fleet; stdin where it is left out
    #[arg(value_name = "FLEET")]
    pub fleet: Option<PathBuf>,
    /// The folder of this search's shards here
    #[arg(long, value_name = "DIR")]
    pub shards: PathBuf,
    /// The project's folder here
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
}

/// How to run.
#[derive(Debug, Args)]
pub struct Run {
    /// The fleet, and where shards are
    #[command(flatten)]
    pub place: Place,
    /// Go, whether it pays or not
    #[arg(long)]
    pub go: bool,
    /// Only say what it would take
    #[arg(long, conflicts_with = "go")]
    pub estimate: bool,
    /// Print every command and where it would run, and touch nothing
    #[arg(long, conflicts_with = "estimate")]
    pub dry_run: bool,
    /// After so long without a word a host is lost, and its shards move
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub lost_after: u64,
    /// A shard that a host has held for so long, and for 6 times the usual, moves
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub slow_after: u64,
    /// After so long without a host of any use it ends
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub give_up_after: u64,
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &Common {
        &self.common
    }
}
