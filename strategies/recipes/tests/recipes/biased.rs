//! `hybrid/biased`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;

type Sessions = biased_rwlock::RwLock<HashMap<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.write().insert("ann".into(), ann);
    // [entry]
    sessions.write().entry("bob".into()).or_insert(bob).hits += 1;
    // [read]
    let hits = sessions.read().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.read().get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.write().get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let total: u64 = sessions.read().values().map(|one| one.hits).sum();
    // [expire]
    sessions.write().retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.write().remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.read().is_empty());
}
