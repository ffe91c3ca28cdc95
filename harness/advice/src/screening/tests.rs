//! Who is left out for what, and what is said of the others: by checks, faults and stalls that are invented.

use std::collections::BTreeMap;

use model::fault::Attempt;
use model::sample::CheckOutcome;
use model::scenario::RecordKind;
use model::stall::StallSeen;
use model::trace::Untraced;

use super::super::tests::{READERS, WRITERS, workload};
use contract::Profile;

use super::*;

const LOCK_FREE: Profile = Profile {
    reads: Progress::LockFree,
    updates: Progress::LockFree,
    after_dead_thread: AfterDeadThread::Unaffected,
    ..Profile::locked("a/free", "does not lock")
};

fn under(fault: Fault, deed: Action, fate: Fate) -> Line {
    Line::Fault(FaultSeen {
        strategy: LOCK_FREE.name.into(),
        fault,
        meanwhile: BTreeMap::from([(deed, Attempt { fate, tries: 3 })]),
        never: Vec::new(),
        tallies: BTreeMap::new(),
        died: None,
    })
}

fn stalled(stalled: Operation, peer: Operation, blocked: u64, in_allocator: u64) -> Line {
    Line::Stall(StallSeen {
        strategy: LOCK_FREE.name.into(),
        pairs: vec![StallPair {
            stalled,
            peer,
            same_process: true,
            points: 100,
            blocked,
            in_allocator,
            untried: 10,
            first: None,
            last: None,
            held_by: None,
            wrong: 0,
            evidence: None,
        }],
        ..StallSeen::default()
    })
}

fn objections(needs: &str, profile: &Profile, lines: &[Line]) -> Vec<(Need, String)> {
    let workload = workload(&format!("{READERS}{WRITERS}[needs]\n{needs}\n"));
    let findings = unmet(&workload, &Card::from(profile), lines).into_iter();
    findings
        .map(|finding| (finding.need, finding.evidence))
        .collect()
}

/// The needs that are not met.
fn unmet(workload: &Workload, card: &Card, lines: &[Line]) -> Vec<Finding> {
    let mut findings = findings(workload, card, lines);
    findings.retain(|finding| !finding.is_met);
    findings
}

#[test]
fn what_is_seen_excludes_whoever_promises_the_contrary() {
    let waits = under(Fault::UpdaterStalls, Action::Read, Fate::HeldUp);
    let need = "readers_never_wait = true";
    assert_eq!(objections(need, &LOCK_FREE, &[]), []);
    let refuted = objections(need, &LOCK_FREE, std::slice::from_ref(&waits));
    assert_eq!(refuted.len(), 1);
    assert!(
        refuted[0].1.contains("updater stalls") && refuted[0].1.contains("read"),
        "{refuted:?}"
    );
    // Nobody asked.
    assert_eq!(objections("", &LOCK_FREE, &[waits]), []);
    // It is about lookups.
    let scan_waits = under(Fault::UpdaterStalls, Action::Scan, Fate::HeldUp);
    let scanned = format!("{READERS}{WRITERS}[scanners]\nthreads = 1\n[needs]\n{need}\n");
    let card = Card::from(&LOCK_FREE);
    assert_eq!(unmet(&workload(&scanned), &card, &[scan_waits]), []);
}

#[test]
fn what_is_not_promised_excludes_even_where_nobody_saw_it() {
    let locked = Profile::locked("a/locked", "locks");
    let unmet = objections("readers_never_wait = true", &locked, &[]);
    assert!(unmet[0].1.contains("promises nothing"), "{unmet:?}");
    let stale = Profile {
        read_consistency: ReadConsistency::Published { every: 16 },
        ..LOCK_FREE
    };
    let unmet = objections("linearizable = true", &stale, &[]);
    assert_eq!(unmet[0].0, Need::Linearizable);
    assert!(unmet[0].1.contains("stale by up to 16 writes"), "{unmet:?}");
}

#[test]
fn a_reader_that_holds_a_writer_up_and_memory_that_is_missing_are_objections() {
    let done = under(Fault::ReaderGone, Action::Update, Fate::Done);
    let held = under(Fault::ReaderGone, Action::Update, Fate::HeldUp);
    let need = "writers_never_wait = true";
    assert_eq!(objections(need, &LOCK_FREE, &[done]), []);
    assert_eq!(
        objections(need, &LOCK_FREE, &[held])[0].0,
        Need::WritersNeverWait
    );
    let panicked = |fault| under(fault, Action::Update, Fate::Panicked);
    let (reading, updating) = (Fault::NoMemoryToRead, Fault::NoMemoryToUpdate);
    let reads = "allocates = \"not-in-reads\"";
    assert_eq!(objections(reads, &LOCK_FREE, &[panicked(updating)]), []);
    assert_eq!(
        objections(reads, &LOCK_FREE, &[panicked(reading)])[0].0,
        Need::Allocates
    );
    let never = "allocates = \"never\"";
    assert_eq!(
        objections(never, &LOCK_FREE, &[panicked(updating)])[0].0,
        Need::Allocates
    );
}

