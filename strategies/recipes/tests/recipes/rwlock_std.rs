//! `rwlock/std`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;
use std::sync::RwLock;

type Sessions = RwLock<HashMap<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.write().unwrap().insert("ann".into(), ann);
    // [entry]
    sessions
        .write()
        .unwrap()
        .entry("bob".into())
        .or_insert(bob)
        .hits += 1;
    // [read]
    let hits = sessions.read().unwrap().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.read().unwrap().get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.write().unwrap().get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let total: u64 = sessions.read().unwrap().values().map(|one| one.hits).sum();
    // [expire]
    sessions.write().unwrap().retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.write().unwrap().remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.read().unwrap().is_empty());
}
