//! One atomic pointer, the versions that it has pointed to, and a hazard pointer that keeps one of them.
//!
//! | pointer | meaning | next |
//! |---|---|---|
//! | to a value | the current version; owned by the slot | replaced by another version, or taken |
//! | null | taken: the slot is dead | none: stays null until the slot is dropped |
//!
//! A version is retired by the one thread whose compare-and-swap removed it from the slot: exactly once,
//! and never while it can still be found.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use haphazard::HazardPointer;

/// What the domains of all tables have in common. A table has a domain of its own; that its pointers,
/// guards and retired versions are of that domain is argued where they are made.
#[derive(Debug)]
pub(crate) struct Family;

/// Where a table's hazard pointers and retired versions are kept.
pub(crate) type Domain = haphazard::Domain<Family>;

/// What a writer makes of the version that it was shown.
pub(crate) enum Write<T, A> {
    /// A new version to publish, and what to return when that succeeds.
    Publish(T, A),
    /// Nothing to change; what to return.
    Leave(A),
}

/// A value that is replaced as a whole, and its old versions freed when no guard protects them.
pub(crate) struct Slot<T>(AtomicPtr<T>, PhantomData<Box<T>>);

impl<T> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(AtomicPtr::new(Box::into_raw(Box::new(value))), PhantomData)
    }

    /// Whether the value was taken.
    pub(crate) fn is_dead(&self) -> bool {
        // Acquire: who sees it dead also sees what its killer did before.
        self.0.load(Acquire).is_null()
    }

    /// The value, if the slot is live.
    pub(crate) fn into_inner(mut self) -> Option<T> {
        self.detach().map(|value| *value)
    }

    /// Takes the value out without retiring it.
    fn detach(&mut self) -> Option<Box<T>> {
        let value = std::mem::replace(self.0.get_mut(), ptr::null_mut());
        // SAFETY: made by `Box::into_raw`. We hold the slot exclusively, so that nobody swaps it out or
        // looks at it: a guard looks only while it borrows the slot. What is in the slot is not retired.
        (!value.is_null()).then(|| unsafe { Box::from_raw(value) })
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.detach());
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.0).finish()
    }
}

/// One thread's hazard pointer, with what it protects: no version that it names is freed.
///
/// # Safety of its methods
///
/// Those that take a slot must get one whose versions are *retired to the domain of this guard, by
/// whoever retires them*. Another domain does not look at this guard's hazard pointer.
pub(crate) struct Guard<'d, T> {
    hazard: HazardPointer<'d, Family>,
    domain: &'d Domain,
    /// What `hazard` names; null if nothing.
    protected: *mut T,
}

impl<T> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.protected).finish()
    }
}

