//! An SVG being drawn: a sheet of paper with a title, and marks on it.

use std::fmt::{Display, Write as _};

/// What things are drawn in: readable on the sheet, which is white also on a dark
/// page, and by the colour-blind (of Okabe & Ito's palette, and of different
/// lightness where marks lie on each other).
pub(super) mod ink {
    pub(in crate::plot) const TEXT: &str = "#222222";
    pub(in crate::plot) const FAINT: &str = "#dddddd";
    pub(in crate::plot) const TIE: &str = "#a9a9a9";
    pub(in crate::plot) const MUTED: &str = "#595959";
    pub(in crate::plot) const OURS: &str = "#0072b2";
    pub(in crate::plot) const OURS_BROAD: &str = "#4a9fd4";
    pub(in crate::plot) const RECIPE: &str = "#b34700";
    pub(in crate::plot) const ORACLE: &str = "#111111";
    pub(in crate::plot) const TRUTH: &str = "#9a9a9a";
}

/// A sheet `width` by `height` pixels.
pub(super) struct Canvas {
    marks: String,
    width: f64,
    height: f64,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self {
            marks: String::new(),
            width,
            height,
        }
    }

    // Writing to a string cannot fail, hence the results that are dropped.

    pub(super) fn line(
        &mut self,
        [x1, y1]: [f64; 2],
        [x2, y2]: [f64; 2],
        colour: &str,
        width: f64,
    ) {
        let _ = writeln!(
            self.marks,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}" stroke-width="{width:.1}" stroke-linecap="round"/>"#
        );
    }

    /// A curve that leaves its first place towards its second and ends in its third.
    /// Its ends are cut off straight, or round.
    pub(super) fn curve(
        &mut self,
        [[x1, y1], [x, y], [x2, y2]]: [[f64; 2]; 3],
        colour: &str,
        width: f64,
        round: bool,
    ) {
        let cap = if round { "round" } else { "butt" };
        let _ = writeln!(
            self.marks,
            r#"<path d="M{x1:.1} {y1:.1}Q{x:.1} {y:.1} {x2:.1} {y2:.1}" fill="none" stroke="{colour}" stroke-width="{width:.1}" stroke-linecap="{cap}"/>"#
        );
    }

    pub(super) fn rect(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], colour: &str) {
        let _ = writeln!(
            self.marks,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" fill="{colour}"/>"#
        );
    }

    pub(super) fn dot(&mut self, [x, y]: [f64; 2], radius: f64, colour: &str) {
        let _ = writeln!(
            self.marks,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="{colour}" fill-opacity="0.85" stroke="white" stroke-width="0.6"/>"#
        );
    }

    /// A ring: a mark under which others stay visible.
    pub(super) fn ring(&mut self, [x, y]: [f64; 2], radius: f64, colour: &str) {
        let _ = writeln!(
            self.marks,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="none" stroke="{colour}" stroke-width="1.3"/>"#
        );
    }

    /// A ring filled with white: a mark that stands out on any other.
    pub(super) fn bead(&mut self, [x, y]: [f64; 2], radius: f64, colour: &str) {
        let _ = writeln!(
            self.marks,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="white" stroke="{colour}" stroke-width="1.7"/>"#
        );
    }

    /// Text whose `anchor` (start, middle, end) is at a place.
    pub(super) fn text(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        anchor: &str,
        colour: &str,
        text: impl Display,
    ) {
        let _ = writeln!(
            self.marks,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{}</text>"#,
            escaped(&text.to_string())
        );
    }

    /// Text that runs upwards.
    pub(super) fn upright(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        anchor: &str,
        colour: &str,
        text: impl Display,
    ) {
        let _ = writeln!(
            self.marks,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" transform="rotate(-90 {x:.1} {y:.1})">{}</text>"#,
            escaped(&text.to_string())
        );
    }

    /// The file.
    pub(super) fn finish(self, title: &str, subtitle: &str) -> String {
        let Self {
            marks,
            width,
            height,
        } = self;
        let mut head = Canvas::new(width, height);
        head.text([24.0, 32.0], 18.0, "start", ink::TEXT, title);
        head.text([24.0, 52.0], 12.5, "start", ink::MUTED, subtitle);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
             <title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n{}{marks}</svg>\n",
            escaped(title),
            head.marks
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A straight scale from values to pixels.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) values: [f64; 2],
    pub(super) pixels: [f64; 2],
}

impl Scale {
    pub(super) fn at(&self, value: f64) -> f64 {
        let part = (value - self.values[0]) / (self.values[1] - self.values[0]);
        self.pixels[0] + part * (self.pixels[1] - self.pixels[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_of_the_picture() {
        let mut canvas = Canvas::new(10.0, 10.0);
        canvas.text([0.0, 0.0], 9.0, "start", ink::TEXT, "<script>&");
        let file = canvas.finish("a<b", "");
        assert!(file.contains("&lt;script&gt;&amp;") && file.contains("<title>a&lt;b</title>"));
        let scale = Scale {
            values: [0.0, 2.0],
            pixels: [10.0, 30.0],
        };
        assert!((scale.at(0.5) - 15.0).abs() < 1e-12);
    }
}
