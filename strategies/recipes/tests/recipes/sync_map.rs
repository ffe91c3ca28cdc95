//! `hybrid/sync-map`.

use contract::Strategy;

use crate::handles;
use crate::mutex_plain::Quota;

// [type]
type Quotas = hybrid::SyncMap<Quota>;
// [end]

#[test]
fn steps() {
    // [make]
    let quotas = Quotas::with_capacity(1_000);
    // [end]
    handles::steps(&quotas);
}
