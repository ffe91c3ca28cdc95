//! The locks of [`std::sync`](::std::sync), recorded. All else of `std::sync` is here as it is there, so that
//! `use lockrecord::std as sync` can stand for `use std::sync`.
//!
//! Not there: `RwLockWriteGuard::downgrade`, which is newer than the oldest compiler that this crate supports, and what is
//! unstable.

use ::std::fmt;
use ::std::panic::Location;
use ::std::sync as bare;
use ::std::time::Duration;

pub use ::std::sync::*;

use crate::Lock;
use crate::block::{Site, Trace};
use crate::guard::Guard;
use crate::handle::{Entered, Handle};
use crate::record::{Family, Value};

const MUTEX: Family = Family {
    library: "std",
    kind: "mutex",
};

const RWLOCK: Family = Family {
    library: "std",
    kind: "rwlock",
};

/// A mutex as [`std::sync::Mutex`](::std::sync::Mutex), recorded.
pub struct Mutex<T: ?Sized> {
    handle: Handle,
    inner: bare::Mutex<T>,
}

/// A mutex that is held, until it is dropped.
pub type MutexGuard<'a, T> = Guard<bare::MutexGuard<'a, T>>;

/// A reader-writer lock as [`std::sync::RwLock`](::std::sync::RwLock), recorded.
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    inner: bare::RwLock<T>,
}

/// A lock that is held to read, until it is dropped.
pub type RwLockReadGuard<'a, T> = Guard<bare::RwLockReadGuard<'a, T>>;

/// A lock that is held to write, until it is dropped.
pub type RwLockWriteGuard<'a, T> = Guard<bare::RwLockWriteGuard<'a, T>>;

