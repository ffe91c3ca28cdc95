//! More processors than there are here: what is predicted, how well that did with two, and whether the lines that two
//! readers both write tell it beforehand.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::trace::Operation;

use results::{HERE, Machine, Meeting, Results};

use super::charts::{BOTTOM, Curve, LEFT_END, Labels, Point, RIGHT_END, Scale, TOP, chart};
use super::draft;
use super::format::{counted, significant};
use super::view::{Figure, Section};

/// What is predicted.
pub(super) const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];

pub(super) fn section(results: &Results) -> Section {
    draft::each("scaling", results, |draft, machine| {
        draft
            .fact("scaling", &machine.scaling)
            .fact("ratio_max", Meeting::RATIO_MAX)
            .fact("operations", OPERATIONS.map(named))
    })
}

/// An operation as results call it, and in words.
pub(super) fn named(operation: Operation) -> Value {
    context! { name => Serde(operation), title => operation.to_string() }
}

/// The predicted costs of an operation over processors, as bands of all machines with their best guesses, and what was
/// measured; `None` if nothing is predicted for more than one processor.
pub(super) fn figure(machine: &Machine, strategy: &str, operation: Operation) -> Option<Figure> {
    let scaling = machine.scaling.as_ref()?;
    let is_it = |name: &str, done: Operation| name == strategy && done == operation;
    let mut curves: Vec<_> = scaling.predictions.iter().collect();
    curves.retain(|curve| is_it(&curve.strategy, curve.operation));
    let tested = scaling.one_to_two.iter();
    let tested = tested.filter(|pair| is_it(&pair.strategy, pair.operation));
    // Threads, and what one of them sees.
    let measured = tested.flat_map(|pair| [(1, pair.one_ns), (2, pair.measured_ns)]);
    let measured: Vec<(u32, f64)> = measured.collect();
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let cpus_max = points().map(|point| point.cpus).max();
    let cpus_max = cpus_max.filter(|&cpus| cpus > 1)?;
    let times = points().flat_map(|point| [point.ns.low, point.ns.high]);
    let times = times.chain(measured.iter().map(|&(_, ns)| ns));
    let y = Scale::over(times, 1.3, [BOTTOM, TOP])?;
    let x = Scale::over([1.0, f64::from(cpus_max)], 1.0, [LEFT_END, RIGHT_END])?;
    let at = |cpus: u32, ns: f64| (x.at(f64::from(cpus)), y.at(ns));
    let bands = curves.iter().map(|curve| {
        let below = curve
            .points
            .iter()
            .map(|point| at(point.cpus, point.ns.low));
        let above = curve.points.iter().rev();
        let above = above.map(|point| at(point.cpus, point.ns.high));
        below.chain(above).collect::<Vec<Point>>()
    });
    let cpus = (0..10).map(|power| 1 << power);
    let cpus = cpus.take_while(|&cpus| cpus <= cpus_max);
    let columns: Labels = cpus
        .map(|cpus| (at(cpus, 1.0).0, cpus.to_string()))
        .collect();
    let dots = measured.iter().map(|&(cpus, ns)| at(cpus, ns));
    let facts = context! {
        bands => Serde(bands.collect::<Vec<_>>()),
        columns => Serde(columns),
        rows => Serde(y.labels(18.0, |ns| format!("{ns} ns"))),
        measured => Serde(dots.collect::<Vec<_>>()),
    };
    let lines = curves.iter().map(|curve| {
        let points = curve.points.iter();
        Curve {
            strategy,
            name: &curve.machine,
            path: points.map(|point| at(point.cpus, point.ns.mid)).collect(),
            facts: context! { is_here => curve.machine == HERE },
        }
    });
    let lines: Vec<Curve<'_>> = lines.collect();
    let others = curves.iter().filter(|curve| curve.machine != HERE);
    let ends = others.filter_map(|curve| {
        let last = curve.points.last()?;
        let [low, high] = [last.ns.low, last.ns.high].map(significant);
        Some(format!(
            "{} {low} to {high} ns with {}",
            curve.machine, last.cpus
        ))
    });
    let machines = counted(curves.len(), "machine", None);
    let ends = ends.collect::<Vec<_>>().join(", ");
    let measured = counted(measured.len(), "point", None);
    let description = format!("{machines}: {ends}; {measured} measured here");
    Some(chart("prediction", description, &lines, facts))
}
