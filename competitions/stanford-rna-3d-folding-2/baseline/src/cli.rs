//! What the command line says.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Template-based RNA 3D structures: predict, score, generate.
///
/// A search (kgl-shard-search, kgl-merge) says which known structures a
/// sequence resembles and how they align. `predict` carries their C1'
/// coordinates over, builds what they do not cover, and writes five structures
/// a target as a submission. `score` measures a submission as the competition
/// does. `generate` makes up a small competition to try it all on.
#[derive(Debug, Parser)]
#[command(name = "rna3d", version, after_long_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options that every tool has.
    #[command(flatten)]
    pub common: kgl_cli::Common,
}

impl kgl_cli::Arguments for Cli {
    fn common(&self) -> &kgl_cli::Common {
        &self.common
    }
}

const EXAMPLES: &str = "\
Example, from nothing to a score:
  rna3d generate data
  for i in 0 1 2 3; do kgl-shard-search $i search.json > shard$i.json; done
  kgl-merge shard?.json | rna3d predict --data data --out submission.csv
  rna3d score submission.csv --labels data/hidden/test_labels.csv > report.json

Exit codes: 0 done, 1 a proper no, 2 bad usage or input, 3 the outside world failed.";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Turn the hits of a search into a submission.
    Predict(Predict),
    /// Score a submission against known structures.
    Score(Score),
    /// Print a validation report as a Markdown table.
    Table(Summary),
    /// Fit the weights by which `predict` chooses.
    Fit(Fit),
    /// Make up a small competition.
    Generate(Generate),
    /// Hold out known targets of a period, to be predicted from older ones.
    Split(Split),
}

/// Turn the hits of a search into a submission.
///
/// Reads a search-merged document and writes a CSV with exactly the rows of
/// sample_submission.csv: five structures a target, the most promising first.
/// Candidates are the templates as the search aligned them, the same realigned
/// with an eye on base pairs, the chain's own foldings and a helix; a linear model
/// says what each promises, and the five are taken that together promise the best.
/// Residues that a template aligns with get its coordinates; gaps are bridged by
/// arcs, ends go on as helices, long stretches are folded into stems. Hits without
/// a known structure are left out. Which hits are allowed (dates, own entry) is
/// the search's to decide.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kgl-merge shards/*.json | rna3d predict --data data --out submission.csv"
)]
pub struct Predict {
    /// The search-merged document [default: stdin].
    pub merged: Option<PathBuf>,
    /// The competition's folder: the home of train_labels.csv and sample_submission.csv.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Label files with the templates' structures; may be repeated; a target in
    /// several counts in the first [default: DIR/train_labels.csv].
    #[arg(long, value_name = "FILE")]
    pub labels: Vec<PathBuf>,
    /// Which rows to predict [default: DIR/sample_submission.csv].
    #[arg(long, value_name = "FILE")]
    pub sample: Option<PathBuf>,
    /// The targets' sequences: what says where a chain ends (stoichiometry and
    /// all_sequences, as in part 2) [default: DIR/test_sequences.csv, if it is there].
    #[arg(long, value_name = "FILE")]
    pub sequences: Option<PathBuf>,
    /// Where the submission appears, by rename; `-` is stdout.
    #[arg(long, short, value_name = "FILE", default_value = "submission.csv")]
    pub out: PathBuf,
    /// Worker threads; the result is the same for any number [default: all cores].
    #[arg(long, short, value_name = "N")]
    pub workers: Option<usize>,
}

/// Score a submission against known structures.
///
/// For each target that is in both files: the best TM-score of its structures
/// by residue number, over all reference structures, and beside it the second
/// reading of the metric, sequence-independent, for which any alignment that keeps
/// the chain's order may be taken. Writes a validation-report document; a table
/// goes to stderr. Where the two share no target, that is a proper no (exit 1).
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  rna3d score submission.csv --labels data/hidden/test_labels.csv > report.json"
)]
pub struct Score {
    /// The submission.
    pub submission: PathBuf,
    /// Label files with the true structures; may be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    pub labels: Vec<PathBuf>,
    /// A CSV with the columns target_id and group: targets of one group are not
    /// independent [default: the target's PDB entry].
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// A search-merged document of the same targets with all their templates: puts
    /// beside each score what others would have reached with these alignments (a
    /// random template, the best by identity, the published recipe, the oracle).
    #[arg(long, value_name = "FILE")]
    pub references: Option<PathBuf>,
    /// The search-merged document that `predict` read: puts beside each score what
    /// the best of its candidates would have reached, so that what the choice lost
    /// can be told from what the alignments lost.
    #[arg(long, value_name = "FILE")]
    pub search: Option<PathBuf>,
    /// Label files with the structures of the templates; may be repeated
    /// [default: the files of --labels].
    #[arg(long, value_name = "FILE")]
    pub library: Vec<PathBuf>,
    /// Draw into this folder, as SVG: every target beside the references (bars), the
    /// score over the nearest template's identity (identity), and one prediction
    /// superposed on the truth (trace).
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
    /// The target of the trace [default: the longest of those scored 0.5 or better,
    /// or the best].
    #[arg(long, value_name = "ID", requires = "plot")]
    pub plot_target: Option<String>,
    /// What the report says was held out.
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "all targets of the labels"
    )]
    pub split: String,
    /// The id of the run that made the predictions, for the report.
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Where the report appears, by rename [default: stdout].
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Worker threads; the result is the same for any number [default: all cores].
    #[arg(long, short, value_name = "N")]
    pub workers: Option<usize>,
}

