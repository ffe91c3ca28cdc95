//! What must stay true of the strategies, instruction by instruction: no noise can break it, and none
//! is needed to see it.
//!
//! Only what holds however the code is compiled is asked for: tests are built with another profile
//! than the command.

use model::trace::{Conflict, Counts, Operation, Pair, State, TraceSeen};
use trace::TraceTask;

use crate::turn;

use Operation::{Apply, ReadHit, ReadMiss, Scan};

/// What is seen of a strategy at rest; nothing where nothing can be traced, which is said.
fn observe(strategy: &str, operations: &[Operation]) -> Option<TraceSeen> {
    let _turn = turn()?;
    Some(trace::observe(&TraceTask {
        strategy: strategy.into(),
        operations: operations.to_vec(),
        states: vec![State::Quiescent],
        layouts: 2,
    }))
}

/// The counts of an operation that nobody disturbs.
fn counts(observed: &TraceSeen, operation: Operation) -> Counts {
    *observed
        .counts(operation, State::Quiescent)
        .expect("it was traced")
}

fn pair(observed: &TraceSeen, first: Operation, second: Operation, same_process: bool) -> &Pair {
    observed
        .pair(first, second, same_process)
        .expect("it was traced")
}

/// Which lines are shared, and by whom: what a failure says.
fn blamed(observed: &TraceSeen, pair: &Pair) -> String {
    let between = format!("{}: {} and {}", observed.strategy, pair.first, pair.second);
    let lines = pair.blame.iter().map(|line| {
        let [first, second] = &line.by;
        format!(
            "\n  {:?}: {}\n    {first}\n    {second}",
            line.conflict, line.place
        )
    });
    lines.fold(between, |text, line| text + &line)
}

/// Two threads that read the same record, or miss the same, share no line that one of them writes.
fn assert_readers_apart(strategy: &str, operations: &[Operation]) {
    let met = readers_meet(strategy, operations);
    assert_eq!(met, None, "readers meet");
}

/// Where readers share a line that one of them writes; `None` if nowhere, or if nothing can be traced.
fn readers_meet(strategy: &str, operations: &[Operation]) -> Option<String> {
    let observed = observe(strategy, operations)?;
    let mut pairs = operations
        .iter()
        .map(|&operation| pair(&observed, operation, operation, true));
    let met = pairs.find(|pair| pair.conflict != Conflict::Nothing)?;
    Some(blamed(&observed, met))
}

/// Readers of the same record write one line, with so many locked operations; readers of others write
/// it as well, or none, as `is_apart` has it.
fn assert_readers_meet(strategy: &str, locked: u64, is_apart: bool) {
    let Some(observed) = observe(strategy, &[ReadHit]) else {
        return;
    };
    let read = counts(&observed, ReadHit);
    assert_eq!(
        read.locked, locked,
        "{strategy}: locked operations of a read"
    );
    let same = pair(&observed, ReadHit, ReadHit, true);
    let both_write = same.at_64.both_write;
    assert_eq!(both_write, 1, "one line, {}", blamed(&observed, same));
    let other = pair(&observed, ReadHit, ReadHit, false);
    assert_eq!(
        other.at_64.both_write == 0,
        is_apart,
        "{}",
        blamed(&observed, other)
    );
}

/// Reading writes nothing that other threads could see, or that they could not.
fn assert_reads_store_nothing(strategy: &str, operations: &[Operation]) {
    let Some(observed) = observe(strategy, operations) else {
        return;
    };
    for &operation in operations {
        let Counts {
            stores,
            locked,
            lines_written,
            ..
        } = counts(&observed, operation);
        assert_eq!(
            (stores, locked, lines_written),
            (0, 0, 0),
            "{strategy}: {operation}"
        );
    }
}

#[test]
fn a_mutex_read_takes_two_locked_operations_on_one_line() {
    assert_readers_meet("mutex/std", 2, false);
    assert_readers_meet("mutex/parking_lot", 2, false);
}

#[test]
fn a_read_lock_writes_the_line_of_all_readers() {
    assert_readers_meet("rwlock/std", 2, false);
    assert_readers_meet("rwlock/parking_lot", 2, false);
}

