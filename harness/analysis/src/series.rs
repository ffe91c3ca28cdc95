//! The slices of a run as series of numbers: values and log ratios, by measuring process.

use std::collections::{BTreeMap, HashMap};

use model::sample::{Line, Slice};
use model::scenario::{Activity, Scenario};
use strum::VariantArray;

use super::contamination::{BlockKey, Reason, contaminated};
use super::samples::Samples;
use results::Metric;

/// All slices that count, findable by where they stood.
#[derive(Debug)]
pub struct Series<'a> {
    by_place: HashMap<(BlockKey<'a>, u32), &'a Slice>,
    by_strategy: HashMap<(&'a str, &'a str), Vec<&'a Slice>>,
}

impl<'a> Series<'a> {
    /// The slices of all blocks that nothing else disturbed.
    pub fn undisturbed(lines: &'a [Line]) -> Self {
        Self::collect(lines, &contaminated(lines))
    }

    /// Collects the slices of all blocks but the dropped ones.
    pub(super) fn collect(lines: &'a [Line], dropped: &HashMap<BlockKey<'_>, Reason>) -> Self {
        let mut series = Self {
            by_place: HashMap::new(),
            by_strategy: HashMap::new(),
        };
        let slices = lines.iter().filter_map(Line::try_as_slice_ref);
        for slice in slices.filter(|slice| !dropped.contains_key(&block(slice))) {
            let place = (block(slice), slice.key.position);
            series.by_place.insert(place, slice);
            let names = (slice.key.scenario.as_str(), slice.key.strategy.as_str());
            series.by_strategy.entry(names).or_default().push(slice);
        }
        series
    }

    fn of<'s>(&'s self, scenario: &'s str, strategy: &'s str) -> &'s [&'a Slice] {
        let slices = self.by_strategy.get(&(scenario, strategy));
        slices.map_or(&[], Vec::as_slice)
    }

    /// The logarithms of a timed metric, by process; infinite where no operation was finished.
    pub fn log_values(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        let slices = self.of(scenario, strategy);
        by_process(slices, |slice| value(slice, metric).map(f64::ln))
    }

    /// How many times better than its two baseline neighbours each slice is, as a logarithm, by
    /// process. Against their geometric mean, so that a drift of the machine that is linear in time
    /// cancels. A slice without a finished operation is infinitely worse, whatever its neighbours are.
    pub fn log_ratios(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        let slices = self.of(scenario, strategy);
        by_process(slices, |slice| self.log_ratio(slice, metric, 1))
    }

    /// The baseline against itself: every slice of it against the next ones before and after it, as
    /// [`log_ratios`](Series::log_ratios), by process and block. What a strategy's would be that is the baseline.
    pub fn baseline_log_ratios(
        &self,
        scenario: &str,
        baseline: &str,
        metric: Metric,
    ) -> Vec<Vec<Vec<f64>>> {
        let mut processes: BTreeMap<u32, BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
        for slice in self.of(scenario, baseline) {
            let blocks = processes.entry(slice.key.process).or_default();
            let ratios = blocks.entry(slice.key.block).or_default();
            ratios.extend(self.log_ratio(slice, metric, 2));
        }
        let processes = processes.into_values();
        processes
            .map(|blocks| blocks.into_values().collect())
            .collect()
    }

    fn log_ratio(&self, slice: &Slice, metric: Metric, distance: u32) -> Option<f64> {
        let position = slice.key.position;
        let neighbour = |position: u32| {
            let other = self.by_place.get(&(block(slice), position))?;
            // A process that was started anew has other heaps and tables.
            let same_process = other.restarts == slice.restarts;
            same_process.then(|| value(other, metric)).flatten()
        };
        let before = neighbour(position.checked_sub(distance)?)?;
        let after = neighbour(position + distance)?;
        let own = value(slice, metric)?;
        Some(if own.is_infinite() {
            f64::NEG_INFINITY
        } else {
            f64::midpoint(before.ln(), after.ln()) - own.ln()
        })
    }

    /// How many operations a thread did in each slice, on average.
    pub fn operations_of_a_thread(
        &self,
        scenario: &str,
        strategy: &str,
        metric: Metric,
    ) -> Vec<f64> {
        let slices = self.of(scenario, strategy).iter();
        let each =
            |slice: &&Slice| activities(metric).find_map(|does| slice.operations_of_a_thread(does));
        slices.filter_map(each).collect()
    }

    /// How much faster the slices were in their last third than in their first, as logarithms.
    pub fn drifts(&self, scenario: &str, strategy: &str, metric: Metric) -> Vec<f64> {
        let slices = self.of(scenario, strategy).iter();
        let groups = slices.flat_map(|slice| &slice.groups);
        let timed = groups.filter(|group| !group.paced && group.does.metric() == metric);
        timed.filter_map(|group| group.drift).collect()
    }
}

