//! The timed loops: what each thread of a group does between two looks at the stop flag.
//!
//! The only code that is generic over the strategy and runs while time is taken. A thread works in
//! batches of some ten microseconds, publishes its count after each and then looks whether to stop,
//! so neither the count nor the flag costs anything per operation.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use contract::{Handle, Specimen};
use crossbeam_utils::CachePadded;

use super::field::{Churn, Field, TAPE_LENGTH, heartbeat};
use crate::clock;
use crate::scenario::{Activity, Group};

/// What a thread and its coordinator tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    line: Mutex<Line>,
    changed: Condvar,
    /// Set by the coordinator, and by a thread that fails.
    pub(super) stop: AtomicBool,
    /// Operations of each thread so far, on a cache line of its own.
    pub(super) done: Vec<CachePadded<AtomicU64>>,
}

/// Where the threads wait for each other. They sleep: a thread that yields in a loop looks to the
/// system like one that loses its processor, and that is how a disturbed block is known.
#[derive(Debug, Default)]
struct Line {
    ready: usize,
    open: bool,
}

/// How often the coordinator looks whether a thread has failed before it stood ready.
const GLANCE: Duration = Duration::from_millis(10);

impl Shared {
    pub(super) fn for_threads(threads: usize) -> Self {
        Self {
            done: (0..threads).map(|_| CachePadded::default()).collect(),
            ..Self::default()
        }
    }

    /// Stands ready and waits for the coordinator.
    fn line_up(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.ready += 1;
        self.changed.notify_all();
        while !line.open {
            line = self
                .changed
                .wait(line)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until all threads stand ready, and lets them go.
    pub(super) fn start(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        while line.ready < self.done.len() && !self.stopped() {
            (line, _) = self
                .changed
                .wait_timeout(line, GLANCE)
                .unwrap_or_else(PoisonError::into_inner);
        }
        line.open = true;
        self.changed.notify_all();
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Sets the stop flag when a thread ends, however it ends: if one panics, the others stop, too.
struct StopOnExit<'a>(&'a AtomicBool);

impl Drop for StopOnExit<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A batch should take about this long: long enough to hide the count and the flag, short against
/// the window.
const BATCH: Duration = Duration::from_micros(10);
/// The largest batch; divides the tape.
const BATCH_MAX: usize = 1_024;

/// What a thread is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duty<'f> {
    pub(super) field: &'f Field,
    pub(super) group: &'f Group,
    /// Which of all threads of the scenario.
    pub(super) index: usize,
    /// How many threads the scenario has.
    pub(super) threads: usize,
    /// How many operations to do; without, until stopped.
    pub(super) quota: Option<u64>,
}

/// Works until stopped or done, and returns how many operations found no record or were rejected.
pub(super) fn work<R: Specimen>(
    handle: &mut impl Handle<R>,
    duty: Duty<'_>,
    shared: &Shared,
) -> u64 {
    let _stop = StopOnExit(&shared.stop);
    let (tape, start) = duty.field.tape(duty.index, duty.threads);
    match duty.group.does {
        Activity::Read => drive(duty, shared, start, |from, count| {
            let mut misses = 0;
            for &id in &tape[from..from + count] {
                match handle.read(id, R::touch) {
                    Some(value) => drop(black_box(value)),
                    None => misses += 1,
                }
            }
            misses
        }),
        Activity::Update => drive(duty, shared, start, |from, count| {
            let mut misses = 0;
            for (step, &id) in tape[from..from + count].iter().enumerate() {
                if !matches!(handle.apply(id, heartbeat(from + step)), Some(Ok(_))) {
                    misses += 1;
                }
            }
            misses
        }),
        Activity::Churn => churn(handle, &duty.field.churn_tape(duty.index), duty, shared),
        Activity::Scan => drive(duty, shared, start, |_, count| {
            let mut misses = 0;
            for _ in 0..count {
                let (mut sum, mut seen) = (0u64, 0usize);
                handle.scan(|_, record| {
                    sum = sum.wrapping_add(record.touch());
                    seen += 1;
                });
                black_box(sum);
                misses += u64::from(seen == 0);
            }
            misses
        }),
    }
}

/// Inserts and removes in turn; each counts as one operation. Leaves the table as it was.
fn churn<R: Specimen>(
    handle: &mut impl Handle<R>,
    tape: &Churn,
    duty: Duty<'_>,
    shared: &Shared,
) -> u64 {
    let mut step = 0;
    let misses = drive(duty, shared, 0, |_, count| {
        // Pairs: a batch of one inserts and removes, too, and is then counted as one.
        for _ in 0..count.div_ceil(2) {
            let comes = tape.comes(step);
            black_box(handle.insert(comes, R::pending(comes)));
            black_box(handle.remove(tape.goes(step)));
            step += 1;
        }
        0
    });
    for id in tape.present(step) {
        handle.remove(id);
    }
    misses
}

/// Calls `batch(from, count)` with stretches of the tape, until stopped or until the quota is done.
fn drive(
    duty: Duty<'_>,
    shared: &Shared,
    start: usize,
    mut batch: impl FnMut(usize, usize) -> u64,
) -> u64 {
    let done = &shared.done[duty.index];
    let mut pacer = duty.group.every_us.map(Pacer::every_us);
    let smallest = if duty.group.does == Activity::Churn {
        2
    } else {
        1
    };
    let mut size = smallest;
    let (mut at, mut total, mut misses) = (start / BATCH_MAX * BATCH_MAX, 0u64, 0u64);
    let mut growing = pacer.is_none();
    shared.line_up();
    loop {
        // One call of `batch`, so that each loop is compiled once. The clock is looked at only while
        // the batch still grows.
        let began = growing.then(clock::now);
        misses += batch(at, size);
        total += size as u64;
        at = (at + size) % TAPE_LENGTH;
        if let Some(began) = began {
            growing = began.elapsed() < BATCH / 2 && size < BATCH_MAX;
            if growing && at.is_multiple_of(size * 2) {
                size *= 2;
            }
        }
        done.store(total, Ordering::Relaxed);
        if shared.stopped() || duty.quota.is_some_and(|quota| total >= quota) {
            return misses;
        }
        if let Some(pacer) = &mut pacer {
            pacer.wait(&shared.stop);
        }
    }
}

/// Waits for the next beat of a schedule. Missed beats are not made up for.
struct Pacer {
    period: Duration,
    next: std::time::Instant,
}

impl Pacer {
    fn every_us(period_us: f64) -> Self {
        let period = Duration::from_secs_f64(period_us * 1e-6);
        Self {
            period,
            next: clock::now() + period,
        }
    }

    /// Spins: a timer of the system would come some fifty microseconds late.
    fn wait(&mut self, stop: &AtomicBool) {
        let mut now = clock::now();
        while now < self.next && !stop.load(Ordering::Relaxed) {
            std::hint::spin_loop();
            now = clock::now();
        }
        self.next = (self.next + self.period).max(now);
    }
}
