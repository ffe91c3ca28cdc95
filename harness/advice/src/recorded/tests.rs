use locks::{analyse, read};

use super::*;

/// A recording of one lock, with these uses; two seconds, four threads.
pub(crate) fn recording(type_name: &str, fields: &str, uses: &str) -> Recording {
    let text = format!(
        "{{\"format\":\"lockrecord/2\",\"program\":\"sessions\",\"pid\":7,\"started_unix_ms\":1,\"elapsed_ns\":2000000000,\
         \"written\":\"exit\",\"processors\":4,\"threads\":{{\"seen\":4,\"time_ns\":8000000000}},\
         \"clock\":{{\"ns_per_tick\":0.5,\"steps\":0,\"read_ns\":10.0}},\
         \"sites\":[{{\"file\":\"src/sessions.rs\",\"line\":10,\"column\":5}},\
         {{\"file\":\"src/sessions.rs\",\"line\":20,\"column\":9}},{{\"file\":\"src/sessions.rs\",\"line\":30,\"column\":9}}],\
         \"locks\":[{{\"id\":0,\"made_at\":0,{fields},\"instances\":1,\"alive\":0,\
         \"value\":{{\"type\":\"{type_name}\",\"bytes\":48,\"length\":null}},\"poisoned\":0,\"uses\":[{uses}],\
         \"blocked\":[],\"queue\":{{\"samples\":0,\"mean\":0.0,\"max\":0}},\
         \"arrivals\":[{{\"window_ns\":1000000,\"windows\":2000,\"mean\":50.0,\"variance\":400.0}}],\"keys\":null}}],\
         \"lost\":{{\"merged_locks\":0,\"merged_sites\":0,\"forked\":false}}}}"
    );
    read(text.as_bytes(), "r.json").expect("it is a recording")
}

pub(crate) const STD_MUTEX: &str = "\"library\":\"std\",\"kind\":\"mutex\",\"name\":\"sessions\"";
pub(crate) const SESSIONS: &str =
    "std::collections::hash::map::HashMap<alloc::string::String, alloc::sync::Arc<app::Session>>";

/// A use that took the lock so often, each time for one of these times: `[lower, upper, count]`.
pub(crate) fn used(
    site: usize,
    mode: &str,
    threads: u64,
    acquired: u64,
    waiting_ns: u64,
    held: &[[u64; 3]],
) -> String {
    let samples: u64 = held.iter().map(|bucket| bucket[2]).sum();
    let sum: u64 = held
        .iter()
        .map(|bucket| u64::midpoint(bucket[0], bucket[1]) * bucket[2])
        .sum();
    let contended = u64::from(waiting_ns > 0);
    let wait = match waiting_ns {
        0 => "[]".to_owned(),
        _ => format!("[[{},{},1]]", waiting_ns * 63 / 64, waiting_ns),
    };
    format!(
        "{{\"site\":{site},\"mode\":\"{mode}\",\"threads\":{threads},\"acquired\":{acquired},\"failed_tries\":0,\
         \"contended\":{contended},\"waiting_ns\":{waiting_ns},\"wait\":{wait},\
         \"held\":{{\"timed\":{samples},\"samples\":{samples},\"squares\":{samples},\"sum_ns\":{sum},\"histogram\":{held:?}}},\"across_await\":0}}"
    )
}

pub(crate) fn made(recording: &Recording) -> RecordedWorkload {
    let analysis = analyse(recording);
    RecordedWorkload::new(recording, chosen(&analysis, None).expect("there is one"))
}

#[test]
fn threads_that_read_and_write_are_a_mix_with_their_rates_and_times() {
    let uses = [
        used(1, "read", 4, 90_000, 0, &[[50, 50, 90]]),
        used(
            2,
            "write",
            4,
            10_000,
            0,
            &[[2_000, 2_000, 9], [20_000, 20_000, 1]],
        ),
    ];
    let made = made(&recording(SESSIONS, STD_MUTEX, &uses.join(",")));
    assert_eq!(
        (made.name.as_str(), made.baseline),
        ("sessions", "mutex/std")
    );
    let [part] = &made.parts[..] else {
        panic!("one part: {:?}", made.parts);
    };
    let measured = &part.measured;
    assert_eq!((part.side, measured.threads), (Side::Mixed, 4));
    assert_eq!(
        (measured.rate_per_s, measured.writes),
        (Some(12_500.0), Some(0.1))
    );
    assert!(!part.is_saturated);
    assert_eq!(
        (measured.arrivals, measured.burst),
        (Pattern::Bursts, Some(8))
    );
    // What takes as long as an operation of a table is no time inside.
    assert_eq!((part.section_mean_ns, &measured.section_ns), (40.0, &None));
    let times = measured.write_section_ns.as_ref().expect("it is long");
    let times: Vec<(f64, f64)> = times
        .sections()
        .iter()
        .map(|section| (section.ns, section.share))
        .collect();
    assert_eq!(times, [(1_960.0, 0.9), (20_000.0, 0.1)]);
    let [share] = made.program.shares[..] else {
        panic!("one share");
    };
    // Four threads for two seconds.
    let holding_ns = 0.9 * 50.0 + 0.1 * 3_800.0;
    let figures = [
        (share.round_ns, 80_000.0),
        (share.holding_ns, holding_ns),
        (share.locking_ns, 200.0),
        (share.weight, 1.0),
    ];
    for (figure, expected) in figures {
        assert!((figure - expected).abs() < 1.0, "{share:?}");
    }
}

