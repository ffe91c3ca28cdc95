//! `pivot verify`: what the strategies claim beside what the checks, the faults and a replayed process
//! trace showed.

use basis::error::{Error, Result};
use basis::sample::Card;
use harness::analysis::{faulted, guarantees};
use harness::results::{Faulted, Grade, Guarantee, Guaranteed};
use harness::run::{Plan, Recording, Replays};

use super::attended;
use crate::arguments::{Format, VerifyOptions};
use crate::selection;
use crate::table::{Shown as _, Table, table};
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
    if format == Format::Table {
        let mut kept = 0;
        for card in cards {
            let rows = rows(card, found, faulted, &mut |_| kept += 1);
            terminal::print(&page(&card.name, rows, terminal::width()))?;
        }
        return terminal::print(&format!(
            "{kept} checks passed; `--format json` lists them with their evidence"
        ));
    }
    let mut all = Table::new([
        "strategy", "property", "claimed", "observed", "grade", "evidence",
    ]);
    for card in cards {
        let mut kept = Vec::new();
        let rows = rows(card, found, faulted, &mut |check| kept.push(row(check)));
        for row in rows.into_iter().chain(kept) {
            all.row([card.name.clone()].into_iter().chain(row));
        }
    }
    all.print(format)
}

/// A strategy on a terminal.
fn page(name: &str, rows: Vec<[String; 5]>, width: u16) -> String {
    let heading = ["property", "claimed", "observed", "grade", "evidence"];
    format!("{name}\n{}\n", table(heading, rows).terminal(Some(width)))
}

/// What there is to say of a strategy; a check that it passed goes to `passed` instead.
fn rows<'f>(
    card: &Card,
    found: &'f [Guarantee],
    faulted: &[Faulted],
    passed: &mut impl FnMut(&'f Guarantee),
) -> Vec<[String; 5]> {
    let mut rows = Vec::new();
    let of_card = |guarantee: &&Guarantee| guarantee.strategy == card.name;
    let is_claim = |one: &&Guarantee| matches!(one.property, Guaranteed::Claim(_));
    for claim in found.iter().filter(of_card).filter(is_claim) {
        rows.push(row(claim));
    }
    for fault in faulted.iter().filter(|one| one.strategy == card.name) {
        rows.push([
            fault.fault.to_string(),
            String::new(),
            fault.consequence.to_string(),
            String::new(),
            fault.evidence.clone(),
        ]);
    }
    for check in found.iter().filter(of_card).filter(|one| !is_claim(one)) {
        if check.grade == Grade::Acceptable {
            passed(check);
        } else {
            rows.push(row(check));
        }
    }
    rows
}

fn row(guarantee: &Guarantee) -> [String; 5] {
    [
        guarantee.property.to_string(),
        guarantee.claimed.clone(),
        guarantee.observed.clone(),
        guarantee.grade.to_string(),
        guarantee.evidence.clone(),
    ]
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
            let row = |text: &str| std::array::from_fn(|_| text.to_owned());
            let page = page("mutex/std", vec![row(&text), row("short")], 100);
            let longest = page.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(100), "{page}");
        }
    }
}
