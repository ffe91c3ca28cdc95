//! The table, whatever the library: one writer behind a mutex, a reader in each handle, and between them
//! the overlay of what is written but not published. A library is a [`Copies`].

use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{Handle, IdMap, ProcessId, Profile, Record, Strategy};

/// The writer's end of two copies of a map: all that the libraries differ in.
///
/// [`store`](Copies::store), [`replace`](Copies::replace) and [`remove`](Copies::remove) add to a
/// log; [`publish`](Copies::publish) carries the log out on the hidden copy and shows that one to
/// readers. Logging runs no code of the record except `clone`, and that before anything is logged:
/// a record that panics changes nothing.
pub trait Copies<R: Record>: Debug + Send + Sized + 'static {
    /// What the table claims that is built on it.
    const PROFILE: Profile;

    /// How many writes are published at once, counted over all handles of a table.
    const EVERY: u32;

    /// One thread's view of the published copy.
    type Reader: Reader<R> + Debug + Send;

    /// Two empty copies with room for `processes` records each, one of them published.
    fn with_capacity(processes: usize) -> Self;

    /// Registers a reader.
    fn reader(&self) -> Self::Reader;

    /// Calls `f` with the record of `id` in the published copy.
    fn published<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T>;

    /// Logs that `record` is stored under `id`.
    fn store(&mut self, id: ProcessId, record: R);

    /// Logs that the record of `id`, which exists, becomes `next`: what `event` makes of it.
    fn replace(&mut self, id: ProcessId, next: R, event: R::Event);

    /// Logs that the record of `id` is removed.
    fn remove(&mut self, id: ProcessId);

    /// Shows readers everything that is logged. Waits for readers that are still in the hidden
    /// copy.
    fn publish(&mut self);
}

/// One thread's view of the published copy.
pub trait Reader<R> {
    /// Calls `f` with the record of `id`.
    fn read<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T>;

    /// Visits all records of one copy: an atomic snapshot.
    fn scan(&self, visit: impl FnMut(ProcessId, &R));
}

/// A table of two copies that publishes every [`Copies::EVERY`] writes.
#[derive(Debug)]
pub struct Table<R: Record, C: Copies<R>>(Mutex<Writer<R, C>>);

/// The one writer.
#[derive(Debug)]
struct Writer<R, C> {
    copies: C,
    /// The latest record of every process written since the last publish, `None` if it was removed.
    /// Empty when every write is published.
    unpublished: IdMap<Option<R>>,
    /// Writes since the last publish; below [`Copies::EVERY`] whenever the mutex is free.
    pending: u32,
}

impl<R: Record, C: Copies<R>> Strategy<R> for Table<R, C> {
    const PROFILE: Profile = C::PROFILE;
    type Handle<'s> = Access<'s, R, C>;

    fn with_capacity(processes: usize) -> Self {
        const { assert!(C::EVERY > 0, "a table must publish at some time") };
        Self(Mutex::new(Writer {
            copies: C::with_capacity(processes),
            unpublished: IdMap::default(),
            pending: 0,
        }))
    }

    fn handle(&self) -> Access<'_, R, C> {
        Access {
            reader: self.lock().copies.reader(),
            table: self,
        }
    }
}

impl<R: Record, C: Copies<R>> Table<R, C> {
    /// Poisoning is ignored: a writer that panicked did so before it logged anything.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Writer<R, C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Record, C: Copies<R>> Writer<R, C> {
    const BATCHES: bool = C::EVERY > 1;

    /// Calls `f` with the record of `id` that the last write left, published or not.
    #[inline]
    fn latest<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        match self.unpublished.get(&id) {
            Some(latest) => latest.as_ref().map(f),
            None => self.copies.published(id, f),
        }
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let displaced = self.latest(id, R::clone);
        let latest = Self::BATCHES.then(|| record.clone());
        self.copies.store(id, record);
        self.wrote(id, latest);
        displaced
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let next = match self.latest(id, |record| record.apply(&event))? {
            Ok(next) => next,
            Err(rejected) => return Some(Err(rejected)),
        };
        let revision = next.revision();
        let latest = Self::BATCHES.then(|| next.clone());
        self.copies.replace(id, next, event);
        self.wrote(id, latest);
        Some(Ok(revision))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        let removed = self.latest(id, R::clone)?;
        self.copies.remove(id);
        self.wrote(id, None);
        Some(removed)
    }

    /// Counts a write that is logged, after which `id` has the record `latest`, and publishes when
    /// the batch is full.
    #[inline]
    fn wrote(&mut self, id: ProcessId, latest: Option<R>) {
        if Self::BATCHES {
            self.unpublished.insert(id, latest);
        }
        self.pending += 1;
        if self.pending == C::EVERY {
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.copies.publish();
        self.unpublished.clear();
        self.pending = 0;
    }
}

/// A thread's access: its own reader, and the way to the writer.
#[derive(Debug)]
pub struct Access<'s, R: Record, C: Copies<R>> {
    table: &'s Table<R, C>,
    reader: C::Reader,
}

