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
use std::mem::transmute;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;
use std::task::Poll;

use ::tokio::sync as bare;

pub use ::tokio::sync::*;

use crate::block::Site;
use crate::guard::Guard;
use crate::handle::{Handle, Waiting};
use crate::record::{Family, Library, Value};

const MUTEX: Family = Family {
    library: Library::Tokio,
    is_rwlock: false,
};

const RWLOCK: Family = Family {
    library: Library::Tokio,
    is_rwlock: true,
};

/// A mutex as [`tokio::sync::Mutex`], recorded.
#[repr(C, align(64))]
pub struct Mutex<T: ?Sized> {
    handle: Handle,
    inner: bare::Mutex<T>,
}

/// A mutex that is held, until it is dropped.
pub type MutexGuard<'a, T> = Guard<bare::MutexGuard<'a, T>>;

/// A mutex that is held, for a part of its value.
pub type MappedMutexGuard<'a, T> = Guard<bare::MappedMutexGuard<'a, T>>;

/// A mutex that is held, with a reference to it.
pub type OwnedMutexGuard<T> = Guard<Owned<bare::MutexGuard<'static, T>, Mutex<T>>>;

/// A reader-writer lock as [`tokio::sync::RwLock`], recorded.
#[repr(C, align(64))]
pub struct RwLock<T: ?Sized> {
    handle: Handle,
    inner: bare::RwLock<T>,
}

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

/// A wait that counts as a failed attempt if its future is dropped.
struct Pending<'a> {
    handle: &'a Handle,
    site: Site,
    value: Value,
    is_read: bool,
    waiting: Option<Waiting<'a>>,
}

impl<'a> Pending<'a> {
    fn end<R: Default>(mut self, end: impl FnOnce(Waiting<'a>) -> R) -> R {
        self.waiting.take().map(end).unwrap_or_default()
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            drop(waiting);
            self.handle.fail(self.site, self.value, self.is_read);
        }
    }
}

/// What names the task that is polled: the address that its waker has for the runtime.
async fn task() -> u64 {
    poll_fn(|context| Poll::Ready(context.waker().data() as u64)).await
}

impl<T> Mutex<T> {
    /// A mutex that is not held.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// A mutex that is not held, for a static.
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        Self {
            handle: Handle::new(Location::caller(), MUTEX),
            inner: bare::Mutex::const_new(value),
        }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the mutex and takes it. Recorded at this call, and not where its future is awaited.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        self.lock_at(Location::caller())
    }

    async fn lock_at(&self, site: Site) -> MutexGuard<'_, T> {
        let task = task().await;
        if let Ok(inner) = self.inner.try_lock() {
            return self.guard(inner, site).in_task(task);
        }
        let pending = pending(&self.handle, site, Value::unseen::<T>(), false);
        let inner = self.inner.lock().await;
        let trace = pending.end(Waiting::end);
        Guard::alone(inner, trace, &self.handle).in_task(task)
    }

    /// Waits for the mutex and takes it, with the reference to it.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>>
    where
        T: 'static,
    {
        let site = Location::caller();
        async move {
            let guard = self.lock_at(site).await;
            // SAFETY: the mutex lives as long as the reference beside the guard, which is dropped after it.
            guard.mapped_whole(|guard| own(unsafe { transmute_mutex(guard) }, &self))
        }
    }

    /// Takes the mutex if it is free.
    ///
    /// # Errors
    ///
    /// If it is not.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let site = Location::caller();
        match self.inner.try_lock() {
            Ok(inner) => Ok(self.guard(inner, site)),
            Err(error) => {
                self.handle.fail(site, Value::unseen::<T>(), false);
                Err(error)
            }
        }
    }

    /// Takes the mutex if it is free, with the reference to it.
    ///
    /// # Errors
    ///
    /// If it is not.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError>
    where
        T: 'static,
    {
        let guard = self.try_lock()?;
        // SAFETY: the mutex lives as long as the reference beside the guard, which is dropped after it.
        Ok(guard.mapped_whole(|guard| own(unsafe { transmute_mutex(guard) }, &self)))
    }

    /// Waits for the mutex outside of async code and takes it.
    ///
    /// # Panics
    ///
    /// If it has to wait in async code. The lock of tokio panics there in any case.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let site = Location::caller();
        if let Ok(inner) = self.inner.try_lock() {
            return self.guard(inner, site);
        }
        let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
        let inner = self.inner.blocking_lock();
        Guard::alone(inner, waiting.end(), &self.handle)
    }

    fn guard<'a>(&'a self, inner: bare::MutexGuard<'a, T>, site: Site) -> MutexGuard<'a, T> {
        let trace = self.handle.enter(site, Value::from_ref::<T>(&inner));
        Guard::alone(inner, trace, &self.handle)
    }

    /// The value, which nobody else refers to. Not an acquisition.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

