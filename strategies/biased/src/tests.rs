//! What is special about this lock: when it is biased, who is announced where, and who waits for whom.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use crate::{Reader, RwLock, RwLockWriteGuard, barrier};

/// Reads in a row that bias a new lock.
const NEED: usize = 8;

fn is_biased<T>(lock: &RwLock<T>) -> bool {
    // SAFETY: only looked at.
    unsafe { lock.raw() }.is_biased()
}

fn is_light<T>(lock: &RwLock<T>) -> bool {
    // SAFETY: only looked at.
    unsafe { lock.raw() }.is_light()
}

/// Reads that make a biased lock light.
const LIGHT_AFTER: usize = 4096;

fn biased<T>(value: T) -> RwLock<T> {
    let lock = RwLock::new(value);
    for _ in 0..NEED {
        assert!(!is_biased(&lock));
        drop(lock.read());
    }
    assert!(is_biased(&lock));
    lock
}

fn reads_until_biased<T>(lock: &RwLock<T>) -> usize {
    let mut reads = 0;
    while !is_biased(lock) {
        drop(lock.read());
        reads += 1;
    }
    reads
}

#[test]
fn reads_in_a_row_bias_a_lock_and_a_write_ends_it() {
    let lock = biased(0);
    assert_eq!(*lock.read(), 0);
    *lock.write() += 1;
    assert!(!is_biased(&lock));
    assert_eq!(*lock.read(), 1);
}

#[test]
fn a_write_in_between_starts_the_count_again() {
    let lock = RwLock::new(0);
    for _ in 0..10 {
        for _ in 1..NEED {
            drop(lock.read());
        }
        *lock.write() += 1;
        assert!(!is_biased(&lock));
    }
}

#[test]
fn a_bias_that_pays_comes_back_after_as_many_reads_and_one_that_does_not_after_more() {
    let lock = biased(0);
    // Other tests have threads that a revocation asks, too: more than enough for all of them.
    (0..100_000).for_each(|_| drop(lock.read()));
    *lock.write() += 1;
    assert_eq!(reads_until_biased(&lock), NEED / 2);
    *lock.write() += 1;
    assert_eq!(reads_until_biased(&lock), NEED);
}

/// More locks than a thread has entries: some of them take turns with others.
#[test]
fn reads_that_a_lock_has_lost_count_are_not_taken_for_few() {
    let locks: Vec<_> = (0..9).map(biased).collect();
    (0..10_000).for_each(|_| locks.iter().for_each(|lock| drop(lock.read())));
    for lock in &locks {
        *lock.write() += 1;
        assert!(reads_until_biased(lock) <= NEED);
    }
}

#[test]
fn a_lock_of_its_own_costs_two_words_and_eight_bytes() {
    assert_eq!(size_of::<crate::RawRwLock>(), 2 * size_of::<usize>() + 8);
}

#[test]
fn reads_nest_and_end_in_any_order() {
    let lock = RwLock::new(0);
    for outer_first in [true, false] {
        let mut guards: Vec<_> = (0..20).map(|_| lock.read()).collect();
        assert!(lock.try_write().is_none());
        while guards.len() > 1 {
            drop(guards.remove(if outer_first { 0 } else { guards.len() - 1 }));
            assert!(lock.try_write().is_none(), "somebody still reads");
        }
        drop(guards);
        assert!(lock.try_write().is_some());
    }
}

#[test]
fn a_thread_reads_many_locks_at_once() {
    let locks: Vec<_> = (0..10).map(biased).collect();
    let guards: Vec<_> = locks.iter().map(RwLock::read).collect();
    assert!(locks.iter().all(|lock| lock.try_write().is_none()));
    assert!(guards.iter().enumerate().all(|(at, guard)| **guard == at));
    drop(guards);
    assert!(locks.iter().all(|lock| lock.try_write().is_some()));
}

#[test]
fn trying_to_write_waits_for_nobody_and_leaves_the_bias_to_those_who_read() {
    let lock = biased(0);
    let guard = lock.read();
    assert!(lock.try_write().is_none());
    assert!(is_biased(&lock));
    assert!(lock.is_locked());
    assert!(!lock.is_locked_exclusive());
    drop(guard);
    assert!(!lock.is_locked());
    let guard = lock.try_write().expect("nobody reads");
    assert!(lock.is_locked_exclusive());
    assert!(lock.try_read().is_none());
    assert!(lock.try_write().is_none());
    drop(guard);
    assert!(lock.try_read().is_some());
}

#[test]
fn a_writer_can_go_on_reading() {
    let lock = biased(0);
    let mut guard = lock.write();
    *guard += 1;
    let guard = RwLockWriteGuard::downgrade(guard);
    assert_eq!((*guard, *lock.read()), (1, 1));
    assert!(lock.try_write().is_none());
    drop(guard);
    assert!(lock.try_write().is_some());
}

