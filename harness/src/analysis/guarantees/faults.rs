//! What the faults show of the claims.

use std::fmt::Display;

use basis::fault::{Consequence, Deed, Fate, Fault, FaultSeen};
use contract::{AfterDeadThread, AfterPanic, Reentrancy};

use super::Seen;
use super::waits::Waits;
use crate::results::Grade;

/// The claim that a card has as a field of its own.
pub(super) const READ_ALLOCATES: &str = "reads allocate";

/// What faults show of a claim other than of progress; nothing if none of them is about it.
pub(super) fn seen(property: &str, claim: &str, faults: &[&FaultSeen]) -> Option<Seen> {
    match property {
        "after a panic in an update" => {
            let seen = find(faults, Fault::PanicInUpdate)?;
            // From the worst to the best.
            let ranks = [
                AfterPanic::Unusable,
                AfterPanic::Exposed,
                AfterPanic::Intact,
            ];
            ranked(&ranks, &after_panic(seen), claim, seen.to_string())
        }
        "after a thread dies while reading" => {
            let seen = find(faults, Fault::ReaderGone)?;
            let ranks = [
                AfterDeadThread::BlocksEveryone,
                AfterDeadThread::BlocksWriters,
                AfterDeadThread::KeepsAllGarbage,
                AfterDeadThread::KeepsOneVersion,
                AfterDeadThread::Unaffected,
            ];
            ranked(&ranks, &after_dead_thread(seen), claim, seen.to_string())
        }
        "inside a read" => reentrancy(find(faults, Fault::InsideRead)?, claim),
        "inside a scan" => reentrancy(find(faults, Fault::InsideScan)?, claim),
        READ_ALLOCATES => {
            let seen = find(faults, Fault::NoMemoryToRead)?;
            let needs_none = seen.consequence() == Consequence::Harmless;
            let observed = if needs_none { "no" } else { "yes" };
            ranked(&["yes", "no"], &observed, claim, seen.to_string())
        }
        _ => None,
    }
}

fn find<'f>(faults: &[&'f FaultSeen], fault: Fault) -> Option<&'f FaultSeen> {
    faults.iter().copied().find(|seen| seen.fault == fault)
}

/// Grades an observation against a claim; `ranks` go from the worst to the best.
fn ranked<T: Display>(ranks: &[T], observed: &T, claim: &str, evidence: String) -> Option<Seen> {
    let observed = observed.to_string();
    let place = |words: &str| ranks.iter().position(|rank| rank.to_string() == words);
    // A claim in words that this version does not know is not graded.
    let grade = match place(&observed)?.cmp(&place(claim)?) {
        std::cmp::Ordering::Less => Grade::Forbidden,
        std::cmp::Ordering::Equal => Grade::Acceptable,
        std::cmp::Ordering::Greater => Grade::Interesting,
    };
    Some(Seen {
        observed,
        grade,
        evidence,
    })
}

/// The faults in which somebody who is not there any more could be waited for.
const STANDSTILLS: [Fault; 6] = [
    Fault::ReaderStalls,
    Fault::UpdaterStalls,
    Fault::ResizerStalls,
    Fault::ReaderGone,
    Fault::WriterGone,
    Fault::OverlappingReaders,
];

/// Who had to wait of those that a claim of progress is about; nothing if none of them tried.
pub(super) fn waits(property: &str, faults: &[&FaultSeen]) -> Option<Waits> {
    let deeds: &[Deed] = match property {
        "reads" => &[Deed::Read, Deed::ReadOthers, Deed::ReadAgain],
        "updates" => &[Deed::Update, Deed::UpdateOther],
        "inserts and removes" => &[Deed::Insert, Deed::Remove],
        _ => return None,
    };
    let mut tries = 0;
    let mut held_up = Vec::new();
    for fault in STANDSTILLS {
        let Some(seen) = find(faults, fault) else {
            continue;
        };
        for deed in deeds {
            if let Some(attempt) = seen.meanwhile.get(deed) {
                tries += attempt.tries;
                if attempt.fate == Fate::HeldUp {
                    held_up.push(format!("{deed} by {fault}"));
                }
            }
        }
    }
    (tries > 0).then(|| Waits {
        tried: format!("{tries} times while another thread stood still"),
        held_up,
    })
}

fn after_panic(seen: &FaultSeen) -> AfterPanic {
    match seen.consequence() {
        Consequence::TornRecord => AfterPanic::Exposed,
        Consequence::Harmless | Consequence::GarbageKept | Consequence::VersionKept => {
            AfterPanic::Intact
        }
        _ => AfterPanic::Unusable,
    }
}

fn reentrancy(seen: &FaultSeen, claim: &str) -> Option<Seen> {
    ranked(
        &Reentrancy::ALL,
        &what_goes_inside(seen),
        claim,
        seen.to_string(),
    )
}

/// What a thread could do inside a read or a scan; the worst counts.
fn what_goes_inside(seen: &FaultSeen) -> Reentrancy {
    let any = |fate| seen.with_fate(fate).next().is_some();
    let held_up: Vec<Deed> = seen.with_fate(Fate::HeldUp).collect();
    let looks = [Deed::Read, Deed::ReadOthers, Deed::Scan];
    if held_up.iter().any(|deed| looks.contains(deed)) {
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
    }
}

fn after_dead_thread(seen: &FaultSeen) -> AfterDeadThread {
    match seen.consequence() {
        Consequence::Harmless => AfterDeadThread::Unaffected,
        Consequence::VersionKept => AfterDeadThread::KeepsOneVersion,
        Consequence::GarbageKept => AfterDeadThread::KeepsAllGarbage,
        Consequence::WritersWait => AfterDeadThread::BlocksWriters,
        // A reader changes nothing, so that others panic or miss a record is no better than waiting.
        _ => AfterDeadThread::BlocksEveryone,
    }
}
