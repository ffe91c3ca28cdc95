//! One peer and what it tries, from stop to stop.

use std::time::Duration;

use contract::ProcessId;
use model::trace::Operation;

use super::observation::{Encounter, Observation, Other};
use super::script::Script;
use super::stall_experiment::{Manner, Outcome};
use crate::native::quiescence::{Quiescence, processor_time_of_others};
use crate::native::step_handle::Request;
use crate::native::threads::{Actor, Mode};

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// A thread that tries beside a stopped one.
struct Peer<'l> {
    actor: &'l Actor,
    /// It has begun something that is not answered yet.
    is_busy: bool,
}

impl Peer<'_> {
    fn begin(&mut self, operation: Operation, id: ProcessId, step: u64) {
        if !std::mem::replace(&mut self.is_busy, true) {
            let request = Request::new(operation, id, step);
            self.actor.begin(request, Mode::Observe);
        }
    }

    /// What it sees of what it has begun; nothing if it is blocked.
    fn wait(&mut self, manner: Manner) -> Option<Observation> {
        let mut sleepers = Quiescence::within(manner.looks);
        let began = processor_time_of_others();
        loop {
            if let Some(answer) = self.actor.answer_within(GLANCE) {
                self.is_busy = false;
                return Some(answer.observed);
            }
            let spun = processor_time_of_others().saturating_sub(began);
            if sleepers.are_all() || spun > manner.spun {
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

/// What a script has another thread write, from stop to stop.
pub(crate) struct Writing<'l> {
    writer: Peer<'l>,
    all: Vec<(Operation, ProcessId)>,
    /// How many are written at each stop.
    at_stop: usize,
    done: Vec<Other>,
}

impl<'l> Writing<'l> {
    pub(crate) fn new(actor: &'l Actor, script: &Script) -> Self {
        Self {
            writer: Peer {
                actor,
                is_busy: false,
            },
            all: script.at_stops.concat(),
            at_stop: script.at_stops[0].len(),
            done: Vec::new(),
        }
    }

    /// Writes what is to be written at a stop, or goes on with what was begun at the one before; whether
    /// it got done.
    pub(crate) fn go_on(&mut self, stop: usize) -> bool {
        let wait = |writer: &mut Peer<'_>| writer.wait(Manner::PATIENT);
        while self.done.len() < (stop + 1) * self.at_stop {
            if !self.write(wait) {
                return false;
            }
        }
        true
    }

    /// Does the next write; whether it got done.
    fn write(&mut self, wait: impl Fn(&mut Peer<'l>) -> Option<Observation>) -> bool {
        let number = self.done.len();
        let (operation, id) = self.all[number];
        self.writer.begin(operation, id, number as u64);
        let observed = wait(&mut self.writer);
        if observed.is_some() {
            self.done.push(Other {
                operation,
                id,
                observed,
            });
        }
        observed.is_some()
    }

    /// How many it has begun.
    pub(crate) fn begun(&self) -> usize {
        self.done.len() + usize::from(self.writer.is_busy)
    }

    /// Writes the rest: nobody is stopped any more.
    pub(crate) fn end(mut self) -> Vec<Other> {
        while self.done.len() < self.all.len() {
            self.write(|writer| Some(writer.end()));
        }
        self.done
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
            peer: Peer {
                actor,
                is_busy: false,
            },
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
    pub(crate) fn outcomes(self, left: Option<Observation>) -> Vec<Option<Outcome>> {
        let (mut late, mut left) = (self.late, left);
        let stops = self.stops.iter().rev();
        let mut outcomes: Vec<Option<Outcome>> = stops
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
