//! `epoch/table`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;

type Sessions = Versions<HashMap<String, Session>>;
// [helper]
use std::mem;
use std::sync::atomic::Ordering::{Acquire, Release};

use crossbeam_epoch::{Atomic, Owned, pin};

/// A value that is replaced as a whole; an old version is freed when no thread can see it.
pub struct Versions<T>(Atomic<T>);

impl<T: Clone + Send + Sync + 'static> Versions<T> {
    pub fn new(value: T) -> Self {
        Self(Atomic::new(value))
    }

    pub fn read<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        let guard = pin();
        // Acquire: partner of the release below.
        let current = self.0.load(Acquire, &guard);
        // SAFETY: it is never null, and what was loaded after `pin` is not freed before
        // `guard` is dropped.
        look(unsafe { current.deref() })
    }

    /// `change` runs again if another thread's write came first.
    pub fn write<U>(&self, change: impl Fn(&mut T) -> U) -> U {
        let guard = pin();
        let mut current = self.0.load(Acquire, &guard);
        loop {
            // SAFETY: as in `read`.
            let mut next = unsafe { current.deref() }.clone();
            let result = change(&mut next);
            let next = Owned::new(next);
            // Release: whoever loads the pointer sees all of `next`. Acquire on failure:
            // the same of the other thread's version.
            match self
                .0
                .compare_exchange(current, next, Release, Acquire, &guard)
            {
                Ok(_) => {
                    // SAFETY: this exchange removed it, so no thread finds it from now
                    // on and no other one retires it; `T` may be dropped by any thread.
                    unsafe { guard.defer_destroy(current) };
                    guard.flush();
                    return result;
                }
                Err(lost) => current = lost.current,
            }
        }
    }
}

impl<T> Drop for Versions<T> {
    fn drop(&mut self) {
        // SAFETY: nobody else has it, it is never null, and the version in it was not
        // retired.
        drop(unsafe { mem::take(&mut self.0).into_owned() });
    }
}
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::new(HashMap::new());
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.write(|table| table.insert("ann".into(), ann.clone()));
    // [entry]
    sessions.write(|table| table.entry("bob".into()).or_insert(bob.clone()).hits += 1);
    // [read]
    let hits = sessions.read(|table| table.get("ann").map(|ann| ann.hits));
    // [keep]
    let kept = sessions.read(|table| table.get("ann").cloned());
    // [update]
    sessions.write(|table| {
        if let Some(ann) = table.get_mut("ann") {
            ann.hits += 1;
        }
    });
    // [iterate]
    let total: u64 = sessions.read(|table| table.values().map(|one| one.hits).sum());
    // [expire]
    sessions.write(|table| table.retain(|_, one| one.expires > now));
    // [remove]
    let removed = sessions.write(|table| table.remove("ann"));
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.read(HashMap::is_empty));
}

/// Writers that race, and a reader.
#[test]
fn no_write_is_lost() {
    let sessions = Sessions::new(HashMap::from([("ann".into(), ann())]));
    let hits = |table: &HashMap<String, Session>| table["ann"].hits;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..100 {
                    sessions.write(|table| table.get_mut("ann").unwrap().hits += 1);
                }
            });
        }
        let mut last = 0;
        for _ in 0..100 {
            let next = sessions.read(hits);
            assert!(last <= next);
            last = next;
        }
    });
    assert_eq!(sessions.read(hits), 200);
}
