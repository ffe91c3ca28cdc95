//! One immutable map behind one pointer: reading it, and replacing it by a changed copy.
//!
//! Every whole-table variant is this, with a map of its own. All operations act on the one pointer,
//! whose modification order is therefore the order of all writes: a write takes effect when its
//! conditional swap succeeds, a read when it loads the pointer.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use contract::{Handle, ProcessId, Record};
use crossbeam_utils::CachePadded;

/// A map of which a changed copy can be made.
pub(crate) trait Snapshot<R>: Clone {
    /// Whether writers queue, because a copy is too much work to be thrown away after a lost race.
    const WRITERS_QUEUE: bool;

    fn get(&self, id: ProcessId) -> Option<&R>;
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R>;
    fn remove(&mut self, id: ProcessId) -> Option<R>;
    fn for_each(&self, visit: impl FnMut(ProcessId, &R));
}

/// What a writer makes of the snapshot that it was shown.
enum Write<M, T> {
    /// A changed copy to publish, and what to return when that succeeds.
    Publish(M, T),
    /// Nothing to change; what to return.
    Leave(T),
}

/// The current snapshot.
#[derive(Debug)]
pub(crate) struct Published<M> {
    pointer: ArcSwap<M>,
    /// Held while copying and publishing, where [`Snapshot::WRITERS_QUEUE`]. Guards no data: the
    /// pointer is swapped conditionally either way, and readers never look at it; padded, so that
    /// those who wait for it do not disturb those who read the pointer.
    turn: CachePadded<Mutex<()>>,
}

impl<M> Published<M> {
    pub(crate) fn new(map: M) -> Self {
        Self {
            pointer: ArcSwap::from_pointee(map),
            turn: CachePadded::default(),
        }
    }

    pub(crate) fn pointer(&self) -> &ArcSwap<M> {
        &self.pointer
    }

    /// A handle for the calling thread.
    pub(crate) fn handle(&self) -> SnapshotHandle<'_, M> {
        // The first load of a thread allocates its debt slots, or takes over those of a thread that
        // has ended. Here, so that no read allocates.
        drop(self.pointer.load());
        SnapshotHandle(self)
    }

    /// Publishes what `change` makes of the current snapshot; calls it again if another writer was
    /// faster.
    fn update<R, T>(&self, mut change: impl FnMut(&M) -> Write<M, T>) -> T
    where
        M: Snapshot<R>,
    {
        // Poisoning is ignored: who panics in `change` has published nothing.
        let turn =
            M::WRITERS_QUEUE.then(|| self.turn.lock().unwrap_or_else(PoisonError::into_inner));
        let mut current = self.pointer.load();
        loop {
            let (copy, answer) = match change(&current) {
                Write::Publish(copy, answer) => (copy, answer),
                Write::Leave(answer) => return answer,
            };
            let actual = self.pointer.compare_and_swap(&*current, Arc::new(copy));
            if Arc::ptr_eq(&current, &actual) {
                // The mutex first: freeing the old snapshot may take a while.
                drop(turn);
                return answer;
            }
            current = actual;
        }
    }

    pub(crate) fn insert<R: Record>(&self, id: ProcessId, record: &R) -> Option<R>
    where
        M: Snapshot<R>,
    {
        self.update(|map| {
            let mut copy = map.clone();
            let displaced = copy.insert(id, record.clone());
            Write::Publish(copy, displaced)
        })
    }

    pub(crate) fn fill<R: Record>(&self, records: &[(ProcessId, R)])
    where
        M: Snapshot<R>,
    {
        self.update(|map| {
            let mut copy = map.clone();
            for (id, record) in records {
                copy.insert(*id, record.clone());
            }
            Write::Publish(copy, ())
        });
    }

    pub(crate) fn apply<R: Record>(
        &self,
        id: ProcessId,
        event: &R::Event,
    ) -> Option<Result<u64, R::Rejected>>
    where
        M: Snapshot<R>,
    {
        self.update(|map| match map.get(id).map(|record| record.apply(event)) {
            None => Write::Leave(None),
            Some(Err(rejected)) => Write::Leave(Some(Err(rejected))),
            Some(Ok(next)) => {
                let revision = next.revision();
                let mut copy = map.clone();
                copy.insert(id, next);
                Write::Publish(copy, Some(Ok(revision)))
            }
        })
    }

    pub(crate) fn remove<R: Record>(&self, id: ProcessId) -> Option<R>
    where
        M: Snapshot<R>,
    {
        self.update(|map| {
            if map.get(id).is_none() {
                return Write::Leave(None);
            }
            let mut copy = map.clone();
            let removed = copy.remove(id);
            Write::Publish(copy, removed)
        })
    }
}

/// A thread's access: a reference, since the thread's debt slots belong to the library.
#[derive(Debug)]
pub struct SnapshotHandle<'s, M>(&'s Published<M>);

impl<R: Record, M: Snapshot<R>> Handle<R> for SnapshotHandle<'_, M> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.pointer.load().get(id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.insert(id, &record)
    }

    fn fill(&mut self, records: &[(ProcessId, R)]) {
        self.0.fill(records);
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.0.apply(id, &event)
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.remove(id)
    }

    fn scan(&mut self, visit: impl FnMut(ProcessId, &R)) {
        self.0.pointer.load().for_each(visit);
    }
}
