//! `sharded/rwlock`.

use crate::{NOW, Session, ann, bob, check};

// [type]
type Sessions = Sharded<String, Session>;
// [helper]
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

pub struct Sharded<K, V> {
    shards: Vec<RwLock<HashMap<K, V>>>,
    hasher: RandomState,
}

impl<K, V> Sharded<K, V> {
    pub fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| RwLock::new(HashMap::new())).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The shard of a key. A thread may lock one at a time.
    fn shard<Q>(&self, key: &Q) -> &RwLock<HashMap<K, V>>
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        let shard = self.hasher.hash_one(key) % self.shards.len() as u64;
        &self.shards[shard as usize]
    }

    pub fn read<Q>(&self, key: &Q) -> RwLockReadGuard<'_, HashMap<K, V>>
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        self.shard(key).read().unwrap()
    }

    pub fn write<Q>(&self, key: &Q) -> RwLockWriteGuard<'_, HashMap<K, V>>
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        self.shard(key).write().unwrap()
    }

    /// Locks one shard after the other for reading.
    pub fn each(&self) -> impl Iterator<Item = RwLockReadGuard<'_, HashMap<K, V>>> {
        self.shards.iter().map(|shard| shard.read().unwrap())
    }

    /// Locks one shard after the other for writing.
    pub fn each_mut(&self) -> impl Iterator<Item = RwLockWriteGuard<'_, HashMap<K, V>>> {
        self.shards.iter().map(|shard| shard.write().unwrap())
    }
}
// [end]

#[test]
fn steps() {
    // [make]
    let sessions = Sessions::new(64);
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    let displaced = sessions.write("ann").insert("ann".into(), ann);
    // [entry]
    sessions
        .write("bob")
        .entry("bob".into())
        .or_insert(bob)
        .hits += 1;
    // [read]
    let hits = sessions.read("ann").get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.read("ann").get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.write("ann").get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let mut total = 0;
    for shard in sessions.each() {
        total += shard.values().map(|one| one.hits).sum::<u64>();
    }
    // [expire]
    for mut shard in sessions.each_mut() {
        shard.retain(|_, one| one.expires > now);
    }
    // [remove]
    let removed = sessions.write("ann").remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.each().all(|shard| shard.is_empty()));
}
