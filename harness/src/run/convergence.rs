//! How far the intervals of every scenario have converged: which strategies can be measured, and about how much
//! more.

use model::controls;
use model::sample::Line;
use model::scenario::Scenario;

use super::schedule::MeasurementPlan;
use analysis::series::{Series, groups};
use stats::{Estimate, estimate};

/// How far a scenario is between two rounds.
#[derive(Clone, Debug)]
pub(super) struct Progress<'t> {
    pub(super) scenario: &'t Scenario,
    /// The strategies that take part in the next round, the baseline included.
    pub(super) taking_part: Vec<String>,
    /// Blocks that most of them still want.
    pub(super) blocks_wanted: f64,
}

/// A ratio that would need more blocks than this does not keep the others waiting.
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
    let progress_of = |(scenario, names): &'t (Scenario, Vec<String>)| {
        let has_failed = |name: &&String| {
            lines.iter().any(|line| {
                matches!(line, Line::Failure(failure)
                    if failure.key.scenario == scenario.name && failure.key.strategy == **name)
            })
        };
        let names = names.iter().filter(|name| !has_failed(name));
        let taking_part: Vec<String> = names.cloned().collect();
        let others = taking_part.iter().filter(|name| **name != plan.baseline);
        let wanted: Vec<(&String, f64)> = others
            .flat_map(|name| {
                let metrics = scenario.timed_metrics().into_iter();
                metrics.map(move |metric| (name, metric))
            })
            .filter_map(|(name, metric)| {
                let ratio = estimate(&groups(series.log_ratios(&scenario.name, name, metric)))?;
                Some((name, blocks_wanted(&ratio, target(scenario, plan.cpus))))
            })
            .collect();
        Progress {
            scenario,
            blocks_wanted: wanted_by_most(&wanted),
            taking_part,
        }
    };
    plan.scenarios.iter().map(progress_of).collect()
}

/// Blocks that would make the interval of a ratio as narrow as it is to become, at least 1.
fn blocks_wanted(ratio: &Estimate, target: f64) -> f64 {
    let have = ratio.n as f64;
    let wanted = have * (ratio.expected_half_width() / target).powi(2);
    (wanted.min(BLOCKS_MAX) - have).max(1.0)
}

/// What most strategies want, and the one that is the baseline's double by all means: a noise floor that is wide
/// says nothing about anybody.
fn wanted_by_most(wanted: &[(&String, f64)]) -> f64 {
    let mut all: Vec<f64> = wanted.iter().map(|&(_, blocks)| blocks).collect();
    all.sort_by(f64::total_cmp);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let crowd = ((all.len() as f64 - 1.0) * CROWD).max(0.0) as usize;
    let floor = wanted.iter().filter(|(name, _)| *name == controls::SAME);
    let floor = floor.map(|&(_, blocks)| blocks).fold(0.0, f64::max);
    all.get(crowd).copied().unwrap_or(1.0).max(floor)
}
