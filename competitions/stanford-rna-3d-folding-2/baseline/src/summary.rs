//! A validation report as a table: the means of every method by length class,
//! with the interval of the mean, and who is better where.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kgl_contract::{ValidationItem, ValidationReport};

use crate::bootstrap::{interval_95, mean};

/// Upper bounds of the length classes, exclusive; the last class is open.
const CLASSES: [u64; 3] = [30, 60, 120];
/// The stream of the bootstrap, as in [`crate::score`].
const SEED: u64 = 20_220_527;
/// What is compared: the name in the table and the details that hold the best
/// of five and the first slot.
const METHODS: [(&str, &str, Option<&str>); 5] = [
    ("rna3d", "", Some("first_slot")),
    ("published recipe", "recipe", Some("recipe_first")),
    ("best template by identity", "identity", Some("identity")),
    ("five random templates", "random", Some("random_first")),
    ("best template in hindsight", "oracle", None),
];

/// The report as a Markdown table; methods that it does not know are left out.
#[must_use]
pub fn markdown(report: &ValidationReport) -> String {
    let rows = rows(report);
    let mut out = String::new();
    for (k, row) in rows.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {} |", row.join(" | "));
        if k == 0 {
            let _ = writeln!(out, "|---{}|", "|--:".repeat(row.len() - 1));
        }
    }
    if let Some(sentence) = against_the_recipe(report) {
        let _ = writeln!(out, "\n{sentence}");
    }
    out
}

/// The table's rows, its heads first.
#[must_use]
pub fn rows(report: &ValidationReport) -> Vec<Vec<String>> {
    let mut heads = vec![
        "TM-score".to_owned(),
        "best of five".to_owned(),
        "95 %".to_owned(),
        "first".to_owned(),
    ];
    for class in 0..=CLASSES.len() {
        let count = report.items.iter().filter(|i| class_of(i) == class).count();
        let name = match class {
            0 => format!("< {} nt", CLASSES[0]),
            k if k == CLASSES.len() => format!("≥ {} nt", CLASSES[k - 1]),
            k => format!("{}–{} nt", CLASSES[k - 1], CLASSES[k] - 1),
        };
        heads.push(format!("{name} ({count})"));
    }
    let mut rows = vec![heads];
    for (name, best, first) in METHODS {
        let Some(scores) = values(report, best) else {
            continue;
        };
        let grouped: Vec<(&str, f64)> = report
            .items
            .iter()
            .zip(&scores)
            .map(|(item, &score)| (item.group.as_str(), score))
            .collect();
        let [low, high] = interval_95(&grouped, SEED);
        let mut row = vec![
            name.to_owned(),
            format!("{:.3}", mean(&scores)),
            format!("{low:.3}–{high:.3}"),
            first
                .and_then(|first| values(report, first))
                .map_or_else(|| "–".to_owned(), |first| format!("{:.3}", mean(&first))),
        ];
        let mut classes: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (item, &score) in report.items.iter().zip(&scores) {
            classes.entry(class_of(item)).or_default().push(score);
        }
        for class in 0..=CLASSES.len() {
            row.push(
                classes
                    .get(&class)
                    .map_or_else(|| "–".to_owned(), |scores| format!("{:.3}", mean(scores))),
            );
        }
        rows.push(row);
    }
    rows
}

/// How the best of five compares with the recipe's, target by target.
#[must_use]
pub fn against_the_recipe(report: &ValidationReport) -> Option<String> {
    let recipe = values(report, "recipe")?;
    let differences: Vec<(&str, f64)> = report
        .items
        .iter()
        .zip(recipe)
        .map(|(item, recipe)| (item.group.as_str(), item.score - recipe))
        .collect();
    let all: Vec<f64> = differences.iter().map(|(_, d)| *d).collect();
    let [low, high] = interval_95(&differences, SEED);
    Some(format!(
        "Against the recipe, target by target: {:+.3} ({low:+.3} to {high:+.3}); better by more than 0.01 on {}, worse on {} of {}.",
        mean(&all),
        all.iter().filter(|d| **d > 0.01).count(),
        all.iter().filter(|d| **d < -0.01).count(),
        all.len()
    ))
}

/// The figure `name` of every item, or its score where the name is empty;
/// `None` where an item lacks it.
fn values(report: &ValidationReport, name: &str) -> Option<Vec<f64>> {
    report
        .items
        .iter()
        .map(|item| {
            if name.is_empty() {
                Some(item.score)
            } else {
                figure(item, name)
            }
        })
        .collect()
}

/// The figure `name` among the details of `item`.
#[must_use]
pub fn figure(item: &ValidationItem, name: &str) -> Option<f64> {
    item.detail.get(name)?.as_f64()
}

fn class_of(item: &ValidationItem) -> usize {
    let residues = item
        .detail
        .get("residues")
        .and_then(serde_json::Value::as_u64);
    let residues = residues.unwrap_or(0);
    CLASSES.iter().filter(|&&bound| residues >= bound).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kgl_contract::{Better, Metric, Tag};

    fn item(id: &str, residues: u64, score: f64, recipe: Option<f64>) -> ValidationItem {
        let mut detail = serde_json::Map::new();
        detail.insert("residues".into(), residues.into());
        detail.insert("first_slot".into(), (score / 2.0).into());
        if let Some(recipe) = recipe {
            detail.insert("recipe".into(), recipe.into());
            detail.insert("recipe_first".into(), recipe.into());
        }
        ValidationItem {
            id: id.into(),
            group: id.into(),
            score,
            detail,
        }
    }

    fn report(items: Vec<ValidationItem>) -> ValidationReport {
        ValidationReport {
            schema: Tag::default(),
            competition: "c".into(),
            metric: Metric {
                name: "TM-score".into(),
                better: Better::Higher,
            },
            split: "all".into(),
            items,
            mean: 0.5,
            interval_95: [0.0, 1.0],
            run: None,
        }
    }

    #[test]
    fn methods_stand_beside_each_other_by_length_class() {
        let items = vec![
            item("a", 29, 0.2, Some(0.1)),
            item("b", 30, 0.4, Some(0.4)),
            item("c", 500, 0.9, Some(0.95)),
        ];
        let text = markdown(&report(items));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "| TM-score | best of five | 95 % | first | < 30 nt (1) | 30–59 nt (1) | 60–119 nt (0) | ≥ 120 nt (1) |"
        );
        assert_eq!(lines[1], "|---|--:|--:|--:|--:|--:|--:|--:|");
        assert_eq!(
            lines[2],
            "| rna3d | 0.500 | 0.200–0.900 | 0.250 | 0.200 | 0.400 | – | 0.900 |"
        );
        assert!(lines[3].starts_with("| published recipe | 0.483 | 0.100–0.950 | 0.483 |"));
        assert_eq!(lines.len(), 6);
        assert!(lines[5].contains("+0.017") && lines[5].contains("on 1, worse on 1 of 3"));
    }

    #[test]
    fn a_report_without_references_has_one_row() {
        assert_eq!(rows(&report(vec![item("a", 9, 0.2, None)])).len(), 2);
        assert_eq!(rows(&report(vec![])).len(), 6);
    }
}
