//! Lessons learned, in the report's manner: expected, measured, why, what follows.

use model::sample::Card;

use serde::Serialize;
use strum::IntoEnumIterator;

use results::{Decision, Machine, Recommendation, Results};

use super::draft::{self, Draft};
use super::facts;
use super::observations::Observation;
use super::view::Section;
use super::{first_screen, pivots, published};

/// What is learned of a pivot on a machine.
#[derive(Serialize)]
struct Lesson<'r> {
    on: String,
    title: String,
    outcome: &'static str,
    expected: String,
    /// Each variant in the report's rows (or, if none was part of the run, in all).
    measured: Vec<(&'r str, Vec<String>)>,
    /// What explains it, for what was observed only, with the variants that show it.
    why: Vec<(&'static str, Vec<String>)>,
    follows: Vec<Follows<'r>>,
}

/// What the adoption rule says of a variant, with its rows by their labels.
#[derive(Serialize)]
struct Follows<'r> {
    strategy: &'r str,
    decision: Decision,
    gains: Vec<String>,
    losses: Vec<String>,
    open: Vec<String>,
}

pub(super) fn section(results: &Results) -> Section {
    let lessons = results.machines.iter().flat_map(|machine| {
        let families = facts::by_family(machine.contenders()).into_iter();
        families.filter_map(|(family, cards)| Lesson::of(results, machine, family, &cards))
    });
    let lessons: Vec<Lesson<'_>> = lessons.collect();
    Draft::new("lessons", results)
        .fact("lessons", lessons)
        .section()
}

impl<'r> Lesson<'r> {
    /// The lesson of a family; `None` if none of its variants was compared.
    fn of(
        results: &Results,
        machine: &'r Machine,
        family: &str,
        cards: &[&'r Card],
    ) -> Option<Self> {
        let is_compared = |card: &&&Card| {
            machine.cells.iter().any(|cell| {
                cell.strategy == card.name && cell.metric.is_timed() && cell.ratio.is_some()
            })
        };
        let compared: Vec<&Card> = cards.iter().filter(is_compared).copied().collect();
        if compared.is_empty() {
            return None;
        }
        let decisions = compared
            .iter()
            .filter_map(|card| machine.recommendation(&card.name));
        let decisions: Vec<&Recommendation> = decisions.collect();
        let expected = pivots::expected(family);
        let why = Observation::iter().filter_map(|observation| {
            let observed = compared.iter().filter_map(|card| {
                let evidence = observation.evidence(machine, &card.name)?;
                Some(format!("`{}` ({evidence})", card.name))
            });
            let observed: Vec<String> = observed.collect();
            (!observed.is_empty()).then(|| (pivots::why(family, observation), observed))
        });
        let labels = |judged| facts::labels_on(machine, judged);
        let follows = decisions.iter().map(|found| Follows {
            strategy: &found.strategy,
            decision: found.decision,
            gains: labels(&found.gains),
            losses: labels(&found.losses),
            open: labels(&found.open),
        });
        let measured = compared.iter().map(|card| {
            (
                card.name.as_str(),
                first_screen::figures(machine, &card.name),
            )
        });
        Some(Self {
            on: draft::on(&results.machines, machine),
            title: pivots::title(family),
            outcome: outcome(&decisions),
            expected: published::note(family)
                .map_or_else(|| expected.into(), |note| format!("{expected} {note}")),
            measured: measured.collect(),
            why: why.collect(),
            follows: follows.collect(),
        })
    }
}

/// What became of the assumption that the family is faster.
fn outcome(decisions: &[&Recommendation]) -> &'static str {
    let any = |wanted: Decision| decisions.iter().any(|found| found.decision == wanted);
    if any(Decision::Adopt) {
        "assumption holds"
    } else if any(Decision::AdoptForSome) {
        "assumption holds in part"
    } else if any(Decision::Undecided) || any(Decision::TooFew) {
        "not settled by this run"
    } else if any(Decision::StayWithBaseline) {
        "assumption invalidated"
    } else {
        "not ranked: a check failed"
    }
}
