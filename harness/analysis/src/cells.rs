//! One cell per scenario x strategy x metric.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use model::controls;
use model::parallel;
use model::sample::Line;
use model::scenario::Scenario;

use super::runs::between;
use super::samples::Samples;
use super::series::{Series, groups, rows};
use super::verdicts::{self, ratio};
use results::{Cell, Flag, MARGIN, Metric, Ratio, Verdict};
use stats::{Estimate, Interval, LEVEL, estimate, median};

/// A read within this factor of the no-op control is as fast as the harness can see.
const HARNESS_BOUND: f64 = 1.30;
/// Fewer operations of a thread than this in the median window: it says little.
const OPERATIONS_FEW: f64 = 10.0;
/// First and last third of a window further apart than this: not in a steady state.
const DRIFT_MAX: f64 = 0.05;

/// What the margin is held against: the log ratio of a cell to the baseline.
struct Compared {
    log_ratio: Estimate,
    /// What the baseline under its second name is off by in this row.
    bias: f64,
    /// Why it is no improvement, whatever the ratio: in too many slices no operation was finished.
    withheld: Option<String>,
}

/// All cells, in the order of scenarios, strategies and metrics, and the level of their verdicts.
pub(super) fn all(samples: &Samples, series: &Series<'_>) -> (Vec<Cell>, f64) {
    let header = &samples.header;
    let rows: Vec<(&Scenario, Metric)> = rows(&header.scenarios).collect();
    let timed = parallel::map(&rows, |&(scenario, metric)| {
        row(samples, series, scenario, metric)
    });
    let mut cells: Vec<(Cell, Option<Compared>)> = timed.into_iter().flatten().collect();
    cells.extend(counted(samples).into_iter().map(|cell| (cell, None)));
    cells.sort_by_cached_key(|(cell, _)| {
        let mut scenarios = header.scenarios.iter();
        let mut strategies = header.strategies.iter();
        let scenario = scenarios.position(|scenario| scenario.name == cell.scenario);
        let strategy = strategies.position(|card| card.name == cell.strategy);
        (scenario, strategy)
    });
    let level = judge(&mut cells, header.looks);
    (cells.into_iter().map(|(cell, _)| cell).collect(), level)
}

/// What is timed in a scenario: the cells of all strategies, with what the margin is held against. Controls are judged by
/// what is known of them, not by the margin.
fn row(
    samples: &Samples,
    series: &Series<'_>,
    scenario: &Scenario,
    metric: Metric,
) -> Vec<(Cell, Option<Compared>)> {
    let (header, name) = (&samples.header, &scenario.name);
    let strategies = || header.strategies.iter().map(|card| card.name.as_str());
    let values = |strategy| series.log_values(name, strategy, metric);
    let ratios = |strategy| series.log_ratios(name, strategy, metric);
    let contenders = strategies().filter(|strategy| *strategy != header.baseline);
    let of_values = between(&header.runs, strategies().map(values));
    let of_ratios = between(&header.runs, contenders.map(ratios));
    let cells = strategies().filter(|strategy| !header.is_beside_the_point(strategy));
    let cells = cells.filter_map(|strategy| {
        let values = groups(values(strategy));
        let value = of_values.widen(estimate(&values)?);
        let log_ratio = estimate(&groups(ratios(strategy)));
        let log_ratio = log_ratio.filter(|_| strategy != header.baseline);
        let log_ratio = log_ratio.map(|log_ratio| of_ratios.widen(log_ratio));
        let drift = median(&mut series.drifts(name, strategy, metric));
        let operations = median(&mut series.thread_operations(name, strategy, metric));
        let flags = [
            (Flag::Starved, value.median.exp().is_infinite()),
            (
                Flag::Unsteady,
                drift.is_some_and(|drift| drift.abs() > DRIFT_MAX),
            ),
            (
                Flag::FewOperations,
                operations.is_some_and(|number| number < OPERATIONS_FEW),
            ),
            (
                Flag::Oversubscribed,
                scenario.threads() > header.environment.cpus,
            ),
        ];
        let flags = flags.into_iter().filter(|(_, holds)| *holds);
        let starved = values.iter().flatten().filter(|log| log.is_infinite());
        let cell = Cell {
            processes: value.groups(),
            starved: starved.count(),
            flags: flags.map(|(flag, _)| flag).collect(),
            ratio: log_ratio.as_ref().map(|logs| ratio(logs, &header.baseline)),
            ..cell(
                name,
                strategy,
                metric,
                value.median.exp(),
                value.interval(LEVEL).map(f64::exp),
                value.n,
            )
        };
        Some((cell, log_ratio))
    });
    let cells: Vec<(Cell, Option<Estimate>)> = cells.collect();
    let of = |strategy: &str| cells.iter().find(|(cell, _)| cell.strategy == strategy);
    let bias = of(controls::SAME).and_then(|(_, log_ratio)| log_ratio.as_ref());
    let bias = bias.map_or(0.0, verdicts::bias);
    let of_baseline = of(&header.baseline).and_then(|(cell, _)| too_starved(cell));
    let ceiling = of(controls::NO_OP).filter(|_| metric == Metric::ReadNs);
    let ceiling = ceiling.map(|(cell, _)| cell.median * HARNESS_BOUND);
    let compared = cells.into_iter().map(|(mut cell, log_ratio)| {
        let is_bound = ceiling.is_some_and(|ceiling| cell.median <= ceiling);
        if is_bound && cell.strategy != controls::NO_OP {
            cell.flags.push(Flag::HarnessBound);
        }
        let log_ratio = log_ratio.filter(|_| !controls::is_control(&cell.strategy));
        let withheld = too_starved(&cell).or_else(|| of_baseline.clone());
        let compared = log_ratio.map(|log_ratio| Compared {
            log_ratio,
            bias,
            withheld,
        });
        (cell, compared)
    });
    compared.collect()
}

