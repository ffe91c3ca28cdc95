//! A strategy's page.

use basis::sample::Card;
use basis::trace::{Operation, State, TraceSeen};

use super::super::view::{Block, Page, prose};
use super::super::{format, scaling};
use super::{anchor, conflicts, footprints, stalls};
use crate::results::Results;

/// Everything about one strategy. Each kind of evidence adds its own blocks, none where there is none.
pub(super) fn page(results: &Results, card: &Card) -> Page {
    let name = card.name.as_str();
    let blocks = [
        died(results, name),
        conflicts::blocks(results, name),
        footprints::blocks(results, name),
        stalls::blocks(results, name),
        scaling::blocks(results, name),
    ];
    Page {
        id: anchor(name),
        title: format!("`{name}`"),
        gist: gist(results, name),
        blocks: blocks.concat(),
    }
}

/// What did not survive being looked at.
fn died(results: &Results, strategy: &str) -> Vec<Block> {
    let traced = results.trace(strategy).and_then(|seen| seen.died.as_ref());
    let stalled = results.stall(strategy).and_then(|seen| seen.died.as_ref());
    let said = |what: &str, why: &String| prose(format!("It did not survive being {what}: {why}."));
    let traced = traced.map(|why| said("traced", why));
    let stalled = stalled.map(|why| said("stopped", why));
    traced.into_iter().chain(stalled).collect()
}

/// A read in a line.
fn gist(results: &Results, strategy: &str) -> String {
    let traced = results.trace(strategy).and_then(of_a_read);
    let blocked = results.stall(strategy).map(stalls::gist);
    let parts: Vec<String> = traced.into_iter().chain(blocked).collect();
    parts.join("; ")
}

fn of_a_read(seen: &TraceSeen) -> Option<String> {
    let counts = seen.counts(Operation::ReadHit, State::Quiescent)?;
    let mut parts = vec![
        format::counted(counts.instructions as usize, "instruction", "instructions"),
        format!("{} locked", counts.locked),
    ];
    if let Some(pair) = seen.pair(Operation::ReadHit, Operation::ReadHit, true) {
        let both = pair.at_64.both_write + pair.at_64.both_write_apart;
        let lines = format::counted(both as usize, "line", "lines");
        parts.push(format!("{lines} written by both of two readers"));
    }
    Some(format!("a read: {}", parts.join(", ")))
}
