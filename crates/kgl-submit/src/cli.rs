//! The command line. The doc comments are the help.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::faults::{Rule, Severity};

/// Checks a submission, sends it exactly once, and waits for its score.
///
/// Reads a submission-request document, or a challenge and a file, and says
/// whether the file is what the sample asks for; where it is not, with line, id
/// and column. A valid one is sent, unless --check or --dry-run is given: once,
/// whatever is killed or lost on the way, as often as the command is run. The
/// submission is only read, never changed or moved.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "kgl-submit",
    version,
    after_long_help = manual(),
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What else there is to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Only check; nothing is sent and nobody is asked.
    #[arg(long)]
    pub check: bool,

    /// The submission-request document; `-` or nothing is stdin.
    #[arg(value_name = "REQUEST", conflicts_with = "challenge")]
    pub request: Option<PathBuf>,

    /// The folder that the request's paths are relative to
    /// [default: the request's own folder, for stdin the current one].
    #[arg(long, value_name = "DIR", conflicts_with = "challenge")]
    pub base: Option<PathBuf>,

    /// A competition's challenge.json instead of a request: its `submission`
    /// section gives the sample, the order and the ranges.
    #[arg(long, value_name = "FILE", requires = "submission")]
    pub challenge: Option<PathBuf>,

    /// The submission to check, with --challenge.
    #[arg(long, value_name = "FILE", requires = "challenge")]
    pub submission: Option<PathBuf>,

    /// Another sample than the challenge's.
    #[arg(long, value_name = "FILE", requires = "challenge")]
    pub sample: Option<PathBuf>,

    /// How many MiB of memory the sample's ids may take when rows come in another order than
    /// the sample's; what does not fit goes to temporary files in TMPDIR.
    #[arg(long, value_name = "MIB", default_value_t = crate::room::MEMORY_MIB)]
    pub memory: u64,

    /// Write the receipt (of --check the submission-check) here, by rename, instead of to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to send.
    #[command(flatten)]
    pub sending: Sending,

    /// What every tool has.
    #[command(flatten)]
    pub common: kgl_cli::Common,
}

/// How to send.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sending")]
pub struct Sending {
    /// Say what would be sent and what changed since the last one sent; print the command of the
    /// official client that sends the same; send nothing.
    #[arg(long, conflicts_with = "check")]
    pub dry_run: bool,

    /// What the site shows beside the submission [default: the run's id]; a tag that names the
    /// content is added to it.
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// The validation-report that goes with it; its mean is kept in the ledger.
    #[arg(long, value_name = "FILE")]
    pub validation: Option<PathBuf>,

    /// The run that made it [default: the newest run of `predict` that ended well].
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,

    /// Submit a version of this notebook; the submission is the output of it that was fetched.
    #[arg(long, value_name = "OWNER/NAME", requires = "notebook_version")]
    pub notebook: Option<String>,

    /// Its version.
    #[arg(long, value_name = "N", requires = "notebook")]
    pub notebook_version: Option<u64>,

    /// The file in its output that counts.
    #[arg(long, value_name = "NAME", default_value = "submission.csv")]
    pub notebook_file: String,

    /// Send bytes that were sent before once more.
    #[arg(long)]
    pub again: bool,

    /// Do not wait for the score.
    #[arg(long)]
    pub no_wait: bool,

    /// How many minutes to wait for the score.
    #[arg(long, value_name = "MINUTES", default_value_t = 120)]
    pub wait: u64,

    /// Waits are this many times shorter; for tests.
    #[arg(long, hide = true, env = "KGL_HASTE", default_value_t = 1)]
    pub haste: u32,
}

/// What else there is to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// The ledger and the site's list in one table: scores, validation against leaderboard, medals.
    History(History),
    /// Publish what a code competition runs, follow it to its end, fetch and check its output.
    Deploy(Deploy),
}

/// What to publish.
#[derive(Debug, Clone, Args)]
pub struct Deploy {
    /// The competition's challenge.json; its `submission` section says what the output must be.
    #[arg(long, value_name = "FILE")]
    pub challenge: PathBuf,

    /// The folder whose files become the dataset: static binaries and what they need.
    #[arg(long, value_name = "DIR")]
    pub files: PathBuf,

