//! A drawing in SVG: marks in colours that stand for roles, grouped by the strategy that they are about.

use std::fmt::Write as _;

use crate::render::escape_html;

/// Pixels from the left and from the top.
pub(super) type Point = (i32, i32);

/// A colour by its role. The page's style sheet finds it by its value and replaces it by the scheme's own,
/// so that one drawing is legible on light and on dark ground and still makes sense by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Ink,
    Faint,
    Grid,
    Band,
    Margin,
    Good,
    Bad,
    Open,
}

impl Colour {
    const ALL: [Self; 8] = [
        Self::Ink,
        Self::Faint,
        Self::Grid,
        Self::Band,
        Self::Margin,
        Self::Good,
        Self::Bad,
        Self::Open,
    ];

    /// As it is drawn.
    const fn on_light(self) -> &'static str {
        match self {
            Self::Ink => "#1A1D21",
            Self::Faint => "#6B7280",
            Self::Grid => "#E2E5E9",
            Self::Band => "#ECEEF1",
            Self::Margin => "#9A6700",
            Self::Good => "#0B6E4F",
            Self::Bad => "#B42318",
            Self::Open => "#5B6470",
        }
    }

    const fn on_dark(self) -> &'static str {
        match self {
            Self::Ink => "#e7eaee",
            Self::Faint => "#a3adb9",
            Self::Grid => "#343b44",
            Self::Band => "#262c34",
            Self::Margin => "#e3b341",
            Self::Good => "#4cc38a",
            Self::Bad => "#ff8b7e",
            Self::Open => "#b3bcc7",
        }
    }
}

/// The ground of a drawing in a file, light and dark.
const GROUND: [&str; 2] = ["#ffffff", "#14171b"];

/// A drawing for a file of its own, with its ground and its colours: code-hosting pages show it as a picture,
/// on which no style sheet of the page acts.
pub(crate) fn standalone(svg: &str) -> String {
    let Some((opening, rest)) = svg.split_once('>') else {
        return svg.to_owned();
    };
    let [light, dark] = GROUND;
    let mut rules = format!(".ground {{ fill: {dark} }} ");
    for colour in Colour::ALL {
        let (drawn, dark) = (colour.on_light(), colour.on_dark());
        let _ = write!(
            rules,
            "[fill=\"{drawn}\"] {{ fill: {dark} }} [stroke=\"{drawn}\"] {{ stroke: {dark} }} "
        );
    }
    format!(
        "{opening}>\n<style>@media (prefers-color-scheme: dark) {{ {rules}}}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\" fill=\"{light}\"/>{rest}"
    )
}

/// How a shape is painted.
#[derive(Clone, Copy)]
pub(super) enum Paint {
    Fill(Colour),
    /// With a width in pixels.
    Outline(Colour, i32),
}

impl Paint {
    fn attributes(self) -> String {
        match self {
            Paint::Fill(colour) => format!("fill=\"{}\"", colour.on_light()),
            Paint::Outline(colour, width) => {
                let colour = colour.on_light();
                format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"")
            }
        }
    }
}

/// Where a text lies from its point.
#[derive(Clone, Copy)]
pub(super) struct Align {
    anchor: &'static str,
    /// How far its base line is below the point.
    down: &'static str,
}

impl Align {
    /// Begins there, at half its height.
    pub(super) const LEFT: Self = Self::new("start", "0.35em");
    /// Ends there, at half its height.
    pub(super) const RIGHT: Self = Self::new("end", "0.35em");
    /// Below it, in the middle.
    pub(super) const BELOW: Self = Self::new("middle", "0.8em");
    /// Above it; begins there, or ends there.
    pub(super) const ABOVE_LEFT: Self = Self::new("start", "-0.2em");
    pub(super) const ABOVE_RIGHT: Self = Self::new("end", "-0.2em");

    const fn new(anchor: &'static str, down: &'static str) -> Self {
        Self { anchor, down }
    }
}

/// A drawing in the making.
pub(super) struct Canvas {
    width: i32,
    height: i32,
    marks: String,
}

// Writing to a string does not fail.
impl Canvas {
    pub(super) const fn new(width: i32, height: i32) -> Self {
        Self {
            width,
            height,
            marks: String::new(),
        }
    }

    pub(super) fn line(&mut self, from: Point, to: Point, colour: Colour, width: i32) {
        self.stroke(from, to, colour, width, "");
    }

    pub(super) fn dashed(&mut self, from: Point, to: Point, colour: Colour) {
        self.stroke(from, to, colour, 1, " stroke-dasharray=\"3\"");
    }

    fn stroke(&mut self, from: Point, to: Point, colour: Colour, width: i32, more: &str) {
        let _ = writeln!(
            self.marks,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{width}\"{more}/>",
            from.0,
            from.1,
            to.0,
            to.1,
            colour.on_light()
        );
    }

    pub(super) fn path(&mut self, points: &[Point], colour: Colour, width: i32) {
        self.points("polyline", points, Paint::Outline(colour, width));
    }

    pub(super) fn polygon(&mut self, points: &[Point], colour: Colour) {
        self.points("polygon", points, Paint::Fill(colour));
    }

    fn points(&mut self, element: &str, points: &[Point], paint: Paint) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = writeln!(
            self.marks,
            "<{element} points=\"{}\" {}/>",
            points.join(" "),
            paint.attributes()
        );
    }

    pub(super) fn circle(&mut self, (x, y): Point, radius: i32, paint: Paint) {
        let _ = writeln!(
            self.marks,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" {}/>",
            paint.attributes()
        );
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, paint: Paint) {
        let _ = writeln!(
            self.marks,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>",
            from.0,
            from.1,
            to.0 - from.0,
            to.1 - from.1,
            paint.attributes()
        );
    }

    pub(super) fn text(&mut self, text: &str, at: Point, align: Align, colour: Colour) {
        self.text_of_size(text, at, align, colour, None);
    }

    /// In a size of its own, in pixels.
    pub(super) fn text_of_size(
        &mut self,
        text: &str,
        (x, y): Point,
        align: Align,
        colour: Colour,
        size: Option<i32>,
    ) {
        let size = size.map_or_else(String::new, |size| format!(" font-size=\"{size}\""));
        let _ = writeln!(
            self.marks,
            "<text x=\"{x}\" y=\"{y}\" dy=\"{}\" text-anchor=\"{}\"{size} fill=\"{}\">{}</text>",
            align.down,
            align.anchor,
            colour.on_light(),
            escape_html(text)
        );
    }

    /// What `draw` draws is about a strategy: the page's script finds it by the name.
    pub(super) fn about(&mut self, strategy: &str, draw: impl FnOnce(&mut Self)) {
        let _ = writeln!(
            self.marks,
            "<g data-strategy=\"{}\">",
            escape_html(strategy)
        );
        draw(self);
        self.marks.push_str("</g>\n");
    }

    /// The drawing.
    pub(super) fn finish(self) -> String {
        let (width, height) = (self.width, self.height);
        format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" font-size=\"12\">\n{}</svg>\n",
            self.marks
        )
    }
}