#[test]
fn whoever_deadlocks_inside_its_own_read_is_out_where_the_table_is_used_there() {
    let need = "reentrant = true";
    let allows = |inside_read| Profile {
        inside_read,
        ..LOCK_FREE
    };
    let bases = |parts: &str, claim, lines: &[Line]| {
        let workload = workload(&format!("{parts}[needs]\n{need}\n"));
        let findings = unmet(&workload, &Card::from(&allows(claim)), lines).into_iter();
        findings.map(|finding| finding.basis).collect::<Vec<_>>()
    };
    let both = format!("{READERS}{WRITERS}");
    let everything = Reentrancy::ReadsAndWrites;
    assert_eq!(bases(&both, everything, &[]), []);
    let inserts = under(Fault::InsideRead, Action::Insert, Fate::HeldUp);
    let updates = under(Fault::InsideRead, Action::Update, Fate::HeldUp);
    // Nobody inserts.
    assert_eq!(bases(&both, everything, &[inserts]), []);
    assert_eq!(
        bases(&both, everything, std::slice::from_ref(&updates)),
        [Basis::Observed]
    );
    assert_eq!(objections("", &LOCK_FREE, &[updates]), []);
    let old = under(Fault::InsideRead, Action::Update, Fate::Stale);
    assert_eq!(bases(&both, everything, &[old]), [Basis::Observed]);
    // What is not claimed is not relied on; where nobody writes, reading is enough.
    let reads = Reentrancy::ReadsUnlessWriterWaits;
    assert_eq!(bases(&both, reads, &[]), [Basis::Claimed]);
    assert_eq!(bases(READERS, reads, &[]), []);
    let behind = under(Fault::InsideRead, Action::ReadAgain, Fate::HeldUp);
    assert_eq!(bases(READERS, reads, std::slice::from_ref(&behind)), []);
    assert_eq!(bases(&both, everything, &[behind]), [Basis::Observed]);
    // In a scan, where somebody scans.
    let in_scan = [under(Fault::InsideScan, Action::Update, Fate::HeldUp)];
    assert_eq!(bases(&both, everything, &in_scan), []);
    let scans = format!("{both}[scanners]\nthreads = 1\n");
    assert_eq!(bases(&scans, everything, &in_scan), [Basis::Observed]);
}

/// The workload reads and updates: it does not scan, and inserts nothing.
#[test]
fn what_breaks_in_what_nobody_does_is_no_objection() {
    use Action::{Insert, Read, Scan, Update};
    use Fault::{PanicInScan, PanicInUpdate, ReaderGone};
    let intact = Profile {
        after_panic: AfterPanic::Intact,
        ..LOCK_FREE
    };
    for (need, fault, deed, fate, count) in [
        ("survives_panic", PanicInScan, Read, Fate::HeldUp, 0),
        ("survives_panic", PanicInUpdate, Insert, Fate::Panicked, 0),
        ("survives_panic", PanicInUpdate, Update, Fate::Panicked, 1),
        ("survives_dead_thread", ReaderGone, Scan, Fate::HeldUp, 0),
        ("survives_dead_thread", ReaderGone, Update, Fate::HeldUp, 1),
    ] {
        let needs = format!("{need} = true");
        let unmet = objections(&needs, &intact, &[under(fault, deed, fate)]);
        assert_eq!(unmet.len(), count, "{fault}, {deed}: {unmet:?}");
    }
}

#[test]
fn who_fails_a_check_is_out_whatever_is_needed() {
    let failed = Line::Check(CheckOutcome {
        strategy: LOCK_FREE.name.into(),
        record: RecordKind::Status,
        check: "histories".into(),
        passed: false,
        evidence: "3 of 40\n  a drawing".into(),
    });
    let unmet = objections("", &LOCK_FREE, &[failed]);
    assert_eq!(unmet[0].0, Need::Correct);
    assert!(
        unmet[0].1.ends_with("histories check: 3 of 40"),
        "{unmet:?}"
    );
}

fn kept(text: &str, lines: &[Line]) -> Vec<Finding> {
    let findings = findings(&workload(text), &Card::from(&LOCK_FREE), lines);
    assert!(
        findings.iter().all(|finding| finding.is_met),
        "{findings:?}"
    );
    findings
}

#[test]
fn whoever_waits_for_a_stopped_thread_is_out_however_rarely() {
    use Operation::{Apply, ReadHit};
    let need = "readers_never_wait = true";
    let against = |line: Line| objections(need, &LOCK_FREE, &[line]);
    let unmet = against(stalled(Apply, ReadHit, 1, 0));
    assert_eq!(unmet[0].0, Need::ReadersNeverWait);
    assert!(unmet[0].1.contains("1 of 100 points of apply"), "{unmet:?}");
    // The allocator's lock is not the strategy's, and a writer that waits is no reader.
    assert_eq!(against(stalled(Apply, ReadHit, 2, 2)), []);
    assert_eq!(against(stalled(Apply, Apply, 50, 0)), []);
}

