//! Wrong while the table grows.
//!
//! A growth lasts from one insert of a thread to a later one of the same thread, so that it meets others
//! for certain: those who insert keep abreast.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use contract::{Event, Handle, IdMap, ProcessId, Profile, Record as _, Rejected, Strategy};

use crate::table::{Base, Bug, Status};

/// Inserts of a thread during its growth: more than it can do without those who update.
const INSERTS: u32 = 256;
/// Growths of smaller tables are over at once.
const LARGE: usize = 512;

/// A growth that is under way.
struct Growth {
    by: ThreadId,
    inserts: u32,
    /// The table as it was when it began.
    old: IdMap<Status>,
    /// What others have inserted since.
    others: Vec<ProcessId>,
}

/// Whether this insert, of what was absent, ends a growth.
fn grown(state: &Mutex<Option<Growth>>, map: &IdMap<Status>, id: ProcessId) -> Option<Growth> {
    let me = std::thread::current().id();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    match &mut *state {
        None if map.len() >= LARGE && map.len().is_power_of_two() => {
            *state = Some(Growth {
                by: me,
                inserts: 0,
                old: map.clone(),
                others: Vec::new(),
            });
            None
        }
        None => None,
        Some(growth) if growth.by != me => {
            growth.others.push(id);
            None
        }
        Some(growth) => {
            growth.inserts += 1;
            (growth.inserts == INSERTS).then(|| state.take()).flatten()
        }
    }
}

/// What others insert while a thread moves the table to a larger one goes to the old one.
#[derive(Default)]
pub(crate) struct LosesInsertsOfOthers(Mutex<Option<Growth>>);

impl Bug for LosesInsertsOfOthers {
    const NAME: &'static str = "planted/loses-inserts-of-others";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let mut map = base.lock();
        let displaced = map.insert(id, record);
        if displaced.is_none()
            && let Some(growth) = grown(&self.0, &map, id)
        {
            for lost in growth.others {
                map.remove(&lost);
            }
        }
        displaced
    }
}

/// What others update while a thread moves the table to a larger one was moved already.
#[derive(Default)]
pub(crate) struct LosesUpdatesOfOthers(Mutex<Option<Growth>>);

impl Bug for LosesUpdatesOfOthers {
    const NAME: &'static str = "planted/loses-updates-of-others";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let mut map = base.lock();
        let displaced = map.insert(id, record);
        if displaced.is_none()
            && let Some(growth) = grown(&self.0, &map, id)
        {
            map.extend(growth.old);
        }
        displaced
    }
}

/// Each of several threads that insert the same identifier is told that it was absent.
#[derive(Default)]
pub(crate) struct AcceptsAllInserts(Mutex<IdMap<Vec<ThreadId>>>);

impl Bug for AcceptsAllInserts {
    const NAME: &'static str = "planted/accepts-all-inserts";

    fn insert(&self, base: &Base, id: ProcessId, record: Status) -> Option<Status> {
        let mut inserters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let inserters = inserters.entry(id).or_default();
        let me = std::thread::current().id();
        let is_first = !inserters.contains(&me);
        inserters.push(me);
        base.insert(id, record).filter(|_| !is_first)
    }
}

/// A chain of tables, each twice as large as the one before. A handle that does not find a record in the
/// table that it knows looks into the next one, and no further.
#[derive(Debug)]
pub(crate) struct SleepersLookOneTableFurther(Mutex<Vec<Arc<Mutex<IdMap<Status>>>>>);

impl SleepersLookOneTableFurther {
    fn nth(&self, number: usize) -> Option<Arc<Mutex<IdMap<Status>>>> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.get(number).cloned()
    }

    fn newest(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() - 1
    }
}

/// A thread's access: the number of the newest table that it knows.
#[derive(Debug)]
pub(crate) struct Sleeper<'s>(&'s SleepersLookOneTableFurther, usize);

impl Sleeper<'_> {
    /// Works on the newest table: a writer always finds it.
    fn write<T>(&mut self, work: impl FnOnce(&mut IdMap<Status>) -> T) -> T {
        let mut tables = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = tables.last().map(Arc::clone).expect("there is always one");
        let mut map = newest.lock().unwrap_or_else(PoisonError::into_inner);
        let result = work(&mut map);
        if map.len() >= 1 << tables.len() {
            tables.push(Arc::new(Mutex::new(map.clone())));
            map.clear();
        }
        self.1 = tables.len() - 1;
        result
    }
}

impl Strategy<Status> for SleepersLookOneTableFurther {
    const PROFILE: Profile = Profile::locked("planted/sleepers-look-once", "wrong in one way");
    type Handle<'s> = Sleeper<'s>;

    fn with_capacity(_: usize) -> Self {
        Self(Mutex::new(vec![Arc::default()]))
    }

    fn handle(&self) -> Sleeper<'_> {
        Sleeper(self, self.newest())
    }
}

impl Handle<Status> for Sleeper<'_> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&Status) -> T) -> Option<T> {
        for _ in 0..2 {
            let table = self.0.nth(self.1)?;
            let map = table.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(record) = map.get(&id) {
                return Some(f(record));
            }
            self.1 = (self.1 + 1).min(self.0.newest());
        }
        None
    }

    fn insert(&mut self, id: ProcessId, record: Status) -> Option<Status> {
        self.write(|map| map.insert(id, record))
    }

    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        self.write(|map| map.get_mut(&id).map(|record| record.apply_in_place(&event)))
    }

    fn remove(&mut self, id: ProcessId) -> Option<Status> {
        self.write(|map| map.remove(&id))
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &Status)) {
        self.write(|map| map.iter().for_each(|(&id, record)| visit(id, record)));
    }
}
