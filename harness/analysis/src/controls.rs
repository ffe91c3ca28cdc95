//! The controls: what could have refuted the measurement.

use model::controls::{self, How};
use model::scenario::{RecordKind, Scenario};

use super::series::{Series, groups, rows};
use results::{Cell, Control, Machine, Metric};
use stats::{GROUPS_99, Interval, LEVEL, estimate};

/// The no-op strategy may cost this much per read before the harness blurs what it measures.
const CEILING_NS_MAX: f64 = 1.0;
/// A planted slowdown must be told from none where the noise floor is at most this share of it.
const FLOOR_SHARE_MAX: f64 = 0.5;

/// All controls of a run.
pub(super) fn all(results: &Machine, series: &Series<'_>) -> Vec<Control> {
    let cells = results.cells.iter();
    let of_cells = cells.filter_map(|cell| of_cell(results, series, cell));
    let rows = rows(&results.scenarios);
    let own_slices = rows.filter_map(|row| own_slices(&results.baseline, series, row));
    of_cells.chain(own_slices).collect()
}

/// A ratio with its 99 % interval.
fn shown(median: f64, Interval { low, high }: Interval) -> String {
    format!("{median:.3}x [{low:.3}, {high:.3}]")
}

/// What a control has shown in the row of a cell.
fn of_cell(results: &Machine, series: &Series<'_>, cell: &Cell) -> Option<Control> {
    let mut scenarios = results.scenarios.iter();
    let scenario = scenarios.find(|scenario| scenario.name == cell.scenario)?;
    let control = |expected, observed, passed| Control {
        scenario: cell.scenario.clone(),
        control: cell.strategy.clone(),
        expected,
        observed,
        passed,
    };
    if cell.strategy == controls::NO_OP {
        // It shows what the harness costs and nothing else: one thread with a processor to itself, and a record
        // that takes no time to touch.
        let is_alone = scenario.threads() == 1 && scenario.record == RecordKind::Status;
        let expected = format!("at most {CEILING_NS_MAX:.1} ns a read: the harness's own share");
        let observed = format!("{:.2} ns", cell.median);
        let passed = cell.median <= CEILING_NS_MAX;
        let is_shown = cell.metric == Metric::ReadNs && is_alone;
        return is_shown.then(|| control(expected, observed, passed));
    }
    let planted = controls::planted(&cell.strategy)?;
    let ratio = cell.ratio.as_ref().filter(|_| cell.metric.is_timed())?;
    let (low, high) = (ratio.ci_low, ratio.ci_high);
    let judged = Interval { low, high };
    let truth = 1.0 / planted.times;
    let must_be_found = must_be_found(results, series, cell, planted.times);
    let metric = cell.metric.name();
    let (expected, is_shown, passed) = match planted.how {
        // The baseline under another name, slower by a known factor or not at all: the truth must lie in the 99 %
        // interval, and a slowdown must be told from none where the noise floor allows it.
        How::Miscounted => {
            let also = if must_be_found { " and not 1.00" } else { "" };
            let expected = format!("a 99 % interval of {metric} that contains {truth:.3}{also}");
            let is_found = high < 1.0 || !must_be_found;
            (expected, true, judged.contains(truth) && is_found)
        }
        // The baseline, slower because time is spent inside its operations: it must be found where the noise floor
        // allows it, and where a thread is alone with its operation, since there it was calibrated.
        How::Spent => {
            let expected = format!("a 99 % interval of {metric} below 1.00: about {truth:.2}");
            let is_alone = !scenario.is_contended(results.environment.cpus);
            (expected, is_alone && must_be_found, high < 1.0)
        }
    };
    // Few processes give no interval, and without one nothing is shown or refuted.
    let is_shown = is_shown && ratio.processes >= GROUPS_99;
    is_shown.then(|| control(expected, shown(ratio.median, judged), passed))
}

