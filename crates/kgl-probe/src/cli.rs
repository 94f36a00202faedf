//! The command line. The doc comments here are the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use kgl_cli::{Arguments, Common};

const AFTER: &str = "\
Input:
  Hosts as arguments, NAME or NAME:/folder/of/the/project; and documents that name hosts,
  kgl.challenge/1 (its remote) or kgl.fleet/1: --from FILE, or stdin where neither is given.
  A name is what `ssh NAME` understands; `ssh NAME` must work without a password.

Output:
  stdout  a kgl.host-status/1 document; on a terminal, tables instead.
          With --watch one document a line, or a table that is drawn again and again.
  What could not be learned is left out (n/a in the table), and never told as 0.

Exit codes:
  0  every host answered
  1  some host did not; the document says which, and why
  2  bad usage or input

Examples:
  kgl-probe host1 host2:/workspace/kaggle
  kgl-probe --from competitions/jaguar-re-id/challenge.json --watch
  kgl-probe < fleet.json | jq -r '.hosts[] | select(.unreachable) | .host'
";

/// Ask hosts how they are and what runs on them, all at once
///
/// Load, memory, disk, GPUs, clock, and the runs of kgl-run with their true state. A host that is
/// off or hangs keeps nobody waiting: there is one deadline for all.
#[derive(Debug, Parser)]
#[command(name = "kgl-probe", version, after_long_help = AFTER)]
pub struct Args {
    /// A host: NAME, or NAME:/folder to see the runs of the project there
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// A document that names hosts, `-` for stdin; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub from: Vec<PathBuf>,
    /// Ask again and again, with as many seconds in between
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    pub watch: Option<f64>,
    /// Give a host up that has not taken the connection after as many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    pub connect: f64,
    /// Give up, after as many seconds, whoever has not answered
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub deadline: f64,
    /// How many runs of each competition to tell of, newest first
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub runs: u32,
    /// The manners of all tools.
    #[command(flatten)]
    pub common: Common,
}

/// `seconds` as a time; what is no time at all is the shortest there is.
pub(crate) fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds)
        .unwrap_or_default()
        .max(Duration::from_millis(1))
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }
}
