//! From a caller to the actor and back: what the two variants differ in.

use std::sync::mpsc;

use contract::Record;

use crate::actor::{Envelope, Outcome, Reply, Request};

/// One thread's line to the actor and back: all that the variants differ in.
pub(crate) trait Line<R: Record> {
    /// Sends `request` and waits for its outcome; none if there is no actor any more.
    fn ask(&mut self, request: Request<R>) -> Option<Outcome<R>>;
}

/// A line that makes a reply channel for every call.
#[derive(Debug)]
pub struct FreshLine<'s, R: Record> {
    requests: &'s mpsc::Sender<Envelope<R, FreshReply<R>>>,
}

impl<'s, R: Record> FreshLine<'s, R> {
    pub(crate) fn new(requests: &'s mpsc::Sender<Envelope<R, FreshReply<R>>>) -> Self {
        Self { requests }
    }
}

/// The sending half of a reply channel made for one call.
pub(crate) type FreshReply<R> = mpsc::Sender<Outcome<R>>;

impl<R: Record> Reply<R> for FreshReply<R> {
    fn send(self, outcome: Outcome<R>) {
        let _ = mpsc::Sender::send(&self, outcome);
    }
}

impl<R: Record> Line<R> for FreshLine<'_, R> {
    fn ask(&mut self, request: Request<R>) -> Option<Outcome<R>> {
        let (reply, outcome) = mpsc::channel();
        self.requests.send(Envelope { request, reply }).ok()?;
        outcome.recv().ok()
    }
}

/// A line with a reply slot of its own.
#[derive(Debug)]
pub struct ReusedLine<'s, R: Record> {
    requests: &'s crossbeam_channel::Sender<Envelope<R, LentReply<R>>>,
    /// The only sender into the slot. It travels with each request and comes home with the outcome,
    /// so that a request that is lost closes the slot, and its caller does not wait for ever. None
    /// from then on.
    reply: Option<LentReply<R>>,
    /// The slot. Empty between two calls.
    outcomes: crossbeam_channel::Receiver<Returned<R>>,
}

impl<'s, R: Record> ReusedLine<'s, R> {
    pub(crate) fn new(requests: &'s crossbeam_channel::Sender<Envelope<R, LentReply<R>>>) -> Self {
        let (reply, outcomes) = crossbeam_channel::bounded(1);
        Self {
            requests,
            reply: Some(LentReply(reply)),
            outcomes,
        }
    }
}

/// The sender into a handle's reply slot, lent to the actor for one call.
#[derive(Debug)]
pub(crate) struct LentReply<R: Record>(crossbeam_channel::Sender<Returned<R>>);

/// An outcome, and the sender that brought it.
struct Returned<R: Record> {
    outcome: Outcome<R>,
    reply: LentReply<R>,
}

impl<R: Record> Reply<R> for LentReply<R> {
    fn send(self, outcome: Outcome<R>) {
        // A sender cannot be sent through itself; its clone is a count, not an allocation.
        let slot = self.0.clone();
        let reply = self;
        let _ = slot.send(Returned { outcome, reply });
    }
}

impl<R: Record> Line<R> for ReusedLine<'_, R> {
    fn ask(&mut self, request: Request<R>) -> Option<Outcome<R>> {
        let reply = self.reply.take()?;
        self.requests.send(Envelope { request, reply }).ok()?;
        let Returned { outcome, reply } = self.outcomes.recv().ok()?;
        self.reply = Some(reply);
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::ProcessStatus;

    type Asked<P> = Envelope<ProcessStatus, P>;

    #[test]
    fn a_fresh_line_notices_that_its_request_is_lost() {
        let (requests, inbox) = mpsc::channel::<Asked<_>>();
        let mut line = FreshLine::new(&requests);
        let actor = std::thread::spawn(move || drop(inbox.recv()));
        assert!(line.ask(Request::Scan).is_none(), "dropped unanswered");
        actor.join().unwrap();
        assert!(line.ask(Request::Scan).is_none(), "nobody there");
    }

    #[test]
    fn a_reused_line_notices_that_its_request_is_lost() {
        let (requests, inbox) = crossbeam_channel::bounded::<Asked<_>>(1);
        let mut lines = [ReusedLine::new(&requests), ReusedLine::new(&requests)];
        let actor = std::thread::spawn(move || drop(inbox.recv()));
        assert!(lines[0].ask(Request::Scan).is_none(), "dropped unanswered");
        actor.join().unwrap();
        assert!(lines[0].ask(Request::Scan).is_none(), "its slot is closed");
        assert!(lines[1].ask(Request::Scan).is_none(), "nobody there");
    }
}
