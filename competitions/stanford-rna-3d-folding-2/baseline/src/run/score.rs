//! The verb that measures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kgl_cli::{Exit, Failure, Io, Table as Columns, write_atomically};
use kgl_contract::{SearchMerged, ValidationReport};

use super::with_workers;
use crate::candidates::with_pairs;
use crate::cli::{Score, Summary};
use crate::fit::{best_candidate, pools};
use crate::labels::{Keep, Structure, read_labels, read_labels_into};
use crate::plot;
use crate::predict::read_structures;
use crate::references::references;
use crate::score::{Beside, TargetScore, report, score_targets};
use crate::summary::{markdown, target_by_target};
use crate::table::{Table, TableError};
use crate::tm_score::tm_score;

pub(super) fn run_score(options: &Score, io: &Io) -> Result<Exit, Failure> {
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
    let groups = read_groups(options.groups.as_deref())?;
    let scores = with_workers(options.workers, || score_targets(&predicted, &references))?;
    if scores.is_empty() {
        return Err(Failure::no(format_args!(
            "no target of {} has a structure in {}",
            options.submission.display(),
            listed(&options.labels)
        )));
    }
    let beside = look_beside(options, &references, io)?;
    let group_of = |id: &str| group_of(&groups, id);
    let report = report(
        &scores,
        &beside,
        group_of,
        &options.split,
        options.run.clone(),
    );
    io.note(table_of(&scores, report.mean, report.interval_95));
    if let Some(folder) = &options.plot {
        draw(
            folder,
            options,
            &report,
            &scores,
            (&predicted, &references),
            io,
        )?;
    }
    let unscored = predicted.len() - scores.len();
    if unscored > 0 {
        io.note(format_args!(
            "{unscored} targets of the submission have no known structure"
        ));
    }
    io.write_document(&report, options.out.as_deref())?;
    Ok(Exit::Done)
}

/// Draws the report's pictures into `folder`.
fn draw(
    folder: &Path,
    options: &Score,
    report: &ValidationReport,
    scores: &[TargetScore],
    (predicted, references): (&BTreeMap<String, Structure>, &BTreeMap<String, Structure>),
    io: &Io,
) -> Result<(), Failure> {
    let shown = match &options.plot_target {
        Some(id) => scores.iter().find(|score| score.id == *id).ok_or_else(|| {
            Failure::usage(format_args!(
                "--plot-target {id}: no such target has a score"
            ))
        })?,
        None => worth_showing(scores),
    };
    let trace = &predicted[&shown.id].copies[shown.best_slot - 1];
    let truth = references[&shown.id]
        .copies
        .iter()
        .filter_map(|truth| Some((tm_score(trace, truth)?.score, truth)))
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let pictures = [
        ("bars.svg", Some(plot::bars(report))),
        ("identity.svg", plot::against_identity(report)),
        (
            "trace.svg",
            truth.and_then(|(_, truth)| plot::superposed(&shown.id, trace, truth)),
        ),
    ];
    for (name, picture) in pictures {
        match picture {
            Some(picture) => write_atomically(&folder.join(name), picture.as_bytes())?,
            None => io.note(format_args!("{name} needs --references: not drawn")),
        }
    }
    io.note(format_args!("pictures in {}", folder.display()));
    Ok(())
}

/// The longest target of those that came out well, else the best.
fn worth_showing(scores: &[TargetScore]) -> &TargetScore {
    const WELL: f64 = 0.5;
    let rank = |score: &TargetScore| {
        (
            score.best >= WELL,
            if score.best >= WELL {
                score.residues
            } else {
                0
            },
        )
    };
    let mut best = &scores[0];
    for score in scores {
        if (rank(score), score.best) > (rank(best), best.best) {
            best = score;
        }
    }
    best
}

/// Prints a report as a table.
pub(super) fn run_table(options: &Summary, io: &Io) -> Result<Exit, Failure> {
    let (report, _) = io.read_document::<ValidationReport>(options.report.as_deref())?;
    let text = if options.targets {
        target_by_target(&report)
    } else {
        markdown(&report)
    };
    io.write_stdout(text.as_bytes())?;
    Ok(Exit::Done)
}

