//! Operations by operations: the same process on the left, another on the right. And the cache lines that two operations
//! share.

use model::trace::{Blamed, Conflict, Operation, TraceSeen, blamed};

use super::super::format;
use super::super::view::{Cell, Column, Group, Row, Table, Tone};

/// The halves: whether they are about the same process, and what is said of their columns.
const HALVES: [(bool, &str); 2] = [(true, "same process"), (false, "another process")];

/// A table, where `cell` is asked for a row, a column and whether it is the same process. A scan is about all processes, so it
/// is the same in both halves.
pub(super) fn matrix(
    [rows, columns]: [Vec<Operation>; 2],
    cell: impl Fn(Operation, Operation, bool) -> Option<Cell>,
) -> Table {
    let places = || {
        HALVES
            .iter()
            .flat_map(|half| columns.iter().map(move |&column| (half, column)))
    };
    let lines = rows.iter().map(|&row| {
        let cells = places().map(|(&(same_process, _), column)| {
            let has_scan = row == Operation::Scan || column == Operation::Scan;
            cell(row, column, same_process || has_scan).unwrap_or_default()
        });
        Row::new(format::sentence(row.title()), cells.collect())
    });
    let titles = places().map(|((_, half), column)| Column::new(column.title(), *half));
    Table::of([Group::new("", lines)]).columns(titles)
}

/// The operations that are among those of some pair, in the order of the report.
pub(super) fn among(is_among: impl Fn(Operation) -> bool) -> Vec<Operation> {
    let all = Operation::ALL.iter().copied();
    all.filter(|&operation| is_among(operation)).collect()
}

/// Which operations use the same cache lines.
pub(super) fn conflicts(trace: &TraceSeen) -> Table {
    let operations = among(|operation| {
        let mut pairs = trace.pairs.iter();
        pairs.any(|pair| pair.first == operation || pair.second == operation)
    });
    let pairs = [operations.clone(), operations];
    matrix(pairs, |first, second, same_process| {
        let pair = trace.pair(first, second, same_process)?;
        Some(match pair.conflict {
            Conflict::BothWrite => Cell::verdict(pair.symbol(), Tone::Bad),
            Conflict::OneWrites | Conflict::InAllocator => Cell::verdict(pair.symbol(), Tone::Open),
            Conflict::Nothing => Cell::text(pair.symbol()),
        })
    })
}

/// Shared places that are named; the results have them all.
const PLACES_MAX: usize = 6;

/// How many shared places are not named.
pub(super) fn more_places(trace: &TraceSeen) -> usize {
    blamed(&trace.pairs).len().saturating_sub(PLACES_MAX)
}

/// The cache lines that operations share.
pub(super) fn places(trace: &TraceSeen) -> Table {
    let places = blamed(&trace.pairs);
    let rows = places.iter().take(PLACES_MAX).map(place);
    Table::of([Group::new("", rows)])
}

fn place(place: &Blamed<'_>) -> Row {
    let line = place.line;
    let shared = match line.conflict {
        Conflict::BothWrite => "both write",
        Conflict::OneWrites => "one writes",
        Conflict::InAllocator => "in the allocator",
        Conflict::Nothing => "not shared",
    };
    let tick = if line.is_false { ", false sharing" } else { "" };
    let between = place.between.first();
    let between = between.map(|(first, second)| format!("{first} and {second}"));
    let more = match place.between.len().saturating_sub(1) {
        0 => String::new(),
        more => format!("and {}", format::counted(more, "more pair", "more pairs")),
    };
    let by = match &line.by {
        [first, second] if first == second => first.clone(),
        both => both.join("; "),
    };
    let cells = vec![
        Cell::text(between.unwrap_or_default()).detail(more),
        Cell::text(&line.place),
        Cell::text(by),
    ];
    Row::new(format!("{}: {shared}{tick}", line.conflict.symbol()), cells)
}
