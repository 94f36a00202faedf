//! The arguments, whose comments are the help.

use std::path::PathBuf;

/// A first submission for a competition with tables: constants and group statistics.
///
/// Reads a `baseline` document, which says for each column of the submission where its values come
/// from (kgl-scaffold writes one), learns them from the training table, and writes a submission
/// with the rows and the order of the sample.
#[derive(Debug, clap::Parser)]
#[command(name = "kgl-baseline", version, after_long_help = AFTER_HELP, max_term_width = 100)]
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
    /// Learn the values from the training table; what the rows held out say is told on stderr.
    Train {
        /// The baseline document; `-` or nothing is stdin.
        #[arg(value_name = "BASELINE")]
        baseline: Option<PathBuf>,
        /// Write the model to this file instead of stdout; it appears when it is whole.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write the submission.
    Predict {
        /// The baseline document.
        #[arg(value_name = "BASELINE")]
        baseline: PathBuf,
        /// What `train` wrote.
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Take the rows of this file instead of those of the sample that BASELINE names.
        #[arg(long, value_name = "FILE")]
        sample: Option<PathBuf>,
        /// Only the first N rows.
        #[arg(long, value_name = "N")]
        rows: Option<u64>,
        /// Write the submission to this file instead of stdout; it appears when it is whole.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

impl kgl_cli::Arguments for Arguments {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

const AFTER_HELP: &str = "\
Examples:
  In a competition's folder:
    kgl-baseline train baseline.json --out outputs/model.json
    kgl-baseline predict baseline.json --model outputs/model.json --out outputs/submission.csv

  A floor by hand: the share of a class, by the values of one column where that helps:
    { \"schema\": \"kgl.baseline/1\", \"sample\": \"data/sample_submission.csv\",
      \"train\": \"data/train.csv\", \"test\": { \"path\": \"data/test.csv\", \"id_column\": \"id\" },
      \"by\": [\"sex\", \"class\"],
      \"columns\": [ { \"name\": \"y\", \"from\": { \"statistic\": \"mean\", \"column\": \"y\" } } ] }

Statistics: sample (the sample's own value), constant (value), alike (columns: two of the test
table), mean, median, mode (column), share (column, value), items (column, separator, count). Columns that are not named are copied
from the sample. A fifth of the training rows is held out, whole groups where `group` names them,
to see which of the `by` columns helps.

Input:   a kgl.baseline/1 document, and the tables that it names (plain, .gz or .zip).
Output:  a model (train), or a submission in CSV (predict).
Exit:    0 done, 2 bad usage, a document or table that cannot be read, 3 the disk failed.";
