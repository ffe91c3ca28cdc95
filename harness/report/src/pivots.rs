//! The pivots that the report named, as data: `pivots.toml`, and what may be said of a family that is not in it. And lessons
//! learned, in the report's manner: what was expected, what became of it, and what explains it.
//!
//! An explanation is given only of what the whole interval shows, beside the figures that show it, so nothing here is said
//! against the data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::claims::WriteCost;
use serde::Deserialize;
use strum::IntoEnumIterator;

use results::{Card, Flag, Machine, Metric, Ratio, Results, Verdict};

use super::draft::{self, Draft};
use super::facts::{self, Row, Serde, Value, context, grouped, list};
use super::format;
use super::view::Section;

/// What is known of a family before anything is measured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pivot {
    /// Its name in the report.
    title: String,
    /// What was expected of it, in one sentence.
    expected: String,
    /// What explains an observation, if it was made.
    #[serde(default)]
    why: BTreeMap<Observation, String>,
}

static PIVOTS: LazyLock<BTreeMap<String, Pivot>> = LazyLock::new(|| {
    toml::from_str(include_str!("pivots.toml")).expect("pivots.toml is part of the program")
});

/// The entry for families without one.
const NEUTRAL: &str = "neutral";

fn pivot(family: &str) -> &'static Pivot {
    PIVOTS.get(family).unwrap_or_else(|| &PIVOTS[NEUTRAL])
}

/// A family's heading: its name in the report, if it has one, and the crate's.
fn title(family: &str) -> String {
    match pivot(family).title.as_str() {
        "" => format::sentence(family),
        title => format!("{title} · {family}"),
    }
}

fn expected(family: &str) -> &'static str {
    &pivot(family).expected
}

/// What explains an observation in a family; where nothing particular is known, what it means.
pub(super) fn why(family: &str, observation: Observation) -> &'static str {
    let why = |pivot: &'static Pivot| pivot.why.get(&observation);
    let why = why(pivot(family)).or_else(|| why(&PIVOTS[NEUTRAL]));
    why.map_or("", String::as_str)
}

/// Strategies by their pivots as templates have them, each with its pivot's heading, its name, its card, and facts of its own.
pub(super) fn listed<'r>(
    cards: impl IntoIterator<Item = &'r Card>,
    facts: impl Fn(&'r Card) -> Value,
) -> Vec<Value> {
    let families = by_family(cards).into_iter();
    let listed = families.flat_map(|(family, cards)| {
        let strategy = |card: &'r Card| {
            let (pivot, name) = (title(family), card.name.as_str());
            context! { pivot, name, card => Serde(card), ..facts(card) }
        };
        cards.into_iter().map(strategy).collect::<Vec<_>>()
    });
    listed.collect()
}

/// The cards by family, in the order of the registry.
fn by_family<'r>(cards: impl IntoIterator<Item = &'r Card>) -> Vec<(&'r str, Vec<&'r Card>)> {
    let cards = cards.into_iter();
    grouped(cards.map(|card| (facts::family(&card.name), card)))
}

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
        let families = by_family(machine.contenders()).into_iter();
        families.filter_map(|(family, cards)| {
            let on = draft::on(&results.machines, machine);
            Some(context! { on, ..lesson(machine, family, &cards)? })
        })
    });
    Draft::new("lessons", results)
        .fact("lessons", lessons.collect::<Vec<_>>())
        .section()
}

/// The lesson of a family on a machine; `None` if none of its variants was compared.
fn lesson(machine: &Machine, family: &str, cards: &[&Card]) -> Option<Value> {
    let observed = cards.iter().filter_map(|card| {
        let observed = observed(machine, card)?;
        Some((card.name.as_str(), observed))
    });
    let observed: Vec<_> = observed.collect();
    let why = |observation| {
        let shown = observed.iter().filter_map(|(name, observed)| {
            let (_, figures) = observed.iter().find(|(kind, _)| *kind == observation)?;
            Some(format!("`{name}` ({figures})"))
        });
        context! { why => why(family, observation), observed => shown.collect::<Value>() }
    };
    let recommendations = observed.iter();
    let recommendations = recommendations.filter_map(|(name, _)| machine.recommendation(name));
    (!observed.is_empty()).then(|| {
        context! {
            title => title(family),
            expected => expected(family),
            decisions => list(recommendations, |judged| Serde(judged.decision)),
            why => list(Observation::iter(), why),
        }
    })
}

