//! Stops one thread at a point of an operation, and has others try theirs, from stop to stop.

use std::time::Duration;

use contract::{ProcessId, ScanConsistency};
use model::trace::Operation;
use trap::{Place, Progress, Recording, Result};

use super::observation::{Beside, Encounter, Observation, Other, Readings};
use super::two_stops::Script;
use crate::native::fixture::{Fixture, restore, warm_up_all};
use crate::native::processes::{Which, has_pair};
use crate::native::step_handle::{Request, TracedStrategy};
use crate::native::threads::{Actor, Answer, Mode, Quiescence, processor_time_of_others};

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
    /// Whether nobody may have written since the operation began.
    afresh: bool,
}

impl Manner {
    /// For a first impression.
    pub(crate) const QUICK: Self = Self {
        looks: 2,
        spun: Duration::from_millis(1),
        afresh: false,
    };
    /// The same, each point for itself.
    pub(crate) const ONE_BY_ONE: Self = Self {
        afresh: true,
        ..Self::QUICK
    };
    /// Before it is believed.
    pub(crate) const PATIENT: Self = Self {
        looks: 5,
        spun: Duration::from_millis(10),
        afresh: true,
    };
}

/// A table, a thread that is stopped, its peers, one for each try, and one that writes at stops.
pub(crate) struct StallExperiment {
    pub(super) fixture: Fixture,
    peers: Vec<Actor>,
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

/// As many as are tried at one point: each may be blocked there.
pub(crate) const PEERS: usize = 5;

impl StallExperiment {
    pub(crate) fn new(fixture: Fixture, strategy: TracedStrategy) -> Result<Self> {
        let peers = (0..PEERS).map(|_| fixture.newcomer());
        let peers = peers.collect::<Result<Vec<_>>>()?;
        peers.iter().for_each(warm_up_all);
        let writer = fixture.writer(strategy)?;
        let is_snapshot = strategy.profile.scan_consistency == ScanConsistency::Snapshot;
        Ok(Self {
            fixture,
            peers,
            writer,
            is_snapshot,
        })
    }

    fn stalled(&self) -> &Actor {
        &self.fixture.threads[0]
    }

    /// The operation without a stop.
    pub(crate) fn record(&self, operation: Operation, id: ProcessId) -> Recording {
        for step in 0..4 {
            self.stalled().run(Request::new(operation, id, step));
            self.put_back(operation, id);
        }
        let request = Request::new(operation, id, 4);
        let answer = self.stalled().perform(request, Mode::Step);
        self.put_back(operation, id);
        answer.recording()
    }

    fn put_back(&self, operation: Operation, id: ProcessId) {
        restore(self.stalled(), operation, id);
        self.stalled().publish();
    }

