//! What a plot is made of: axes, round numbers, lines, points and words, as SVG.

use std::fmt::Write as _;

pub(crate) const INK: &str = "#1f2933";
pub(crate) const FAINT: &str = "#9aa5b1";
pub(crate) const GRID: &str = "#e4e7eb";
pub(crate) const POINT: &str = "#2563eb";

/// A plot's place and the ranges of its axes.
pub(crate) struct Plot {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) x: [f64; 2],
    pub(crate) y: [f64; 2],
}

impl Plot {
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)
    }

    /// Frame, grid and numbers. `whole` says that x counts things.
    pub(crate) fn axes(&self, svg: &mut String, title: &str, x_label: &str, whole: bool) {
        text(svg, self.left, self.top - 14.0, "start", 13, INK, title);
        for value in ticks(self.y) {
            let y = self.y(value);
            line(svg, [self.left, y], [self.right, y], GRID, "");
            text(
                svg,
                self.left - 8.0,
                y + 4.0,
                "end",
                11,
                INK,
                &number(value, step(self.y)),
            );
        }
        for value in ticks(self.x)
            .into_iter()
            .filter(|value| !whole || value.fract() == 0.0)
        {
            let x = self.x(value);
            if !whole {
                line(svg, [x, self.top], [x, self.bottom], GRID, "");
            }
            text(
                svg,
                x,
                self.bottom + 18.0,
                "middle",
                11,
                INK,
                &number(value, step(self.x)),
            );
        }
        line(
            svg,
            [self.left, self.bottom],
            [self.right, self.bottom],
            FAINT,
            "",
        );
        let middle = f64::midpoint(self.left, self.right);
        text(svg, middle, self.bottom + 38.0, "middle", 12, INK, x_label);
    }
}

/// The range of some values with a margin, never empty.
pub(crate) fn range(values: &[f64]) -> [f64; 2] {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !low.is_finite() || !high.is_finite() {
        return [0.0, 1.0];
    }
    let margin = if high > low {
        (high - low) * 0.08
    } else {
        low.abs().max(1.0) * 0.05
    };
    [low - margin, high + margin]
}

/// The distance of the round numbers that cut a range into three to eight pieces.
fn step([low, high]: [f64; 2]) -> f64 {
    let least = (high - low) / 8.0;
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let fitting = steps.into_iter().find(|step| *step >= least);
    fitting.unwrap_or(power)
}

/// The round numbers in a range.
fn ticks(range: [f64; 2]) -> Vec<f64> {
    let step = step(range);
    let first = (range[0] / step).ceil() as i64;
    let last = (range[1] / step).floor() as i64;
    (first..=last).map(|at| at as f64 * step).collect()
}

/// A number with as many places as its step has, all of them.
fn number(value: f64, step: f64) -> String {
    let places = (0..12)
        .take_while(|&places| step < 0.999 * 10f64.powi(-places))
        .count();
    format!("{value:.places$}")
}

/// Heights near the wanted ones (which ascend downwards), at least `apart` from each other.
pub(crate) fn spread(mut heights: Vec<f64>, apart: f64) -> Vec<f64> {
    // Each run of labels that touch is set around the middle of what it wants.
    for _ in 0..heights.len() {
        for at in 1..heights.len() {
            let lack = apart - (heights[at] - heights[at - 1]);
            if lack > 0.0 {
                heights[at - 1] -= lack / 2.0;
                heights[at] += lack / 2.0;
            }
        }
    }
    for at in 1..heights.len() {
        heights[at] = heights[at].max(heights[at - 1] + apart);
    }
    heights
}

/// A line; `more` are further attributes.
pub(crate) fn line(svg: &mut String, from: [f64; 2], to: [f64; 2], colour: &str, more: &str) {
    let ([x1, y1], [x2, y2]) = (from, to);
    let _ = writeln!(
        svg,
        r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"{more}/>"#
    );
}

/// A submission; the best one is larger.
pub(crate) fn point(svg: &mut String, x: f64, y: f64, best: bool) {
    let radius = if best { 6.5 } else { 4.5 };
    let _ = writeln!(
        svg,
        r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{POINT}" stroke="white"/>"#
    );
}

/// Words; `anchor` says which end of them stands at `x`.
pub(crate) fn text(
    svg: &mut String,
    x: f64,
    y: f64,
    anchor: &str,
    size: u32,
    colour: &str,
    words: &str,
) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_three_to_eight_round_numbers_with_equal_places() {
        let shown = |range| {
            let ticks = ticks(range).into_iter();
            ticks
                .map(|tick| number(tick, step(range)))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown([0.385, 0.476]), ["0.40", "0.42", "0.44", "0.46"]);
        let fine = ["0.38", "0.40", "0.42", "0.44", "0.46", "0.48"];
        assert_eq!(shown([0.37, 0.49]), fine);
        assert_eq!(
            shown([0.5, 3.5]),
            ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5"]
        );
        assert_eq!(
            shown([-7.0, 60.0]),
            ["0", "10", "20", "30", "40", "50", "60"]
        );
        for times in 1..200 {
            let count = ticks([0.0, 0.0137 * f64::from(times)]).len();
            assert!((3..=9).contains(&count), "{times}: {count}");
        }
    }

    #[test]
    fn labels_keep_apart_and_stay_near() {
        assert_eq!(spread(vec![10.0, 40.0], 12.0), [10.0, 40.0]);
        assert_eq!(spread(vec![10.0, 14.0], 12.0), [6.0, 18.0]);
        let all = spread(vec![100.0, 100.0, 100.0], 12.0);
        assert!(
            all.windows(2).all(|two| two[1] - two[0] >= 12.0 - 1e-9),
            "{all:?}"
        );
        assert!(
            all.iter().all(|height| (height - 100.0).abs() < 25.0),
            "{all:?}"
        );
    }
}
