//! From samples to results: cells, verdicts, recommendations. Pure: equal samples, equal results.

mod cells;
mod flips;
mod judgements;

use std::collections::BTreeSet;

use crate::results::{Protocol, Results, SCHEMA};
use crate::sample::{CheckOutcome, Failure, Header, Line, SliceKey};
use crate::statistics::RESAMPLES;

pub(crate) use judgements::subject;

/// The adoption rule's margin: better by more than 20 %.
pub const MARGIN: f64 = 1.20;

/// What a run left behind, sorted by kind.
#[derive(Clone, Debug)]
pub struct Samples {
    /// What the run was about.
    pub header: Header,
    /// All lines but the header.
    pub lines: Vec<Line>,
}

impl Samples {
    /// Sorts the lines of a file: the first is its header, as [`crate::sample::read`] makes sure.
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

/// What the samples say.
pub fn analyse(samples: &Samples) -> Results {
    let header = &samples.header;
    let cells = cells::all(samples);
    let guarantees = judgements::guarantees(samples);
    let mut results = Results {
        schema: SCHEMA.into(),
        baseline: header.baseline.clone(),
        margin: MARGIN,
        partial: !samples.lines.contains(&Line::Complete),
        environment: header.environment.clone(),
        protocol: protocol(samples),
        scenarios: header.scenarios.clone(),
        strategies: header.strategies.clone(),
        exclusions: header.exclusions.clone(),
        cells,
        assumptions: Vec::new(),
        recommendations: Vec::new(),
        guarantees,
        flips: Vec::new(),
        maps: Vec::new(),
        controls: Vec::new(),
        warnings: warnings(samples),
    };
    results.assumptions = judgements::assumptions(&results, samples);
    results.recommendations = judgements::recommendations(&results);
    results.controls = judgements::controls(&results);
    let timings = cells::Timings::collect(samples);
    let log_ratios =
        |scenario: &str, strategy: &str, metric| timings.log_ratios(scenario, strategy, metric);
    (results.flips, results.maps) = flips::find(&results, log_ratios);
    results
}

/// How much there was to estimate from.
fn protocol(samples: &Samples) -> Protocol {
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
        resamples: RESAMPLES,
    }
}

/// What a reader has to know beside the figures.
fn warnings(samples: &Samples) -> Vec<String> {
    let cpus = samples.header.environment.cpus;
    let oversubscribed = samples.header.scenarios.iter().filter(|s| s.threads() > cpus).map(|s| {
        format!(
            "{}: {} threads on {cpus} processors: oversubscribed, so it measures the scheduler, too",
            s.name,
            s.threads()
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
