//! Where the answer flips: the sweeps of a run, axis by axis, with their curves.

use model::scenario::{Axis, Scenario, Value as Coordinate};

use results::{Change, Flip, Machine, Metric, Place, Ratio, Results};

use super::charts::{BOTTOM, Curve, LEFT_END, Point, RIGHT_END, Scale, TOP, chart};
use super::facts::{self, Serde, Value, context, grouped, list};
use super::view::{Figure, Section};
use super::{draft, format};

pub(super) fn section(results: &Results) -> Section {
    draft::each("flips", results, |draft, machine| {
        let sweeps = sweeps(machine);
        let facts = list(&sweeps, |sweep| sweep.facts(machine));
        let numbered = sweeps.iter().enumerate();
        numbered.fold(draft.fact("sweeps", facts), |draft, (number, sweep)| {
            draft.figures(format!("curves-{number}"), |machine| sweep.figure(machine))
        })
    })
}

/// A sweep, by the metric that it times.
struct Sweep<'r> {
    name: &'r str,
    metric: Metric,
    points: Vec<&'r Scenario>,
    /// The contenders that were compared somewhere, as far as they may win, with their ratio at each point.
    strategies: Vec<(&'r str, Vec<Option<&'r Ratio>>)>,
}

/// The sweeps of a run with what they time, in order.
fn sweeps(machine: &Machine) -> Vec<Sweep<'_>> {
    let points = machine.scenarios.iter().filter(|it| it.point.is_some());
    let rows = points.flat_map(|point| facts::timed_rows(machine, point));
    let sweeps = grouped(rows.map(|row| ((row.scenario.family(), row.metric), row)));
    let sweeps = sweeps.into_iter().map(|((name, metric), rows)| {
        let strategies = facts::ranked(machine).map(|name| {
            let ratios = rows.iter().map(|row| row.ratio(machine, name));
            (name, ratios.collect::<Vec<_>>())
        });
        let is_compared = |(_, ratios): &(_, Vec<_>)| ratios.iter().any(Option::is_some);
        Sweep {
            name,
            metric,
            points: rows.iter().map(|row| row.scenario).collect(),
            strategies: strategies.filter(is_compared).collect(),
        }
    });
    sweeps.collect()
}

/// The curves along a sweep, if it was part of the run and has a single axis.
pub(super) fn along(machine: &Machine, sweep: &str) -> Option<Figure> {
    let sweeps = sweeps(machine);
    let mut figures = sweeps.iter().filter(|candidate| candidate.name == sweep);
    figures.find_map(|sweep| sweep.figure(machine))
}

/// More lines than this are a tangle; the table has them all.
const LINES_MAX: usize = 8;

impl<'r> Sweep<'r> {
    /// The axis, of a sweep that has a single one.
    fn axis(&self) -> Option<Axis> {
        match &self.points[0].point.as_ref()?.coordinates[..] {
            [coordinate] => Some(coordinate.axis),
            _ => None,
        }
    }

