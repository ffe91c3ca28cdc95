//! `mutex/parking_lot`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;

type Sessions = parking_lot::Mutex<HashMap<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.lock().insert("ann".into(), ann);
    // [entry]
    sessions.lock().entry("bob".into()).or_insert(bob).hits += 1;
    // [read]
    let hits = sessions.lock().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.lock().get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.lock().get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let total: u64 = sessions.lock().values().map(|one| one.hits).sum();
    // [expire]
    sessions.lock().retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.lock().remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.lock().is_empty());
}
