//! The lines of a sweep as inline SVG: ratios over an axis, with their intervals.
//!
//! A line is told from the others by
//! the name at its end, a mark by its shape.

use std::collections::BTreeSet;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use crate::results::{Change, Ratio, Results, Verdict};

use super::flips::Sweep;
use super::format;
use super::layers::{Drawn, Layers, Paper, Point, stroke, words};
use super::palette::{BAD, FAINT, GOOD, GRID, INK, MARGIN, OPEN, RATIO_MIN, WIDTH};
use super::view::Figure;

const HEIGHT: i32 = 360;
const LEFT: i32 = 60;
const RIGHT: i32 = 215;
const TOP: i32 = 20;
const BOTTOM: i32 = 44;
/// The names at the ends of lines lie at least this far apart.
const NAME_HEIGHT: i32 = 16;
/// More lines than this are a tangle; the table has them all.
const LINES_MAX: usize = 8;
/// A strategy's line.
struct Line<'r> {
    name: &'r str,
    ratios: Vec<Option<&'r Ratio>>,
}

/// The plot of a sweep along one axis; `None` if there is nothing to draw.
pub(super) fn figure(results: &Results, sweep: &Sweep<'_>) -> Option<Figure> {
    let axis = *sweep.axes().first()?;
    let mut lines: Vec<Line<'_>> = sweep
        .strategies(results)
        .into_iter()
        .map(|name| Line {
            name,
            ratios: sweep
                .points
                .iter()
                .map(|point| sweep.ratio(results, &point.name, name))
                .collect(),
        })
        .collect();
    let left_out = keep_telling(results, sweep, &mut lines);
    let names: Vec<String> = sweep.points.iter().map(|point| tick(point)).collect();
    if lines.is_empty() || names.len() < 2 {
        return None;
    }
    let svg = draw(&lines, &names, axis.words(), results.margin)?;
    let shown: Vec<String> = lines.iter().map(|line| line.name.to_owned()).collect();
    let rest = match left_out {
        0 => String::new(),
        more => format!("; {more} more in the table"),
    };
    Some(Figure {
        key: super::palette::VERDICTS,
        caption: format!(
            "{}: times better than {} by {}, 95 % intervals, log scale{rest}",
            sweep.title(),
            results.baseline,
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
fn tick(point: &basis::scenario::Scenario) -> String {
    let text = super::flips::coordinates(point);
    text.rsplit(" = ").next().unwrap_or_default().to_owned()
}

/// Keeps the lines that tell most: those that lead somewhere, then those that flip, then the best.
/// Returns how many were left out.
fn keep_telling(results: &Results, sweep: &Sweep<'_>, lines: &mut Vec<Line<'_>>) -> usize {
    let flips = results
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
    let mean = |line: &Line<'_>| {
        let logs: Vec<f64> = line
            .ratios
            .iter()
            .flatten()
            .map(|r| r.median.ln())
            .collect();
        logs.iter().sum::<f64>() / logs.len().max(1) as f64
    };
    let rank = |line: &Line<'_>| {
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

/// Points stand at equal distances: their values are written below them.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    points: usize,
}

impl Scale {
    fn of(lines: &[Line<'_>], points: usize, margin: f64) -> Self {
        let ratios = lines.iter().flat_map(|line| line.ratios.iter().flatten());
        let (low, high) = ratios.fold((1.0_f64, margin), |(low, high), ratio| {
            (low.min(ratio.ci_low), high.max(ratio.ci_high.min(1e6)))
        });
        Self {
            low: (low.max(RATIO_MIN) / 1.15).ln(),
            high: (high * 1.15).ln(),
            points,
        }
    }

    fn x(self, point: usize) -> i32 {
        let share = (point as f64 + 0.5) / self.points as f64;
        LEFT + (share * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    }

    fn y(self, ratio: f64) -> i32 {
        let share = (ratio.max(1e-9).ln() - self.low) / (self.high - self.low);
        let height = f64::from(HEIGHT - TOP - BOTTOM);
        HEIGHT - BOTTOM - (share.clamp(0.0, 1.0) * height).round() as i32
    }

    /// Round numbers: 1, 2 and 5 of every decade, fewer if they would not fit.
    fn ticks(self) -> Vec<f64> {
        let is_wide = self.high - self.low > 3.0 * std::f64::consts::LN_10;
        let steps: &[f64] = if is_wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        (-2..=6)
            .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
            .filter(|tick| (self.low..=self.high).contains(&tick.ln()))
            .collect()
    }
}

fn draw(lines: &[Line<'_>], names: &[String], axis: &str, margin: f64) -> Option<String> {
    let scale = Scale::of(lines, names.len(), margin);
    let mut layers = Layers::of_height(HEIGHT);
    layers.shared(|paper| ground(paper, scale, names, axis, margin))?;
    for (line, end) in lines.iter().zip(ends(lines, scale)) {
        layers.about(line.name, |paper| curve(paper, scale, line, end))?;
    }
    Some(layers.finish())
}

/// What is behind the lines: grid, values, the line of the baseline and the margin's.
fn ground<'s>(
    paper: &Paper<'s>,
    scale: Scale,
    names: &[String],
    axis: &str,
    margin: f64,
) -> Drawn<'s> {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    for tick in scale.ticks() {
        let y = scale.y(tick);
        stroke(paper, (left, y), (right, y), GRID, 1)?;
        words(
            paper,
            &format!("{tick}x"),
            (left - 6, y),
            FAINT,
            (HPos::Right, VPos::Center),
        )?;
    }
    let below = HEIGHT - BOTTOM;
    for (point, name) in names.iter().enumerate() {
        let at = (scale.x(point), below + 4);
        words(paper, name, at, FAINT, (HPos::Center, VPos::Top))?;
    }
    let middle = (i32::midpoint(left, right), below + 22);
    words(paper, axis, middle, FAINT, (HPos::Center, VPos::Top))?;
    let one = scale.y(1.0);
    stroke(paper, (left, one), (right, one), INK, 1)?;
    let edge = scale.y(margin);
    for x in (left..right).step_by(6) {
        stroke(paper, (x, edge), ((x + 3).min(right), edge), MARGIN, 1)?;
    }
    let label = format!("margin {margin:.2}");
    words(
        paper,
        &label,
        (left + 4, edge - 3),
        MARGIN,
        (HPos::Left, VPos::Bottom),
    )
}

/// Where the lines' names go: at their ends, moved apart where they would overlap.
fn ends(lines: &[Line<'_>], scale: Scale) -> Vec<i32> {
    let end = |line: &Line<'_>| {
        let last = line.ratios.iter().rev().flatten().next();
        last.map_or(HEIGHT - BOTTOM, |ratio| scale.y(ratio.median))
    };
    apart(lines.iter().map(end), TOP, HEIGHT - BOTTOM)
}

/// Heights of names between `top` and `floor`, each as near to its own as the others let it be.
pub(super) fn apart(heights: impl Iterator<Item = i32>, top: i32, floor: i32) -> Vec<i32> {
    let mut ends: Vec<(usize, i32)> = heights.enumerate().collect();
    ends.sort_by_key(|&(_, y)| y);
    let mut free = top;
    for (_, y) in &mut ends {
        *y = (*y).max(free);
        free = *y + NAME_HEIGHT;
    }
    // What was pushed out below moves up again.
    let mut floor = floor;
    for (_, y) in ends.iter_mut().rev() {
        *y = (*y).min(floor);
        floor = *y - NAME_HEIGHT;
    }
    ends.sort_by_key(|&(index, _)| index);
    ends.into_iter().map(|(_, y)| y).collect()
}

/// A strategy: its line, its intervals and its name.
fn curve<'s>(paper: &Paper<'s>, scale: Scale, line: &Line<'_>, name_y: i32) -> Drawn<'s> {
    let marks: Vec<(i32, &Ratio)> = line
        .ratios
        .iter()
        .enumerate()
        .filter_map(|(point, ratio)| Some((scale.x(point), (*ratio)?)))
        .collect();
    let path: Vec<Point> = marks
        .iter()
        .map(|&(x, ratio)| (x, scale.y(ratio.median)))
        .collect();
    let Some(&last) = path.last() else {
        return Ok(());
    };
    paper.draw(&PathElement::new(path, FAINT.stroke_width(1)))?;
    for (x, ratio) in marks {
        let y = scale.y(ratio.median);
        let color = match ratio.verdict {
            Verdict::Holds => GOOD,
            Verdict::Rejected => BAD,
            Verdict::Inconclusive | Verdict::Withheld => OPEN,
        };
        let (low, high) = (scale.y(ratio.ci_low), scale.y(ratio.ci_high));
        stroke(paper, (x, low), (x, high), color, 2)?;
        match ratio.verdict {
            Verdict::Holds => paper.draw(&Circle::new((x, y), 3, color.filled()))?,
            Verdict::Inconclusive | Verdict::Withheld => {
                paper.draw(&Circle::new((x, y), 3, color.stroke_width(2)))?;
            }
            Verdict::Rejected => {
                stroke(paper, (x - 3, y - 3), (x + 3, y + 3), color, 2)?;
                stroke(paper, (x - 3, y + 3), (x + 3, y - 3), color, 2)?;
            }
        }
    }
    let name_x = WIDTH - RIGHT + 12;
    stroke(paper, (last.0 + 5, last.1), (name_x - 4, name_y), GRID, 1)?;
    words(
        paper,
        line.name,
        (name_x, name_y),
        INK,
        (HPos::Left, VPos::Center),
    )
}
