//! What every variant of this crate must survive: records that come and go while they change.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use contract::{
    Change, Event, Handle, PlainRecord, ProcessId, ProcessStatus, Record, Strategy, Visitor,
};

use crate::Variants;

/// Runs one test body for every variant.
fn for_every_variant<V: Visitor<ProcessStatus>>(mut visitor: V) {
    <Variants as contract::Family>::plain(&mut visitor);
}

/// A running process of revision 0, so that every heartbeat is accepted and counts one.
fn running(id: ProcessId) -> ProcessStatus {
    let started = ProcessStatus::pending(id)
        .apply(&Event::at(0, Change::Start))
        .unwrap();
    let mut words = started.to_words();
    words[6] = 0;
    ProcessStatus::from_words(words)
}

const HEARTBEAT: Event = Event::at(
    1,
    Change::Heartbeat {
        cpu_ns: 1,
        rss_bytes: 1,
    },
);

/// Every accepted heartbeat is in the revision of exactly one record: one that was removed, one that
/// was displaced, or one that is still there. An update that went to a dead entry, or that a racing
/// remove or insert overwrote, is missing from the sum.
#[test]
fn no_accepted_update_is_lost_to_a_racing_remove() {
    struct Race;
    impl Visitor<ProcessStatus> for Race {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            const IDS: u64 = 3;
            const ROUNDS: u64 = 20_000;
            let table = S::with_capacity(0);
            let (accepted, left) = (AtomicU64::new(0), AtomicU64::new(0));
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        let mut handle = table.handle();
                        let mut count = 0;
                        for round in 0.. {
                            if done.load(Ordering::Relaxed) {
                                break;
                            }
                            let id = ProcessId(round % IDS);
                            count += u64::from(handle.apply(id, HEARTBEAT).is_some());
                        }
                        accepted.fetch_add(count, Ordering::Relaxed);
                    });
                }
                let mut handle = table.handle();
                let mut gone = 0;
                for round in 0..ROUNDS {
                    // The last identifier is never removed, always displaced; and now and then a
                    // new one, so that the dirty map of the first variant is rebuilt.
                    let id = ProcessId(round % IDS);
                    let displaced = handle.insert(id, running(id));
                    gone += displaced.map_or(0, |record| record.revision());
                    if id.0 + 1 < IDS {
                        let removed = handle.remove(id).expect("nobody else removes");
                        gone += removed.revision();
                        assert_eq!(handle.read(id, ProcessStatus::revision), None);
                    }
                    if round % 64 == 0 {
                        handle.insert(ProcessId(round + IDS), running(ProcessId(round + IDS)));
                        handle.scan(|_, _| ());
                        handle.remove(ProcessId(round + IDS)).unwrap();
                    }
                }
                done.store(true, Ordering::Relaxed);
                left.fetch_add(gone, Ordering::Relaxed);
            });
            let mut total = left.into_inner();
            table.handle().scan(|_, record| total += record.revision());
            assert_eq!(total, accepted.into_inner(), "{}", S::PROFILE.name);
        }
        fn exclude(&mut self, _: contract::Profile, _: &'static str) {}
    }
    for_every_variant(Race);
}

/// Of many removers one gets the record, and of many inserters exactly one finds the place empty.
#[test]
fn a_record_is_handed_out_once() {
    struct Once;
    impl Visitor<ProcessStatus> for Once {
        fn visit<S: Strategy<ProcessStatus>>(&mut self) {
            let table = S::with_capacity(4);
            let (inserted, displaced, removed) =
                (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
            thread::scope(|scope| {
                for thread in 0..3u64 {
                    let (table, inserted, displaced, removed) =
                        (&table, &inserted, &displaced, &removed);
                    scope.spawn(move || {
                        let mut handle = table.handle();
                        for round in 0..8_000 {
                            let id = ProcessId((round * 7 + thread) % 5);
                            if (round + thread) % 2 == 0 {
                                inserted.fetch_add(1, Ordering::Relaxed);
                                let before = handle.insert(id, running(id));
                                displaced.fetch_add(before.is_some().into(), Ordering::Relaxed);
                            } else {
                                let before = handle.remove(id);
                                removed.fetch_add(before.is_some().into(), Ordering::Relaxed);
                            }
                        }
                    });
                }
            });
            let mut left = 0;
            table.handle().scan(|_, _| left += 1);
            assert_eq!(
                inserted.into_inner(),
                displaced.into_inner() + removed.into_inner() + left,
                "{}",
                S::PROFILE.name
            );
        }
        fn exclude(&mut self, _: contract::Profile, _: &'static str) {}
    }
    for_every_variant(Once);
}
