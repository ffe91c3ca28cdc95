//! The intervals of rows, sorted, a line for each strategy and a panel for each row.

use model::controls;

use super::canvas::{ABOVE, BAND, Canvas, FAINT, INK, LEFT, Paint, RIGHT};
use super::{RATIO_MIN, Scale, colour_of};
use crate::facts::{self, Row};
use crate::format;
use crate::view::Figure;
use results::{Machine, Ratio};

/// Where the names end.
const NAMES: i32 = 205;
/// The widths of an axis, of the figures beside it and of the room between panels.
const AXIS: i32 = 320;
const FIGURES: i32 = 190;
const GAP: i32 = 10;
const TOP: i32 = 50;
const BELOW: i32 = 26;
const ROW: i32 = 17;

/// A strategy with its ratio in each of the rows.
type Line<'r> = (&'r str, Vec<Option<&'r Ratio>>);

/// The contenders of rows of a machine, the best over all of them first, each panel over the interval of the baseline against
/// itself. Names of those that are not meant are faint. `None` if nothing was compared.
pub(crate) fn figure<'r>(
    machine: &'r Machine,
    rows: &[Row<'r>],
    is_meant: impl Fn(&str) -> bool,
) -> Option<Figure> {
    let line = |name| -> Line<'r> {
        let ratios = rows.iter().map(|row| row.ratio(machine, name));
        (name, ratios.collect())
    };
    let lines = facts::ranked(machine).map(line);
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
    let mut axes = Vec::new();
    for (number, (row, left)) in rows.iter().zip(lefts()).enumerate() {
        let ratios = lines.iter().filter_map(|(_, ratios)| ratios[number]);
        let axis = panel(&mut canvas, machine, row, ratios, [left, bottom])?;
        axes.push((axis, left));
    }
    for ((name, ratios), index) in lines.iter().zip(0..) {
        let y = TOP + index * ROW + ROW / 2;
        let colour = if is_meant(name) { INK } else { FAINT };
        canvas.about(name, |canvas| {
            canvas.text(name, (NAMES, y), RIGHT, colour);
            for (ratio, &(axis, left)) in ratios.iter().zip(&axes) {
                let figures = ratio.map_or_else(|| "not measured".into(), format::ratio);
                canvas.text(&figures, (left + AXIS + GAP, y), LEFT, FAINT);
                if let Some(ratio) = ratio {
                    interval(canvas, axis, ratio, y);
                }
            }
        });
    }
    let strategies = format::counted(lines.len(), "strategy", "strategies");
    Some(Figure {
        description: format!(
            "{strategies} compared with {}; best {best}, last {last}",
            machine.baseline
        ),
        svg: canvas.finish(lefts().nth(rows.len())?, bottom + BELOW),
        ..Figure::default()
    })
}

/// Where the panels begin.
fn lefts() -> impl Iterator<Item = i32> {
    (0..).map(|panel| NAMES + GAP + panel * (AXIS + FIGURES + GAP))
}

/// The axis of a row, with its title, its grid and the interval of the baseline against itself.
fn panel<'r>(
    canvas: &mut Canvas,
    machine: &Machine,
    row: &Row<'_>,
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
    let title = (left + AXIS / 2, TOP - 24);
    canvas.text(&row.label(machine), title, ABOVE, INK);
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