fn pending(handle: &Handle, site: Site, value: Value, is_read: bool) -> Pending<'_> {
    Pending {
        handle,
        site,
        value,
        is_read,
        waiting: Some(handle.wait(site, value, is_read)),
    }
}

fn own<G, L: ?Sized>(guard: G, lock: &Arc<L>) -> Owned<G, L> {
    Owned {
        guard,
        _lock: Arc::clone(lock),
    }
}

/// # Safety
///
/// The mutex has to live until the guard is dropped.
unsafe fn transmute_mutex<T: ?Sized>(
    guard: bare::MutexGuard<'_, T>,
) -> bare::MutexGuard<'static, T> {
    // SAFETY: types that differ in a lifetime alone, which the caller promises.
    unsafe { transmute(guard) }
}

/// # Safety
///
/// The lock has to live until the guard is dropped.
unsafe fn transmute_read<T: ?Sized>(
    guard: bare::RwLockReadGuard<'_, T>,
) -> bare::RwLockReadGuard<'static, T> {
    // SAFETY: types that differ in a lifetime alone, which the caller promises.
    unsafe { transmute(guard) }
}

/// # Safety
///
/// The lock has to live until the guard is dropped.
unsafe fn transmute_write<T: ?Sized>(
    guard: bare::RwLockWriteGuard<'_, T>,
) -> bare::RwLockWriteGuard<'static, T> {
    // SAFETY: types that differ in a lifetime alone, which the caller promises.
    unsafe { transmute(guard) }
}

impl<'a, T: ?Sized> Guard<bare::MutexGuard<'a, T>> {
    /// Gives up the whole for a part of it. The mutex stays held.
    pub fn map<U: ?Sized>(
        guard: Self,
        part: impl FnOnce(&mut T) -> &mut U,
    ) -> MappedMutexGuard<'a, U> {
        guard.mapped(|inner| bare::MutexGuard::map(inner, part))
    }
}

