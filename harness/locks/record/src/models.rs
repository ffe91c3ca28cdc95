//! The block under every interleaving that loom can tell apart:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test --profile model -p lockrecord --no-default-features --lib`.
//!
//! Loom's mutex stands for the lock that is recorded: who holds it counts, while another thread takes snapshots, fails to
//! lock, or waits.

use std::panic::Location;

use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::block::{Block, Shared, Site, Use};
use crate::clock::clock;

fn block() -> &'static Block {
    let shared = Box::leak(Box::new(Shared::new(clock(), clock().now())));
    Box::leak(Box::new(Block::new(shared)))
}

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// An acquisition by who holds the lock.
fn acquire(block: &'static Block, site: Site) {
    if !block.pass(site) {
        if let Some(trace) = block.enter(site) {
            let closed = clock().now();
            trace.record(Use {
                closed,
                ..Use::default()
            });
        }
    }
}

fn acquired(block: &Block) -> u64 {
    let figures = block.figures();
    figures.entries.iter().map(|entry| entry.acquired).sum()
}

fn here() -> [Site; 2] {
    let one = Location::caller();
    [one, other()]
}

#[track_caller]
fn other() -> Site {
    Location::caller()
}

/// Two threads hold the lock in turns, a third one takes snapshots: no count is lost, and none goes back.
#[test]
fn counts_of_holders_and_snapshots() {
    explore(|| {
        let (block, lock) = (block(), Arc::new(Mutex::new(())));
        let [site, another] = here();
        let other_lock = Arc::clone(&lock);
        let holder = thread::spawn(move || {
            let _guard = other_lock.lock().unwrap();
            acquire(block, another);
        });
        let snapshots = thread::spawn(move || {
            let before = acquired(block);
            let after = acquired(block);
            assert!(before <= after && after <= 3);
        });
        for _ in 0..2 {
            let _guard = lock.lock().unwrap();
            acquire(block, site);
        }
        holder.join().unwrap();
        snapshots.join().unwrap();
        assert_eq!(acquired(block), 3);
    });
}

/// A thread that fails to lock gives its call site a slot, while the holder does the same with its own, or the same.
#[test]
fn a_slot_that_is_given_away_without_the_lock() {
    for same in [false, true] {
        explore(move || {
            let block = block();
            let [site, another] = here();
            let failing = if same { site } else { another };
            let failed = thread::spawn(move || block.fail(failing));
            acquire(block, site);
            acquire(block, site);
            failed.join().unwrap();
            assert_eq!(acquired(block), 2);
            let entries = block.figures().entries;
            let failed: u64 = entries.iter().map(|entry| entry.failed_tries).sum();
            assert_eq!((failed, entries.len()), (1, if same { 1 } else { 2 }));
        });
    }
}

/// Waits that end, one of them because it is given up: none stays counted.
#[test]
fn nobody_waits_in_the_end() {
    explore(|| {
        let (block, lock) = (block(), Arc::new(Mutex::new(())));
        let [site, _] = here();
        let other_lock = Arc::clone(&lock);
        let waiter = thread::spawn(move || {
            let mut trace = block.wait(block.holder());
            let guard = other_lock.lock().unwrap();
            block.serve();
            trace.waited(Some(5));
            block.enter_after(site, &mut trace);
            drop(guard);
            trace.record(Use {
                closed: clock().now(),
                ..Use::default()
            });
        });
        let gives_up = thread::spawn(move || {
            drop(block.wait(None));
            block.shared().stop_waiting();
        });
        {
            let _guard = lock.lock().unwrap();
            acquire(block, site);
        }
        waiter.join().unwrap();
        gives_up.join().unwrap();
        assert_eq!(block.waiting(), 0);
        let figures = block.figures();
        assert_eq!(figures.queue.samples, 1);
        assert!((1..=2).contains(&figures.queue.max));
        assert_eq!(acquired(block), 2);
    });
}
