//! What follows from the cells: assumptions, recommendations, guarantees, controls.

use basis::sample::CheckOutcome;
use basis::scenario::{Activity, Origin};

use super::Samples;
use crate::results::{
    Cell, Decision, Grade, Guarantee, Judged, Metric, Recommendation, Results, Verdict,
};

/// The metric that a scenario is about.
pub(crate) fn subject(activity: Activity, timed_in_total: bool) -> Metric {
    match activity {
        _ if timed_in_total => Metric::ElapsedMs,
        Activity::Read => Metric::ReadNs,
        Activity::Update | Activity::Churn => Metric::WriteNs,
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

/// The checks' outcomes, and the claims that no check looks at yet.
pub(super) fn guarantees(samples: &Samples) -> Vec<Guarantee> {
    let checked = samples.checks().map(|outcome| Guarantee {
        strategy: outcome.strategy.clone(),
        property: format!("{} ({})", outcome.check, outcome.record),
        claimed: "kept, as by every strategy".into(),
        observed: if outcome.passed {
            "kept".into()
        } else {
            "broken".into()
        },
        grade: if outcome.passed {
            Grade::Acceptable
        } else {
            Grade::Forbidden
        },
        evidence: outcome.evidence.clone(),
    });
    let claimed = samples.header.strategies.iter().flat_map(|card| {
        let claims = card.claims.iter();
        claims.map(|(property, claim)| claimed(samples, &card.name, property, claim))
    });
    checked.chain(claimed).collect()
}

/// The checks that would fail if a claim were wrong.
fn checks_of(property: &str) -> &'static [&'static str] {
    match property {
        "read consistency" => &["histories", "updates"],
        "scan consistency" => &["scans"],
        _ => &[],
    }
}

/// A claim, as the checks that look at it left it.
fn claimed(samples: &Samples, strategy: &str, property: &str, claim: &str) -> Guarantee {
    let looked: Vec<&CheckOutcome> = samples
        .checks()
        .filter(|outcome| outcome.strategy == strategy)
        .filter(|outcome| checks_of(property).contains(&outcome.check.as_str()))
        .collect();
    let broken = looked.iter().find(|outcome| !outcome.passed);
    let (observed, grade) = match broken {
        _ if looked.is_empty() => ("", Grade::Unchecked),
        None => ("as claimed", Grade::Acceptable),
        Some(_) => ("less than claimed", Grade::Forbidden),
    };
    let evidence = broken.or(looked.first()).map_or_else(
        || "stated by its profile".to_owned(),
        |outcome| format!("{}: {}", outcome.check, outcome.evidence),
    );
    Guarantee {
        strategy: strategy.into(),
        property: property.into(),
        claimed: claim.into(),
        observed: observed.into(),
        grade,
        evidence,
    }
}
