//! The locks of std, and what all libraries have in common.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;

use super::{named, recorded, total};
use crate::std::{Condvar, Mutex, RwLock, TryLockError};
use crate::{keys_of, len_of, map};

#[test]
fn every_acquisition_is_counted() {
    let counter = Mutex::new(0_u64);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25_000).for_each(|_| *counter.lock().unwrap() += 1));
        }
    });
    assert_eq!(*counter.lock().unwrap(), 100_000);
    let lock = recorded(&counter, "counter");
    // What stands beside the lock is not in it yet: 31 at most of a call site.
    let acquired = total(&lock, "acquired", None);
    assert!((100_001 - 31..=100_001).contains(&acquired), "{acquired}");
    assert_eq!(lock["uses"].as_array().unwrap().len(), 2);
    assert_eq!(lock["value"]["type"], "u64");
    assert_eq!(lock["value"]["bytes"], 8);
    assert_eq!((&lock["instances"], &lock["alive"]), (&1.into(), &1.into()));
    drop(counter);
    assert_eq!(total(&named("counter"), "acquired", None), 100_001);
}

#[test]
fn a_lock_that_is_named_first_has_a_size() {
    let lock = Mutex::new([0_u64; 4]);
    crate::name(&lock, "named first");
    lock.lock().unwrap()[0] = 1;
    assert_eq!(recorded(&lock, "named first")["value"]["bytes"], 32);
}

#[test]
fn reads_are_told_from_writes() {
    let mutex = Mutex::new(0_u64);
    for number in 0..300_000_u64 {
        // One in three writes, at one call site.
        let mut guard = mutex.lock().unwrap();
        if number % 3 == 0 {
            *guard = number;
        } else {
            assert!(*guard <= number);
        }
    }
    crate::name(&mutex, "mixed");
    drop(mutex);
    let lock = named("mixed");
    assert_eq!(total(&lock, "acquired", None), 300_000);
    // By sampling, with random spans: the share is not in step with the program.
    let reads = total(&lock, "acquired", Some("read"));
    assert!((170_000..=230_000).contains(&reads), "{reads}");
}

#[test]
fn readers_count_apart_and_all_is_added_up() {
    let lock = RwLock::new(7_u64);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    assert_eq!(*lock.read().unwrap(), 7);
                }
            });
        }
    });
    for _ in 0..50 {
        *lock.write().unwrap() = 7;
    }
    // Also of threads that have ended: one may have taken over another one's place.
    let recorded = recorded(&lock, "readers");
    assert_eq!(total(&recorded, "acquired", Some("read")), 40_000);
    assert_eq!(total(&recorded, "acquired", Some("write")), 50);
    let uses = recorded["uses"].as_array().unwrap();
    let reads = uses.iter().find(|of| of["mode"] == "read").unwrap();
    assert_eq!(reads["threads"], 4);
}

#[test]
fn who_waits_is_recorded_with_who_held() {
    let lock = Mutex::new(());
    let (is_held, wait_for_it) = channel();
    thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let guard = lock.lock().unwrap();
            is_held.send(()).unwrap();
            // Until another one waits, which is seen in the recorder itself.
            let handle = crate::Lock::handle(&lock);
            while handle.beside.waiting() == 0 {
                thread::yield_now();
            }
            drop(guard);
        });
        wait_for_it.recv().unwrap();
        drop(lock.lock().unwrap());
        holder.join().unwrap();
    });
    let recorded = recorded(&lock, "waited for");
    assert_eq!(total(&recorded, "contended", None), 1);
    assert!(total(&recorded, "waiting_ns", None) > 0);
    let queue = &recorded["queue"];
    assert_eq!((&queue["samples"], &queue["max"]), (&1.into(), &1.into()));
    let blocked = &recorded["blocked"][0];
    assert_eq!(blocked["times"], 1);
    assert_ne!(blocked["waiting"], blocked["holding"]);
    assert_eq!(crate::Lock::handle(&lock).beside.waiting(), 0);
}

#[test]
fn a_writer_knows_which_reader_it_waits_for() {
    let lock = RwLock::new(());
    let (is_held, wait_for_it) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let guard = lock.read().unwrap();
            is_held.send(()).unwrap();
            let handle = crate::Lock::handle(&lock);
            while handle.beside.waiting() == 0 {
                thread::yield_now();
            }
            drop(guard);
        });
        wait_for_it.recv().unwrap();
        drop(lock.write().unwrap());
    });
    let recorded = recorded(&lock, "waits for a reader");
    assert_eq!(total(&recorded, "contended", Some("write")), 1);
    let uses = recorded["uses"].as_array().unwrap();
    let site = |mode: &str| &uses.iter().find(|of| of["mode"] == mode).unwrap()["site"];
    assert_eq!(&recorded["blocked"][0]["holding"], site("read"));
    assert_eq!(&recorded["blocked"][0]["waiting"], site("write"));
}

