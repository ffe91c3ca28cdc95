//! What two executions share, with names.

use std::collections::BTreeSet;

use model::trace::{Blame, Conflict, Operation, Pair, SharedLines};

use super::allocation_map;
use super::execution::Execution;
use super::lines::{LINES, Lines, PAIR, Shared, line_of, number, tally, through};
use super::processes::Which;
use super::symbols::Symbols;

/// Lines that are named; a scan and a copy of the table share more than anybody reads.
const NAMED_MAX: usize = 8;

/// What `second`, done right after `first` on another thread, shares with it. A block that the
/// second allocated itself is not the one that the first may have known at the same address.
pub(crate) fn compare(symbols: &mut Symbols, which: Which, both: [&Execution; 2]) -> Pair {
    let [first, second] = both;
    let second_lines = second.own_lines();
    let mut shared = first.lines.shared_with(&second_lines, LINES);
    let at_64 = tally(&shared);
    let conflict = if at_64.both() > 0 {
        Conflict::BothWrite
    } else if at_64 != SharedLines::default() {
        Conflict::OneWrites
    } else {
        let in_allocator = second.accesses.iter().filter(|access| access.in_allocator);
        let second_lines = Lines::from_accesses(second.own_accesses().chain(in_allocator));
        match &Lines::from_accesses(&first.accesses).shared_with(&second_lines, LINES)[..] {
            [] => Conflict::Nothing,
            _ => Conflict::InAllocator,
        }
    };
    let lines: BTreeSet<u64> = shared.iter().map(|line| line_of(line.address)).collect();
    shared.sort_by_key(|line| (!line.both_write, line.is_false, line.address));
    shared.truncate(NAMED_MAX);
    let shared = shared.iter();
    let blame = shared.map(|line| blame(symbols, line, both));
    Pair {
        first: which.0,
        second: which.1,
        same_process: which.2,
        conflict,
        at_64,
        at_128: tally(&first.lines.shared_with(&second_lines, PAIR)),
        blame: blame.collect(),
        paths: is_followed(which).then(|| {
            let numbers = number(first.outside_allocator(), &lines);
            [
                through(first.outside_allocator(), first.instructions(), &numbers),
                through(second.own_accesses(), second.instructions(), &numbers),
            ]
        }),
    }
}

/// Whether the ways of a pair are kept: what programs do most, and what predictions are made of.
fn is_followed((first, second, _): Which) -> bool {
    let is_frequent = |operation| matches!(operation, Operation::ReadHit | Operation::Apply);
    is_frequent(first) && is_frequent(second)
}

fn blame(symbols: &mut Symbols, line: &Shared, executions: [&Execution; 2]) -> Blame {
    Blame {
        conflict: if line.both_write {
            Conflict::BothWrite
        } else {
            Conflict::OneWrites
        },
        is_false: line.is_false,
        place: place(symbols, line.address),
        // The function that wanted the access, and not the one that it called for that.
        by: [0, 1].map(|n| {
            let (address, called_from) = line.by[n];
            let calls = std::iter::once(address).chain(executions[n].calls.outwards(called_from));
            let owner = symbols.owner(calls);
            owner.unwrap_or_else(|| "an unknown function".to_owned())
        }),
    }
}

/// What is at an address.
fn place(symbols: &mut Symbols, address: u64) -> String {
    if let Some((begin, block)) = allocation_map::find(address) {
        let offset = address - begin;
        let bytes = block.bytes;
        return match symbols.owner_of_block(&block.calls) {
            Some(owner) => format!("offset {offset} of a {bytes}-byte block of {owner}"),
            // Nobody but whoever looks has allocated it.
            None => format!("offset {offset} of the table or handle itself ({bytes} bytes)"),
        };
    }
    match symbols.variable(address) {
        Some((name, 0)) => name.to_owned(),
        Some((name, offset)) => format!("{name}+{offset}"),
        None => "memory that the program did not allocate".to_owned(),
    }
}
