//! The locks of tokio, on its runtime and polled by hand.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{named, recorded, total};
use crate::Lock;
use crate::tokio::{Mutex, MutexGuard, RwLock};

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).build().unwrap()
}

/// Polls once.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn tasks_take_turns() {
    let lock = Arc::new(Mutex::new(0));
    runtime().block_on(async {
        let tasks = (0..8).map(|_| {
            let lock = Arc::clone(&lock);
            tokio::spawn(async move {
                for _ in 0..100 {
                    *lock.lock().await += 1;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(*Arc::clone(&lock).lock_owned().await, 800);
    });
    assert_eq!(lock.handle().beside.waiting(), 0);
    crate::name(&*lock, "turns");
    drop(lock);
    let recorded = named("turns");
    assert_eq!(recorded["library"], "tokio");
    assert_eq!(total(&recorded, "acquired", None), 801);
}

#[test]
fn a_wait_that_is_given_up_is_a_failed_attempt() {
    let lock = Mutex::new(());
    let guard = lock.try_lock().unwrap();
    let handle = lock.handle();
    {
        let mut waiting = pin!(lock.lock());
        assert!(poll(waiting.as_mut()).is_pending());
        assert_eq!(handle.beside.waiting(), 1);
    }
    assert_eq!(handle.beside.waiting(), 0);
    drop(guard);
    let recorded = recorded(&lock, "given up");
    assert_eq!(total(&recorded, "failed_tries", None), 1);
    assert_eq!(total(&recorded, "contended", None), 0);
    assert_eq!(recorded["queue"]["samples"], 0);
}

#[test]
fn a_wait_ends_with_the_lock() {
    let lock = RwLock::new(1);
    let reading = lock.try_read().unwrap();
    let mut writing = pin!(lock.write());
    assert!(poll(writing.as_mut()).is_pending());
    drop(reading);
    let Poll::Ready(mut guard) = poll(writing.as_mut()) else {
        panic!("nobody else has it");
    };
    *guard = 2;
    assert_eq!(*guard.downgrade(), 2);
    let recorded = recorded(&lock, "waited for by a task");
    assert_eq!(total(&recorded, "contended", Some("write")), 1);
    assert_eq!(total(&recorded, "acquired", Some("read")), 2);
    assert_eq!(recorded["blocked"].as_array().unwrap().len(), 1);
    assert_eq!(lock.handle().beside.waiting(), 0);
}

#[test]
fn a_guard_that_is_held_while_another_task_runs_is_held_across_an_await() {
    let (lock, other) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let across = {
            let (lock, other) = (Arc::clone(&lock), Arc::clone(&other));
            tokio::spawn(async move {
                let guard = lock.lock().await;
                // Another task takes another lock meanwhile.
                let task = tokio::spawn(async move { *other.lock().await += 1 });
                task.await.unwrap();
                drop(guard);
                drop(lock.lock().await);
            })
        };
        across.await.unwrap();
    });
    let recorded = recorded(&*lock, "across");
    assert_eq!(total(&recorded, "acquired", None), 2);
    assert_eq!(total(&recorded, "across_await", None), 1);
}

#[test]
fn the_other_calls_are_those_of_the_library() {
    static NUMBER: Mutex<(u8, u8)> = Mutex::const_new((1, 2));
    *MutexGuard::map(NUMBER.blocking_lock(), |pair| &mut pair.1) = 3;
    assert_eq!(NUMBER.try_lock().unwrap().1, 3);
    let lock = Arc::new(RwLock::new(1));
    {
        let read = lock.blocking_read();
        assert!(lock.try_write().is_err());
        assert_eq!(*read, 1);
    }
    *lock.blocking_write() = 2;
    runtime().block_on(async {
        let read = Arc::clone(&lock).read_owned().await;
        assert_eq!((*read, *lock.read().await), (2, 2));
        drop(read);
        *Arc::clone(&lock).write_owned().await = 3;
        let locked = Arc::new(Mutex::new(4)).try_lock_owned().unwrap();
        // It keeps the mutex alive.
        assert_eq!(*locked, 4);
    });
    let recorded = recorded(&*lock, "other calls");
    assert_eq!(total(&recorded, "acquired", Some("read")), 3);
    assert_eq!(total(&recorded, "acquired", Some("write")), 2);
    assert_eq!(Arc::into_inner(lock).unwrap().into_inner(), 3);
}

#[test]
fn futures_and_guards_go_to_other_threads() {
    fn is_send(_: &impl Send) {}
    let lock = Mutex::new(1);
    is_send(&lock.lock());
    is_send(&lock.try_lock().unwrap());
    let lock = RwLock::new(1);
    is_send(&lock.read());
    is_send(&lock.try_read().unwrap());
}
