//! What two executions share, with names.

use std::collections::{BTreeSet, HashSet};

use basis::trace::{Blame, Conflict, Path, SharedLines};

use super::access_path::line_of;
use super::allocation_map;
use super::execution::Execution;
use super::lines::{Lines, Shared, tally};
use super::symbols::Symbols;

/// What two executions share.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) conflict: Conflict,
    pub(crate) at_64: SharedLines,
    pub(crate) at_128: SharedLines,
    pub(crate) blame: Vec<Blame>,
    pub(crate) paths: [Path; 2],
}

/// Gives names to addresses.
#[derive(Debug)]
pub(crate) struct Symbolizer {
    symbols: Symbols,
}

/// Lines that are named; a scan and a copy of the table share more than anybody reads.
const NAMED_MAX: usize = 8;

impl Symbolizer {
    pub(crate) fn new() -> Self {
        Self {
            symbols: Symbols::load(),
        }
    }

    /// What `second`, done right after `first` on another thread, shares with it. A block that the
    /// second allocated itself is not the one that the first may have known at the same address.
    pub(crate) fn compare(&mut self, first: &Execution, second: &Execution) -> Comparison {
        let own = second.own_lines();
        let shared = first.lines.shared_with(&own);
        let at_64 = tally(&shared);
        let with_allocator = |lines: &Lines, seen: &Execution| lines.and(&seen.allocator_lines);
        let conflict = if at_64.both_write + at_64.both_write_apart > 0 {
            Conflict::BothWrite
        } else if at_64 != SharedLines::default() {
            Conflict::OneWrites
        } else if with_allocator(&first.lines, first)
            .shared_with(&with_allocator(&own, second))
            .is_empty()
        {
            Conflict::Nothing
        } else {
            Conflict::InAllocator
        };
        Comparison {
            conflict,
            at_64,
            at_128: first.lines.shared_pairs_with(&own),
            paths: paths(&shared, first, second),
            blame: self.blame(shared, [first, second]),
        }
    }

    fn blame(&mut self, mut shared: Vec<Shared>, seen: [&Execution; 2]) -> Vec<Blame> {
        shared.sort_by_key(|line| (!line.both_write, line.is_false, line.address));
        shared.truncate(NAMED_MAX);
        shared
            .iter()
            .map(|line| Blame {
                conflict: if line.both_write {
                    Conflict::BothWrite
                } else {
                    Conflict::OneWrites
                },
                is_false: line.is_false,
                place: self.place(line.address),
                by: [0, 1].map(|n| self.function(seen[n], line.by[n])),
            })
            .collect()
    }

    /// The functions that begin at addresses.
    pub(crate) fn called(&mut self, addresses: &BTreeSet<u64>) -> Vec<String> {
        let called = addresses.iter().filter_map(|&at| self.symbols.called(at));
        let called: BTreeSet<String> = called.collect();
        called.into_iter().collect()
    }

    /// Who accesses: the function that wanted it, and not the one that it called for that.
    fn function(&mut self, seen: &Execution, (address, called_from): (u64, u32)) -> String {
        let calls = std::iter::once(address).chain(seen.calls.outwards(called_from));
        let owner = self.symbols.owner(calls);
        owner.unwrap_or_else(|| "an unknown function".to_owned())
    }

    /// What is at an address.
    fn place(&mut self, address: u64) -> String {
        if let Some((begin, block)) = allocation_map::find(address) {
            let offset = address - begin;
            let bytes = block.bytes;
            return match self.symbols.owner_of_block(&block.calls) {
                Some(owner) => format!("offset {offset} of a {bytes}-byte block of {owner}"),
                // Nobody but whoever looks has allocated it.
                None => format!("offset {offset} of the table or handle itself ({bytes} bytes)"),
            };
        }
        if let Some((name, offset)) = self.symbols.variable(address) {
            return match offset {
                0 => name.to_owned(),
                _ => format!("{name}+{offset}"),
            };
        }
        "memory that the program did not allocate".to_owned()
    }
}

/// The ways of both through the lines that they share.
fn paths(shared: &[Shared], first: &Execution, second: &Execution) -> [Path; 2] {
    let lines: HashSet<u64> = shared.iter().map(|line| line_of(line.address)).collect();
    let numbers = first.access_path.number(&lines);
    [
        first.access_path.through(&numbers, &[]),
        second.access_path.through(&numbers, &second.own_blocks()),
    ]
}
