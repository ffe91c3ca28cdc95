//! The lines of a sweep: ratios over an axis.

use std::collections::BTreeSet;

use crate::results::{Change, Machine};

use super::charts::{SweepLine, VERDICTS, sweep_chart};
use super::flips::Sweep;
use super::format;
use super::view::Figure;

/// More lines than this are a tangle; the table has them all.
const LINES_MAX: usize = 8;

/// The plot of a sweep along one axis; `None` if there is nothing to draw.
pub(super) fn figure(machine: &Machine, sweep: &Sweep<'_>) -> Option<Figure> {
    let axis = *sweep.axes().first()?;
    let mut lines: Vec<SweepLine<'_>> = sweep
        .strategies(machine)
        .into_iter()
        .map(|name| SweepLine {
            name,
            ratios: sweep
                .points
                .iter()
                .map(|point| sweep.ratio(machine, &point.name, name))
                .collect(),
        })
        .collect();
    let left_out = keep_telling(machine, sweep, &mut lines);
    let names: Vec<String> = sweep.points.iter().map(|point| tick(point)).collect();
    if lines.is_empty() || names.len() < 2 {
        return None;
    }
    let svg = sweep_chart(&lines, &names, axis.words(), machine.margin)?;
    let shown: Vec<String> = lines.iter().map(|line| line.name.to_owned()).collect();
    let rest = match left_out {
        0 => String::new(),
        more => format!("; {more} more in the table"),
    };
    Some(Figure {
        key: VERDICTS,
        caption: format!(
            "{}: times better than {} by {}, 95 % intervals, log scale{rest}",
            sweep.title(),
            machine.baseline,
            axis.words()
        ),
        description: format!(
            "{} at {} points of {}: {}",
            format::counted(lines.len(), "strategy", "strategies"),
            names.len(),
            axis.words(),
            format::list(&shown)
        ),
        svg,
    })
}

/// The value of a point on its axis.
fn tick(point: &model::scenario::Scenario) -> String {
    let text = super::flips::coordinates(point);
    text.rsplit(" = ").next().unwrap_or_default().to_owned()
}

/// Keeps the lines that tell most: those that lead somewhere, then those that flip, then the best.
/// Returns how many were left out.
fn keep_telling(machine: &Machine, sweep: &Sweep<'_>, lines: &mut Vec<SweepLine<'_>>) -> usize {
    let flips = machine
        .flips
        .iter()
        .filter(|flip| flip.sweep == sweep.name && flip.metric == sweep.metric);
    let (mut leading, mut flipping) = (BTreeSet::new(), BTreeSet::new());
    for flip in flips {
        match &flip.change {
            Change::OvertakenBy(winner) => leading.extend([flip.strategy.as_str(), winner]),
            Change::FallsBelowMargin | Change::RisesAboveMargin => {
                flipping.insert(flip.strategy.as_str());
            }
            Change::AlwaysAboveMargin | Change::NeverAboveMargin => {}
        }
    }
    let mean = |line: &SweepLine<'_>| {
        let logs: Vec<f64> = line
            .ratios
            .iter()
            .flatten()
            .map(|r| r.median.ln())
            .collect();
        logs.iter().sum::<f64>() / logs.len().max(1) as f64
    };
    let rank = |line: &SweepLine<'_>| {
        if leading.contains(line.name) {
            0
        } else {
            2 - u8::from(flipping.contains(line.name))
        }
    };
    lines.sort_by(|a, b| rank(a).cmp(&rank(b)).then(mean(b).total_cmp(&mean(a))));
    let left_out = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    left_out
}
