//! `epoch/per-process`: versions of each value; the table is copied when keys come and go.

use crate::epoch_table::Versions;
use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;
use std::sync::Arc;

type Sessions = Versions<HashMap<String, Arc<Versions<Session>>>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::new(HashMap::new());
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let ann = Arc::new(Versions::new(ann));
    let displaced = sessions.write(|table| table.insert("ann".into(), ann.clone()));
    // [entry]
    let bob = Arc::new(Versions::new(bob));
    let bob = sessions.write(|table| {
        let bob = table.entry("bob".into()).or_insert_with(|| bob.clone());
        Arc::clone(bob)
    });
    bob.write(|bob| bob.hits += 1);
    // [read]
    let hits = sessions.read(|table| {
        let ann = table.get("ann");
        ann.map(|ann| ann.read(|ann| ann.hits))
    });
    // [keep]
    let kept = sessions.read(|table| {
        let ann = table.get("ann");
        ann.map(|ann| ann.read(Session::clone))
    });
    // [update]
    sessions.read(|table| {
        if let Some(ann) = table.get("ann") {
            ann.write(|ann| ann.hits += 1);
        }
    });
    // [iterate]
    let total: u64 = sessions.read(|table| {
        let hits = table.values().map(|one| one.read(|one| one.hits));
        hits.sum()
    });
    // [expire]
    let is_live = |one: &Session| one.expires > now;
    sessions.write(|table| table.retain(|_, one| one.read(is_live)));
    // [remove]
    let removed = sessions.write(|table| table.remove("ann"));
    // [end]
    assert!(displaced.is_none());
    let removed = removed.map(|one| one.read(|one| one.hits));
    check(hits, kept.as_ref(), total, removed);
    assert!(sessions.read(HashMap::is_empty));
}
