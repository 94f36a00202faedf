//! The verbs of the command line, from arguments to files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kgl_cli::{AtomicFile, Exit, Failure, Io, OrFail as _, Table as Columns, write_atomically};
use kgl_contract::SearchMerged;

use crate::cli::{Cli, Command, Generate, Predict, Score};
use crate::generate::{Settings, generate, render};
use crate::labels::{Keep, Structure, read_labels, read_labels_into};
use crate::predict::{PredictError, predict};
use crate::score::{TargetScore, report, score_targets};
use crate::submission::Sample;
use crate::table::{Table, TableError};

/// Does what the command line says.
///
/// # Errors
/// Bad usage or input (exit 2), no target to score (exit 1), a failing disk
/// (exit 3).
pub fn run(cli: Cli, io: &Io) -> Result<Exit, Failure> {
    match cli.command {
        Command::Predict(options) => run_predict(&options, io),
        Command::Score(options) => run_score(options, io),
        Command::Generate(options) => run_generate(&options, io),
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

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Self {
        match error {
            PredictError::Table(error) => error.into(),
            hit @ PredictError::Hit { .. } => Failure::usage(hit),
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
    let sample = Sample::read(&sample_path)?;
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

fn run_score(options: Score, io: &Io) -> Result<Exit, Failure> {
    let predicted = read_labels(&options.submission, Keep::Slots, |_| true)?;
    let mut references: BTreeMap<String, Structure> = BTreeMap::new();
    for path in &options.labels {
        read_labels_into(
            path,
            Keep::All,
            |id| predicted.contains_key(id),
            &mut references,
        )?;
    }
    let groups = options
        .groups
        .as_deref()
        .map(read_groups)
        .transpose()?
        .unwrap_or_default();
    let scores = with_workers(options.workers, || score_targets(&predicted, &references))?;
    if scores.is_empty() {
        return Err(Failure::no(format_args!(
            "no target of {} has a structure in {}",
            options.submission.display(),
            listed(&options.labels)
        )));
    }
    let entry = |id: &str| id.split('_').next().unwrap_or(id).to_owned();
    let group_of = |id: &str| groups.get(id).cloned().unwrap_or_else(|| entry(id));
    let report = report(&scores, group_of, &options.split, options.run);
    io.note(table_of(&scores, report.mean, report.interval_95));
    let unscored = predicted.len() - scores.len();
    if unscored > 0 {
        io.note(format_args!(
            "{unscored} targets of the submission have no known structure"
        ));
    }
    io.write_document(&report, options.out.as_deref())?;
    Ok(Exit::Done)
}

/// The scores as people read them.
fn table_of(scores: &[TargetScore], mean: f64, interval: [f64; 2]) -> Columns {
    let mut table = Columns::new(["target", "residues", "TM", "slot", "first", "RMSD (Å)"]);
    for score in scores {
        table.row([
            score.id.clone(),
            score.residues.to_string(),
            format!("{:.3}", score.best),
            score.best_slot.to_string(),
            format!("{:.3}", score.first),
            score
                .rmsd
                .map_or_else(|| "–".to_owned(), |rmsd| format!("{rmsd:.1}")),
        ]);
    }
    let firsts: Vec<f64> = scores.iter().map(|score| score.first).collect();
    table.row([
        format!("mean of {}", scores.len()),
        String::new(),
        format!("{mean:.3}"),
        String::new(),
        format!("{:.3}", crate::bootstrap::mean(&firsts)),
        String::new(),
    ]);
    table.row([
        "95 % interval".to_owned(),
        String::new(),
        format!("{:.3}–{:.3}", interval[0], interval[1]),
    ]);
    table
}

fn read_groups(path: &Path) -> Result<BTreeMap<String, String>, TableError> {
    let mut table = Table::open(path)?;
    let (id, group) = (table.column("target_id")?, table.column("group")?);
    let mut groups = BTreeMap::new();
    while table.next_row()? {
        groups.insert(table.text(id)?.to_owned(), table.text(group)?.to_owned());
    }
    Ok(groups)
}

fn run_generate(options: &Generate, io: &Io) -> Result<Exit, Failure> {
    if options.shortest < 12 || options.longest < options.shortest {
        return Err(Failure::usage(format_args!(
            "--shortest {} --longest {}: chains have 12 residues or more, and the longest is not shorter than the shortest",
            options.shortest, options.longest
        )));
    }
    if options.test == 0 || options.train == 0 {
        return Err(Failure::usage("--train and --test are at least 1"));
    }
    let (train, test) = generate(&Settings {
        train: options.train,
        test: options.test,
        shortest: options.shortest,
        longest: options.longest,
        seed: options.seed,
    });
    let files = render(&train, &test);
    // Looked at before anything is written: all of it or nothing.
    for (name, contents) in &files {
        let path = options.folder.join(name);
        if path.exists() && std::fs::read(&path).ok().as_deref() != Some(contents.as_bytes()) {
            return Err(Failure::usage(format_args!(
                "{} is there already and is not what would be written",
                path.display()
            ))
            .hint("name a new folder, or remove the file"));
        }
    }
    for (name, contents) in &files {
        write_atomically(&options.folder.join(name), contents.as_bytes())?;
    }
    io.note(format_args!(
        "{} training and {} test targets in {}",
        train.len(),
        test.len(),
        options.folder.display()
    ));
    Ok(Exit::Done)
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

fn listed(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
