use super::*;

const ONE: ProcessId = ProcessId(1);
const OTHER: ProcessId = ProcessId(2);

/// What no order explains of what a peer saw beside a stalled operation, its record at revision 7 before.
fn encounter(
    stalled: Operation,
    peer: Operation,
    same: bool,
) -> impl Fn(Observation, Option<Observation>) -> Option<String> {
    let requests = [(stalled, ONE), (peer, if same { ONE } else { OTHER })];
    move |observed, after| flaw_of_peer(requests, Observation::Record(7), observed, after)
}

#[test]
fn a_reader_may_see_before_or_after_and_nothing_else() {
    let read = encounter(Operation::Apply, Operation::ReadHit, true);
    assert_eq!(read(Observation::Record(7), None), None);
    assert_eq!(read(Observation::Record(8), None), None);
    let flaw = read(Observation::Record(6), None).unwrap();
    assert_eq!(
        flaw,
        "found revision 6 where it may have found revision 7, found revision 8"
    );
    assert!(read(Observation::Nothing, None).is_some());
    assert!(read(Observation::Torn, None).is_some());
    let elsewhere = encounter(Operation::Apply, Operation::ReadHit, false);
    assert_eq!(elsewhere(Observation::Record(7), None), None);
    assert!(elsewhere(Observation::Record(8), None).is_some());
}

#[test]
fn two_updates_leave_two_more() {
    let both = encounter(Operation::Apply, Operation::Apply, true);
    let after = |revision| Some(Observation::Record(revision));
    for observed in [8, 9] {
        assert_eq!(both(Observation::Applied(observed), after(9)), None);
    }
    let lost = both(Observation::Applied(8), after(8)).unwrap();
    assert!(lost.contains("a reader found revision 8"), "{lost}");
}

#[test]
fn what_is_removed_is_gone_whoever_comes_first() {
    let removed = encounter(Operation::Apply, Operation::Remove, true);
    for (revision, after, is_explained) in [
        (7, Observation::Nothing, true),
        (8, Observation::Nothing, true),
        (7, Observation::Record(8), false),
        (7, Observation::Torn, false),
    ] {
        let flaw = removed(Observation::Record(revision), Some(after));
        assert_eq!(flaw.is_none(), is_explained, "{flaw:?}");
    }
}

#[test]
fn scans_have_to_be_complete() {
    let scan = Scan {
        times: [1; STEADY as usize],
        ..Scan::default()
    };
    let with_first = |times| {
        let mut scan = scan;
        scan.times[0] = times;
        scan
    };
    let during = encounter(Operation::Apply, Operation::Scan, true);
    let flaw = |scan| during(Observation::Scanned(scan), None);
    assert_eq!(flaw(scan), None);
    assert!(flaw(with_first(0)).is_some());
    assert!(flaw(with_first(2)).is_some());
    assert!(flaw(Scan { torn: true, ..scan }).is_some());
}

/// An update by another thread, of which this revision came.
fn update(id: ProcessId, made: u64) -> Other {
    ((Operation::Apply, id), Some(Observation::Applied(made)))
}

/// An operation on a record of revision 7, beside an update of it and one of another record.
fn flaw(operation: Operation, observed: Observation, made: u64, left: u64) -> Option<String> {
    let readings = |[first, second]: [u64; 2]| {
        [
            (ONE, Observation::Record(first)),
            (OTHER, Observation::Record(second)),
        ]
    };
    Beside {
        request: (operation, ONE),
        observed,
        others: &[update(ONE, made), update(OTHER, 4)],
        during: 2,
        before: &readings([7, 3]),
        after: Some(&readings([left, 4])),
        is_snapshot: false,
    }
    .flaw()
}

#[test]
fn a_read_returns_what_was_current_while_it_lasted() {
    let read = |observed| flaw(Operation::ReadHit, observed, 8, 8);
    assert_eq!(read(Observation::Record(7)), None);
    assert_eq!(read(Observation::Record(8)), None);
    for observed in [
        Observation::Record(6),
        Observation::Record(9),
        Observation::Nothing,
    ] {
        assert!(read(observed).is_some(), "{observed:?}");
    }
    let foreign = read(Observation::Foreign(OTHER)).unwrap();
    assert_eq!(foreign, "saw another process's record");
}

#[test]
fn what_is_no_answer_in_any_table_is_none_of_the_others_either() {
    let [foreign, nothing] = [Observation::Foreign(OTHER), Observation::Nothing];
    let removed = Beside {
        request: (Operation::ReadMiss, OTHER),
        observed: nothing,
        others: &[((Operation::Remove, ONE), Some(foreign))],
        during: 1,
        before: &[(ONE, foreign), (OTHER, nothing)],
        after: Some(&[(ONE, nothing), (OTHER, nothing)]),
        is_snapshot: false,
    };
    assert_eq!(removed.flaw().unwrap(), "saw another process's record");
}

#[test]
fn an_update_is_not_lost_whoever_comes_first() {
    assert_eq!(flaw(Operation::Apply, Observation::Applied(9), 8, 9), None);
    assert_eq!(flaw(Operation::Apply, Observation::Applied(8), 9, 9), None);
    assert!(flaw(Operation::Apply, Observation::Applied(8), 8, 8).is_some());
    assert!(flaw(Operation::Apply, Observation::Applied(9), 8, 8).is_some());
}

#[test]
fn what_came_after_the_end_explains_nothing() {
    let read = |during| {
        Beside {
            request: (Operation::ReadHit, ONE),
            observed: Observation::Record(9),
            others: &[update(ONE, 8), update(ONE, 9)],
            during,
            before: &[(ONE, Observation::Record(7))],
            after: Some(&[(ONE, Observation::Record(9))]),
            is_snapshot: false,
        }
        .flaw()
    };
    assert_eq!(read(2), None);
    assert!(read(1).is_some());
}
