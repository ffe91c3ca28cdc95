//! How much is tried, and with which random numbers.

use std::fmt;
use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// How much each check tries. A number and never a duration, so that a slow machine tries as much as
/// a fast one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Random sequences of operations that the sequential check compares with the model.
    pub cases: u32,
    /// Operations of each concurrent check in a crowd, over all its writing threads, and again in a
    /// duel. Up to eight times as many where threads hardly met: on a busy machine, or with one core.
    pub operations: u64,
    /// Recorded histories of 200 operations on two identifiers.
    pub histories: u64,
    /// Identifiers that are inserted and removed again while the table stays small.
    pub churned_ids: u64,
    /// Records inserted into a table that was made for one; a quarter of it where every write copies
    /// the table.
    pub grown_to: u64,
    /// Operations of the deadlock check, over all its threads.
    pub deadlock_operations: u64,
    /// Tables that are made, used and dropped full, at least 6.
    pub tables_dropped: usize,
    /// How long nothing at all may get done before a check counts as hung and the process is ended.
    pub patience: Duration,
}

impl Effort {
    /// A quick look: the same checks, with 50,000 operations for a deadlock instead of 1,000,000.
    pub const fn quick() -> Self {
        Self {
            cases: 64,
            operations: 6_000,
            histories: 32,
            churned_ids: 4_096,
            grown_to: 1_000,
            deadlock_operations: 50_000,
            tables_dropped: 6,
            patience: Duration::from_secs(20),
        }
    }

    /// What a strategy crate's test does: each check a few times, also on a busy machine, where strategies
    /// that hand every operation to another thread wait a time slice for each.
    pub const fn brief() -> Self {
        Self {
            cases: 32,
            operations: 800,
            histories: 8,
            churned_ids: 1_024,
            grown_to: 400,
            deadlock_operations: 4_000,
            tables_dropped: 6,
            patience: Duration::from_mins(1),
        }
    }

    /// The one of tests: [`brief`](Effort::brief), unless the environment variable `CONFORMANCE_EFFORT`
    /// names another: `quick`, `default` or `full`.
    ///
    /// # Panics
    ///
    /// When it names none.
    pub fn chosen() -> Self {
        match std::env::var("CONFORMANCE_EFFORT").as_deref() {
            Ok("brief") | Err(_) => Self::brief(),
            Ok("quick") => Self::quick(),
            Ok("default") => Self::default(),
            Ok("full") => Self::full(),
            Ok(other) => {
                panic!("CONFORMANCE_EFFORT is {other:?}, and not brief, quick, default or full")
            }
        }
    }

    /// For a night: rare interleavings get their chance.
    pub const fn full() -> Self {
        Self {
            cases: 2_000,
            operations: 1_000_000,
            // Ten million operations.
            histories: 50_000,
            churned_ids: 262_144,
            grown_to: 20_000,
            deadlock_operations: 10_000_000,
            tables_dropped: 64,
            patience: Duration::from_mins(1),
        }
    }
}

impl Default for Effort {
    /// What a strategy passes before it is measured.
    fn default() -> Self {
        Self {
            cases: 256,
            operations: 30_000,
            histories: 256,
            churned_ids: 8_192,
            grown_to: 5_000,
            deadlock_operations: 1_000_000,
            tables_dropped: 8,
            patience: Duration::from_secs(20),
        }
    }
}

/// Where the random numbers of a check come from. The same seed asks the same questions; how
/// threads interleave is not part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// An independent stream of random numbers for each `purpose` (a thread, a case).
    pub(crate) fn dice(self, purpose: u64) -> Dice {
        let mut mixer = SplitMix64::seed_from_u64(self.0);
        Dice(SplitMix64::seed_from_u64(
            mixer.next_u64().wrapping_add(purpose),
        ))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stream of random choices.
#[derive(Debug)]
pub(crate) struct Dice(SplitMix64);

impl Dice {
    /// A number below `bound`, which is small: the bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Fills a seed for another generator.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}
