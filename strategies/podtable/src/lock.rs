//! The lock behind insertions, removals and growth.
//!
//! It is held for as long as a table takes to be copied, so whoever waits should park: with the feature `std`
//! it is the standard library's mutex. Without an operating system nobody can park, and it is a spin lock;
//! what that means for threads of different priorities is in the crate's documentation. No operation that
//! finds its record takes it, so its speed matters little.
//!
//! Poison is ignored: under the lock runs no code of the caller's but `Hash` and `Eq`, and these run before
//! anything changes or, while a table grows, before the new one is published.

#[cfg(all(feature = "std", not(any(pivot_loom, pivot_shuttle, pivot_tsan))))]
pub(crate) use parking::{Guard, Lock};

#[cfg(any(pivot_loom, pivot_shuttle))]
pub(crate) use parking::{Guard, Lock};

// The thread sanitizer does not see into the standard library, which is built without it.
#[cfg(all(
    any(not(feature = "std"), pivot_tsan),
    not(any(pivot_loom, pivot_shuttle))
))]
pub(crate) use spinning::{Guard, Lock};

#[cfg(any(feature = "std", pivot_loom, pivot_shuttle))]
#[cfg_attr(pivot_tsan, allow(dead_code))]
mod parking {
    use std::sync::PoisonError;

    #[cfg(pivot_loom)]
    use loom::sync::{Mutex, MutexGuard};
    #[cfg(pivot_shuttle)]
    use shuttle::sync::{Mutex, MutexGuard};
    #[cfg(not(any(pivot_loom, pivot_shuttle)))]
    use std::sync::{Mutex, MutexGuard};

    pub(crate) type Guard<'l, T> = MutexGuard<'l, T>;

    #[derive(Debug)]
    pub(crate) struct Lock<T>(Mutex<T>);

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> Guard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// A test-and-set lock that waits with loads only.
#[cfg(any(not(feature = "std"), pivot_tsan, test))]
#[cfg_attr(all(feature = "std", not(pivot_tsan)), allow(dead_code))]
#[allow(unsafe_code, reason = "a lock without an operating system")]
mod spinning {
    use core::cell::UnsafeCell;
    use core::fmt;
    use core::marker::PhantomData;
    use core::ops::{Deref, DerefMut};

    use crate::sync::{AtomicU64, Backoff, Ordering};

    pub(crate) struct Lock<T> {
        is_locked: AtomicU64,
        value: UnsafeCell<T>,
    }

    // SAFETY: the value is lent to one thread at a time, see `lock`: as if it were sent from one to the next.
    unsafe impl<T: Send> Sync for Lock<T> {}

    /// The value, until it is dropped. It may be shared only if the value may be: it lends that.
    #[derive(Debug)]
    pub(crate) struct Guard<'l, T>(&'l Lock<T>, PhantomData<&'l mut T>);

    impl<T> Lock<T> {
        pub(crate) fn new(value: T) -> Self {
            Self {
                is_locked: AtomicU64::new(0),
                value: UnsafeCell::new(value),
            }
        }

        pub(crate) fn lock(&self) -> Guard<'_, T> {
            let backoff = Backoff::new();
            // Acquire: partner is the release store in `drop`, so that what the last owner did has happened.
            while self
                .is_locked
                .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
            {
                // Relaxed: a hint when to try again.
                while self.is_locked.load(Ordering::Relaxed) != 0 {
                    backoff.snooze();
                }
            }
            Guard(self, PhantomData)
        }
    }

    impl<T> fmt::Debug for Lock<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Lock").finish_non_exhaustive()
        }
    }

    impl<T> Deref for Guard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            // SAFETY: a guard exists only between `lock`, which one thread leaves at a time, and `drop`.
            unsafe { &*self.0.value.get() }
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: as above, and this guard is borrowed for as long.
            unsafe { &mut *self.0.value.get() }
        }
    }

    impl<T> Drop for Guard<'_, T> {
        fn drop(&mut self) {
            // Release: partner is the acquire in `lock`.
            self.0.is_locked.store(0, Ordering::Release);
        }
    }
}

#[cfg(all(test, not(any(pivot_loom, pivot_shuttle))))]
mod tests {
    use std::cell::Cell;
    use std::thread;

    use super::spinning::{Guard, Lock};

    /// Has one `CHECKED` for a type that is not `Sync`, and else two: then it is ambiguous which.
    trait NotSync<A> {
        const CHECKED: () = ();
    }
    impl<T> NotSync<()> for T {}
    impl<T: Sync> NotSync<u8> for T {}
    const _: () = <Guard<'_, Cell<u8>> as NotSync<_>>::CHECKED;

    #[test]
    fn a_spin_lock_loses_no_increment() {
        let count = Lock::new(0_u64);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| *count.lock() += 1));
            }
        });
        assert_eq!(*count.lock(), 40_000);
    }
}

#[cfg(all(test, pivot_loom))]
mod models {
    use loom::sync::Arc;
    use loom::thread;

    use super::spinning::Lock;
    use crate::model::explore;
    use crate::sync::{AtomicU64, Ordering};

    /// What is counted under the lock is ordered by nothing else.
    #[test]
    fn one_owner_at_a_time() {
        explore(3, || {
            let shared = Arc::new((Lock::new(()), AtomicU64::new(0)));
            let count = |(lock, count): &(Lock<()>, AtomicU64)| {
                let _guard = lock.lock();
                count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            };
            let other = Arc::clone(&shared);
            let other = thread::spawn(move || count(&other));
            count(&shared);
            other.join().unwrap();
            assert_eq!(shared.1.load(Ordering::Relaxed), 2);
        });
    }
}
