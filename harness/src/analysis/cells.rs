//! One cell per scenario x strategy x metric.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use basis::controls;
use basis::parallel;
use basis::sample::Line;
use basis::scenario::{Activity, Scenario};

use super::runs::{Between, Runs};
use super::series::{ByProcess, Series, groups, timed_metrics};
use super::verdicts::Comparison;
use super::{Samples, is_contended, verdicts};
use crate::results::{Cell, Flag, MARGIN, Metric, Ratio, Verdict};
use statistics::{Estimate, estimate, median};

/// A read within this factor of the no-op control is as fast as the harness can see.
const HARNESS_BOUND: f64 = 1.30;
/// Fewer operations of a thread than this in the median window: it says little.
const OPERATIONS_FEW: f64 = 10.0;
/// First and last third of a window further apart than this: not in a steady state.
const DRIFT_MAX: f64 = 0.05;

/// All cells, in the order of scenarios, strategies and metrics.
pub(super) fn all(samples: &Samples, series: &Series<'_>) -> Vec<Cell> {
    let counts = Counts::collect(samples);
    let header = &samples.header;
    let scenarios = header.scenarios.iter();
    let pairs: Vec<(&Scenario, &str)> = scenarios
        .flat_map(|scenario| header.strategies.iter().map(move |card| (scenario, card)))
        .map(|(scenario, card)| (scenario, card.name.as_str()))
        .filter(|(_, strategy)| !header.is_beside_the_point(strategy))
        .collect();
    let betweens = betweens(samples, series);
    let of_pairs = parallel::map(&pairs, |&(scenario, strategy)| {
        let metrics = timed_metrics(scenario).into_iter();
        let timed: Vec<(Cell, Option<Estimate>)> = metrics
            .filter_map(|metric| {
                let row = (scenario.name.clone(), metric);
                let between = betweens.get(&row).copied().unwrap_or_default();
                timed(samples, series, scenario, strategy, metric, between)
            })
            .collect();
        let counted = counts.cells(&scenario.name, strategy, &header.baseline);
        (timed, counted)
    });
    let mut cells = Vec::new();
    let mut compared: Vec<(usize, Estimate)> = Vec::new();
    for (timed, counted) in of_pairs {
        for (cell, ratio) in timed {
            compared.extend(ratio.map(|ratio| (cells.len(), ratio)));
            cells.push(cell);
        }
        cells.extend(counted);
    }
    let floors = floors(samples, series, &cells, &compared);
    judge(
        &mut cells,
        &compared,
        &floors,
        &betweens,
        samples.header.looks,
    );
    mark_harness_bound(&mut cells);
    cells
}

/// What runs add to the figures of a row.
#[derive(Clone, Copy, Debug, Default)]
struct RowBetween {
    values: Between,
    ratios: Between,
}

/// What runs add, row by row; nothing of a single run.
fn betweens(samples: &Samples, series: &Series<'_>) -> HashMap<RowKey, RowBetween> {
    let header = &samples.header;
    let runs = Runs::of(header);
    if runs.count() < 2 {
        return HashMap::new();
    }
    let names = || header.strategies.iter().map(|card| card.name.as_str());
    let logarithms = |mut values: ByProcess| {
        let all = values.values_mut().flatten();
        all.for_each(|value| *value = value.ln());
        values
    };
    let rows = header.scenarios.iter().flat_map(|scenario| {
        let metrics = timed_metrics(scenario).into_iter();
        metrics.map(|metric| (scenario.name.clone(), metric))
    });
    rows.map(|(scenario, metric)| {
        let values = names().map(|name| logarithms(series.values(&scenario, name, metric)));
        let contenders = names().filter(|name| *name != header.baseline);
        let ratios = contenders.map(|name| series.log_ratios(&scenario, name, metric));
        let between = RowBetween {
            values: runs.between(values),
            ratios: runs.between(ratios),
        };
        ((scenario, metric), between)
    })
    .collect()
}

