//! One cell per scenario x strategy x metric.

use std::collections::{BTreeMap, HashMap};

use super::{MARGIN, Samples};
use crate::results::{Cell, Metric, Ratio, Verdict};
use crate::sample::{Line, Slice};
use crate::scenario::{Activity, Scenario};
use crate::statistics::{Estimate, estimate};

/// Seed of the bootstrap: fixed, so that a report can be generated again byte for byte.
const BOOTSTRAP_SEED: u64 = 0x7069_766f_7400_0001;

/// All cells, in the order of scenarios, strategies and metrics.
pub(super) fn all(samples: &Samples) -> Vec<Cell> {
    let timings = Timings::collect(samples);
    let counts = Counts::collect(samples);
    let mut cells = Vec::new();
    for scenario in &samples.header.scenarios {
        for card in &samples.header.strategies {
            for metric in timed_metrics(scenario) {
                cells.extend(timings.cell(scenario, &card.name, metric, &samples.header.baseline));
            }
            cells.extend(counts.cells(&scenario.name, &card.name, &samples.header.baseline));
        }
    }
    cells
}

/// The metrics whose time a scenario measures.
fn timed_metrics(scenario: &Scenario) -> Vec<Metric> {
    if scenario.operations.is_some() {
        return vec![Metric::ElapsedMs];
    }
    let measured = [
        (Metric::ReadNs, &[Activity::Read][..]),
        (Metric::WriteNs, &[Activity::Update, Activity::Churn]),
        (Metric::ScanNs, &[Activity::Scan]),
        (Metric::OperationNs, &[Activity::Mix]),
    ];
    measured
        .into_iter()
        .filter(|(_, kinds)| kinds.iter().any(|&kind| scenario.measures(kind)))
        .map(|(metric, _)| metric)
        .collect()
}

/// A slice's value of a timed metric.
fn value(slice: &Slice, metric: Metric) -> Option<f64> {
    match metric {
        Metric::ReadNs => slice.ns_per_operation(Activity::Read),
        Metric::WriteNs => slice
            .ns_per_operation(Activity::Update)
            .or_else(|| slice.ns_per_operation(Activity::Churn)),
        Metric::ScanNs => slice.ns_per_operation(Activity::Scan),
        Metric::OperationNs => slice.ns_per_operation(Activity::Mix),
        Metric::ElapsedMs => Some(slice.window_ns as f64 / 1e6),
        _ => None,
    }
}

/// All slices, findable by where they stood.
pub(super) struct Timings<'a> {
    by_place: HashMap<(&'a str, u32, u32, u32), &'a Slice>,
    by_strategy: HashMap<(&'a str, &'a str), Vec<&'a Slice>>,
}

impl<'a> Timings<'a> {
    pub(super) fn collect(samples: &'a Samples) -> Self {
        let mut timings = Self {
            by_place: HashMap::new(),
            by_strategy: HashMap::new(),
        };
        for line in &samples.lines {
            if let Line::Slice(slice) = line {
                let key = &slice.key;
                let place = (key.scenario.as_str(), key.process, key.block, key.position);
                timings.by_place.insert(place, slice);
                timings
                    .by_strategy
                    .entry((&key.scenario, &key.strategy))
                    .or_default()
                    .push(slice);
            }
        }
        timings
    }

    fn cell(
        &self,
        scenario: &Scenario,
        strategy: &str,
        metric: Metric,
        baseline: &str,
    ) -> Option<Cell> {
        let slices = self.by_strategy.get(&(scenario.name.as_str(), strategy))?;
        let values = by_process(slices, |slice| value(slice, metric));
        let estimated = estimate(&values, BOOTSTRAP_SEED)?;
        let ratio = if strategy == baseline {
            None
        } else {
            let logs = by_process(slices, |slice| self.log_ratio(slice, metric));
            estimate(&logs, BOOTSTRAP_SEED).map(|logs| ratio(logs.map(f64::exp), baseline))
        };
        Some(Cell {
            scenario: scenario.name.clone(),
            strategy: strategy.into(),
            metric,
            unit: metric.unit().into(),
            median: estimated.median,
            ci_low: estimated.low,
            ci_high: estimated.high,
            n: estimated.n,
            ratio,
        })
    }

    /// A strategy's log ratios, by process.
    pub(super) fn log_ratios(
        &self,
        scenario: &str,
        strategy: &str,
        metric: Metric,
    ) -> Vec<Vec<f64>> {
        self.by_strategy
            .get(&(scenario, strategy))
            .map(|slices| by_process(slices, |slice| self.log_ratio(slice, metric)))
            .unwrap_or_default()
    }

