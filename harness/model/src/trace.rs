//! What operations execute, instruction by instruction, and which cache lines two threads share while
//! they do: seen exactly, without hardware counters.
//!
//! The crate `trace` looks, in a process of its own for each strategy. Counts are medians over heap
//! layouts, threads and repetitions. What the strategy's own threads do (an actor's) is not seen.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strum::{Display, VariantArray};

use crate::collect::{grouped, unique};

/// An operation that is traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(Display, VariantArray, clap::ValueEnum)]
#[strum(serialize_all = "lowercase")]
pub enum Operation {
    /// Read a record that is there.
    #[strum(serialize = "read hit")]
    ReadHit,
    /// Read a record that is not there.
    #[strum(serialize = "read miss")]
    ReadMiss,
    /// Apply an event to a record.
    Apply,
    /// Insert a record that is not there.
    Insert,
    /// Remove a record that is there.
    Remove,
    /// Visit all records.
    Scan,
}

impl Operation {
    /// All, in the order of the report.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Whether it changes the table.
    pub const fn is_write(self) -> bool {
        matches!(self, Self::Apply | Self::Insert | Self::Remove)
    }
}

/// What happened before the operation, or happens beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(Display, VariantArray, clap::ValueEnum)]
pub enum State {
    /// No other thread does anything; the thread has done the same 200 times before.
    #[strum(serialize = "quiescent")]
    Quiescent,
    /// Another thread has just applied an event, to the same record if the operation needs one.
    #[strum(serialize = "after write")]
    AfterWrite,
    /// Another thread is in the middle of a read, of the same record if the operation needs one.
    #[strum(serialize = "guard held")]
    GuardHeld,
    /// The operation is the first of its thread on this table.
    #[strum(serialize = "first use")]
    FirstUse,
}

impl State {
    /// All, in the order of the report.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;
}

/// What one operation executes. Accesses to the thread's own stack are left out, and all that happens
/// inside the system's allocator is counted apart. A line has 64 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Instructions; one that repeats itself counts once.
    pub instructions: u64,
    /// Reads of memory. A read-modify-write is a read and a write.
    pub loads: u64,
    /// Writes to memory.
    pub stores: u64,
    /// Atomic read-modify-writes: a `lock` prefix, or an exchange with memory.
    pub locked: u64,
    /// `mfence`, and locked operations on the own stack, which have no other purpose.
    pub fences: u64,
    /// System calls.
    pub system_calls: u64,
    /// Calls of the system's allocator that ask for memory.
    pub allocations: u64,
    /// How many bytes they ask for.
    pub allocated_bytes: u64,
    /// Calls of the system's allocator that give memory back.
    pub frees: u64,
    /// Instructions inside the system's allocator, not in [`Counts::instructions`].
    pub allocator_instructions: u64,
    /// Cache lines read or written.
    pub lines_touched: u64,
    /// Cache lines written.
    pub lines_written: u64,
    /// Cache lines it reads or writes that the other thread's event has just written
    /// ([`State::AfterWrite`]).
    pub lines_dirtied: u64,
}

/// One operation in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// The operation.
    pub operation: Operation,
    /// The state.
    pub state: State,
    /// Medians; nothing if the operation waits until the guard is let go of.
    pub counts: Option<Counts>,
    /// Whether it was longer than the buffer, so that the counts are of its beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut_short: bool,
    /// The functions that it calls, and that the compiler has therefore not inlined, in alphabetical order; in
    /// [`State::Quiescent`] only, and without those of the system's allocator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called: Vec<String>,
}

/// Cache lines that two threads share while one does one operation and the other another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedLines {
    /// Both write, and at least one byte is written by one and used by the other.
    pub both_write: u64,
    /// Both write, but no byte that the other uses: false sharing.
    pub both_write_apart: u64,
    /// One writes what the other reads.
    pub one_writes: u64,
    /// One writes, but no byte that the other reads: false sharing.
    pub one_writes_apart: u64,
}

impl SharedLines {
    /// Lines that both write.
    pub const fn both(&self) -> u64 {
        self.both_write.saturating_add(self.both_write_apart)
    }
}

/// How two operations get in each other's way, at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// No line that one writes is used by the other: they scale together (the commutativity rule,
    /// Clements et al., SOSP 2013).
    Nothing,
    /// Only inside the system's allocator.
    InAllocator,
    /// One writes a line that the other reads.
    OneWrites,
    /// Both write a line.
    BothWrite,
}

impl Conflict {
    /// In one letter.
    pub const fn symbol(self) -> &'static str {
        [".", "a", "r", "W"][self as usize]
    }
}

/// A shared line to blame.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blame {
    /// How it is shared.
    pub conflict: Conflict,
    /// Whether the threads use different bytes of it.
    pub is_false: bool,
    /// What is there: an offset in a block of the heap, or the symbol of a variable.
    pub place: String,
    /// The functions that access it, one for each operation of the pair.
    pub by: [String; 2],
}

