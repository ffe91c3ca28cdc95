//! Reading, writing, churn and growth at the same time, on identifiers that collide.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use contract::{
    Change, Event, Family, Handle, ProcessId, ProcessStatus, Profile, Specimen, Strategy, Visitor,
};

/// Records that are there from beginning to end.
const STABLE: u64 = 24;
/// Records that come and go.
const CHURNED: u64 = 24;
/// Records that are added one after the other, to a table made for one.
const ADDED: u64 = 10_000;
const BEATS_PER_WRITER: u64 = 400_000;
const CHURN_ROUNDS: u64 = 20_000;

/// Identifiers with one and the same home in a table of any size: the inverse of the multiplication
/// that the tables hash by, of numbers that differ in their low bits only.
fn colliding(n: u64) -> ProcessId {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    // Newton's iteration: each step doubles the number of right bits, beginning with three.
    let inverse = (0..5).fold(MULTIPLIER, |x: u64, _| {
        x.wrapping_mul(2u64.wrapping_sub(MULTIPLIER.wrapping_mul(x)))
    });
    ProcessId((0x7777 << 48 | n).wrapping_mul(inverse))
}

fn stable(n: u64) -> ProcessId {
    colliding(2 * n)
}

fn churned(n: u64) -> ProcessId {
    colliding(2 * n + 1)
}

fn added(n: u64) -> ProcessId {
    ProcessId(n)
}

fn heartbeat(at_ns: u64) -> Event {
    Event::at(
        at_ns,
        Change::Heartbeat {
            cpu_ns: at_ns,
            rss_bytes: !at_ns,
        },
    )
}

fn start<H: Handle<ProcessStatus>>(handle: &mut H, id: ProcessId) {
    assert_eq!(handle.insert(id, ProcessStatus::pending(id)), None);
    assert_eq!(handle.apply(id, Event::at(0, Change::Start)), Some(Ok(1)));
}

/// Stable records are never missed, never torn and never go back.
fn keep_reading<H: Handle<ProcessStatus>>(handle: &mut H, done: &AtomicBool) {
    let mut revisions = [0; STABLE as usize];
    while !done.load(Ordering::Acquire) {
        for n in 0..STABLE {
            let record = handle
                .read(stable(n), |record| *record)
                .expect("never removed");
            record.examine(stable(n)).expect("whole");
            let last = std::mem::replace(&mut revisions[n as usize], record.revision());
            assert!(record.revision() >= last, "record {n} went back");
        }
        for n in 0..CHURNED {
            if let Some(record) = handle.read(churned(n), |record| *record) {
                record.examine(churned(n)).expect("whole");
            }
        }
        handle.scan(|id, record| record.examine(id).expect("whole"));
    }
}

/// Returns how many beats were applied to each stable record, with no revision returned twice.
fn keep_writing<H: Handle<ProcessStatus>>(handle: &mut H, seed: u64, beats: &[AtomicU64]) {
    let mut random = seed;
    for at_ns in 0..BEATS_PER_WRITER {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let n = (random >> 33) % STABLE;
        let applied = handle.apply(stable(n), heartbeat(at_ns));
        assert!(matches!(applied, Some(Ok(_))), "{applied:?}");
        beats[n as usize].fetch_add(1, Ordering::Relaxed);
        // A record that may be gone: only if it is there, and then as a whole.
        handle.apply(churned(random >> 40 & 15), heartbeat(at_ns));
    }
}

fn keep_churning<H: Handle<ProcessStatus>>(handle: &mut H) {
    for round in 0..CHURN_ROUNDS {
        let (first, second) = (churned(round % CHURNED), churned(round * 7 % CHURNED));
        start(handle, first);
        if second != first {
            start(handle, second);
            let removed = handle.remove(second).expect("inserted by us");
            removed.examine(second).expect("whole");
            assert_eq!(handle.read(second, |_| ()), None);
        }
        let removed = handle.remove(first).expect("inserted by us");
        removed.examine(first).expect("whole");
        assert_eq!(handle.remove(first), None);
    }
}

fn keep_adding<H: Handle<ProcessStatus>>(handle: &mut H) {
    for n in 0..ADDED {
        start(handle, added(n));
        assert_eq!(handle.read(added(n / 2), ProcessStatus::revision), Some(1));
    }
}

fn everything_at_once<S: Strategy<ProcessStatus>>() {
    let table = S::with_capacity(1);
    let mut handle = table.handle();
    (0..STABLE).for_each(|n| start(&mut handle, stable(n)));
    let beats: Vec<AtomicU64> = (0..STABLE).map(|_| AtomicU64::new(0)).collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| keep_reading(&mut table.handle(), &done));
        }
        let writers = [
            scope.spawn(|| keep_writing(&mut table.handle(), 1, &beats)),
            scope.spawn(|| keep_writing(&mut table.handle(), 2, &beats)),
            scope.spawn(|| keep_churning(&mut table.handle())),
            scope.spawn(|| keep_adding(&mut table.handle())),
        ];
        let outcomes = writers.map(thread::ScopedJoinHandle::join);
        done.store(true, Ordering::Release);
        for outcome in outcomes {
            outcome.expect("a writer found nothing wrong");
        }
    });
    let mut found = HashMap::new();
    handle.scan(|id, record| {
        record.examine(id).expect("whole");
        assert_eq!(found.insert(id, record.revision()), None, "{id} twice");
    });
    assert_eq!(found.len() as u64, STABLE + ADDED);
    for n in 0..STABLE {
        let expected = 1 + beats[n as usize].load(Ordering::Relaxed);
        assert_eq!(found[&stable(n)], expected, "record {n} lost an update");
    }
    assert!((0..ADDED).all(|n| found[&added(n)] == 1));
}

#[test]
fn nothing_is_lost_torn_or_missed() {
    struct Stress;
    impl Visitor<ProcessStatus> for Stress {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            everything_at_once::<S>();
        }
        fn exclude(&mut self, profile: Profile, reason: &'static str) {
            panic!("{}: {reason}", profile.name);
        }
    }
    atomics::Variants::plain(&mut Stress);
}
