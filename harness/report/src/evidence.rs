//! Why each strategy costs what it costs: what its operations execute, which cache lines two threads share, and which
//! operations wait for a thread that is stopped. An overview, and a page for each strategy. And what is predicted from that
//! for more processors than there are here.

use std::collections::BTreeSet;

use model::stall::StallSeen;
use model::trace::{Counts, Footprint, Operation, State, TraceSeen, blamed};

use results::{HERE, Machine, Meeting, Results};

use super::charts::{BOTTOM, Curve, LEFT_END, RIGHT_END, Scale, TOP, chart};
use super::facts::{Serde, Value, context, grouped, list};
use super::view::{Figure, Section};
use super::{draft, format, pivots};

/// The section's anchor.
pub(super) const ID: &str = "evidence";

pub(super) fn section(results: &Results) -> Section {
    // A page of each strategy on each machine would be most of the document.
    let has_pages = results.machines.len() == 1;
    draft::each(ID, results, |draft, machine| {
        let cards = machine.strategies.iter();
        let cards = cards.filter(|card| has_evidence(machine, &card.name));
        let strategies = pivots::listed(cards, |card| facts_of(machine, &card.name));
        let traced = machine.traces.iter().find(|trace| trace.layouts > 0);
        let draft = draft
            .fact("is_traced", !machine.traces.is_empty())
            .fact("records", traced.map(|trace| trace.records))
            .fact("layouts", traced.map(|trace| trace.layouts))
            .fact("untraced", &machine.untraced)
            .fact("is_stopped", !machine.stalls.is_empty())
            .fact("scaling", &machine.scaling)
            .fact("operations", OPERATIONS.map(named))
            .fact("has_pages", has_pages)
            .fact("strategies", &strategies);
        let pages = strategies.iter().filter(|_| has_pages).enumerate();
        let curves = pages.flat_map(|page| OPERATIONS.map(|operation| (page, operation)));
        curves.fold(draft, |draft, ((number, page), operation)| {
            let name = page.get_attr("name").unwrap_or_default().to_string();
            draft.figures(format!("curve-{operation}-{number}"), |machine| {
                predicted(machine, &name, operation)
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
    let traced = pairs.iter().flat_map(|pair| [pair.first, pair.second]);
    let traced: BTreeSet<Operation> = traced.collect();
    let both_write = |operation| {
        let pair = |same| trace?.pair(operation, operation, same);
        Some([pair(true)?, pair(false)?].map(|pair| pair.at_64.both()))
    };
    let places = trace.map_or_else(Vec::new, |trace| blamed(&trace.pairs));
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
        traced => list(traced, |operation| operation.to_string()),
        pairs => list(pairs, |pair| {
            let between = [pair.first.to_string(), pair.second.to_string()];
            let (same, conflict) = (pair.same_process, Serde(pair.conflict));
            context! { between => between.to_vec(), same, conflict, symbol => pair.symbol() }
        }),
        footprints => list(footprints, Serde),
        places => list(places, |(line, between)| {
            let (first, second) = between[0];
            context! {
                symbol => line.conflict.symbol(),
                more => between.len() - 1,
                first => first.to_string(),
                second => second.to_string(),
                ..Value::from(Serde(line))
            }
        }),
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
fn blocked(stall: &StallSeen) -> Value {
    let pairs = stall.pairs.iter().filter(|pair| pair.blocked > 0);
    let stretches = grouped(pairs.map(|pair| {
        let by_strategy = pair.blocked_by_strategy() > 0;
        let place = (pair.first, pair.last, &pair.held_by);
        ((pair.stalled, place, by_strategy), pair)
    }));
    list(stretches, |(_, pairs)| {
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
    })
}

/// A share that rounds to nothing but is not nothing: `<1 %`.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.01 {
        return "<1 %".into();
    }
    format::percent(share)
}

/// What is predicted.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];

/// More processors than there are here: what is predicted, how well that did with two, and whether the lines that two
/// readers both write tell it beforehand.
pub(super) fn scaling(results: &Results) -> Section {
    draft::each("scaling", results, |draft, machine| {
        draft
            .fact("scaling", &machine.scaling)
            .fact("ratio_max", Meeting::RATIO_MAX)
            .fact("operations", OPERATIONS.map(named))
    })
}

/// An operation as results call it, and in words.
fn named(operation: Operation) -> Value {
    context! { name => Serde(operation), title => operation.to_string() }
}

/// The predicted costs of an operation over processors, as bands of all machines with their best guesses, and what was
/// measured; `None` if nothing is predicted for more than one processor.
fn predicted(machine: &Machine, strategy: &str, operation: Operation) -> Option<Figure> {
    let scaling = machine.scaling.as_ref()?;
    let is_it = |name: &str, done: Operation| name == strategy && done == operation;
    let mut curves: Vec<_> = scaling.predictions.iter().collect();
    curves.retain(|curve| is_it(&curve.strategy, curve.operation));
    let tested = scaling.one_to_two.iter();
    let tested = tested.filter(|pair| is_it(&pair.strategy, pair.operation));
    // Threads, and what one of them sees.
    let measured = tested.flat_map(|pair| [(1, pair.one_ns), (2, pair.measured_ns)]);
    let measured: Vec<(u32, f64)> = measured.collect();
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let cpus_max = points().map(|point| point.cpus).max();
    let cpus_max = cpus_max.filter(|&cpus| cpus > 1)?;
    let times = points().flat_map(|point| [point.ns.low, point.ns.high]);
    let times = times.chain(measured.iter().map(|&(_, ns)| ns));
    let y = Scale::over(times, 1.3, [BOTTOM, TOP])?;
    let x = Scale::over([1.0, f64::from(cpus_max)], 1.0, [LEFT_END, RIGHT_END])?;
    let at = |cpus: u32, ns: f64| (x.at(f64::from(cpus)), y.at(ns));
    let cpus = (0..10).map(|power| 1 << power);
    let cpus = cpus.take_while(|&cpus| cpus <= cpus_max);
    let facts = context! {
        bands => list(&curves, |curve| {
            let below = curve.points.iter().map(|point| at(point.cpus, point.ns.low));
            let above = curve.points.iter().rev().map(|point| at(point.cpus, point.ns.high));
            Serde(below.chain(above).collect::<Vec<_>>())
        }),
        columns => list(cpus, |cpus| Serde((at(cpus, 1.0).0, cpus.to_string()))),
        rows => y.labels(18.0, |ns| format!("{ns} ns")),
        measured => list(&measured, |&(cpus, ns)| Serde(at(cpus, ns))),
    };
    let lines = curves.iter().map(|curve| {
        let path = curve.points.iter();
        Curve {
            strategy,
            name: &curve.machine,
            path: path.map(|point| at(point.cpus, point.ns.mid)).collect(),
            facts: context! { is_here => curve.machine == HERE },
        }
    });
    let others = curves.iter().filter(|curve| curve.machine != HERE);
    let ends = others.filter_map(|curve| {
        let last = curve.points.last()?;
        let [low, high] = [last.ns.low, last.ns.high].map(format::significant);
        let (machine, cpus) = (&curve.machine, last.cpus);
        Some(format!("{machine} {low} to {high} ns with {cpus}"))
    });
    let machines = format::counted(curves.len(), "machine", None);
    let ends = ends.collect::<Vec<_>>().join(", ");
    let measured = format::counted(measured.len(), "point", None);
    let description = format!("{machines}: {ends}; {measured} measured here");
    Some(chart("prediction", description, lines, facts))
}
