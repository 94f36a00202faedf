//! The findings in words for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kgl_contract::{Fault, SubmissionCheck};

use crate::faults::{Rule, Severity};

/// Faults of each severity that people are told of unless they ask for more.
const SHORT: usize = 8;

/// The first faults, one a line, then how many there are of each rule. `all` of
/// the document's faults, or only the first few.
#[must_use]
pub fn describe(check: &SubmissionCheck, counts: &BTreeMap<Rule, u64>, all: bool) -> String {
    let mut text = String::new();
    let file = &check.submission.path;
    for (kind, faults) in [("error", &check.errors), ("warning", &check.warnings)] {
        let told = &faults.first[..faults.first.len().min(if all { usize::MAX } else { SHORT })];
        for fault in told {
            let _ = writeln!(text, "{kind}: {file}{}: {}", place(fault), words(fault));
        }
        let untold = faults.count - told.len() as u64;
        if untold > 0 {
            let _ = writeln!(
                text,
                "{kind}: and {}",
                many(untold, &format!("more {kind}"))
            );
        }
    }
    let verdict = if check.valid { "valid" } else { "INVALID" };
    let rows = many(check.submission.rows, "row");
    let _ = write!(text, "{file}: {verdict}, {rows}");
    for (kind, faults, severity) in [
        ("error", &check.errors, Severity::Error),
        ("warning", &check.warnings, Severity::Warning),
    ] {
        if faults.count == 0 {
            continue;
        }
        let each = counts
            .iter()
            .filter(|(rule, _)| rule.severity() == severity);
        let each: Vec<_> = each
            .map(|(rule, count)| format!("{} {count}", rule.name()))
            .collect();
        let _ = write!(text, "; {} ({})", many(faults.count, kind), each.join(", "));
    }
    text
}

fn place(fault: &Fault) -> String {
    let mut place = String::new();
    if let Some(line) = fault.line {
        let _ = write!(place, ", line {line}");
    }
    if let Some(id) = &fault.id {
        let _ = write!(place, ", row `{id}`");
    }
    if let Some(column) = &fault.column {
        let _ = write!(place, ", column `{column}`");
    }
    place
}

fn words(fault: &Fault) -> String {
    format!("{} [{}]", fault.message, fault.rule)
}

fn many(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
