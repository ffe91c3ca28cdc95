//! What is predicted for the processors that a workload will run on.

use basis::trace::Operation;
use predict::Band;
use serde::Serialize;

use super::workload::Workload;
use crate::results::{Prediction, Results};

/// A strategy beside the baseline on a machine that nobody here has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// What all processors do.
    pub operation: Operation,
    /// The machine's name.
    pub machine: String,
    /// What it is, in a few words.
    pub title: String,
    /// Processors that do it: of those that were predicted the most that the workload has.
    pub cpus: u32,
    /// Nanoseconds per operation of the baseline, as one processor sees it.
    pub baseline_ns: Band,
    /// And of the strategy.
    pub strategy_ns: Band,
    /// Whether the two bands are apart: what was found here then holds there, within the model.
    pub holds: bool,
}

/// What is predicted of a strategy where the workload will run, and why nothing is, where that is so.
pub(super) fn outlook(
    workload: &Workload,
    results: &Results,
    strategy: &str,
) -> Result<Vec<Outlook>, String> {
    if !workload.is_predictable() {
        return Err(
            "nothing is predicted: traces are of plain records of 64 bytes, and of reads that do nothing else".into(),
        );
    }
    let Some(scaling) = &results.scaling else {
        let why = results.untraced.as_deref().unwrap_or("it was not traced");
        return Err(format!("nothing is predicted: {why}"));
    };
    let operations = [
        (Operation::ReadHit, workload.reads()),
        (Operation::Apply, workload.writes()),
    ];
    let mut found = Vec::new();
    for (machine, cores) in workload.machines()? {
        for (operation, _) in operations.iter().filter(|(_, matters)| *matters) {
            let of = |name: &str| scaling.prediction(name, *operation, &machine.name);
            let (Some(theirs), Some(ours)) = (of(&results.baseline), of(strategy)) else {
                continue;
            };
            let (Some((cpus, baseline_ns)), Some((_, strategy_ns))) =
                (at(theirs, cores), at(ours, cores))
            else {
                continue;
            };
            found.push(Outlook {
                operation: *operation,
                machine: machine.name.clone(),
                title: machine.title.clone(),
                cpus,
                baseline_ns,
                strategy_ns,
                holds: strategy_ns.high < baseline_ns.low,
            });
        }
    }
    if found.is_empty() {
        return Err(format!(
            "nothing is predicted of {strategy}: it or {} was not measured alone",
            results.baseline
        ));
    }
    Ok(found)
}

/// The point with the most processors that are not more than there are.
fn at(prediction: &Prediction, cores: u32) -> Option<(u32, Band)> {
    let points = prediction.points.iter();
    let most = points
        .filter(|point| point.cpus <= cores)
        .max_by_key(|point| point.cpus)?;
    Some((most.cpus, most.ns))
}
