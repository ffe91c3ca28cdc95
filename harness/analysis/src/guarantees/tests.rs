//! Invented claims against invented sightings.

use std::collections::BTreeMap;

use contract::{AfterDeadThread, AfterPanic, Profile, Progress, ReadConsistency, Reentrancy};
use model::claims::{Claims, Property as P};
use model::fault::{Action, Attempt, Fate, Fault, Tally};
use model::sample::Allocation;
use model::scenario::{Activity, RecordKind, Scenario};
use model::stall::{StallPair, StallSeen, TwoStops, Writes};
use model::trace::Operation;

use super::*;

/// Claims what a lock does.
fn card(change: impl FnOnce(&mut Claims)) -> Card {
    let mut card = Card::from(&Profile::locked("a/b", ""));
    change(&mut card.claims);
    card
}

/// Claims this.
fn claiming(property: Property, claim: Claim) -> Card {
    card(|claims| match (property, claim) {
        (P::Reads, Claim::Progress(claim)) => claims.reads = claim,
        (P::Updates, Claim::Progress(claim)) => claims.updates = claim,
        (P::Resizes, Claim::Progress(claim)) => claims.resizes = claim,
        (P::AfterPanic, Claim::AfterPanic(claim)) => claims.after_panic = claim,
        (P::AfterDeadThread, Claim::AfterDeadThread(claim)) => claims.after_dead_thread = claim,
        (P::InsideRead, Claim::Reentrancy(claim)) => claims.inside_read = claim,
        (P::InsideScan, Claim::Reentrancy(claim)) => claims.inside_scan = claim,
        (P::ReadAllocates, claim) => claims.read_allocates = claim == Claim::Allocates,
        (P::ReadConsistency | P::ScanConsistency, _) => {}
        other => unreachable!("no test claims {other:?}"),
    })
}

fn find(all: &[Guarantee], property: Property) -> Option<&Guarantee> {
    let mut all = all.iter();
    all.find(|guarantee| guarantee.property == Guaranteed::Claim(property))
}

fn under(fault: Fault, fates: &[(Action, Fate)]) -> FaultSeen {
    let attempt = |&(deed, fate): &(Action, Fate)| (deed, Attempt { fate, tries: 3 });
    FaultSeen {
        strategy: "a/b".into(),
        fault,
        meanwhile: fates.iter().map(attempt).collect(),
        never: Vec::new(),
        tallies: BTreeMap::new(),
        died: None,
    }
}

fn gone(fates: &[(Action, Fate)], tally: Option<(Tally, i64)>) -> FaultSeen {
    FaultSeen {
        tallies: tally.into_iter().collect(),
        ..under(Fault::ReaderGone, fates)
    }
}

/// What is observed of the one claim, and its grade.
fn graded_after(property: Property, claim: Claim, outcomes: &[FaultSeen]) -> (String, Grade) {
    let card = claiming(property, claim);
    let lines: Vec<Line> = outcomes.iter().cloned().map(Line::Fault).collect();
    let all = guarantees(std::slice::from_ref(&card), &[], &lines);
    let guarantee = find(&all, property).expect("every claim is listed");
    let is_forbidden = guarantee.grade == Grade::Forbidden;
    let contradicted = outcomes.iter().any(|outcome| contradicts(&card, outcome));
    assert_eq!(contradicted, is_forbidden);
    (guarantee.observed.clone(), guarantee.grade)
}

#[test]
fn who_says_that_it_never_waits_and_waits_is_found_out() {
    use Progress::{Blocking, LockFree, WaitFree};
    let grade = |property, claim, outcomes: &[FaultSeen]| {
        graded_after(property, Claim::Progress(claim), outcomes).1
    };
    let held_up = under(
        Fault::UpdaterStalls,
        &[(Action::Read, Fate::HeldUp), (Action::Update, Fate::Done)],
    );
    let fine = under(Fault::ReaderStalls, &[(Action::Read, Fate::Done)]);
    let outcomes = [fine.clone(), held_up];
    assert_eq!(grade(P::Reads, WaitFree, &outcomes), Grade::Forbidden);
    assert_eq!(grade(P::Reads, LockFree, &outcomes), Grade::Forbidden);
    assert_eq!(grade(P::Reads, Blocking, &outcomes), Grade::Acceptable);
    assert_eq!(grade(P::Updates, LockFree, &outcomes), Grade::Acceptable);
    let fine = [fine];
    assert_eq!(grade(P::Reads, LockFree, &fine), Grade::Acceptable);
    assert_eq!(grade(P::Reads, Blocking, &fine), Grade::Interesting);
    // Nobody tried to.
    assert_eq!(grade(P::Updates, LockFree, &fine), Grade::Unchecked);
}

