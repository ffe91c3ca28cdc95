//! Why each strategy costs what it costs: what its operations execute, which cache lines two threads share, and which
//! operations wait for a thread that is stopped. An overview, and a page for each strategy.

mod matrix;
mod stalls;

use minijinja::context;
use minijinja::value::Value;
use model::stall::StallSeen;
use model::trace::{Counts, Footprint, Operation, State, TraceSeen};

use results::{Machine, Results};

use super::draft::{self, Draft};
use super::view::{Cell, Group, Row, Section, Table};
use super::{facts, format, pivots, scaling};

/// The section's anchor.
pub(super) const ID: &str = "evidence";

pub(super) fn section(results: &Results) -> Section {
    // A page of each strategy on each machine would be most of the document.
    let has_pages = results.machines.len() == 1;
    draft::each(ID, results, |draft, machine| {
        let strategies = machine.strategies.iter().map(|card| card.name.as_str());
        let strategies: Vec<&str> = strategies
            .filter(|name| has_pages && has_evidence(machine, name))
            .collect();
        let pages = strategies.iter().map(|name| facts_of(machine, name));
        let traced = machine.traces.iter().find(|trace| trace.layouts > 0);
        let draft = draft
            .fact("is_traced", !machine.traces.is_empty())
            .fact("records", traced.map(|trace| trace.records))
            .fact("layouts", traced.map(|trace| trace.layouts))
            .fact("untraced", &machine.untraced)
            .fact("is_stopped", !machine.stalls.is_empty())
            .fact("is_predicted", machine.scaling.is_some())
            .fact("has_pages", has_pages)
            .fact("pages", pages.collect::<Vec<Value>>())
            .table("overview", |machine| overview(machine, has_pages));
        let pages = strategies.into_iter().enumerate();
        pages.fold(draft, |draft, (number, name)| page(draft, number, name))
    })
}

pub(super) fn has_evidence(machine: &Machine, strategy: &str) -> bool {
    machine.trace(strategy).is_some() || machine.stall(strategy).is_some()
}

/// The anchor of a strategy's page.
pub(super) fn anchor(strategy: &str) -> String {
    format!("evidence-{}", format::slug(strategy))
}

/// What the words of a strategy's page are about.
fn facts_of(machine: &Machine, strategy: &str) -> Value {
    let (trace, stall) = (machine.trace(strategy), machine.stall(strategy));
    let at_rest = trace.and_then(|trace| trace.counts(Operation::ReadHit, State::Quiescent));
    let worst = stall.and_then(|stall| stalls::worst_of(stall, |_| true));
    let waiting = trace.iter().flat_map(|trace| &trace.footprints);
    let waiting = waiting
        .filter(|footprint| footprint.counts.is_none() && footprint.state == State::GuardHeld)
        .map(|footprint| footprint.operation.title());
    context! {
        id => anchor(strategy),
        name => strategy,
        tracing_died => trace.and_then(|trace| trace.died.as_deref()),
        stopping_died => stall.and_then(|stall| stall.died.as_deref()),
        instructions => at_rest.map(|counts| counts.instructions),
        locked => at_rest.map(|counts| counts.locked),
        both_write => trace.and_then(|trace| both_write(trace, Operation::ReadHit, true)),
        is_stopped => stall.is_some(),
        worst => worst.map(|pair| context! {
            stalled => pair.stalled.title(),
            peer => pair.peer.title(),
            share => (pair.blocked_by_strategy() > 0).then(|| stalls::percent(pair.share())),
        }),
        waiting => waiting.collect::<Vec<_>>(),
        more_places => trace.map_or(0, matrix::more_places),
        outlook => scaling::outlook(machine, strategy),
    }
}

/// The tables and drawings of a strategy's page; those of which there is nothing are empty.
fn page<'r>(draft: Draft<'r>, number: usize, strategy: &'r str) -> Draft<'r> {
    let trace = |table: fn(&TraceSeen) -> Table| {
        move |machine: &'r Machine| machine.trace(strategy).map(table).unwrap_or_default()
    };
    let stall = |table: fn(&StallSeen) -> Table| {
        move |machine: &'r Machine| machine.stall(strategy).map(table).unwrap_or_default()
    };
    let name = |kind: &str| format!("{kind}-{number}");
    let draft = draft
        .table(&name("conflicts"), trace(matrix::conflicts))
        .table(&name("places"), trace(matrix::places))
        .table(&name("footprints"), trace(footprints))
        .table(&name("blocking"), stall(stalls::matrix))
        .table(&name("blocked"), stall(stalls::blocked))
        .table(&name("wrong"), stall(stalls::wrong))
        .table(&name("two-stops"), stall(stalls::two_stops));
    scaling::OPERATIONS
        .into_iter()
        .fold(draft, |draft, operation| {
            draft.figures(&name(&format!("curve-{operation:?}")), move |machine| {
                Vec::from_iter(scaling::figure(machine, strategy, operation))
            })
        })
}

