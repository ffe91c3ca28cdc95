//! What faults show, in the terms of the claims.

use basis::claims::Claim;
use basis::fault::{Consequence, Deed, Fate, FaultSeen};
use contract::{AfterDeadThread, AfterPanic, Reentrancy};

/// What a panic in an update left behind.
pub(super) fn after_panic(seen: &FaultSeen) -> Claim {
    Claim::AfterPanic(match seen.consequence() {
        Consequence::TornRecord => AfterPanic::Exposed,
        Consequence::Harmless | Consequence::GarbageKept | Consequence::VersionKept => {
            AfterPanic::Intact
        }
        _ => AfterPanic::Unusable,
    })
}

/// What the others could do when a reader was gone.
pub(super) fn after_dead_thread(seen: &FaultSeen) -> Claim {
    Claim::AfterDeadThread(match seen.consequence() {
        Consequence::Harmless => AfterDeadThread::Unaffected,
        Consequence::VersionKept => AfterDeadThread::KeepsOneVersion,
        Consequence::GarbageKept => AfterDeadThread::KeepsAllGarbage,
        Consequence::WritersWait => AfterDeadThread::BlocksWriters,
        // A reader changes nothing, so that others panic or miss a record is no better than waiting.
        _ => AfterDeadThread::BlocksEveryone,
    })
}

/// Whether reads needed memory when there was none.
pub(super) fn read_allocates(seen: &FaultSeen) -> Claim {
    match seen.consequence() {
        Consequence::Harmless => Claim::AllocatesNothing,
        _ => Claim::Allocates,
    }
}

/// What a thread could do inside a read or a scan; the worst counts.
pub(super) fn reentrancy(seen: &FaultSeen) -> Claim {
    let any = |fate| seen.with_fate(fate).next().is_some();
    let held_up: Vec<Deed> = seen.with_fate(Fate::HeldUp).collect();
    let looks = [Deed::Read, Deed::ReadOthers, Deed::Scan];
    Claim::Reentrancy(if held_up.iter().any(|deed| looks.contains(deed)) {
        Reentrancy::Deadlocks
    } else if seen.died.is_some() || any(Fate::Panicked) {
        Reentrancy::Panics
    } else if any(Fate::Missing) || any(Fate::Torn) {
        // What is wrong is no better than what never comes.
        Reentrancy::Deadlocks
    } else if held_up.contains(&Deed::ReadAgain) {
        Reentrancy::ReadsUnlessWriterWaits
    } else if !held_up.is_empty() {
        Reentrancy::Reads
    } else if any(Fate::Stale) {
        Reentrancy::ReadsOldState
    } else {
        Reentrancy::ReadsAndWrites
    })
}
