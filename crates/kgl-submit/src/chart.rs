//! The history as a picture: on the left every public score in the order of the
//! submissions, the best so far, and the medal lines; on the right validation
//! against the leaderboard.

use std::fmt::Write as _;

use kgl_contract::{Better, SubmissionHistory, SubmissionState};

use crate::plot::{FAINT, INK, POINT, Plot, line, point, range, spread, text};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 440.0;
const FAILED: &str = "#c2410c";
/// How far apart words must stand to be read.
const LINE: f64 = 13.0;
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
    let heights = history.medals.iter().map(|medal| plot.y(medal.score));
    let mut places: Vec<(usize, f64)> = heights.enumerate().collect();
    places.sort_by(|a, b| a.1.total_cmp(&b.1));
    let labels = spread(places.iter().map(|place| place.1).collect(), LINE);
    for ((at, y), label_y) in places.into_iter().zip(labels) {
        let medal = &history.medals[at];
        let colour = MEDALS.iter().find(|(name, _)| *name == medal.medal);
        let colour = colour.map_or(FAINT, |(_, colour)| colour);
        line(
            svg,
            [plot.left, y],
            [plot.right, y],
            colour,
            r#" stroke-dasharray="5 4""#,
        );
        let label = format!("{} {}", medal.medal, medal.score);
        text(
            svg,
            plot.right + 6.0,
            label_y + 4.0,
            "start",
            11,
            colour,
            &label,
        );
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
        let is_best = best == Some(score);
        point(svg, plot.x(f64::from(place)), plot.y(score), is_best);
    }
    draw_failed(svg, history, &plot);
    if scores.is_empty() {
        text(svg, 300.0, 220.0, "middle", 13, FAINT, "no scores yet");
    }
}

/// A cross on the axis for each submission whose scoring failed.
fn draw_failed(svg: &mut String, history: &SubmissionHistory, plot: &Plot) {
    let mut any = false;
    for (place, one) in (1u32..).zip(&history.submissions) {
        if one.state == SubmissionState::Failed {
            any = true;
            let (x, y) = (plot.x(f64::from(place)), plot.bottom - 7.0);
            text(svg, x, y + 4.0, "middle", 13, FAILED, "×");
        }
    }
    if any {
        let (x, y) = (plot.right, plot.bottom + 38.0);
        text(svg, x, y, "end", 11, FAILED, "× scoring failed");
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
        let (x, y) = (plot.right, plot.bottom + 60.0);
        text(svg, x, y, "end", 12, INK, &words);
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
    let points: Vec<_> = (pairs.iter())
        .map(|&(place, validation, public)| (place, plot.x(validation), plot.y(public)))
        .collect();
    // A number that would touch another one, or a point, is left out.
    let mut taken: Vec<(f64, f64)> = points.iter().map(|&(_, x, y)| (x, y)).collect();
    for &(place, x, y) in &points {
        point(svg, x, y, false);
        let (words, middle) = (place.to_string(), (x + 12.0, y - 8.0));
        let free = |other: &(f64, f64)| {
            (other.0 - middle.0).abs() > 14.0 || (other.1 - middle.1).abs() > 9.0
        };
        let others = taken.iter().filter(|&&other| other != (x, y));
        if others.clone().all(free) {
            taken.push(middle);
            text(svg, x + 7.0, y - 5.0, "start", 10, FAINT, &words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A history with 40 submissions, every seventh failed, and medal lines that nearly touch.
    fn history() -> SubmissionHistory {
        let medal = |name, score| serde_json::json!({ "medal": name, "rank": 1, "score": score });
        let submissions = (0..40).map(|at| {
            let mut one = serde_json::json!({
                "schema": "kgl.submission-receipt/1", "competition": "toy", "tag": "0", "message": "m",
                "content": { "path": "s", "sha256": "0".repeat(64), "size_bytes": 1, "rows": 1 },
                "intended_at": "2026-11-25T04:00:00Z", "state": "scored",
                "validation_score": 0.40 + f64::from(at % 4) / 1000.0,
                "public_score": 0.41 + f64::from(at % 9) / 1000.0,
            });
            if at % 7 == 3 {
                one["state"] = "failed".into();
                one["public_score"] = serde_json::Value::Null;
            }
            one
        });
        let history = serde_json::json!({
            "schema": "kgl.submission-history/1", "competition": "toy", "elsewhere": [],
            "metric": { "name": "accuracy", "better": "higher" },
            "submissions": submissions.collect::<Vec<_>>(),
            "medals": [medal("gold", 0.471), medal("silver", 0.4612), medal("bronze", 0.461)],
            "agreement": { "pairs": 9, "rank_correlation": 0.83, "interval_95": [0.41, 0.96] },
        });
        serde_json::from_value(history).unwrap()
    }

    /// The words of a picture: where they begin, their height and size, and what they are.
    fn words(svg: &str) -> Vec<(f64, f64, String)> {
        let of = |line: &str, name: &str| {
            let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        let texts = svg.lines().filter(|line| line.starts_with("<text"));
        let place = |line: &str| {
            let words = line.split_once('>').unwrap().1.trim_end_matches("</text>");
            // The widest font in use takes 0.65 of its size a letter.
            let size: f64 = of(line, "font-size").parse().unwrap();
            let width = words.chars().count() as f64 * size * 0.65;
            let x: f64 = of(line, " x").parse().unwrap();
            let share = match &*of(line, "anchor") {
                "start" => 0.0,
                "middle" => 0.5,
                _ => 1.0,
            };
            let y = of(line, " y").parse().unwrap();
            (x - share * width, y, words.to_owned())
        };
        texts.map(place).collect()
    }

    #[test]
    fn words_stay_on_the_page_and_medals_apart() {
        let svg = draw(&history());
        let words = words(&svg);
        for (left, _, text) in &words {
            let right = left + text.chars().count() as f64 * 8.0;
            assert!(*left >= 0.0 && right <= WIDTH, "{text}: {left} to {right}");
        }
        let height = |name: &str| words.iter().find(|one| one.2.starts_with(name)).unwrap().1;
        assert!(height("bronze") - height("silver") >= LINE - 0.2);
        assert!(height("silver") > height("gold"));
    }

    #[test]
    fn failures_are_shown_and_crowded_numbers_left_out() {
        let svg = draw(&history());
        assert_eq!(svg.matches(">×<").count(), 6);
        assert!(svg.contains("× scoring failed"));
        assert_eq!(svg.matches("<circle").count(), 68);
        let numbers = svg.matches(r#"font-size="10""#).count();
        assert!((5..34).contains(&numbers), "{numbers}");
        let mut none = history();
        none.submissions.retain(|one| one.public_score.is_some());
        assert!(!draw(&none).contains('×'));
    }
}
