//! More processors than there are here: what is predicted, how well that did with two, and whether the lines that two
//! readers both write tell it beforehand.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::trace::Operation;
use predict::Band;
use predict::machine::Machine as Predicted;

use results::{HERE, Machine, Meeting, OneToTwo, Results, Scaling};

use super::charts::prediction_chart;
use super::draft;
use super::format::{self, counted, significant};
use super::view::{Cell, Column, Figure, Group, Row, Section, Table, Tone};

/// What is predicted.
pub(super) const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];

pub(super) fn section(results: &Results) -> Section {
    let operations = OPERATIONS.map(id_and_title);
    draft::each("scaling", results, |draft, machine| {
        let scaling = machine.scaling.as_ref();
        let meetings = scaling.iter().flat_map(|scaling| &scaling.meetings);
        let table = |make: fn(&Scaling) -> Table| {
            move |machine: &Machine| machine.scaling.as_ref().map(make).unwrap_or_default()
        };
        let draft = draft
            .fact("scaling", scaling)
            .fact("ratio_max", Meeting::RATIO_MAX)
            .fact("agreeing", meetings.filter(|one| one.agrees).count())
            .fact("errors", scaling.and_then(errors))
            .fact("operations", &operations)
            .table("meetings", table(meetings_table))
            .table("one-to-two", table(one_to_two));
        OPERATIONS.into_iter().fold(draft, |draft, operation| {
            draft.table(&format!("ranking-{operation:?}"), |machine| {
                let scaling = machine.scaling.as_ref();
                scaling.map_or_else(Table::default, |scaling| ranking(scaling, operation))
            })
        })
    })
}

fn id_and_title(operation: Operation) -> Value {
    context! { id => format!("{operation:?}"), title => operation.title() }
}

