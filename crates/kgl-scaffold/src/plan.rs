//! From an inspection to what the templates are filled with, and to a baseline.

use std::path::Path;

use kgl_cli::Failure;
use kgl_contract::{Baseline, Inspection, TableProfile, is_slug};
use serde_json::{Value, json};

use crate::baseline::baseline;
use crate::values::values;

/// What is to be written.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// What the templates may use.
    pub(crate) words: Value,
    /// Where the columns of a first submission come from; none without a sample.
    pub(crate) baseline: Option<Baseline>,
}

impl Plan {
    /// The names that a template may use.
    pub(crate) fn names(&self) -> String {
        let words = self.words.as_object().into_iter().flatten();
        let names: Vec<&str> = words.map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }
}

/// The competition's slug, checked: it becomes the name of a folder.
pub(crate) fn slug(inspection: &Inspection, given: Option<&str>) -> Result<String, Failure> {
    let known = inspection
        .competition
        .as_ref()
        .map(|facts| facts.slug.as_str());
    let Some(slug) = given.or(known) else {
        return Err(
            Failure::usage("the inspection is of a folder and names no competition")
                .hint("give it a name: --slug my-competition"),
        );
    };
    if !is_slug(slug) {
        return Err(Failure::usage(format_args!(
            "`{slug}` cannot name a folder: lower case, digits and `-`, beginning with one of the first two"
        )));
    }
    Ok(slug.to_owned())
}

/// Plans a competition's files.
pub(crate) fn plan(inspection: &Inspection, slug: &str, name: Option<&str>) -> Plan {
    let facts = inspection.competition.as_ref();
    let title = facts
        .map(|facts| facts.title.as_str())
        .filter(|title| *title != slug);
    let name = name.filter(|name| !name.is_empty()).or(title);
    let name = name.map_or_else(|| capitalised(slug), str::to_owned);
    let baseline = inspection
        .submission
        .as_ref()
        .map(|shape| baseline(inspection, shape));
    let words = json!({
        "slug": slug,
        "name": name,
        "inspection": inspection,
        "competition": facts,
        "metric": metric(inspection),
        "metric_known": facts.is_some_and(|facts| facts.metric.is_some()),
        "tables": inspection.tables.iter().map(table).collect::<Vec<_>>(),
        "kinds": inspection.kinds,
        "folders": inspection.folders,
        "files": inspection.files.len(),
        "submission": inspection.submission,
        "task": inspection.task,
        "task_words": inspection.task.as_ref().map(|task| task.kind.words()),
        "evaluation": page(inspection, &["evaluation"]),
        "values": values(inspection),
        "notices": inspection.notices,
        "unlearned": inspection.unlearned,
    });
    Plan { words, baseline }
}

/// `titanic-two` as `Titanic Two`.
fn capitalised(slug: &str) -> String {
    let words = slug.split('-').filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn metric(inspection: &Inspection) -> Value {
    let facts = inspection.competition.as_ref();
    match facts.and_then(|facts| facts.metric.as_ref()) {
        Some(metric) => json!(metric),
        None => {
            let name = facts.and_then(|facts| facts.evaluation.as_deref());
            json!({ "name": name.unwrap_or("unknown"), "better": "higher" })
        }
    }
}

/// The first lines of a page, as plain as they are.
fn page(inspection: &Inspection, names: &[&str]) -> Option<String> {
    let pages = &inspection.competition.as_ref()?.pages;
    let found = pages.iter().find(|page| {
        names
            .iter()
            .any(|name| page.name.to_ascii_lowercase().contains(name))
    })?;
    let text: String = found.content.chars().take(4000).collect();
    Some(text.trim().to_owned())
}

fn table(table: &TableProfile) -> Value {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "kind": column.kind.map_or(json!(column.type_), |kind| json!(kind)),
                "missing": column.missing,
                "distinct": column.distinct_estimate,
                "distinct_exact": column.distinct_exact,
                "range": column.range,
                "examples": column.examples.iter().take(3).map(|e| one_line(e)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "path": table.path, "rows": table.rows, "columns": columns })
}

/// An example in a table of Markdown: short, on one line, without its bars.
fn one_line(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let plain = short
        .replace(['\n', '\r'], " ")
        .replace('|', "\\|")
        .replace('`', "'");
    if text.chars().count() > 40 {
        plain + "…"
    } else {
        plain
    }
}

/// A table's path as it is seen from the competition's folder.
pub(crate) fn below_data(path: &str) -> String {
    Path::new("data").join(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_becomes_a_name_and_never_leads_out() {
        assert_eq!(capitalised("house-prices-2"), "House Prices 2");
        let inspection: Inspection = serde_json::from_value(json!({
            "schema": "kgl.inspection/1", "files": [], "kinds": [], "tables": [], "unlearned": []
        }))
        .unwrap();
        for bad in ["", "..", "a/b", "-a", "A", "_template", "a b"] {
            assert!(slug(&inspection, Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(slug(&inspection, Some("a-1")).unwrap(), "a-1");
        assert!(slug(&inspection, None).is_err());
    }

    #[test]
    fn a_table_of_markdown_is_not_broken_by_an_example() {
        assert_eq!(one_line("a|b\nc`d"), "a\\|b c'd");
        assert!(one_line(&"x".repeat(50)).ends_with('…'));
    }
}
