//! `pivot verify`: what the strategies claim beside what the checks, the faults and a replayed process
//! trace showed.

use analysis::{faulted, guarantees};
use harness::run::{Plan, Recording, Replays};
use model::error::{Error, Result};
use model::sample::Card;
use results::{Faulted, Grade, Guarantee, Guaranteed};

use super::attended;
use crate::arguments::{Format, VerifyOptions};
use crate::selection;
use crate::table::{Column, Shown as _, table};
use crate::terminal;

/// Runs the checks, injects the faults and replays the trace that is shipped; a broken promise is exit code 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<()> {
    let plan = Plan {
        scenarios: Vec::new(),
        strategies: selection::strategies(options.strategy.as_deref())?,
        baseline: String::new(),
        assumptions: Vec::new(),
        preset: options.preset,
        seed: options.seed,
    };
    let mut recording = Recording::in_memory();
    let ended = attended(&mut recording, |run| {
        plan.verify(options.preset, 0.9, run)?;
        run.carry_out(&Replays::of(&plan, &selection::shipped_trace())?, 1.0)
    });
    let cards = plan.contenders();
    let found = guarantees(&cards, recording.lines());
    print(&cards, &found, &faulted(recording.lines()), options.format)?;
    ended.map_err(|error| match error {
        Error::Interrupted(_) => {
            Error::Interrupted("what was seen so far is printed, and nothing else is kept".into())
        }
        other => other,
    })?;
    let forbidden = found
        .iter()
        .filter(|guarantee| guarantee.grade == Grade::Forbidden)
        .count();
    if forbidden > 0 {
        return Err(Error::Check(format!(
            "{forbidden} of {} promises are not kept",
            found.len()
        )));
    }
    Ok(())
}

/// Strategy by strategy: its claims, what faults did, and the checks; of those, a terminal shows only
/// what was not kept.
fn print(cards: &[Card], found: &[Guarantee], faulted: &[Faulted], format: Format) -> Result<()> {
    let all = cards.iter().flat_map(|card| lines(card, found, faulted));
    if format != Format::Table {
        let [property, claimed, observed, grade, evidence] = columns();
        let strategy: Column<Line<'_>> = ("strategy", |line| line.strategy.to_owned());
        let columns = [strategy, property, claimed, observed, grade, evidence];
        return table(all, &columns).print(format);
    }
    let passed = all.filter(|line| line.is_passed).count();
    for card in cards {
        let lines = lines(card, found, faulted).into_iter();
        let lines = lines.filter(|line| !line.is_passed);
        terminal::print(&page(&card.name, lines, terminal::width()))?;
    }
    terminal::print(&format!(
        "{passed} checks passed; `--format json` lists them with their evidence"
    ))
}

/// A strategy on a terminal.
fn page<'f>(name: &str, lines: impl IntoIterator<Item = Line<'f>>, width: u16) -> String {
    format!(
        "{name}\n{}\n",
        table(lines, &columns()).terminal(Some(width))
    )
}

/// What is promised or went wrong, and what was seen of it.
pub(super) struct Line<'f> {
    strategy: &'f str,
    what: String,
    claimed: &'f str,
    observed: String,
    grade: String,
    evidence: &'f str,
    /// Whether it is a check that found nothing.
    is_passed: bool,
}

pub(super) fn columns<'f>() -> [Column<Line<'f>>; 5] {
    [
        ("property", |line| line.what.clone()),
        ("claimed", |line| line.claimed.to_owned()),
        ("observed", |line| line.observed.clone()),
        ("grade", |line| line.grade.clone()),
        ("evidence", |line| line.evidence.to_owned()),
    ]
}

impl<'f> From<&'f Guarantee> for Line<'f> {
    fn from(guarantee: &'f Guarantee) -> Self {
        let is_check = !matches!(guarantee.property, Guaranteed::Claim(_));
        Self {
            strategy: &guarantee.strategy,
            what: guarantee.property.to_string(),
            claimed: &guarantee.claimed,
            observed: guarantee.observed.clone(),
            grade: guarantee.grade.to_string(),
            evidence: &guarantee.evidence,
            is_passed: is_check && guarantee.grade == Grade::Acceptable,
        }
    }
}

impl<'f> From<&'f Faulted> for Line<'f> {
    fn from(faulted: &'f Faulted) -> Self {
        Self {
            strategy: &faulted.strategy,
            what: faulted.fault.to_string(),
            claimed: "",
            observed: faulted.consequence.to_string(),
            grade: String::new(),
            evidence: &faulted.evidence,
            is_passed: false,
        }
    }
}

/// What there is to say of a strategy.
fn lines<'f>(card: &Card, found: &'f [Guarantee], faulted: &'f [Faulted]) -> Vec<Line<'f>> {
    let own = |is_claim: bool| {
        let is_wanted = move |one: &&Guarantee| {
            one.strategy == card.name && matches!(one.property, Guaranteed::Claim(_)) == is_claim
        };
        found.iter().filter(is_wanted).map(Line::from)
    };
    let faults = faulted.iter().filter(|one| one.strategy == card.name);
    own(true)
        .chain(faults.map(Line::from))
        .chain(own(false))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_fits_a_hundred_columns_whatever_is_in_it() {
        let word =
            "arc-swap::per_process::Handle<contract::status::ProcessStatus>::apply".repeat(3);
        for text in [
            word,
            "a thread, stopped in the middle of an update, ".repeat(9),
            String::new(),
        ] {
            let line = |text| Guarantee {
                strategy: "mutex/std".into(),
                property: Guaranteed::ByAll(String::clone(text)),
                claimed: text.clone(),
                observed: text.clone(),
                grade: Grade::Interesting,
                evidence: text.clone(),
            };
            let lines = [line(&text), line(&"short".into())];
            let page = page("mutex/std", lines.iter().map(Line::from), 100);
            let longest = page.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(100), "{page}");
        }
    }
}
