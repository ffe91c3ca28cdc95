//! What a check is given: tables of one variant, and how much to try on them.

use contract::{Concurrency, ErasedTable, Profile, ReadConsistency, Specimen};

use crate::crew::{Member, Pace, crew};
use crate::effort::{Dice, Effort, Seed};
use crate::verdict::Breach;
use crate::watchdog::Progress;

/// What a check is given.
#[derive(Clone, Copy)]
pub(crate) struct Trial<'p, R> {
    pub(crate) make: fn(usize) -> ErasedTable<R>,
    pub(crate) effort: &'p Effort,
    pub(crate) seed: Seed,
    pub(crate) profile: Profile,
    pub(crate) progress: &'p Progress,
}

impl<R: Specimen> Trial<'_, R> {
    /// A new, empty table with room for `processes` records.
    pub(crate) fn table(&self, processes: usize) -> ErasedTable<R> {
        (self.make)(processes)
    }

    /// Random choices for `purpose`.
    pub(crate) fn dice(&self, purpose: usize) -> Dice {
        self.seed.dice(purpose as u64)
    }

    /// Whether a read must return the latest record without a publish.
    pub(crate) fn reads_latest(&self) -> bool {
        self.profile.read_consistency == ReadConsistency::Linearizable
    }

    /// How many writes a read may lag behind.
    pub(crate) fn lag_writes(&self) -> u64 {
        match self.profile.read_consistency {
            ReadConsistency::Linearizable => 0,
            ReadConsistency::Published { every } => every.into(),
        }
    }

    /// A [`crew`]; its size is cut to one thread where the profile allows no more.
    pub(crate) fn crew<T: Send>(
        &self,
        pace: Pace,
        leaders: usize,
        followers: usize,
        work: impl Fn(&Member<'_>) -> Result<T, Breach> + Sync,
    ) -> Result<Vec<T>, Breach> {
        let (leaders, followers) = match self.profile.concurrency {
            Concurrency::Any => (leaders, followers),
            Concurrency::OneThread => (1, 0),
        };
        crew(self.progress, pace, leaders, followers, work)
    }
}
