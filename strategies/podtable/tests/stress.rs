//! Reading, writing, churn and growth at the same time, on keys that collide.
#![cfg(not(any(pivot_loom, pivot_shuttle)))]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use podtable::{Handle, InPlace, Replace, Swing, Table};

/// Records that are there from beginning to end.
const STABLE: u64 = 24;
/// Records that come and go.
const CHURNED: u64 = 24;
/// Records that are added one after the other, to a table made for one.
const ADDED: u64 = 10_000;
const CHANGES_PER_WRITER: u64 = 400_000;
const CHURN_ROUNDS: u64 = 20_000;

/// A key of two words, to be read while another is stored.
type Key = [u64; 2];
/// More than a line, and no multiple of a word.
type Value = [u32; 19];

/// Keys whose second word is the same have one home, in a table of any size.
#[derive(Default)]
struct BySecondWord(u64);

impl Hasher for BySecondWord {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (_, word) = bytes.split_last_chunk().expect("a key ends with a word");
        self.0 = u64::from_ne_bytes(*word);
    }

    // Of the length, and of words one by one: the last one counts.
    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }

    fn write_usize(&mut self, _: usize) {}
}

type Tested<W> = Table<Key, Value, W, BuildHasherDefault<BySecondWord>>;
type Access<'t, W> = Handle<'t, Key, Value, W, BuildHasherDefault<BySecondWord>>;

fn stable(n: u64) -> Key {
    [2 * n, 0x7777]
}

fn churned(n: u64) -> Key {
    [2 * n + 1, 0x7777]
}

fn added(n: u64) -> Key {
    [!n, n]
}

/// The value of a record after so many changes.
fn value(key: Key, changes: u64) -> Value {
    let mut value = [0; 19];
    value[0] = changes as u32;
    for (index, word) in (0_u32..).zip(&mut value[1..]) {
        *word = (changes as u32).wrapping_mul(0x9e37_79b1) ^ key[0] as u32 ^ index;
    }
    value
}

/// How often a record has been changed, whose value must be whole.
fn changes(key: Key, present: &Value) -> u64 {
    let changes = u64::from(present[0]);
    assert_eq!(*present, value(key, changes), "torn or another one's");
    changes
}

fn start<W: Replace>(handle: &mut Access<'_, W>, key: Key) {
    assert_eq!(handle.insert(key, value(key, 0)), Ok(None));
    assert!(change(handle, key).is_some());
}

fn change<W: Replace>(handle: &mut Access<'_, W>, key: Key) -> Option<u64> {
    handle.update(&key, |present| {
        let next = changes(key, present) + 1;
        *present = value(key, next);
        next
    })
}

/// Stable records are never missed, never torn and never go back.
fn keep_reading<W: Replace>(table: &Tested<W>, done: &AtomicBool) {
    let mut handle = table.handle();
    let mut last = [0; STABLE as usize];
    while !done.load(Ordering::Acquire) {
        for n in 0..STABLE {
            let key = stable(n);
            let present = if n % 2 == 0 {
                handle.get(&key)
            } else {
                table.get(&key)
            };
            let now = changes(key, &present.expect("never removed"));
            let before = std::mem::replace(&mut last[n as usize], now);
            assert!(now >= before, "record {n} went back");
        }
        for n in 0..CHURNED {
            if let Some(present) = handle.get(&churned(n)) {
                changes(churned(n), &present);
            }
        }
        let mut stable_ones = 0;
        for (key, present) in table {
            changes(key, &present);
            stable_ones += u64::from(key[0] < 2 * STABLE && key[0] % 2 == 0 && key[1] == 0x7777);
        }
        assert_eq!(stable_ones, STABLE, "each once");
    }
}

/// Counts how many changes were made to each stable record.
fn keep_writing<W: Replace>(table: &Tested<W>, seed: u64, made: &[AtomicU64]) {
    let mut handle = table.handle();
    let mut random = seed;
    for _ in 0..CHANGES_PER_WRITER {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let n = (random >> 33) % STABLE;
        assert!(change(&mut handle, stable(n)).is_some());
        made[n as usize].fetch_add(1, Ordering::Relaxed);
        // A record that may be gone: only if it is there, and then as a whole.
        change(&mut handle, churned(random >> 40 & 15));
    }
}

fn keep_churning<W: Replace>(table: &Tested<W>) {
    let mut handle = table.handle();
    for round in 0..CHURN_ROUNDS {
        let (first, second) = (churned(round % CHURNED), churned(round * 7 % CHURNED));
        start(&mut handle, first);
        if second != first {
            start(&mut handle, second);
            let removed = handle.remove(&second).expect("inserted by us");
            changes(second, &removed);
            assert_eq!(handle.get(&second), None);
        }
        let removed = handle.remove(&first).expect("inserted by us");
        changes(first, &removed);
        assert_eq!(handle.remove(&first), None);
    }
}

fn keep_adding<W: Replace>(table: &Tested<W>) {
    for n in 0..ADDED {
        assert_eq!(table.insert(added(n), value(added(n), 1)), Ok(None));
        let earlier = added(n / 2);
        assert_eq!(table.get(&earlier), Some(value(earlier, 1)));
    }
}

fn everything_at_once<W: Replace>() {
    let table = Tested::<W>::default();
    (0..STABLE).for_each(|n| start(&mut table.handle(), stable(n)));
    let made: Vec<AtomicU64> = (0..STABLE).map(|_| AtomicU64::new(0)).collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| keep_reading(&table, &done));
        }
        let writers = [
            scope.spawn(|| keep_writing(&table, 1, &made)),
            scope.spawn(|| keep_writing(&table, 2, &made)),
            scope.spawn(|| keep_churning(&table)),
            scope.spawn(|| keep_adding(&table)),
        ];
        let outcomes = writers.map(thread::ScopedJoinHandle::join);
        done.store(true, Ordering::Release);
        for outcome in outcomes {
            outcome.expect("a writer found nothing wrong");
        }
    });
    let mut counted = HashMap::new();
    for (key, value) in &table {
        let changes = changes(key, &value);
        assert_eq!(counted.insert(key, changes), None, "{key:?} twice");
    }
    assert_eq!(counted.len() as u64, STABLE + ADDED);
    assert_eq!(table.len() as u64, STABLE + ADDED);
    for n in 0..STABLE {
        let expected = 1 + made[n as usize].load(Ordering::Relaxed);
        assert_eq!(counted[&stable(n)], expected, "record {n} lost a change");
    }
    assert!((0..ADDED).all(|n| counted[&added(n)] == 1));
}

#[test]
fn nothing_is_lost_torn_or_missed_in_place() {
    everything_at_once::<InPlace>();
}

#[test]
fn nothing_is_lost_torn_or_missed_by_swing() {
    everything_at_once::<Swing>();
}