/// A timed cell, and its log ratio to the baseline.
fn timed(
    samples: &Samples,
    series: &Series<'_>,
    scenario: &Scenario,
    strategy: &str,
    metric: Metric,
    between: RowBetween,
) -> Option<(Cell, Option<Estimate>)> {
    let baseline = &samples.header.baseline;
    let values = groups(series.values(&scenario.name, strategy, metric));
    let value = between.values.widen(estimate(&values)?.map(f64::ln));
    let is_starved = |value: &&f64| value.is_infinite();
    let mut cell = Cell {
        processes: value.groups(),
        starved: values.iter().flatten().filter(is_starved).count(),
        ..cell(&scenario.name, strategy, metric, &value.map(f64::exp))
    };
    if cell.median.is_infinite() {
        cell.flags.push(Flag::Starved);
    }
    let drift = median(&mut series.drifts(&scenario.name, strategy, metric));
    if drift.is_some_and(|drift| drift.abs() > DRIFT_MAX) {
        cell.flags.push(Flag::Unsteady);
    }
    let operations = median(&mut series.operations_of_a_thread(&scenario.name, strategy, metric));
    if operations.is_some_and(|operations| operations < OPERATIONS_FEW) {
        cell.flags.push(Flag::FewOperations);
    }
    if scenario.threads() > samples.header.environment.cpus {
        cell.flags.push(Flag::Oversubscribed);
    }
    let logs = groups(series.log_ratios(&scenario.name, strategy, metric));
    let ratio_of_logs = (strategy != baseline)
        .then(|| Some(between.ratios.widen(estimate(&logs)?)))
        .flatten();
    let shown = ratio_of_logs.clone().map(|logs| logs.map(f64::exp));
    cell.ratio = shown.map(|shown| ratio(&shown, baseline));
    Some((cell, ratio_of_logs))
}

fn cell(scenario: &str, strategy: &str, metric: Metric, estimate: &Estimate) -> Cell {
    Cell {
        scenario: scenario.into(),
        strategy: strategy.into(),
        metric,
        unit: metric.unit().into(),
        median: estimate.median,
        ci_low: estimate.shown.low,
        ci_high: estimate.shown.high,
        n: estimate.n,
        processes: 0,
        starved: 0,
        flags: Vec::new(),
        ratio: None,
    }
}

pub(super) fn ratio(estimate: &Estimate, baseline: &str) -> Ratio {
    Ratio {
        vs: baseline.into(),
        median: estimate.median,
        ci_low: estimate.shown.low,
        ci_high: estimate.shown.high,
        judged_low: estimate.judged.low,
        judged_high: estimate.judged.high,
        processes: estimate.groups(),
        p: None,
        n: estimate.n,
        needed: None,
        withheld: None,
        verdict: Verdict::Inconclusive,
    }
}

/// A row: a scenario and what is timed in it.
type RowKey = (String, Metric);

/// What the baseline against itself says about a row.
struct Floor {
    bias: f64,
    withheld: Option<String>,
}

/// The noise floor of each row.
///
/// Where threads do not get into each other's way, the floor is the baseline under its second name:
/// where a table lies in memory then decides most. Where they do, every slice differs from the next,
/// and the floor is that of all the baseline's own slices; the second name must come out equal there,
/// too.
fn floors(
    samples: &Samples,
    series: &Series<'_>,
    cells: &[Cell],
    compared: &[(usize, Estimate)],
) -> HashMap<RowKey, Floor> {
    let header = &samples.header;
    let second_names: HashMap<RowKey, &Estimate> = compared
        .iter()
        .map(|(index, same)| (&cells[*index], same))
        .filter(|(cell, _)| cell.strategy == controls::SAME)
        .map(|(cell, same)| ((cell.scenario.clone(), cell.metric), same))
        .collect();
    let mut found = HashMap::new();
    for scenario in &header.scenarios {
        for metric in timed_metrics(scenario) {
            let row = (scenario.name.clone(), metric);
            let own = estimate(&series.baseline_logs(&scenario.name, &header.baseline, metric));
            let Some(own) = own else { continue };
            let same = second_names.get(&row).copied().unwrap_or(&own);
            let contended = is_contended(scenario, header.environment.cpus);
            let floor = if contended { &own } else { same };
            let floor = Floor {
                bias: verdicts::bias(same),
                withheld: verdicts::withheld(same, floor),
            };
            found.insert(row, floor);
        }
    }
    found
}

