//! Stops one thread at a point of an operation, and has others try theirs.

use std::time::Duration;

use basis::trace::Operation;
use contract::ProcessId;
use trap::{Place, Progress, Recording, Unavailable, progress};

use super::saw::{Encounter, Saw};
use crate::native::hands::Deed;
use crate::native::quiet::{Sleepers, processor_ns_of_others};
use crate::native::stage::{Stage, restore, warm_up};
use crate::native::threads::Actor;

/// What the peer tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) operation: Operation,
    pub(crate) same_process: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It got done. If it saw what no order explains, that.
    Done { flaw: Option<String> },
    /// It did not get done until the thread went on.
    Blocked { flaw: Option<String> },
    /// The thread did not come by there again.
    Untried,
}

impl Outcome {
    pub(crate) const fn is_blocked(&self) -> bool {
        matches!(self, Outcome::Blocked { .. })
    }

    pub(crate) fn flaw(&self) -> Option<&str> {
        match self {
            Outcome::Done { flaw } | Outcome::Blocked { flaw } => flaw.as_deref(),
            Outcome::Untried => None,
        }
    }
}

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// When a peer is taken to be blocked. Not after some time, which a busy machine may need for
/// anything, but when all threads of the process sleep, so that nobody is left to wake it; or when
/// they, the peer or one that the strategy has for it, have used so much of a processor as no
/// operation needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How often in a row all have to be found asleep.
    looks: u32,
    /// Nanoseconds of processor time.
    spun_ns: u64,
}

impl Patience {
    /// For a first impression.
    pub(crate) const SHORT: Self = Self {
        looks: 2,
        spun_ns: 1_000_000,
    };
    /// Before it is believed.
    pub(crate) const LONG: Self = Self {
        looks: 5,
        spun_ns: 10_000_000,
    };
}

/// A table, a thread that is stopped, and its peers: one for each try.
pub(crate) struct Lab {
    stage: Stage,
    peers: Vec<Actor>,
}

/// What a thread came by on its way from stop to stop.
pub(crate) struct Walk {
    /// What came of each try, at each of the points that it stopped at.
    pub(crate) outcomes: Vec<Vec<Outcome>>,
    pub(crate) recording: Recording,
}

/// As many as are tried at one point: each may be blocked there.
pub(crate) const PEERS: usize = 5;

impl Lab {
    pub(crate) fn new(stage: Stage) -> Result<Self, Unavailable> {
        let peers = (0..PEERS)
            .map(|_| stage.newcomer())
            .collect::<Result<Vec<_>, _>>()?;
        for peer in &peers {
            for operation in Operation::ALL {
                warm_up(peer, operation);
            }
        }
        Ok(Self { stage, peers })
    }

    fn stalled(&self) -> &Actor {
        &self.stage.threads[0]
    }

    /// The processes that the stalled operation and the peer's are about.
    pub(crate) fn processes(&self, stalled: Operation, tried: Try) -> [ProcessId; 2] {
        self.stage
            .processes(stalled, tried.operation, tried.same_process)
    }

    /// The operation without a stop.
    pub(crate) fn record(&self, operation: Operation, id: ProcessId) -> Recording {
        for step in 0..4 {
            self.stalled().run(Deed::new(operation, id, step));
            self.put_back(operation, id);
        }
        let recording = self.stalled().record(Deed::new(operation, id, 4));
        self.put_back(operation, id);
        recording
    }

    fn put_back(&self, operation: Operation, id: ProcessId) {
        restore(self.stalled(), operation, id);
        self.stalled().publish();
    }

    /// Stops the operation at each of the `places`, one after the other, and has the peers try theirs.
    /// Whoever is blocked at one goes on trying at the next. It ends early where a peer has written,
    /// which changes what the operation finds. At most [`PEERS`] tries, and only one if it writes.
    pub(crate) fn walk(
        &self,
        operation: Operation,
        tries: &[Try],
        places: &[Place],
        patience: Patience,
    ) -> Walk {
        let encounters: Vec<Encounter> = tries
            .iter()
            .map(|&tried| self.encounter(operation, tried))
            .collect();
        trap::stop_at(places.first().copied());
        let id = encounters[0].ids[0];
        self.stalled().begin_step(Deed::new(operation, id, 7));
        let mut stops: Vec<Vec<Option<Saw>>> = Vec::new();
        let mut ended = self.stopped_or_ended();
        while ended.is_none() {
            let saws = self.try_all(&encounters, stops.last(), patience);
            let is_done = |(saw, encounter): (&Option<Saw>, &Encounter)| {
                saw.is_some() && encounter.peer.is_write()
            };
            let has_written = saws.iter().zip(&encounters).any(is_done);
            stops.push(saws);
            match places.get(stops.len()) {
                Some(&next) if !has_written => {
                    trap::advance_to(next);
                    ended = self.stopped_or_ended();
                }
                _ => {
                    trap::go_on();
                    ended = Some(self.stalled().recorded());
                }
            }
        }
        trap::stop_at(None);
        Walk {
            outcomes: self.judged(&encounters, &stops),
            recording: ended.expect("the loop ends with it"),
        }
    }

