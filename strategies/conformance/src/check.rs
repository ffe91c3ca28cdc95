//! The list of checks, and running one of them.

use std::fmt;

use contract::{
    Concurrency, ErasedTable, ProcessSnapshot, ProcessStatus, Profile, ReadConsistency, Specimen,
    Strategy,
};

use crate::crew::{Member, Pace, crew};
use crate::dawdler::{Dawdler, Wide};
use crate::effort::{Dice, Effort, Seed};
use crate::panics::caught;
use crate::verdict::{Breach, Evidence, Violation};
use crate::watchdog::{Progress, watch};
use crate::{
    churn, costs, deadlock, exchanges, growth, lifecycle, lifetimes, linearizable, scans,
    sequential, shutdown, updates,
};

/// A check: one group of promises, and one way to catch a strategy that breaks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Random operations on one thread, compared with a plain map.
    Sequential,
    /// Every change in every state of the process lifecycle.
    Lifecycle,
    /// Many threads change the same few records.
    Updates,
    /// Records come and go at the hands of one owner while others watch.
    Lifetimes,
    /// Many threads insert, change and remove under the same few identifiers.
    Exchanges,
    /// Recorded histories of random operations, judged by whether one thread could have done it.
    Histories,
    /// Scans while records change, come and go.
    Scans,
    /// Ever new identifiers in a table that stays small.
    Churn,
    /// Many more records than the table was made for.
    Growth,
    /// What a write takes from the heap, and how soon it gives it back.
    Costs,
    /// A million operations that must all return.
    Deadlock,
    /// Tables that are dropped full.
    Shutdown,
}

impl Check {
    /// Every check, the cheapest diagnosis first.
    pub const ALL: &'static [Check] = &[
        Check::Sequential,
        Check::Lifecycle,
        Check::Updates,
        Check::Lifetimes,
        Check::Exchanges,
        Check::Histories,
        Check::Scans,
        Check::Churn,
        Check::Growth,
        Check::Costs,
        Check::Deadlock,
        Check::Shutdown,
    ];

    /// For records that are wide enough to be torn, and to be missed where they are copied.
    pub const WIDE: &'static [Check] = &[Check::Updates, Check::Costs];

    /// The checks whose answer may depend on what the table holds: all but the deadlock
    /// check, and that of histories, which looks at revisions.
    pub const PER_RECORD: &'static [Check] = &[
        Check::Sequential,
        Check::Lifecycle,
        Check::Updates,
        Check::Lifetimes,
        Check::Exchanges,
        Check::Scans,
        Check::Churn,
        Check::Growth,
        Check::Costs,
        Check::Shutdown,
    ];

    /// Whether it means nothing without several threads.
    const fn needs_threads(self) -> bool {
        matches!(
            self,
            Check::Updates
                | Check::Lifetimes
                | Check::Exchanges
                | Check::Histories
                | Check::Scans
                | Check::Deadlock
        )
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Check::Sequential => "sequential",
            Check::Lifecycle => "lifecycle",
            Check::Updates => "updates",
            Check::Lifetimes => "lifetimes",
            Check::Exchanges => "exchanges",
            Check::Histories => "histories",
            Check::Scans => "scans",
            Check::Churn => "churn",
            Check::Growth => "growth",
            Check::Costs => "costs",
            Check::Deadlock => "deadlock",
            Check::Shutdown => "shutdown",
        })
    }
}

/// Runs one check on one variant.
///
/// Checks that count bytes ([`Check::Churn`], [`Check::Costs`], [`Check::Shutdown`]) count those of the whole process:
/// run one check at a time, and let other threads of the program rest meanwhile.
///
/// A check that hangs ends the process with code 1 after [`Effort::patience`] without progress, and
/// one line on standard error says which: a hung thread cannot be stopped.
///
/// # Errors
///
/// The promise that the variant broke.
pub fn run<S: Strategy<R>, R: Specimen>(
    check: Check,
    effort: &Effort,
    seed: Seed,
) -> Result<Evidence, Violation> {
    run_on::<R>(ErasedTable::new::<S>, S::PROFILE, check, effort, seed)
}

/// [`run`], compiled once for each kind of record and not once for each variant.
fn run_on<R: Specimen>(
    make: fn(usize) -> ErasedTable<R>,
    profile: Profile,
    check: Check,
    effort: &Effort,
    seed: Seed,
) -> Result<Evidence, Violation> {
    if profile.concurrency == Concurrency::OneThread && check.needs_threads() {
        let reason = "for one thread only".to_owned();
        return Ok(Evidence::NotApplicable(reason));
    }
    let what = format!(
        "{} with {}: {check} check (seed {seed})",
        profile.name,
        R::NAME
    );
    watch(&what, effort.patience, |progress| {
        let trial = Trial {
            make,
            effort,
            seed,
            profile,
            progress,
        };
        caught(|| match check {
            Check::Sequential => sequential::check(&trial),
            Check::Lifecycle => lifecycle::check(&trial),
            Check::Updates => updates::check(&trial),
            Check::Lifetimes => lifetimes::check(&trial),
            Check::Exchanges => exchanges::check(&trial),
            Check::Histories => linearizable::check(&trial),
            Check::Scans => scans::check(&trial),
            Check::Churn => churn::check(&trial),
            Check::Growth => growth::check(&trial),
            Check::Costs => costs::check(&trial),
            Check::Deadlock => deadlock::check(&trial),
            Check::Shutdown => shutdown::check(&trial),
        })
    })
    .map_err(|Breach { promise, account }| Violation {
        variant: profile.name,
        record: R::NAME,
        check,
        seed,
        promise,
        account,
    })
}

type RunOn<R> =
    fn(fn(usize) -> ErasedTable<R>, Profile, Check, &Effort, Seed) -> Result<Evidence, Violation>;

/// The checks for the records that strategies are tested with, compiled here. Without this every
/// strategy's test would compile them again: what no function of a crate needs is not in it, and
/// only what is in it can be shared (in builds that optimise little).
#[used]
static COMPILED: (
    RunOn<Dawdler<ProcessStatus>>,
    RunOn<Dawdler<ProcessSnapshot>>,
    RunOn<Wide>,
) = (run_on, run_on, run_on);

/// What a check is given.
#[derive(Clone, Copy)]
pub(crate) struct Trial<'p, R> {
    make: fn(usize) -> ErasedTable<R>,
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