// `Send + Sync + 'static`: versions are read and freed by any thread, at any later time.
impl<'d, T: Send + Sync + 'static> Guard<'d, T> {
    /// A guard that protects nothing yet.
    pub(crate) fn new(domain: &'d Domain) -> Self {
        Self {
            hazard: HazardPointer::new_in_domain(domain),
            domain,
            protected: ptr::null_mut(),
        }
    }

    /// Names the current version and makes sure that it still is the current one: not freed from then
    /// on. `None` if the slot is dead. The library puts a sequentially consistent fence between the two.
    #[inline]
    fn protect(&mut self, slot: &Slot<T>) -> Option<NonNull<T>> {
        let current = self.hazard.protect_ptr(&slot.0).map(|(current, _)| current);
        self.protected = current.map_or(ptr::null_mut(), NonNull::as_ptr);
        current
    }

    /// The current version; `None` if the slot is dead.
    ///
    /// # Safety
    ///
    /// The slot's versions are retired to this guard's domain, see [`Guard`].
    #[inline]
    pub(crate) unsafe fn load<'g>(&'g mut self, slot: &'g Slot<T>) -> Option<&'g T> {
        let current = self.protect(slot)?;
        // SAFETY: named by our hazard pointer, and in the slot after that. So it is retired later, if at
        // all, to the domain that looks at our hazard pointer before it frees; and that pointer stays as
        // it is for `'g`, which borrows this guard. What is not retired is freed by the slot's drop at the
        // earliest, and `'g` borrows the slot. Versions are immutable. The library's load acquires what
        // the release in `exchange` published.
        Some(unsafe { current.as_ref() })
    }

    /// As [`load`](Guard::load), without a fence if the current version is the one that this guard
    /// protects already.
    ///
    /// # Safety
    ///
    /// As of [`load`](Guard::load).
    #[inline]
    pub(crate) unsafe fn reload<'g>(&'g mut self, slot: &'g Slot<T>) -> Option<&'g T> {
        // Acquire: partner of the release in `exchange`.
        let current = slot.0.load(Acquire);
        if current != self.protected {
            // SAFETY: the caller's promise.
            return unsafe { self.load(slot) };
        }
        // SAFETY: null, or named by our hazard pointer all the time since `protect` found it in the slot:
        // not freed, and so no other version has its address. The rest as in `load`.
        unsafe { current.as_ref() }
    }

    /// Protects nothing any more.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.protected = ptr::null_mut();
        self.hazard.reset_protection();
    }

    /// Publishes what `change` makes of the current version, calling it again if another writer was
    /// faster. `None` if the slot is dead: it is never brought back to life.
    ///
    /// # Safety
    ///
    /// As of [`load`](Guard::load).
    #[inline]
    pub(crate) unsafe fn update<A>(
        &mut self,
        slot: &Slot<T>,
        mut change: impl FnMut(&T) -> Write<T, A>,
    ) -> Option<A> {
        loop {
            // SAFETY: the caller's promise; `protect` named it, and nothing clears that before `retire`.
            let (next, answer) = match change(unsafe { self.load(slot) }?) {
                Write::Publish(next, answer) => (next, answer),
                Write::Leave(answer) => return Some(answer),
            };
            let next = Box::into_raw(Box::new(next));
            if let Some(old) = self.exchange(slot, next) {
                // SAFETY: our swap removed it.
                unsafe { self.retire(old) };
                return Some(answer);
            }
            // SAFETY: made above, and not published.
            drop(unsafe { Box::from_raw(next) });
        }
    }

    /// Publishes `next` in the place of any version and returns what `look` makes of the old one; gives
    /// `next` back if the slot is dead.
    ///
    /// # Safety
    ///
    /// As of [`load`](Guard::load).
    pub(crate) unsafe fn replace<A>(
        &mut self,
        slot: &Slot<T>,
        next: Box<T>,
        look: impl FnOnce(&T) -> A,
    ) -> Result<A, Box<T>> {
        let next = Box::into_raw(next);
        while self.protect(slot).is_some() {
            if let Some(old) = self.exchange(slot, next) {
                // SAFETY: still protected, see `load`; our swap removed it.
                return Ok(unsafe { self.retire_after(old, look) });
            }
        }
        // SAFETY: made by `Box::into_raw` above, and not published.
        Err(unsafe { Box::from_raw(next) })
    }

    /// Takes the value out and returns what `look` makes of it; the slot is dead from then on. `None` if
    /// it was already.
    ///
    /// # Safety
    ///
    /// As of [`load`](Guard::load).
    pub(crate) unsafe fn take<A>(
        &mut self,
        slot: &Slot<T>,
        look: impl FnOnce(&T) -> A,
    ) -> Option<A> {
        loop {
            self.protect(slot)?;
            if let Some(old) = self.exchange(slot, ptr::null_mut()) {
                // SAFETY: still protected, see `load`; our swap removed it.
                return Some(unsafe { self.retire_after(old, look) });
            }
        }
    }

    /// Swaps what is protected for `next` and returns it; `None` if it is not the current version any
    /// more. It cannot have been replaced and come back, since its address is not free.
    #[inline]
    fn exchange(&mut self, slot: &Slot<T>, next: *mut T) -> Option<NonNull<T>> {
        // Release: the contents of `next`, for every acquiring load of this pointer. No acquire on success,
        // since what we swap out is what we loaded with one; none on failure, since we load again.
        let swapped = slot
            .0
            .compare_exchange(self.protected, next, Release, Relaxed);
        swapped.ok().and_then(NonNull::new)
    }

    /// Lets `look` look at an old version and hands it to the domain, also if `look` panics.
    ///
    /// # Safety
    ///
    /// As of [`retire`](Guard::retire), and this guard protects it.
    #[inline]
    unsafe fn retire_after<A>(&mut self, old: NonNull<T>, look: impl FnOnce(&T) -> A) -> A {
        let removed = Removed(self, old);
        // SAFETY: protected by the guard, which `removed` borrows.
        look(unsafe { removed.1.as_ref() })
    }

    /// Hands an old version to the domain.
    ///
    /// # Safety
    ///
    /// The caller's swap removed it from its slot, and this is called once.
    #[inline]
    unsafe fn retire(&mut self, old: NonNull<T>) {
        // Ours first: it would keep the version.
        self.clear();
        // SAFETY: made by `Box::into_raw`; not to be found any more, so that no `protect` from now on
        // succeeds with it; retired by the one whose swap removed it.
        unsafe { self.domain.retire_ptr::<T, Box<T>>(old.as_ptr()) };
    }

    /// Frees everything that is retired and that no guard protects.
    pub(crate) fn reclaim(&self) {
        self.domain.eager_reclaim();
    }
}

