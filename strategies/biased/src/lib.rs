#![doc = include_str!("../README.md")]

#[cfg_attr(all(test, any(pivot_loom, pivot_shuttle)), path = "model/barrier.rs")]
mod barrier;
mod bias;
mod raw;
#[cfg(not(all(test, any(pivot_loom, pivot_shuttle))))]
mod reader;
#[cfg_attr(all(test, any(pivot_loom, pivot_shuttle)), path = "model/sync.rs")]
mod sync;
mod threads;

#[cfg(all(test, pivot_loom))]
#[path = "model/loom.rs"]
mod models;
#[cfg(all(test, pivot_shuttle))]
#[path = "model/shuttle.rs"]
mod models;
#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests;

pub use lock_api;
pub use raw::RawRwLock;
#[cfg(not(all(test, any(pivot_loom, pivot_shuttle))))]
pub use reader::{Reader, ReaderGuard};

/// A reader-writer lock around a value: [`lock_api::RwLock`] with the lock of this crate.
///
/// `read`, `write`, `try_read`, `try_write`, `get_mut` and `into_inner` are as in `parking_lot`.
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;

/// A read, until it is dropped.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;

/// A write, until it is dropped.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

/// A read of a part of the value, until it is dropped.
pub type MappedRwLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwLock, T>;

/// A write of a part of the value, until it is dropped.
pub type MappedRwLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwLock, T>;
