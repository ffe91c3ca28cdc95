//! More processors than there are here: what is predicted, how well that did with two, and whether the
//! lines that two readers both write tell it beforehand.

mod curve;
#[cfg(test)]
mod tests;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::trace::Operation;
use predict::Band;
use predict::machine::Machine;

use crate::results::{self, HERE, Meeting, OneToTwo, Results, Scaling};

use super::draft::Draft;
use super::format::{off, significant};
use super::view::{Block, Cell, Column, Group, Row, Section, Table, Tone, prose};

/// What is predicted.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];

/// The predicted curves of a strategy, with what was measured of them here, and how well that did.
pub(super) fn blocks(machine: &results::Machine, strategy: &str) -> Vec<Block> {
    let Some(scaling) = &machine.scaling else {
        return vec![prose(ABSENT)];
    };
    let mut blocks = Vec::new();
    for operation in OPERATIONS {
        blocks.extend(curve::figure(scaling, strategy, operation).map(Block::Figure));
        blocks.extend(told(scaling, strategy, operation).map(prose));
    }
    if blocks.is_empty() {
        blocks.push(prose("Nothing is predicted of it: it was not traced."));
    }
    blocks
}

const ABSENT: &str = "Nothing is predicted: the samples lack a trace of the strategies or a calibration of \
                      the machine. `pivot predict` makes up for both.";

/// How well one to two threads were predicted, or why nothing was.
fn told(scaling: &Scaling, strategy: &str, operation: Operation) -> Option<String> {
    let is_it = |one: &&OneToTwo| one.strategy == strategy && one.operation == operation;
    if let Some(tested) = scaling.one_to_two.iter().find(is_it) {
        return Some(format!(
            "From 1 to 2 threads, {operation}: {} ns predicted, {} ns measured, {} off, {}.",
            band(tested.predicted_ns),
            significant(tested.measured_ns),
            off(tested.error, 0),
            inside(tested.is_inside)
        ));
    }
    let unpredicted = scaling
        .unpredicted
        .iter()
        .find(|one| one.strategy == strategy && one.operation == operation);
    unpredicted.map(|one| format!("Not predicted, {operation}: {}.", one.reason))
}

pub(super) fn section(results: &Results) -> Section {
    let of = |make: fn(&Scaling) -> Table| {
        move |machine: &results::Machine| machine.scaling.as_ref().map_or_else(Table::default, make)
    };
    let [read_hit, apply] = OPERATIONS.map(|operation| operation.to_string());
    Draft::new("scaling", results)
        .fact("ratio_max", Meeting::RATIO_MAX)
        .fact("read_hit", read_hit)
        .fact("apply", apply)
        .of_each(|machine| {
            let facts = machine.scaling.as_ref().map(facts);
            context! { scaling => facts.is_some(), ..facts.unwrap_or_default() }
        })
        .table("meetings", of(meetings))
        .table("one_to_two", of(one_to_two))
        .table(
            "read_hit",
            of(|scaling| rankings(scaling, Operation::ReadHit)),
        )
        .table("apply", of(|scaling| rankings(scaling, Operation::Apply)))
        .section()
}