/// Whether the noise floor of a row is low enough for a planted slowdown to be told from none: over all processes, and over those
/// alone in which it was planted, since the baseline takes part under its second name in more of them.
fn must_be_found(results: &Machine, series: &Series<'_>, cell: &Cell, planted: f64) -> bool {
    let Cell {
        scenario, metric, ..
    } = cell;
    let is_low = |low: f64, high: f64| (high - low) / 2.0 < FLOOR_SHARE_MAX * planted.ln();
    let same = results.cell(scenario, controls::SAME, *metric);
    let floor = same.and_then(|same| same.ratio.as_ref());
    let is_low_in_all = floor.is_some_and(|floor| is_low(floor.ci_low.ln(), floor.ci_high.ln()));
    let planted_in = series.log_ratios(scenario, &cell.strategy, *metric);
    let mut beside = series.log_ratios(scenario, controls::SAME, *metric);
    beside.retain(|process, _| planted_in.contains_key(process));
    let beside = estimate(&groups(beside)).map(|floor| floor.interval(LEVEL));
    planted > 1.0 && is_low_in_all && beside.is_some_and(|floor| is_low(floor.low, floor.high))
}

/// The median of skewed noise against the mean of two neighbours is not exactly that of equal ones: up
/// to so much is no fault, and a tenth of what the margin is.
pub const SKEW: f64 = 1.02;

/// The baseline's own slices against each other: no table but one, so nothing but time differs.
fn own_slices(baseline: &str, series: &Series<'_>, row: (&Scenario, Metric)) -> Option<Control> {
    let (Scenario { name, .. }, metric) = row;
    let processes = series.baseline_log_ratios(name, baseline, metric);
    let processes: Vec<Vec<f64>> = processes.iter().map(|blocks| blocks.concat()).collect();
    let ratio = estimate(&processes)?;
    let interval = ratio.interval(LEVEL).map(f64::exp);
    let metric = metric.name();
    (ratio.groups() >= GROUPS_99).then(|| Control {
        scenario: name.clone(),
        control: format!("{baseline}, slice against slice"),
        expected: format!("a 99 % interval of {metric} that comes within 2 % of 1.000"),
        observed: shown(ratio.median.exp(), interval),
        passed: interval.low <= SKEW && interval.high >= 1.0 / SKEW,
    })
}

#[cfg(test)]
mod tests {
    use fixtures::{contended, invented};
    use model::sample::Line;

    use super::*;
    use crate::Samples;

    /// What is expected of a slowdown that was planted in ten of 40 processes, in which the baseline under its second name is off
    /// by so much per cent of itself, and in no other.
    fn expected(off: u64) -> String {
        let times = 1.0 / 1.2;
        let planted = invented(controls::SLOWER_20, times, times, times);
        let mut lines = contended([planted], 40, 1);
        lines.retain(|line| match line {
            Line::Slice(slice) => {
                slice.key.strategy != controls::SLOWER_20 || slice.key.process < 10
            }
            _ => true,
        });
        for slice in lines.iter_mut().filter_map(Line::try_as_slice_mut) {
            if slice.key.strategy == controls::SAME && slice.key.process < 10 {
                let is_off = slice.key.process % 2 == 0;
                let [times, by] = if is_off { [off, 100] } else { [100, off] };
                slice.window_ns = slice.window_ns * times / by;
            }
        }
        let results = crate::analyse(&Samples::from_lines(lines).unwrap());
        let mut controls = results.controls.into_iter();
        let is_it = |control: &Control| {
            control.control == controls::SLOWER_20 && control.expected.contains("read_ns")
        };
        controls.find(is_it).expect("it is shown").expected
    }

    #[test]
    fn a_slowdown_must_be_found_where_it_was_planted_with_little_noise() {
        assert!(expected(100).ends_with("and not 1.00"), "{}", expected(100));
        let noisy = expected(130);
        assert!(noisy.ends_with("contains 0.833"), "{noisy}");
    }
}
