//! What a peer saw, and whether some order of the two operations explains it.

use basis::trace::Operation;
use contract::{Handle, ProcessId, ProcessStatus, Rejected, Specimen};

use crate::native::processes::{STEADY, all_processes, is_elsewhere, number_of};
use crate::native::request::{Request, heartbeat, running};

/// All of the processes that are there all the time.
const ALL: u32 = (1 << STEADY) - 1;

/// What came of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    /// There was no such record.
    Nothing,
    /// A record that is whole, of that revision.
    Record(u64),
    /// An event was applied, and this is the new revision.
    Applied(u64),
    /// An event was rejected that applies to every record there is.
    Rejected,
    /// A record whose parts do not belong together.
    Torn,
    /// The record of another process, and of which.
    Foreign(ProcessId),
    /// What a scan came by.
    Scanned(Scan),
}

/// What a scan came by, of the processes that are there all the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Which were there, a bit each.
    seen: u32,
    /// Which were there more than once.
    twice: u32,
    torn: bool,
    /// The revision of each; 0 of those that were not there.
    revisions: [u64; STEADY as usize],
}

impl Scan {
    fn visit(&mut self, id: ProcessId, record: &ProcessStatus) {
        self.torn |= record.examine(id).is_err();
        if let Some(number) = number_of(id) {
            self.twice |= self.seen & (1 << number);
            self.seen |= 1 << number;
            self.revisions[number as usize] = record.revision();
        }
    }

    /// What is wrong with it, while something was done to `touched`; `returned` has left and come again
    /// meanwhile, so that it may be there before and afterwards.
    pub(super) fn flaw(
        &self,
        touched: ProcessId,
        returned: Option<ProcessId>,
    ) -> Option<&'static str> {
        let bit = |id: ProcessId| number_of(id).map_or(0, |number| 1 << number);
        if self.torn {
            Some("a torn record")
        } else if self.twice & !returned.map_or(0, bit) != 0 {
            Some("a process twice")
        } else if (self.seen | bit(touched)) != ALL {
            Some("not a process that was there all the time")
        } else {
            None
        }
    }
}

impl Scan {
    /// The revision of a process that is there all the time, or comes and goes, as it was found.
    pub(super) fn revision(&self, id: ProcessId) -> Option<u64> {
        let number = number_of(id)?;
        (self.seen & (1 << number) != 0).then(|| self.revisions[number as usize])
    }
}

/// What a scan comes by, as it was found: examining it is left for later.
pub(crate) struct Visited {
    records: [(ProcessId, ProcessStatus); Self::MAX],
    count: usize,
}

impl Visited {
    /// Thrice what is in the table.
    const MAX: usize = 3 * STEADY as usize;

    pub(crate) fn new() -> Self {
        let id = ProcessId(0);
        Self {
            records: [(id, ProcessStatus::pending(id)); Self::MAX],
            count: 0,
        }
    }

    pub(crate) fn visit(&mut self, id: ProcessId, record: &ProcessStatus) {
        if let Some(next) = self.records.get_mut(self.count) {
            *next = (id, *record);
            self.count += 1;
        }
    }

    pub(crate) fn scan(&self) -> Scan {
        let mut scan = Scan::default();
        for (id, record) in &self.records[..self.count] {
            scan.visit(*id, record);
        }
        scan
    }
}

impl Observation {
    /// A record that was found for a process, or none.
    pub(crate) fn found(id: ProcessId, record: Option<&ProcessStatus>) -> Self {
        let Some(record) = record else {
            return Observation::Nothing;
        };
        if record.examine(id).is_ok() {
            return Observation::Record(record.revision());
        }
        let owner = all_processes().find(|&other| record.examine(other).is_ok());
        owner.map_or(Observation::Torn, Observation::Foreign)
    }

    /// What applying an event gave.
    pub(crate) fn applied(applied: Option<Result<u64, Rejected>>) -> Self {
        match applied {
            None => Observation::Nothing,
            Some(Ok(revision)) => Observation::Applied(revision),
            Some(Err(_)) => Observation::Rejected,
        }
    }