impl<T> RwLock<T> {
    /// A lock that is not held.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// A lock that is not held, for a static.
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        Self {
            handle: Handle::new(Location::caller(), RWLOCK),
            inner: bare::RwLock::const_new(value),
        }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits for writers and takes the lock to read. Recorded at this call.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        self.read_at(Location::caller())
    }

    async fn read_at(&self, site: Site) -> RwLockReadGuard<'_, T> {
        let task = task().await;
        if let Ok(inner) = self.inner.try_read() {
            return self.reading(inner, site).in_task(task);
        }
        let pending = pending(&self.handle, site, Value::unseen::<T>(), true);
        let inner = self.inner.read().await;
        let entered = pending.end(Waiting::end_read);
        Guard::shared(inner, entered, &self.handle, false).in_task(task)
    }

    /// Waits for all others and takes the lock to write. Recorded at this call.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        self.write_at(Location::caller())
    }

    async fn write_at(&self, site: Site) -> RwLockWriteGuard<'_, T> {
        let task = task().await;
        if let Ok(inner) = self.inner.try_write() {
            return self.writing(inner, site).in_task(task);
        }
        let pending = pending(&self.handle, site, Value::unseen::<T>(), false);
        let inner = self.inner.write().await;
        let entered = pending.end(Waiting::end_write);
        Guard::shared(inner, entered, &self.handle, true).in_task(task)
    }

    /// Waits for writers and takes the lock to read, with the reference to it.
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>>
    where
        T: 'static,
    {
        let site = Location::caller();
        async move {
            let guard = self.read_at(site).await;
            // SAFETY: the lock lives as long as the reference beside the guard, which is dropped after it.
            guard.mapped_whole(|guard| own(unsafe { transmute_read(guard) }, &self))
        }
    }

    /// Waits for all others and takes the lock to write, with the reference to it.
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>>
    where
        T: 'static,
    {
        let site = Location::caller();
        async move {
            let guard = self.write_at(site).await;
            // SAFETY: the lock lives as long as the reference beside the guard, which is dropped after it.
            guard.mapped_whole(|guard| own(unsafe { transmute_write(guard) }, &self))
        }
    }

    /// Takes the lock to read if nobody writes or waits to.
    ///
    /// # Errors
    ///
    /// If somebody does.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let site = Location::caller();
        match self.inner.try_read() {
            Ok(inner) => Ok(self.reading(inner, site)),
            Err(error) => {
                self.handle.fail(site, Value::unseen::<T>(), true);
                Err(error)
            }
        }
    }

    /// Takes the lock to write if nobody has it.
    ///
    /// # Errors
    ///
    /// If somebody has.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let site = Location::caller();
        match self.inner.try_write() {
            Ok(inner) => Ok(self.writing(inner, site)),
            Err(error) => {
                self.handle.fail(site, Value::unseen::<T>(), false);
                Err(error)
            }
        }
    }

    /// Waits to read outside of async code.
    ///
    /// # Panics
    ///
    /// If it has to wait in async code. The lock of tokio panics there in any case.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let site = Location::caller();
        if let Ok(inner) = self.inner.try_read() {
            return self.reading(inner, site);
        }
        let waiting = self.handle.wait(site, Value::unseen::<T>(), true);
        let inner = self.inner.blocking_read();
        Guard::shared(inner, waiting.end_read(), &self.handle, false)
    }

    /// Waits to write outside of async code.
    ///
    /// # Panics
    ///
    /// If it has to wait in async code. The lock of tokio panics there in any case.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let site = Location::caller();
        if let Ok(inner) = self.inner.try_write() {
            return self.writing(inner, site);
        }
        let waiting = self.handle.wait(site, Value::unseen::<T>(), false);
        let inner = self.inner.blocking_write();
        Guard::shared(inner, waiting.end_write(), &self.handle, true)
    }

    fn reading<'a>(
        &'a self,
        inner: bare::RwLockReadGuard<'a, T>,
        site: Site,
    ) -> RwLockReadGuard<'a, T> {
        let entered = self.handle.enter_read(site, Value::from_ref::<T>(&inner));
        Guard::shared(inner, entered, &self.handle, false)
    }

    fn writing<'a>(
        &'a self,
        inner: bare::RwLockWriteGuard<'a, T>,
        site: Site,
    ) -> RwLockWriteGuard<'a, T> {
        let entered = self.handle.enter_write(site, Value::from_ref::<T>(&inner));
        Guard::shared(inner, entered, &self.handle, true)
    }

    /// The value, which nobody else refers to. Not an acquisition.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

impl<'a, T: ?Sized> Guard<bare::RwLockWriteGuard<'a, T>> {
    /// Lets others read, too. Recorded as the end of the write, and a read at this call.
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let site = Location::caller();
        // SAFETY: the guard borrows the lock for longer than this call.
        let (inner, handle) = unsafe { self.release() };
        let inner = inner.downgrade();
        Guard::shared(inner, handle.enter_read_again(site), handle, false)
    }
}

crate::handle::as_any_lock!(Mutex, RwLock);
