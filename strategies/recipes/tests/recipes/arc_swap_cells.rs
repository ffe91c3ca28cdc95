//! `arc-swap/per-process`: a pointer for each value; the table is copied when keys come and go.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::arc_swap_table::Snapshots;
use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;

type Sessions = Snapshots<HashMap<String, Arc<ArcSwap<Session>>>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let ann = Arc::new(ArcSwap::from_pointee(ann));
    let displaced = sessions.write(|table| table.insert("ann".into(), ann));
    // [entry]
    let cell = sessions.write(|table| {
        let fresh = || Arc::new(ArcSwap::from_pointee(bob));
        Arc::clone(table.entry("bob".into()).or_insert_with(fresh))
    });
    cell.rcu(|bob| Session {
        hits: bob.hits + 1,
        ..Session::clone(bob)
    });
    // [read]
    let hits = sessions
        .current
        .load()
        .get("ann")
        .map(|ann| ann.load().hits);
    // [keep]
    let kept = sessions
        .current
        .load()
        .get("ann")
        .map(|ann| ann.load_full());
    // [update]
    if let Some(ann) = sessions.current.load().get("ann") {
        ann.rcu(|ann| Session {
            hits: ann.hits + 1,
            ..Session::clone(ann)
        });
    }
    // [iterate]
    let table = sessions.current.load();
    let total: u64 = table.values().map(|one| one.load().hits).sum();
    drop(table);
    // [expire]
    sessions.write(|table| table.retain(|_, one| one.load().expires > now));
    // [remove]
    let removed = sessions.write(|table| table.remove("ann"));
    // [end]
    assert!(displaced.is_none());
    check(
        hits,
        kept.as_deref(),
        total,
        removed.map(|one| one.load().hits),
    );
    assert!(sessions.current.load().is_empty());
}
