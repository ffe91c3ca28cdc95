//! The table that a fault happens to, and what was seen.

use std::collections::BTreeMap;
use std::time::Duration;

use basis::fault::{Attempt, Deed, Fate, Tally};
use contract::{ErasedTable, Handle, ProcessId};
use subject::{MakeTable, Subject, TableHandle};

/// Records that nobody inserts or removes.
const RESIDENTS: u64 = 64;
/// Identifiers that come and go begin here.
const GUESTS: u64 = 1 << 32;

/// How long a thread that has nothing to wait for may take to get where it is to be stopped.
pub(crate) const CATCHING: Duration = Duration::from_secs(5);

/// A filled table, for as long as the process lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) table: &'static ErasedTable<Subject>,
    /// What does not end within this is held up.
    pub(crate) patience: Duration,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) meanwhile: BTreeMap<Deed, Attempt>,
    pub(crate) never: Vec<Deed>,
    pub(crate) tallies: BTreeMap<Tally, i64>,
}

impl Seen {
    /// Adds an attempt; the worst counts.
    pub(crate) fn add(&mut self, deed: Deed, fate: Fate) {
        let attempt = self
            .meanwhile
            .entry(deed)
            .or_insert(Attempt { fate, tries: 0 });
        attempt.tries += 1;
        attempt.fate = attempt.fate.max(fate);
    }
}

impl Scene {
    pub(crate) fn new(make: MakeTable, patience: Duration) -> Self {
        let table = Box::leak(Box::new(make(RESIDENTS as usize)));
        let mut handle = table.handle();
        for id in residents() {
            handle.insert(id, Subject::running(id));
        }
        // The one that a witness removes.
        handle.insert(guest(0), Subject::running(guest(0)));
        handle.publish();
        drop(handle);
        Self { table, patience }
    }

    /// A thread of its own, which nobody joins, with a handle that it keeps.
    pub(crate) fn spawn(self, work: impl FnOnce(&mut TableHandle<'static>) + Send + 'static) {
        std::thread::spawn(move || work(&mut self.table.handle()));
    }
}

/// The processes that are always in the table.
pub(crate) fn residents() -> impl Iterator<Item = ProcessId> + Clone {
    (0..RESIDENTS).map(resident)
}

/// The `n`th of them; the fault is about number 0.
pub(crate) const fn resident(n: u64) -> ProcessId {
    // Neighbours, as process identifiers are, but not all in the same shard.
    ProcessId(4_000 + 7 * (n % RESIDENTS))
}

/// The `n`th of those that come and go; number 0 is in the table at first.
pub(crate) const fn guest(n: u64) -> ProcessId {
    ProcessId(GUESTS + n)
}
