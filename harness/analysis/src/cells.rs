//! One cell per scenario x strategy x metric.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use model::controls;
use model::parallel;
use model::sample::Line;
use model::scenario::Scenario;

use super::runs::{Between, between};
use super::samples::Samples;
use super::series::{ByProcess, Series, groups, rows};
use super::verdicts::{self, Comparison, ratio};
use results::{Cell, Flag, MARGIN, Metric, Ratio, Verdict};
use stats::{Estimate, Interval, LEVEL, estimate, median};

/// A read within this factor of the no-op control is as fast as the harness can see.
const HARNESS_BOUND: f64 = 1.30;
/// Fewer operations of a thread than this in the median window: it says little.
const OPERATIONS_FEW: f64 = 10.0;
/// First and last third of a window further apart than this: not in a steady state.
const DRIFT_MAX: f64 = 0.05;
/// A larger share of slices without a finished operation refuses an improvement.
const STARVED_MAX: f64 = 0.1;

/// A scenario and what is timed in it: what strategies are compared in.
struct Row<'s> {
    scenario: &'s Scenario,
    metric: Metric,
    /// What runs add to the error of a value, and to that of a ratio.
    between: [Between; 2],
}

/// A timed cell that is compared with the baseline.
struct Compared {
    /// Its place among all cells.
    cell: usize,
    /// The place of its row among all rows.
    row: usize,
    log_ratio: Estimate,
}

/// All cells, in the order of scenarios, strategies and metrics, and the level of their verdicts.
pub(super) fn all(samples: &Samples, series: &Series<'_>) -> (Vec<Cell>, f64) {
    let header = &samples.header;
    let counts = counts(samples);
    let all_rows: Vec<(&Scenario, Metric)> = rows(&header.scenarios).collect();
    let rows = parallel::map(&all_rows, |&(scenario, metric)| Row {
        scenario,
        metric,
        between: betweens(samples, series, scenario, metric),
    });
    let scenarios = header.scenarios.iter();
    let pairs: Vec<(&Scenario, &str)> = scenarios
        .flat_map(|scenario| header.strategies.iter().map(move |card| (scenario, card)))
        .map(|(scenario, card)| (scenario, card.name.as_str()))
        .filter(|(_, strategy)| !header.is_beside_the_point(strategy))
        .collect();
    let of_pairs = parallel::map(&pairs, |&(scenario, strategy)| {
        let of_scenario = rows.iter().enumerate();
        let of_scenario = of_scenario.filter(|(_, row)| std::ptr::eq(row.scenario, scenario));
        let timed = of_scenario.filter_map(|(place, row)| {
            let (cell, log_ratio) = timed(samples, series, row, strategy)?;
            Some((place, cell, log_ratio))
        });
        let counted = counted(&counts, &scenario.name, strategy, &header.baseline);
        (timed.collect::<Vec<_>>(), counted)
    });
    let (mut cells, mut compared) = (Vec::new(), Vec::new());
    for (timed, counted) in of_pairs {
        for (row, cell, log_ratio) in timed {
            compared.extend(log_ratio.map(|log_ratio| Compared {
                cell: cells.len(),
                row,
                log_ratio,
            }));
            cells.push(cell);
        }
        cells.extend(counted);
    }
    let level = judge(&mut cells, samples, &rows, &compared);
    mark_harness_bound(&mut cells);
    (cells, level)
}

/// What runs add to the error of a row's values and ratios.
fn betweens(
    samples: &Samples,
    series: &Series<'_>,
    scenario: &Scenario,
    metric: Metric,
) -> [Between; 2] {
    let header = &samples.header;
    let names = || header.strategies.iter().map(|card| card.name.as_str());
    let logarithms = |mut values: ByProcess| {
        let all = values.values_mut().flatten();
        all.for_each(|value| *value = value.ln());
        values
    };
    let values = names().map(|name| logarithms(series.values(&scenario.name, name, metric)));
    let contenders = names().filter(|name| *name != header.baseline);
    let ratios = contenders.map(|name| series.log_ratios(&scenario.name, name, metric));
    [between(&header.runs, values), between(&header.runs, ratios)]
}

