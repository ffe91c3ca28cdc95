use super::*;

const HAND_OVER_NS: f64 = 50.0;

#[test]
fn too_much_is_cut_short_and_says_when() {
    let program = Program::new(vec![Step::Work(0.001)]);
    let setting = Setting {
        programs: vec![&program],
        transfer_ns: &|_, _| HAND_OVER_NS,
        keeps: 0.5,
        duration_ns: 1e9,
        events_max: 10_000,
        operations_max: u64::MAX,
    };
    let outcome = super::run(&setting);
    let per_operation = outcome.lasted_ns / outcome.done[0].operations as f64;
    assert!(outcome.lasted_ns < 1e6 && (per_operation - 0.001).abs() < 1e-5);
}

fn run(programs: Vec<&Program>, keeps: f64) -> Vec<Done> {
    let setting = Setting {
        programs,
        transfer_ns: &|_, _| HAND_OVER_NS,
        keeps,
        duration_ns: 1e6,
        events_max: u64::MAX,
        operations_max: u64::MAX,
    };
    super::run(&setting).done
}

/// Nanoseconds per operation as one processor sees it.
fn per_cpu(done: &[Done]) -> f64 {
    let all: u64 = done.iter().map(|cpu| cpu.operations).sum();
    1e6 * done.len() as f64 / all as f64
}

fn counter() -> Program {
    Program::new(vec![Step::Work(10.0), Step::Store(0)])
}

#[test]
fn who_is_alone_pays_for_its_own_work_only() {
    let counter = counter();
    let ns = per_cpu(&run(vec![&counter], 0.5));
    assert!((ns - 10.0).abs() < 0.1, "{ns}");
}

#[test]
fn readers_of_one_line_do_not_hold_each_other_up() {
    let read = Program::new(vec![Step::Work(10.0), Step::Load(0)]);
    let ns = per_cpu(&run(vec![&read; 32], 0.5));
    assert!((ns - 10.0).abs() < 0.2, "{ns}");
}

#[test]
fn a_counter_is_handed_from_one_to_the_next() {
    let counter = counter();
    for cpus in [8, 32] {
        // Given up at once: one operation each time.
        let ns = per_cpu(&run(vec![&counter; cpus], 0.0));
        let expected = HAND_OVER_NS * cpus as f64;
        assert!((ns / expected - 1.0).abs() < 0.1, "{ns}, not {expected}");
    }
}

#[test]
fn who_keeps_a_line_for_a_while_does_several_operations_in_a_row() {
    let counter = counter();
    let [given_up, kept] = [0.0, 0.6].map(|keeps| per_cpu(&run(vec![&counter; 16], keeps)));
    // 30 of 50 ns are three operations of 10 ns more.
    assert!(
        given_up / kept > 2.5 && given_up / kept < 4.5,
        "{given_up} {kept}"
    );
}

#[test]
fn a_queue_is_what_it_comes_to() {
    // Hand-overs without work in a row: the closed network's station.
    let program = Program::new(vec![Step::Work(400.0), Step::Store(0)]);
    for cpus in [2, 8, 32] {
        let ns = per_cpu(&run(vec![&program; cpus], 0.0));
        let lower = crate::queue::lower_bound(400.0, &[HAND_OVER_NS], cpus as u32);
        let upper = crate::queue::per_operation(400.0, &[HAND_OVER_NS], cpus as u32);
        assert!(
            ns >= lower * 0.9 && ns <= upper * 1.1,
            "{cpus}: {ns} not in {lower} to {upper}"
        );
    }
}

#[test]
fn readers_fetch_again_what_a_writer_wrote() {
    let read = Program::new(vec![Step::Work(10.0), Step::Load(0)]);
    let write = Program::new(vec![Step::Work(1_000.0), Step::Store(0)]);
    let mut programs = vec![&read; 4];
    programs.push(&write);
    let done = run(programs, 0.5);
    let slow = 1e6 / done[0].operations as f64;
    // Once in 1,000 ns they wait for about a hand-over.
    assert!(slow > 10.2 && slow < 12.0, "{slow}");
}

