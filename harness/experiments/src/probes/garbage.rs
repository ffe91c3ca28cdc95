//! What overwrites keep alive for a time: peak, and what is not freed when the last one returns.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use conformance::Counting;
use contract::Handle;
use model::clock;
use model::probe::Count;

use crate::probes::Findings;
use crate::probes::ground::Ground;
use crate::subject::{Gate, OpenOnExit};
use crate::subject::{MakeTable, TableHandle};

/// What overwrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overwrite {
    /// Updates of records that stay.
    Update,
    /// Insertions and removals in turn.
    Churn,
}

/// How many.
const OVERWRITES: u64 = 10_000;
/// More garbage than this is not waited for. A table that is copied by every write reaches a gigabyte
/// otherwise.
const GARBAGE_MAX: i64 = 64 << 20;
/// A writer that gets nothing done for so long is blocked; not less, whatever the budget, or a writer
/// that lost its processor would look like one.
const PATIENCE: Duration = Duration::from_millis(20);
/// How often the coordinator looks.
const GLANCE: Duration = Duration::from_micros(500);
/// A reader that is not inside its closure by then will not be.
const CATCHING: Duration = Duration::from_millis(100);

/// What writer and coordinator tell each other.
#[derive(Debug, Default)]
struct Progress {
    ready: AtomicBool,
    overwrites: AtomicU64,
    finished: AtomicBool,
    stop: AtomicBool,
    measured: Gate,
}

pub(crate) fn probe(
    make: MakeTable,
    ground: &Ground,
    overwrite: Overwrite,
    guard_is_held: bool,
    budget: Duration,
) -> Findings {
    let counting = Counting::start();
    let table = ground.table(make);
    let (begin, in_read, progress) = (Gate::new(), Gate::new(), Progress::default());
    begin.shut();
    progress.measured.shut();
    std::thread::scope(|scope| {
        let (table, in_read, progress, begin) = (&table, &in_read, &progress, &begin);
        scope.spawn(move || {
            let mut handle = table.handle();
            work(&mut handle, ground, overwrite, progress, begin);
            // The handle is kept: to drop it may free what it has retired.
            progress.measured.pass();
        });
        let _let_go = (
            OpenOnExit(in_read),
            OpenOnExit(begin),
            OpenOnExit(&progress.measured),
        );
        while !progress.ready.load(Ordering::Acquire) {
            std::thread::sleep(GLANCE);
        }
        if guard_is_held {
            in_read.shut();
            scope.spawn(move || table.handle().read(ground.held(), |_| in_read.pass()));
            in_read.catches(CATCHING);
        }
        let filled = counting.usage().live_bytes();
        counting.begin_peak();
        begin.open();
        let end = follow(progress, || counting.usage().live_bytes() - filled, budget);
        // Read before anything of this probe's own is allocated.
        let (peak, left) = (counting.peak_bytes(), counting.usage().live_bytes());
        let mut findings = Findings::default();
        findings.signed(Count::PeakBytes, peak - filled);
        findings.signed(Count::UnfreedBytes, left - filled);
        findings.count(
            Count::Overwrites,
            progress.overwrites.load(Ordering::Relaxed),
        );
        for end_of in [Count::Blocked, Count::Capped] {
            findings.count(end_of, u64::from(end == Some(end_of)));
        }
        progress.stop.store(true, Ordering::Relaxed);
        findings
    })
}

/// The writer's part.
fn work(
    handle: &mut TableHandle<'_>,
    ground: &Ground,
    overwrite: Overwrite,
    progress: &Progress,
    begin: &Gate,
) {
    if overwrite == Overwrite::Churn {
        ground.prepare_churn(handle);
    }
    progress.ready.store(true, Ordering::Release);
    begin.pass();
    for step in 0..OVERWRITES {
        if progress.stop.load(Ordering::Relaxed) {
            break;
        }
        match overwrite {
            Overwrite::Update => ground.update(handle, 0, step as usize),
            Overwrite::Churn => ground.churn(handle, step as usize),
        }
        progress.overwrites.store(step + 1, Ordering::Relaxed);
    }
    progress.finished.store(true, Ordering::Release);
}

/// Waits for the writer. Unless all is done, it is stopped before this returns, or blocked. What ended it, unless
/// all was done or the time was over: that it got nothing done any more, or that there was too much garbage.
fn follow(progress: &Progress, garbage: impl Fn() -> i64, budget: Duration) -> Option<Count> {
    let began = clock::now();
    let (mut seen, mut moved) = (0, clock::now());
    let end = loop {
        if progress.finished.load(Ordering::Acquire) {
            return None;
        }
        let (done, now) = (progress.overwrites.load(Ordering::Relaxed), clock::now());
        if done != seen {
            (seen, moved) = (done, now);
        }
        if now - moved > PATIENCE {
            return Some(Count::Blocked);
        } else if garbage() > GARBAGE_MAX {
            break Some(Count::Capped);
        } else if now - began > budget.max(PATIENCE) && done > 0 {
            break None;
        }
        std::thread::sleep(GLANCE);
    };
    // What is counted next must not change meanwhile.
    progress.stop.store(true, Ordering::Relaxed);
    let stopped = clock::now();
    while !progress.finished.load(Ordering::Acquire) {
        if stopped.elapsed() > PATIENCE {
            return Some(Count::Blocked);
        }
        std::thread::sleep(GLANCE);
    }
    end
}
