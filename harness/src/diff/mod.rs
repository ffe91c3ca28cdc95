//! Two runs compared: what changed beyond noise, and what nobody can tell.
//!
//! The runs may be of two versions, two libraries, or two machines. By default times are judged as
//! ratios to the baseline of the same run, which another machine or another day changes together
//! with everything else; or as such. Counts are compared as they are; only those a tenth apart have changed, and amortised
//! ones only beyond what so few events waver by. Pure: equal samples give equal results.

mod change;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use basis::environment::{Difference as Surroundings, Environment};
use basis::error::{Error, Result};
use basis::sample::asks_the_same;
use basis::scenario::Scenario;
use serde::Serialize;

use crate::results::Metric;

pub use change::{Change, LEVEL, NOTABLE, Verdict};
pub use run::{Count, Heap, Run};

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
    pub unit: String,
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
    pub record: String,
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
    /// Why: `only in A`, `only in B`, or what differs.
    pub reason: String,
}

impl Row {
    /// Whether it is worse beyond noise.
    pub fn is_worse(&self) -> bool {
        self.verdict == Verdict::Worse
    }

    /// Whether it is better or worse beyond noise.
    pub fn is_change(&self) -> bool {
        matches!(self.verdict, Verdict::Better | Verdict::Worse)
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
    if judged == Judged::Ratio && a.baseline != b.baseline {
        return Err(Error::input(format!(
            "the baseline of A is {} and that of B {}, so ratios to it cannot be compared; --absolute \
             compares times",
            a.baseline, b.baseline
        )));
    }
    let comparable: Vec<&str> = a
        .scenarios
        .iter()
        .filter(|ours| b.scenarios.iter().any(|theirs| is_comparable(ours, theirs)))
        .map(|scenario| scenario.name.as_str())
        .collect();
    let mut rows = timed(a, b, judged, &comparable);
    rows.extend(counted(a, b, &comparable));
    let place = |row: &Row| {
        let scenario = a.scenarios.iter().position(|s| s.name == row.scenario);
        let strategy = a.strategies.iter().position(|name| *name == row.strategy);
        (scenario, strategy, row.metric)
    };
    rows.sort_by_key(place);
    Ok(Diff {
        judged,
        baseline: a.baseline.clone(),
        environment: Environment::differences(&a.environment, &b.environment),
        rows,
        checks: checks(a, b),
        apart: apart(a, b),
    })
}

fn is_comparable(a: &Scenario, b: &Scenario) -> bool {
    a.name == b.name && asks_the_same(a, b)
}

/// The times of both runs, judged together.
fn timed(a: &Run, b: &Run, judged: Judged, comparable: &[&str]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut differences = Vec::new();
    for ours in &a.series {
        let same = |theirs: &&crate::analysis::Logs| {
            (&theirs.scenario, &theirs.strategy, theirs.metric)
                == (&ours.scenario, &ours.strategy, ours.metric)
        };
        let theirs = b.series.iter().find(same);
        let Some(theirs) = theirs.filter(|_| comparable.contains(&ours.scenario.as_str())) else {
            continue;
        };
        let (of_a, of_b) = match judged {
            Judged::Ratio => (&ours.ratios, &theirs.ratios),
            Judged::Absolute => (&ours.values, &theirs.values),
        };
        let Some(difference) = change::Difference::of(of_a, of_b) else {
            continue;
        };
        // Of two times the smaller is better, of two ratios the larger.
        let sign = if judged == Judged::Absolute {
            -1.0
        } else {
            1.0
        };
        let (from, to) = difference.ends();
        rows.push(Row {
            scenario: ours.scenario.clone(),
            strategy: ours.strategy.clone(),
            metric: ours.metric,
            unit: match judged {
                Judged::Ratio => "x".into(),
                Judged::Absolute => ours.metric.unit().into(),
            },
            a: from.exp(),
            b: to.exp(),
            times_better: None,
            interval: None,
            samples: None,
            verdict: Verdict::Unchanged,
        });
        differences.push(difference.times(sign));
    }
    for (row, change) in rows.iter_mut().zip(change::judge(&differences)) {
        let around = |sign: f64| (change.difference + sign * change.half_width).exp();
        row.times_better = Some(change.difference.exp());
        row.interval = change
            .half_width
            .is_finite()
            .then(|| [around(-1.0), around(1.0)]);
        row.samples = Some(change.samples);
        row.verdict = change.verdict;
    }
    rows
}

/// Whether two counts are as close as those of the same program may be. A tenth is no change, as with times:
/// what a strategy allocates can depend on how its threads meet. A whole number of allocations an operation
/// is exact otherwise. What is allocated now and then only is a share of so many operations, and wavers as the
/// number of rare events does: by its square root.
fn wavers(a: &Count, b: &Count) -> bool {
    if is_near(a.value, b.value) {
        return true;
    }
    let (Some(of_a), Some(of_b)) = (a.heap, b.heap) else {
        return false;
    };
    let is_whole = |heap: Heap| heap.allocations.is_multiple_of(heap.operations);
    if is_whole(of_a) && is_whole(of_b) {
        return false;
    }
    let share = |heap: Heap| heap.allocations as f64 / heap.operations as f64;
    let variance = |heap: Heap| share(heap) / heap.operations as f64;
    let deviation = (variance(of_a) + variance(of_b)).sqrt();
    if (share(of_a) - share(of_b)).abs() > DEVIATIONS * deviation {
        return false;
    }
    // As many allocations, and of the same size where both have some.
    let size = |count: &Count, heap: Heap| count.value / share(heap);
    let none = of_a.allocations == 0 || of_b.allocations == 0;
    none || is_near(size(a, of_a), size(b, of_b))
}

/// Standard deviations by which equal programs do not differ.
const DEVIATIONS: f64 = 3.0;

/// Whether two values are less than a tenth apart. Something and nothing are far apart however little it is.
fn is_near(a: f64, b: f64) -> bool {
    a > 0.0 && b > 0.0 && a / b < NOTABLE && b / a < NOTABLE
}

/// The counts of both runs; less is better.
fn counted(a: &Run, b: &Run, comparable: &[&str]) -> Vec<Row> {
    let mut rows = Vec::new();
    for ours in &a.counts {
        let same = |theirs: &&Count| {
            (&theirs.scenario, &theirs.strategy, theirs.metric)
                == (&ours.scenario, &ours.strategy, ours.metric)
        };
        let theirs = b.counts.iter().find(same);
        let Some(theirs) = theirs.filter(|_| comparable.contains(&ours.scenario.as_str())) else {
            continue;
        };
        let verdict = match theirs.value.total_cmp(&ours.value) {
            _ if wavers(ours, theirs) => Verdict::Unchanged,
            std::cmp::Ordering::Less => Verdict::Better,
            std::cmp::Ordering::Equal => Verdict::Unchanged,
            std::cmp::Ordering::Greater => Verdict::Worse,
        };
        rows.push(Row {
            scenario: ours.scenario.clone(),
            strategy: ours.strategy.clone(),
            metric: ours.metric,
            unit: ours.metric.unit().into(),
            a: ours.value,
            b: theirs.value,
            times_better: match verdict {
                Verdict::Unchanged => Some(1.0),
                _ => Some(ours.value / theirs.value).filter(|times| times.is_finite()),
            },
            interval: None,
            samples: None,
            verdict,
        });
    }
    rows
}

fn checks(a: &Run, b: &Run) -> Vec<CheckChange> {
    let before: BTreeMap<_, bool> = a
        .checks
        .iter()
        .map(|(key, passed)| (key, *passed))
        .collect();
    b.checks
        .iter()
        .filter(|(key, passed)| before.get(key).is_some_and(|earlier| earlier != passed))
        .map(|((strategy, record, check), passed)| CheckChange {
            strategy: strategy.clone(),
            record: record.clone(),
            check: check.clone(),
            passes_now: *passed,
        })
        .collect()
}

fn apart(a: &Run, b: &Run) -> Vec<Apart> {
    let mut apart = Vec::new();
    let mut push = |kind, name: &str, reason: &str| {
        apart.push(Apart {
            kind,
            name: name.to_owned(),
            reason: reason.to_owned(),
        });
    };
    for scenario in &a.scenarios {
        match b.scenarios.iter().find(|other| other.name == scenario.name) {
            None => push("scenario", &scenario.name, "only in A"),
            Some(other) if !is_comparable(scenario, other) => {
                push("scenario", &scenario.name, "defined differently in A and B");
            }
            Some(_) => {}
        }
    }
    for scenario in &b.scenarios {
        if a.scenarios.iter().all(|other| other.name != scenario.name) {
            push("scenario", &scenario.name, "only in B");
        }
    }
    for (ours, theirs, reason) in [(a, b, "only in A"), (b, a, "only in B")] {
        for name in &ours.strategies {
            if !theirs.strategies.contains(name) {
                push("strategy", name, reason);
            }
        }
    }
    apart
}
