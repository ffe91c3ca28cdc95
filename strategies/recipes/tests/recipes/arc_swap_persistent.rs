//! `arc-swap/persistent`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use arc_swap::ArcSwap;

type Sessions = ArcSwap<imbl::HashMap<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let before = sessions.rcu(|table| table.update("ann".into(), ann.clone()));
    let displaced = before.get("ann");
    // [entry]
    sessions.rcu(|table| {
        let mut table = imbl::HashMap::clone(table);
        table.entry("bob".into()).or_insert(bob.clone()).hits += 1;
        table
    });
    // [read]
    let hits = sessions.load().get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.load().get("ann").cloned();
    // [update]
    sessions.rcu(|table| {
        let mut table = imbl::HashMap::clone(table);
        if let Some(ann) = table.get_mut("ann") {
            ann.hits += 1;
        }
        table
    });
    // [iterate]
    let table = sessions.load();
    let total: u64 = table.values().map(|one| one.hits).sum();
    drop(table);
    // [expire]
    sessions.rcu(|table| {
        let mut table = imbl::HashMap::clone(table);
        table.retain(|_, one| one.expires > now);
        table
    });
    // [remove]
    let before = sessions.rcu(|table| table.without("ann"));
    let removed = before.get("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.load().is_empty());
}
