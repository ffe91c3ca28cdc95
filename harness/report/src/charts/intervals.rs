//! The intervals of rows, sorted: a line for each strategy, and a panel for each row or each machine.

use model::controls;

use super::canvas::{ABOVE, BAND, Canvas, FAINT, INK, LEFT, Paint, RIGHT};
use super::{RATIO_MIN, Scale, colour_of};
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
const TOP: i32 = 50;
const BELOW: i32 = 26;
const ROW: i32 = 17;
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
            let caption = format!("{}: ", facts::row_label(results, row));
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
    let mean = |(_, ratios): &Line<'_>| {
        let logs = ratios.iter().flatten().map(|ratio| ratio.median.ln());
        logs.sum::<f64>() / ratios.iter().flatten().count() as f64
    };
    lines.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    let ((best, _), (last, _)) = (lines.first()?, lines.last()?);
    let bottom = TOP + i32::try_from(lines.len()).ok()? * ROW;
    let mut canvas = Canvas::default();
    let mut scales = Vec::new();
    for (number, (panel, left)) in panels.iter().zip(lefts()).enumerate() {
        let ratios = lines.iter().filter_map(|(_, ratios)| ratios[number]);
        let axis = ground(&mut canvas, panel, ratios, [left, bottom])?;
        scales.push((axis, left));
    }
    for ((name, ratios), index) in lines.iter().zip(0..) {
        let y = TOP + index * ROW + ROW / 2;
        let colour = if is_meant(name) { INK } else { FAINT };
        canvas.about(name, |canvas| {
            canvas.text(name, (NAMES, y), RIGHT, colour);
            for (ratio, &(axis, left)) in ratios.iter().zip(&scales) {
                let figures = ratio.map_or_else(|| "not measured".into(), format::ratio);
                canvas.text(&figures, (left + AXIS + GAP, y), LEFT, FAINT);
                if let Some(ratio) = ratio {
                    interval(canvas, axis, ratio, y);
                }
            }
        });
    }
    let strategies = format::counted(lines.len(), "strategy", "strategies");
    let baseline = &panels.first()?.0.baseline;
    Some(Figure {
        description: format!("{strategies} compared with {baseline}; best {best}, last {last}"),
        svg: canvas.finish(lefts().nth(panels.len())?, bottom + BELOW),
        ..Figure::default()
    })
}

/// Where the panels begin.
fn lefts() -> impl Iterator<Item = i32> {
    (0..).map(|panel| NAMES + GAP + panel * (AXIS + FIGURES + GAP))
}

/// The axis of a panel, with its title, its grid and the interval of the baseline against itself.
fn ground<'r>(
    canvas: &mut Canvas,
    (machine, row, title): &Panel<'_>,
    ratios: impl Iterator<Item = &'r Ratio>,
    [left, bottom]: [i32; 2],
) -> Option<Scale> {
    let noise = row.ratio(machine, controls::SAME);
    let noise = noise.map(|ratio| [ratio.ci_low, ratio.ci_high]);
    let bounds = ratios.map(|ratio| [ratio.ci_low, ratio.ci_high]);
    // What has no end goes on to the edge.
    let values = bounds.chain(noise).chain([[1.0, machine.margin]]).flatten();
    let values = values.map(|value| value.max(RATIO_MIN));
    let axis = Scale::over(values, 1.15, [left, left + AXIS])?;
    if let Some([low, high]) = noise.map(|bounds| bounds.map(|bound| axis.at(bound))) {
        canvas.rectangle((low, TOP), (high.max(low + 1), bottom), Paint::Fill(BAND));
    }
    canvas.ratios(axis, [TOP, bottom], machine.margin);
    canvas.text(title, (left + AXIS / 2, TOP - 24), ABOVE, INK);
    Some(axis)
}

/// An interval with the mark of its verdict at the median.
fn interval(canvas: &mut Canvas, axis: Scale, ratio: &Ratio, y: i32) {
    let paint = Paint::Outline(colour_of(ratio.verdict), 2);
    let [low, x, high] = [ratio.ci_low, ratio.median, ratio.ci_high].map(|value| axis.at(value));
    canvas.line((low, y), (high, y), paint);
    if axis.is_below(ratio.median) {
        canvas.path(&[(x + 8, y - 4), (x, y), (x + 8, y + 4)], paint);
    } else {
        canvas.verdict((x, y), 4, ratio.verdict);
    }
}
