//! Where the answer flips: the sweeps of a run, axis by axis, with their curves.

use minijinja::context;
use minijinja::value::{self, Serde};
use model::scenario::{Axis, Scenario, Value};

use results::{Change, Flip, Machine, Map, Metric, Place, Ratio, Results};

use super::charts::canvas::{ABOVE, Canvas, FAINT, INK, MARGIN, Paint, Point};
use super::charts::{BOTTOM, Curve, LEFT_END, Labels, RATIO_MIN, RIGHT_END, Scale, TOP, colour_of};
use super::collect::{grouped, unique};
use super::draft;
use super::view::{self, Cell, Column, Figure, Group, Section, Table, Tone};
use super::{facts, format};

pub(super) fn section(results: &Results) -> Section {
    draft::each("flips", results, |draft, machine| {
        let sweeps = sweeps(machine);
        let facts: Vec<_> = sweeps.iter().map(|sweep| sweep.facts(machine)).collect();
        let draft = draft
            .fact("margin_times", format!("{:.2}", machine.margin))
            .fact("sweeps", facts);
        let numbered = sweeps.iter().enumerate();
        numbered.fold(draft, |draft, (number, sweep)| {
            let maps = sweep.maps(machine).enumerate();
            let draft = maps.fold(draft, |draft, (index, map)| {
                draft.table(format!("map-{number}-{index}"), |machine| {
                    winners(machine, map)
                })
            });
            draft
                .figures(format!("curves-{number}"), |machine| {
                    Vec::from_iter(sweep.figure(machine))
                })
                .table(format!("table-{number}"), |machine| sweep.table(machine))
        })
    })
}

/// A sweep, by the metric that it times.
pub(super) struct Sweep<'r> {
    name: &'r str,
    metric: Metric,
    points: Vec<&'r Scenario>,
}

/// The sweeps of a run with what they time, in order.
pub(super) fn sweeps(machine: &Machine) -> Vec<Sweep<'_>> {
    let points = machine.scenarios.iter().filter(|one| one.point.is_some());
    let rows = points.flat_map(|point| facts::timed_rows(machine, point));
    let sweeps = grouped(rows.map(|row| ((row.scenario.family(), row.metric), row.scenario)));
    let sweep = |((name, metric), points)| Sweep {
        name,
        metric,
        points,
    };
    sweeps.into_iter().map(sweep).collect()
}

/// More lines than this are a tangle; the table has them all.
const LINES_MAX: usize = 8;
/// No axis of ratios reaches higher.
const RATIO_MAX: f64 = 1e6;

impl<'r> Sweep<'r> {
    /// The axes, in the file's order.
    fn axes(&self) -> Vec<Axis> {
        let coordinates = self.points[0].point.iter();
        let coordinates = coordinates.flat_map(|point| &point.coordinates);
        coordinates.map(|at| at.axis).collect()
    }

    /// The axis, of a sweep that has a single one.
    fn axis(&self) -> Option<Axis> {
        match self.axes()[..] {
            [axis] => Some(axis),
            _ => None,
        }
    }

