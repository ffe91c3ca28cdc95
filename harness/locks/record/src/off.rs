//! The crate without the feature `record`: the locks of the libraries themselves, and calls that do nothing.

use ::std::io;
use ::std::path::PathBuf;

/// The locks of `parking_lot`, not recorded.
#[cfg(feature = "parking_lot")]
pub use ::parking_lot;
/// The locks of std, not recorded.
pub use ::std::sync as std;
/// The locks of tokio, not recorded.
#[cfg(feature = "tokio")]
pub use ::tokio::sync as tokio;

/// The map of std, not sampled.
pub mod map {
    pub use ::std::collections::HashMap;

    /// What would have sampled keys.
    pub trait Sampled {}

    impl<K, V, S> Sampled for HashMap<K, V, S> {}
}

/// A lock that would be recorded.
pub trait Lock {
    /// What it guards.
    type Value: ?Sized;
}

macro_rules! locks {
    ($($library:ident)::+) => {
        impl<T: ?Sized> Lock for ::$($library)::+::Mutex<T> {
            type Value = T;
        }

        impl<T: ?Sized> Lock for ::$($library)::+::RwLock<T> {
            type Value = T;
        }
    };
}

locks!(std::sync);
#[cfg(feature = "parking_lot")]
locks!(parking_lot);
#[cfg(feature = "tokio")]
locks!(tokio::sync);

/// Does nothing.
#[inline(always)]
pub fn name<L: Lock>(_: &L, _: &str)
where
    L::Value: Sized,
{
}

/// Does nothing.
#[inline(always)]
pub fn len_of<L>(_: &L, _: impl Fn(&L::Value) -> usize + Send + Sync + 'static)
where
    L: Lock,
    L::Value: Sized + 'static,
{
}

/// Does nothing.
#[inline(always)]
pub fn keys_of<L, M>(_: &L, _: impl for<'a> Fn(&'a L::Value) -> &'a M + Send + Sync + 'static)
where
    L: Lock,
    L::Value: Sized + 'static,
    M: map::Sampled + 'static,
{
}

/// Writes nothing.
///
/// # Errors
///
/// Always: nothing is recorded.
pub fn write() -> io::Result<PathBuf> {
    Err(io::Error::other(
        "nothing is recorded: the feature `record` is off",
    ))
}

/// Nothing.
pub fn recording() -> String {
    String::new()
}

/// By name they are the locks of the libraries, so they compile to the same instructions: these functions would not
/// compile otherwise.
#[cfg(test)]
mod tests {
    #[test]
    fn the_locks_are_those_of_the_libraries() {
        let mutex: ::std::sync::Mutex<u8> = super::std::Mutex::new(1);
        let _guard: ::std::sync::MutexGuard<'_, u8> = mutex.lock().unwrap();
        let rwlock: ::std::sync::RwLock<u8> = super::std::RwLock::new(1);
        let _guard: ::std::sync::RwLockReadGuard<'_, u8> = rwlock.read().unwrap();
        let _: ::std::sync::Condvar = super::std::Condvar::new();
        let _: ::std::collections::HashMap<u8, u8> = super::map::HashMap::new();
        super::name(&mutex, "mutex");
        super::len_of(&mutex, |value| usize::from(*value));
        assert!(super::write().is_err());
        assert_eq!(super::recording(), "");
    }

    #[cfg(feature = "parking_lot")]
    #[test]
    fn the_locks_are_those_of_parking_lot() {
        let mutex: ::parking_lot::Mutex<u8> = super::parking_lot::Mutex::new(1);
        let _guard: ::parking_lot::MutexGuard<'_, u8> = mutex.lock();
        let _: ::parking_lot::RwLock<u8> = super::parking_lot::RwLock::new(1);
    }

    #[cfg(feature = "tokio")]
    #[test]
    fn the_locks_are_those_of_tokio() {
        let mutex: ::tokio::sync::Mutex<u8> = super::tokio::Mutex::new(1);
        let _guard: ::tokio::sync::MutexGuard<'_, u8> = mutex.try_lock().unwrap();
        let _: ::tokio::sync::RwLock<u8> = super::tokio::RwLock::new(1);
    }
}
