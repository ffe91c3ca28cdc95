use std::path::Path;
use std::sync::{Mutex, PoisonError};

use contract::{Concurrency, Profile, Role, Strategy};
use model::scenario::RecordKind;
use model::workload::Workload;
use registry::strategies;

use super::*;

/// The trace that is part of the workspace.
fn shipped() -> Vec<Operation> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/traces/parallel-build.jsonl");
    Workload::load(&file).unwrap().operations()
}

/// What goes wrong in a table that is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    /// Nothing, to see that it is the defect that is found.
    None,
    /// Every hundredth event is lost, and acknowledged.
    LosesEvents,
    /// Whoever exits stays.
    KeepsTheDead,
    /// The records of two processes are mixed up.
    Mixes,
    /// The hundredth event panics.
    Panics,
}

const DEFECTS: [Defect; 5] = [
    Defect::None,
    Defect::LosesEvents,
    Defect::KeepsTheDead,
    Defect::Mixes,
    Defect::Panics,
];

/// A map behind a lock, with a defect.
#[derive(Debug, Default)]
struct Planted<const DEFECT: usize>(Mutex<(BTreeMap<ProcessId, InstrumentedRecord>, u64)>);

struct PlantedHandle<'s, const DEFECT: usize>(&'s Planted<DEFECT>);

impl<const DEFECT: usize> Strategy<InstrumentedRecord> for Planted<DEFECT> {
    const PROFILE: Profile = Profile::locked("planted", "broken on purpose");
    type Handle<'s> = PlantedHandle<'s, DEFECT>;

    fn with_capacity(_: usize) -> Self {
        Self::default()
    }

    fn handle(&self) -> PlantedHandle<'_, DEFECT> {
        PlantedHandle(self)
    }
}

impl<const DEFECT: usize> PlantedHandle<'_, DEFECT> {
    fn with<T>(
        &self,
        f: impl FnOnce(&mut BTreeMap<ProcessId, InstrumentedRecord>, &mut u64) -> T,
    ) -> T {
        let mut inside = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (map, count) = &mut *inside;
        f(map, count)
    }

    fn has(defect: Defect) -> bool {
        DEFECTS[DEFECT] == defect
    }
}

impl<const DEFECT: usize> Handle<InstrumentedRecord> for PlantedHandle<'_, DEFECT> {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&InstrumentedRecord) -> T) -> Option<T> {
        self.with(|map, _| map.get(&id).map(f))
    }

    fn insert(&mut self, id: ProcessId, record: InstrumentedRecord) -> Option<InstrumentedRecord> {
        self.with(|map, _| map.insert(id, record))
    }

    fn apply(
        &mut self,
        id: ProcessId,
        event: contract::Event,
    ) -> Option<Result<u64, contract::Rejected>> {
        self.with(|map, count| {
            *count += 1;
            assert!(!Self::has(Defect::Panics) || *count < 100, "planted");
            let mut copy = *map.get(&id)?;
            let answer = copy.apply_in_place(&event);
            let is_lost = Self::has(Defect::LosesEvents) && count.is_multiple_of(100);
            if !is_lost {
                map.insert(id, copy);
            }
            if Self::has(Defect::Mixes) && count.is_multiple_of(100) {
                let another = map.values().next().copied()?;
                map.insert(id, another);
            }
            Some(answer)
        })
    }

    fn remove(&mut self, id: ProcessId) -> Option<InstrumentedRecord> {
        self.with(|map, _| {
            if Self::has(Defect::KeepsTheDead) {
                map.get(&id).copied()
            } else {
                map.remove(&id)
            }
        })
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &InstrumentedRecord)) {
        self.with(|map, _| map.iter().for_each(|(&id, record)| visit(id, record)));
    }
}

fn with_defect<const DEFECT: usize>() -> Result<Replayed, String> {
    replay(&ErasedTable::new::<Planted<DEFECT>>(8), &shipped(), true)
}

#[test]
fn every_contender_ends_with_the_same_table() {
    let operations = shipped();
    assert!(operations.len() > 1_000, "{}", operations.len());
    let mut records = Vec::new();
    for entry in strategies::entries(RecordKind::Status) {
        let Profile {
            name,
            role,
            concurrency,
            ..
        } = entry.profile;
        if role != Role::Contender {
            continue;
        }
        let make = experiments::instrumented_record::strategy(name).unwrap();
        let is_shared = concurrency != Concurrency::OneThread;
        let replayed = replay(&make(64), &operations, is_shared);
        let replayed = replayed.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        records.push(replayed.0);
    }
    assert!(records.len() > 20 && records[0] > 0, "{records:?}");
    assert!(
        records.iter().all(|&count| count == records[0]),
        "{records:?}"
    );
}

#[test]
fn a_writer_that_panics_ends_the_looking() {
    assert!(std::panic::catch_unwind(with_defect::<4>).is_err());
}

#[test]
fn broken_tables_are_told_from_a_sound_one() {
    assert!(with_defect::<0>().is_ok());
    let faults = [with_defect::<1>(), with_defect::<2>(), with_defect::<3>()]
        .map(|replayed| replayed.expect_err("it is broken"));
    for fault in &faults {
        // Answered wrongly, left behind wrongly, or seen meanwhile.
        let expected = ["is right", "are right", "saw the record"];
        assert!(expected.iter().any(|text| fault.contains(text)), "{fault}");
        assert_eq!(fault.lines().count(), 1, "{fault}");
    }
    assert!(faults[1].contains("the final table has"), "{}", faults[1]);
}
