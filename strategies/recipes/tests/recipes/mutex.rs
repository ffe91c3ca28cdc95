//! A hash map behind a mutex: what is replaced.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;
use std::sync::Mutex;

type Sessions = Mutex<HashMap<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.lock().unwrap().insert("ann".into(), ann);
    // [entry]
    sessions
        .lock()
        .unwrap()
        .entry("bob".into())
        .or_insert(bob)
        .hits += 1;
    // [read]
    let hits = sessions.lock().unwrap().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.lock().unwrap().get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.lock().unwrap().get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let total: u64 = sessions.lock().unwrap().values().map(|one| one.hits).sum();
    // [expire]
    sessions.lock().unwrap().retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.lock().unwrap().remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.lock().unwrap().is_empty());
}
