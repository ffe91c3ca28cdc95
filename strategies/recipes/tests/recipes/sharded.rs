//! `sharded/mutex` and `sharded/padded`.

use crate::{NOW, Session, ann, bob, check};

// [type]
type Sessions = Sharded<String, Session>;
// [helper]
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard};

/// On cache lines of its own: `sharded/mutex` is the same without the attribute.
#[repr(align(128))]
struct Shard<K, V>(Mutex<HashMap<K, V>>);

pub struct Sharded<K, V> {
    shards: Vec<Shard<K, V>>,
    hasher: RandomState,
}

impl<K, V> Sharded<K, V> {
    pub fn new(shards: usize) -> Self {
        let shard = |_| Shard(Mutex::new(HashMap::new()));
        Self {
            shards: (0..shards).map(shard).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Locks the shard of a key. A thread may hold one at a time.
    pub fn lock<Q>(&self, key: &Q) -> MutexGuard<'_, HashMap<K, V>>
    where
        K: Borrow<Q>,
        Q: Hash + ?Sized,
    {
        let shard = self.hasher.hash_one(key) % self.shards.len() as u64;
        self.shards[shard as usize].0.lock().unwrap()
    }

    /// Locks one shard after the other.
    pub fn each(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<K, V>>> {
        self.shards.iter().map(|shard| shard.0.lock().unwrap())
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
    let displaced = sessions.lock("ann").insert("ann".into(), ann);
    // [entry]
    sessions.lock("bob").entry("bob".into()).or_insert(bob).hits += 1;
    // [read]
    let hits = sessions.lock("ann").get("ann").map(|ann| ann.hits);
    // [keep]
    let kept = sessions.lock("ann").get("ann").cloned();
    // [update]
    if let Some(ann) = sessions.lock("ann").get_mut("ann") {
        ann.hits += 1;
    }
    // [iterate]
    let mut total = 0;
    for shard in sessions.each() {
        total += shard.values().map(|one| one.hits).sum::<u64>();
    }
    // [expire]
    for mut shard in sessions.each() {
        shard.retain(|_, one| one.expires > now);
    }
    // [remove]
    let removed = sessions.lock("ann").remove("ann");
    // [end]
    assert_eq!(displaced, None);
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    assert!(sessions.each().all(|shard| shard.is_empty()));
}

/// Each table has a seed of its own: a key that is hashed as another integer is missed in nearly all of them.
#[test]
fn a_key_is_found_again_however_it_is_written() {
    let id: u64 = 7;
    for _ in 0..8 {
        let table = Sharded::<u64, u64>::new(64);
        table.lock(&7).insert(7, 1);
        assert!(table.lock(&id).contains_key(&id));
    }
}
