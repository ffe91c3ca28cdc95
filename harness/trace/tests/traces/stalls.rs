//! Who can go on while another is stopped: what must stay true of the strategies, point by point.
//!
//! Only what holds however the code is compiled is asked for, as in `gates.rs`.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use contract::{
    Event, Handle, IdMap, PlainRecord as _, ProcessId, ProcessStatus, Profile, Record as _,
    Rejected, Strategy,
};
use model::stall::{StallPair, StallSeen};
use model::trace::Operation;
use trace::StallTask;

use crate::turn;

use Operation::{Apply, Insert, ReadHit, ReadMiss, Remove, Scan};

/// Does something with nobody else stopped; nothing where nobody can be, which is said.
fn in_turn<T>(work: impl FnOnce() -> T) -> Option<T> {
    let _turn = turn()?;
    Some(work())
}

fn task(strategy: &str, stalled: &[Operation], peers: &[Operation], every: bool) -> StallTask {
    StallTask {
        strategy: strategy.into(),
        stalled: stalled.to_vec(),
        peers: peers.to_vec(),
        every,
        two_stops: 0,
    }
}

fn observe(strategy: &str, stalled: &[Operation], peers: &[Operation]) -> Option<StallSeen> {
    in_turn(|| trace::stalls(&task(strategy, stalled, peers, false), |_| {}))
}

fn pair(observed: &StallSeen, stalled: Operation, peer: Operation, same: bool) -> &StallPair {
    let mut pairs = observed.pairs.iter();
    let pair =
        pairs.find(|pair| (pair.stalled, pair.peer, pair.same_process) == (stalled, peer, same));
    pair.expect("it was tried")
}

/// Nobody is ever held up by anybody, but for the allocator's lock.
fn assert_nobody_waits(strategy: &str, stalled: &[Operation], peers: &[Operation]) {
    let Some(observed) = observe(strategy, stalled, peers) else {
        return;
    };
    assert!(!observed.pairs.is_empty());
    for pair in &observed.pairs {
        assert_eq!(pair.blocked_by_strategy(), 0, "{strategy}: {pair:?}");
        assert_eq!(pair.wrong, 0, "{strategy}: {pair:?}");
    }
}

#[test]
fn a_mutex_holds_everybody_up_for_as_long_as_it_is_held() {
    let Some(observed) = observe("mutex/std", &[Apply, ReadHit], &[ReadHit, Apply]) else {
        return;
    };
    for stalled in [Apply, ReadHit] {
        for peer in [ReadHit, Apply] {
            for same_process in [true, false] {
                let pair = pair(&observed, stalled, peer, same_process);
                // In one piece, from the lock's acquisition to its release.
                let (first, last) = (pair.first.unwrap(), pair.last.unwrap());
                assert_eq!(pair.blocked, last - first + 1, "{pair:?}");
                assert!(first > 0 && last + 1 < pair.points, "{pair:?}");
                assert_eq!((pair.in_allocator, pair.wrong), (0, 0), "{pair:?}");
                let by = pair.held_by.as_deref().unwrap_or_default();
                assert!(by.starts_with("mutex::"), "{by}");
            }
        }
    }
}

#[test]
fn readers_share_a_lock_and_writers_do_not() {
    let Some(observed) = observe("rwlock/std", &[ReadHit], &[ReadHit, Apply]) else {
        return;
    };
    assert_eq!(pair(&observed, ReadHit, ReadHit, true).blocked, 0);
    assert!(pair(&observed, ReadHit, Apply, true).blocked > 0);
}

#[test]
fn a_sequence_lock_holds_up_whoever_wants_the_record_that_is_written() {
    let reads = [ReadHit, ReadMiss, Scan];
    let Some(observed) = observe("atomics/seqlock", &[Apply], &[ReadHit, Apply]) else {
        return;
    };
    for peer in [ReadHit, Apply] {
        assert!(pair(&observed, Apply, peer, true).blocked > 0, "{peer}");
        assert_eq!(pair(&observed, Apply, peer, false).blocked, 0, "{peer}");
    }
    assert_nobody_waits("atomics/seqlock", &reads, &[ReadHit, Apply, Scan]);
}

