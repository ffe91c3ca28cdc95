//! Whether some order of one operation and another thread's writes explains what all of them answered.

use basis::trace::Operation;
use contract::ProcessId;

use super::observation::{Observation, carried_out, found, told};
use crate::native::processes::number_of;

/// Revisions of the records that the operations are about, or that there is none.
pub(crate) type Revisions = Vec<(ProcessId, Option<u64>)>;

/// A write of another thread, and its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    pub(crate) operation: Operation,
    pub(crate) id: ProcessId,
    pub(crate) observed: Observation,
}

/// An operation, and what another thread wrote while it lasted.
#[derive(Debug)]
pub(crate) struct Beside<'b> {
    pub(crate) operation: Operation,
    pub(crate) id: ProcessId,
    pub(crate) observed: Observation,
    /// One after the other.
    pub(crate) writes: &'b [Write],
    /// So many of them began before the operation ended.
    pub(crate) during: usize,
    pub(crate) before: &'b Revisions,
    pub(crate) after: &'b Revisions,
    /// Whether a scan is to be of one instant.
    pub(crate) is_snapshot: bool,
}

impl Beside<'_> {
    /// What no order explains.
    pub(crate) fn flaw(&self) -> Option<String> {
        if let Some(flaw) = self.observed.not_whole() {
            return Some(flaw);
        }
        let orders: Vec<Order> = (0..=self.during).map(|place| self.order(place)).collect();
        if let Observation::Scanned(scan) = self.observed {
            let removed = self.removed();
            return scan
                .flaw(removed.unwrap_or(self.id), removed)
                .map(|flaw| format!("saw {flaw}"))
                .or_else(|| self.flaw_of_scan(&orders));
        }
        if orders
            .iter()
            .any(|order| order.observed == self.observed && order.is_of_others)
        {
            return None;
        }
        let mut expected: Vec<String> = orders.iter().map(|order| told(order.observed)).collect();
        expected.dedup();
        let left: Vec<String> = self
            .after
            .iter()
            .map(|&(_, left)| told(found(left)))
            .collect();
        Some(format!(
            "{} where it may have {}; afterwards a reader {}",
            told(self.observed),
            expected.join(", "),
            left.join(", ")
        ))
    }

    /// What all answer if the operation takes effect after so many of the writes.
    fn order(&self, place: usize) -> Order {
        let mut now = self.before.clone();
        let mut is_of_others = true;
        let mut observed = Observation::Nothing;
        let mut instant = now.clone();
        for number in 0..=self.writes.len() {
            if number == place {
                instant.clone_from(&now);
                observed = carry_out(&mut now, self.operation, self.id);
            }
            if let Some(write) = self.writes.get(number) {
                is_of_others &= carry_out(&mut now, write.operation, write.id) == write.observed;
            }
        }
        Order {
            observed,
            is_of_others: is_of_others && now == *self.after,
            instant,
        }
    }

    /// A scan changes nothing; each record it saw was current at some time, and all at one time if that
    /// is claimed.
    fn flaw_of_scan(&self, orders: &[Order]) -> Option<String> {
        let Observation::Scanned(scan) = self.observed else {
            return None;
        };
        if !orders.iter().all(|order| order.is_of_others) {
            return Some("answers of the writes beside it that no order explains".into());
        }
        let ids = || {
            let here = self.before.iter().map(|&(id, _)| id);
            here.filter(|&id| number_of(id).is_some())
        };
        let agrees = |order: &Order, id: ProcessId| of(&order.instant, id) == scan.revision(id);
        let stale = ids().find(|&id| !orders.iter().any(|order| agrees(order, id)));
        if let Some(id) = stale {
            let observed = told(found(scan.revision(id)));
            return Some(format!(
                "{observed} of a process that was never like that meanwhile"
            ));
        }
        let is_of_one = orders.iter().any(|order| ids().all(|id| agrees(order, id)));
        (self.is_snapshot && !is_of_one).then(|| "saw records of different instants".into())
    }

    /// The process that leaves and comes again, if one does.
    fn removed(&self) -> Option<ProcessId> {
        let is_removal = |write: &&Write| write.operation == Operation::Remove;
        self.writes.iter().find(is_removal).map(|write| write.id)
    }
}

/// One order.
struct Order {
    /// What the operation answers.
    observed: Observation,
    /// Whether the writes answer what they answered, and leave what is left.
    is_of_others: bool,
    /// What was there when the operation took effect.
    instant: Revisions,
}

fn of(revisions: &Revisions, id: ProcessId) -> Option<u64> {
    revisions
        .iter()
        .find(|(known, _)| *known == id)
        .and_then(|&(_, revision)| revision)
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ProcessId = ProcessId(1);
    const OTHER: ProcessId = ProcessId(2);

    fn update(id: ProcessId, made: u64) -> Write {
        Write {
            operation: Operation::Apply,
            id,
            observed: Observation::Applied(made),
        }
    }

    /// An operation on a record of revision 7, beside an update of it and one of another record.
    fn flaw(operation: Operation, observed: Observation, made: u64, left: u64) -> Option<String> {
        Beside {
            operation,
            id: ONE,
            observed,
            writes: &[update(ONE, made), update(OTHER, 4)],
            during: 2,
            before: &vec![(ONE, Some(7)), (OTHER, Some(3))],
            after: &vec![(ONE, Some(left)), (OTHER, Some(4))],
            is_snapshot: false,
        }
        .flaw()
    }

    #[test]
    fn a_read_returns_what_was_current_while_it_lasted() {
        let read = |observed| flaw(Operation::ReadHit, observed, 8, 8);
        assert_eq!(read(Observation::Record(7)), None);
        assert_eq!(read(Observation::Record(8)), None);
        for observed in [
            Observation::Record(6),
            Observation::Record(9),
            Observation::Nothing,
        ] {
            assert!(read(observed).is_some(), "{observed:?}");
        }
        let foreign = read(Observation::Foreign(OTHER)).unwrap();
        assert_eq!(foreign, "saw another process's record");
    }

    #[test]
    fn an_update_is_not_lost_whoever_comes_first() {
        assert_eq!(flaw(Operation::Apply, Observation::Applied(9), 8, 9), None);
        assert_eq!(flaw(Operation::Apply, Observation::Applied(8), 9, 9), None);
        assert!(flaw(Operation::Apply, Observation::Applied(8), 8, 8).is_some());
        assert!(flaw(Operation::Apply, Observation::Applied(9), 8, 8).is_some());
    }

    #[test]
    fn what_came_after_the_end_explains_nothing() {
        let read = |during| {
            Beside {
                operation: Operation::ReadHit,
                id: ONE,
                observed: Observation::Record(9),
                writes: &[update(ONE, 8), update(ONE, 9)],
                during,
                before: &vec![(ONE, Some(7))],
                after: &vec![(ONE, Some(9))],
                is_snapshot: false,
            }
            .flaw()
        };
        assert_eq!(read(2), None);
        assert!(read(1).is_some());
    }
}
