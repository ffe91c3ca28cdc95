//! What needs to look inside.

use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::vec::Vec;

use super::*;
use crate::array::looks;

/// The key itself: without a seed, so that what is counted is the same each time.
#[derive(Default)]
struct Identity(u64);

impl core::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are words");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

type Tested<W> = Table<u64, [u64; 8], W, BuildHasherDefault<Identity>>;

fn with_capacity<W: Replace>(records: usize) -> Tested<W> {
    Tested::with_capacity_and_hasher(records, BuildHasherDefault::default())
}

fn key(n: u64) -> u64 {
    n.wrapping_mul(0xd134_2543_de82_ef95)
}

fn leaves_no_residue<W: Replace>() {
    let table = with_capacity::<W>(100);
    let free = table.structure().free.len();
    for round in 0..50 {
        let mut handle = table.handle();
        for n in 0..100 {
            let key = key(n * 1000 + round);
            assert_eq!(handle.insert(key, [n; 8]), Ok(None));
            assert_eq!(handle.insert(key, [n + 1; 8]), Ok(Some([n; 8])));
        }
        assert_eq!(table.len(), 100);
        for n in (0..100).rev() {
            assert_eq!(handle.remove(&key(n * 1000 + round)), Some([n + 1; 8]));
        }
    }
    assert_eq!(table.structure().free.len(), free);
    assert!(table.is_empty());
    assert!(table.generations.newest().view().is_as_new());
    assert!(!table.has_grown());
}

#[test]
fn removal_leaves_no_residue() {
    leaves_no_residue::<InPlace>();
    leaves_no_residue::<Swing>();
}

/// Records before the table grows, and as many come later.
const RECORDS: u64 = 1_000;
/// More than any chain of displaced records in two generations, with [`key`]s and this hash.
const LOOKS_MAX: usize = 16;

