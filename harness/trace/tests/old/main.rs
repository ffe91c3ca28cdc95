//! Released crates with a known fault, each of which the examination has to reject; and the release
//! without it.
//!
//! What finds a fault has to be seen finding it: planted bugs are as wrong as we can imagine, these were
//! written by people who meant to be right. Deterministic: threads are stepped and stopped, and nothing
//! is left to luck.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(pivot_elsewhere)))]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

// The adapter below is written for it.
extern crate arc_swap_old as arc_swap;

mod queued;

// The very adapter of the present release.
#[path = "../../../../strategies/arc-swap/src/per_process.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is part of another crate")]
mod per_process;

use std::sync::{Mutex, MutexGuard, PoisonError};

use conformance::{Check, CountingAllocator, Effort, Seed};
use contract::{ProcessStatus, Strategy};
use model::stall::{StallSeen, Writes};
use model::trace::Operation;
use trace::StallTask;

use Operation::{Apply, ReadHit};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// What the adapter finds in its own crate.
mod table {
    use contract::Profile;

    pub(crate) const fn snapshots(name: &'static str, summary: &'static str) -> Profile {
        Profile::locked(name, summary)
    }
}

/// A test's turn: one thread is stepped at a time, and bytes are counted for the whole process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is seen while a thread is stopped in one of those operations; nothing where nobody can be
/// stopped, which is said.
fn observe<S: Strategy<ProcessStatus>>(
    stalled: &[Operation],
    peers: &[Operation],
) -> Option<StallSeen> {
    let _turn = turn();
    if let Err(why) = trace::available() {
        eprintln!("skipped: {why}");
        return None;
    }
    let task = StallTask {
        strategy: S::PROFILE.name.into(),
        stalled: stalled.to_vec(),
        peers: peers.to_vec(),
        every: false,
        two_stops: 100_000,
    };
    Some(trace::stalls_of::<S>(&task))
}

/// What no order explains of what is seen while a thread is stopped, if anything.
fn flaw(observed: &StallSeen) -> Option<String> {
    let of_peers = observed.pairs.iter().find_map(|pair| pair.evidence.clone());
    of_peers.or_else(|| {
        observed
            .two_stops
            .iter()
            .find_map(|two| two.evidence.clone())
    })
}

fn tried(observed: &StallSeen) -> u64 {
    observed.two_stops.iter().map(|two| two.tried).sum()
}

/// The address of a record that a reader is about to say it holds is used again for another.
#[test]
fn arc_swap_that_returns_a_record_of_another_instance_is_rejected() {
    let Some(observed) = observe::<per_process::PerProcess<ProcessStatus>>(&[ReadHit], &[Apply])
    else {
        return;
    };
    for two in &observed.two_stops {
        let what = match two.writes {
            Writes::AnotherTable => "saw a record of another table",
            _ => "saw another process's record",
        };
        let evidence = two.evidence.as_deref().unwrap_or_default();
        assert!(two.wrong > 0 && evidence.ends_with(what), "{two:?}");
    }
    // One stop does not show it.
    assert!(
        observed.pairs.iter().all(|pair| pair.wrong == 0),
        "{observed:?}"
    );
}

#[test]
fn the_present_arc_swap_is_accepted() {
    let Some(observed) = observe::<arc_swap_table::PerProcess<ProcessStatus>>(&[ReadHit], &[Apply])
    else {
        return;
    };
    assert_eq!(flaw(&observed), None);
    assert!(tried(&observed) > 100, "{observed:?}");
}

/// Replacing a value takes the old one out before the new one is in.
#[test]
fn a_skip_list_whose_readers_miss_a_key_that_is_replaced_is_rejected() {
    let Some(observed) = observe::<queued::Queued<queued::SkipMap>>(&[Apply], &[ReadHit]) else {
        return;
    };
    let flaw = flaw(&observed).expect("it is rejected");
    assert!(
        flaw.contains("found nothing where it may have found revision"),
        "{flaw}"
    );
}

/// Inserting where another key was removed leaves the old entry of the same key where it is.
#[test]
fn a_map_that_holds_a_key_twice_is_rejected() {
    let violation = rejected::<queued::Queued<queued::DashMap>>(Check::Sequential);
    assert!(
        violation.contains("a scan visits each record once"),
        "{violation}"
    );
}

/// What is inserted while the map grows is lost, or an assertion of its own finds the migration in disorder.
#[test]
fn a_map_that_loses_records_as_it_grows_is_rejected() {
    let violation = rejected::<queued::Queued<queued::LeapMap>>(Check::Growth);
    let whys = [
        "is not there after its insert had returned",
        " instead of ",
        "it panicked at",
    ];
    assert!(
        whys.iter().any(|why| violation.contains(why)),
        "{violation}"
    );
}

/// What the check says of a strategy that it has to reject.
fn rejected<S: Strategy<ProcessStatus>>(check: Check) -> String {
    let _turn = turn();
    match conformance::run::<S, ProcessStatus>(check, &Effort::default(), Seed(1)) {
        Ok(evidence) => panic!("the {check} check accepts {}: {evidence}", S::PROFILE.name),
        Err(violation) => violation.to_string(),
    }
}
