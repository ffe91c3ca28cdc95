//! Sorted interval plots as inline SVG.

use basis::controls;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use crate::results::{Ratio, Results, Verdict};

use super::facts::Row;
use super::format;
use super::layers::{Drawn, Layers, Paper, stroke, words};
use super::palette::{BAD, BAND, FAINT, GOOD, GRID, INK, MARGIN, OPEN, RATIO_MIN, WIDTH};
use super::view::Figure;

const LEFT: i32 = 215;
const RIGHT: i32 = 185;
const TOP: i32 = 34;
const BOTTOM: i32 = 26;
const ROW: i32 = 18;

/// A strategy's line of the plot.
pub(super) struct Mark<'r> {
    pub(super) strategy: &'r str,
    /// What is beside it.
    pub(super) label: &'r str,
    pub(super) ratio: &'r Ratio,
}

/// The plot of a row; `None` if nothing was compared in it.
pub(super) fn figure(results: &Results, row: Row<'_>) -> Option<Figure> {
    let mut marks: Vec<Mark<'_>> = results
        .contenders()
        .filter(|card| results.is_ranked(&card.name))
        .filter_map(|card| {
            Some(Mark {
                strategy: &card.name,
                label: &card.name,
                ratio: row.ratio(results, &card.name)?,
            })
        })
        .collect();
    marks.sort_by(|a, b| b.ratio.median.total_cmp(&a.ratio.median));
    let (first, last) = (marks.first()?, marks.last()?);
    let title = row.title(results);
    let description = format!(
        "{} compared with {}; best {} {}, last {} {}",
        format::counted(marks.len(), "strategy", "strategies"),
        results.baseline,
        first.strategy,
        format::ratio(first.ratio),
        last.strategy,
        format::ratio(last.ratio)
    );
    let noise = row.ratio(results, controls::SAME);
    let noise = noise.map(|ratio| [ratio.ci_low, ratio.ci_high]);
    let svg = draw(&marks, noise, results.margin)?;
    Some(Figure {
        key: super::palette::INTERVALS,
        caption: format!(
            "{title}: times better than {}, sorted, log scale, 95 % intervals",
            results.baseline
        ),
        description,
        svg,
    })
}

/// Where a ratio lies on the paper.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Just wide enough for the margin, the noise and all intervals, as far as the axis reaches.
    fn of(marks: &[Mark<'_>], noise: Option<[f64; 2]>, margin: f64) -> Self {
        let ratios = marks
            .iter()
            .map(|mark| [mark.ratio.ci_low, mark.ratio.ci_high]);
        let (low, high) = ratios
            .chain(noise)
            .fold((1.0_f64, margin), |(low, high), interval| {
                // What has no end goes on to the edge.
                let end = interval[1];
                (
                    low.min(interval[0]),
                    if end.is_finite() { high.max(end) } else { high },
                )
            });
        Self {
            low: (low.max(RATIO_MIN) / 1.15).ln(),
            high: (high * 1.15).ln(),
        }
    }

    fn x(self, ratio: f64) -> i32 {
        let share = (ratio.max(1e-9).ln() - self.low) / (self.high - self.low);
        LEFT + (share.clamp(0.0, 1.0) * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    }

    /// Round numbers: 1, 2 and 5 of every decade, fewer if they would not fit.
    fn ticks(self) -> Vec<f64> {
        let decades = (self.high - self.low) / std::f64::consts::LN_10;
        let steps: &[f64] = match decades {
            ..1.2 => &[1.0, 2.0, 3.0, 5.0, 7.0],
            ..2.6 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        (-9..=9)
            .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
            .filter(|tick| (self.low..=self.high).contains(&tick.ln()))
            .collect()
    }
}

/// A line for each mark, over the interval of the baseline against itself.
pub(super) fn draw(marks: &[Mark<'_>], noise: Option<[f64; 2]>, margin: f64) -> Option<String> {
    let rows = i32::try_from(marks.len()).ok()?;
    let height = TOP + rows * ROW + BOTTOM;
    let scale = Scale::of(marks, noise, margin);
    let mut layers = Layers::of_height(height);
    layers.shared(|paper| ground(paper, scale, noise, margin, height - BOTTOM))?;
    let middles = (0..).map(|index| TOP + index * ROW + ROW / 2);
    for (mark, y) in marks.iter().zip(middles) {
        layers.about(mark.strategy, |paper| interval(paper, scale, mark, y))?;
    }
    Some(layers.finish())
}

/// What is behind the intervals: noise, grid, the line of the baseline and the margin's.
fn ground<'s>(
    paper: &Paper<'s>,
    scale: Scale,
    noise: Option<[f64; 2]>,
    margin: f64,
    bottom: i32,
) -> Drawn<'s> {
    if let Some(noise) = noise {
        let [low, high] = noise.map(|bound| scale.x(bound));
        let corners = [(low, TOP), (high.max(low + 1), bottom)];
        paper.draw(&Rectangle::new(corners, BAND.filled()))?;
    }
    let top = (HPos::Center, VPos::Top);
    for tick in scale.ticks() {
        let x = scale.x(tick);
        stroke(paper, (x, TOP), (x, bottom), GRID, 1)?;
        words(paper, &format!("{tick}x"), (x, bottom + 5), FAINT, top)?;
    }
    let one = scale.x(1.0);
    stroke(paper, (one, TOP), (one, bottom), INK, 1)?;
    words(
        paper,
        "1.00",
        (one - 2, TOP - 4),
        INK,
        (HPos::Right, VPos::Bottom),
    )?;
    let edge = scale.x(margin);
    for y in (TOP..bottom).step_by(6) {
        stroke(paper, (edge, y), (edge, (y + 3).min(bottom)), MARGIN, 1)?;
    }
    let label = format!("margin {margin:.2}");
    words(
        paper,
        &label,
        (edge + 2, TOP - 4),
        MARGIN,
        (HPos::Left, VPos::Bottom),
    )
}

/// A strategy: its name, its interval, the median's mark and the figures.
fn interval<'s>(paper: &Paper<'s>, scale: Scale, mark: &Mark<'_>, y: i32) -> Drawn<'s> {
    let ratio = mark.ratio;
    let x = scale.x(ratio.median);
    let is_off = ratio.median.ln() < scale.low;
    let color = match ratio.verdict {
        Verdict::Holds => GOOD,
        Verdict::Rejected => BAD,
        Verdict::Inconclusive | Verdict::Withheld => OPEN,
    };
    words(
        paper,
        mark.label,
        (LEFT - 10, y),
        INK,
        (HPos::Right, VPos::Center),
    )?;
    stroke(
        paper,
        (scale.x(ratio.ci_low), y),
        (scale.x(ratio.ci_high), y),
        color,
        2,
    )?;
    match ratio.verdict {
        _ if is_off => {
            let head = vec![(x + 8, y - 4), (x, y), (x + 8, y + 4)];
            paper.draw(&PathElement::new(head, color.stroke_width(2)))?;
        }
        Verdict::Holds => paper.draw(&Circle::new((x, y), 4, color.filled()))?,
        Verdict::Inconclusive | Verdict::Withheld => {
            paper.draw(&Circle::new((x, y), 4, color.stroke_width(2)))?;
        }
        Verdict::Rejected => {
            stroke(paper, (x - 4, y - 4), (x + 4, y + 4), color, 2)?;
            stroke(paper, (x - 4, y + 4), (x + 4, y - 4), color, 2)?;
        }
    }
    let figures = format::ratio(ratio);
    words(
        paper,
        &figures,
        (WIDTH - RIGHT + 12, y),
        FAINT,
        (HPos::Left, VPos::Center),
    )
}
