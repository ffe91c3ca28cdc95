//! Where the answer flips: the sweeps of a run, axis by axis, with their curves.

use std::collections::BTreeSet;

use minijinja::context;
use minijinja::value;
use model::scenario::{Axis, Scenario, Value};

use results::{Change, Flip, Machine, Map, Metric, Place, Ratio, Results};

use super::charts::{SweepLine, sweep_chart};
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
                draft.table(&format!("map-{number}-{index}"), |machine| {
                    winners(machine, map)
                })
            });
            draft
                .figures(&format!("curves-{number}"), |machine| {
                    Vec::from_iter(sweep.figure(machine))
                })
                .table(&format!("table-{number}"), |machine| sweep.table(machine))
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
    let mut sweeps: Vec<Sweep<'_>> = Vec::new();
    for scenario in machine.scenarios.iter().filter(|s| s.point.is_some()) {
        let name = scenario.family();
        for row in facts::timed_rows(machine, scenario) {
            let known = sweeps
                .iter_mut()
                .find(|sweep| sweep.name == name && sweep.metric == row.metric);
            match known {
                Some(sweep) => sweep.points.push(scenario),
                None => sweeps.push(Sweep {
                    name,
                    metric: row.metric,
                    points: vec![scenario],
                }),
            }
        }
    }
    sweeps
}

/// More lines than this are a tangle; the table has them all.
const LINES_MAX: usize = 8;

impl<'r> Sweep<'r> {
    /// The axes, in the file's order.
    fn axes(&self) -> Vec<Axis> {
        let first = self.points.first().and_then(|first| first.point.as_ref());
        let coordinates = first.iter().flat_map(|point| &point.coordinates);
        coordinates.map(|at| at.axis).collect()
    }

    /// The axis, of a sweep that has a single one.
    fn axis(&self) -> Option<Axis> {
        match self.axes()[..] {
            [axis] => Some(axis),
            _ => None,
        }
    }

