//! The tables: generations one after the other, a lock for what changes their structure, and the operations
//! of a thread without a handle.

use alloc::vec::Vec;
use core::fmt;
use core::hash::BuildHasher;
use core::marker::PhantomData;
use core::sync::atomic::AtomicUsize;

use crossbeam_utils::CachePadded;

use crate::error::CapacityError;
use crate::growth::{Generation, Generations};
use crate::handle::Handle;
use crate::iter::Iter;
use crate::lock::{Guard, Lock};
use crate::plain::{Key, Value};
use crate::replace::{InPlace, Replace, Swing};
use crate::slots::FixedTable;
use crate::stamp::Buffer;
use crate::sync::Ordering;

/// The hasher of a table that is not given one: the standard library's, with the feature `std`.
#[cfg(feature = "std")]
pub type DefaultHashBuilder = std::hash::RandomState;

/// The hasher of a table that is not given one: without the feature `std`, each has to be given one.
#[cfg(not(feature = "std"))]
#[derive(Debug)]
pub enum DefaultHashBuilder {}

/// A [`Table`] whose writers overwrite a value where it is, under a sequence lock per record.
///
/// The table to begin with. A write costs a compare-and-swap and the stores; no buffer, so that an operation
/// on `&SeqTable` costs little more than one through a [`Handle`]. A writer that is interrupted between two
/// of its stores holds up whoever reads or writes that record.
pub type SeqTable<K, V, S = DefaultHashBuilder> = Table<K, V, InPlace, S>;

/// A [`Table`] whose writers write the new value into a spare buffer and put it in place with one
/// compare-and-swap.
///
/// For when no thread may wait for a writer that is interrupted: reads are lock-free, and so are updates
/// through a [`Handle`] while the table does not grow. Each handle owns a spare buffer. An update on
/// `&CasTable` takes one and gives it back, each time under the table's lock: give a thread that writes often
/// a handle. A thread that gets no spare, because the table has reached its limit, writes in place.
pub type CasTable<K, V, S = DefaultHashBuilder> = Table<K, V, Swing, S>;

/// A hash table of plain data that many threads read and write: [`SeqTable`] or [`CasTable`].
///
/// Use it through a shared reference, or make a [`Handle`] for each thread. See the [crate] documentation
/// for what is guaranteed, what waits for what, and when not to use it.
///
/// ```
/// use podtable::SeqTable;
///
/// let table = SeqTable::<u32, [u64; 8]>::with_capacity(100);
/// std::thread::scope(|scope| {
///     for worker in 0..4 {
///         let table = &table;
///         scope.spawn(move || {
///             table.insert(worker, [0; 8])?;
///             for _ in 0..1000 {
///                 table.update(&worker, |counters| counters[0] += 1);
///             }
///             Ok::<(), podtable::CapacityError>(())
///         });
///     }
/// });
/// let total: u64 = table.iter().map(|(_, counters)| counters[0]).sum();
/// assert_eq!((table.len(), total), (4, 4000));
/// ```
pub struct Table<K, V, W, S = DefaultHashBuilder> {
    /// Read by each operation, stored to when the table grows.
    pub(crate) generations: Generations<K, V>,
    pub(crate) hash_builder: S,
    /// Stored to by each insertion and removal, and so apart.
    shared: CachePadded<Shared>,
    _replace: PhantomData<fn() -> W>,
}

/// What insertions and removals change beside the slots.
#[derive(Debug)]
struct Shared {
    /// Held by whoever inserts a new key, removes one, or grows the table.
    structure: Lock<Structure>,
    /// How many records there are. Changes only under the lock.
    len: AtomicUsize,
}

/// What the structure lock protects, beside the counts and the liveness of slots.
#[derive(Debug)]
pub(crate) struct Structure {
    /// The buffers of the newest generation that are neither some slot's nor some handle's.
    pub(crate) free: Vec<Buffer>,
    /// How many buffers there may be.
    limit: usize,
}

#[cfg(feature = "std")]
impl<K: Key, V: Value, W: Replace> Table<K, V, W> {
    /// An empty table.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty table with room for `records`, but no more than [`RECORDS_MAX`](Table::RECORDS_MAX).
    ///
    /// Give the number that you expect: growth copies all records while writers wait, and what is outgrown is
    /// kept until the table is dropped.
    pub fn with_capacity(records: usize) -> Self {
        Self::with_capacity_and_hasher(records, DefaultHashBuilder::new())
    }
}

impl<K, V, W, S> Table<K, V, W, S> {
    /// How many records there can be, less the buffers that handles of a [`CasTable`] own: 2^24, or fewer on
    /// a machine whose addresses are too narrow for that many values.
    pub const RECORDS_MAX: usize = FixedTable::<K, V>::RECORDS_MAX;

