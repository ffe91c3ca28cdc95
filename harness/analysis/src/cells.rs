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
use super::series::{Series, groups, rows};
use super::verdicts::{self, Comparison, ratio};
use results::{Cell, Flag, MARGIN, Metric, Ratio, Verdict};
use stats::{Estimate, Interval, LEVEL, estimate, median};

/// A read within this factor of the no-op control is as fast as the harness can see.
const HARNESS_BOUND: f64 = 1.30;
/// Fewer operations of a thread than this in the median window: it says little.
const OPERATIONS_FEW: f64 = 10.0;
/// First and last third of a window further apart than this: not in a steady state.
const DRIFT_MAX: f64 = 0.05;

/// A scenario and what is timed in it: what strategies are compared in.
struct Row<'s> {
    scenario: &'s Scenario,
    metric: Metric,
    /// What runs add to the error of a value, and to that of a ratio.
    between: [Between; 2],
}

/// A timed cell, and its log ratio to the baseline.
type Timed = (Cell, Option<Estimate>);

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
    let rows = parallel::map(&all_rows, |&(scenario, metric)| {
        Row::new(samples, series, scenario, metric)
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
            let (cell, log_ratio) = row.timed(samples, series, strategy)?;
            Some((cell, log_ratio.map(|log_ratio| (place, log_ratio))))
        });
        let counted = counted(&counts, &scenario.name, strategy, &header.baseline);
        let counted = counted.into_iter().map(|cell| (cell, None));
        timed.chain(counted).collect::<Vec<_>>()
    });
    let (mut cells, mut compared) = (Vec::new(), Vec::new());
    for (cell, log_ratio) in of_pairs.into_iter().flatten() {
        compared.extend(log_ratio.map(|(row, log_ratio)| Compared {
            cell: cells.len(),
            row,
            log_ratio,
        }));
        cells.push(cell);
    }
    let level = judge(&mut cells, samples, &rows, &compared);
    mark_harness_bound(&mut cells);
    (cells, level)
}

impl<'s> Row<'s> {
    fn new(samples: &Samples, series: &Series<'_>, scenario: &'s Scenario, metric: Metric) -> Self {
        let (header, name) = (&samples.header, &scenario.name);
        let names = || header.strategies.iter().map(|card| card.name.as_str());
        let values = names().map(|strategy| series.log_values(name, strategy, metric));
        let contenders = names().filter(|strategy| *strategy != header.baseline);
        let ratios = contenders.map(|strategy| series.log_ratios(name, strategy, metric));
        Self {
            scenario,
            metric,
            between: [between(&header.runs, values), between(&header.runs, ratios)],
        }
    }

    /// The cell of a strategy, and its log ratio to the baseline.
    fn timed(&self, samples: &Samples, series: &Series<'_>, strategy: &str) -> Option<Timed> {
        let (scenario, metric, [of_values, of_ratios]) = (self.scenario, self.metric, self.between);
        let (name, baseline) = (&scenario.name, &samples.header.baseline);
        let logs = groups(series.log_values(name, strategy, metric));
        let value = of_values.widen(estimate(&logs)?);
        let median_value = value.median.exp();
        let drift = median(&mut series.drifts(name, strategy, metric));
        let operations = median(&mut series.thread_operations(name, strategy, metric));
        let drifts = drift.is_some_and(|drift| drift.abs() > DRIFT_MAX);
        let is_slow = operations.is_some_and(|number| number < OPERATIONS_FEW);
        let is_crowded = scenario.threads() > samples.header.environment.cpus;
        let flags = [
            (Flag::Starved, median_value.is_infinite()),
            (Flag::Unsteady, drifts),
            (Flag::FewOperations, is_slow),
            (Flag::Oversubscribed, is_crowded),
        ];
        let flags = flags.into_iter().filter(|(_, holds)| *holds);
        let ratios = series.log_ratios(name, strategy, metric);
        let log_ratio = estimate(&groups(ratios)).filter(|_| strategy != baseline);
        let log_ratio = log_ratio.map(|logs| of_ratios.widen(logs));
        let interval = value.interval(LEVEL).map(f64::exp);
        let starved = logs.iter().flatten().filter(|log| log.is_infinite());
        let cell = Cell {
            processes: value.groups(),
            starved: starved.count(),
            flags: flags.map(|(flag, _)| flag).collect(),
            ratio: log_ratio.as_ref().map(|logs| ratio(logs, baseline)),
            ..cell(name, strategy, metric, median_value, interval, value.n)
        };
        Some((cell, log_ratio))
    }
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
    let second_name = compared.iter();
    let second_name =
        second_name.filter(|compared| cells[compared.cell].strategy == controls::SAME);
    let biases = second_name.map(|compared| (compared.row, verdicts::bias(&compared.log_ratio)));
    let biases: HashMap<usize, f64> = biases.collect();
    let contenders = compared.iter();
    let contenders =
        contenders.filter(|contender| !controls::is_control(&cells[contender.cell].strategy));
    let contenders: Vec<&Compared> = contenders.collect();
    let comparisons = contenders.iter().map(|contender| Comparison {
        ratio: &contender.log_ratio,
        bias: biases.get(&contender.row).copied().unwrap_or_default(),
        between: rows[contender.row].between[1],
    });
    let judged = verdicts::judge(&comparisons.collect::<Vec<_>>(), samples.header.looks);
    let baseline = cells.iter();
    let baseline = baseline.filter(|cell| cell.strategy == samples.header.baseline);
    let starved = baseline.filter_map(|cell| {
        let row = (cell.scenario.clone(), cell.metric);
        Some((row, too_starved(cell)?))
    });
    let starved: HashMap<(String, Metric), String> = starved.collect();
    for (contender, (verdict, p)) in contenders.iter().zip(judged.verdicts) {
        let cell = &mut cells[contender.cell];
        let of_baseline = || starved.get(&(cell.scenario.clone(), cell.metric)).cloned();
        let withheld = too_starved(cell).or_else(of_baseline);
        let Some(ratio) = &mut cell.ratio else {
            continue;
        };
        let interval = contender.log_ratio.interval(judged.level).map(f64::exp);
        (ratio.ci_low, ratio.ci_high) = (interval.low, interval.high);
        ratio.p = Some(p);
        ratio.verdict = verdict;
        if verdict == Verdict::Holds && withheld.is_some() {
            ratio.verdict = Verdict::Inconclusive;
            ratio.withheld = withheld;
        }
    }
    judged.level
}