    /// Stops the first operation of the `tries`, all of which have the same, at each of the `places`, one after the
    /// other, and has the peers try the second ones: what came of each by stop, and what the stopped thread executed.
    /// Whoever is blocked at one goes on trying at the next. Who has written undoes that; it ends where
    /// that is not enough, because the operation writes, too, or is to be met by nobody's writes. At most
    /// [`PEERS`] tries, and only one if it writes.
    pub(crate) fn walk(
        &self,
        tries: &[Which],
        places: &[Place],
        manner: Manner,
    ) -> (Vec<Vec<Tried>>, Recording) {
        let peers = self.peers.iter().zip(tries);
        let trials = peers.map(|(peer, &which)| Trial::new(peer, self.encounter(which)));
        let mut trials: Vec<Trial<'_>> = trials.collect();
        let (operation, ..) = tries[0];
        let is_undone = !manner.afresh && !operation.is_write();
        let request = Request::new(operation, trials[0].encounter.ids[0], 7);
        let (answer, stops) = self.stop_at_each(request, Mode::Step, places, |_, has_next| {
            for trial in &mut trials {
                trial.stop(manner);
            }
            let mut goes_on =
                |trial: &mut Trial<'_>| !trial.has_written() || is_undone && trial.undo(manner);
            has_next && trials.iter_mut().all(&mut goes_on)
        });
        (self.judged(trials, stops), answer.recording())
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

    /// The two operations, and what is there for the peer before them.
    fn encounter(&self, which @ (stalled, peer, _): Which) -> Encounter {
        let ids = self.fixture.processes(which);
        let before = read(&self.peers[0], ids[1]);
        Encounter {
            stalled,
            peer,
            ids,
            before,
        }
    }

    /// Does an operation with stops at the `places`, two at most, and has the writer write at each what
    /// the script says; without any nobody writes. What was begun is done in the end, and the table is
    /// what it was.
    pub(crate) fn trip(&self, script: &Script, places: &[Place]) -> Trip {
        let processes = script.processes();
        self.publish();
        let before = self.readings(&processes);
        let mut writing = Writing {
            writer: Peer::new(&self.writer),
            done: Vec::new(),
        };
        let request = Request::new(script.operation, script.id, 7);
        let mut is_blocked = false;
        let (answer, stops) =
            self.stop_at_each(request, Mode::StepAndObserve, places, |stop, _| {
                let until_now = script.at_stops[..=stop].as_flattened();
                let is_done = writing.write(until_now, Some(Manner::PATIENT));
                is_blocked |= stop == 0 && !is_done;
                is_done
            });
        let during = writing.done.len() + usize::from(writing.writer.is_busy);
        if !places.is_empty() {
            writing.write(script.at_stops.as_flattened(), None);
        }
        self.publish();
        let after = self.readings(&processes);
        let beside = Beside {
            operation: script.operation,
            id: script.id,
            observed: answer.observed,
            others: &writing.done,
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
            if ended.is_some() || trap::is_at(Progress::Stopped) {
                return ended;
            }
            trap::rest();
        }
    }

    /// What came of the tries, by stop; the thread has gone on. Makes the table what it was.
    fn judged(&self, trials: Vec<Trial<'_>>, stops: usize) -> Vec<Vec<Tried>> {
        let mut outcomes = vec![Vec::new(); stops];
        for mut trial in trials {
            trial.end();
            let [stalled, peer] = trial.encounter.ids;
            let is_left = trial.encounter.peer.is_write() && !trial.is_undone;
            let left = is_left.then(|| self.left(peer));
            let pair = [
                (trial.encounter.stalled, stalled),
                (trial.encounter.peer, peer),
            ];
            for (all, outcome) in outcomes.iter_mut().zip(trial.outcomes(left)) {
                all.push(outcome);
            }
            self.fixture.put_back(pair);
        }
        outcomes
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

/// What makes sense to be tried by peers beside a stalled operation.
pub(crate) fn tries(stalled: Operation, peers: &[Operation]) -> Vec<Which> {
    let both = |&peer: &Operation| [(stalled, peer, true), (stalled, peer, false)];
    let all = peers.iter().flat_map(both);
    all.filter(|&which| has_pair(which)).collect()
}

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// A thread that tries beside a stopped one.
struct Peer<'l> {
    actor: &'l Actor,
    /// It has begun something that is not answered yet.
    is_busy: bool,
}

impl<'l> Peer<'l> {
    const fn new(actor: &'l Actor) -> Self {
        Self {
            actor,
            is_busy: false,
        }
    }

    fn begin(&mut self, operation: Operation, id: ProcessId, step: u64) {
        if !std::mem::replace(&mut self.is_busy, true) {
            let request = Request::new(operation, id, step);
            self.actor.begin(request, Mode::Observe);
        }
    }

    /// What it sees of what it has begun; nothing if it is blocked.
    fn wait(&mut self, manner: Manner) -> Option<Observation> {
        let mut quiescence = Quiescence::within(manner.looks);
        let began = processor_time_of_others();
        loop {
            if let Some(answer) = self.actor.answer_within(GLANCE) {
                self.is_busy = false;
                return Some(answer.observed);
            }
            let spun = processor_time_of_others().saturating_sub(began);
            if quiescence.is_reached() || spun > manner.spun {
                return None;
            }
        }
    }

    /// What it sees of what it has begun: nobody is stopped any more.
    fn end(&mut self) -> Observation {
        self.is_busy = false;
        self.actor.answer().observed
    }
}

/// What another thread writes, from stop to stop.
struct Writing<'l> {
    writer: Peer<'l>,
    done: Vec<Other>,
}

impl Writing<'_> {
    /// Writes what is left of `all`, or goes on with what was begun at the stop before; whether it got done. Nobody is
    /// stopped any more if there is no manner.
    fn write(&mut self, all: &[(Operation, ProcessId)], manner: Option<Manner>) -> bool {
        while let Some(&(operation, id)) = all.get(self.done.len()) {
            self.writer.begin(operation, id, self.done.len() as u64);
            let observed = match manner {
                Some(manner) => self.writer.wait(manner),
                None => Some(self.writer.end()),
            };
            if observed.is_none() {
                return false;
            }
            self.done.push(Other {
                operation,
                id,
                observed,
            });
        }
        true
    }
}

/// A peer's tries beside a stopped thread.
pub(crate) struct Trial<'l> {
    peer: Peer<'l>,
    /// The two operations, and what is there for the peer as it begins.
    pub(crate) encounter: Encounter,
    /// By stop: what it met, and what it saw; nothing while it was blocked.
    stops: Vec<(Encounter, Option<Observation>)>,
    /// What it saw after the last stop, if it was blocked there.
    late: Option<Observation>,
    /// What it did at the last stop is undone, or about to be.
    pub(crate) is_undone: bool,
}