#[test]
fn readers_of_a_snapshot_and_its_writers_hold_nobody_up() {
    assert_nobody_waits(
        "arc-swap/table",
        &[ReadHit],
        &[ReadHit, Apply, Insert, Remove],
    );
    assert_nobody_waits("arc-swap/table", &[Apply], &[ReadHit, ReadMiss, Scan]);
}

#[test]
fn papaya_reads_and_updates_hold_nobody_up() {
    let operations = [ReadHit, Apply];
    assert_nobody_waits("concurrent-map/papaya", &operations, &operations);
}

/// What is argued of states is true: where each point is tried, the same comes out.
#[test]
fn trying_each_point_says_the_same() {
    assert_each_point_agrees(&[
        ("mutex/parking_lot", ReadMiss, ReadMiss),
        ("left-right/evmap", ReadHit, Apply),
    ]);
}

#[test]
#[ignore = "as for the others, and it takes a second for each"]
fn trying_each_point_says_the_same_of_more_strategies() {
    assert_each_point_agrees(&[
        ("concurrent-map/dashmap", ReadMiss, ReadMiss),
        ("concurrent-map/dashmap", ReadHit, Remove),
        ("rwlock/std", ReadHit, Apply),
        ("sharded/rwlock", ReadMiss, Insert),
    ]);
}

fn assert_each_point_agrees(pairs: &[(&str, Operation, Operation)]) {
    for &(strategy, stalled, peer) in pairs {
        let both = in_turn(|| {
            [false, true].map(|every| {
                let task = task(strategy, &[stalled], &[peer], every);
                trace::stalls(&task, |_| {})
            })
        });
        let Some([states, each]) = both else { return };
        assert_eq!(states.pairs, each.pairs, "{strategy}");
    }
}

/// Whose readers see writes late, as it claims: that is no wrong answer, whichever table is written.
#[test]
fn a_read_between_two_stops_may_be_as_stale_as_is_claimed() {
    let task = StallTask {
        two_stops: 5_000,
        ..task("left-right/evmap-batched", &[ReadHit], &[Apply], false)
    };
    let Some(observed) = in_turn(|| trace::stalls(&task, |_| {})) else {
        return;
    };
    assert!(!observed.two_stops.is_empty());
    for two in &observed.two_stops {
        assert!(two.tried > 0 && two.wrong == 0, "{two:?}");
    }
}

/// A sequence lock whose writers do not say that they are at it: no odd phase. The other lock only
/// guards where the records are.
#[derive(Default)]
struct WithoutOddPhase(RwLock<IdMap<Slot>>);

#[derive(Default)]
struct Slot {
    version: AtomicU64,
    words: [AtomicU64; 8],
}

impl Slot {
    fn load(&self) -> ProcessStatus {
        loop {
            let before = self.version.load(Ordering::Acquire);
            let load = |word: &AtomicU64| word.load(Ordering::Relaxed);
            let words = self.words.each_ref().map(load);
            fence(Ordering::Acquire);
            if self.version.load(Ordering::Relaxed) == before {
                return ProcessStatus::from_words(words);
            }
        }
    }

    fn store(&self, new: &ProcessStatus) {
        for (word, value) in self.words.iter().zip(new.to_words()) {
            word.store(value, Ordering::Relaxed);
        }
        self.version.fetch_add(2, Ordering::Release);
    }
}

impl Strategy<ProcessStatus> for WithoutOddPhase {
    const PROFILE: Profile = Profile::locked("planted/without-odd-phase", "wrong in one way");
    type Handle<'s> = &'s Self;