/// In how many of its slices nothing was finished, if these are too many.
fn too_starved(cell: &Cell) -> Option<String> {
    let (strategy, starved, n) = (&cell.strategy, cell.starved, cell.n);
    cell.is_often_starved()
        .then(|| format!("{strategy} finished no operation in {starved} of {n} slices"))
}

/// Marks what the harness itself may hide.
fn mark_harness_bound(cells: &mut [Cell]) {
    let reads = |cell: &&mut Cell| cell.metric == Metric::ReadNs;
    let ceilings = cells.iter();
    let ceilings =
        ceilings.filter(|cell| cell.metric == Metric::ReadNs && cell.strategy == controls::NO_OP);
    let ceilings = ceilings.map(|cell| (cell.scenario.clone(), cell.median * HARNESS_BOUND));
    let ceilings: HashMap<String, f64> = ceilings.collect();
    for cell in cells.iter_mut().filter(reads) {
        let ceiling = ceilings.get(&cell.scenario);
        let is_bound = ceiling.is_some_and(|&ceiling| cell.median <= ceiling);
        if is_bound && cell.strategy != controls::NO_OP {
            cell.flags.push(Flag::HarnessBound);
        }
    }
}

/// What was counted and not timed, by scenario and strategy: a sum, and of how many.
type Counts<'s> = HashMap<(&'s str, &'s str), Vec<(Metric, [f64; 2])>>;

fn counts(samples: &Samples) -> Counts<'_> {
    let mut counts = Counts::new();
    for line in &samples.lines {
        let (scenario, strategy, counted) = match line {
            Line::Allocation(allocation) => {
                let sum = |total: u64| [total as f64, allocation.operations as f64];
                let metrics = allocation.does.allocation_metrics().into_iter();
                let counted = metrics.flat_map(|(bytes, allocations)| {
                    [
                        (bytes, sum(allocation.bytes)),
                        (allocations, sum(allocation.allocations)),
                    ]
                });
                (
                    &allocation.scenario,
                    &allocation.strategy,
                    counted.collect(),
                )
            }
            Line::Memory(memory) => {
                let sum = [memory.live_bytes as f64, memory.records as f64];
                let counted = vec![(Metric::LiveBytesPerRecord, sum)];
                (&memory.scenario, &memory.strategy, counted)
            }
            _ => continue,
        };
        let cells = counts.entry((scenario.as_str(), strategy.as_str()));
        let cells = cells.or_default();
        for (metric, [sum, number]) in counted {
            // Updates and insertions are both writes.
            match cells.iter_mut().find(|(known, _)| *known == metric) {
                Some((_, known)) => *known = [known[0] + sum, known[1] + number],
                None => cells.push((metric, [sum, number])),
            }
        }
    }
    counts
}

/// The counts as cells: exact, so the interval is the value itself. Memory is compared with the baseline's; allocations are
/// judged by themselves, against none.
fn counted(counts: &Counts<'_>, scenario: &str, strategy: &str, baseline: &str) -> Vec<Cell> {
    let of = |strategy| {
        let counts = counts.get(&(scenario, strategy)).into_iter().flatten();
        counts.map(|&(metric, [sum, number])| (metric, sum / number))
    };
    let live = Metric::LiveBytesPerRecord;
    let mut reference = of(baseline).filter(|_| strategy != baseline);
    let reference = reference.find(|(metric, _)| *metric == live);
    let cells = of(strategy).map(|(metric, value)| {
        let reference = reference.filter(|_| metric == live && value > 0.0);
        let ratio = reference.map(|(_, reference)| {
            let times = reference / value;
            // Counted and not sampled: there is nothing to be unsure about.
            let verdict = if times > MARGIN {
                Verdict::Holds
            } else {
                Verdict::Rejected
            };
            Ratio {
                processes: 0,
                verdict,
                ..ratio(&Estimate::exact(times.ln()), baseline)
            }
        });
        Cell {
            ratio,
            ..cell(
                scenario,
                strategy,
                metric,
                value,
                Interval::from_value(value),
                1,
            )
        }
    });
    cells.collect()
}