#[test]
fn unwinding_releases_and_does_not_poison() {
    let lock = biased(0);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.read();
        panic!("out");
    }));
    assert!(unwound.is_err());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        *lock.write() = 1;
        panic!("out");
    }));
    assert!(unwound.is_err());
    assert_eq!(*lock.read(), 1);
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn a_writer_waits_for_an_announced_reader_and_a_reader_for_the_writer() {
    let lock = biased(0);
    let (started, starts) = mpsc::channel();
    thread::scope(|scope| {
        let guard = lock.read();
        scope.spawn(|| {
            started.send(()).expect("received below");
            *lock.write() += 1;
        });
        starts.recv().expect("sent above");
        // As soon as the writer wants the lock, nobody else gets in.
        while lock.try_read().is_some() {
            thread::yield_now();
        }
        let reader = scope.spawn(|| *lock.read());
        assert_eq!(*guard, 0);
        drop(guard);
        assert_eq!(reader.join().expect("no panic"), 1);
    });
}

#[test]
fn parked_threads_all_wake_up() {
    let lock = RwLock::new(0);
    thread::scope(|scope| {
        let guard = lock.write();
        let writers: Vec<_> = (0..5).map(|_| scope.spawn(|| *lock.write() += 1)).collect();
        let readers: Vec<_> = (0..5).map(|_| scope.spawn(|| drop(lock.read()))).collect();
        // Long enough that they park, mostly; nothing depends on it.
        (0..1_000).for_each(|_| thread::yield_now());
        drop(guard);
        for thread in writers.into_iter().chain(readers) {
            thread.join().expect("no panic");
        }
    });
    assert_eq!(lock.into_inner(), 5);
}

#[test]
fn a_forgotten_guard_keeps_writers_of_this_lock_out_wherever_it_goes_and_of_no_other() {
    let mut locks = vec![biased(0), biased(0)];
    mem::forget(locks[0].read());
    locks.swap(0, 1);
    assert!(locks[0].try_write().is_some());
    assert!(locks[1].try_write().is_none());
    assert!(locks[1].try_read().is_some());
    *locks[1].get_mut() += 1;
    assert_eq!(locks.pop().map(RwLock::into_inner), Some(1));
}

#[test]
fn a_guard_that_outlives_what_its_thread_registered_still_counts() {
    struct Late(Option<crate::RwLockReadGuard<'static, u32>>);
    impl Drop for Late {
        fn drop(&mut self) {
            assert!(LOCK.try_write().is_none());
            drop(self.0.take());
            assert_eq!(*LOCK.read(), 7);
        }
    }
    static LOCK: RwLock<u32> = RwLock::new(7);
    thread_local!(static LATE: std::cell::RefCell<Late> = const { std::cell::RefCell::new(Late(None)) });
    thread::spawn(|| {
        // Made before the thread registers, and so dropped after: destructors run from the last to the first.
        LATE.with(|_| ());
        (0..NEED).for_each(|_| drop(LOCK.read()));
        LATE.with(|late| late.borrow_mut().0 = Some(LOCK.read()));
    })
    .join()
    .expect("no panic");
    assert!(LOCK.try_write().is_some());
}

/// More threads than fit the first block, all reading at once.
#[test]
fn hundreds_of_threads_are_announced() {
    let lock = biased(0);
    let (lock, barrier) = (&lock, &std::sync::Barrier::new(201));
    thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(move || {
                let guard = lock.read();
                barrier.wait();
                barrier.wait();
                drop(guard);
            });
        }
        barrier.wait();
        assert!(lock.try_write().is_none());
        barrier.wait();
        *lock.write() += 1;
    });
    assert_eq!(*lock.read(), 1);
}

/// Writers change two words one after the other; no reader may see them differ, biased or not.
#[test]
fn readers_never_see_half_a_write() {
    const WRITES: u64 = 5_000;
    let lock = &RwLock::new([0u64; 2]);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(move || {
                let mut last = 0;
                while last < 2 * WRITES {
                    let [first, second] = *lock.read();
                    assert_eq!(first, second);
                    assert!(first >= last);
                    last = first;
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..WRITES {
                    let mut value = lock.write();
                    value[0] += 1;
                    value[1] += 1;
                }
            });
        }
    });
}

#[test]
fn as_many_reads_as_a_barrier_is_worth_make_a_lock_light_until_the_next_write() {
    let lock = biased(0);
    for _ in 0..3 {
        reads_until_biased(&lock);
        (1..LIGHT_AFTER).for_each(|_| drop(lock.read()));
        assert!(!is_light(&lock));
        drop(lock.read());
        assert_eq!(is_light(&lock), barrier::is_available());
        (0..100).for_each(|_| drop(lock.read()));
        let guard = lock.read();
        assert!(lock.try_write().is_none());
        assert!(is_biased(&lock) && !is_light(&lock));
        drop(guard);
        *lock.write() += 1;
        assert!(!is_light(&lock));
    }
}

#[test]
fn nobody_meets_at_a_light_lock() {
    const WRITES: u64 = 200;
    let lock = RwLock::new([0; 2]);
    thread::scope(|scope| {
        for number in 0..3 {
            let lock = &lock;
            scope.spawn(move || {
                let mut reader = Reader::new(lock);
                let mut last = 0;
                while last < WRITES {
                    let [first, second] = if number == 0 {
                        *reader.read()
                    } else {
                        *lock.read()
                    };
                    assert_eq!(first, second);
                    assert!(first >= last);
                    last = first;
                }
            });
        }
        for write in 1..=WRITES {
            while barrier::is_available() && !is_light(&lock) {
                thread::yield_now();
            }
            let mut value = lock.write();
            value[0] = write;
            value[1] = write;
        }
    });
}
