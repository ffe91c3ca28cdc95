//! Readers that relieve each other, so that there is always one, and a writer that wants to get in.
//!
//! Nothing here takes a given time. Each reader lets go as soon as the next one has come, so a writer
//! that waits for a moment without readers waits for ever. Where a waiting writer keeps new readers
//! out, the next one does not come; the one that is in leaves after a while, and the writer gets in.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{Event, Handle};
use model::clock;
use model::fault::{Action, Fate, FaultSeen, Tally};

use crate::faults::scene::{CATCHING, Scene, resident};

const READERS: u64 = 4;
/// A writer that has waited while so many readers came and went, and for as long as it is given, waits for ever.
const HANDOVERS_MAX: u64 = 2_000;

static STATE: Mutex<State> = Mutex::new(State {
    arrived: 0,
    wanted_at: None,
    is_written: false,
    is_over: false,
});
static CHANGED: Condvar = Condvar::new();

struct State {
    /// How many readers have come.
    arrived: u64,
    /// How many had when the writer began to write.
    wanted_at: Option<u64>,
    is_written: bool,
    is_over: bool,
}

impl State {
    /// How many readers have come since the writer began.
    fn handovers(&self) -> u64 {
        self.wanted_at.map_or(0, |then| self.arrived - then)
    }
}

pub(crate) fn observe(scene: Scene, observed: &mut FaultSeen) {
    for reader in 0..READERS {
        scene.spawn(move |handle| {
            let mut turn = reader;
            while !state().is_over {
                await_turn(turn, CATCHING);
                handle.read(resident(0), |_| {
                    change(|state| state.arrived = state.arrived.max(turn + 1));
                    await_turn(turn + 2, scene.patience);
                });
                turn += READERS;
            }
        });
    }
    // All have been in once, so their handles are made.
    drop(wait(CATCHING, |state| state.arrived >= READERS));
    let begun = clock::now();
    scene.spawn(|handle| {
        // Nobody is woken, who could take the processor before the write begins.
        let mut now = state();
        now.wanted_at = Some(now.arrived);
        drop(now);
        let _ = handle.apply(resident(0), Event::heartbeat(1));
        change(|state| state.is_written = true);
    });
    // Longer than a reader waits for the next one, who may be kept out.
    let end = wait(CATCHING + scene.patience, |state| {
        // Many come and go while a writer that nobody holds up has no processor.
        let has_waited = state.handovers() >= HANDOVERS_MAX && begun.elapsed() >= scene.patience;
        state.is_written || has_waited
    });
    let (is_written, handovers) = (end.is_written, end.handovers());
    drop(end);
    let fate = if is_written { Fate::Done } else { Fate::HeldUp };
    observed.add(Action::Update, fate);
    let handovers = handovers.cast_signed();
    observed.tallies.insert(Tally::Handovers, handovers);
    change(|state| state.is_over = true);
    if !wait(CATCHING, |state| state.is_written).is_written {
        observed.never.push(Action::Update);
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn change(how: impl FnOnce(&mut State)) {
    how(&mut state());
    CHANGED.notify_all();
}

/// Waits until so many readers have come, or all is over.
fn await_turn(turn: u64, patience: Duration) {
    drop(wait(patience, |state| {
        state.is_over || state.arrived >= turn
    }));
}

/// Waits until that is so, but not longer than `patience`.
fn wait(patience: Duration, is_so: impl Fn(&State) -> bool) -> MutexGuard<'static, State> {
    let waited = CHANGED.wait_timeout_while(state(), patience, |state| !is_so(state));
    waited.unwrap_or_else(PoisonError::into_inner).0
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use contract::{ErasedHandle, ErasedTable, ProcessId, Profile, Rejected, Strategy};
    use model::fault::Fault;

    use super::*;
    use crate::instrumented_record::{self, InstrumentedRecord};

    /// Longer than any test: what is waited for comes.
    const LONG: Duration = Duration::from_mins(10);

    /// A table that nobody waits for, but its last handle and that one's write come late; and how many handles it gave.
    struct LastIsLate(ErasedTable<InstrumentedRecord>, AtomicU64);

    struct LateWrite<'s>(ErasedHandle<'s, InstrumentedRecord>);

    /// Until readers have relieved each other so many times as often as a writer may have to wait for.
    fn be_late(times: u64) {
        drop(wait(LONG, |state| state.arrived > times * HANDOVERS_MAX));
    }

    impl Strategy<InstrumentedRecord> for LastIsLate {
        const PROFILE: Profile = Profile::locked("planted/late", "its last handle is late");
        type Handle<'s> = LateWrite<'s>;

        fn with_capacity(processes: usize) -> Self {
            let make = instrumented_record::strategy("atomics/cas").expect("it is registered");
            Self(make(processes), AtomicU64::new(0))
        }

        fn handle(&self) -> LateWrite<'_> {
            // Of whoever fills it, of each reader, and of the writer.
            if self.1.fetch_add(1, Ordering::SeqCst) == 1 + READERS {
                be_late(2);
            }
            LateWrite(self.0.handle())
        }
    }

    impl Handle<InstrumentedRecord> for LateWrite<'_> {
        fn read<T>(
            &mut self,
            id: ProcessId,
            f: impl FnOnce(&InstrumentedRecord) -> T,
        ) -> Option<T> {
            self.0.read(id, f)
        }

        fn insert(
            &mut self,
            id: ProcessId,
            record: InstrumentedRecord,
        ) -> Option<InstrumentedRecord> {
            self.0.insert(id, record)
        }

        fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
            be_late(4);
            self.0.apply(id, event)
        }

        fn remove(&mut self, id: ProcessId) -> Option<InstrumentedRecord> {
            self.0.remove(id)
        }

        fn scan(&mut self, visit: impl FnMut(ProcessId, &InstrumentedRecord)) {
            self.0.scan(visit);
        }
    }

    #[test]
    fn a_writer_that_is_late_is_not_held_up() {
        let mut observed = FaultSeen::new("", Fault::OverlappingReaders);
        let scene = Scene::new(ErasedTable::new::<LastIsLate>, LONG);
        observe(scene, &mut observed);
        assert_eq!(observed.meanwhile[&Action::Update].fate, Fate::Done);
    }
}
