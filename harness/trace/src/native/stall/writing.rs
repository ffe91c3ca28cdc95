//! A thread that works beside a stopped one, and what it writes from stop to stop.

use std::time::Duration;

use contract::ProcessId;
use model::trace::Operation;

use super::observation::{Observation, Other};
use super::script::Script;
use super::stall_experiment::Manner;
use crate::native::quiescence::{Quiescence, processor_time_of_others};
use crate::native::step_handle::Request;
use crate::native::threads::{Actor, Mode};

/// How long a peer is waited for before it is looked at.
const GLANCE: Duration = Duration::from_micros(200);

/// A thread that tries beside a stopped one.
pub(super) struct Peer<'l> {
    actor: &'l Actor,
    /// It has begun something that is not answered yet.
    pub(super) is_busy: bool,
}

impl<'l> Peer<'l> {
    pub(super) fn new(actor: &'l Actor) -> Self {
        Self {
            actor,
            is_busy: false,
        }
    }

    pub(super) fn begin(&mut self, operation: Operation, id: ProcessId, step: u64) {
        if !std::mem::replace(&mut self.is_busy, true) {
            let request = Request::new(operation, id, step);
            self.actor.begin(request, Mode::Observe);
        }
    }

    /// What it sees of what it has begun; nothing if it is blocked.
    pub(super) fn wait(&mut self, manner: Manner) -> Option<Observation> {
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
    pub(super) fn end(&mut self) -> Observation {
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
            writer: Peer::new(actor),
            all: script.at_stops.concat(),
            at_stop: script.at_stops[0].len(),
            done: Vec::new(),
        }
    }

    /// Writes what is to be written at a stop, or goes on with what was begun at the one before; whether
    /// it got done.
    pub(crate) fn go_on(&mut self, stop: usize) -> bool {
        let all = (stop + 1) * self.at_stop;
        while self.done.len() < all && self.write(|writer| writer.wait(Manner::PATIENT)) {}
        self.done.len() >= all
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