#[test]
fn several_writers_must_not_hold_each_other_up_and_one_cannot() {
    use Operation::{Apply, ReadHit};
    let one_writer =
        format!("{READERS}[writers]\nthreads = 1\n[needs]\nwriters_never_wait = true\n");
    let two_writers = one_writer.replace("threads = 1", "threads = 2");
    let against = |text: &str, line: Line| -> Vec<Finding> {
        unmet(&workload(text), &Card::from(&LOCK_FREE), &[line])
    };
    assert_eq!(against(&one_writer, stalled(Apply, Apply, 50, 0)), []);
    assert_eq!(against(&two_writers, stalled(Apply, Apply, 50, 0)).len(), 1);
    assert_eq!(
        against(&one_writer, stalled(ReadHit, Apply, 50, 0)).len(),
        1
    );
}

#[test]
fn what_nobody_does_is_no_objection() {
    let need = format!("{READERS}{WRITERS}[needs]\nreaders_never_wait = true\n");
    let resizing = under(Fault::ResizerStalls, Action::Read, Fate::HeldUp);
    let against = |text: &str| {
        unmet(
            &workload(text),
            &Card::from(&LOCK_FREE),
            std::slice::from_ref(&resizing),
        )
        .len()
    };
    assert_eq!(against(&need), 0);
    let resizes = need.replace("[needs]", "inserts = 0.1\n[needs]");
    assert_eq!(against(&resizes), 1);
    // Who is stopped anywhere may be in a scan: it matters where somebody scans, or nothing else is known.
    let need = format!("{READERS}[writers]\nthreads = 1\n[needs]\nwriters_never_wait = true\n");
    let anywhere = under(Fault::ReaderStalls, Action::Update, Fate::HeldUp);
    let against =
        |text: &str, lines: &[Line]| unmet(&workload(text), &Card::from(&LOCK_FREE), lines).len();
    assert_eq!(against(&need, std::slice::from_ref(&anywhere)), 0);
    let scans = format!("{need}[scanners]\nthreads = 1\n");
    assert_eq!(against(&scans, std::slice::from_ref(&anywhere)), 1);
    let why = "no flag".into();
    assert_eq!(
        against(&need, &[anywhere, Line::Untraced(Untraced { why })]),
        1
    );
}

#[test]
fn what_was_seen_is_told_from_what_is_only_claimed() {
    let text = format!(
        "{READERS}{WRITERS}[needs]\nreaders_never_wait = true\nlinearizable = true\nbounded_memory = true\n"
    );
    let basis = |lines: &[Line]| -> Vec<(Need, Basis)> {
        let findings = kept(&text, lines).into_iter();
        findings
            .map(|finding| (finding.need, finding.basis))
            .collect()
    };
    let needs = [
        Need::Correct,
        Need::Linearizable,
        Need::ReadersNeverWait,
        Need::BoundedMemory,
    ];
    assert_eq!(basis(&[]), needs.map(|need| (need, Basis::Claimed)));
    let check = Line::Check(CheckOutcome {
        strategy: LOCK_FREE.name.into(),
        record: RecordKind::Status,
        check: "histories".into(),
        passed: true,
        evidence: "64 histories".into(),
    });
    let lines = [
        check,
        stalled(Operation::Apply, Operation::ReadHit, 0, 0),
        under(Fault::ReaderGone, Action::Update, Fate::Done),
    ];
    assert_eq!(basis(&lines), needs.map(|need| (need, Basis::Observed)));
    let findings = kept(&text, &lines);
    assert_eq!(findings[1].evidence, "64 histories");
    // Ten of the hundred points were not come by again.
    assert!(
        findings[2].evidence.contains("at 90 points"),
        "{findings:?}"
    );
    // Stopping a thread in something else says nothing.
    let other = [stalled(Operation::ReadHit, Operation::Apply, 0, 0)];
    assert_eq!(basis(&other)[2].1, Basis::Claimed);
}

#[test]
fn threads_are_stopped_in_what_the_workload_does_and_where_it_matters_only() {
    use Operation::{Apply, Insert, ReadHit, ReadMiss, Remove, Scan};
    let encounters_of = |text: String| encounters(&workload(&text));
    let readers = "[needs]\nreaders_never_wait = true\n";
    let writers = "[needs]\nwriters_never_wait = true\n";
    assert_eq!(encounters_of(format!("{READERS}{WRITERS}")), []);
    assert_eq!(
        encounters_of(format!("{READERS}{WRITERS}{readers}")),
        [(vec![Apply], vec![ReadHit])]
    );
    assert_eq!(
        encounters_of(format!("{READERS}{WRITERS}{writers}")),
        [(vec![ReadHit], vec![Apply]), (vec![Apply], vec![Apply])]
    );
    let mixed = "[mixed]\nthreads = 1\ninserts = 0.1\nscans = 0.1\n";
    assert_eq!(
        encounters_of(format!("{mixed}{writers}")),
        [(vec![ReadHit, ReadMiss, Scan], vec![Insert, Remove])]
    );
}
