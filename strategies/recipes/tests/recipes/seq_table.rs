//! `atomics/seqlock`.

// [plain]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Quota {
    pub(crate) used: u64,
    pub(crate) limit: u64,
    pub(crate) expires: u64,
}
// [type]
type Quotas = podtable::SeqTable<u64, Quota>;
// [end]

#[test]
fn steps() {
    // [make]
    let quotas = Quotas::with_capacity(1_000);
    // [end]
    let [quota, other] = [10, 5].map(|expires| Quota {
        used: 0,
        limit: 9,
        expires,
    });
    let now = 7;
    // [insert]
    let displaced = quotas.insert(1, quota).expect("fewer than 2^24");
    // [entry]
    while quotas.update(&2, |one| one.used += 1).is_none() {
        quotas.insert_if_absent(2, other).expect("fewer than 2^24");
    }
    // [read]
    let left = quotas.get(&1).map(|one| one.limit - one.used);
    // [keep]
    let kept = quotas.get(&1);
    // [update]
    let updated: Option<()> = quotas.update(&1, |one| one.used += 1);
    // [iterate]
    let total: u64 = quotas.iter().map(|(_, one)| one.used).sum();
    // [expire]
    let is_over = |one: &Quota| one.expires <= now;
    for (key, one) in &quotas {
        if is_over(&one) {
            quotas.remove_if(&key, is_over);
        }
    }
    // [remove]
    let removed = quotas.remove(&1);
    // [end]
    assert_eq!((displaced, left, kept), (None, Some(9), Some(quota)));
    assert_eq!((total, removed.map(|one| one.used)), (2, Some(1)));
    assert!(updated.is_some() && quotas.is_empty());
}
