//! `concurrent-map/dashmap-default`.

use crate::{NOW, Session, ann, bob, check};

// [type]
type Sessions = dashmap::DashMap<String, Session>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.insert("ann".into(), ann);
    // [entry]
    sessions.entry("bob".into()).or_insert(bob).hits += 1;
    // [read]
    let hits = sessions.get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.get("ann").map(|ann| ann.clone());
    // [update]
    if let Some(mut ann) = sessions.get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let total: u64 = sessions.iter().map(|one| one.hits).sum();
    // [expire]
    sessions.retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.remove("ann").map(|(_, ann)| ann);
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.is_empty());
}