#[test]
fn a_record_torn_by_a_panic_is_no_more_than_exposed() {
    use AfterPanic::{Exposed, Intact, Unusable};
    let torn = [under(Fault::PanicInUpdate, &[(Action::Read, Fate::Torn)])];
    let grade = |claim, outcomes: &[FaultSeen]| {
        graded_after(P::AfterPanic, Claim::AfterPanic(claim), outcomes).1
    };
    assert_eq!(grade(Intact, &torn), Grade::Forbidden);
    assert_eq!(grade(Exposed, &torn), Grade::Acceptable);
    assert_eq!(grade(Unusable, &torn), Grade::Interesting);
    for worse in [Fate::Missing, Fate::Panicked, Fate::HeldUp] {
        let outcomes = [under(
            Fault::PanicInUpdate,
            &[(Action::Read, Fate::Torn), (Action::Update, worse)],
        )];
        assert_eq!(grade(Exposed, &outcomes), Grade::Forbidden);
    }
}

#[test]
fn what_a_dead_reader_keeps_is_told_from_whom_it_blocks() {
    use AfterDeadThread as D;
    let fine: &[(Action, Fate)] = &[(Action::Read, Fate::Done), (Action::Update, Fate::Done)];
    let graded = |claim, outcome: FaultSeen| {
        graded_after(
            P::AfterDeadThread,
            Claim::AfterDeadThread(claim),
            &[outcome],
        )
    };
    let observed = |outcome| graded(D::BlocksEveryone, outcome).0;
    assert_eq!(observed(gone(fine, None)), "unaffected");
    let kept = |bytes| Some((Tally::KeptBytes, bytes));
    assert_eq!(observed(gone(fine, kept(64))), "one version kept");
    assert_eq!(observed(gone(fine, kept(63))), "unaffected");
    let garbage = Some((Tally::GarbageBytes, 1 << 20));
    assert_eq!(observed(gone(fine, garbage)), "all garbage kept");
    let writers: &[(Action, Fate)] = &[(Action::Read, Fate::Done), (Action::Insert, Fate::HeldUp)];
    assert_eq!(observed(gone(writers, None)), "writers blocked");
    let all: &[(Action, Fate)] = &[
        (Action::ReadAgain, Fate::HeldUp),
        (Action::Update, Fate::HeldUp),
    ];
    assert_eq!(observed(gone(all, None)), "everyone blocked");
    let (_, grade) = graded(D::KeepsOneVersion, gone(writers, None));
    assert_eq!(grade, Grade::Forbidden);
}