    /// Does something and says what came of it; allocates nothing itself.
    pub(crate) fn of<H: Handle<ProcessStatus>>(handle: &mut H, request: Request) -> Self {
        let Request {
            operation,
            id,
            step,
        } = request;
        match operation {
            Operation::ReadHit | Operation::ReadMiss => {
                let found = handle.read(id, |record| Observation::found(id, Some(record)));
                found.unwrap_or(Observation::Nothing)
            }
            Operation::Apply => Observation::applied(handle.apply(id, heartbeat(step))),
            Operation::Insert => Observation::found(id, handle.insert(id, running(id)).as_ref()),
            Operation::Remove => Observation::found(id, handle.remove(id).as_ref()),
            Operation::Scan => {
                let mut scan = Scan::default();
                handle.scan(|id, record| scan.visit(id, record));
                Observation::Scanned(scan)
            }
        }
    }

    /// What is wrong with a record, whoever else did what.
    pub(super) fn not_whole(self) -> Option<String> {
        match self {
            Observation::Torn => Some("saw a torn record".into()),
            Observation::Foreign(owner) if is_elsewhere(owner) => {
                Some("saw a record of another table".into())
            }
            Observation::Foreign(_) => Some("saw another process's record".into()),
            _ => None,
        }
    }

    /// The revision that a reader found.
    pub(crate) fn revision(self) -> Option<u64> {
        match self {
            Observation::Record(revision) => Some(revision),
            _ => None,
        }
    }
}

/// The revision of a record that is inserted here.
const INSERTED: u64 = 1;

/// What a reader sees of a record of that revision, or of none.
pub(super) fn found(revision: Option<u64>) -> Observation {
    revision.map_or(Observation::Nothing, Observation::Record)
}

/// What an operation does to a record of a revision, or to none: what it sees, and what is there
/// afterwards.
pub(super) fn carried_out(operation: Operation, before: Option<u64>) -> (Observation, Option<u64>) {
    let found = found(before);
    match operation {
        Operation::ReadHit | Operation::ReadMiss | Operation::Scan => (found, before),
        Operation::Apply => match before {
            Some(revision) => (Observation::Applied(revision + 1), Some(revision + 1)),
            None => (Observation::Nothing, None),
        },
        Operation::Insert => (found, Some(INSERTED)),
        Operation::Remove => (found, None),
    }
}

/// Two operations at once, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encounter {
    pub(crate) stalled: Operation,
    pub(crate) peer: Operation,
    /// The processes that they are about.
    pub(crate) ids: [ProcessId; 2],
    /// The revision of the peer's record before both, if there was one.
    pub(crate) before: Option<u64>,
}

impl Encounter {
    /// What no order of the two explains of what the peer saw and, where it is known, of what was
    /// there after both.
    pub(crate) fn flaw(&self, observed: Observation, after: Option<Observation>) -> Option<String> {
        if let Observation::Scanned(scan) = observed {
            return scan
                .flaw(self.ids[0], None)
                .map(|flaw| format!("saw {flaw}"));
        }
        if let Some(flaw) = observed.not_whole() {
            return Some(flaw);
        }
        let orders = self.orders();
        let explained = |&(seen, left): &(Observation, Option<u64>)| {
            seen == observed && after.is_none_or(|after| after == found(left))
        };
        if orders.iter().any(explained) {
            return None;
        }
        let was = self.before.map_or("nothing".into(), revision);
        let left = after.map(|after| format!(", and afterwards a reader {}", told(after)));
        Some(format!(
            "{}{} where {was} was before",
            told(observed),
            left.unwrap_or_default()
        ))
    }