#[test]
fn what_has_changed_is_tried_again_and_more_often_the_more_there_are() {
    let swap = Program::new(vec![
        Step::Remember(0),
        Step::Work(10.0),
        Step::Swap { line: 0, again: 0 },
    ]);
    let retries = |cpus: usize| {
        // Given up before the swap: whoever keeps the line for longer always succeeds at the second try.
        let done = run(vec![&swap; cpus], 0.1);
        let sum = |count: fn(&Done) -> u64| done.iter().map(count).sum::<u64>() as f64;
        sum(|cpu| cpu.retries) / sum(|cpu| cpu.operations)
    };
    assert!(retries(1) < 1e-9);
    let [two, sixteen] = [2, 16].map(retries);
    assert!(two > 0.0 && sixteen > 2.0 * two, "{two} {sixteen}");
}

#[test]
fn a_reader_that_saw_a_change_reads_again() {
    let read = Program::new(vec![
        Step::Remember(0),
        Step::Work(20.0),
        Step::Check { line: 0, again: 0 },
    ]);
    let write = Program::new(vec![Step::Work(100.0), Step::Store(0)]);
    let done = run(vec![&read, &write], 0.5);
    assert!(
        done[0].operations > 1_000 && done[0].retries > 1_000,
        "{done:?}"
    );
}

fn locked(outside_ns: f64, inside_ns: f64) -> Program {
    Program::new(vec![
        Step::Work(outside_ns),
        Step::Acquire(0),
        Step::Work(inside_ns),
        Step::Release(0),
    ])
}

#[test]
fn who_has_the_lock_keeps_the_others_waiting() {
    let program = locked(10.0, 200.0);
    let alone = per_cpu(&run(vec![&program], 0.0));
    assert!((alone - 210.0).abs() < 1.0, "{alone}");
    for cpus in [2, 8] {
        let ns = per_cpu(&run(vec![&program; cpus], 0.0));
        // One after the other: at least what is done inside, and at most two hand-overs more.
        let least = 200.0 * cpus as f64;
        let most = (200.0 + 2.5 * HAND_OVER_NS) * cpus as f64;
        assert!(ns > least && ns < most, "{cpus}: {ns}");
    }
}

#[test]
fn locks_taken_crosswise_end_in_nothing_and_not_in_a_loop() {
    let crosswise = |first: usize, second: usize| {
        Program::new(vec![
            Step::Acquire(first),
            Step::Work(500.0),
            Step::Acquire(second),
            Step::Release(second),
            Step::Release(first),
        ])
    };
    let (first, second) = (crosswise(0, 1), crosswise(1, 0));
    let done = run(vec![&first, &second], 0.5);
    assert!(done.iter().all(|cpu| cpu.operations < 10), "{done:?}");
}

#[test]
fn equal_settings_give_equal_runs() {
    let counter = counter();
    assert_eq!(run(vec![&counter; 8], 0.3), run(vec![&counter; 8], 0.3));
}

#[test]
#[should_panic(expected = "takes some time")]
fn what_takes_no_time_is_refused() {
    Program::new(vec![Step::Load(0)]);
}

/// The next event of the agenda, and when it happens.
fn next(agenda: &mut Agenda) -> Option<(Time, Event)> {
    let event = agenda.next()?;
    Some((agenda.now, event))
}

#[test]
fn events_come_by_time_and_then_as_they_were_entered() {
    let mut agenda = Agenda::default();
    let events = [
        (7, Event::Arrive(3)),
        (5, Event::LetGo(1_000)),
        (7, Event::Ready(0)),
        (5, Event::Ready(u16::MAX)),
    ];
    for (delay, event) in events {
        agenda.enter(delay, event);
    }
    let in_order = [events[1], events[3], events[0], events[2]];
    for expected in in_order {
        assert_eq!(next(&mut agenda), Some(expected));
    }
    assert_eq!((next(&mut agenda), agenda.entered), (None, 4));
}

#[test]
fn what_happens_at_once_waits_for_what_was_entered_before_it() {
    let mut agenda = Agenda::default();
    let [early, first, second, late] = [1, 2, 3, 4].map(Event::Ready);
    agenda.enter(5, early);
    agenda.enter(5, first);
    agenda.enter(6, late);
    assert_eq!(next(&mut agenda), Some((5, early)));
    agenda.enter(0, second);
    for expected in [(5, first), (5, second), (6, late)] {
        assert_eq!(next(&mut agenda), Some(expected));
    }
    assert_eq!(next(&mut agenda), None);
}
