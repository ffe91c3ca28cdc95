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
    by_strategy: HashMap<&'a str, HashMap<&'a str, Vec<&'a Slice>>>,
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
        for slice in lines.iter().filter_map(Line::try_as_slice_ref) {
            let key = &slice.key;
            let block = (key.scenario.as_str(), key.process, key.block);
            if dropped.contains_key(&block) {
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
    pub fn values(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        by_process(self.of(scenario, strategy), |slice| value(slice, metric))
    }

    /// How many times better than its two baseline neighbours each slice is, as a logarithm, by
    /// process. Against their geometric mean, so that a drift of the machine that is linear in time
    /// cancels. A slice without a finished operation is infinitely worse, whatever its neighbours are.
    pub fn log_ratios(&self, scenario: &str, strategy: &str, metric: Metric) -> ByProcess {
        by_process(self.of(scenario, strategy), |slice| {
            self.log_ratio(slice, metric, 1)
        })
    }

    /// The baseline against itself: every slice of it against the next ones before and after it, as
    /// [`log_ratios`](Series::log_ratios). What a strategy's would be that is the baseline.
    pub fn baseline_log_ratios(
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
    pub fn baseline_logs(&self, scenario: &str, baseline: &str, metric: Metric) -> Vec<Vec<f64>> {
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
        processes
            .entry(slice.key.process)
            .or_default()
            .extend(value(slice));
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
    /// Logarithms of how many times better a slice is than the baseline beside it. Empty for the
    /// baseline itself.
    pub ratios: Vec<Vec<f64>>,
    /// Logarithms of the metric's value, in its unit.
    pub values: Vec<Vec<f64>>,
}

/// All that was sampled, in the order of scenarios, strategies and metrics; without the blocks that
/// were disturbed.
pub fn logs(samples: &Samples) -> Vec<Logs> {
    let series = Series::undisturbed(&samples.lines);
    let header = &samples.header;
    let mut all = Vec::new();
    for scenario in &header.scenarios {
        for card in &header.strategies {
            for metric in scenario.timed_metrics() {
                let mut values = groups(series.values(&scenario.name, &card.name, metric));
                let all_values = values.iter_mut().flatten();
                all_values.for_each(|value| *value = value.ln());
                let mut ratios = Vec::new();
                if card.name != header.baseline {
                    ratios = groups(series.log_ratios(&scenario.name, &card.name, metric));
                }
                if values.iter().any(|process| !process.is_empty()) {
                    all.push(Logs {
                        scenario: scenario.name.clone(),
                        strategy: card.name.clone(),
                        metric,
                        ratios,
                        values,
                    });
                }
            }
        }
    }
    all
}
