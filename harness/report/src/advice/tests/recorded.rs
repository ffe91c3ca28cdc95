//! Advice on recorded locks, and the workload files that are made of them.

use ::advice::Gain;

use super::*;

/// The rules of `locks::verdict` that make a lock matter.
#[test]
fn a_lock_that_is_left_says_from_when_on_it_matters() {
    use locks::bound::{GAIN_LEAST, WAIT_P99_LEAST_NS, WAITS_LEAST};

    let bytes = include_bytes!("../../../../testdata/recordings/metrics-registry.json");
    let recording = locks::read(bytes, "r.json").expect("it is a recording");
    let analysis = locks::analyse(&recording);
    let recorded = RecordedWorkload::new(&recording, &analysis.locks[0]);
    let reversal = left(&recorded, &Environment::default()).sections["reversal"].concat();
    assert_eq!(
        (GAIN_LEAST, WAITS_LEAST, WAIT_P99_LEAST_NS),
        (0.05, 10, 1e5)
    );
    for bound in [
        "gain 5 %",
        "at least ten acquisitions wait",
        "reaches 100 us",
    ] {
        assert!(reversal.contains(bound), "{bound:?} is not in: {reversal}");
    }
}

/// Every lock of the recordings that are shipped, and what the file of each says.
#[test]
fn a_recorded_lock_becomes_a_workload_file() {
    let recordings = [
        &include_bytes!("../../../../testdata/recordings/session-service.json")[..],
        include_bytes!("../../../../testdata/recordings/metrics-registry.json"),
        include_bytes!("../../../../testdata/recordings/job-queue.json"),
    ];
    let mut files = Vec::new();
    for bytes in recordings {
        let recording = locks::read(bytes, "r.json").expect("it is a recording");
        for lock in &locks::analyse(&recording).locks {
            let recorded = RecordedWorkload::new(&recording, lock);
            let text = workload_file(&recorded);
            files.push((recorded.name, Workload::parse(&text, "w.toml"), text));
        }
    }
    let file = |name: &str| {
        let all = files.iter();
        let mut named = all.filter(|(of, ..)| of == name);
        let (_, workload, text) = named.next().expect("it was recorded");
        (workload, text)
    };
    for (name, text) in files.iter().map(|(name, _, text)| (name, text)) {
        assert!(text.lines().all(|line| line.len() <= 200), "{name}: {text}");
        assert!(text.contains("EDIT"), "{name}: guesses are marked: {text}");
    }
    let (sessions, text) = file("sessions");
    let sessions = sessions
        .as_ref()
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(sessions.table.records(), 998);
    assert_eq!(sessions.baseline.as_deref(), Some("mutex/std"));
    let mixed = sessions.mixed.as_ref().expect("its threads read and write");
    assert_eq!((mixed.threads, mixed.rate_per_s), (2, None), "{text}");
    let long = mixed.write_times().unwrap_or_else(|| panic!("{text}"));
    assert!((50_000.0..80_000.0).contains(&long.mean()), "{text}");
    // What no strategy is, is refused by name.
    let (jobs, text) = file("jobs");
    let refused = jobs.as_ref().expect_err(text).to_string();
    assert!(refused.contains("is not measured"), "{refused}");
}

/// A use of a lock, as a recording has it.
#[derive(Clone, Copy)]
struct Taken<'a> {
    mode: &'a str,
    threads: u64,
    acquired: u64,
    waiting_ns: u64,
    holds: &'a [[u64; 3]],
}

