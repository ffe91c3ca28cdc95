//! A strategy's page.

use model::sample::Card;
use model::trace::{Operation, State, TraceSeen};

use super::super::view::{Block, Fold, prose};
use super::super::{format, scaling};
use super::{anchor, conflicts, footprints, stalls};
use crate::results::Machine;

/// Everything about one strategy. Each kind of evidence adds its own blocks, none where there is none.
pub(super) fn page(machine: &Machine, card: &Card) -> Vec<Block> {
    let name = card.name.as_str();
    let blocks = [
        died(machine, name),
        conflicts::blocks(machine, name),
        footprints::blocks(machine, name),
        stalls::blocks(machine, name),
        scaling::blocks(machine, name),
    ];
    let fold = Fold {
        id: anchor(name),
        title: format!("`{name}`"),
        gist: gist(machine, name),
    };
    let blocks = [Block::Fold(fold)].into_iter().chain(blocks.concat());
    blocks.chain([Block::Unfold]).collect()
}

/// What did not survive being looked at.
fn died(machine: &Machine, strategy: &str) -> Vec<Block> {
    let traced = machine.trace(strategy).and_then(|seen| seen.died.as_ref());
    let stalled = machine.stall(strategy).and_then(|seen| seen.died.as_ref());
    let said =
        |what: &str, why: &String| prose(format!("{what} failed: the process died ({why})."));
    let traced = traced.map(|why| said("Tracing", why));
    let stalled = stalled.map(|why| said("Stopping it", why));
    traced.into_iter().chain(stalled).collect()
}

/// A read in a line.
fn gist(machine: &Machine, strategy: &str) -> String {
    let traced = machine.trace(strategy).and_then(of_a_read);
    let blocked = machine.stall(strategy).map(stalls::gist);
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
