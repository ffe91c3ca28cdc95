//! `concurrent-map/scc-hashindex`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use scc::hash_index::Entry;

type Sessions = scc::HashIndex<String, Session>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = match sessions.entry_sync("ann".into()) {
        Entry::Occupied(mut entry) => {
            let displaced = entry.get().clone();
            entry.update(ann);
            Some(displaced)
        }
        Entry::Vacant(entry) => {
            entry.insert_entry(ann);
            None
        }
    };
    // [entry]
    let mut entry = sessions.entry_sync("bob".into()).or_insert(bob);
    let mut bob = entry.get().clone();
    bob.hits += 1;
    entry.update(bob);
    drop(entry);
    // [read]
    let hits_of = |_: &String, one: &Session| one.hits;
    let hits = sessions.peek_with("ann", hits_of);
    // While it is replaced, `peek_with` may miss it: ask again under the lock.
    let hits = hits.or_else(|| sessions.read_sync("ann", hits_of));
    // [keep]
    let kept = sessions.read_sync("ann", |_, ann| ann.clone());
    // [update]
    if let Some(mut entry) = sessions.get_sync("ann") {
        let mut ann = entry.get().clone();
        ann.hits += 1;
        entry.update(ann);
    }
    // [iterate]
    let mut total = 0;
    sessions.iter_sync(|_, one| {
        total += one.hits;
        true // go on
    });
    // [expire]
    sessions.retain_sync(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.get_sync("ann").map(|entry| {
        let removed = entry.get().clone();
        entry.remove_entry();
        removed
    });
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.is_empty());
}
