//! Why each strategy costs what it costs: what its operations execute, which cache lines two threads share, and which
//! operations wait for a thread that is stopped. An overview, and a page for each strategy.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::stall::{StallPair, StallSeen};
use model::trace::{Blamed, Conflict, Counts, Footprint, Operation, State, TraceSeen, blamed};

use results::{Machine, Results};

use super::collect::grouped;
use super::view::{Cell, Column, Group, Row, Section, Table, Tone};
use super::{draft, format, pivots, scaling};

/// The section's anchor.
pub(super) const ID: &str = "evidence";

pub(super) fn section(results: &Results) -> Section {
    // A page of each strategy on each machine would be most of the document.
    let has_pages = results.machines.len() == 1;
    draft::each(ID, results, |draft, machine| {
        let titled = pivots::titled(&machine.strategies).into_iter();
        let shown = titled.filter(|(_, card)| has_evidence(machine, &card.name));
        let shown: Vec<(String, &str)> = shown.map(|(pivot, card)| (pivot, &*card.name)).collect();
        let strategies = shown
            .iter()
            .map(|(pivot, name)| facts_of(machine, pivot, name));
        let traced = machine.traces.iter().find(|trace| trace.layouts > 0);
        let draft = draft
            .fact("is_traced", !machine.traces.is_empty())
            .fact("records", traced.map(|trace| trace.records))
            .fact("layouts", traced.map(|trace| trace.layouts))
            .fact("untraced", &machine.untraced)
            .fact("is_stopped", !machine.stalls.is_empty())
            .fact("scaling", &machine.scaling)
            .fact("operations", scaling::OPERATIONS.map(scaling::id_and_title))
            .fact("has_pages", has_pages)
            .fact("strategies", strategies.collect::<Vec<Value>>());
        let pages = shown.into_iter().filter(|_| has_pages).enumerate();
        pages.fold(draft, |draft, (number, (_, name))| {
            let draft = draft.table(format!("conflicts-{number}"), move |machine| {
                machine.trace(name).map(conflicts).unwrap_or_default()
            });
            let operations = scaling::OPERATIONS.into_iter();
            operations.fold(draft, |draft, operation| {
                draft.figures(format!("curve-{operation:?}-{number}"), move |machine| {
                    Vec::from_iter(scaling::figure(machine, name, operation))
                })
            })
        })
    })
}

pub(super) fn has_evidence(machine: &Machine, strategy: &str) -> bool {
    machine.trace(strategy).is_some() || machine.stall(strategy).is_some()
}

/// The anchor of a strategy's page.
pub(super) fn anchor(strategy: &str) -> String {
    format!("evidence-{}", format::slug(strategy))
}

/// What the overview and the page of a strategy show.
fn facts_of(machine: &Machine, pivot: &str, strategy: &str) -> Value {
    let (trace, stall) = (machine.trace(strategy), machine.stall(strategy));
    let of_read = |state| trace.and_then(|trace| trace.counts(Operation::ReadHit, state));
    let footprints = trace.iter().flat_map(|trace| {
        let all = trace.footprints.iter();
        all.filter(|footprint| is_distinct(trace, footprint))
    });
    let is_read = |peer| matches!(peer, Operation::ReadHit | Operation::ReadMiss);
    let pairs = stall.iter().flat_map(|stall| &stall.pairs);
    let wrong = pairs.filter(|pair| pair.wrong > 0);
    let places = trace.map_or_else(Vec::new, |trace| blamed(&trace.pairs));
    context! {
        id => anchor(strategy),
        name => strategy,
        pivot => pivot,
        tracing_died => trace.and_then(|trace| trace.died.as_deref()),
        stopping_died => stall.and_then(|stall| stall.died.as_deref()),
        at_rest => Serde(of_read(State::Quiescent)),
        after_write => Serde(of_read(State::AfterWrite)),
        both_read => Serde(trace.and_then(|trace| both_write(trace, Operation::ReadHit))),
        both_apply => Serde(trace.and_then(|trace| both_write(trace, Operation::Apply))),
        is_stopped => stall.is_some(),
        worst => stall.and_then(|stall| worst(stall, |_| true)),
        worst_read => stall.and_then(|stall| worst(stall, is_read)),
        worst_write => stall.and_then(|stall| worst(stall, Operation::is_write)),
        footprints => Serde(footprints.collect::<Vec<_>>()),
        places => places.iter().map(place).collect::<Vec<_>>(),
        blocked => stall.map(blocked),
        wrong => Serde(wrong.collect::<Vec<_>>()),
        two_stops => Serde(stall.map(|stall| &stall.two_stops)),
    }
}

/// Whether it executes something else than at rest, or does not end. A line more that is read is where the heap or the
/// stack happens to lie.
fn is_distinct(trace: &TraceSeen, footprint: &Footprint) -> bool {
    let compared = |counts: &Counts| Counts {
        lines_dirtied: 0,
        lines_touched: 0,
        ..*counts
    };
    let at_rest = trace.counts(footprint.operation, State::Quiescent);
    let counts = footprint.counts.as_ref().map(compared);
    footprint.state == State::Quiescent || counts.is_none() || counts != at_rest.map(compared)
}

