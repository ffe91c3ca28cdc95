//! Right in what they return, wrong in what they keep: bytes, room, threads, locks.

use std::collections::HashSet;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Barrier, Mutex, MutexGuard, mpsc};

use contract::{Event, IdMap, ProcessId, Rejected};

use crate::table::{Base, Bug, Status};

/// Unlinks removed records and does not free them.
#[derive(Default)]
pub(crate) struct LeaksRemoved;

impl Bug for LeaksRemoved {
    const NAME: &'static str = "planted/leaks-removed";

    fn remove(&self, base: &Base, id: ProcessId) -> Option<Status> {
        base.remove(id)
            .map(|record| *Box::leak(std::hint::black_box(Box::new(record))))
    }
}

/// Remembers every identifier for ever.
#[derive(Default)]
pub(crate) struct KeepsEveryId(Mutex<HashSet<ProcessId>>);

impl Bug for KeepsEveryId {
    const NAME: &'static str = "planted/keeps-every-id";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        self.0.lock().unwrap().insert(id);
        base.insert(id, record)
    }
}

/// Copies the table for every update, which it says it does not.
#[derive(Default)]
pub(crate) struct CopiesTable;

impl Bug for CopiesTable {
    const NAME: &'static str = "planted/copies-table";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let mut map = base.lock();
        let copy = std::hint::black_box(&*map).clone();
        *map = copy;
        drop(map);
        base.apply(id, event)
    }
}

/// Puts what it reads on the heap, which it says it does not.
#[derive(Default)]
pub(crate) struct ReadsFromHeap;

impl Bug for ReadsFromHeap {
    const NAME: &'static str = "planted/reads-from-heap";

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        base.get(id)
            .map(|record| *std::hint::black_box(Box::new(record)))
    }
}

/// Keeps what was replaced for a while, which it says it does not.
#[derive(Default)]
pub(crate) struct FreesLate(Mutex<Vec<Arc<Status>>>);

impl Bug for FreesLate {
    const NAME: &'static str = "planted/frees-late";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let mut replaced = self.0.lock().unwrap();
        replaced.extend(base.get(id).map(Arc::new));
        if replaced.len() == 160 {
            replaced.clear();
        }
        base.apply(id, event)
    }
}

/// Does not free what is still in the table.
#[derive(Default)]
pub(crate) struct ForgetsOnDrop(ManuallyDrop<Mutex<IdMap<Status>>>);

impl Bug for ForgetsOnDrop {
    const NAME: &'static str = "planted/forgets-on-drop";

    fn written(&self, base: &Base) {
        self.0.lock().unwrap().clone_from(&base.lock());
    }
}

/// Has a thread that nobody stops.
#[derive(Debug)]
pub(crate) struct LeavesThread;

impl Default for LeavesThread {
    fn default() -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::spawn(move || stopped.recv());
        std::mem::forget(stop);
        Self
    }
}

impl Bug for LeavesThread {
    const NAME: &'static str = "planted/leaves-thread";
}

/// How many slots the tables below have.
const SLOTS: usize = 2_048;

/// Never uses the slot of a removed record again, and panics when there is none.
#[derive(Default)]
pub(crate) struct ExhaustsTombstones(Mutex<usize>);

impl Bug for ExhaustsTombstones {
    const NAME: &'static str = "planted/exhausts-tombstones";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let displaced = base.insert(id, record);
        if displaced.is_none() {
            let used = {
                let mut used = self.0.lock().unwrap();
                *used += 1;
                *used
            };
            assert!(used <= SLOTS, "the table is full");
        }
        displaced
    }
}

/// As [`ExhaustsTombstones`], and drops the record without a word.
#[derive(Default)]
pub(crate) struct DropsWhenExhausted(Mutex<usize>);

impl Bug for DropsWhenExhausted {
    const NAME: &'static str = "planted/drops-when-exhausted";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let mut used = self.0.lock().unwrap();
        *used += usize::from(base.get(id).is_none());
        if *used > SLOTS {
            return None;
        }
        base.insert(id, record)
    }
}

/// Takes its capacity for a limit.
#[derive(Default)]
pub(crate) struct DoesNotGrow(usize);

impl Bug for DoesNotGrow {
    const NAME: &'static str = "planted/does-not-grow";

    fn with_capacity(processes: usize) -> Self {
        Self(processes.next_power_of_two())
    }

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        if base.lock().len() < self.0 || base.get(id).is_some() {
            base.insert(id, record)
        } else {
            None
        }
    }
}

/// Loses an entry on the way to a larger table.
#[derive(Default)]
pub(crate) struct LosesOneGrowing;

impl Bug for LosesOneGrowing {
    const NAME: &'static str = "planted/loses-one-growing";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let mut map = base.lock();
        if map.len() == 256
            && let Some(&unlucky) = map.keys().next()
        {
            map.remove(&unlucky);
        }
        map.insert(id, record)
    }
}

/// Updates take the first lock and then the second, the others the other way round.
pub(crate) struct LocksInTwoOrders {
    first: Mutex<()>,
    second: Mutex<()>,
    /// Passed by two threads that hold one each.
    both_held: Barrier,
}

impl Default for LocksInTwoOrders {
    fn default() -> Self {
        Self {
            first: Mutex::default(),
            second: Mutex::default(),
            both_held: Barrier::new(2),
        }
    }
}

impl LocksInTwoOrders {
    fn lock<'m>(&self, locks: [&'m Mutex<()>; 2]) -> [MutexGuard<'m, ()>; 2] {
        let first = locks[0].lock().unwrap();
        self.both_held.wait();
        [first, locks[1].lock().unwrap()]
    }
}

impl Bug for LocksInTwoOrders {
    const NAME: &'static str = "planted/locks-in-two-orders";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let _locks = self.lock([&self.first, &self.second]);
        base.apply(id, event)
    }

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let _locks = self.lock([&self.second, &self.first]);
        base.insert(id, record)
    }
}

/// Keeps the lock when there was nothing to remove.
#[derive(Default)]
pub(crate) struct KeepsLock(Mutex<()>);

impl Bug for KeepsLock {
    const NAME: &'static str = "planted/keeps-lock";

    fn remove(&self, base: &Base, id: ProcessId) -> Option<Status> {
        let lock = self.0.lock().unwrap();
        let removed = base.remove(id);
        if removed.is_none() {
            std::mem::forget(lock);
        }
        removed
    }
}
