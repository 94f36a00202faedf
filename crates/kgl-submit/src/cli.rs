//! The command line. The doc comments are the help.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Parser;

use crate::faults::{Rule, Severity};

/// Checks a submission against the competition's sample, before one is spent.
///
/// Reads a submission-request document, or a challenge and a file, and says
/// whether the file is what the sample asks for; where it is not, with line, id
/// and column. The submission is only read, never changed or moved.
#[derive(Debug, Clone, Parser)]
#[command(name = "kgl-submit", version, after_long_help = manual())]
pub struct Arguments {
    /// Only check; nothing is sent.
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

    /// Write the submission-check here, by rename, instead of to stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// What every tool has.
    #[command(flatten)]
    pub common: kgl_cli::Common,
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

Output:
  stdout              a submission-check: valid or not, digests, sizes and rows of both
                      files, the first 20 errors and warnings each, and how many there are
  stderr              the same for people, one fault a line
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
  0  valid (there may be warnings)
  1  invalid: there is an error, whatever is wrong with the submission's bytes
  2  bad usage, or a request, sample or submission that cannot be read
  3  the disk failed; a retry may help

Examples:
  kgl-submit --check --challenge competitions/jaguar-re-id/challenge.json \\
      --submission outputs/submission.csv
  kgl-submit --check request.json --out check.json && echo fit to send
  echo '{\"schema\":\"kgl.submission-request/1\",\"competition\":\"toy\",
      \"submission\":\"submission.csv\",\"sample\":\"sample_submission.csv\"}' | kgl-submit --check";
    text
}
