//! Two plain maps, by the left-right library, publishing every write.
//!
//! Each copy owns its records. A write is logged once and carried out twice: on the copy that is
//! about to be published, and one publish later on the other one. What the log holds makes the
//! copies equal by construction:
//!
//! | write | on the first copy | on the second copy |
//! |---|---|---|
//! | insert | stores the record | stores a clone, made before the write was logged |
//! | apply | stores the record that the writer computed | replays the event in place |
//! | remove | removes | removes |
//!
//! The replay is where the contract pays: [`Record::apply`] is pure, and the second copy holds an
//! equal record, so it makes the same of the event, without a second copy of the record.

use contract::{
    AfterDeadThread, AfterPanic, IdMap, ProcessId, Profile, Progress, Reclamation, Record,
    Reentrancy, WriteCost, id_map,
};
use left_right::Absorb;

use crate::table::{Copies, Reader, Table};

/// The [`left_right`] library over two [`IdMap`]s, publishing every write.
pub type LeftRightMap<R> = Table<R, Maps<R>>;

/// The writer's end of two maps.
#[derive(Debug)]
pub struct Maps<R: Record>(left_right::WriteHandle<Side<R>, Write<R>>);

/// A reader's end of two maps.
#[derive(Debug)]
pub struct MapReader<R: Record>(left_right::ReadHandle<Side<R>>);

/// One of the two copies.
#[derive(Clone, Debug)]
struct Side<R>(IdMap<R>);

/// A write in the log.
#[derive(Debug)]
enum Write<R: Record> {
    Insert {
        id: ProcessId,
        /// Taken by the first copy.
        first: Option<R>,
        second: R,
    },
    Apply {
        id: ProcessId,
        /// What `event` makes of the record. Taken by the first copy.
        first: Option<R>,
        event: R::Event,
    },
    Remove {
        id: ProcessId,
    },
}

impl<R: Record> Absorb<Write<R>> for Side<R> {
    fn absorb_first(&mut self, write: &mut Write<R>, _: &Self) {
        match write {
            Write::Insert { id, first, .. } | Write::Apply { id, first, .. } => {
                let record = first.take().expect("a write meets its first copy once");
                self.0.insert(*id, record);
            }
            Write::Remove { id } => {
                self.0.remove(id);
            }
        }
    }

    fn absorb_second(&mut self, write: Write<R>, _: &Self) {
        match write {
            Write::Insert { id, second, .. } => {
                self.0.insert(id, second);
            }
            Write::Apply { id, event, .. } => {
                let outcome = self.0.get_mut(&id).map(|r| r.apply_in_place(&event));
                debug_assert!(
                    matches!(outcome, Some(Ok(_))),
                    "the other copy accepted this event"
                );
            }
            Write::Remove { id } => {
                self.0.remove(&id);
            }
        }
    }

    /// Called once, by the second publish; both copies are still empty.
    fn sync_with(&mut self, first: &Self) {
        self.0.clone_from(&first.0);
    }
}

impl<R: Record> Copies<R> for Maps<R> {
    const PROFILE: Profile = Profile {
        library: "left-right",
        avoid_when: "memory is short, writes are frequent, or a reader may keep a record for long",
        reads: Progress::WaitFree,
        after_panic: AfterPanic::Intact,
        after_dead_thread: AfterDeadThread::BlocksWriters,
        inside_read: Reentrancy::Reads,
        inside_scan: Reentrancy::Reads,
        reclamation: Reclamation::NextPublish,
        write_cost: WriteCost::Twice,
        ..Profile::locked(
            "left-right/map",
            "two plain maps, swapped after every write that is then replayed",
        )
    };
    const EVERY: u32 = 1;
    type Reader = MapReader<R>;

    fn with_capacity(processes: usize) -> Self {
        let (mut writer, _) = left_right::new_from_empty(Side(id_map(processes)));
        // Until the first publish the library skips the log and writes to the hidden copy directly:
        // from here on every write goes the same way.
        writer.publish();
        Self(writer)
    }

    fn reader(&self) -> MapReader<R> {
        MapReader((*self.0).clone())
    }

    #[inline]
    fn published<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        read(&self.0, id, f)
    }

    #[inline]
    fn store(&mut self, id: ProcessId, record: R) {
        let second = record.clone();
        self.0.append(Write::Insert {
            id,
            first: Some(record),
            second,
        });
    }

    #[inline]
    fn replace(&mut self, id: ProcessId, next: R, event: R::Event) {
        self.0.append(Write::Apply {
            id,
            first: Some(next),
            event,
        });
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) {
        self.0.append(Write::Remove { id });
    }

    #[inline]
    fn publish(&mut self) {
        self.0.publish();
    }
}

impl<R: Record> Reader<R> for MapReader<R> {
    #[inline]
    fn read<T>(&self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        read(&self.0, id, f)
    }

    fn scan(&self, mut visit: impl FnMut(ProcessId, &R)) {
        for (&id, record) in &enter(&self.0).0 {
            visit(id, record);
        }
    }
}

#[inline]
fn read<R, T>(
    reader: &left_right::ReadHandle<Side<R>>,
    id: ProcessId,
    f: impl FnOnce(&R) -> T,
) -> Option<T> {
    enter(reader).0.get(&id).map(f)
}

/// Enters the published copy. The library refuses only when the writer is gone; ours is part of the
/// table, and the table outlives its readers.
#[inline]
fn enter<R>(reader: &left_right::ReadHandle<Side<R>>) -> left_right::ReadGuard<'_, Side<R>> {
    reader
        .enter()
        .expect("the table, which outlives its readers, owns the writer")
}

#[cfg(test)]
mod tests {
    use contract::{Change, Event, ProcessSnapshot};

    use super::*;

    /// Carries the same writes out as a first and as a second copy would: the results are equal.
    #[test]
    fn both_copies_absorb_a_write_alike() {
        let id = ProcessId(3);
        let pending = ProcessSnapshot::pending(id);
        let start = Event::at(5, Change::Start);
        let writes = || {
            [
                Write::Insert {
                    id,
                    first: Some(pending.clone()),
                    second: pending.clone(),
                },
                Write::Apply {
                    id,
                    first: Some(pending.apply(&start).unwrap()),
                    event: start,
                },
            ]
        };
        let other = Side(IdMap::default());
        let (mut first, mut second) = (other.clone(), other.clone());
        for mut write in writes() {
            first.absorb_first(&mut write, &other);
        }
        for write in writes() {
            second.absorb_second(write, &other);
        }
        assert_eq!(first.0, second.0);
        assert_eq!(first.0[&id].revision(), 1);
        first.absorb_first(&mut Write::Remove { id }, &other);
        second.absorb_second(Write::Remove { id }, &other);
        assert!(first.0.is_empty() && second.0.is_empty());
    }
}
