//! One atomic pointer and the versions that it has pointed to.
//!
//! | pointer | meaning | next |
//! |---|---|---|
//! | to a value | the current version; owned by the slot | replaced by another version, or taken |
//! | null | taken: the slot is dead | none: stays null until the slot is dropped |
//!
//! A version is retired by the one thread whose swap or compare-and-swap removed it from the slot,
//! right after that: exactly once, and never while it can still be found.

use std::mem;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crossbeam_epoch::{Atomic, Guard, Owned, Shared, unprotected};

/// What a writer makes of the version that it was shown.
pub(crate) enum Write<T, A> {
    /// A new version to publish, and what to return when that succeeds.
    Publish(T, A),
    /// Nothing to change; what to return.
    Leave(A),
}

/// A value that is replaced as a whole, and its old versions freed after a grace period.
///
/// # Safety of its methods
///
/// Those that take a guard must get one *of the collector that every thread pins that reaches this
/// slot*. Another collector's guard would keep nobody from freeing what it looks at, and what it
/// retires would be freed under the others' eyes.
#[derive(Debug)]
pub(crate) struct Slot<T>(Atomic<T>);

// `Send + Sync + 'static`: versions are read and freed by any thread, at any later time.
impl<T: Send + Sync + 'static> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Atomic::new(value))
    }

    /// The current version; `None` if the slot is dead.
    ///
    /// # Safety
    ///
    /// `guard` is of the right collector, see [`Slot`].
    #[inline]
    pub(crate) unsafe fn get<'g>(&'g self, guard: &'g Guard) -> Option<&'g T> {
        // Acquire: partner of the release that published this version.
        let current = self.0.load(Acquire, guard);
        // SAFETY: `current` was found in the slot after `guard` had pinned. If it is retired since,
        // then to the same collector, which does not free it before the guard is gone; and if it is
        // not, it is freed by our drop at the earliest, and `'g` borrows us. Versions are immutable.
        unsafe { current.as_ref() }
    }

    /// Publishes what `change` makes of the current version, calling it again if another writer was
    /// faster. `None` if the slot is dead: it is never brought back to life.
    ///
    /// # Safety
    ///
    /// `guard` is of the right collector, see [`Slot`].
    #[inline]
    pub(crate) unsafe fn update<'g, A>(
        &'g self,
        guard: &'g Guard,
        mut change: impl FnMut(&'g T) -> Write<T, A>,
    ) -> Option<A> {
        let mut current = self.0.load(Acquire, guard);
        loop {
            // SAFETY: as in `get`; `current` was loaded from the slot under this guard.
            let (next, answer) = match change(unsafe { current.as_ref() }?) {
                Write::Publish(next, answer) => (next, answer),
                Write::Leave(answer) => return Some(answer),
            };
            // SAFETY: the caller's promise about `guard`.
            match unsafe { self.exchange(current, Owned::new(next), guard) } {
                Ok(_) => return Some(answer),
                Err((actual, _)) => current = actual,
            }
        }
    }

    /// Publishes `next` in the place of any version and returns the old one; gives `next` back if the
    /// slot is dead.
    ///
    /// # Safety
    ///
    /// `guard` is of the right collector, see [`Slot`].
    #[inline]
    pub(crate) unsafe fn replace<'g>(&'g self, next: T, guard: &'g Guard) -> Result<&'g T, T> {
        let mut next = Owned::new(next);
        let mut current = self.0.load(Acquire, guard);
        loop {
            if current.is_null() {
                return Err(*next.into_box());
            }
            // SAFETY: the caller's promise about `guard`.
            match unsafe { self.exchange(current, next, guard) } {
                Ok(old) => return Ok(old),
                Err((actual, rejected)) => (current, next) = (actual, rejected),
            }
        }
    }

    /// Swaps `current`, which is not null, for `next`, and retires it; if the pointer has changed,
    /// returns what it is now, and `next`.
    ///
    /// # Safety
    ///
    /// `current` was loaded from this slot under `guard`, which is of the right collector.
    #[inline]
    unsafe fn exchange<'g>(
        &'g self,
        current: Shared<'g, T>,
        next: Owned<T>,
        guard: &'g Guard,
    ) -> Result<&'g T, (Shared<'g, T>, Owned<T>)> {
        // Release: the contents of `next`, for every acquiring load of this pointer. No acquire on
        // success: what we swap out is what we loaded, with an acquire. An acquire on failure, for
        // the contents of what the other writer put there.
        match self
            .0
            .compare_exchange(current, next, Release, Acquire, guard)
        {
            // SAFETY: `current` was in the slot and our swap removed it. So we are the only ones to
            // retire it, nobody can find it from now on, and all who already have are pinned in the
            // collector of `guard`. We are, too: it stays valid for `'g`.
            Ok(_) => unsafe {
                guard.defer_destroy(current);
                Ok(current.deref())
            },
            Err(lost) => Err((lost.current, lost.new)),
        }
    }

    /// Takes the value out and returns it; the slot is dead from then on. `None` if it was already.
    ///
    /// # Safety
    ///
    /// `guard` is of the right collector, see [`Slot`].
    pub(crate) unsafe fn take<'g>(&'g self, guard: &'g Guard) -> Option<&'g T> {
        // Acquire: we look at the old version. No release, since null publishes nothing.
        let old = self.0.swap(Shared::null(), Acquire, guard);
        // SAFETY: not null, it was in the slot and our swap removed it; the rest as in `exchange`.
        unsafe {
            let value = old.as_ref()?;
            guard.defer_destroy(old);
            Some(value)
        }
    }

    /// The current version, for the only one who can reach the slot.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: we hold the slot exclusively, so that nobody swaps, retires or looks at what is in
        // it while the result lives; threads that did so before have synchronized with us when they
        // gave up their borrow. Relaxed for the same reason.
        unsafe {
            let mut current = self.0.load(Relaxed, unprotected());
            (!current.is_null()).then(|| current.deref_mut())
        }
    }

    /// The value, if the slot is live.
    pub(crate) fn into_inner(mut self) -> Option<T> {
        self.detach().map(|value| *value.into_box())
    }
}

