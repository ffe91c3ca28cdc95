//! The locks of [`std::sync`], recorded. All else of `std::sync` is here as it is there, so that
//! `use lockrecord::std as sync` can stand for `use std::sync`.
//!
//! Not there: `RwLockWriteGuard::downgrade`, which is newer than the oldest compiler that this crate supports,
//! `Condvar::wait_timeout_ms`, and what is unstable.

use ::std::fmt;
use ::std::ops::Deref;
use ::std::panic::Location;
use ::std::sync as bare;
use ::std::time::Duration;

pub use ::std::sync::*;

use crate::guard::Guard;
use crate::handle::{Entered, Handle, Mode};
use crate::record::{Family, Value};

crate::handle::recorded! {
    /// A mutex as [`std::sync::Mutex`], recorded.
    Mutex: "std", is_rwlock: false, const (new) as new, LockResult<T>, LockResult<&mut T>
}
crate::handle::recorded! {
    /// A reader-writer lock as [`std::sync::RwLock`], recorded.
    RwLock: "std", is_rwlock: true, const (new) as new, LockResult<T>, LockResult<&mut T>
}

/// A mutex that is held, until it is dropped.
pub type MutexGuard<'a, T> = Guard<bare::MutexGuard<'a, T>>;

/// A lock that is held to read, until it is dropped.
pub type RwLockReadGuard<'a, T> = Guard<bare::RwLockReadGuard<'a, T>>;

/// A lock that is held to write, until it is dropped.
pub type RwLockWriteGuard<'a, T> = Guard<bare::RwLockWriteGuard<'a, T>>;

/// A condition variable as [`std::sync::Condvar`], for recorded mutexes.
///
/// A wait gives up the mutex: the time held ends, and the acquisition after it is one at the call of the wait. The
/// time until then is not time that was waited for the lock.
#[derive(Debug, Default)]
pub struct Condvar(bare::Condvar);

impl<T: ?Sized> Mutex<T> {
    /// Waits for the mutex and takes it.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        take(&self.handle, Mode::Alone, self.inner.try_lock(), || {
            self.inner.lock()
        })
    }

    /// Takes the mutex if it is free.
    ///
    /// # Errors
    ///
    /// If it is not, or if it is poisoned: then with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        attempt(&self.handle, Mode::Alone, self.inner.try_lock())
    }

    /// Whether a thread has panicked while it held the mutex.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Makes a poisoned mutex one that is not.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits for writers and takes the lock to read.
    ///
    /// # Errors
    ///
    /// If the lock is poisoned: with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        take(&self.handle, Mode::Read, self.inner.try_read(), || {
            self.inner.read()
        })
    }

    /// Waits for all others and takes the lock to write.
    ///
    /// # Errors
    ///
    /// If the lock is poisoned: with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        take(&self.handle, Mode::Write, self.inner.try_write(), || {
            self.inner.write()
        })
    }

    /// Takes the lock to read if nobody writes or is about to.
    ///
    /// # Errors
    ///
    /// If somebody does, or if the lock is poisoned: then with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        attempt(&self.handle, Mode::Read, self.inner.try_read())
    }

    /// Takes the lock to write if nobody has it.
    ///
    /// # Errors
    ///
    /// If somebody has, or if the lock is poisoned: then with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        attempt(&self.handle, Mode::Write, self.inner.try_write())
    }

    /// Whether a thread has panicked while it held the lock to write.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Makes a poisoned lock one that is not.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }
}

impl Condvar {
    /// A condition variable that nobody waits for.
    pub const fn new() -> Self {
        Self(bare::Condvar::new())
    }

