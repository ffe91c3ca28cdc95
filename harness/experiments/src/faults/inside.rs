//! A thread that uses the table while it is inside a read or a scan of it.
//!
//! So does a program that holds a guard of a record, such as dashmap's `Ref`, across an insert. The
//! thread has a second handle for it, made before. Each action has a table and a thread of its own: one
//! that waits for itself never lets go of what it holds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::instrumented_record::{InstrumentedRecord, TableHandle, heartbeat};
use contract::{Handle, ProcessId, Record};
use model::fault::{Action, Fate, Fault, FaultSeen};

use crate::faults::scene::{LOOKS, WRITES, perform};
use crate::faults::scene::{Scene, Worker, guest, resident, residents, unanswered};

const TARGETS: &[ProcessId] = &[resident(0)];
/// So many writes that some meet the lock of the shard or bucket that is held around them, that what is
/// published in batches is published twice, and that a table grows.
const WRITES_EACH: u64 = 512;
/// Where the identifiers begin that come and go.
const COMINGS: u64 = 1_000;
/// Looks at records for which a writer may be waiting.
const ROUNDS: u32 = 10;
/// Reads before the operation around: so many that it is one like all others, and not the first.
const READS_BEFORE: u32 = 64;

/// What a thread says: that it got one operation further, or how all of them went.
type Report = Option<Fate>;

pub(crate) fn observe(scene: impl Fn() -> Scene, observed: &mut FaultSeen) {
    let actions = [LOOKS, &[Action::ReadAgain], WRITES].concat().into_iter();
    let started = actions.map(|action| {
        let scene = scene();
        (action, start(scene, observed.fault, action), scene.patience)
    });
    // All have begun before the first is waited for.
    let started: Vec<_> = started.collect();
    for (action, reports, patience) in started {
        observed.add(action, outcome(&reports, patience));
    }
}

/// How it went; held up is what gets no further within `patience`.
fn outcome(reports: &Receiver<Report>, patience: Duration) -> Fate {
    loop {
        match reports.recv_timeout(patience) {
            Ok(None) => {}
            Ok(Some(fate)) => return fate,
            Err(reason) => return unanswered(reason),
        }
    }
}

fn start(scene: Scene, fault: Fault, action: Action) -> Receiver<Report> {
    let (report, reports) = channel();
    let writer: Writer = scene.worker(|handle, ()| {
        for n in 0..WRITES_EACH as usize {
            let _ = handle.apply(TARGETS[0], heartbeat(n));
        }
    });
    scene.spawn(move |outer| {
        let mut inner = scene.table.handle();
        if action == Action::Remove {
            for id in comings() {
                inner.insert(id, InstrumentedRecord::running(id));
                let _ = report.send(None);
            }
            inner.publish();
        }
        for _ in 0..READS_BEFORE {
            outer.read(TARGETS[0], |_| {});
        }
        let inside = |lent: &InstrumentedRecord| {
            let before = *lent;
            let went = match action {
                Action::ReadAgain => look_with_a_writer(&mut inner, &writer, scene, &report),
                Action::Read | Action::ReadOthers | Action::Scan => look(action, &mut inner),
                _ => write(action, &mut inner, &report),
            };
            // Hidden from the optimizer, which may assume that a shared reference is steady.
            if *std::hint::black_box(lent) == before {
                went
            } else {
                went.max(Fate::Torn)
            }
        };
        let went = catch_unwind(AssertUnwindSafe(|| call_inside(fault, outer, inside)));
        let _ = report.send(Some(went.unwrap_or(Fate::Panicked)));
    });
    reports
}

/// Calls `inside` once, with the record that the operation around lends.
fn call_inside(
    fault: Fault,
    handle: &mut TableHandle<'_>,
    inside: impl FnOnce(&InstrumentedRecord) -> Fate,
) -> Fate {
    if fault == Fault::InsideRead {
        return handle.read(TARGETS[0], inside).unwrap_or(Fate::Missing);
    }
    let (mut inside, mut fate) = (Some(inside), Fate::Missing);
    handle.scan(|id, record| {
        if id == TARGETS[0]
            && let Some(inside) = inside.take()
        {
            fate = inside(record);
        }
    });
    fate
}