/// Print a validation report as a Markdown table.
///
/// One row a method (the submission and, where `score --references` put them into
/// the report, what others would have reached): the mean of the best of five with
/// the interval of a bootstrap by family, of the first slot, by length class, and
/// both by the second reading. Below it stands what is lost where, from the library
/// to the first slot, if the report holds what that needs (`score --references
/// --search`).
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  rna3d table outputs/validation/validation_report.json")]
pub struct Summary {
    /// The validation-report document [default: stdin].
    pub report: Option<PathBuf>,
    /// One row a target instead, the one furthest behind the recipe first.
    #[arg(long)]
    pub targets: bool,
}

/// Fit the weights by which `predict` chooses.
///
/// Reads a search-merged document of targets whose structures are known and prints
/// a weight for each figure of a candidate, a ridge regression of its TM-score.
/// What it prints is what stands in baseline/src/choose.rs; it was fitted on a split
/// of targets dated before 2020.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  rna3d fit merged.json --labels data/train_labels.csv --groups split/families.csv"
)]
pub struct Fit {
    /// The search-merged document [default: stdin].
    pub merged: Option<PathBuf>,
    /// Label files with the structures of targets and templates; may be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    pub labels: Vec<PathBuf>,
    /// A CSV with the columns target_id and group: targets of one group share one
    /// weight [default: the target's PDB entry].
    #[arg(long, value_name = "FILE")]
    pub groups: Option<PathBuf>,
    /// Say as well what such weights are worth: the groups are parted into N, and each
    /// part is predicted with weights of the others.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: Option<u16>,
    /// Worker threads; the result is the same for any number [default: all cores].
    #[arg(long, short, value_name = "N")]
    pub workers: Option<usize>,
}

/// Make up a small competition.
///
/// RNA families that evolve by substitutions and indels, with coordinates that
/// follow; RNAs without relatives; relatives too young to be used; residues
/// missing. Files have the real competition's formats; what competitors would
/// not have lies under hidden/. The same options give the same bytes on every
/// machine. A file that is there with other contents is never overwritten.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  rna3d generate data --seed 7")]
pub struct Generate {
    /// The folder to write.
    pub folder: PathBuf,
    /// Another seed, another competition.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// As large and as shaped as part 2 of the real competition, about 340 MB:
    /// 5,716 training targets of 10 to 125,580 residues, 28 test targets up to
    /// 4,640. For a trial of time and memory; structures mean nothing.
    #[arg(long, conflicts_with_all = ["train", "test", "shortest", "longest"])]
    pub part_2: bool,
    /// Training targets, about.
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub train: usize,
    /// Test targets.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub test: usize,
    /// The shortest chain's residues, about.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub shortest: usize,
    /// The longest chain's residues, about.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub longest: usize,
}

/// Hold out known targets of a period, to be predicted from older ones.
///
/// Writes a small competition: train_sequences.csv (all targets with a known
/// structure: the library), test_sequences.csv and sample_submission.csv (those
/// dated within the period) and families.csv (which of them are near-identical,
/// for `score --groups`). The labels stay where they are: `predict --labels` and
/// `score --labels` read them. The search of this folder must ask for
/// `dated_before_query` and `other_group`, or the split is worth nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  rna3d split data outputs/validation/data --since 2022-05-27")]
pub struct Split {
    /// The competition's folder: the home of train_sequences.csv and train_labels.csv.
    pub data: PathBuf,
    /// The folder to write.
    pub folder: PathBuf,
    /// Hold out targets dated on this day (yyyy-mm-dd) or later.
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Hold out targets dated before this day (yyyy-mm-dd).
    #[arg(long, value_name = "DATE")]
    pub before: Option<String>,
}
