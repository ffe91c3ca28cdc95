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
        let entered = self.enter(mode, site, Value::from_ref::<G::Target>(&inner));
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
        match attempt {
            Some(inner) => self.guard(mode, site, inner),
            None => {
                let waiting = self.wait(mode, site, Value::unseen::<G::Target>());
                let inner = wait();
                Guard::new(inner, waiting.end(), self, mode)
            }
        }
    }

    /// The same, if it is got in time.
    #[cfg(feature = "parking_lot")]
    #[track_caller]
    pub(crate) fn take_in_time<G: Deref>(
        &self,
        mode: Mode,
        attempt: Option<G>,
        wait: impl FnOnce() -> Option<G>,
    ) -> Option<Guard<G>> {
        let site = Location::caller();
        if let Some(inner) = attempt {
            return Some(self.guard(mode, site, inner));
        }
        let waiting = self.wait(mode, site, Value::unseen::<G::Target>());
        let inner = wait()?;
        Some(Guard::new(inner, waiting.end(), self, mode))
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
                self.fail(mode, site, Value::unseen::<G::Target>());
                Err(error)
            }
        }
    }
}
