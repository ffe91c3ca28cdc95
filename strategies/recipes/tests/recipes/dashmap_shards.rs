//! `concurrent-map/dashmap`: as `concurrent-map/dashmap-default`, with as many shards as were measured.

use dashmap::DashMap;

use crate::{Session, ann};

type Sessions = DashMap<String, Session>;

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::with_shard_amount(64);
    // [end]
    assert_eq!(sessions.insert("ann".into(), ann()), None);
    assert_eq!(sessions.len(), 1);
}