/// How many lines two threads that do the same thing both write: in the same process, and in two.
fn both_write(trace: &TraceSeen, operation: Operation) -> Option<[u64; 2]> {
    let lines = |same_process| {
        let lines = trace.pair(operation, operation, same_process)?.at_64;
        Some(lines.both_write + lines.both_write_apart)
    };
    Some([lines(true)?, lines(false)?])
}

/// A cache line that operations share.
fn place(place: &Blamed<'_>) -> Value {
    let (first, second) = place.between[0];
    context! {
        symbol => place.line.conflict.symbol(),
        more => place.between.len() - 1,
        first => first.title(),
        second => second.title(),
        ..Value::from(Serde(place.line))
    }
}

/// The pair with the largest share of blocked points, the first of those that are equal.
fn worst(stall: &StallSeen, is_meant: impl Fn(Operation) -> bool) -> Option<Value> {
    let meant = stall.pairs.iter().filter(|pair| is_meant(pair.peer)).rev();
    let pair = meant.max_by(|a, b| a.share().total_cmp(&b.share()))?;
    Some(context! {
        stalled => pair.stalled.title(),
        peer => pair.peer.title(),
        is_blocked => pair.blocked_by_strategy() > 0,
        share => percent(pair.share()),
    })
}

/// Where each operation blocks others: peers that wait in the same stretch of it, for the same, stand together.
fn blocked(stall: &StallSeen) -> Vec<Value> {
    let pairs = stall.pairs.iter().filter(|pair| pair.blocked > 0);
    let stretches = grouped(pairs.map(|pair| {
        let by_strategy = pair.blocked_by_strategy() > 0;
        (
            (
                pair.stalled,
                pair.first,
                pair.last,
                &pair.held_by,
                by_strategy,
            ),
            pair,
        )
    }));
    let stretch = |pairs: Vec<&StallPair>| {
        let share = pairs.iter().map(|pair| pair.share()).fold(0.0, f64::max);
        let peers = grouped(pairs.iter().map(|pair| (pair.peer, pair.same_process)));
        // A scan is about all processes.
        let has_scan = |peer| [peer, pairs[0].stalled].contains(&Operation::Scan);
        let peers = peers.iter().map(|(peer, halves)| match halves[..] {
            [same] if !has_scan(*peer) => {
                let [(_, same_half), (_, other_half)] = HALVES;
                format!("{peer} ({})", if same { same_half } else { other_half })
            }
            _ => peer.to_string(),
        });
        context! {
            peers => peers.collect::<Vec<_>>().join(", "),
            share => percent(share),
            allocator => pairs.iter().map(|pair| pair.in_allocator).max(),
            ..Value::from(Serde(pairs[0]))
        }
    };
    stretches
        .into_iter()
        .map(|(_, pairs)| stretch(pairs))
        .collect()
}

/// A share that rounds to nothing but is not nothing: `<1 %`.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 1.0 => "<1 %".into(),
        _ => format::percent(share),
    }
}

/// The halves of a table of operations by operations: whether they are about the same process, and what is said of their
/// columns.
const HALVES: [(bool, &str); 2] = [(true, "same process"), (false, "another process")];

/// Which operations use the same cache lines. A scan is about all processes, so it is the same in both halves.
fn conflicts(trace: &TraceSeen) -> Table {
    let traced = trace
        .pairs
        .iter()
        .flat_map(|pair| [pair.first, pair.second]);
    let traced: Vec<Operation> = traced.collect();
    let operations = Operation::ALL.iter().filter(|one| traced.contains(one));
    let operations: Vec<Operation> = operations.copied().collect();
    let places = || {
        let column = |half| operations.iter().map(move |&column| (half, column));
        HALVES.into_iter().flat_map(column)
    };
    let cell = |row: Operation, column: Operation, same_process: bool| {
        let has_scan = [row, column].contains(&Operation::Scan);
        let Some(pair) = trace.pair(row, column, same_process || has_scan) else {
            return Cell::default();
        };
        match pair.conflict {
            Conflict::BothWrite => Cell::verdict(pair.symbol(), Tone::Bad),
            Conflict::OneWrites | Conflict::InAllocator => Cell::verdict(pair.symbol(), Tone::Open),
            Conflict::Nothing => Cell::text(pair.symbol()),
        }
    };
    let rows = operations.iter().map(|&row| {
        let cells = places().map(|((same_process, _), column)| cell(row, column, same_process));
        Row::new(format::sentence(row.title()), cells.collect())
    });
    let rows = rows.collect::<Vec<_>>();
    let titles = places().map(|((_, half), column)| Column::new(column.title(), half));
    Table::of([Group::new("", rows)]).columns(titles)
}
