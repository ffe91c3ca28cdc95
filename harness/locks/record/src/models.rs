//! The block under every interleaving that loom can tell apart:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test --profile model -p lockrecord --no-default-features --lib`.
//!
//! Loom's mutex stands for the lock that is recorded: who holds it counts, while another thread takes snapshots, fails to
//! lock, or waits.

use std::panic::Location;

use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::beside::Beside;
use crate::block::{Block, Shared, Site, Trace, Use, Wait, home};
use crate::clock::clock;

/// A block and what stands beside the lock of its record.
#[derive(Clone, Copy)]
struct Counters {
    block: &'static Block,
    beside: &'static Beside,
}

fn counters() -> Counters {
    let shared = Box::leak(Box::new(Shared::new()));
    Counters {
        block: Box::leak(Box::new(Block::new(shared))),
        beside: Box::leak(Box::new(Beside::new())),
    }
}

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn record(trace: Option<Box<Trace>>) {
    let closed = clock().now();
    if let Some(trace) = trace {
        trace.record(Use {
            closed,
            ..Use::default()
        });
    }
}

impl Counters {
    /// An acquisition by who holds the lock.
    fn acquire(self, site: Site) {
        let Self { block, beside } = self;
        if !beside.pass(site) {
            record(beside.turn(block, site));
        }
    }

    /// An acquisition of a reader.
    fn read(self, site: Site) {
        if !self.block.pass(site) {
            record(self.block.enter(site));
        }
    }

    fn acquired(self) -> u64 {
        let entries = self.block.figures().entries;
        entries.iter().flatten().map(|entry| entry.acquired).sum()
    }
}

/// Two call sites for which the search for a slot begins at the same one: there are more sites here than such slots.
fn here() -> [Site; 2] {
    let sites = [
        Location::caller(),
        Location::caller(),
        Location::caller(),
        Location::caller(),
    ];
    let pairs = (1..sites.len()).flat_map(|b| (0..b).map(move |a| [sites[a], sites[b]]));
    let mut colliding = pairs.filter(|[a, b]| home(a) == home(b));
    colliding.next().expect("there are only three such slots")
}

/// Two threads hold the lock in turns, a third one takes snapshots: no count is lost, and none goes back.
#[test]
fn counts_of_holders_and_snapshots() {
    explore(|| {
        let (counters, lock) = (counters(), Arc::new(Mutex::new(())));
        let [site, another] = here();
        let other_lock = Arc::clone(&lock);
        let holder = thread::spawn(move || {
            let _guard = other_lock.lock().unwrap();
            counters.acquire(another);
        });
        let snapshots = thread::spawn(move || {
            let before = counters.acquired();
            let after = counters.acquired();
            assert!(before <= after && after <= 5);
        });
        for _ in 0..4 {
            let _guard = lock.lock().unwrap();
            counters.acquire(site);
        }
        holder.join().unwrap();
        snapshots.join().unwrap();
        let _guard = lock.lock().unwrap();
        counters.beside.settle_all(counters.block);
        assert_eq!(counters.acquired(), 5);
    });
}

/// A reader and a thread that takes snapshots: its counts are in them at once.
#[test]
fn counts_of_a_reader_and_snapshots() {
    explore(|| {
        let counters = counters();
        let [site, _] = here();
        let snapshots = thread::spawn(move || {
            let before = counters.acquired();
            let after = counters.acquired();
            assert!(before <= after && after <= 3);
        });
        for _ in 0..3 {
            counters.read(site);
        }
        snapshots.join().unwrap();
        assert_eq!(counters.acquired(), 3);
    });
}

/// A thread that fails to lock gives its call site a slot, while the holder does the same with its own, or the same.
#[test]
fn a_slot_that_is_given_away_without_the_lock() {
    for same in [false, true] {
        explore(move || {
            let counters = counters();
            let [site, another] = here();
            let failing = if same { site } else { another };
            let failed = thread::spawn(move || counters.block.fail(failing));
            for _ in 0..4 {
                counters.acquire(site);
            }
            failed.join().unwrap();
            counters.beside.settle_all(counters.block);
            assert_eq!(counters.acquired(), 4);
            let entries = counters.block.figures().entries;
            let failed: u64 = entries
                .iter()
                .flatten()
                .map(|entry| entry.failed_tries)
                .sum();
            let slots = entries.iter().flatten().count();
            assert_eq!((failed, slots), (1, if same { 1 } else { 2 }));
        });
    }
}

/// Waits that end, one of them because it is given up: none stays counted. Each that ends is timed here: none stands for
/// others.
#[test]
fn nobody_waits_in_the_end() {
    explore(|| {
        let (counters, lock) = (counters(), Arc::new(Mutex::new(())));
        let Counters { block, beside } = counters;
        let [site, _] = here();
        let other_lock = Arc::clone(&lock);
        let waiter = thread::spawn(move || {
            let queue = beside.wait();
            let guard = other_lock.lock().unwrap();
            beside.stop_waiting();
            let trace = beside.turn(block, site);
            let span = beside.wait_to_time().unwrap();
            if let Some(next) = block.next_wait(span) {
                beside.next_wait(next);
            }
            let wait = Wait {
                ns: Some(5),
                queue,
                holder: beside.holder.get(),
                span,
            };
            let trace = block.waited(site, trace, wait);
            drop(guard);
            record(Some(trace));
        });
        let gives_up = thread::spawn(move || {
            beside.wait();
            beside.stop_waiting();
        });
        {
            let _guard = lock.lock().unwrap();
            counters.acquire(site);
        }
        waiter.join().unwrap();
        gives_up.join().unwrap();
        assert_eq!(beside.waiting(), 0);
        let figures = block.figures();
        assert_eq!(figures.queue.samples, 1);
        assert!((1..=2).contains(&figures.queue.max));
        beside.settle_all(block);
        assert_eq!(counters.acquired(), 2);
    });
}
