//! Every target's score, beside the references.

use kgl_contract::{ValidationItem, ValidationReport};

use super::canvas::{Canvas, Scale, ink};
use crate::summary::figure;
use crate::tm_score::to_f64;

/// How wide a bar is, in pixels.
const BAR: f64 = 10.0;

/// A bar for each target, the best first; a bead where the recipe stands, a tick
/// where the best template in hindsight does.
#[must_use]
pub fn bars(report: &ValidationReport) -> String {
    let mut items: Vec<&ValidationItem> = report.items.iter().collect();
    items.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    let pitch = 14.0;
    let right = 84.0 + pitch * to_f64(items.len().max(36));
    let mut canvas = Canvas::new(right + 24.0, 530.0);
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
    // Names stand on the axis, lengths under them, each at one height.
    canvas.upright([58.0, 408.0], 10.0, "end", ink::TEXT, "target");
    canvas.upright([58.0, 466.0], 10.0, "end", ink::TEXT, "residues");
    for (k, item) in items.iter().enumerate() {
        let x = 76.0 + pitch * to_f64(k);
        let top = up.at(item.score);
        canvas.rect([x, top], [BAR, up.at(0.0) - top], ink::OURS_BROAD);
        let middle = x + BAR / 2.0;
        if let Some(oracle) = figure(item, "oracle") {
            tick(&mut canvas, [middle, up.at(oracle)]);
        }
        if let Some(recipe) = figure(item, "recipe") {
            canvas.bead([middle, up.at(recipe)], 2.9, ink::RECIPE);
        }
        let residues = figure(item, "residues").unwrap_or(0.0);
        canvas.upright([middle + 3.5, 408.0], 10.0, "end", ink::MUTED, &item.id);
        canvas.upright(
            [middle + 3.5, 466.0],
            10.0,
            "end",
            ink::MUTED,
            format_args!("{residues:.0}"),
        );
    }
    let legend = right - 390.0;
    canvas.rect([legend, 62.0], [BAR, 14.0], ink::OURS_BROAD);
    canvas.text([legend + 16.0, 74.0], 12.5, "start", ink::TEXT, "rna3d");
    canvas.bead([legend + 74.0, 69.5], 2.9, ink::RECIPE);
    canvas.text(
        [legend + 84.0, 74.0],
        12.5,
        "start",
        ink::TEXT,
        "published recipe",
    );
    tick(&mut canvas, [legend + 208.0, 69.5]);
    canvas.text(
        [legend + 220.0, 74.0],
        12.5,
        "start",
        ink::TEXT,
        "best template in hindsight",
    );
    canvas.finish(
        "Every target, beside the references",
        &format!(
            "{} targets {}, best of five; rna3d's mean is {:.3}",
            items.len(),
            report.split,
            report.mean
        ),
    )
}

/// A tick on a white edge, so that it is seen on the bar and beyond it.
fn tick(canvas: &mut Canvas, [x, y]: [f64; 2]) {
    let half = BAR / 2.0 - 0.5;
    canvas.line([x - half, y], [x + half, y], "#ffffff", 4.2);
    canvas.line([x - half, y], [x + half, y], ink::ORACLE, 2.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::report;

    #[test]
    fn the_best_target_stands_first() {
        let file = bars(&report(&[("worse", 0.5, 0.2), ("better", 0.5, 0.7)]));
        let place = |word: &str| file.find(word).unwrap();
        assert!(place(">better<") < place(">worse<"));
        assert_eq!(file.matches(">60<").count(), 2);
        // 0.7 of the 310 pixels from 0 to 1.
        assert!(file.contains(r#"height="217.0""#), "{file}");
    }
}