impl<T> Slot<T> {
    /// Takes the value out without a grace period.
    fn detach(&mut self) -> Option<Owned<T>> {
        // SAFETY: the slot owns its current version, which is not retired while it is in the slot;
        // and we hold the slot exclusively, so that nobody looks at it.
        unsafe { mem::take(&mut self.0).try_into_owned() }
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.detach());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_epoch::Collector;

    #[test]
    fn a_dead_slot_stays_dead() {
        let collector = Collector::new();
        let guard = &collector.register().pin();
        let slot = Slot::new(1);
        // SAFETY: the only collector around.
        unsafe {
            let updated = slot.update(guard, |&old| {
                // A removal in the middle of the update.
                assert_eq!(slot.take(guard), Some(&1));
                Write::Publish(old + 1, ())
            });
            assert_eq!(updated, None);
            assert_eq!(slot.replace(3, guard), Err(3));
            assert_eq!(slot.take(guard), None);
            assert_eq!(slot.get(guard), None);
        }
    }

    #[test]
    fn an_update_that_lost_starts_from_the_winner() {
        let collector = Collector::new();
        let guard = &collector.register().pin();
        let slot = Slot::new(1);
        let mut observed = Vec::new();
        // SAFETY: the only collector around.
        unsafe {
            let updated = slot.update(guard, |&old| {
                if observed.is_empty() {
                    assert_eq!(slot.replace(10, guard), Ok(&1));
                }
                observed.push(old);
                Write::Publish(old + 1, ())
            });
            assert_eq!((updated, slot.get(guard)), (Some(()), Some(&11)));
        }
        assert_eq!(observed, [1, 10]);
        assert_eq!(slot.into_inner(), Some(11));
    }
}