impl<'l> Trial<'l> {
    pub(crate) fn new(actor: &'l Actor, encounter: Encounter) -> Self {
        Self {
            peer: Peer::new(actor),
            encounter,
            stops: Vec::new(),
            late: None,
            is_undone: false,
        }
    }

    /// Tries, or goes on trying, where the other has stopped.
    pub(crate) fn stop(&mut self, manner: Manner) {
        self.begin(self.encounter.peer);
        let observed = self.peer.wait(manner);
        self.is_undone = false;
        self.stops.push((self.encounter, observed));
    }

    /// Whether it has, at the last stop.
    pub(crate) fn has_written(&self) -> bool {
        self.encounter.peer.is_write() && !self.peer.is_busy
    }

    /// Undoes what it did at the last stop, or makes the next try one that counts with that; whether it
    /// could, as nobody is in the way.
    pub(crate) fn undo(&mut self, manner: Manner) -> bool {
        let (left, undo) = self.encounter.aftermath();
        self.encounter.before = left;
        let Some(undo) = undo else { return true };
        self.is_undone = true;
        self.begin(undo);
        self.peer.wait(manner).is_some()
    }

    fn begin(&mut self, operation: Operation) {
        self.peer.begin(operation, self.encounter.ids[1], 8);
    }

    /// Lets it finish what it has begun: nobody is stopped any more.
    pub(crate) fn end(&mut self) {
        if self.peer.is_busy {
            let observed = self.peer.end();
            self.late = (!self.is_undone).then_some(observed);
        }
    }

    /// What came of it by stop, where `left` is what was there after the last one.
    pub(crate) fn outcomes(self, left: Option<Observation>) -> Vec<Tried> {
        let (mut late, mut left) = (self.late, left);
        let stops = self.stops.iter().rev();
        let mut outcomes: Vec<Tried> = stops
            .map(|&(encounter, observed)| {
                let left = left.take();
                let flaw = observed
                    .or(late.take())
                    .and_then(|observed| encounter.flaw(observed, left));
                let is_blocked = observed.is_none();
                Some(Outcome { is_blocked, flaw })
            })
            .collect();
        outcomes.reverse();
        outcomes
    }
}
