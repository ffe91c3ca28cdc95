//! A small correct table, of which a bug replaces one operation.

use std::sync::{Mutex, MutexGuard, PoisonError};

use conformance::YieldingRecord;
use contract::{Event, Handle, IdMap, ProcessId, ProcessStatus, Profile, Rejected, Strategy};

use crate::meeting::{Act, Joined, Meeting};

/// What the tables hold.
pub(crate) type Status = YieldingRecord<ProcessStatus>;

/// A copy that takes the time of a clone, as it does for a record that is not plain data.
pub(crate) fn cloned(record: &Status) -> Status {
    Clone::clone(record)
}

/// A map behind one lock: every operation is right.
#[derive(Debug)]
pub(crate) struct Base {
    map: Mutex<IdMap<Status>>,
    pub(crate) meeting: Meeting,
}

impl Base {
    pub(crate) fn lock(&self) -> MutexGuard<'_, IdMap<Status>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, id: ProcessId) -> Option<Status> {
        self.lock().get(&id).copied()
    }

    pub(crate) fn insert(&self, id: ProcessId, record: Status) -> Option<Status> {
        self.lock().insert(id, record)
    }

    pub(crate) fn apply(&self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        use contract::Record as _;
        let mut map = self.lock();
        map.get_mut(&id).map(|record| record.apply_in_place(&event))
    }

    pub(crate) fn remove(&self, id: ProcessId) -> Option<Status> {
        self.lock().remove(&id)
    }

    pub(crate) fn entries(&self) -> Vec<(ProcessId, Status)> {
        self.lock()
            .iter()
            .map(|(&id, &record)| (id, record))
            .collect()
    }
}

/// One way to be wrong: whatever is not replaced is right.
pub(crate) trait Bug: Default + Send + Sync + 'static {
    /// What it is called in a violation.
    const NAME: &'static str;
    /// What it claims.
    const CLAIMS: Profile = Profile::locked(Self::NAME, "wrong in one way");
    /// Whether it takes two threads that meet, which it arranges.
    const MEETS: bool = false;

    fn with_capacity(_processes: usize) -> Self {
        Self::default()
    }

    fn read<T>(&self, base: &Base, id: ProcessId, f: impl FnOnce(&Status) -> T) -> Option<T> {
        self.get(base, id).as_ref().map(f)
    }

    fn get(&self, base: &Base, id: ProcessId) -> Option<Status> {
        base.get(id)
    }

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        base.insert(id, record)
    }

    fn apply(&self, base: &Base, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        base.apply(id, event)
    }

    fn remove(&self, base: &Base, id: ProcessId) -> Option<Status> {
        base.remove(id)
    }

    fn entries(&self, base: &Base) -> Vec<(ProcessId, Status)> {
        base.entries()
    }

    /// After every insert, apply and remove.
    fn written(&self, _base: &Base) {}

    fn publish(&self, _base: &Base) {}
}

/// The table with its bug.
#[derive(Debug)]
pub(crate) struct Table<B> {
    base: Base,
    bug: B,
}

impl<B: Bug> Strategy<Status> for Table<B> {
    const PROFILE: Profile = B::CLAIMS;
    type Handle<'s> = Joined<'s, Self>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            base: Base {
                map: Mutex::default(),
                meeting: Meeting::new(B::MEETS),
            },
            bug: B::with_capacity(processes),
        }
    }

    fn handle(&self) -> Joined<'_, Self> {
        Joined::new(self, &self.base.meeting)
    }
}

impl<B: Bug> Handle<Status> for Joined<'_, Table<B>> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&Status) -> T) -> Option<T> {
        let Table { base, bug } = self.table;
        base.meeting.begin();
        let read = bug.read(base, id, f);
        base.meeting.did(Act::Look, id);
        read
    }

    fn insert(&mut self, id: ProcessId, record: Status) -> Option<Status> {
        let Table { base, bug } = self.table;
        base.meeting.begin();
        let displaced = bug.insert(base, id, record);
        bug.written(base);
        base.meeting.did(Act::Write, id);
        displaced
    }

    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let Table { base, bug } = self.table;
        base.meeting.begin();
        let outcome = bug.apply(base, id, event);
        bug.written(base);
        if matches!(outcome, Some(Ok(_))) {
            base.meeting.did(Act::Write, id);
        }
        outcome
    }

    fn remove(&mut self, id: ProcessId) -> Option<Status> {
        let Table { base, bug } = self.table;
        base.meeting.begin();
        let removed = bug.remove(base, id);
        bug.written(base);
        if removed.is_some() {
            base.meeting.did(Act::Write, id);
        }
        removed
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &Status)) {
        let Table { base, bug } = self.table;
        base.meeting.begin();
        let entries = bug.entries(base);
        base.meeting.did(Act::Look, None);
        for (id, record) in entries {
            visit(id, &record);
        }
    }

    fn publish(&mut self) {
        let Table { base, bug } = self.table;
        bug.publish(base);
    }
}
