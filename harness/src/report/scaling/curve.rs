//! A predicted curve as inline SVG: bands over processors, both axes logarithmic, and what was measured.

use basis::trace::Operation;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use crate::report::format::{counted, significant};
use crate::report::layers::{Drawn, Paper, Point, words};
use crate::report::palette::{BAND, FAINT, GOOD, GRID, INK, PREDICTED, WIDTH};
use crate::report::view::Figure;
use crate::results::{HERE, Prediction, Scaling};

const HEIGHT: i32 = 340;
const LEFT: i32 = 70;
const RIGHT: i32 = 150;
const TOP: i32 = 16;
const BOTTOM: i32 = 44;
/// The names at the ends of lines lie at least this far apart.
const NAME_HEIGHT: i32 = 16;

/// The curves of an operation on all machines; `None` if nothing is predicted.
pub(super) fn figure(scaling: &Scaling, strategy: &str, operation: Operation) -> Option<Figure> {
    let is_it = |one: &&Prediction| one.strategy == strategy && one.operation == operation;
    let curves: Vec<&Prediction> = scaling.predictions.iter().filter(is_it).collect();
    let measured = measured(scaling, strategy, operation);
    let scale = Scale::of(&curves, &measured)?;
    let svg = draw(scale, &curves, &measured)?;
    let others = curves.iter().filter(|one| one.machine != HERE);
    let ends = others.filter_map(|one| {
        let last = one.points.last()?;
        let [low, high] = [last.ns.low, last.ns.high].map(significant);
        Some(format!(
            "{} {low} to {high} ns with {}",
            one.machine, last.cpus
        ))
    });
    Some(Figure {
        key: PREDICTED,
        caption: format!(
            "{strategy}, {operation}: predicted ns per operation as one processor sees it, by processors; \
             bands of all machines, best guesses as lines, measured here as dots"
        ),
        description: format!(
            "{}: {}; {} measured here",
            counted(curves.len(), "machine", "machines"),
            ends.collect::<Vec<_>>().join(", "),
            counted(measured.len(), "point", "points")
        ),
        svg,
    })
}

/// Threads, and what one of them sees, here.
fn measured(scaling: &Scaling, strategy: &str, operation: Operation) -> Vec<(u32, f64)> {
    let tested = scaling.one_to_two.iter();
    let tested = tested.filter(|one| one.strategy == strategy && one.operation == operation);
    tested
        .flat_map(|one| [(1, one.one_ns), (2, one.measured_ns)])
        .collect()
}

/// Both axes are logarithmic.
#[derive(Clone, Copy)]
struct Scale {
    cpus: u32,
    low: f64,
    high: f64,
}

impl Scale {
    fn of(curves: &[&Prediction], measured: &[(u32, f64)]) -> Option<Self> {
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let cpus = points().map(|point| point.cpus).max()?;
        let times = points()
            .flat_map(|point| [point.ns.low, point.ns.high])
            .chain(measured.iter().map(|(_, ns)| *ns));
        let usable = times.filter(|ns| *ns > 0.0 && ns.is_finite());
        let (low, high) = usable.fold((f64::INFINITY, 0.0_f64), |(low, high), ns| {
            (low.min(ns), high.max(ns))
        });
        (low.is_finite() && cpus > 1).then(|| Self {
            cpus,
            low: (low / 1.3).ln(),
            high: (high * 1.3).ln(),
        })
    }

