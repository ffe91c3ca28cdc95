//! `pivot verify`: what the strategies claim beside what the checks, the faults and a replayed process
//! trace showed.

use contract::Role;
use harness::run::{Plan, Recording};
use model::error::{Error, Result};
use results::{Faulted, Grade, Guarantee, Guaranteed, Machine};

use super::{analysed, attended};
use crate::arguments::{Format, VerifyOptions};
use crate::table::{Shown as _, Table};
use crate::{selection, terminal};

/// Runs the checks, injects the faults and replays the trace that is shipped; a broken promise is exit code 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<()> {
    let mut profiles = selection::strategies(options.strategy.as_ref())?;
    profiles.retain(|profile| profile.role == Role::Contender);
    let plan = Plan {
        strategies: selection::names(&profiles),
        preset: options.effort.preset,
        seed: options.effort.seed,
        ..Plan::default()
    };
    let mut recording = Recording::in_memory();
    let ended = attended(&mut recording, |run| {
        plan.verify(plan.preset, 0.9, run)?;
        run.carry_out(plan.replays(&selection::shipped_trace())?, 1.0)
    });
    let machine = analysed(&plan, &recording);
    print(&machine, options.format)?;
    ended.map_err(|error| match error {
        Error::Interrupted(_) => {
            Error::Interrupted("what was seen so far is printed, and nothing else is kept".into())
        }
        other => other,
    })?;
    let all = &machine.guarantees;
    let forbidden = all.iter().filter(|one| one.grade == Grade::Forbidden);
    match forbidden.count() {
        0 => Ok(()),
        forbidden => Err(Error::Check(format!(
            "{forbidden} of {} promises are not kept",
            all.len()
        ))),
    }
}

/// Strategy by strategy: its claims, what faults did, and the checks; of those, a terminal shows only
/// what was not kept.
fn print(machine: &Machine, format: Format) -> Result<()> {
    let strategies = machine.strategies.iter().map(|card| card.name.as_str());
    if format != Format::Table {
        let all = strategies.flat_map(|name| rows(machine, name, |_| true));
        return listed(all, 0).print(format);
    }
    for name in strategies {
        let rows = rows(machine, name, |check| !is_passed(check));
        terminal::print(&page(name, rows, terminal::width()))?;
    }
    let passed = machine.guarantees.iter().filter(|one| is_passed(one));
    terminal::print(&format!(
        "{} checks passed; `--format json` lists them with their evidence",
        passed.count()
    ))
}

/// A strategy on a terminal.
fn page(name: &str, rows: impl IntoIterator<Item = Row>, width: u16) -> String {
    format!("{name}\n{}\n", listed(rows, 1).terminal(Some(width)))
}

/// What is promised or went wrong, and what was seen of it.
type Row = [String; 6];

const TITLES: [&str; 6] = [
    "strategy", "property", "claimed", "observed", "grade", "evidence",
];

/// A table of rows, from a column on.
fn listed(rows: impl IntoIterator<Item = Row>, from: usize) -> Table {
    let mut table = Table::new(TITLES.into_iter().skip(from));
    for row in rows {
        table.row(row.into_iter().skip(from));
    }
    table
}

/// What was seen of claims.
pub(super) fn claims(claims: &[Guarantee]) -> Table {
    listed(claims.iter().map(of_promise), 0)
}

fn of_promise(promise: &Guarantee) -> Row {
    [
        promise.strategy.clone(),
        promise.property.to_string(),
        promise.claimed.clone(),
        promise.observed.clone(),
        promise.grade.to_string(),
        promise.evidence.clone(),
    ]
}

fn of_fault(faulted: &Faulted) -> Row {
    [
        faulted.strategy.clone(),
        faulted.fault.to_string(),
        String::new(),
        faulted.consequence.to_string(),
        String::new(),
        faulted.evidence.clone(),
    ]
}

fn is_claim(promise: &Guarantee) -> bool {
    matches!(promise.property, Guaranteed::Claim(_))
}

/// Whether it is a check that showed nothing wrong.
fn is_passed(promise: &Guarantee) -> bool {
    !is_claim(promise) && promise.grade == Grade::Acceptable
}

/// What there is to say of a strategy, with the checks that are to be shown.
fn rows(machine: &Machine, strategy: &str, is_shown: fn(&Guarantee) -> bool) -> Vec<Row> {
    let promises = machine.guarantees.iter();
    let promises = promises.filter(|promise| promise.strategy == strategy);
    let (claims, checks): (Vec<_>, Vec<_>) = promises.partition(|promise| is_claim(promise));
    let faults = machine.faults.iter().filter(|one| one.strategy == strategy);
    let checks = checks.into_iter().filter(|check| is_shown(check));
    let claims = claims.into_iter().map(of_promise);
    claims
        .chain(faults.map(of_fault))
        .chain(checks.map(of_promise))
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
            let row = |text: &str| {
                of_promise(&Guarantee {
                    strategy: "mutex/std".into(),
                    property: Guaranteed::ByAll(text.into()),
                    claimed: text.into(),
                    observed: text.into(),
                    grade: Grade::Interesting,
                    evidence: text.into(),
                })
            };
            let page = page("mutex/std", [row(&text), row("short")], 100);
            let longest = page.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(100), "{page}");
        }
    }
}
