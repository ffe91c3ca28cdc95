//! The locks of [`parking_lot`], recorded.
//!
//! Of each lock and guard there are the methods that are listed here. Not there, among others: locks around a raw lock,
//! `FairMutex`, guards that own an `Arc`, attempts to upgrade, and what gives up a lock without its guard.

use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use ::parking_lot as bare;

pub use ::parking_lot::{Once, OnceState, ReentrantMutex, WaitTimeoutResult};

use crate::guard::Guard;
use crate::handle::{Handle, Mode};
use crate::record::{Family, Value};

crate::handle::recorded! {
    /// A mutex as [`parking_lot::Mutex`], recorded.
    Mutex: "parking_lot", is_rwlock: false, const (new) as new, T, &mut T
}
crate::handle::recorded! {
    /// A reader-writer lock as [`parking_lot::RwLock`], recorded.
    RwLock: "parking_lot", is_rwlock: true, const (new) as new, T, &mut T
}

crate::take::mapped! {
    MutexGuard(mut) => MappedMutexGuard,
    MappedMutexGuard(mut) => MappedMutexGuard,
    RwLockReadGuard() => MappedRwLockReadGuard,
    RwLockWriteGuard(mut) => MappedRwLockWriteGuard,
}

/// A mutex that is held, until it is dropped.
pub type MutexGuard<'a, T> = Guard<bare::MutexGuard<'a, T>>;

/// A mutex that is held, for a part of its value.
pub type MappedMutexGuard<'a, T> = Guard<bare::MappedMutexGuard<'a, T>>;

/// A lock that is held to read, until it is dropped.
pub type RwLockReadGuard<'a, T> = Guard<bare::RwLockReadGuard<'a, T>>;

/// A lock that is held to read a part of its value.
pub type MappedRwLockReadGuard<'a, T> = Guard<bare::MappedRwLockReadGuard<'a, T>>;

/// A lock that is held to write, until it is dropped.
pub type RwLockWriteGuard<'a, T> = Guard<bare::RwLockWriteGuard<'a, T>>;

/// A lock that is held to write a part of its value.
pub type MappedRwLockWriteGuard<'a, T> = Guard<bare::MappedRwLockWriteGuard<'a, T>>;

/// A lock that is held to read, and perhaps to write later. Recorded as a read.
pub type RwLockUpgradableReadGuard<'a, T> = Guard<bare::RwLockUpgradableReadGuard<'a, T>>;

/// A condition variable as [`parking_lot::Condvar`], for recorded mutexes.
///
/// A wait gives up the mutex: the time held ends, and the acquisition after it is one at the call of the wait.
#[derive(Debug, Default)]
pub struct Condvar(bare::Condvar);

impl<T: ?Sized> Mutex<T> {
    /// Waits for the mutex and takes it.
    #[inline(always)]
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.handle
            .take(Mode::Alone, self.inner.try_lock(), || self.inner.lock())
    }

    /// Takes the mutex if it is free.
    #[inline(always)]
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let attempt = self.inner.try_lock().ok_or(());
        self.handle.attempt(Mode::Alone, attempt).ok()
    }

    /// Waits for the mutex for a time at most.
    #[track_caller]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        let attempt = self.inner.try_lock();
        self.handle
            .take_in_time(Mode::Alone, attempt, || self.inner.try_lock_for(timeout))
    }

    /// Waits for the mutex until a moment at most.
    #[track_caller]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<MutexGuard<'_, T>> {
        let attempt = self.inner.try_lock();
        self.handle
            .take_in_time(Mode::Alone, attempt, || self.inner.try_lock_until(deadline))
    }

    /// Whether the mutex is held.
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }
}

