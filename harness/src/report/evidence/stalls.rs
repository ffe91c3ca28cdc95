//! Who has to wait while a thread is stopped in the middle of an operation.

use model::stall::{StallPair, StallSeen, TwoStops};
use model::trace::Operation;

use super::super::format;
use super::super::view::{Block, Cell, Column, Group, Row, Table, Tone};
use super::matrix;
use crate::results::Machine;

/// The worst that happens to peers of a kind, for the overview.
pub(super) fn worst(seen: Option<&StallSeen>, is_meant: impl Fn(Operation) -> bool) -> Cell {
    let worst = seen.and_then(|seen| worst_of(seen, is_meant));
    let Some(worst) = worst else {
        return Cell::absent("not tried");
    };
    let cell = Cell::figure(percent(worst.share()));
    match worst.blocked_by_strategy() {
        0 => cell,
        _ => cell.detail(format!("in {}", worst.stalled)),
    }
}

fn worst_of(seen: &StallSeen, is_meant: impl Fn(Operation) -> bool) -> Option<&StallPair> {
    let meant = seen.pairs.iter().filter(|pair| is_meant(pair.peer));
    // The first of those that are equal.
    meant.reduce(|worst, pair| {
        if pair.share() > worst.share() {
            pair
        } else {
            worst
        }
    })
}

/// In a line.
pub(super) fn gist(seen: &StallSeen) -> String {
    match worst_of(seen, |_| true) {
        Some(worst) if worst.blocked_by_strategy() > 0 => format!(
            "a thread stopped in {} blocks {} at {} of the points",
            worst.stalled,
            worst.peer,
            percent(worst.share())
        ),
        Some(_) => "nobody waits for a stopped thread".into(),
        None => "no thread was stopped".into(),
    }
}

pub(super) fn blocks(machine: &Machine, strategy: &str) -> Vec<Block> {
    let Some(seen) = machine
        .stall(strategy)
        .filter(|seen| !seen.pairs.is_empty())
    else {
        return Vec::new();
    };
    let mut blocks = vec![Block::Table(matrix(seen))];
    let tables = [blocked(seen), wrong(seen), two_stops(seen)];
    blocks.extend(tables.into_iter().filter(Table::has_rows).map(Block::Table));
    blocks
}

fn matrix(seen: &StallSeen) -> Table {
    let those = |which: fn(&StallPair) -> Operation| -> Vec<Operation> {
        let is_there = |one: &Operation| seen.pairs.iter().any(|pair| which(pair) == *one);
        Operation::ALL.iter().copied().filter(is_there).collect()
    };
    matrix::matrix(
        "Who blocks whom: a row is what a thread is stopped in, a column what another tries",
        "Per cent of the points, one before each instruction, at which the other thread cannot finish until this one goes on. a: \
         only in the system's allocator, whose lock is apart; an exclamation mark: it saw what no order explains; a dot: never.",
        &those(|pair| pair.stalled),
        &those(|pair| pair.peer),
        |stalled, peer, same_process| seen.pair(stalled, peer, same_process).map(cell),
    )
}

fn cell(pair: &StallPair) -> Cell {
    let (mut text, tone) = match (pair.blocked_by_strategy(), pair.in_allocator) {
        (0, 0) => (".".to_owned(), Tone::Plain),
        (0, _) => ("a".to_owned(), Tone::Open),
        _ => (
            percent(pair.share()).trim_end_matches(" %").to_owned(),
            Tone::Bad,
        ),
    };
    if pair.wrong > 0 {
        text.push('!');
        return Cell::verdict(text, Tone::Bad);
    }
    match tone {
        Tone::Plain => Cell::text(text),
        tone => Cell::verdict(text, tone),
    }
}

/// Peers that wait in the same stretch of an operation, for the same.
struct Stretch<'s> {
    first: &'s StallPair,
    peers: Vec<Operation>,
    share_max: f64,
    in_allocator_max: u64,
}

