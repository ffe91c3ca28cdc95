//! Why each strategy costs what it costs: what its operations execute, which cache lines two threads
//! share, and who can go on while somebody is stopped. An overview, and a page for each strategy.

mod conflicts;
mod footprints;
mod matrix;
mod page;
mod stalls;

use model::sample::Card;
use model::trace::{Operation, State, TraceSeen};

use minijinja::context;

use crate::results::{Machine, Results};

use super::draft::Draft;
use super::view::{Cell, Row, Section, Table};
use super::{facts, format, pivots};

/// The section's anchor.
pub(super) const ID: &str = "evidence";

/// With several machines, each one's own report has the strategies' pages.
pub(super) fn section(results: &Results) -> Section {
    let pages = match results.machines.as_slice() {
        [machine] => with_evidence(machine)
            .flat_map(|card| page::page(machine, card))
            .collect(),
        _ => Vec::new(),
    };
    let is_traced = |machine: &Machine| !machine.traces.is_empty();
    Draft::new(ID, results)
        .fact("traced", results.machines.iter().any(is_traced))
        .of_each(|machine| {
            let seen = machine.traces.iter().find(|seen| seen.layouts > 0);
            context! {
                records => seen.map(|seen| seen.records),
                layouts => seen.map(|seen| seen.layouts),
                untraced => machine.untraced.clone(),
                traced => is_traced(machine),
                stopped => !machine.stalls.is_empty(),
            }
        })
        .table("overview", |machine| {
            let has_page = results.machines.len() == 1;
            let rows = pivots::groups(facts::by_family(with_evidence(machine)), |card| {
                Some(row(machine, card, has_page))
            });
            Table::of(rows)
        })
        .place("pages", pages)
        .section()
}

fn with_evidence(machine: &Machine) -> impl Iterator<Item = &Card> {
    let cards = machine.strategies.iter();
    cards.filter(|card| has_evidence(machine, &card.name))
}

pub(super) fn has_evidence(machine: &Machine, strategy: &str) -> bool {
    machine.trace(strategy).is_some() || machine.stall(strategy).is_some()
}

/// The anchor of a strategy's page.
pub(super) fn anchor(strategy: &str) -> String {
    format!("evidence-{}", format::slug(strategy))
}

fn row(machine: &Machine, card: &Card, has_page: bool) -> Row {
    let trace = machine.trace(&card.name);
    let mut cells = footprints::of_a_read(trace);
    cells.push(both_write(trace, Operation::ReadHit));
    cells.push(dirtied(trace));
    cells.push(both_write(trace, Operation::Apply));
    let stalls = machine.stall(&card.name);
    cells.push(stalls::worst(stalls, |peer| {
        matches!(peer, Operation::ReadHit | Operation::ReadMiss)
    }));
    cells.push(stalls::worst(stalls, Operation::is_write));
    Row {
        link: if has_page {
            anchor(&card.name)
        } else {
            String::new()
        },
        ..Row::named(&card.name, cells)
    }
}

/// How many lines two threads both write that do the same thing: `1 / 0`.
fn both_write(trace: Option<&TraceSeen>, operation: Operation) -> Cell {
    let lines = |same_process| {
        let pair = trace?.pair(operation, operation, same_process)?;
        Some(pair.at_64.both_write + pair.at_64.both_write_apart)
    };
    match (lines(true), lines(false)) {
        (Some(same), Some(other)) => Cell::figure(format!("{same} / {other}")),
        _ => Cell::absent("not traced"),
    }
}

fn dirtied(trace: Option<&TraceSeen>) -> Cell {
    let counts = trace.and_then(|seen| seen.counts(Operation::ReadHit, State::AfterWrite));
    counts.map_or_else(
        || Cell::absent("not traced"),
        |counts| Cell::number(counts.lines_dirtied),
    )
}
