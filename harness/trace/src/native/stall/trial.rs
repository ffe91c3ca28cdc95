//! One peer and what it tries, from stop to stop.

use std::time::Duration;

use basis::trace::Operation;
use contract::ProcessId;

use super::observation::{Encounter, Observation};
use super::orders::Write;
use super::script::Script;
use super::stall_experiment::{Manner, Outcome};
use crate::native::quiescence::{Quiescence, processor_ns_of_others};
use crate::native::request::Request;
use crate::native::threads::Actor;

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// What a peer sees of what it has begun; nothing if it is blocked.
fn wait(peer: &Actor, manner: Manner) -> Option<Observation> {
    let mut sleepers = Quiescence::within(manner.looks);
    let began_ns = processor_ns_of_others();
    loop {
        if let Some(observed) = peer.saw_within(GLANCE) {
            return Some(observed);
        }
        let spun_ns = processor_ns_of_others().saturating_sub(began_ns);
        if sleepers.are_all() || spun_ns > manner.spun_ns {
            return None;
        }
    }
}

/// What a script has another thread write, from stop to stop.
pub(crate) struct Writing<'l> {
    writer: &'l Actor,
    all: Vec<(Operation, ProcessId)>,
    /// How many are written at each stop.
    at_stop: usize,
    done: Vec<Write>,
    /// It has begun one that is not answered yet.
    is_at_it: bool,
}

impl<'l> Writing<'l> {
    pub(crate) fn new(writer: &'l Actor, script: &Script) -> Self {
        Self {
            writer,
            all: script.at_stops.concat(),
            at_stop: script.at_stops[0].len(),
            done: Vec::new(),
            is_at_it: false,
        }
    }

    /// Writes what is to be written at a stop, or goes on with what was begun at the one before; whether
    /// it got done.
    pub(crate) fn go_on(&mut self, stop: usize) -> bool {
        while self.done.len() < (stop + 1) * self.at_stop {
            self.begin();
            match wait(self.writer, Manner::PATIENT) {
                Some(observed) => self.answered(observed),
                None => return false,
            }
        }
        true
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.is_at_it, true) {
            let number = self.done.len();
            let (operation, id) = self.all[number];
            self.writer
                .begin(Request::new(operation, id, number as u64));
        }
    }

    fn answered(&mut self, observed: Observation) {
        let (operation, id) = self.all[self.done.len()];
        self.done.push(Write {
            operation,
            id,
            observed,
        });
        self.is_at_it = false;
    }

    /// How many it has begun.
    pub(crate) fn begun(&self) -> usize {
        self.done.len() + usize::from(self.is_at_it)
    }

    /// Writes the rest: nobody is stopped any more.
    pub(crate) fn end(mut self) -> Vec<Write> {
        while self.done.len() < self.all.len() {
            self.begin();
            let observed = self.writer.observed();
            self.answered(observed);
        }
        self.done
    }
}

/// A peer beside a stopped thread.
pub(crate) struct Trial<'l> {
    peer: &'l Actor,
    /// The two operations, and what is there for the peer as it begins.
    pub(crate) encounter: Encounter,
    /// By stop: what it met, and what it saw; nothing while it was blocked.
    stops: Vec<(Encounter, Option<Observation>)>,
    /// What it saw after the last stop, if it was blocked there.
    late: Option<Observation>,
    /// It has begun something that is not answered yet.
    is_at_it: bool,
    /// What it did at the last stop is undone, or about to be.
    pub(crate) is_undone: bool,
}

impl<'l> Trial<'l> {
    pub(crate) fn new(peer: &'l Actor, encounter: Encounter) -> Self {
        Self {
            peer,
            encounter,
            stops: Vec::new(),
            late: None,
            is_at_it: false,
            is_undone: false,
        }
    }

    /// Tries, or goes on trying, where the other has stopped.
    pub(crate) fn stop(&mut self, manner: Manner) {
        if !self.is_at_it {
            self.begin(self.encounter.peer);
        }
        let observed = self.wait(manner);
        self.is_undone = false;
        self.stops.push((self.encounter, observed));
    }

    /// Whether it has, at the last stop.
    pub(crate) fn has_written(&self) -> bool {
        self.encounter.peer.is_write() && !self.is_at_it
    }

    /// Undoes what it did at the last stop, or makes the next try one that counts with that; whether it
    /// could, as nobody is in the way.
    pub(crate) fn undo(&mut self, manner: Manner) -> bool {
        let (left, undo) = self.encounter.aftermath();
        self.encounter.before = left;
        let Some(undo) = undo else { return true };
        self.is_undone = true;
        self.begin(undo);
        self.wait(manner).is_some()
    }

    fn begin(&mut self, operation: Operation) {
        self.peer
            .begin(Request::new(operation, self.encounter.ids[1], 8));
        self.is_at_it = true;
    }

    /// What it sees of what it has begun; nothing if it is blocked.
    fn wait(&mut self, manner: Manner) -> Option<Observation> {
        let observed = wait(self.peer, manner);
        self.is_at_it &= observed.is_none();
        observed
    }

    /// Lets it finish what it has begun: nobody is stopped any more.
    pub(crate) fn end(&mut self) {
        if std::mem::take(&mut self.is_at_it) {
            let observed = self.peer.observed();
            self.late = (!self.is_undone).then_some(observed);
        }
    }

    /// What came of it by stop, where `left` is what was there after the last one.
    pub(crate) fn outcomes(self, left: Option<Observation>) -> Vec<Outcome> {
        let (mut late, mut left) = (self.late, left);
        let stops = self.stops.iter().rev();
        let mut outcomes: Vec<Outcome> = stops
            .map(|&(encounter, observed)| {
                let left = left.take();
                let flaw = observed
                    .or(late.take())
                    .and_then(|observed| encounter.flaw(observed, left));
                match observed {
                    None => Outcome::Blocked { flaw },
                    Some(_) => Outcome::Done { flaw },
                }
            })
            .collect();
        outcomes.reverse();
        outcomes
    }
}
