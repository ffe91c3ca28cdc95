//! From samples to results: cells, verdicts, recommendations. Pure: equal samples, equal results.

mod assumptions;
mod cells;
mod contamination;
mod controls;
pub mod diff;
mod evidence;
mod flips;
mod guarantees;
mod merge;
mod probes;
mod recommendations;
mod runs;
mod samples;
mod scaling;
pub mod selftest;
pub mod series;
#[cfg(test)]
mod tests;
mod use_cases;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::environment;
use model::sample::{Line, SliceKey};
use model::scenario::Scenario;

use contamination::{BlockKey, Reason};
pub use evidence::Evidence;
pub use guarantees::{contradicts, faulted, guarantees, held_up_at};
pub use merge::merge;
use results::{Cell, MARGIN, Machine, Protocol};
pub use samples::Samples;
pub use scaling::rankings;
use series::Series;
pub use series::{Logs, logs};
pub use use_cases::{Candidate, best};
pub use verdicts::{LOOKS, is_open};

/// What the samples of one machine say.
pub fn analyse(samples: &Samples) -> Machine {
    let header = &samples.header;
    let contaminated = contamination::contaminated(&samples.lines);
    let series = Series::collect(&samples.lines, &contaminated);
    let (mut cells, level) = cells::all(samples, &series);
    cells.extend(probes::cells(samples));
    let guarantees = guarantees(&header.strategies, &samples.lines);
    let scaling = scaling::scaling(samples, &cells);
    let name = environment::Machine::names(&[header.environment.machine()]).concat();
    let mut results = Machine {
        name,
        runs: Vec::new(),
        baseline: header.baseline.clone(),
        margin: MARGIN,
        partial: !samples.lines.contains(&Line::Complete),
        environment: header.environment.clone(),
        protocol: protocol(samples, &contaminated, &cells, level),
        scenarios: header.scenarios.clone(),
        situations: probes::situations(samples),
        latencies: probes::latencies(samples),
        strategies: header.strategies.clone(),
        exclusions: header.exclusions.clone(),
        cells,
        assumptions: Vec::new(),
        recommendations: Vec::new(),
        guarantees,
        faults: faulted(&samples.lines),
        traces: evidence::traces(&header.strategies, &samples.lines),
        untraced: evidence::untraced(&samples.lines),
        stalls: evidence::stalls(&header.strategies, &samples.lines),
        flips: Vec::new(),
        maps: Vec::new(),
        scaling,
        controls: Vec::new(),
        use_cases: Vec::new(),
        warnings: warnings(samples),
    };
    results.warnings.extend(disturbed(&results));
    results.warnings.extend(evidence::warnings(&results));
    results.assumptions = assumptions::judged(&results, samples);
    results.recommendations = recommendations::all(&results);
    results.controls = controls::all(&results, samples, &series);
    results.use_cases = use_cases::answered(&results, &series);
    (results.flips, results.maps) = flips::find(&results, |scenario, strategy, metric| {
        series::groups(series.log_ratios(scenario, strategy, metric))
    });
    results
}

/// How much there was to estimate from.
fn protocol(
    samples: &Samples,
    contaminated: &HashMap<BlockKey<'_>, Reason>,
    cells: &[Cell],
    level: f64,
) -> Protocol {
    let mut because: BTreeMap<Reason, usize> = BTreeMap::new();
    for &reason in contaminated.values() {
        *because.entry(reason).or_default() += 1;
    }
    let verdicts = cells
        .iter()
        .filter(|cell| cell.ratio.as_ref().is_some_and(|ratio| ratio.p.is_some()))
        .count();
    let slices: Vec<&SliceKey> = samples.slices().map(|slice| &slice.key).collect();
    let blocks: BTreeSet<(&str, u32, u32)> = slices
        .iter()
        .map(|key| (key.scenario.as_str(), key.process, key.block))
        .collect();
    let processes: BTreeSet<u32> = slices.iter().map(|key| key.process).collect();
    Protocol {
        window_ns: samples.header.window_ns,
        processes: processes.len(),
        blocks: blocks.len(),
        slices: slices.len(),
        failures: samples.failures().count(),
        dropped: contaminated.len(),
        dropped_because: because
            .into_iter()
            .map(|(reason, blocks)| (reason.to_string(), blocks))
            .collect(),
        verdicts,
        level,
        looks: samples.header.looks,
        resamples: flips::DRAWS,
        runs: samples.header.runs.len().max(1),
    }
}

/// The scenarios of which nothing is left.
fn disturbed(results: &Machine) -> Vec<String> {
    if results.protocol.dropped == 0 {
        return Vec::new();
    }
    let is_empty = |scenario: &&Scenario| {
        let mut cells = results.cells.iter();
        !cells.any(|cell| cell.scenario == scenario.name && cell.metric.is_timed())
    };
    let scenarios = results.scenarios.iter().filter(is_empty);
    scenarios
        .map(|scenario| {
            format!(
                "{}: the machine was disturbed during all its blocks, so it has no times: run again, or longer",
                scenario.name
            )
        })
        .collect()
}

/// What a reader has to know beside the figures.
fn warnings(samples: &Samples) -> Vec<String> {
    let cpus = samples.header.environment.cpus;
    let oversubscribed = samples.header.scenarios.iter().filter(|s| s.threads() > cpus).map(|s| {
        format!(
            "{}: {} threads on {cpus} processor{}: oversubscribed, so it measures the scheduler, too",
            s.name,
            s.threads(),
            if cpus == 1 { "" } else { "s" }
        )
    });
    let failed = samples.failures().map(|failure| {
        format!(
            "{}: {} was not measured: {}",
            failure.key.scenario, failure.key.strategy, failure.reason
        )
    });
    let slices = samples.slices();
    let missed = slices.filter(|slice| slice.groups.iter().any(|group| group.misses > 0));
    let missed = missed.map(|slice| {
        format!(
            "{}: {} missed records that were there, or had heartbeats rejected",
            slice.key.scenario, slice.key.strategy
        )
    });
    let mut all: Vec<String> = oversubscribed.chain(failed).chain(missed).collect();
    all.dedup();
    all
}
