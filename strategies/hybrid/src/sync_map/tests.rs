//! What is special about the two maps: promotion, expunged entries, what is kept and for how long.

use support::token::{Step, Token};

use contract::{Change, Event, ProcessStatus};

use super::*;

const START: Event = Event::at(0, Change::Start);

type Table = SyncMap<ProcessStatus>;

fn insert(handle: &mut SyncMapHandle<'_, ProcessStatus>, id: u64) -> Option<ProcessStatus> {
    handle.insert(ProcessId(id), ProcessStatus::pending(ProcessId(id)))
}

fn has(handle: &mut SyncMapHandle<'_, ProcessStatus>, id: u64) -> bool {
    handle.read(ProcessId(id), |_| ()).is_some()
}

/// The keys of both maps, sorted, and the misses.
fn keys(table: &Table) -> (Vec<u64>, Option<Vec<u64>>, usize) {
    let sorted = |map: &KeyMap<_>| {
        let mut ids: Vec<u64> = map.entries.keys().map(|id| id.0).collect();
        ids.sort_unstable();
        ids
    };
    let dirty = table.dirty.lock();
    let read = table.read.load();
    assert_eq!(read.is_amended(), dirty.next.is_some(), "invariant 1");
    let next = dirty.next.as_deref().map(sorted);
    (sorted(&read), next, dirty.misses)
}

/// A table of `ids`, all in the read map, and no dirty map.
fn promoted(ids: &[u64]) -> Table {
    let table = Table::with_capacity(ids.len());
    let mut handle = table.handle();
    for &id in ids {
        insert(&mut handle, id);
    }
    handle.scan(|_, _| ());
    drop(handle);
    table
}

#[test]
fn as_many_misses_as_keys_promote_the_dirty_map() {
    let table = Table::with_capacity(4);
    let mut handle = table.handle();
    for id in 0..3 {
        insert(&mut handle, id);
    }
    assert_eq!(keys(&table), (vec![], Some(vec![0, 1, 2]), 0));
    assert!(has(&mut handle, 0), "a miss: found under the lock");
    assert!(!has(&mut handle, 99), "a miss: not found at all");
    assert_eq!(keys(&table), (vec![], Some(vec![0, 1, 2]), 2));
    assert!(has(&mut handle, 1));
    assert_eq!(keys(&table), (vec![0, 1, 2], None, 0));
    assert!(!has(&mut handle, 99), "no miss any more");
    assert_eq!(keys(&table), (vec![0, 1, 2], None, 0));
}

#[test]
fn applies_and_removes_under_the_lock_count_as_misses() {
    let table = promoted(&[1]);
    let mut handle = table.handle();
    for id in 2..6 {
        insert(&mut handle, id);
    }
    assert_eq!(handle.apply(ProcessId(2), START), Some(Ok(1)));
    assert!(handle.remove(ProcessId(3)).is_some());
    assert!(handle.remove(ProcessId(3)).is_none());
    assert_eq!(keys(&table), (vec![1], Some(vec![1, 2, 4, 5]), 3));
    assert_eq!(handle.apply(ProcessId(9), START), None);
    assert_eq!(keys(&table), (vec![1, 2, 4, 5], None, 0));
}

#[test]
fn a_scan_promotes_and_sees_each_record_once() {
    let table = promoted(&[1, 2]);
    let mut handle = table.handle();
    insert(&mut handle, 3);
    handle.remove(ProcessId(1));
    let mut ids = Vec::new();
    handle.scan(|id, _| ids.push(id.0));
    ids.sort_unstable();
    assert_eq!(ids, [2, 3]);
    assert_eq!(keys(&table), (vec![1, 2, 3], None, 0));
}

#[test]
fn a_deleted_entry_is_revived_without_the_lock() {
    let table = promoted(&[1]);
    let mut handle = table.handle();
    assert!(handle.remove(ProcessId(1)).is_some());
    assert!(handle.remove(ProcessId(1)).is_none());
    assert_eq!(handle.apply(ProcessId(1), START), None);
    let locked = table.dirty.lock();
    assert_eq!(insert(&mut handle, 1), None);
    drop(locked);
    assert!(has(&mut handle, 1));
    assert_eq!(keys(&table), (vec![1], None, 0));
}

