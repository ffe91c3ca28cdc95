//! What follows from the cells for each strategy: what to recommend.

use basis::preset::Preset;
use basis::scenario::{Activity, Origin, Scenario};

use crate::results::{
    Cell, Decision, Judged, Machine, Metric, Ratio, Recommendation, Rule, Scope, decide,
};

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
pub(super) fn recommendations(results: &Machine) -> Vec<Recommendation> {
    results
        .contenders()
        .filter(|card| card.name != results.baseline)
        .map(|card| recommend(results, &card.name))
        .collect()
}

/// Whether a scenario is a point of a sweep: those say where an answer flips, and are no reason to
/// adopt something by themselves.
fn is_point(results: &Machine, scenario: &str) -> bool {
    let mut points = results.scenarios.iter().filter(|one| one.point.is_some());
    points.any(|point| point.name == scenario)
}

fn recommend(results: &Machine, strategy: &str) -> Recommendation {
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
    let decision = if !results.is_ranked(strategy) {
        Decision::Disqualified
    } else if decides_nothing(results) {
        Decision::TooFew
    } else {
        let ratios: Vec<&Ratio> = timed.iter().map(|(_, ratio)| *ratio).collect();
        let required = of_the_report(results, strategy);
        decide(
            &ratios,
            Rule::new(results.margin, Scope::Situations(&required)),
        )
    };
    Recommendation {
        strategy: strategy.into(),
        decision,
        gains: where_ratio(&Ratio::gains),
        losses: where_ratio(&Ratio::loses),
        open: where_ratio(&|ratio| ratio.is_open(results.margin)),
    }
}

/// Whether a run asks only if everything is in order, and roughly how fast it is.
fn decides_nothing(results: &Machine) -> bool {
    results.environment.preset == Preset::Quick.name()
}

/// What each of the report's rows is about. A run without any of them says nothing of them.
fn of_the_report<'r>(results: &'r Machine, strategy: &str) -> Vec<Option<&'r Ratio>> {
    let rows = results.scenarios.iter();
    let rows = rows.filter(|row| row.origin == Origin::Report && row.operations.is_none());
    let ratio = |row: &Scenario| {
        let metric = subject(row.groups.first()?.does, false);
        results.cell(&row.name, strategy, metric)?.ratio.as_ref()
    };
    rows.map(ratio).collect()
}
