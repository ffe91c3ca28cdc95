//! `left-right/evmap` and `left-right/evmap-batched`.

use std::thread;

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::sync::Mutex;

type Sessions = evmap::handles::ReadHandle<String, Session>;
type Writer = Mutex<evmap::handles::WriteHandle<String, Session>>;
// [end]

#[test]
fn steps() {
    // [make]
    // SAFETY: key and value derive `Eq` and `Hash` over strings and numbers, so equal
    // values always compare and hash equally.
    let (mut writer, sessions) = unsafe { evmap::new_assert_stable() };
    writer.publish();
    let (writer, sessions): (Writer, Sessions) = (Mutex::new(writer), sessions);
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    writer.lock().unwrap().update("ann".into(), ann).publish();
    // [entry]
    let mut table = writer.lock().unwrap();
    let mut bob = table.get_one("bob").map_or(bob, |bob| bob.clone());
    bob.hits += 1;
    table.update("bob".into(), bob).publish();
    drop(table);
    // [read]
    let hits = sessions.get_one("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.get_one("ann").map(|ann| ann.clone());
    // [update]
    let mut table = writer.lock().unwrap();
    let ann = table.get_one("ann").map(|ann| ann.clone());
    if let Some(mut ann) = ann {
        ann.hits += 1;
        table.update("ann".into(), ann).publish();
    }
    drop(table);
    // [iterate]
    let table = sessions.enter().expect("the writer is alive");
    let total: u64 = table.values().flatten().map(|one| one.hits).sum();
    drop(table);
    // [expire]
    let mut table = writer.lock().unwrap();
    let is_old = |one: &Session| one.expires <= now;
    let bags = table.enter().expect("it was published");
    let old = bags
        .iter()
        .filter(|(_, bag)| bag.get_one().is_some_and(is_old));
    let old: Vec<String> = old.map(|(name, _)| name.clone()).collect();
    drop(bags);
    for name in old {
        table.remove_entry(name);
    }
    table.publish();
    drop(table);
    // [remove]
    let mut table = writer.lock().unwrap();
    let removed = table.get_one("ann").map(|ann| ann.clone());
    table.remove_entry("ann".into()).publish();
    drop(table);
    // [end]
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    let reads = {
        // [handle]
        let reader = sessions.clone();
        // [end]
        move || reader.get_one("ann").is_none()
    };
    assert!(thread::spawn(reads).join().unwrap());
    assert!(sessions.is_empty());
}
