//! The intervals of a row, sorted, a line each.

use model::controls;

use super::canvas::{BAND, Canvas, FAINT, INK, LEFT, Paint, RIGHT};
use super::{RATIO_MIN, Scale, WIDTH, colour_of};
use crate::facts::{self, Row};
use crate::format;
use crate::view::Figure;
use results::{Machine, Ratio};

const LEFT_END: i32 = 215;
const RIGHT_END: i32 = WIDTH - 195;
const TOP: i32 = 34;
const BELOW: i32 = 26;
const ROW: i32 = 18;

/// What the marks mean.
const KEY: &str = "Dot: improves by more than the margin; cross: does not; ring: too close to call; arrow: beyond the axis. Grey band: the \
    baseline against itself.";

/// The contenders of a row, the best first, over the interval of the baseline against itself; `None` if nothing was
/// compared.
pub(crate) fn figure(machine: &Machine, row: Row<'_>) -> Option<Figure> {
    let ranked = facts::ranked(machine);
    let ratios = ranked.filter_map(|name| Some((name, row.ratio(machine, name)?)));
    let mut ratios: Vec<(&str, &Ratio)> = ratios.collect();
    ratios.sort_by(|a, b| b.1.median.total_cmp(&a.1.median));
    let ((best, at_best), (last, at_worst)) = (ratios.first()?, ratios.last()?);
    let description = format!(
        "{} compared with {}; best {best} {}, last {last} {}",
        format::counted(ratios.len(), "strategy", "strategies"),
        machine.baseline,
        format::ratio(at_best),
        format::ratio(at_worst)
    );
    let noise = row.ratio(machine, controls::SAME);
    let noise = noise.map(|ratio| [ratio.ci_low, ratio.ci_high]);
    Some(Figure {
        key: KEY.into(),
        caption: format!(
            "{}: times better than {}, sorted, log scale, with intervals",
            row.title(machine),
            machine.baseline
        ),
        description,
        svg: drawing(&ratios, noise, machine.margin)?,
    })
}

fn drawing(ratios: &[(&str, &Ratio)], noise: Option<[f64; 2]>, margin: f64) -> Option<String> {
    let bottom = TOP + i32::try_from(ratios.len()).ok()? * ROW;
    let bounds = ratios
        .iter()
        .map(|(_, ratio)| [ratio.ci_low, ratio.ci_high]);
    // What has no end goes on to the edge.
    let values = bounds.chain(noise).chain([[1.0, margin]]).flatten();
    let values = values.map(|value| value.max(RATIO_MIN));
    let axis = Scale::over(values, 1.15, [LEFT_END, RIGHT_END])?;
    let mut canvas = Canvas::default();
    if let Some([low, high]) = noise.map(|bounds| bounds.map(|bound| axis.at(bound))) {
        canvas.rectangle((low, TOP), (high.max(low + 1), bottom), Paint::Fill(BAND));
    }
    canvas.ratios(axis, [TOP, bottom], margin);
    for ((strategy, ratio), index) in ratios.iter().zip(0..) {
        let y = TOP + index * ROW + ROW / 2;
        canvas.about(strategy, |canvas| line(canvas, axis, strategy, ratio, y));
    }
    Some(canvas.finish(WIDTH, bottom + BELOW))
}

/// A strategy: its name, its interval, the median's mark and the figures.
fn line(canvas: &mut Canvas, axis: Scale, strategy: &str, ratio: &Ratio, y: i32) {
    let paint = Paint::Outline(colour_of(ratio.verdict), 2);
    let [low, x, high] = [ratio.ci_low, ratio.median, ratio.ci_high].map(|value| axis.at(value));
    canvas.text(strategy, (LEFT_END - 10, y), RIGHT, INK);
    canvas.line((low, y), (high, y), paint);
    if axis.is_below(ratio.median) {
        canvas.path(&[(x + 8, y - 4), (x, y), (x + 8, y + 4)], paint);
    } else {
        canvas.verdict((x, y), 4, ratio.verdict);
    }
    canvas.text(&format::ratio(ratio), (RIGHT_END + 12, y), LEFT, FAINT);
}
