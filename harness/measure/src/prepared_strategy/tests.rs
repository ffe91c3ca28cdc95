use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use contract::{Event, Handle, IdMap, ProcessId, ProcessStatus, Profile, Record};
use model::controls::{self, planted};

use super::*;
use crate::prepared_strategy::prepare;

/// What a scan takes at least.
const SCAN: Duration = Duration::from_millis(3);

/// A table that keeps a diary.
#[derive(Default)]
struct Diary {
    records: Mutex<IdMap<ProcessStatus>>,
    reads: AtomicU64,
    handles_made: Mutex<Vec<Instant>>,
    /// Beginning and end of each scan.
    scans: Mutex<Vec<(Instant, Instant)>>,
}

#[derive(Clone, Copy)]
struct Kept(&'static Diary);

impl Strategy<ProcessStatus> for Kept {
    const PROFILE: Profile = Profile::locked("test/diary", "keeps a diary");
    type Handle<'s> = Self;

    fn with_capacity(_: usize) -> Self {
        Self(Box::leak(Box::default()))
    }

    fn handle(&self) -> Self {
        // Threads that come into being slowly.
        std::thread::sleep(Duration::from_millis(5));
        self.0.handles_made.lock().unwrap().push(clock::now());
        *self
    }
}

impl Handle<ProcessStatus> for Kept {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&ProcessStatus) -> T) -> Option<T> {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        self.0.records.lock().unwrap().get(&id).map(f)
    }

    fn insert(&mut self, id: ProcessId, record: ProcessStatus) -> Option<ProcessStatus> {
        self.0.records.lock().unwrap().insert(id, record)
    }

    fn apply(
        &mut self,
        _: ProcessId,
        _: Event,
    ) -> Option<Result<u64, <ProcessStatus as Record>::Rejected>> {
        Some(Ok(1))
    }

    fn remove(&mut self, id: ProcessId) -> Option<ProcessStatus> {
        self.0.records.lock().unwrap().remove(&id)
    }

    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
        let began = clock::now();
        std::thread::sleep(SCAN);
        for (&id, record) in &*self.0.records.lock().unwrap() {
            visit(id, record);
        }
        self.0.scans.lock().unwrap().push((began, clock::now()));
    }
}

fn scenario(does: Activity, threads: usize, operations: Option<u64>) -> Scenario {
    Scenario {
        processes: 8,
        operations,
        groups: vec![Group {
            does,
            threads,
            ..Group::default()
        }],
        ..Scenario::default()
    }
}

/// A slice of a fresh table.
struct Sliced {
    took: Duration,
    group: GroupCount,
    /// Reads that the table has seen meanwhile.
    reads: u64,
    diary: &'static Diary,
}

fn slice(scenario: &Scenario, double: Option<&str>) -> Sliced {
    let field = Field::new(scenario, 1);
    let table = <Kept as Strategy<ProcessStatus>>::with_capacity(0);
    field.fill(ErasedHandle::new(table));
    let engine = Box::new(Table::<_, ProcessStatus>(table, PhantomData));
    let double = double.and_then(planted);
    let prepared = PreparedStrategy::with_engine("test", engine, 0, scenario, &field, double);
    let diary = table.0;
    let before = diary.reads.load(Ordering::Relaxed);
    let (took, mut groups) = prepared.slice(Window {
        ramp: Duration::from_millis(1),
        counted: Duration::from_millis(2),
        block: 0,
    });
    Sliced {
        took,
        group: groups.remove(0),
        reads: diary.reads.load(Ordering::Relaxed) - before,
        diary,
    }
}

#[test]
fn as_many_operations_are_counted_as_were_done_and_no_more_are_done_than_asked() {
    for of_each in [&[10_007][..], &[3_336, 3_336, 3_335]] {
        let sliced = slice(&scenario(Activity::Read, of_each.len(), Some(10_007)), None);
        assert_eq!(sliced.group.operations, of_each);
        assert_eq!(sliced.reads, 10_007);
    }
    // Six are done for five that are counted.
    let scenario = scenario(Activity::Read, 2, Some(1_000));
    let sliced = slice(&scenario, Some(controls::SLOWER_20));
    assert_eq!(
        (sliced.reads, sliced.group.operations),
        (1_200, vec![500; 2])
    );
}

#[test]
fn the_time_of_all_operations_begins_when_all_threads_exist() {
    let sliced = slice(&scenario(Activity::Read, 4, Some(400)), None);
    let last_thread = *sliced.diary.handles_made.lock().unwrap().last().unwrap();
    assert!(sliced.took <= last_thread.elapsed());
    assert!(sliced.took > Duration::ZERO);
}

#[test]
fn whole_scans_are_counted_over_exactly_their_time() {
    let sliced = slice(&scenario(Activity::Scan, 1, None), None);
    assert!(sliced.took >= SCAN * OPERATIONS_MIN, "{:?}", sliced.took);
    let ([operations], [span_ns]) = (&sliced.group.operations[..], &sliced.group.spans_ns[..])
    else {
        panic!("one thread: {:?}", sliced.group);
    };
    assert_eq!(sliced.group.drift, None);
    // From between two scans to between two scans, with so many in between.
    let scans = sliced.diary.scans.lock().unwrap();
    let span = Duration::from_nanos(*span_ns);
    let fits = |first: usize| {
        let last = first + *operations as usize;
        let (Some(before), Some(after)) = (scans.get(first..=first + 1), scans.get(last..)) else {
            return false;
        };
        // A note is rounded down to a nanosecond.
        let longest = after
            .get(1)
            .map_or(Duration::MAX, |next| next.0 - before[0].1);
        after[0].1 - before[1].0 <= span + Duration::from_nanos(1) && span <= longest
    };
    assert!(
        (0..scans.len()).any(fits),
        "{operations} in {span:?}: {scans:?}"
    );
}

#[test]
fn short_operations_are_counted_over_the_window() {
    let group = slice(&scenario(Activity::Update, 2, None), None).group;
    assert_eq!((group.operations.len(), group.spans_ns.len()), (2, 0));
}

#[test]
fn a_window_holds_twenty_operations_of_each_thread_if_they_take_turns() {
    let ms = Duration::from_millis;
    let window = ms(2);
    for (alone, threads, expected) in [
        (Duration::from_nanos(12), 10, window),
        (Duration::from_micros(100), 1, window),
        (Duration::from_micros(5_900), 1, ms(118)),
        (Duration::from_micros(5_900), 2, ms(236)),
        (Duration::from_micros(14_700), 1, ms(294)),
        (ms(100), 1, WINDOW_MAX),
    ] {
        assert_eq!(long_enough(window, alone, threads), expected, "{alone:?}");
    }
}

/// Time that is spent inside operations does not change what they do.
#[test]
fn a_slowdown_is_spent_in_the_same_operations() {
    for does in [Activity::Read, Activity::Update] {
        let scenario = scenario(does, 1, Some(1_000));
        let sliced = slice(&scenario, Some(controls::SLOWER_20_INSIDE));
        assert_eq!(
            (sliced.group.operations, sliced.group.misses),
            (vec![1_000], 0)
        );
    }
}

#[test]
fn doubles_are_tables_of_the_baseline_whichever_it_is() {
    let scenario = scenario(Activity::Read, 1, None);
    let field = Field::new(&scenario, 1);
    for baseline in ["mutex/std", "concurrent-map/dashmap", "channel/std-mpsc"] {
        let names = controls::PLANTED.map(|double| double.name);
        for name in names {
            let ready = prepare(&scenario, &field, name, baseline).unwrap();
            assert_eq!((ready.name, ready.engine.strategy()), (name, baseline));
        }
    }
}
