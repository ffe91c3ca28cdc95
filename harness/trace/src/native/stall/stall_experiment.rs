//! Stops one thread at a point of an operation, and has others try theirs.

use std::time::Duration;

use contract::{ProcessId, ScanConsistency};
use model::trace::Operation;
use trap::{Place, Progress, Recording, Unavailable, progress};

use super::observation::{Beside, Encounter, Observation, Readings};
use super::script::Script;
use super::writing::{Peer, Writing};
use crate::native::experiment::has_pair;
use crate::native::fixture::{Fixture, restore, warm_up_all};
use crate::native::step_handle::{Request, TracedStrategy};
use crate::native::threads::{Actor, Answer, Mode};

/// What the peer tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) operation: Operation,
    pub(crate) same_process: bool,
}

/// What came of it, at a point that the thread has come by again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// It did not get done until the thread went on.
    pub(crate) is_blocked: bool,
    /// What it saw, if no order explains it.
    pub(crate) flaw: Option<String>,
}

/// How peers try.
///
/// One is taken to be blocked not after some time, which a busy machine may need for anything, but when
/// all threads of the process sleep, so that nobody is left to wake it; or when they, the peer or one
/// that the strategy has for it, have used so much of a processor as no operation needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// How often in a row all have to be found asleep.
    pub(super) looks: u32,
    /// Processor time.
    pub(super) spun: Duration,
}

impl Manner {
    /// For a first impression.
    pub(crate) const QUICK: Self = Self {
        looks: 2,
        spun: Duration::from_millis(1),
    };
    /// Before it is believed.
    pub(crate) const PATIENT: Self = Self {
        looks: 5,
        spun: Duration::from_millis(10),
    };
}

/// A table, a thread that is stopped, its peer, and one that writes at stops.
pub(crate) struct StallExperiment {
    fixture: Fixture,
    peer: Actor,
    writer: Actor,
    /// Whether scans are claimed to be of one instant.
    is_snapshot: bool,
}

/// What came of an operation beside the writer's.
pub(crate) struct Trip {
    pub(crate) recording: Recording,
    /// How often it was stopped.
    pub(crate) stops: usize,
    /// The writer did not get done at the first stop.
    pub(crate) is_blocked: bool,
    /// What no order explains.
    pub(crate) flaw: Option<String>,
}

impl StallExperiment {
    pub(crate) fn new(fixture: Fixture, strategy: TracedStrategy) -> Result<Self, Unavailable> {
        let peer = fixture.newcomer()?;
        warm_up_all(&peer);
        let writer = fixture.writer(strategy)?;
        let is_snapshot = strategy.profile.scan_consistency == ScanConsistency::Snapshot;
        Ok(Self {
            fixture,
            peer,
            writer,
            is_snapshot,
        })
    }

    fn stalled(&self) -> &Actor {
        &self.fixture.threads[0]
    }

    /// The processes that the stalled operation and the peer's are about.
    pub(crate) fn processes(&self, stalled: Operation, tried: Try) -> [ProcessId; 2] {
        self.fixture
            .processes(stalled, tried.operation, tried.same_process)
    }

    /// The operation without a stop.
    pub(crate) fn record(&self, operation: Operation, id: ProcessId) -> Recording {
        for step in 0..4 {
            self.stalled().run(Request::new(operation, id, step));
            self.put_back(operation, id);
        }
        let answer = self
            .stalled()
            .perform(Request::new(operation, id, 4), Mode::Step);
        self.put_back(operation, id);
        answer.recording()
    }

    fn put_back(&self, operation: Operation, id: ProcessId) {
        restore(self.stalled(), operation, id);
        self.stalled().publish();
    }

    /// Stops the operation at one place after another, and has the peer try its own at each, as far as nobody is
    /// blocked or has written. What came of that where the operation came by, and what it executed.
    pub(crate) fn meet(
        &self,
        operation: Operation,
        tried: Try,
        places: &[Place],
        manner: Manner,
    ) -> (Vec<Outcome>, Recording) {
        let ids @ [id, peer_id] = self.processes(operation, tried);
        let encounter = Encounter {
            stalled: operation,
            peer: tried.operation,
            ids,
            before: read(&self.peer, peer_id),
        };
        let mut peer = Peer::new(&self.peer);
        let mut answers = Vec::new();
        let request = Request::new(operation, id, 7);
        let (ended, _) = self.stop_at_each(request, Mode::Step, places, |stop| {
            peer.begin(tried.operation, peer_id, 8);
            let answer = peer.wait(manner);
            answers.push(answer);
            answer.is_some() && !tried.operation.is_write() && stop + 1 < places.len()
        });
        // If it was blocked, it is no longer.
        let late = peer.is_busy.then(|| peer.end());
        let left = tried.operation.is_write().then(|| self.left(peer_id));
        self.fixture
            .put_back([(operation, id), (tried.operation, peer_id)]);
        let outcomes = answers.into_iter().map(|answer| Outcome {
            is_blocked: answer.is_none(),
            flaw: answer
                .or(late)
                .and_then(|observed| encounter.flaw(observed, left)),
        });
        (outcomes.collect(), ended.recording())
    }

