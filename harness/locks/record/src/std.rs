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
use crate::block::Site;
use crate::guard::Guard;
use crate::handle::{self, Handle};
use crate::record::{Family, Record, Value};

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
        let entered = self.handle.enter(site, Value::from_ref::<T>(&inner));
        Guard::new(inner, entered, false)
    }

    #[cold]
    fn wait(&self, site: Site) -> LockResult<MutexGuard<'_, T>> {
        let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
        match self.inner.lock() {
            Ok(inner) => Ok(Guard::new(inner, waiting.end(), false)),
            Err(poisoned) => {
                let guard = Guard::new(poisoned.into_inner(), waiting.end(), false);
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
        Guard::new(inner, entered, false)
    }

    #[inline(always)]
    fn writing<'a>(
        &'a self,
        inner: bare::RwLockWriteGuard<'a, T>,
        site: Site,
    ) -> RwLockWriteGuard<'a, T> {
        let entered = self.handle.enter_write(site, Value::from_ref::<T>(&inner));
        Guard::new(inner, entered, true)
    }

    #[cold]
    fn wait_to_read(&self, site: Site) -> LockResult<RwLockReadGuard<'_, T>> {
        let waiting = self.handle.wait(site, Value::unseen::<T>(), true);
        match self.inner.read() {
            Ok(inner) => Ok(Guard::new(inner, waiting.end_read(), false)),
            Err(poisoned) => {
                self.handle.poisoned(Value::unseen::<T>());
                let inner = poisoned.into_inner();
                let guard = Guard::new(inner, waiting.end_read(), false);
                Err(PoisonError::new(guard))
            }
        }
    }

    #[cold]
    fn wait_to_write(&self, site: Site) -> LockResult<RwLockWriteGuard<'_, T>> {
        let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
        match self.inner.write() {
            Ok(inner) => Ok(Guard::new(inner, waiting.end_write(), true)),
            Err(poisoned) => {
                self.handle.poisoned(Value::unseen::<T>());
                let inner = poisoned.into_inner();
                let guard = Guard::new(inner, waiting.end_write(), true);
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
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let site = Location::caller();
        let (inner, record) = guard.release();
        again(self.0.wait(inner), record, site)
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
        let (inner, record) = guard.release();
        again_in_time(self.0.wait_timeout(inner, timeout), record, site)
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
        let (inner, record) = guard.release();
        let result = self.0.wait_timeout_while(inner, timeout, condition);
        again_in_time(result, record, site)
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
    record: Option<&'static Record>,
    site: Site,
) -> LockResult<MutexGuard<'a, T>> {
    let entered = handle::enter_again(record, site);
    match result {
        Ok(inner) => Ok(Guard::new(inner, entered, false)),
        Err(poisoned) => {
            handle::poisoned(record);
            let guard = Guard::new(poisoned.into_inner(), entered, false);
            Err(PoisonError::new(guard))
        }
    }
}

fn again_in_time<'a, T>(
    result: LockResult<(bare::MutexGuard<'a, T>, WaitTimeoutResult)>,
    record: Option<&'static Record>,
    site: Site,
) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
    let entered = handle::enter_again(record, site);
    match result {
        Ok((inner, result)) => Ok((Guard::new(inner, entered, false), result)),
        Err(poisoned) => {
            handle::poisoned(record);
            let (inner, result) = poisoned.into_inner();
            let guard = Guard::new(inner, entered, false);
            Err(PoisonError::new((guard, result)))
        }
    }
}

impl<T: ?Sized> Lock for Mutex<T> {
    type Value = T;

    fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl<T: ?Sized> Lock for RwLock<T> {
    type Value = T;

    fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