impl<R: Record, C: Copies<R>> Handle<R> for Access<'_, R, C> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.reader.read(id, f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.table.lock().insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        self.table.lock().apply(id, event)
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.table.lock().remove(id)
    }

    fn scan(&mut self, visit: impl FnMut(ProcessId, &R)) {
        self.reader.scan(visit);
    }

    fn publish(&mut self) {
        if C::EVERY > 1 {
            let mut writer = self.table.lock();
            if writer.pending > 0 {
                writer.publish();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::{Evmap, EvmapBatched, LeftRightMap};

    /// A counter whose event says how much to add; it cannot count to 13.
    #[derive(Clone, Debug, PartialEq)]
    struct Superstitious(u64);

    impl Record for Superstitious {
        type Event = u64;
        type Rejected = ();

        fn apply(&self, event: &u64) -> Result<Self, ()> {
            assert_ne!(self.0 + event, 13);
            Ok(Self(self.0 + event))
        }

        fn revision(&self) -> u64 {
            self.0
        }
    }

    fn a_panic_changes_nothing<S: Strategy<Superstitious>>() {
        let table = S::with_capacity(1);
        let (mut handle, mut other) = (table.handle(), table.handle());
        let id = ProcessId(1);
        handle.insert(id, Superstitious(10));
        handle.publish();
        assert!(catch_unwind(AssertUnwindSafe(|| handle.apply(id, 3))).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| handle.read(id, |_| panic!()))).is_err());
        // Neither the mutex nor a guard was left behind, in either copy.
        assert_eq!(other.apply(id, 2), Some(Ok(12)));
        assert_eq!(handle.apply(id, 2), Some(Ok(14)));
        handle.publish();
        assert_eq!(
            other.read(id, Superstitious::clone),
            Some(Superstitious(14))
        );
        assert_eq!(table.handle().remove(id), Some(Superstitious(14)));
    }

    #[test]
    fn a_panic_changes_nothing_in_any_variant() {
        a_panic_changes_nothing::<Evmap<_>>();
        a_panic_changes_nothing::<EvmapBatched<_>>();
        a_panic_changes_nothing::<LeftRightMap<_>>();
    }

    /// A reader that stops inside a record: others read on, one more write is published, the next
    /// one waits until the reader is gone.
    fn a_stopped_reader_stops_the_second_write<S: Strategy<Superstitious>>() {
        const PATIENCE: Duration = Duration::from_millis(50);
        let id = ProcessId(1);
        let table = &S::with_capacity(1);
        let mut reader = table.handle();
        reader.insert(id, Superstitious(1));
        let (stop, inside) = mpsc::channel();
        let (go_on, gone_on) = mpsc::channel::<()>();
        let (write, written) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                table.handle().read(id, |_| {
                    stop.send(()).unwrap();
                    gone_on.recv().unwrap_err();
                });
            });
            inside.recv().unwrap();
            scope.spawn(move || {
                let mut writer = table.handle();
                for _ in 0..2 {
                    write.send(writer.apply(id, 1)).unwrap();
                }
            });
            assert_eq!(written.recv(), Ok(Some(Ok(2))));
            assert!(written.recv_timeout(PATIENCE).is_err());
            assert_eq!(reader.read(id, Record::revision), Some(2));
            drop(go_on);
            assert_eq!(written.recv(), Ok(Some(Ok(3))));
        });
    }

    #[test]
    fn a_stopped_reader_stops_the_second_write_where_each_is_published() {
        a_stopped_reader_stops_the_second_write::<Evmap<_>>();
        a_stopped_reader_stops_the_second_write::<LeftRightMap<_>>();
    }

    /// Every write is in both copies one publish later, whatever the order: reading between writes
    /// reads the two copies in turn.
    fn the_copies_stay_equal<S: Strategy<Superstitious>>() {
        let table = S::with_capacity(0);
        let mut handle = table.handle();
        let mut model = IdMap::default();
        for step in 0..2_000_u64 {
            let id = ProcessId(step * step % 37);
            match step % 5 {
                0 => assert_eq!(
                    handle.insert(id, Superstitious(100)),
                    model.insert(id, Superstitious(100))
                ),
                1 => assert_eq!(handle.remove(id), model.remove(&id)),
                _ => {
                    let outcome = model.get_mut(&id).map(|r| r.apply_in_place(&step));
                    assert_eq!(handle.apply(id, step), outcome);
                }
            }
            handle.publish();
            let mut visited = IdMap::default();
            handle.scan(|id, record| assert_eq!(visited.insert(id, record.clone()), None));
            assert_eq!(visited, model, "after step {step}");
        }
    }

    #[test]
    fn the_copies_stay_equal_in_every_variant() {
        the_copies_stay_equal::<Evmap<_>>();
        the_copies_stay_equal::<EvmapBatched<_>>();
        the_copies_stay_equal::<LeftRightMap<_>>();
    }
}
