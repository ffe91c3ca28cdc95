//! Stops one thread at a point of an operation, and has others try theirs, from stop to stop.

use std::time::Duration;

use contract::{ProcessId, ScanConsistency};
use model::trace::Operation;
use trap::{Place, Progress, Recording, Result};

use super::observation::{Beside, Observation, Other, Readings, aftermath, flaw_of_peer};
use super::two_stops::Script;
use crate::native::fixture::{Fixture, restore};
use crate::native::processes::{Request, Which, has_pair};
use crate::native::threads::{
    Actor, Answer, Mode, Quiescence, TracedStrategy, processor_time_of_others,
};

/// What came of what a peer tried, at a point that the thread has come by again.
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
    /// Whether nobody may have written since the operation began: each point for itself.
    pub(super) afresh: bool,
}

impl Manner {
    /// For a first impression.
    pub(crate) const QUICK: Self = Self {
        looks: 2,
        spun: Duration::from_millis(1),
        afresh: false,
    };
    /// Before it is believed.
    pub(crate) const PATIENT: Self = Self {
        looks: 5,
        spun: Duration::from_millis(10),
        afresh: true,
    };
}

/// A table, a thread that is stopped and a peer that tries beside it, and one that writes at stops.
pub(crate) struct StallExperiment {
    pub(super) fixture: Fixture,
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

/// What came of a try; none where the thread did not come by again.
pub(crate) type Tried = Option<Outcome>;

impl StallExperiment {
    pub(crate) fn new(fixture: Fixture, strategy: TracedStrategy) -> Result<Self> {
        Ok(Self {
            writer: fixture.writer(strategy)?,
            is_snapshot: strategy.profile.scan_consistency == ScanConsistency::Snapshot,
            fixture,
        })
    }

    fn stalled(&self) -> &Actor {
        &self.fixture.threads[0]
    }

    fn peer(&self) -> &Actor {
        &self.fixture.threads[1]
    }

    /// The operation without a stop.
    pub(crate) fn record(&self, request: Request) -> Recording {
        for _ in 0..4 {
            self.stalled().run(request);
            self.put_back(request);
        }
        let answer = self.stalled().perform(request, Mode::Step);
        self.put_back(request);
        answer.recording()
    }

    fn put_back(&self, request: Request) {
        restore(self.stalled(), request);
        self.stalled().publish();
    }

    /// Stops the first operation of a pair at each of the `places`, one after the other, and has the peer try the second:
    /// what came of that by stop, and what the stopped thread executed. A peer that is blocked at one goes on trying at
    /// the next. One that has written undoes that; it ends where that is not enough, because the operation writes, too,
    /// or is to be met by nobody's writes.
    pub(crate) fn walk(
        &self,
        which: Which,
        places: &[Place],
        manner: Manner,
    ) -> (Vec<Tried>, Recording) {
        let both @ [stalled, peer] = self.fixture.requests(which);
        let undoes = !manner.afresh && !stalled.0.is_write();
        let mut before = read(self.peer(), peer.1);
        // By stop: what was there for the peer, and what it saw; nothing while it was blocked.
        let mut tried: Vec<(Observation, Option<Observation>)> = Vec::new();
        // What it did at the last stop is undone, or about to be.
        let mut is_undone = false;
        let (answer, _) = self.stop_at_each(stalled, Mode::Step, places, |_, has_next| {
            let observed = self.peer_tries(peer, manner);
            tried.push((before, observed));
            is_undone = false;
            if !(has_next && peer.0.is_write() && observed.is_some()) {
                return has_next;
            }
            if undoes {
                let (left, undo) = aftermath(peer.0, before);
                before = left;
                is_undone = undo.is_some();
                return undo.is_none_or(|undo| self.peer_tries((undo, peer.1), manner).is_some());
            }
            false
        });
        let late = self.peer().is_busy().then(|| self.peer().answer());
        let late = late.filter(|_| !is_undone).map(|late| late.observed);
        let is_left = peer.0.is_write() && !is_undone;
        let left = is_left.then(|| {
            self.stalled().publish();
            read(&self.writer, peer.1)
        });
        let last = tried.len().saturating_sub(1);
        let tried = tried.into_iter().enumerate();
        let outcomes = tried.map(|(stop, (before, observed))| {
            let answer = observed.or(late.filter(|_| stop == last));
            let left = left.filter(|_| stop == last);
            Some(Outcome {
                is_blocked: observed.is_none(),
                flaw: answer.and_then(|answer| flaw_of_peer(both, before, answer, left)),
            })
        });
        let outcomes = outcomes.collect();
        self.fixture.put_back(both);
        (outcomes, answer.recording())
    }