    /// Gives up the mutex, waits to be notified, and takes the mutex again.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        // SAFETY: the guard borrows the mutex for all of this call.
        let (inner, handle) = unsafe { guard.release() };
        let (inner, is_poisoned) = acquired(self.0.wait(inner));
        let entered = handle.enter_again(Mode::Alone, Location::caller());
        guarded(inner, entered, handle, Mode::Alone, is_poisoned)
    }

    /// Waits as [`wait`](Self::wait) does, for as long as the condition holds.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[track_caller]
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits as [`wait`](Self::wait) does, for a time at most.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        // SAFETY: the guard borrows the mutex for all of this call.
        let (inner, handle) = unsafe { guard.release() };
        again_in_time(self.0.wait_timeout(inner, timeout), handle)
    }

    /// Waits as [`wait_timeout`](Self::wait_timeout) does, for as long as the condition holds. The times in which the
    /// mutex is held for the condition alone are not recorded.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[track_caller]
    pub fn wait_timeout_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
        condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        // SAFETY: the guard borrows the mutex for all of this call.
        let (inner, handle) = unsafe { guard.release() };
        let result = self.0.wait_timeout_while(inner, timeout, condition);
        again_in_time(result, handle)
    }

    /// Wakes one that waits.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// What an attempt got, or what is got by waiting.
#[inline(always)]
#[track_caller]
fn take<G: Deref>(
    handle: &Handle,
    mode: Mode,
    attempt: TryLockResult<G>,
    wait: impl FnOnce() -> LockResult<G>,
) -> LockResult<Guard<G>> {
    let site = Location::caller();
    let Some((inner, is_poisoned)) = tried(attempt) else {
        let waiting = handle.wait(mode, site, Value::new::<G::Target>(0));
        let (inner, is_poisoned) = acquired(wait());
        return guarded(inner, waiting.end(), handle, mode, is_poisoned);
    };
    let value = Value::new::<G::Target>(size_of_val(&*inner));
    let entered = handle.enter(mode, site, value);
    guarded(inner, entered, handle, mode, is_poisoned)
}

/// What an attempt got, and no wait follows.
#[inline(always)]
#[track_caller]
fn attempt<G: Deref>(
    handle: &Handle,
    mode: Mode,
    attempt: TryLockResult<G>,
) -> TryLockResult<Guard<G>> {
    let site = Location::caller();
    let Some((inner, is_poisoned)) = tried(attempt) else {
        handle.fail(mode, site, Value::new::<G::Target>(0));
        return Err(TryLockError::WouldBlock);
    };
    let value = Value::new::<G::Target>(size_of_val(&*inner));
    let entered = handle.enter(mode, site, value);
    Ok(guarded(inner, entered, handle, mode, is_poisoned)?)
}

#[inline(always)]
fn guarded<G: Deref>(
    inner: G,
    entered: Entered,
    handle: &Handle,
    mode: Mode,
    is_poisoned: bool,
) -> LockResult<Guard<G>> {
    if is_poisoned {
        handle.poisoned(Value::new::<G::Target>(0));
        return Err(PoisonError::new(Guard::new(inner, entered, handle, mode)));
    }
    // Made apart from that of an error, which is looked at in memory.
    Ok(Guard::new(inner, entered, handle, mode))
}

/// A mutex that was taken again, at the call site.
#[track_caller]
fn again_in_time<'a, T>(
    result: LockResult<(bare::MutexGuard<'a, T>, WaitTimeoutResult)>,
    handle: &Handle,
) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
    let ((inner, result), is_poisoned) = acquired(result);
    let entered = handle.enter_again(Mode::Alone, Location::caller());
    match guarded(inner, entered, handle, Mode::Alone, is_poisoned) {
        Ok(guard) => Ok((guard, result)),
        Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
    }
}

/// What an attempt got, and whether the lock is poisoned.
#[inline(always)]
fn tried<G>(result: TryLockResult<G>) -> Option<(G, bool)> {
    match result {
        Ok(guard) => Some((guard, false)),
        Err(TryLockError::Poisoned(poisoned)) => Some((poisoned.into_inner(), true)),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// What was got, and whether the lock is poisoned.
#[inline(always)]
fn acquired<G>(result: LockResult<G>) -> (G, bool) {
    let is_poisoned = result.is_err();
    (result.unwrap_or_else(PoisonError::into_inner), is_poisoned)
}