    fn with_capacity(_: usize) -> Self {
        Self::default()
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl Handle<ProcessStatus> for &WithoutOddPhase {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&ProcessStatus) -> T) -> Option<T> {
        self.0.read().unwrap().get(&id).map(|slot| f(&slot.load()))
    }
    fn insert(&mut self, id: ProcessId, record: ProcessStatus) -> Option<ProcessStatus> {
        let slot = Slot::default();
        slot.store(&record);
        let displaced = self.0.write().unwrap().insert(id, slot);
        displaced.map(|slot| slot.load())
    }
    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        let slots = self.0.read().unwrap();
        let slot = slots.get(&id)?;
        let next = slot.load().apply(&event);
        Some(next.map(|next| {
            slot.store(&next);
            next.revision()
        }))
    }
    fn remove(&mut self, id: ProcessId) -> Option<ProcessStatus> {
        let removed = self.0.write().unwrap().remove(&id);
        removed.map(|slot| slot.load())
    }
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
        for (&id, slot) in self.0.read().unwrap().iter() {
            visit(id, &slot.load());
        }
    }
}

#[test]
fn what_a_reader_should_not_see_is_seen() {
    let task = task("", &[Apply], &[ReadHit, Apply], false);
    let Some(observed) = in_turn(|| trace::stalls_of::<WithoutOddPhase>(&task)) else {
        return;
    };
    let torn = pair(&observed, Apply, ReadHit, true);
    assert!(torn.wrong > 0 && torn.blocked == 0, "{torn:?}");
    let evidence = torn.evidence.as_deref().unwrap();
    assert!(evidence.contains("saw a torn record"), "{evidence}");
    // Each has read before the other has written.
    let lost = pair(&observed, Apply, Apply, true);
    assert!(lost.wrong > 0, "{lost:?}");
    let elsewhere = pair(&observed, Apply, ReadHit, false);
    assert_eq!(elsewhere.wrong, 0, "{elsewhere:?}");
}

/// Panics the third time that an event is applied step by step.
#[derive(Default)]
struct Panicking(RwLock<IdMap<ProcessStatus>>, AtomicU64);

impl Strategy<ProcessStatus> for Panicking {
    const PROFILE: Profile = Profile::locked("planted/panicking", "panics now and then");
    type Handle<'s> = &'s Self;

    fn with_capacity(_: usize) -> Self {
        Self::default()
    }

    fn handle(&self) -> &Self {
        self
    }
}

impl Handle<ProcessStatus> for &Panicking {
    fn read<T>(&mut self, id: ProcessId, f: impl FnOnce(&ProcessStatus) -> T) -> Option<T> {
        self.0.read().unwrap().get(&id).map(f)
    }
    fn insert(&mut self, id: ProcessId, record: ProcessStatus) -> Option<ProcessStatus> {
        self.0.write().unwrap().insert(id, record)
    }
    fn apply(&mut self, id: ProcessId, event: Event) -> Option<Result<u64, Rejected>> {
        if trap::is_at(trap::Progress::Stepping) {
            assert!(self.1.fetch_add(1, Ordering::Relaxed) < 2, "planted");
        }
        let mut records = self.0.write().unwrap();
        Some(records.get_mut(&id)?.apply_in_place(&event))
    }
    fn remove(&mut self, id: ProcessId) -> Option<ProcessStatus> {
        self.0.write().unwrap().remove(&id)
    }
    fn scan(&mut self, mut visit: impl FnMut(ProcessId, &ProcessStatus)) {
        for (&id, record) in self.0.read().unwrap().iter() {
            visit(id, record);
        }
    }
}

#[test]
fn an_operation_that_panics_ends_the_examination() {
    let task = task("", &[Apply], &[ReadHit], true);
    let ended = in_turn(|| std::panic::catch_unwind(|| trace::stalls_of::<Panicking>(&task)));
    assert!(ended.is_none_or(|ended| ended.is_err()));
}
