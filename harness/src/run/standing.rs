//! Where every scenario stands: who still has to be measured, and about how much.

use basis::controls;
use basis::sample::Line;
use basis::scenario::Scenario;

use super::schedule::Task;
use crate::analysis::series::{Series, timed_metrics};
use crate::analysis::verdicts::Comparison;
use crate::analysis::{contamination, is_contended, verdicts};
use crate::results::{Metric, Verdict};
use statistics::{Estimate, estimate_with};

/// A scenario between two rounds.
#[derive(Clone, Debug)]
pub(super) struct Standing<'t> {
    pub(super) scenario: &'t Scenario,
    /// Who takes part in the next round, the baseline included.
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

/// Resamples for a standard error: enough to plan by.
const RESAMPLES: usize = 400;
const SEED: u64 = 7;
/// A pair that would need more blocks than this does not keep the others waiting.
const BLOCKS_MAX: f64 = 600.0;
/// Fewer processes than this settle nothing: how processes differ is not known yet.
const PROCESSES_MIN: usize = 5;
/// Among the strategies that are left, the wish of the one at this share of them counts.
const CROWD: f64 = 0.8;

/// How narrow the 99 % interval of a log ratio is to become, to either side.
fn target(scenario: &Scenario, cpus: usize) -> f64 {
    // Aimed at somewhat below what is wanted (0.20, 0.05): the aim is the expected width.
    if scenario.threads() > cpus {
        0.13
    } else if is_contended(scenario, cpus) {
        // What two threads make of a lock that both want is decided anew all the time. Verdicts need
        // no more than this far from the margin, and where they do they stay open and go on.
        0.35
    } else {
        0.03
    }
}

/// All scenarios as the lines leave them. Without `may_settle` everybody takes part, and only widths
/// say how much is wanted: verdicts may be looked at a few times only, as they are corrected for it.
pub(super) fn standings<'t>(task: &'t Task, lines: &[Line], may_settle: bool) -> Vec<Standing<'t>> {
    let contaminated = contamination::contaminated(lines);
    let series = Series::collect(lines, &contamination::dropped(&contaminated));
    let pairs = pairs(task, &series);
    let ratios: Vec<Comparison> = pairs
        .iter()
        .map(|pair| Comparison {
            ratio: pair.ratio,
            bias: 0.0,
        })
        .collect();
    let judged = verdicts::judge(&ratios, task.preset.looks());
    let wants: Vec<(&Pair<'_>, f64)> = pairs
        .iter()
        .zip(judged)
        .map(|(pair, judged)| {
            let have = pair.ratio.n as f64;
            let width = pair.ratio.expected_half_width();
            let for_width = have * (width / pair.target).powi(2);
            let is_open = judged.verdict == Verdict::Inconclusive
                && !controls::is_control(pair.strategy)
                && may_settle;
            let for_verdict = judged
                .needed
                .filter(|_| is_open)
                .map_or(if is_open { BLOCKS_MAX } else { 0.0 }, |needed| {
                    needed as f64
                });
            let wanted = for_width.max(for_verdict).min(BLOCKS_MAX) - have;
            let settled = pair.ratio.groups >= PROCESSES_MIN && for_width <= have && !is_open;
            (pair, if settled { 0.0 } else { wanted.max(1.0) })
        })
        .collect();
    task.scenarios
        .iter()
        .map(|(scenario, names)| standing(task, scenario, names, &wants, lines, may_settle))
        .collect()
}

fn standing<'t>(
    task: &'t Task,
    scenario: &'t Scenario,
    names: &[String],
    wants: &[(&Pair<'_>, f64)],
    lines: &[Line],
    may_settle: bool,
) -> Standing<'t> {
    let here = || {
        wants
            .iter()
            .filter(|(pair, _)| pair.scenario == scenario.name)
    };
    let wants_of = |name: &str| {
        let of_strategy = here().filter(|(pair, _)| pair.strategy == name);
        of_strategy.map(|&(_, wanted)| wanted).reduce(f64::max)
    };
    let has_failed = |name: &str| {
        lines.iter().any(|line| {
            matches!(line, Line::Failure(failure)
                if failure.key.scenario == scenario.name && failure.key.strategy == name)
        })
    };
    let mut taking_part: Vec<String> = names
        .iter()
        .filter(|name| !has_failed(name))
        .filter(|name| {
            **name == task.baseline || !may_settle || wants_of(name).is_none_or(|w| w > 0.0)
        })
        .cloned()
        .collect();
    // A noise floor is that of its blocks: whoever is measured, it is measured beside them.
    if taking_part.len() > 1 && !taking_part.iter().any(|name| name == controls::SAME) {
        taking_part.extend(names.iter().filter(|name| *name == controls::SAME).cloned());
    }
    let mut wanted: Vec<f64> = taking_part
        .iter()
        .filter_map(|name| wants_of(name))
        .collect();
    wanted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let crowd = ((wanted.len() as f64 - 1.0) * CROWD).max(0.0) as usize;
    let floor = wants_of(controls::SAME).unwrap_or(0.0);
    Standing {
        scenario,
        taking_part,
        blocks_wanted: wanted.get(crowd).copied().unwrap_or(1.0).max(floor),
    }
}

/// Every strategy's ratio in every row.
fn pairs<'t>(task: &'t Task, series: &Series<'_>) -> Vec<Pair<'t>> {
    let mut pairs = Vec::new();
    for (scenario, names) in &task.scenarios {
        let width = target(scenario, task.cpus);
        for strategy in names.iter().filter(|name| **name != task.baseline) {
            for metric in timed_metrics(scenario) {
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
    let logs = series.log_ratios(&scenario.name, strategy, metric);
    let ratio = estimate_with(&logs, SEED, RESAMPLES)?;
    Some(Pair {
        scenario: &scenario.name,
        strategy,
        target: width,
        ratio,
    })
}
