//! The charts of the report: what is drawn, from figures alone. Captions and the choice of what to show
//! belong to the sections.
//!
//! One canvas writes the SVG, one scale places values and finds round ticks, one frame draws the axes; a chart is a
//! file that uses them. No library: those for Rust neither group marks by what they are about, which the page's
//! highlighting needs, nor leave colours to a style sheet.

mod axes;
mod canvas;
mod intervals;
mod latency;
mod prediction;
mod scale;
mod scatter;
mod sweep;

use results::{Ratio, Verdict};

use axes::Frame;
use canvas::{Align, Canvas, Paint, Point};
use scale::Scale;

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
