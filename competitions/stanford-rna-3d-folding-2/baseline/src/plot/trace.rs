//! One prediction laid over its truth.

use super::canvas::{Canvas, ink};
use crate::geometry::{
    Point, add, centroid, cross, distance, dot, norm, perpendicular, scale, sub, unit_or,
};
use crate::tm_score::tm_score;

/// Ångström beyond which a residue counts as wholly misplaced in the colours.
const FAR: f64 = 12.0;

/// How much nearer the prediction counts than it is, in parts of the depth.
const ON_TOP: f64 = 0.08;

/// A residue of a trace as it is drawn: a piece of a curve that goes from half way
/// before it to half way after it.
struct Stroke {
    /// How near the eye.
    near: f64,
    way: [[f64; 2]; 3],
    colour: String,
    width: f64,
}

/// The C1' trace `predicted` superposed on `truth`, seen along the direction in
/// which the truth is thinnest; `None` where they share no residue.
#[must_use]
pub fn superposed(
    id: &str,
    predicted: &[Option<Point>],
    truth: &[Option<Point>],
) -> Option<String> {
    let found = tm_score(predicted, truth).filter(|found| found.compared > 0)?;
    let moved: Vec<Option<Point>> = predicted
        .iter()
        .map(|point| point.map(|p| found.motion.apply(p)))
        .collect();
    let middle = centroid(truth.iter().copied().flatten());
    let axes = axes(truth, middle);
    let flat = |p: Point| {
        let p = sub(p, middle);
        [dot(p, axes[0]), dot(p, axes[1]), dot(p, axes[2])]
    };
    let all: Vec<Point> = truth
        .iter()
        .chain(&moved)
        .copied()
        .flatten()
        .map(flat)
        .collect();
    let reach = |axis: usize| all.iter().map(|p| p[axis].abs()).fold(1.0, f64::max);
    let zoom = (410.0 / reach(0)).min(235.0 / reach(1)).min(14.0);
    let place = |p: Point| [450.0 + zoom * p[0], 330.0 - zoom * p[1]];
    let mut canvas = Canvas::new(900.0, 640.0);
    // From the back to the front, so that what is near covers what is far.
    let mut strokes: Vec<Stroke> = Vec::new();
    let depth = reach(2);
    for i in 0..truth.len() {
        for (trace, ours) in [(truth, false), (&moved[..], true)] {
            let at = |k: usize| trace.get(k).copied().flatten().map(flat);
            let Some(here) = at(i) else { continue };
            let before = i.checked_sub(1).and_then(at);
            let half = |other: Option<Point>| other.map_or(here, |other| middle_of(here, other));
            let colour = if ours {
                let off = truth[i].zip(moved[i]).map_or(FAR, |(a, b)| distance(a, b));
                heat(off / FAR)
            } else {
                ink::TRUTH.to_owned()
            };
            let near = here[2] / depth;
            let width = if ours { 3.4 } else { 5.0 } * (1.0 + 0.35 * near);
            strokes.push(Stroke {
                // Where the two coincide the thinner one lies on top.
                near: near + if ours { ON_TOP } else { 0.0 },
                way: [half(before), here, half(at(i + 1))].map(place),
                colour,
                width,
            });
        }
    }
    strokes.sort_by(|a, b| a.near.total_cmp(&b.near));
    for stroke in &strokes {
        // A white edge shows which of two crossing strands is in front; cut off
        // straight, it does not bite into the neighbours of its own strand.
        canvas.curve(stroke.way, "#ffffff", stroke.width + 2.6, false);
        canvas.curve(stroke.way, &stroke.colour, stroke.width, true);
    }
    let ends = [
        ("5′", truth.iter().flatten().next()),
        ("3′", truth.iter().flatten().last()),
    ];
    for (name, end) in ends {
        if let Some(&end) = end {
            let at = place(flat(end));
            canvas.ring(at, 6.0, ink::TEXT);
            canvas.text([at[0] + 10.0, at[1] + 5.0], 14.0, "start", ink::TEXT, name);
        }
    }
    legend(&mut canvas, zoom);
    let resolved = if found.resolved == truth.len() {
        "all of them resolved".to_owned()
    } else {
        format!("{} of them resolved", found.resolved)
    };
    Some(canvas.finish(
        &format!("{id}, C1′ trace: TM-score {:.3}", found.score),
        &format!(
            "{} residues, {resolved}; seen along the thinnest direction",
            truth.len()
        ),
    ))
}

/// What the colours mean, and how long an ångström is.
fn legend(canvas: &mut Canvas, zoom: f64) {
    canvas.line([30.0, 604.0], [54.0, 604.0], ink::TRUTH, 5.0);
    canvas.text([64.0, 608.0], 12.5, "start", ink::TEXT, "experiment");
    canvas.text(
        [178.0, 608.0],
        12.5,
        "start",
        ink::TEXT,
        "prediction, by its distance from it",
    );
    for k in 0..36 {
        let x = 392.0 + 5.0 * f64::from(k);
        canvas.rect([x, 598.0], [5.5, 11.0], &heat(f64::from(k) / 35.0));
    }
    let labels = [
        (0.0, "0".to_owned()),
        (0.5, format!("{:.0}", FAR / 2.0)),
        (1.0, format!("{FAR:.0} Å and more")),
    ];
    for (part, label) in labels {
        let x = 392.0 + 180.0 * part;
        canvas.line([x, 611.0], [x, 614.0], ink::MUTED, 1.0);
        canvas.text([x, 627.0], 11.0, "middle", ink::MUTED, label);
    }
    let bar = scale_bar(zoom);
    canvas.line([690.0, 604.0], [690.0 + bar * zoom, 604.0], ink::TEXT, 2.0);
    canvas.text(
        [698.0 + bar * zoom, 608.0],
        12.5,
        "start",
        ink::TEXT,
        format_args!("{bar:.0} Å"),
    );
}

