//! `arc-swap/table`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;

type Sessions = Snapshots<HashMap<String, Session>>;
// [helper]
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

/// A value that readers never wait for, and that each write copies.
#[derive(Default)]
pub struct Snapshots<T> {
    pub current: ArcSwap<T>,
    writers: Mutex<()>,
}

impl<T: Clone> Snapshots<T> {
    pub fn write<U>(&self, change: impl FnOnce(&mut T) -> U) -> U {
        let _turn = self.writers.lock().unwrap();
        let mut next = T::clone(&self.current.load());
        let result = change(&mut next);
        self.current.store(Arc::new(next));
        result
    }
}
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.write(|table| table.insert("ann".into(), ann));
    // [entry]
    sessions.write(|table| table.entry("bob".into()).or_insert(bob).hits += 1);
    // [read]
    let hits = sessions.current.load().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.current.load().get("ann").cloned();
    // [update]
    sessions.write(|table| {
        if let Some(ann) = table.get_mut("ann") {
            ann.hits += 1;
        }
    });
    // [iterate]
    let table = sessions.current.load();
    let total: u64 = table.values().map(|one| one.hits).sum();
    drop(table);
    // [expire]
    sessions.write(|table| table.retain(|_, one| one.expires > now));
    // [remove]
    let removed = sessions.write(|table| table.remove("ann"));
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.current.load().is_empty());
}
