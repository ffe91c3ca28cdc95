//! A sequence lock without its sequence: a reader copies the words and does not look whether they
//! belong together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};

use contract::{Handle, IdMap, PlainRecord, ProcessId, Profile, Strategy, Words as _};

/// A record's words, each of which is atomic; all of them together are not.
type Slot = Box<[AtomicU64]>;

/// Records as words, behind a lock that only guards where they are.
#[derive(Debug, Default)]
pub(crate) struct Unvalidated {
    slots: RwLock<IdMap<Slot>>,
    writer: Mutex<()>,
}

fn load<R: PlainRecord>(slot: &Slot) -> R {
    let mut words = R::Words::zeroed();
    for (word, stored) in words.as_mut().iter_mut().zip(slot) {
        *word = stored.load(Ordering::Acquire);
    }
    R::from_words(words)
}

fn store<R: PlainRecord>(slot: &Slot, record: &R) {
    let words = record.to_words();
    for (stored, &word) in slot.iter().zip(words.as_ref()) {
        stored.store(word, Ordering::Release);
    }
}

impl<R: PlainRecord> Strategy<R> for Unvalidated {
    const PROFILE: Profile = Profile::locked("planted/unvalidated", "wrong in one way");
    type Handle<'s> = &'s Self;

    fn with_capacity(_: usize) -> Self {
        Self::default()
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl<R: PlainRecord> Handle<R> for &Unvalidated {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let slots = self.slots.read().unwrap();
        slots.get(&id).map(|slot| f(&load(slot)))
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let slot = record
            .to_words()
            .as_ref()
            .iter()
            .copied()
            .map(AtomicU64::new)
            .collect();
        let displaced = self.slots.write().unwrap().insert(id, slot);
        displaced.map(|slot| load(&slot))
    }

    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let _writer = self.writer.lock().unwrap();
        let slots = self.slots.read().unwrap();
        let slot = slots.get(&id)?;
        let next = load::<R>(slot).apply(&event);
        Some(next.map(|next| {
            store(slot, &next);
            next.revision()
        }))
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.slots
            .write()
            .unwrap()
            .remove(&id)
            .map(|slot| load(&slot))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, slot) in &*self.slots.read().unwrap() {
            visit(id, &load(slot));
        }
    }
}
