//! Stops one thread at a point of an operation, and has others try theirs.

use std::time::Duration;

use basis::trace::Operation;
use contract::ProcessId;
use trap::{Place, Progress, Recording, Unavailable, progress};

use super::saw::{Encounter, Saw};
use crate::native::hands::Deed;
use crate::native::quiet::Sleepers;
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
}

impl Outcome {
    pub(crate) const fn is_blocked(&self) -> bool {
        matches!(self, Outcome::Blocked { .. })
    }

    pub(crate) fn flaw(&self) -> Option<&str> {
        match self {
            Outcome::Done { flaw } | Outcome::Blocked { flaw } => flaw.as_deref(),
        }
    }
}

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// When a peer is taken to be blocked. Not after some time, which a busy machine may need for
/// anything, but when all threads of the process sleep, so that nobody is left to wake it; or when it
/// has used so much of a processor as no operation needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How often in a row all have to be found asleep.
    looks: u32,
    /// Nanoseconds of the peer's processor time.
    spun_ns: u64,
}

impl Patience {
    /// For a first impression.
    pub(crate) const SHORT: Self = Self {
        looks: 2,
        spun_ns: 500_000,
    };
    /// Before it is believed.
    pub(crate) const LONG: Self = Self {
        looks: 5,
        spun_ns: 5_000_000,
    };
}

/// A table, a thread that is stopped, and its peers.
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

    /// Stops the operation at each of the `places`, one after the other, and has the peers try theirs;
    /// for as long as nobody is blocked, since whoever is needs the thread to go on. At most
    /// [`PEERS`] tries, and only one if it writes.
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
        let id = encounters[0].ids[0];
        trap::stop_at(places.first().copied());
        self.stalled().begin_step(Deed::new(operation, id, 7));
        let mut walk = Vec::new();
        let mut ended = self.stopped_or_ended();
        while ended.is_none() {
            let saws = self.try_all(&encounters, patience);
            let is_anyone_blocked = saws.contains(&None);
            walk.push(saws);
            match places.get(walk.len()) {
                Some(&next) if !is_anyone_blocked => {
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
        let outcomes = self.judged(&encounters, walk);
        Walk {
            outcomes,
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

    /// What each peer saw; nothing of those that are blocked.
    fn try_all(&self, encounters: &[Encounter], patience: Patience) -> Vec<Option<Saw>> {
        let mut idle = self.peers.iter();
        let mut peer = idle.next().expect("there are peers");
        let mut saws = Vec::with_capacity(encounters.len());
        for encounter in encounters {
            peer.begin(Deed::new(encounter.peer, encounter.ids[1], 8));
            let saw = wait(peer, patience);
            if saw.is_none() {
                // Somebody else has to try the rest.
                peer = idle.next().unwrap_or(peer);
            }
            saws.push(saw);
        }
        saws
    }

    /// What came of the tries; the thread has gone on. Makes the table what it was.
    fn judged(&self, encounters: &[Encounter], walk: Vec<Vec<Option<Saw>>>) -> Vec<Vec<Outcome>> {
        let mut blocked = self.peers.iter();
        let mut outcomes: Vec<Vec<Outcome>> = Vec::with_capacity(walk.len());
        for saws in walk {
            let each = saws.into_iter().zip(encounters).map(|(saw, encounter)| {
                let is_blocked = saw.is_none();
                let saw = saw.unwrap_or_else(|| blocked.next().expect("it is blocked").saw());
                let after = encounter
                    .peer
                    .is_write()
                    .then(|| self.left(encounter.ids[1]));
                let flaw = encounter.flaw(saw, after);
                if is_blocked {
                    Outcome::Blocked { flaw }
                } else {
                    Outcome::Done { flaw }
                }
            });
            outcomes.push(each.collect());
        }
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
    let began_ns = peer.processor_ns();
    loop {
        if let Some(saw) = peer.saw_within(GLANCE) {
            return Some(saw);
        }
        let spun_ns = peer.processor_ns() - began_ns;
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
