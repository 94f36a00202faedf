//! Every target's score, beside the references.

use kgl_contract::{ValidationItem, ValidationReport};

use super::canvas::{Canvas, Scale, ink};
use crate::summary::figure;
use crate::tm_score::to_f64;

/// A bar for each target, the best first; a dot where the recipe stands, a tick
/// where the best template in hindsight does.
#[must_use]
pub fn bars(report: &ValidationReport) -> String {
    let mut items: Vec<&ValidationItem> = report.items.iter().collect();
    items.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    let pitch = 13.0;
    let right = 80.0 + pitch * to_f64(items.len().max(36));
    let mut canvas = Canvas::new(right + 24.0, 520.0);
    let up = Scale {
        values: [0.0, 1.0],
        pixels: [400.0, 90.0],
    };
    for k in 0..=5 {
        let value = f64::from(k) / 5.0;
        canvas.line([70.0, up.at(value)], [right, up.at(value)], ink::FAINT, 1.0);
        canvas.text(
            [62.0, up.at(value) + 4.0],
            12.0,
            "end",
            ink::MUTED,
            format_args!("{value:.1}"),
        );
    }
    canvas.upright(
        [24.0, 245.0],
        13.0,
        "middle",
        ink::TEXT,
        "TM-score, best of five",
    );
    for (k, item) in items.iter().enumerate() {
        let x = 76.0 + pitch * to_f64(k);
        let top = up.at(item.score);
        canvas.rect([x, top], [pitch - 4.0, up.at(0.0) - top], ink::OURS);
        let middle = x + (pitch - 4.0) / 2.0;
        if let Some(oracle) = figure(item, "oracle") {
            let y = up.at(oracle);
            canvas.line([x - 1.5, y], [x + pitch - 2.5, y], ink::ORACLE, 2.2);
        }
        if let Some(recipe) = figure(item, "recipe") {
            canvas.dot([middle, up.at(recipe)], 3.4, ink::RECIPE);
        }
        let residues = figure(item, "residues").unwrap_or(0.0);
        canvas.upright(
            [middle + 3.5, 408.0],
            10.0,
            "end",
            ink::MUTED,
            format_args!("{}  {residues:.0}", item.id),
        );
    }
    let legend = right - 330.0;
    canvas.rect([legend, 62.0], [9.0, 14.0], ink::OURS);
    canvas.text([legend + 15.0, 74.0], 12.5, "start", ink::TEXT, "rna3d");
    canvas.dot([legend + 76.0, 69.0], 3.4, ink::RECIPE);
    canvas.text([legend + 86.0, 74.0], 12.5, "start", ink::TEXT, "recipe");
    canvas.line(
        [legend + 145.0, 69.0],
        [legend + 159.0, 69.0],
        ink::ORACLE,
        2.2,
    );
    canvas.text(
        [legend + 166.0, 74.0],
        12.5,
        "start",
        ink::TEXT,
        "best template in hindsight",
    );
    canvas.finish(
        "Every target, beside the references",
        &format!(
            "{} targets {}, mean {:.3}; name and residues below",
            items.len(),
            report.split,
            report.mean
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::report;

    #[test]
    fn the_best_target_stands_first() {
        let file = bars(&report(&[("worse", 0.5, 0.2), ("better", 0.5, 0.7)]));
        let place = |word: &str| file.find(word).unwrap();
        assert!(place(">better  60<") < place(">worse  60<"));
        // 0.7 of the 310 pixels from 0 to 1.
        assert!(file.contains(r#"height="217.0""#), "{file}");
    }
}
