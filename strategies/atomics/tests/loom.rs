//! Exploration of the protocols under all orderings that the memory model allows:
//! `RUSTFLAGS="--cfg pivot_loom" cargo test -p pivot-atomics --release --test loom`.
//!
//! Loom looks for another schedule only where an access conflicts with the *last* one to the same
//! atomic, which a writer's own load before its store hides. So the readers here are spawned after the
//! writers: they run when the stores are made, and every stale value that a relaxed load may then
//! return is tried. The models at the end show that a missing step is found.
//!
#![cfg(pivot_loom)]

use atomics::{CasTable, SeqCell, SeqlockTable};
use contract::{Change, Event, Handle, Padded, ProcessId, Record, Specimen, Strategy};
use loom::sync::Arc;
use loom::thread;

/// Two words: enough to be torn.
type Small = Padded<2>;

const ID: ProcessId = ProcessId(7);
const HEARTBEAT: Event = Event::at(
    0,
    Change::Heartbeat {
        cpu_ns: 0,
        rss_bytes: 0,
    },
);

fn running() -> Small {
    Small::pending(ID)
        .apply(&Event::at(0, Change::Start))
        .expect("a legal transition")
}

fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn whole(record: Small) -> u64 {
    record.examine(ID).expect("whole");
    record.revision()
}

mod cell {
    use super::*;

    fn beat(cell: &SeqCell<Small>) -> Option<u64> {
        let updated = cell.update(|record| record.apply(&HEARTBEAT))?;
        Some(whole(updated.expect("a legal transition")))
    }

    /// What a reader sees that reads twice.
    fn revisions(cell: &SeqCell<Small>) -> [Option<u64>; 2] {
        let revisions = [(); 2].map(|()| cell.read().map(whole));
        if let [Some(earlier), Some(later)] = revisions {
            assert!(earlier <= later, "back from {earlier} to {later}");
        }
        revisions
    }

    #[test]
    fn one_writer_one_reader() {
        explore(2, || {
            let cell = Arc::new(SeqCell::new(running()));
            let (to_write, to_read) = (Arc::clone(&cell), Arc::clone(&cell));
            let writer = thread::spawn(move || [(); 2].map(|()| beat(&to_write)));
            let reader = thread::spawn(move || revisions(&to_read));
            assert_eq!(writer.join().unwrap(), [Some(2), Some(3)]);
            assert!(reader.join().unwrap().iter().all(Option::is_some));
            assert_eq!(cell.read().map(whole), Some(3));
        });
    }

    #[test]
    fn two_writers_one_reader() {
        explore(1, || {
            let cell = Arc::new(SeqCell::new(running()));
            let writers = [(); 2].map(|()| {
                let cell = Arc::clone(&cell);
                thread::spawn(move || beat(&cell).expect("not retired"))
            });
            let to_read = Arc::clone(&cell);
            let reader = thread::spawn(move || to_read.read().map(whole));
            let mut revisions = writers.map(|writer| writer.join().unwrap());
            revisions.sort_unstable();
            assert_eq!(revisions, [2, 3]);
            assert!(reader.join().unwrap().is_some());
            assert_eq!(cell.read().map(whole), Some(3));
        });
    }

    #[test]
    fn an_update_is_retired_or_refused() {
        explore(2, || {
            let cell = Arc::new(SeqCell::new(running()));
            let (to_write, to_retire) = (Arc::clone(&cell), Arc::clone(&cell));
            let writer = thread::spawn(move || beat(&to_write));
            let last = thread::spawn(move || to_retire.retire().map(whole));
            revisions(&cell);
            let updated = writer.join().unwrap();
            let retired = last.join().unwrap().expect("retired once");
            assert_eq!(updated, (retired == 2).then_some(2));
            assert_eq!(cell.read(), None);
        });
    }
}

/// Both tables, once a record is in: lookup, copy, replace. The second beat of a writer goes, in the
/// compare-and-swap table, into the buffer that the first one took from under the reader.
mod table {
    use super::*;