#[test]
fn an_expunged_entry_is_revived_under_the_lock() {
    let table = promoted(&[1, 2]);
    let mut handle = table.handle();
    handle.remove(ProcessId(1));
    insert(&mut handle, 3);
    assert_eq!(
        keys(&table),
        (vec![1, 2], Some(vec![2, 3]), 0),
        "the rebuild left 1 out"
    );
    assert!(!has(&mut handle, 1));
    assert_eq!(handle.apply(ProcessId(1), START), None);
    assert_eq!(handle.remove(ProcessId(1)), None);

    assert_eq!(insert(&mut handle, 1), None);
    assert_eq!(keys(&table), (vec![1, 2], Some(vec![1, 2, 3]), 0));
    assert_eq!(handle.apply(ProcessId(1), START), Some(Ok(1)));
    handle.scan(|_, _| ());
    assert_eq!(keys(&table), (vec![1, 2, 3], None, 0));
    assert_eq!(handle.read(ProcessId(1), ProcessStatus::revision), Some(1));
}

#[test]
fn an_expunged_entry_is_gone_with_the_promotion_and_its_successor_is_another() {
    let table = promoted(&[1, 2]);
    let mut stale = table.handle();
    let mut handle = table.handle();
    let old_entry = Arc::clone(&stale.read.load().entries[&ProcessId(1)]);
    handle.remove(ProcessId(1));
    insert(&mut handle, 3);
    handle.scan(|_, _| ());
    assert_eq!(keys(&table), (vec![2, 3], None, 0));
    insert(&mut handle, 1);

    // A writer that found the old entry just before all this cannot write to it.
    let record = Arc::new(Slot::Live(ProcessStatus::pending(ProcessId(1))));
    assert!(old_entry.swap(&record).is_err());
    assert_eq!(old_entry.apply(&START), None);
    assert_eq!(old_entry.delete(), None);
    assert!(has(&mut stale, 1), "an old handle finds the new entry");
}

#[test]
fn an_entry_that_was_removed_from_the_dirty_map_is_dead() {
    let table = promoted(&[1]);
    let mut handle = table.handle();
    insert(&mut handle, 2);
    let entry = handle.find_locked(ProcessId(2)).unwrap();
    assert!(handle.remove(ProcessId(2)).is_some());
    insert(&mut handle, 2);
    assert_eq!(entry.apply(&START), None);
    assert_eq!(handle.read(ProcessId(2), ProcessStatus::revision), Some(0));
}

/// Identifiers come and go for ever, twenty at a time: what is kept is bounded by the twenty.
#[test]
fn churn_does_not_grow_the_maps() {
    let table = Table::with_capacity(0);
    let mut handle = table.handle();
    for id in 0..50_000 {
        insert(&mut handle, id);
        if id >= 20 {
            assert!(handle.remove(ProcessId(id - 20)).is_some());
        }
        if id % 1_000 == 999 {
            let (read, dirty, _) = keys(&table);
            let dirty = dirty.map_or(0, |dirty| dirty.len());
            assert!(read.len() <= 63 && dirty <= 63, "{} {dirty}", read.len());
        }
    }
}

#[test]
fn a_removed_record_is_freed_although_an_idle_handle_keeps_the_old_map() {
    let table = SyncMap::<Token>::with_capacity(4);
    let mut handle = table.handle();
    let (token, probe) = Token::new();
    handle.insert(ProcessId(1), token);
    handle.scan(|_, _| ());
    let idle = table.handle();
    assert_eq!(handle.apply(ProcessId(1), Step::Next), Some(Ok(1)));
    assert_eq!(probe.alive(), 1, "the old version is freed");
    let (other, other_probe) = Token::new();
    assert!(handle.insert(ProcessId(1), other).is_some());
    assert_eq!(probe.alive(), 0, "the displaced one was moved out");
    assert!(handle.remove(ProcessId(1)).is_some());
    assert_eq!(other_probe.alive(), 0);
    drop(idle);
}

#[test]
fn a_reader_keeps_the_version_it_reads() {
    let table = promoted(&[1]);
    let mut reader = table.handle();
    let mut writer = table.handle();
    reader.read(ProcessId(1), |record| {
        for _ in 0..20 {
            assert!(writer.remove(ProcessId(1)).is_some());
            insert(&mut writer, 1);
        }
        assert_eq!(*record, ProcessStatus::pending(ProcessId(1)));
    });
}