#[test]
fn threads_that_do_one_thing_are_parts_of_their_own() {
    let uses = [
        used(1, "read", 3, 60_000, 0, &[[50, 50, 60]]),
        used(2, "write", 1, 2_000, 1_900_000_000, &[[500, 500, 20]]),
    ];
    let rwlock = "\"library\":\"parking_lot\",\"kind\":\"rwlock\",\"name\":null";
    let made = made(&recording("app::Config", rwlock, &uses.join(",")));
    assert_eq!(
        (made.name.as_str(), made.baseline),
        ("sessions-10", "rwlock/parking_lot")
    );
    let sides: Vec<(Side, usize, bool)> = made
        .parts
        .iter()
        .map(|part| (part.side, part.measured.threads, part.is_saturated))
        .collect();
    assert_eq!(sides, [(Side::Readers, 3, false), (Side::Writers, 1, true)]);
    assert_eq!(made.guarded.shape, Shape::Cell);
    let [readers, writers] = made.program.shares[..] else {
        panic!("two shares: {:?}", made.program);
    };
    // Three threads read 60,000 times in two seconds, and one writes 2,000 times and waits once for 1.9 s.
    let wait = f64::midpoint((1_900_000_000_u64 * 63 / 64) as f64, 1.9e9);
    let expected = [
        (readers.round_ns, 6e9 / 60e3),
        (readers.waiting_ns, 0.0),
        (writers.weight, 0.25),
        (writers.round_ns, 2e9 / 2e3),
        (writers.waiting_ns, 1.9e9 / 2e3),
        (writers.waiting_error_ns, 2.58 * wait / 2e3),
    ];
    for (figure, expected) in expected {
        assert!((figure - expected).abs() < 1e-6, "{:?}", made.program);
    }
    assert_eq!(made.program.lock, "src/sessions.rs:10");
    assert!(made.program.bound > 0.05, "{:?}", made.program);
}

/// A thread for each request: 256 of them, of which eight are alive at a time.
#[test]
fn threads_that_follow_each_other_are_no_more_than_those_alive_at_a_time() {
    let uses = used(1, "write", 4, 8_000, 1_900_000_000, &[[50, 50, 9]]);
    let mut recording = recording(SESSIONS, STD_MUTEX, &uses);
    recording.locks[0].uses[0].threads = 256;
    recording.threads = Threads {
        seen: 256,
        time_ns: 8 * recording.elapsed_ns,
    };
    let only = |recording: &Recording| {
        let made = made(recording);
        let [part] = &made.parts[..] else {
            panic!("one part: {:?}", made.parts);
        };
        let Part {
            threads,
            rate_per_s,
            ..
        } = part.measured;
        let figures = (threads, rate_per_s, part.is_saturated);
        (figures, made.program.is_crowded)
    };
    // 1.9 of 16 s are spent waiting.
    assert_eq!(only(&recording), ((8, Some(500.0), true), true));
    // Those that follow each other may still be as many as the processors for a while, and have one each.
    recording.threads.time_ns = recording.elapsed_ns;
    let ((threads, ..), is_crowded) = only(&recording);
    assert_eq!((threads, is_crowded), (4, false));
    // Of a thousand that live at once, 256 are told apart.
    recording.threads = Threads {
        seen: 1_000,
        time_ns: 1_000 * recording.elapsed_ns,
    };
    assert_eq!(only(&recording), ((256, Some(15.6), false), true));
    let [share] = made(&recording).program.shares[..] else {
        panic!("one share");
    };
    let waiting = share.waiting_ns / share.round_ns;
    assert!((waiting - 1.9 / 2_000.0).abs() < 1e-9, "{share:?}");
}

#[test]
fn a_lock_is_chosen_by_its_name_or_its_place() {
    let recording = recording(
        SESSIONS,
        STD_MUTEX,
        &used(1, "write", 4, 9, 0, &[[50, 50, 9]]),
    );
    let analysis = analyse(&recording);
    for wanted in [
        None,
        Some("sessions"),
        Some("src/sessions.rs:10"),
        Some("sessions.rs:10:5"),
    ] {
        assert!(chosen(&analysis, wanted).is_ok(), "{wanted:?}");
    }
    let refused = chosen(&analysis, Some("session")).expect_err("there is none");
    assert_eq!(refused, "--lock \"session\" is none of sessions");
    let refused = chosen(&analysis, Some("src/sessions.rs:1")).expect_err("another line");
    assert!(refused.contains("is none of"), "{refused}");
}

