//! A validation report as tables: the means of every method by length class, with
//! the interval of the mean ([`mod@methods`]), and what is lost where ([`mod@losses`]).

mod losses;
mod methods;
mod targets;

use std::fmt::Write as _;

use kgl_contract::{ValidationItem, ValidationReport};

pub use losses::losses;
pub use methods::{against_the_recipe, methods};
pub use targets::target_by_target;

/// Upper bounds of the length classes, exclusive; the last class is open.
const CLASSES: [u64; 3] = [30, 60, 120];

/// The report as Markdown; what it does not know is left out.
#[must_use]
pub fn markdown(report: &ValidationReport) -> String {
    let mut out = table(&methods(report));
    if let Some(sentence) = against_the_recipe(report) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{sentence}");
    }
    if let Some(rows) = losses(report) {
        let _ = write!(out, "\n{}", table(&rows));
    }
    out
}

/// Rows as a Markdown table, the first its heads; all but the first column are
/// numbers.
fn table(rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    for (k, row) in rows.iter().enumerate() {
        let _ = writeln!(out, "| {} |", row.join(" | "));
        if k == 0 {
            let _ = writeln!(out, "|---{}|", "|--:".repeat(row.len() - 1));
        }
    }
    out
}

/// What the length classes of the report's targets are called.
fn class_names(report: &ValidationReport) -> Vec<String> {
    (0..=CLASSES.len())
        .map(|class| {
            let count = report.items.iter().filter(|i| class_of(i) == class).count();
            let name = match class {
                0 => format!("< {} nt", CLASSES[0]),
                k if k == CLASSES.len() => format!("≥ {} nt", CLASSES[k - 1]),
                k => format!("{}–{} nt", CLASSES[k - 1], CLASSES[k] - 1),
            };
            format!("{name} ({count})")
        })
        .collect()
}

/// The mean of `values`, one for each target of the report, in each length class.
fn class_means(report: &ValidationReport, values: &[f64]) -> Vec<String> {
    (0..=CLASSES.len())
        .map(|class| {
            let of_class: Vec<f64> = report
                .items
                .iter()
                .zip(values)
                .filter(|(item, _)| class_of(item) == class)
                .map(|(_, &value)| value)
                .collect();
            if of_class.is_empty() {
                "–".to_owned()
            } else {
                shown(crate::bootstrap::mean(&of_class))
            }
        })
        .collect()
}

/// Three decimals, with a minus that is as wide as a digit.
fn shown(value: f64) -> String {
    format!("{value:.3}").replace('-', "−")
}

/// The figure `name` of every item, or its score where the name is empty;
/// `None` where an item lacks it.
fn values(report: &ValidationReport, name: &str) -> Option<Vec<f64>> {
    report.items.iter().map(|item| value(item, name)).collect()
}

/// The figure `name` of an item, or its score where the name is empty.
fn value(item: &ValidationItem, name: &str) -> Option<f64> {
    if name.is_empty() {
        Some(item.score)
    } else {
        figure(item, name)
    }
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
        detail.insert("independent".into(), (score + 0.033_3).into());
        if let Some(recipe) = recipe {
            detail.insert("recipe".into(), recipe.into());
            detail.insert("recipe_first".into(), (recipe / 2.0).into());
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
            "| TM-score | best of five | 95 % | first | < 30 nt (1) | 30–59 nt (1) | 60–119 nt (0) | ≥ 120 nt (1) | any alignment | first |"
        );
        assert_eq!(lines[1], "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        assert_eq!(
            lines[2],
            "| rna3d | 0.500 | 0.200–0.900 | 0.250 | 0.200 | 0.400 | – | 0.900 | 0.533 | – |"
        );
        assert!(lines[3].starts_with("| published recipe | 0.483 | 0.100–0.950 | 0.242 |"));
        assert_eq!(lines.len(), 6);
        assert!(lines[5].contains("+0.017") && lines[5].contains("on 1, worse on 1 of 3"));
    }

    #[test]
    fn a_report_without_references_has_one_row() {
        assert_eq!(methods(&report(vec![item("a", 9, 0.2, None)])).len(), 2);
        assert_eq!(methods(&report(vec![])).len(), 6);
        assert_eq!(losses(&report(vec![item("a", 9, 0.2, Some(0.1))])), None);
    }

    /// A target whose figures from the library down to the first slot are `levels`.
    fn lost(id: &str, residues: u64, levels: [f64; 5]) -> ValidationItem {
        let [structural, oracle, candidates, best, first] = levels;
        let mut item = item(id, residues, best, Some(0.4));
        for (name, value) in [
            ("structural_oracle", structural),
            ("oracle", oracle),
            ("candidates", candidates),
            ("first_slot", first),
        ] {
            item.detail.insert(name.into(), value.into());
        }
        item
    }

    #[test]
    fn losses_add_up_to_what_is_missing() {
        let report = report(vec![
            lost("a", 20, [0.9, 0.5, 0.6, 0.5, 0.5]),
            lost("b", 50, [0.7, 0.7, 0.7, 0.3, 0.1]),
        ]);
        let rows = losses(&report).unwrap();
        let column = |k: usize| -> Vec<&str> { rows.iter().map(|row| row[k].as_str()).collect() };
        assert_eq!(
            column(1),
            ["all", "0.200", "0.200", "−0.050", "0.250", "0.100"]
        );
        assert_eq!(
            column(2)[1..],
            ["0.100", "0.400", "−0.100", "0.100", "0.000"]
        );
        assert!(markdown(&report).contains("| the choice of five | 0.250 |"));
        // b is behind the recipe, by its choice; a lost most by its alignment.
        let text = target_by_target(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].starts_with("| b | 50 | 0.300 | 0.100 | 0.400 | 0.200 | 0.700 |"));
        assert!(lines[2].ends_with("| the choice of five |"), "{}", lines[2]);
        assert!(lines[3].ends_with("| the alignment |"), "{}", lines[3]);
    }
}