    fn x(self, cpus: u32) -> i32 {
        let share = f64::from(cpus.max(1)).ln() / f64::from(self.cpus).ln();
        LEFT + (share * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    }

    fn y(self, ns: f64) -> i32 {
        let share = (ns.max(1e-9).ln() - self.low) / (self.high - self.low);
        HEIGHT - BOTTOM - (share.clamp(0.0, 1.0) * f64::from(HEIGHT - TOP - BOTTOM)).round() as i32
    }

    /// Round times: 1, 2 and 5 of every decade, fewer if they would not fit.
    fn times(self) -> Vec<f64> {
        let is_wide = self.high - self.low > 3.0 * std::f64::consts::LN_10;
        let steps: &[f64] = if is_wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        (-2..=9)
            .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
            .filter(|tick| (self.low..=self.high).contains(&tick.ln()))
            .collect()
    }
}

fn draw(scale: Scale, curves: &[&Prediction], measured: &[(u32, f64)]) -> Option<String> {
    let mut svg = String::new();
    {
        let size = (WIDTH.cast_unsigned(), HEIGHT.cast_unsigned());
        let paper = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let names = ends(scale, curves);
        // Bands first: no line is to vanish behind another's band.
        curves
            .iter()
            .try_for_each(|curve| band(&paper, scale, curve))
            .and_then(|()| ground(&paper, scale))
            .and_then(|()| {
                let mut labelled = curves.iter().zip(names);
                labelled.try_for_each(|(curve, y)| line(&paper, scale, curve, y))
            })
            .and_then(|()| {
                measured.iter().try_for_each(|&(cpus, ns)| {
                    let at = (scale.x(cpus), scale.y(ns));
                    paper.draw(&Circle::new(at, 4, GOOD.filled()))
                })
            })
            .and_then(|()| paper.present())
            .ok()?;
    }
    Some(svg)
}

fn band<'s>(paper: &Paper<'s>, scale: Scale, curve: &Prediction) -> Drawn<'s> {
    let at = |cpus: u32, ns: f64| (scale.x(cpus), scale.y(ns));
    let below = curve
        .points
        .iter()
        .map(|point| at(point.cpus, point.ns.low));
    let above = curve.points.iter().rev();
    let above = above.map(|point| at(point.cpus, point.ns.high));
    paper.draw(&Polygon::new(
        below.chain(above).collect::<Vec<Point>>(),
        BAND.filled(),
    ))
}

fn ground<'s>(paper: &Paper<'s>, scale: Scale) -> Drawn<'s> {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    for ns in scale.times() {
        let y = scale.y(ns);
        stroke(paper, vec![(left, y), (right, y)], GRID)?;
        let at = (left - 6, y);
        words(
            paper,
            &format!("{ns} ns"),
            at,
            FAINT,
            (HPos::Right, VPos::Center),
        )?;
    }
    let below = HEIGHT - BOTTOM;
    let powers = (0..10).map(|power| 1_u32 << power);
    for cpus in powers.filter(|&cpus| cpus <= scale.cpus) {
        let at = (scale.x(cpus), below + 4);
        words(
            paper,
            &cpus.to_string(),
            at,
            FAINT,
            (HPos::Center, VPos::Top),
        )?;
    }
    let middle = (i32::midpoint(left, right), below + 22);
    words(
        paper,
        "processors",
        middle,
        FAINT,
        (HPos::Center, VPos::Top),
    )
}

fn line<'s>(paper: &Paper<'s>, scale: Scale, curve: &Prediction, name_y: i32) -> Drawn<'s> {
    let points = curve.points.iter();
    let path: Vec<Point> = points
        .map(|point| (scale.x(point.cpus), scale.y(point.ns.mid)))
        .collect();
    let Some(&last) = path.last() else {
        return Ok(());
    };
    let color = if curve.machine == HERE { GOOD } else { FAINT };
    stroke(paper, path, color)?;
    let name_x = WIDTH - RIGHT + 12;
    stroke(
        paper,
        vec![(last.0 + 5, last.1), (name_x - 4, name_y)],
        GRID,
    )?;
    let place = (HPos::Left, VPos::Center);
    words(paper, &curve.machine, (name_x, name_y), INK, place)
}

/// Where the machines' names go: at the ends of their lines, moved apart where they would overlap.
fn ends(scale: Scale, curves: &[&Prediction]) -> Vec<i32> {
    let end = |curve: &&Prediction| {
        let last = curve.points.last();
        last.map_or(HEIGHT - BOTTOM, |point| scale.y(point.ns.mid))
    };
    let mut ends: Vec<(usize, i32)> = curves.iter().map(end).enumerate().collect();
    ends.sort_by_key(|&(_, y)| y);
    let mut free = TOP;
    for (_, y) in &mut ends {
        *y = (*y).max(free);
        free = *y + NAME_HEIGHT;
    }
    // What was pushed out below moves up again.
    let mut floor = HEIGHT - BOTTOM;
    for (_, y) in ends.iter_mut().rev() {
        *y = (*y).min(floor);
        floor = *y - NAME_HEIGHT;
    }
    ends.sort_by_key(|&(index, _)| index);
    ends.into_iter().map(|(_, y)| y).collect()
}

fn stroke<'s>(paper: &Paper<'s>, path: Vec<Point>, color: RGBColor) -> Drawn<'s> {
    paper.draw(&PathElement::new(path, color.stroke_width(1)))
}
