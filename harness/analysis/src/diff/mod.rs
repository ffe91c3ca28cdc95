//! Two runs compared: what changed beyond noise, and what the samples are too few to show.
//!
//! The runs may be of two versions, two libraries, or two machines. By default times are judged as
//! ratios to the baseline of the same run, which another machine or another day changes together
//! with everything else; or as such. Counts are compared as they are; only those a tenth apart have changed, and amortised
//! ones only beyond what so few events waver by. Pure: equal samples give equal results.

mod change;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use model::collect::unique;
use model::environment::{Difference as Surroundings, Environment};
use model::error::{Error, Result};
use model::sample::{Allocation, CheckOutcome, Line, asks_the_same};
use model::scenario::{RecordKind, Scenario};
use serde::Serialize;

use crate::series::{Series, groups, rows};
use crate::{Samples, analyse};
use results::{Cell, Machine, Metric};

use change::{Difference, judge};
pub use change::{LEVEL, NOTABLE, Verdict};

/// A run, as far as it can be compared with another.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What was asked of what, and what was counted.
    pub machine: Machine,
    /// What was sampled, in the order of scenarios and metrics.
    pub series: Vec<Logs>,
    /// In how many operations allocations were counted.
    pub allocations: Vec<Allocation>,
    /// The outcomes of the checks.
    pub checks: Vec<CheckOutcome>,
}

/// The scenario, the strategy and the metric.
type Key = (String, String, Metric);

/// The samples of a timed metric of a strategy in a scenario. Outer lists are measuring processes,
/// inner ones their slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Logs {
    /// What they are samples of.
    pub key: Key,
    /// Logarithms of how many times better a slice is than the nearest slices of the baseline; none of the baseline itself.
    pub ratios: Vec<Vec<f64>>,
    /// Logarithms of the metric's value, in its unit.
    pub values: Vec<Vec<f64>>,
}

impl Run {
    /// Of samples.
    pub fn from_samples(samples: &Samples) -> Self {
        let (header, slices) = (&samples.header, Series::of_lines(&samples.lines));
        let mut series = Vec::new();
        for (Scenario { name, .. }, metric) in rows(&header.scenarios) {
            for card in &header.strategies {
                let values = groups(slices.log_values(name, &card.name, metric));
                let mut ratios = groups(slices.log_ratios(name, &card.name, metric));
                if card.name == header.baseline {
                    ratios.clear();
                }
                if !values.iter().all(Vec::is_empty) {
                    let key = (name.clone(), card.name.clone(), metric);
                    series.push(Logs {
                        key,
                        ratios,
                        values,
                    });
                }
            }
        }
        Self {
            machine: analyse(samples),
            series,
            allocations: samples.all(Line::try_as_allocation_ref).cloned().collect(),
            checks: samples.all(Line::try_as_check_ref).cloned().collect(),
        }
    }

    /// What a cell of allocations was counted in.
    fn allocation(&self, cell: &Cell) -> Option<&Allocation> {
        self.allocations.iter().find(|counted| {
            let metrics = counted.does.allocation_metrics();
            metrics.is_some_and(|(bytes, number)| [bytes, number].contains(&cell.metric))
                && (&counted.scenario, &counted.strategy) == (&cell.scenario, &cell.strategy)
        })
    }
}

/// What of a time is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// How many times better than the baseline of the same run it is.
    Ratio,
    /// The time itself.
    Absolute,
}

/// How one run compares with another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// What of a time was judged.
    pub judged: Judged,
    /// The baseline of the ratios.
    pub baseline: String,
    /// What sets the surroundings of the runs apart.
    pub environment: Vec<Surroundings>,
    /// What can be compared, in the order of the first run's scenarios and strategies.
    pub rows: Vec<Row>,
    /// Checks whose outcome is another one.
    pub checks: Vec<CheckChange>,
    /// Scenarios and strategies that cannot be compared.
    pub apart: Vec<Apart>,
}

/// A metric of a strategy in a scenario, in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The scenario.
    pub scenario: String,
    /// The strategy.
    pub strategy: String,
    /// The metric.
    pub metric: Metric,
    /// The unit of `a` and `b`: the metric's, or `x` for times better than the baseline.
    pub unit: &'static str,
    /// The first run's value.
    pub a: f64,
    /// The second run's value.
    pub b: f64,
    /// How many times better the second is; absent where the second is 0 and the first is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times_better: Option<f64>,
    /// The interval of `times_better`, corrected for the number of comparisons; absent for counts,
    /// and where there is no spread to estimate it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// Samples of the run that has fewer; absent for counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A check that passes in one run and fails in the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckChange {
    /// The strategy.
    pub strategy: String,
    /// The record it held.
    pub record: RecordKind,
    /// The check.
    pub check: String,
    /// Whether it passed in the second run.
    pub passes_now: bool,
}

