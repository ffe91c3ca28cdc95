//! What the baseline gives and a strategy does not.

use basis::sample::Card;
use serde::Serialize;

use crate::results::{Guaranteed, Machine, Metric, is_worse};

use super::choice::operation;
use super::questions::Subject;

/// Something that gets worse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Of what.
    pub property: String,
    /// What the baseline has.
    pub before: String,
    /// What it becomes.
    pub after: String,
    /// What was seen of it; empty where nothing was.
    pub seen: String,
}

/// Every guarantee that gets worse from one strategy to another.
pub(super) fn guarantees_lost(results: &Machine, from: &Card, to: &Card) -> Vec<Loss> {
    let seen = |property| {
        let mut all = results.guarantees.iter();
        let seen =
            all.find(|one| one.strategy == to.name && one.property == Guaranteed::Claim(property));
        seen.map_or_else(String::new, |one| one.observed.clone())
    };
    let differences = from.claims.differences(&to.claims);
    differences
        .filter(|(_, before, after)| after < before)
        .map(|(property, before, after)| Loss {
            property: property.to_string(),
            before: before.to_string(),
            after: after.to_string(),
            seen: seen(property),
        })
        .collect()
}

/// The parts of a workload that were not compared, with what is known of them: no ratio does not mean no loss.
pub(super) fn not_compared(
    results: &Machine,
    subjects: &[Subject],
    from: &str,
    to: &str,
) -> Vec<Loss> {
    let time = |subject: &Subject, name: &str| {
        let cell = results.cell(&subject.scenario, name, subject.metric);
        cell.map_or_else(
            || "not measured".to_owned(),
            |cell| figure(cell.median, subject.metric),
        )
    };
    let is_compared = |subject: &&Subject| {
        let cell = results.cell(&subject.scenario, to, subject.metric);
        cell.is_some_and(|cell| cell.ratio.is_some())
    };
    let others = subjects.iter().filter(|subject| !is_compared(subject));
    others
        .map(|subject| Loss {
            property: format!("{} of {}", operation(subject.metric), subject.side.name()),
            before: time(subject, from),
            after: time(subject, to),
            seen: "not compared: too slow for the windows that were measured, or it failed".into(),
        })
        .collect()
}

/// What a workload pays besides: memory and allocations.
pub(super) fn costs_added(
    results: &Machine,
    subjects: &[Subject],
    from: &str,
    to: &str,
) -> Vec<Loss> {
    const COUNTS: [Metric; 4] = [
        Metric::LiveBytesPerRecord,
        Metric::AllocsRead,
        Metric::AllocsWrite,
        Metric::AllocsScan,
    ];
    let mut found: Vec<Loss> = Vec::new();
    for metric in COUNTS {
        for subject in subjects {
            let value = |name: &str| {
                let cell = results.cell(&subject.scenario, name, metric)?;
                Some(cell.median)
            };
            let (Some(before), Some(after)) = (value(from), value(to)) else {
                continue;
            };
            let property = metric.name().replace('_', " ");
            let is_new = found.iter().all(|loss| loss.property != property);
            if is_worse(before / after) && is_new {
                found.push(Loss {
                    property,
                    before: figure(before, metric),
                    after: figure(after, metric),
                    seen: "counted".into(),
                });
            }
        }
    }
    found
}

fn figure(value: f64, metric: Metric) -> String {
    let digits = usize::from(value.fract() != 0.0) * 2;
    format!("{value:.digits$} {}", metric.unit())
}
