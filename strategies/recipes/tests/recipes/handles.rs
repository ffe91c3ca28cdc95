//! What the tables of this workspace have in common: records with changes as data, and a handle a thread.

use crate::mutex_plain::Quota;

// [helper]
use std::convert::Infallible;

use contract::{Handle, ProcessId, Record, Strategy};

/// A change as data: some tables carry it out more than once.
#[derive(Clone, Copy, Debug)]
pub struct Use;

impl Record for Quota {
    type Event = Use;
    type Rejected = Infallible;

    fn apply(&self, _: &Use) -> Result<Self, Infallible> {
        Ok(Self {
            used: self.used + 1,
            ..*self
        })
    }

    /// Grows by one with each change.
    fn revision(&self) -> u64 {
        self.used
    }
}
// [end]

pub(crate) fn steps<S: Strategy<Quota>>(quotas: &S) {
    // [handle]
    let mut quotas = quotas.handle();
    // [end]
    let quota = |expires| Quota {
        used: 0,
        limit: 9,
        expires,
    };
    let (other, now) = (quota(5), 7);
    let quota = quota(10);
    quotas.insert(ProcessId(2), other);
    // [insert]
    let displaced = quotas.insert(ProcessId(1), quota);
    // [read]
    let left = quotas.read(ProcessId(1), |one| one.limit - one.used);
    // [keep]
    let kept = quotas.read(ProcessId(1), |one| *one);
    // [update]
    let updated = quotas.apply(ProcessId(1), Use).is_some();
    // [iterate]
    let mut total = 0;
    quotas.scan(|_, one| total += one.used);
    // [expire]
    let mut old = Vec::new();
    quotas.scan(|id, one| {
        if one.expires <= now {
            old.push(id);
        }
    });
    for id in old {
        quotas.remove(id);
    }
    // [remove]
    let removed = quotas.remove(ProcessId(1));
    // [end]
    assert_eq!((displaced, left, kept), (None, Some(9), Some(quota)));
    assert!(updated);
    assert_eq!((total, removed.map(|one| one.used)), (1, Some(1)));
    quotas.scan(|_, _| panic!("all were removed"));
}
