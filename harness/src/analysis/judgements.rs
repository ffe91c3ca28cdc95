//! What follows from the cells: assumptions, recommendations, guarantees, controls.

use super::Samples;
use crate::results::{
    Cell, Control, Decision, Grade, Guarantee, Judged, Judgement, Metric, Recommendation, Results,
    Verdict,
};
use crate::sample::CheckOutcome;
use crate::scenario::{Activity, Origin, RecordKind};

/// More live bytes than the baseline's by this factor are a significant increase.
const MEMORY_FACTOR_MAX: f64 = 1.10;
/// The no-op strategy may cost this much per read before the harness blurs what it measures.
const CEILING_NS_MAX: f64 = 1.0;

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

/// The report's assumptions, as far as the samples speak of them.
pub(super) fn assumptions(results: &Results, samples: &Samples) -> Vec<Judgement> {
    let mut judged = Vec::new();
    for card in results.contenders() {
        for scenario in &results.scenarios {
            let metric = subject(scenario.subject(), scenario.operations.is_some());
            let of = |metric| results.cell(&scenario.name, &card.name, metric);
            judged.extend(of(metric).and_then(performance));
            judged.extend(of(Metric::LiveBytesPerRecord).and_then(memory));
            judged.extend(
                of(Metric::AllocBytesRead)
                    .zip(of(Metric::AllocsRead))
                    .map(|(bytes, calls)| allocation(bytes, calls)),
            );
        }
        for (id, check) in [
            ("deadlock", "deadlock"),
            ("transitions", "lifecycle"),
            ("shutdown", "shutdown"),
        ] {
            judged.extend(by_check(id, &card.name, samples, check));
        }
    }
    judged
}

fn performance(cell: &Cell) -> Option<Judgement> {
    let ratio = cell.ratio.as_ref()?;
    Some(Judgement {
        id: "performance".into(),
        strategy: cell.strategy.clone(),
        scenario: Some(cell.scenario.clone()),
        verdict: ratio.verdict,
        why: format!(
            "{}: {:.2}x [{:.2}, {:.2}] of {}",
            cell.metric.name(),
            ratio.median,
            ratio.ci_low,
            ratio.ci_high,
            ratio.vs
        ),
    })
}

fn memory(cell: &Cell) -> Option<Judgement> {
    let times_baseline = 1.0 / cell.ratio.as_ref()?.median;
    Some(Judgement {
        id: "memory".into(),
        strategy: cell.strategy.clone(),
        scenario: Some(cell.scenario.clone()),
        verdict: holds(times_baseline < MEMORY_FACTOR_MAX),
        why: format!(
            "{:.0} live bytes per record, {times_baseline:.2}x the baseline's",
            cell.median
        ),
    })
}

fn allocation(bytes: &Cell, calls: &Cell) -> Judgement {
    Judgement {
        id: "allocation".into(),
        strategy: bytes.strategy.clone(),
        scenario: Some(bytes.scenario.clone()),
        verdict: holds(bytes.median == 0.0 && calls.median == 0.0),
        why: format!(
            "{:.0} B and {:.2} allocations per read",
            bytes.median, calls.median
        ),
    }
}

fn by_check(id: &str, strategy: &str, samples: &Samples, check: &str) -> Option<Judgement> {
    let seen: Vec<&CheckOutcome> = samples
        .checks()
        .filter(|outcome| outcome.strategy == strategy && outcome.check == check)
        .collect();
    let decisive = seen
        .iter()
        .find(|outcome| !outcome.passed)
        .or(seen.first())?;
    Some(Judgement {
        id: id.into(),
        strategy: strategy.into(),
        scenario: None,
        verdict: holds(decisive.passed),
        why: decisive.evidence.clone(),
    })
}

fn holds(yes: bool) -> Verdict {
    if yes {
        Verdict::Holds
    } else {
        Verdict::Rejected
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

fn recommend(results: &Results, strategy: &str) -> Recommendation {
    let timed: Vec<(&Cell, &crate::results::Ratio)> = results
        .cells
        .iter()
        .filter(|cell| cell.strategy == strategy && cell.metric != Metric::LiveBytesPerRecord)
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
    let losses = where_ratio(&|ratio| ratio.ci_high < 1.0);
    let open = where_ratio(&|ratio| ratio.verdict == Verdict::Inconclusive);
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
        card.claims.iter().map(|(property, claim)| Guarantee {
            strategy: card.name.clone(),
            property: property.clone(),
            claimed: claim.clone(),
            observed: String::new(),
            grade: Grade::Unchecked,
            evidence: "stated by its profile".into(),
        })
    });
    checked.chain(claimed).collect()
}

/// What could have refuted the measurement.
pub(super) fn controls(results: &Results) -> Vec<Control> {
    let mut found = Vec::new();
    for cell in &results.cells {
        match cell.strategy.as_str() {
            crate::controls::SAME => found.extend(same_as_itself(cell)),
            crate::controls::NO_OP if is_ceiling(results, cell) => found.push(Control {
                scenario: cell.scenario.clone(),
                control: cell.strategy.clone(),
                expected: format!("at most {CEILING_NS_MAX:.1} ns a read: the harness's own share"),
                observed: format!("{:.2} ns", cell.median),
                passed: cell.median <= CEILING_NS_MAX,
            }),
            _ => {}
        }
    }
    found
}

/// Whether a cell of the no-op strategy shows what the harness costs and nothing else: one thread
/// with a processor to itself, and a record that takes no time to touch.
fn is_ceiling(results: &Results, cell: &Cell) -> bool {
    cell.metric == Metric::ReadNs
        && results.scenarios.iter().any(|scenario| {
            scenario.name == cell.scenario
                && scenario.threads() == 1
                && scenario.record == RecordKind::Status
        })
}

/// The baseline under a second name must come out equal to itself.
fn same_as_itself(cell: &Cell) -> Option<Control> {
    let ratio = cell
        .ratio
        .as_ref()
        .filter(|_| cell.metric != Metric::LiveBytesPerRecord)?;
    Some(Control {
        scenario: cell.scenario.clone(),
        control: cell.strategy.clone(),
        expected: format!("an interval of {} that contains 1.00", cell.metric.name()),
        observed: format!(
            "{:.2}x [{:.2}, {:.2}]",
            ratio.median, ratio.ci_low, ratio.ci_high
        ),
        passed: ratio.ci_low <= 1.0 && 1.0 <= ratio.ci_high,
    })
}
