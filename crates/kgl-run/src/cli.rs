//! The command line. The doc comments here are the help.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use kgl_cli::{Arguments, Common};
use kgl_contract::Where;

const AFTER: &str = "\
Input:
  A kgl.challenge/1 document: --competition SLUG, --challenge FILE, or stdin. The argv behind
  VERB runs in the competition's folder, without a shell, with stdin empty, and with
    KGL_RUN_ID       the run's id
    KGL_RUN_DIR      the run's folder (absolute): a place for what the run leaves behind
    KGL_PROJECT_DIR  the project's folder (absolute)
    KGL_SEED         the seed, where one was given
  The rest of the environment is passed on as it is, and is never written down.

Output:
  stdout  a kgl.run/1 document: the plan, the run that was started, or how it ended.
          status and stop give one a line. A terminal is shown no documents but the plan.
  stderr  what VERB prints while it runs in the foreground, and words for people.
  files   competitions/SLUG/outputs/runs/ID/run.json, run.log and, at the end, run.rc

On a host:
  With \"where\": \"host\" in the challenge, or --where host, VERB runs on its remote host, in the
  tmux session kgl-SLUG-VERB there; what starts it and sees it through is this same program,
  which is brought along. `make sync` brings the project. status, stop, watch and why ask the host; its
  log and results come here with `kgl-run pull`. A link that is cut is waited for, and no byte
  of a log is lost or shown twice.

When a run has ended:
  The challenge's on_done.finished, .failed or .died, an argv each, is executed here, once: by
  whoever sees the end first, the wrapper of a run here, or status, watch, pull and stop.

Exit codes:
  0  done; for --detach: started
  1  VERB ended with 1; or VERB is running already (--again starts another); or what it was to
     run --after did not end well
  2  VERB ended with 2; or bad usage or input: nothing was started
  3  VERB ended with any other code, by a signal, or was stopped; or the disk failed

Verbs of kgl-run itself (status, stop, why, watch, pull) win over verbs of the same name in the
challenge: a local run is ended by `kgl-run stop`, whatever the challenge calls `stop`.

Examples:
  kgl-run train --competition stanford-rna-3d-folding-2 --plan
  kgl-run train --competition stanford-rna-3d-folding-2 --seed 7 -- --folds 5
  kgl-run train --detach < competitions/jaguar-re-id/challenge.json
  kgl-run predict --competition jaguar-re-id --after train
  kgl-run watch --competition jaguar-re-id
  kgl-run status --competition jaguar-re-id | jq -r 'select(.state == \"failed\").why.what'
";

/// Turn a verb of a competition into a run, and tell the truth about how it ended
///
/// A challenge names the argv behind each of its verbs. kgl-run executes it, keeps its log,
/// passes ^C on, and records how it ended. What a run's state is (running, done, failed,
/// stopped, died, rebooted) is found out when it is asked for, from what the run left and from
/// the processes that are there; no file of a dead process is believed.
#[derive(Debug, Parser)]
#[command(
    name = "kgl-run",
    version,
    after_long_help = AFTER,
    disable_help_subcommand = true,
    subcommand_help_heading = "Verbs of kgl-run itself",
    override_usage = "kgl-run VERB --competition SLUG [OPTIONS] [-- ARGS...]\n       \
                      kgl-run status|stop|why|watch|pull --competition SLUG [OPTIONS]"
)]
pub struct Args {
    /// A verb of the challenge: train, predict, sync, ...
    pub verb: Option<String>,
    /// Arguments that are added to the verb's argv
    #[arg(last = true)]
    pub args: Vec<String>,
    /// Print the run as it would be, and touch nothing
    #[arg(long, conflicts_with = "detach")]
    pub plan: bool,
    /// Come back as soon as the run has started; it outlives the terminal and the ssh session
    #[arg(long)]
    pub detach: bool,
    /// Start it even though the same verb is running already
    #[arg(long)]
    pub again: bool,
    /// If it is running already, follow that run instead of refusing to start another
    #[arg(long, conflicts_with_all = ["again", "detach", "plan"])]
    pub attach: bool,
    /// If this other verb is running, wait for it first; end here if it did not end well
    #[arg(long, value_name = "VERB", conflicts_with = "plan")]
    pub after: Option<String>,
    /// The run's seed, which VERB finds in KGL_SEED
    #[arg(long, value_name = "N", env = "KGL_SEED", hide_env_values = true)]
    pub seed: Option<u64>,
    /// Where to run, instead of where the challenge says
    #[arg(long = "where", value_name = "WHERE")]
    pub where_: Option<Compute>,
    /// Options that every verb has.
    #[command(flatten)]
    pub source: Source,
    /// What this machine is called by the one that asks
    #[arg(long = "as", global = true, hide = true, value_name = "NAME")]
    pub here: Option<String>,
    /// How long a run that is asked to end may take, in seconds, before it is killed
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10)]
    pub grace: u64,
    /// The manners of all tools.
    #[command(flatten)]
    pub common: Common,
    /// A verb of kgl-run itself.
    #[command(subcommand)]
    pub builtin: Option<Builtin>,
}

