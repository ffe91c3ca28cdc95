//! The lock under every interleaving that loom can tell apart:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test --profile model -p biased-rwlock --lib`.
//!
//! The first slow read biases a lock here, so that every bias is revoked by the next write. Where there are barriers,
//! the first announced read makes it light.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use crate::barrier;
use crate::raw::RawRwLock;
use crate::sync::IS_FAIR;
use crate::threads::Record;

/// A value of two words that a writer changes one after the other, in a cell whose accesses loom
/// checks: it panics if a reader and a writer are inside at once, or if one does not see all of the other.
struct Guarded {
    lock: RawRwLock,
    value: UnsafeCell<(u64, u64)>,
}

// SAFETY: loom checks it.
unsafe impl Sync for Guarded {}
// SAFETY: as above.
unsafe impl Send for Guarded {}

impl Guarded {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lock: RawRwLock::new(),
            value: UnsafeCell::new((0, 0)),
        })
    }

    /// Called with the lock held.
    fn value(&self) -> u64 {
        // SAFETY: loom checks it.
        let (first, second) = self.value.with(|value| unsafe { *value });
        assert_eq!(first, second);
        first
    }

    /// Called with the lock held alone.
    fn increase(&self) {
        // SAFETY: loom checks it.
        self.value.with_mut(|value| unsafe {
            (*value).0 += 1;
            (*value).1 += 1;
        });
    }

    fn read(&self) -> u64 {
        self.lock.read();
        let value = self.value();
        // SAFETY: locked above.
        unsafe { self.lock.unlock_read() };
        value
    }

    fn read_by(&self, record: &Record) -> u64 {
        let is_announced = self.lock.read_by(record);
        let value = self.value();
        self.lock.leave_by(record, is_announced);
        value
    }

    fn try_read(&self) {
        if self.lock.try_read() {
            self.value();
            // SAFETY: locked above.
            unsafe { self.lock.unlock_read() };
        }
    }

    fn write(&self) {
        self.lock.write();
        self.increase();
        // SAFETY: locked above.
        unsafe { self.lock.unlock_write() };
    }

    fn try_write(&self) -> bool {
        let is_in = self.lock.try_write();
        if is_in {
            self.increase();
            // SAFETY: locked above.
            unsafe { self.lock.unlock_write() };
        }
        is_in
    }
}

/// As [`Guarded::new`], biased and light: this thread has announced a read of it.
fn light() -> Arc<Guarded> {
    barrier::IS_AVAILABLE.set(true);
    let guarded = Guarded::new();
    guarded.read();
    guarded.read();
    guarded
}

/// Tries all schedules with so many preemptions, or with as many as `LOOM_MAX_PREEMPTIONS` says if that is less.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    let most = builder.preemption_bound.unwrap_or(preemptions);
    builder.preemption_bound = Some(preemptions.min(most));
    builder.check(model);
}

fn start(guarded: &Arc<Guarded>, run: impl FnOnce(&Guarded) + 'static) -> JoinHandle<()> {
    let guarded = Arc::clone(guarded);
    thread::spawn(move || run(&guarded))
}

fn finish(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("no panic");
    }
}

/// Reads twice, and never goes back.
fn reader(guarded: &Guarded) {
    let first = guarded.read();
    assert!(guarded.read() >= first);
}

fn read_once(guarded: &Guarded) {
    guarded.read();
}

#[test]
fn a_reader_and_a_writer() {
    explore(3, || {
        let guarded = Guarded::new();
        // Biases the lock, so that the first write has something to revoke.
        guarded.read();
        let reader = start(&guarded, reader);
        guarded.write();
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 2);
    });
}

#[test]
fn a_lock_that_is_not_biased() {
    explore(3, || {
        let guarded = Guarded::new();
        let reader = start(&guarded, reader);
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 1);
    });
}

/// A reader that looks at the bias before and after a write, and finds it on both times.
#[test]
fn the_bias_comes_back() {
    explore(3, || {
        let guarded = Guarded::new();
        guarded.read();
        let reader = start(&guarded, read_once);
        guarded.write();
        guarded.read();
        finish([reader]);
    });
}

#[test]
fn a_reader_with_a_record_of_its_own_and_a_writer() {
    explore(3, || {
        let guarded = Guarded::new();
        guarded.read();
        let reader = start(&guarded, |guarded| {
            let record = crate::threads::claim();
            let first = guarded.read_by(record);
            assert!(guarded.read_by(record) >= first);
            assert!(record.release());
        });
        guarded.write();
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 2);
    });
}

/// Two readers and a writer. The second reader may find the bias before it finds the identifier.
#[test]
fn the_first_bias() {
    explore(2, || {
        let guarded = Guarded::new();
        let first_read = |guarded: &Guarded| {
            // As by reading another lock: an entry that was never used may be announced at once.
            crate::threads::register();
            guarded.read();
        };
        let readers = [start(&guarded, first_read), start(&guarded, first_read)];
        guarded.write();
        finish(readers);
    });
}

