//! The verb that fits the weights of the choice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::SearchMerged;

use super::score::{group_of, read_groups};
use super::with_workers;
use crate::bootstrap::{interval_95, mean};
use crate::candidates::{NAMES, with_pairs};
use crate::cli::Fit;
use crate::fit::fit;
use crate::held_out::{HeldOut, held_out};
use crate::labels::{Keep, Structure, read_labels_into};
use crate::predict::read_structures;

/// Of the intervals: the same figures give the same interval.
const SEED: u64 = 1;

pub(super) fn run_fit(options: &Fit, io: &Io) -> Result<Exit, Failure> {
    let (merged, source) = io.read_document::<SearchMerged>(options.merged.as_deref())?;
    let groups = read_groups(options.groups.as_deref())?;
    let queries: BTreeSet<&str> = merged
        .results
        .iter()
        .map(|row| row.query.as_str())
        .collect();
    let mut truths: BTreeMap<String, Structure> = BTreeMap::new();
    for path in &options.labels {
        read_labels_into(path, Keep::All, |id| queries.contains(id), &mut truths)?;
    }
    if truths.is_empty() {
        return Err(Failure::no(format_args!(
            "no query of {} has a structure in the labels",
            source.name
        )));
    }
    let wanted: BTreeSet<&str> = merged
        .results
        .iter()
        .flat_map(|row| &row.hits)
        .map(|hit| hit.target.as_str())
        .collect();
    let library = with_pairs(read_structures(&options.labels, &wanted)?);
    let of = |id: &str| group_of(&groups, id);
    let (weights, found) = with_workers(options.workers, || match options.folds {
        None => Ok((fit(&merged, &library, &truths, of)?, Vec::new())),
        Some(folds) => held_out(&merged, &library, &truths, of, folds.into()),
    })??;
    let mut out = String::new();
    for (name, weight) in NAMES.iter().zip(weights) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{weight:.4}, // {name}");
    }
    io.note(format_args!("fitted on {} targets", truths.len()));
    if let Some(folds) = options.folds {
        io.note(told(&found, folds));
    }
    io.write_stdout(out.as_bytes())?;
    Ok(Exit::Done)
}

/// What targets reached that were left out of the fit.
fn told(found: &[HeldOut], folds: u16) -> String {
    let [best, first] = [|one: &HeldOut| one.best, |one: &HeldOut| one.first].map(|figure| {
        let scores: Vec<(&str, f64)> = found
            .iter()
            .map(|one| (one.group.as_str(), figure(one)))
            .collect();
        let all: Vec<f64> = scores.iter().map(|(_, score)| *score).collect();
        let [low, high] = interval_95(&scores, SEED);
        format!("{:.4} ({low:.3}–{high:.3})", mean(&all))
    });
    format!("left out, {folds} folds: best of five {best}, first slot {first}")
}