#[test]
fn text_of_a_recording_stays_on_its_line() {
    let fields = "\"library\":\"tokio\",\"kind\":\"mutex\",\"name\":\"a\\n[needs]\\nb = \\\"\"";
    let made = made(&recording(
        "u8, \\n",
        fields,
        &used(1, "write", 4, 9, 0, &[[50, 50, 9]]),
    ));
    assert_eq!(made.name, "a-needs-b");
    assert!(!made.program.lock.contains('\n') && !made.type_name.contains('\n'));
    assert!(made.program.is_stand_in && made.tasks == Some(0));
}

#[test]
fn times_that_are_alike_are_one_and_others_stay_apart() {
    let times = [(5_000.0, 8.0), (6_000.0, 8.0), (300_000.0, 4.0)];
    let made: Vec<(f64, f64)> = sections(&times, 20.0, ALIKE)
        .iter()
        .map(|section| (section.ns, section.share))
        .collect();
    assert_eq!(made, [(5_470.0, 0.8), (300_000.0, 0.2)]);
}

#[test]
fn rare_times_join_their_neighbours() {
    let sections = [(100.0, 0.5), (200.0, 0.499_9), (9_000.0, 0.000_1)];
    let sections = sections.map(|(ns, share)| Section { ns, share });
    let kept = shares(sections.to_vec());
    assert_eq!(kept.len(), 2);
    assert!(
        (kept[0].share + kept[1].share - 1.0).abs() < 1e-12,
        "{kept:?}"
    );
    assert!((kept[1].ns - 202.0).abs() < 1.0, "{kept:?}");
}

#[test]
fn a_rare_short_time_joins_the_next() {
    let sections = [(80.0, 0.000_1), (970.0, 0.999_9)];
    let sections = sections.map(|(ns, share)| Section { ns, share });
    let kept: Vec<(f64, f64)> = shares(sections.to_vec())
        .iter()
        .map(|section| (section.ns, section.share))
        .collect();
    assert_eq!(kept, [(970.0, 1.0)]);
}

/// Four threads only read and four only write: all that were seen.
#[test]
fn threads_that_are_enough_for_both_are_apart() {
    let uses = [
        used(1, "read", 4, 90_000, 0, &[[50, 50, 90]]),
        used(2, "write", 4, 10_000, 0, &[[50, 50, 90]]),
    ];
    let mut recording = recording(SESSIONS, STD_MUTEX, &uses.join(","));
    recording.threads.seen = 8;
    let sides: Vec<Side> = made(&recording)
        .parts
        .iter()
        .map(|part| part.side)
        .collect();
    assert_eq!(sides, [Side::Readers, Side::Writers]);
    recording.threads.seen = 7;
    assert_eq!(made(&recording).parts.len(), 1);
}

/// 50,000 reads a second of a thread, of 50 us each: readers of a lock that several hold at once.
#[test]
fn a_rate_for_which_no_thread_has_time_is_left_out() {
    let uses = used(1, "read", 4, 400_000, 0, &[[50_000, 50_000, 90]]);
    let made = made(&recording(SESSIONS, STD_MUTEX, &uses));
    assert!(made.parts[0].is_saturated, "{:?}", made.parts);
}

#[test]
fn shares_of_the_time_are_no_more_than_all_of_it() {
    let uses = used(1, "write", 4, 120_000_000, 0, &[[30, 30, 90]]);
    let made = made(&recording(SESSIONS, STD_MUTEX, &uses));
    let [share] = made.program.shares[..] else {
        panic!("one share");
    };
    let spent_ns = share.holding_ns + share.locking_ns;
    assert!(spent_ns <= share.round_ns + 1e-6, "{share:?}");
    assert!(made.program.bound.is_finite());
}

#[test]
fn locks_of_one_line_are_chosen_by_their_number() {
    let mut recording = recording(
        SESSIONS,
        "\"library\":\"std\",\"kind\":\"mutex\",\"name\":null",
        &used(1, "write", 4, 9, 0, &[[50, 50, 9]]),
    );
    let mut other = recording.locks[0].clone();
    other.id = 5;
    other.value.type_name = "u8".into();
    recording.locks.push(other);
    let analysis = analyse(&recording);
    let refused = chosen(&analysis, Some("sessions.rs:10:5")).expect_err("there are two");
    assert!(
        refused.ends_with("name one by its number: 0, 5"),
        "{refused}"
    );
    assert_eq!(chosen(&analysis, Some("5")).map(|lock| lock.id), Ok(5));
    // Those of one type are one choice.
    recording.locks[1].value = recording.locks[0].value.clone();
    let analysis = analyse(&recording);
    let both = chosen(&analysis, Some("sessions.rs:10:5")).expect("they are one");
    assert_eq!(both.instances, 2);
    let program = RecordedWorkload::new(&recording, both).program;
    assert_eq!(program.lock, "src/sessions.rs:10 (2 locks)");
}
