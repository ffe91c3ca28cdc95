//! Why each strategy costs what it costs: what its operations execute, which cache lines two threads
//! share, and who can go on while somebody is stopped. An overview, and a page for each strategy.

mod conflicts;
mod footprints;
mod heat;
mod page;
mod stalls;

use basis::sample::Card;
use basis::trace::{Operation, State, TraceSeen};

use crate::results::Machine;

use super::view::{Block, Cell, Column, Row, Section, Table, prose};
use super::{facts, format, pivots};

/// The section's anchor.
pub(super) const ID: &str = "evidence";

pub(super) fn section(machine: &Machine) -> Section {
    let cards: Vec<&Card> = machine
        .strategies
        .iter()
        .filter(|card| has_evidence(machine, &card.name))
        .collect();
    let mut blocks: Vec<Block> = Vec::new();
    if !machine.traces.is_empty() {
        blocks.push(prose(method(machine)));
    }
    blocks.extend(gaps(machine).into_iter().map(prose));
    if !cards.is_empty() {
        blocks.push(Block::Table(overview(machine, &cards)));
    }
    blocks.extend(cards.iter().flat_map(|card| page::page(machine, card)));
    Section {
        id: ID,
        title: "Evidence: what is executed, shared and waited for".into(),
        blocks,
    }
}

pub(super) fn has_evidence(machine: &Machine, strategy: &str) -> bool {
    machine.trace(strategy).is_some() || machine.stall(strategy).is_some()
}

fn method(machine: &Machine) -> String {
    let traced = machine.traces.iter().find(|seen| seen.layouts > 0);
    let traced = traced.map_or_else(String::new, |seen| {
        format!(
            " Here: {} in the table, {} of the heap.",
            format::counted(seen.records as usize, "record", "records"),
            format::counted(seen.layouts as usize, "layout", "layouts"),
        )
    });
    format!(
        "Each operation is stepped through, instruction by instruction, on one thread and then another. \
         The counts are exact and do not depend on the machine's speed or load. Two operations that write \
         no cache line the other uses run on two processors without a word between them; one that both \
         write is handed over each time. What is not seen: paths that were not taken, retries, and threads \
         that a strategy starts itself.{traced}"
    )
}

/// What was not looked at.
fn gaps(machine: &Machine) -> Vec<String> {
    let mut gaps = Vec::new();
    match &machine.untraced {
        Some(why) => gaps.push(format!("No trace: {why}.")),
        None if machine.traces.is_empty() => gaps.push("Nothing was traced in this run.".into()),
        None => {}
    }
    if machine.stalls.is_empty() {
        gaps.push("No thread was stopped in the middle of its operations in this run.".into());
    }
    gaps
}

/// The anchor of a strategy's page.
pub(super) fn anchor(strategy: &str) -> String {
    format!("evidence-{}", format::slug(strategy))
}

/// The columns of the overview: what each is called, and what it counts.
const COLUMNS: [(&str, &str); 12] = [
    ("Instructions", "of a read that finds its record"),
    ("Loads", ""),
    ("Stores", ""),
    ("Locked", "atomic read-modify-writes"),
    ("Fences", ""),
    ("Allocations", ""),
    ("Lines", "touched / written"),
    ("Two readers", "lines both write: same / another process"),
    ("After a write", "dirtied lines it needs"),
    ("Two writers", "lines both write: same / another process"),
    (
        "Reads blocked",
        "at worst, of the points of another operation",
    ),
    ("Writes blocked", "at worst"),
];

fn overview(machine: &Machine, cards: &[&Card]) -> Table {
    Table {
        caption: "All strategies: a read, and who gets in whose way".into(),
        corner: "Strategy".into(),
        columns: COLUMNS
            .map(|(title, note)| Column::new(title, note))
            .to_vec(),
        groups: pivots::groups(facts::by_family(cards.iter().copied()), |card| Some(row(machine, card))),
        notes: vec![
            "A line has 64 bytes. The own stack is left out, and the system's allocator is apart. A name \
             leads to the strategy's page below."
                .into(),
        ],
    }
}

fn row(machine: &Machine, card: &Card) -> Row {
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
        link: anchor(&card.name),
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
