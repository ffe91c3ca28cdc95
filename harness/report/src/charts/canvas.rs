//! A drawing in SVG: marks in colours that stand for roles, grouped by the strategy that they are about.

use std::fmt::{self, Display, Formatter};

use crate::render::escape_html;

/// Pixels from the left and from the top.
pub(crate) type Point = (i32, i32);

/// A colour by its role: as it is drawn, and on dark ground. The page's style sheet finds it by its value and replaces it
/// by the scheme's own, so that one drawing is legible on light and on dark ground and still makes sense by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Colour(&'static str, &'static str);

pub(crate) const INK: Colour = Colour("#1A1D21", "#e7eaee");
pub(crate) const FAINT: Colour = Colour("#6B7280", "#a3adb9");
pub(crate) const GRID: Colour = Colour("#E2E5E9", "#343b44");
pub(crate) const BAND: Colour = Colour("#ECEEF1", "#262c34");
pub(crate) const MARGIN: Colour = Colour("#9A6700", "#e3b341");
pub(crate) const GOOD: Colour = Colour("#0B6E4F", "#4cc38a");
pub(crate) const BAD: Colour = Colour("#B42318", "#ff8b7e");
pub(crate) const OPEN: Colour = Colour("#5B6470", "#b3bcc7");

const COLOURS: [Colour; 8] = [INK, FAINT, GRID, BAND, MARGIN, GOOD, BAD, OPEN];

/// A drawing for a file of its own, with its ground and its colours: code-hosting pages show it as a picture,
/// on which no style sheet of the page acts.
pub(crate) fn standalone(svg: &str) -> String {
    let Some((opening, rest)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let rules = COLOURS.map(|Colour(drawn, dark)| {
        format!("[fill=\"{drawn}\"] {{ fill: {dark} }} [stroke=\"{drawn}\"] {{ stroke: {dark} }} ")
    });
    let rules = rules.concat();
    format!(
        "{opening}>\n<style>@media (prefers-color-scheme: dark) {{ .ground {{ fill: #14171b }} {rules}}}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>{rest}"
    )
}

/// How a shape is painted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paint {
    Fill(Colour),
    /// With a width in pixels.
    Outline(Colour, i32),
    Dashed(Colour),
}

impl Display for Paint {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Paint::Fill(Colour(colour, _)) => write!(to, "fill=\"{colour}\""),
            Paint::Outline(Colour(colour, _), width) => write!(
                to,
                "fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\""
            ),
            Paint::Dashed(Colour(colour, _)) => {
                write!(to, "stroke=\"{colour}\" stroke-dasharray=\"3\"")
            }
        }
    }
}

/// Where a text lies from its point: its anchor, and how far its base line is below the point.
pub(crate) type Align = (&'static str, &'static str);

/// Begins there, at half its height.
pub(crate) const LEFT: Align = ("start", "0.35em");
/// Ends there, at half its height.
pub(crate) const RIGHT: Align = ("end", "0.35em");
/// Below it, in the middle.
pub(crate) const BELOW: Align = ("middle", "0.8em");
/// Above it, in the middle.
pub(crate) const ABOVE: Align = ("middle", "-0.2em");

/// A drawing in the making.
#[derive(Debug, Default)]
pub(crate) struct Canvas(String);

impl Canvas {
    pub(crate) fn line(&mut self, from: Point, to: Point, paint: Paint) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.0 += &format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {paint}/>\n");
    }

    /// A line through the points; with a fill, the area between them.
    pub(crate) fn path(&mut self, points: &[Point], paint: Paint) {
        let is_area = matches!(paint, Paint::Fill(_));
        let element = if is_area { "polygon" } else { "polyline" };
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let points = points.join(" ");
        self.0 += &format!("<{element} points=\"{points}\" {paint}/>\n");
    }

    pub(crate) fn circle(&mut self, (x, y): Point, radius: i32, paint: Paint) {
        self.0 += &format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {paint}/>\n");
    }

    pub(crate) fn rectangle(&mut self, (x, y): Point, to: Point, paint: Paint) {
        let (width, height) = (to.0 - x, to.1 - y);
        self.0 +=
            &format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {paint}/>\n");
    }

    pub(crate) fn text(
        &mut self,
        text: &str,
        (x, y): Point,
        (anchor, down): Align,
        Colour(colour, _): Colour,
    ) {
        let text = escape_html(text);
        self.0 += &format!(
            "<text x=\"{x}\" y=\"{y}\" dy=\"{down}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>\n"
        );
    }

    /// What `draw` draws is about a strategy: the page's script finds it by the name.
    pub(crate) fn about(&mut self, strategy: &str, draw: impl FnOnce(&mut Self)) {
        let name = escape_html(strategy);
        self.0 += &format!("<g data-strategy=\"{name}\">\n");
        draw(self);
        self.0 += "</g>\n";
    }

    /// The drawing, of that size in pixels.
    pub(crate) fn finish(self, width: i32, height: i32) -> String {
        format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" font-size=\"12\">\n{}</svg>\n",
            self.0
        )
    }
}
