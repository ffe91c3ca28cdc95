//! What the charts of the report have in common: here is decided where things lie, a template below `charts` says what is drawn
//! there.
//!
//! No library: those for Rust neither group marks by what they are about, which the page's highlighting needs, nor leave
//! colours to a style sheet.

pub(super) mod intervals;
pub(super) mod quantiles;
#[cfg(test)]
mod tests;

use minijinja::context;
use minijinja::value::{Serde, Value};

use super::render;
use super::view::Figure;

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

/// A logarithmic scale: values from `low` to `high` between two pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    pixels: [i32; 2],
}

/// Steps of a decade that are ticks, the densest first.
const STEPS: [&[f64]; 3] = [&[1.0, 2.0, 3.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0]];

impl Scale {
    /// Wide enough for all values that are positive and finite, and a factor of room at both ends. `None` if
    /// there is no such value.
    pub(super) fn over(
        values: impl IntoIterator<Item = f64>,
        room: f64,
        pixels: [i32; 2],
    ) -> Option<Self> {
        let usable = values
            .into_iter()
            .filter(|value| *value > 0.0 && value.is_finite());
        let (low, high) = usable.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        low.is_finite().then(|| Self {
            low: (low / room).ln(),
            high: (high * room).ln(),
            pixels,
        })
    }

    /// The pixels between which it lies.
    pub(super) const fn ends(&self) -> [i32; 2] {
        self.pixels
    }

    /// The pixel of a value; what lies outside is at the end.
    pub(super) fn at(&self, value: f64) -> i32 {
        let share = (value.max(1e-9).ln() - self.low) / (self.high - self.low);
        let [from, to] = self.pixels.map(f64::from);
        (from + share.clamp(0.0, 1.0) * (to - from)).round() as i32
    }

    /// Whether a value lies before the axis begins.
    pub(super) fn is_below(&self, value: f64) -> bool {
        value.ln() < self.low
    }

    /// The ticks as pixels with their labels.
    pub(super) fn labels(&self, apart: f64, label: impl Fn(f64) -> String) -> Labels {
        let ticks = self.ticks(apart).into_iter();
        ticks.map(|tick| (self.at(tick), label(tick))).collect()
    }

    /// As the axis of ratios, below rows: its ticks, where the baseline is, and where the margin.
    pub(super) fn ratios(&self, margin: f64) -> Value {
        let ticks = self.labels(38.0, |tick| format!("{tick}x"));
        context! { ticks => Serde(ticks), one => self.at(1.0), edge => self.at(margin), margin }
    }

    /// Round values at least so many pixels apart: 1, 2, 3, 5, 7 of every decade, or fewer.
    fn ticks(&self, apart: f64) -> Vec<f64> {
        let [from, to] = self.pixels.map(f64::from);
        let per_decade = (to - from).abs() / (self.high - self.low) * std::f64::consts::LN_10;
        let fits = |steps: &&&[f64]| {
            let next = steps.iter().skip(1).copied().chain([10.0]);
            let mut gaps = steps
                .iter()
                .zip(next)
                .map(|(step, next)| (next / step).log10());
            gaps.all(|gap| gap * per_decade >= apart)
        };
        let steps = STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]);
        // Divided by whole powers of ten, so that 0.3 is written as that.
        let scaled = |step: f64, decade: i32| match decade {
            ..0 => step / 10_f64.powi(-decade),
            _ => step * 10_f64.powi(decade),
        };
        (-9..=12)
            .flat_map(|decade| steps.iter().map(move |&step| scaled(step, decade)))
            .filter(|tick| (self.low..=self.high).contains(&tick.ln()))
            .collect()
    }
}

/// The distance of two names below each other.
const NAME_HEIGHT: i32 = 16;

/// Heights of names between `top` and `floor`, each as near to its own as the others let it be.
fn spread(heights: impl Iterator<Item = i32>, top: i32, floor: i32) -> Vec<i32> {
    let mut ends: Vec<(usize, i32)> = heights.enumerate().collect();
    ends.sort_by_key(|&(_, y)| y);
    let mut free = top;
    for (_, y) in &mut ends {
        *y = (*y).max(free);
        free = *y + NAME_HEIGHT;
    }
    // What was pushed out below moves up again.
    let mut floor = floor;
    for (_, y) in ends.iter_mut().rev() {
        *y = (*y).min(floor);
        floor = *y - NAME_HEIGHT;
    }
    ends.sort_by_key(|&(index, _)| index);
    ends.into_iter().map(|(_, y)| y).collect()
}
