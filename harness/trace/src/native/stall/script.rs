//! What one thread does that is stopped twice, and what another writes at each stop.

use contract::ProcessId;
use model::stall::Writes;
use model::trace::Operation;

use crate::native::processes::{elsewhere, target};

/// An operation, and what another thread writes at each of its stops.
pub(crate) struct Script {
    pub(crate) writes: Writes,
    pub(crate) operation: Operation,
    pub(crate) id: ProcessId,
    pub(crate) at_stops: [[(Operation, ProcessId); 2]; Self::STOPS],
}

impl Script {
    /// How often the operation is stopped, at most.
    pub(crate) const STOPS: usize = 2;

    /// Those that make sense for an operation, where the writer may do so much.
    pub(crate) fn all(operation: Operation, peers: &[Operation]) -> Vec<Self> {
        use Operation::{Apply, Insert, Remove};
        let id = target(operation, 0);
        let is_about_absent = matches!(operation, Operation::ReadMiss | Insert);
        let mut scripts = Vec::new();
        if peers.contains(&Apply) && !is_about_absent {
            let other = target(Operation::ReadHit, 3);
            for (writes, other) in [
                (Writes::Updates, other),
                (Writes::AnotherTable, elsewhere(id)),
            ] {
                scripts.push(Self {
                    writes,
                    operation,
                    id,
                    at_stops: [[(Apply, id), (Apply, other)]; 2],
                });
            }
        }
        if peers.contains(&Insert) && peers.contains(&Remove) {
            let (there, absent) = (target(Remove, 0), target(Insert, 0));
            scripts.push(Self {
                writes: Writes::Membership,
                operation,
                id: if is_about_absent { absent } else { there },
                at_stops: [
                    [(Remove, there), (Insert, absent)],
                    [(Remove, absent), (Insert, there)],
                ],
            });
        }
        scripts
    }

    /// The processes that it is about.
    pub(crate) fn processes(&self) -> Vec<ProcessId> {
        let written = self.at_stops.iter().flatten().map(|&(_, id)| id);
        let mut all: Vec<ProcessId> = written.chain([self.id]).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