#[test]
fn what_works_inside_a_read_or_a_scan_is_graded_by_the_worst() {
    use Action::{Insert, Read, ReadAgain, Scan, Update};
    use Fate::{Done, HeldUp, Missing, Panicked, Stale, Torn};
    use Reentrancy as R;
    let cases: [(&[(Action, Fate)], Reentrancy); 10] = [
        (
            &[(Read, Done), (Update, Done), (Insert, Done)],
            R::ReadsAndWrites,
        ),
        (&[(Read, Done), (Update, Stale)], R::ReadsOldState),
        (
            &[(Read, Done), (ReadAgain, Done), (Insert, HeldUp)],
            R::Reads,
        ),
        (&[(Update, Stale), (Insert, HeldUp)], R::Reads),
        (
            &[(ReadAgain, HeldUp), (Insert, HeldUp)],
            R::ReadsUnlessWriterWaits,
        ),
        (&[(Read, Panicked), (Update, Panicked)], R::Panics),
        (&[(Read, HeldUp), (Update, Panicked)], R::Deadlocks),
        (&[(Read, Done), (Scan, HeldUp)], R::Deadlocks),
        (&[(Read, Torn), (Update, Done)], R::Deadlocks),
        (&[(Read, Missing), (Update, Done)], R::Deadlocks),
    ];
    for (property, fault) in [
        (P::InsideRead, Fault::InsideRead),
        (P::InsideScan, Fault::InsideScan),
    ] {
        let graded = |claim, fates: &[(Action, Fate)]| {
            graded_after(property, Claim::Reentrancy(claim), &[under(fault, fates)])
        };
        for (fates, expected) in cases {
            let as_claimed = (expected.to_string(), Grade::Acceptable);
            assert_eq!(graded(expected, fates), as_claimed);
            let (_, grade) = graded(R::ReadsAndWrites, fates);
            let is_best = expected == R::ReadsAndWrites;
            assert_eq!(grade == Grade::Acceptable, is_best, "{expected}");
            assert_eq!(grade == Grade::Forbidden, !is_best, "{expected}");
        }
        let (_, grade) = graded(R::Deadlocks, &[(Read, Done), (Update, Done)]);
        assert_eq!(grade, Grade::Interesting);
    }
    // Neither says anything of the other.
    let outcomes = [under(Fault::InsideScan, &[(Read, HeldUp)])];
    let (_, grade) = graded_after(
        P::InsideRead,
        Claim::Reentrancy(R::ReadsAndWrites),
        &outcomes,
    );
    assert_eq!(grade, Grade::Unchecked);
}

#[test]
fn a_read_that_ends_the_process_without_memory_allocates() {
    let died = [FaultSeen {
        died: Some("signal: 6".into()),
        ..under(Fault::NoMemoryToRead, &[])
    }];
    let grade = |claim| graded_after(P::ReadAllocates, claim, &died).1;
    assert_eq!(grade(Claim::AllocatesNothing), Grade::Forbidden);
    assert_eq!(grade(Claim::Allocates), Grade::Acceptable);
}

#[test]
fn a_fault_that_contradicts_a_claim_once_has_contradicted_it() {
    let harmless = gone(
        &[(Action::Read, Fate::Done), (Action::Update, Fate::Done)],
        None,
    );
    let waits = gone(
        &[(Action::Read, Fate::HeldUp), (Action::Update, Fate::HeldUp)],
        None,
    );
    for outcomes in [[harmless.clone(), waits.clone()], [waits, harmless]] {
        let claim = Claim::AfterDeadThread(AfterDeadThread::Unaffected);
        let graded = graded_after(P::AfterDeadThread, claim, &outcomes);
        assert_eq!(graded, ("everyone blocked".into(), Grade::Forbidden));
        let lines = outcomes.map(Line::Fault);
        let faulted = faulted(&lines);
        assert_eq!(faulted.len(), 1);
        assert_eq!(faulted[0].consequence, Consequence::EveryoneWaits);
    }
}

#[test]
fn what_reads_were_counted_to_allocate_refutes_that_they_do_not() {
    let scenario = |name: &str, record| Scenario {
        name: name.into(),
        record,
        ..Scenario::default()
    };
    let scenarios = [
        scenario("plain", RecordKind::Status),
        scenario("heap", RecordKind::Snapshot),
    ];
    let grade = |claim, scenario: &str, does, allocations| {
        let counts = Line::Allocation(Allocation {
            scenario: scenario.into(),
            strategy: "a/b".into(),
            does,
            operations: 256,
            allocations,
            bytes: allocations * 2_000,
        });
        // One read without memory needed none.
        let fault = Line::Fault(under(Fault::NoMemoryToRead, &[(Action::Read, Fate::Done)]));
        let card = claiming(P::ReadAllocates, claim);
        let all = guarantees(&[card], &scenarios, &[fault, counts]);
        find(&all, P::ReadAllocates).expect("it is listed").grade
    };
    let (no, yes) = (Claim::AllocatesNothing, Claim::Allocates);
    assert_eq!(grade(no, "plain", Activity::Read, 1), Grade::Forbidden);
    assert_eq!(grade(no, "plain", Activity::Read, 0), Grade::Acceptable);
    assert_eq!(grade(no, "plain", Activity::Update, 1), Grade::Acceptable);
    assert_eq!(grade(no, "heap", Activity::Read, 1), Grade::Acceptable);
    assert_eq!(grade(yes, "plain", Activity::Read, 0), Grade::Interesting);
}

