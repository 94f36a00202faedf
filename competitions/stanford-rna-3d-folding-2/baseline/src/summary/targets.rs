//! Every target of a report, beside the references.

use kgl_contract::{ValidationItem, ValidationReport};

use super::losses::{STEPS, steps};
use super::{figure, shown, table, value};

/// The columns after the name: a head and the detail it shows.
const COLUMNS: [(&str, &str); 9] = [
    ("best of five", ""),
    ("first", "first_slot"),
    ("recipe", "recipe"),
    ("its first", "recipe_first"),
    ("best in hindsight", "oracle"),
    ("best candidate", "candidates"),
    ("best alignment", "structural_oracle"),
    ("any alignment", "independent"),
    ("identity", "nearest_identity"),
];

/// The targets as a Markdown table, the one furthest behind the recipe first, with
/// the step that lost most beside what the library lacks.
#[must_use]
pub fn target_by_target(report: &ValidationReport) -> String {
    let ahead = |item: &ValidationItem| item.score - figure(item, "recipe").unwrap_or(0.0);
    let mut items: Vec<&ValidationItem> = report.items.iter().collect();
    items.sort_by(|a, b| ahead(a).total_cmp(&ahead(b)).then_with(|| a.id.cmp(&b.id)));
    let mut heads = vec!["target".to_owned(), "nt".to_owned()];
    heads.extend(COLUMNS.map(|(head, _)| head.to_owned()));
    heads.push("lost most by".to_owned());
    let mut rows = vec![heads];
    for item in items {
        let mut row = vec![
            item.id.clone(),
            format!("{:.0}", figure(item, "residues").unwrap_or(0.0)),
        ];
        row.extend(
            COLUMNS.map(|(_, name)| value(item, name).map_or_else(|| "–".to_owned(), shown)),
        );
        row.push(lost_most_by(item).unwrap_or("–").to_owned());
        rows.push(row);
    }
    table(&rows)
}

/// The step that lost most of a target, the library aside; `None` where the report
/// does not tell, or none lost a hundredth.
fn lost_most_by(item: &ValidationItem) -> Option<&'static str> {
    let lost = steps(item)?;
    let (most, name) = (1..STEPS.len())
        .map(|k| (lost[k], STEPS[k].0))
        .reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    (most >= 0.01).then_some(name)
}
