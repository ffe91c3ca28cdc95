//! The locks of [`std::sync`], recorded. All else of `std::sync` is here as it is there, so that
//! `use lockrecord::std as sync` can stand for `use std::sync`.
//!
//! Not there: `RwLockWriteGuard::downgrade`, which is newer than the oldest compiler that this crate supports,
//! `Condvar::wait_timeout_ms`, and what is unstable.

use ::std::fmt;
use ::std::panic::Location;
use ::std::sync as bare;
use ::std::time::Duration;

pub use ::std::sync::*;

use crate::block::{Site, Trace};
use crate::guard::Guard;
use crate::handle::{Entered, Handle};
use crate::record::{Family, Library, Value};

const MUTEX: Family = Family {
    library: Library::Std,
    is_rwlock: false,
};

const RWLOCK: Family = Family {
    library: Library::Std,
    is_rwlock: true,
};

/// A mutex as [`std::sync::Mutex`], recorded.
#[repr(C, align(64))]
pub struct Mutex<T: ?Sized> {
    handle: Handle,
    inner: bare::Mutex<T>,
}

/// A mutex that is held, until it is dropped.
pub type MutexGuard<'a, T> = Guard<bare::MutexGuard<'a, T>>;

/// A reader-writer lock as [`std::sync::RwLock`], recorded.
#[repr(C, align(64))]
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    inner: bare::RwLock<T>,
}

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

impl<T> Mutex<T> {
    /// A mutex that is not held.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            handle: Handle::new(Location::caller(), MUTEX),
            inner: bare::Mutex::new(value),
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the value.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the mutex and takes it.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        match attempt(self.inner.try_lock()) {
            Some((inner, is_poisoned)) => {
                let trace = self.handle.enter(site, Value::from_ref::<T>(&inner));
                self.guard(inner, trace, is_poisoned)
            }
            None => {
                let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
                let (inner, is_poisoned) = acquired(self.inner.lock());
                self.guard(inner, waiting.end(), is_poisoned)
            }
        }
    }

    /// Takes the mutex if it is free.
    ///
    /// # Errors
    ///
    /// If it is not, or if it is poisoned: then with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        match attempt(self.inner.try_lock()) {
            Some((inner, is_poisoned)) => {
                let trace = self.handle.enter(site, Value::from_ref::<T>(&inner));
                Ok(self.guard(inner, trace, is_poisoned)?)
            }
            None => {
                self.handle.fail(site, Value::unseen::<T>(), false);
                Err(TryLockError::WouldBlock)
            }
        }
    }

    #[inline(always)]
    fn guard<'a>(
        &'a self,
        inner: bare::MutexGuard<'a, T>,
        trace: Option<Box<Trace>>,
        is_poisoned: bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        if is_poisoned {
            self.handle.poisoned(Value::unseen::<T>());
            return Err(PoisonError::new(Guard::alone(inner, trace, &self.handle)));
        }
        // Made apart from that of an error, which is looked at in memory.
        Ok(Guard::alone(inner, trace, &self.handle))
    }

    /// Whether a thread has panicked while it held the mutex.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Makes a poisoned mutex one that is not.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// The value, which nobody else refers to. Not an acquisition.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the value.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
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
        let site = Location::caller();
        match attempt(self.inner.try_read()) {
            Some((inner, is_poisoned)) => {
                let entered = self.handle.enter_read(site, Value::from_ref::<T>(&inner));
                self.guard(inner, entered, false, is_poisoned)
            }
            None => {
                let waiting = self.handle.wait(site, Value::unseen::<T>(), true);
                let (inner, is_poisoned) = acquired(self.inner.read());
                self.guard(inner, waiting.end_read(), false, is_poisoned)
            }
        }
    }

    /// Waits for all others and takes the lock to write.
    ///
    /// # Errors
    ///
    /// If the lock is poisoned: with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        match attempt(self.inner.try_write()) {
            Some((inner, is_poisoned)) => {
                let entered = self.handle.enter_write(site, Value::from_ref::<T>(&inner));
                self.guard(inner, entered, true, is_poisoned)
            }
            None => {
                let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
                let (inner, is_poisoned) = acquired(self.inner.write());
                self.guard(inner, waiting.end_write(), true, is_poisoned)
            }
        }
    }

    /// Takes the lock to read if nobody writes or is about to.
    ///
    /// # Errors
    ///
    /// If somebody does, or if the lock is poisoned: then with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        match attempt(self.inner.try_read()) {
            Some((inner, is_poisoned)) => {
                let entered = self.handle.enter_read(site, Value::from_ref::<T>(&inner));
                Ok(self.guard(inner, entered, false, is_poisoned)?)
            }
            None => {
                self.handle.fail(site, Value::unseen::<T>(), true);
                Err(TryLockError::WouldBlock)
            }
        }
    }

    /// Takes the lock to write if nobody has it.
    ///
    /// # Errors
    ///
    /// If somebody has, or if the lock is poisoned: then with the guard.
    #[inline(always)]
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        match attempt(self.inner.try_write()) {
            Some((inner, is_poisoned)) => {
                let entered = self.handle.enter_write(site, Value::from_ref::<T>(&inner));
                Ok(self.guard(inner, entered, true, is_poisoned)?)
            }
            None => {
                self.handle.fail(site, Value::unseen::<T>(), false);
                Err(TryLockError::WouldBlock)
            }
        }
    }

    #[inline(always)]
    fn guard<G: ::std::ops::Deref>(
        &self,
        inner: G,
        entered: Entered,
        has_written: bool,
        is_poisoned: bool,
    ) -> LockResult<Guard<G>> {
        if is_poisoned {
            self.handle.poisoned(Value::unseen::<T>());
            let guard = Guard::shared(inner, entered, &self.handle, has_written);
            return Err(PoisonError::new(guard));
        }
        // Made apart from that of an error, which is looked at in memory.
        Ok(Guard::shared(inner, entered, &self.handle, has_written))
    }

    /// Whether a thread has panicked while it held the lock to write.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Makes a poisoned lock one that is not.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// The value, which nobody else refers to. Not an acquisition.
    ///
    /// # Errors
    ///
    /// If the lock is poisoned: with the value.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

