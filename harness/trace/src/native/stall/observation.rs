//! What an operation answered beside others, and whether some order of all of them explains it.

use contract::{ProcessId, ProcessStatus, Rejected, Specimen};
use model::trace::Operation;

use crate::native::processes::{STEADY, all_processes, is_elsewhere, number_of, steady};

/// What came of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Observation {
    /// There was no such record.
    #[default]
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
    /// How often each was there.
    times: [u8; STEADY as usize],
    torn: bool,
    /// The revision of each; 0 of those that were not there.
    revisions: [u64; STEADY as usize],
}

impl Scan {
    pub(crate) fn from_visited(visited: &[(ProcessId, ProcessStatus)]) -> Self {
        let mut scan = Self::default();
        for (id, record) in visited {
            scan.torn |= record.examine(*id).is_err();
            if let Some(number) = number_of(*id) {
                scan.times[number] += 1;
                scan.revisions[number] = record.revision();
            }
        }
        scan
    }

    /// What is wrong with it, while something was done to `touched`; `returned` has left and come again
    /// meanwhile, so that it may be there before and afterwards.
    fn flaw(&self, touched: ProcessId, returned: Option<ProcessId>) -> Option<&'static str> {
        let all = || steady().zip(self.times);
        if self.torn {
            Some("saw a torn record")
        } else if all().any(|(id, times)| times > 1 && Some(id) != returned) {
            Some("saw a process twice")
        } else if all().any(|(id, times)| times == 0 && id != touched) {
            Some("saw not a process that was there all the time")
        } else {
            None
        }
    }

    /// The revision of a process that is there all the time, or comes and goes, as it was found.
    fn revision(&self, id: ProcessId) -> Option<u64> {
        let number = number_of(id)?;
        (self.times[number] > 0).then(|| self.revisions[number])
    }
}

impl Observation {
    /// A record that was found for a process, or none.
    pub(crate) fn from_record(id: ProcessId, record: Option<ProcessStatus>) -> Self {
        let Some(record) = record else {
            return Observation::Nothing;
        };
        if record.examine(id).is_ok() {
            return Observation::Record(record.revision());
        }
        let owner = all_processes().find(|&other| record.examine(other).is_ok());
        owner.map_or(Observation::Torn, Observation::Foreign)
    }

    /// What a reader finds of a record of that revision, or of none.
    fn from_revision(revision: Option<u64>) -> Self {
        revision.map_or(Observation::Nothing, Observation::Record)
    }

    /// What applying an event gave.
    pub(crate) fn applied(applied: Option<Result<u64, Rejected>>) -> Self {
        match applied {
            None => Observation::Nothing,
            Some(Ok(revision)) => Observation::Applied(revision),
            Some(Err(_)) => Observation::Rejected,
        }
    }

    /// What is wrong with a record, whoever else did what.
    fn not_whole(self) -> Option<&'static str> {
        match self {
            Observation::Torn => Some("saw a torn record"),
            Observation::Foreign(owner) if is_elsewhere(owner) => {
                Some("saw a record of another table")
            }
            Observation::Foreign(_) => Some("saw another process's record"),
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

    fn describe(self) -> String {
        match self {
            Observation::Nothing => "found nothing".into(),
            Observation::Record(number) => format!("found revision {number}"),
            Observation::Applied(number) => format!("made revision {number}"),
            Observation::Rejected => "was rejected".into(),
            Observation::Torn | Observation::Foreign(_) | Observation::Scanned(_) => {
                "saw something else".into()
            }
        }
    }
}

/// The revision of a record that is inserted here.
const INSERTED: u64 = 1;

/// What an operation does to a record of a revision, or to none: what it answers, and what is there
/// afterwards.
pub(super) fn carried_out(operation: Operation, before: Option<u64>) -> (Observation, Option<u64>) {
    let observation = Observation::from_revision(before);
    match operation {
        Operation::ReadHit | Operation::ReadMiss | Operation::Scan => (observation, before),
        Operation::Apply => match before {
            Some(revision) => (Observation::Applied(revision + 1), Some(revision + 1)),
            None => (Observation::Nothing, None),
        },
        Operation::Insert => (observation, Some(INSERTED)),
        Operation::Remove => (observation, None),
    }
}

/// What readers find of the records that operations are about.
pub(crate) type Readings = Vec<(ProcessId, Observation)>;

/// An operation of another thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Other {
    pub(crate) operation: Operation,
    pub(crate) id: ProcessId,
    /// Its answer, where that is known.
    pub(crate) observed: Option<Observation>,
}

/// An operation, and what another thread did while it lasted.
#[derive(Debug)]
pub(crate) struct Beside<'b> {
    pub(crate) operation: Operation,
    pub(crate) id: ProcessId,
    pub(crate) observed: Observation,
    /// One after the other.
    pub(crate) others: &'b [Other],
    /// So many of them began before the operation ended.
    pub(crate) during: usize,
    pub(crate) before: &'b [(ProcessId, Observation)],
    /// Of the same processes, where it is known.
    pub(crate) after: Option<&'b [(ProcessId, Observation)]>,
    /// Whether a scan is to be of one instant.
    pub(crate) is_snapshot: bool,
}

