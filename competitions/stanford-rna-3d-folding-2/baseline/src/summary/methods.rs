//! What every method reaches.

use kgl_contract::ValidationReport;

use super::{class_means, class_names, shown, values};
use crate::bootstrap::{interval_95, mean};
use crate::score::SEED;

/// What is compared: the name in the table, and the details that hold the best of
/// five and the first slot, by number and sequence-independent.
const METHODS: [(&str, [Option<&str>; 4]); 5] = [
    (
        "rna3d",
        [
            Some(""),
            Some("first_slot"),
            Some("independent"),
            Some("independent_first"),
        ],
    ),
    (
        "published recipe",
        [
            Some("recipe"),
            Some("recipe_first"),
            Some("independent_recipe"),
            Some("independent_recipe_first"),
        ],
    ),
    (
        "best template by identity",
        [
            Some("identity"),
            Some("identity"),
            Some("independent_identity"),
            Some("independent_identity"),
        ],
    ),
    (
        "five random templates",
        [
            Some("random"),
            Some("random_first"),
            Some("independent_random"),
            Some("independent_random_first"),
        ],
    ),
    (
        "best template in hindsight",
        [Some("oracle"), None, Some("independent_oracle"), None],
    ),
];

/// A row for each method that the report knows, heads first.
#[must_use]
pub fn methods(report: &ValidationReport) -> Vec<Vec<String>> {
    let mut heads: Vec<String> = ["TM-score", "best of five", "95 %", "first"]
        .map(str::to_owned)
        .into();
    heads.extend(class_names(report));
    heads.extend(["any alignment", "first"].map(str::to_owned));
    let mut rows = vec![heads];
    for (name, [best, first, free, free_first]) in METHODS {
        let Some(scores) = best.and_then(|best| values(report, best)) else {
            continue;
        };
        let grouped: Vec<(&str, f64)> = report
            .items
            .iter()
            .zip(&scores)
            .map(|(item, &score)| (item.group.as_str(), score))
            .collect();
        let [low, high] = interval_95(&grouped, SEED);
        let mean_of = |figure: Option<&str>| {
            figure
                .and_then(|figure| values(report, figure))
                .map_or_else(|| "–".to_owned(), |scores| shown(mean(&scores)))
        };
        let mut row = vec![
            name.to_owned(),
            mean_of(best),
            format!("{low:.3}–{high:.3}"),
            mean_of(first),
        ];
        row.extend(class_means(report, &scores));
        row.extend([mean_of(free), mean_of(free_first)]);
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
