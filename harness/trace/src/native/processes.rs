//! The processes that are, or may be, in the tables that are looked at, and the pairs of operations on them.

use contract::ProcessId;
use model::trace::Operation;

/// What a thread is to do: an operation on a process.
pub(crate) type Request = (Operation, ProcessId);

/// Records that are always in the table.
pub(crate) const RESIDENTS: u64 = 16;
/// Guests that are in the table unless an operation removes them.
pub(super) const GUESTS_THERE: u64 = 4;
/// The processes that are in the table whenever nobody is at work.
pub(crate) const STEADY: u64 = RESIDENTS + GUESTS_THERE;

/// Which of the [`STEADY`] processes it is, counted from 0.
pub(crate) fn number_of(id: ProcessId) -> Option<usize> {
    steady().position(|steady| steady == id)
}

/// The processes that are in the table whenever nobody is at work.
pub(crate) fn steady() -> impl Iterator<Item = ProcessId> {
    let residents = (0..RESIDENTS).map(resident);
    residents.chain((0..GUESTS_THERE).map(guest_there))
}

/// All processes that are ever in a table, in both tables.
pub(crate) fn all_processes() -> impl Iterator<Item = ProcessId> {
    let here = || steady().chain([guest_absent(0)]);
    here().chain(here().map(elsewhere))
}

/// The process of the other table that is like this one.
pub(crate) const fn elsewhere(id: ProcessId) -> ProcessId {
    ProcessId(id.0 | ELSEWHERE)
}

pub(crate) const fn is_elsewhere(id: ProcessId) -> bool {
    id.0 & ELSEWHERE != 0
}

/// A bit that no process of the first table has.
const ELSEWHERE: u64 = 1 << 40;

/// The process that an operation is about: number 0 is the same for all that it makes sense for.
pub(crate) const fn target(operation: Operation, number: u64) -> ProcessId {
    match operation {
        Operation::ReadHit | Operation::Apply | Operation::Scan => resident(number),
        Operation::Remove => guest_there(number),
        Operation::ReadMiss | Operation::Insert => guest_absent(number),
    }
}

const fn resident(n: u64) -> ProcessId {
    // Neighbours, as process identifiers are, but not all in the same shard.
    ProcessId(4_000 + 7 * (n % RESIDENTS))
}

pub(super) const fn guest_there(n: u64) -> ProcessId {
    ProcessId((1 << 32) + n)
}

pub(super) const fn guest_absent(n: u64) -> ProcessId {
    ProcessId((1 << 33) + n)
}

/// What the first thread does, what the second does then, and whether it is about the same process.
pub(crate) type Which = (Operation, Operation, bool);

/// Whether there is such a pair: a scan is about all processes, and what is there cannot be missed.
pub(crate) fn has_pair((first, second, same_process): Which) -> bool {
    let has = |operation| first == operation || second == operation;
    if has(Operation::Scan) {
        return same_process;
    }
    let finds = has(Operation::ReadHit) || has(Operation::Apply);
    !(same_process && has(Operation::ReadMiss) && finds)
}
