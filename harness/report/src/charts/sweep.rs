//! Ratios over the points of a sweep, a line for each strategy, with their intervals.
//!
//! A line is told from the others by the name at its end, a mark by its shape.

use super::{Align, Canvas, Colour, Frame, Point, RATIO_MIN, Scale, WIDTH, colour_of, mark};
use results::Ratio;

const HEIGHT: i32 = 360;
const FRAME: Frame = Frame {
    left: 60,
    right: WIDTH - 215,
    top: 20,
    bottom: HEIGHT - 44,
};
/// No axis reaches higher.
const RATIO_MAX: f64 = 1e6;

/// A strategy's line.
pub(crate) struct SweepLine<'r> {
    pub(crate) name: &'r str,
    /// At each point; nothing where it was not compared.
    pub(crate) ratios: Vec<Option<&'r Ratio>>,
}

/// The lines over points with these names.
pub(crate) fn sweep_chart(
    lines: &[SweepLine<'_>],
    points: &[String],
    title: &str,
    margin: f64,
) -> Option<String> {
    let ratios = lines.iter().flat_map(|line| line.ratios.iter().flatten());
    let bounds = ratios.flat_map(|ratio| [ratio.ci_low, ratio.ci_high]);
    let values = bounds.chain([1.0, margin]);
    let axis = Scale::over(
        values.map(|value| value.clamp(RATIO_MIN, RATIO_MAX)),
        1.15,
        [FRAME.bottom, FRAME.top],
    )?;
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    ground(&mut canvas, axis, points, title, margin);
    let end = |line: &SweepLine<'_>| {
        let last = line.ratios.iter().rev().flatten().next();
        last.map_or(FRAME.bottom, |ratio| axis.at(ratio.median))
    };
    for (line, name_y) in lines.iter().zip(FRAME.names(lines.iter().map(end))) {
        canvas.about(line.name, |canvas| curve(canvas, axis, line, name_y));
    }
    Some(canvas.finish())
}

/// Points stand at equal distances: their values are written below them.
fn x_of(point: usize, points: usize) -> i32 {
    let share = (point as f64 + 0.5) / points as f64;
    FRAME.left + (share * f64::from(FRAME.right - FRAME.left)).round() as i32
}

/// What is behind the lines: grid, points, the line of the baseline and the margin's.
fn ground(canvas: &mut Canvas, axis: Scale, points: &[String], title: &str, margin: f64) {
    let ticks = axis.ticks(18.0).into_iter();
    FRAME.rows(
        canvas,
        ticks.map(|tick| (axis.at(tick), format!("{tick}x"))),
    );
    for (point, name) in points.iter().enumerate() {
        FRAME.below(canvas, x_of(point, points.len()), name);
    }
    FRAME.title(canvas, title);
    let (one, edge) = (axis.at(1.0), axis.at(margin));
    canvas.line((FRAME.left, one), (FRAME.right, one), Colour::Ink, 1);
    canvas.dashed((FRAME.left, edge), (FRAME.right, edge), Colour::Margin);
    let label = format!("margin {margin:.2}");
    canvas.text(
        &label,
        (FRAME.left + 4, edge - 3),
        Align::ABOVE_LEFT,
        Colour::Margin,
    );
}

/// A strategy: its line, its intervals and its name.
fn curve(canvas: &mut Canvas, axis: Scale, line: &SweepLine<'_>, name_y: i32) {
    let points = line.ratios.len();
    let marks = line.ratios.iter().enumerate();
    let marks: Vec<(Point, &Ratio)> = marks
        .filter_map(|(point, ratio)| {
            let ratio = (*ratio)?;
            Some(((x_of(point, points), axis.at(ratio.median)), ratio))
        })
        .collect();
    let path: Vec<Point> = marks.iter().map(|&(at, _)| at).collect();
    let Some(&(x, y)) = path.last() else { return };
    canvas.path(&path, Colour::Faint, 1);
    for (at, ratio) in marks {
        let [low, high] = [ratio.ci_low, ratio.ci_high].map(|bound| axis.at(bound));
        canvas.line((at.0, low), (at.0, high), colour_of(ratio.verdict), 2);
        mark(canvas, at, 3, ratio);
    }
    FRAME.name(canvas, (x + 5, y), name_y, line.name);
}