/// At so many of ten points the peer is blocked, at some of them by the allocator.
fn stall(stalled: Operation, peer: Operation, blocked: u64, in_allocator: u64) -> StallPair {
    StallPair {
        stalled,
        peer,
        same_process: true,
        points: 10,
        blocked,
        in_allocator,
        untried: 0,
        first: None,
        last: None,
        held_by: None,
        wrong: 0,
        evidence: None,
    }
}

const LINEARIZABLE: Claim = Claim::ReadConsistency(ReadConsistency::Linearizable);

/// The claims of a card that stalls alone have graded.
fn graded_by_stalls(card: &Card, stalls: &StallSeen) -> Vec<Guarantee> {
    let stalls = StallSeen {
        strategy: card.name.clone(),
        ..stalls.clone()
    };
    let mut all = guarantees(std::slice::from_ref(card), &[], &[Line::Stall(stalls)]);
    all.retain(|claim| claim.grade != Grade::Unchecked);
    all
}

/// The grade that stalls give a claim.
fn graded_beside_stalls(property: Property, claim: Claim, pairs: &[StallPair]) -> Grade {
    let card = claiming(property, claim);
    let grade = |all: &[Guarantee]| {
        let guarantee = find(all, property);
        guarantee.map_or(Grade::Unchecked, |guarantee| guarantee.grade)
    };
    let stalls = StallSeen {
        pairs: pairs.to_vec(),
        ..StallSeen::default()
    };
    grade(&graded_by_stalls(&card, &stalls))
}

#[test]
fn a_peer_that_is_blocked_anywhere_refutes_progress() {
    use Operation::{Apply, Insert, ReadHit, ReadMiss, Remove, Scan};
    for (property, peer, stalled) in [
        (P::Reads, ReadHit, Apply),
        (P::Reads, ReadMiss, Remove),
        (P::Updates, Apply, ReadHit),
        (P::Updates, Apply, Scan),
        (P::Updates, Apply, Insert),
        (P::Resizes, Insert, ReadMiss),
        (P::Resizes, Remove, Apply),
    ] {
        let blocked = [stall(stalled, peer, 1, 0)];
        let free = [stall(stalled, peer, 0, 0)];
        for claim in [Progress::LockFree, Progress::WaitFree] {
            let claim = Claim::Progress(claim);
            let grade = |pairs| graded_beside_stalls(property, claim, pairs);
            assert_eq!(grade(&blocked), Grade::Forbidden, "{property} {claim}");
            assert_eq!(grade(&free), Grade::Acceptable, "{property} {claim}");
        }
        let claim = Claim::Progress(Progress::Blocking);
        let grade = |pairs| graded_beside_stalls(property, claim, pairs);
        assert_eq!(grade(&blocked), Grade::Acceptable, "{property}");
        assert_eq!(grade(&free), Grade::Interesting, "{property}");
    }
}

#[test]
fn progress_is_claimed_apart_from_the_allocator_and_for_what_is_named() {
    use Operation::{Apply, ReadHit, Scan};
    let in_allocator = [stall(Apply, ReadHit, 3, 3)];
    let claim = Claim::Progress(Progress::WaitFree);
    let grade = |pairs: &[StallPair]| graded_beside_stalls(P::Reads, claim, pairs);
    assert_eq!(grade(&in_allocator), Grade::Acceptable);
    assert_eq!(grade(&[stall(Apply, ReadHit, 4, 3)]), Grade::Forbidden);
    // Of reads it is claimed for while others write, and of no scan.
    let beside = [stall(ReadHit, ReadHit, 5, 0), stall(Apply, Scan, 5, 0)];
    assert_eq!(grade(&beside), Grade::Unchecked);
    // More in the allocator than there are is damage, and no panic.
    assert_eq!(grade(&[stall(Apply, ReadHit, 1, 3)]), Grade::Acceptable);
}

