//! The assumptions, judged.

use model::assumption::{Assumption, Criterion};
use model::collect::grouped;
use model::sample::{Card, Line};
use stats::GROUPS_99;

use super::samples::Samples;
use results::{Cell, Judgement, MARGIN, Machine, Verdict};

/// Every assumption, for every contender, as far as the samples speak of it.
pub(super) fn judged(results: &Machine, samples: &Samples) -> Vec<Judgement> {
    let mut judged = Vec::new();
    for assumption in &samples.header.assumptions {
        for Card { name, .. } in results.contenders() {
            judged.extend(match assumption.criterion() {
                Some(Criterion::Check(check)) => {
                    Vec::from_iter(by_check(&assumption.id, name, samples, &check))
                }
                _ => by_scenario(results, assumption, name),
            });
        }
    }
    judged
}

/// One judgement for each scenario, of the assumption's metrics together: rejected if one is, else open if one is.
fn by_scenario(results: &Machine, assumption: &Assumption, strategy: &str) -> Vec<Judgement> {
    let criterion = assumption.criterion();
    let cells = results.cells.iter().filter(|cell| {
        let is_meant = assumption.metrics.contains(&cell.metric);
        is_meant && cell.strategy == strategy && assumption.is_about(&cell.scenario)
    });
    let judged =
        cells.filter_map(|cell| Some((&cell.scenario, by_cell(criterion.as_ref()?, cell)?)));
    let scenarios = grouped(judged).into_iter().map(|(scenario, judged)| {
        let (verdicts, why): (Vec<Verdict>, Vec<String>) = judged.into_iter().unzip();
        let worst = [Verdict::Rejected, Verdict::Inconclusive];
        let worst = worst.into_iter().find(|verdict| verdicts.contains(verdict));
        Judgement {
            id: assumption.id.clone(),
            strategy: strategy.into(),
            scenario: Some(scenario.clone()),
            verdict: worst.unwrap_or(Verdict::Holds),
            why: why.join("; "),
        }
    });
    scenarios.collect()
}

/// A cell against a criterion about cells, and what that rests on.
fn by_cell(criterion: &Criterion, cell: &Cell) -> Option<(Verdict, String)> {
    let name = cell.metric.name();
    Some(match criterion {
        Criterion::RatioAbove(bound) => {
            let ratio = cell.ratio.as_ref()?;
            let is_timed = cell.metric.is_timed();
            let is_few = is_timed && ratio.processes < GROUPS_99;
            let strength = match is_timed {
                true if is_few => format!("over {} processes", ratio.processes),
                true => "at the level of the verdicts".into(),
                false => "as counted".into(),
            };
            let withheld = ratio.withheld.as_ref();
            // At the adoption rule's own margin, the verdict that was corrected for all others; at another one,
            // the interval alone. What is counted and not timed is exact.
            let verdict = match is_timed {
                _ if is_few || withheld.is_some() => Verdict::Inconclusive,
                true if (bound - MARGIN).abs() < 1e-9 => ratio.verdict,
                _ => beyond(ratio.ci_low > *bound, ratio.ci_high <= *bound),
            };
            let withheld = withheld.map_or_else(String::new, |why| format!("; withheld: {why}"));
            let why = format!(
                "{name}: {:.3}x [{:.3}, {:.3}] of {} {strength}, for more than {bound:.3}x{withheld}",
                ratio.median, ratio.ci_low, ratio.ci_high, ratio.vs,
            );
            (verdict, why)
        }
        Criterion::AtMost(bound) => (
            beyond(cell.ci_high <= *bound, cell.ci_low > *bound),
            format!(
                "{name}: {:.4} {} [{:.4}, {:.4}], for at most {bound}",
                cell.median, cell.unit, cell.ci_low, cell.ci_high
            ),
        ),
        Criterion::Check(_) => return None,
    })
}

/// By the sides of a bound that a whole interval lies on.
fn beyond(is_right: bool, is_wrong: bool) -> Verdict {
    match (is_right, is_wrong) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Rejected,
        (false, false) => Verdict::Inconclusive,
    }
}

/// By all outcomes of a check: one that failed is enough.
fn by_check(id: &str, strategy: &str, samples: &Samples, check: &str) -> Option<Judgement> {
    let checks = samples.all(Line::try_as_check_ref);
    let checks = checks.filter(|outcome| outcome.strategy == strategy && outcome.check == check);
    // The first that failed, or the first.
    let decisive = checks.min_by_key(|outcome| outcome.passed)?;
    Some(Judgement {
        id: id.into(),
        strategy: strategy.into(),
        scenario: None,
        verdict: beyond(decisive.passed, !decisive.passed),
        why: decisive.evidence.clone(),
    })
}
