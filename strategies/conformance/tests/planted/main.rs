//! Tables that are wrong in one way each, and the check that rejects each of them.
//!
//! A checker that was never seen to fail proves nothing. Each bug here replaces one operation of a
//! table that is right; the reference tables with no bug at all pass every check.

#![allow(clippy::print_stdout, reason = "libtest shows it when a test fails")]

mod correct;
mod growing;
mod racy;
mod shifting;
mod table;
mod unvalidated;
mod wasteful;
mod wrong;

use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conformance::{Check, CountingAllocator, Effort, Promise, Seed, Wide, run};
use contract::{Specimen, Strategy};

use crate::table::{Bug, Status, Table};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How often each bug must be rejected, in a row and with different seeds: set
/// `PLANTED_RUNS=20` to be sure after a change to a check.
fn runs() -> u64 {
    std::env::var("PLANTED_RUNS").map_or(2, |runs| runs.parse().expect("PLANTED_RUNS is a number"))
}

/// One test at a time: bytes and threads are counted for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `check` rejects the table with this bug, because it breaks one of `promises`.
fn rejected<B: Bug>(check: Check, promises: &[Promise]) {
    strategy_rejected::<Table<B>, Status>(check, promises);
}

fn strategy_rejected<S: Strategy<R>, R: Specimen>(check: Check, promises: &[Promise]) {
    for seed in 1..=runs() {
        match run::<S, R>(check, &Effort::default(), Seed(seed)) {
            Ok(evidence) => panic!(
                "the {check} check accepts {} with seed {seed}: {evidence}",
                S::PROFILE.name
            ),
            Err(violation) => {
                println!("{violation}\n");
                assert!(
                    promises.contains(&violation.promise),
                    "for another reason: {violation}"
                );
            }
        }
    }
}

fn accepted<B: Bug>() {
    for &check in Check::ALL {
        match run::<Table<B>, Status>(check, &Effort::default(), Seed(1)) {
            Ok(evidence) => println!("{} {check:<10} {evidence}", B::NAME),
            Err(violation) => panic!("a false alarm: {violation}"),
        }
    }
}

#[test]
fn correct_tables_pass_every_check() {
    let _alone = alone();
    accepted::<correct::Correct>();
    accepted::<correct::WeakScans>();
    accepted::<correct::Batched>();
}

#[test]
fn what_is_wrong_on_one_thread_is_rejected() {
    let _alone = alone();
    let stale = &[
        Promise::Present,
        Promise::Absent,
        Promise::Fresh,
        Promise::Monotonic,
    ];
    rejected::<wrong::ForeignOnCollision>(Check::Sequential, &[Promise::Whole]);
    rejected::<wrong::ZeroIsEmpty>(Check::Sequential, &[Promise::Present]);
    rejected::<wrong::CallsAnyway>(Check::Lifecycle, &[Promise::NotCalled]);
    rejected::<wrong::InsertForgetsDisplaced>(Check::Sequential, &[Promise::Displaces]);
    rejected::<wrong::InsertKeepsOld>(Check::Sequential, &[Promise::Fresh]);
    rejected::<wrong::RemovesFromOneCopy>(Check::Sequential, &[Promise::Absent]);
    rejected::<wrong::AcceptsIllegal>(Check::Lifecycle, &[Promise::RejectsUnchanged]);
    rejected::<wrong::RejectsButChanges>(Check::Lifecycle, &[Promise::RejectsUnchanged]);
    rejected::<wrong::RejectsAsUnknown>(Check::Lifecycle, &[Promise::RejectsUnchanged]);
    rejected::<wrong::AppliesTwice>(Check::Lifecycle, &[Promise::AppliesOnce]);
    rejected::<wrong::AppliesToUnknown>(Check::Lifecycle, &[Promise::Unknown]);
    rejected::<wrong::ScansTwice>(Check::Sequential, &[Promise::VisitsOnce]);
    rejected::<wrong::ScanMissesLast>(Check::Sequential, &[Promise::VisitsOnce]);
    rejected::<wrong::PanicsWithoutCapacity>(Check::Sequential, &[Promise::DoesNotPanic]);
    rejected::<wrong::StaleSnapshot>(Check::Sequential, stale);
    rejected::<wrong::PublishDoesNothing>(Check::Sequential, stale);
    rejected::<wrong::StalerThanClaimed>(Check::Sequential, stale);
    rejected::<wrong::GoesBack>(Check::Sequential, &[Promise::Monotonic]);
}

