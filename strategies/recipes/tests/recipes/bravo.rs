//! `hybrid/bravo`.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;

type Sessions = hybrid::BiasedLock<HashMap<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::new(HashMap::new());
    // [handle]
    let mut reader = sessions.reader();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.write(|table| table.insert("ann".into(), ann));
    // [entry]
    sessions.write(|table| table.entry("bob".into()).or_insert(bob).hits += 1);
    // [read]
    let hits = reader.read(|table| table.get("ann").map(|ann| ann.hits));
    // [keep]
    let kept = reader.read(|table| table.get("ann").cloned());
    // [update]
    sessions.write(|table| {
        if let Some(ann) = table.get_mut("ann") {
            ann.hits += 1;
        }
    });
    // [iterate]
    let total: u64 = reader.read(|table| table.values().map(|one| one.hits).sum());
    // [expire]
    sessions.write(|table| table.retain(|_, one| one.expires > now));
    // [remove]
    let removed = sessions.write(|table| table.remove("ann"));
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(reader.read(HashMap::is_empty));
}
