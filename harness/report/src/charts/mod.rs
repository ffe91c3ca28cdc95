//! What the charts of the report have in common: what is drawn belongs to the sections.
//!
//! A canvas writes the SVG, a scale places values and finds round ticks, `axes` draws the axes and the curves with their names.
//! No library: those for Rust neither group marks by what they are about, which the page's highlighting needs, nor leave
//! colours to a style sheet.

mod axes;
pub(super) mod canvas;
pub(super) mod intervals;
pub(super) mod quantiles;
mod scale;
#[cfg(test)]
mod tests;

use results::Verdict;

use canvas::{BAD, Colour, GOOD, OPEN};

pub(super) use axes::Curve;
pub(super) use scale::Scale;

/// The size of a chart, in pixels.
pub(super) const WIDTH: i32 = 840;
const HEIGHT: i32 = 340;

/// The rectangle between the axes, in pixels.
pub(super) const LEFT_END: i32 = 95;
pub(super) const RIGHT_END: i32 = WIDTH - 240;
pub(super) const TOP: i32 = 16;
pub(super) const BOTTOM: i32 = HEIGHT - 46;

/// The axes of ratios reach no lower: whatever is ten times slower is out of the question, and would
/// squeeze those that are in it.
pub(super) const RATIO_MIN: f64 = 0.1;

/// Pixels with the labels of an axis that stand there.
pub(super) type Labels = Vec<(i32, String)>;

pub(super) const fn colour_of(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Holds => GOOD,
        Verdict::Rejected => BAD,
        Verdict::Inconclusive => OPEN,
    }
}
