//! Latencies under a schedule as curves over quantiles: the further right, the rarer.

use minijinja::context;
use model::controls;
use model::probe::Distribution;

use results::{Latency, Machine, Results};

use super::charts::canvas::{BAD, Canvas, FAINT, GOOD, MARGIN, Paint};
use super::charts::{BOTTOM, Curve, LEFT_END, Labels, RIGHT_END, Scale, TOP};
use super::collect::unique;
use super::draft::Draft;
use super::view::Figure;
use super::{facts, format};

/// Beside the baseline and the no-op control; the table has all.
const BEST: usize = 5;
const WORST: usize = 2;

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

/// Places the curves of each situation and operation that was timed.
pub(super) fn plots<'r>(draft: Draft<'r>, results: &'r Results) -> Draft<'r> {
    let machines = || results.machines.iter();
    let timed = machines().flat_map(|machine| &machine.latencies);
    let timed = unique(timed.map(|one| (one.scenario.as_str(), one.distribution)));
    let plots = timed.iter().map(|(situation, operation)| {
        let mut situations = machines().flat_map(|machine| &machine.situations);
        let known = situations.find(|one| one.name == *situation);
        let title = known.map_or(*situation, |one| one.title.as_str());
        context! { title => title, operations => operations(*operation) }
    });
    let draft = draft.fact("plots", plots.collect::<Vec<_>>());
    let timed = timed.into_iter().enumerate();
    timed.fold(draft, |draft, (number, (situation, operation))| {
        draft.figures(format!("plot-{number}"), |machine| {
            Vec::from_iter(figure(machine, situation, operation))
        })
    })
}

const fn operations(distribution: Distribution) -> &'static str {
    match distribution {
        Distribution::Reads => "reads",
        _ => "writes",
    }
}

/// The curves of the baseline, the no-op control, and the ends of the order by p99.9; `None` if nothing was timed.
fn figure(machine: &Machine, situation: &str, operation: Distribution) -> Option<Figure> {
    let curves = machine.latencies.iter();
    let (references, mut others): (Vec<&Latency>, Vec<&Latency>) = curves
        .filter(|one| one.scenario == situation && one.distribution == operation)
        .partition(|one| [&machine.baseline, controls::NO_OP].contains(&&*one.strategy));
    others.retain(|one| facts::ranked(machine).any(|name| name == one.strategy));
    others.sort_by(|a, b| at(a, 0.999).total_cmp(&at(b, 0.999)));
    let worst = others.split_off(
        others
            .len()
            .saturating_sub(WORST)
            .max(BEST.min(others.len())),
    );
    others.truncate(BEST);
    let shown = references
        .iter()
        .map(|one| {
            (
                *one,
                if one.strategy == machine.baseline {
                    MARGIN
                } else {
                    FAINT
                },
            )
        })
        .chain(others.iter().map(|one| (*one, GOOD)))
        .chain(worst.iter().map(|one| (*one, BAD)));
    let shown: Vec<_> = shown.collect();
    let quantiles = shown.iter().flat_map(|(latency, _)| &latency.quantiles);
    let times = quantiles.map(|quantile| quantile.ns.max(1.0));
    let axis = Scale::over(times, 1.26, [BOTTOM, TOP])?;
    let mut canvas = Canvas::default();
    let columns: Labels = QUANTILES
        .map(|(share, name)| (x_of(share), name.to_owned()))
        .to_vec();
    // Decades only.
    canvas.grid(
        &columns,
        &axis.labels(f64::INFINITY, format::duration),
        "quantile",
    );
    let curves = shown.iter().map(|&(latency, colour)| {
        let quantiles = latency.quantiles.iter();
        Curve {
            strategy: &latency.strategy,
            name: &latency.strategy,
            path: quantiles
                .map(|one| (x_of(one.share), axis.at(one.ns)))
                .collect(),
            paint: Paint::Outline(colour, 2),
        }
    });
    canvas.curves(&curves.collect::<Vec<_>>(), |_, _| {});
    let ends = shown.iter().map(|(latency, _)| {
        let [p50, p999] = [0.5, 0.999].map(|share| format::duration(at(latency, share)));
        format!("{} p50 {p50}, p99.9 {p999}", latency.strategy)
    });
    let ends = ends.collect::<Vec<_>>().join("; ");
    Some(Figure {
        description: format!("{}: {ends}", operations(operation)),
        svg: canvas.chart(),
        ..Figure::default()
    })
}

/// The quantile at a share, or the next beyond it; the worst if there is none.
fn at(latency: &Latency, share: f64) -> f64 {
    let mut quantiles = latency.quantiles.iter();
    let quantile = quantiles.find(|one| one.share >= share);
    let quantile = quantile.or(latency.quantiles.last());
    quantile.map_or(f64::INFINITY, |one| one.ns)
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
    LEFT_END + (part.clamp(0.0, 1.0) * f64::from(RIGHT_END - LEFT_END)).round() as i32
}