    /// The two operations, and what is there for the peer before them.
    fn encounter(&self, stalled: Operation, tried: Try) -> Encounter {
        let ids = self.processes(stalled, tried);
        let before = self.peers[0].attempt(Deed::new(Operation::ReadHit, ids[1], 0));
        Encounter {
            stalled,
            peer: tried.operation,
            ids,
            before: before.revision(),
        }
    }

    /// Waits until the thread has stopped; what it executed, if it has ended instead.
    fn stopped_or_ended(&self) -> Option<Recording> {
        loop {
            if let Some(recording) = self.stalled().recorded_so_far() {
                return Some(recording);
            }
            if progress() == Progress::Stopped {
                return None;
            }
            std::thread::yield_now();
        }
    }

    /// What each peer saw, nothing of those that are blocked; those that were blocked `before` are at
    /// it still.
    fn try_all(
        &self,
        encounters: &[Encounter],
        before: Option<&Vec<Option<Saw>>>,
        patience: Patience,
    ) -> Vec<Option<Saw>> {
        let each = self.peers.iter().zip(encounters).enumerate();
        each.map(|(number, (peer, encounter))| {
            let is_at_it = before.is_some_and(|before| before[number].is_none());
            if !is_at_it {
                peer.begin(Deed::new(encounter.peer, encounter.ids[1], 8));
            }
            wait(peer, patience)
        })
        .collect()
    }

    /// What came of the tries; the thread has gone on. Makes the table what it was.
    fn judged(&self, encounters: &[Encounter], stops: &[Vec<Option<Saw>>]) -> Vec<Vec<Outcome>> {
        let blocked_last = |number: usize| stops.last().is_some_and(|saws| saws[number].is_none());
        let mut late: Vec<Option<Saw>> = (0..encounters.len())
            .map(|number| blocked_last(number).then(|| self.peers[number].saw()))
            .collect();
        let mut outcomes = Vec::with_capacity(stops.len());
        for saws in stops.iter().rev() {
            let each = saws.iter().zip(encounters).enumerate();
            let judged = each.map(|(number, (&saw, encounter))| {
                let flaw = saw.or(late[number].take()).and_then(|saw| {
                    let writes = encounter.peer.is_write();
                    encounter.flaw(saw, writes.then(|| self.left(encounter.ids[1])))
                });
                match saw {
                    None => Outcome::Blocked { flaw },
                    Some(_) => Outcome::Done { flaw },
                }
            });
            outcomes.push(judged.collect());
        }
        outcomes.reverse();
        for encounter in encounters {
            let [stalled, peer] = encounter.ids;
            let pair = [(encounter.stalled, stalled), (encounter.peer, peer)];
            self.stage.put_back(pair);
        }
        outcomes
    }

    /// The record that is there in the end.
    fn left(&self, id: ProcessId) -> Saw {
        self.stalled().publish();
        let reader = self.stage.threads.last().expect("there are two");
        reader.attempt(Deed::new(Operation::ReadHit, id, 0))
    }
}

/// What the peer sees of what it has begun; nothing if it is blocked.
fn wait(peer: &Actor, patience: Patience) -> Option<Saw> {
    let mut sleepers = Sleepers::within(patience.looks);
    let began_ns = processor_ns_of_others();
    loop {
        if let Some(saw) = peer.saw_within(GLANCE) {
            return Some(saw);
        }
        let spun_ns = processor_ns_of_others().saturating_sub(began_ns);
        if sleepers.are_all() || spun_ns > patience.spun_ns {
            return None;
        }
    }
}

/// The tries that make sense beside an operation.
pub(crate) fn tries(stalled: Operation, peers: &[Operation]) -> Vec<Try> {
    let both = |&operation: &Operation| {
        [true, false].map(|same_process| Try {
            operation,
            same_process,
        })
    };
    let makes_sense = |tried: &Try| {
        crate::native::experiment::has_pair(stalled, tried.operation, tried.same_process)
    };
    peers.iter().flat_map(both).filter(makes_sense).collect()
}
