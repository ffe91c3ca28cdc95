//! More threads than loom can exhaust, in schedules chosen at random: nobody sleeps for ever, nobody
//! meets, and whose turn it is gets it.
//! `RUSTFLAGS="--cfg pivot_shuttle" cargo test --profile model -p biased-rwlock --lib`.
//!
//! Every schedule is sequentially consistent: a missing fence does not show here, a missing step does. The
//! seeds are fixed.

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use shuttle::{Runner, thread};

use crate::barrier;
use crate::raw::RawRwLock;
use crate::sync::IS_FAIR;

const SEED: u64 = 1;
const SCHEDULES: usize = 10_000;
const DEPTH: usize = 4;

fn random(is_fair: bool, model: fn()) {
    IS_FAIR.set(is_fair);
    barrier::IS_AVAILABLE.set(true);
    let scheduler = RandomScheduler::new_from_seed(SEED, SCHEDULES);
    Runner::new(scheduler, shuttle::Config::new()).run(model);
}

/// With priorities that change seldom. Not for threads that wait for others without a lock.
fn by_priority(is_fair: bool, model: fn()) {
    IS_FAIR.set(is_fair);
    barrier::IS_AVAILABLE.set(true);
    let scheduler = PctScheduler::new_from_seed(SEED, DEPTH, SCHEDULES);
    Runner::new(scheduler, shuttle::Config::new()).run(model);
}

struct Crowd {
    lock: RawRwLock,
    writers: AtomicUsize,
    readers: AtomicUsize,
    written: AtomicU64,
}

impl Crowd {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lock: RawRwLock::new(),
            writers: AtomicUsize::new(0),
            readers: AtomicUsize::new(0),
            written: AtomicU64::new(0),
        })
    }

    fn inside_read(&self) {
        self.readers.fetch_add(1, Ordering::SeqCst);
        assert_eq!(self.writers.load(Ordering::SeqCst), 0);
        self.readers.fetch_sub(1, Ordering::SeqCst);
    }

    fn inside_write(&self) {
        assert_eq!(self.writers.fetch_add(1, Ordering::SeqCst), 0);
        assert_eq!(self.readers.load(Ordering::SeqCst), 0);
        let written = self.written.load(Ordering::SeqCst);
        self.written.store(written + 1, Ordering::SeqCst);
        self.writers.fetch_sub(1, Ordering::SeqCst);
    }

    fn read(&self) {
        self.lock.read();
        self.inside_read();
        // SAFETY: locked above.
        unsafe { self.lock.unlock_read() };
    }

    fn write(&self) {
        self.lock.write();
        self.inside_write();
        // SAFETY: locked above.
        unsafe { self.lock.unlock_write() };
    }
}

fn everything_at_once() {
    const ROUNDS: u64 = 3;
    let crowd = Crowd::new();
    let mut threads = Vec::new();
    for number in 0..3 {
        let writer = Arc::clone(&crowd);
        threads.push(thread::spawn(move || {
            (0..ROUNDS).for_each(|_| writer.write())
        }));
        let reader = Arc::clone(&crowd);
        threads.push(thread::spawn(move || {
            // Enough reads to bias the lock.
            (0..12).for_each(|_| reader.read());
            if number == 0 && reader.lock.try_write() {
                assert_eq!(reader.readers.load(Ordering::SeqCst), 0);
                // SAFETY: locked above.
                unsafe { reader.lock.downgrade() };
                reader.inside_read();
                // SAFETY: turned into a read above.
                unsafe { reader.lock.unlock_read() };
            }
        }));
    }
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(crowd.written.load(Ordering::SeqCst), 3 * ROUNDS);
}

#[test]
fn threads_exclude_each_other_and_all_return() {
    random(false, everything_at_once);
    by_priority(false, everything_at_once);
}

#[test]
fn threads_that_take_turns_exclude_each_other_and_all_return() {
    random(true, everything_at_once);
    by_priority(true, everything_at_once);
}

/// When it is the turn of a parked reader, the writer that makes way for it does not write again before
/// the read.
fn a_reader_behind_a_writer_that_never_pauses() {
    let crowd = Crowd::new();
    let reads = Arc::new(AtomicU64::new(0));
    let reader = {
        let (crowd, reads) = (Arc::clone(&crowd), Arc::clone(&reads));
        thread::spawn(move || {
            for _ in 0..3 {
                crowd.lock.read();
                reads.fetch_add(1, Ordering::SeqCst);
                // SAFETY: locked above.
                unsafe { crowd.lock.unlock_read() };
            }
        })
    };
    let mut due = 0;
    while reads.load(Ordering::SeqCst) < 3 {
        crowd.lock.write();
        let read = reads.load(Ordering::SeqCst);
        assert!(read >= due, "the reader was passed over");
        if crowd.lock.has_parked() {
            due = read + 1;
        }
        // SAFETY: locked above.
        unsafe { crowd.lock.unlock_write() };
    }
    reader.join().expect("no panic");
}

#[test]
fn a_parked_reader_gets_its_turn() {
    random(true, a_reader_behind_a_writer_that_never_pauses);
}
