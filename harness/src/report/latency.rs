//! Latencies under a schedule as curves: the further right, the rarer.

use basis::controls;
use basis::probe::Distribution;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use crate::results::{Latency, Results};

use super::curves::apart;
use super::layers::{Drawn, Layers, Paper, Point, stroke, words};
use super::palette::{BAD, FAINT, GOOD, GRID, INK, MARGIN, WIDTH};
use super::view::Figure;
use super::{format, probes};

const HEIGHT: i32 = 340;
const LEFT: i32 = 70;
const RIGHT: i32 = 215;
const TOP: i32 = 14;
const BOTTOM: i32 = 44;
/// Beside the baseline and the no-op control; the table has all.
const BEST: usize = 5;
const WORST: usize = 2;
/// The worst operation stands this many decades beyond the median's side, right of every quantile.
const WORST_AT: f64 = 5.4;

/// The curves of each situation and operation that was timed.
pub(super) fn figures(results: &Results) -> Vec<Figure> {
    let mut asked: Vec<(&str, Distribution)> = Vec::new();
    for one in &results.latencies {
        let key = (one.scenario.as_str(), one.distribution);
        if !asked.contains(&key) {
            asked.push(key);
        }
    }
    let figures = asked.into_iter();
    figures
        .filter_map(|(situation, operation)| figure(results, situation, operation))
        .collect()
}

fn figure(results: &Results, situation: &str, operation: Distribution) -> Option<Figure> {
    let curves: Vec<&Latency> = results
        .latencies
        .iter()
        .filter(|one| one.scenario == situation && one.distribution == operation)
        .collect();
    let shown = telling(results, &curves);
    let title = results.situations.iter().find(|one| one.name == situation);
    let title = title.map_or(situation, |one| one.title.as_str());
    let operation = match operation {
        Distribution::Reads => "reads",
        _ => "writes",
    };
    let names: Vec<String> = shown.iter().map(|one| told(one)).collect();
    Some(Figure {
        caption: format!("{title}: {operation}, by quantile, log scales"),
        key: "From the intended start: medians over the processes, and the worst of any. Green: the lowest p99.9; red: the highest; \
              yellow: the baseline; grey: the no-op control. The table has all.",
        description: format!("{operation}: {}", names.join("; ")),
        svg: draw(results, &shown)?,
    })
}

/// A curve in words.
fn told(curve: &Latency) -> String {
    let ends = [0.5, 0.999].map(|share| probes::duration(at(curve, share)));
    format!("{} p50 {}, p99.9 {}", curve.strategy, ends[0], ends[1])
}

/// The quantile at a share, or the next beyond it; the worst if there is none.
fn at(curve: &Latency, share: f64) -> f64 {
    let mut quantiles = curve.quantiles.iter();
    let found = quantiles
        .find(|one| one.share >= share)
        .or(curve.quantiles.last());
    found.map_or(f64::INFINITY, |one| one.ns)
}

/// The baseline, the no-op control, and the ends of the order by p99.9.
fn telling<'r>(results: &Results, curves: &[&'r Latency]) -> Vec<&'r Latency> {
    let is_reference =
        |one: &&&Latency| one.strategy == results.baseline || one.strategy == controls::NO_OP;
    let mut others: Vec<&Latency> = curves
        .iter()
        .filter(|one| results.contenders().any(|card| card.name == one.strategy))
        .filter(|one| !is_reference(one) && results.is_ranked(&one.strategy))
        .copied()
        .collect();
    others.sort_by(|a, b| at(a, 0.999).total_cmp(&at(b, 0.999)));
    let references = curves.iter().filter(is_reference).copied();
    let worst = others
        .len()
        .saturating_sub(WORST)
        .max(BEST.min(others.len()));
    references
        .chain(others[..BEST.min(others.len())].iter().copied())
        .chain(others[worst..].iter().copied())
        .collect()
}

