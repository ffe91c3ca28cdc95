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

/// What the margin is held against: the log ratio of a cell to the baseline; what the baseline under its second name is
/// off by in that row; and why it is no improvement, whatever the ratio, if in too many slices nothing was finished.
type Compared = (Estimate, f64, Option<String>);
/// A cell, with that where it is compared.
type Judged = (Cell, Option<Compared>);

/// All cells, in the order of scenarios, strategies and metrics, and the level of their verdicts.
pub(super) fn all(samples: &Samples, series: &Series<'_>) -> (Vec<Cell>, f64) {
    let header = &samples.header;
    let rows: Vec<(&Scenario, Metric)> = rows(&header.scenarios).collect();
    let row = |&(asked, metric): &(&Scenario, Metric)| row(samples, series, asked, metric);
    let timed = parallel::map(&rows, row);
    let mut cells: Vec<Judged> = timed.into_iter().flatten().collect();
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
fn row(samples: &Samples, series: &Series<'_>, asked: &Scenario, metric: Metric) -> Vec<Judged> {
    let (header, name) = (&samples.header, &asked.name);
    let strategies = || header.strategies.iter().map(|card| card.name.as_str());
    let values = |strategy| series.log_values(name, strategy, metric);
    let ratios = |strategy| series.log_ratios(name, strategy, metric);
    let contenders = strategies().filter(|strategy| *strategy != header.baseline);
    let of_values = between(&header.runs, strategies().map(values));
    let of_ratios = between(&header.runs, contenders.map(ratios));
    let is_crowded = asked.threads() > header.environment.cpus;
    let cells = strategies().filter(|strategy| !header.is_beside_the_point(strategy));
    let cells = cells.filter_map(|strategy| {
        let values = groups(values(strategy));
        let value = of_values.widen(estimate(&values)?);
        let median_value = value.median.exp();
        let log_ratio = estimate(&groups(ratios(strategy)));
        let log_ratio = log_ratio.filter(|_| strategy != header.baseline);
        let log_ratio = log_ratio.map(|log_ratio| of_ratios.widen(log_ratio));
        let drift = median(&mut series.drifts(name, strategy, metric));
        let drifts = drift.is_some_and(|drift| drift.abs() > DRIFT_MAX);
        let operations = median(&mut series.thread_operations(name, strategy, metric));
        let is_slow = operations.is_some_and(|number| number < OPERATIONS_FEW);
        let flags = [
            (Flag::Starved, median_value.is_infinite()),
            (Flag::Unsteady, drifts),
            (Flag::FewOperations, is_slow),
            (Flag::Oversubscribed, is_crowded),
        ];
        let flags = flags.into_iter().filter(|(_, holds)| *holds);
        let starved = values.iter().flatten().filter(|log| log.is_infinite());
        let interval = value.interval(LEVEL).map(f64::exp);
        let cell = Cell {
            processes: value.groups(),
            starved: starved.count(),
            flags: flags.map(|(flag, _)| flag).collect(),
            ratio: log_ratio.as_ref().map(|logs| ratio(logs, &header.baseline)),
            ..cell((name, strategy, metric), median_value, interval, value.n)
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
        (cell, log_ratio.map(|log_ratio| (log_ratio, bias, withheld)))
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
pub(super) fn cell(key: (&str, &str, Metric), median: f64, interval: Interval, n: usize) -> Cell {
    let (scenario, strategy, metric) = key;
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
fn judge(cells: &mut [Judged], looks: u32) -> f64 {
    let compared = cells.iter().filter_map(|(_, compared)| compared.as_ref());
    let comparisons = compared.map(|(log_ratio, bias, _)| (log_ratio, *bias));
    let (level, verdicts) = verdicts::judge(&comparisons.collect::<Vec<_>>(), looks);
    let compared = cells.iter_mut();
    let compared = compared.filter_map(|(cell, it)| cell.ratio.as_mut().zip(it.take()));
    for ((ratio, (log_ratio, _, withheld)), (verdict, p)) in compared.zip(verdicts) {
        let interval = log_ratio.interval(level).map(f64::exp);
        (ratio.ci_low, ratio.ci_high) = (interval.low, interval.high);
        ratio.p = Some(p);
        ratio.withheld = withheld.filter(|_| verdict == Verdict::Holds);
        ratio.verdict = match ratio.withheld {
            Some(_) => Verdict::Inconclusive,
            None => verdict,
        };
    }
    level
}

/// A sum, and of how many, by metric, by scenario and strategy.
type Counts<'s> = HashMap<(&'s str, &'s str), Vec<(Metric, [f64; 2])>>;

/// What was counted and not timed, as cells: exact, so the interval is the value itself. Memory is compared with the
/// baseline's; allocations are judged by themselves, against none.
fn counted(samples: &Samples) -> Vec<Cell> {
    let header = &samples.header;
    let mut counts = Counts::new();
    let mut add = |key, metric, sum: f64, of: u64| {
        let counts = counts.entry(key).or_default();
        // Updates and insertions are both writes.
        match counts.iter_mut().find(|(known, _)| *known == metric) {
            Some((_, known)) => *known = [known[0] + sum, known[1] + of as f64],
            None => counts.push((metric, [sum, of as f64])),
        }
    };
    for line in &samples.lines {
        if let Line::Allocation(counted) = line
            && let Some((bytes, allocations)) = counted.does.allocation_metrics()
        {
            let (key, of) = ((&*counted.scenario, &*counted.strategy), counted.operations);
            add(key, bytes, counted.bytes as f64, of);
            add(key, allocations, counted.allocations as f64, of);
        } else if let Line::Memory(memory) = line {
            let key = (&*memory.scenario, &*memory.strategy);
            add(key, LIVE, memory.live_bytes as f64, memory.records);
        }
    }
    let values = |scenario, strategy| {
        let counts = counts.get(&(scenario, strategy)).into_iter().flatten();
        counts.map(|&(metric, [sum, of])| (metric, sum / of))
    };
    let mut cells = Vec::new();
    for scenario in header.scenarios.iter().map(|scenario| &*scenario.name) {
        let reference = values(scenario, &*header.baseline).find(|(metric, _)| *metric == LIVE);
        let strategies = header.strategies.iter().map(|card| &*card.name);
        for strategy in strategies.filter(|name| !header.is_beside_the_point(name)) {
            cells.extend(values(scenario, strategy).map(|(metric, value)| {
                let is_compared = metric == LIVE && value > 0.0 && strategy != header.baseline;
                let reference = reference.filter(|_| is_compared);
                let times = reference.map(|(_, live)| live / value);
                let (key, low, high) = ((scenario, strategy, metric), value, value);
                Cell {
                    ratio: times.and_then(|times| counted_ratio(times, &header.baseline)),
                    ..cell(key, value, Interval { low, high }, 1)
                }
            }));
        }
    }
    cells
}

/// What memory takes, which alone of the counts is compared with the baseline's.
const LIVE: Metric = Metric::LiveBytesPerRecord;

/// Counted and not sampled: there is nothing to be unsure about.
fn counted_ratio(times: f64, baseline: &str) -> Option<Ratio> {
    let ratio = ratio(&estimate(&[vec![times.ln()]])?, baseline);
    let verdict = if times > MARGIN {
        Verdict::Holds
    } else {
        Verdict::Rejected
    };
    Some(Ratio {
        processes: 0,
        verdict,
        ..ratio
    })
}