/// In how many of its slices nothing was finished, if these are too many.
fn too_starved(cell: &Cell) -> Option<String> {
    let (strategy, starved, n) = (&cell.strategy, cell.starved, cell.n);
    cell.is_often_starved()
        .then(|| format!("{strategy} finished no operation in {starved} of {n} slices"))
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

/// Gives every ratio that is compared its verdict and the interval at the level of all verdicts, which is returned.
fn judge(cells: &mut [(Cell, Option<Compared>)], looks: u32) -> f64 {
    let compared = cells.iter().filter_map(|(_, compared)| compared.as_ref());
    let comparisons = compared.map(|compared| (&compared.log_ratio, compared.bias));
    let (level, verdicts) = verdicts::judge(&comparisons.collect::<Vec<_>>(), looks);
    let compared = cells
        .iter_mut()
        .filter_map(|(cell, compared)| cell.ratio.as_mut().zip(compared.take()));
    for ((ratio, compared), (verdict, p)) in compared.zip(verdicts) {
        let interval = compared.log_ratio.interval(level).map(f64::exp);
        (ratio.ci_low, ratio.ci_high) = (interval.low, interval.high);
        ratio.p = Some(p);
        ratio.verdict = verdict;
        if verdict == Verdict::Holds && compared.withheld.is_some() {
            ratio.verdict = Verdict::Inconclusive;
            ratio.withheld = compared.withheld;
        }
    }
    level
}

/// What was counted and not timed, as cells: exact, so the interval is the value itself. Memory is compared with the
/// baseline's; allocations are judged by themselves, against none.
fn counted(samples: &Samples) -> Vec<Cell> {
    // A sum, and of how many, by metric, by scenario and strategy.
    let mut counts: HashMap<(&str, &str), Vec<(Metric, [f64; 2])>> = HashMap::new();
    for line in &samples.lines {
        let (scenario, strategy, of, sums) = match line {
            Line::Allocation(counted) => {
                let metrics = counted.does.allocation_metrics();
                let sums = metrics.map(|(bytes, allocations)| {
                    vec![
                        (bytes, counted.bytes as f64),
                        (allocations, counted.allocations as f64),
                    ]
                });
                (
                    &counted.scenario,
                    &counted.strategy,
                    counted.operations,
                    sums.unwrap_or_default(),
                )
            }
            Line::Memory(memory) => {
                let sums = vec![(Metric::LiveBytesPerRecord, memory.live_bytes as f64)];
                (&memory.scenario, &memory.strategy, memory.records, sums)
            }
            _ => continue,
        };
        let counts = counts.entry((scenario, strategy)).or_default();
        for (metric, sum) in sums {
            // Updates and insertions are both writes.
            match counts.iter_mut().find(|(known, _)| *known == metric) {
                Some((_, known)) => *known = [known[0] + sum, known[1] + of as f64],
                None => counts.push((metric, [sum, of as f64])),
            }
        }
    }
    let header = &samples.header;
    let values = |scenario, strategy| {
        let counts = counts.get(&(scenario, strategy)).into_iter().flatten();
        counts.map(|&(metric, [sum, of])| (metric, sum / of))
    };
    let strategies = || header.strategies.iter().map(|card| card.name.as_str());
    let mut cells = Vec::new();
    for scenario in header.scenarios.iter().map(|scenario| &*scenario.name) {
        let live = |(metric, _): &(Metric, f64)| *metric == Metric::LiveBytesPerRecord;
        let reference = values(scenario, &header.baseline).find(live);
        for strategy in strategies().filter(|name| !header.is_beside_the_point(name)) {
            let reference = reference.filter(|_| strategy != header.baseline);
            cells.extend(values(scenario, strategy).map(|(metric, value)| {
                let reference = reference.filter(|(live, _)| metric == *live && value > 0.0);
                let times = reference.map(|(_, reference)| reference / value);
                let interval = Interval {
                    low: value,
                    high: value,
                };
                Cell {
                    ratio: times.and_then(|times| counted_ratio(times, &header.baseline)),
                    ..cell(scenario, strategy, metric, value, interval, 1)
                }
            }));
        }
    }
    cells
}

/// Counted and not sampled: there is nothing to be unsure about.
fn counted_ratio(times: f64, baseline: &str) -> Option<Ratio> {
    Some(Ratio {
        processes: 0,
        verdict: if times > MARGIN {
            Verdict::Holds
        } else {
            Verdict::Rejected
        },
        ..ratio(&estimate(&[vec![times.ln()]])?, baseline)
    })
}