/// A version that was removed from its slot, and is retired when this is dropped. Made by
/// [`retire_after`](Guard::retire_after) only.
struct Removed<'g, 'd, T: Send + Sync + 'static>(&'g mut Guard<'d, T>, NonNull<T>);

impl<T: Send + Sync + 'static> Drop for Removed<'_, '_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the promise of the caller of `retire_after`; it is dropped once.
        unsafe { self.0.retire(self.1) };
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_a_panic_looked_at_is_freed() {
        let domain = Domain::new(&Family);
        let mut guard = Guard::new(&domain);
        let value = Arc::new(());
        let slot = Slot::new(Arc::clone(&value));
        for _ in 0..2 {
            let next = Box::new(Arc::clone(&value));
            // SAFETY: the only domain around.
            let replaced = AssertUnwindSafe(|| unsafe {
                guard.replace(&slot, next, |_| panic!("no memory for a copy"))
            });
            assert!(catch_unwind(replaced).is_err());
        }
        // SAFETY: the only domain around.
        let taken =
            AssertUnwindSafe(|| unsafe { guard.take(&slot, |_| panic!("no memory for a copy")) });
        assert!(catch_unwind(taken).is_err());
        assert!(slot.is_dead());
        drop(guard);
        drop((slot, domain));
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn a_dead_slot_stays_dead() {
        let domain = Domain::new(&Family);
        let [mut guard, mut other] = [(); 2].map(|()| Guard::new(&domain));
        let slot = Slot::new(1);
        // SAFETY: the only domain around.
        unsafe {
            let updated = guard.update(&slot, |&old| {
                // A removal in the middle of the update.
                assert_eq!(other.take(&slot, |&old| old), Some(1));
                Write::Publish(old + 1, ())
            });
            assert_eq!(updated, None);
            let replaced = guard.replace(&slot, Box::new(3), |&old| old);
            assert_eq!(replaced, Err(Box::new(3)));
            assert_eq!(guard.take(&slot, |&old| old), None);
            assert_eq!(guard.load(&slot), None);
            assert_eq!(guard.reload(&slot), None);
        }
        assert!(slot.is_dead());
    }

    #[test]
    fn an_update_that_lost_starts_from_the_winner() {
        let domain = Domain::new(&Family);
        let [mut guard, mut other] = [(); 2].map(|()| Guard::new(&domain));
        let slot = Slot::new(1);
        let mut observed = Vec::new();
        // SAFETY: the only domain around.
        unsafe {
            let updated = guard.update(&slot, |&old| {
                if observed.is_empty() {
                    let replaced = other.replace(&slot, Box::new(10), |&old| old);
                    assert_eq!(replaced, Ok(1));
                }
                observed.push(old);
                Write::Publish(old + 1, ())
            });
            assert_eq!((updated, other.load(&slot)), (Some(()), Some(&11)));
        }
        assert_eq!(observed, [1, 10]);
        assert_eq!(slot.into_inner(), Some(11));
    }
}
