//! Wrong on one thread already.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use contract::{
    Change, Event, IdMap, ProcessId, Profile, ReadConsistency, Rejected, Specimen as _, State,
};

use crate::correct::Batch;
use crate::table::{Base, Bug, Status};

/// Looks at the low bits of an identifier and not at the rest.
#[derive(Default)]
pub(crate) struct ForeignOnCollision;

impl Bug for ForeignOnCollision {
    const NAME: &'static str = "planted/foreign-on-collision";

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        let map = base.lock();
        let slot = map.keys().find(|key| key.0 & 0xff == id.0 & 0xff)?;
        map.get(slot).copied()
    }
}

/// 0 marks an empty slot.
#[derive(Default)]
pub(crate) struct ZeroIsEmpty;

impl Bug for ZeroIsEmpty {
    const NAME: &'static str = "planted/zero-is-empty";

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        base.get(id).filter(|_| id.0 != 0)
    }
}

/// Calls the closure before it knows whether there is a record.
#[derive(Default)]
pub(crate) struct CallsAnyway;

impl Bug for CallsAnyway {
    const NAME: &'static str = "planted/calls-anyway";

    fn read<T>(&self, base: &Base, id: ProcessId, f: impl FnOnce(&Status) -> T) -> Option<T> {
        let record = base.get(id);
        let result = f(&record.unwrap_or(Status::pending(id)));
        record.map(|_| result)
    }
}

/// Insert does not say what it displaced.
#[derive(Default)]
pub(crate) struct InsertForgetsDisplaced;

impl Bug for InsertForgetsDisplaced {
    const NAME: &'static str = "planted/insert-forgets-displaced";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        base.insert(id, record);
        None
    }
}

/// Insert keeps what is there.
#[derive(Default)]
pub(crate) struct InsertKeepsOld;

impl Bug for InsertKeepsOld {
    const NAME: &'static str = "planted/insert-keeps-old";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let mut map = base.lock();
        let old = map.get(&id).copied();
        map.entry(id).or_insert(record);
        old
    }
}

/// Remove takes the record from the copy of the writers and not from that of the readers.
#[derive(Default)]
pub(crate) struct RemovesFromOneCopy(Mutex<IdMap<Status>>);

impl Bug for RemovesFromOneCopy {
    const NAME: &'static str = "planted/removes-from-one-copy";

    fn get(&self, _: &Base, id: ProcessId) -> Option<Status> {
        self.0.lock().unwrap().get(&id).copied()
    }

    fn written(&self, base: &Base) {
        self.0.lock().unwrap().extend(base.entries());
    }
}

/// Restarts a process that runs.
#[derive(Default)]
pub(crate) struct AcceptsIllegal;

impl Bug for AcceptsIllegal {
    const NAME: &'static str = "planted/accepts-illegal";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let running = base.get(id)?.state() == State::Running;
        if running && event.change == Change::Restart {
            base.apply(id, Event::at(event.at_ns, Change::Stop));
        }
        base.apply(id, event)
    }
}

/// Says that it rejects the event, and has noted its time already.
#[derive(Default)]
pub(crate) struct RejectsButChanges;

impl Bug for RejectsButChanges {
    const NAME: &'static str = "planted/rejects-but-changes";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let outcome = base.apply(id, event)?;
        if outcome.is_err() {
            let beat = Change::Heartbeat {
                cpu_ns: 0,
                rss_bytes: 0,
            };
            base.apply(id, Event::at(event.at_ns, beat));
        }
        Some(outcome)
    }
}

/// Does not tell rejected from unknown.
#[derive(Default)]
pub(crate) struct RejectsAsUnknown;

impl Bug for RejectsAsUnknown {
    const NAME: &'static str = "planted/rejects-as-unknown";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        base.apply(id, event).filter(Result::is_ok)
    }
}

/// Retries an event that had been applied.
#[derive(Default)]
pub(crate) struct AppliesTwice;

impl Bug for AppliesTwice {
    const NAME: &'static str = "planted/applies-twice";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let outcome = base.apply(id, event);
        base.apply(id, event);
        outcome
    }
}

/// Makes the record that it does not find.
#[derive(Default)]
pub(crate) struct AppliesToUnknown;

