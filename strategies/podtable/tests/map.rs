//! One thread: the tables do what a map of the standard library does.
#![cfg(not(any(pivot_loom, pivot_shuttle)))]

use std::collections::HashMap;
use std::hash::Hash;

use podtable::{CasTable, Key, Replace, SeqTable, Table, Value};

const STEPS: u64 = 20_000;
/// Few keys, so that most operations meet a record, and more than the table was made for.
const KEYS: u64 = 200;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Carries out the same random operations on both, through a handle and without one.
fn agrees<K, V, W>(table: &Table<K, V, W>, key: fn(u64) -> K, value: fn(u64) -> V)
where
    K: Key + Hash + std::fmt::Debug,
    V: Value + PartialEq + std::fmt::Debug,
    W: Replace,
{
    let mut map = HashMap::new();
    let mut random = Random(7);
    let mut handle = table.handle();
    for step in 0..STEPS {
        let (k, v) = (key(random.next() % KEYS), value(step));
        let by_handle = random.next() % 2 == 0;
        match random.next() % 9 {
            0 | 1 => {
                let displaced = if by_handle {
                    handle.insert(k, v)
                } else {
                    table.insert(k, v)
                };
                assert_eq!(displaced, Ok(map.insert(k, v)));
            }
            2 => {
                let present = if by_handle {
                    handle.insert_if_absent(k, v)
                } else {
                    table.insert_if_absent(k, v)
                };
                assert_eq!(present, Ok(map.get(&k).copied()));
                map.entry(k).or_insert(v);
            }
            3 => {
                let removed = if by_handle {
                    handle.remove(&k)
                } else {
                    table.remove(&k)
                };
                assert_eq!(removed, map.remove(&k));
            }
            8 => {
                let (present, is_met) = (map.get(&k).copied(), step % 2 == 0);
                let condition = |value: &V| {
                    assert_eq!(Some(*value), present);
                    is_met
                };
                let removed = if by_handle {
                    handle.remove_if(&k, condition)
                } else {
                    table.remove_if(&k, condition)
                };
                assert_eq!(removed, present.filter(|_| is_met));
                if is_met {
                    map.remove(&k);
                }
            }
            4 => {
                let swap = |present: &mut V| std::mem::replace(present, v);
                let before = if by_handle {
                    handle.update(&k, swap)
                } else {
                    table.update(&k, swap)
                };
                assert_eq!(before, map.get_mut(&k).map(swap));
            }
            5 => {
                let refuse = |_: &mut V| Err::<(), u64>(step);
                let refused = if by_handle {
                    handle.try_update(&k, refuse)
                } else {
                    table.try_update(&k, refuse)
                };
                assert_eq!(refused, map.contains_key(&k).then_some(Err(step)));
            }
            6 => {
                // Of what is there, or of what is not.
                let present = map.get(&k).copied();
                let current = if by_handle {
                    present.unwrap_or(v)
                } else {
                    value(step + 1)
                };
                let outcome = table.compare_exchange(&k, &current, v);
                if present == Some(current) {
                    assert_eq!(outcome, Ok(()));
                    map.insert(k, v);
                } else {
                    assert_eq!(outcome, Err(present));
                }
            }
            _ => {
                let actual = if by_handle {
                    handle.get(&k)
                } else {
                    table.get(&k)
                };
                assert_eq!(actual, map.get(&k).copied());
                assert_eq!(table.contains_key(&k), actual.is_some());
            }
        }
        assert_eq!(table.len(), map.len());
    }
    let mut records = 0;
    for (k, v) in table {
        assert_eq!(map.get(&k), Some(&v));
        records += 1;
    }
    assert_eq!(records, map.len());
}

fn bytes<const N: usize>(n: u64) -> [u8; N] {
    std::array::from_fn(|i| n.wrapping_mul(i as u64 + 1) as u8)
}

#[test]
fn values_of_a_line() {
    agrees(&SeqTable::with_capacity(16), |n| n, |n| [n; 8]);
    agrees(&CasTable::with_capacity(16), |n| n, |n| [n; 8]);
}

#[test]
fn keys_and_values_that_are_no_whole_words() {
    let key: fn(u64) -> [u8; 13] = bytes;
    agrees(&SeqTable::new(), key, bytes::<12>);
    agrees(&CasTable::new(), key, bytes::<12>);
}

#[test]
fn keys_smaller_than_a_word_and_values_of_several_lines() {
    agrees(&SeqTable::new(), |n| n as u8, |n| [u128::from(n); 10]);
    agrees(&CasTable::new(), |n| n as u8, |n| [u128::from(n); 10]);
}

#[test]
fn values_without_bytes() {
    agrees(&SeqTable::new(), |n| n as i32, |_| ());
    agrees(&CasTable::new(), |n| n as i32, |_| ());
}

#[test]
fn one_key_without_bytes() {
    agrees(&SeqTable::new(), |_| (), |n| n as u16);
    agrees(&CasTable::new(), |_| (), |n| n as u16);
}

#[test]
fn a_loop_over_a_table_may_use_it() {
    let table = SeqTable::<u16, u64>::new();
    for n in 0..100 {
        assert_eq!(table.insert(n, 0), Ok(None));
    }
    for (key, _) in &table {
        table.update(&key, |value| *value += 1);
        if key % 2 == 0 {
            table.remove(&key);
        }
    }
    assert_eq!(table.len(), 50);
    assert!(table.iter().all(|(key, value)| key % 2 == 1 && value == 1));
    // One by one, and the rest at once.
    let mut records = table.iter();
    let first: Vec<_> = records.by_ref().take(7).collect();
    let mut all = records.fold(first, |mut all, record| {
        all.push(record);
        all
    });
    all.sort_unstable();
    assert!(all.into_iter().eq((0..50).map(|n| (2 * n + 1, 1))));
}

#[test]
fn a_change_that_panics_changes_nothing() {
    let table = SeqTable::<u8, [u64; 8]>::new();
    assert_eq!(table.insert(1, [1; 8]), Ok(None));
    let panicked = std::panic::catch_unwind(|| {
        table.update(&1, |value| {
            value[0] = 2;
            assert_eq!(value[0], 1, "a change that panics");
        })
    });
    assert!(panicked.is_err());
    assert_eq!(table.update(&1, |value| value[0]), Some(1));
}

#[test]
fn a_change_that_writes_the_same_record_is_called_again() {
    let table = SeqTable::<u8, u64>::new();
    assert_eq!(table.insert(1, 0), Ok(None));
    let mut calls = 0;
    let last = table.update(&1, |value| {
        calls += 1;
        if calls == 1 {
            assert_eq!(table.insert(1, 10), Ok(Some(0)));
        }
        *value += 1;
        *value
    });
    assert_eq!((last, calls), (Some(11), 2));
}

/// What a thread needs is what the traits say, for any key and value.
#[test]
fn tables_and_handles_can_be_sent() {
    fn sent<T: Send>(_: &T) {}
    fn shared<T: Send + Sync + std::panic::RefUnwindSafe>(_: &T) {}
    let table = CasTable::<u64, [u64; 8]>::new();
    shared(&table);
    sent(&table.handle());
    sent(&table.iter());
    shared(&podtable::SeqCell::new([0_u64; 8]));
}
