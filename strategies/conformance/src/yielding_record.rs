//! A record that takes its time, so that threads meet in the middle of an operation.
//!
//! A race is a window of a few instructions, and on two cores a thread passes through it millions of
//! times before another one looks in. But a strategy has to call the record, and it does so exactly
//! where it matters: [`apply`](Record::apply) between reading the old value and storing the new one,
//! `clone` under a lock or a guard, [`to_words`](PlainRecord::to_words) before the first word is
//! stored. A record that now and then gives up the processor there opens the window by itself, in
//! every strategy and without touching one.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

use contract::{Event, Flaw, Padded, PlainRecord, ProcessId, Record, Rejected, Specimen, State};

/// `R`, except that a thread that works on it sometimes lets others run first.
///
/// The checks run with it in place of the record itself; it goes by the same name.
#[derive(Copy, Debug, PartialEq)]
pub struct YieldingRecord<R>(R);

/// A plain record of 1 KiB, for tearing. A record that fills one cache line moves between cores in
/// one piece: on x86-64, half a million unvalidated reads of [`ProcessStatus`](contract::ProcessStatus)
/// under a writer showed one torn, where the sixteen lines of this one are soon caught.
pub type Wide = YieldingRecord<Padded<128>>;

/// How often: at so many opportunities, on average, once.
const ONCE_IN: u64 = 8;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0x9e37_79b9_7f4a_7c15) };
    static HURRIED: Cell<bool> = const { Cell::new(false) };
}

/// This thread does not yield in records any more: where threads shall meet at full speed on cores of their
/// own, giving up the processor only lets them take turns on one.
pub(crate) fn hurry() {
    HURRIED.set(true);
}

/// Lets other threads run, sometimes.
pub(crate) fn maybe_yield() {
    if HURRIED.get() {
        return;
    }
    // Marsaglia's xorshift: a regular beat could fall into step with the operations.
    let mut state = STATE.get();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    STATE.set(state);
    if state.is_multiple_of(ONCE_IN) {
        give_way();
    }
}

/// Who gives way for so long was kept waiting by another program: threads of a crew are quicker.
const KEPT_WAITING: Duration = Duration::from_micros(500);
/// Then it does not yield for so many times, and sleeps in one of so many of them.
const YIELDS_SPARED: u32 = 64;
const YIELDS_PER_SLEEP: u32 = 4;

/// Lets other threads run, by a yield where they are what else there is to run.
///
/// Where another program keeps the processors busy, a yield hands it whole time slices, milliseconds
/// that are nobody's turn here. Whoever sleeps for a moment instead is preferred to it afterwards.
pub(crate) fn give_way() {
    thread_local! {
        static SPARED: Cell<u32> = const { Cell::new(0) };
    }
    match SPARED.get().checked_sub(1) {
        Some(left) => {
            SPARED.set(left);
            if left.is_multiple_of(YIELDS_PER_SLEEP) {
                thread::sleep(Duration::from_nanos(1));
            }
        }
        None if yield_takes_long() => SPARED.set(YIELDS_SPARED),
        None => {}
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured decides how a thread waits, and no verdict"
)]
fn yield_takes_long() -> bool {
    let began = Instant::now();
    thread::yield_now();
    began.elapsed() > KEPT_WAITING
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "a copy cannot be seen, a clone can: that is the point"
)]
impl<R: Clone> Clone for YieldingRecord<R> {
    fn clone(&self) -> Self {
        maybe_yield();
        Self(self.0.clone())
    }
}

impl<R: Record> Record for YieldingRecord<R> {
    type Event = R::Event;
    type Rejected = R::Rejected;

    fn apply(&self, event: &R::Event) -> Result<Self, R::Rejected> {
        let next = self.0.apply(event);
        maybe_yield();
        next.map(Self)
    }

    fn apply_in_place(&mut self, event: &R::Event) -> Result<u64, R::Rejected> {
        maybe_yield();
        self.0.apply_in_place(event)
    }

    fn revision(&self) -> u64 {
        self.0.revision()
    }
}

impl<R: PlainRecord> PlainRecord for YieldingRecord<R> {
    type Words = R::Words;

    fn to_words(&self) -> R::Words {
        let words = self.0.to_words();
        maybe_yield();
        words
    }

    fn from_words(words: R::Words) -> Self {
        maybe_yield();
        Self(R::from_words(words))
    }
}

impl<R> Specimen for YieldingRecord<R>
where
    R: Specimen + Record<Event = Event, Rejected = Rejected>,
{
    const NAME: &'static str = R::NAME;

    fn pending(id: ProcessId) -> Self {
        Self(R::pending(id))
    }

    fn state(&self) -> State {
        self.0.state()
    }

    fn examine(&self, id: ProcessId) -> Result<(), Flaw> {
        self.0.examine(id)
    }

    fn touch(&self) -> u64 {
        self.0.touch()
    }
}