/// What has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Apart {
    /// `scenario` or `strategy`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: &'static str,
}

impl Row {
    /// Whether it is worse beyond noise.
    pub fn is_worse(&self) -> bool {
        self.verdict == Verdict::Worse
    }
}

impl Diff {
    /// Whether anything is worse beyond noise, or a check fails that used to pass.
    pub fn has_regression(&self) -> bool {
        self.rows.iter().any(Row::is_worse) || self.checks.iter().any(|check| !check.passes_now)
    }
}

/// Compares `b` with `a`.
///
/// # Errors
///
/// When ratios are to be judged and the runs do not have the same baseline.
pub fn diff(a: &Run, b: &Run, judged: Judged) -> Result<Diff> {
    let (of_a, of_b) = (&a.machine, &b.machine);
    if judged == Judged::Ratio && of_a.baseline != of_b.baseline {
        return Err(Error::input(format!(
            "the baseline of A is {} and that of B {}, so ratios to it cannot be compared; --absolute \
             compares times",
            of_a.baseline, of_b.baseline
        )));
    }
    let comparable = of_a.scenarios.iter().filter(|ours| {
        let mut others = of_b.scenarios.iter();
        others.any(|theirs| theirs.name == ours.name && asks_the_same(ours, theirs))
    });
    let comparable: Vec<&str> = comparable.map(|scenario| &*scenario.name).collect();
    let mut rows = timed(a, b, judged, &comparable);
    rows.extend(counted(a, b, &comparable));
    let place = |row: &Row| {
        let mut scenarios = of_a.scenarios.iter();
        let mut strategies = of_a.strategies.iter();
        let scenario = scenarios.position(|scenario| scenario.name == row.scenario);
        let strategy = strategies.position(|card| card.name == row.strategy);
        (scenario, strategy, row.metric)
    };
    rows.sort_by_key(place);
    Ok(Diff {
        judged,
        baseline: of_a.baseline.clone(),
        environment: Environment::differences(&of_a.environment, &of_b.environment),
        rows,
        checks: checks(a, b),
        apart: apart(of_a, of_b, &comparable),
    })
}

/// A figure in both runs, without an interval.
fn row(key: Key, unit: &'static str, [a, b]: [f64; 2], verdict: Verdict) -> Row {
    let (scenario, strategy, metric) = key;
    Row {
        scenario,
        strategy,
        metric,
        unit,
        a,
        b,
        times_better: None,
        interval: None,
        samples: None,
        verdict,
    }
}

/// The times of both runs, judged together.
fn timed(a: &Run, b: &Run, judged: Judged, comparable: &[&str]) -> Vec<Row> {
    let ours = a.series.iter();
    let ours = ours.filter(|ours| comparable.contains(&&*ours.key.0));
    let differences = ours.filter_map(|ours| {
        let theirs = b.series.iter().find(|theirs| theirs.key == ours.key)?;
        let (a, b, is_time) = match judged {
            Judged::Absolute => (&ours.values, &theirs.values, true),
            Judged::Ratio => (&ours.ratios, &theirs.ratios, false),
        };
        let unit = if is_time { ours.key.2.unit() } else { "x" };
        let difference = Difference::between(a, b, is_time)?;
        Some(((ours.key.clone(), unit), difference))
    });
    let (keys, differences): (Vec<_>, Vec<Difference>) = differences.unzip();
    let rows = keys.into_iter().zip(&differences).zip(judge(&differences));
    let rows = rows.map(|(((key, unit), difference), (half_width, verdict))| {
        let times = |by: f64| (difference.value + by).exp();
        let interval = [times(-half_width), times(half_width)];
        Row {
            times_better: Some(times(0.0)),
            interval: half_width.is_finite().then_some(interval),
            samples: Some(difference.samples),
            ..row(key, unit, difference.ends.map(f64::exp), verdict)
        }
    });
    rows.collect()
}

/// A count, and what it was counted in.
type Counted<'c> = (&'c Cell, Option<&'c Allocation>);