fn overview(machine: &Machine, has_pages: bool) -> Table {
    let cards = machine.strategies.iter();
    let cards = cards.filter(|card| has_evidence(machine, &card.name));
    Table::of(pivots::groups(facts::by_family(cards), |card| {
        let (trace, stall) = (machine.trace(&card.name), machine.stall(&card.name));
        let is_read = |peer| matches!(peer, Operation::ReadHit | Operation::ReadMiss);
        let cells = [
            both_writes(trace, Operation::ReadHit),
            counted(trace, State::AfterWrite, |counts| {
                Cell::number(counts.lines_dirtied)
            }),
            both_writes(trace, Operation::Apply),
            stalls::worst(stall, is_read),
            stalls::worst(stall, Operation::is_write),
        ];
        let row = Row::named(&card.name, [&of_a_read(trace)[..], &cells].concat());
        Some(if has_pages {
            let link = anchor(&card.name);
            Row { link, ..row }
        } else {
            row
        })
    }))
}

/// What a read that finds its record executes.
fn of_a_read(trace: Option<&TraceSeen>) -> [Cell; 7] {
    let cells: [fn(&Counts) -> Cell; 7] = [
        |counts| Cell::number(counts.instructions),
        |counts| Cell::number(counts.loads),
        |counts| Cell::number(counts.stores),
        |counts| Cell::number(counts.locked),
        |counts| Cell::number(counts.fences),
        |counts| Cell::number(counts.allocations),
        |counts| {
            let (touched, written) = (counts.lines_touched, counts.lines_written);
            Cell::figure(format!("{touched} / {written}"))
        },
    ];
    cells.map(|cell| counted(trace, State::Quiescent, cell))
}

/// A cell of what a read that finds its record executes in a state.
fn counted(trace: Option<&TraceSeen>, state: State, cell: fn(&Counts) -> Cell) -> Cell {
    let counts = trace.and_then(|trace| trace.counts(Operation::ReadHit, state));
    counts.map_or_else(|| Cell::absent("not traced"), cell)
}

/// How many lines two threads that do the same thing both write.
fn both_write(trace: &TraceSeen, operation: Operation, same_process: bool) -> Option<u64> {
    let lines = trace.pair(operation, operation, same_process)?.at_64;
    Some(lines.both_write + lines.both_write_apart)
}

/// The same in the same process and in two: `1 / 0`.
fn both_writes(trace: Option<&TraceSeen>, operation: Operation) -> Cell {
    let lines = |same_process| both_write(trace?, operation, same_process);
    match (lines(true), lines(false)) {
        (Some(same), Some(other)) => Cell::figure(format!("{same} / {other}")),
        _ => Cell::absent("not traced"),
    }
}

/// The columns of what an operation executes, in the template's order.
const COUNTS: [fn(&Counts) -> u64; 12] = [
    |counts| counts.instructions,
    |counts| counts.loads,
    |counts| counts.stores,
    |counts| counts.locked,
    |counts| counts.fences,
    |counts| counts.system_calls,
    |counts| counts.allocations,
    |counts| counts.allocated_bytes,
    |counts| counts.frees,
    |counts| counts.allocator_instructions,
    |counts| counts.lines_touched,
    |counts| counts.lines_written,
];

/// What each operation executes, at rest and in the states that change it.
fn footprints(trace: &TraceSeen) -> Table {
    let shown = trace.footprints.iter();
    let shown = shown.filter(|footprint| is_distinct(trace, footprint));
    let rows = shown.map(|footprint| {
        let mut cells = match &footprint.counts {
            Some(counts) => COUNTS.map(|count| Cell::number(count(counts))),
            None => std::array::from_fn(|_| Cell::absent("did not end")),
        };
        if footprint.is_cut_short {
            cells[0].lead.insert_str(0, "more than ");
        }
        let operation = format::sentence(footprint.operation.title());
        // In the head and not a note, which narrow screens do without.
        let head = match footprint.state {
            State::Quiescent => operation,
            state => format!("{operation}, {state}"),
        };
        Row::new(head, cells.to_vec())
    });
    Table::of([Group::new("", rows)])
}

/// Whether it ends, and executes something else than at rest. A line more that is read is where the heap or the stack
/// happens to lie.
fn is_distinct(trace: &TraceSeen, footprint: &Footprint) -> bool {
    let compared = |counts: &Counts| Counts {
        lines_dirtied: 0,
        lines_touched: 0,
        ..*counts
    };
    let at_rest = trace.counts(footprint.operation, State::Quiescent);
    let counts = footprint.counts.as_ref().map(compared);
    footprint.state == State::Quiescent || counts.is_some() && counts != at_rest.map(compared)
}