#[test]
fn failed_attempts_are_counted_where_they_were_made() {
    let mutex = Mutex::new(());
    let guard = mutex.lock().unwrap();
    for _ in 0..3 {
        assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
    }
    drop(guard);
    drop(mutex.try_lock().unwrap());
    let lock = recorded(&mutex, "attempts");
    assert_eq!(total(&lock, "failed_tries", None), 3);
    assert_eq!(total(&lock, "acquired", None), 2);
    let rwlock = RwLock::new(());
    let guard = rwlock.read().unwrap();
    assert!(rwlock.try_write().is_err());
    drop(guard);
    let guard = rwlock.write().unwrap();
    assert!(rwlock.try_read().is_err());
    drop(guard);
    let lock = recorded(&rwlock, "attempts of both kinds");
    assert_eq!(total(&lock, "failed_tries", Some("read")), 1);
    assert_eq!(total(&lock, "failed_tries", Some("write")), 1);
}

#[test]
fn a_lock_can_be_moved_into_what_may_panic() {
    let (mutex, rwlock) = (Mutex::new(1), RwLock::new(2));
    let values = catch_unwind(|| (mutex.into_inner().unwrap(), rwlock.into_inner().unwrap()));
    assert_eq!(values.unwrap(), (1, 2));
}

#[test]
fn poisoning_is_that_of_std() {
    let mutex = Mutex::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock().unwrap();
        panic!("on purpose");
    }));
    assert!(panicked.is_err() && mutex.is_poisoned());
    assert_eq!(*mutex.lock().unwrap_err().into_inner(), 1);
    assert!(matches!(mutex.try_lock(), Err(TryLockError::Poisoned(_))));
    mutex.clear_poison();
    assert_eq!(*mutex.lock().unwrap(), 1);
    let lock = recorded(&mutex, "poisoned");
    assert_eq!(lock["poisoned"], 2);
    assert_eq!(total(&lock, "acquired", None), 4);
    let rwlock = RwLock::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _guard = rwlock.write().unwrap();
        panic!("on purpose");
    }));
    assert!(panicked.is_err() && rwlock.is_poisoned());
    assert!(rwlock.read().is_err() && rwlock.write().is_err() && rwlock.try_read().is_err());
    rwlock.clear_poison();
    assert_eq!(rwlock.into_inner().unwrap(), 1);
}

#[test]
fn more_call_sites_than_there_is_room_for_are_counted_together() {
    let lock = Mutex::new(0_u32);
    macro_rules! sites {
        ($($number:literal)*) => {
            $({
                let _ = $number;
                *lock.lock().unwrap() += 1;
            })*
        };
    }
    for _ in 0..500 {
        sites!(0 1 2 3 4 5 6 7 8 9);
        // Of a macro all calls stand at one place of the source; of these, each at its own.
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
        *lock.lock().unwrap() += 1;
    }
    assert_eq!(*lock.lock().unwrap(), 500 * 28);
    crate::name(&lock, "many sites");
    drop(lock);
    let recorded = named("many sites");
    assert_eq!(total(&recorded, "acquired", None), 500 * 28 + 1);
    // Sixteen, and one for all others.
    let uses = recorded["uses"].as_array().unwrap().iter();
    let sites: BTreeSet<_> = uses.map(|of| of["site"].as_u64().unwrap()).collect();
    assert_eq!(sites.len(), 17);
}

#[test]
fn locks_of_one_place_are_merged_beyond_a_limit() {
    let made = |number: u64| Mutex::new(number);
    let locks: Vec<_> = (0..200).map(made).collect();
    for lock in &locks {
        for _ in 0..10 {
            *lock.lock().unwrap() += 1;
        }
    }
    let first = recorded(&locks[0], "first of many");
    let last = recorded(&locks[199], "last of many");
    assert_eq!(first["made_at"], last["made_at"]);
    assert_eq!(first["instances"], 1);
    assert_eq!(last["instances"], 200 - 64);
    assert_eq!(total(&last, "acquired", None), 10 * (200 - 64));
    assert_eq!(last["alive"], 200 - 64);
    // Those that are dropped stay in the recording.
    let kept = locks.into_iter().last().unwrap();
    let last = recorded(&kept, "last of many");
    assert_eq!(
        (&last["instances"], &last["alive"]),
        (&136.into(), &1.into())
    );
}

#[test]
fn merged_locks_can_be_held_at_once() {
    let locks: Vec<_> = (0..70).map(|number| RwLock::new(number)).collect();
    let held: Vec<_> = locks.iter().map(|lock| lock.write().unwrap()).collect();
    drop(held);
    let held: Vec<_> = locks.iter().map(|lock| lock.read().unwrap()).collect();
    drop(held);
    let last = recorded(&locks[69], "held at once");
    assert_eq!(total(&last, "acquired", Some("read")), 6);
    assert_eq!(total(&last, "acquired", Some("write")), 6);
}