fn comings() -> impl Iterator<Item = ProcessId> {
    (0..WRITES_EACH).map(|n| guest(COMINGS + n))
}

/// Reads or scans; where it reads others, also some that are not there.
fn look(action: Action, inner: &mut TableHandle<'_>) -> Fate {
    if action == Action::ReadOthers {
        for absent in comings() {
            inner.read(absent, |_| {});
        }
    }
    perform(action, inner, TARGETS)
}

/// Writes, and looks after each whether it is there.
fn write(action: Action, inner: &mut TableHandle<'_>, report: &Sender<Report>) -> Fate {
    let others = residents().skip(1).cycle();
    let mut worst = Fate::Done;
    for (n, (other, coming)) in others.zip(comings()).enumerate() {
        let fate = match action {
            Action::Update => update(inner, TARGETS[0], n),
            Action::UpdateOther => update(inner, other, n),
            Action::Insert => {
                inner.insert(coming, InstrumentedRecord::running(coming));
                shows(inner, coming, Some(1))
            }
            _ => match inner.remove(coming) {
                Some(_) => shows(inner, coming, None),
                None => Fate::Missing,
            },
        };
        worst = worst.max(fate);
        let _ = report.send(None);
    }
    worst
}

fn update(inner: &mut TableHandle<'_>, id: ProcessId, n: usize) -> Fate {
    match inner.apply(id, heartbeat(n)) {
        Some(Ok(revision)) => shows(inner, id, Some(revision)),
        _ => Fate::Missing,
    }
}

/// Whether a read shows that revision, once it is published.
fn shows(inner: &mut TableHandle<'_>, id: ProcessId, revision: Option<u64>) -> Fate {
    inner.publish();
    if inner.read(id, Record::revision) == revision {
        Fate::Done
    } else {
        Fate::Stale
    }
}

/// Reads and scans again and again while another thread writes, or waits to.
fn look_with_a_writer(
    inner: &mut TableHandle<'_>,
    writer: &Writer,
    scene: Scene,
    report: &Sender<Report>,
) -> Fate {
    writer.ask(());
    let mut worst = Fate::Done;
    for _ in 0..ROUNDS {
        let answer = writer.answer(scene.patience / ROUNDS);
        for &action in LOOKS {
            worst = worst.max(look(action, inner));
        }
        let _ = report.send(None);
        match answer {
            Ok(()) => break,
            Err(Fate::HeldUp) => {}
            Err(fate) => return worst.max(fate),
        }
    }
    worst
}

