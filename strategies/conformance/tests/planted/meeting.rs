//! Two threads meet at the critical instruction of a planted bug, whatever the scheduler does.
//!
//! The thread that gets there first waits until another one has done what must not come in between, and
//! has begun something else since, so that the check has looked at what it was told. Nothing is timed:
//! the wait ends with the meeting, or when no other thread is left that could come.
//!
//! The thread that made the table is alone with it and never waits. What the checks find without any of
//! this is asked by the tests that are left to chance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use contract::ProcessId;

/// No meeting is arranged in tables made from now on.
static LEFT_TO_CHANCE: AtomicBool = AtomicBool::new(false);

/// Whether threads are to meet by chance only, in tables made from now on.
pub(crate) fn leave_to_chance(leave: bool) {
    LEFT_TO_CHANCE.store(leave, Ordering::Relaxed);
}

/// Meetings of one table. The first is nearly always the end of the check; one may prove nothing, if for
/// example the record was replaced as well.
const MEETINGS_MAX: u32 = 64;

/// What must not come in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A read or a scan.
    Look,
    /// An insert, a removal or an accepted event.
    Write,
}

/// The meetings in one table.
#[derive(Debug)]
pub(crate) struct Meeting {
    /// Who made the table; nobody, if no meetings are arranged.
    maker: Option<ThreadId>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Threads with a handle, and how many there ever were.
    members: usize,
    came: usize,
    /// Members that wait for a lock which the waiting thread holds.
    blocked: usize,
    /// Members that wait for a thread to get to the critical instruction.
    expecting: usize,
    at_instruction: Option<Waiting>,
    meetings: u32,
}

/// A thread at the critical instruction.
#[derive(Debug)]
struct Waiting {
    thread: ThreadId,
    act: Act,
    /// To this record, or to any.
    id: Option<ProcessId>,
    times: u32,
    /// Who has come in between; `is_over` when that thread has done with it.
    by: Option<ThreadId>,
    is_over: bool,
}

impl Meeting {
    /// For a table that the calling thread makes.
    pub(crate) fn new(is_arranged: bool) -> Self {
        let is_arranged = is_arranged && !LEFT_TO_CHANCE.load(Ordering::Relaxed);
        Self {
            maker: is_arranged.then(|| thread::current().id()),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The calling thread takes part until the result is dropped. The first one waits for a second.
    pub(crate) fn join(&self) -> Member<'_> {
        let meeting = self.takes_part();
        if let Some(meeting) = meeting {
            let mut state = meeting.state();
            state.members += 1;
            state.came += 1;
            meeting.changed.notify_all();
            drop(meeting.wait_while(state, |state| state.came < 2));
        }
        Member(meeting)
    }

    /// The calling thread is at the critical instruction: it waits there until another one has done this
    /// so often, to one record or to any. Unless somebody waits already: then the caller is the one who
    /// comes in between.
    pub(crate) fn wait(&self, act: Act, id: impl Into<Option<ProcessId>>, times: u32) {
        let Some(meeting) = self.takes_part() else {
            return;
        };
        let mut state = meeting.state();
        if state.at_instruction.is_some() || state.meetings == MEETINGS_MAX {
            return;
        }
        state.at_instruction = Some(Waiting {
            thread: thread::current().id(),
            act,
            id: id.into(),
            times,
            by: None,
            is_over: false,
        });
        meeting.changed.notify_all();
        let mut state = meeting.wait_while(state, |state| {
            let is_over = state.at_instruction.as_ref().is_some_and(|it| it.is_over);
            !is_over && state.members > 1 + state.blocked
        });
        let waited = state.at_instruction.take();
        state.meetings += u32::from(waited.is_some_and(|it| it.is_over));
    }

    /// Waits until some thread is at the critical instruction, or was: for operations of which there
    /// would be none left when it gets there.
    pub(crate) fn expect(&self) {
        let Some(meeting) = self.takes_part() else {
            return;
        };
        let mut state = meeting.state();
        state.expecting += 1;
        meeting.changed.notify_all();
        let mut state = meeting.wait_while(state, |state| {
            let has_come = state.at_instruction.is_some() || state.meetings > 0;
            !has_come && state.members > state.expecting + state.blocked
        });
        state.expecting -= 1;
    }

    /// Does something for which the calling thread may wait as long as another one stands at the
    /// critical instruction.
    pub(crate) fn blocked<T>(&self, lock: impl FnOnce() -> T) -> T {
        let Some(meeting) = self.takes_part() else {
            return lock();
        };
        meeting.state().blocked += 1;
        meeting.changed.notify_all();
        let locked = lock();
        meeting.state().blocked -= 1;
        locked
    }

    /// The calling thread begins an operation, so it is done with the one before.
    pub(crate) fn begin(&self) {
        if let Some(meeting) = self.takes_part() {
            meeting.done_by(&mut meeting.state(), thread::current().id());
        }
    }

    /// The calling thread has done this to one record, or to all.
    pub(crate) fn did(&self, act: Act, id: impl Into<Option<ProcessId>>) {
        let Some(meeting) = self.takes_part() else {
            return;
        };
        let (this, id) = (thread::current().id(), id.into());
        let mut state = meeting.state();
        let waiting = state.at_instruction.as_mut();
        let met = waiting.filter(|it| {
            let same = id.is_none() || it.id.is_none() || id == it.id;
            it.thread != this && it.act == act && same && it.times > 0
        });
        if let Some(waiting) = met {
            waiting.times -= 1;
            waiting.by = (waiting.times == 0).then_some(this);
        }
    }

    fn done_by(&self, state: &mut State, thread: ThreadId) {
        if let Some(waiting) = &mut state.at_instruction
            && waiting.by == Some(thread)
        {
            waiting.is_over = true;
            self.changed.notify_all();
        }
    }

    /// This, where meetings are arranged and the calling thread is not alone.
    fn takes_part(&self) -> Option<&Self> {
        let maker = self.maker?;
        (maker != thread::current().id()).then_some(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'s>(
        &self,
        state: MutexGuard<'s, State>,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'s, State> {
        let waited = self.changed.wait_while(state, condition);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that takes part.
#[derive(Debug)]
pub(crate) struct Member<'m>(Option<&'m Meeting>);

impl Drop for Member<'_> {
    fn drop(&mut self) {
        if let Some(meeting) = self.0 {
            let mut state = meeting.state();
            state.members -= 1;
            meeting.done_by(&mut state, thread::current().id());
            meeting.changed.notify_all();
        }
    }
}

/// A handle that takes part in the meetings of its table.
#[derive(Debug)]
pub(crate) struct Joined<'t, T> {
    pub(crate) table: &'t T,
    _member: Member<'t>,
}

impl<'t, T> Joined<'t, T> {
    pub(crate) fn new(table: &'t T, meeting: &'t Meeting) -> Self {
        Self {
            table,
            _member: meeting.join(),
        }
    }
}