impl Bug for AppliesToUnknown {
    const NAME: &'static str = "planted/applies-to-unknown";

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        base.lock().entry(id).or_insert_with(|| Status::pending(id));
        base.apply(id, event)
    }
}

/// Starts a scan with what it has visited already.
#[derive(Default)]
pub(crate) struct ScansTwice;

impl Bug for ScansTwice {
    const NAME: &'static str = "planted/scans-twice";

    fn entries(&self, base: &Base) -> Vec<(ProcessId, Status)> {
        let mut entries = base.entries();
        entries.extend(entries.first().copied());
        entries
    }
}

/// Stops a scan one too early.
#[derive(Default)]
pub(crate) struct ScanMissesLast;

impl Bug for ScanMissesLast {
    const NAME: &'static str = "planted/scan-misses-last";

    fn entries(&self, base: &Base) -> Vec<(ProcessId, Status)> {
        let mut entries = base.entries();
        entries.pop();
        entries
    }
}

/// Divides by the capacity.
#[derive(Default)]
pub(crate) struct PanicsWithoutCapacity(usize);

impl Bug for PanicsWithoutCapacity {
    const NAME: &'static str = "planted/panics-without-capacity";

    fn with_capacity(processes: usize) -> Self {
        Self(processes)
    }

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        std::hint::black_box(id.0 as usize % self.0);
        base.get(id)
    }
}

/// Readers look at a snapshot, which is renewed when the set of processes changes and not when a
/// process does.
#[derive(Default)]
pub(crate) struct StaleSnapshot(Mutex<IdMap<Status>>);

impl Bug for StaleSnapshot {
    const NAME: &'static str = "planted/stale-snapshot";

    fn get(&self, _: &Base, id: ProcessId) -> Option<Status> {
        self.0.lock().unwrap().get(&id).copied()
    }

    fn written(&self, base: &Base) {
        let mut snapshot = self.0.lock().unwrap();
        let map = base.lock();
        if map.len() != snapshot.len() || map.keys().any(|id| !snapshot.contains_key(id)) {
            snapshot.clone_from(&map);
        }
    }
}

/// Publishes every fourth write, and not when it is asked to.
#[derive(Default)]
pub(crate) struct PublishDoesNothing(Mutex<Batch>);

impl Bug for PublishDoesNothing {
    const NAME: &'static str = "planted/publish-does-nothing";
    const CLAIMS: Profile = published(Self::NAME, 4);

    fn get(&self, _: &Base, id: ProcessId) -> Option<Status> {
        self.0.lock().unwrap().map.get(&id).copied()
    }

    fn written(&self, base: &Base) {
        let mut batch = self.0.lock().unwrap();
        batch.pending += 1;
        if batch.pending == 4 {
            batch.refresh(base);
        }
    }
}

/// Publishes when it is asked to, and not every fourth write.
#[derive(Default)]
pub(crate) struct StalerThanClaimed(Mutex<Batch>);

impl Bug for StalerThanClaimed {
    const NAME: &'static str = "planted/staler-than-claimed";
    const CLAIMS: Profile = published(Self::NAME, 4);

    fn get(&self, _: &Base, id: ProcessId) -> Option<Status> {
        self.0.lock().unwrap().map.get(&id).copied()
    }

    fn publish(&self, base: &Base) {
        self.0.lock().unwrap().refresh(base);
    }
}

/// Readers take turns with two copies, one of which is older.
#[derive(Default)]
pub(crate) struct GoesBack {
    turn: AtomicU32,
    older: Mutex<Batch>,
}

impl Bug for GoesBack {
    const NAME: &'static str = "planted/goes-back";
    const CLAIMS: Profile = published(Self::NAME, 1_000);

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        match self.turn.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => base.get(id),
            _ => self.older.lock().unwrap().map.get(&id).copied(),
        }
    }

    fn publish(&self, base: &Base) {
        self.older.lock().unwrap().refresh(base);
    }
}

const fn published(name: &'static str, every: u32) -> Profile {
    Profile {
        read_consistency: ReadConsistency::Published { every },
        ..Profile::locked(name, "wrong in one way")
    }
}