    /// What is there once the peer is done beside an operation that does not write; and if that is
    /// another kind of thing than before, how it is undone, with what is there then.
    pub(crate) fn aftermath(&self) -> (Option<u64>, Option<Operation>) {
        let (_, left) = carried_out(self.peer, self.before);
        match (self.before, left) {
            (None, Some(_)) => (None, Some(Operation::Remove)),
            (Some(_), None) => (Some(INSERTED), Some(Operation::Insert)),
            _ => (left, None),
        }
    }

    /// What the peer sees, and what is left, if it comes second or first.
    fn orders(&self) -> [(Observation, Option<u64>); 2] {
        let alone = carried_out(self.peer, self.before);
        if self.ids[0] != self.ids[1] {
            return [alone; 2];
        }
        let (_, between) = carried_out(self.stalled, self.before);
        let second = carried_out(self.peer, between);
        let (_, left) = carried_out(self.stalled, alone.1);
        [second, (alone.0, left)]
    }
}

pub(super) fn revision(number: u64) -> String {
    format!("revision {number}")
}

pub(super) fn told(observed: Observation) -> String {
    match observed {
        Observation::Nothing => "found nothing".into(),
        Observation::Record(number) => format!("found {}", revision(number)),
        Observation::Applied(number) => format!("made {}", revision(number)),
        Observation::Rejected => "was rejected".into(),
        Observation::Torn | Observation::Foreign(_) | Observation::Scanned(_) => {
            "saw something else".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ProcessId = ProcessId(1);
    const OTHER: ProcessId = ProcessId(2);

    fn encounter(stalled: Operation, peer: Operation, same: bool) -> Encounter {
        let second = if same { ONE } else { OTHER };
        Encounter {
            stalled,
            peer,
            ids: [ONE, second],
            before: Some(7),
        }
    }

    #[test]
    fn a_reader_may_see_before_or_after_and_nothing_else() {
        let read = encounter(Operation::Apply, Operation::ReadHit, true);
        assert_eq!(read.flaw(Observation::Record(7), None), None);
        assert_eq!(read.flaw(Observation::Record(8), None), None);
        let flaw = read.flaw(Observation::Record(6), None).unwrap();
        assert_eq!(flaw, "found revision 6 where revision 7 was before");
        assert!(read.flaw(Observation::Nothing, None).is_some());
        assert!(read.flaw(Observation::Torn, None).is_some());
        let elsewhere = encounter(Operation::Apply, Operation::ReadHit, false);
        assert!(elsewhere.flaw(Observation::Record(8), None).is_some());
    }

    #[test]
    fn two_updates_leave_two_more() {
        let both = encounter(Operation::Apply, Operation::Apply, true);
        for observed in [8, 9] {
            assert_eq!(
                both.flaw(Observation::Applied(observed), Some(Observation::Record(9))),
                None
            );
        }
        let lost = both
            .flaw(Observation::Applied(8), Some(Observation::Record(8)))
            .unwrap();
        assert!(lost.contains("a reader found revision 8"), "{lost}");
    }

    #[test]
    fn what_is_removed_is_gone_whoever_comes_first() {
        let removed = encounter(Operation::Apply, Operation::Remove, true);
        assert_eq!(
            removed.flaw(Observation::Record(7), Some(Observation::Nothing)),
            None
        );
        assert_eq!(
            removed.flaw(Observation::Record(8), Some(Observation::Nothing)),
            None
        );
        assert!(
            removed
                .flaw(Observation::Record(7), Some(Observation::Record(8)))
                .is_some()
        );
    }

    #[test]
    fn scans_have_to_be_complete() {
        let scan = Scan {
            seen: ALL,
            ..Scan::default()
        };
        let during = encounter(Operation::Apply, Operation::Scan, true);
        assert_eq!(during.flaw(Observation::Scanned(scan), None), None);
        let incomplete = Scan { seen: 1, ..scan };
        assert!(
            during
                .flaw(Observation::Scanned(incomplete), None)
                .is_some()
        );
        let repeated = Scan { twice: 1, ..scan };
        assert!(during.flaw(Observation::Scanned(repeated), None).is_some());
    }
}
