//! What operations execute.

use model::trace::{Counts, Footprint, Operation, State, TraceSeen};

use super::super::format;
use super::super::view::{Block, Cell, Column, Group, Row, Table};
use crate::results::Machine;

/// What a read that finds its record executes, for the overview.
pub(super) fn of_a_read(trace: Option<&TraceSeen>) -> Vec<Cell> {
    let counts = trace.and_then(|seen| seen.counts(Operation::ReadHit, State::Quiescent));
    let Some(counts) = counts else {
        return vec![Cell::absent("not traced"); 7];
    };
    let numbers = [
        counts.instructions,
        counts.loads,
        counts.stores,
        counts.locked,
        counts.fences,
        counts.allocations,
    ];
    let lines = format!("{} / {}", counts.lines_touched, counts.lines_written);
    let numbers = numbers.map(Cell::number);
    numbers.into_iter().chain([Cell::figure(lines)]).collect()
}

type Count = fn(&Counts) -> u64;

/// The columns of the table, as title and count.
const COLUMNS: [(&str, Count); 12] = [
    ("Instructions", |counts| counts.instructions),
    ("Loads", |counts| counts.loads),
    ("Stores", |counts| counts.stores),
    ("Locked", |counts| counts.locked),
    ("Fences", |counts| counts.fences),
    ("System calls", |counts| counts.system_calls),
    ("Allocations", |counts| counts.allocations),
    ("Bytes", |counts| counts.allocated_bytes),
    ("Frees", |counts| counts.frees),
    ("In the allocator", |counts| counts.allocator_instructions),
    ("Lines touched", |counts| counts.lines_touched),
    ("Lines written", |counts| counts.lines_written),
];

pub(super) fn blocks(machine: &Machine, strategy: &str) -> Vec<Block> {
    let table = machine.trace(strategy).map(table);
    let table = table.filter(Table::has_rows);
    table.map(Block::Table).into_iter().collect()
}

fn table(seen: &TraceSeen) -> Table {
    let is_shown = |footprint: &&Footprint| is_news(seen, footprint);
    let rows = seen.footprints.iter().filter(is_shown).map(row).collect();
    let mut notes = vec![
        "Medians. A state without a row executes the same as quiescent, where nobody else does anything. \
         What happens in the system's allocator has a column of its own and is not in the others."
            .into(),
    ];
    notes.extend(waiting(seen));
    Table {
        caption: "What each operation executes".into(),
        corner: "Operation".into(),
        columns: Column::titled(COLUMNS.map(|(title, _)| title)),
        groups: vec![Group {
            title: String::new(),
            rows,
        }],
        notes,
    }
}

/// Whether it goes through, and executes something else than when nobody else does anything. A line
/// more that is read is where the heap or the stack happens to lie.
fn is_news(seen: &TraceSeen, footprint: &Footprint) -> bool {
    let at_rest = seen.counts(footprint.operation, State::Quiescent);
    let what_matters = |counts: &Counts| Counts {
        lines_dirtied: 0,
        lines_touched: 0,
        ..*counts
    };
    let counts = footprint.counts.as_ref().map(what_matters);
    footprint.state == State::Quiescent
        || counts.is_some_and(|counts| Some(counts) != at_rest.map(what_matters))
}

/// What does not go through.
fn waiting(seen: &TraceSeen) -> Option<String> {
    let is_waiting = |one: &&Footprint| one.counts.is_none() && one.state == State::GuardHeld;
    let waiting: Vec<String> = seen
        .footprints
        .iter()
        .filter(is_waiting)
        .map(|one| one.operation.to_string())
        .collect();
    (!waiting.is_empty()).then(|| {
        format!(
            "While another thread is in the middle of a read, these wait until it is done: {}.",
            format::list(&waiting)
        )
    })
}

fn row(footprint: &Footprint) -> Row {
    let cells = match &footprint.counts {
        Some(counts) => COLUMNS
            .iter()
            .map(|(_, count)| Cell::number(count(counts)))
            .collect(),
        None => vec![Cell::absent("did not end"); COLUMNS.len()],
    };
    let operation = format::sentence(footprint.operation.title());
    let mut row = Row {
        // In the head and not a note, which narrow screens do without.
        head: match footprint.state {
            State::Quiescent => operation,
            state => format!("{operation}, {state}"),
        },
        cells,
        ..Row::default()
    };
    if footprint.is_cut_short {
        row.cells[0].lead.insert_str(0, "more than ");
    }
    row
}