/// A condition variable as [`std::sync::Condvar`](::std::sync::Condvar), for recorded mutexes.
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
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        match self.inner.try_lock() {
            Ok(inner) => Ok(self.guard(inner, site)),
            Err(TryLockError::WouldBlock) => self.wait(site),
            Err(TryLockError::Poisoned(poisoned)) => self.poisoned(poisoned.into_inner(), site),
        }
    }

    /// Takes the mutex if it is free.
    ///
    /// # Errors
    ///
    /// If it is not, or if it is poisoned: then with the guard.
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let site = Location::caller();
        match self.inner.try_lock() {
            Ok(inner) => Ok(self.guard(inner, site)),
            Err(TryLockError::WouldBlock) => {
                self.handle.fail(site, Value::unseen::<T>(), false);
                Err(TryLockError::WouldBlock)
            }
            Err(TryLockError::Poisoned(poisoned)) => {
                let poisoned = self.poisoned(poisoned.into_inner(), site);
                poisoned.map_err(TryLockError::Poisoned)
            }
        }
    }

    #[inline(always)]
    fn guard<'a>(&'a self, inner: bare::MutexGuard<'a, T>, site: Site) -> MutexGuard<'a, T> {
        let trace = self.handle.enter(site, Value::from_ref::<T>(&inner));
        self.with(inner, trace)
    }

    #[inline(always)]
    fn with<'a>(
        &'a self,
        inner: bare::MutexGuard<'a, T>,
        trace: Option<Trace>,
    ) -> MutexGuard<'a, T> {
        Guard::alone(inner, trace, &self.handle)
    }

    #[cold]
    fn wait(&self, site: Site) -> LockResult<MutexGuard<'_, T>> {
        let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
        match self.inner.lock() {
            Ok(inner) => Ok(self.with(inner, waiting.end())),
            Err(poisoned) => {
                let guard = self.with(poisoned.into_inner(), waiting.end());
                self.handle.poisoned(Value::unseen::<T>());
                Err(PoisonError::new(guard))
            }
        }
    }

    #[cold]
    fn poisoned<'a>(
        &'a self,
        inner: bare::MutexGuard<'a, T>,
        site: Site,
    ) -> LockResult<MutexGuard<'a, T>> {
        let guard = self.guard(inner, site);
        self.handle.poisoned(Value::unseen::<T>());
        Err(PoisonError::new(guard))
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
    #[inline]
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        match self.inner.try_read() {
            Ok(inner) => Ok(self.reading(inner, site)),
            Err(TryLockError::WouldBlock) => self.wait_to_read(site),
            Err(TryLockError::Poisoned(poisoned)) => {
                self.handle.poisoned(Value::unseen::<T>());
                Err(PoisonError::new(self.reading(poisoned.into_inner(), site)))
            }
        }
    }

    /// Waits for all others and takes the lock to write.
    ///
    /// # Errors
    ///
    /// If the lock is poisoned: with the guard.
    #[inline]
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        match self.inner.try_write() {
            Ok(inner) => Ok(self.writing(inner, site)),
            Err(TryLockError::WouldBlock) => self.wait_to_write(site),
            Err(TryLockError::Poisoned(poisoned)) => {
                self.handle.poisoned(Value::unseen::<T>());
                Err(PoisonError::new(self.writing(poisoned.into_inner(), site)))
            }
        }
    }

    /// Takes the lock to read if nobody writes or is about to.
    ///
    /// # Errors
    ///
    /// If somebody does, or if the lock is poisoned: then with the guard.
    #[inline]
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let site = Location::caller();
        match self.inner.try_read() {
            Ok(inner) => Ok(self.reading(inner, site)),
            Err(TryLockError::WouldBlock) => {
                self.handle.fail(site, Value::unseen::<T>(), true);
                Err(TryLockError::WouldBlock)
            }
            Err(TryLockError::Poisoned(poisoned)) => {
                self.handle.poisoned(Value::unseen::<T>());
                let guard = self.reading(poisoned.into_inner(), site);
                Err(PoisonError::new(guard).into())
            }
        }
    }

    /// Takes the lock to write if nobody has it.
    ///
    /// # Errors
    ///
    /// If somebody has, or if the lock is poisoned: then with the guard.
    #[inline]
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let site = Location::caller();
        match self.inner.try_write() {
            Ok(inner) => Ok(self.writing(inner, site)),
            Err(TryLockError::WouldBlock) => {
                self.handle.fail(site, Value::unseen::<T>(), false);
                Err(TryLockError::WouldBlock)
            }
            Err(TryLockError::Poisoned(poisoned)) => {
                self.handle.poisoned(Value::unseen::<T>());
                let guard = self.writing(poisoned.into_inner(), site);
                Err(PoisonError::new(guard).into())
            }
        }
    }

    #[inline(always)]
    fn reading<'a>(
        &'a self,
        inner: bare::RwLockReadGuard<'a, T>,
        site: Site,
    ) -> RwLockReadGuard<'a, T> {
        let entered = self.handle.enter_read(site, Value::from_ref::<T>(&inner));
        Guard::shared(inner, entered, true, &self.handle)
    }

    #[inline(always)]
    fn writing<'a>(
        &'a self,
        inner: bare::RwLockWriteGuard<'a, T>,
        site: Site,
    ) -> RwLockWriteGuard<'a, T> {
        let entered = self.handle.enter_write(site, Value::from_ref::<T>(&inner));
        Guard::shared(inner, entered, false, &self.handle)
    }

    #[cold]
    fn wait_to_read(&self, site: Site) -> LockResult<RwLockReadGuard<'_, T>> {
        let waiting = self.handle.wait(site, Value::unseen::<T>(), true);
        let acquired = self.inner.read();
        let guard = |inner, entered: Entered| Guard::shared(inner, entered, true, &self.handle);
        match acquired {
            Ok(inner) => Ok(guard(inner, waiting.end_read())),
            Err(poisoned) => {
                self.handle.poisoned(Value::unseen::<T>());
                let guard = guard(poisoned.into_inner(), waiting.end_read());
                Err(PoisonError::new(guard))
            }
        }
    }

    #[cold]
    fn wait_to_write(&self, site: Site) -> LockResult<RwLockWriteGuard<'_, T>> {
        let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
        let acquired = self.inner.write();
        let guard = |inner, entered: Entered| Guard::shared(inner, entered, false, &self.handle);
        match acquired {
            Ok(inner) => Ok(guard(inner, waiting.end_write())),
            Err(poisoned) => {
                self.handle.poisoned(Value::unseen::<T>());
                let guard = guard(poisoned.into_inner(), waiting.end_write());
                Err(PoisonError::new(guard))
            }
        }
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
    pub fn wait<'a, T: ?Sized>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let site = Location::caller();
        let (inner, handle) = guard.release();
        again(self.0.wait(inner), handle, site)
    }

    /// Waits as [`wait`](Self::wait) does, for as long as the condition holds.
    ///
    /// # Errors
    ///
    /// If the mutex is poisoned: with the guard.
    #[track_caller]
    pub fn wait_while<'a, T: ?Sized>(
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
    pub fn wait_timeout<'a, T: ?Sized>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let site = Location::caller();
        let (inner, handle) = guard.release();
        match self.0.wait_timeout(inner, timeout) {
            Ok((inner, result)) => {
                // What is never an error here.
                let guard = again(Ok(inner), handle, site)?_or_poisoned;
                Ok((guard, result))
            }
            Err(poisoned) => {
                let (inner, result) = poisoned.into_inner();
                let guard = again(Err(PoisonError::new(inner)), handle, site);
                let guard = guard.unwrap_or_else(PoisonError::into_inner);
                Err(PoisonError::new((guard, result)))
            }
        }
    }
}