/// A timed cell, and its log ratio to the baseline.
fn timed(
    samples: &Samples,
    series: &Series<'_>,
    row: &Row<'_>,
    strategy: &str,
) -> Option<(Cell, Option<Estimate>)> {
    let &Row {
        scenario,
        metric,
        between: [of_values, of_ratios],
    } = row;
    let (name, baseline) = (&scenario.name, &samples.header.baseline);
    let values = groups(series.values(name, strategy, metric));
    let logarithms = |process: &Vec<f64>| process.iter().map(|value| value.ln()).collect();
    let logs: Vec<Vec<f64>> = values.iter().map(logarithms).collect();
    let value = of_values.widen(estimate(&logs)?);
    let interval = value.interval(LEVEL).map(f64::exp);
    let is_starved = |value: &&f64| value.is_infinite();
    let mut cell = Cell {
        processes: value.groups(),
        starved: values.iter().flatten().filter(is_starved).count(),
        ..cell(
            name,
            strategy,
            metric,
            value.median.exp(),
            interval,
            value.n,
        )
    };
    let drift = median(&mut series.drifts(name, strategy, metric));
    let operations = median(&mut series.operations_of_a_thread(name, strategy, metric));
    let is_oversubscribed = scenario.threads() > samples.header.environment.cpus;
    let flags = [
        (cell.median.is_infinite(), Flag::Starved),
        (
            drift.is_some_and(|drift| drift.abs() > DRIFT_MAX),
            Flag::Unsteady,
        ),
        (
            operations.is_some_and(|operations| operations < OPERATIONS_FEW),
            Flag::FewOperations,
        ),
        (is_oversubscribed, Flag::Oversubscribed),
    ];
    cell.flags.extend(
        flags
            .into_iter()
            .filter_map(|(holds, flag)| holds.then_some(flag)),
    );
    let mut log_ratio = None;
    if strategy != baseline {
        let logs = groups(series.log_ratios(name, strategy, metric));
        log_ratio = estimate(&logs).map(|logs| of_ratios.widen(logs));
    }
    cell.ratio = log_ratio.as_ref().map(|logs| ratio(logs, baseline));
    Some((cell, log_ratio))
}

/// A cell of one strategy, compared with nothing.
pub(super) fn cell(
    scenario: &str,
    strategy: &str,
    metric: Metric,
    median: f64,
    interval: Interval,
    n: usize,
) -> Cell {
    Cell {
        scenario: scenario.into(),
        strategy: strategy.into(),
        metric,
        unit: metric.unit().into(),
        median,
        ci_low: interval.low,
        ci_high: interval.high,
        n,
        processes: 0,
        starved: 0,
        flags: Vec::new(),
        ratio: None,
    }
}

