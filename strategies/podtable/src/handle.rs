//! One thread's access to a table: what an operation tries first, and what it does when that fails.

use core::convert::Infallible;
use core::fmt;
use core::hash::BuildHasher;
use core::ptr;

use crate::cell::exchange;
use crate::error::CapacityError;
use crate::growth::Generation;
use crate::plain::{Key, Value};
use crate::replace::{Replace, without_a_spare};
use crate::seqlock;
use crate::slots::{Found, Lookup, View};
use crate::stamp::{Buffer, Stamp};
use crate::sync::Backoff;
use crate::table::{Structure, Table};

/// One thread's access to a [`Table`]: see [`Table::handle`].
///
/// It has the operations of the table, and they mean the same. A handle that is kept holds nobody up; in a
/// [`CasTable`](crate::CasTable) it keeps the room of one value. It can be sent to another thread.
pub struct Handle<'t, K: Key, V: Value, W: Replace, S: BuildHasher> {
    generation: &'t Generation<K, V>,
    /// The generation's table.
    view: View<'t, K, V>,
    /// A buffer of the generation, or none.
    spare: Buffer,
    table: &'t Table<K, V, W, S>,
}

impl<'t, K: Key, V: Value, W: Replace, S: BuildHasher> Handle<'t, K, V, W, S> {
    /// A handle without a spare: it takes one when it needs it.
    #[inline]
    pub(crate) fn new(table: &'t Table<K, V, W, S>) -> Self {
        let generation = table.generations.newest();
        Self {
            generation,
            view: generation.view(),
            spare: Buffer::NONE,
            table,
        }
    }