/// Two operations, one on each thread, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What the one thread does first.
    pub first: Operation,
    /// What the other thread does then.
    pub second: Operation,
    /// Whether it is about the same process; always, if one is a scan.
    pub same_process: bool,
    /// How they get in each other's way.
    pub conflict: Conflict,
    /// Lines of 64 bytes; what happens inside the system's allocator is left out.
    pub at_64: SharedLines,
    /// Lines of 128 bytes: what the prefetcher brings in pairs.
    pub at_128: SharedLines,
    /// The lines, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blame: Vec<Blame>,
    /// The ways of the first and of the second through the lines that they share, where they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paths: Option<[Path; 2]>,
}

impl Pair {
    /// Whether all sharing is false.
    pub const fn is_false(&self) -> bool {
        let shared = &self.at_64;
        let is_shared = matches!(self.conflict, Conflict::BothWrite | Conflict::OneWrites);
        is_shared && shared.both_write == 0 && shared.one_writes == 0
    }

    /// The conflict in a letter, with a tick if it is false sharing.
    pub fn symbol(&self) -> String {
        let tick = if self.is_false() { "'" } else { "" };
        format!("{}{tick}", self.conflict.symbol())
    }
}

/// The places that pairs share, the worst first: those that both write, then those that most pairs share. Each as the
/// line in the first of the pairs, with the operations of all of them in the order of the trace.
pub fn blamed(pairs: &[Pair]) -> Vec<(&Blame, Vec<(Operation, Operation)>)> {
    let lines = pairs.iter().flat_map(|pair| {
        let between = (pair.first, pair.second);
        let lines = pair.blame.iter();
        lines.map(move |line| ((line.conflict, &line.place), (line, between)))
    });
    let places = grouped(lines).into_iter().map(|(_, shared)| {
        let (lines, between): (Vec<&Blame>, Vec<_>) = shared.into_iter().unzip();
        (lines[0], unique(between))
    });
    let mut places: Vec<_> = places.collect();
    places
        .sort_by_key(|&(line, ref between)| (Reverse((line.conflict, between.len())), &line.place));
    places
}

/// That nothing was traced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untraced {
    /// Why not.
    pub why: String,
}

/// What was seen of one strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSeen {
    /// `crate/variant`.
    pub strategy: String,
    /// Records in the table.
    pub records: u64,
    /// Heap layouts that it was looked at in.
    pub layouts: u32,
    /// Each operation in each state.
    pub footprints: Vec<Footprint>,
    /// Each operation beside each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
    /// Why the process ended, if it did not do all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<String>,
}

impl TraceSeen {
    /// The counts of an operation in a state, if it was traced there and went through.
    pub fn counts(&self, operation: Operation, state: State) -> Option<&Counts> {
        let is_it =
            |footprint: &&Footprint| (footprint.operation, footprint.state) == (operation, state);
        self.footprints.iter().find(is_it)?.counts.as_ref()
    }

    /// The pair of two operations, in any order.
    pub fn pair(&self, first: Operation, second: Operation, same_process: bool) -> Option<&Pair> {
        let either_way = [(first, second), (second, first)];
        let mut pairs = self.pairs.iter();
        pairs.find(|pair| {
            pair.same_process == same_process && either_way.contains(&(pair.first, pair.second))
        })
    }
}

/// How an instruction uses a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// Reads it.
    Load,
    /// Writes it, whatever is there.
    Store,
    /// Reads and writes it in one, whatever is there: `xadd`, `xchg` and their like.
    Exchange,
    /// Compares and exchanges: writes it only if it is as expected.
    CompareExchange,
}

impl Usage {
    /// Whether the processor needs the line for itself.
    pub const fn writes(self) -> bool {
        !matches!(self, Usage::Load)
    }

    /// Whether it is one atomic read-modify-write.
    pub const fn is_locked(self) -> bool {
        matches!(self, Usage::Exchange | Usage::CompareExchange)
    }
}

/// One access to a line that both threads of a pair use and at least one writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// The thread's own instructions since the access before, or since the operation began; this one
    /// included.
    pub after: u64,
    /// Which line, by a number that is the same for both threads of the pair, from 0.
    pub line: u32,
    /// The first byte of the line that is used, from 0 to 63.
    pub offset: u8,
    /// How.
    pub usage: Usage,
}

/// The accesses of one operation to such lines, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The accesses.
    pub touches: Vec<Touch>,
    /// All instructions of the operation, those after the last access included, those inside the
    /// system's allocator, too.
    pub instructions: u64,
    /// Whether there were more than [`Path::TOUCHES_MAX`], so that the last are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut_short: bool,
}

impl Path {
    /// Longer ways are those of copies, of which nobody needs each word.
    pub const TOUCHES_MAX: usize = 96;

    /// The lines that it writes, by number, each once.
    pub fn written(&self) -> Vec<u32> {
        let writes = self.touches.iter().filter(|touch| touch.usage.writes());
        let lines: BTreeSet<u32> = writes.map(|touch| touch.line).collect();
        lines.into_iter().collect()
    }
}