/// What the template says of the predictions of a machine.
fn facts(scaling: &Scaling) -> Value {
    let mut errors: Vec<f64> = scaling
        .one_to_two
        .iter()
        .map(|one| one.error.abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    context! {
        calibration => Value::from(Serde(&scaling.calibration)),
        meetings => scaling.meetings.len(),
        agreeing => scaling.meetings.iter().filter(|one| one.agrees).count(),
        tested => errors.len(),
        error_median => errors.get(errors.len() / 2),
        error_most => errors.last(),
        inside => scaling.one_to_two.iter().filter(|one| one.is_inside).count(),
        published => Value::from(Serde(&scaling.published)),
        unpredicted => Value::from(Serde(&scaling.unpredicted)),
    }
}

/// Lines that both readers write, and what the second costs the first.
fn meetings(scaling: &Scaling) -> Table {
    let row = |one: &Meeting| {
        let verdict = match (&one.why, one.agrees) {
            (_, true) => Cell::text("yes").judged("", Tone::Good),
            (why, false) => Cell::text("exception")
                .detail(why.clone().unwrap_or_default())
                .judged("", Tone::Open),
        };
        Row::named(
            &one.strategy,
            vec![
                Cell::figure(one.lines_same.to_string()),
                Cell::figure(one.lines_apart.to_string()),
                Cell::figure(significant(one.one_ns)),
                Cell::figure(significant(one.two_ns)),
                Cell::figure(format!("{:.2}", one.ratio)),
                verdict,
            ],
        )
    };
    Table::of(by_scenarios(
        &scaling.meetings,
        |one| (&one.one, &one.two),
        row,
    ))
}

/// Two threads from one: predicted, and measured.
fn one_to_two(scaling: &Scaling) -> Table {
    let row = |one: &OneToTwo| {
        Row::named(
            &one.strategy,
            vec![
                Cell::text(one.operation.title()),
                Cell::figure(significant(one.one_ns)),
                Cell::figure(band(one.predicted_ns)),
                Cell::figure(significant(one.measured_ns)),
                Cell::figure(off(one.error, 0)),
                if one.is_inside {
                    Cell::text("yes").judged("", Tone::Good)
                } else {
                    Cell::text("no").judged("", Tone::Bad)
                },
            ],
        )
    };
    Table::of(by_scenarios(
        &scaling.one_to_two,
        |one| (&one.one, &one.two),
        row,
    ))
}

/// Rows under the scenarios that they are about.
fn by_scenarios<T>(
    all: &[T],
    scenarios: impl Fn(&T) -> (&String, &String),
    row: impl Fn(&T) -> Row,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for one in all {
        let (first, second) = scenarios(one);
        let title = format!("{first} and {second}");
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.rows.push(row(one)),
            None => groups.push(Group {
                title,
                rows: vec![row(one)],
            }),
        }
    }
    groups
}

/// What is expected with all processors of each machine, and who is faster on all of them.
fn rankings(scaling: &Scaling, operation: Operation) -> Table {
    let machines: Vec<&Machine> = scaling
        .machines
        .iter()
        .filter(|machine| machine.name != HERE)
        .collect();
    let of_operation = || {
        let all = scaling.rankings.iter();
        all.filter(move |one| one.operation == operation)
    };
    let others = of_operation().count().saturating_sub(1);
    let columns = machines
        .iter()
        .map(|machine| Column::new(&machine.name, format!("{} cores", machine.cpus())));
    let rows = of_operation().map(|ranking| {
        let on = |machine: &&Machine| {
            let found = scaling.prediction(&ranking.strategy, operation, &machine.name);
            let last = found.and_then(|found| found.points.last());
            last.map_or_else(|| Cell::absent("n/a"), |point| Cell::figure(band(point.ns)))
        };
        let beaten = match ranking.faster_than.len() {
            0 => Cell::absent("nobody for certain"),
            all if all == others => Cell::text("all others"),
            some => {
                Cell::text(format!("{some} of {others}")).detail(shortened(&ranking.faster_than))
            }
        };
        Row::named(
            &ranking.strategy,
            machines.iter().map(on).chain([beaten]).collect(),
        )
    });
    Table::of([Group::new("", rows)]).columns(columns)
}

/// Names that a cell has room for.
const NAMES_MAX: usize = 4;

fn shortened(names: &[String]) -> String {
    match names.split_at_checked(NAMES_MAX) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more", first.join(", "), rest.len())
        }
        _ => names.join(", "),
    }
}

/// A predicted band with its best guess: `51.5 [40.0, 70.0]`.
pub(in crate::report) fn band(band: Band) -> String {
    let [low, mid, high] = [band.low, band.mid, band.high].map(significant);
    format!("{mid} [{low}, {high}]")
}

const fn inside(is_inside: bool) -> &'static str {
    if is_inside {
        "inside the band"
    } else {
        "outside the band"
    }
}
