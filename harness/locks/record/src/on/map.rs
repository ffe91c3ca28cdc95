//! A map that samples its keys, for maps behind a recorded lock: a lock cannot see which keys are used.

use std::borrow::Borrow;
use std::collections::hash_map;
use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::keys::{Keys, Operation};

/// A hash map whose `get`, `get_mut`, `contains_key`, `insert` and `remove` are sampled. It dereferences to the map
/// of std for all else, which is not sampled. Of the traits of that map it has those listed here: `for entry in &map` is
/// `for entry in map.iter()`.
///
/// [`keys_of`](crate::keys_of) says which lock the keys belong to.
pub struct HashMap<K, V, S = RandomState> {
    map: hash_map::HashMap<K, V, S>,
    keys: Arc<Keys>,
}

/// What has sampled keys.
pub trait Sampled {
    #[doc(hidden)]
    fn sampled(&self) -> Arc<Keys>;
}

impl<K, V, S> Sampled for HashMap<K, V, S> {
    fn sampled(&self) -> Arc<Keys> {
        Arc::clone(&self.keys)
    }
}

impl<K, V> HashMap<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        hash_map::HashMap::with_capacity(capacity).into()
    }
}

impl<K, V, S> HashMap<K, V, S> {
    /// An empty map with another hasher.
    pub fn with_hasher(hasher: S) -> Self {
        hash_map::HashMap::with_hasher(hasher).into()
    }

    /// The map of std.
    pub fn into_inner(self) -> hash_map::HashMap<K, V, S> {
        self.map
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> HashMap<K, V, S> {
    /// The value of a key.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let value = self.map.get(key);
        self.keys.sample(lookup(value.is_some()), || hash(key));
        value
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let value = self.map.get_mut(key);
        self.keys.sample(lookup(value.is_some()), || hash(key));
        value
    }

    /// Whether a key has a value.
    pub fn contains_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// Gives a key a value, and returns the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.keys.sample(Operation::Insert, || hash(&key));
        self.map.insert(key, value)
    }

    /// Removes a key, and returns its value.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.keys.sample(Operation::Remove, || hash(key));
        self.map.remove(key)
    }
}

fn lookup(is_hit: bool) -> Operation {
    [Operation::Miss, Operation::Hit][usize::from(is_hit)]
}

/// The same for equal keys in every run, and not what the map uses, which has a seed.
fn hash<Q: Hash + ?Sized>(key: &Q) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl<K, V, S: Default> Default for HashMap<K, V, S> {
    fn default() -> Self {
        hash_map::HashMap::default().into()
    }
}

impl<K, V, S> From<hash_map::HashMap<K, V, S>> for HashMap<K, V, S> {
    fn from(map: hash_map::HashMap<K, V, S>) -> Self {
        Self {
            map,
            keys: Arc::default(),
        }
    }
}

impl<K: Eq + Hash, V, S: BuildHasher + Default> FromIterator<(K, V)> for HashMap<K, V, S> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        hash_map::HashMap::from_iter(entries).into()
    }
}

impl<K, V, S> Deref for HashMap<K, V, S> {
    type Target = hash_map::HashMap<K, V, S>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl<K, V, S> DerefMut for HashMap<K, V, S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.map
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for HashMap<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}
