//! Yardsticks for the measurement itself that have tables of their own: registered beside the
//! contenders, never recommended. The doubles of the baseline are not here: they are tables of its own
//! type ([`model::controls::PLANTED`]).

use std::hint::black_box;
use std::sync::{Mutex, OnceLock, PoisonError};

use contract::{
    Concurrency, Family, Handle, IdMap, ProcessId, Profile, Record, Role, Strategy, Visitor, id_map,
};
use model::controls::{NO_OP, UNSYNCHRONISED};

/// The controls, as a family.
pub(crate) struct Controls;

impl Family for Controls {
    fn any<R: Record>(visitor: &mut impl Visitor<R>) {
        visitor.visit::<NoOp<R>>();
        visitor.visit::<Unsynchronised<R>>();
    }
}

const fn control(name: &'static str, summary: &'static str) -> Profile {
    Profile {
        role: Role::Control,
        avoid_when: "always: it is a yardstick",
        ..Profile::locked(name, summary)
    }
}

/// [`NO_OP`]: answers every read with the first record it was given, and stores nothing.
///
/// What it costs is what the harness costs: it takes whatever it is given, so that no identifier is left
/// unread on its tape and no event or record is left unmade.
pub(crate) struct NoOp<R>(OnceLock<R>);

/// A thread's access to a [`NoOp`].
pub(crate) struct NoOpHandle<'s, R> {
    table: &'s NoOp<R>,
    record: Option<&'s R>,
}

impl<R: Record> Strategy<R> for NoOp<R> {
    const PROFILE: Profile = control(NO_OP, "stores nothing and answers at once");
    type Handle<'s> = NoOpHandle<'s, R>;

    fn with_capacity(_processes: usize) -> Self {
        Self(OnceLock::new())
    }

    fn handle(&self) -> NoOpHandle<'_, R> {
        NoOpHandle {
            table: self,
            record: self.0.get(),
        }
    }
}

impl<R: Record> Handle<R> for NoOpHandle<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        black_box(id);
        self.record.map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        let (_, record) = black_box((id, record));
        if self.record.is_none() {
            self.record = Some(self.table.0.get_or_init(|| record));
        }
        None
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        black_box((id, event));
        Some(Ok(0))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        black_box(id);
        None
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        if let Some(record) = self.record {
            visit(ProcessId(0), record);
        }
    }
}

/// [`UNSYNCHRONISED`]: a plain map for each handle.
///
/// The first handle fills one. A later handle takes a map that no other handle has and gives it back at its end; of the
/// last one it takes a copy. So operations pay for no synchronization and share nothing: what a lock without any cost
/// could reach at most.
pub(crate) struct Unsynchronised<R> {
    processes: usize,
    free: Mutex<Vec<IdMap<R>>>,
}

/// A handle's own map.
pub(crate) struct Owned<'s, R> {
    free: &'s Mutex<Vec<IdMap<R>>>,
    map: IdMap<R>,
}

impl<R> Drop for Owned<'_, R> {
    fn drop(&mut self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(std::mem::take(&mut self.map));
    }
}

impl<R: Record> Strategy<R> for Unsynchronised<R> {
    const PROFILE: Profile = Profile {
        concurrency: Concurrency::OneThread,
        ..control(
            UNSYNCHRONISED,
            "a plain map for each thread, without any synchronization",
        )
    };
    type Handle<'s> = Owned<'s, R>;

    fn with_capacity(processes: usize) -> Self {
        Self {
            processes,
            free: Mutex::default(),
        }
    }

    fn handle(&self) -> Owned<'_, R> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let map = match &free[..] {
            [last] => last.clone(),
            _ => free.pop().unwrap_or_else(|| id_map(self.processes)),
        };
        Owned {
            free: &self.free,
            map,
        }
    }
}

impl<R: Record> Handle<R> for Owned<'_, R> {
    #[inline(always)]
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&R) -> T) -> Option<T> {
        self.map.get(&id).map(f)
    }

    #[inline]
    fn insert(&mut self, id: ProcessId, record: R) -> Option<R> {
        self.map.insert(id, record)
    }

    #[inline(always)]
    fn apply(&mut self, id: ProcessId, event: R::Event) -> Option<Result<u64, R::Rejected>> {
        let record = self.map.get_mut(&id)?;
        Some(record.apply_in_place(&event))
    }

    #[inline]
    fn remove(&mut self, id: ProcessId) -> Option<R> {
        self.map.remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &R)) {
        self.map.iter().for_each(|(&id, record)| visit(id, record));
    }
}

#[cfg(test)]
mod tests {
    use contract::ProcessStatus;

    use super::*;

    #[test]
    fn every_thread_has_a_filled_map_of_its_own() {
        let table = Unsynchronised::<ProcessStatus>::with_capacity(4);
        let id = ProcessId(7);
        table.handle().insert(id, ProcessStatus::pending(id));
        for _ in 0..2 {
            let (mut first, mut second) = (table.handle(), table.handle());
            assert!(first.remove(id).is_some());
            assert!(second.read(id, |_| ()).is_some(), "not the same map");
            first.insert(id, ProcessStatus::pending(id));
        }
    }
}
