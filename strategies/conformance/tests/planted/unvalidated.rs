//! A sequence lock without its sequence: a reader copies the words and does not look whether they
//! belong together.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};

use bytemuck::Zeroable;
use contract::{Handle, IdMap, PlainRecord, ProcessId, Profile, Strategy};

use crate::meeting::{Act, Joined, Meeting};

/// A record's words, each of which is atomic; all of them together are not.
type Slot = Box<[AtomicU64]>;

/// Records as words, behind a lock that only guards where they are.
#[derive(Debug)]
pub(crate) struct Unvalidated {
    slots: RwLock<IdMap<Slot>>,
    writer: Mutex<()>,
    meeting: Meeting,
}

fn load<R: PlainRecord>(slot: &Slot) -> R {
    load_slowly(slot, || ())
}

/// Does something when it has half of the words.
fn load_slowly<R: PlainRecord>(slot: &Slot, half_way: impl FnOnce()) -> R {
    let mut words = R::Words::zeroed();
    let mut load = |range: Range<usize>| {
        let words = &mut words.as_mut()[range.clone()];
        for (word, stored) in words.iter_mut().zip(&slot[range]) {
            *word = stored.load(Ordering::Acquire);
        }
    };
    let half = slot.len() / 2;
    load(0..half);
    half_way();
    load(half..slot.len());
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
    type Handle<'s> = Joined<'s, Self>;

    fn with_capacity(_: usize) -> Self {
        Self {
            slots: RwLock::default(),
            writer: Mutex::default(),
            meeting: Meeting::new(true),
        }
    }

    fn handle(&self) -> Joined<'_, Self> {
        Joined::new(self, &self.meeting)
    }
}

impl<R: PlainRecord> Handle<R> for Joined<'_, Unvalidated> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        let Unvalidated { slots, meeting, .. } = self.table;
        meeting.begin();
        let slots = slots.read().unwrap();
        let half_way = || meeting.wait(Act::Write, id, 1);
        slots.get(&id).map(|slot| f(&load_slowly(slot, half_way)))
    }

    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let slot = record
            .to_words()
            .as_ref()
            .iter()
            .copied()
            .map(AtomicU64::new)
            .collect();
        let displaced = self.table.slots.write().unwrap().insert(id, slot);
        displaced.map(|slot| load(&slot))
    }

    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let meeting = &self.table.meeting;
        meeting.begin();
        meeting.expect();
        let _writer = self.table.writer.lock().unwrap();
        let slots = self.table.slots.read().unwrap();
        let slot = slots.get(&id)?;
        let next = load::<R>(slot).apply(&event);
        Some(next.map(|next| {
            store(slot, &next);
            meeting.did(Act::Write, id);
            next.revision()
        }))
    }

    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.table
            .slots
            .write()
            .unwrap()
            .remove(&id)
            .map(|slot| load(&slot))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, slot) in &*self.table.slots.read().unwrap() {
            visit(id, &load(slot));
        }
    }
}
