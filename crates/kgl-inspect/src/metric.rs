//! A metric's direction, told from its name.
//!
//! Kaggle says what a metric is called, not which way is better. A name tells it
//! nearly always; where it does not, nothing is told.

use kgl_contract::{Better, Metric};

/// Words of names, looked for in this order: the first that is there decides. `mean average
/// precision` must come before `mean absolute`, and `error` after what it may be a part of.
const WORDS: &[(&str, Better)] = &[
    ("accuracy", Better::Higher),
    ("precision", Better::Higher),
    ("recall", Better::Higher),
    ("logloss", Better::Lower),
    ("logarithmicloss", Better::Lower),
    ("crossentropy", Better::Lower),
    ("loss", Better::Lower),
    ("error", Better::Lower),
    ("rmse", Better::Lower),
    ("rmsle", Better::Lower),
    ("smape", Better::Lower),
    ("mape", Better::Lower),
    ("mcrmse", Better::Lower),
    ("mase", Better::Lower),
    ("deviation", Better::Lower),
    ("distance", Better::Lower),
    ("levenshtein", Better::Lower),
    ("brier", Better::Lower),
    ("pinball", Better::Lower),
    ("perplexity", Better::Lower),
    ("divergence", Better::Lower),
    ("rmsd", Better::Lower),
    ("crps", Better::Lower),
    ("auc", Better::Higher),
    ("areaunder", Better::Higher),
    ("fscore", Better::Higher),
    ("fbeta", Better::Higher),
    ("f1", Better::Higher),
    ("dice", Better::Higher),
    ("jaccard", Better::Higher),
    ("iou", Better::Higher),
    ("intersectionoverunion", Better::Higher),
    ("ndcg", Better::Higher),
    ("map@", Better::Higher),
    ("tmscore", Better::Higher),
    ("kappa", Better::Higher),
    ("correlation", Better::Higher),
    ("spearman", Better::Higher),
    ("pearson", Better::Higher),
    ("matthews", Better::Higher),
    ("gini", Better::Higher),
    ("r2", Better::Higher),
    ("rsquared", Better::Higher),
    ("concordance", Better::Higher),
    ("cindex", Better::Higher),
    ("mae", Better::Lower),
    ("mse", Better::Lower),
    ("map", Better::Higher),
    ("score", Better::Higher),
];

/// The metric called `name`, if its direction can be told.
pub(crate) fn tell_metric(name: &str) -> Option<Metric> {
    let plain: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '@')
        .collect();
    let found = WORDS.iter().find(|(word, _)| plain.contains(word))?;
    Some(Metric {
        name: name.to_owned(),
        better: found.1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_of_metrics_that_competitions_use() {
        use Better::{Higher, Lower};
        for (name, better) in [
            ("Root Mean Squared Error", Lower),
            ("RMSLE", Lower),
            ("Mean Columnwise Log Loss", Lower),
            ("Multiclass Loss", Lower),
            ("Categorization Accuracy", Higher),
            ("Area Under Receiver Operating Characteristic Curve", Higher),
            ("ROC AUC Score", Higher),
            ("Mean Average Precision", Higher),
            ("MAP@12", Higher),
            ("Mean Absolute Error", Lower),
            ("Macro F1 Score", Higher),
            ("Quadratic Weighted Kappa", Higher),
            ("Dice", Higher),
            ("TM-score", Higher),
            ("Levenshtein Mean", Lower),
            ("R2 Score", Higher),
        ] {
            assert_eq!(
                tell_metric(name).map(|metric| metric.better),
                Some(better),
                "{name}"
            );
        }
        assert_eq!(tell_metric("Custom metric 12345"), None);
        assert_eq!(tell_metric(""), None);
    }
}
