//! Tables that are wrong in one way each, and the check that rejects each of them.
//!
//! A checker that was never seen to fail proves nothing. Each bug here replaces one operation of a
//! table that is right; the reference tables with no bug at all pass every check.

#![allow(clippy::print_stdout, reason = "libtest shows it when a test fails")]

mod correct;
mod growing;
mod meeting;
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

/// With how many seeds each bug must be rejected, or may be if threads meet by chance only: set
/// `PLANTED_RUNS` to be sure after a change to a check.
fn runs(default: u64) -> u64 {
    std::env::var("PLANTED_RUNS").map_or(default, |runs| {
        runs.parse().expect("PLANTED_RUNS is a number")
    })
}

/// One test at a time: bytes and threads are counted for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `check` rejects the table with this bug, because it breaks one of `promises`.
fn rejected<B: Bug>(check: Check, promises: &[Promise]) {
    strategy_rejected::<Table<B>, Status>(check, promises, &Effort::quick());
}

/// The same for a strategy of its own, with as much effort as it takes.
fn strategy_rejected<S: Strategy<R>, R: Specimen>(
    check: Check,
    promises: &[Promise],
    effort: &Effort,
) {
    for seed in 1..=runs(1) {
        let verdict = tried::<S, R>(check, promises, effort, seed);
        verdict.unwrap_or_else(|accepted| panic!("{accepted}"));
    }
}

/// What a check says that accepts a strategy with this seed; panics if it rejects it for another reason.
fn tried<S: Strategy<R>, R: Specimen>(
    check: Check,
    promises: &[Promise],
    effort: &Effort,
    seed: u64,
) -> Result<(), String> {
    let name = S::PROFILE.name;
    match run::<S, R>(check, effort, Seed(seed)) {
        Ok(evidence) => Err(format!(
            "the {check} check accepts {name} with seed {seed}: {evidence}"
        )),
        Err(violation) => {
            println!("{violation}\n");
            let is_right = promises.contains(&violation.promise);
            assert!(is_right, "for another reason: {violation}");
            Ok(())
        }
    }
}

/// How threads meet.
#[derive(Clone, Copy)]
enum Meet {
    /// Each planted bug makes them.
    Arranged,
    /// As it happens: one of several seeds has to find the bug.
    ByChance,
}

impl Meet {
    fn rejected<B: Bug>(self, check: Check, promises: &[Promise]) {
        self.strategy_rejected::<Table<B>, Status>(check, promises);
    }

    fn strategy_rejected<S: Strategy<R>, R: Specimen>(self, check: Check, promises: &[Promise]) {
        match self {
            // They meet in their first operations.
            Meet::Arranged => strategy_rejected::<S, R>(check, promises, &Effort::quick()),
            Meet::ByChance => {
                let accepted =
                    |seed| tried::<S, R>(check, promises, &Effort::default(), seed).err();
                let all: Option<Vec<String>> = (1..=runs(20)).map(accepted).collect();
                assert!(all.is_none(), "never found: {all:#?}");
            }
        }
    }
}

