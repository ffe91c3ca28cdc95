//! Quantiles as curves: how rare to the right, how long upwards.

use minijinja::context;
use minijinja::value::Serde;

use super::{BOTTOM, Curve, LEFT_END, Labels, RIGHT_END, Scale, TOP, chart};
use crate::format::{duration, percentile};
use crate::view::Figure;

/// The quantiles of a distribution of times.
pub(crate) struct Quantiles {
    /// The strategy that it is about, or whatever else.
    pub(crate) name: String,
    /// One of those of `shapes.svg.j2`.
    pub(crate) colour: &'static str,
    /// Shares with their times in nanoseconds, ascending.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Quantiles that the axis names.
const NAMED: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];
/// Decades of rarity where the axis begins, and behind the rarest quantile.
const ROOM: [f64; 2] = [0.3, 0.1];

/// The curves up to the rarest quantile; `None` if there are none.
pub(crate) fn figure(curves: &[Quantiles]) -> Option<Figure> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let tail = points().map(|&(share, _)| share).reduce(f64::max)?;
    let axis = Scale::over(points().map(|&(_, ns)| ns.max(1.0)), 1.26, [BOTTOM, TOP])?;
    let x_of = |share: f64| {
        let [first, last] = [ROOM[0], rarity(tail) + ROOM[1]];
        let part = (rarity(share) - first) / (last - first);
        LEFT_END + (part * f64::from(RIGHT_END - LEFT_END)).round() as i32
    };
    let named = NAMED.into_iter().filter(|&share| share <= tail);
    let columns: Labels = named
        .map(|share| (x_of(share), percentile(share)))
        .collect();
    // Decades only.
    let rows = axis.labels(f64::INFINITY, duration);
    let lines = curves.iter().map(|curve| {
        let points = curve.points.iter();
        Curve {
            strategy: &curve.name,
            name: &curve.name,
            path: points
                .map(|&(share, ns)| (x_of(share), axis.at(ns)))
                .collect(),
            facts: context! { colour => curve.colour },
        }
    });
    let facts = context! { columns => Serde(columns), rows => Serde(rows) };
    let ends = curves.iter().filter_map(|curve| {
        let ends = [curve.points.first()?, curve.points.last()?];
        let [first, last] =
            ends.map(|&(share, ns)| format!("{} {}", percentile(share), duration(ns)));
        Some(format!("{} {first}, {last}", curve.name))
    });
    let description = ends.collect::<Vec<_>>().join("; ");
    let lines: Vec<Curve<'_>> = lines.collect();
    Some(chart("quantiles", description, &lines, facts))
}

/// Decades between all operations and those beyond a share.
fn rarity(share: f64) -> f64 {
    -(1.0 - share).log10()
}
