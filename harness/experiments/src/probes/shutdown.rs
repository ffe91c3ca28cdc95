//! How long it takes until a table in use is gone, and what stays behind.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use conformance::{Counting, threads_after_join, threads_now};
use model::clock;
use model::probe::{Count, Distribution, Histogram, ProbeSeen};

use crate::instrumented_record::TableHandle;
use crate::probes::fixture::Fixture;
use crate::probes::join;
use crate::probes::open_loop::Timeline;

/// How long a table is in use.
const IN_USE: Duration = Duration::from_millis(2);
/// Tables at least; the first makes what is made once for a process.
const TABLES_MIN: u64 = 3;
/// How often the coordinator looks whether all threads are there.
const GLANCE: Duration = Duration::from_micros(50);

/// What a thread does until it is asked to stop.
type Work = fn(&Fixture, &mut TableHandle<'_>, usize);

pub(crate) fn probe(fixture: &Fixture, budget: Duration, outcome: &mut ProbeSeen) {
    // Before anything is counted: the histogram is not the table's.
    let mut teardowns = Histogram::default();
    let counting = Counting::start();
    let threads_before = threads_now();
    let time = clock::now();
    let (mut tables, mut level) = (0, 0);
    while tables < TABLES_MIN || u128::from(time.now_ns()) < budget.as_nanos() {
        teardowns.record(live_and_die(fixture, time));
        tables += 1;
        if tables == 1 {
            level = counting.usage().live_bytes();
        }
    }
    let left = counting.usage().live_bytes() - level;
    outcome.add(Count::Tables, tables);
    outcome.counts.insert(Count::BytesLeft, left);
    if let Some((before, after)) = threads_before.zip(threads_before.and_then(threads_after_join)) {
        let more = after.cast_signed() - before.cast_signed();
        outcome.counts.insert(Count::ThreadsLeft, more as i64);
    }
    outcome.keep(Distribution::Teardown, &teardowns);
}

/// Makes a table, puts it to use and drops it. Returns how long the end took, in nanoseconds.
fn live_and_die(fixture: &Fixture, time: Instant) -> u64 {
    let work: [Work; 3] = [
        |fixture, handle, step| fixture.read(handle, 0, step),
        |fixture, handle, step| fixture.update(handle, 1, step),
        |fixture, handle, step| fixture.churn(handle, step),
    ];
    let table = fixture.table();
    fixture.prepare_churn(&mut table.handle());
    let (stop, at_work) = (AtomicBool::new(false), AtomicUsize::new(0));
    let asked_ns = std::thread::scope(|scope| {
        let workers = work.map(|work| {
            let (table, stop, at_work) = (&table, &stop, &at_work);
            scope.spawn(move || {
                let mut handle = table.handle();
                at_work.fetch_add(1, Ordering::Relaxed);
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    work(fixture, &mut handle, number);
                    number += 1;
                }
            })
        });
        while at_work.load(Ordering::Relaxed) < work.len() {
            std::thread::sleep(GLANCE);
        }
        std::thread::sleep(IN_USE);
        let asked_ns = time.now_ns();
        stop.store(true, Ordering::Relaxed);
        // Joined one by one, and not by the scope alone, which does not wait for the ends of threads.
        for worker in workers {
            join(worker);
        }
        asked_ns
    });
    drop(table);
    time.now_ns() - asked_ns
}
