//! A predicted curve, and what was measured.

use model::trace::Operation;

use crate::report::charts::{PREDICTED, prediction_chart};
use crate::report::format::{counted, significant};
use crate::report::view::Figure;
use crate::results::{HERE, Prediction, Scaling};

/// The curves of an operation on all machines; `None` if nothing is predicted.
pub(super) fn figure(scaling: &Scaling, strategy: &str, operation: Operation) -> Option<Figure> {
    let is_it = |one: &&Prediction| one.strategy == strategy && one.operation == operation;
    let curves: Vec<&Prediction> = scaling.predictions.iter().filter(is_it).collect();
    let measured = measured(scaling, strategy, operation);
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
    Some(Figure {
        key: PREDICTED,
        caption: format!(
            "{strategy}, {operation}: predicted ns per operation as one processor sees it, by processors; \
             bands of all machines, best guesses as lines, measured here as dots"
        ),
        description: format!(
            "{}: {}; {} measured here",
            counted(curves.len(), "machine", "machines"),
            ends.collect::<Vec<_>>().join(", "),
            counted(measured.len(), "point", "points")
        ),
        svg,
    })
}

/// Threads, and what one of them sees, here.
fn measured(scaling: &Scaling, strategy: &str, operation: Operation) -> Vec<(u32, f64)> {
    let tested = scaling.one_to_two.iter();
    let tested = tested.filter(|one| one.strategy == strategy && one.operation == operation);
    tested
        .flat_map(|one| [(1, one.one_ns), (2, one.measured_ns)])
        .collect()
}
