//! What the user's keys cost beside the identifiers of a table here.
//!
//! A table here hashes an integer with the fastest hasher there is. A user's table may hash strings, or hash with
//! `SipHash`, and it compares the key that it finds with the one that was asked for. Threads spend that: inside the
//! section of a read, as a lock around a map holds it meanwhile, and before a write, whose inside nobody can reach.

use std::collections::HashMap;
use std::hash::{BuildHasher, DefaultHasher};
use std::hint::black_box;

use contract::{IdHasher, ProcessId};
use model::scenario::{HashedKeys, Hasher};

/// The keys of a table.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    hasher: Hasher,
    /// What is asked for. Whoever asks has just made it, so there is one for all: it stays in the cache.
    asked: Box<[u8]>,
    /// The key of each process that is in the table from the beginning, each in memory of its own, as the table of a user
    /// keeps them. Equal to what is asked for, so that a comparison goes through to the end.
    stored: Vec<Box<[u8]>>,
    places: HashMap<ProcessId, u32>,
}

/// An entry of a tape that compares nothing: its process is not in the table, or keys are integers.
const NOTHING: u32 = u32::MAX;

impl Keys {
    /// Makes them for the processes of a table.
    pub(crate) fn new(keys: HashedKeys, processes: &[ProcessId]) -> Self {
        let length = keys.string_bytes.unwrap_or(size_of::<ProcessId>());
        let asked = vec![b'k'; length].into_boxed_slice();
        let compared = keys.string_bytes.map_or(&[][..], |_| processes);
        Self {
            hasher: keys.hasher,
            stored: compared.iter().map(|_| asked.clone()).collect(),
            places: compared.iter().copied().zip(0..).collect(),
            asked,
        }
    }

    /// The entries of a tape that asks for these processes.
    pub(crate) fn entries(&self, ids: &[ProcessId]) -> Vec<u32> {
        let place = |id| self.places.get(id).copied().unwrap_or(NOTHING);
        ids.iter().map(place).collect()
    }

    /// Hashes what is asked for and compares it with the key of an entry.
    #[inline(never)]
    pub(crate) fn look_up(&self, entry: u32) -> u64 {
        let asked = black_box(&*self.asked);
        let hash = match self.hasher {
            Hasher::Fx => hash(IdHasher::default().build_hasher(), asked),
            Hasher::Sip => hash(DefaultHasher::new(), asked),
        };
        let stored = self.stored.get(entry as usize);
        hash ^ u64::from(stored.is_some_and(|stored| **stored == *asked))
    }
}

fn hash(mut hasher: impl std::hash::Hasher, key: &[u8]) -> u64 {
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_compared_and_integers_are_not() {
        let ids = [ProcessId(3), ProcessId(5)];
        let keys = |string_bytes| {
            let hasher = Hasher::Sip;
            Keys::new(
                HashedKeys {
                    string_bytes,
                    hasher,
                },
                &ids,
            )
        };
        let strings = keys(Some(24));
        assert_eq!(
            strings.entries(&[ids[1], ProcessId(4), ids[0]]),
            [1, NOTHING, 0]
        );
        assert_eq!(strings.look_up(0) ^ strings.look_up(NOTHING), 1);
        assert!(strings.stored.iter().all(|key| key.len() == 24));
        let integers = keys(None);
        assert_eq!(integers.entries(&ids), [NOTHING; 2]);
        assert_eq!(integers.asked.len(), 8);
    }

    #[test]
    fn each_hasher_has_its_own_answer() {
        let of = |hasher| {
            let string_bytes = Some(24);
            Keys::new(
                HashedKeys {
                    string_bytes,
                    hasher,
                },
                &[],
            )
            .look_up(NOTHING)
        };
        assert_ne!(of(Hasher::Fx), of(Hasher::Sip));
    }
}
