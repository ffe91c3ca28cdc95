//! The async locks of [`tokio::sync`], recorded. All else of `tokio::sync` is here as it is there.
//!
//! What a lock's future waits is recorded from its first poll to the one that gets the lock, so it has the time in which the
//! runtime had other things to do. A future that is dropped while it waits counts as an attempt that failed.
//!
//! An acquisition that succeeds at once does not use up the task's budget of the runtime.
//!
//! Of each lock and guard there are the methods that are listed here. Not there, among others: `map` of guards of a `RwLock` and
//! of guards that own an `Arc`, and `RwLock::with_max_readers`. Guards that own an `Arc` are of types that are `'static`.

use std::fmt;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;
use std::task::Poll;

use ::tokio::sync as bare;

pub use ::tokio::sync::*;

use crate::block::Site;
use crate::guard::Guard;
use crate::handle::{Handle, Mode};
use crate::record::{Family, Value};

crate::handle::recorded! {
    /// A mutex as [`tokio::sync::Mutex`], recorded.
    Mutex: "tokio", is_rwlock: false, (new), const (const_new) as const_new, T, &mut T
}
crate::handle::recorded! {
    /// A reader-writer lock as [`tokio::sync::RwLock`], recorded.
    RwLock: "tokio", is_rwlock: true, (new), const (const_new) as const_new, T, &mut T
}

crate::take::mapped! { MutexGuard(mut) => MappedMutexGuard, }

/// A mutex that is held, until it is dropped.
pub type MutexGuard<'a, T> = Guard<bare::MutexGuard<'a, T>>;

/// A mutex that is held, for a part of its value.
pub type MappedMutexGuard<'a, T> = Guard<bare::MappedMutexGuard<'a, T>>;

/// A mutex that is held, with a reference to it.
pub type OwnedMutexGuard<T> = Guard<Owned<bare::MutexGuard<'static, T>, Mutex<T>>>;

/// A lock that is held to read, until it is dropped.
pub type RwLockReadGuard<'a, T> = Guard<bare::RwLockReadGuard<'a, T>>;

/// A lock that is held to write, until it is dropped.
pub type RwLockWriteGuard<'a, T> = Guard<bare::RwLockWriteGuard<'a, T>>;

/// A lock that is held to read, with a reference to it.
pub type OwnedRwLockReadGuard<T> = Guard<Owned<bare::RwLockReadGuard<'static, T>, RwLock<T>>>;

/// A lock that is held to write, with a reference to it.
pub type OwnedRwLockWriteGuard<T> = Guard<Owned<bare::RwLockWriteGuard<'static, T>, RwLock<T>>>;

/// A guard with a reference to its lock.
pub struct Owned<G, L: ?Sized> {
    /// Dropped before the lock that it refers to: fields are dropped in this order.
    guard: G,
    _lock: Arc<L>,
}

impl<G: Deref, L: ?Sized> Deref for Owned<G, L> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut, L: ?Sized> DerefMut for Owned<G, L> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

impl<G: fmt::Debug, L: ?Sized> fmt::Debug for Owned<G, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(f)
    }
}

/// What an attempt gets, or what is got by waiting.
async fn take<G: Deref>(
    handle: &Handle,
    mode: Mode,
    site: Site,
    attempt: impl FnOnce() -> Result<G, TryLockError>,
    wait: impl Future<Output = G>,
) -> Guard<G> {
    let task = task().await;
    if let Ok(inner) = attempt() {
        return handle.guard(mode, site, inner).in_task(task);
    }
    let waiting = handle.wait(mode, site, Value::new::<G::Target>(0));
    Guard::new(wait.await, waiting.end(), handle, mode).in_task(task)
}

