//! Invented claims against invented sightings.

use std::collections::BTreeMap;

use basis::fault::{Attempt, Deed, Fate, Fault, Tally};
use basis::stall::{StallSeen, TwoStops, Writes};
use basis::trace::Operation;

use super::*;

fn card(property: &str, claim: &str) -> Card {
    Card {
        name: "a/b".into(),
        summary: String::new(),
        library: "own".into(),
        avoid_when: String::new(),
        control: false,
        read_allocates: false,
        plain_data_only: false,
        claims: vec![(property.into(), claim.into())],
    }
}

fn under(fault: Fault, fates: &[(Deed, Fate)]) -> FaultSeen {
    let attempt = |&(deed, fate): &(Deed, Fate)| (deed, Attempt { fate, tries: 3 });
    FaultSeen {
        strategy: "a/b".into(),
        fault,
        meanwhile: fates.iter().map(attempt).collect(),
        never: Vec::new(),
        tallies: BTreeMap::new(),
        died: None,
    }
}

fn gone(fates: &[(Deed, Fate)], tally: Option<(Tally, i64)>) -> FaultSeen {
    FaultSeen {
        tallies: tally.into_iter().collect(),
        ..under(Fault::ReaderGone, fates)
    }
}

/// What is observed of the one claim, and its grade.
fn graded_after(property: &str, claim: &str, seen: &[FaultSeen]) -> (String, Grade) {
    let card = card(property, claim);
    let lines: Vec<Line> = seen.iter().cloned().map(Line::Fault).collect();
    let found = guarantees(std::slice::from_ref(&card), &lines);
    let found = found.iter().find(|one| one.property == property);
    let found = found.expect("every claim is listed");
    let is_forbidden = found.grade == Grade::Forbidden;
    assert_eq!(
        seen.iter().any(|seen| contradicts(&card, seen)),
        is_forbidden
    );
    (found.observed.clone(), found.grade)
}

#[test]
fn who_says_that_it_never_waits_and_waits_is_found_out() {
    let held_up = under(
        Fault::UpdaterStalls,
        &[(Deed::Read, Fate::HeldUp), (Deed::Update, Fate::Done)],
    );
    let fine = under(Fault::ReaderStalls, &[(Deed::Read, Fate::Done)]);
    let seen = [fine.clone(), held_up];
    let waits = ("held up".to_owned(), Grade::Forbidden);
    assert_eq!(graded_after("reads", "wait-free", &seen), waits);
    assert_eq!(graded_after("reads", "lock-free", &seen), waits);
    assert_eq!(
        graded_after("reads", "blocking", &seen).1,
        Grade::Acceptable
    );
    assert_eq!(
        graded_after("updates", "lock-free", &seen).1,
        Grade::Acceptable
    );
    let fine = [fine];
    assert_eq!(
        graded_after("reads", "lock-free", &fine).1,
        Grade::Acceptable
    );
    assert_eq!(
        graded_after("reads", "blocking", &fine).1,
        Grade::Interesting
    );
    // Nobody tried to.
    assert_eq!(
        graded_after("updates", "lock-free", &fine).1,
        Grade::Unchecked
    );
}

#[test]
fn a_record_torn_by_a_panic_is_no_more_than_exposed() {
    let property = "after a panic in an update";
    let torn = [under(Fault::PanicInUpdate, &[(Deed::Read, Fate::Torn)])];
    let grade = |claim, seen: &[FaultSeen]| graded_after(property, claim, seen).1;
    assert_eq!(grade("intact", &torn), Grade::Forbidden);
    assert_eq!(grade("half-done change exposed", &torn), Grade::Acceptable);
    assert_eq!(grade("table unusable", &torn), Grade::Interesting);
    for worse in [Fate::Missing, Fate::Panicked, Fate::HeldUp] {
        let seen = [under(
            Fault::PanicInUpdate,
            &[(Deed::Read, Fate::Torn), (Deed::Update, worse)],
        )];
        assert_eq!(grade("half-done change exposed", &seen), Grade::Forbidden);
    }
}

