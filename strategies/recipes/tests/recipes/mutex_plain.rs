//! A hash map of plain data behind a mutex: what a table that copies words replaces.

// [record]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quota {
    pub(crate) used: u64,
    pub(crate) limit: u64,
    pub(crate) expires: u64,
}
// [type]
use std::collections::HashMap;
use std::sync::Mutex;

type Quotas = Mutex<HashMap<u64, Quota>>;
// [end]

#[test]
fn steps() {
    // [make]
    let quotas = Quotas::default();
    // [end]
    let [quota, other] = [10, 5].map(|expires| Quota {
        used: 0,
        limit: 9,
        expires,
    });
    let now = 7;
    // [insert]
    let displaced = quotas.lock().unwrap().insert(1, quota);
    // [entry]
    quotas.lock().unwrap().entry(2).or_insert(other).used += 1;
    // [read]
    let left = quotas
        .lock()
        .unwrap()
        .get(&1)
        .map(|one| one.limit - one.used);
    // [keep]
    let kept = quotas.lock().unwrap().get(&1).copied();
    // [update]
    if let Some(one) = quotas.lock().unwrap().get_mut(&1) {
        one.used += 1;
    }
    // [iterate]
    let total: u64 = quotas.lock().unwrap().values().map(|one| one.used).sum();
    // [expire]
    quotas.lock().unwrap().retain(|_, one| one.expires > now);
    // [remove]
    let removed = quotas.lock().unwrap().remove(&1);
    // [end]
    assert_eq!((displaced, left, kept), (None, Some(9), Some(quota)));
    assert_eq!((total, removed.map(|one| one.used)), (2, Some(1)));
    assert!(quotas.lock().unwrap().is_empty());
}
