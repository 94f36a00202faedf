//! The history as a picture: on the left every public score in the order of the
//! submissions, the best so far, and the medal lines; on the right validation
//! against the leaderboard.

use std::fmt::Write as _;

use kgl_contract::{Better, SubmissionHistory};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 440.0;
const INK: &str = "#1f2933";
const FAINT: &str = "#9aa5b1";
const GRID: &str = "#e4e7eb";
const POINT: &str = "#2563eb";
const MEDALS: [(&str, &str); 3] = [
    ("gold", "#b7860b"),
    ("silver", "#7b8794"),
    ("bronze", "#a0522d"),
];

/// The picture, as SVG.
#[must_use]
pub fn draw(history: &SubmissionHistory) -> String {
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, 'Helvetica Neue', Arial, sans-serif" font-size="12" fill="{INK}">
<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>
"#
    );
    text(
        &mut svg,
        24.0,
        30.0,
        "start",
        16,
        INK,
        &format!("{}: {}", history.competition, direction(history)),
    );
    draw_scores(&mut svg, history);
    draw_agreement(&mut svg, history);
    svg += "</svg>\n";
    svg
}

fn direction(history: &SubmissionHistory) -> String {
    let better = match history.metric.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
    };
    format!("{} ({better} is better)", history.metric.name)
}

/// A plot's place and the ranges of its axes.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: [f64; 2],
    y: [f64; 2],
}

impl Plot {
    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)
    }

    /// Frame, grid and numbers. `whole` says that x counts things.
    fn axes(&self, svg: &mut String, title: &str, x_label: &str, whole: bool) {
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
                &number(value, self.y),
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
                &number(value, self.x),
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

fn draw_scores(svg: &mut String, history: &SubmissionHistory) {
    let scores: Vec<(u32, f64)> = (1u32..)
        .zip(&history.submissions)
        .filter_map(|(place, one)| Some((place, one.public_score?)))
        .collect();
    let medals = history.medals.iter().map(|medal| medal.score);
    let all: Vec<f64> = scores.iter().map(|one| one.1).chain(medals).collect();
    let plot = Plot {
        left: 80.0,
        right: 520.0,
        top: 84.0,
        bottom: 370.0,
        x: [0.5, history.submissions.len().max(1) as f64 + 0.5],
        y: range(&all),
    };
    plot.axes(svg, "public score", "submission", true);
    for medal in &history.medals {
        let colour = MEDALS.iter().find(|(name, _)| *name == medal.medal);
        let colour = colour.map_or(FAINT, |(_, colour)| colour);
        let y = plot.y(medal.score);
        line(
            svg,
            [plot.left, y],
            [plot.right, y],
            colour,
            r#" stroke-dasharray="5 4""#,
        );
        let label = format!("{} {}", medal.medal, medal.score);
        text(svg, plot.right + 6.0, y + 4.0, "start", 11, colour, &label);
    }
    let mut best: Option<f64> = None;
    let mut path = String::new();
    for &(place, score) in &scores {
        let beats = best.is_none_or(|best| match history.metric.better {
            Better::Higher => score > best,
            Better::Lower => score < best,
        });
        let x = plot.x(f64::from(place));
        match best {
            None => path = format!("M{x:.1} {:.1}", plot.y(score)),
            Some(_) => {
                let _ = write!(path, " H{x:.1}");
                if beats {
                    let _ = write!(path, " V{:.1}", plot.y(score));
                }
            }
        }
        if beats {
            best = Some(score);
        }
    }
    let _ = writeln!(
        svg,
        r#"<path d="{path}" fill="none" stroke="{POINT}" stroke-width="1.5" opacity="0.5"/>"#
    );
    for &(place, score) in &scores {
        point(svg, plot.x(f64::from(place)), plot.y(score));
    }
    if scores.is_empty() {
        text(svg, 300.0, 220.0, "middle", 13, FAINT, "no scores yet");
    }
}

fn draw_agreement(svg: &mut String, history: &SubmissionHistory) {
    let pairs: Vec<(u32, f64, f64)> = (1u32..)
        .zip(&history.submissions)
        .filter_map(|(place, one)| Some((place, one.validation_score?, one.public_score?)))
        .collect();
    let of = |take: fn(&(u32, f64, f64)) -> f64| range(&pairs.iter().map(take).collect::<Vec<_>>());
    let plot = Plot {
        left: 700.0,
        right: 970.0,
        top: 84.0,
        bottom: 370.0,
        x: of(|pair| pair.1),
        y: of(|pair| pair.2),
    };
    let title = "public against validation";
    if let Some(agreement) = &history.agreement {
        let sure = agreement.interval_95.map_or(String::new(), |[low, high]| {
            format!(", 95 % between {low:.2} and {high:.2}")
        });
        let words = format!("rank correlation {:.2}{sure}", agreement.rank_correlation);
        text(svg, plot.left, plot.bottom + 60.0, "start", 12, INK, &words);
    }
    if pairs.is_empty() {
        text(svg, plot.left, plot.top - 14.0, "start", 13, INK, title);
        text(
            svg,
            835.0,
            220.0,
            "middle",
            13,
            FAINT,
            "no submission has both scores",
        );
        return;
    }
    plot.axes(svg, title, "validation", false);
    for (place, validation, public) in pairs {
        let (x, y) = (plot.x(validation), plot.y(public));
        point(svg, x, y);
        text(
            svg,
            x + 7.0,
            y - 5.0,
            "start",
            10,
            FAINT,
            &place.to_string(),
        );
    }
}

/// The range of some values with a margin, never empty.
fn range(values: &[f64]) -> [f64; 2] {
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

/// Four to eight round numbers in a range.
fn ticks([low, high]: [f64; 2]) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|times| times * power)
        .find(|step| *step >= rough)
        .unwrap_or(power);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last).map(|at| at as f64 * step).collect()
}

/// A number with as many places as tell the ticks of its range apart.
fn number(value: f64, [low, high]: [f64; 2]) -> String {
    let (mut places, mut span) = (0, high - low);
    while span < 50.0 && places < 8 {
        span *= 10.0;
        places += 1;
    }
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn line(svg: &mut String, from: [f64; 2], to: [f64; 2], colour: &str, more: &str) {
    let ([x1, y1], [x2, y2]) = (from, to);
    let _ = writeln!(
        svg,
        r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"{more}/>"#
    );
}

fn point(svg: &mut String, x: f64, y: f64) {
    let _ = writeln!(
        svg,
        r#"<circle cx="{x:.1}" cy="{y:.1}" r="4.5" fill="{POINT}" stroke="white"/>"#
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, size: u32, colour: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        svg,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>"#
    );
}
