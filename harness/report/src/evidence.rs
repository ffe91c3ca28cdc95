//! Why each strategy costs what it costs: what its operations execute, which cache lines two threads share, and which
//! operations wait for a thread that is stopped. An overview, and a page for each strategy.

use minijinja::context;
use minijinja::value::{Serde, Value};
use model::stall::{StallPair, StallSeen};
use model::trace::{Counts, Footprint, Operation, State, TraceSeen, blamed};

use results::{Machine, Results};

use super::collect::{grouped, unique};
use super::view::Section;
use super::{draft, format, pivots, scaling};

/// The section's anchor.
pub(super) const ID: &str = "evidence";

pub(super) fn section(results: &Results) -> Section {
    // A page of each strategy on each machine would be most of the document.
    let has_pages = results.machines.len() == 1;
    draft::each(ID, results, |draft, machine| {
        let cards = machine.strategies.iter();
        let cards: Vec<_> = cards
            .filter(|card| has_evidence(machine, &card.name))
            .collect();
        let strategies = pivots::listed(cards, |card| facts_of(machine, &card.name));
        let traced = machine.traces.iter().find(|trace| trace.layouts > 0);
        let draft = draft
            .fact("is_traced", !machine.traces.is_empty())
            .fact("records", traced.map(|trace| trace.records))
            .fact("layouts", traced.map(|trace| trace.layouts))
            .fact("untraced", &machine.untraced)
            .fact("is_stopped", !machine.stalls.is_empty())
            .fact("scaling", &machine.scaling)
            .fact("operations", scaling::OPERATIONS.map(scaling::named))
            .fact("has_pages", has_pages)
            .fact("strategies", &strategies);
        let pages = strategies.iter().filter(|_| has_pages).enumerate();
        let curves = pages.flat_map(|page| scaling::OPERATIONS.map(|operation| (page, operation)));
        curves.fold(draft, |draft, ((number, page), operation)| {
            let name = page.get_attr("name").unwrap_or_default().to_string();
            draft.figures(format!("curve-{operation}-{number}"), |machine| {
                scaling::figure(machine, &name, operation)
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
fn facts_of(machine: &Machine, strategy: &str) -> Value {
    let (trace, stall) = (machine.trace(strategy), machine.stall(strategy));
    let of_read = |state| trace.and_then(|trace| trace.counts(Operation::ReadHit, state));
    let footprints = trace.iter().flat_map(|trace| {
        let all = trace.footprints.iter();
        all.filter(|footprint| is_distinct(trace, footprint))
    });
    let is_read = |peer| matches!(peer, Operation::ReadHit | Operation::ReadMiss);
    let stalls = stall.map_or(&[][..], |stall| &stall.pairs);
    let worst = |is_meant: fn(Operation) -> bool| {
        // The pair with the largest share of blocked points, the first of those that are equal.
        let meant = stalls.iter().filter(|pair| is_meant(pair.peer)).rev();
        let pair = meant.max_by(|a, b| a.share().total_cmp(&b.share()))?;
        Some(context! {
            stalled => pair.stalled.to_string(),
            peer => pair.peer.to_string(),
            is_blocked => pair.blocked_by_strategy() > 0,
            share => percent(pair.share()),
        })
    };
    let pairs = trace.map_or(&[][..], |trace| &trace.pairs);
    let mut traced = unique(pairs.iter().flat_map(|pair| [pair.first, pair.second]));
    traced.sort_unstable();
    let both_write = |operation| {
        let pair = |same| trace?.pair(operation, operation, same);
        Some([pair(true)?, pair(false)?].map(|pair| pair.at_64.both()))
    };
    let pairs = pairs.iter().map(|pair| {
        let between = [pair.first.to_string(), pair.second.to_string()];
        let (same, conflict) = (pair.same_process, Serde(pair.conflict));
        context! { between => between.to_vec(), same, conflict, symbol => pair.symbol() }
    });
    let places = trace.map_or_else(Vec::new, |trace| blamed(&trace.pairs));
    let places = places.iter().map(|(line, between)| {
        let (first, second) = between[0];
        context! {
            symbol => line.conflict.symbol(),
            more => between.len() - 1,
            first => first.to_string(),
            second => second.to_string(),
            ..Value::from(Serde(line))
        }
    });
    context! {
        id => anchor(strategy),
        tracing_died => trace.and_then(|trace| trace.died.as_deref()),
        stall => Serde(stall),
        at_rest => Serde(of_read(State::Quiescent)),
        after_write => Serde(of_read(State::AfterWrite)),
        both_read => Serde(both_write(Operation::ReadHit)),
        both_apply => Serde(both_write(Operation::Apply)),
        worst => worst(|_| true),
        worst_read => worst(is_read),
        worst_write => worst(Operation::is_write),
        traced => traced.into_iter().map(|operation| operation.to_string()).collect::<Vec<_>>(),
        pairs => pairs.collect::<Vec<_>>(),
        footprints => Serde(footprints.collect::<Vec<_>>()),
        places => places.collect::<Vec<_>>(),
        blocked => stall.map(blocked),
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

/// Where each operation blocks others: peers that wait in the same stretch of it, for the same, stand together.
fn blocked(stall: &StallSeen) -> Vec<Value> {
    let pairs = stall.pairs.iter().filter(|pair| pair.blocked > 0);
    let stretches = grouped(pairs.map(|pair| {
        let by_strategy = pair.blocked_by_strategy() > 0;
        let place = (pair.first, pair.last, &pair.held_by);
        ((pair.stalled, place, by_strategy), pair)
    }));
    let stretch = |pairs: Vec<&StallPair>| {
        let share = pairs.iter().map(|pair| pair.share()).fold(0.0, f64::max);
        let peers = grouped(pairs.iter().map(|pair| (pair.peer, pair.same_process)));
        // A scan is about all processes.
        let has_scan = |peer| [peer, pairs[0].stalled].contains(&Operation::Scan);
        let peers = peers.iter().map(|(peer, halves)| match halves[..] {
            [true] if !has_scan(*peer) => format!("{peer} (same process)"),
            [false] if !has_scan(*peer) => format!("{peer} (another process)"),
            _ => peer.to_string(),
        });
        context! {
            peers => peers.collect::<Vec<_>>().join(", "),
            share => percent(share),
            allocator => pairs.iter().map(|pair| pair.in_allocator).max(),
            ..Value::from(Serde(pairs[0]))
        }
    };
    let stretches = stretches.into_iter();
    stretches.map(|(_, pairs)| stretch(pairs)).collect()
}

/// A share that rounds to nothing but is not nothing: `<1 %`.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.01 {
        return "<1 %".into();
    }
    format::percent(share)
}