    /// How many records there are. Exact while nobody inserts or removes; meanwhile a number that it has had,
    /// or is about to have.
    pub fn len(&self) -> usize {
        // Relaxed: a number, which vouches for nothing.
        self.shared.len.load(Ordering::Relaxed)
    }

    /// Whether there are none; as exact as [`len`](Table::len).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many records there are room for until the table grows, the present ones included, less the buffers
    /// that handles of a [`CasTable`] own.
    pub fn capacity(&self) -> usize {
        self.generations.newest().buffers()
    }

    /// What hashes the keys.
    pub fn hasher(&self) -> &S {
        &self.hash_builder
    }

    pub(crate) fn structure(&self) -> Guard<'_, Structure> {
        self.shared.structure.lock()
    }

    /// Counts a record that has come. The caller holds the structure lock.
    pub(crate) fn count_one_more(&self) {
        // Relaxed, as all of it: whoever changes it holds the lock, and it vouches for nothing.
        let len = self.shared.len.load(Ordering::Relaxed);
        self.shared.len.store(len + 1, Ordering::Relaxed);
    }

    /// Counts a record that is gone. The caller holds the structure lock.
    pub(crate) fn count_one_less(&self) {
        let len = self.shared.len.load(Ordering::Relaxed);
        self.shared.len.store(len - 1, Ordering::Relaxed);
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher> Table<K, V, W, S> {
    /// An empty table that hashes its keys with `hash_builder`.
    ///
    /// The table multiplies a hash to choose the slot. So a hasher that is good for the standard library's map is
    /// good here, and integers can be their own hash: a hasher that passes them on as they are is the fastest.
    /// (Not if an adversary chooses them, nor if they are multiples of one number that happens to be a bad factor,
    /// such as a large Fibonacci number: then one lookup may pass hundreds of records.)
    pub fn with_hasher(hash_builder: S) -> Self {
        Self::with_capacity_and_hasher(0, hash_builder)
    }

    /// [`with_capacity`](Table::with_capacity) and [`with_hasher`](Table::with_hasher).
    pub fn with_capacity_and_hasher(records: usize, hash_builder: S) -> Self {
        Self::with_limit(records, Self::RECORDS_MAX, hash_builder)
    }

    fn with_limit(records: usize, limit: usize, hash_builder: S) -> Self {
        let (first, free) = Generation::with_room_for(records, limit);
        let structure = Structure { free, limit };
        Self {
            generations: Generations::new(first),
            hash_builder,
            shared: CachePadded::new(Shared {
                structure: Lock::new(structure),
                len: AtomicUsize::new(0),
            }),
            _replace: PhantomData,
        }
    }

    /// One thread's access, for a thread that works with the table for long.
    ///
    /// It remembers the newest table, which saves a read some loads, and in a [`CasTable`] it owns the buffer
    /// for the next write, for which it takes the table's lock here and when it is dropped. If no buffer is free,
    /// this makes a `CasTable` grow, as an insertion does.
    pub fn handle(&self) -> Handle<'_, K, V, W, S> {
        let mut handle = Handle::new(self);
        if W::NEEDS_SPARE {
            handle.equip(&mut self.structure());
        }
        handle
    }

    /// A copy of the value of `key`.
    ///
    /// Stores nothing. Waits only for a writer that is in the middle of its stores to this record, if writers
    /// of this table write in place.
    #[inline]
    pub fn get(&self, key: &K) -> Option<V> {
        Handle::new(self).get(key)
    }

    /// Whether there is a record of `key`.
    #[inline]
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Stores `value` under `key` and returns the value that it displaced.
    ///
    /// Takes the table's lock if there is no such record, and may make the table grow then.
    ///
    /// # Errors
    ///
    /// There is no such record and no room for it.
    pub fn insert(&self, key: K, value: V) -> Result<Option<V>, CapacityError> {
        Handle::new(self).insert(key, value)
    }

    /// Stores `value` under `key` if there is no such record, or else returns the present value.
    ///
    /// # Errors
    ///
    /// There is no such record and no room for it.
    pub fn insert_if_absent(&self, key: K, value: V) -> Result<Option<V>, CapacityError> {
        Handle::new(self).insert_if_absent(key, value)
    }

    /// Lets `change` change a copy of the value of `key`, stores that in its place, as one atomic step, and
    /// returns what `change` returned; `None` if there is no such record.
    ///
    /// `change` is called again when another writer was faster: what it does beside changing the value, it
    /// may do several times. It runs before anything is locked or stored. If it panics, nothing has happened;
    /// it may use this table, too.
    ///
    /// In a [`CasTable`], an update without a handle takes a buffer, and so does a handle's first one after the
    /// table has grown. If none is free, the table grows.
    #[inline]
    pub fn update<T>(&self, key: &K, change: impl FnMut(&mut V) -> T) -> Option<T> {
        Handle::new(self).update(key, change)
    }

    /// As [`update`](Table::update), but stores nothing if `change` returns an error.
    ///
    /// # Errors
    ///
    /// Whatever `change` returns.
    #[inline]
    pub fn try_update<T, E>(
        &self,
        key: &K,
        change: impl FnMut(&mut V) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        Handle::new(self).try_update(key, change)
    }

    /// Stores `new` under `key` if the bytes of the value there are those of `current`.
    ///
    /// # Errors
    ///
    /// The value that is there instead, or `None` if there is no such record. Nothing is stored then.
    #[inline]
    pub fn compare_exchange(&self, key: &K, current: &V, new: V) -> Result<(), Option<V>> {
        Handle::new(self).compare_exchange(key, current, new)
    }

    /// Removes the record of `key` and returns its value. Takes the table's lock.
    pub fn remove(&self, key: &K) -> Option<V> {
        Handle::new(self).remove(key)
    }

    /// Removes the record of `key` if its value meets `condition`, as one atomic step, and returns the value.
    ///
    /// `condition` is asked again when another writer was faster. It runs before anything is locked, and may use
    /// this table. Takes the table's lock if the condition is met.
    pub fn remove_if(&self, key: &K, condition: impl FnMut(&V) -> bool) -> Option<V> {
        Handle::new(self).remove_if(key, condition)
    }

    /// Makes room for `additional` records more than there are, so that inserting them does not make the table
    /// grow. In a [`CasTable`], each handle that writes takes the room of one: add their number.
    ///
    /// # Errors
    ///
    /// So many are too many. Nothing has changed then.
    pub fn reserve(&self, additional: usize) -> Result<(), CapacityError> {
        let mut structure = self.structure();
        if structure.free.len() >= additional {
            return Ok(());
        }
        let records = self.len().saturating_add(additional);
        if records > structure.limit {
            return Err(structure.too_small());
        }
        self.grow(&mut structure, records)
    }

    /// The records, in no order, each a key and a copy of its value.
    ///
    /// Weakly consistent: a record that is there from the beginning to the end is returned once, with a value
    /// that it had in between. One that comes meanwhile may be missed, one that goes may be returned, and one
    /// that goes and comes again may be returned twice. Values of two records need not have been there at the
    /// same instant. Nothing is held in between: the loop may use this table.
    ///
    /// `for_each`, `sum` and all else that goes through [`Iterator::fold`] are compiled into a function of their
    /// own. A `for` loop shares the registers of the function it is in, and may be slower there.
    pub fn iter(&self) -> Iter<'_, K, V, W, S> {
        Iter::new(self)
    }

    /// Moves all records into a table of at least twice the size, with room for so many. The caller holds the
    /// structure lock.
    pub(crate) fn grow(
        &self,
        structure: &mut Structure,
        records: usize,
    ) -> Result<(), CapacityError> {
        let present = self.generations.newest();
        if present.buffers() >= structure.limit {
            return Err(structure.too_small());
        }
        let records = records.max(present.buffers() * 2);
        let (larger, mut free) = Generation::with_room_for(records, structure.limit);
        present.close(&larger, &mut free, |key| self.hash(key));
        self.generations.publish(larger);
        structure.free = free;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn hash(&self, key: &K) -> u64 {
        self.hash_builder.hash_one(key)
    }

    /// Whether it has outgrown its first generation.
    #[cfg(test)]
    #[cfg_attr(pivot_shuttle, allow(dead_code))]
    pub(crate) fn has_grown(&self) -> bool {
        !self.generations.newest().is_first()
    }
}

impl Structure {
    pub(crate) fn too_small(&self) -> CapacityError {
        CapacityError { limit: self.limit }
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher + Default> Table<K, V, W, S> {
    /// A table with so many buffers and no more.
    #[cfg(test)]
    #[cfg_attr(pivot_shuttle, allow(dead_code))]
    pub(crate) fn limited(buffers: usize) -> Self {
        Self::with_limit(buffers, buffers, S::default())
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher + Default> Default for Table<K, V, W, S> {
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}

impl<K, V, W, S> fmt::Debug for Table<K, V, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

impl<'t, K: Key, V: Value, W: Replace, S: BuildHasher> IntoIterator for &'t Table<K, V, W, S> {
    type Item = (K, V);
    type IntoIter = Iter<'t, K, V, W, S>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests;
