//! The mutex, held for a lookup and no longer: its values are shared.

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

type Sessions = Mutex<HashMap<String, Arc<Session>>>;
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::default();
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.lock().unwrap().insert("ann".into(), ann.into());
    // [entry]
    let mut table = sessions.lock().unwrap();
    let bob = table.entry("bob".into()).or_insert(bob.into());
    Arc::make_mut(bob).hits += 1;
    drop(table);
    // [read]
    let ann = sessions.lock().unwrap().get("ann").cloned();
    let hits = ann.map(|ann| ann.hits);
    // [keep]
    let kept = sessions.lock().unwrap().get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.lock().unwrap().get_mut("ann") {
        Arc::make_mut(ann).hits += 1;
    }
    // [iterate]
    let all: Vec<_> = sessions.lock().unwrap().values().cloned().collect();
    let total: u64 = all.iter().map(|one| one.hits).sum();
    // [expire]
    sessions.lock().unwrap().retain(|_, one| one.expires > now);
    // [remove]
    let removed = sessions.lock().unwrap().remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_deref(), total, removed.map(|one| one.hits));
    assert!(sessions.lock().unwrap().is_empty());
}
