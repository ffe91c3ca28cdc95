//! Ratios as sorted intervals, a line each.

use super::{Align, Canvas, Colour, Frame, Paint, RATIO_MIN, Scale, WIDTH, colour_of, mark};
use crate::format;
use results::Ratio;

const FRAME: Frame = Frame {
    left: 215,
    right: WIDTH - 195,
    top: 34,
    bottom: 0,
};
const BELOW: i32 = 26;
const ROW: i32 = 18;

/// A strategy's line.
pub(crate) struct Interval<'r> {
    pub(crate) strategy: &'r str,
    /// What is beside it.
    pub(crate) label: &'r str,
    pub(crate) ratio: &'r Ratio,
}

/// A line for each interval, over that of the baseline against itself.
pub(crate) fn interval_chart(
    intervals: &[Interval<'_>],
    noise: Option<[f64; 2]>,
    margin: f64,
) -> Option<String> {
    let rows = i32::try_from(intervals.len()).ok()?;
    let frame = Frame {
        bottom: FRAME.top + rows * ROW,
        ..FRAME
    };
    let shown = intervals
        .iter()
        .flat_map(|one| [one.ratio.ci_low, one.ratio.ci_high]);
    // What has no end goes on to the edge.
    let values = shown
        .chain(noise.into_iter().flatten())
        .chain([1.0, margin]);
    let axis = Scale::over(
        values.map(|value| value.max(RATIO_MIN)),
        1.15,
        [frame.left, frame.right],
    )?;
    let mut canvas = Canvas::new(WIDTH, frame.bottom + BELOW);
    ground(&mut canvas, frame, axis, noise, margin);
    let middles = (0..).map(|index| frame.top + index * ROW + ROW / 2);
    for (one, y) in intervals.iter().zip(middles) {
        canvas.about(one.strategy, |canvas| row(canvas, frame, axis, one, y));
    }
    Some(canvas.finish())
}

/// What is behind the intervals: noise, grid, the line of the baseline and the margin's.
fn ground(canvas: &mut Canvas, frame: Frame, axis: Scale, noise: Option<[f64; 2]>, margin: f64) {
    let Frame { top, bottom, .. } = frame;
    if let Some(noise) = noise {
        let [low, high] = noise.map(|bound| axis.at(bound));
        let corner = (high.max(low + 1), bottom);
        canvas.rectangle((low, top), corner, Paint::Fill(Colour::Band));
    }
    let ticks = axis.ticks(38.0).into_iter();
    frame.columns(
        canvas,
        ticks.map(|tick| (axis.at(tick), format!("{tick}x"))),
    );
    let (one, edge) = (axis.at(1.0), axis.at(margin));
    canvas.line((one, top), (one, bottom), Colour::Ink, 1);
    canvas.text("1.00", (one - 2, top - 4), Align::ABOVE_RIGHT, Colour::Ink);
    canvas.dashed((edge, top), (edge, bottom), Colour::Margin);
    let label = format!("margin {margin:.2}");
    canvas.text(
        &label,
        (edge + 2, top - 4),
        Align::ABOVE_LEFT,
        Colour::Margin,
    );
}

/// A strategy: its name, its interval, the median's mark and the figures.
fn row(canvas: &mut Canvas, frame: Frame, axis: Scale, one: &Interval<'_>, y: i32) {
    let ratio = one.ratio;
    let colour = colour_of(ratio.verdict);
    let x = axis.at(ratio.median);
    canvas.text(one.label, (frame.left - 10, y), Align::RIGHT, Colour::Ink);
    let [low, high] = [ratio.ci_low, ratio.ci_high].map(|bound| axis.at(bound));
    canvas.line((low, y), (high, y), colour, 2);
    if axis.is_below(ratio.median) {
        canvas.path(&[(x + 8, y - 4), (x, y), (x + 8, y + 4)], colour, 2);
    } else {
        mark(canvas, (x, y), 4, ratio);
    }
    let figures = format::ratio(ratio);
    canvas.text(&figures, (frame.right + 12, y), Align::LEFT, Colour::Faint);
}