#[test]
fn stalls_and_faults_are_graded_together() {
    let card = claiming(P::Reads, Claim::Progress(Progress::WaitFree));
    let fault = |fate| Line::Fault(under(Fault::UpdaterStalls, &[(Action::Read, fate)]));
    let stalled = |blocked| {
        Line::Stall(StallSeen {
            strategy: card.name.clone(),
            pairs: vec![stall(Operation::Apply, Operation::ReadHit, blocked, 0)],
            ..StallSeen::default()
        })
    };
    for (lines, grade, evidence) in [
        (
            [fault(Fate::Done), stalled(0)],
            Grade::Acceptable,
            "3 times while",
        ),
        (
            [fault(Fate::Done), stalled(0)],
            Grade::Acceptable,
            "10 points",
        ),
        (
            [fault(Fate::Done), stalled(4)],
            Grade::Forbidden,
            "read hit at 4 of 10 points of apply",
        ),
        ([fault(Fate::HeldUp), stalled(0)], Grade::Forbidden, "by"),
    ] {
        let all = guarantees(std::slice::from_ref(&card), &[], &lines);
        let guarantee = find(&all, P::Reads).expect("it is listed");
        assert_eq!(guarantee.grade, grade);
        assert!(
            guarantee.evidence.contains(evidence),
            "{}",
            guarantee.evidence
        );
    }
}

#[test]
fn what_no_order_explains_refutes_consistency() {
    let mut pair = stall(Operation::Apply, Operation::ReadHit, 0, 0);
    let grade = |pairs: &[StallPair]| graded_beside_stalls(P::ReadConsistency, LINEARIZABLE, pairs);
    assert_eq!(grade(&[]), Grade::Unchecked);
    assert_eq!(grade(std::slice::from_ref(&pair)), Grade::Acceptable);
    (pair.wrong, pair.evidence) = (1, Some("half a record".into()));
    assert_eq!(grade(std::slice::from_ref(&pair)), Grade::Forbidden);
    let stalls = StallSeen {
        pairs: vec![pair],
        ..StallSeen::default()
    };
    let all = graded_by_stalls(&card(|_| ()), &stalls);
    let guarantee = find(&all, P::ReadConsistency).expect("it was seen");
    assert!(
        guarantee.evidence.contains("half a record"),
        "{guarantee:?}"
    );
    // A check that passed does not make up for it.
    let passed = Line::Check(CheckOutcome {
        strategy: "a/b".into(),
        record: model::scenario::RecordKind::Status,
        check: "histories".into(),
        passed: true,
        evidence: String::new(),
    });
    let torn = Line::Stall(StallSeen {
        strategy: "a/b".into(),
        pairs: vec![StallPair {
            wrong: 2,
            ..stall(Operation::Apply, Operation::Scan, 0, 0)
        }],
        ..StallSeen::default()
    });
    let all = guarantees(&[card(|_| ())], &[], &[passed, torn]);
    let guarantee = find(&all, P::ReadConsistency);
    assert_eq!(guarantee.expect("it is listed").grade, Grade::Forbidden);
}

#[test]
fn a_wrong_answer_between_two_stops_refutes_consistency() {
    let grade = |stalled, wrong: u64, property| {
        let two = TwoStops {
            stalled,
            writes: Writes::Updates,
            points: 33,
            tried: 651,
            blocked: 0,
            untried: 0,
            wrong,
            evidence: (wrong > 0).then(|| "saw another process's record".into()),
        };
        let stalls = StallSeen {
            two_stops: vec![two],
            ..StallSeen::default()
        };
        let all = graded_by_stalls(&card(|_| ()), &stalls);
        find(&all, property).map(|claim| claim.grade)
    };
    let (read, scan) = (P::ReadConsistency, P::ScanConsistency);
    assert_eq!(grade(Operation::ReadHit, 0, read), Some(Grade::Acceptable));
    assert_eq!(grade(Operation::ReadHit, 1, read), Some(Grade::Forbidden));
    assert_eq!(grade(Operation::Scan, 1, scan), Some(Grade::Forbidden));
    assert_eq!(grade(Operation::Scan, 1, read), None);
}
