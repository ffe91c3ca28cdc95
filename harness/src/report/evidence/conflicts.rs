//! Which cache lines two operations share, and where they are.

use model::trace::{Blamed, Conflict, Operation, Pair, TraceSeen, blamed};

use super::super::format;
use super::super::view::{Block, Cell, Column, Group, Row, Table, Tone};
use super::matrix;
use crate::results::Machine;

/// Places that are named; the machine have them all.
const BLAMED_MAX: usize = 6;

pub(super) fn blocks(machine: &Machine, strategy: &str) -> Vec<Block> {
    let Some(seen) = machine
        .trace(strategy)
        .filter(|seen| !seen.pairs.is_empty())
    else {
        return Vec::new();
    };
    let mut blocks = vec![Block::Table(matrix(seen))];
    let places = blamed(&seen.pairs);
    if !places.is_empty() {
        blocks.push(Block::Table(table(&places)));
    }
    blocks
}

/// The operations that are part of a pair, in the order of the report.
fn operations(pairs: &[Pair]) -> Vec<Operation> {
    let is_there = |operation: &Operation| {
        pairs
            .iter()
            .any(|pair| pair.first == *operation || pair.second == *operation)
    };
    Operation::ALL.iter().copied().filter(is_there).collect()
}

fn matrix(seen: &TraceSeen) -> Table {
    let operations = operations(&seen.pairs);
    matrix::matrix(
        "Whether two operations contend",
        "W: both write a cache line; r: one writes what the other reads; a: only in the system's allocator; a dot: nothing, \
         they scale together. A tick: false sharing, they use different bytes of the line.",
        &operations,
        &operations,
        |one, other, same_process| seen.pair(one, other, same_process).map(cell),
    )
}

fn cell(pair: &Pair) -> Cell {
    match pair.conflict {
        Conflict::BothWrite => Cell::verdict(pair.symbol(), Tone::Bad),
        Conflict::OneWrites | Conflict::InAllocator => Cell::verdict(pair.symbol(), Tone::Open),
        Conflict::Nothing => Cell::text(pair.symbol()),
    }
}

fn table(places: &[Blamed<'_>]) -> Table {
    let shown = places.iter().take(BLAMED_MAX);
    let notes = match places.len().saturating_sub(BLAMED_MAX) {
        0 => Vec::new(),
        more => vec![format!("{more} more in `results.json`, under `traces`.")],
    };
    Table {
        caption: "Contended cache lines".into(),
        corner: "Shared".into(),
        columns: Column::titled(["Between", "Where", "Accessed by"]),
        groups: vec![Group {
            title: String::new(),
            rows: shown.map(row).collect(),
        }],
        notes,
    }
}

fn row(place: &Blamed<'_>) -> Row {
    let line = place.line;
    let shared = match line.conflict {
        Conflict::BothWrite => "both write",
        Conflict::OneWrites => "one writes",
        Conflict::InAllocator => "in the allocator",
        Conflict::Nothing => "not shared",
    };
    let tick = if line.is_false { ", false sharing" } else { "" };
    let between: Vec<String> = place
        .between
        .iter()
        .take(1)
        .map(|(one, other)| format!("{one} and {other}"))
        .collect();
    let more = match place.between.len().saturating_sub(1) {
        0 => String::new(),
        more => format!("and {}", format::counted(more, "more pair", "more pairs")),
    };
    let [one, other] = &line.by;
    let by = if one == other {
        one.clone()
    } else {
        format!("{one}; {other}")
    };
    Row {
        head: format!("{}: {shared}{tick}", line.conflict.symbol()),
        cells: vec![
            Cell::text(between.concat()).detail(more),
            Cell::text(&line.place),
            Cell::text(by),
        ],
        ..Row::default()
    }
}