    /// What the peer sees of what it begins, or of what it is still at; nothing if it is blocked.
    fn peer_tries(&self, request: Request, manner: Manner) -> Option<Observation> {
        self.peer().begin(request, Mode::Observe);
        wait(self.peer(), manner)
    }

    /// Has the stalled thread do something with stops at the `places`, where `at_stop` does what there is to do;
    /// it is told which stop it is and whether there is another, and says whether the thread may go on to that.
    /// What it does after the last one is done step by step where another could follow. The answer, and how often
    /// it has stopped.
    fn stop_at_each(
        &self,
        request: Request,
        mode: Mode,
        places: &[Place],
        mut at_stop: impl FnMut(usize, bool) -> bool,
    ) -> (Answer, usize) {
        trap::stop_at(places.first().copied());
        self.stalled().begin(request, mode);
        let mut stops = 0;
        let answer = loop {
            if let Some(answer) = self.stopped_or_ended() {
                break answer;
            }
            let next = places.get(stops + 1);
            let may_go_on = at_stop(stops, next.is_some());
            stops += 1;
            match next {
                Some(&next) if may_go_on => {
                    trap::advance_to(next);
                    continue;
                }
                None if may_go_on && stops < Script::STOPS => trap::step_on(),
                _ => trap::go_on(),
            }
            break self.stalled().answer();
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
        let mut done = Vec::new();
        let mut is_blocked = false;
        let mode = Mode::StepAndObserve;
        let (answer, stops) = self.stop_at_each(script.request, mode, places, |stop, _| {
            let until_now = script.at_stops[..=stop].as_flattened();
            let is_done = self.write(until_now, &mut done, Some(Manner::PATIENT));
            is_blocked |= stop == 0 && !is_done;
            is_done
        });
        let during = done.len() + usize::from(self.writer.is_busy());
        if !places.is_empty() {
            self.write(script.at_stops.as_flattened(), &mut done, None);
        }
        self.publish();
        let after = self.readings(&processes);
        let beside = Beside {
            request: script.request,
            observed: answer.observed,
            others: &done,
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

    /// Has the writer write what is left of `all`, or go on with what it began at the stop before; whether it got
    /// `done`. Nobody is stopped any more if there is no manner.
    fn write(&self, all: &[Request], done: &mut Vec<Other>, manner: Option<Manner>) -> bool {
        while let Some(&request) = all.get(done.len()) {
            self.writer.begin(request, Mode::Observe);
            let observed = match manner {
                Some(manner) => wait(&self.writer, manner),
                None => Some(self.writer.answer().observed),
            };
            if observed.is_none() {
                return false;
            }
            done.push((request, observed));
        }
        true
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
            self.writer.run((operation, id));
            self.writer.publish();
        }
    }

    /// Waits until the thread has stopped; its answer, if it has ended instead.
    fn stopped_or_ended(&self) -> Option<Answer> {
        loop {
            let ended = self.stalled().answer_within(Duration::ZERO);
            if ended.is_some() || trap::is_at(Progress::Stopped) {
                return ended;
            }
            trap::rest();
        }
    }
}

/// What a thread finds of a process.
fn read(thread: &Actor, id: ProcessId) -> Observation {
    let answer = thread.perform((Operation::ReadHit, id), Mode::Observe);
    answer.observed
}

/// What makes sense to be tried by peers beside a stalled operation.
pub(crate) fn tries(stalled: Operation, peers: &[Operation]) -> Vec<Which> {
    let both = |&peer: &Operation| [(stalled, peer, true), (stalled, peer, false)];
    let all = peers.iter().flat_map(both);
    all.filter(|&which| has_pair(which)).collect()
}

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// What a thread beside a stopped one sees of what it has begun; nothing if it is blocked.
fn wait(peer: &Actor, manner: Manner) -> Option<Observation> {
    let mut quiescence = Quiescence::default();
    let began = processor_time_of_others();
    loop {
        if let Some(answer) = peer.answer_within(GLANCE) {
            return Some(answer.observed);
        }
        let spun = processor_time_of_others().saturating_sub(began);
        if quiescence.is_reached(manner.looks) || spun > manner.spun {
            return None;
        }
    }
}