/// The axes are decades: of rarity to the right, of time upwards.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(curves: &[&Latency]) -> Option<Self> {
        let ns = || {
            curves
                .iter()
                .flat_map(|one| &one.quantiles)
                .map(|one| one.ns)
        };
        let low = ns().reduce(f64::min)?.max(1.0).log10();
        let high = ns().reduce(f64::max)?.max(10.0).log10();
        Some(Self {
            low: low - 0.1,
            high: high + 0.1,
        })
    }

    fn x(share: f64) -> i32 {
        let rarity = if share < 1.0 {
            -(1.0 - share).log10()
        } else {
            WORST_AT
        };
        let left = 0.3;
        let part = (rarity - left) / (WORST_AT - left);
        LEFT + (part.clamp(0.0, 1.0) * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    }

    fn y(self, ns: f64) -> i32 {
        let part = (ns.max(1.0).log10() - self.low) / (self.high - self.low);
        HEIGHT - BOTTOM - (part.clamp(0.0, 1.0) * f64::from(HEIGHT - TOP - BOTTOM)).round() as i32
    }
}

fn draw(results: &Results, curves: &[&Latency]) -> Option<String> {
    let scale = Scale::of(curves)?;
    let ends = curves.iter().map(|one| scale.y(at(one, 1.0)));
    let names = apart(ends, TOP, HEIGHT - BOTTOM);
    let colors = colors(results, curves);
    let mut layers = Layers::of_height(HEIGHT);
    layers.shared(|paper| ground(paper, scale))?;
    for ((one, y), color) in curves.iter().zip(names).zip(colors) {
        layers.about(&one.strategy, |paper| curve(paper, scale, one, y, color))?;
    }
    Some(layers.finish())
}

fn colors(results: &Results, curves: &[&Latency]) -> Vec<RGBColor> {
    let worst = curves.len().saturating_sub(WORST);
    let color = |(index, one): (usize, &&Latency)| match one.strategy.as_str() {
        name if name == results.baseline => MARGIN,
        controls::NO_OP => FAINT,
        _ if index >= worst => BAD,
        _ => GOOD,
    };
    curves.iter().enumerate().map(color).collect()
}

fn ground<'s>(paper: &Paper<'s>, scale: Scale) -> Drawn<'s> {
    let (left, right, below) = (LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM);
    let decades = (scale.low.ceil() as i32)..=(scale.high.floor() as i32);
    for ns in decades.map(|decade| 10_f64.powi(decade)) {
        let y = scale.y(ns);
        stroke(paper, (left, y), (right, y), GRID, 1)?;
        let at = (left - 6, y);
        words(paper, &unit(ns), at, FAINT, (HPos::Right, VPos::Center))?;
    }
    let top = (HPos::Center, VPos::Top);
    for (share, name) in [
        (0.5, "p50"),
        (0.9, "p90"),
        (0.99, "p99"),
        (0.999, "p99.9"),
        (0.9999, "p99.99"),
        (1.0, "worst"),
    ] {
        let x = Scale::x(share);
        stroke(paper, (x, TOP), (x, below), GRID, 1)?;
        words(paper, name, (x, below + 5), FAINT, top)?;
    }
    Ok(())
}

/// A power of ten with the unit that suits it.
fn unit(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "us"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", format::count(value))
}

fn curve<'s>(
    paper: &Paper<'s>,
    scale: Scale,
    curve: &Latency,
    name_y: i32,
    color: RGBColor,
) -> Drawn<'s> {
    let path: Vec<Point> = curve
        .quantiles
        .iter()
        .map(|one| (Scale::x(one.share), scale.y(one.ns)))
        .collect();
    let Some(&last) = path.last() else {
        return Ok(());
    };
    paper.draw(&PathElement::new(path, color.stroke_width(2)))?;
    let name_x = WIDTH - RIGHT + 14;
    stroke(paper, (last.0 + 2, last.1), (name_x - 4, name_y), GRID, 1)?;
    let beside = (HPos::Left, VPos::Center);
    words(paper, &curve.strategy, (name_x, name_y), INK, beside)
}