fn accepted<B: Bug>() {
    for &check in Check::ALL {
        match run::<Table<B>, Status>(check, &Effort::chosen(), Seed(1)) {
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
    reject_where_threads_meet(Meet::Arranged);
}

#[test]
#[ignore = "it is likely, and takes a minute"]
fn what_is_wrong_when_threads_meet_is_found_by_chance() {
    let _alone = alone();
    meeting::leave_to_chance(true);
    let outcome = std::panic::catch_unwind(|| reject_where_threads_meet(Meet::ByChance));
    meeting::leave_to_chance(false);
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

fn reject_where_threads_meet(meet: Meet) {
    let hands_out_twice = &[
        Promise::Displaces,
        Promise::Removes,
        Promise::Absent,
        Promise::AppliesOnce,
    ];
    meet.rejected::<racy::LosesUpdates>(
        Check::Updates,
        &[Promise::AppliesOnce, Promise::Monotonic, Promise::Fresh],
    );
    meet.rejected::<racy::WritesBack>(Check::Exchanges, hands_out_twice);
    let one_by_one = &[Promise::OneByOne];
    meet.rejected::<racy::LosesUpdates>(Check::Histories, one_by_one);
    meet.rejected::<racy::WritesBack>(Check::Histories, one_by_one);
    meet.rejected::<racy::DisplacesUnseen>(Check::Histories, one_by_one);
    meet.rejected::<racy::RemovesTwice>(Check::Histories, one_by_one);
    meet.rejected::<racy::UpdateHasGap>(Check::Histories, one_by_one);
    meet.rejected::<racy::OverwriteHasGap>(Check::Histories, one_by_one);
    meet.rejected::<wrong::StaleSnapshot>(Check::Histories, one_by_one);
    meet.rejected::<racy::TwoHalves>(Check::Updates, &[Promise::Whole]);
    meet.strategy_rejected::<unvalidated::Unvalidated, Wide>(Check::Updates, &[Promise::Whole]);
    meet.rejected::<racy::UpdateHasGap>(Check::Updates, &[Promise::Present]);
    meet.rejected::<racy::UpdateHasGap>(Check::Scans, &[Promise::Present]);
    meet.rejected::<racy::OverwriteHasGap>(Check::Lifetimes, &[Promise::Present]);
    meet.rejected::<racy::DisplacesUnseen>(Check::Exchanges, hands_out_twice);
    meet.rejected::<racy::RemovesTwice>(Check::Exchanges, hands_out_twice);
    meet.rejected::<racy::RenewsRarely>(Check::Updates, &[Promise::Fresh]);
    meet.rejected::<racy::ScansOneByOne>(Check::Scans, &[Promise::ScansOneInstant]);
    meet.rejected::<racy::EmptyWhileGrowing>(Check::Growth, &[Promise::Grows]);
    meet.strategy_rejected::<shifting::LendsWithoutGuard, shifting::Shifting>(
        Check::Updates,
        &[Promise::Steady],
    );
}

#[test]
fn what_is_wrong_while_it_grows_is_rejected() {
    fn rejected<B: Bug>(promises: &[Promise]) {
        strategy_rejected::<Table<B>, Status>(Check::Growth, promises, &Effort::default());
    }
    let _alone = alone();
    rejected::<growing::LosesInsertsOfOthers>(&[Promise::Grows]);
    rejected::<growing::LosesUpdatesOfOthers>(&[Promise::Fresh, Promise::AppliesOnce]);
    rejected::<growing::AcceptsAllInserts>(&[Promise::Displaces]);
    strategy_rejected::<growing::SleepersLookOneTableFurther, Status>(
        Check::Growth,
        &[Promise::Grows],
        &Effort::default(),
    );
}

#[test]
fn what_keeps_too_much_is_rejected() {
    let _alone = alone();
    rejected::<wasteful::LeaksRemoved>(Check::Churn, &[Promise::Reclaims]);
    rejected::<wasteful::LeaksRemoved>(Check::Shutdown, &[Promise::FreesAll]);
    rejected::<wasteful::KeepsEveryId>(Check::Churn, &[Promise::Reclaims]);
    rejected::<wasteful::CopiesTable>(Check::Costs, &[Promise::CopiesNoMore]);
    rejected::<wasteful::ReadsFromHeap>(Check::Costs, &[Promise::ReadsTakeNothing]);
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
        ..Effort::quick()
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
    for _ in 0..runs(1) {
        for (hangs, check) in [
            ("two-orders", Check::Deadlock),
            ("keeps-lock", Check::Sequential),
        ] {
            let output = child(hangs);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{stderr}");
            assert!(
                stderr.contains(&format!("{check} check (seed 1): hung")),
                "{stderr}"
            );
        }
    }
}
