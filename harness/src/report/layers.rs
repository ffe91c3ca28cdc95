//! A drawing in layers: what all strategies share, and for each what is about it alone, which the page's
//! script finds by the strategy's name.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::palette::WIDTH;
use super::render::escape_html;

/// Pixels from the left and from the top.
pub(super) type Point = (i32, i32);
/// What a layer is drawn on.
pub(super) type Paper<'s> = DrawingArea<SVGBackend<'s>, Shift>;
pub(super) type Drawn<'s> =
    Result<(), DrawingAreaErrorKind<<SVGBackend<'s> as DrawingBackend>::ErrorType>>;

/// A drawing in the making.
pub(super) struct Layers {
    size: (u32, u32),
    /// How every layer begins that is drawn by itself.
    opening: String,
    /// The layers so far.
    inside: String,
}

impl Layers {
    /// Nothing yet, as wide as every drawing.
    pub(super) fn of_height(height: i32) -> Self {
        Self {
            size: (WIDTH.cast_unsigned(), height.cast_unsigned()),
            opening: String::new(),
            inside: String::new(),
        }
    }

    /// Draws over what there is what is about no strategy in particular; `None` if that fails.
    pub(super) fn shared(
        &mut self,
        draw: impl for<'p> FnOnce(&Paper<'p>) -> Drawn<'p>,
    ) -> Option<()> {
        let inside = self.drawn(draw)?;
        self.inside.push_str(&inside);
        Some(())
    }

    /// Draws over what there is what is about a strategy; `None` if that fails.
    pub(super) fn about(
        &mut self,
        strategy: &str,
        draw: impl for<'p> FnOnce(&Paper<'p>) -> Drawn<'p>,
    ) -> Option<()> {
        let (name, inside) = (escape_html(strategy), self.drawn(draw)?);
        self.inside
            .push_str(&format!("<g data-strategy=\"{name}\">\n{inside}</g>\n"));
        Some(())
    }

    /// The drawing.
    pub(super) fn finish(self) -> String {
        format!("{}>\n{}</svg>\n", self.opening, self.inside)
    }

    /// What is within the frame of a drawing of its own: the library has no groups.
    fn drawn(&mut self, draw: impl for<'p> FnOnce(&Paper<'p>) -> Drawn<'p>) -> Option<String> {
        let mut svg = String::new();
        {
            let paper = SVGBackend::with_string(&mut svg, self.size).into_drawing_area();
            draw(&paper).and_then(|()| paper.present()).ok()?;
        }
        let (opening, rest) = svg.split_once(">\n")?;
        let (inside, _) = rest.rsplit_once("</svg>")?;
        opening.clone_into(&mut self.opening);
        Some(inside.to_owned())
    }
}

pub(super) fn stroke<'s>(
    paper: &Paper<'s>,
    from: Point,
    to: Point,
    color: RGBColor,
    width: u32,
) -> Drawn<'s> {
    paper.draw(&PathElement::new(vec![from, to], color.stroke_width(width)))
}

pub(super) fn words<'s>(
    paper: &Paper<'s>,
    text: &str,
    at: Point,
    color: RGBColor,
    anchor: (HPos, VPos),
) -> Drawn<'s> {
    let style = TextStyle::from(("sans-serif", 15).into_font())
        .color(&color)
        .pos(Pos::new(anchor.0, anchor.1));
    paper.draw_text(text, &style, at)
}