    fn row(&self, point: &'r Scenario) -> facts::Row<'r> {
        let metric = self.metric;
        facts::Row {
            scenario: point,
            metric,
        }
    }

    fn ratios(&self, machine: &'r Machine, strategy: &str) -> Vec<Option<&'r Ratio>> {
        let points = self.points.iter();
        points
            .map(|point| self.row(point).ratio(machine, strategy))
            .collect()
    }

    /// The contenders that were compared somewhere, as far as they may win.
    fn strategies(&self, machine: &'r Machine) -> impl Iterator<Item = &'r str> {
        let contenders = machine.contenders().map(|card| card.name.as_str());
        contenders.filter(move |name| {
            let is_compared = || self.ratios(machine, name).iter().any(Option::is_some);
            machine.is_ranked(name) && is_compared()
        })
    }

    fn flips(&self, machine: &'r Machine) -> impl Iterator<Item = &'r Flip> {
        let flips = machine.flips.iter();
        flips.filter(move |flip| flip.sweep == self.name && flip.metric == self.metric)
    }

    fn maps(&self, machine: &'r Machine) -> impl Iterator<Item = &'r Map> {
        let maps = machine.maps.iter();
        maps.filter(move |map| map.sweep == self.name && map.metric == self.metric)
    }

    /// What the words of a sweep are about: who leads first, then each strategy against the margin, those together that
    /// never flip.
    fn facts(&self, machine: &'r Machine) -> value::Value {
        let first = self.points.first();
        let axes = self.axes();
        // The title without the coordinates of a point.
        let title = first.map_or("", |first| &first.title);
        let end = axes
            .first()
            .and_then(|axis| title.find(&format!(", {} ", axis.words())));
        let title = &title[..end.unwrap_or(title.len())];
        let is_single = axes.len() == 1;
        let flips = || self.flips(machine).filter(|_| is_single);
        let leads = flips().filter(|flip| matches!(flip.change, Change::OvertakenBy(_)));
        let crossings = flips().filter(|flip| {
            let change = &flip.change;
            matches!(change, Change::FallsBelowMargin | Change::RisesAboveMargin)
        });
        let steady = |change: Change| -> Vec<String> {
            let steady = flips().filter(|flip| flip.change == change);
            let name = |flip: &Flip| {
                let share = format::percent(flip.share);
                format!("`{}` ({share} of resamples)", flip.strategy)
            };
            steady.map(name).collect()
        };
        let maps = self.maps(machine);
        context! {
            name => self.name,
            title => format!("{title}: cost per {}", format::operation(self.metric)),
            question => first.map_or("", |first| &first.question),
            axis => self.axis().map(Axis::words),
            flips => leads.chain(crossings).map(crossing).collect::<Vec<_>>(),
            always => steady(Change::AlwaysAboveMargin),
            never => steady(Change::NeverAboveMargin),
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

    /// The curves along a single axis; `None` if there is nothing to draw. Of many strategies those that lead somewhere, then
    /// those that flip, then the best.
    fn figure(&self, machine: &'r Machine) -> Option<Figure> {
        let axis = self.axis()?;
        let strategies = self.strategies(machine);
        let mut lines: Vec<SweepLine<'_>> = strategies
            .map(|name| SweepLine {
                name,
                ratios: self.ratios(machine, name),
            })
            .collect();
        let (mut leading, mut flipping) = (BTreeSet::new(), BTreeSet::new());
        for flip in self.flips(machine) {
            match &flip.change {
                Change::OvertakenBy(winner) => leading.extend([flip.strategy.as_str(), winner]),
                Change::FallsBelowMargin | Change::RisesAboveMargin => {
                    flipping.insert(flip.strategy.as_str());
                }
                Change::AlwaysAboveMargin | Change::NeverAboveMargin => {}
            }
        }
        let mean = |line: &SweepLine<'_>| {
            let ratios = line.ratios.iter().flatten();
            let logs: Vec<f64> = ratios.map(|ratio| ratio.median.ln()).collect();
            logs.iter().sum::<f64>() / logs.len().max(1) as f64
        };
        let rank = |line: &SweepLine<'_>| {
            let (leads, flips) = (leading.contains(line.name), flipping.contains(line.name));
            (!leads, !leads && !flips)
        };
        lines.sort_by(|a, b| rank(a).cmp(&rank(b)).then(mean(b).total_cmp(&mean(a))));
        lines.truncate(LINES_MAX);
        let names: Vec<String> = self.points.iter().map(|point| tick(point)).collect();
        if lines.is_empty() || names.len() < 2 {
            return None;
        }
        let drawn: Vec<String> = lines.iter().map(|line| line.name.to_owned()).collect();
        Some(Figure {
            description: format!(
                "{} at {} points of {}: {}",
                format::counted(lines.len(), "strategy", "strategies"),
                names.len(),
                axis.words(),
                format::list(&drawn)
            ),
            svg: sweep_chart(&lines, &names, axis.words(), machine.margin)?,
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
    let (change, winner) = match &flip.change {
        Change::FallsBelowMargin => ("falls", None),
        Change::RisesAboveMargin => ("rises", None),
        Change::OvertakenBy(winner) => ("overtaken", Some(winner)),
        Change::AlwaysAboveMargin | Change::NeverAboveMargin => ("none", None),
    };
    let axis = match flip.axis {
        Axis::Record => "record size in bytes",
        other => other.words(),
    };
    context! {
        change => change,
        winner => winner,
        axis => axis,
        strategy => flip.strategy.as_str(),
        at => flip.at,
        low => flip.ci_low,
        high => flip.ci_high,
        share => flip.share,
    }
}

/// Which strategy is the fastest where.
fn winners(machine: &Machine, map: &Map) -> Table {
    let mut columns: Vec<&Value> = Vec::new();
    let mut rows: Vec<&Value> = Vec::new();
    for place in &map.places {
        if !columns.contains(&&place.column) {
            columns.push(&place.column);
        }
        if !rows.contains(&&place.row) {
            rows.push(&place.row);
        }
    }
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
