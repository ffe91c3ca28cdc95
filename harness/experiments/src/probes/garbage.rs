//! What overwrites keep alive for a time: peak, and what is not freed when the last one returns.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use conformance::Counting;
use contract::Handle;
use model::clock;
use model::probe::{Count, Probe, ProbeSeen};

use crate::instrumented_record::{Gate, OpenOnExit, TableHandle};
use crate::probes::fixture::Fixture;

/// How many overwrites.
const OVERWRITES: u64 = 10_000;
/// More garbage than this is not waited for. A table that is copied by every write reaches a gigabyte
/// otherwise.
const GARBAGE_MAX: i64 = 64 << 20;
/// A writer that gets nothing done for so long is blocked; not less, whatever the budget, or a writer
/// that lost its processor would look like one.
const PATIENCE: Duration = Duration::from_millis(20);
/// How often the coordinator looks.
const GLANCE: Duration = Duration::from_micros(500);

/// What writer and coordinator tell each other.
#[derive(Debug, Default)]
struct Progress {
    /// Where the writer waits until it may begin.
    begin: Gate,
    overwrites: AtomicU64,
    stop: AtomicBool,
    /// Where it waits when it is done, its handle kept: to drop it may free what it has retired.
    end: Gate,
}

/// Updates records that stay, or inserts and removes some in turn; beside a guard that is held, or not.
pub(crate) fn probe(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    use Probe as P;
    let churns = matches!(outcome.probe, P::GarbageOfChurn | P::HeldGuardChurn);
    let guard_is_held = matches!(outcome.probe, P::HeldGuardUpdates | P::HeldGuardChurn);
    let counting = Counting::start();
    let table = fixture.table();
    let (in_read, progress) = (Gate::new(), Progress::default());
    progress.begin.shut();
    progress.end.shut();
    std::thread::scope(|scope| {
        let (table, in_read, progress) = (&table, &in_read, &progress);
        scope.spawn(move || write(&mut table.handle(), fixture, churns, progress));
        let _let_go = [in_read, &progress.begin, &progress.end].map(OpenOnExit);
        while !progress.begin.catches(PATIENCE) {}
        if guard_is_held {
            in_read.shut();
            scope.spawn(move || table.handle().read(fixture.held(), |_| in_read.pass()));
            // Nobody keeps it out: the writer waits.
            while !in_read.catches(PATIENCE) {}
        }
        let filled = counting.usage().live_bytes();
        counting.begin_peak();
        progress.begin.open();
        let end = follow(progress, || counting.usage().live_bytes() - filled, budget);
        // Read before anything of this probe's own is allocated.
        let (peak, left) = (counting.peak_bytes(), counting.usage().live_bytes());
        outcome.counts.insert(Count::PeakBytes, peak - filled);
        outcome.counts.insert(Count::UnfreedBytes, left - filled);
        let overwrites = progress.overwrites.load(Ordering::Relaxed);
        outcome.add(Count::Overwrites, overwrites);
        for end_of in [Count::Blocked, Count::Capped] {
            outcome.add(end_of, u64::from(end == Some(end_of)));
        }
        progress.stop.store(true, Ordering::Relaxed);
    });
}

/// The writer's part.
fn write(handle: &mut TableHandle<'_>, fixture: &Fixture, churns: bool, progress: &Progress) {
    if churns {
        fixture.prepare_churn(handle);
    }
    progress.begin.pass();
    for step in 0..OVERWRITES {
        if progress.stop.load(Ordering::Relaxed) {
            break;
        }
        if churns {
            fixture.churn(handle, step as usize);
        } else {
            fixture.update(handle, 0, step as usize);
        }
        progress.overwrites.store(step + 1, Ordering::Relaxed);
    }
    progress.end.pass();
}

/// Waits for the writer. Unless all is done, it is stopped before this returns, or blocked. What ended it, unless
/// all was done or the time was over: that it got nothing done any more, or that there was too much garbage.
fn follow(progress: &Progress, garbage: impl Fn() -> i64, budget: Duration) -> Option<Count> {
    let began = clock::now();
    let (mut before, mut moved) = (0, began);
    let end = loop {
        if progress.end.catches(GLANCE) {
            return None;
        }
        let (done, now) = (progress.overwrites.load(Ordering::Relaxed), clock::now());
        if done != before {
            (before, moved) = (done, now);
        }
        if now - moved > PATIENCE {
            return Some(Count::Blocked);
        } else if garbage() > GARBAGE_MAX {
            break Some(Count::Capped);
        } else if now - began > budget.max(PATIENCE) && done > 0 {
            break None;
        }
    };
    // What is counted next must not change meanwhile.
    progress.stop.store(true, Ordering::Relaxed);
    if progress.end.catches(PATIENCE) {
        end
    } else {
        Some(Count::Blocked)
    }
}

#[cfg(test)]
mod tests {
    use contract::{ErasedHandle, ErasedTable, Profile, Strategy};

    use super::*;
    use crate::instrumented_record::{self, InstrumentedRecord};

    /// A table behind a lock whose handles take a while.
    struct SlowHandles(ErasedTable<InstrumentedRecord>);

    impl Strategy<InstrumentedRecord> for SlowHandles {
        const PROFILE: Profile = Profile::locked("planted/slow", "its handles take a while");
        type Handle<'s> = ErasedHandle<'s, InstrumentedRecord>;

        fn with_capacity(processes: usize) -> Self {
            let make = instrumented_record::strategy("mutex/std").expect("it is registered");
            Self(make(processes))
        }

        fn handle(&self) -> ErasedHandle<'_, InstrumentedRecord> {
            std::thread::sleep(10 * PATIENCE);
            self.0.handle()
        }
    }

    #[test]
    fn nothing_is_written_before_the_guard_is_held() {
        let fixture = Fixture::new(ErasedTable::new::<SlowHandles>, 1);
        let mut outcome = ProbeSeen::new(Probe::HeldGuardUpdates, "", 0);
        probe(&fixture, Duration::ZERO, &mut outcome);
        assert_eq!(outcome.count(Count::Overwrites), Some(0));
    }
}
