//! What an operation answered beside others, and whether some order of all of them explains it.

use contract::{ProcessId, ProcessStatus, Rejected, Specimen};
use model::trace::Operation;

use crate::native::processes::{Request, STEADY, all_processes, is_elsewhere, number_of, steady};

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

    /// What it found of a process that is there all the time, or comes and goes.
    fn observation(&self, id: ProcessId) -> Observation {
        let number = number_of(id).filter(|&number| self.times[number] > 0);
        number.map_or(Observation::Nothing, |number| {
            Observation::Record(self.revisions[number])
        })
    }
}

impl Observation {
    /// A record that was found for a process, or none.
    pub(crate) fn from_record(id: ProcessId, record: Option<ProcessStatus>) -> Self {
        record.map_or(Observation::Nothing, |record| {
            let is_of = |&other: &ProcessId| record.examine(other).is_ok();
            if is_of(&id) {
                return Observation::Record(record.revision());
            }
            let owner = all_processes().find(is_of);
            owner.map_or(Observation::Torn, Observation::Foreign)
        })
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

/// What an operation does to a record, or to none: what it answers, and what readers find afterwards.
fn carried_out(operation: Operation, before: Observation) -> (Observation, Observation) {
    match (operation, before.revision()) {
        (Operation::ReadHit | Operation::ReadMiss | Operation::Scan, _) => (before, before),
        (Operation::Apply, None) => (Observation::Nothing, Observation::Nothing),
        (Operation::Apply, Some(revision)) => {
            let next = revision + 1;
            (Observation::Applied(next), Observation::Record(next))
        }
        (Operation::Insert, _) => (before, Observation::Record(INSERTED)),
        (Operation::Remove, _) => (before, Observation::Nothing),
    }
}

/// What readers find of the records that operations are about.
pub(crate) type Readings = Vec<(ProcessId, Observation)>;

/// An operation of another thread, and its answer, where that is known.
pub(crate) type Other = (Request, Option<Observation>);

/// An operation, and what another thread did while it lasted.
#[derive(Debug)]
pub(crate) struct Beside<'b> {
    pub(crate) request: Request,
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
        // Also what the others answered: a table that was wrong before may answer as it did then.
        let mut answers = self.others.iter().filter_map(|(_, answer)| *answer);
        let of_others = answers.find_map(Observation::not_whole);
        if let Some(flaw) = self.observed.not_whole().or(of_others) {
            return Some(flaw.into());
        }
        let orders: Vec<Order> = (0..=self.during).map(|place| self.order(place)).collect();
        if let Observation::Scanned(scan) = self.observed {
            let returned = self.returned();
            let flaw = scan.flaw(returned.unwrap_or(self.request.1), returned);
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
        let mut now = self.before.to_vec();
        let mut is_of_others = true;
        let mut observed = Observation::Nothing;
        let mut instant = now.clone();
        for number in 0..=self.others.len() {
            if number == place {
                instant.clone_from(&now);
                observed = carry_out(&mut now, self.request);
            }
            if let Some(&(other, known)) = self.others.get(number) {
                let answer = carry_out(&mut now, other);
                is_of_others &= known.is_none_or(|observed| observed == answer);
            }
        }
        Order {
            observed,
            is_of_others: is_of_others && self.after.is_none_or(|after| after == now),
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
            all.any(|&read| read == (id, scan.observation(id)))
        };
        if let Some(id) = ids().find(|&id| !orders.iter().any(|order| agrees(order, id))) {
            let observed = scan.observation(id).describe();
            let what = "of a process that was never like that meanwhile";
            return Some(format!("{observed} {what}"));
        }
        let is_of_one = orders.iter().any(|order| ids().all(|id| agrees(order, id)));
        (self.is_snapshot && !is_of_one).then(|| "saw records of different instants".into())
    }

    /// The process that leaves and comes again, if one does.
    fn returned(&self) -> Option<ProcessId> {
        let mut others = self.others.iter().map(|&(request, _)| request);
        let comes = |id| {
            self.others
                .iter()
                .any(|&(other, _)| other == (Operation::Insert, id))
        };
        let returned = others.find(|&(operation, id)| operation == Operation::Remove && comes(id));
        returned.map(|(_, id)| id)
    }
}

/// One order.
struct Order {
    /// What the operation answers.
    observed: Observation,
    /// Whether the others answer what they answered, and leave what is left.
    is_of_others: bool,
    /// What was there when the operation took effect.
    instant: Readings,
}

/// Does it to what is there, and says what it answers.
fn carry_out(now: &mut Readings, (operation, id): Request) -> Observation {
    let Some((_, record)) = now.iter_mut().find(|(known, _)| *known == id) else {
        return Observation::Nothing;
    };
    let (observed, left) = carried_out(operation, *record);
    *record = left;
    observed
}

/// What no order of a stalled operation and a peer's explains of what the peer saw and, where it is known, of what was
/// there `after` both. A reader found `before` of the peer's record.
pub(crate) fn flaw_of_peer(
    [stalled, peer]: [Request; 2],
    before: Observation,
    observed: Observation,
    after: Option<Observation>,
) -> Option<String> {
    let after = after.map(|after| [(peer.1, after)]);
    Beside {
        request: peer,
        observed,
        others: &[(stalled, None)],
        during: 1,
        before: &[(peer.1, before)],
        after: after.as_ref().map(|after| &after[..]),
        is_snapshot: false,
    }
    .flaw()
}

/// What is there once a peer is done beside an operation that does not write; and if that is
/// another kind of thing than before, how it is undone, with what is there then.
pub(crate) fn aftermath(peer: Operation, before: Observation) -> (Observation, Option<Operation>) {
    let (_, left) = carried_out(peer, before);
    match (before.revision(), left.revision()) {
        (None, Some(_)) => (Observation::Nothing, Some(Operation::Remove)),
        (Some(_), None) => (Observation::Record(INSERTED), Some(Operation::Insert)),
        _ => (left, None),
    }
}

#[cfg(test)]
mod tests;
