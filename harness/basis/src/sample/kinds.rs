//! What the operations of a group were, where its activity alone does not say it.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Operations by kind, over all threads of a group and the whole slice, the ramp included. Counted by
/// where the threads stood on their tapes, so it costs the timed loops nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kinds {
    /// Lookups.
    pub reads: u64,
    /// Heartbeats.
    pub writes: u64,
    /// Lookups with a heartbeat after them, each pair counted once.
    pub read_modify_writes: u64,
    /// Insertions.
    pub inserts: u64,
    /// Removals.
    pub removes: u64,
    /// Visits to every record.
    pub scans: u64,
    /// Of the lookups and heartbeats: those that asked for a process that never was, as the
    /// scenario's hit rate wants it.
    pub absent: u64,
}

impl Kinds {
    /// The realised hit rate of lookups and heartbeats; `None` if there were none.
    pub fn hit_rate(&self) -> Option<f64> {
        let asked = self.reads + self.writes + self.read_modify_writes;
        (asked > 0).then(|| 1.0 - self.absent as f64 / asked as f64)
    }

    /// The same so many times over.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self {
            reads: self.reads * factor,
            writes: self.writes * factor,
            read_modify_writes: self.read_modify_writes * factor,
            inserts: self.inserts * factor,
            removes: self.removes * factor,
            scans: self.scans * factor,
            absent: self.absent * factor,
        }
    }
}

impl AddAssign for Kinds {
    fn add_assign(&mut self, other: Self) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.read_modify_writes += other.read_modify_writes;
        self.inserts += other.inserts;
        self.removes += other.removes;
        self.scans += other.scans;
        self.absent += other.absent;
    }
}
