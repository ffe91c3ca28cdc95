//! What the baseline gives and a strategy does not.

use std::fmt::Display;

use contract::{
    AfterDeadThread, AfterPanic, Capacity, ReadConsistency, Reclamation, Reentrancy, WriteCost,
};
use registry::Claims;
use serde::Serialize;

use crate::results::{Metric, Results, is_worse};

use super::decision::operation;
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

/// Every guarantee that gets worse from one profile to another.
pub(super) fn guarantees_lost(results: &Results, from: &Claims, to: &Claims) -> Vec<Loss> {
    let losses = [
        worse("reads", from.reads > to.reads, from.reads, to.reads),
        worse(
            "updates",
            from.updates > to.updates,
            from.updates,
            to.updates,
        ),
        worse(
            "inserts and removes",
            from.resizes > to.resizes,
            from.resizes,
            to.resizes,
        ),
        worse(
            "read consistency",
            staleness(from.read_consistency) < staleness(to.read_consistency),
            from.read_consistency,
            to.read_consistency,
        ),
        worse(
            "scan consistency",
            from.scan_consistency > to.scan_consistency,
            from.scan_consistency,
            to.scan_consistency,
        ),
        ranked(
            "after a panic in an update",
            &[
                AfterPanic::Intact,
                AfterPanic::Exposed,
                AfterPanic::Unusable,
            ],
            from.after_panic,
            to.after_panic,
        ),
        ranked(
            "after a thread dies while reading",
            &[
                AfterDeadThread::Unaffected,
                AfterDeadThread::KeepsOneVersion,
                AfterDeadThread::KeepsAllGarbage,
                AfterDeadThread::BlocksWriters,
                AfterDeadThread::BlocksEveryone,
            ],
            from.after_dead_thread,
            to.after_dead_thread,
        ),
        inside("inside a read", from.inside_read, to.inside_read),
        inside("inside a scan", from.inside_scan, to.inside_scan),
        ranked(
            "capacity",
            &[Capacity::Grows, Capacity::GrowsAndKeeps],
            from.capacity,
            to.capacity,
        ),
        ranked(
            "reclamation",
            &[
                Reclamation::Immediate,
                Reclamation::LastReference,
                Reclamation::NextPublish,
                Reclamation::Deferred,
            ],
            from.reclamation,
            to.reclamation,
        ),
        ranked(
            "a write",
            &[
                WriteCost::InPlace,
                WriteCost::CopiesRecord,
                WriteCost::Twice,
                WriteCost::CopiesPath,
                WriteCost::CopiesTable,
            ],
            from.write_cost,
            to.write_cost,
        ),
        worse(
            "records",
            to.plain_data_only && !from.plain_data_only,
            "any",
            "plain data only, none that owns memory",
        ),
        worse(
            "reads allocate",
            to.read_allocates && !from.read_allocates,
            "no",
            "yes",
        ),
    ];
    let seen_of = |mut loss: Loss| {
        let mut all = results.guarantees.iter();
        let seen = all.find(|one| one.strategy == to.name && one.property == loss.property);
        loss.seen = seen.map_or_else(String::new, |one| one.observed.clone());
        loss
    };
    losses.into_iter().flatten().map(seen_of).collect()
}

/// The parts of a workload that were not compared, with what is known of them: no ratio does not mean no loss.
pub(super) fn not_compared(
    results: &Results,
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
    results: &Results,
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

const fn staleness(consistency: ReadConsistency) -> u32 {
    match consistency {
        ReadConsistency::Linearizable => 0,
        ReadConsistency::Published { every } => every,
    }
}

/// By the place in `ranks`, which go from the best to the worst.
fn ranked<T: PartialEq + Display>(property: &str, ranks: &[T], from: T, to: T) -> Option<Loss> {
    let place = |wanted: &T| ranks.iter().position(|rank| rank == wanted);
    worse(property, place(&from) < place(&to), from, to)
}

/// A claim that is not made in older samples is not compared.
fn inside(property: &str, from: Option<Reentrancy>, to: Option<Reentrancy>) -> Option<Loss> {
    let (from, to) = from.zip(to)?;
    worse(property, from > to, from, to)
}

fn worse(property: &str, is_worse: bool, from: impl Display, to: impl Display) -> Option<Loss> {
    is_worse.then(|| Loss {
        property: property.into(),
        before: from.to_string(),
        after: to.to_string(),
        seen: String::new(),
    })
}