#[test]
fn a_condition_variable_ends_and_begins_the_time_held() {
    let shared = Arc::new((Mutex::new(0), Condvar::new()));
    let other = Arc::clone(&shared);
    let thread = thread::spawn(move || {
        let (lock, changed) = &*other;
        for _ in 0..3 {
            let mut number = lock.lock().unwrap();
            *number += 1;
            drop(number);
            changed.notify_all();
        }
    });
    let (lock, changed) = &*shared;
    let guard = changed.wait_while(lock.lock().unwrap(), |number| *number < 3);
    assert_eq!(*guard.unwrap(), 3);
    thread.join().unwrap();
    let timeout = std::time::Duration::ZERO;
    let (guard, _) = changed.wait_timeout(lock.lock().unwrap(), timeout).unwrap();
    let (guard, result) = changed
        .wait_timeout_while(guard, timeout, |_| true)
        .unwrap();
    assert!(result.timed_out());
    drop(guard);
    let recorded = recorded(lock, "condition");
    // Three, one, one and as many waits as there were; two waits for a time.
    assert!(total(&recorded, "acquired", None) >= 7);
    let (is_there, held) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let guard = lock.lock().unwrap();
            is_there.send(()).unwrap();
            drop(changed.wait(guard).unwrap());
        });
        held.recv().unwrap();
        // It can be taken as soon as the other one waits.
        drop(lock.lock().unwrap());
        changed.notify_one();
    });
}

#[test]
fn a_lock_of_any_value_is_a_lock_of_a_trait_object() {
    let lock: Arc<Mutex<dyn ToString + Send>> = Arc::new(Mutex::new(7_u8));
    assert_eq!(lock.lock().unwrap().to_string(), "7");
    let mut rwlock = RwLock::new([1, 2]);
    rwlock.get_mut().unwrap()[0] = 3;
    let slice: &RwLock<[i32]> = &rwlock;
    assert_eq!(slice.read().unwrap().len(), 2);
    assert_eq!(
        format!("{:?}", Mutex::new(1)),
        format!("{:?}", std::sync::Mutex::new(1))
    );
    assert_eq!(format!("{:?}", rwlock.read().unwrap()), "[3, 2]");
    assert_eq!(Mutex::from(3).into_inner().unwrap(), 3);
    assert_eq!(*Mutex::<u8>::default().get_mut().unwrap(), 0);
}

#[test]
fn lengths_and_keys_are_sampled() {
    let table: Mutex<map::HashMap<u64, u64>> = Mutex::default();
    len_of(&table, |table| table.len());
    keys_of(&table, |table| table);
    for key in 0..100 {
        table.lock().unwrap().insert(key, key);
    }
    for key in 0..200 {
        let table = table.lock().unwrap();
        assert_eq!(table.get(&key).is_some(), key < 100);
    }
    assert_eq!(table.lock().unwrap().remove(&5), Some(5));
    let lock = recorded(&table, "table");
    // So few are all counted, unless this thread has counted others before.
    let keys = &lock["keys"];
    assert_eq!(
        (&keys["inserts"], &keys["removes"]),
        (&100.into(), &1.into())
    );
    assert_eq!(
        (&keys["lookups"], &keys["hits"]),
        (&200.into(), &100.into())
    );
    assert_eq!(keys["distinct"], 200);
    assert_eq!(lock["value"]["length"]["max"], 100);
}

#[test]
fn the_time_held_is_that_of_the_section() {
    let lock = Mutex::new(0_u64);
    // So rarely that each is timed: what is looked at is that the sum is of the times inside, by the same clock.
    let (mut least, mut most) = (0, 0);
    for _ in 0..20 {
        let outside = crate::clock::now();
        let mut guard = lock.lock().unwrap();
        let inside = crate::clock::now();
        *guard += 1;
        while crate::clock::now() - inside < 1000 {}
        least += crate::clock::now() - inside;
        drop(guard);
        most += crate::clock::now() - outside;
    }
    let recorded = recorded(&lock, "section");
    let held = &recorded["uses"][0]["held"];
    assert_eq!((&held["timed"], &held["samples"]), (&20.into(), &20.into()));
    let (sum, clock) = (held["sum_ns"].as_u64().unwrap(), crate::clock::clock());
    assert!(
        (clock.ns(least) - 20..=clock.ns(most)).contains(&sum),
        "{sum}"
    );
}

#[test]
fn a_snapshot_in_between_sees_no_count_go_back() {
    let lock = Mutex::new(0_u64);
    drop(lock.lock().unwrap());
    crate::name(&lock, "in between");
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            (0..200_000).for_each(|_| *lock.lock().unwrap() += 1);
        });
        barrier.wait();
        let mut before = 0;
        for _ in 0..50 {
            let acquired = total(&recorded(&lock, "in between"), "acquired", None);
            assert!(acquired >= before);
            before = acquired;
        }
    });
    drop(lock);
    assert_eq!(total(&named("in between"), "acquired", None), 200_001);
}
