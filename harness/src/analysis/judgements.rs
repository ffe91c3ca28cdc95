//! What follows from the cells for each strategy: what to recommend.

use basis::preset::Preset;
use basis::scenario::{Activity, Origin};

use crate::results::{Cell, Decision, Judged, Metric, Ratio, Recommendation, Results, is_worse};

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
    let timed: Vec<(&Cell, &Ratio)> = results
        .cells
        .iter()
        .filter(|cell| !is_point(results, &cell.scenario))
        .filter(|cell| cell.strategy == strategy && cell.metric.is_timed())
        .filter_map(|cell| Some((cell, cell.ratio.as_ref()?)))
        .collect();
    let where_ratio = |wanted: &dyn Fn(&Ratio) -> bool| -> Vec<Judged> {
        timed
            .iter()
            .filter(|(_, ratio)| wanted(ratio))
            .map(|(cell, _)| Judged {
                scenario: cell.scenario.clone(),
                metric: cell.metric,
            })
            .collect()
    };
    let gains = where_ratio(&Ratio::gains);
    let losses = where_ratio(&Ratio::loses);
    let open = where_ratio(&|ratio| ratio.is_open(results.margin));
    // Too few processes to be sure of a loss are no proof of the contrary.
    let may_lose = timed.iter().any(|(_, ratio)| is_worse(ratio.judged_high));
    let is_known = timed.iter().any(|(_, ratio)| ratio.is_known());
    let decision = if !results.is_ranked(strategy) {
        Decision::Disqualified
    } else if decides_nothing(results) || !timed.is_empty() && !is_known {
        Decision::TooFew
    } else if !may_lose && holds_in_every_report_row(results, &gains) {
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

/// Whether a run asks only if everything is in order, and roughly how fast it is.
fn decides_nothing(results: &Results) -> bool {
    results.environment.preset == Preset::Quick.name()
}

/// Whether what each of the report's rows is about is among the gains. A run without any of them says nothing
/// of them.
fn holds_in_every_report_row(results: &Results, gains: &[Judged]) -> bool {
    let rows: Vec<Judged> = results
        .scenarios
        .iter()
        .filter(|scenario| scenario.origin == Origin::Report && scenario.operations.is_none())
        .filter_map(|scenario| {
            Some(Judged {
                scenario: scenario.name.clone(),
                metric: subject(scenario.groups.first()?.does, false),
            })
        })
        .collect();
    !rows.is_empty() && rows.iter().all(|row| gains.contains(row))
}
