//! The command line. The doc comments here are the help.

use std::path::PathBuf;

use clap::Parser;
use kgl_cli::{Arguments, Common};

const AFTER: &str = "\
Input:
  A kgl.challenge/1 document (its remote is the host) or a kgl.fleet/1 document (all its hosts):
  FILE or stdin. With --apply: a kgl.sync-plan/1 document.

Output:
  stdout  a kgl.sync-plan/1 document: the argv for each host, the rules in their order, what is
          sent, deleted and protected. With --apply: the plan, once it has been applied.
  stderr  the same for people

What travels:
  Everything below --source but secrets, what is built, and the data and outputs of competitions.
  --exclude leaves out more. Files that --search and --input name are compared by digest and
  travel whatever is excluded, secrets aside. Nothing is deleted there without --delete, and what
  is excluded is not deleted even then.

Applying:
  A plan is refused (exit 1) when the project or the host has changed since it was made, when it
  deletes more than --max-deletions, or when the disk there is too small. Then it is executed to
  the letter, and verified: rsync must find nothing left to do, and every input must have its
  digest. A transfer that was cut goes on where it was, with a new plan.

Exit codes:
  0  done
  1  the plan is refused
  2  bad usage or input; rsync or ssh is missing
  3  a host or the disk failed; the same command goes on

Examples:
  kgl-rsync-plan competitions/jaguar-re-id/challenge.json > plan.json
  kgl-rsync-plan --apply plan.json
  kgl-rsync-plan --search competitions/rna/search.json competitions/rna/challenge.json |
    kgl-rsync-plan --apply -
  kgl-rsync-plan --delete < fleet.json | jq '.hosts[].delete'
";

/// Plan what rsync would bring to hosts, and apply exactly that plan
///
/// rsync's own dry run decides what would happen; the plan says it in numbers and argvs that can
/// be read, stored and compared, and --apply does that and nothing else.
#[derive(Debug, Parser)]
#[command(name = "kgl-rsync-plan", version, after_long_help = AFTER)]
pub struct Args {
    /// The challenge or fleet; stdin where it is left out
    #[arg(value_name = "FILE", conflicts_with = "apply")]
    pub document: Option<PathBuf>,
    /// Apply this plan, `-` for stdin
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["source", "delete", "exclude", "search", "input"])]
    pub apply: Option<PathBuf>,
    /// The project's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub source: PathBuf,
    /// Delete there what is not here (and not excluded)
    #[arg(long)]
    pub delete: bool,
    /// More deletions than that are a mistake
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub max_deletions: u64,
    /// Leave out what fits this pattern of rsync's as well; may be given more than once
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub exclude: Vec<String>,
    /// A kgl.search/1 document whose queries and targets travel by digest
    #[arg(long, value_name = "FILE")]
    pub search: Vec<PathBuf>,
    /// A file or folder of the project that travels by digest
    #[arg(long, value_name = "PATH")]
    pub input: Vec<PathBuf>,
    /// The manners of all tools.
    #[command(flatten)]
    pub common: Common,
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }
}