impl<T: ?Sized> Guard<bare::MutexGuard<'_, T>> {
    /// Gives up the mutex to the one that has waited longest.
    pub fn unlock_fair(guard: Self) {
        // SAFETY: the handle is not used.
        let (inner, _) = unsafe { guard.release() };
        bare::MutexGuard::unlock_fair(inner);
    }

    /// Gives up the mutex for a call, and takes it again.
    #[track_caller]
    pub fn unlocked<R>(guard: &mut Self, call: impl FnOnce() -> R) -> R {
        guard.paused(|inner| bare::MutexGuard::unlocked(inner, call))
    }

    /// Lets another one have the mutex that waits for it, if there is one.
    #[track_caller]
    pub fn bump(guard: &mut Self) {
        guard.paused(bare::MutexGuard::bump);
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits for writers and takes the lock to read.
    #[inline(always)]
    #[track_caller]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.handle
            .take(Mode::Read, self.inner.try_read(), || self.inner.read())
    }

    /// Takes the lock to read, also where this thread reads already and a writer waits.
    #[inline(always)]
    #[track_caller]
    pub fn read_recursive(&self) -> RwLockReadGuard<'_, T> {
        self.handle
            .take(Mode::Read, self.inner.try_read_recursive(), || {
                self.inner.read_recursive()
            })
    }

    /// Waits for all others and takes the lock to write.
    #[inline(always)]
    #[track_caller]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.handle
            .take(Mode::Write, self.inner.try_write(), || self.inner.write())
    }

    /// Waits for writers and for those that may become writers, and takes the lock to read and perhaps to write later.
    #[track_caller]
    pub fn upgradable_read(&self) -> RwLockUpgradableReadGuard<'_, T> {
        self.handle
            .take(Mode::Read, self.inner.try_upgradable_read(), || {
                self.inner.upgradable_read()
            })
    }

    /// Takes the lock to read if nobody writes or waits to.
    #[inline(always)]
    #[track_caller]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        let attempt = self.inner.try_read().ok_or(());
        self.handle.attempt(Mode::Read, attempt).ok()
    }

    /// Takes the lock to write if nobody has it.
    #[inline(always)]
    #[track_caller]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        let attempt = self.inner.try_write().ok_or(());
        self.handle.attempt(Mode::Write, attempt).ok()
    }

    /// Waits to read for a time at most.
    #[track_caller]
    pub fn try_read_for(&self, timeout: Duration) -> Option<RwLockReadGuard<'_, T>> {
        let attempt = self.inner.try_read();
        self.handle
            .take_in_time(Mode::Read, attempt, || self.inner.try_read_for(timeout))
    }

    /// Waits to write for a time at most.
    #[track_caller]
    pub fn try_write_for(&self, timeout: Duration) -> Option<RwLockWriteGuard<'_, T>> {
        let attempt = self.inner.try_write();
        self.handle
            .take_in_time(Mode::Write, attempt, || self.inner.try_write_for(timeout))
    }

    /// Whether somebody has the lock.
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// Whether somebody has the lock to write.
    pub fn is_locked_exclusive(&self) -> bool {
        self.inner.is_locked_exclusive()
    }
}

impl<'a, T: ?Sized> Guard<bare::RwLockWriteGuard<'a, T>> {
    /// Lets others read, too. Recorded as the end of the write, and a read at this call.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        guard.downgraded(bare::RwLockWriteGuard::downgrade)
    }
}

impl<'a, T: ?Sized> Guard<bare::RwLockUpgradableReadGuard<'a, T>> {
    /// Waits for readers and goes on to write. Recorded as the end of the read, and a write at this call that has waited
    /// if there were readers.
    #[track_caller]
    pub fn upgrade(guard: Self) -> RwLockWriteGuard<'a, T> {
        let site = Location::caller();
        // SAFETY: the guard borrows the lock for longer than this call.
        let (inner, handle) = unsafe { guard.release() };
        match bare::RwLockUpgradableReadGuard::try_upgrade(inner) {
            Ok(inner) => handle.guard(Mode::Write, site, inner),
            Err(inner) => {
                let waiting = handle.wait(Mode::Write, site, Value::new::<T>(0));
                let inner = bare::RwLockUpgradableReadGuard::upgrade(inner);
                Guard::new(inner, waiting.end(), handle, Mode::Write)
            }
        }
    }

    /// Gives up the right to write later.
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        guard.mapped(false, bare::RwLockUpgradableReadGuard::downgrade)
    }
}

impl Condvar {
    /// A condition variable that nobody waits for.
    pub const fn new() -> Self {
        Self(bare::Condvar::new())
    }

    /// Gives up the mutex, waits to be notified, and takes the mutex again.
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        guard.paused(|inner| self.0.wait(inner));
    }

    /// Waits as [`wait`](Self::wait) does, for a time at most.
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        guard.paused(|inner| self.0.wait_for(inner, timeout))
    }

    /// Waits as [`wait`](Self::wait) does, until a moment at most.
    #[track_caller]
    pub fn wait_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        guard.paused(|inner| self.0.wait_until(inner, deadline))
    }

    /// Waits as [`wait`](Self::wait) does, for as long as the condition holds.
    #[track_caller]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    /// Wakes one that waits, and says whether there was one.
    pub fn notify_one(&self) -> bool {
        self.0.notify_one()
    }

    /// Wakes all that wait, and says how many.
    pub fn notify_all(&self) -> usize {
        self.0.notify_all()
    }
}
