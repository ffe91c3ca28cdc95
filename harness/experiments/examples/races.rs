//! For the thread sanitizer: threads that do everything to one table. `.ci/sanitizers` runs it, one
//! strategy after the other: `races STRATEGY`.
//!
//! The standard library is not built with the sanitizer, so what only its locks order looks like a
//! race. Hence no scope, no channel, no lock and no test here; threads are spawned and joined, which
//! the sanitizer knows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use contract::{Event, Handle, ProcessId};
use experiments::instrumented_record::{InstrumentedRecord, MakeTable};

const THREADS: u64 = 3;
const ROUNDS: u64 = 4_000;
const RECORDS: u64 = 24;

fn main() {
    let name = std::env::args().nth(1);
    match name.as_deref() {
        Some("canary") => canary(),
        Some(name) => match experiments::instrumented_record::strategy(name) {
            Some(make) => do_everything(make),
            None => panic!("no strategy is called {name}"),
        },
        None => panic!("name a strategy, or `canary`"),
    }
}

/// Threads do everything to one table.
fn do_everything(make: MakeTable) {
    // Never freed: a reference count is one of the things that look like a race.
    let table = Box::leak(Box::new(make(1)));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let table = &*table;
            thread::spawn(move || {
                wait_for_all();
                work(&mut table.handle(), thread)
            })
        })
        .collect();
    for thread in threads {
        assert!(thread.join().expect("nobody panics") > 0);
    }
}

/// Or the first would be done before the last is there, and nothing could race.
fn wait_for_all() {
    static READY: AtomicU64 = AtomicU64::new(0);
    READY.fetch_add(1, Ordering::Relaxed);
    while READY.load(Ordering::Relaxed) < THREADS {
        thread::yield_now();
    }
}

/// Returns how many reads found a record: some do even of a thread by itself, as what is done and to
/// whom are drawn independently.
fn work(handle: &mut impl Handle<InstrumentedRecord>, thread: u64) -> u64 {
    let mut hits = 0;
    for round in 0..ROUNDS {
        let id = ProcessId(scattered(round * THREADS + thread) % RECORDS);
        match (round + thread) % 8 {
            0 => {
                let _ = handle.insert(id, InstrumentedRecord::running(id));
            }
            1 if round % 3 == 0 => {
                let _ = handle.remove(id);
            }
            1 | 2 => {
                let _ = handle.apply(id, Event::heartbeat(round));
            }
            3 if round % 16 < 8 => handle.scan(|id, record| {
                record.examine(id).expect("whole");
                hits += 1;
            }),
            _ => {
                let whole = handle.read(id, |record| record.examine(id));
                hits += u64::from(whole.is_some_and(|whole| whole.map(|()| true).expect("whole")));
            }
        }
        // More than the table was made for.
        if round % 64 == 0 {
            let id = ProcessId(1_000 * (1 + thread) + round);
            let _ = handle.insert(id, InstrumentedRecord::running(id));
        }
    }
    hits
}

/// Fibonacci hashing: the upper half of a product with the golden ratio's fraction of 2^64.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

/// What the sanitizer must report: it is told to look, and it sees.
fn canary() {
    struct Racy(std::cell::UnsafeCell<u64>);
    // SAFETY: it is not: that is what the sanitizer has to find out. On processors that move words in
    // one piece nothing else comes of it.
    unsafe impl Sync for Racy {}
    static RACY: Racy = Racy(std::cell::UnsafeCell::new(0));
    let count = || {
        let word = RACY.0.get();
        for _ in 0..1_000 {
            // SAFETY: as above.
            unsafe { word.write_volatile(word.read_volatile() + 1) };
        }
    };
    let other = thread::spawn(count);
    count();
    other.join().expect("it does not panic");
}