/// What is observed of a strategy, with the figures that show it; `None` if it was not compared.
fn observed<'r>(machine: &'r Machine, card: &Card) -> Option<Vec<(Observation, String)>> {
    use Observation as O;
    type Compared<'r> = (Row<'r>, &'r Ratio);
    let name = card.name.as_str();
    let compared = |row: Row<'r>| Some((row, row.ratio(machine, name)?));
    let rows = facts::all_rows(machine).into_iter().filter_map(compared);
    let rows: Vec<Compared<'_>> = rows.collect();
    let of_metric = |metric| rows.iter().filter(move |(row, _)| row.metric == metric);
    let text =
        |(row, ratio): &Compared<'_>| format!("{} {}", row.label(machine), format::ratio(ratio));
    // Where no thread writes: one reader alone, and the most readers if they are several.
    let threads = |(row, _): &&Compared<'_>| row.scenario.threads();
    let is_pure =
        |(row, _): &&Compared<'_>| row.scenario.groups.iter().all(|group| !group.writes());
    let reads = || of_metric(Metric::ReadNs).filter(is_pure);
    let few = reads().find(|row| threads(row) == 1);
    let most = reads().max_by_key(threads).filter(|row| threads(row) > 1);
    let scale = few.zip(most);
    let scale = scale.filter(|((_, few), (_, most))| most.ci_low > few.ci_high && most.gains());
    let reads = |row: Option<&Compared<'_>>, says: fn(&Ratio) -> bool| {
        row.filter(|row| says(row.1)).map(text)
    };
    // The row in which it gains or loses most, if it does.
    let extreme = |metric, says: fn(&Ratio) -> bool| {
        let rows = of_metric(metric).filter(|(_, ratio)| says(ratio));
        let size = |row: &Compared<'_>| row.1.median.ln().abs();
        rows.max_by(|a, b| size(a).total_cmp(&size(b))).map(text)
    };
    let slower_writes = match card.claims.write_cost {
        WriteCost::CopiesTable => O::CopiesTable,
        WriteCost::Twice => O::WritesTwice,
        _ => O::WritesSlower,
    };
    let cells = |metric| facts::cells(machine, name).filter(move |cell| cell.metric == metric);
    let allocation = |calls, bytes| {
        let cells = cells(calls).filter(|cell| cell.median > 0.0);
        let most = cells.max_by(|a, b| a.median.total_cmp(&b.median))?;
        let bytes = machine.cell(&most.scenario, name, bytes);
        Some(format!(
            "{} allocations, {} B per {} in {}",
            format::count(most.median),
            bytes.map_or_else(|| "unknown".into(), |cell| format::count(cell.median)),
            format::operation(calls),
            most.scenario
        ))
    };
    let memory = ("memory", name, Verdict::Rejected);
    let mut judged = machine.assumptions.iter();
    let memory = judged.find(|row| (&*row.id, &*row.strategy, row.verdict) == memory);
    let bound = cells(Metric::ReadNs).find(|cell| cell.flags.contains(&Flag::HarnessBound));
    let bound = bound.map(|cell| format!("{} in {}", format::measured(cell), cell.scenario));
    let collide = reads(most, |ratio| ratio.verdict == Verdict::Rejected);
    let scale = scale.map(|(few, most)| format!("{}, {}", text(few), text(most)));
    let reads_allocate = allocation(Metric::AllocsRead, Metric::AllocBytesRead);
    let writes_allocate = allocation(Metric::AllocsWrite, Metric::AllocBytesWrite);
    let shown = [
        (O::ReadsFaster, reads(few, Ratio::gains)),
        (O::ReadsSlower, reads(few, Ratio::loses)),
        (O::ReadersCollide, collide),
        (O::ReadsScale, scale),
        (O::ReadsAllocate, reads_allocate),
        (O::WritesFaster, extreme(Metric::WriteNs, Ratio::gains)),
        (slower_writes, extreme(Metric::WriteNs, Ratio::loses)),
        (O::WritesAllocate, writes_allocate),
        (O::ScansFaster, extreme(Metric::ScanNs, Ratio::gains)),
        (O::ScansSlower, extreme(Metric::ScanNs, Ratio::loses)),
        (O::MoreMemory, memory.map(|judged| judged.why.clone())),
        (O::HarnessBound, bound),
    ];
    let shown = shown.into_iter();
    let shown = shown.filter_map(|(observation, figures)| Some((observation, figures?)));
    (!rows.is_empty()).then(|| shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_observation_has_a_neutral_explanation() {
        for observation in Observation::iter() {
            assert!(
                !why("a-new-family", observation).is_empty(),
                "{observation:?}"
            );
        }
    }

    #[test]
    fn an_unknown_family_is_called_by_its_name() {
        assert_eq!(title("novel"), "Novel");
        assert!(!expected("novel").is_empty());
    }
}
