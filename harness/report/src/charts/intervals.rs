//! The intervals of rows, sorted: a line for each strategy, and a panel for each row or each machine.

use minijinja::context;
use minijinja::value::Serde;
use model::controls;

use super::{RATIO_MIN, Scale, drawing};
use crate::collect::unique;
use crate::facts::{self, Row};
use crate::format;
use crate::view::{Block, Figure};
use results::{Machine, Ratio, Results};

/// Where the names end.
const NAMES: i32 = 205;
/// The widths of an axis, of the figures beside it and of the room between panels.
const AXIS: i32 = 320;
const FIGURES: i32 = 190;
const GAP: i32 = 10;
/// Panels that stand side by side on a screen.
const PANELS: usize = 2;

/// A row of a machine, and what stands above its panel.
type Panel<'r> = (&'r Machine, Row<'r>, String);
/// A strategy with its ratio in each panel.
type Line<'r> = (&'r str, Vec<Option<&'r Ratio>>);

/// The contenders of rows: rows of one machine side by side, or of each row the machines. Names of those that are not meant are
/// faint.
pub(crate) fn figures<'r>(
    results: &'r Results,
    rows: &[Row<'r>],
    is_meant: impl Fn(&str) -> bool,
) -> Vec<Block> {
    let figures: Vec<Option<Figure>> = if let [machine] = results.machines.as_slice() {
        let panel = |row: &Row<'r>| (machine, *row, row.label(machine));
        let groups = rows.chunks(PANELS);
        let panels = groups.map(|rows| rows.iter().map(panel).collect::<Vec<_>>());
        panels.map(|panels| figure(&panels, &is_meant)).collect()
    } else {
        let of_row = |row: &Row<'r>| {
            let machines = results.machines.iter();
            let panels = machines.map(|machine| (machine, *row, machine.name.clone()));
            let figure = figure(&panels.collect::<Vec<_>>(), &is_meant)?;
            let label = facts::label(&results.machines, &row.scenario.name, row.metric);
            let caption = format!("{label}: ");
            Some(Figure { caption, ..figure })
        };
        rows.iter().map(of_row).collect()
    };
    figures.into_iter().flatten().map(Block::Figure).collect()
}

/// The best over all panels first, each panel over the interval of the baseline against itself. `None` if nothing was
/// compared.
fn figure<'r>(panels: &[Panel<'r>], is_meant: impl Fn(&str) -> bool) -> Option<Figure> {
    let names = panels
        .iter()
        .flat_map(|(machine, ..)| facts::ranked(machine));
    let line = |name| -> Line<'r> {
        let ratios = panels.iter().map(|(machine, row, _)| {
            let is_ranked = machine.is_ranked(name);
            row.ratio(machine, name).filter(|_| is_ranked)
        });
        (name, ratios.collect())
    };
    let lines = unique(names).into_iter().map(line);
    let lines = lines.filter(|(_, ratios)| ratios.iter().any(Option::is_some));
    let mut lines: Vec<Line<'_>> = lines.collect();
    lines.sort_by(|(_, a), (_, b)| facts::mean_ln(b).total_cmp(&facts::mean_ln(a)));
    let ((best, _), (last, _)) = (lines.first()?, lines.last()?);
    let axes = panels.iter().zip(lefts()).enumerate();
    let axes = axes.map(|(number, (panel, left))| {
        let ratios = lines.iter().filter_map(|(_, ratios)| ratios[number]);
        Some((axis(panel, ratios, left)?, left))
    });
    let axes: Vec<(Scale, i32)> = axes.collect::<Option<_>>()?;
    let grounds = panels.iter().zip(&axes);
    let grounds = grounds.map(|((machine, row, title), (axis, left))| {
        let noise = row.ratio(machine, controls::SAME);
        let noise = noise.map(|ratio| [ratio.ci_low, ratio.ci_high].map(|bound| axis.at(bound)));
        context! {
            title,
            noise => noise.map(|[low, high]| vec![low, high.max(low + 1)]),
            middle => left + AXIS / 2,
            axis => axis.ratios(machine.margin),
        }
    });
    let rows = lines.iter().map(|(name, ratios)| {
        let cells = ratios.iter().zip(&axes).map(|(ratio, (axis, left))| {
            let at = |end: fn(&Ratio) -> f64| ratio.map(|ratio| axis.at(end(ratio)));
            context! {
                ratio => Serde(ratio),
                low => at(|ratio| ratio.ci_low),
                x => at(|ratio| ratio.median),
                high => at(|ratio| ratio.ci_high),
                is_below => ratio.is_some_and(|ratio| axis.is_below(ratio.median)),
                figures => left + AXIS + GAP,
            }
        });
        context! { name => *name, is_meant => is_meant(name), cells => cells.collect::<Vec<_>>() }
    });
    let facts = context! {
        width => lefts().nth(panels.len()),
        names => NAMES,
        panels => grounds.collect::<Vec<_>>(),
        lines => rows.collect::<Vec<_>>(),
    };
    let strategies = format::counted(lines.len(), "strategy", Some("strategies"));
    let baseline = &panels.first()?.0.baseline;
    let description = format!("{strategies} compared with {baseline}; best {best}, last {last}");
    Some(drawing("intervals", description, facts))
}

/// Where the panels begin.
fn lefts() -> impl Iterator<Item = i32> {
    (0..).map(|panel| NAMES + GAP + panel * (AXIS + FIGURES + GAP))
}

/// The axis of a panel, with room for the interval of the baseline against itself.
fn axis<'r>(
    (machine, row, _): &Panel<'r>,
    ratios: impl Iterator<Item = &'r Ratio>,
    left: i32,
) -> Option<Scale> {
    let noise = row.ratio(machine, controls::SAME);
    let bounds = ratios
        .chain(noise)
        .map(|ratio| [ratio.ci_low, ratio.ci_high]);
    // What has no end goes on to the edge.
    let values = bounds.chain([[1.0, machine.margin]]).flatten();
    let values = values.map(|value| value.max(RATIO_MIN));
    Scale::over(values, 1.15, [left, left + AXIS])
}