impl<T> RwLock<T> {
    /// A lock that is not held.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            handle: Handle::new(Location::caller(), RWLOCK),
            inner: bare::RwLock::new(value),
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// If the lock is poisoned: with the value.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
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
        let site = Location::caller();
        // SAFETY: the guard borrows the mutex for all of this call.
        let (inner, handle) = unsafe { guard.release() };
        again(self.0.wait(inner), handle, site)
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
        let site = Location::caller();
        // SAFETY: the guard borrows the mutex for all of this call.
        let (inner, handle) = unsafe { guard.release() };
        again_in_time(self.0.wait_timeout(inner, timeout), handle, site)
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
        let site = Location::caller();
        // SAFETY: the guard borrows the mutex for all of this call.
        let (inner, handle) = unsafe { guard.release() };
        let result = self.0.wait_timeout_while(inner, timeout, condition);
        again_in_time(result, handle, site)
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

/// A mutex that was taken again, at a call site.
fn again<'a, T>(
    result: LockResult<bare::MutexGuard<'a, T>>,
    handle: &Handle,
    site: Site,
) -> LockResult<MutexGuard<'a, T>> {
    let (inner, is_poisoned) = acquired(result);
    let guard = Guard::alone(inner, handle.enter_again(site), handle);
    if is_poisoned {
        handle.poisoned(Value::unseen::<T>());
        return Err(PoisonError::new(guard));
    }
    Ok(guard)
}

fn again_in_time<'a, T>(
    result: LockResult<(bare::MutexGuard<'a, T>, WaitTimeoutResult)>,
    handle: &Handle,
    site: Site,
) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
    let ((inner, result), is_poisoned) = acquired(result);
    let guard = Guard::alone(inner, handle.enter_again(site), handle);
    if is_poisoned {
        handle.poisoned(Value::unseen::<T>());
        return Err(PoisonError::new((guard, result)));
    }
    Ok((guard, result))
}

/// What an attempt got, and whether the lock is poisoned.
#[inline(always)]
fn attempt<G>(result: TryLockResult<G>) -> Option<(G, bool)> {
    match result {
        Ok(guard) => Some((guard, false)),
        Err(TryLockError::Poisoned(poisoned)) => Some((poisoned.into_inner(), true)),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// What was got, and whether the lock is poisoned.
#[inline(always)]
fn acquired<G>(result: LockResult<G>) -> (G, bool) {
    match result {
        Ok(guard) => (guard, false),
        Err(poisoned) => (poisoned.into_inner(), true),
    }
}

crate::handle::as_any_lock!(Mutex, RwLock);
