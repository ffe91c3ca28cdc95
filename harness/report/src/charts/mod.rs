//! What the charts of the report have in common: what is drawn belongs to the sections.
//!
//! A canvas writes the SVG, a scale places values and finds round ticks, a frame draws the axes and curves with their names.
//! No library: those for Rust neither group marks by what they are about, which the page's highlighting needs, nor leave
//! colours to a style sheet.

pub(super) mod canvas;
pub(super) mod intervals;
mod scale;
#[cfg(test)]
mod tests;

use results::Verdict;

use canvas::{BAD, BELOW, Canvas, Colour, FAINT, GOOD, GRID, INK, LEFT, OPEN, Paint, Point, RIGHT};
use scale::spread;

pub(super) use scale::Scale;

/// The size of a chart, in pixels.
pub(super) const WIDTH: i32 = 800;
const HEIGHT: i32 = 340;

/// The rectangle between the axes, in pixels.
pub(super) const LEFT_END: i32 = 80;
pub(super) const RIGHT_END: i32 = WIDTH - 215;
pub(super) const TOP: i32 = 16;
pub(super) const BOTTOM: i32 = HEIGHT - 46;

/// The axes of ratios reach no lower: whatever is ten times slower is out of the question, and would
/// squeeze those that are in it.
pub(super) const RATIO_MIN: f64 = 0.1;

/// Pixels with the labels of an axis that stand there.
pub(super) type Labels = Vec<(i32, String)>;

/// A line through points, with its name beside its end.
pub(super) struct Curve<'r> {
    /// The strategy that it is about.
    pub(super) strategy: &'r str,
    /// Empty for one without a name.
    pub(super) name: &'r str,
    pub(super) path: Vec<Point>,
    pub(super) paint: Paint,
}

impl Canvas {
    /// Grid lines with their labels, below and on the left, and what the horizontal axis is.
    pub(super) fn grid(&mut self, columns: &Labels, rows: &Labels, title: &str) {
        for (y, label) in rows {
            self.line((LEFT_END, *y), (RIGHT_END, *y), Paint::Outline(GRID, 1));
            self.text(label, (LEFT_END - 6, *y), RIGHT, FAINT);
        }
        for (x, label) in columns {
            self.line((*x, TOP), (*x, BOTTOM), Paint::Outline(GRID, 1));
            self.text(label, (*x, BOTTOM + 5), BELOW, FAINT);
        }
        let middle = (i32::midpoint(LEFT_END, RIGHT_END), BOTTOM + 23);
        self.text(title, middle, BELOW, FAINT);
    }

    /// Curves with their names, moved apart where they would overlap; `marks` draws what else belongs to each, by its number.
    pub(super) fn curves(&mut self, curves: &[Curve<'_>], marks: impl Fn(&mut Self, usize)) {
        let named = curves.iter().filter(|curve| !curve.name.is_empty());
        let ends = named.filter_map(|curve| curve.path.last()).map(|end| end.1);
        let mut heights = spread(ends, TOP, BOTTOM).into_iter();
        for (index, curve) in curves.iter().enumerate() {
            let Some(&(x, y)) = curve.path.last() else {
                continue;
            };
            self.about(curve.strategy, |canvas| {
                if curve.path.len() > 1 {
                    canvas.path(&curve.path, curve.paint);
                }
                marks(canvas, index);
                if curve.name.is_empty() {
                    return;
                }
                let height = heights.next().unwrap_or(y);
                let name = (RIGHT_END + 14, height);
                canvas.line((x + 6, y), (name.0 - 4, height), Paint::Outline(GRID, 1));
                canvas.text(curve.name, name, LEFT, INK);
            });
        }
    }

    /// The mark of a verdict: a dot if it improves, a cross if it does not, else a ring.
    pub(super) fn verdict(&mut self, (x, y): Point, radius: i32, verdict: Verdict) {
        let colour = colour_of(verdict);
        match verdict {
            Verdict::Holds => self.circle((x, y), radius, Paint::Fill(colour)),
            Verdict::Inconclusive => {
                self.circle((x, y), radius, Paint::Outline(colour, 2));
            }
            Verdict::Rejected => {
                for slope in [radius, -radius] {
                    let (from, to) = ((x - radius, y - slope), (x + radius, y + slope));
                    self.line(from, to, Paint::Outline(colour, 2));
                }
            }
        }
    }

    /// The drawing.
    pub(super) fn chart(self) -> String {
        self.finish(WIDTH, HEIGHT)
    }
}

pub(super) const fn colour_of(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Holds => GOOD,
        Verdict::Rejected => BAD,
        Verdict::Inconclusive => OPEN,
    }
}