/// Where each operation blocks others.
fn blocked(seen: &StallSeen) -> Table {
    let mut stretches: Vec<Stretch<'_>> = Vec::new();
    for pair in seen.pairs.iter().filter(|pair| pair.blocked > 0) {
        let place = |one: &StallPair| {
            let by_strategy = one.blocked_by_strategy() > 0;
            (
                one.stalled,
                one.first,
                one.last,
                one.held_by.clone(),
                by_strategy,
            )
        };
        match stretches
            .iter_mut()
            .find(|one| place(one.first) == place(pair))
        {
            Some(known) => {
                if !known.peers.contains(&pair.peer) {
                    known.peers.push(pair.peer);
                }
                known.share_max = known.share_max.max(pair.share());
                known.in_allocator_max = known.in_allocator_max.max(pair.in_allocator);
            }
            None => stretches.push(Stretch {
                first: pair,
                peers: vec![pair.peer],
                share_max: pair.share(),
                in_allocator_max: pair.in_allocator,
            }),
        }
    }
    Table {
        caption: "Where a stopped thread is waited for".into(),
        corner: "Stopped in".into(),
        columns: Column::titled(["Blocks", "At most", "From", "To", "Of", "First in", "In the allocator"]),
        groups: vec![Group {
            title: String::new(),
            rows: stretches.iter().map(stretch).collect(),
        }],
        notes: vec![
            "From, to and of count instructions. Points inside the system's allocator are counted apart."
                .into(),
        ],
    }
}

fn stretch(stretch: &Stretch<'_>) -> Row {
    let pair = stretch.first;
    let peers: Vec<String> = stretch.peers.iter().map(ToString::to_string).collect();
    let point = |point: Option<u64>| point.map_or_else(|| Cell::text(""), Cell::number);
    Row {
        head: format::sentence(pair.stalled.title()),
        cells: vec![
            Cell::text(peers.join(", ")),
            Cell::figure(percent(stretch.share_max)),
            point(pair.first),
            point(pair.last),
            Cell::number(pair.points),
            Cell::text(pair.held_by.clone().unwrap_or_default()),
            Cell::number(stretch.in_allocator_max),
        ],
        ..Row::default()
    }
}

/// What nobody may see.
fn wrong(seen: &StallSeen) -> Table {
    let rows = seen
        .pairs
        .iter()
        .filter(|pair| pair.wrong > 0)
        .map(|pair| Row {
            head: format::sentence(pair.stalled.title()),
            cells: vec![
                Cell::text(pair.peer.title()),
                Cell::number(pair.wrong),
                Cell::text(pair.evidence.clone().unwrap_or_default())
                    .judged("FORBIDDEN", Tone::Bad),
            ],
            ..Row::default()
        });
    Table {
        caption: "What no order of the two operations explains".into(),
        corner: "Stopped in".into(),
        columns: Column::titled(["Tried", "Points", "Seen"]),
        groups: vec![Group {
            title: String::new(),
            rows: rows.collect(),
        }],
        notes: Vec::new(),
    }
}

/// What operations answered that were stopped twice.
fn two_stops(seen: &StallSeen) -> Table {
    let row = |two: &TwoStops| Row {
        head: format::sentence(two.stalled.title()),
        cells: vec![
            Cell::text(two.writes.to_string()),
            Cell::number(two.points),
            Cell::number(two.tried),
            Cell::number(two.blocked),
            Cell::number(two.untried),
            match &two.evidence {
                Some(what) => Cell::text(what.clone()).judged("FORBIDDEN", Tone::Bad),
                None => Cell::text("none"),
            },
        ],
        ..Row::default()
    };
    Table {
        caption: "The answer of an operation that is stopped twice, with writes at each stop".into(),
        corner: "Stopped in".into(),
        columns: Column::titled([
            "Written",
            "Points",
            "Pairs tried",
            "Blocked",
            "Untried",
            "Wrong answers",
        ]),
        groups: vec![Group {
            title: String::new(),
            rows: seen.two_stops.iter().map(row).collect(),
        }],
        notes: vec![
            "A point is before an access to memory that other threads can reach. Blocked: the writer waits at \
             the first stop. Updates: events to the same record and to another. Another table: one to the same \
             record and one to a record of a second table. Membership: a record leaves and another comes."
                .into(),
        ],
    }
}

/// What is seen is not nothing: `<1 %`.
fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".into(),
        ..1.0 => "<1 %".into(),
        percent => format!("{percent:.0} %"),
    }
}
