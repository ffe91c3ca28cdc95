//! From samples to results: cells, verdicts, recommendations. Pure: equal samples, equal results.

mod assumptions;
mod cells;
pub(crate) mod contamination;
mod evidence;
#[cfg(test)]
mod files;
mod flips;
mod guarantees;
mod judgements;
mod latency;
mod logs;
mod merge;
#[cfg(test)]
mod packed;
mod probes;
mod runs;
mod scaling;
pub(crate) mod series;
pub(crate) mod verdicts;
mod yardsticks;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use basis::environment;
use basis::sample::{CheckOutcome, Failure, Header, Line, SliceKey};
use basis::scenario::{Group, Scenario};

use crate::results::{Cell, MARGIN, Machine, Protocol};
pub(crate) use cells::allocation_metrics;
use contamination::Reason;
pub(crate) use evidence::Evidence;
pub(crate) use guarantees::{contradicts, held_up_at};
pub use guarantees::{faulted, graded_by_stalls, guarantees};
pub(crate) use judgements::subject;
pub use logs::{Logs, logs};
pub use merge::merge;
use runs::Runs;
use series::{BlockKey, Series};

/// What a run left behind, sorted by kind.
#[derive(Clone, Debug)]
pub struct Samples {
    /// What the run was about.
    pub header: Header,
    /// All lines but the header.
    pub lines: Vec<Line>,
}

impl Samples {
    /// Sorts the lines of a file: the first is its header, as [`basis::sample::read`] makes sure.
    pub fn from_lines(lines: Vec<Line>) -> Option<Self> {
        let mut lines = lines.into_iter();
        match lines.next()? {
            Line::Header(header) => Some(Self {
                header: *header,
                lines: lines.collect(),
            }),
            _ => None,
        }
    }

    fn checks(&self) -> impl Iterator<Item = &CheckOutcome> {
        self.lines.iter().filter_map(|line| match line {
            Line::Check(check) => Some(check),
            _ => None,
        })
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.lines.iter().filter_map(|line| match line {
            Line::Failure(failure) => Some(failure),
            _ => None,
        })
    }
}

/// What the samples of one machine say.
pub fn analyse(samples: &Samples) -> Machine {
    let header = &samples.header;
    let contaminated = contamination::contaminated(&samples.lines);
    let series = Series::collect(&samples.lines, &contamination::dropped(&contaminated));
    let mut cells = cells::all(samples, &series);
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
        protocol: protocol(samples, &contaminated, &cells),
        scenarios: header.scenarios.clone(),
        situations: probes::situations(samples),
        latencies: latency::latencies(samples),
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
        warnings: warnings(samples),
    };
    results.warnings.extend(disturbed(&results));
    results.warnings.extend(evidence::warnings(&results));
    results.assumptions = assumptions::judged(&results, samples);
    results.recommendations = judgements::recommendations(&results);
    results.controls = yardsticks::all(&results, samples, &series);
    (results.flips, results.maps) = flips::find(&results, |scenario, strategy, metric| {
        series::groups(series.log_ratios(scenario, strategy, metric))
    });
    results
}

/// Whether threads get into each other's way: more of them than processors, or several without a
/// pause.
pub(crate) fn is_contended(scenario: &Scenario, cpus: usize) -> bool {
    let unpaced = |group: &&Group| !group.is_paced();
    let busy: usize = scenario
        .groups
        .iter()
        .filter(unpaced)
        .map(|group| group.threads)
        .sum();
    scenario.threads() > cpus || busy > 1
}

/// How much there was to estimate from.
fn protocol(
    samples: &Samples,
    contaminated: &HashMap<BlockKey<'_>, Reason>,
    cells: &[Cell],
) -> Protocol {
    let mut because: BTreeMap<Reason, usize> = BTreeMap::new();
    for &reason in contaminated.values() {
        *because.entry(reason).or_default() += 1;
    }
    let verdicts = cells
        .iter()
        .filter(|cell| cell.ratio.as_ref().is_some_and(|ratio| ratio.p.is_some()))
        .count();
    let slices: Vec<&SliceKey> = samples
        .lines
        .iter()
        .filter_map(|line| match line {
            Line::Slice(slice) => Some(&slice.key),
            _ => None,
        })
        .collect();
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
            .map(|(reason, blocks)| (reason.words().to_owned(), blocks))
            .collect(),
        verdicts,
        looks: samples.header.looks,
        resamples: flips::DRAWS,
        runs: Runs::of(&samples.header).count(),
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
    let missed = samples.lines.iter().filter_map(|line| match line {
        Line::Slice(slice) if slice.groups.iter().any(|group| group.misses > 0) => Some(format!(
            "{}: {} missed records that were there, or had heartbeats rejected",
            slice.key.scenario, slice.key.strategy
        )),
        _ => None,
    });
    let mut all: Vec<String> = oversubscribed.chain(failed).chain(missed).collect();
    all.dedup();
    all
}
