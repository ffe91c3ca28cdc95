//! `arc-swap/cached`: writes as with `arc-swap/table`.

use std::collections::HashMap;
use std::thread;

use crate::arc_swap_table::Snapshots;
use crate::{Session, ann};

type Sessions = Snapshots<HashMap<String, Session>>;

#[test]
fn steps() {
    let sessions = Sessions::default();
    sessions.write(|table| table.insert("ann".into(), ann()));
    let read = || {
        // [handle]
        let mut reader = arc_swap::Cache::new(&sessions.current);
        // [read]
        let hits = reader.load().get("ann").map(|ann| ann.hits);
        // [keep]
        let kept = reader.load().get("ann").cloned();
        // [iterate]
        let total: u64 = reader.load().values().map(|one| one.hits).sum();
        // [end]
        (hits, kept, total)
    };
    thread::scope(|scope| {
        let other = scope.spawn(read).join().unwrap();
        assert_eq!(other, (Some(0), Some(ann()), 0));
    });
    sessions.write(HashMap::clear);
    assert_eq!(read(), (None, None, 0));
}
