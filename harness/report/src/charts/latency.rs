//! Latencies as curves over quantiles: the further right, the rarer.

use super::{Canvas, Colour, Frame, Point, Scale, WIDTH};
use results::Latency;

const HEIGHT: i32 = 340;
const FRAME: Frame = Frame {
    left: 70,
    right: WIDTH - 215,
    top: 14,
    bottom: HEIGHT - 44,
};
/// Decades of rarity where the axis begins, and where the worst operation stands: right of every quantile.
const RARITY: [f64; 2] = [0.3, 5.4];
/// Shares with their names.
const QUANTILES: [(f64, &str); 6] = [
    (0.5, "p50"),
    (0.9, "p90"),
    (0.99, "p99"),
    (0.999, "p99.9"),
    (0.9999, "p99.99"),
    (1.0, "worst"),
];

/// A strategy's curve.
pub(crate) struct LatencyCurve<'r> {
    pub(crate) latency: &'r Latency,
    pub(crate) colour: Colour,
}

/// The curves; `label` names a time in nanoseconds.
pub(crate) fn latency_chart(
    curves: &[LatencyCurve<'_>],
    label: impl Fn(f64) -> String,
) -> Option<String> {
    let quantiles = curves.iter().flat_map(|curve| &curve.latency.quantiles);
    let times = quantiles.map(|quantile| quantile.ns.max(1.0));
    let axis = Scale::over(times, 1.26, [FRAME.bottom, FRAME.top])?;
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    // Decades only.
    let ticks = axis.ticks(f64::INFINITY).into_iter();
    FRAME.rows(&mut canvas, ticks.map(|ns| (axis.at(ns), label(ns))));
    let columns = QUANTILES.map(|(share, name)| (x_of(share), name.to_owned()));
    FRAME.columns(&mut canvas, columns);
    let paths: Vec<Vec<Point>> = curves
        .iter()
        .map(|curve| {
            let quantiles = curve.latency.quantiles.iter();
            quantiles
                .map(|one| (x_of(one.share), axis.at(one.ns)))
                .collect()
        })
        .collect();
    let ends = paths
        .iter()
        .map(|path| path.last().map_or(FRAME.top, |end| end.1));
    for ((curve, path), name_y) in curves.iter().zip(&paths).zip(FRAME.names(ends)) {
        let Some(&(x, y)) = path.last() else { continue };
        let name = &curve.latency.strategy;
        canvas.about(name, |canvas| {
            canvas.path(path, curve.colour, 2);
            FRAME.name(canvas, (x + 2, y), name_y, name);
        });
    }
    Some(canvas.finish())
}

/// The pixel of a share of all operations.
fn x_of(share: f64) -> i32 {
    let [first, last] = RARITY;
    let rarity = if share < 1.0 {
        -(1.0 - share).log10()
    } else {
        last
    };
    let part = (rarity - first) / (last - first);
    FRAME.left + (part.clamp(0.0, 1.0) * f64::from(FRAME.right - FRAME.left)).round() as i32
}
