//! `concurrent-map/scc-hashmap`.

use crate::{NOW, Session, ann, bob, check};

// [type]
type Sessions = scc::HashMap<String, Session>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.upsert_sync("ann".into(), ann);
    // [entry]
    sessions
        .entry_sync("bob".into())
        .or_insert(bob)
        .get_mut()
        .hits += 1;
    // [read]
    let hits = sessions.read_sync("ann", |_, ann| ann.hits);
    // [keep]
    let kept = sessions.read_sync("ann", |_, ann| ann.clone());
    // [update]
    let updated = sessions.update_sync("ann", |_, ann| ann.hits += 1);
    // [iterate]
    let mut total = 0;
    sessions.iter_sync(|_, one| {
        total += one.hits;
        true // go on
    });
    // [expire]
    sessions.retain_sync(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.remove_sync("ann").map(|(_, ann)| ann);
    // [end]
    assert_eq!((displaced, updated), (None, Some(())));
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.is_empty());
}
