//! `left-right/map`.

use std::thread;

use crate::{NOW, Session, ann, bob, check};

// [type]
use std::collections::HashMap;
use std::sync::Mutex;

type Sessions = left_right::ReadHandle<Side<HashMap<String, Session>>>;
type Writer = Mutex<TwoSides<HashMap<String, Session>>>;
// [helper]
/// One of the two copies.
#[derive(Clone, Default)]
pub struct Side<T>(pub T);

/// Called once for each copy: it must do the same both times.
pub type Change<T> = Box<dyn FnMut(&mut T) + Send>;

impl<T: Clone> left_right::Absorb<Change<T>> for Side<T> {
    fn absorb_first(&mut self, change: &mut Change<T>, _: &Self) {
        change(&mut self.0);
    }

    fn sync_with(&mut self, first: &Self) {
        self.0.clone_from(&first.0);
    }
}

pub struct TwoSides<T: Clone>(left_right::WriteHandle<Side<T>, Change<T>>);

impl<T: Clone + Default> TwoSides<T> {
    pub fn new() -> (Self, left_right::ReadHandle<Side<T>>) {
        let (mut writer, reader) = left_right::new_from_empty(Side(T::default()));
        writer.publish();
        (Self(writer), reader)
    }
}

impl<T: Clone> TwoSides<T> {
    /// What readers see, which is everything that was written.
    pub fn read<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(&self.0.enter().expect("the writer is alive").0)
    }

    pub fn write(&mut self, change: impl FnMut(&mut T) + Send + 'static) {
        self.0.append(Box::new(change)).publish();
    }
}
// [end]

#[test]
fn steps() {
    // [make]
    let (writer, sessions): (_, Sessions) = TwoSides::new();
    let writer = Writer::new(writer);
    // [end]
    let (ann, bob, now) = (ann(), bob(), NOW);
    // [insert]
    writer.lock().unwrap().write(move |table| {
        table.insert("ann".into(), ann.clone());
    });
    // [entry]
    writer.lock().unwrap().write(move |table| {
        table.entry("bob".into()).or_insert(bob.clone()).hits += 1;
    });
    // [read]
    let hits = sessions
        .enter()
        .and_then(|table| Some(table.0.get("ann")?.hits));
    // [keep]
    let kept = sessions
        .enter()
        .and_then(|table| table.0.get("ann").cloned());
    // [update]
    writer.lock().unwrap().write(|table| {
        if let Some(ann) = table.get_mut("ann") {
            ann.hits += 1;
        }
    });
    // [iterate]
    let table = sessions.enter().expect("the writer is alive");
    let total: u64 = table.0.values().map(|one| one.hits).sum();
    drop(table);
    // [expire]
    writer
        .lock()
        .unwrap()
        .write(move |table| table.retain(|_, one| one.expires > now));
    // [remove]
    let mut writing = writer.lock().unwrap();
    let removed = writing.read(|table| table.get("ann").cloned());
    writing.write(|table| drop(table.remove("ann")));
    drop(writing);
    // [end]
    check(hits, kept.as_ref(), total, removed.map(|one| one.hits));
    let reads = {
        // [handle]
        let reader = sessions.clone();
        // [end]
        move || reader.enter().is_some_and(|table| table.0.is_empty())
    };
    assert!(thread::spawn(reads).join().unwrap());
}
