//! What the charts of the report have in common: here is decided where things lie, a template below `charts` says what is drawn
//! there.
//!
//! No library: those for Rust neither group marks by what they are about, which the page's highlighting needs, nor leave
//! colours to a style sheet.

pub(super) mod intervals;
pub(super) mod quantiles;
mod scale;
#[cfg(test)]
mod tests;

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::render;
use super::view::Figure;
use scale::spread;

pub(super) use scale::Scale;

/// The size of a chart, in pixels.
const WIDTH: i32 = 840;
const HEIGHT: i32 = 340;

/// The rectangle between the axes, in pixels.
pub(super) const LEFT_END: i32 = 95;
pub(super) const RIGHT_END: i32 = WIDTH - 240;
pub(super) const TOP: i32 = 16;
pub(super) const BOTTOM: i32 = HEIGHT - 46;

/// The axes of ratios reach no lower: whatever is ten times slower is out of the question, and would
/// squeeze those that are in it.
pub(super) const RATIO_MIN: f64 = 0.1;

/// Pixels from the left and from the top.
pub(super) type Point = (i32, i32);

/// Pixels with the labels of an axis that stand there.
pub(super) type Labels = Vec<(i32, String)>;

/// A line through points, with its name beside its end, and what else its template draws of it.
pub(super) struct Curve<'r> {
    /// The strategy that it is about.
    pub(super) strategy: &'r str,
    /// Empty for one without a name.
    pub(super) name: &'r str,
    pub(super) path: Vec<Point>,
    pub(super) facts: Value,
}

/// Curves between axes by a template, their names moved apart where they would overlap.
pub(super) fn chart(
    template: &str,
    description: String,
    curves: &[Curve<'_>],
    facts: Value,
) -> Figure {
    let named = curves.iter().filter(|curve| !curve.name.is_empty());
    let ends = named.filter_map(|curve| curve.path.last()).map(|end| end.1);
    let mut heights = spread(ends, TOP, BOTTOM).into_iter();
    let curves = curves.iter().filter(|curve| !curve.path.is_empty());
    let curves = curves.map(|curve| {
        let is_named = !curve.name.is_empty();
        let height = is_named.then(|| heights.next()).flatten();
        let (strategy, name) = (curve.strategy, curve.name);
        context! { strategy, name, path => Serde(&curve.path), height, ..curve.facts.clone() }
    });
    let curves: Vec<Value> = curves.collect();
    let chart = context! {
        left => LEFT_END,
        right => RIGHT_END,
        top => TOP,
        bottom => BOTTOM,
        width => WIDTH,
        height => HEIGHT,
    };
    drawing(template, description, context! { chart, curves, ..facts })
}

/// What a template draws, and what that shows.
pub(super) fn drawing(template: &str, description: String, facts: Value) -> Figure {
    let svg = render::render_value(&format!("charts/{template}.svg"), facts) + "\n";
    Figure {
        description,
        svg,
        ..Figure::default()
    }
}
