//! Where the answer flips: the sweeps of a run, axis by axis.

use model::scenario::{self, Axis, Scenario};

use minijinja::context;
use minijinja::value::Value;

use crate::results::{Change, Flip, Machine, Map, Metric, Place, Ratio, Results};

use super::draft::{self, Draft};
use super::view::{self, Cell, Column, Group, Section, Table, Tone};
use super::{curves, facts, format};

pub(super) fn section(results: &Results) -> Section {
    let mut known: Vec<Sweep<'_>> = Vec::new();
    for sweep in results.machines.iter().flat_map(sweeps) {
        if !known
            .iter()
            .any(|one| one.name == sweep.name && one.metric == sweep.metric)
        {
            known.push(sweep);
        }
    }
    let mut draft = Draft::new("flips", results);
    let mut told: Vec<Value> = Vec::new();
    for (number, sweep) in known.iter().enumerate() {
        let is_it = |one: &Sweep<'_>| one.name == sweep.name && one.metric == sweep.metric;
        let on = |machine| sweeps(machine).into_iter().find(is_it);
        let each = results.machines.iter().filter_map(|machine| {
            let flips = on(machine)?.flips(machine);
            Some(context! { on => draft::on(results, machine), ..flips })
        });
        told.push(context! {
            name => sweep.name,
            title => sweep.title(),
            question => sweep.points.first().map(|point| point.question.as_str()),
            axes => sweep.axes().iter().map(ToString::to_string).collect::<Vec<_>>(),
            machines => each.collect::<Vec<_>>(),
        });
        draft = draft
            .figures(&format!("curves-{number}"), |machine| {
                let sweep = on(machine).filter(|sweep| sweep.axes().len() == 1);
                Vec::from_iter(sweep.and_then(|sweep| curves::figure(machine, &sweep)))
            })
            .table(&format!("map-{number}"), |machine| {
                let mut maps = machine.maps.iter();
                let map = maps.find(|map| map.sweep == sweep.name && map.metric == sweep.metric);
                map.map_or_else(Table::default, |map| winners(machine, map))
            })
            .table(&format!("table-{number}"), |machine| {
                on(machine).map_or_else(Table::default, |sweep| sweep.table(machine))
            });
    }
    draft.fact("sweeps", told).section()
}

/// A sweep, by the metric that it times.
pub(super) struct Sweep<'r> {
    pub(super) name: &'r str,
    pub(super) metric: Metric,
    pub(super) points: Vec<&'r Scenario>,
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

impl<'r> Sweep<'r> {
    /// The axes, in the file's order.
    pub(super) fn axes(&self) -> Vec<Axis> {
        let first = self.points.first().and_then(|first| first.point.as_ref());
        let coordinates = first.iter().flat_map(|point| &point.coordinates);
        coordinates.map(|at| at.axis).collect()
    }

    pub(super) fn ratio(
        &self,
        machine: &'r Machine,
        point: &str,
        strategy: &str,
    ) -> Option<&'r Ratio> {
        let cell = machine.cell(point, strategy, self.metric)?;
        cell.ratio.as_ref()
    }

    /// The contenders that were compared somewhere, as far as they may win.
    pub(super) fn strategies(&self, machine: &'r Machine) -> Vec<&'r str> {
        let contenders = machine
            .contenders()
            .filter(|card| machine.is_ranked(&card.name))
            .map(|card| card.name.as_str());
        contenders
            .filter(|name| {
                let mut points = self.points.iter();
                points.any(|point| self.ratio(machine, &point.name, name).is_some())
            })
            .collect()
    }

    /// The title without the coordinates of a point.
    pub(super) fn title(&self) -> String {
        let axes = self.axes();
        let first = self.points.first().map_or("", |first| &first.title);
        let end = axes
            .first()
            .and_then(|axis| first.find(&format!(", {} ", axis.words())));
        format!(
            "{}: cost per {}",
            &first[..end.unwrap_or(first.len())],
            format::operation(self.metric)
        )
    }

    /// What flips on a machine: who leads first, then each strategy against the margin, and those that never flip.
    fn flips(&self, machine: &Machine) -> Value {
        let flips = machine.flips.iter();
        let flips: Vec<&Flip> = flips
            .filter(|flip| flip.sweep == self.name && flip.metric == self.metric)
            .collect();
        let leads = |flip: &&&Flip| matches!(flip.change, Change::OvertakenBy(_));
        let moves = |flip: &&&Flip| {
            matches!(
                flip.change,
                Change::FallsBelowMargin | Change::RisesAboveMargin
            )
        };
        let told = flips.iter().filter(leads).chain(flips.iter().filter(moves));
        let never = |change: Change| -> Vec<String> {
            let names = flips.iter().filter(|flip| flip.change == change);
            names
                .map(|flip| {
                    format!(
                        "`{}` ({} of resamples)",
                        flip.strategy,
                        format::percent(flip.share)
                    )
                })
                .collect()
        };
        context! {
            flips => told.map(|flip| sentence(flip)).collect::<Vec<_>>(),
            always => never(Change::AlwaysAboveMargin),
            never => never(Change::NeverAboveMargin),
        }
    }

    /// Every ratio: a row for each strategy, a column for each point.
    fn table(&self, machine: &Machine) -> Table {
        let cpus = machine.environment.cpus;
        let points = self.points.iter();
        let columns =
            points.map(|point| Column::new(coordinates(point), facts::threads_note(point, cpus)));
        let rows = self.strategies(machine).into_iter().map(|name| {
            let rows = self.points.iter().map(|&scenario| facts::Row {
                scenario,
                metric: self.metric,
            });
            let cells = rows.map(|row| facts::ratio_cell(machine, row, name));
            view::Row::named(name, cells.collect())
        });
        Table::of([Group::new("", rows)]).columns(columns)
    }
}

