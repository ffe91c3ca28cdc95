//! Right on one thread, wrong when threads meet, which they do: [`meeting`](crate::meeting).

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Event, IdMap, PlainRecord as _, ProcessId, Record as _, Rejected};

use crate::correct::entries_one_by_one;
use crate::meeting::Act;
use crate::table::{Base, Bug, Status, cloned};

/// Reads, and writes, each in a critical section of its own.
#[derive(Default)]
pub(crate) struct LosesUpdates;

impl Bug for LosesUpdates {
    const NAME: &'static str = "planted/loses-updates";
    const MEETS: bool = true;

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let next = match base.get(id)?.apply(&event) {
            Ok(next) => next,
            Err(rejected) => return Some(Err(rejected)),
        };
        base.meeting.wait(Act::Write, id, 1);
        *base.lock().get_mut(&id)? = next;
        Some(Ok(next.revision()))
    }
}

/// As [`LosesUpdates`], and brings back what was removed in between.
#[derive(Default)]
pub(crate) struct WritesBack;

impl Bug for WritesBack {
    const NAME: &'static str = "planted/writes-back";
    const MEETS: bool = true;

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let next = match base.get(id)?.apply(&event) {
            Ok(next) => next,
            Err(rejected) => return Some(Err(rejected)),
        };
        base.meeting.wait(Act::Write, id, 1);
        base.insert(id, next);
        Some(Ok(next.revision()))
    }
}

/// Keeps the two halves of a record behind two locks.
#[derive(Default)]
pub(crate) struct TwoHalves {
    front: Mutex<IdMap<[u64; 4]>>,
    back: Mutex<IdMap<[u64; 4]>>,
}

impl Bug for TwoHalves {
    const NAME: &'static str = "planted/two-halves";
    const MEETS: bool = true;

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        let front = self.front.lock().unwrap().get(&id).copied()?;
        base.meeting.wait(Act::Write, id, 1);
        let back = self.back.lock().unwrap().get(&id).copied()?;
        let mut words = [0; 8];
        words[..4].copy_from_slice(&front);
        words[4..].copy_from_slice(&back);
        Some(Status::from_words(words))
    }

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        base.meeting.expect();
        base.apply(id, event)
    }

    fn written(&self, base: &Base) {
        let half = |record: &Status, range: std::ops::Range<usize>| {
            record.to_words()[range].try_into().unwrap()
        };
        let map = base.lock();
        for (&id, record) in &*map {
            self.front.lock().unwrap().insert(id, half(record, 0..4));
            self.back.lock().unwrap().insert(id, half(record, 4..8));
        }
    }
}

/// Updates a record by removing the old one and inserting the new one.
#[derive(Default)]
pub(crate) struct UpdateHasGap(Mutex<()>);

impl Bug for UpdateHasGap {
    const NAME: &'static str = "planted/update-has-gap";
    const MEETS: bool = true;

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let _writer = base.meeting.blocked(|| self.0.lock().unwrap());
        let mut record = base.remove(id)?;
        base.meeting.wait(Act::Look, id, 1);
        let outcome = record.apply_in_place(&event);
        base.insert(id, record);
        Some(outcome)
    }

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let _writer = base.meeting.blocked(|| self.0.lock().unwrap());
        base.insert(id, record)
    }
}

/// Overwrites a record by removing the old one and inserting the new one.
#[derive(Default)]
pub(crate) struct OverwriteHasGap;

impl Bug for OverwriteHasGap {
    const NAME: &'static str = "planted/overwrite-has-gap";
    const MEETS: bool = true;

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let displaced = base.remove(id);
        if displaced.is_some() {
            base.meeting.wait(Act::Look, id, 1);
        }
        base.insert(id, cloned(&record));
        displaced
    }
}

/// Looks at what it will displace before it does.
#[derive(Default)]
pub(crate) struct DisplacesUnseen;

impl Bug for DisplacesUnseen {
    const NAME: &'static str = "planted/displaces-unseen";
    const MEETS: bool = true;

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let displaced = base.get(id);
        base.meeting.wait(Act::Write, id, 1);
        base.insert(id, cloned(&record));
        displaced
    }
}

/// Two threads can remove the same record.
#[derive(Default)]
pub(crate) struct RemovesTwice;

impl Bug for RemovesTwice {
    const NAME: &'static str = "planted/removes-twice";
    const MEETS: bool = true;

    fn remove(&self, base: &Base, id: ProcessId) -> Option<Status> {
        let removed = base.get(id).as_ref().map(cloned)?;
        base.meeting.wait(Act::Write, id, 1);
        base.remove(id);
        Some(removed)
    }
}

/// Readers look at a snapshot that every 64th read renews.
#[derive(Default)]
pub(crate) struct RenewsRarely {
    reads: AtomicU64,
    snapshot: Mutex<IdMap<Status>>,
}

impl Bug for RenewsRarely {
    const NAME: &'static str = "planted/renews-rarely";

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        let mut snapshot = self.snapshot.lock().unwrap();
        let reads = self.reads.fetch_add(1, Ordering::Relaxed);
        if reads.is_multiple_of(64) || !snapshot.contains_key(&id) {
            snapshot.clone_from(&base.lock());
        }
        snapshot.get(&id).copied()
    }
}

/// Claims that a scan is a snapshot, and reads the records one by one.
#[derive(Default)]
pub(crate) struct ScansOneByOne;

impl Bug for ScansOneByOne {
    const NAME: &'static str = "planted/scans-one-by-one";
    const MEETS: bool = true;

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        base.meeting.expect();
        base.apply(id, event)
    }

    fn entries(&self, base: &Base) -> Vec<(ProcessId, Status)> {
        // In between whoever writes records in turn has written all the others.
        let read = |id| base.meeting.wait(Act::Write, id, 2);
        entries_one_by_one(base)
            .inspect(|&(id, _)| read(id))
            .collect()
    }
}

/// Moves to a larger table while readers look into the emptied one.
///
/// It grows late, at each doubling once: everybody who could look is there by then, and what they look
/// for was inserted before, as nobody is far ahead of another.
pub(crate) struct EmptyWhileGrowing {
    grows_at: AtomicU64,
}

impl Default for EmptyWhileGrowing {
    fn default() -> Self {
        Self {
            grows_at: AtomicU64::new(64),
        }
    }
}

impl Bug for EmptyWhileGrowing {
    const NAME: &'static str = "planted/empty-while-growing";
    const MEETS: bool = true;

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        base.meeting.expect();
        base.get(id)
    }

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let (len, at) = (
            base.lock().len() as u64,
            self.grows_at.load(Ordering::SeqCst),
        );
        let grow = |next| {
            self.grows_at
                .compare_exchange(at, next, Ordering::SeqCst, Ordering::SeqCst)
        };
        if len >= at && grow(2 * at).is_ok() {
            let old = std::mem::take(&mut *base.lock());
            base.meeting.wait(Act::Look, None, 1);
            let larger: IdMap<Status> = old
                .iter()
                .map(|(&id, record)| (id, cloned(record)))
                .collect();
            *base.lock() = larger;
        }
        base.insert(id, record)
    }
}
