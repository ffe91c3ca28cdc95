//! `hybrid/cells`.

use crate::seq_table::Quota;

// [type]
use podtable::SeqCell;

type Quotas = papaya::HashMap<u64, SeqCell<Quota>>;
// [end]

#[test]
fn steps() {
    // [make]
    let quotas = Quotas::new();
    // [end]
    let [quota, other] = [10, 5].map(|expires| Quota {
        used: 0,
        limit: 9,
        expires,
    });
    let now = 7;
    // [insert]
    let table = quotas.pin();
    let cell = table.get(&1);
    let replaced = cell.and_then(|cell| cell.update(|one| std::mem::replace(one, quota)));
    let insert = || table.insert(1, SeqCell::new(quota)).and_then(SeqCell::take);
    let displaced = replaced.or_else(insert);
    drop(table);
    // [entry]
    let table = quotas.pin();
    let cell = table.get_or_insert_with(2, || SeqCell::new(other));
    cell.update(|one| one.used += 1);
    drop(table);
    // [read]
    let left = quotas
        .pin()
        .get(&1)
        .and_then(SeqCell::get)
        .map(|one| one.limit - one.used);
    // [keep]
    let kept = quotas.pin().get(&1).and_then(SeqCell::get);
    // [update]
    let table = quotas.pin();
    let updated = table
        .get(&1)
        .and_then(|cell| cell.update(|one| one.used += 1));
    drop(table);
    // [iterate]
    let table = quotas.pin();
    let total: u64 = table
        .values()
        .filter_map(SeqCell::get)
        .map(|one| one.used)
        .sum();
    drop(table);
    let table = quotas.pin();
    let held = table.get(&2).unwrap();
    // [expire]
    quotas.pin().retain(|_, cell| {
        let is_live = cell.get().is_some_and(|one| one.expires > now);
        if !is_live {
            // What comes later must not change a cell that nobody finds any more.
            cell.take();
        }
        is_live
    });
    // [remove]
    let removed = quotas.pin().remove(&1).and_then(SeqCell::take);
    // [end]
    assert_eq!(held.update(|one| one.used += 1), None);
    assert_eq!((displaced, left, kept), (None, Some(9), Some(quota)));
    assert_eq!((total, removed.map(|one| one.used)), (2, Some(1)));
    assert!(updated.is_some() && quotas.is_empty());
}
