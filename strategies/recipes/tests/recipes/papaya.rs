//! `concurrent-map/papaya`.

use crate::{NOW, Session, ann, bob, check};

// [type]
type Sessions = papaya::HashMap<String, Session>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.pin().insert("ann".into(), ann).cloned();
    // [entry]
    let hit = |one: &Session| Session {
        hits: one.hits + 1,
        ..one.clone()
    };
    sessions
        .pin()
        .update_or_insert_with("bob".into(), hit, || hit(&bob));
    // [read]
    let hits = sessions.pin().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.pin().get("ann").cloned();
    // [update]
    let hit = |one: &Session| Session {
        hits: one.hits + 1,
        ..one.clone()
    };
    let updated = sessions.pin().update("ann".into(), hit).is_some();
    // [iterate]
    let total: u64 = sessions.pin().values().map(|one| one.hits).sum();
    // [expire]
    sessions.pin().retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.pin().remove("ann").cloned();
    // [end]
    assert_eq!((displaced, updated), (None, true));
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.is_empty());
}