/// Gives every timed ratio of a contender its verdict and the interval at the level of all verdicts, which is
/// returned. What the baseline under its second name is off by has to be cleared, too, and no improvement rests on
/// slices without a finished operation. Controls are judged by what is known of them, not by the margin.
fn judge(cells: &mut [Cell], samples: &Samples, rows: &[Row<'_>], compared: &[Compared]) -> f64 {
    let second_name = compared
        .iter()
        .filter(|one| cells[one.cell].strategy == controls::SAME);
    let biases: HashMap<usize, f64> = second_name
        .map(|one| (one.row, verdicts::bias(&one.log_ratio)))
        .collect();
    let contenders: Vec<&Compared> = compared
        .iter()
        .filter(|one| !controls::is_control(&cells[one.cell].strategy))
        .collect();
    let comparisons: Vec<Comparison<'_>> = contenders
        .iter()
        .map(|one| Comparison {
            ratio: &one.log_ratio,
            bias: biases.get(&one.row).copied().unwrap_or_default(),
            between: rows[one.row].between[1],
        })
        .collect();
    let starved: HashMap<(String, String, Metric), String> = cells
        .iter()
        .filter_map(|cell| {
            let key = (cell.strategy.clone(), cell.scenario.clone(), cell.metric);
            Some((key, too_starved(cell)?))
        })
        .collect();
    let judged = verdicts::judge(&comparisons, samples.header.looks);
    for (one, (verdict, p)) in contenders.iter().zip(judged.verdicts) {
        let cell = &mut cells[one.cell];
        let Some(ratio) = &mut cell.ratio else {
            continue;
        };
        let interval = one.log_ratio.interval(judged.level).map(f64::exp);
        let starved = |name: &String| {
            let key = (name.clone(), cell.scenario.clone(), cell.metric);
            starved.get(&key).cloned()
        };
        ratio.withheld = starved(&cell.strategy)
            .or_else(|| starved(&ratio.vs))
            .filter(|_| verdict == Verdict::Holds);
        ratio.p = Some(p);
        (ratio.ci_low, ratio.ci_high) = (interval.low, interval.high);
        ratio.verdict = if ratio.withheld.is_some() {
            Verdict::Inconclusive
        } else {
            verdict
        };
    }
    judged.level
}

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
    let is_ceiling = |cell: &Cell| cell.strategy == controls::NO_OP;
    let reads = || cells.iter().filter(|cell| cell.metric == Metric::ReadNs);
    let ceilings = reads().filter(|cell| is_ceiling(cell));
    let ceilings: HashMap<String, f64> = ceilings
        .map(|cell| (cell.scenario.clone(), cell.median * HARNESS_BOUND))
        .collect();
    for cell in cells
        .iter_mut()
        .filter(|cell| cell.metric == Metric::ReadNs)
    {
        let ceiling = ceilings.get(&cell.scenario);
        if !is_ceiling(cell) && ceiling.is_some_and(|&ceiling| cell.median <= ceiling) {
            cell.flags.push(Flag::HarnessBound);
        }
    }
}

/// What was counted and not timed, by scenario and strategy.
type Counts<'s> = HashMap<(&'s str, &'s str), Vec<(Metric, f64)>>;

fn counts(samples: &Samples) -> Counts<'_> {
    let mut counts = Counts::new();
    for line in &samples.lines {
        match line {
            Line::Allocation(seen) => {
                let each = |total: u64| total as f64 / seen.operations as f64;
                let counted = seen.does.allocation_metrics().map(|(bytes, allocations)| {
                    [
                        (bytes, each(seen.bytes)),
                        (allocations, each(seen.allocations)),
                    ]
                });
                let key = (seen.scenario.as_str(), seen.strategy.as_str());
                counts
                    .entry(key)
                    .or_default()
                    .extend(counted.into_iter().flatten());
            }
            Line::Memory(memory) => {
                let each = memory.live_bytes as f64 / memory.records as f64;
                let key = (memory.scenario.as_str(), memory.strategy.as_str());
                counts
                    .entry(key)
                    .or_default()
                    .push((Metric::LiveBytesPerRecord, each));
            }
            _ => {}
        }
    }
    counts
}

/// The counts as cells: exact, so the interval is the value itself.
fn counted(counts: &Counts<'_>, scenario: &str, strategy: &str, baseline: &str) -> Vec<Cell> {
    let of = |strategy| {
        counts
            .get(&(scenario, strategy))
            .map_or(&[][..], Vec::as_slice)
    };
    let reference = of(baseline).iter();
    let reference = reference.filter(|_| strategy != baseline);
    let reference = reference
        .copied()
        .find(|(metric, _)| *metric == Metric::LiveBytesPerRecord);
    let cells = of(strategy).iter().map(|&(metric, value)| Cell {
        ratio: reference
            .filter(|(compared, _)| *compared == metric && value > 0.0)
            .map(|(_, reference)| memory_ratio(reference / value, baseline)),
        ..cell(scenario, strategy, metric, value, Interval::of(value), 1)
    });
    cells.collect()
}

/// Memory is compared with the baseline's; allocations are judged by themselves, against none.
fn memory_ratio(times: f64, baseline: &str) -> Ratio {
    Ratio {
        processes: 0,
        // Counted and not sampled: there is nothing to be unsure about.
        verdict: if times > MARGIN {
            Verdict::Holds
        } else {
            Verdict::Rejected
        },
        ..ratio(&Estimate::exact(times.ln()), baseline)
    }
}
