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
    let quota = Quota {
        used: 0,
        limit: 9,
        expires: 10,
    };
    assert_eq!(quotas.insert(1, quota), Ok(None));
    // [read]
    let left = handle.get(&1).map(|one| one.limit - one.used);
    // [update]
    let updated = handle.update(&1, |one| one.used += 1);
    // [end]
    assert_eq!((left, updated), (Some(9), Some(())));
    assert_eq!(quotas.remove(&1).map(|one| one.used), Some(1));
}
