//! What operations execute.

use basis::trace::{Counts, Footprint, Operation, State, TraceSeen};

use super::super::format;
use super::super::view::{Block, Cell, Column, Group, Row, Table};
use crate::results::Results;

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

pub(super) fn blocks(results: &Results, strategy: &str) -> Vec<Block> {
    let table = results.trace(strategy).map(table);
    let table = table.filter(Table::has_rows);
    table.map(Block::Table).into_iter().collect()
}

fn table(seen: &TraceSeen) -> Table {
    let is_shown = |footprint: &&Footprint| is_news(seen, footprint);
    let rows = seen.footprints.iter().filter(is_shown).map(row).collect();
    Table {
        caption: "What each operation executes".into(),
        corner: "Operation".into(),
        columns: Column::titled(COLUMNS.map(|(title, _)| title)),
        groups: vec![Group {
            title: String::new(),
            rows,
        }],
        notes: vec![
            "Medians. A state without a row is like quiescent: nobody else does anything. What happens in \
             the system's allocator has a column of its own and is not in the others."
                .into(),
        ],
    }
}

/// Whether it is not the same as when nobody else does anything.
fn is_news(seen: &TraceSeen, footprint: &Footprint) -> bool {
    let at_rest = seen.counts(footprint.operation, State::Quiescent);
    let but_for_dirt = |counts: &Counts| Counts {
        lines_dirtied: 0,
        ..*counts
    };
    footprint.state == State::Quiescent
        || footprint.counts.as_ref().map(but_for_dirt) != at_rest.map(but_for_dirt)
}

fn row(footprint: &Footprint) -> Row {
    let cells = match &footprint.counts {
        Some(counts) => COLUMNS
            .iter()
            .map(|(_, count)| Cell::number(count(counts)))
            .collect(),
        None => vec![Cell::absent("waits for the guard")],
    };
    let mut row = Row {
        head: format::sentence(footprint.operation.title()),
        note: footprint.state.title().into(),
        cells,
        ..Row::default()
    };
    row.cells.resize(COLUMNS.len(), Cell::text(""));
    if footprint.is_cut_short {
        row.cells[0].lead.insert_str(0, "more than ");
    }
    row
}
