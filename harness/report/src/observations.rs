//! Lessons learned, in the report's manner: what was expected, what became of it, and what explains it.
//!
//! An explanation is given only of what the whole interval shows, beside the figures that show it, so nothing here is said
//! against the data.

use minijinja::context;
use minijinja::value::Value;
use serde::Deserialize;
use strum::IntoEnumIterator;

use model::claims::WriteCost;
use results::{Card, Cell, Decision, Flag, Machine, Metric, Ratio, Results, Verdict};

use super::draft::{self, Draft};
use super::facts::{self, Row};
use super::view::Section;
use super::{format, pivots};

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

pub(super) fn lessons(results: &Results) -> Section {
    let lessons = results.machines.iter().flat_map(|machine| {
        let families = facts::by_family(machine.contenders()).into_iter();
        families.filter_map(|(family, cards)| lesson(results, machine, family, &cards))
    });
    Draft::new("lessons", results)
        .fact("lessons", lessons.collect::<Vec<_>>())
        .section()
}

/// The lesson of a family on a machine; `None` if none of its variants was compared.
fn lesson(results: &Results, machine: &Machine, family: &str, cards: &[&Card]) -> Option<Value> {
    let shown = cards.iter().filter_map(|card| {
        let compared = compared(machine, &card.name);
        (!compared.is_empty()).then(|| (card.name.as_str(), observed(machine, card, &compared)))
    });
    let shown: Vec<_> = shown.collect();
    // With the variants that show it.
    let why = Observation::iter().filter_map(|observation| {
        let observed = shown.iter().filter_map(|(name, figures)| {
            let (_, figures) = figures.iter().find(|(what, _)| *what == observation)?;
            Some(format!("`{name}` ({figures})"))
        });
        let observed: Vec<String> = observed.collect();
        let why = pivots::why(family, observation);
        (!observed.is_empty()).then(|| context! { why, observed })
    });
    let known = shown
        .iter()
        .filter_map(|(name, _)| machine.recommendation(name));
    let decisions: Vec<Decision> = known.map(|known| known.decision).collect();
    let outcomes = [
        (Decision::Adopt, "assumption holds"),
        (Decision::AdoptForSome, "assumption holds in part"),
        (Decision::Undecided, "not settled by this run"),
        (Decision::TooFew, "not settled by this run"),
        (Decision::StayWithBaseline, "assumption invalidated"),
        (Decision::Disqualified, "not ranked: a check failed"),
    ];
    let mut outcomes = outcomes.iter();
    let outcome = outcomes.find(|(decision, _)| decisions.contains(decision));
    (!shown.is_empty()).then(|| {
        context! {
            on => draft::on(&results.machines, machine),
            title => pivots::title(family),
            outcome => outcome.map_or("it is the baseline", |(_, words)| words),
            expected => pivots::expected(family),
            why => why.collect::<Vec<_>>(),
        }
    })
}

type Compared<'r> = (Row<'r>, &'r Ratio);

/// Every row in which a strategy was compared.
fn compared<'r>(machine: &'r Machine, strategy: &str) -> Vec<Compared<'r>> {
    let rows = facts::all_rows(machine).into_iter();
    let compared = rows.filter_map(|row| Some((row, row.ratio(machine, strategy)?)));
    compared.collect()
}

/// What is observed of a strategy, with the figures that show it.
fn observed(machine: &Machine, card: &Card, rows: &[Compared<'_>]) -> Vec<(Observation, String)> {
    use Observation as O;
    let of = |metric| rows.iter().filter(move |(row, _)| row.metric == metric);
    let text =
        |(row, ratio): &Compared<'_>| format!("{} {}", row.label(machine), format::ratio(ratio));
    // Where no thread writes: one reader alone, and the most readers if they are several.
    let threads = |(row, _): &&Compared<'_>| row.scenario.threads();
    let is_pure = |(row, _): &&Compared<'_>| row.scenario.groups.iter().all(|one| !one.writes());
    let reads = || of(Metric::ReadNs).filter(is_pure);
    let few = reads().find(|row| threads(row) == 1);
    let most = reads().max_by_key(threads).filter(|row| threads(row) > 1);
    // The row in which it gains or loses most, if it does.
    let extreme = |metric, says: fn(&Ratio) -> bool| {
        let rows = of(metric).filter(|(_, ratio)| says(ratio));
        rows.max_by(|a, b| a.1.median.ln().abs().total_cmp(&b.1.median.ln().abs()))
    };
    let slower_writes = match card.claims.write_cost {
        WriteCost::CopiesTable => O::CopiesTable,
        WriteCost::Twice => O::WritesTwice,
        _ => O::WritesSlower,
    };
    let scales = few
        .zip(most)
        .filter(|((_, few), (_, most))| most.ci_low > few.ci_high && most.gains());
    let is_rejected = |ratio: &Ratio| ratio.verdict == Verdict::Rejected;
    let cells = machine
        .cells
        .iter()
        .filter(|cell| cell.strategy == card.name);
    let mut judged = machine.assumptions.iter();
    let memory = judged.find(|judged| {
        judged.id == "memory" && judged.strategy == card.name && judged.verdict == Verdict::Rejected
    });
    let bound = cells
        .clone()
        .find(|cell| cell.metric == Metric::ReadNs && cell.flags.contains(&Flag::HarnessBound));
    let allocation = |calls, bytes| {
        let cells = cells
            .clone()
            .filter(|cell| cell.metric == calls && cell.median > 0.0);
        let most = cells.max_by(|a, b| a.median.total_cmp(&b.median))?;
        Some(allocation(
            most,
            machine.cell(&most.scenario, &card.name, bytes),
        ))
    };
    let shown = [
        (
            O::ReadsFaster,
            few.filter(|(_, ratio)| ratio.gains()).map(text),
        ),
        (
            O::ReadsSlower,
            few.filter(|(_, ratio)| ratio.loses()).map(text),
        ),
        (
            O::ReadersCollide,
            most.filter(|(_, ratio)| is_rejected(ratio)).map(text),
        ),
        (
            O::ReadsScale,
            scales.map(|(few, most)| format!("{}, {}", text(few), text(most))),
        ),
        (
            O::ReadsAllocate,
            allocation(Metric::AllocsRead, Metric::AllocBytesRead),
        ),
        (
            O::WritesFaster,
            extreme(Metric::WriteNs, Ratio::gains).map(text),
        ),
        (
            slower_writes,
            extreme(Metric::WriteNs, Ratio::loses).map(text),
        ),
        (
            O::WritesAllocate,
            allocation(Metric::AllocsWrite, Metric::AllocBytesWrite),
        ),
        (
            O::ScansFaster,
            extreme(Metric::ScanNs, Ratio::gains).map(text),
        ),
        (
            O::ScansSlower,
            extreme(Metric::ScanNs, Ratio::loses).map(text),
        ),
        (O::MoreMemory, memory.map(|judged| judged.why.clone())),
        (
            O::HarnessBound,
            bound.map(|cell| format!("{} in {}", format::measured(cell), cell.scenario)),
        ),
    ];
    let shown = shown.into_iter();
    let shown = shown.filter_map(|(observation, figures)| Some((observation, figures?)));
    shown.collect()
}

fn allocation(calls: &Cell, bytes: Option<&Cell>) -> String {
    format!(
        "{} allocations, {} B per {} in {}",
        format::count(calls.median),
        bytes.map_or_else(|| "unknown".into(), |cell| format::count(cell.median)),
        format::operation(calls.metric),
        calls.scenario
    )
}
