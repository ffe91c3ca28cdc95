//! The report's memory columns: what reads, writes and scans allocate, and what a record keeps alive.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::scenario::Scenario;

use results::{Card, Machine, Metric, Results};

use super::collect::grouped;
use super::draft::Draft;
use super::view::Section;
use super::{facts, format, pivots};

pub(super) fn section(results: &Results) -> Section {
    let scenarios = scenarios(results).into_iter().map(|scenario| {
        let metrics = [
            Metric::AllocBytesRead,
            Metric::AllocBytesWrite,
            Metric::AllocBytesScan,
        ];
        let metrics = metrics.into_iter();
        let counted =
            metrics.filter(|&bytes| is_counted(results, scenario, |metric| metric == bytes));
        context! {
            name => scenario.name.as_str(),
            processes => scenario.processes,
            record => scenario.record.to_string(),
            operations => counted.map(format::operation).collect::<Vec<_>>(),
        }
    });
    Draft::new("memory", results)
        .fact("scenarios", scenarios.collect::<Vec<_>>())
        .of_each(|machine| context! { weighed => weighed(machine) })
        .section()
}

fn is_counted(results: &Results, scenario: &Scenario, is_meant: impl Fn(Metric) -> bool) -> bool {
    let mut cells = results.machines.iter().flat_map(|machine| &machine.cells);
    cells.any(|cell| cell.scenario == scenario.name && is_meant(cell.metric))
}

/// For each kind of record the largest table that has counts, where fixed costs weigh least.
fn scenarios(results: &Results) -> Vec<&Scenario> {
    let scenarios = results
        .machines
        .iter()
        .flat_map(|machine| &machine.scenarios);
    let counted = scenarios.filter(|one| is_counted(results, one, |metric| !metric.is_timed()));
    let kinds = grouped(counted.map(|scenario| (&scenario.record, scenario))).into_iter();
    // Of equal ones the first.
    kinds
        .filter_map(|(_, scenarios)| {
            let scenarios = scenarios.into_iter().rev();
            scenarios.max_by_key(|scenario| scenario.processes)
        })
        .collect()
}

/// What was counted of each contender, scenario by scenario: the counts, how many times the baseline's memory, the verdicts of
/// the assumptions, and why there is nothing.
fn weighed(machine: &Machine) -> Vec<Value> {
    let strategy = |(pivot, card): (String, &Card)| {
        let name = &card.name;
        let assumptions = machine
            .assumptions
            .iter()
            .filter(|judged| judged.strategy == *name);
        let mut verdicts: BTreeMap<&str, BTreeMap<&str, _>> = BTreeMap::new();
        for judged in assumptions {
            let scenario = judged.scenario.as_deref().unwrap_or_default();
            verdicts
                .entry(scenario)
                .or_default()
                .insert(&judged.id, judged.verdict);
        }
        let live = machine
            .cells
            .iter()
            .filter(|cell| cell.strategy == *name && cell.metric == Metric::LiveBytesPerRecord);
        let times =
            live.filter_map(|cell| Some((&cell.scenario, 1.0 / cell.ratio.as_ref()?.median)));
        let absent = machine
            .exclusions
            .iter()
            .filter(|exclusion| exclusion.strategy == *name);
        let absent =
            absent.map(|one| (&one.scenario, facts::absence(machine, &one.scenario, name)));
        context! {
            pivot => pivot,
            name => name.as_str(),
            at => Serde(facts::counts(machine, name)),
            times => Serde(times.collect::<BTreeMap<_, _>>()),
            verdicts => Serde(verdicts),
            absent => Serde(absent.collect::<BTreeMap<_, _>>()),
        }
    };
    let cards = pivots::titled(machine.contenders()).into_iter();
    cards.map(strategy).collect()
}
