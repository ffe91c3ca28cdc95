//! The charts of the report: what is drawn, from figures alone. Captions and the choice of what to show
//! belong to the sections.
//!
//! One canvas writes the SVG, one axis places values and finds round ticks; a chart is a file that uses
//! both. No library: those for Rust neither group marks by what they are about, which the page's
//! highlighting needs, nor leave colours to a style sheet.

mod axis;
mod canvas;
mod intervals;
mod latency;
mod prediction;
mod scatter;
mod sweep;

use crate::results::{Ratio, Verdict};

use axis::{Axis, spread};
use canvas::{Align, Canvas, Paint, Point};

pub(super) use canvas::{Colour, standalone};
pub(super) use intervals::{Interval, interval_chart};
pub(super) use latency::{LatencyCurve, latency_chart};
pub(super) use prediction::prediction_chart;
pub(super) use scatter::{Spot, scatter_chart};
pub(super) use sweep::{SweepLine, sweep_chart};

/// What the marks of verdicts mean; the lines through them are intervals.
pub(super) const INTERVALS: &str = "Dot: HOLDS; ring: INCONCLUSIVE or WITHHELD; cross: REJECTED; arrow: \
    beyond the axis. Grey band: the baseline against itself.";

/// The width of every chart, in pixels.
const WIDTH: i32 = 800;

/// The axes of ratios reach no lower: whatever is ten times slower is out of the question, and would
/// squeeze those that are in it.
pub(super) const RATIO_MIN: f64 = 0.1;

/// The rectangle between the axes, in pixels.
#[derive(Clone, Copy)]
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl Frame {
    /// Horizontal grid lines with their labels on the left.
    fn rows(self, canvas: &mut Canvas, ticks: impl IntoIterator<Item = (i32, String)>) {
        for (y, label) in ticks {
            canvas.line((self.left, y), (self.right, y), Colour::Grid, 1);
            canvas.text(&label, (self.left - 6, y), Align::RIGHT, Colour::Faint);
        }
    }

    /// Vertical grid lines with their labels below.
    fn columns(self, canvas: &mut Canvas, ticks: impl IntoIterator<Item = (i32, String)>) {
        for (x, label) in ticks {
            canvas.line((x, self.top), (x, self.bottom), Colour::Grid, 1);
            self.below(canvas, x, &label);
        }
    }

    /// A label below the frame.
    fn below(self, canvas: &mut Canvas, x: i32, label: &str) {
        canvas.text(label, (x, self.bottom + 5), Align::BELOW, Colour::Faint);
    }

    /// What the horizontal axis is.
    fn title(self, canvas: &mut Canvas, title: &str) {
        let middle = (i32::midpoint(self.left, self.right), self.bottom + 23);
        canvas.text(title, middle, Align::BELOW, Colour::Faint);
    }

    /// Names right of the frame, each beside the height where its curve ends, moved apart where they would
    /// overlap.
    fn names(self, heights: impl Iterator<Item = i32>) -> Vec<i32> {
        spread(heights, self.top, self.bottom)
    }

    /// A name at one of those heights, and the line that leads to it.
    fn name(self, canvas: &mut Canvas, from: Point, y: i32, name: &str) {
        let x = self.right + 14;
        canvas.line(from, (x - 4, y), Colour::Grid, 1);
        canvas.text(name, (x, y), Align::LEFT, Colour::Ink);
    }
}

const fn colour_of(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Holds => Colour::Good,
        Verdict::Rejected => Colour::Bad,
        Verdict::Inconclusive | Verdict::Withheld => Colour::Open,
    }
}

/// The mark of a ratio's verdict, as [`INTERVALS`] explains it.
fn mark(canvas: &mut Canvas, (x, y): Point, radius: i32, ratio: &Ratio) {
    let colour = colour_of(ratio.verdict);
    match ratio.verdict {
        Verdict::Holds => canvas.circle((x, y), radius, Paint::Fill(colour)),
        Verdict::Inconclusive | Verdict::Withheld => {
            canvas.circle((x, y), radius, Paint::Outline(colour, 2));
        }
        Verdict::Rejected => {
            for slope in [radius, -radius] {
                canvas.line((x - radius, y - slope), (x + radius, y + slope), colour, 2);
            }
        }
    }
}

#[cfg(test)]
mod tests;