/// What others would have reached on the targets of `truths`, and the best
/// candidate that `predict` had for each.
fn look_beside(
    options: &Score,
    truths: &BTreeMap<String, Structure>,
    io: &Io,
) -> Result<Beside, Failure> {
    let read = |path: &Option<PathBuf>| -> Result<Option<SearchMerged>, Failure> {
        let Some(path) = path else { return Ok(None) };
        Ok(Some(io.read_document(Some(path))?.0))
    };
    let (others, own) = (read(&options.references)?, read(&options.search)?);
    if others.is_none() && own.is_none() {
        return Ok(Beside::default());
    }
    let by_own = templates(own.as_ref(), truths);
    // Labels are the largest of all files: they are read once for both.
    let wanted = &templates(others.as_ref(), truths) | &by_own;
    let mut structures = read_structures(library_files(options), &wanted)?;
    with_workers(options.workers, || {
        let mut beside = Beside::default();
        if let Some(merged) = &others {
            beside.references = references(merged, &structures, truths)?;
        }
        if let Some(merged) = &own {
            structures.retain(|id, _| by_own.contains(id.as_str()));
            let best = pools(merged, &with_pairs(structures), truths, best_candidate)?;
            let named = |(id, score): (&str, f64)| (id.to_owned(), score);
            beside.pool = best.into_iter().map(named).collect();
        }
        Ok(beside)
    })?
}

/// The templates of the targets of `truths`.
fn templates<'a>(
    merged: Option<&'a SearchMerged>,
    truths: &BTreeMap<String, Structure>,
) -> BTreeSet<&'a str> {
    merged
        .into_iter()
        .flat_map(|merged| &merged.results)
        .filter(|row| truths.contains_key(&row.query))
        .flat_map(|row| &row.hits)
        .map(|hit| hit.target.as_str())
        .collect()
}

/// The label files with the templates' structures.
fn library_files(options: &Score) -> &[PathBuf] {
    if options.library.is_empty() {
        &options.labels
    } else {
        &options.library
    }
}

/// The scores as people read them.
fn table_of(scores: &[TargetScore], mean: f64, interval: [f64; 2]) -> Columns {
    let mut table = Columns::new([
        "target",
        "residues",
        "TM",
        "slot",
        "first",
        "any numbers",
        "RMSD (Å)",
    ]);
    for score in scores {
        table.row([
            score.id.clone(),
            score.residues.to_string(),
            format!("{:.3}", score.best),
            score.best_slot.to_string(),
            format!("{:.3}", score.first),
            format!("{:.3}", score.independent.best),
            score
                .rmsd
                .map_or_else(|| "–".to_owned(), |rmsd| format!("{rmsd:.1}")),
        ]);
    }
    let mean_of = |figure: fn(&TargetScore) -> f64| {
        let figures: Vec<f64> = scores.iter().map(figure).collect();
        format!("{:.3}", crate::bootstrap::mean(&figures))
    };
    table.row([
        format!("mean of {}", scores.len()),
        String::new(),
        format!("{mean:.3}"),
        String::new(),
        mean_of(|score| score.first),
        mean_of(|score| score.independent.best),
        String::new(),
    ]);
    table.row([
        "95 % interval".to_owned(),
        String::new(),
        format!("{:.3}–{:.3}", interval[0], interval[1]),
    ]);
    table
}

/// The groups in the CSV `path`, by target; none without a file.
pub(super) fn read_groups(path: Option<&Path>) -> Result<BTreeMap<String, String>, TableError> {
    let mut groups = BTreeMap::new();
    let Some(path) = path else { return Ok(groups) };
    let mut table = Table::open(path)?;
    let (id, group) = (table.column("target_id")?, table.column("group")?);
    while table.next_row()? {
        groups.insert(table.text(id)?.to_owned(), table.text(group)?.to_owned());
    }
    Ok(groups)
}

/// The group of the target `id`: its own PDB entry unless `groups` knows better.
pub(super) fn group_of(groups: &BTreeMap<String, String>, id: &str) -> String {
    let entry = || id.split('_').next().unwrap_or(id).to_owned();
    groups.get(id).cloned().unwrap_or_else(entry)
}

fn listed(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
