//! What threads share: primitives of the standard library, or what a checker explores in their place.
//!
//! | built with | atomics, fences | waiting |
//! |---|---|---|
//! | nothing | core | crossbeam-utils |
//! | `--cfg pivot_loom` | loom | loom |
//! | `--cfg pivot_shuttle` | shuttle | shuttle |
//!
//! The lock is in [`crate::lock`].

#[cfg(not(any(pivot_loom, pivot_shuttle)))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU16, AtomicU64, fence};

#[cfg(pivot_shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicPtr, AtomicU16, AtomicU64, fence};

#[cfg(pivot_loom)]
pub(crate) use {
    loom::sync::atomic::fence,
    modelled::{AtomicPtr, AtomicU16, AtomicU64},
};

#[cfg(all(test, pivot_loom))]
pub(crate) use modelled::{Fences, with_total_order};

pub(crate) use core::sync::atomic::Ordering;

// Waiting for another thread to finish a few stores: spin for a microsecond, then give the processor away.
#[cfg(not(any(pivot_loom, pivot_shuttle)))]
pub(crate) use crossbeam_utils::Backoff;

#[cfg(any(pivot_loom, pivot_shuttle))]
pub(crate) use yielding::Backoff;

#[cfg(all(test, pivot_loom))]
pub(crate) use yielding::SNOOZES;

/// Loom's atomics, with a total order of `SeqCst` accesses where a model asks for it.
///
/// Loom takes such an access for an acquire or a release, and knows a total order of `SeqCst` *fences* only.
/// That is right for what one key guarantees, which must not rest on the total order. A model of what several
/// keys guarantee is run [`with_total_order`] twice: with a fence before each `SeqCst` access and with one
/// behind it, the two ways in which compilers make such accesses of fences.
#[cfg(pivot_loom)]
mod modelled {
    use std::cell::Cell;

    use super::Ordering;

    /// Where the fences are.
    #[derive(Clone, Copy, PartialEq)]
    pub(crate) enum Fences {
        Nowhere,
        Before,
        Behind,
    }

    std::thread_local! {
        /// All threads of a model are coroutines of one thread of the system.
        static FENCES: Cell<Fences> = const { Cell::new(Fences::Nowhere) };
    }

    /// Runs a model in which `SeqCst` accesses have a total order.
    pub(crate) fn with_total_order(fences: Fences, model: impl FnOnce()) {
        FENCES.set(fences);
        model();
        FENCES.set(Fences::Nowhere);
    }

    fn ordered<T>(order: Ordering, access: impl FnOnce() -> T) -> T {
        let fence = |place| {
            if order == Ordering::SeqCst && FENCES.get() == place {
                loom::sync::atomic::fence(order);
            }
        };
        fence(Fences::Before);
        let outcome = access();
        fence(Fences::Behind);
        outcome
    }

    macro_rules! atomic {
        ($name:ident $(<$parameter:ident>)?, $value:ty) => {
            #[derive(Debug)]
            pub(crate) struct $name $(<$parameter>)? (loom::sync::atomic::$name $(<$parameter>)?);

            impl $(<$parameter>)? $name $(<$parameter>)? {
                #[track_caller]
                pub(crate) fn new(value: $value) -> Self {
                    Self(loom::sync::atomic::$name::new(value))
                }

                #[track_caller]
                pub(crate) fn load(&self, order: Ordering) -> $value {
                    ordered(order, || self.0.load(order))
                }

                #[track_caller]
                pub(crate) fn store(&self, value: $value, order: Ordering) {
                    ordered(order, || self.0.store(value, order));
                }

                #[allow(dead_code, reason = "not of each type")]
                #[track_caller]
                pub(crate) fn compare_exchange(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    ordered(success, || {
                        self.0.compare_exchange(current, new, success, failure)
                    })
                }
            }
        };
    }

    atomic!(AtomicU16, u16);
    atomic!(AtomicU64, u64);
    atomic!(AtomicPtr<T>, *mut T);
}

#[cfg(any(pivot_loom, pivot_shuttle))]
mod yielding {
    #[cfg(all(test, pivot_loom))]
    std::thread_local! {
        /// How often a thread has let others run, of all threads of a model: they are coroutines of one.
        pub(crate) static SNOOZES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    /// Lets the checker run another thread.
    #[derive(Debug)]
    pub(crate) struct Backoff;

    impl Backoff {
        pub(crate) fn new() -> Self {
            Self
        }

        #[allow(clippy::unused_self, reason = "as the library's is used")]
        pub(crate) fn snooze(&self) {
            #[cfg(all(test, pivot_loom))]
            SNOOZES.set(SNOOZES.get() + 1);
            #[cfg(pivot_loom)]
            loom::thread::yield_now();
            #[cfg(pivot_shuttle)]
            shuttle::thread::yield_now();
        }

        /// It is always time to park: how long somebody spins is a matter of time, and there is none.
        #[allow(clippy::unused_self, reason = "as the library's is used")]
        pub(crate) fn is_completed(&self) -> bool {
            true
        }
    }
}