#[test]
fn what_a_dead_reader_keeps_is_told_from_whom_it_blocks() {
    let property = "after a thread dies while reading";
    let fine: &[(Deed, Fate)] = &[(Deed::Read, Fate::Done), (Deed::Update, Fate::Done)];
    let observed = |seen: FaultSeen| graded_after(property, "everyone blocked", &[seen]).0;
    assert_eq!(observed(gone(fine, None)), "unaffected");
    assert_eq!(
        observed(gone(fine, Some((Tally::KeptBytes, 64)))),
        "one version kept"
    );
    assert_eq!(
        observed(gone(fine, Some((Tally::KeptBytes, 63)))),
        "unaffected"
    );
    assert_eq!(
        observed(gone(fine, Some((Tally::GarbageBytes, 1 << 20)))),
        "all garbage kept"
    );
    let writers: &[(Deed, Fate)] = &[(Deed::Read, Fate::Done), (Deed::Insert, Fate::HeldUp)];
    assert_eq!(observed(gone(writers, None)), "writers blocked");
    let all: &[(Deed, Fate)] = &[
        (Deed::ReadAgain, Fate::HeldUp),
        (Deed::Update, Fate::HeldUp),
    ];
    assert_eq!(observed(gone(all, None)), "everyone blocked");
    let (_, grade) = graded_after(property, "one version kept", &[gone(writers, None)]);
    assert_eq!(grade, Grade::Forbidden);
}

#[test]
fn what_works_inside_a_read_or_a_scan_is_graded_by_the_worst() {
    use Deed::{Insert, Read, ReadAgain, Scan, Update};
    use Fate::{Done, HeldUp, Missing, Panicked, Stale, Torn};
    let cases: [(&[(Deed, Fate)], &str); 10] = [
        (
            &[(Read, Done), (Update, Done), (Insert, Done)],
            "reads and writes",
        ),
        (&[(Read, Done), (Update, Stale)], "writes, reads old state"),
        (
            &[(Read, Done), (ReadAgain, Done), (Insert, HeldUp)],
            "reads, no writes",
        ),
        (&[(Update, Stale), (Insert, HeldUp)], "reads, no writes"),
        (
            &[(ReadAgain, HeldUp), (Insert, HeldUp)],
            "reads unless a writer waits",
        ),
        (&[(Read, Panicked), (Update, Panicked)], "panics"),
        (&[(Read, HeldUp), (Update, Panicked)], "deadlocks"),
        (&[(Read, Done), (Scan, HeldUp)], "deadlocks"),
        (&[(Read, Torn), (Update, Done)], "deadlocks"),
        (&[(Read, Missing), (Update, Done)], "deadlocks"),
    ];
    for (property, fault) in [
        ("inside a read", Fault::InsideRead),
        ("inside a scan", Fault::InsideScan),
    ] {
        for (fates, expected) in cases {
            let seen = [under(fault, fates)];
            let (observed, grade) = graded_after(property, expected, &seen);
            assert_eq!((observed.as_str(), grade), (expected, Grade::Acceptable));
            let (_, grade) = graded_after(property, "reads and writes", &seen);
            let is_best = expected == "reads and writes";
            assert_eq!(grade == Grade::Acceptable, is_best, "{expected}");
            assert_eq!(grade == Grade::Forbidden, !is_best, "{expected}");
        }
        let fine = [under(fault, &[(Read, Done), (Update, Done)])];
        let (_, grade) = graded_after(property, "deadlocks", &fine);
        assert_eq!(grade, Grade::Interesting);
    }
    // Neither says anything of the other.
    let seen = [under(Fault::InsideScan, &[(Read, HeldUp)])];
    let (_, grade) = graded_after("inside a read", "reads and writes", &seen);
    assert_eq!(grade, Grade::Unchecked);
}

#[test]
fn a_card_from_before_a_claim_existed_claims_nothing_of_it() {
    let seen = under(Fault::InsideRead, &[(Deed::Read, Fate::HeldUp)]);
    let old = card("reads", "blocking");
    let found = guarantees(std::slice::from_ref(&old), &[Line::Fault(seen.clone())]);
    assert!(found.iter().all(|one| one.property != "inside a read"));
    assert!(!contradicts(&old, &seen));
}

#[test]
fn a_read_that_ends_the_process_without_memory_allocates() {
    let died = FaultSeen {
        died: Some("signal: 6".into()),
        ..under(Fault::NoMemoryToRead, &[])
    };
    let grade_of = |read_allocates| {
        let card = Card {
            read_allocates,
            ..card("reads", "blocking")
        };
        let found = guarantees(&[card], &[Line::Fault(died.clone())]);
        let found = found.iter().find(|one| one.property == "reads allocate");
        found.expect("every claim is listed").grade
    };
    assert_eq!(grade_of(false), Grade::Forbidden);
    assert_eq!(grade_of(true), Grade::Acceptable);
}

