//! What the cells of a strategy show, as far as an explanation may rest on it.
//!
//! An observation is made only where the whole interval shows it, so nothing here is said against
//! the data, and it carries the figures that it rests on.

use serde::Deserialize;

use contract::WriteCost;

use crate::results::{Cell, Machine, Metric, Ratio, Verdict};

use super::facts::{self, Row};
use super::format;

/// Something that the samples can show about a strategy, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, strum::EnumIter)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Observation {
    /// The read-only row with the fewest readers improves by more than the margin.
    ReadsFaster,
    /// That row is worse than the baseline.
    ReadsSlower,
    /// The ratio with the most readers is above the ratio with the fewest.
    ReadsScale,
    /// With the most readers the margin is missed for certain.
    ReadersCollide,
    ReadsAllocate,
    WritesFaster,
    /// Writes are slower, and the profile knows no more particular reason.
    WritesSlower,
    /// Writes are slower, and the profile says that they copy the table.
    CopiesTable,
    /// Writes are slower, and the profile says that they are carried out twice.
    WritesTwice,
    WritesAllocate,
    ScansFaster,
    ScansSlower,
    /// The assumption about memory is rejected.
    MoreMemory,
    /// A read is as fast as the no-op control.
    HarnessBound,
}

impl Observation {
    /// The figures that show it of a strategy, if they do.
    pub(super) fn evidence(self, machine: &Machine, name: &str) -> Option<String> {
        let mut cards = machine.strategies.iter();
        let card = cards.find(|card| card.name == name)?;
        let cost = card.claims.write_cost;
        match self {
            Self::ReadsFaster => lone_read(machine, name)
                .filter(|found| found.1.gains())
                .map(told(machine)),
            Self::ReadsSlower => lone_read(machine, name)
                .filter(|found| found.1.loses())
                .map(told(machine)),
            Self::ReadsScale => scaling(machine, name),
            Self::ReadersCollide => most_readers(machine, name)
                .filter(|(_, ratio)| ratio.verdict == Verdict::Rejected)
                .map(told(machine)),
            Self::ReadsAllocate => {
                allocation(machine, name, Metric::AllocsRead, Metric::AllocBytesRead)
            }
            Self::WritesAllocate => {
                allocation(machine, name, Metric::AllocsWrite, Metric::AllocBytesWrite)
            }
            Self::WritesFaster => best(machine, name, Metric::WriteNs),
            Self::WritesSlower => worst(machine, name, Metric::WriteNs)
                .filter(|_| !matches!(cost, WriteCost::CopiesTable | WriteCost::Twice)),
            Self::CopiesTable => {
                worst(machine, name, Metric::WriteNs).filter(|_| cost == WriteCost::CopiesTable)
            }
            Self::WritesTwice => {
                worst(machine, name, Metric::WriteNs).filter(|_| cost == WriteCost::Twice)
            }
            Self::ScansFaster => best(machine, name, Metric::ScanNs),
            Self::ScansSlower => worst(machine, name, Metric::ScanNs),
            Self::MoreMemory => memory(machine, name),
            Self::HarnessBound => harness_bound(machine, name),
        }
    }
}

type Found<'r> = (Row<'r>, &'r Ratio);

fn told<'r>(machine: &'r Machine) -> impl Fn(Found<'r>) -> String {
    move |(row, ratio)| format!("{} {}", row.label(machine), format::ratio(ratio))
}

/// The rows in which everybody only reads, fewest readers first.
fn read_only<'r>(machine: &'r Machine, strategy: &str) -> Vec<Found<'r>> {
    let mut found: Vec<Found<'r>> = facts::all_rows(machine)
        .into_iter()
        .filter(|row| row.metric == Metric::ReadNs)
        .filter(|row| row.scenario.groups.iter().all(|group| !group.writes()))
        .filter_map(|row| Some((row, row.ratio(machine, strategy)?)))
        .collect();
    found.sort_by_key(|(row, _)| row.scenario.threads());
    found
}

/// The row of one reader alone.
fn lone_read<'r>(machine: &'r Machine, strategy: &str) -> Option<Found<'r>> {
    read_only(machine, strategy)
        .into_iter()
        .find(|(row, _)| row.scenario.threads() == 1)
}

/// The row of the most readers, if there are several.
fn most_readers<'r>(machine: &'r Machine, strategy: &str) -> Option<Found<'r>> {
    read_only(machine, strategy)
        .pop()
        .filter(|(row, _)| row.scenario.threads() > 1)
}

fn scaling(machine: &Machine, strategy: &str) -> Option<String> {
    let (few, many) = (
        lone_read(machine, strategy)?,
        most_readers(machine, strategy)?,
    );
    let told = told(machine);
    (many.1.ci_low > few.1.ci_high && many.1.gains())
        .then(|| format!("{}, {}", told(few), told(many)))
}

fn compared<'r>(machine: &'r Machine, strategy: &str, metric: Metric) -> Vec<Found<'r>> {
    facts::all_rows(machine)
        .into_iter()
        .filter(|row| row.metric == metric)
        .filter_map(|row| Some((row, row.ratio(machine, strategy)?)))
        .collect()
}

/// The row in which it gains most, if it does.
fn best(machine: &Machine, strategy: &str, metric: Metric) -> Option<String> {
    compared(machine, strategy, metric)
        .into_iter()
        .filter(|(_, ratio)| ratio.gains())
        .max_by(|a, b| a.1.median.total_cmp(&b.1.median))
        .map(told(machine))
}

/// The row in which it loses most, if it does.
fn worst(machine: &Machine, strategy: &str, metric: Metric) -> Option<String> {
    compared(machine, strategy, metric)
        .into_iter()
        .filter(|(_, ratio)| ratio.loses())
        .min_by(|a, b| a.1.median.total_cmp(&b.1.median))
        .map(told(machine))
}

fn cells<'r>(
    machine: &'r Machine,
    strategy: &'r str,
    metric: Metric,
) -> impl Iterator<Item = &'r Cell> {
    machine
        .cells
        .iter()
        .filter(move |cell| cell.strategy == strategy && cell.metric == metric)
}

fn allocation(machine: &Machine, strategy: &str, calls: Metric, bytes: Metric) -> Option<String> {
    let most = cells(machine, strategy, calls)
        .filter(|cell| cell.median > 0.0)
        .max_by(|a, b| a.median.total_cmp(&b.median))?;
    let size = machine.cell(&most.scenario, strategy, bytes);
    Some(format!(
        "{} allocations, {} B per {} in {}",
        format::count(most.median),
        size.map_or_else(|| "unknown".into(), |cell| format::count(cell.median)),
        format::operation(calls),
        most.scenario
    ))
}

fn memory(machine: &Machine, strategy: &str) -> Option<String> {
    machine
        .assumptions
        .iter()
        .find(|judged| {
            judged.id == "memory"
                && judged.strategy == strategy
                && judged.verdict == Verdict::Rejected
        })
        .map(|judged| judged.why.clone())
}

fn harness_bound(machine: &Machine, strategy: &str) -> Option<String> {
    cells(machine, strategy, Metric::ReadNs)
        .find(|cell| facts::is_harness_bound(cell))
        .map(|cell| format!("{} in {}", format::measured(cell), cell.scenario))
}
