//! What is special about the bias: when it is on, and that revoking it waits for whoever is inside.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

impl<T> BiasedLock<T> {
    fn is_biased(&self) -> bool {
        self.biased.load(Ordering::Relaxed)
    }
}

#[test]
fn the_first_read_switches_the_bias_on_and_a_write_off() {
    let lock = BiasedLock::new(0);
    let mut reader = lock.reader();
    assert!(!lock.is_biased());
    reader.read(|_| ());
    assert!(lock.is_biased());
    lock.write(|value| *value += 1);
    assert!(!lock.is_biased());
}

#[test]
fn the_bias_comes_back_when_the_inhibition_is_over() {
    let lock = BiasedLock::new(0);
    let mut reader = lock.reader();
    reader.read(|_| ());
    lock.write(|_| ());
    lock.lock.write().inhibited_until = Some(now() + Duration::from_hours(1));
    for _ in 0..100 {
        reader.read(|_| ());
    }
    assert!(!lock.is_biased());
    lock.lock.write().inhibited_until = Some(now());
    for _ in 0..=PATIENCE {
        reader.read(|_| ());
    }
    assert!(lock.is_biased());
}

#[test]
fn a_biased_read_is_visible_while_it_lasts_and_leaves_the_lock_alone() {
    let lock = BiasedLock::new(0);
    let mut reader = lock.reader();
    let slot = Arc::clone(&reader.slot);
    reader.read(|_| assert!(!slot.load(Ordering::Relaxed), "slow: in the lock"));
    let held = lock.lock.write();
    reader.read(|_| assert!(slot.load(Ordering::Relaxed), "fast: in the slot"));
    drop(held);
    assert!(!slot.load(Ordering::Relaxed));
}

#[test]
fn unwinding_out_of_a_read_clears_the_slot() {
    let lock = BiasedLock::new(0);
    let mut reader = lock.reader();
    reader.read(|_| ());
    let unwound = catch_unwind(AssertUnwindSafe(|| reader.read(|_| panic!("out"))));
    assert!(unwound.is_err());
    lock.write(|value| *value += 1);
    assert_eq!(reader.read(|&value| value), 1);
}

#[test]
fn unwinding_out_of_a_write_releases_the_lock() {
    let lock = BiasedLock::new(0);
    let unwound = catch_unwind(AssertUnwindSafe(|| lock.write(|_| panic!("out"))));
    assert!(unwound.is_err());
    lock.write(|value| *value += 1);
    assert_eq!(lock.reader().read(|&value| value), 1);
}

#[test]
fn dropping_a_reader_gives_its_slot_back() {
    let lock = BiasedLock::new(0);
    let mut kept = lock.reader();
    for _ in 0..10 {
        drop(lock.reader());
    }
    assert_eq!(lock.lock.read().slots.len(), 1);
    assert_eq!(kept.read(|&value| value), 0);
    drop(kept);
    assert!(lock.lock.read().slots.is_empty());
}

#[test]
fn a_writer_waits_for_a_biased_reader() {
    let lock = BiasedLock::new(0);
    let mut reader = lock.reader();
    reader.read(|_| ());
    assert!(lock.is_biased());
    let (finished, outcome) = mpsc::channel();
    thread::scope(|scope| {
        reader.read(|&value| {
            let lock = &lock;
            scope.spawn(move || {
                lock.write(|value| *value += 1);
                finished.send(()).unwrap();
            });
            let early = outcome.recv_timeout(Duration::from_millis(50));
            assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
            assert_eq!(value, 0);
        });
        outcome.recv().unwrap();
        assert_eq!(reader.read(|&value| value), 1);
    });
}

/// Writers change two words one after the other; no reader may see them differ, biased or not.
#[test]
fn readers_never_see_half_a_write() {
    const WRITES: u64 = 20_000;
    let lock = BiasedLock::new([0u64; 2]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut reader = lock.reader();
                let mut last = 0;
                while last < WRITES {
                    let [first, second] = reader.read(|&value| value);
                    assert_eq!(first, second);
                    assert!(first >= last);
                    last = first;
                }
            });
        }
        for _ in 0..WRITES {
            lock.write(|value| {
                value[0] += 1;
                value[1] += 1;
            });
        }
    });
}