/// `writes = 0.05, record = padded-1KiB`.
pub(super) fn coordinates(point: &Scenario) -> String {
    let coordinates = point.point.iter().flat_map(|point| &point.coordinates);
    let texts: Vec<String> = coordinates
        .map(|at| format!("{} = {}", at.axis, value(&at.value)))
        .collect();
    texts.join(", ")
}

fn value(value: &scenario::Value) -> String {
    match value {
        scenario::Value::Number(number) => format::count(*number),
        scenario::Value::Word(word) => word.clone(),
    }
}

/// A flip in words, with its interval and how many resamples agree.
pub(super) fn sentence(flip: &Flip) -> String {
    let axis = match flip.axis {
        Axis::Record => "record size in bytes",
        other => other.words(),
    };
    let at = flip
        .at
        .map_or_else(|| "somewhere".into(), format::significant);
    let what = match &flip.change {
        Change::FallsBelowMargin => format!("`{}` falls below the margin", flip.strategy),
        Change::RisesAboveMargin => format!("`{}` rises above the margin", flip.strategy),
        Change::OvertakenBy(winner) => format!("`{winner}` overtakes `{}`", flip.strategy),
        Change::AlwaysAboveMargin | Change::NeverAboveMargin => {
            return format!("`{}` does not cross the margin.", flip.strategy);
        }
    };
    let doubt = if flip.ci_low.is_none() && flip.ci_high.is_none() {
        "; these samples do not say where, or whether"
    } else {
        ""
    };
    format!(
        "{what} at {axis} = {at} {}, in {} of resamples{doubt}.",
        interval(flip),
        format::percent(flip.share)
    )
}

/// `[1.9, 2.4]`, `[1.9, beyond]`.
fn interval(flip: &Flip) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "beyond".into(), format::significant);
    format!("[{}, {}]", end(flip.ci_low), end(flip.ci_high))
}

/// Who wins where.
fn winners(machine: &Machine, map: &Map) -> Table {
    let mut columns: Vec<&scenario::Value> = Vec::new();
    let mut rows: Vec<&scenario::Value> = Vec::new();
    for place in &map.places {
        if !columns.contains(&&place.column) {
            columns.push(&place.column);
        }
        if !rows.contains(&&place.row) {
            rows.push(&place.row);
        }
    }
    let cell = |row: &scenario::Value, column: &scenario::Value| {
        let mut places = map.places.iter();
        places
            .find(|place| place.row == *row && place.column == *column)
            .map_or_else(
                || Cell::absent("not measured"),
                |place| winner(machine, map, place),
            )
    };
    let lines = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| cell(row, column));
        view::Row::new(value(row), cells.collect())
    });
    let titles = columns.iter().map(|column| value(column));
    Table::of([Group::new("", lines)]).columns(Column::titled(titles))
}

fn winner(machine: &Machine, map: &Map, place: &Place) -> Cell {
    let Some(winner) = &place.winner else {
        let is_open = machine.contenders().any(|card| {
            let cell = machine.cell(&place.scenario, &card.name, map.metric);
            let ratio = cell.and_then(|cell| cell.ratio.as_ref());
            ratio.is_some_and(|ratio| ratio.is_open(machine.margin))
        });
        return if is_open {
            Cell::text("none for certain").judged("undecided", Tone::Open)
        } else {
            Cell::text(format!("none: stay with {}", machine.baseline))
                .judged("no improvement", Tone::Bad)
        };
    };
    let ratio = machine
        .cell(&place.scenario, winner, map.metric)
        .and_then(|cell| cell.ratio.as_ref());
    let mut detail = ratio.map_or_else(String::new, format::ratio);
    if !place.as_good.is_empty() {
        detail.push_str(&format!("; as good: {}", format::list(&place.as_good)));
    }
    Cell::text(winner).detail(detail).judged("", Tone::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flip(change: Change, low: Option<f64>, high: Option<f64>) -> Flip {
        Flip {
            sweep: "sweep-section".into(),
            axis: Axis::SectionNs,
            metric: Metric::ReadNs,
            strategy: "a/b".into(),
            change,
            at: Some(2_100.0),
            ci_low: low,
            ci_high: high,
            share: 0.98,
        }
    }

    #[test]
    fn a_flip_is_told_with_its_interval() {
        assert_eq!(
            sentence(&flip(
                Change::FallsBelowMargin,
                Some(1_900.0),
                Some(2_430.0)
            )),
            "`a/b` falls below the margin at time inside the read section in ns = 2,100 \
             [1,900, 2,430], in 98 % of resamples."
        );
        assert_eq!(
            sentence(&flip(
                Change::OvertakenBy("c/d".into()),
                Some(1_900.0),
                None
            )),
            "`c/d` overtakes `a/b` at time inside the read section in ns = 2,100 [1,900, beyond], in \
             98 % of resamples."
        );
        let said = sentence(&flip(Change::RisesAboveMargin, None, None));
        assert!(said.contains("do not say where"), "{said}");
    }
}