    fn flips(&self, machine: &'r Machine) -> impl Iterator<Item = &'r Flip> {
        let flips = machine.flips.iter();
        flips.filter(|flip| flip.sweep == self.name && flip.metric == self.metric)
    }

    /// What the words and the tables of a sweep are about.
    fn facts(&self, machine: &'r Machine) -> Value {
        let first = self.points[0];
        // The title without the coordinates of a point.
        let coordinates = first.point.iter().flat_map(|point| &point.coordinates);
        let mut axes = coordinates.map(|at| format!(", {} ", at.axis.words()));
        let end = axes.next().and_then(|axis| first.title.find(&axis));
        let title = &first.title[..end.unwrap_or(first.title.len())];
        let metric = self.metric;
        let rows = self.points.iter();
        let rows = rows.map(|&scenario| facts::Row { scenario, metric });
        let rows: Vec<_> = rows.collect();
        let maps = machine.maps.iter();
        let maps = maps.filter(|map| map.sweep == self.name && map.metric == metric);
        let flips = self.flips(machine).filter(|_| self.axis().is_some());
        context! {
            name => self.name,
            title => format!("{title}: cost per {}", format::operation(metric)),
            question => first.question.as_str(),
            axis => self.axis().map(Axis::words),
            flips => list(flips, crossing),
            left_out => self.strategies.len().saturating_sub(LINES_MAX),
            points => list(&self.points, |point| {
                context! { point => Serde(&point.point), threads => point.threads() }
            }),
            strategies => list(&self.strategies, |(name, _)| {
                context! { name => *name, figures => facts::figures(machine, &rows, name) }
            }),
            maps => list(maps, |map| {
                let places = list(&map.places, |place| won(machine, place, map.metric));
                context! { places, ..Value::from(Serde(map)) }
            }),
        }
    }

    /// The strategies that are drawn, with their ratios: first those that a sentence names,
    /// the best first.
    fn drawn(&self, machine: &'r Machine) -> Vec<&(&'r str, Vec<Option<&'r Ratio>>)> {
        let is_told = |name: &str| {
            let mut flips = self.flips(machine).filter(|flip| flip.at.is_some());
            let winner = Change::OvertakenBy(name.to_owned());
            flips.any(|flip| flip.strategy == name || flip.change == winner)
        };
        let mut lines: Vec<_> = self.strategies.iter().collect();
        lines.sort_by(|(a, of_a), (b, of_b)| {
            let by_mean = facts::mean_ln(of_b).total_cmp(&facts::mean_ln(of_a));
            is_told(b).cmp(&is_told(a)).then(by_mean)
        });
        lines.truncate(LINES_MAX);
        lines
    }

    /// The curves along a single axis, with their intervals; `None` if there is nothing to draw.
    fn figure(&self, machine: &'r Machine) -> Option<Figure> {
        let title = self.axis()?.words();
        let lines = self.drawn(machine);
        let count = self.points.len();
        if lines.is_empty() || count < 2 {
            return None;
        }
        let ratios = lines.iter().flat_map(|(_, ratios)| ratios);
        let ratios = ratios.flatten().copied();
        let axis = Scale::over_ratios(ratios, machine.margin, [BOTTOM, TOP])?;
        // Points stand at equal distances: their values are written below them.
        let x_of = |point: usize| {
            let share = (point as f64 + 0.5) / count as f64;
            LEFT_END + (share * f64::from(RIGHT_END - LEFT_END)).round() as i32
        };
        let columns = self.points.iter().enumerate();
        let facts = context! {
            columns => list(columns, |(at, point)| Serde((x_of(at), tick(point)))),
            rows => axis.labels(18.0, |tick| format!("{tick}x")),
            title,
            at_one => axis.at(1.0),
            at_margin => axis.at(machine.margin),
            margin => machine.margin,
        };
        let curves = lines.iter().map(|(name, ratios)| {
            let marks = ratios.iter().enumerate();
            let marks = marks.filter_map(|(point, ratio)| Some((x_of(point), (*ratio)?)));
            let marks: Vec<(i32, &Ratio)> = marks.collect();
            let path = marks.iter().map(|(x, ratio)| (*x, axis.at(ratio.median)));
            let path: Vec<Point> = path.collect();
            let marks = list(marks, |(x, ratio)| {
                let ends = [ratio.ci_low, ratio.median, ratio.ci_high];
                let [low, y, high] = ends.map(|end| axis.at(end));
                let is_below = axis.is_below(ratio.median);
                context! { x, y, low, high, is_below, verdict => Serde(ratio.verdict) }
            });
            Curve {
                strategy: name,
                name,
                path,
                facts: context! { marks },
            }
        });
        let names: Vec<String> = lines.iter().map(|(name, _)| (*name).to_owned()).collect();
        let strategies = format::counted(names.len(), "strategy", Some("strategies"));
        let names = format::list(&names);
        let description = format!("{strategies} at {count} points of {title}: {names}");
        Some(chart("sweep", description, curves, facts))
    }
}

/// The value of a point on its last axis.
fn tick(point: &Scenario) -> String {
    let mut coordinates = point.point.iter().flat_map(|point| &point.coordinates);
    match coordinates.next_back().map(|at| &at.value) {
        Some(Coordinate::Number(number)) => format::count(*number),
        Some(Coordinate::Word(word)) => word.clone(),
        None => String::new(),
    }
}

/// The facts that `templates/sections/flip.md.j2` words.
pub(super) fn crossing(flip: &Flip) -> Value {
    let words = match flip.axis {
        Axis::Record => "record size in bytes",
        other => other.words(),
    };
    context! { words, ..Value::from(Serde(flip)) }
}

/// A point of a map, with the winner's ratio; of one without a winner, whether that is open.
fn won(machine: &Machine, place: &Place, metric: Metric) -> Value {
    let ratio = |strategy: &str| {
        let cell = machine.cell(&place.scenario, strategy, metric)?;
        cell.ratio.as_ref()
    };
    let mut ratios = machine.contenders().filter_map(|card| ratio(&card.name));
    context! {
        ratio => Serde(place.winner.as_deref().and_then(ratio)),
        is_open => ratios.any(|ratio| ratio.is_open(machine.margin)),
        ..Value::from(Serde(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_is_told_with_its_interval() {
        let sentence = |change: Change, [low, high]: [Option<f64>; 2]| {
            let flip = Flip {
                sweep: "sweep-section".into(),
                axis: Axis::SectionNs,
                metric: Metric::ReadNs,
                strategy: "a/b".into(),
                change,
                at: Some(2_100.0),
                ci_low: low,
                ci_high: high,
                share: 0.98,
            };
            let context = context! { flip => crossing(&flip) };
            super::super::render::render_value("sections/flip.md", context)
        };
        let falls = sentence(Change::FallsBelowMargin, [Some(1_900.0), Some(2_430.0)]);
        assert_eq!(
            falls.trim(),
            "`a/b` gains less than the margin from time inside the read section in ns = 2,100 \
             [1,900, 2,430] on, in 98 % of resamples."
        );
        let overtaken = sentence(Change::OvertakenBy("c/d".into()), [Some(1_900.0), None]);
        assert_eq!(
            overtaken.trim(),
            "`c/d` overtakes `a/b` at time inside the read section in ns = 2,100 [1,900, beyond], in \
             98 % of resamples."
        );
        let rises = sentence(Change::RisesAboveMargin, [None, None]);
        assert!(rises.contains("do not say where"), "{rises}");
    }
}