/// How far off the predictions from one thread to two were; `None` if none could be tested.
fn errors(scaling: &Scaling) -> Option<Value> {
    let tested = &scaling.one_to_two;
    let mut sizes: Vec<f64> = tested.iter().map(|one| one.error.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    Some(context! {
        tested => sizes.len(),
        median => sizes.get(sizes.len() / 2)?,
        largest => sizes.last(),
        inside => tested.iter().filter(|one| one.is_inside).count(),
    })
}

/// What the words of a strategy's page say of each operation's prediction.
pub(super) fn outlook(machine: &Machine, strategy: &str) -> Vec<Value> {
    let of = |operation| {
        let scaling = machine.scaling.as_ref();
        let is_it = |of: &str, done: Operation| of == strategy && done == operation;
        let tested = scaling.and_then(|scaling| {
            let mut tested = scaling.one_to_two.iter();
            tested.find(|one| is_it(&one.strategy, one.operation))
        });
        let reason = scaling.and_then(|scaling| {
            let mut unpredicted = scaling.unpredicted.iter();
            unpredicted.find(|one| is_it(&one.strategy, one.operation))
        });
        let is_predicted =
            tested.is_some() || reason.is_some() || figure(machine, strategy, operation).is_some();
        context! {
            tested => Value::from(Serde(tested)),
            reason => reason.map(|one| one.reason.as_str()),
            is_predicted => is_predicted,
            ..id_and_title(operation)
        }
    };
    OPERATIONS.into_iter().map(of).collect()
}

/// The predicted curves of an operation on all machines, and what was measured; `None` if nothing is predicted.
pub(super) fn figure(machine: &Machine, strategy: &str, operation: Operation) -> Option<Figure> {
    let scaling = machine.scaling.as_ref()?;
    let is_it = |of: &str, done: Operation| of == strategy && done == operation;
    let curves = scaling.predictions.iter();
    let curves: Vec<_> = curves
        .filter(|one| is_it(&one.strategy, one.operation))
        .collect();
    let tested = scaling.one_to_two.iter();
    // Threads, and what one of them sees.
    let measured: Vec<(u32, f64)> = tested
        .filter(|one| is_it(&one.strategy, one.operation))
        .flat_map(|one| [(1, one.one_ns), (2, one.measured_ns)])
        .collect();
    let svg = prediction_chart(&curves, &measured)?;
    let others = curves.iter().filter(|one| one.machine != HERE);
    let ends = others.filter_map(|one| {
        let last = one.points.last()?;
        let [low, high] = [last.ns.low, last.ns.high].map(significant);
        Some(format!(
            "{} {low} to {high} ns with {}",
            one.machine, last.cpus
        ))
    });
    let description = format!(
        "{}: {}; {} measured here",
        counted(curves.len(), "machine", "machines"),
        ends.collect::<Vec<_>>().join(", "),
        counted(measured.len(), "point", "points")
    );
    Some(Figure {
        description,
        svg,
        ..Figure::default()
    })
}

/// Lines that both readers write, and what the second costs the first.
fn meetings_table(scaling: &Scaling) -> Table {
    let row = |one: &Meeting| {
        let cells = vec![
            Cell::number(one.lines_same),
            Cell::number(one.lines_apart),
            Cell::figure(significant(one.one_ns)),
            Cell::figure(significant(one.two_ns)),
            Cell::figure(format!("{:.2}", one.ratio)),
            if one.agrees {
                Cell::text("yes").judged("", Tone::Good)
            } else {
                let why = one.why.clone().unwrap_or_default();
                Cell::text("exception").detail(why).judged("", Tone::Open)
            },
        ];
        Row::named(&one.strategy, cells)
    };
    by_scenarios(&scaling.meetings, |one| [&one.one, &one.two], row)
}

/// Two threads from one: predicted, and measured.
fn one_to_two(scaling: &Scaling) -> Table {
    let row = |one: &OneToTwo| {
        let (inside, tone) = if one.is_inside {
            ("yes", Tone::Good)
        } else {
            ("no", Tone::Bad)
        };
        let cells = vec![
            Cell::text(one.operation.title()),
            Cell::figure(significant(one.one_ns)),
            Cell::figure(band(one.predicted_ns)),
            Cell::figure(significant(one.measured_ns)),
            Cell::figure(format::off(one.error, 0)),
            Cell::text(inside).judged("", tone),
        ];
        Row::named(&one.strategy, cells)
    };
    by_scenarios(&scaling.one_to_two, |one| [&one.one, &one.two], row)
}

/// Rows under the scenarios that they are about.
fn by_scenarios<T>(
    all: &[T],
    scenarios: impl Fn(&T) -> [&String; 2],
    row: impl Fn(&T) -> Row,
) -> Table {
    let mut groups: Vec<Group> = Vec::new();
    for one in all {
        let [first, second] = scenarios(one);
        let title = format!("{first} and {second}");
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.rows.push(row(one)),
            None => groups.push(Group::new(title, [row(one)])),
        }
    }
    Table::of(groups)
}

/// Names of slower strategies that a cell has room for.
const NAMES_MAX: usize = 4;

/// What is expected with all processors of each machine, and which strategies are slower on all of them.
fn ranking(scaling: &Scaling, operation: Operation) -> Table {
    let machines = scaling.machines.iter();
    let machines: Vec<&Predicted> = machines.filter(|one| one.name != HERE).collect();
    let rankings = scaling.rankings.iter();
    let rankings: Vec<_> = rankings.filter(|one| one.operation == operation).collect();
    let others = rankings.len().saturating_sub(1);
    let rows = rankings.iter().map(|ranking| {
        let expected = machines.iter().map(|machine| {
            let prediction = scaling.prediction(&ranking.strategy, operation, &machine.name);
            let last = prediction.and_then(|prediction| prediction.points.last());
            last.map_or_else(|| Cell::absent("n/a"), |point| Cell::figure(band(point.ns)))
        });
        let slower = &ranking.faster_than;
        let slower = match slower.len() {
            0 => Cell::absent("none for certain"),
            all if all == others => Cell::text("all others"),
            some => Cell::text(format!("{some} of {others}"))
                .detail(format::first_of(slower, NAMES_MAX)),
        };
        Row::named(&ranking.strategy, expected.chain([slower]).collect())
    });
    let columns = machines
        .iter()
        .map(|machine| Column::new(&machine.name, format!("{} cores", machine.cpus())));
    Table::of([Group::new("", rows)]).columns(columns)
}

/// A predicted band with its best guess: `51.5 [40.0, 70.0]`.
fn band(band: Band) -> String {
    let [low, mid, high] = [band.low, band.mid, band.high].map(significant);
    format!("{mid} [{low}, {high}]")
}