#[test]
fn a_claim_in_unknown_words_is_not_graded() {
    let torn = [under(Fault::PanicInUpdate, &[(Deed::Read, Fate::Torn)])];
    let (_, grade) = graded_after("after a panic in an update", "no idea", &torn);
    assert_eq!(grade, Grade::Unchecked);
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

/// The grade that stalls give a claim, alone and among everything else.
fn graded_beside_stalls(property: &str, claim: &str, pairs: &[StallPair]) -> Grade {
    let card = card(property, claim);
    let of = |all: &[Guarantee]| {
        let found = all.iter().find(|one| one.property == property);
        found.map_or(Grade::Unchecked, |found| found.grade)
    };
    let line = Line::Stall(StallSeen {
        strategy: card.name.clone(),
        pairs: pairs.to_vec(),
        ..StallSeen::default()
    });
    let Line::Stall(seen) = &line else {
        unreachable!("it is one")
    };
    let alone = of(&graded_by_stalls(&card, seen));
    assert_eq!(alone, of(&guarantees(&[card], &[line])));
    alone
}

#[test]
fn a_peer_that_is_blocked_anywhere_refutes_progress() {
    use Operation::{Apply, Insert, ReadHit, ReadMiss, Remove, Scan};
    for (property, peer, stalled) in [
        ("reads", ReadHit, Apply),
        ("reads", ReadMiss, Remove),
        ("updates", Apply, ReadHit),
        ("updates", Apply, Scan),
        ("updates", Apply, Insert),
        ("inserts and removes", Insert, ReadMiss),
        ("inserts and removes", Remove, Apply),
    ] {
        let blocked = [stall(stalled, peer, 1, 0)];
        let free = [stall(stalled, peer, 0, 0)];
        for claim in ["lock-free", "wait-free"] {
            let grade = |pairs| graded_beside_stalls(property, claim, pairs);
            assert_eq!(grade(&blocked), Grade::Forbidden, "{property} {claim}");
            assert_eq!(grade(&free), Grade::Acceptable, "{property} {claim}");
        }
        let grade = |pairs| graded_beside_stalls(property, "blocking", pairs);
        assert_eq!(grade(&blocked), Grade::Acceptable, "{property}");
        assert_eq!(grade(&free), Grade::Interesting, "{property}");
    }
}

#[test]
fn progress_is_claimed_apart_from_the_allocator_and_for_what_is_named() {
    use Operation::{Apply, ReadHit, Scan};
    let in_allocator = [stall(Apply, ReadHit, 3, 3)];
    let grade = |pairs: &[StallPair]| graded_beside_stalls("reads", "wait-free", pairs);
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
    let card = card("reads", "wait-free");
    let fault = |fate| Line::Fault(under(Fault::UpdaterStalls, &[(Deed::Read, fate)]));
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
        let found = guarantees(std::slice::from_ref(&card), &lines);
        let found = found
            .iter()
            .find(|one| one.property == "reads")
            .expect("it is listed");
        assert_eq!(found.grade, grade);
        assert!(found.evidence.contains(evidence), "{}", found.evidence);
    }
}

#[test]
fn what_no_order_explains_refutes_consistency() {
    let mut pair = stall(Operation::Apply, Operation::ReadHit, 0, 0);
    let grade =
        |pairs: &[StallPair]| graded_beside_stalls("read consistency", "linearizable", pairs);
    assert_eq!(grade(&[]), Grade::Unchecked);
    assert_eq!(grade(std::slice::from_ref(&pair)), Grade::Acceptable);
    (pair.wrong, pair.evidence) = (1, Some("half a record".into()));
    assert_eq!(grade(std::slice::from_ref(&pair)), Grade::Forbidden);
    let seen = StallSeen {
        pairs: vec![pair],
        ..StallSeen::default()
    };
    let found = graded_by_stalls(&card("read consistency", "linearizable"), &seen);
    assert!(
        found[0].evidence.contains("half a record"),
        "{}",
        found[0].evidence
    );
    // A check that passed does not make up for it.
    let passed = Line::Check(CheckOutcome {
        strategy: "a/b".into(),
        record: basis::scenario::RecordKind::Status,
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
    let card = card("read consistency", "linearizable");
    let found = guarantees(&[card], &[passed, torn]);
    let found = found.iter().find(|one| one.property == "read consistency");
    assert_eq!(found.expect("it is listed").grade, Grade::Forbidden);
}

#[test]
fn a_wrong_answer_between_two_stops_refutes_consistency() {
    let grade = |stalled, wrong: u64, property: &str| {
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
        let seen = StallSeen {
            two_stops: vec![two],
            ..StallSeen::default()
        };
        let found = graded_by_stalls(&card(property, "linearizable"), &seen);
        found.first().map(|claim| claim.grade)
    };
    let (read, scan) = ("read consistency", "scan consistency");
    assert_eq!(grade(Operation::ReadHit, 0, read), Some(Grade::Acceptable));
    assert_eq!(grade(Operation::ReadHit, 1, read), Some(Grade::Forbidden));
    assert_eq!(grade(Operation::Scan, 1, scan), Some(Grade::Forbidden));
    assert_eq!(grade(Operation::Scan, 1, read), None);
}