/// What a handle does first that has slept while the table grew: it looks at no more slots than one
/// that is awake, and not at the rest of the old generation.
fn a_sleeper_finds_its_way<W: Replace>() {
    type Act<W> = fn(&mut Handle<'_, u64, [u64; 8], W, BuildHasherDefault<Identity>>, u64) -> bool;
    let acts: [(&str, Act<W>); 5] = [
        ("get", |handle, key| handle.get(&key).is_some()),
        ("update", |handle, key| {
            handle.update(&key, |value| value[0] += 1).is_some()
        }),
        ("remove", |handle, key| handle.remove(&key).is_some()),
        ("remove if", |handle, key| {
            handle.remove_if(&key, |_| true).is_some()
        }),
        ("insert", |handle, key| {
            handle.insert(key, [7; 8]).unwrap().is_some()
        }),
    ];
    let targets = [("old", 0), ("newer", RECORDS), ("absent", 2 * RECORDS)];
    for (act, perform) in acts {
        for (target, first) in targets {
            let table = with_capacity::<W>(RECORDS as usize);
            let fill = |numbers: Range<u64>| {
                let mut handle = table.handle();
                for n in numbers {
                    assert_eq!(handle.insert(key(n), [n; 8]), Ok(None));
                }
            };
            fill(0..RECORDS / 2);
            let sleepers: Vec<_> = (0..RECORDS / 8).map(|_| table.handle()).collect();
            assert!(!table.has_grown(), "they are all in the first");
            fill(RECORDS / 2..2 * RECORDS);
            assert!(table.has_grown(), "it has grown");
            for (n, mut sleeper) in (first..).zip(sleepers) {
                looks::taken();
                assert_eq!(perform(&mut sleeper, key(n)), target != "absent");
                let looks = looks::taken();
                assert!(
                    looks < LOOKS_MAX,
                    "{act} of {target} record {n}: {looks} slots"
                );
            }
        }
    }
}

#[test]
fn a_handle_that_slept_while_the_table_grew_finds_its_way() {
    a_sleeper_finds_its_way::<InPlace>();
    a_sleeper_finds_its_way::<Swing>();
}

#[test]
fn more_handles_than_buffers_make_the_table_grow() {
    let table = with_capacity::<Swing>(1);
    let mut first = table.handle();
    assert_eq!(first.insert(1, [1; 8]), Ok(None));
    let mut handles: Vec<_> = (0..100).map(|_| table.handle()).collect();
    for handle in &mut handles {
        assert_eq!(handle.insert(1, [1; 8]), Ok(Some([1; 8])));
    }
    assert_eq!(first.get(&1), Some([1; 8]));
    assert!(table.has_grown());
}

/// The closure of an update is called again only if another writer was faster: not for want of a handle, or of a
/// spare.
fn changes_once<W: Replace>() {
    let once = |table: &Tested<W>, by: &str| {
        let mut calls = 0;
        let changed = if by == "handle" {
            table.handle().update(&1, |_| calls += 1)
        } else {
            table.update(&1, |_| calls += 1)
        };
        assert_eq!((changed, calls), (Some(()), 1), "by {by}");
    };
    let table = with_capacity::<W>(1);
    assert_eq!(table.insert(1, [1; 8]), Ok(None));
    once(&table, "handle");
    once(&table, "table");
    let full = Tested::<W>::limited(1);
    assert_eq!(full.insert(1, [1; 8]), Ok(None));
    once(&full, "handle");
    once(&full, "table");
}

#[test]
fn an_update_that_nobody_disturbs_calls_its_closure_once() {
    changes_once::<InPlace>();
    changes_once::<Swing>();
}

/// What is at its limit refuses records, and nothing else.
fn is_full<W: Replace>() {
    let table = Tested::<W>::limited(4);
    let full = CapacityError { limit: 4 };
    assert_eq!(table.reserve(4), Ok(()));
    assert_eq!(table.reserve(5), Err(full));
    // Each takes the last free buffers as a spare and gives it back.
    for n in 0..4 {
        assert_eq!(table.insert(n, [n; 8]), Ok(None), "record {n}");
    }
    assert_eq!(table.insert(4, [4; 8]), Err(full));
    assert_eq!(table.insert_if_absent(4, [4; 8]), Err(full));
    assert_eq!(table.insert_if_absent(3, [4; 8]), Ok(Some([3; 8])));
    assert_eq!(table.reserve(1), Err(full));
    let mut handle = table.handle();
    assert_eq!(handle.insert(3, [5; 8]), Ok(Some([3; 8])));
    assert_eq!(handle.update(&3, |value| value[0]), Some(5));
    assert_eq!(table.compare_exchange(&3, &[5; 8], [3; 8]), Ok(()));
    assert_eq!(handle.remove(&0), Some([0; 8]));
    assert_eq!(handle.insert(4, [4; 8]), Ok(None));
    let mut records: Vec<_> = table.iter().collect();
    records.sort_unstable();
    assert_eq!(records, [1, 2, 3, 4].map(|n| (n, [n; 8])));
    assert!(!table.has_grown());
}

#[test]
fn a_table_at_its_limit_refuses_records_and_nothing_else() {
    is_full::<InPlace>();
    is_full::<Swing>();
}

#[test]
fn room_that_was_reserved_is_there() {
    let table = with_capacity::<InPlace>(0);
    assert_eq!(table.insert(0, [0; 8]), Ok(None));
    assert_eq!(table.reserve(1000), Ok(()));
    let capacity = table.capacity();
    for n in 1..=1000 {
        assert_eq!(table.insert(n, [n; 8]), Ok(None));
    }
    assert_eq!(table.capacity(), capacity);
    assert_eq!(
        table.reserve(usize::MAX),
        Err(CapacityError {
            limit: Tested::<InPlace>::RECORDS_MAX
        })
    );
}

/// Integers are their own hash here, whichever of their bits differ.
#[test]
fn integers_that_are_their_own_hash_are_spread() {
    let looks_each = |keys: &dyn Fn(u64) -> u64| {
        let table = with_capacity::<InPlace>(RECORDS as usize);
        let mut handle = table.handle();
        for n in 0..RECORDS {
            assert_eq!(handle.insert(keys(n), [n; 8]), Ok(None));
        }
        looks::taken();
        for n in 0..RECORDS {
            assert_eq!(handle.get(&keys(n)), Some([n; 8]));
        }
        looks::taken() as f64 / RECORDS as f64
    };
    let ascending = looks_each(&|n| n);
    assert!(ascending < 1.01, "ascending: {ascending}");
    let with_gaps = looks_each(&|n| 2 * n + n % 2);
    assert!(with_gaps < 1.2, "with gaps: {with_gaps}");
    for shift in 0..=48 {
        let shifted = looks_each(&|n| n << shift);
        assert!(shifted < 3.0, "shifted by {shift}: {shifted}");
    }
}

/// A hasher that panics while a table grows leaves it as it was.
#[test]
fn a_panic_in_the_hasher_leaves_the_table_as_it_was() {
    use std::hash::{BuildHasher, RandomState};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Panicking {
        state: RandomState,
        calls_left: AtomicUsize,
    }
    impl BuildHasher for Panicking {
        type Hasher = <RandomState as BuildHasher>::Hasher;
        fn build_hasher(&self) -> Self::Hasher {
            let left = self.calls_left.fetch_sub(1, Ordering::Relaxed);
            assert_ne!(left, 0, "a hasher that panics");
            self.state.build_hasher()
        }
    }

    let panicking = Panicking::default();
    panicking.calls_left.store(usize::MAX, Ordering::Relaxed);
    let table = SeqTable::<u64, u64, _>::with_hasher(panicking);
    let capacity = table.capacity() as u64;
    for n in 0..capacity {
        assert_eq!(table.insert(n, n), Ok(None));
    }
    // One for its key, in each of three lookups, and one for the first of those that are there.
    table.hasher().calls_left.store(4, Ordering::Relaxed);
    let grown = catch_unwind(AssertUnwindSafe(|| table.insert(capacity, capacity)));
    assert!(grown.is_err());
    table
        .hasher()
        .calls_left
        .store(usize::MAX, Ordering::Relaxed);
    assert_eq!(table.capacity() as u64, capacity);
    for n in 0..capacity {
        assert_eq!(table.update(&n, |value| *value + 1), Some(n + 1));
    }
    assert_eq!(table.insert(capacity, capacity), Ok(None));
    assert_eq!(table.len() as u64, capacity + 1);
}
