//! More threads than loom can exhaust, in schedules chosen at random, one instruction on an atomic at a
//! time: `RUSTFLAGS="--cfg pivot_shuttle" cargo test --profile model -p podtable --test shuttle`.
//!
//! Every schedule is sequentially consistent, so a missing fence does not show here; a missing step
//! does, as the last test shows. The seeds are fixed: what fails once fails again.
#![cfg(pivot_shuttle)]

use std::hash::{BuildHasherDefault, DefaultHasher};

use podtable::{InPlace, Replace, Swing, Table};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::{Runner, thread};

/// The hasher has no seed, which would not be the same in each schedule.
type Tested<W> = Table<u64, [u64; 2], W, BuildHasherDefault<DefaultHasher>>;

const SEED: u64 = 1;
const SCHEDULES: usize = 50_000;
/// Threads that have to be interrupted at the wrong place for a bug to show, at most, and one more.
const DEPTH: usize = 4;

const WRITERS: u64 = 3;
const READERS: u64 = 3;
const CHANGES: u64 = 3;
const KEYS: u64 = 2;

const fn key(n: u64) -> u64 {
    7 + n
}

const fn value(number: u64) -> [u64; 2] {
    [number, !number]
}

fn number(value: [u64; 2]) -> u64 {
    assert_eq!(value[0], !value[1], "torn");
    value[0]
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
fn everything_at_once<W: Replace>() {
    // Leaked: scheduled threads want their borrows for ever.
    let table: &'static Tested<W> = Box::leak(Box::default());
    for n in 0..KEYS {
        assert_eq!(table.insert(key(n), value(1)), Ok(None));
    }
    let mut threads = Vec::new();
    for writer in 0..WRITERS {
        threads.push(thread::spawn(move || {
            let mut handle = table.handle();
            for change in 0..CHANGES {
                let changed = handle.update(&key((writer + change) % KEYS), |present| {
                    *present = value(number(*present) + 1);
                });
                changed.expect("there");
            }
        }));
    }
    for reader in 0..READERS {
        threads.push(thread::spawn(move || {
            let mut handle = table.handle();
            let mut last = [0; KEYS as usize];
            for round in 0..3 {
                let n = (reader + round) % KEYS;
                let current = number(handle.get(&key(n)).expect("never removed"));
                assert!(current >= last[n as usize]);
                last[n as usize] = current;
            }
        }));
    }
    threads.push(thread::spawn(move || {
        for n in KEYS..KEYS + 3 {
            assert_eq!(table.insert(key(n), value(1)), Ok(None));
        }
        assert!(table.remove(&key(KEYS)).is_some());
    }));
    for thread in threads {
        thread.join().expect("nobody panics");
    }
    let numbers = (0..KEYS).map(|n| number(table.get(&key(n)).expect("there")));
    assert_eq!(numbers.sum::<u64>(), KEYS + WRITERS * CHANGES);
    assert_eq!(table.get(&key(KEYS)), None);
    assert_eq!(table.get(&key(KEYS + 2)).map(number), Some(1));
    assert_eq!(table.len() as u64, KEYS + 2);
}

#[test]
fn in_place() {
    explore(everything_at_once::<InPlace>);
}

#[test]
fn by_swing() {
    explore(everything_at_once::<Swing>);
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
                    let value = word.load(Ordering::SeqCst);
                    word.store(value + 1, Ordering::SeqCst);
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("nobody panics");
        }
        assert_eq!(word.load(Ordering::SeqCst), WRITERS, "lost");
    });
}
