//! `atomics/cas`: the same operations as of `atomics/seqlock`, through a handle.

use crate::seq_table::Quota;

// [type]
type Quotas = podtable::CasTable<u64, Quota>;
// [end]

#[test]
fn steps() {
    // [make]
    let quotas = Quotas::with_capacity(1_000);
    // [handle]
    let mut handle = quotas.handle();
    // [end]
    let [quota, other] = [10, 5].map(|expires| Quota {
        used: 0,
        limit: 9,
        expires,
    });
    // [insert]
    let displaced = handle.insert(1, quota).expect("fewer than 2^24");
    // [entry]
    while handle.update(&2, |one| one.used += 1).is_none() {
        handle.insert_if_absent(2, other).expect("fewer than 2^24");
    }
    // [read]
    let left = handle.get(&1).map(|one| one.limit - one.used);
    // [update]
    let updated = handle.update(&1, |one| one.used += 1);
    // [remove]
    let removed = handle.remove(&1);
    // [end]
    assert_eq!((displaced, left, updated), (None, Some(9), Some(())));
    assert_eq!(removed.map(|one| one.used), Some(1));
    assert_eq!(quotas.get(&2).map(|one| one.used), Some(1));
}
