//! How locks that cannot be poisoned are taken.

use std::ops::Deref;
use std::panic::Location;

use crate::block::Site;
use crate::guard::Guard;
use crate::handle::{Handle, Mode};
use crate::record::Value;

impl Handle {
    /// The guard of a lock that was got at once.
    #[inline(always)]
    pub(crate) fn guard<G: Deref>(&self, mode: Mode, site: Site, inner: G) -> Guard<G> {
        let value = Value::new::<G::Target>(size_of_val(&*inner));
        let entered = self.enter(mode, site, value);
        Guard::new(inner, entered, self, mode)
    }

    /// What an attempt got, or what is got by waiting.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn take<G: Deref>(
        &self,
        mode: Mode,
        attempt: Option<G>,
        wait: impl FnOnce() -> G,
    ) -> Guard<G> {
        let site = Location::caller();
        let Some(inner) = attempt else {
            let waiting = self.wait(mode, site, Value::new::<G::Target>(0));
            return Guard::new(wait(), waiting.end(), self, mode);
        };
        self.guard(mode, site, inner)
    }

    /// The same, if it is got in time.
    #[track_caller]
    pub(crate) fn take_in_time<G: Deref>(
        &self,
        mode: Mode,
        attempt: Option<G>,
        wait: impl FnOnce() -> Option<G>,
    ) -> Option<Guard<G>> {
        let site = Location::caller();
        let Some(inner) = attempt else {
            let waiting = self.wait(mode, site, Value::new::<G::Target>(0));
            return Some(Guard::new(wait()?, waiting.end(), self, mode));
        };
        Some(self.guard(mode, site, inner))
    }

    /// What an attempt got, and no wait follows.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn attempt<G: Deref, E>(
        &self,
        mode: Mode,
        attempt: Result<G, E>,
    ) -> Result<Guard<G>, E> {
        let site = Location::caller();
        match attempt {
            Ok(inner) => Ok(self.guard(mode, site, inner)),
            Err(error) => {
                self.fail(mode, site, Value::new::<G::Target>(0));
                Err(error)
            }
        }
    }
}

/// What gives up the whole of a value for a part of it.
macro_rules! mapped {
    ($($guard:ident($($mutable:ident)?) => $mapped:ident,)*) => {$(
        impl<'a, T: ?Sized> Guard<bare::$guard<'a, T>> {
            /// Gives up the whole for a part of it. The lock stays held.
            pub fn map<U: ?Sized>(
                guard: Self,
                part: impl FnOnce(&$($mutable)? T) -> &$($mutable)? U,
            ) -> $mapped<'a, U> {
                guard.mapped(true, |inner| bare::$guard::map(inner, part))
            }
        }
    )*};
}
pub(crate) use mapped;
