//! The locks of `parking_lot`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::{recorded, total};
use crate::parking_lot::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard};
use crate::parking_lot::{RwLockUpgradableReadGuard, RwLockWriteGuard};

#[test]
fn a_mutex_is_used_as_that_of_the_library() {
    static PAIR: Mutex<(u8, u8)> = Mutex::new((1, 2));
    {
        let mut second = MutexGuard::map(PAIR.lock(), |pair| &mut pair.1);
        *second = 3;
        assert!(PAIR.try_lock().is_none() && PAIR.is_locked());
        assert!(PAIR.try_lock_for(Duration::ZERO).is_none());
    }
    let mut guard = PAIR.lock();
    assert_eq!(
        MutexGuard::unlocked(&mut guard, || PAIR.try_lock().map(|pair| pair.1)),
        Some(3)
    );
    MutexGuard::bump(&mut guard);
    MutexGuard::unlock_fair(guard);
    let lock = recorded(&PAIR, "pair");
    assert_eq!(lock["library"], "parking_lot");
    // Locked twice, tried once, and taken again twice.
    assert_eq!(total(&lock, "acquired", None), 5);
    assert_eq!(total(&lock, "acquired", Some("write")), 1);
    assert_eq!(total(&lock, "failed_tries", None), 2);
    let handle = crate::Lock::handle(&PAIR);
    assert_eq!(handle.beside.waiting(), 0);
}

#[test]
fn a_reader_writer_lock_is_used_as_that_of_the_library() {
    let lock = RwLock::new((1, 2));
    {
        let first = RwLockReadGuard::map(lock.read(), |pair| &pair.0);
        assert_eq!((*first, lock.read_recursive().1), (1, 2));
        assert!(lock.try_write().is_none() && !lock.is_locked_exclusive());
        assert!(lock.try_write_for(Duration::ZERO).is_none());
    }
    let mut guard = lock.write();
    guard.1 = 3;
    let guard = RwLockWriteGuard::downgrade(guard);
    assert_eq!((guard.1, lock.read().1), (3, 3));
    drop(guard);
    let guard = lock.upgradable_read();
    assert!(lock.try_read().is_some());
    let mut guard = RwLockUpgradableReadGuard::upgrade(guard);
    guard.0 = 5;
    assert!(lock.try_read_for(Duration::ZERO).is_none());
    drop(guard);
    let recorded = recorded(&lock, "pair of parking_lot");
    assert_eq!(total(&recorded, "acquired", Some("write")), 2);
    assert_eq!(total(&recorded, "acquired", Some("read")), 6);
    assert_eq!(total(&recorded, "failed_tries", Some("write")), 2);
    assert_eq!(total(&recorded, "failed_tries", Some("read")), 1);
    assert_eq!(lock.into_inner(), (5, 3));
}

#[test]
fn a_reader_that_panics_in_between_is_no_holder() {
    let lock = RwLock::new((1, 2));
    let holder = || {
        let record = crate::Lock::handle(&lock).record().unwrap();
        crate::threads::block(record).unwrap().holder.get()
    };
    let part = RwLockReadGuard::map(lock.read(), |pair| &pair.0);
    assert!(holder().is_some());
    drop(part);
    let panics = || {
        drop(RwLockReadGuard::map(lock.read(), |_| -> &i32 {
            panic!("on purpose")
        }));
    };
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert!(holder().is_none() && lock.try_write().is_some());
}

#[test]
fn a_condition_variable_lets_others_in() {
    let (lock, changed) = (Mutex::new(false), Condvar::new());
    let (is_there, held) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut guard = lock.lock();
            is_there.send(()).unwrap();
            changed.wait_while(&mut guard, |is_set| !*is_set);
        });
        held.recv().unwrap();
        *lock.lock() = true;
        changed.notify_all();
    });
    let mut guard = lock.lock();
    assert!(changed.wait_for(&mut guard, Duration::ZERO).timed_out());
    drop(guard);
    let recorded = recorded(&lock, "condition of parking_lot");
    assert!(total(&recorded, "acquired", None) >= 5);
}
