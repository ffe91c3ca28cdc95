//! Tables with nothing wrong, one for each kind of claim: they must pass every check.

use std::sync::{Mutex, MutexGuard};

use contract::{IdMap, ProcessId, Profile, ReadConsistency, ScanConsistency};

use crate::table::{Base, Bug, Status, cloned};

/// Linearizable, scans are snapshots.
#[derive(Default)]
pub(crate) struct Correct;

impl Bug for Correct {
    const NAME: &'static str = "correct/mutex";
}

/// Scans visit each record on its own, and say so.
#[derive(Default)]
pub(crate) struct WeakScans;

impl Bug for WeakScans {
    const NAME: &'static str = "correct/weak-scans";
    const CLAIMS: Profile = Profile {
        scan_consistency: ScanConsistency::Weak,
        ..Profile::locked(
            Self::NAME,
            "collects identifiers, then reads them one by one",
        )
    };

    fn entries(&self, base: &Base) -> Vec<(ProcessId, Status)> {
        entries_one_by_one(base).collect()
    }
}

/// Each is read when it is asked for.
pub(crate) fn entries_one_by_one(base: &Base) -> impl Iterator<Item = (ProcessId, Status)> {
    let ids: Vec<ProcessId> = base.lock().keys().copied().collect();
    ids.into_iter()
        .filter_map(|id| base.get(id).map(|record| (id, cloned(&record))))
}

/// What readers of a batched table look at, and how many writes it lacks.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) map: IdMap<Status>,
    pub(crate) pending: u32,
}

impl Batch {
    pub(crate) fn refresh(&mut self, base: &Base) {
        self.map.clone_from(&base.lock());
        self.pending = 0;
    }
}

/// Publishes every fourth write.
#[derive(Default)]
pub(crate) struct Batched(Mutex<Batch>);

impl Batched {
    const EVERY: u32 = 4;

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.0.lock().unwrap()
    }
}

impl Bug for Batched {
    const NAME: &'static str = "correct/batched";
    const CLAIMS: Profile = Profile {
        read_consistency: ReadConsistency::Published { every: Self::EVERY },
        ..Profile::locked(Self::NAME, "publishes every fourth write")
    };

    fn get(&self, _: &Base, id: ProcessId) -> Option<Status> {
        self.batch().map.get(&id).copied()
    }

    fn entries(&self, _: &Base) -> Vec<(ProcessId, Status)> {
        self.batch()
            .map
            .iter()
            .map(|(&id, &record)| (id, record))
            .collect()
    }

    fn written(&self, base: &Base) {
        let mut batch = self.batch();
        batch.pending += 1;
        if batch.pending == Self::EVERY {
            batch.refresh(base);
        }
    }

    fn publish(&self, base: &Base) {
        self.batch().refresh(base);
    }
}
