//! Lessons learned, in the report's manner: what was expected, what became of it, and what explains it.

use minijinja::context;
use minijinja::value::Value;
use strum::IntoEnumIterator;

use results::{Card, Decision, Machine, Results};

use super::draft::{self, Draft};
use super::observations::Observation;
use super::view::Section;
use super::{facts, pivots};

pub(super) fn section(results: &Results) -> Section {
    let lessons = results.machines.iter().flat_map(|machine| {
        let families = facts::by_family(machine.contenders()).into_iter();
        families.filter_map(|(family, cards)| lesson(results, machine, family, &cards))
    });
    let lessons: Vec<Value> = lessons.collect();
    Draft::new("lessons", results)
        .fact("lessons", lessons)
        .section()
}

/// The lesson of a family on a machine; `None` if none of its variants was compared.
fn lesson(results: &Results, machine: &Machine, family: &str, cards: &[&Card]) -> Option<Value> {
    let is_compared = |card: &&Card| {
        let mut rows = facts::all_rows(machine).into_iter();
        rows.any(|row| row.ratio(machine, &card.name).is_some())
    };
    let compared = cards.iter().copied().filter(is_compared);
    let names: Vec<&str> = compared.map(|card| card.name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    // What explains it, for what was observed only, with the variants that show it.
    let why = Observation::iter().filter_map(|observation| {
        let observed = names.iter().filter_map(|name| {
            let evidence = observation.evidence(machine, name)?;
            Some(format!("`{name}` ({evidence})"))
        });
        let observed: Vec<String> = observed.collect();
        let why = pivots::why(family, observation);
        (!observed.is_empty()).then(|| context! { why => why, observed => observed })
    });
    let known = names.iter().filter_map(|name| machine.recommendation(name));
    Some(context! {
        on => draft::on(&results.machines, machine),
        title => pivots::title(family),
        outcome => outcome(&known.map(|known| known.decision).collect::<Vec<_>>()),
        expected => pivots::expected(family),
        why => why.collect::<Vec<_>>(),
    })
}

/// What became of the assumption that the family is faster.
fn outcome(decisions: &[Decision]) -> &'static str {
    let outcomes = [
        (Decision::Adopt, "assumption holds"),
        (Decision::AdoptForSome, "assumption holds in part"),
        (Decision::Undecided, "not settled by this run"),
        (Decision::TooFew, "not settled by this run"),
        (Decision::StayWithBaseline, "assumption invalidated"),
        (Decision::Disqualified, "not ranked: a check failed"),
    ];
    let outcome = outcomes
        .iter()
        .find(|(decision, _)| decisions.contains(decision));
    outcome.map_or("it is the baseline", |(_, words)| words)
}