#[test]
fn shards_keep_readers_of_different_records_apart() {
    assert_readers_meet("sharded/padded", 2, true);
    assert_readers_meet("concurrent-map/dashmap", 2, true);
}

#[test]
fn scc_readers_of_one_record_meet_in_its_bucket() {
    assert_readers_meet("concurrent-map/scc-hashmap", 3, true);
}

#[test]
fn readers_of_a_snapshot_write_no_common_line() {
    assert_readers_apart("arc-swap/table", &[ReadHit, ReadMiss, Scan]);
    assert_readers_apart("arc-swap/persistent", &[ReadHit, ReadMiss, Scan]);
}

#[test]
fn readers_of_a_cached_snapshot_store_nothing() {
    assert_reads_store_nothing("arc-swap/cached", &[ReadHit, ReadMiss, Scan]);
}

#[test]
fn readers_of_the_sequence_lock_store_nothing() {
    assert_reads_store_nothing("atomics/seqlock", &[ReadHit, ReadMiss, Scan]);
    assert_reads_store_nothing("atomics/cas", &[ReadHit, ReadMiss, Scan]);
}

#[test]
fn pinned_readers_write_their_own_slot_only() {
    for strategy in ["epoch/table", "epoch/per-process", "concurrent-map/papaya"] {
        assert_readers_apart(strategy, &[ReadHit, ReadMiss]);
    }
}

#[test]
fn left_right_readers_write_their_own_counter_only() {
    for strategy in ["left-right/map", "left-right/evmap"] {
        assert_readers_apart(strategy, &[ReadHit, ReadMiss, Scan]);
    }
}

#[test]
fn readers_of_a_biased_lock_write_their_own_slot_only() {
    const LOOKS: usize = 20;
    // It keeps off its bias for longer the longer a writer took, which a busy machine may have stopped
    // meanwhile: what is claimed is of the bias.
    let met = || readers_meet("hybrid/bravo", &[ReadHit, ReadMiss]);
    let looks: Vec<String> = std::iter::from_fn(met).take(LOOKS).collect();
    assert!(looks.len() < LOOKS, "readers meet: {}", looks[0]);
}

#[test]
fn a_record_that_is_there_is_read_from_the_sync_map_without_meeting() {
    assert_readers_apart("hybrid/sync-map", &[ReadHit]);
}

#[test]
fn updates_of_different_records_are_apart_where_each_is_its_own_place() {
    for strategy in ["atomics/seqlock", "epoch/per-process", "sharded/padded"] {
        let Some(observed) = observe(strategy, &[Apply]) else {
            return;
        };
        let other = pair(&observed, Apply, Apply, false);
        assert_eq!(other.at_64.both_write, 0, "{}", blamed(&observed, other));
        let same = pair(&observed, Apply, Apply, true);
        assert!(same.at_64.both_write > 0, "both change the record");
    }
}

#[test]
fn a_request_to_the_unoptimised_actor_allocates_and_enters_the_kernel() {
    let Some(observed) = observe("channel/std-mpsc", &[ReadHit]) else {
        return;
    };
    let read = counts(&observed, ReadHit);
    assert!(read.allocations > 0 && read.allocated_bytes > 0, "{read:?}");
}

#[test]
fn nothing_is_seen_of_a_table_that_does_nothing() {
    let Some(observed) = observe("control/no-op", &[ReadHit, Apply]) else {
        return;
    };
    for operation in [ReadHit, Apply] {
        let counts = counts(&observed, operation);
        assert_eq!(
            (counts.stores, counts.locked, counts.allocations),
            (0, 0, 0)
        );
    }
}

#[test]
fn the_line_to_blame_has_a_name() {
    let Some(observed) = observe("rwlock/std", &[ReadHit]) else {
        return;
    };
    let pair = pair(&observed, ReadHit, ReadHit, true);
    let [line] = pair.blame.as_slice() else {
        panic!("one line, and not {}", blamed(&observed, pair));
    };
    assert!(
        line.place.starts_with("offset 0 of the table"),
        "{}",
        line.place
    );
    assert!(
        line.by.iter().all(|by| by.contains("rwlock::")),
        "{:?}",
        line.by
    );
}
