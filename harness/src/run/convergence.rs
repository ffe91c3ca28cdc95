//! How far the intervals of every scenario have converged: which strategies can be measured, and about how much
//! more.

use basis::controls;
use basis::sample::Line;
use basis::scenario::Scenario;

use super::schedule::MeasurementPlan;
use crate::analysis::series::{Series, groups};
use crate::results::Metric;
use statistics::{Estimate, estimate};

/// How far a scenario is between two rounds.
#[derive(Clone, Debug)]
pub(super) struct Progress<'t> {
    pub(super) scenario: &'t Scenario,
    /// The strategies that take part in the next round, the baseline included.
    pub(super) taking_part: Vec<String>,
    /// Blocks that most of them still want.
    pub(super) blocks_wanted: f64,
}

/// A strategy's ratio in a row.
struct Pair<'t> {
    scenario: &'t str,
    strategy: &'t str,
    target: f64,
    ratio: Estimate,
}

/// A pair that would need more blocks than this does not keep the others waiting.
const BLOCKS_MAX: f64 = 600.0;
/// Among the strategies, the wish of the one at this share of them counts.
const CROWD: f64 = 0.8;

/// How narrow the 99 % interval of a log ratio is to become, to either side.
fn target(scenario: &Scenario, cpus: usize) -> f64 {
    // Aimed at somewhat below what is wanted (0.20, 0.05): the aim is the expected width.
    if scenario.threads() > cpus {
        0.13
    } else if scenario.is_contended(cpus) {
        // What two threads make of a lock that both want is decided anew all the time. Verdicts need
        // no more than this far from the margin.
        0.35
    } else {
        0.03
    }
}

/// How far all scenarios are by these lines.
pub(super) fn progress<'t>(plan: &'t MeasurementPlan, lines: &[Line]) -> Vec<Progress<'t>> {
    let series = Series::undisturbed(lines);
    let pairs = pairs(plan, &series);
    plan.scenarios
        .iter()
        .map(|(scenario, names)| progress_of(scenario, names, &pairs, lines))
        .collect()
}

fn progress_of<'t>(
    scenario: &'t Scenario,
    names: &[String],
    pairs: &[Pair<'_>],
    lines: &[Line],
) -> Progress<'t> {
    let has_failed = |name: &str| {
        lines.iter().any(|line| {
            matches!(line, Line::Failure(failure)
                if failure.key.scenario == scenario.name && failure.key.strategy == name)
        })
    };
    let taking_part: Vec<String> = names
        .iter()
        .filter(|name| !has_failed(name))
        .cloned()
        .collect();
    let here = || {
        let names = taking_part.iter();
        let here = pairs.iter().filter(|pair| pair.scenario == scenario.name);
        here.filter(move |pair| names.clone().any(|name| name == pair.strategy))
    };
    let mut wanted: Vec<f64> = here().map(Pair::wanted).collect();
    wanted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let crowd = ((wanted.len() as f64 - 1.0) * CROWD).max(0.0) as usize;
    // A noise floor that is wide says nothing about anybody.
    let floor = here().filter(|pair| pair.strategy == controls::SAME);
    let floor = floor.map(Pair::wanted).fold(0.0, f64::max);
    Progress {
        scenario,
        taking_part,
        blocks_wanted: wanted.get(crowd).copied().unwrap_or(1.0).max(floor),
    }
}

impl Pair<'_> {
    /// Blocks that would make its interval as narrow as it is to become, at least 1.
    fn wanted(&self) -> f64 {
        let have = self.ratio.n as f64;
        let wanted = have * (self.ratio.expected_half_width() / self.target).powi(2);
        (wanted.min(BLOCKS_MAX) - have).max(1.0)
    }
}

/// Every strategy's ratio in every row.
fn pairs<'t>(plan: &'t MeasurementPlan, series: &Series<'_>) -> Vec<Pair<'t>> {
    let mut pairs = Vec::new();
    for (scenario, names) in &plan.scenarios {
        let width = target(scenario, plan.cpus);
        for strategy in names.iter().filter(|name| **name != plan.baseline) {
            for metric in scenario.timed_metrics() {
                pairs.extend(pair(series, scenario, strategy, metric, width));
            }
        }
    }
    pairs
}

fn pair<'t>(
    series: &Series<'_>,
    scenario: &'t Scenario,
    strategy: &'t str,
    metric: Metric,
    width: f64,
) -> Option<Pair<'t>> {
    let ratio = estimate(&groups(series.log_ratios(&scenario.name, strategy, metric)))?;
    Some(Pair {
        scenario: &scenario.name,
        strategy,
        target: width,
        ratio,
    })
}
