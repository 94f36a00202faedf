//! The verbs of the command line, from arguments to files.

mod fit;
mod folders;
mod score;

use std::path::Path;

use kgl_cli::{AtomicFile, Exit, Failure, Io, OrFail as _};
use kgl_contract::SearchMerged;

use crate::chains::read_chains;
use crate::cli::{Cli, Command, Predict};
use crate::predict::{PredictError, predict};
use crate::submission::Sample;
use crate::table::TableError;
use crate::transfer::HitError;

/// Does what the command line says.
///
/// # Errors
/// Bad usage or input (exit 2), no target to score (exit 1), a failing disk
/// (exit 3).
pub fn run(cli: Cli, io: &Io) -> Result<Exit, Failure> {
    match cli.command {
        Command::Predict(options) => run_predict(&options, io),
        Command::Score(options) => score::run_score(&options, io),
        Command::Table(options) => score::run_table(&options, io),
        Command::Fit(options) => fit::run_fit(&options, io),
        Command::Generate(options) => folders::run_generate(&options, io),
        Command::Split(options) => folders::run_split(&options, io),
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unreadable { path, source } => kgl_cli::read_failure(&path, source),
            malformed @ TableError::Malformed { .. } => Failure::usage(malformed),
        }
    }
}

impl From<HitError> for Failure {
    fn from(error: HitError) -> Self {
        Failure::usage(error)
    }
}

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Self {
        match error {
            PredictError::Table(error) => error.into(),
            PredictError::Hit(error) => error.into(),
        }
    }
}

fn run_predict(options: &Predict, io: &Io) -> Result<Exit, Failure> {
    let (merged, source) = io.read_document::<SearchMerged>(options.merged.as_deref())?;
    let in_data = |name: &str| options.data.join(name);
    let sample_path = options
        .sample
        .clone()
        .unwrap_or_else(|| in_data("sample_submission.csv"));
    let mut sample = Sample::read(&sample_path)?;
    let sequences = options
        .sequences
        .clone()
        .or_else(|| Some(in_data("test_sequences.csv")).filter(|path| path.exists()));
    if let Some(path) = sequences {
        let odd = read_chains(&path, &mut sample)?;
        if !odd.is_empty() {
            io.warn(format_args!(
                "the stoichiometry of {} does not add up to the sequence: taken for one chain",
                odd.join(", ")
            ));
        }
    }
    let labels = if options.labels.is_empty() {
        vec![in_data("train_labels.csv")]
    } else {
        options.labels.clone()
    };
    let predicted = with_workers(options.workers, || predict(&merged, &sample, &labels))??;
    let searched = |id: &str| merged.results.iter().any(|row| row.query == id);
    let unsearched = sample
        .targets
        .iter()
        .filter(|target| !searched(&target.id))
        .count();
    if unsearched > 0 {
        io.warn(format_args!(
            "{unsearched} of {} targets of {} are not in {}: predicted without templates",
            sample.targets.len(),
            sample_path.display(),
            source.name
        ));
    }
    write_submission(&options.out, &sample, &predicted.structures, io)?;
    let with = predicted
        .templates
        .iter()
        .filter(|templates| !templates.is_empty())
        .count();
    io.note(format_args!(
        "{} targets, {with} with a template, {} rows in {}",
        sample.targets.len(),
        sample.rows.len(),
        options.out.display()
    ));
    if io.is_verbose() {
        for (target, templates) in sample.targets.iter().zip(&predicted.templates) {
            io.detail(format_args!("{}: {}", target.id, templates.join(" ")));
        }
    }
    Ok(Exit::Done)
}

fn write_submission(
    path: &Path,
    sample: &Sample,
    structures: &[Vec<Vec<crate::geometry::Point>>],
    io: &Io,
) -> Result<(), Failure> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        sample
            .write(structures, &mut bytes)
            .or_outside("cannot write the submission")?;
        return io.write_stdout(&bytes);
    }
    let mut file = AtomicFile::create(path)?;
    sample
        .write(structures, &mut file)
        .or_outside(format_args!("cannot write {}", path.display()))?;
    file.commit()
}

/// Runs `work` with that many threads, or with all cores.
fn with_workers<T: Send>(
    workers: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Failure> {
    if workers == Some(0) {
        return Err(Failure::usage("--workers 0: at least one is needed"));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(workers.unwrap_or(0))
        .build()
        .or_outside("cannot start worker threads")?;
    Ok(pool.install(work))
}
