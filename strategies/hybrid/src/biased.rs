//! `hybrid/biased`: a map behind the lock of [`biased_rwlock`].

use biased_rwlock::{Reader, RwLock};
use contract::{Handle, IdMap, ProcessId, Profile, Record, Reentrancy, Strategy, id_map};

/// A map behind a [`biased_rwlock::RwLock`].
#[derive(Debug)]
pub struct Biased<R>(RwLock<IdMap<R>>);

impl<R: Record> Strategy<R> for Biased<R> {
    const PROFILE: Profile = Profile {
        library: "own",
        avoid_when: "readers stay inside for long while a write is urgent",
        inside_read: Reentrancy::ReadsUnlessWriterWaits,
        inside_scan: Reentrancy::ReadsUnlessWriterWaits,
        ..Profile::locked(
            "hybrid/biased",
            "a map behind a reader-biased lock, announcements per handle (biased-rwlock)",
        )
    };
    type Handle<'s> = BiasedHandle<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self(RwLock::new(id_map(processes)))
    }

    fn handle(&self) -> BiasedHandle<'_, R> {
        BiasedHandle(Reader::new(&self.0))
    }
}

/// A thread's access to a [`Biased`] table: its reader.
#[derive(Debug)]
pub struct BiasedHandle<'s, R>(Reader<'s, IdMap<R>>);

impl<R: Record> Handle<R> for BiasedHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.0.read().get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.0.lock().write().insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let mut map = self.0.lock().write();
        Some(map.get_mut(&id)?.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.0.lock().write().remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        let map = self.0.read();
        map.iter().for_each(|(&id, record)| visit(id, record));
    }
}
