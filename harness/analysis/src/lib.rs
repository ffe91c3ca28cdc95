//! From samples to results: cells, verdicts, recommendations. Pure: equal samples, equal results.

mod assumptions;
mod cells;
mod controls;
pub mod diff;
mod evidence;
mod flips;
mod guarantees;
mod latency;
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

use std::collections::HashSet;

use model::collect::unique;
use model::environment::Environment;
use model::sample::{Failure, Line, SliceKey};

pub use controls::SKEW;
pub use evidence::Evidence;
pub use guarantees::{contradicts, faulted, guarantees, held_up_at};
pub use merge::merge;
use results::{Cell, MARGIN, Machine, Protocol};
pub use samples::Samples;
pub use scaling::rankings;
use series::Series;
pub use series::{is_apart, usual_hand_off};
pub use use_cases::{Candidate, best, deciding_scenarios};
pub use verdicts::{LOOKS, is_open};

/// What the samples of one machine say.
pub fn analyse(samples: &Samples) -> Machine {
    let header = &samples.header;
    let series = Series::of_lines(&samples.lines);
    let (mut cells, level) = cells::all(samples, &series);
    cells.extend(probes::cells(samples));
    let mut results = Machine {
        name: Environment::short_names(&[&header.environment]).concat(),
        baseline: header.baseline.clone(),
        margin: MARGIN,
        partial: !samples.lines.contains(&Line::Complete),
        environment: header.environment.clone(),
        protocol: protocol(samples, &cells, level),
        scenarios: header.scenarios.clone(),
        situations: probes::described(samples),
        latencies: latency::all(samples),
        strategies: header.strategies.clone(),
        exclusions: header.exclusions.clone(),
        guarantees: guarantees(&header.strategies, &header.scenarios, &samples.lines),
        faults: faulted(&samples.lines),
        traces: evidence::traces(&header.strategies, &samples.lines)
            .cloned()
            .collect(),
        untraced: evidence::untraced(&samples.lines),
        stalls: evidence::stalls(&header.strategies, &samples.lines),
        scaling: scaling::scaling(samples, &cells),
        warnings: warnings(samples),
        cells,
        ..Machine::default()
    };
    results.warnings.extend(evidence::warnings(&results));
    results.assumptions = assumptions::judged(&results, samples);
    results.recommendations = recommendations::all(&results);
    results.controls = controls::all(&results, &series);
    results.use_cases = use_cases::answered(&results, &series, &header.runs);
    (results.flips, results.maps) = flips::find(&results, &series);
    results
}

/// How much there was to estimate from.
fn protocol(samples: &Samples, cells: &[Cell], level: f64) -> Protocol {
    let header = &samples.header;
    let (mut took, mut stolen) = (0, 0);
    for block in samples.all(Line::try_as_interference_ref) {
        (took, stolen) = (took + block.took_ns, stolen + block.stolen_ns);
    }
    let keys = || samples.all(Line::try_as_slice_ref).map(|slice| &slice.key);
    let processes: HashSet<u32> = keys().map(|key| key.process).collect();
    let blocks = keys().map(|key| (&key.scenario, key.process, key.block));
    let ratios = cells.iter().filter_map(|cell| cell.ratio.as_ref());
    Protocol {
        window_ns: header.window_ns,
        processes: processes.len(),
        blocks: blocks.collect::<HashSet<_>>().len(),
        slices: keys().count(),
        failures: samples.all(Line::try_as_failure_ref).count(),
        moved: series::moved(&samples.lines).len(),
        stolen: stolen as f64 / (took.max(1) as f64 * header.environment.cpus as f64),
        verdicts: ratios.filter(|ratio| ratio.p.is_some()).count(),
        level,
        looks: header.looks,
        resamples: flips::DRAWS,
        runs: header.runs.len().max(1),
    }
}

/// What a reader has to know beside the figures.
fn warnings(samples: &Samples) -> Vec<String> {
    let cpus = samples.header.environment.cpus;
    let plural = if cpus == 1 { "" } else { "s" };
    let scenarios = samples.header.scenarios.iter();
    let oversubscribed = scenarios.filter(|scenario| scenario.threads() > cpus).map(|scenario| {
        let (name, threads) = (&scenario.name, scenario.threads());
        format!(
            "{name}: {threads} threads on {cpus} processor{plural}: oversubscribed, so it measures the scheduler, too"
        )
    });
    let about = |key: &SliceKey| format!("{}: {}", key.scenario, key.strategy);
    let failed = samples.all(Line::try_as_failure_ref);
    let failed =
        failed.map(|Failure { key, reason }| format!("{} was not measured: {reason}", about(key)));
    let missed = samples.all(Line::try_as_slice_ref);
    let missed = missed.filter(|slice| slice.groups.iter().any(|group| group.misses > 0));
    let what = "missed records that were there, or had heartbeats rejected";
    let missed = missed.map(|slice| format!("{} {what}", about(&slice.key)));
    unique(oversubscribed.chain(failed).chain(missed))
}