    /// The Python script that becomes the notebook; it runs with the internet off.
    #[arg(long, value_name = "FILE")]
    pub notebook: PathBuf,

    /// The file in its output that is to be submitted.
    #[arg(long, value_name = "NAME", default_value = "submission.csv")]
    pub file: String,

    /// How many minutes the notebook may run.
    #[arg(long, value_name = "MINUTES", default_value_t = 720)]
    pub wait: u64,

    /// Write the deployment here, by rename, instead of to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Waits are this many times shorter; for tests.
    #[arg(long, hide = true, env = "KGL_HASTE", default_value_t = 1)]
    pub haste: u32,
}

/// What to show of the past.
#[derive(Debug, Clone, Args)]
pub struct History {
    /// The competition's challenge.json; the ledger lies beside it.
    #[arg(long, value_name = "FILE")]
    pub challenge: PathBuf,

    /// Show the ledger alone; nobody is asked.
    #[arg(long)]
    pub offline: bool,

    /// Write the submission-history document to stdout instead of a table.
    #[arg(long)]
    pub json: bool,

    /// Draw it to this file, as SVG.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,

    /// Waits are this many times shorter; for tests.
    #[arg(long, hide = true, env = "KGL_HASTE", default_value_t = 1)]
    pub haste: u32,
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

fn manual() -> String {
    let mut text = String::from(
        "\
Input:
  submission-request  competition, submission, sample; order (`sample` or `any`), ranges
  challenge           the same in its `submission` section, `sample` relative to its folder
  The sample's first column is the id. It is read more than once: a file, not a pipe.

  Both may be packed by gzip, or be a zip file with one file in it.

Memory:
  Rows in the sample's order are checked in a few MB, however many there are. In another
  order the sample's ids are needed: in memory while they take less than --memory, else in
  temporary files without a name in TMPDIR (about 50 bytes a row beside ids and given
  values), which are gone when the check ends, however it ends. By default 256 MiB are
  enough for any size, unless a record takes more than 1 MiB or one id is most of the sample.

Output:
  stdout              a submission-receipt; of --check a submission-check: valid or not,
                      digests, sizes and rows of both files, the first 20 errors and
                      warnings each, and how many there are; of --dry-run a command
  stderr              the same for people, one fault a line
  submissions.jsonl   the ledger, beside challenge.json: one receipt a line
  outputs/submissions/TAG/  a copy of what was sent

Sending:
  The message carries a tag, [kgl:12 hex digits] of the content's digest. The intent is in
  the ledger before anything is sent; whether it arrived is for the site's own list to say.
  After a crash, a lost answer or ^C run the same command again: it finds out, and goes on.
  Nothing is sent when the check fails, the same bytes were sent before, the day's quota is
  used, the deadline is over, or the rules are not accepted.
",
    );
    for (title, severity) in [("Errors", Severity::Error), ("Warnings", Severity::Warning)] {
        let _ = write!(text, "\n{title}:\n");
        for rule in Rule::ALL.iter().filter(|rule| rule.severity() == severity) {
            let _ = writeln!(text, "  {:<18}  {}", rule.name(), rule.meaning());
        }
    }
    text += "
  Where some column of the sample holds one value in every row (a placeholder for
  predictions), columns of texts or integers that vary are given, not predicted:
  they must be copied (`changed-copy`).

Exit codes:
  0  valid (there may be warnings), and sent and scored unless it was only checked
  1  a proper no: invalid, already sent, quota used, closed, or scoring failed
  2  bad usage, no client or credentials, or a file that cannot be read
  3  no answer, no score in time, or the disk failed: run the same command again

Examples:
  kgl-submit --challenge competitions/titanic/challenge.json \\
      --submission outputs/submission.csv -m 'ten folds' --validation report.json
  kgl-submit history --challenge competitions/titanic/challenge.json --svg history.svg
  kgl-submit deploy --challenge challenge.json --files static/ --notebook notebook.py
  kgl-submit --check --challenge competitions/jaguar-re-id/challenge.json \\
      --submission outputs/submission.csv
  kgl-submit --check request.json --out check.json && echo fit to send
  echo '{\"schema\":\"kgl.submission-request/1\",\"competition\":\"toy\",
      \"submission\":\"submission.csv\",\"sample\":\"sample_submission.csv\"}' | kgl-submit --check";
    text
}