    fn row(&self, scenario: &'r Scenario) -> facts::Row<'r> {
        let metric = self.metric;
        facts::Row { scenario, metric }
    }

    fn ratios(&self, machine: &'r Machine, strategy: &str) -> Vec<Option<&'r Ratio>> {
        let points = self.points.iter();
        points
            .map(|point| self.row(point).ratio(machine, strategy))
            .collect()
    }

    /// The contenders that were compared somewhere, as far as they may win.
    fn strategies(&self, machine: &'r Machine) -> impl Iterator<Item = &'r str> {
        facts::ranked(machine)
            .filter(move |name| self.ratios(machine, name).iter().any(Option::is_some))
    }

    fn flips(&self, machine: &'r Machine) -> impl Iterator<Item = &'r Flip> {
        let flips = machine.flips.iter();
        flips.filter(move |flip| flip.sweep == self.name && flip.metric == self.metric)
    }

    fn maps(&self, machine: &'r Machine) -> impl Iterator<Item = &'r Map> {
        let maps = machine.maps.iter();
        maps.filter(move |map| map.sweep == self.name && map.metric == self.metric)
    }

    /// What the words of a sweep are about.
    fn facts(&self, machine: &'r Machine) -> value::Value {
        let first = self.points[0];
        let axes = self.axes();
        // The title without the coordinates of a point.
        let end = axes.first().and_then(|axis| {
            let coordinate = format!(", {} ", axis.words());
            first.title.find(&coordinate)
        });
        let title = &first.title[..end.unwrap_or(first.title.len())];
        let flips = self.flips(machine).filter(|_| axes.len() == 1);
        let maps = self.maps(machine);
        context! {
            name => self.name,
            title => format!("{title}: cost per {}", format::operation(self.metric)),
            question => first.question.as_str(),
            axis => self.axis().map(Axis::words),
            flips => flips.map(crossing).collect::<Vec<_>>(),
            left_out => self.strategies(machine).count().saturating_sub(LINES_MAX),
            maps => maps.map(|map| format!("{} \\ {}", map.rows, map.columns)).collect::<Vec<_>>(),
        }
    }

    /// Every ratio: a row for each strategy, a column for each point.
    fn table(&self, machine: &'r Machine) -> Table {
        let cpus = machine.environment.cpus;
        let columns = self
            .points
            .iter()
            .map(|point| Column::new(coordinates(point), facts::threads_note(point, cpus)));
        let rows = self.strategies(machine).map(|name| {
            let points = self.points.iter();
            let cells = points.map(|point| facts::ratio_cell(machine, self.row(point), name));
            view::Row::named(name, cells.collect())
        });
        Table::of([Group::new("", rows)]).columns(columns)
    }

    /// The strategies that are drawn, with their ratios: those that lead somewhere, then those that flip, then the best.
    fn drawn(&self, machine: &'r Machine) -> Vec<(&'r str, Vec<Option<&'r Ratio>>)> {
        let (mut leading, mut flipping) = (Vec::new(), Vec::new());
        for flip in self.flips(machine) {
            match &flip.change {
                Change::OvertakenBy(winner) => leading.extend([flip.strategy.as_str(), winner]),
                Change::FallsBelowMargin | Change::RisesAboveMargin => {
                    flipping.push(flip.strategy.as_str());
                }
                Change::AlwaysAboveMargin | Change::NeverAboveMargin => {}
            }
        }
        let rank = |name: &str| match () {
            () if leading.contains(&name) => 0,
            () if flipping.contains(&name) => 1,
            () => 2,
        };
        let strategies = self.strategies(machine);
        let mut lines: Vec<_> = strategies
            .map(|name| (name, self.ratios(machine, name)))
            .collect();
        let mean = |ratios: &[Option<&Ratio>]| {
            let logs = ratios.iter().flatten().map(|ratio| ratio.median.ln());
            logs.sum::<f64>() / ratios.iter().flatten().count().max(1) as f64
        };
        lines.sort_by(|a, b| {
            rank(a.0)
                .cmp(&rank(b.0))
                .then(mean(&b.1).total_cmp(&mean(&a.1)))
        });
        lines.truncate(LINES_MAX);
        lines
    }

    /// The curves along a single axis, with their intervals; `None` if there is nothing to draw.
    fn figure(&self, machine: &'r Machine) -> Option<Figure> {
        let title = self.axis()?.words();
        let lines = self.drawn(machine);
        let points = self.points.len();
        if lines.is_empty() || points < 2 {
            return None;
        }
        let ratios = lines.iter().flat_map(|(_, ratios)| ratios.iter().flatten());
        let bounds = ratios.flat_map(|ratio| [ratio.ci_low, ratio.ci_high]);
        let values = bounds.chain([1.0, machine.margin]);
        let values = values.map(|value| value.clamp(RATIO_MIN, RATIO_MAX));
        let axis = Scale::over(values, 1.15, [BOTTOM, TOP])?;
        // Points stand at equal distances: their values are written below them.
        let x_of = |point: usize| {
            let share = (point as f64 + 0.5) / points as f64;
            LEFT_END + (share * f64::from(RIGHT_END - LEFT_END)).round() as i32
        };
        let columns = self.points.iter().enumerate();
        let columns: Labels = columns.map(|(at, point)| (x_of(at), tick(point))).collect();
        let mut canvas = Canvas::default();
        canvas.grid(
            &columns,
            &axis.labels(18.0, |tick| format!("{tick}x")),
            title,
        );
        let (one, edge) = (axis.at(1.0), axis.at(machine.margin));
        canvas.line((LEFT_END, one), (RIGHT_END, one), Paint::Outline(INK, 1));
        canvas.line((LEFT_END, edge), (RIGHT_END, edge), Paint::Dashed(MARGIN));
        let label = format!("margin {:.2}", machine.margin);
        canvas.text(&label, (LEFT_END + 38, edge - 3), ABOVE, MARGIN);
        let marks: Vec<Vec<(Point, &Ratio)>> = lines
            .iter()
            .map(|(_, ratios)| {
                let places = ratios.iter().copied().enumerate();
                let mark = |(point, ratio): (usize, Option<&'r Ratio>)| {
                    let ratio = ratio?;
                    Some(((x_of(point), axis.at(ratio.median)), ratio))
                };
                places.filter_map(mark).collect()
            })
            .collect();
        let curves = lines.iter().zip(&marks).map(|((name, _), marks)| Curve {
            strategy: name,
            name,
            path: marks.iter().map(|&(at, _)| at).collect(),
            paint: Paint::Outline(FAINT, 1),
        });
        canvas.curves(&curves.collect::<Vec<_>>(), |canvas, index| {
            for &(at, ratio) in &marks[index] {
                let [low, high] = [ratio.ci_low, ratio.ci_high].map(|bound| axis.at(bound));
                let paint = Paint::Outline(colour_of(ratio.verdict), 2);
                canvas.line((at.0, low), (at.0, high), paint);
                canvas.verdict(at, 3, ratio.verdict);
            }
        });
        let names: Vec<String> = lines.iter().map(|(name, _)| (*name).to_owned()).collect();
        let strategies = format::counted(names.len(), "strategy", "strategies");
        let names = format::list(&names);
        Some(Figure {
            description: format!("{strategies} at {points} points of {title}: {names}"),
            svg: canvas.chart(),
            ..Figure::default()
        })
    }
}

/// `writes = 0.05, record = padded-1KiB`.
fn coordinates(point: &Scenario) -> String {
    let coordinates = point.point.iter().flat_map(|point| &point.coordinates);
    let texts = coordinates.map(|at| format!("{} = {}", at.axis, value_text(&at.value)));
    texts.collect::<Vec<_>>().join(", ")
}

/// The value of a point on its last axis.
fn tick(point: &Scenario) -> String {
    let coordinates = point.point.iter().flat_map(|point| &point.coordinates);
    coordinates
        .last()
        .map_or_else(String::new, |at| value_text(&at.value))
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Number(number) => format::count(*number),
        Value::Word(word) => word.clone(),
    }
}

/// The facts that `templates/sections/flip.md.j2` words.
pub(super) fn crossing(flip: &Flip) -> value::Value {
    let axis = match flip.axis {
        Axis::Record => "record size in bytes",
        other => other.words(),
    };
    context! { words => axis, ..value::Value::from(Serde(flip)) }
}

/// Which strategy is the fastest where.
fn winners(machine: &Machine, map: &Map) -> Table {
    let columns = unique(map.places.iter().map(|place| &place.column));
    let rows = unique(map.places.iter().map(|place| &place.row));
    let rows = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| {
            let mut places = map.places.iter();
            let place = places.find(|place| place.row == **row && place.column == **column);
            place.map_or_else(
                || Cell::absent("not measured"),
                |place| winner(machine, map, place),
            )
        });
        view::Row::new(value_text(row), cells.collect())
    });
    let titles = columns.iter().map(|column| value_text(column));
    Table::of([Group::new("", rows)]).columns(Column::titled(titles))
}

fn winner(machine: &Machine, map: &Map, place: &Place) -> Cell {
    let ratio = |strategy: &str| {
        let cell = machine.cell(&place.scenario, strategy, map.metric);
        cell.and_then(|cell| cell.ratio.as_ref())
    };
    let Some(winner) = &place.winner else {
        let mut ratios = machine.contenders().filter_map(|card| ratio(&card.name));
        return if ratios.any(|ratio| ratio.is_open(machine.margin)) {
            Cell::text("none for certain").judged("undecided", Tone::Open)
        } else {
            let stay = format!("none: stay with {}", machine.baseline);
            Cell::text(stay).judged("no improvement", Tone::Bad)
        };
    };
    let mut detail = ratio(winner).map_or_else(String::new, format::ratio);
    if !place.as_good.is_empty() {
        detail.push_str(&format!("; as good: {}", format::list(&place.as_good)));
    }
    Cell::text(winner).detail(detail).judged("", Tone::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_is_told_with_its_interval() {
        let told = |change: Change, [low, high]: [Option<f64>; 2]| {
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
        let falls = told(Change::FallsBelowMargin, [Some(1_900.0), Some(2_430.0)]);
        assert_eq!(
            falls.trim(),
            "`a/b` falls below the margin at time inside the read section in ns = 2,100 \
             [1,900, 2,430], in 98 % of resamples."
        );
        let overtaken = told(Change::OvertakenBy("c/d".into()), [Some(1_900.0), None]);
        assert_eq!(
            overtaken.trim(),
            "`c/d` overtakes `a/b` at time inside the read section in ns = 2,100 [1,900, beyond], in \
             98 % of resamples."
        );
        let rises = told(Change::RisesAboveMargin, [None, None]);
        assert!(rises.contains("do not say where"), "{rises}");
    }
}