#[test]
fn two_writers_and_a_reader() {
    explore(2, || {
        let guarded = Guarded::new();
        guarded.read();
        let threads = [start(&guarded, Guarded::write), start(&guarded, reader)];
        guarded.write();
        finish(threads);
        assert_eq!(guarded.read(), 2);
    });
}

#[test]
fn two_writers_and_a_reader_who_take_turns() {
    explore(2, || {
        IS_FAIR.set(true);
        let guarded = Guarded::new();
        let threads = [start(&guarded, Guarded::write), start(&guarded, read_once)];
        guarded.write();
        finish(threads);
        assert_eq!(guarded.read(), 2);
    });
}

/// More threads than a block has records: a writer finds the reader in a block that is new.
#[test]
fn a_reader_in_another_block() {
    explore(2, || {
        let guarded = Guarded::new();
        guarded.read();
        // Two more that own a record each, as the last two of the first block.
        crate::threads::claim();
        crate::threads::claim();
        let reader = start(&guarded, read_once);
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 1);
    });
}

#[test]
fn trying_to_write() {
    explore(3, || {
        let guarded = Guarded::new();
        guarded.read();
        let reader = start(&guarded, reader);
        let mut written = 0;
        for _ in 0..2 {
            written += u64::from(guarded.try_write());
        }
        finish([reader]);
        assert_eq!(guarded.read(), written);
    });
}

#[test]
fn trying_to_write_beside_a_writer() {
    explore(2, || {
        let guarded = Guarded::new();
        let writer = start(&guarded, Guarded::write);
        let written = u64::from(guarded.try_write());
        finish([writer]);
        assert_eq!(guarded.read(), 1 + written);
    });
}

#[test]
fn trying_to_read() {
    explore(3, || {
        let guarded = Guarded::new();
        guarded.read();
        let reader = start(&guarded, |guarded| {
            guarded.try_read();
            guarded.try_read();
        });
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 1);
    });
}

/// A reader that does not wait may find the bias before it finds the identifier.
#[test]
fn trying_to_read_with_the_first_bias() {
    explore(2, || {
        let guarded = Guarded::new();
        let trying = start(&guarded, |guarded| {
            // As in `the_first_bias`.
            crate::threads::register();
            guarded.try_read();
        });
        guarded.read();
        guarded.write();
        finish([trying]);
    });
}

#[test]
fn a_writer_that_goes_on_reading() {
    explore(2, || {
        let guarded = Guarded::new();
        let threads = [start(&guarded, Guarded::write), start(&guarded, reader)];
        guarded.lock.write();
        guarded.increase();
        let written = guarded.value();
        // SAFETY: locked above.
        unsafe { guarded.lock.downgrade() };
        assert_eq!(guarded.value(), written);
        // SAFETY: turned into a read above.
        unsafe { guarded.lock.unlock_read() };
        finish(threads);
        assert_eq!(guarded.read(), 2);
    });
}

#[test]
fn a_reader_and_a_writer_who_has_a_barrier_for_it() {
    explore(3, || {
        let guarded = light();
        let reader = start(&guarded, reader);
        guarded.write();
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 2);
    });
}

/// A reader that makes the lock light while a writer claims it.
#[test]
fn a_lock_that_becomes_light() {
    explore(3, || {
        barrier::IS_AVAILABLE.set(true);
        let guarded = Guarded::new();
        guarded.read();
        let reader = start(&guarded, reader);
        guarded.write();
        finish([reader]);
        assert_eq!(guarded.read(), 1);
    });
}

/// A reader that finds the lock light before a write and after it.
#[test]
fn a_lock_that_is_light_again() {
    explore(2, || {
        let guarded = light();
        let reader = start(&guarded, read_once);
        guarded.write();
        guarded.read();
        guarded.read();
        finish([reader]);
    });
}

#[test]
fn trying_to_write_to_a_light_lock() {
    explore(3, || {
        let guarded = light();
        let reader = start(&guarded, reader);
        let mut written = 0;
        for _ in 0..2 {
            written += u64::from(guarded.try_write());
        }
        finish([reader]);
        assert_eq!(guarded.read(), written);
    });
}

/// A writer of the first lock finds the announcement of the second where the first one's was.
#[test]
fn two_light_locks_in_one_entry() {
    explore(2, || {
        let (first, second) = (light(), light());
        let reader = {
            let (first, second) = (Arc::clone(&first), Arc::clone(&second));
            thread::spawn(move || {
                let record = crate::threads::claim();
                first.read_by(record);
                second.read_by(record);
                assert!(record.release());
            })
        };
        first.write();
        finish([reader]);
    });
}
