//! The plot: processor time against the size of the database, a panel for each
//! kind of search, both axes logarithmic.

use crate::report::{Outcome, Point};
use kgl_cli::{Failure, write_atomically};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Panels in their order, with what is written above them.
const PANELS: [(&str, &str); 3] = [
    ("every pair", "28 queries, every pair"),
    (
        "leave-one-out",
        "Queries out of the database, top ten aligned",
    ),
    ("growth", "Short sequences, every pair"),
];
/// A colour-blind person's eight (Okabe & Ito), without yellow.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];
const PANEL: (u32, u32) = (620, 460);

/// Draws all panels side by side.
pub(crate) fn write(outcome: &Outcome, path: &Path) -> Result<(), Failure> {
    let mut text = String::new();
    draw(outcome, &mut text)
        .map_err(|error| Failure::outside(format_args!("cannot draw the plot: {error}")))?;
    write_atomically(path, text.as_bytes())
}

fn draw(outcome: &Outcome, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let (width, height) = PANEL;
    let panels: Vec<_> = PANELS
        .iter()
        .filter(|(name, _)| outcome.points.iter().any(|point| point.panel == *name))
        .collect();
    let count = u32::try_from(panels.len().max(1))?;
    let root = SVGBackend::with_string(text, (width * count, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let areas = root.split_evenly((1, panels.len().max(1)));
    for ((name, title), area) in panels.into_iter().zip(&areas) {
        draw_panel(outcome, name, title, area)?;
    }
    root.present()?;
    Ok(())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_panel(
    outcome: &Outcome,
    name: &str,
    title: &str,
    area: &Area<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for Point {
        panel,
        line,
        residues,
        cpu_s,
    } in &outcome.points
    {
        if *panel == name {
            lines
                .entry(line)
                .or_default()
                .push((*residues as f64 / 1e6, cpu_s.max(1e-3)));
        }
    }
    let all = || lines.values().flatten();
    // Room on the right for the names of the lines.
    let across = range(all().map(|point| point.0), 1.15, 3.6);
    let up = range(all().map(|point| point.1), 1.5, 1.5);
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .caption(title, ("sans-serif", 17))
        .x_label_area_size(42)
        .y_label_area_size(62)
        .build_cartesian_2d(across.log_scale(), up.clone().log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(RGBColor(240, 240, 240))
        .bold_line_style(RGBColor(220, 220, 220))
        .x_desc("residues, millions")
        .y_desc("CPU seconds")
        .x_label_formatter(&|value| format!("{value}"))
        .y_label_formatter(&|value| format!("{value}"))
        .label_style(("sans-serif", 13))
        .draw()?;
    let mut ends = Vec::new();
    for ((line, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let width = if line.starts_with("kgl") { 3 } else { 1 };
        chart.draw_series(LineSeries::new(
            points.iter().copied(),
            colour.stroke_width(width),
        ))?;
        chart.draw_series(points.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
        if let Some(&end) = points.last() {
            ends.push((end, *line, *colour));
        }
    }
    // Names stand where their lines end, pushed apart where they would meet.
    let apart = (up.end / up.start).powf(0.048);
    ends.sort_by(|a, b| a.0.1.total_cmp(&b.0.1));
    let mut below = 0.0_f64;
    for ((x, y), line, colour) in ends {
        let height = y.max(below * apart);
        below = height;
        let style = ("sans-serif", 13)
            .into_font()
            .color(&colour)
            .pos(Pos::new(HPos::Left, VPos::Center));
        chart.draw_series([Text::new(line.to_owned(), (x * 1.08, height), style)])?;
    }
    Ok(())
}

/// From below the least to above the most.
fn range(values: impl Iterator<Item = f64>, below: f64, above: f64) -> Range<f64> {
    let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    least / below..most * above
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_and_line_is_drawn() {
        let point = |panel, line: &str, residues, cpu_s| Point {
            panel,
            line: line.to_owned(),
            residues,
            cpu_s,
        };
        let outcome = Outcome {
            points: vec![
                point("every pair", "kgl local", 500_000, 0.1),
                point("every pair", "kgl local", 4_000_000, 0.9),
                point("every pair", "ssw_test", 500_000, 1.0),
                point("growth", "kgl global, database", 1_000_000, 0.2),
            ],
            ..Outcome::default()
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plot.svg");
        write(&outcome, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for part in [
            "<svg",
            "kgl local",
            "ssw_test",
            "kgl global, database",
            "28 queries, every pair",
            "CPU seconds",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("leave-one-out") && !text.contains("top ten aligned"));
    }
}
