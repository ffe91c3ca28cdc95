//! The assumptions, judged.

use model::assumption::{Assumption, Criterion};
use stats::GROUPS_99;

use super::samples::Samples;
use results::{Cell, Judgement, MARGIN, Machine, Metric, Ratio, Verdict};

/// Every assumption, for every contender, as far as the samples speak of it.
pub(super) fn judged(results: &Machine, samples: &Samples) -> Vec<Judgement> {
    let mut judged = Vec::new();
    for assumption in &samples.header.assumptions {
        let Some(criterion) = assumption.criterion() else {
            continue;
        };
        for card in results.contenders() {
            if let Criterion::Check(check) = &criterion {
                judged.extend(by_check(assumption, &card.name, samples, check));
                continue;
            }
            let of_strategy = results
                .cells
                .iter()
                .filter(|cell| cell.strategy == card.name && assumption.is_about(&cell.scenario));
            judged.extend(by_scenario(assumption, &criterion, of_strategy));
        }
    }
    judged
}

/// One judgement for each scenario, of the assumption's metrics together: the worst of them.
fn by_scenario<'c>(
    assumption: &Assumption,
    criterion: &Criterion,
    cells: impl Iterator<Item = &'c Cell>,
) -> Vec<Judgement> {
    let mut judged: Vec<Judgement> = Vec::new();
    let cells = cells.filter(|cell| assumption.metrics.contains(&cell.metric));
    for next in cells.filter_map(|cell| by_cell(assumption, criterion, cell)) {
        match judged
            .iter_mut()
            .find(|other| other.scenario == next.scenario)
        {
            None => judged.push(next),
            Some(other) => merge(other, &next),
        }
    }
    judged
}

/// Rejected if either is, else open if either is.
fn merge(judged: &mut Judgement, other: &Judgement) {
    let worst_first = [Verdict::Rejected, Verdict::Inconclusive];
    let mut worst = worst_first.into_iter();
    let worst = worst.find(|verdict| [judged.verdict, other.verdict].contains(verdict));
    judged.verdict = worst.unwrap_or(Verdict::Holds);
    judged.why = format!("{}; {}", judged.why, other.why);
}

fn by_cell(assumption: &Assumption, criterion: &Criterion, cell: &Cell) -> Option<Judgement> {
    let name = cell.metric.name();
    let (verdict, why) = match criterion {
        Criterion::RatioAbove(bound) => {
            let ratio = cell.ratio.as_ref()?;
            let verdict = against(cell.metric, ratio, *bound);
            let withheld = ratio.withheld.as_ref();
            let why = format!(
                "{name}: {:.3}x [{:.3}, {:.3}] of {} {}, for more than {bound:.3}x{}",
                ratio.median,
                ratio.ci_low,
                ratio.ci_high,
                ratio.vs,
                strength(cell.metric, ratio),
                withheld.map_or_else(String::new, |why| format!("; withheld: {why}"))
            );
            (verdict, why)
        }
        Criterion::AtMost(bound) => (
            at_most(cell, *bound),
            format!(
                "{name}: {:.4} {} [{:.4}, {:.4}] at 99 %, for at most {bound}",
                cell.median, cell.unit, cell.ci_low, cell.ci_high
            ),
        ),
        Criterion::Check(_) => return None,
    };
    Some(Judgement {
        id: assumption.id.clone(),
        strategy: cell.strategy.clone(),
        scenario: Some(cell.scenario.clone()),
        verdict,
        why,
    })
}

/// What the bounds of a ratio are.
fn strength(metric: Metric, ratio: &Ratio) -> String {
    if metric.is_timed() && ratio.processes < GROUPS_99 {
        format!("over {} processes", ratio.processes)
    } else {
        "at 99 %".into()
    }
}

/// At the adoption rule's own margin, the verdict that was corrected for all others; at another one,
/// the 99 % interval alone. What is counted and not timed is exact.
fn against(metric: Metric, ratio: &Ratio, bound: f64) -> Verdict {
    if metric.is_timed() && (ratio.withheld.is_some() || ratio.processes < GROUPS_99) {
        Verdict::Inconclusive
    } else if metric.is_timed() && (bound - MARGIN).abs() < 1e-9 {
        ratio.verdict
    } else if ratio.ci_low > bound {
        Verdict::Holds
    } else if ratio.ci_high <= bound {
        Verdict::Rejected
    } else {
        Verdict::Inconclusive
    }
}

fn at_most(cell: &Cell, bound: f64) -> Verdict {
    if cell.ci_high <= bound {
        Verdict::Holds
    } else if cell.ci_low > bound {
        Verdict::Rejected
    } else {
        Verdict::Inconclusive
    }
}

/// By all outcomes of a check: one that failed is enough.
fn by_check(
    assumption: &Assumption,
    strategy: &str,
    samples: &Samples,
    check: &str,
) -> Option<Judgement> {
    let checks = samples.checks();
    let checks = checks.filter(|outcome| outcome.strategy == strategy && outcome.check == check);
    // The first that failed, or the first.
    let decisive = checks.min_by_key(|outcome| outcome.passed)?;
    Some(Judgement {
        id: assumption.id.clone(),
        strategy: strategy.into(),
        scenario: None,
        verdict: if decisive.passed {
            Verdict::Holds
        } else {
            Verdict::Rejected
        },
        why: decisive.evidence.clone(),
    })
}
