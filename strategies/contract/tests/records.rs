//! Both records keep the promises that every check builds on: `apply` counts revisions, both forms
//! of it agree, and a record mixed from two versions or two processes is recognised.

use contract::{
    Change, Event, Padded, PlainRecord, ProcessId, ProcessSnapshot, ProcessStatus, Record,
    SharedStatus, Specimen, Words,
};
use proptest::prelude::*;

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Start),
        (any::<u32>(), any::<u32>()).prop_map(|(cpu, rss)| Change::Heartbeat {
            cpu_ns: cpu.into(),
            rss_bytes: rss.into()
        }),
        Just(Change::Stop),
        prop_oneof![Just(0), any::<i32>()].prop_map(|code| Change::Exit { code }),
        Just(Change::Restart),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((any::<u32>(), change()), 1..60).prop_map(|list| {
        list.into_iter()
            .map(|(at, change)| Event::at(at.into(), change))
            .collect()
    })
}

/// Applies `events` and checks each step against the state machine.
fn follows_the_lifecycle<R: Specimen>(id: ProcessId, events: &[Event]) -> Vec<R> {
    let mut versions = vec![R::pending(id)];
    for event in events {
        let before = versions.last().unwrap().clone();
        let mut in_place = before.clone();
        let outcome = in_place.apply_in_place(event);
        match before.apply(event) {
            Ok(after) => {
                assert_eq!(Ok(after.state()), before.state().after(event.change));
                assert_eq!(after.revision(), before.revision() + 1);
                assert_eq!(after.examine(id), Ok(()));
                assert_eq!((outcome, &in_place), (Ok(after.revision()), &after));
                versions.push(after);
            }
            Err(rejected) => {
                assert_eq!(Err(rejected), before.state().after(event.change));
                assert_eq!((outcome, &in_place), (Err(rejected), &before));
            }
        }
    }
    versions
}

/// Every mixture of two versions that differs from both is recognised as torn.
fn mixtures_are_recognised<R: Specimen + PlainRecord>(id: ProcessId, versions: &[R], mask: u64) {
    for pair in versions.windows(2) {
        let (old, new) = (pair[0].to_words(), pair[1].to_words());
        let mut mixed = old;
        for word in 0..R::Words::LEN {
            if mask >> (word % 64) & 1 == 1 {
                mixed.as_mut()[word] = new.as_ref()[word];
            }
        }
        if mixed.as_ref() != old.as_ref() && mixed.as_ref() != new.as_ref() {
            assert!(
                R::from_words(mixed).examine(id).is_err(),
                "{mixed:?}",
                mixed = mixed.as_ref()
            );
        }
    }
}

proptest! {
    #[test]
    fn status_follows_the_lifecycle(id: u64, events in events(), mask: u64) {
        let versions = follows_the_lifecycle::<ProcessStatus>(ProcessId(id), &events);
        mixtures_are_recognised(ProcessId(id), &versions, mask);
        prop_assert!(versions[0].examine(ProcessId(id ^ 1)).is_err());
    }

    #[test]
    fn snapshot_follows_the_lifecycle(id: u64, events in events()) {
        let versions = follows_the_lifecycle::<ProcessSnapshot>(ProcessId(id), &events);
        prop_assert!(versions[0].examine(ProcessId(id ^ 1)).is_err());
    }

    #[test]
    fn padded_follows_the_lifecycle(id: u64, events in events(), mask: u64) {
        let smallest = follows_the_lifecycle::<Padded<2>>(ProcessId(id), &events);
        mixtures_are_recognised(ProcessId(id), &smallest, mask);
        let large = follows_the_lifecycle::<Padded<32>>(ProcessId(id), &events);
        mixtures_are_recognised(ProcessId(id), &large, mask);
        prop_assert!(large[0].examine(ProcessId(id ^ 1)).is_err());
    }
}

/// A heartbeat with work counts as one, and leaves the record whole.
fn works<R: Specimen>() {
    let id = ProcessId(7);
    let mut record = R::running(id);
    let event = Event::at(9, Change::Work { links: 100 });
    assert_eq!(record.apply_in_place(&event), Ok(2), "{}", R::NAME);
    assert_eq!(record.examine(id), Ok(()), "{}", R::NAME);
    assert_eq!(R::running(id).apply(&event), Ok(record), "{}", R::NAME);
}

#[test]
fn every_record_takes_work() {
    works::<ProcessStatus>();
    works::<ProcessSnapshot>();
    works::<SharedStatus>();
    works::<Padded<2>>();
}

#[test]
fn status_decodes_what_was_applied() {
    let id = ProcessId(0xdead_beef_0000_002a);
    let steps = [
        Event::at(10, Change::Start),
        Event::at(
            20,
            Change::Heartbeat {
                cpu_ns: 5,
                rss_bytes: 4096,
            },
        ),
        Event::at(30, Change::Exit { code: -9 }),
    ];
    let ended = steps
        .iter()
        .fold(ProcessStatus::pending(id), |s, e| s.apply(e).unwrap());
    assert_eq!(ended.pid(), 42);
    assert_eq!(ended.exit_code(), Some(-9));
    assert_eq!((ended.started_at_ns(), ended.changed_at_ns()), (10, 30));
    assert_eq!((ended.cpu_ns(), ended.rss_bytes()), (5, 4096));
    let again = ended.apply(&Event::at(40, Change::Restart)).unwrap();
    assert_eq!(
        (again.restarts(), again.exit_code(), again.started_at_ns()),
        (1, None, 40)
    );
}
