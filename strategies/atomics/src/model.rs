//! What the loom models share. Each is beside the stage that it explores:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test --profile model -p pivot-atomics --lib`.
//!
//! Loom looks for another schedule only where an access conflicts with the *last* one to the same
//! atomic, which a writer's own load before its store hides. So the readers are spawned after the
//! writers: they run when the stores are made, and every stale value that a relaxed load may then
//! return is tried. That a missing step is found shows `.ci/orderings`, which leaves out one after the
//! other.

use contract::{Change, Event, Handle, Padded, ProcessId, Record, Specimen, Strategy};

/// Two words: enough to be torn.
pub(crate) type Small = Padded<2>;

pub(crate) const ID: ProcessId = ProcessId(7);
pub(crate) const HEARTBEAT: Event = Event::at(
    0,
    Change::Heartbeat {
        cpu_ns: 0,
        rss_bytes: 0,
    },
);

/// Tries all schedules with so many preemptions.
pub(crate) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// The identifier that is `n` behind [`ID`].
pub(crate) const fn nth(n: u64) -> ProcessId {
    ProcessId(ID.0 + n)
}

fn running_as(id: ProcessId) -> Small {
    let started = Small::pending(id).apply(&Event::at(0, Change::Start));
    started.expect("a legal transition")
}

/// The record of [`ID`], of revision 1.
pub(crate) fn running() -> Small {
    running_as(ID)
}

/// The revision of a record of [`ID`] that has to be whole.
pub(crate) fn whole(record: Small) -> u64 {
    record.examine(ID).expect("whole");
    record.revision()
}

/// A table with room for `capacity` records, and in it the record of [`ID`]. Leaked, because loom's
/// threads want their borrows for ever.
pub(crate) fn with_one_record<S: Strategy<Small>>(capacity: usize) -> &'static S {
    let table: &'static S = Box::leak(Box::new(S::with_capacity(capacity)));
    assert_eq!(insert(&mut table.handle(), 0), None);
    table
}

/// Inserts the [`nth`] record, of revision 1.
pub(crate) fn insert(handle: &mut impl Handle<Small>, n: u64) -> Option<Small> {
    handle.insert(nth(n), running_as(nth(n)))
}

/// Updates the record of [`ID`] and returns its revision.
pub(crate) fn beat(handle: &mut impl Handle<Small>) -> u64 {
    let applied = handle.apply(ID, HEARTBEAT).expect("there");
    applied.expect("a legal transition")
}

/// The revision of the record of [`ID`].
pub(crate) fn read(handle: &mut impl Handle<Small>) -> u64 {
    handle.read(ID, |record| whole(*record)).expect("there")
}
