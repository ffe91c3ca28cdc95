//! The table that a probe works on, and in which order.

use contract::{ErasedTable, Event, Handle, ProcessId};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::instrumented_record::{InstrumentedRecord, MakeTable, TableHandle, insert_running};

/// Records in the table.
pub(crate) const PROCESSES: usize = 1_024;
/// Entries of a tape, as in the timed loops: too long to be learnt by a branch predictor.
const TAPE_LENGTH: usize = 8_192;
/// How many of a churning thread's processes are in the table at a time.
const CHURN_WINDOW: usize = 32;

/// The identifiers of a probe and the order in which they are used.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    /// Makes tables of the strategy.
    make: MakeTable,
    /// What it was drawn from.
    pub(crate) seed: u64,
    /// The processes in the table.
    pub(crate) ids: Vec<ProcessId>,
    tape: Vec<ProcessId>,
    churned: Vec<ProcessId>,
}

impl Fixture {
    /// Draws identifiers and tapes. Equal seeds give equal fixtures.
    pub(crate) fn new(make: MakeTable, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut draw =
            |count: usize| -> Vec<u64> { (0..count).map(|_| random.next_u64()).collect() };
        let ids: Vec<ProcessId> = draw(PROCESSES).into_iter().map(ProcessId).collect();
        let tape = draw(TAPE_LENGTH).into_iter();
        let tape = tape.map(|drawn| ids[(drawn >> 32) as usize % PROCESSES]);
        Self {
            make,
            seed,
            tape: tape.collect(),
            churned: draw(TAPE_LENGTH).into_iter().map(ProcessId).collect(),
            ids,
        }
    }

    /// A table with every process in it, running.
    pub(crate) fn table(&self) -> ErasedTable<InstrumentedRecord> {
        let table = (self.make)(PROCESSES);
        insert_running(&mut table.handle(), self.ids.iter().copied());
        table
    }

    /// The process that somebody is stuck with.
    pub(crate) fn held(&self) -> ProcessId {
        self.ids[0]
    }

    /// The process that step `step` of thread `thread` is about. Threads share the tape and begin at
    /// different places, so that they meet.
    #[inline]
    fn at(&self, thread: usize, step: usize) -> ProcessId {
        self.tape[(step + thread * TAPE_LENGTH / 2) % TAPE_LENGTH]
    }

    /// Reads a process and touches all of it.
    #[inline]
    pub(crate) fn read(&self, handle: &mut TableHandle<'_>, thread: usize, step: usize) {
        std::hint::black_box(handle.read(self.at(thread, step), InstrumentedRecord::touch));
    }

    /// Applies a heartbeat to a process.
    #[inline]
    pub(crate) fn update(&self, handle: &mut TableHandle<'_>, thread: usize, step: usize) {
        let event = Event::heartbeat(step as u64);
        let _ = std::hint::black_box(handle.apply(self.at(thread, step), event));
    }

    /// Inserts a new process or removes an older one, in turn.
    #[inline]
    pub(crate) fn churn(&self, handle: &mut TableHandle<'_>, step: usize) {
        let (pair, is_removal) = (step / 2, step % 2 == 1);
        if is_removal {
            let goes = self.churned[(pair + TAPE_LENGTH - CHURN_WINDOW) % TAPE_LENGTH];
            std::hint::black_box(handle.remove(goes));
        } else {
            let comes = self.churned[pair % TAPE_LENGTH];
            std::hint::black_box(handle.insert(comes, InstrumentedRecord::running(comes)));
        }
    }

    /// Puts the first processes that [`churn`](Fixture::churn) removes into the table.
    pub(crate) fn prepare_churn(&self, handle: &mut TableHandle<'_>) {
        let first = &self.churned[TAPE_LENGTH - CHURN_WINDOW..];
        insert_running(handle, first.iter().copied());
    }

    /// Visits every process and touches all of it.
    pub(crate) fn scan(handle: &mut TableHandle<'_>) {
        let mut sum = 0u64;
        handle.scan(|_, record| sum = sum.wrapping_add(record.touch()));
        std::hint::black_box(sum);
    }
}