/// What names the task that is polled: the address that its waker has for the runtime.
async fn task() -> u64 {
    poll_fn(|context| Poll::Ready(context.waker().data() as u64)).await
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the mutex and takes it. Recorded at this call, and not where its future is awaited.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let (attempt, wait) = (|| self.inner.try_lock(), self.inner.lock());
        take(&self.handle, Mode::Alone, Location::caller(), attempt, wait)
    }

    /// Takes the mutex if it is free.
    ///
    /// # Errors
    ///
    /// If it is not.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.handle.attempt(Mode::Alone, self.inner.try_lock())
    }

    /// Waits for the mutex outside of async code and takes it.
    ///
    /// # Panics
    ///
    /// If it has to wait in async code. The lock of tokio panics there in any case.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let attempt = self.inner.try_lock().ok();
        self.handle
            .take(Mode::Alone, attempt, || self.inner.blocking_lock())
    }
}

impl<T: ?Sized + 'static> Mutex<T> {
    /// Waits for the mutex and takes it, with the reference to it.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        // SAFETY: the guard, and the future once it waits for it, are dropped before the reference.
        let guard = unsafe { lasting(&self) }.lock();
        async move { guard.await.owned(self) }
    }

    /// Takes the mutex if it is free, with the reference to it.
    ///
    /// # Errors
    ///
    /// If it is not.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        // SAFETY: the guard is dropped before the reference.
        let guard = unsafe { lasting(&self) }.try_lock()?;
        Ok(guard.owned(self))
    }
}

impl<G: Deref> Guard<G> {
    fn owned<L: ?Sized>(self, lock: Arc<L>) -> Guard<Owned<G, L>> {
        self.mapped(false, |guard| Owned { guard, _lock: lock })
    }
}

/// A lock that lasts as long as a reference to it.
///
/// # Safety
///
/// What borrows the lock has to be dropped before the reference is.
unsafe fn lasting<L: ?Sized>(lock: &Arc<L>) -> &'static L {
    // SAFETY: the caller promises that it is there.
    unsafe { &*Arc::as_ptr(lock) }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits for writers and takes the lock to read. Recorded at this call.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let (attempt, wait) = (|| self.inner.try_read(), self.inner.read());
        take(&self.handle, Mode::Read, Location::caller(), attempt, wait)
    }

    /// Waits for all others and takes the lock to write. Recorded at this call.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let (attempt, wait) = (|| self.inner.try_write(), self.inner.write());
        take(&self.handle, Mode::Write, Location::caller(), attempt, wait)
    }

    /// Takes the lock to read if nobody writes or waits to.
    ///
    /// # Errors
    ///
    /// If somebody does.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.handle.attempt(Mode::Read, self.inner.try_read())
    }

    /// Takes the lock to write if nobody has it.
    ///
    /// # Errors
    ///
    /// If somebody has.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.handle.attempt(Mode::Write, self.inner.try_write())
    }

    /// Waits to read outside of async code.
    ///
    /// # Panics
    ///
    /// If it has to wait in async code. The lock of tokio panics there in any case.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let attempt = self.inner.try_read().ok();
        self.handle
            .take(Mode::Read, attempt, || self.inner.blocking_read())
    }

    /// Waits to write outside of async code.
    ///
    /// # Panics
    ///
    /// If it has to wait in async code. The lock of tokio panics there in any case.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let attempt = self.inner.try_write().ok();
        self.handle
            .take(Mode::Write, attempt, || self.inner.blocking_write())
    }
}

impl<T: ?Sized + 'static> RwLock<T> {
    /// Waits for writers and takes the lock to read, with the reference to it.
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        // SAFETY: the guard, and the future once it waits for it, are dropped before the reference.
        let guard = unsafe { lasting(&self) }.read();
        async move { guard.await.owned(self) }
    }

    /// Waits for all others and takes the lock to write, with the reference to it.
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        // SAFETY: the guard, and the future once it waits for it, are dropped before the reference.
        let guard = unsafe { lasting(&self) }.write();
        async move { guard.await.owned(self) }
    }
}

impl<'a, T: ?Sized> Guard<bare::RwLockWriteGuard<'a, T>> {
    /// Lets others read, too. Recorded as the end of the write, and a read at this call.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        self.downgraded(bare::RwLockWriteGuard::downgrade)
    }
}