    /// The table.
    pub fn table(&self) -> &'t Table<K, V, W, S> {
        self.table
    }

    /// See [`Table::get`].
    #[inline(always)]
    pub fn get(&mut self, key: &K) -> Option<V> {
        match self.attempt(key) {
            Lookup::Found(record) => Some(record.value),
            Lookup::Absent if !self.is_outgrown() => None,
            _ => self.lookup(key).map(|record| record.value),
        }
    }

    /// See [`Table::contains_key`].
    #[inline]
    pub fn contains_key(&mut self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// See [`Table::insert`].
    ///
    /// # Errors
    ///
    /// There is no such record and no room for it.
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, CapacityError> {
        match self.overwrite(&key, &value, false) {
            Some(displaced) => Ok(Some(displaced)),
            None => self.insert_new(&key, &value, true),
        }
    }

    /// See [`Table::insert_if_absent`].
    ///
    /// # Errors
    ///
    /// There is no such record and no room for it.
    pub fn insert_if_absent(&mut self, key: K, value: V) -> Result<Option<V>, CapacityError> {
        match self.get(&key) {
            Some(present) => Ok(Some(present)),
            None => self.insert_new(&key, &value, false),
        }
    }

    /// See [`Table::update`].
    #[inline(always)]
    pub fn update<T>(&mut self, key: &K, mut change: impl FnMut(&mut V) -> T) -> Option<T> {
        let Ok(outcome) = self.try_update(key, |value| Ok::<T, Infallible>(change(value)))?;
        Some(outcome)
    }

    /// See [`Table::try_update`].
    ///
    /// # Errors
    ///
    /// Whatever `change` returns.
    #[inline(always)]
    pub fn try_update<T, E>(
        &mut self,
        key: &K,
        mut change: impl FnMut(&mut V) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let mut record = match self.attempt(key) {
            // Without a spare, `change` would be called in vain. `replace` makes the same comparison, which the
            // compiler leaves out.
            Lookup::Found(record) if W::can_replace(self.view.buffers, self.spare) => record,
            _ => self.lookup_writable(key, false)?,
        };
        loop {
            // The next value exists before the slot is touched: a panic in here changes nothing. Called in one place
            // only, so that it becomes part of this loop whatever its size.
            let mut value = record.value;
            match change(&mut value) {
                Ok(outcome) => {
                    if self.replace(&record, &value) {
                        return Some(Ok(outcome));
                    }
                }
                Err(reason) => return Some(Err(reason)),
            }
            record = self.lookup_writable(key, false)?;
        }
    }

    /// See [`Table::compare_exchange`].
    ///
    /// # Errors
    ///
    /// The value that is there instead, or `None` if there is no such record. Nothing is stored then.
    #[inline]
    pub fn compare_exchange(&mut self, key: &K, current: &V, new: V) -> Result<(), Option<V>> {
        match self.try_update(key, |value| exchange(value, current, new)) {
            Some(outcome) => outcome.map_err(Some),
            None => Err(None),
        }
    }

    /// See [`Table::remove`].
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let table = self.table;
        let hash = table.hash(key);
        let mut structure = table.structure();
        loop {
            let record = self.lookup(key)?;
            let home = self.view.slots.home(hash);
            if let Some(removed) = self.remove_found(&mut structure, home, &record) {
                return Some(removed);
            }
        }
    }

    /// See [`Table::remove_if`].
    pub fn remove_if(&mut self, key: &K, mut condition: impl FnMut(&V) -> bool) -> Option<V> {
        let hash = self.table.hash(key);
        loop {
            let record = self.lookup(key)?;
            if !condition(&record.value) {
                return None;
            }
            let home = self.view.slots.home(hash);
            let mut structure = self.table.structure();
            // One that was found frozen is in the next generation by now: growth had the lock.
            if record.version.is_moved() {
                continue;
            }
            if let Some(removed) = self.remove_found(&mut structure, home, &record) {
                return Some(removed);
            }
        }
    }

    /// Removes a record, unless its stamp has changed since it was found.
    fn remove_found(
        &self,
        structure: &mut Structure,
        home: usize,
        record: &Found<'t, V>,
    ) -> Option<V> {
        structure.free.push(self.view.remove(home, record)?);
        self.table.count_one_less();
        Some(record.value)
    }

    /// Whether the truth is in a later generation.
    #[inline]
    fn is_outgrown(&self) -> bool {
        !ptr::eq(self.table.generations.newest(), self.generation)
    }

    /// Moves on to the newest generation. A spare stays behind: nobody will need it there.
    fn catch_up(&mut self) {
        let newest = self.table.generations.newest();
        if !ptr::eq(newest, self.generation) {
            self.generation = newest;
            self.view = newest.view();
            self.spare = Buffer::NONE;
        }
    }

    /// Moves on to the newest generation, takes a spare if it is needed, and says whether that is there.
    #[cold]
    pub(crate) fn equip(&mut self, structure: &mut Structure) -> bool {
        self.catch_up();
        if W::NEEDS_SPARE && self.spare == Buffer::NONE {
            match self.take_buffer(structure) {
                Ok(buffer) => self.spare = buffer,
                Err(_) => return false,
            }
        }
        true
    }

    /// Takes a free buffer of the newest generation, after growing the table if there is none.
    fn take_buffer(&mut self, structure: &mut Structure) -> Result<Buffer, CapacityError> {
        loop {
            if let Some(buffer) = structure.free.pop() {
                return Ok(buffer);
            }
            self.table.grow(structure, 0)?;
            self.catch_up();
        }
    }

    /// Looks `key` up once, as straight-line code: most records are found near their home, with nobody
    /// writing to them or moving them. Everything else is for [`lookup`](Handle::lookup).
    #[inline(always)]
    fn attempt(&self, key: &K) -> Lookup<'t, V> {
        let home = self.view.slots.home(self.table.hash(key));
        self.view.lookup_from(home, key, Stamp::buffer_if_plain)
    }

    /// Looks `key` up as often as it takes: the record may be in the middle of a write, frozen, or in a
    /// later generation.
    #[cold]
    #[inline(never)]
    fn lookup(&mut self, key: &K) -> Option<Found<'t, V>> {
        let hash = self.table.hash(key);
        loop {
            self.catch_up();
            let home = self.view.slots.home(hash);
            match self.view.lookup(home, key, Stamp::buffer_if_readable) {
                Lookup::Busy(stamp) => seqlock::wait_for_writer(stamp),
                // Closed meanwhile: the truth is in the next one.
                _ if self.is_outgrown() => {}
                Lookup::Found(record) => return Some(record),
                Lookup::Absent | Lookup::Further(_) => return None,
            }
        }
    }

    /// Looks `key` up in order to replace its value: a frozen record has to thaw in the next generation.
    /// Unless the caller `does_without` a spare, as one who holds the structure lock must, takes one.
    #[cold]
    #[inline(never)]
    fn lookup_writable(&mut self, key: &K, mut does_without: bool) -> Option<Found<'t, V>> {
        let backoff = Backoff::new();
        loop {
            let record = self.lookup(key)?;
            if record.version.is_moved() {
                // Growth takes as long as all records take to be copied: after a moment, wait for its lock. A
                // caller who holds that lock finds nothing frozen.
                if backoff.is_completed() && !does_without {
                    drop(self.table.structure());
                } else {
                    backoff.snooze();
                }
            } else if W::NEEDS_SPARE && self.spare == Buffer::NONE && !does_without {
                does_without = !self.equip(&mut self.table.structure());
            } else {
                return Some(record);
            }
        }
    }

    /// Replaces the value of `record`, in place if there is no spare to be had.
    #[inline(always)]
    fn replace(&mut self, record: &Found<'t, V>, new: &V) -> bool {
        if W::NEEDS_SPARE && self.spare == Buffer::NONE {
            without_a_spare(record.stamp, record.version, self.view.buffers, *new)
        } else {
            W::replace(record, self.view.buffers, new, &mut self.spare)
        }
    }

    /// Overwrites the value of `key`, if there is one.
    fn overwrite(&mut self, key: &K, value: &V, does_without: bool) -> Option<V> {
        loop {
            let record = self.lookup_writable(key, does_without)?;
            if self.replace(&record, value) {
                return Some(record.value);
            }
        }
    }

    /// Inserts a record that was absent when last looked for. If it no longer is, overwrites it or not, and
    /// returns the value that it had.
    #[cold]
    fn insert_new(
        &mut self,
        key: &K,
        value: &V,
        overwrites: bool,
    ) -> Result<Option<V>, CapacityError> {
        let table = self.table;
        let hash = table.hash(key);
        let mut structure = table.structure();
        // From here on nobody closes the generation but we, and no record comes or goes.
        let mut present = self.get(key);
        if overwrites && present.is_some() {
            self.equip(&mut structure);
            present = self.overwrite(key, value, true);
        }
        if present.is_some() {
            return Ok(present);
        }
        self.catch_up();
        let buffer = self.take_buffer(&mut structure)?;
        self.view
            .occupy(self.view.slots.home(hash), key, buffer, value);
        table.count_one_more();
        Ok(None)
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher> Drop for Handle<'_, K, V, W, S> {
    #[inline]
    fn drop(&mut self) {
        if W::NEEDS_SPARE && self.spare != Buffer::NONE {
            self.give_back();
        }
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher> Handle<'_, K, V, W, S> {
    #[cold]
    fn give_back(&self) {
        let mut structure = self.table.structure();
        if !self.is_outgrown() {
            structure.free.push(self.spare);
        }
    }
}

impl<K: Key, V: Value, W: Replace, S: BuildHasher> fmt::Debug for Handle<'_, K, V, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("table", self.table)
            .finish_non_exhaustive()
    }
}