/// Gives every timed ratio of a contender its verdict, unless the row's noise floor forbids it, or an
/// improvement would rest on slices without a finished operation. Controls are judged by what is known
/// of them, not by the margin.
fn judge(
    cells: &mut [Cell],
    compared: &[(usize, Estimate)],
    floors: &HashMap<RowKey, Floor>,
    betweens: &HashMap<RowKey, RowBetween>,
    looks: u32,
) {
    let contenders: Vec<&(usize, Estimate)> = compared
        .iter()
        .filter(|(index, _)| !controls::is_control(&cells[*index].strategy))
        .collect();
    let row_of = |cell: &Cell| (cell.scenario.clone(), cell.metric);
    let comparisons: Vec<Comparison<'_>> = contenders
        .iter()
        .map(|(index, ratio)| {
            let row = row_of(&cells[*index]);
            Comparison {
                ratio,
                bias: floors.get(&row).map_or(0.0, |floor| floor.bias),
                between: betweens.get(&row).copied().unwrap_or_default().ratios,
            }
        })
        .collect();
    let starved: HashMap<(String, RowKey), String> = cells
        .iter()
        .filter_map(|cell| Some(((cell.strategy.clone(), row_of(cell)), too_starved(cell)?)))
        .collect();
    for ((index, _), judged) in contenders.iter().zip(verdicts::judge(&comparisons, looks)) {
        let cell = &mut cells[*index];
        let row = row_of(cell);
        let starved = |name: &str| starved.get(&(name.to_owned(), row.clone())).cloned();
        let baseline = cell.ratio.as_ref().and_then(|ratio| starved(&ratio.vs));
        let starved = starved(&cell.strategy)
            .or(baseline)
            .filter(|_| judged.verdict == Verdict::Holds);
        let floor = floors.get(&row).and_then(|floor| floor.withheld.clone());
        let why = floor.or(starved);
        let Some(ratio) = &mut cell.ratio else {
            continue;
        };
        ratio.p = Some(judged.p);
        ratio.needed = judged.needed;
        ratio.verdict = if why.is_some() {
            Verdict::Withheld
        } else {
            judged.verdict
        };
        ratio.withheld = why;
    }
}

/// A larger share of slices without a finished operation refuses an improvement.
const STARVED_MAX: f64 = 0.1;

/// In how many of its slices nothing was finished, if these are too many.
fn too_starved(cell: &Cell) -> Option<String> {
    (cell.starved as f64 > STARVED_MAX * cell.n as f64).then(|| {
        format!(
            "{} finished no operation in {} of {} slices",
            cell.strategy, cell.starved, cell.n
        )
    })
}

/// Marks what the harness itself may hide.
fn mark_harness_bound(cells: &mut [Cell]) {
    let ceilings: HashMap<(String, Metric), f64> = cells
        .iter()
        .filter(|cell| cell.strategy == controls::NO_OP)
        .map(|cell| ((cell.scenario.clone(), cell.metric), cell.median))
        .collect();
    for cell in cells {
        let ceiling = ceilings.get(&(cell.scenario.clone(), cell.metric));
        if cell.metric == Metric::ReadNs
            && cell.strategy != controls::NO_OP
            && ceiling.is_some_and(|ceiling| cell.median <= ceiling * HARNESS_BOUND)
        {
            cell.flags.push(Flag::HarnessBound);
        }
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
                    let Some((bytes, allocations)) = allocation_metrics(seen.does) else {
                        continue;
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
                ratio: memory_ratio(metric, value, of(baseline), baseline)
                    .filter(|_| strategy != baseline),
                ..cell(scenario, strategy, metric, &Estimate::exact(value))
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
    let mut ratio = Ratio {
        processes: 0,
        ..ratio(&Estimate::exact(times), name)
    };
    // Counted and not sampled: there is nothing to be unsure about.
    ratio.verdict = if times > MARGIN {
        Verdict::Holds
    } else {
        Verdict::Rejected
    };
    Some(ratio)
}

/// The metrics that what the heap saw is counted in: bytes and allocations.
pub(crate) const fn allocation_metrics(does: Activity) -> Option<(Metric, Metric)> {
    match does {
        Activity::Read => Some((Metric::AllocBytesRead, Metric::AllocsRead)),
        Activity::Update | Activity::Churn | Activity::Replay => {
            Some((Metric::AllocBytesWrite, Metric::AllocsWrite))
        }
        Activity::Scan => Some((Metric::AllocBytesScan, Metric::AllocsScan)),
        // Counted as what it is made of.
        Activity::Mix => None,
    }
}
