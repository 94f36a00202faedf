//! The verb that fits the weights of the choice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use kgl_cli::{Exit, Failure, Io};
use kgl_contract::SearchMerged;

use super::score::{group_of, read_groups};
use super::with_workers;
use crate::candidates::{NAMES, with_pairs};
use crate::cli::Fit;
use crate::fit::fit;
use crate::labels::{Keep, Structure, read_labels_into};
use crate::predict::read_structures;

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
    let weights = with_workers(options.workers, || {
        fit(&merged, &library, &truths, |id| group_of(&groups, id))
    })??;
    let mut out = String::new();
    for (name, weight) in NAMES.iter().zip(weights) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{weight:.4}, // {name}");
    }
    io.note(format_args!("fitted on {} targets", truths.len()));
    io.write_stdout(out.as_bytes())?;
    Ok(Exit::Done)
}