impl Beside<'_> {
    /// What no order explains.
    pub(crate) fn flaw(&self) -> Option<String> {
        if let Some(flaw) = self.observed.not_whole() {
            return Some(flaw.into());
        }
        let orders: Vec<Order> = (0..=self.during).map(|place| self.order(place)).collect();
        if let Observation::Scanned(scan) = self.observed {
            let returned = self.returned();
            let flaw = scan.flaw(returned.unwrap_or(self.id), returned);
            let flaw = flaw.map(str::to_owned);
            return flaw.or_else(|| self.flaw_of_scan(&scan, &orders));
        }
        let explains = |order: &Order| order.observed == self.observed && order.is_of_others;
        if orders.iter().any(explains) {
            return None;
        }
        let list = |all: &mut dyn Iterator<Item = Observation>| {
            let mut all: Vec<String> = all.map(Observation::describe).collect();
            all.dedup();
            all.join(", ")
        };
        let expected = list(&mut orders.iter().map(|order| order.observed));
        let after = self.after.map_or_else(String::new, |after| {
            let left = list(&mut after.iter().map(|&(_, left)| left));
            format!("; afterwards a reader {left}")
        });
        let observed = self.observed.describe();
        Some(format!("{observed} where it may have {expected}{after}"))
    }

    /// What all answer if the operation takes effect after so many of the others.
    fn order(&self, place: usize) -> Order {
        let before = self.before.iter();
        let mut now: Revisions = before.map(|&(id, was)| (id, was.revision())).collect();
        let mut is_of_others = true;
        let mut observed = Observation::Nothing;
        let mut instant = now.clone();
        for number in 0..=self.others.len() {
            if number == place {
                instant.clone_from(&now);
                observed = carry_out(&mut now, self.operation, self.id);
            }
            if let Some(other) = self.others.get(number) {
                let answer = carry_out(&mut now, other.operation, other.id);
                is_of_others &= other.observed.is_none_or(|observed| observed == answer);
            }
        }
        let left = now
            .iter()
            .map(|&(id, revision)| (id, Observation::from_revision(revision)));
        Order {
            observed,
            is_of_others: is_of_others
                && self
                    .after
                    .is_none_or(|after| left.eq(after.iter().copied())),
            instant,
        }
    }

    /// A scan changes nothing; each record it saw was current at some time, and all at one time if that
    /// is claimed. Judged where it is known what is there in the end.
    fn flaw_of_scan(&self, scan: &Scan, orders: &[Order]) -> Option<String> {
        self.after?;
        if !orders.iter().all(|order| order.is_of_others) {
            return Some("answers of the writes beside it that no order explains".into());
        }
        let ids = || {
            let here = self.before.iter().map(|&(id, _)| id);
            here.filter(|&id| number_of(id).is_some())
        };
        let agrees = |order: &Order, id: ProcessId| {
            let mut all = order.instant.iter();
            all.any(|&(of, revision)| of == id && revision == scan.revision(id))
        };
        let stale = ids().find(|&id| !orders.iter().any(|order| agrees(order, id)));
        if let Some(id) = stale {
            let observed = Observation::from_revision(scan.revision(id)).describe();
            return Some(format!(
                "{observed} of a process that was never like that meanwhile"
            ));
        }
        let is_of_one = orders.iter().any(|order| ids().all(|id| agrees(order, id)));
        (self.is_snapshot && !is_of_one).then(|| "saw records of different instants".into())
    }

    /// The process that leaves and comes again, if one does.
    fn returned(&self) -> Option<ProcessId> {
        let ids = |operation| {
            let others = self.others.iter();
            let others = others.filter(move |other| other.operation == operation);
            others.map(|other| other.id)
        };
        ids(Operation::Remove).find(|&id| ids(Operation::Insert).any(|other| other == id))
    }
}

/// Revisions of records, or that there is none.
type Revisions = Vec<(ProcessId, Option<u64>)>;

/// One order.
struct Order {
    /// What the operation answers.
    observed: Observation,
    /// Whether the others answer what they answered, and leave what is left.
    is_of_others: bool,
    /// What was there when the operation took effect.
    instant: Revisions,
}

/// Does it to what is there, and says what it answers.
fn carry_out(now: &mut Revisions, operation: Operation, id: ProcessId) -> Observation {
    let Some((_, revision)) = now.iter_mut().find(|(known, _)| *known == id) else {
        return Observation::Nothing;
    };
    let (observed, left) = carried_out(operation, *revision);
    *revision = left;
    observed
}

/// A stalled operation and a peer's, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encounter {
    pub(crate) stalled: Operation,
    pub(crate) peer: Operation,
    /// The processes that they are about.
    pub(crate) ids: [ProcessId; 2],
    /// What a reader found of the peer's record before both.
    pub(crate) before: Observation,
}

impl Encounter {
    /// What no order of the two explains of what the peer saw and, where it is known, of what was
    /// there after both.
    pub(crate) fn flaw(&self, observed: Observation, after: Option<Observation>) -> Option<String> {
        let [stalled_id, id] = self.ids;
        let after = after.map(|after| [(id, after)]);
        let beside = Beside {
            operation: self.peer,
            id,
            observed,
            others: &[Other {
                operation: self.stalled,
                id: stalled_id,
                observed: None,
            }],
            during: 1,
            before: &[(id, self.before)],
            after: after.as_ref().map(<[_; 1]>::as_slice),
            is_snapshot: false,
        };
        beside.flaw()
    }

    /// What is there once the peer is done beside an operation that does not write; and if that is
    /// another kind of thing than before, how it is undone, with what is there then.
    pub(crate) fn aftermath(&self) -> (Observation, Option<Operation>) {
        let before = self.before.revision();
        let (_, left) = carried_out(self.peer, before);
        let (left, undo) = match (before, left) {
            (None, Some(_)) => (None, Some(Operation::Remove)),
            (Some(_), None) => (Some(INSERTED), Some(Operation::Insert)),
            _ => (left, None),
        };
        (Observation::from_revision(left), undo)
    }
}

#[cfg(test)]
mod tests;
