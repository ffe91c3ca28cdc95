//! What follows from the cells for each strategy: what to recommend.

use basis::scenario::{Activity, Origin};

use crate::results::{Cell, Decision, Judged, Metric, Recommendation, Results, Verdict};

/// The metric that a scenario is about.
pub(crate) fn subject(activity: Activity, timed_in_total: bool) -> Metric {
    match activity {
        _ if timed_in_total => Metric::ElapsedMs,
        Activity::Read => Metric::ReadNs,
        Activity::Update | Activity::Churn | Activity::Replay => Metric::WriteNs,
        Activity::Scan => Metric::ScanNs,
        Activity::Mix => Metric::OperationNs,
    }
}

/// What follows for each contender but the baseline.
pub(super) fn recommendations(results: &Results) -> Vec<Recommendation> {
    results
        .contenders()
        .filter(|card| card.name != results.baseline)
        .map(|card| recommend(results, &card.name))
        .collect()
}

/// Whether a scenario is a point of a sweep: those say where an answer flips, and are no reason to
/// adopt something by themselves.
fn is_point(results: &Results, scenario: &str) -> bool {
    let mut points = results.scenarios.iter().filter(|one| one.point.is_some());
    points.any(|point| point.name == scenario)
}

fn recommend(results: &Results, strategy: &str) -> Recommendation {
    let timed: Vec<(&Cell, &crate::results::Ratio)> = results
        .cells
        .iter()
        .filter(|cell| !is_point(results, &cell.scenario))
        .filter(|cell| cell.strategy == strategy && cell.metric.is_timed())
        .filter_map(|cell| Some((cell, cell.ratio.as_ref()?)))
        .collect();
    let where_ratio = |wanted: &dyn Fn(&crate::results::Ratio) -> bool| -> Vec<Judged> {
        timed
            .iter()
            .filter(|(_, ratio)| wanted(ratio))
            .map(|(cell, _)| Judged {
                scenario: cell.scenario.clone(),
                metric: cell.metric,
            })
            .collect()
    };
    let gains = where_ratio(&|ratio| ratio.verdict == Verdict::Holds);
    let losses = where_ratio(&|ratio| ratio.judged_high < 1.0);
    // An interval that lies below the margin altogether leaves nothing to hope for, even where it is
    // not certain enough for a verdict among so many.
    let open = where_ratio(&|ratio| {
        ratio.verdict == Verdict::Inconclusive && ratio.judged_high > results.margin
    });
    let holds_in_every_report_row = results
        .scenarios
        .iter()
        .filter(|scenario| scenario.origin == Origin::Report && scenario.operations.is_none())
        .all(|scenario| gains.iter().any(|gain| gain.scenario == scenario.name));
    let decision = if !results.is_ranked(strategy) {
        Decision::Disqualified
    } else if !gains.is_empty() && holds_in_every_report_row && losses.is_empty() {
        Decision::Adopt
    } else if !gains.is_empty() {
        Decision::AdoptForSome
    } else if open.is_empty() && !timed.is_empty() {
        Decision::StayWithBaseline
    } else {
        Decision::Undecided
    };
    Recommendation {
        strategy: strategy.into(),
        decision,
        gains,
        losses,
        open,
    }
}
