//! Running one check on one variant.

use contract::{
    Concurrency, ErasedTable, ProcessSnapshot, ProcessStatus, Profile, Specimen, Strategy,
};

use crate::check::Check;
use crate::effort::{Effort, Seed};
use crate::panics::caught;
use crate::trial::Trial;
use crate::verdict::{Breach, Evidence, Violation};
use crate::watchdog::watch;
use crate::yielding_record::{Wide, YieldingRecord};
use crate::{
    churn, costs, deadlock, exchanges, growth, lifecycle, lifetimes, linearizable, scans,
    sequential, shutdown, updates,
};

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
    RunOn<YieldingRecord<ProcessStatus>>,
    RunOn<YieldingRecord<ProcessSnapshot>>,
    RunOn<Wide>,
) = (run_on, run_on, run_on);