/// The longest round length that has room, in ångström.
fn scale_bar(zoom: f64) -> f64 {
    let round = [100.0, 50.0, 20.0, 10.0, 5.0];
    let fits = round.into_iter().find(|length| length * zoom <= 140.0);
    fits.unwrap_or(2.0)
}

fn middle_of(a: Point, b: Point) -> Point {
    scale(add(a, b), 0.5)
}

/// Blue over purple and red to orange for 0 to 1: ever lighter, so that the order is
/// seen without colours too, and never as grey as the experiment.
fn heat(part: f64) -> String {
    const STOPS: [[f64; 3]; 4] = [
        [0.0, 70.0, 160.0],
        [126.0, 40.0, 160.0],
        [212.0, 60.0, 100.0],
        [248.0, 150.0, 40.0],
    ];
    let along = 3.0 * part.clamp(0.0, 1.0);
    let (from, part) = match along {
        ..1.0 => (0, along),
        ..2.0 => (1, along - 1.0),
        _ => (2, along - 2.0),
    };
    let mix = |k: usize| STOPS[from][k] + (STOPS[from + 1][k] - STOPS[from][k]) * part;
    format!("rgb({:.0},{:.0},{:.0})", mix(0), mix(1), mix(2))
}

/// Three directions at right angles, along which the points spread most, less
/// and least, by power iteration: a picture needs no more.
fn axes(points: &[Option<Point>], middle: Point) -> [Point; 3] {
    let mut spread = [[0.0; 3]; 3];
    for point in points.iter().flatten() {
        let p = sub(*point, middle);
        for (row, part) in spread.iter_mut().zip(p) {
            for (cell, other) in row.iter_mut().zip(p) {
                *cell += part * other;
            }
        }
    }
    let power = |across: Option<Point>| {
        let mut v: Point = [1.0, 0.8, 0.6];
        for _ in 0..200 {
            if let Some(across) = across {
                v = perpendicular(across, v);
            }
            let next = [dot(spread[0], v), dot(spread[1], v), dot(spread[2], v)];
            if norm(next) < 1e-9 {
                break;
            }
            v = unit_or(scale(next, 1.0 / norm(next)), v);
        }
        across.map_or_else(
            || unit_or(v, [1.0, 0.0, 0.0]),
            |across| perpendicular(across, v),
        )
    };
    let first = power(None);
    let second = power(Some(first));
    [first, second, cross(first, second)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::helix;

    #[test]
    fn a_trace_lies_along_the_paper() {
        let truth: Vec<Option<Point>> = helix(30).into_iter().map(Some).collect();
        let [first, second, third] = axes(&truth, centroid(truth.iter().copied().flatten()));
        // The helix axis is z; the three stand at right angles.
        assert!(first[2].abs() > 0.95, "{first:?}");
        assert!(dot(first, second).abs() < 1e-9 && dot(second, third).abs() < 1e-9);
        let file = superposed("1ABC_A", &truth, &truth).unwrap();
        assert!(file.contains("TM-score 1.000") && file.matches("<path").count() == 4 * 30);
        assert!(superposed("x", &[None], &truth[..1]).is_none());
        // Where nothing is misplaced all of it is blue, and it moves on smoothly: each
        // residue's curve begins where the one before it ended.
        let blue = r#"stroke="rgb(0,70,160)""#;
        assert_eq!(file.matches(blue).count(), 30);
        let ways = |name: &str| -> std::collections::BTreeSet<&str> {
            let own = file.lines().filter(|line| line.contains(blue));
            own.filter_map(|line| {
                let d = line.split('"').nth(1)?;
                let (from, to) = d[1..].split_once('Q')?;
                let (_, to) = to
                    .match_indices(' ')
                    .nth(1)
                    .map(|(k, _)| to.split_at(k + 1))?;
                Some(if name == "from" { from } else { to })
            })
            .collect()
        };
        assert_eq!(ways("from").intersection(&ways("to")).count(), 29);
        // Half of it bent away: that half is not blue.
        let mut bent = truth.clone();
        for point in bent[20..].iter_mut().flatten() {
            point[0] += 40.0;
        }
        let file = superposed("1ABC_A", &bent, &truth).unwrap();
        assert!(file.matches("rgb(248,150,40)").count() >= 10);
    }

    #[test]
    fn colours_go_from_blue_to_orange() {
        assert_eq!(heat(0.0), "rgb(0,70,160)");
        assert_eq!(heat(0.5), "rgb(169,50,130)");
        assert_eq!(heat(7.0), "rgb(248,150,40)");
    }

    #[test]
    fn the_scale_bar_stays_on_the_paper() {
        for (zoom, length) in [(14.0, 10.0), (5.0, 20.0), (0.5, 100.0), (60.0, 2.0)] {
            assert!((scale_bar(zoom) - length).abs() < 1e-9, "{zoom}");
        }
        let short: Vec<Option<Point>> = helix(5).into_iter().map(Some).collect();
        let file = superposed("x", &short, &short).unwrap();
        assert!(file.contains(">10 Å<") && file.contains("all of them resolved"));
    }
}