/// Which competition.
#[derive(Debug, Clone, ClapArgs)]
pub struct Source {
    /// The competition: competitions/SLUG/challenge.json below the current folder
    #[arg(long, global = true, value_name = "SLUG", conflicts_with = "challenge")]
    pub competition: Option<String>,
    /// The challenge document, in its place: .../competitions/SLUG/challenge.json
    #[arg(long, global = true, value_name = "FILE")]
    pub challenge: Option<PathBuf>,
}

/// What kgl-run can tell and do about runs that were started.
#[derive(Debug, Subcommand)]
pub enum Builtin {
    /// All runs of the competition, newest first
    Status {
        /// Only this run: its id, or an end of it that no other id has
        #[arg(long, value_name = "ID")]
        run: Option<String>,
    },
    /// End a run and every process it started: ask, wait --grace seconds, kill
    ///
    /// Without --run or --all, the newest run that is running. A run that was started with a
    /// shorter --grace keeps to its own.
    Stop {
        /// This run: its id, or an end of it that no other id has
        #[arg(long, value_name = "ID", conflicts_with = "all")]
        run: Option<String>,
        /// Every run of the competition that is running
        #[arg(long)]
        all: bool,
        /// Only runs of this verb
        #[arg(long, value_name = "VERB", conflicts_with = "run")]
        verb: Option<String>,
    },
    /// Three lines: what failed last, where its log is, the command that goes on from there
    Why {
        /// This run: its id, or an end of it that no other id has
        #[arg(long, value_name = "ID")]
        run: Option<String>,
    },
    /// Follow the newest run's log until the run ends; exits with 0 if it is done, 1 if not
    Watch {
        /// This run: its id, or an end of it that no other id has
        #[arg(long, value_name = "ID")]
        run: Option<String>,
        /// Print what is in the log so far, and how the run stands
        #[arg(long)]
        no_follow: bool,
    },
    /// Bring what the competition has made on its host, verified by digest
    ///
    /// All of outputs/ there but for runs that are running. A file that was made or changed here is
    /// kept, and one that is half-written there is left alone.
    Pull {
        /// Take the host's files also where others were made here
        #[arg(long)]
        replace: bool,
    },
    /// What --detach leaves running: reads a planned run, starts it, attends it to its end
    // A challenge cannot have a verb of this name.
    #[command(name = "_attend", hide = true)]
    Attend {
        /// The project's folder; absolute.
        #[arg(long)]
        project: OsString,
        /// As of the command that detached.
        #[arg(long)]
        again: bool,
        /// The plan, where it does not come on stdin: then it runs in tmux.
        #[arg(long, requires = "answer")]
        plan: Option<PathBuf>,
        /// The file that tells whether it started.
        #[arg(long, requires = "plan")]
        answer: Option<PathBuf>,
    },
    /// Called on a host: start the planned run that stdin holds, in tmux
    #[command(name = "_start", hide = true)]
    Start {
        /// As of the command that starts it.
        #[arg(long)]
        again: bool,
        /// The tmux session's name, instead of one made from the verb.
        #[arg(long)]
        session: Option<String>,
    },
    /// Called on a host: the log from a byte on, until the run ends
    #[command(name = "_log", hide = true)]
    Log {
        /// The run's id.
        #[arg(long)]
        run: String,
        /// The first byte that is wanted.
        #[arg(long)]
        from: u64,
        /// What is there now.
        #[arg(long)]
        no_follow: bool,
    },
    /// Called on a host: what the competition has made there, with digests
    #[command(name = "_files", hide = true)]
    Files,
}

/// A kind of compute, as `--where` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Compute {
    /// This machine.
    Local,
    /// One host over ssh.
    Host,
    /// Several hosts over ssh.
    Fleet,
    /// An array job.
    Batch,
}

impl From<Compute> for Where {
    fn from(compute: Compute) -> Self {
        match compute {
            Compute::Local => Self::Local,
            Compute::Host => Self::Host,
            Compute::Fleet => Self::Fleet,
            Compute::Batch => Self::Batch,
        }
    }
}

impl Args {
    /// How long a run that is asked to end may take.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.grace)
    }
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }
}
