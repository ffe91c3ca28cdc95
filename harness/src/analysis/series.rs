//! The slices of a run as series of numbers: values and log ratios, by measuring process.

use std::collections::{BTreeMap, HashMap, HashSet};

use basis::sample::{Line, Slice};
use basis::scenario::{Activity, Scenario};

use crate::results::Metric;

/// A block: scenario, process and number.
pub(super) type BlockKey<'a> = (&'a str, u32, u32);

/// All slices that count, findable by where they stood.
#[derive(Debug)]
pub(crate) struct Series<'a> {
    by_place: HashMap<(BlockKey<'a>, u32), &'a Slice>,
    by_strategy: HashMap<&'a str, HashMap<&'a str, Vec<&'a Slice>>>,
}

impl<'a> Series<'a> {
    /// Collects the slices of all blocks but the dropped ones.
    pub(crate) fn collect(lines: &'a [Line], dropped: &HashSet<BlockKey<'_>>) -> Self {
        let mut series = Self {
            by_place: HashMap::new(),
            by_strategy: HashMap::new(),
        };
        for line in lines {
            let Line::Slice(slice) = line else { continue };
            let key = &slice.key;
            let block = (key.scenario.as_str(), key.process, key.block);
            if dropped.contains(&block) {
                continue;
            }
            series.by_place.insert((block, key.position), slice);
            series
                .by_strategy
                .entry(&key.scenario)
                .or_default()
                .entry(&key.strategy)
                .or_default()
                .push(slice);
        }
        series
    }

    fn of<'s>(&'s self, scenario: &str, strategy: &str) -> &'s [&'a Slice] {
        // Nested and not a pair of names: a pair that is only looked up would have to live as long.
        self.by_strategy
            .get(scenario)
            .and_then(|strategies| strategies.get(strategy))
            .map_or(&[], Vec::as_slice)
    }

    /// A timed metric's values, by process; infinite where no operation was finished.
    pub(crate) fn values(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        by_process(self.of(scenario, strategy), |slice| value(slice, metric))
    }

    /// How many times better than its two baseline neighbours each slice is, as a logarithm, by
    /// process. Against their geometric mean, so that a drift of the machine that is linear in time
    /// cancels. A slice without a finished operation is infinitely worse, whatever its neighbours are.
    pub(crate) fn log_ratios(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        by_process(self.of(scenario, strategy), |slice| {
            self.log_ratio(slice, metric, 1)
        })
    }

    /// The baseline against itself: every slice of it against the next ones before and after it, as
    /// [`log_ratios`](Series::log_ratios). What a strategy's would be that is the baseline.
    pub(crate) fn baseline_log_ratios(
        &self,
        scenario: &str,
        baseline: &str,
        metric: Metric,
    ) -> Vec<Vec<Vec<f64>>> {
        let mut processes: BTreeMap<u32, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
        for slice in self.of(scenario, baseline) {
            processes
                .entry(slice.key.process)
                .or_default()
                .entry(slice.key.block)
                .or_default()
                .extend(self.log_ratio(slice, metric, 2));
        }
        processes
            .into_values()
            .map(|blocks| blocks.into_values().collect())
            .collect()
    }

    /// The same without blocks.
    pub(crate) fn baseline_logs(
        &self,
        scenario: &str,
        baseline: &str,
        metric: Metric,
    ) -> Vec<Vec<f64>> {
        let processes = self.baseline_log_ratios(scenario, baseline, metric);
        let all = processes.into_iter();
        all.map(|blocks| blocks.into_iter().flatten().collect())
            .collect()
    }

    fn log_ratio(&self, slice: &Slice, metric: Metric, distance: u32) -> Option<f64> {
        let key = &slice.key;
        let block = (key.scenario.as_str(), key.process, key.block);
        let neighbour = |position: u32| {
            let other = self.by_place.get(&(block, position))?;
            // A process that was started anew has other heaps and tables.
            let same_process = other.restarts == slice.restarts;
            same_process.then(|| value(other, metric)).flatten()
        };
        let before = neighbour(key.position.checked_sub(distance)?)?;
        let after = neighbour(key.position + distance)?;
        let own = value(slice, metric)?;
        Some(if own.is_infinite() {
            f64::NEG_INFINITY
        } else {
            f64::midpoint(before.ln(), after.ln()) - own.ln()
        })
    }

    /// How many operations a thread did in each slice, on average.
    pub(crate) fn operations_of_a_thread(
        &self,
        scenario: &str,
        strategy: &str,
        metric: Metric,
    ) -> Vec<f64> {
        let kinds = activities(metric).iter();
        let slices = self.of(scenario, strategy).iter();
        slices
            .filter_map(|slice| {
                kinds
                    .clone()
                    .find_map(|&kind| slice.operations_of_a_thread(kind))
            })
            .collect()
    }

    /// How much faster the slices were in their last third than in their first, as logarithms.
    pub(crate) fn drifts(&self, scenario: &str, strategy: &str, metric: Metric) -> Vec<f64> {
        let kinds = activities(metric);
        let slices = self.of(scenario, strategy).iter();
        slices
            .flat_map(|slice| &slice.groups)
            .filter(|group| !group.paced && kinds.contains(&group.does))
            .filter_map(|group| group.drift)
            .collect()
    }
}

/// The metrics whose time a scenario measures.
pub(crate) fn timed_metrics(scenario: &Scenario) -> Vec<Metric> {
    if scenario.operations.is_some() {
        return vec![Metric::ElapsedMs];
    }
    [
        Metric::ReadNs,
        Metric::WriteNs,
        Metric::ScanNs,
        Metric::OperationNs,
    ]
    .into_iter()
    .filter(|&metric| {
        activities(metric)
            .iter()
            .any(|&kind| scenario.measures(kind))
    })
    .collect()
}

/// What is done while a metric is timed.
const fn activities(metric: Metric) -> &'static [Activity] {
    match metric {
        Metric::ReadNs => &[Activity::Read],
        Metric::WriteNs => &[Activity::Update, Activity::Churn, Activity::Replay],
        Metric::ScanNs => &[Activity::Scan],
        Metric::OperationNs => &[Activity::Mix],
        _ => &[],
    }
}

/// A slice's value of a timed metric.
fn value(slice: &Slice, metric: Metric) -> Option<f64> {
    if metric == Metric::ElapsedMs {
        return Some(slice.window_ns as f64 / 1e6);
    }
    activities(metric)
        .iter()
        .find_map(|&kind| slice.ns_per_operation(kind))
}

/// Figures of slices, by measuring process.
pub(crate) type ByProcess = BTreeMap<u32, Vec<f64>>;

/// The same without the processes' numbers, as statistics take them.
pub(crate) fn groups(by_process: ByProcess) -> Vec<Vec<f64>> {
    by_process.into_values().collect()
}

fn by_process(slices: &[&Slice], value: impl Fn(&Slice) -> Option<f64>) -> ByProcess {
    let mut processes = ByProcess::new();
    for slice in slices {
        processes
            .entry(slice.key.process)
            .or_default()
            .extend(value(slice));
    }
    processes
}