/// A recording of a lock over two seconds.
fn recorded_lock(
    [type_name, library, kind]: [&str; 3],
    [seen, processors]: [u64; 2],
    keys: Option<[u64; 3]>,
    uses: &[Taken<'_>],
) -> serde_json::Value {
    let uses = uses.iter().enumerate().map(|(number, taken)| {
        let samples: u64 = taken.holds.iter().map(|hold| hold[2]).sum();
        let sum = taken.holds.iter().map(|[lower, upper, count]| u64::midpoint(*lower, *upper) * count);
        let waits = [[taken.waiting_ns, taken.waiting_ns, 1]];
        let waits = &waits[..usize::from(taken.waiting_ns > 0)];
        json!({
            "site": number + 1, "mode": taken.mode, "threads": taken.threads, "acquired": taken.acquired,
            "failed_tries": 0, "contended": waits.len(), "waiting_ns": taken.waiting_ns, "wait": waits,
            "held": {
                "timed": samples, "samples": samples, "squares": samples, "sum_ns": sum.sum::<u64>(),
                "histogram": taken.holds,
            },
        })
    });
    let uses: Vec<serde_json::Value> = uses.collect();
    let site = |line: u64| json!({ "file": "src/app.rs", "line": line, "column": 5 });
    let keys = keys.map(|[lookups, hits, inserts]| {
        json!({
            "lookups": lookups, "hits": hits, "inserts": inserts, "removes": inserts,
            "distinct": lookups, "top": [0.01],
        })
    });
    json!({
        "format": locks::FORMAT, "program": "app", "pid": 7, "started_unix_ms": 1, "elapsed_ns": 2_000_000_000,
        "written": "exit", "processors": processors,
        "threads": { "seen": seen, "time_ns": seen * 2_000_000_000 },
        "clock": { "ns_per_tick": 0.5, "steps": 0, "read_ns": 10.0 },
        "sites": [site(10), site(20), site(30)],
        "locks": [{
            "id": 0, "made_at": 0, "library": library, "kind": kind, "name": null, "instances": 1, "alive": 0,
            "value": { "type": type_name, "bytes": 160_000, "length": null }, "uses": uses,
            "queue": { "samples": 0, "mean": 0.0, "max": 0 },
            "arrivals": [{ "window_ns": 1_000_000, "windows": 2_000, "mean": 50.0, "variance": 400.0 }],
            "keys": keys,
        }],
        "lost": {},
    })
}

/// The only lock of a recording.
fn only_lock(recording: &serde_json::Value) -> RecordedWorkload {
    let bytes = recording.to_string();
    let recording = locks::read(bytes.as_bytes(), "r.json").expect("it is a recording");
    RecordedWorkload::new(&recording, &locks::analyse(&recording).locks[0])
}

/// The workload file of the only lock of a recording, and what is read back from it.
fn read_back(recording: &serde_json::Value) -> (String, Result<Workload, String>) {
    let text = workload_file(&only_lock(recording));
    let workload = Workload::parse(&text, "w.toml");
    (text, workload.map_err(|error| error.to_string()))
}

#[test]
fn a_lock_that_matters_for_its_waits_is_not_judged_by_its_costs_alone() {
    use locks::verdict::Reason;

    let taken = Taken {
        mode: "read",
        threads: 4,
        acquired: 500,
        waiting_ns: 300_000,
        holds: &[],
    };
    let recording = recorded_lock(["u8", "std", "mutex"], [4, 4], None, &[taken]);
    let recorded = only_lock(&recording);
    let file = FILE.replace("1000000", "250");
    let is_open = |reason| {
        let program = advice::Program {
            reason: Some(reason),
            ..recorded.program.clone()
        };
        let advice = advised_for(&file, [invented("a/fast", 9.0, 9.0, 9.0)], Some(program));
        let answer = answer(&advice);
        assert!(answer.starts_with("Stay with `mutex/std`"), "{answer}");
        any(&advice.sections["answer"], "shortens the waits is open")
    };
    assert!(is_open(Reason::Latency) && !is_open(Reason::Throughput));
}

#[test]
fn a_gain_that_hangs_on_what_a_section_needs_says_so() {
    let taken = Taken {
        mode: "read",
        threads: 4,
        acquired: 160_000,
        waiting_ns: 1_000_000_000,
        holds: &[],
    };
    let recording = recorded_lock(["u8", "std", "mutex"], [4, 4], None, &[taken]);
    let recorded = only_lock(&recording);
    let answer = |low_by_key| {
        let name = "a/fast".to_owned();
        let program = advice::Program {
            gains: vec![Gain {
                strategy: name.clone(),
                low: 0.0,
                low_by_key,
                high: 0.2,
            }],
            ..recorded.program.clone()
        };
        let fast = invented(&name, 9.0, 9.0, 9.0);
        answer(&advised_for(FILE, [fast], Some(program)))
    };
    let (open, certain) = (answer(Some(0.1)), answer(None));
    let expected = "+20 %; by at least +10 % if each section is about one key";
    assert!(open.contains(expected), "{open}");
    assert!(certain.contains("+20 %. Measure"), "{certain}");
}

/// What is predicted with a strategy, whose scans are so, for a program of readers whose rounds take 50 us, of which they read for
/// 10; in the played program a round takes so long today, and so many times as long with the strategy.
fn predicted(scans: ScanConsistency, round_ns: f64, longer: f64) -> Gain {
    let taken = Taken {
        mode: "read",
        threads: 4,
        acquired: 160_000,
        waiting_ns: 1_000_000_000,
        holds: &[[10_000, 10_000, 100]],
    };
    let map = "std::collections::hash::map::HashMap<u64, u64>";
    let mut recorded = only_lock(&recorded_lock(
        [map, "std", "mutex"],
        [4, 4],
        None,
        &[taken],
    ));
    let workload = Workload::parse(&workload_file(&recorded), "w.toml").expect("it is one");
    // The one wait of the recording stands for many.
    recorded.program.shares[0].waiting_error_ns = 0.0;
    let program = &recorded.program;
    let contender = invented("a/other", 1.0 / longer, 1.0, 1.0)
        .claiming(|claims| claims.scan_consistency = scans);
    let mut results = analyse(&Samples::from_lines(readers([contender])).unwrap());
    let (row, cpus) = (results.scenarios[0].name.clone(), results.environment.cpus);
    let played = advice::in_program(program, &workload, cpus).expect("it is played");
    // Two threads for four.
    assert_eq!(played.groups[0].threads, cpus);
    let gain = |results: &Machine| advice::gain_of(program, &workload, results, "a/other");
    assert!(gain(&results).is_none(), "nothing was played");
    let cells = results.cells.iter_mut();
    for cell in cells.filter(|cell| cell.scenario == row) {
        cell.scenario.clone_from(&played.name);
        cell.median = round_ns / cpus as f64;
    }
    gain(&results).expect("it was played")
}

#[test]
fn what_a_round_of_the_played_program_loses_is_what_the_program_loses() {
    let Gain { low, high, .. } = predicted(ScanConsistency::Snapshot, 25_000.0, 2.0);
    // Another 25 us, of rounds of 50.
    let expected = 1.0 / (1.0 + 0.5) - 1.0;
    let is_it = (low..high).contains(&expected) && high - low < 0.1;
    assert!(is_it, "{low} to {high}");
}

/// A lock sees sections, and not what they need of the table.
#[test]
fn a_long_section_may_need_the_whole_table() {
    let whole = predicted(ScanConsistency::Snapshot, 25_000.0, 0.7);
    let parts = predicted(ScanConsistency::PerShard, 25_000.0, 0.7);
    assert!(whole.low > 0.03 && whole.low_by_key.is_none(), "{whole:?}");
    assert!((-0.03..=0.0).contains(&parts.low), "{parts:?}");
    assert_eq!(
        (parts.low_by_key, parts.high),
        (Some(whole.low), whole.high)
    );
    // What loses in any case loses no less.
    let [whole, parts] = [ScanConsistency::Snapshot, ScanConsistency::PerShard]
        .map(|scans| predicted(scans, 25_000.0, 2.0));
    assert_eq!((parts.low, parts.low_by_key), (whole.low, None));
}

/// Whatever a lock was used for: its workload file is a workload, or is refused for what no strategy is.
#[test]
fn every_recorded_lock_becomes_a_workload_that_is_read_back() {
    let holds: [&[[u64; 3]]; 8] = [
        &[],
        &[[20, 20, 9]],
        &[[110, 110, 1], [1_000, 1_000, 9_999]],
        &[[1_000, 1_000, 9_999], [90_000, 90_000, 1]],
        &[[300_000, 300_000, 7]],
        &[
            [30, 30, 1],
            [200, 200, 2_000],
            [900, 900, 1],
            [4_000, 4_000, 3],
            [70_000_000, 70_000_000, 1],
        ],
        &[
            [100, 100, 20_000],
            [400, 400, 11],
            [1_600, 1_600, 13],
            [6_400, 6_400, 11],
            [25_600, 25_600, 11],
        ],
        &[[40_000_000_000, 40_000_000_000, 2]],
    ];
    let counts = [0, 1, 60, 4_000, 20_000_000, u64::MAX];
    let types = [
        ["u64", "std", "mutex"],
        ["[u8; 300]", "std", "rwlock"],
        ["app::CacheSettings", "std", "mutex"],
        ["app::State", "tokio", "rwlock"],
        ["HashMap<u64, u64>", "parking_lot", "rwlock"],
        ["HashMap<String, Arc<app::State>, S>", "std", "mutex"],
    ];
    let machines = [[1, 1], [4, 4], [9, 64], [3_000, 1_000]];
    let all_keys = [
        None,
        Some([1_000, 10, 80_000]),
        Some([40_000_000, 39_999_999, 3]),
        Some([0, 0, u64::MAX]),
    ];
    let mut number = 0;
    let mut sizes = (0, 0);
    for type_names in types {
        for machine in machines {
            for reads in counts {
                for writes in counts {
                    // Every value of what else varies meets every value of the others.
                    number += 1;
                    let pick = |stride: usize, of: usize| (number / stride + number) % of;
                    let threads = [1, 4, machine[0]][pick(7, 3)].min(machine[0]);
                    let waiting_ns = [0, 1_900_000_000][pick(3, 2)];
                    let of_read = holds[pick(5, holds.len())];
                    let taken = |mode, acquired: u64, holds: &'static [[u64; 3]]| {
                        let is_timed = holds.iter().map(|hold| hold[2]).sum::<u64>() <= acquired;
                        Taken {
                            mode,
                            threads,
                            acquired,
                            waiting_ns,
                            holds: if is_timed { holds } else { &[] },
                        }
                    };
                    let uses = [
                        taken("read", reads, of_read),
                        taken("write", writes, holds[pick(11, holds.len())]),
                    ];
                    let keys = all_keys[pick(13, all_keys.len())];
                    let (text, workload) =
                        read_back(&recorded_lock(type_names, machine, keys, &uses));
                    match workload {
                        Ok(workload) => {
                            sizes.0 += 1;
                            assert_eq!(
                                workload.needs.linearizable,
                                text.contains("linearizable"),
                                "{text}"
                            );
                        }
                        Err(why) => {
                            sizes.1 += 1;
                            let is_none =
                                why.contains("is not measured") || (reads, writes) == (0, 0);
                            assert!(is_none, "{why}\n{text}");
                        }
                    }
                }
            }
        }
    }
    assert!(sizes.0 > sizes.1, "{sizes:?}");
}

#[test]
fn a_workload_file_says_what_was_not_recorded_or_is_not_measured() {
    let taken = Taken {
        mode: "write",
        threads: 4,
        acquired: 40_000,
        waiting_ns: 400_000_000,
        holds: &[[2_000, 2_000, 400]],
    };
    let file = |type_name, machine, keys| {
        let (text, workload) = read_back(&recorded_lock(
            [type_name, "std", "mutex"],
            machine,
            keys,
            &[taken],
        ));
        workload.unwrap_or_else(|why| panic!("{why}\n{text}"));
        text
    };
    let cell = file("[u64; 20000]", [4, 4], None);
    assert!(
        cell.contains("record_bytes = 4096  # recorded: 160000; no record"),
        "{cell}"
    );
    assert!(
        cell.contains("cores = 4  # recorded") && !cell.contains("linearizable"),
        "{cell}"
    );
    let table = file("HashMap<u64, u64>", [4, 1_000], Some([8_000, 1_000, 0]));
    assert!(
        table.contains("records = 8000  # EDIT: so many different keys"),
        "{table}"
    );
    assert!(table.contains("record_bytes = 64  # EDIT"), "{table}");
    assert!(table.contains("# cores: 1000 were recorded"), "{table}");
}
