//! TM-score against the identity of the nearest template.

use kgl_contract::ValidationReport;

use super::canvas::{Canvas, Scale, ink};
use crate::summary::figure;
use crate::tm_score::to_f64;

/// Each target's score over the identity of its most identical template, a ring
/// where the recipe has it; `None` where the report holds no references.
#[must_use]
pub fn against_identity(report: &ValidationReport) -> Option<String> {
    let mut canvas = Canvas::new(860.0, 600.0);
    let across = Scale {
        values: [least(report)?, 1.0],
        pixels: [70.0, 830.0],
    };
    let up = Scale {
        values: [0.0, 1.0],
        pixels: [530.0, 90.0],
    };
    for k in 0..=5 {
        let value = f64::from(k) / 5.0;
        canvas.line([70.0, up.at(value)], [830.0, up.at(value)], ink::FAINT, 1.0);
        canvas.text(
            [62.0, up.at(value) + 4.0],
            12.0,
            "end",
            ink::MUTED,
            format_args!("{value:.1}"),
        );
    }
    for k in 0..=10 {
        let value = f64::from(k) / 10.0;
        if value >= across.values[0] - 1e-9 {
            canvas.text(
                [across.at(value), 550.0],
                12.0,
                "middle",
                ink::MUTED,
                format_args!("{:.0} %", value * 100.0),
            );
        }
    }
    canvas.text(
        [450.0, 578.0],
        13.0,
        "middle",
        ink::TEXT,
        "identity with the most identical template",
    );
    canvas.upright(
        [24.0, 310.0],
        13.0,
        "middle",
        ink::TEXT,
        "TM-score, best of five",
    );
    let mut better = 0;
    for item in &report.items {
        let x = across.at(figure(item, "nearest_identity")?);
        let recipe = figure(item, "recipe")?;
        better += usize::from(item.score > recipe);
        canvas.line([x, up.at(item.score)], [x, up.at(recipe)], ink::TIE, 1.2);
        canvas.ring([x, up.at(recipe)], 3.2, ink::RECIPE);
    }
    for item in &report.items {
        let x = across.at(figure(item, "nearest_identity")?);
        canvas.dot(
            [x, up.at(item.score)],
            radius(figure(item, "residues")?),
            ink::OURS,
        );
    }
    canvas.text([580.0, 52.0], 12.5, "start", ink::TEXT, "rna3d, residues:");
    for (x, residues) in [(690.0, 20.0), (734.0, 80.0), (780.0, 240.0)] {
        canvas.dot([x, 48.0], radius(residues), ink::OURS);
        canvas.text(
            [x + 11.0, 52.0],
            12.5,
            "start",
            ink::TEXT,
            format_args!("{residues:.0}"),
        );
    }
    canvas.text([580.0, 72.0], 12.5, "start", ink::TEXT, "published recipe:");
    canvas.ring([690.0, 68.0], 3.2, ink::RECIPE);
    let share = 100.0 * to_f64(better) / to_f64(report.items.len().max(1));
    Some(canvas.finish(
        "How near the truth, and how near a template was",
        &format!(
            "{} targets {}; rna3d is ahead of the recipe on {share:.0} %",
            report.items.len(),
            report.split
        ),
    ))
}

/// A longer chain is a larger dot: its area is its length.
fn radius(residues: f64) -> f64 {
    (residues / 6.0).sqrt().clamp(2.4, 8.0)
}

/// Where the axis of identities begins: the ten per cent below the least, since
/// unrelated sequences of four letters agree by half.
fn least(report: &ValidationReport) -> Option<f64> {
    let mut least = 0.9_f64;
    for item in &report.items {
        least = least.min(figure(item, "nearest_identity")?);
    }
    Some((10.0 * least).floor() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::report;

    #[test]
    fn the_axis_begins_below_the_least_identity() {
        let mut report = report(&[("a", 0.62, 0.5), ("b", 0.47, 0.5)]);
        let file = against_identity(&report).unwrap();
        assert!(file.contains(">40 %<") && !file.contains(">30 %<"));
        assert!(file.contains("ahead of the recipe on 100 %"));
        // The least stands 7 of 60 per cent to the right of the axis.
        assert!(file.contains(r#"<circle cx="158.7""#), "{file}");
        report.items[0].detail.clear();
        assert_eq!(against_identity(&report), None);
    }
}
