//! What the loom models share. Each is beside the stage that it explores:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test --profile model -p podtable --lib`.
//!
//! Loom looks for another schedule only where an access conflicts with the *last* one to the same
//! atomic, which a writer's own load before its store hides. So the readers are spawned after the
//! writers: they run when the stores are made, and every stale value that a relaxed load may then
//! return is tried. That a missing step is found shows `.ci/orderings`, which leaves out one after the
//! other.

use alloc::boxed::Box;
use core::hash::{BuildHasherDefault, Hasher};

use crate::handle::Handle;
use crate::replace::Replace;
use crate::sync::{Fences, with_total_order};
use crate::table::Table;

/// Two words: enough to be torn.
pub(crate) type Pair = [u64; 2];

pub(crate) type Small<W> = Table<u64, Pair, W, BuildHasherDefault<Identity>>;
pub(crate) type SmallHandle<W> = Handle<'static, u64, Pair, W, BuildHasherDefault<Identity>>;

pub(crate) const KEY: u64 = 7;

/// The key itself.
#[derive(Debug, Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
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

/// Tries all schedules with so many preemptions, or with as many as `LOOM_MAX_PREEMPTIONS` says if that is less.
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    let most = builder.preemption_bound.unwrap_or(preemptions);
    builder.preemption_bound = Some(preemptions.min(most));
    builder.check(model);
}

/// As [`explore`], where the `SeqCst` accesses have a total order.
pub(crate) fn explore_in_total_order(
    preemptions: usize,
    model: impl Fn() + Copy + Send + Sync + 'static,
) {
    for fences in [Fences::Before, Fences::Behind] {
        with_total_order(fences, || explore(preemptions, model));
    }
}

/// The key that is `n` behind [`KEY`].
pub(crate) const fn nth(n: u64) -> u64 {
    KEY + n
}

/// The value of this number.
pub(crate) const fn pair(number: u64) -> Pair {
    [number, !number]
}

/// The number of a value that has to be whole.
pub(crate) fn whole(value: Pair) -> u64 {
    assert_eq!(value[0], !value[1], "torn");
    value[0]
}

/// Loom's threads want their borrows for ever.
pub(crate) fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A table with room for `capacity` records.
pub(crate) fn empty<W: Replace>(capacity: usize) -> &'static Small<W> {
    leak(Small::with_capacity_and_hasher(
        capacity,
        BuildHasherDefault::default(),
    ))
}

/// A table with room for `capacity` records, and in it the one of [`KEY`], number 1.
pub(crate) fn with_one_record<W: Replace>(capacity: usize) -> &'static Small<W> {
    let table = empty(capacity);
    assert_eq!(insert(&mut table.handle(), 0), None);
    table
}

/// Inserts the [`nth`] record, number 1.
pub(crate) fn insert<W: Replace>(handle: &mut SmallHandle<W>, n: u64) -> Option<Pair> {
    handle.insert(nth(n), pair(1)).expect("room")
}

/// Raises the number of the record of [`KEY`] and returns it.
pub(crate) fn bump<W: Replace>(handle: &mut SmallHandle<W>) -> u64 {
    bump_nth(handle, 0)
}

/// Raises the number of the [`nth`] record and returns it.
pub(crate) fn bump_nth<W: Replace>(handle: &mut SmallHandle<W>, n: u64) -> u64 {
    let raised = handle.update(&nth(n), |value| {
        *value = pair(whole(*value) + 1);
        value[0]
    });
    raised.expect("there")
}

/// The number of the record of [`KEY`].
pub(crate) fn number<W: Replace>(table: &Small<W>) -> u64 {
    whole(table.get(&KEY).expect("there"))
}

/// The number of the record of [`KEY`], read twice.
pub(crate) fn numbers<W: Replace>(handle: &mut SmallHandle<W>) -> [u64; 2] {
    [(); 2].map(|()| whole(handle.get(&KEY).expect("there")))
}