    /// Has the stalled thread do something with stops at the `places`, where `at_stop` does what there is to do;
    /// it is told which stop it is, and says whether the thread may go on to the next.
    /// What it does after the last one is done step by step where another could follow. The answer, and how often
    /// it has stopped.
    fn stop_at_each(
        &self,
        request: Request,
        mode: Mode,
        places: &[Place],
        mut at_stop: impl FnMut(usize) -> bool,
    ) -> (Answer, usize) {
        trap::stop_at(places.first().copied());
        self.stalled().begin(request, mode);
        let mut stops = 0;
        let answer = loop {
            if let Some(answer) = self.stopped_or_ended() {
                break answer;
            }
            let may_go_on = at_stop(stops);
            stops += 1;
            match places.get(stops) {
                Some(&next) if may_go_on => trap::advance_to(next),
                None if may_go_on && stops < Script::STOPS => {
                    trap::step_on();
                    break self.stalled().answer();
                }
                _ => {
                    trap::go_on();
                    break self.stalled().answer();
                }
            }
        };
        trap::stop_at(None);
        (answer, stops)
    }

    /// Does an operation with stops at the `places`, two at most, and has the writer write at each what
    /// the script says; without any nobody writes. What was begun is done in the end, and the table is
    /// what it was.
    pub(crate) fn trip(&self, script: &Script, places: &[Place]) -> Trip {
        let processes = script.processes();
        self.publish();
        let before = self.readings(&processes);
        let mut writing = Writing::new(&self.writer, script);
        let request = Request::new(script.operation, script.id, 7);
        let mut is_blocked = false;
        let (answer, stops) = self.stop_at_each(request, Mode::StepAndObserve, places, |stop| {
            let is_done = writing.go_on(stop);
            is_blocked |= stop == 0 && !is_done;
            is_done
        });
        let during = writing.begun();
        let writes = if places.is_empty() {
            Vec::new()
        } else {
            writing.end()
        };
        self.publish();
        let after = self.readings(&processes);
        let beside = Beside {
            operation: script.operation,
            id: script.id,
            observed: answer.observed,
            others: &writes,
            during,
            before: &before,
            after: Some(&after),
            is_snapshot: self.is_snapshot,
        };
        let flaw = beside.flaw();
        self.make(&before, &after);
        Trip {
            recording: answer.recording(),
            stops,
            is_blocked,
            flaw,
        }
    }

    /// Whatever was written to either table is what readers find.
    fn publish(&self) {
        self.stalled().publish();
        self.writer.publish();
    }

    fn readings(&self, processes: &[ProcessId]) -> Readings {
        let processes = processes.iter();
        processes.map(|&id| (id, read(&self.writer, id))).collect()
    }

    /// Makes the processes be there, or not, as they were before.
    fn make(&self, before: &Readings, after: &Readings) {
        for (&(id, was), &(_, is)) in before.iter().zip(after) {
            let operation = match (was.revision(), is.revision()) {
                (Some(_), None) => Operation::Insert,
                (None, Some(_)) => Operation::Remove,
                _ => continue,
            };
            self.writer.run(Request::new(operation, id, 0));
            self.writer.publish();
        }
    }

    /// Waits until the thread has stopped; its answer, if it has ended instead.
    fn stopped_or_ended(&self) -> Option<Answer> {
        loop {
            let ended = self.stalled().answer_within(Duration::ZERO);
            if ended.is_some() || progress() == Progress::Stopped {
                return ended;
            }
            trap::rest();
        }
    }

    /// The record that is there in the end.
    fn left(&self, id: ProcessId) -> Observation {
        self.stalled().publish();
        let reader = self.fixture.threads.last().expect("there are two");
        read(reader, id)
    }
}

/// What a thread finds of a process.
fn read(thread: &Actor, id: ProcessId) -> Observation {
    let request = Request::new(Operation::ReadHit, id, 0);
    thread.perform(request, Mode::Observe).observed
}

/// The tries that make sense beside an operation.
pub(crate) fn tries(stalled: Operation, peers: &[Operation]) -> Vec<Try> {
    let all = peers.iter().flat_map(|&operation| {
        [true, false].map(|same_process| Try {
            operation,
            same_process,
        })
    });
    let makes_sense = |tried: &Try| has_pair(stalled, tried.operation, tried.same_process);
    all.filter(makes_sense).collect()
}
