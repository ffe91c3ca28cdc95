//! The report's memory columns: what reads, writes and scans allocate, and what a record keeps alive.

use minijinja::context;
use minijinja::value::Serde;

use results::{Metric, Results};

use super::collect::grouped;
use super::draft::Draft;
use super::view::Section;
use super::{facts, format, pivots};

pub(super) fn section(results: &Results) -> Section {
    let machines = || results.machines.iter();
    let cells = machines().flat_map(|machine| &machine.cells);
    let counts = cells.filter(|cell| !cell.metric.is_timed());
    let counted = grouped(counts.map(|cell| (cell.scenario.as_str(), cell.metric)));
    let scenarios = machines().flat_map(|machine| &machine.scenarios);
    let scenarios = scenarios.filter_map(|scenario| {
        let mut counted = counted.iter();
        let (_, metrics) = counted.find(|(name, _)| *name == scenario.name)?;
        Some((&scenario.record, (scenario, metrics)))
    });
    // For each kind of record the largest table, where fixed costs weigh least; of equal ones the first.
    let largest = grouped(scenarios).into_iter().filter_map(|(_, same)| {
        let same = same.into_iter().rev();
        same.max_by_key(|(scenario, _)| scenario.processes)
    });
    let scenarios = largest.map(|(scenario, metrics)| {
        let operations = [
            Metric::AllocBytesRead,
            Metric::AllocBytesWrite,
            Metric::AllocBytesScan,
        ];
        let operations = operations
            .into_iter()
            .filter(|bytes| metrics.contains(bytes));
        let operations = operations.map(format::operation);
        context! {
            name => scenario.name.as_str(),
            processes => scenario.processes,
            record => scenario.record.to_string(),
            operations => operations.collect::<Vec<_>>(),
        }
    });
    Draft::new("memory", results)
        .fact("scenarios", scenarios.collect::<Vec<_>>())
        .of_each(|machine| {
            let weighed = pivots::listed(machine.contenders(), |card| {
                context! { at => Serde(facts::counts(machine, &card.name)) }
            });
            let (assumptions, exclusions) = (&machine.assumptions, &machine.exclusions);
            context! { weighed, assumptions => Serde(assumptions), exclusions => Serde(exclusions) }
        })
        .section()
}
