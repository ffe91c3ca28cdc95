//! Invented claims against invented sightings.

use std::collections::BTreeMap;

use basis::fault::{Attempt, Deed, Fate, Fault, Tally};

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
