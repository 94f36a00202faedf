//! Pictures of a validation: what the table's means are made of.

mod bars;
mod canvas;
mod identity;
mod trace;

pub use bars::bars;
pub use identity::against_identity;
pub use trace::superposed;

#[cfg(test)]
mod tests {
    use kgl_contract::{Better, Metric, Tag, ValidationItem, ValidationReport};

    /// A report of targets: id, identity of the nearest template, score.
    pub(super) fn report(figures: &[(&str, f64, f64)]) -> ValidationReport {
        let item = |&(id, identity, score): &(&str, f64, f64)| ValidationItem {
            id: id.into(),
            group: id.into(),
            score,
            detail: [
                ("nearest_identity", identity),
                ("recipe", 0.4),
                ("residues", 60.0),
            ]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into_iter()
            .collect(),
        };
        ValidationReport {
            schema: Tag::default(),
            competition: "c".into(),
            metric: Metric {
                name: "TM-score".into(),
                better: Better::Higher,
            },
            split: "all".into(),
            items: figures.iter().map(item).collect(),
            mean: 0.5,
            interval_95: [0.0, 1.0],
            run: None,
        }
    }
}