/// Whether two counts are as close as those of the same program may be. A tenth is no change, as with times:
/// what a strategy allocates can depend on how its threads meet. A whole number of allocations an operation
/// is exact otherwise. What is allocated now and then only is a share of so many operations, and wavers as the
/// number of rare events does: by its square root.
fn is_within_noise((a, of_a): Counted<'_>, (b, of_b): Counted<'_>) -> bool {
    let is_near_by_itself = is_near(a.median, b.median);
    let (Some(of_a), Some(of_b)) = (of_a, of_b) else {
        return is_near_by_itself;
    };
    let is_whole = |of: &Allocation| of.allocations.is_multiple_of(of.operations);
    let share = |of: &Allocation| of.allocations as f64 / of.operations as f64;
    let variance = |of: &Allocation| share(of) / of.operations as f64;
    let deviation = (variance(of_a) + variance(of_b)).sqrt();
    let is_rare = !(is_whole(of_a) && is_whole(of_b));
    // As many allocations, and of the same size where both have some.
    let as_many = is_rare && (share(of_a) - share(of_b)).abs() <= DEVIATIONS * deviation;
    let none = of_a.allocations == 0 || of_b.allocations == 0;
    let as_large = none || is_near(a.median / share(of_a), b.median / share(of_b));
    is_near_by_itself || as_many && as_large
}

/// Standard deviations by which equal programs do not differ.
const DEVIATIONS: f64 = 3.0;

/// Whether two values are less than a tenth apart. Something and nothing are far apart however little it is.
fn is_near(a: f64, b: f64) -> bool {
    a > 0.0 && b > 0.0 && a / b < NOTABLE && b / a < NOTABLE
}

/// The counts of both runs; less is better.
fn counted(a: &Run, b: &Run, comparable: &[&str]) -> Vec<Row> {
    let counts = a.machine.cells.iter().filter(|ours| ours.metric.is_count());
    let counts = counts.filter(|ours| comparable.contains(&&*ours.scenario));
    let rows = counts.filter_map(|ours| {
        let key = (ours.scenario.clone(), ours.strategy.clone(), ours.metric);
        let theirs = b.machine.cell(&key.0, &key.1, key.2)?;
        let [of_a, of_b] = [(ours, a.allocation(ours)), (theirs, b.allocation(theirs))];
        let [before, after] = [ours.median, theirs.median];
        let (times, verdict) = match after.total_cmp(&before) {
            Ordering::Less if !is_within_noise(of_a, of_b) => (before / after, Verdict::Better),
            Ordering::Greater if !is_within_noise(of_a, of_b) => (before / after, Verdict::Worse),
            _ => (1.0, Verdict::Unchanged),
        };
        Some(Row {
            times_better: Some(times).filter(|times| times.is_finite()),
            ..row(key, ours.metric.unit(), [before, after], verdict)
        })
    });
    rows.collect()
}

/// Checks that pass in one of the runs only.
fn checks(a: &Run, b: &Run) -> Vec<CheckChange> {
    let key = |check: &CheckOutcome| (check.record, check.check.clone(), check.strategy.clone());
    let changed = b.checks.iter().filter(|now| {
        let before = a.checks.iter().rfind(|before| key(before) == key(now));
        before.is_some_and(|before| before.passed != now.passed)
    });
    let outcomes = changed.map(|now| CheckChange {
        strategy: now.strategy.clone(),
        record: now.record,
        check: now.check.clone(),
        passes_now: now.passed,
    });
    outcomes.collect()
}

/// What has no counterpart.
fn apart(a: &Machine, b: &Machine, comparable: &[&str]) -> Vec<Apart> {
    let [of_a, of_b] = [a, b].map(|machine| {
        let scenarios = machine.scenarios.iter().map(|it| ("scenario", &*it.name));
        let strategies = machine.strategies.iter().map(|it| ("strategy", &*it.name));
        scenarios.chain(strategies).collect::<Vec<_>>()
    });
    let mut all = unique([&*of_a, &of_b].concat());
    all.sort_by_key(|(kind, _)| *kind);
    let apart = all.into_iter().filter_map(|(kind, name)| {
        let reason = match [&of_a, &of_b].map(|all| all.contains(&(kind, name))) {
            [true, false] => "only in A",
            [false, true] => "only in B",
            _ if kind == "strategy" || comparable.contains(&name) => return None,
            _ => "defined differently in A and B",
        };
        let name = name.to_owned();
        Some(Apart { kind, name, reason })
    });
    apart.collect()
}