/// A thread that writes to the record that is lent, once it is asked to.
type Writer = Worker<(), ()>;

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use crate::instrumented_record::MakeTable;
    use contract::{ErasedTable, Event, IdMap, Profile, Rejected, Strategy};

    use super::*;

    /// Longer than any test: what is waited for comes.
    const LONG: Duration = Duration::from_mins(10);
    /// For what never comes, any time is long enough.
    const SHORT: Duration = Duration::from_millis(20);

    fn fates(make: MakeTable, patience: Duration) -> Vec<(Action, Fate)> {
        let attempts = |fault| {
            let mut observed = FaultSeen::new("", fault);
            observe(|| Scene::new(make, patience), &mut observed);
            observed.meanwhile
        };
        let faults = [Fault::InsideRead, Fault::InsideScan].into_iter();
        faults
            .flat_map(attempts)
            .map(|(action, attempt)| (action, attempt.fate))
            .collect()
    }

    fn all_are(fate: Fate, name: &str, patience: Duration) {
        let make = crate::instrumented_record::strategy(name).expect("it is registered");
        let fates = fates(make, patience);
        assert!(fates.iter().all(|(_, actual)| *actual == fate), "{fates:?}");
    }

    #[test]
    fn inside_a_read_everything_goes_where_nothing_is_held() {
        all_are(Fate::Done, "atomics/cas", LONG);
        all_are(Fate::Done, "epoch/per-process", LONG);
    }

    #[test]
    fn inside_a_read_nothing_goes_where_the_table_is_locked() {
        all_are(Fate::HeldUp, "mutex/std", SHORT);
    }

    #[test]
    fn a_guard_that_is_held_across_a_write_to_its_shard_deadlocks() {
        let make = crate::instrumented_record::strategy("concurrent-map/dashmap")
            .expect("it is registered");
        let fates = fates(make, SHORT);
        for action in [Action::Update, Action::Insert, Action::Remove] {
            assert!(fates.contains(&(action, Fate::HeldUp)), "{fates:?}");
        }
    }

    /// A map behind a lock, wrong in one way inside a read.
    struct Planted<const PANICS: bool>(Mutex<State>);

    #[derive(Default)]
    struct State {
        map: IdMap<InstrumentedRecord>,
        /// Reads and scans that are under way, and the map as it was when the first of them began.
        inside: usize,
        pinned: IdMap<InstrumentedRecord>,
    }

    impl<const PANICS: bool> Planted<PANICS> {
        /// Also after a panic.
        fn state(&self) -> MutexGuard<'_, State> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn enter(&self) -> IdMap<InstrumentedRecord> {
            let mut state = self.state();
            if state.inside == 0 {
                state.pinned = state.map.clone();
            }
            state.inside += 1;
            state.pinned.clone()
        }

        fn leave(&self) {
            self.state().inside -= 1;
        }

        fn write<T>(&self, write: impl FnOnce(&mut IdMap<InstrumentedRecord>) -> T) -> T {
            let mut state = self.state();
            let has_room = state.inside == 0 && state.map.len() < 300;
            assert!(!PANICS || has_room, "somebody is inside, or it is full");
            write(&mut state.map)
        }
    }

    impl<const PANICS: bool> Strategy<InstrumentedRecord> for Planted<PANICS> {
        const PROFILE: Profile = Profile::locked("planted/inside", "wrong in one way");
        type Handle<'s> = &'s Self;

        fn with_capacity(_: usize) -> Self {
            Self(Mutex::default())
        }

        fn handle(&self) -> &Self {
            self
        }
    }

    impl<const PANICS: bool> Handle<InstrumentedRecord> for &Planted<PANICS> {
        fn read<T>(
            &mut self,
            id: ProcessId,
            f: impl FnOnce(&InstrumentedRecord) -> T,
        ) -> Option<T> {
            let result = self.enter().get(&id).map(f);
            self.leave();
            result
        }

        fn insert(
            &mut self,
            id: ProcessId,
            record: InstrumentedRecord,
        ) -> Option<InstrumentedRecord> {
            self.write(|map| map.insert(id, record))
        }

        fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
            self.write(|map| map.get_mut(&id).map(|record| record.apply_in_place(&event)))
        }

        fn remove(&mut self, id: ProcessId) -> Option<InstrumentedRecord> {
            self.write(|map| map.remove(&id))
        }

        fn scan(&mut self, mut visit: impl FnMut(ProcessId, &InstrumentedRecord)) {
            for (id, record) in &self.enter() {
                visit(*id, record);
            }
            self.leave();
        }
    }

    #[test]
    fn a_table_that_shows_the_state_of_the_outer_read_is_found_out() {
        let fates = fates(ErasedTable::new::<Planted<false>>, LONG);
        for (action, fate) in &fates {
            let expected = if action.is_read() {
                Fate::Done
            } else {
                Fate::Stale
            };
            assert_eq!(*fate, expected, "{action}: {fates:?}");
        }
    }

    #[test]
    fn a_table_whose_writes_panic_is_found_out() {
        let fates = fates(ErasedTable::new::<Planted<true>>, LONG);
        for (action, fate) in &fates {
            // Of `ReadAgain` the other thread's, and of `Remove` those before the read.
            let writes = !LOOKS.contains(action);
            let expected = if writes { Fate::Panicked } else { Fate::Done };
            assert_eq!(*fate, expected, "{action}: {fates:?}");
        }
    }
}