/// The block that a slice stands in.
fn block(slice: &Slice) -> BlockKey<'_> {
    let key = &slice.key;
    (&key.scenario, key.process, key.block)
}

/// What there is to compare: every metric that a scenario times.
pub fn rows(scenarios: &[Scenario]) -> impl Iterator<Item = (&Scenario, Metric)> {
    scenarios.iter().flat_map(|scenario| {
        let metrics = scenario.timed_metrics().into_iter();
        metrics.map(move |metric| (scenario, metric))
    })
}

/// What is done while a metric is timed.
fn activities(metric: Metric) -> impl Iterator<Item = Activity> {
    let all = Activity::VARIANTS.iter().copied();
    all.filter(move |does| does.metric() == metric)
}

/// A slice's value of a timed metric.
fn value(slice: &Slice, metric: Metric) -> Option<f64> {
    if metric == Metric::ElapsedMs {
        return Some(slice.window_ns as f64 / 1e6);
    }
    activities(metric).find_map(|does| slice.ns_per_operation(does))
}

/// Figures of slices, by measuring process.
pub type ByProcess = BTreeMap<u32, Vec<f64>>;

/// The same without the processes' numbers, as statistics take them.
pub fn groups(by_process: ByProcess) -> Vec<Vec<f64>> {
    by_process.into_values().collect()
}

fn by_process(slices: &[&Slice], value: impl Fn(&Slice) -> Option<f64>) -> ByProcess {
    let mut processes = ByProcess::new();
    for slice in slices {
        let values = processes.entry(slice.key.process).or_default();
        values.extend(value(slice));
    }
    processes
}

/// The samples of a timed metric of a strategy in a scenario. Outer lists are measuring processes,
/// inner ones their slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Logs {
    /// The scenario.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// The metric.
    pub metric: Metric,
    /// Logarithms of how many times better a slice is than the baseline beside it.
    pub ratios: Vec<Vec<f64>>,
    /// Logarithms of the metric's value, in its unit.
    pub values: Vec<Vec<f64>>,
}

/// All that was sampled, in the order of scenarios and metrics; without the blocks that
/// were disturbed. The baseline is compared with nothing.
pub fn logs(samples: &Samples) -> Vec<Logs> {
    let series = Series::undisturbed(&samples.lines);
    let header = &samples.header;
    let rows = rows(&header.scenarios).flat_map(|(scenario, metric)| {
        let strategies = header.strategies.iter();
        strategies.map(move |card| (scenario, card.name.as_str(), metric))
    });
    let logs = rows.map(|(scenario, strategy, metric)| Logs {
        scenario: scenario.name.clone(),
        strategy: strategy.into(),
        metric,
        ratios: if strategy == header.baseline {
            Vec::new()
        } else {
            groups(series.log_ratios(&scenario.name, strategy, metric))
        },
        values: groups(series.log_values(&scenario.name, strategy, metric)),
    });
    logs.filter(|logs| logs.values.iter().any(|process| !process.is_empty()))
        .collect()
}
