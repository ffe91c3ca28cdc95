//! More processors than there are here: what is predicted, how well that did with two, and whether the lines that two
//! readers both write tell it beforehand.

use minijinja::context;
use minijinja::value::Value;
use model::trace::Operation;

use results::{HERE, Machine, Meeting, Results, Scaling};

use super::charts::canvas::{BAND, Canvas, FAINT, GOOD, Paint, Point};
use super::charts::{BOTTOM, Curve, LEFT_END, Labels, RIGHT_END, Scale, TOP};
use super::draft;
use super::format::{self, counted, significant};
use super::view::{Cell, Column, Figure, Group, Row, Section, Table};

/// What is predicted.
pub(super) const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];

pub(super) fn section(results: &Results) -> Section {
    draft::each("scaling", results, |draft, machine| {
        let draft = draft
            .fact("scaling", &machine.scaling)
            .fact("ratio_max", Meeting::RATIO_MAX)
            .fact("operations", OPERATIONS.map(id_and_title));
        OPERATIONS.into_iter().fold(draft, |draft, operation| {
            draft.table(format!("ranking-{operation:?}"), |machine| {
                let scaling = machine.scaling.as_ref();
                scaling.map_or_else(Table::default, |scaling| ranking(scaling, operation))
            })
        })
    })
}

/// An operation as templates have it: as places are called, as results call it, and in words.
pub(super) fn id_and_title(operation: Operation) -> Value {
    context! {
        id => format!("{operation:?}"),
        name => operation.title().replace(' ', "-"),
        title => operation.title(),
    }
}

/// The predicted costs of an operation over processors, as bands of all machines with their best guesses, and what was
/// measured; `None` if nothing is predicted for more than one processor.
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
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let cpus_max = points()
        .map(|point| point.cpus)
        .max()
        .filter(|&cpus| cpus > 1)?;
    let times = points().flat_map(|point| [point.ns.low, point.ns.high]);
    let times = times.chain(measured.iter().map(|&(_, ns)| ns));
    let y = Scale::over(times, 1.3, [BOTTOM, TOP])?;
    let x = Scale::over([1.0, f64::from(cpus_max)], 1.0, [LEFT_END, RIGHT_END])?;
    let at = |cpus: u32, ns: f64| (x.at(f64::from(cpus)), y.at(ns));
    let mut canvas = Canvas::default();
    // Bands first: no line is to vanish behind another's band.
    for curve in &curves {
        let below = curve
            .points
            .iter()
            .map(|point| at(point.cpus, point.ns.low));
        let above = curve.points.iter().rev();
        let above = above.map(|point| at(point.cpus, point.ns.high));
        canvas.path(
            &below.chain(above).collect::<Vec<Point>>(),
            Paint::Fill(BAND),
        );
    }
    let cpus = (0..10)
        .map(|power| 1 << power)
        .take_while(|&cpus| cpus <= cpus_max);
    let columns: Labels = cpus
        .map(|cpus| (at(cpus, 1.0).0, cpus.to_string()))
        .collect();
    canvas.grid(
        &columns,
        &y.labels(18.0, |ns| format!("{ns} ns")),
        "processors",
    );
    let lines = curves.iter().map(|curve| Curve {
        strategy,
        name: &curve.machine,
        path: curve
            .points
            .iter()
            .map(|point| at(point.cpus, point.ns.mid))
            .collect(),
        paint: Paint::Outline(if curve.machine == HERE { GOOD } else { FAINT }, 1),
    });
    canvas.curves(&lines.collect::<Vec<_>>(), |_, _| {});
    for &(cpus, ns) in &measured {
        canvas.circle(at(cpus, ns), 4, Paint::Fill(GOOD));
    }
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
        svg: canvas.chart(),
        ..Figure::default()
    })
}

/// Names of slower strategies that a cell has room for.
const NAMES_MAX: usize = 4;

/// What is expected with all processors of each machine, and which strategies are slower on all of them.
fn ranking(scaling: &Scaling, operation: Operation) -> Table {
    let machines = || scaling.machines.iter().filter(|one| one.name != HERE);
    let rankings = scaling.rankings.iter();
    let rankings: Vec<_> = rankings.filter(|one| one.operation == operation).collect();
    let others = rankings.len().saturating_sub(1);
    let rows = rankings.iter().map(|ranking| {
        let expected = machines().map(|machine| {
            let prediction = scaling.prediction(&ranking.strategy, operation, &machine.name);
            let last = prediction.and_then(|prediction| prediction.points.last());
            last.map_or_else(
                || Cell::absent("n/a"),
                |point| Cell::text(format::band(point.ns)),
            )
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
    let columns =
        machines().map(|machine| Column::new(&machine.name, format!("{} cores", machine.cpus())));
    Table::of([Group::new("", rows)]).columns(columns)
}
