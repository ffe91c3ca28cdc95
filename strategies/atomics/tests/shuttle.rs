//! More threads than loom can exhaust, in schedules chosen at random, one instruction on an atomic at a
//! time: `RUSTFLAGS="--cfg pivot_shuttle" cargo test -p pivot-atomics --release --test shuttle`.
//!
//! Every schedule is sequentially consistent, so a missing fence does not show here; a missing step
//! does, as the last test shows. The seeds are fixed: what fails once fails again.
#![cfg(pivot_shuttle)]

use atomics::{CasTable, SeqlockTable};
use contract::{Change, Event, Handle, Padded, ProcessId, Record, Specimen, Strategy};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::{Runner, thread};

type Small = Padded<2>;

const SEED: u64 = 1;
const SCHEDULES: usize = 50_000;
/// Threads that have to be interrupted at the wrong place for a bug to show, at most, and one more.
const DEPTH: usize = 4;

const WRITERS: u64 = 3;
const READERS: u64 = 3;
const BEATS: u64 = 3;
const IDS: u64 = 2;

const fn id(n: u64) -> ProcessId {
    ProcessId(7 + n)
}

fn running(id: ProcessId) -> Small {
    let pending = Small::pending(id);
    let started = pending.apply(&Event::at(0, Change::Start));
    started.expect("a legal transition")
}

fn heartbeat(at_ns: u64) -> Event {
    let change = Change::Heartbeat {
        cpu_ns: at_ns,
        rss_bytes: 0,
    };
    Event::at(at_ns, change)
}

fn explore(model: fn()) {
    let config = shuttle::Config::new;
    Runner::new(RandomScheduler::new_from_seed(SEED, SCHEDULES), config()).run(model);
    Runner::new(
        PctScheduler::new_from_seed(SEED, DEPTH, SCHEDULES),
        config(),
    )
    .run(model);
}

/// Writers update and readers read while somebody makes the table grow and another record comes and
/// goes: nothing is lost, torn or missed.
fn everything_at_once<S: Strategy<Small>>() {
    // Leaked: scheduled threads want their borrows for ever.
    let table: &'static S = Box::leak(Box::new(S::with_capacity(0)));
    let mut handle = table.handle();
    for n in 0..IDS {
        assert_eq!(handle.insert(id(n), running(id(n))), None);
    }
    let mut threads = Vec::new();
    for writer in 0..WRITERS {
        threads.push(thread::spawn(move || {
            let mut handle = table.handle();
            for beat in 0..BEATS {
                let applied = handle.apply(id((writer + beat) % IDS), heartbeat(beat));
                applied.expect("there").expect("a legal transition");
            }
        }));
    }
    for reader in 0..READERS {
        threads.push(thread::spawn(move || {
            let mut handle = table.handle();
            let mut last = [0; IDS as usize];
            for round in 0..3 {
                let n = (reader + round) % IDS;
                let revision = handle.read(id(n), |record| {
                    record.examine(id(n)).expect("whole");
                    record.revision()
                });
                let revision = revision.expect("never removed");
                assert!(revision >= last[n as usize]);
                last[n as usize] = revision;
            }
        }));
    }
    threads.push(thread::spawn(move || {
        let mut handle = table.handle();
        for n in IDS..IDS + 3 {
            assert_eq!(handle.insert(id(n), running(id(n))), None);
        }
        assert!(handle.remove(id(IDS)).is_some());
    }));
    for thread in threads {
        thread.join().expect("nobody panics");
    }
    let revisions = (0..IDS).map(|n| handle.read(id(n), Record::revision).expect("there"));
    assert_eq!(revisions.sum::<u64>(), IDS + WRITERS * BEATS);
    assert_eq!(handle.read(id(IDS), Record::revision), None);
    assert_eq!(handle.read(id(IDS + 2), Record::revision), Some(1));
}

#[test]
fn seqlock() {
    explore(everything_at_once::<SeqlockTable<Small>>);
}

#[test]
fn cas() {
    explore(everything_at_once::<CasTable<Small>>);
}

#[test]
#[should_panic(expected = "lost")]
fn an_update_that_does_not_look_again_is_found() {
    explore(|| {
        let word = Arc::new(AtomicU64::new(0));
        let threads: Vec<_> = (0..WRITERS)
            .map(|_| {
                let word = Arc::clone(&word);
                thread::spawn(move || {
                    let seen = word.load(Ordering::SeqCst);
                    word.store(seen + 1, Ordering::SeqCst);
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("nobody panics");
        }
        assert_eq!(word.load(Ordering::SeqCst), WRITERS, "lost");
    });
}