    /// How many times better than its two baseline neighbours a slice is, as a logarithm. Against
    /// their geometric mean, so that a drift of the machine that is linear in time cancels.
    fn log_ratio(&self, slice: &Slice, metric: Metric) -> Option<f64> {
        let key = &slice.key;
        let neighbour = |position: u32| {
            let place = (key.scenario.as_str(), key.process, key.block, position);
            value(self.by_place.get(&place)?, metric)
        };
        let before = neighbour(key.position.checked_sub(1)?)?;
        let after = neighbour(key.position + 1)?;
        Some(f64::midpoint(before.ln(), after.ln()) - value(slice, metric)?.ln())
    }
}

fn by_process(slices: &[&Slice], value: impl Fn(&Slice) -> Option<f64>) -> Vec<Vec<f64>> {
    let mut groups: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for slice in slices {
        groups
            .entry(slice.key.process)
            .or_default()
            .extend(value(slice));
    }
    groups.into_values().collect()
}

/// Fewer samples than this decide nothing: no interval of a median that rests on five values or
/// fewer covers 95 %.
const SAMPLES_MIN: usize = 6;

fn ratio(estimate: Estimate, baseline: &str) -> Ratio {
    let decisive = estimate.n >= SAMPLES_MIN;
    Ratio {
        vs: baseline.into(),
        median: estimate.median,
        ci_low: estimate.low,
        ci_high: estimate.high,
        verdict: if decisive {
            judge(estimate)
        } else {
            Verdict::Inconclusive
        },
    }
}

fn judge(estimate: Estimate) -> Verdict {
    if estimate.low > MARGIN {
        Verdict::Holds
    } else if estimate.high <= MARGIN {
        Verdict::Rejected
    } else {
        Verdict::Inconclusive
    }
}

/// What was counted and not timed: exact, so the interval is the value itself.
struct Counts<'a> {
    cells: HashMap<(&'a str, &'a str), Vec<(Metric, f64)>>,
}

impl<'a> Counts<'a> {
    fn collect(samples: &'a Samples) -> Self {
        let mut cells: HashMap<(&str, &str), Vec<(Metric, f64)>> = HashMap::new();
        for line in &samples.lines {
            match line {
                Line::Allocation(seen) => {
                    let (bytes, allocations) = match seen.does {
                        Activity::Read => (Metric::AllocBytesRead, Metric::AllocsRead),
                        Activity::Update | Activity::Churn => {
                            (Metric::AllocBytesWrite, Metric::AllocsWrite)
                        }
                        Activity::Scan => (Metric::AllocBytesScan, Metric::AllocsScan),
                        // Counted as what it is made of.
                        Activity::Mix => continue,
                    };
                    let each = |total: u64| total as f64 / seen.operations as f64;
                    cells
                        .entry((&seen.scenario, &seen.strategy))
                        .or_default()
                        .extend([
                            (bytes, each(seen.bytes)),
                            (allocations, each(seen.allocations)),
                        ]);
                }
                Line::Memory(memory) => {
                    let each = memory.live_bytes as f64 / memory.records as f64;
                    cells
                        .entry((&memory.scenario, &memory.strategy))
                        .or_default()
                        .push((Metric::LiveBytesPerRecord, each));
                }
                _ => {}
            }
        }
        Self { cells }
    }

    fn cells(&self, scenario: &str, strategy: &str, baseline: &str) -> Vec<Cell> {
        let of = |strategy| {
            self.cells
                .get(&(scenario, strategy))
                .map_or(&[][..], Vec::as_slice)
        };
        of(strategy)
            .iter()
            .map(|&(metric, value)| Cell {
                scenario: scenario.into(),
                strategy: strategy.into(),
                metric,
                unit: metric.unit().into(),
                median: value,
                ci_low: value,
                ci_high: value,
                n: 1,
                ratio: memory_ratio(metric, value, of(baseline), baseline)
                    .filter(|_| strategy != baseline),
            })
            .collect()
    }
}

/// Memory is compared with the baseline's; allocations are judged by themselves, against none.
fn memory_ratio(
    metric: Metric,
    value: f64,
    baseline: &[(Metric, f64)],
    name: &str,
) -> Option<Ratio> {
    if metric != Metric::LiveBytesPerRecord || value <= 0.0 {
        return None;
    }
    let &(_, reference) = baseline.iter().find(|(other, _)| *other == metric)?;
    let times = reference / value;
    let exact = Estimate {
        median: times,
        low: times,
        high: times,
        n: 1,
    };
    Some(Ratio {
        verdict: judge(exact),
        ..ratio(exact, name)
    })
}
