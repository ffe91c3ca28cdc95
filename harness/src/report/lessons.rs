//! Lessons learned, in the report's manner: expected, measured, why, what follows.

use model::sample::Card;

use crate::results::{Decision, Machine, Recommendation, Results};

use super::draft::Draft;
use super::facts::{self, Row};
use super::observations::Observation;
use super::view::{Block, Fold, Lesson, Section, Tone};
use super::{format, pivots, published};

pub(super) fn section(results: &Results) -> Section {
    let each = results.machines.iter().map(|machine| {
        let families = facts::by_family(machine.contenders()).into_iter();
        let lessons = families.filter_map(|(family, cards)| lesson(machine, family, &cards));
        (machine, lessons.map(Block::Lesson).collect::<Vec<_>>())
    });
    let is_alone = results.machines.len() == 1;
    let blocks = each
        .filter(|(_, lessons)| !lessons.is_empty())
        .flat_map(|(machine, lessons)| {
            if is_alone {
                return lessons;
            }
            let fold = Fold {
                id: format!("lessons-{}", format::slug(&machine.name)),
                title: machine.name.clone(),
                gist: machine.environment.machine().to_string(),
            };
            [vec![Block::Fold(fold)], lessons, vec![Block::Unfold]].concat()
        });
    Draft::new("lessons", results)
        .place("lessons", blocks.collect())
        .section()
}

/// The lesson of a family; `None` if none of its variants was compared.
fn lesson(machine: &Machine, family: &str, cards: &[&Card]) -> Option<Lesson> {
    let compared: Vec<&Card> = cards
        .iter()
        .copied()
        .filter(|card| {
            machine.cells.iter().any(|cell| {
                cell.strategy == card.name && cell.metric.is_timed() && cell.ratio.is_some()
            })
        })
        .collect();
    if compared.is_empty() {
        return None;
    }
    let decisions: Vec<&Recommendation> = compared
        .iter()
        .filter_map(|card| machine.recommendation(&card.name))
        .collect();
    let (outcome, tone) = outcome(&decisions);
    Some(Lesson {
        title: pivots::title(family),
        outcome: outcome.into(),
        tone,
        expected: expected(family),
        measured: compared
            .iter()
            .map(|card| measured(machine, card))
            .collect(),
        why: why(machine, family, &compared),
        follows: decisions
            .iter()
            .map(|decision| follows(machine, decision))
            .collect(),
    })
}

fn expected(family: &str) -> String {
    let sentence = pivots::expected(family);
    published::note(family).map_or_else(|| sentence.into(), |note| format!("{sentence} {note}"))
}

/// What became of the assumption that the family is faster.
fn outcome(decisions: &[&Recommendation]) -> (&'static str, Tone) {
    let any = |wanted: Decision| decisions.iter().any(|found| found.decision == wanted);
    if any(Decision::Adopt) {
        ("assumption holds", Tone::Good)
    } else if any(Decision::AdoptForSome) {
        ("assumption holds in part", Tone::Good)
    } else if any(Decision::Undecided) || any(Decision::TooFew) {
        ("not settled by this run", Tone::Open)
    } else if any(Decision::StayWithBaseline) {
        ("assumption invalidated", Tone::Bad)
    } else {
        ("not ranked: a check failed", Tone::Bad)
    }
}

/// A variant in the report's rows (or, if none was part of the run, in all).
fn measured(machine: &Machine, card: &Card) -> String {
    let rows = facts::report_rows(machine);
    let figures = |rows: &[Row<'_>]| -> Vec<String> {
        rows.iter()
            .filter_map(|row| {
                let ratio = row.ratio(machine, &card.name)?;
                Some(format!("{} {}", row.label(machine), format::ratio(ratio)))
            })
            .collect()
    };
    let mut found = figures(&rows);
    if found.is_empty() {
        found = figures(&facts::all_rows(machine));
    }
    format!("`{}`: {}.", card.name, found.join("; "))
}

/// What explains it, for what was observed only, with the variants that show it.
fn why(machine: &Machine, family: &str, cards: &[&Card]) -> Vec<String> {
    Observation::ALL
        .into_iter()
        .filter_map(|observation| {
            let seen: Vec<String> = cards
                .iter()
                .filter_map(|card| {
                    let evidence = observation.evidence(machine, card)?;
                    Some(format!("`{}` ({evidence})", card.name))
                })
                .collect();
            (!seen.is_empty()).then(|| {
                format!(
                    "{} Seen in {}.",
                    pivots::why(family, observation),
                    format::list(&seen)
                )
            })
        })
        .collect()
}

fn follows(machine: &Machine, found: &Recommendation) -> String {
    let name = &found.strategy;
    let baseline = &machine.baseline;
    let labels = |judged| format::list(&facts::labels_on(machine, judged));
    match found.decision {
        Decision::Adopt => format!("Adopt `{name}`: {}.", labels(&found.gains)),
        Decision::AdoptForSome if found.losses.is_empty() => format!(
            "Adopt `{name}` for some operations: {}. It loses nowhere, and misses or leaves open the \
             margin elsewhere.",
            labels(&found.gains)
        ),
        Decision::AdoptForSome => format!(
            "Adopt `{name}` for some operations: {}. Not where these matter: {}.",
            labels(&found.gains),
            labels(&found.losses)
        ),
        Decision::StayWithBaseline => {
            format!(
                "Stay with `{baseline}` rather than `{name}`: it improves nothing by the margin."
            )
        }
        Decision::MachinesDiffer => format!("`{name}` depends on the machine."),
        Decision::Undecided if found.open.is_empty() => format!("`{name}` was not compared."),
        Decision::Undecided => format!(
            "`{name}` is undecided: more samples are needed for {}.",
            labels(&found.open)
        ),
        Decision::TooFew => format!("`{name}`: too few to say."),
        Decision::Disqualified => {
            format!("`{name}` is not ranked: a check found a guarantee broken.")
        }
    }
}