#[test]
fn what_is_wrong_when_threads_meet_is_rejected() {
    let _alone = alone();
    let hands_out_twice = &[
        Promise::Displaces,
        Promise::Removes,
        Promise::Absent,
        Promise::AppliesOnce,
    ];
    rejected::<racy::LosesUpdates>(
        Check::Updates,
        &[Promise::AppliesOnce, Promise::Monotonic, Promise::Fresh],
    );
    rejected::<racy::WritesBack>(Check::Exchanges, hands_out_twice);
    let one_by_one = &[Promise::OneByOne];
    rejected::<racy::LosesUpdates>(Check::Histories, one_by_one);
    rejected::<racy::WritesBack>(Check::Histories, one_by_one);
    rejected::<racy::DisplacesUnseen>(Check::Histories, one_by_one);
    rejected::<racy::RemovesTwice>(Check::Histories, one_by_one);
    rejected::<racy::UpdateHasGap>(Check::Histories, one_by_one);
    rejected::<racy::OverwriteHasGap>(Check::Histories, one_by_one);
    rejected::<wrong::StaleSnapshot>(Check::Histories, one_by_one);
    rejected::<racy::TwoHalves>(Check::Updates, &[Promise::Whole]);
    strategy_rejected::<unvalidated::Unvalidated, Wide>(Check::Updates, &[Promise::Whole]);
    rejected::<racy::UpdateHasGap>(Check::Updates, &[Promise::Present]);
    rejected::<racy::UpdateHasGap>(Check::Scans, &[Promise::Present]);
    rejected::<racy::OverwriteHasGap>(Check::Lifetimes, &[Promise::Present]);
    rejected::<racy::DisplacesUnseen>(Check::Exchanges, hands_out_twice);
    rejected::<racy::RemovesTwice>(Check::Exchanges, hands_out_twice);
    rejected::<racy::RenewsRarely>(Check::Updates, &[Promise::Fresh]);
    rejected::<racy::ScansOneByOne>(Check::Scans, &[Promise::ScansOneInstant]);
    rejected::<racy::EmptyWhileGrowing>(Check::Growth, &[Promise::Grows]);
    strategy_rejected::<shifting::LendsWithoutGuard, shifting::Shifting>(
        Check::Updates,
        &[Promise::Steady],
    );
}

#[test]
fn what_is_wrong_while_it_grows_is_rejected() {
    let _alone = alone();
    rejected::<growing::LosesInsertsOfOthers>(Check::Growth, &[Promise::Grows]);
    rejected::<growing::LosesUpdatesOfOthers>(
        Check::Growth,
        &[Promise::Fresh, Promise::AppliesOnce],
    );
    rejected::<growing::AcceptsAllInserts>(Check::Growth, &[Promise::Displaces]);
    strategy_rejected::<growing::SleepersLookOneTableFurther, Status>(
        Check::Growth,
        &[Promise::Grows],
    );
}

#[test]
fn what_keeps_too_much_is_rejected() {
    let _alone = alone();
    rejected::<wasteful::LeaksRemoved>(Check::Churn, &[Promise::Reclaims]);
    rejected::<wasteful::LeaksRemoved>(Check::Shutdown, &[Promise::FreesAll]);
    rejected::<wasteful::KeepsEveryId>(Check::Churn, &[Promise::Reclaims]);
    rejected::<wasteful::CopiesTable>(Check::Costs, &[Promise::CopiesNoMore]);
    rejected::<wasteful::FreesLate>(Check::Costs, &[Promise::FreesInTime]);
    rejected::<wasteful::ForgetsOnDrop>(Check::Shutdown, &[Promise::FreesAll]);
    rejected::<wasteful::ExhaustsTombstones>(Check::Churn, &[Promise::DoesNotPanic]);
    rejected::<wasteful::DropsWhenExhausted>(Check::Churn, &[Promise::Present]);
    rejected::<wasteful::DoesNotGrow>(Check::Growth, &[Promise::Grows]);
    rejected::<wasteful::LosesOneGrowing>(Check::Growth, &[Promise::Grows]);
    rejected::<wasteful::LeavesThread>(Check::Shutdown, &[Promise::JoinsThreads]);
}

/// Set in a child process: which hanging table it runs.
const HANGS: &str = "PLANTED_HANGS";

/// The child of [`what_hangs_ends_the_process`]; alone it has nothing to do.
#[test]
fn hang_in_a_child() {
    let effort = Effort {
        patience: Duration::from_millis(400),
        ..Effort::default()
    };
    let verdict = match std::env::var(HANGS).as_deref() {
        Ok("two-orders") => {
            run::<Table<wasteful::LocksInTwoOrders>, Status>(Check::Deadlock, &effort, Seed(1))
        }
        Ok("keeps-lock") => {
            run::<Table<wasteful::KeepsLock>, Status>(Check::Sequential, &effort, Seed(1))
        }
        _ => return,
    };
    panic!("it did not hang: {verdict:?}");
}

/// Runs this test binary again, for the one table that hangs.
fn child(hangs: &str) -> Output {
    let this = std::env::current_exe().expect("the test binary has a path");
    Command::new(this)
        .args(["--exact", "hang_in_a_child"])
        .env(HANGS, hangs)
        .output()
        .expect("the test binary starts")
}

#[test]
fn what_hangs_ends_the_process() {
    let _alone = alone();
    for _ in 0..runs() {
        for (hangs, check) in [
            ("two-orders", Check::Deadlock),
            ("keeps-lock", Check::Sequential),
        ] {
            let output = child(hangs);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(
                said.contains(&format!("{check} check (seed 1): hung")),
                "{said}"
            );
        }
    }
}
