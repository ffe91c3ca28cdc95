//! What the cells of a strategy show, as far as an explanation may rest on it.
//!
//! An observation is made only where the whole interval shows it, so nothing here is said against
//! the data, and it carries the figures that it rests on.

use serde::Deserialize;

use model::claims::WriteCost;
use results::{Cell, Flag, Machine, Metric, Ratio, Verdict};

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
        let write_cost = card.claims.write_cost;
        let [few, most] = readers(machine, name);
        let best = |metric| extreme(machine, name, metric, Ratio::gains);
        let worst = |metric| extreme(machine, name, metric, Ratio::loses);
        let slow_writes = |is_meant: bool| worst(Metric::WriteNs).filter(|_| is_meant);
        let allocation = |calls, bytes| allocation(machine, name, calls, bytes);
        let shown = match self {
            Self::ReadsFaster => few.filter(|(_, ratio)| ratio.gains()),
            Self::ReadsSlower => few.filter(|(_, ratio)| ratio.loses()),
            Self::ReadersCollide => most.filter(|(_, ratio)| ratio.verdict == Verdict::Rejected),
            Self::WritesFaster => best(Metric::WriteNs),
            Self::CopiesTable => slow_writes(write_cost == WriteCost::CopiesTable),
            Self::WritesTwice => slow_writes(write_cost == WriteCost::Twice),
            Self::WritesSlower => {
                slow_writes(![WriteCost::CopiesTable, WriteCost::Twice].contains(&write_cost))
            }
            Self::ScansFaster => best(Metric::ScanNs),
            Self::ScansSlower => worst(Metric::ScanNs),
            Self::ReadsScale => {
                let (few, most) = (few?, most?);
                let scales = most.1.ci_low > few.1.ci_high && most.1.gains();
                let texts = [few, most].map(|compared| text(machine, compared));
                return scales.then(|| texts.join(", "));
            }
            Self::ReadsAllocate => return allocation(Metric::AllocsRead, Metric::AllocBytesRead),
            Self::WritesAllocate => {
                return allocation(Metric::AllocsWrite, Metric::AllocBytesWrite);
            }
            Self::MoreMemory => {
                let mut judged = machine.assumptions.iter();
                let rejected = judged.find(|judged| {
                    let is_it = judged.id == "memory" && judged.strategy == name;
                    is_it && judged.verdict == Verdict::Rejected
                });
                return rejected.map(|judged| judged.why.clone());
            }
            Self::HarnessBound => {
                let mut cells = cells(machine, name, Metric::ReadNs);
                let cell = cells.find(|cell| cell.flags.contains(&Flag::HarnessBound))?;
                return Some(format!("{} in {}", format::measured(cell), cell.scenario));
            }
        };
        shown.map(|compared| text(machine, compared))
    }
}

type Compared<'r> = (Row<'r>, &'r Ratio);

fn text(machine: &Machine, (row, ratio): Compared<'_>) -> String {
    format!("{} {}", row.label(machine), format::ratio(ratio))
}

fn compared<'r>(
    machine: &'r Machine,
    strategy: &str,
    metric: Metric,
) -> impl Iterator<Item = Compared<'r>> {
    let rows = facts::all_rows(machine).into_iter();
    rows.filter(move |row| row.metric == metric)
        .filter_map(move |row| Some((row, row.ratio(machine, strategy)?)))
}

/// Where no thread writes: one reader alone, and the most readers if they are several.
fn readers<'r>(machine: &'r Machine, strategy: &str) -> [Option<Compared<'r>>; 2] {
    let threads = |(row, _): &Compared<'_>| row.scenario.threads();
    let mut rows: Vec<Compared<'r>> = compared(machine, strategy, Metric::ReadNs)
        .filter(|(row, _)| row.scenario.groups.iter().all(|group| !group.writes()))
        .collect();
    rows.sort_by_key(threads);
    let alone = rows.iter().find(|row| threads(row) == 1);
    let most = rows.last().filter(|row| threads(row) > 1);
    [alone.copied(), most.copied()]
}

/// The row in which it gains or loses most, if it does.
fn extreme<'r>(
    machine: &'r Machine,
    strategy: &str,
    metric: Metric,
    is_meant: fn(&Ratio) -> bool,
) -> Option<Compared<'r>> {
    compared(machine, strategy, metric)
        .filter(|(_, ratio)| is_meant(ratio))
        .max_by(|a, b| a.1.median.ln().abs().total_cmp(&b.1.median.ln().abs()))
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
