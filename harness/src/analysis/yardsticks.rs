//! The controls: what could have refuted the measurement.

use basis::controls::{self, How};
use basis::scenario::RecordKind;

use super::series::{Series, timed_metrics};
use super::{Samples, is_contended};
use crate::results::{Cell, Control, Machine, Metric, Ratio};
use statistics::{GROUPS_99, Interval, estimate};

/// The no-op strategy may cost this much per read before the harness blurs what it measures.
const CEILING_NS_MAX: f64 = 1.0;
/// A planted slowdown must be told from none where the noise floor is at most this share of it.
const FLOOR_SHARE_MAX: f64 = 0.5;

/// All controls of a run.
pub(super) fn all(results: &Machine, samples: &Samples, series: &Series<'_>) -> Vec<Control> {
    let mut found: Vec<Control> = results
        .cells
        .iter()
        .filter_map(|cell| match cell.strategy.as_str() {
            controls::NO_OP => ceiling(results, cell),
            name => {
                let planted = controls::planted(name)?;
                match planted.how {
                    How::Miscounted => known(results, cell, planted.times),
                    How::Spent => spent(results, cell, planted.times),
                }
            }
        })
        .collect();
    for scenario in &samples.header.scenarios {
        for metric in timed_metrics(scenario) {
            found.extend(own_slices(samples, series, &scenario.name, metric));
        }
    }
    found
}

/// The no-op strategy, where it shows what the harness costs and nothing else: one thread with a
/// processor to itself, and a record that takes no time to touch.
fn ceiling(results: &Machine, cell: &Cell) -> Option<Control> {
    let shows = cell.metric == Metric::ReadNs
        && results.scenarios.iter().any(|scenario| {
            scenario.name == cell.scenario
                && scenario.threads() == 1
                && scenario.record == RecordKind::Status
        });
    shows.then(|| Control {
        scenario: cell.scenario.clone(),
        control: cell.strategy.clone(),
        expected: format!("at most {CEILING_NS_MAX:.1} ns a read: the harness's own share"),
        observed: format!("{:.2} ns", cell.median),
        passed: cell.median <= CEILING_NS_MAX,
    })
}

/// The baseline under another name, slower by a known factor or not at all: the truth must lie in
/// the 99 % interval, and a slowdown must be told from none where the noise floor allows it.
fn known(results: &Machine, cell: &Cell, planted: f64) -> Option<Control> {
    let (ratio, judged) = judged(cell)?;
    let truth = 1.0 / planted;
    let must_be_found = must_be_found(results, cell, planted);
    let found = judged.high < 1.0;
    Some(Control {
        scenario: cell.scenario.clone(),
        control: cell.strategy.clone(),
        expected: format!(
            "a 99 % interval of {} that contains {truth:.3}{}",
            cell.metric.name(),
            if must_be_found { " and not 1.00" } else { "" }
        ),
        observed: format!(
            "{:.3}x [{:.3}, {:.3}]",
            ratio.median, judged.low, judged.high
        ),
        passed: judged.contains(truth) && (found || !must_be_found),
    })
}

/// The baseline, slower because time is spent inside its operations: it must be found where the noise
/// floor allows it, and where a thread is alone with its operation, since there it was calibrated.
fn spent(results: &Machine, cell: &Cell, planted: f64) -> Option<Control> {
    let (ratio, judged) = judged(cell)?;
    let mut scenarios = results.scenarios.iter();
    let scenario = scenarios.find(|scenario| scenario.name == cell.scenario)?;
    let is_alone = !is_contended(scenario, results.environment.cpus);
    (is_alone && must_be_found(results, cell, planted)).then(|| Control {
        scenario: cell.scenario.clone(),
        control: cell.strategy.clone(),
        expected: format!(
            "a 99 % interval of {} below 1.00: about {:.2}",
            cell.metric.name(),
            1.0 / planted
        ),
        observed: format!(
            "{:.3}x [{:.3}, {:.3}]",
            ratio.median, judged.low, judged.high
        ),
        passed: judged.high < 1.0,
    })
}

/// A timed ratio, and its 99 % interval: few processes give none, and without one nothing is shown or
/// refuted.
fn judged(cell: &Cell) -> Option<(&Ratio, Interval)> {
    let ratio = cell.ratio.as_ref().filter(|_| cell.metric.is_timed())?;
    if ratio.processes < GROUPS_99 {
        return None;
    }
    let judged = Interval {
        low: ratio.judged_low,
        high: ratio.judged_high,
    };
    Some((ratio, judged))
}

/// Whether the noise floor of a row is low enough for a planted slowdown to be told from none.
fn must_be_found(results: &Machine, cell: &Cell, planted: f64) -> bool {
    let floor = results
        .cell(&cell.scenario, controls::SAME, cell.metric)
        .and_then(|same| same.ratio.as_ref());
    planted > 1.0
        && floor.is_some_and(|floor| {
            (floor.judged_high / floor.judged_low).ln() / 2.0 < FLOOR_SHARE_MAX * planted.ln()
        })
}

/// The median of skewed noise against the mean of two neighbours is not exactly that of equal ones: up
/// to so much is no fault, and a tenth of what the margin is.
const SKEW: f64 = 1.02;

/// The baseline's own slices against each other: no table but one, so nothing but time differs.
fn own_slices(
    samples: &Samples,
    series: &Series<'_>,
    scenario: &str,
    metric: Metric,
) -> Option<Control> {
    let baseline = &samples.header.baseline;
    let processes = series.baseline_logs(scenario, baseline, metric);
    let ratio = estimate(&processes)?.map(f64::exp);
    if ratio.groups() < GROUPS_99 {
        return None;
    }
    Some(Control {
        scenario: scenario.into(),
        control: format!("{baseline}, slice against slice"),
        expected: format!(
            "a 99 % interval of {} that comes within 2 % of 1.000",
            metric.name()
        ),
        observed: format!(
            "{:.3}x [{:.3}, {:.3}]",
            ratio.median, ratio.judged.low, ratio.judged.high
        ),
        passed: ratio.judged.low <= SKEW && ratio.judged.high >= 1.0 / SKEW,
    })
}
