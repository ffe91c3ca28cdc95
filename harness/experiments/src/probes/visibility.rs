//! From a write's return to its visibility on another thread.
//!
//! One thread writes one record on a schedule, another reads it without pause; each notes times by
//! itself, and the two lists are compared when both are done, so that nothing but the table passes
//! between them while it counts. Up to the end of the first read that saw the write: an upper bound,
//! in which a reader that the scheduler kept waiting looks like a write that was not visible. The age
//! is free of that: it counts revisions whose write had returned before the read even began, so that
//! for a linearizable table it is zero whatever the scheduler does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contract::{Event, Handle, Record};
use crossbeam_utils::CachePadded;
use model::clock;
use model::probe::{Count, Distribution, Histogram, ProbeSeen};

use crate::instrumented_record::{InstrumentedRecord, TableHandle};
use crate::probes::fixture::Fixture;
use crate::probes::join;
use crate::probes::open_loop::{Timeline, wait_until};

/// As a supervisor writes.
const PERIOD_NS: u64 = 10_000;
/// How long readers may take to see the last write, with nothing written after it: as long as the
/// report's assumption allows.
const GRACE_NS: u64 = 5_000_000;

/// What the two threads tell each other.
#[derive(Debug, Default)]
struct Bulletin {
    /// The number of writes that have returned. Also the order between a write and the reads that
    /// begin after it: stored with release, loaded with acquire.
    returned: CachePadded<AtomicU64>,
    /// The writer is done.
    quiet: AtomicBool,
    /// The reader has seen the last write, or given up waiting for it.
    awaited: AtomicBool,
    /// The writer has published what may be left.
    published: AtomicBool,
}

pub(crate) fn probe(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    let table = fixture.table();
    let time = clock::now();
    let bulletin = Bulletin::default();
    let id = fixture.held();
    // The record is at revision 1 when it is put into the table.
    let before = InstrumentedRecord::running(id).revision();
    // Odd, so that a strategy that publishes every so many writes is left with some when the writer
    // goes quiet.
    let writes_max = (budget.as_nanos() as u64 / PERIOD_NS) as usize | 1;
    let (returned_ns, (in_time, seen_ns, ages)) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut handle = table.handle();
            // When write number n (from 0) was first seen, by number.
            let mut seen_ns = Vec::with_capacity(writes_max);
            let mut ages = Histogram::default();
            // Reads until the last write is seen, or is not for as long as it may take, after `until` is set.
            let mut watch = |until: &AtomicBool| {
                let mut give_up_ns = None;
                loop {
                    let is_over = until.load(Ordering::Acquire);
                    let returned = bulletin.returned.load(Ordering::Acquire);
                    let revision = handle.read(id, Record::revision);
                    let now_ns = time.now_ns();
                    let number = revision.unwrap_or(0).saturating_sub(before);
                    ages.record(returned.saturating_sub(number));
                    while (seen_ns.len() as u64) < number {
                        seen_ns.push(now_ns);
                    }
                    if is_over {
                        let give_up_ns = *give_up_ns.get_or_insert(now_ns + GRACE_NS);
                        if number >= returned || now_ns >= give_up_ns {
                            return seen_ns.len();
                        }
                    }
                }
            };
            let in_time = watch(&bulletin.quiet);
            bulletin.awaited.store(true, Ordering::Release);
            watch(&bulletin.published);
            (in_time, seen_ns, ages)
        });
        let returned_ns = write(&mut table.handle(), fixture, time, &bulletin, writes_max);
        (returned_ns, join(reader))
    });
    let mut visibility = Histogram::default();
    for (returned_ns, seen_ns) in returned_ns.iter().zip(&seen_ns[..in_time]) {
        // Seen before the writer looked at the clock: no time at all.
        visibility.record(seen_ns.saturating_sub(*returned_ns));
    }
    let lost = returned_ns.len().saturating_sub(seen_ns.len());
    outcome.add(Count::Writes, returned_ns.len() as u64);
    outcome.add(Count::Pending, (seen_ns.len() - in_time) as u64);
    outcome.add(Count::Lost, lost as u64);
    outcome.keep(Distribution::Visibility, &visibility);
    outcome.keep(Distribution::Age, &ages);
}

/// Writes on a schedule. Returns when each write returned.
fn write(
    handle: &mut TableHandle<'_>,
    fixture: &Fixture,
    time: Instant,
    bulletin: &Bulletin,
    writes_max: usize,
) -> Vec<u64> {
    let mut returned_ns = Vec::with_capacity(writes_max);
    let from_ns = time.now_ns();
    let until_ns = from_ns + writes_max as u64 * PERIOD_NS;
    let mut now_ns = from_ns;
    while returned_ns.len() < writes_max && now_ns < until_ns {
        wait_until(time, from_ns + returned_ns.len() as u64 * PERIOD_NS);
        let event = Event::heartbeat(returned_ns.len() as u64);
        let _ = std::hint::black_box(handle.apply(fixture.held(), event));
        now_ns = time.now_ns();
        returned_ns.push(now_ns);
        let returned = returned_ns.len() as u64;
        bulletin.returned.store(returned, Ordering::Release);
    }
    bulletin.quiet.store(true, Ordering::Release);
    while !bulletin.awaited.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    handle.publish();
    bulletin.published.store(true, Ordering::Release);
    returned_ns
}
