//! Two costs against each other, as inline SVG.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::curves::apart;
use super::layers::{Drawn, Layers, Paper, Point, stroke, words};
use super::palette::{FAINT, GOOD, GRID, INK, MARGIN, OPEN, WIDTH};
use super::pareto::Cost;

const HEIGHT: i32 = 340;
const LEFT: i32 = 80;
const RIGHT: i32 = 205;
const TOP: i32 = 14;
const BOTTOM: i32 = 46;

/// A strategy's place.
pub(super) struct Spot<'r> {
    pub(super) name: &'r str,
    pub(super) at: (f64, f64),
    pub(super) on_frontier: bool,
}

/// Decades of both costs.
struct Scale {
    x: (f64, f64),
    y: (f64, f64),
}

impl Scale {
    fn of(spots: &[Spot<'_>]) -> Option<Self> {
        let range = |cost: fn(&Spot<'_>) -> f64| {
            let logs = || spots.iter().map(|spot| cost(spot).log10());
            let (low, high) = (logs().reduce(f64::min)?, logs().reduce(f64::max)?);
            Some((low - 0.08, high + 0.08))
        };
        Some(Self {
            x: range(|spot| spot.at.0)?,
            y: range(|spot| spot.at.1)?,
        })
    }

    fn place(&self, (x, y): (f64, f64)) -> Point {
        (self.x(x), self.y(y))
    }

    fn x(&self, cost: f64) -> i32 {
        let part = (cost.log10() - self.x.0) / (self.x.1 - self.x.0);
        LEFT + (part * f64::from(WIDTH - LEFT - RIGHT)).round() as i32
    }

    fn y(&self, cost: f64) -> i32 {
        let part = (cost.log10() - self.y.0) / (self.y.1 - self.y.0);
        HEIGHT - BOTTOM - (part * f64::from(HEIGHT - TOP - BOTTOM)).round() as i32
    }
}

/// Round numbers of a range of decades: 1, 2 and 5 of each, fewer if they would not fit.
fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let steps: &[f64] = if high - low > 2.2 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    (-2..=9)
        .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
        .filter(|tick| (low..=high).contains(&tick.log10()))
        .collect()
}

/// The plot; nothing if there are not two strategies to set against each other.
pub(super) fn draw(spots: &[Spot<'_>], baseline: &str, x: &Cost, y: &Cost) -> Option<String> {
    if spots.len() < 2 {
        return None;
    }
    let scale = Scale::of(spots)?;
    let mut layers = Layers::of_height(HEIGHT);
    layers.shared(|paper| {
        ground(paper, &scale, x, y)?;
        frontier(paper, &scale, spots)
    })?;
    for (spot, name_y) in spots.iter().zip(names(&scale, spots, baseline)) {
        let is_baseline = spot.name == baseline;
        layers.about(spot.name, |paper| {
            mark(paper, scale.place(spot.at), spot.on_frontier, is_baseline)?;
            name_y.map_or(Ok(()), |name_y| name(paper, &scale, spot, name_y))
        })?;
    }
    Some(layers.finish())
}

fn ground<'s>(paper: &Paper<'s>, scale: &Scale, x: &Cost, y: &Cost) -> Drawn<'s> {
    let (right, below) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for tick in ticks(scale.x) {
        let at = scale.x(tick);
        stroke(paper, (at, TOP), (at, below), GRID, 1)?;
        let top = (HPos::Center, VPos::Top);
        words(paper, &x.words(tick), (at, below + 5), FAINT, top)?;
    }
    for tick in ticks(scale.y) {
        let at = scale.y(tick);
        stroke(paper, (LEFT, at), (right, at), GRID, 1)?;
        let beside = (HPos::Right, VPos::Center);
        words(paper, &y.words(tick), (LEFT - 6, at), FAINT, beside)?;
    }
    let middle = (i32::midpoint(LEFT, right), below + 24);
    words(paper, &x.title, middle, FAINT, (HPos::Center, VPos::Top))
}

/// Steps from one to the next: whoever lies above and right of them is beaten.
fn frontier<'s>(paper: &Paper<'s>, scale: &Scale, spots: &[Spot<'_>]) -> Drawn<'s> {
    let mut places: Vec<Point> = spots
        .iter()
        .filter(|spot| spot.on_frontier)
        .map(|spot| scale.place(spot.at))
        .collect();
    places.sort_unstable();
    let mut path = Vec::new();
    for &(x, y) in &places {
        path.extend(path.last().map(|&(_, before): &Point| (x, before)));
        path.push((x, y));
    }
    paper.draw(&PathElement::new(path, GOOD.stroke_width(1)))
}

fn mark<'s>(paper: &Paper<'s>, (x, y): Point, on_frontier: bool, is_baseline: bool) -> Drawn<'s> {
    if is_baseline {
        let corners = [(x - 5, y - 5), (x + 5, y + 5)];
        paper.draw(&Rectangle::new(corners, MARGIN.filled()))
    } else if on_frontier {
        paper.draw(&Circle::new((x, y), 5, GOOD.filled()))
    } else {
        paper.draw(&Circle::new((x, y), 4, OPEN.stroke_width(2)))
    }
}

/// The heights of the names: of the frontier and the baseline; the table has all.
fn names(scale: &Scale, spots: &[Spot<'_>], baseline: &str) -> Vec<Option<i32>> {
    let is_named = |spot: &Spot<'_>| spot.on_frontier || spot.name == baseline;
    let named = spots.iter().filter(|spot| is_named(spot));
    let heights = apart(named.map(|spot| scale.y(spot.at.1)), TOP, HEIGHT - BOTTOM);
    let mut heights = heights.into_iter();
    let height = |spot| is_named(spot).then(|| heights.next()).flatten();
    spots.iter().map(height).collect()
}

fn name<'s>(paper: &Paper<'s>, scale: &Scale, spot: &Spot<'_>, name_y: i32) -> Drawn<'s> {
    let (x, y) = scale.place(spot.at);
    let name_x = WIDTH - RIGHT + 14;
    stroke(paper, (x + 7, y), (name_x - 4, name_y), GRID, 1)?;
    let beside = (HPos::Left, VPos::Center);
    words(paper, spot.name, (name_x, name_y), INK, beside)
}
