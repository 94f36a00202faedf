//! What is lost where, from the library to the first slot.
//!
//! Each step is the difference of two figures of the same target, so that the steps
//! add up to what is missing:
//!
//! ```text
//! 1 ── the best template, best alignment in hindsight     the library
//!   ── the best template with the search's alignment      the alignment
//!   ── the best of all candidates                         realigned, folded, built
//!   ── the best of the five                               the choice
//!   ── the first of them                                  the order
//! ```

use kgl_contract::{ValidationItem, ValidationReport};

use super::{class_means, class_names, shown, value};
use crate::bootstrap::mean;

/// A step: what is called lost, and the detail below which it ends. The first
/// begins at 1, each other where the one before ended.
pub(super) const STEPS: [(&str, &str); 5] = [
    ("the library: no better template", "structural_oracle"),
    ("the alignment", "oracle"),
    ("realigned, folded, built", "candidates"),
    ("the choice of five", ""),
    ("the order of the five", "first_slot"),
];

/// The table of losses, its heads first; `None` where a target lacks a figure. A
/// negative loss is a gain.
#[must_use]
pub fn losses(report: &ValidationReport) -> Option<Vec<Vec<String>>> {
    let each: Vec<[f64; STEPS.len()]> = report.items.iter().map(steps).collect::<Option<_>>()?;
    let mut heads = vec!["lost by".to_owned(), "all".to_owned()];
    heads.extend(class_names(report));
    let mut rows = vec![heads];
    for (k, (name, _)) in STEPS.iter().enumerate() {
        let lost: Vec<f64> = each.iter().map(|steps| steps[k]).collect();
        let mut row = vec![(*name).to_owned(), shown(mean(&lost))];
        row.extend(class_means(report, &lost));
        rows.push(row);
    }
    Some(rows)
}

/// What each step loses of one target.
pub(super) fn steps(item: &ValidationItem) -> Option<[f64; STEPS.len()]> {
    let mut above = 1.0;
    let mut lost = [0.0; STEPS.len()];
    for (lost, (_, below)) in lost.iter_mut().zip(STEPS) {
        let next = value(item, below)?;
        *lost = above - next;
        above = next;
    }
    Some(lost)
}