    fn with_one_record<S: Strategy<Small>>() -> &'static S {
        // Loom's threads want their borrows for ever.
        let table: &'static S = Box::leak(Box::new(S::with_capacity(0)));
        assert_eq!(table.handle().insert(ID, running()), None);
        table
    }

    /// Records that fit into a table that is made for none.
    const FITTING: u64 = 1;

    const fn nth(n: u64) -> ProcessId {
        ProcessId(ID.0 + n)
    }

    fn insert<S: Strategy<Small>>(handle: &mut S::Handle<'static>, n: u64) -> Option<Small> {
        let pending = Small::pending(nth(n));
        let started = pending.apply(&Event::at(0, Change::Start));
        handle.insert(nth(n), started.expect("a legal transition"))
    }

    fn beat<S: Strategy<Small>>(handle: &mut S::Handle<'static>) -> u64 {
        handle
            .apply(ID, HEARTBEAT)
            .expect("there")
            .expect("a legal transition")
    }

    fn read<S: Strategy<Small>>(handle: &mut S::Handle<'static>) -> u64 {
        handle.read(ID, |record| whole(*record)).expect("there")
    }

    fn one_writer_one_reader<S: Strategy<Small>>() {
        explore(2, || {
            let table = with_one_record::<S>();
            let (mut writing, mut reading) = (table.handle(), table.handle());
            let writer = thread::spawn(move || [(); 2].map(|()| beat::<S>(&mut writing)));
            let reader = thread::spawn(move || [(); 2].map(|()| read::<S>(&mut reading)));
            assert_eq!(writer.join().unwrap(), [2, 3]);
            assert!(reader.join().unwrap().is_sorted());
            assert_eq!(read::<S>(&mut table.handle()), 3);
        });
    }

    fn two_writers_one_reader<S: Strategy<Small>>() {
        explore(1, || {
            let table = with_one_record::<S>();
            let handles = [(); 3].map(|()| table.handle());
            let [mut reading, writing @ ..] = handles;
            let writers = writing.map(|mut writing: S::Handle<'static>| {
                thread::spawn(move || beat::<S>(&mut writing))
            });
            let reader = thread::spawn(move || read::<S>(&mut reading));
            let mut revisions = writers.map(|writer| writer.join().unwrap());
            revisions.sort_unstable();
            assert_eq!(revisions, [2, 3]);
            assert!((1..=3).contains(&reader.join().unwrap()));
            assert_eq!(read::<S>(&mut table.handle()), 3);
        });
    }

    /// The next identifier needs a larger table: the record of [`ID`] is frozen, copied and found
    /// there, whatever a reader or a writer of it is doing.
    fn growth<S: Strategy<Small>>() {
        explore(2, || {
            let table = with_one_record::<S>();
            // Until one more does not fit.
            (1..FITTING).for_each(|n| assert_eq!(insert::<S>(&mut table.handle(), n), None));
            let [mut growing, mut writing, mut reading] = [(); 3].map(|()| table.handle());
            let grower = thread::spawn(move || insert::<S>(&mut growing, FITTING));
            let writer = thread::spawn(move || beat::<S>(&mut writing));
            let seen = [(); 2].map(|()| read::<S>(&mut reading));
            assert!(seen.is_sorted() && seen[1] <= 2, "{seen:?}");
            assert_eq!(grower.join().unwrap(), None);
            assert_eq!(writer.join().unwrap(), 2);
            let mut handle = table.handle();
            assert_eq!(read::<S>(&mut handle), 2);
            let added = handle.read(nth(FITTING), Record::revision);
            assert_eq!(added, Some(1));
        });
    }

    /// A record that is new is there or not, and whole: its buffer held nothing before.
    fn arrival<S: Strategy<Small>>() {
        explore(2, || {
            let table: &'static S = Box::leak(Box::new(S::with_capacity(2)));
            let [mut inserting, mut reading] = [(); 2].map(|()| table.handle());
            let inserter = thread::spawn(move || insert::<S>(&mut inserting, 0));
            let reader =
                thread::spawn(move || [(); 2].map(|()| reading.read(ID, |record| whole(*record))));
            assert_eq!(inserter.join().unwrap(), None);
            let seen = reader.join().unwrap();
            assert!(seen.is_sorted() && seen[1].is_none_or(|revision| revision == 1));
            assert_eq!(read::<S>(&mut table.handle()), 1);
        });
    }

    /// A record that comes and goes is there or not, and never another one's.
    fn churn<S: Strategy<Small>>() {
        explore(2, || {
            let table = with_one_record::<S>();
            let [mut churning, mut reading] = [(); 2].map(|()| table.handle());
            let churner = thread::spawn(move || {
                let removed = churning.remove(ID).map(whole);
                assert_eq!(insert::<S>(&mut churning, 0), None);
                removed
            });
            let reader =
                thread::spawn(move || [(); 2].map(|()| reading.read(ID, |record| whole(*record))));
            assert_eq!(churner.join().unwrap(), Some(1));
            let seen = reader.join().unwrap();
            assert!(seen.iter().flatten().all(|&revision| revision == 1));
            assert_eq!(read::<S>(&mut table.handle()), 1);
        });
    }

    #[test]
    fn seqlock_growth() {
        growth::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_growth() {
        growth::<CasTable<Small>>();
    }

    #[test]
    fn seqlock_arrival() {
        arrival::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_arrival() {
        arrival::<CasTable<Small>>();
    }

    #[test]
    fn seqlock_churn() {
        churn::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_churn() {
        churn::<CasTable<Small>>();
    }

    #[test]
    fn seqlock_one_writer_one_reader() {
        one_writer_one_reader::<SeqlockTable<Small>>();
    }

    #[test]
    fn seqlock_two_writers_one_reader() {
        two_writers_one_reader::<SeqlockTable<Small>>();
    }

    #[test]
    fn cas_one_writer_one_reader() {
        one_writer_one_reader::<CasTable<Small>>();
    }

    #[test]
    fn cas_two_writers_one_reader() {
        two_writers_one_reader::<CasTable<Small>>();
    }
}

/// The exploration finds what it is there to find: the sequence lock once more, in miniature, with
/// one step left out.
mod planted {
    use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    use loom::sync::atomic::{AtomicU64, fence};

    use super::*;

    #[derive(Clone, Copy, PartialEq)]
    enum Omit {
        Nothing,
        ReaderFence,
        WriterFence,
        Recheck,
        LockedCheck,
    }

    const LOCKED: u64 = 1;
    const VERSION: u64 = 2;

    struct Miniature {
        stamp: AtomicU64,
        words: [AtomicU64; 2],
        omit: Omit,
    }

    impl Miniature {
        /// Stores the same number in both words.
        fn write(&self, number: u64) {
            let seen = self.stamp.load(Acquire);
            self.stamp
                .compare_exchange(seen, seen | LOCKED, Acquire, Relaxed)
                .expect("the only writer");
            if self.omit != Omit::WriterFence {
                fence(Release);
            }
            self.words
                .iter()
                .for_each(|word| word.store(number, Relaxed));
            self.stamp.store(seen + VERSION, Release);
        }

        /// The words, if it was possible to read them.
        fn try_read(&self) -> Option<[u64; 2]> {
            let seen = self.stamp.load(Acquire);
            if seen & LOCKED != 0 && self.omit != Omit::LockedCheck {
                return None;
            }
            let words = self.words.each_ref().map(|word| word.load(Relaxed));
            if self.omit != Omit::ReaderFence {
                fence(Acquire);
            }
            (self.omit == Omit::Recheck || self.stamp.load(Relaxed) == seen).then_some(words)
        }
    }

    fn without(omit: Omit) {
        explore(2, move || {
            let lock = Arc::new(Miniature {
                stamp: AtomicU64::new(0),
                words: [AtomicU64::new(0), AtomicU64::new(0)],
                omit,
            });
            let (to_write, to_read) = (Arc::clone(&lock), lock);
            let writer = thread::spawn(move || (1..=2).for_each(|number| to_write.write(number)));
            let reader = thread::spawn(move || to_read.try_read());
            writer.join().unwrap();
            if let Some([one, other]) = reader.join().unwrap() {
                assert_eq!(one, other, "torn");
            }
        });
    }

    #[test]
    fn nothing_is_missing() {
        without(Omit::Nothing);
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn reader_fence() {
        without(Omit::ReaderFence);
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn writer_fence() {
        without(Omit::WriterFence);
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn recheck() {
        without(Omit::Recheck);
    }

    #[test]
    #[should_panic(expected = "torn")]
    fn locked_check() {
        without(Omit::LockedCheck);
    }
}
