//! Quantiles as curves: how rare to the right, how long upwards.

use super::canvas::{Canvas, Colour, Paint};
use super::scale::Scale;
use super::{BOTTOM, Curve, LEFT_END, Labels, RIGHT_END, TOP};
use crate::format;

/// The quantiles of a distribution of times.
pub(crate) struct Quantiles<'r> {
    /// The strategy that it is about, or whatever else.
    pub(crate) strategy: &'r str,
    pub(crate) name: &'r str,
    pub(crate) colour: Colour,
    /// Shares with their times in nanoseconds, ascending.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Quantiles that the axis names.
const NAMED: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];
/// Decades of rarity where the axis begins, and behind the rarest quantile.
const ROOM: [f64; 2] = [0.3, 0.1];

/// The curves up to the rarest quantile, `tail`; `None` if there are none.
pub(crate) fn chart(curves: &[Quantiles<'_>], tail: f64) -> Option<String> {
    let times = curves.iter().flat_map(|curve| &curve.points);
    let axis = Scale::over(times.map(|&(_, ns)| ns.max(1.0)), 1.26, [BOTTOM, TOP])?;
    let x_of = |share: f64| {
        let [first, last] = [ROOM[0], rarity(tail) + ROOM[1]];
        let part = (rarity(share) - first) / (last - first);
        LEFT_END + (part * f64::from(RIGHT_END - LEFT_END)).round() as i32
    };
    let mut canvas = Canvas::default();
    let named = NAMED.into_iter().filter(|&share| share <= tail);
    let columns: Labels = named
        .map(|share| (x_of(share), format::percentile(share)))
        .collect();
    // Decades only.
    let rows = axis.labels(f64::INFINITY, format::duration);
    canvas.grid(&columns, &rows, "quantile");
    let curves = curves.iter().map(|curve| Curve {
        strategy: curve.strategy,
        name: curve.name,
        path: curve
            .points
            .iter()
            .map(|&(share, ns)| (x_of(share), axis.at(ns)))
            .collect(),
        paint: Paint::Outline(curve.colour, 2),
    });
    canvas.curves(&curves.collect::<Vec<_>>(), |_, _| {});
    Some(canvas.chart())
}

/// Decades between all operations and those beyond a share.
fn rarity(share: f64) -> f64 {
    -(1.0 - share).log10()
}
