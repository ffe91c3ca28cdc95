//! Where the answer flips: the sweeps of a run, axis by axis.

use basis::scenario::{Axis, Scenario, Value};

use crate::results::{Change, Flip, Machine, Map, Metric, Place, Ratio};

use super::view::{self, Block, Cell, Column, Group, Section, Table, Tone, prose};
use super::{curves, facts, format};

pub(super) fn section(machine: &Machine) -> Section {
    let mut blocks = vec![prose(format!(
        "A sweep asks one question at several points of an axis. Between the points the logarithm of \
         the ratio is taken as linear; an interval is where 95 % of the resamples cross. `beyond` \
         means that the interval reaches further than what was swept. The margin is {:.2} times {}.",
        machine.margin, machine.baseline
    ))];
    let sweeps = sweeps(machine);
    if sweeps.is_empty() {
        blocks = vec![prose(NOT_SWEPT)];
    }
    for sweep in &sweeps {
        blocks.extend(sweep.blocks(machine));
    }
    Section {
        id: "flips",
        title: "Where the answer flips".into(),
        blocks,
    }
}

/// What to do about a run without sweeps.
pub(super) const NOT_SWEPT: &str = "No sweep was part of this run. `pivot list` shows them, and `--scenario \
    sweep-writes` runs one.";

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

    fn blocks(&self, machine: &'r Machine) -> Vec<Block> {
        let question = self.points.first().map_or("", |first| &first.question);
        let mut blocks = vec![
            Block::Heading {
                text: format!("{} · {}", self.title(), self.name),
            },
            prose(question),
        ];
        let maps = machine
            .maps
            .iter()
            .filter(|map| map.sweep == self.name && map.metric == self.metric);
        let maps: Vec<Block> = maps.map(|map| Block::Table(drawn(machine, map))).collect();
        if self.axes().len() == 1 {
            let said = self.said(machine);
            if !said.is_empty() {
                blocks.push(Block::List { items: said });
            }
            blocks.extend(curves::figure(machine, self).map(Block::Figure));
        }
        blocks.extend(maps);
        blocks.push(Block::Table(self.table(machine)));
        blocks
    }

    /// The flips in words: who leads first, then each strategy against the margin, those together
    /// that never flip.
    fn said(&self, machine: &Machine) -> Vec<String> {
        let flips: Vec<&Flip> = machine
            .flips
            .iter()
            .filter(|flip| flip.sweep == self.name && flip.metric == self.metric)
            .collect();
        let leads = flips
            .iter()
            .filter(|flip| matches!(flip.change, Change::OvertakenBy(_)));
        let moves = flips.iter().filter(|flip| {
            matches!(
                flip.change,
                Change::FallsBelowMargin | Change::RisesAboveMargin
            )
        });
        let mut said: Vec<String> = leads.chain(moves).map(|flip| sentence(flip)).collect();
        for (change, words) in [
            (Change::AlwaysAboveMargin, "Above the margin at every point"),
            (Change::NeverAboveMargin, "Above the margin at no point"),
        ] {
            let names: Vec<String> = flips
                .iter()
                .filter(|flip| flip.change == change)
                .map(|flip| {
                    format!(
                        "`{}` ({} of resamples)",
                        flip.strategy,
                        format::percent(flip.share)
                    )
                })
                .collect();
            if !names.is_empty() {
                said.push(format!("{words}: {}.", format::list(&names)));
            }
        }
        said
    }

    /// Every ratio: a row for each strategy, a column for each point.
    fn table(&self, machine: &Machine) -> Table {
        let cpus = machine.environment.cpus;
        let columns = self
            .points
            .iter()
            .map(|point| Column::new(coordinates(point), facts::threads_note(point, cpus)));
        let rows = self.strategies(machine).into_iter().map(|name| {
            let cells =
                self.points
                    .iter()
                    .map(|point| match self.ratio(machine, &point.name, name) {
                        Some(ratio) => Cell::figure(format::times(ratio.median))
                            .detail(format::ratio_interval(ratio))
                            .judged(
                                ratio.verdict.to_string(),
                                format::verdict_tone(ratio.verdict),
                            ),
                        None => Cell::absent(why_absent(machine, &point.name, name)),
                    });
            view::Row::named(name, cells.collect())
        });
        Table {
            caption: format!(
                "{}: times better than {} [95 %]",
                self.title(),
                machine.baseline
            ),
            corner: "Strategy".into(),
            groups: vec![Group {
                title: String::new(),
                rows: rows.collect(),
            }],
            columns: columns.collect(),
            notes: Vec::new(),
        }
    }
}

/// Why a strategy has no figure at a point.
fn why_absent(machine: &Machine, point: &str, strategy: &str) -> String {
    machine
        .exclusions
        .iter()
        .find(|excluded| excluded.scenario == point && excluded.strategy == strategy)
        .map_or_else(
            || "not measured".into(),
            |excluded| format!("n/a: {}", excluded.reason),
        )
}

/// `writes = 0.05, record = padded-1KiB`.
pub(super) fn coordinates(point: &Scenario) -> String {
    let coordinates = point.point.iter().flat_map(|point| &point.coordinates);
    let texts: Vec<String> = coordinates
        .map(|at| format!("{} = {}", at.axis, value(&at.value)))
        .collect();
    texts.join(", ")
}

fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => format::count(*number),
        Value::Word(word) => word.clone(),
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
fn drawn(machine: &Machine, map: &Map) -> Table {
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
    let cell = |row: &Value, column: &Value| {
        let mut places = map.places.iter();
        places
            .find(|place| place.row == *row && place.column == *column)
            .map_or_else(
                || Cell::absent("not measured"),
                |place| winner(machine, map, place),
            )
    };
    Table {
        caption: format!(
            "The fastest that improves on {} by more than {}",
            machine.baseline,
            format::margin(machine.margin)
        ),
        corner: format!("{} \\ {}", map.rows, map.columns),
        columns: Column::titled(columns.iter().map(|column| value(column))),
        groups: vec![Group {
            title: String::new(),
            rows: rows
                .iter()
                .map(|row| view::Row {
                    head: value(row),
                    cells: columns.iter().map(|column| cell(row, column)).collect(),
                    ..view::Row::default()
                })
                .collect(),
        }],
        notes: vec!["\"As good\": the others whose 95 % interval overlaps the winner's.".into()],
    }
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
