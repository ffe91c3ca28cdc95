//! A reader that is handed about, for those who count instructions.

use std::fmt;
use std::ops::Deref;

use crate::RwLock;
use crate::threads::{self, Record};

/// A reader of one lock, with a record of its own in place of its thread's.
///
/// Its reads need not ask which thread this is, neither when they begin nor when they end, and it may be
/// moved to another thread. It reads once at a time. Making one takes possession of 128 bytes that
/// dropping it gives back.
///
/// ```
/// let lock = biased_rwlock::RwLock::new(1);
/// let mut reader = biased_rwlock::Reader::new(&lock);
/// assert_eq!(*reader.read(), 1);
/// *lock.write() += 1;
/// assert_eq!(*reader.read(), 2);
/// ```
pub struct Reader<'l, T: ?Sized> {
    lock: &'l RwLock<T>,
    record: &'static Record,
}

impl<'l, T: ?Sized> Reader<'l, T> {
    /// A reader of `lock`.
    pub fn new(lock: &'l RwLock<T>) -> Self {
        Self {
            lock,
            record: threads::claim(),
        }
    }

    /// The lock that is read.
    #[inline]
    pub fn lock(&self) -> &'l RwLock<T> {
        self.lock
    }

    /// Reads, as [`RwLock::read`] does.
    #[inline]
    pub fn read(&mut self) -> ReaderGuard<'_, T> {
        // SAFETY: unlocked by the guard, as it was locked.
        let raw = unsafe { self.lock.raw() };
        ReaderGuard {
            is_announced: raw.read_by(self.record),
            lock: self.lock,
            record: self.record,
        }
    }
}

impl<T: ?Sized> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        // A guard that was forgotten keeps its record, for ever.
        let _ = self.record.release();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

/// A read of a [`Reader`], until it is dropped.
#[must_use = "if unused the lock is released at once"]
pub struct ReaderGuard<'r, T: ?Sized> {
    lock: &'r RwLock<T>,
    record: &'r Record,
    is_announced: bool,
}

impl<T: ?Sized> Deref for ReaderGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: locked for reading until the guard is dropped.
        unsafe { &*self.lock.data_ptr() }
    }
}

impl<T: ?Sized> Drop for ReaderGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: ends the read that this guard stands for, and no other.
        unsafe { self.lock.raw().leave_by(self.record, self.is_announced) };
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReaderGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
