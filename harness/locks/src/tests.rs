//! Recordings of invented programs, damaged recordings, and intervals whose truth is known.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

use crate::analysis::mean;
use crate::recording::Held;
use crate::verdict::{Reason, Verdict};
use crate::{Analysis, Caution, FORMAT, Histogram, Trend, analyse, compare, read};

const SERVICE: &str = include_str!("../../testdata/recordings/session-service.json");
const AFTER: &str = include_str!("../../testdata/recordings/session-service-after.json");
const REGISTRY: &str = include_str!("../../testdata/recordings/metrics-registry.json");
const QUEUE: &str = include_str!("../../testdata/recordings/job-queue.json");

fn analysed(text: &str) -> Analysis {
    analyse(&read(text.as_bytes(), "f.json").unwrap())
}

/// What is message of a recording with a part changed.
fn refusal(change: impl FnOnce(&mut Value)) -> String {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    change(&mut document);
    refusal_of(document.to_string().as_bytes())
}

fn refusal_of(bytes: &[u8]) -> String {
    let message = read(bytes, "f.json").unwrap_err().to_string();
    assert!(message.starts_with("f.json:"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn the_lock_that_matters_and_its_longest_holder_are_named() {
    let analysis = analysed(SERVICE);
    let first = analysis.first().unwrap();
    assert_eq!(first.name.as_deref(), Some("sessions"));
    assert_eq!(first.verdict, Verdict::Shorten);
    assert_eq!(first.reason, Some(Reason::Throughput));
    assert_eq!(first.longest_holder.as_ref().unwrap().line, 90);
    // 0.76 s of 3.98 s waiting, and 40,000 acquisitions of 200 ns.
    assert!((0.23..0.25).contains(&first.gain), "{}", first.gain);
    assert_eq!(
        analysis.locks.iter().filter(|lock| lock.matters()).count(),
        1
    );
    assert!(analysis.cautions.is_empty());
}

/// Locks that were made at one line, and of which each waits so many times for 58 us; two threads take each.
fn shards(waits: &[u64]) -> Value {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    let shard = |(id, &waits): (usize, &u64)| {
        let waiting_ns = waits * 58_000;
        let mut shard = document["locks"][0].clone();
        shard["id"] = json!(id);
        shard["name"] = json!(null);
        shard["blocked"] =
            json!([{ "waiting": 1, "holding": 1, "times": waits, "ns": waiting_ns }]);
        shard["keys"]["lookups"] = json!(36_000);
        shard["keys"]["top"] = json!([0.5]);
        shard["uses"] = json!([{
            "site": 1, "mode": "write", "threads": 2, "acquired": 10_000, "failed_tries": 0,
            "contended": waits, "waiting_ns": waiting_ns, "wait": [[57_344, 59_391, waits]],
            "held": {
                "timed": 100, "samples": 100, "squares": 100, "sum_ns": 290_000,
                "histogram": [[2_816, 2_943, 100]],
            },
        }]);
        shard
    };
    let shards: Vec<Value> = waits.iter().enumerate().map(shard).collect();
    document["locks"] = json!(shards);
    document
}

#[test]
fn locks_of_one_line_are_judged_together_unless_one_costs_more_alone() {
    let judged = |document: &Value| {
        let analysis = analysed(&document.to_string());
        let locks = analysis.locks.iter();
        let locks = locks.map(|lock| (lock.id, lock.instances, lock.matters()));
        locks.collect::<Vec<_>>()
    };
    // 29 ms of two threads' four seconds.
    assert_eq!(judged(&shards(&[500])), [(0, 1, false)]);
    assert_eq!(judged(&shards(&[500; 16])), [(0, 16, true)]);
    assert_eq!(judged(&shards(&[5_000; 3])), [(0, 3, true)]);
    // Another one has eight threads, whose time hides what two lose.
    let mut document = shards(&[500, 5_000, 400]);
    document["threads"] = json!({ "seen": 8, "time_ns": 16_000_000_000_u64 });
    document["locks"][0]["uses"][0]["threads"] = json!(8);
    assert_eq!(judged(&document), [(1, 1, true), (0, 2, false)]);
    let analysis = analysed(&shards(&[500; 16]).to_string());
    let together = analysis.first().unwrap();
    assert_eq!(together.totals.acquired, 160_000);
    assert_eq!(together.totals.waiting_ns, 16 * 29_000_000);
    assert_eq!(together.uses.len(), 1);
    assert_eq!(together.blocked[0].times, 16 * 500);
    let mean = together.uses[0].held_mean_ns.unwrap().value;
    assert!((mean - 2_900.0).abs() < 1e-9, "{mean}");
    let keys = together.keys.as_ref().unwrap();
    assert_eq!(keys.lookups, 16 * 36_000);
    assert!(
        keys.top
            .iter()
            .all(|share| (share - 0.5 / 16.0).abs() < 1e-9)
    );
    // A lock for each thread is none that threads share.
    let mut document = shards(&[1; 16]);
    for lock in document["locks"].as_array_mut().unwrap() {
        let usage = &mut lock["uses"][0];
        (usage["threads"], usage["contended"]) = (json!(1), json!(0));
        (usage["waiting_ns"], usage["wait"]) = (json!(0), json!([]));
    }
    assert_eq!(judged(&document).len(), 16);
}

/// Each call site has a thread of its own, and they wait for each other.
#[test]
fn threads_that_wait_for_each_other_share_the_loss() {
    let gain = |waiting: u64| {
        let mut document: Value = serde_json::from_str(SERVICE).unwrap();
        document["threads"] = json!({ "seen": 4, "time_ns": 8_000_000_000_u64 });
        document["locks"][0]["queue"]["max"] = json!(waiting);
        for usage in document["locks"][0]["uses"].as_array_mut().unwrap() {
            usage["threads"] = json!(1);
        }
        analysed(&document.to_string()).first().unwrap().gain
    };
    // 0.761 s of waiting and 0.008 s of locking, of the two seconds of two threads and of three.
    for (waiting, spent_ns) in [(1, 4e9), (3, 6e9)] {
        let share = (761_278_170.0 + 8e6) / spent_ns;
        let expected = share / (1.0 - share);
        assert!((gain(waiting) - expected).abs() < 1e-9, "{}", gain(waiting));
    }
}

#[test]
fn a_lock_that_is_taken_often_need_not_matter() {
    let analysis = analysed(REGISTRY);
    assert!(analysis.first().is_none());
    let registry = &analysis.locks[0];
    assert!(registry.totals.per_second > 100_000.0);
    assert!((0.01..0.02).contains(&registry.gain), "{}", registry.gain);
    assert!(registry.totals.wait_p99_ns.abs() < 1e-9);
}

#[test]
fn bursts_waits_and_guards_across_await_are_found() {
    let analysis = analysed(QUEUE);
    let jobs = analysis.first().unwrap();
    assert_eq!(jobs.verdict, Verdict::Shorten);
    assert_eq!(jobs.longest_holder.as_ref().unwrap().line, 31);
    assert_eq!(jobs.totals.across_await, 4);
    let dispersion = jobs
        .arrivals
        .iter()
        .map(|windows| windows.dispersion.unwrap());
    assert!(
        dispersion
            .zip([12.2, 11.0])
            .all(|(actual, near)| (actual - near).abs() < 0.1)
    );
    // 9,800 acquisitions, of which 200 waited for 0.3 ms: the 99th percentile is among them.
    assert!((290_000.0..315_000.0).contains(&jobs.totals.wait_p99_ns));
    let cautions = [Caution::NotWhole, Caution::MergedSites { acquired: 2 }];
    assert_eq!(analysis.cautions, cautions);
}

#[test]
fn readers_that_wait_for_readers_need_another_lock() {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    for usage in document["locks"][0]["uses"].as_array_mut().unwrap() {
        usage["mode"] = json!("read");
    }
    let analysis = analysed(&document.to_string());
    assert_eq!(analysis.first().unwrap().verdict, Verdict::Replace);
}

#[test]
fn waits_of_all_acquisitions_count_for_the_percentile() {
    let mut document: Value = serde_json::from_str(REGISTRY).unwrap();
    // One of a hundred waits is not yet beyond the 99th percentile.
    let usage = &mut document["locks"][0]["uses"][0];
    usage["contended"] = json!(3_000);
    usage["wait"] = json!([[200_000, 204_799, 3_000]]);
    usage["waiting_ns"] = json!(600_000_000);
    let analysis = analysed(&document.to_string());
    assert!(analysis.locks[0].totals.wait_p99_ns.abs() < 1e-9);
}

#[test]
fn unknown_fields_are_ignored() {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    document["later"] = json!({ "a": 1 });
    document["locks"][0]["later"] = json!([]);
    document["locks"][0].as_object_mut().unwrap().remove("keys");
    assert_eq!(analysed(&document.to_string()).locks.len(), 3);
}

#[test]
fn what_is_no_recording_is_refused_in_a_line() {
    for (bytes, expected) in [
        (&b""[..], "f.json:1:0: the recording ends too early"),
        (b"lockrecord", "f.json:1:1: not JSON"),
        (b"\xff\xfe{\0", "f.json:1:1: not JSON"),
        (b"{} {}", "f.json:1:4: not JSON"),
        (b"{}", "it has no \"format\": \"lockrecord/2\""),
        (b"[1, 2]", "it has no \"format\": \"lockrecord/2\""),
        (b"{\"format\": 1}", "it has no \"format\": \"lockrecord/2\""),
        (b"{\"format\": \"other/1\"}", "it has no \"format\""),
        (
            b"{\"format\": \"lockrecord/1\"}",
            "of the format lockrecord/1",
        ),
        (b"{\"format\": \"lockrecord/2\"}", "missing field `program`"),
    ] {
        let message = refusal_of(bytes);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_recording_cut_off_anywhere_is_refused() {
    let text = SERVICE.trim_end();
    for end in (0..text.len()).step_by(97) {
        let message = refusal_of(&text.as_bytes()[..end]);
        assert!(message.contains("ends too early"), "{end}: {message}");
    }
}

#[test]
fn counts_that_contradict_each_other_are_refused_with_their_place() {
    fn at<'d>(document: &'d mut Value, pointer: &str) -> &'d mut Value {
        document.pointer_mut(pointer).unwrap()
    }
    let cases: [(&str, Value, &str); 18] = [
        ("/elapsed_ns", json!(0), "elapsed_ns: 0"),
        ("/locks/1/id", json!(0), "locks[1]: the id 0"),
        (
            "/locks/0/made_at",
            json!(99),
            "locks[0].made_at: the site 99 is not among the 8",
        ),
        (
            "/locks/0/uses/1/site",
            json!(8),
            "locks[0].uses[1]: the site 8",
        ),
        (
            "/locks/0/blocked/0/waiting",
            json!(8),
            "locks[0].blocked[0]",
        ),
        (
            "/locks/0/blocked/0/holding",
            json!(8),
            "locks[0].blocked[0]",
        ),
        ("/locks/0/alive", json!(2), "locks[0]: 2 alive of 1"),
        (
            "/locks/0/uses/0/contended",
            json!(50_000),
            "50000 contended of 36000",
        ),
        (
            "/locks/0/uses/0/acquired",
            json!(100),
            "locks[0].uses[0]: 6900 contended of 100",
        ),
        (
            "/locks/0/uses/0/held/timed",
            json!(50_000),
            "50000 timed of 36000",
        ),
        (
            "/locks/0/uses/0/held/squares",
            json!(7_300),
            "7400 timed stand for 7400, with squares of 7300",
        ),
        (
            "/locks/0/uses/0/waiting_ns",
            json!(1),
            "locks[0].uses[0].wait: 1 ns together",
        ),
        (
            "/locks/0/uses/0/held/sum_ns",
            json!(u64::MAX),
            "locks[0].uses[0].held",
        ),
        ("/locks/0/uses/0/wait/0/2", json!(7), "and 6900 counted"),
        ("/locks/0/uses/0/wait/0/0", json!(u64::MAX), "ascending"),
        (
            "/locks/0/arrivals/0/variance",
            json!(-1.0),
            "locks[0].arrivals[0]",
        ),
        (
            "/locks/0/keys/hits",
            json!(99_999),
            "locks[0].keys: 99999 hits of 36000",
        ),
        ("/locks/0/keys/top/0", json!(1.5), "locks[0].keys"),
    ];
    for (pointer, value, expected) in cases {
        let message = refusal(|document| *at(document, pointer) = value.clone());
        assert!(message.contains(expected), "{pointer}: {message}");
    }
    let message = refusal(|document| *at(document, "/locks/0/kind") = json!("spinlock"));
    assert!(message.contains("unknown variant `spinlock`"), "{message}");
    let message = refusal(|document| *at(document, "/locks/0/uses/0/acquired") = json!(-1));
    assert!(
        message.contains("a whole number, not negative"),
        "{message}"
    );
}

/// Two threads that were recorded for two seconds.
#[test]
fn what_threads_have_no_time_for_is_refused() {
    let refused = |change: fn(&mut Value), expected: &str| {
        let message = refusal(change);
        assert!(message.contains(expected), "{message}");
    };
    refused(
        |document| document["processors"] = json!(0),
        "processors: 0",
    );
    refused(
        |document| document["threads"]["time_ns"] = json!(7_000_000_000_u64),
        "threads.time_ns: the threads lived for 7000000000 ns, and 2 threads",
    );
    refused(
        |document| document["locks"][0]["uses"][0]["threads"] = json!(3),
        "locks[0].uses[0]: 3 threads of 2",
    );
    let waits = |document: &mut Value| {
        let usage = &mut document["locks"][0]["uses"][0];
        usage["contended"] = json!(10);
        usage["wait"] = json!([[1_500_000_000, 1_500_000_000, 10]]);
        usage["waiting_ns"] = json!(15_000_000_000_u64);
    };
    refused(waits, "locks: the threads waited for 15");
    // Tasks wait without a thread.
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    waits(&mut document);
    document["locks"][0]["library"] = json!("tokio");
    assert!(analysed(&document.to_string()).first().is_some());
}

#[test]
fn counts_in_progress_are_no_contradiction() {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    document["written"] = json!("interval");
    document["locks"][0]["uses"][0]["contended"] = json!(6_902);
    assert_eq!(
        analysed(&document.to_string()).cautions,
        [Caution::NotWhole]
    );
}

#[test]
fn figures_beyond_all_measure_are_no_panic() {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    document["elapsed_ns"] = json!(u64::MAX);
    document["threads"] = json!({ "seen": u64::MAX, "time_ns": 0 });
    for usage in document["locks"][0]["uses"].as_array_mut().unwrap() {
        for field in ["acquired", "threads", "failed_tries", "across_await"] {
            usage[field] = json!(u64::MAX);
        }
    }
    let analysis = analysed(&document.to_string());
    let text = serde_json::to_string(&analysis).unwrap();
    assert!(text.contains("\"sessions\""));
}

#[test]
fn an_empty_recording_is_one() {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    document["locks"] = json!([]);
    document["sites"] = json!([]);
    let analysis = analysed(&document.to_string());
    assert!(analysis.first().is_none() && analysis.locks.is_empty());
    assert_eq!(FORMAT, "lockrecord/2");
}

#[test]
fn moved_lines_do_not_hide_that_waiting_fell() {
    let (before, after) = (analysed(SERVICE), analysed(AFTER));
    let change = compare(&before, &after);
    assert_eq!(change.trend, Trend::Fell);
    assert_eq!(change.pairs.len(), 3);
    assert_eq!(change.pairs[0].trend, Trend::Fell);
    assert!(change.gone.is_empty() && change.new.is_empty());
    assert!(after.first().is_none(), "nothing more to do");
    let same = compare(&before, &before);
    let figures = same.pairs.iter().flat_map(|pair| &pair.figures);
    assert!(
        figures
            .into_iter()
            .all(|figure| figure.trend == Trend::Same)
    );
}

#[test]
fn locks_are_paired_by_name_then_type_then_line() {
    // The unnamed lock of the configuration moved, and two more were made before it in the same file.
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    let mut other = document["locks"][1].clone();
    let site = |line: u64| json!({ "file": "src/main.rs", "line": line, "column": 5 });
    document["sites"][4]["line"] = json!(40);
    document["sites"]
        .as_array_mut()
        .unwrap()
        .extend([site(7), site(8)]);
    let named = document["locks"][2]["made_at"].clone();
    assert_eq!(named, json!(6), "the named one stays where it is");
    other["value"]["type"] = json!("u8");
    for (id, site) in [(7, 8), (8, 9)] {
        other["id"] = json!(id);
        other["made_at"] = json!(site);
        document["locks"]
            .as_array_mut()
            .unwrap()
            .push(other.clone());
    }
    let change = compare(&analysed(SERVICE), &analysed(&document.to_string()));
    let pairs: Vec<_> = change
        .pairs
        .iter()
        .map(|pair| (pair.before_id, pair.after_id))
        .collect();
    assert_eq!(pairs.len(), 3);
    assert!(
        pairs.iter().all(|(before, after)| before == after),
        "{pairs:?}"
    );
    assert_eq!(change.new.len(), 2);
}

/// Two locks of different types, which a change moves to where the other one was.
#[test]
fn a_lock_is_paired_with_its_type_and_not_with_what_is_at_its_line() {
    let mut before: Value = serde_json::from_str(SERVICE).unwrap();
    for (number, name) in [(0, "A"), (1, "B")] {
        let lock = &mut before["locks"][number];
        lock["name"] = json!(null);
        lock["value"]["type"] = json!(name);
    }
    let [first, second] = [0, 1].map(|number| before["locks"][number]["made_at"].clone());
    let mut after = before.clone();
    after["locks"][0]["made_at"] = second;
    after["locks"][1]["made_at"] = first;
    let change = compare(
        &analysed(&before.to_string()),
        &analysed(&after.to_string()),
    );
    assert_eq!(change.pairs.len(), 3);
    let is_same = |pair: &crate::Pair| pair.before_id == pair.after_id;
    assert!(change.pairs.iter().all(is_same), "{:?}", change.pairs);
    assert_eq!(change.trend, Trend::Same);
}

/// Of 400 holds 392 take 50 ns and eight 10 us, which the others wait for.
#[test]
fn a_section_is_long_as_those_meet_it_who_wait() {
    let mut document: Value = serde_json::from_str(SERVICE).unwrap();
    let site = document["locks"][0]["blocked"][0]["holding"].clone();
    for usage in document["locks"][0]["uses"].as_array_mut().unwrap() {
        usage["held"] = json!({
            "timed": 400, "samples": 400, "squares": 400, "sum_ns": 392 * 50 + 8 * 10_000,
            "histogram": [[50, 50, 392], [10_000, 10_000, 8]],
        });
    }
    for pair in document["locks"][0]["blocked"].as_array_mut().unwrap() {
        pair["holding"] = site.clone();
    }
    let analysis = analysed(&document.to_string());
    let first = analysis.first().unwrap();
    let means = first.uses.iter();
    let mut means = means.map(|usage| usage.held_mean_ns.unwrap().value);
    assert!(means.all(|mean| mean < 300.0), "short on average");
    assert_eq!(first.verdict, Verdict::Shorten);
}

/// Buckets as the recorder has them: exact below 32, then 32 of each power of two.
fn bucket(value: u64) -> [u64; 2] {
    if value < 32 {
        return [value; 2];
    }
    let width = 1 << (value.ilog2() - 5);
    let lower = value / width * width;
    [lower, lower + width - 1]
}

/// Holds of a program are timed as the recorder does it, with random spans whose mean is given by the place in the run, a part
/// of it, and each stands for its span: how often the interval of 99 % has the mean of all. A hold is by its place and a random
/// number.
#[expect(clippy::cast_sign_loss, reason = "no hold is negative")]
fn coverage(mean_span: impl Fn(f64) -> u64, hold_ns: impl Fn(f64, f64) -> f64) -> f64 {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let trials = 300;
    let mut hits = 0;
    for _ in 0..trials {
        let (mut all, mut buckets) = (0.0, Vec::new());
        let (acquired, mut span, mut left) = (20_000_u64, 1, 1);
        let mut sample = every_timed(0, 0, Histogram::default());
        for number in 0..acquired {
            let part = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            let place = number as f64 / acquired as f64;
            let hold = hold_ns(place, part);
            all += hold;
            left -= 1;
            if left == 0 {
                let [lower, upper] = bucket(hold as u64);
                buckets.push(Histogram(vec![[lower, upper, span]]));
                sample.timed += 1;
                sample.samples += span;
                sample.squares += span * span;
                sample.sum_ns += hold as u64 * span;
                span = 1 + random.next_u64() % (2 * mean_span(place) - 1);
                left = span;
            }
        }
        sample.histogram = Histogram::merged(&buckets);
        let [low, high] = mean(&sample, acquired).unwrap().interval.unwrap();
        hits += i32::from((low..=high).contains(&(all / acquired as f64)));
    }
    f64::from(hits) / f64::from(trials)
}

#[test]
fn the_interval_of_sampled_holds_keeps_what_it_promises() {
    // Of 300 intervals at 99 % fewer than 288 hold the truth once in a thousand times or less.
    let least = 0.96;
    let uniform = coverage(|_| 64, |_, part| 1_000.0 + 1_000.0 * part);
    let exponential = coverage(|_| 64, |_, part| -5_000.0 * (1.0 - part).ln());
    // One hold of fifty is thirty times longer.
    let tail = |_: f64, part: f64| if part < 0.02 { 60_000.0 } else { 2_000.0 };
    let tail = coverage(|_| 64, tail);
    // A rush of short holds in the end, of which fewer are timed.
    let rush = |place: f64, part: f64| if place < 0.5 { 5_000.0 + part } else { 100.0 };
    let rush = coverage(|place| if place < 0.5 { 4 } else { 64 }, rush);
    for (shape, covered) in [
        ("uniform", uniform),
        ("exponential", exponential),
        ("tail", tail),
        ("rush", rush),
    ] {
        assert!(covered >= least, "{shape}: {covered}");
    }
}

/// Holds that stand for themselves.
fn every_timed(count: u64, sum_ns: u64, histogram: Histogram) -> Held {
    Held {
        timed: count,
        samples: count,
        squares: count,
        sum_ns,
        histogram,
    }
}

#[test]
fn a_hold_that_was_always_timed_is_known_exactly() {
    let held = every_timed(2, 30, Histogram(vec![[10, 10, 1], [20, 20, 1]]));
    assert_eq!(mean(&held, 2).unwrap().interval, Some([15.0, 15.0]));
    let [low, high] = mean(&held, 200).unwrap().interval.unwrap();
    assert!(low < 1.0 && high > 100.0, "two of 200 say little");
    let single = every_timed(1, 10, Histogram(vec![[10, 10, 1]]));
    assert_eq!(mean(&single, 9).unwrap().interval, None);
    // A short one that stands for nine, and a long one: worth less than two.
    let held = Held {
        timed: 2,
        samples: 10,
        squares: 82,
        sum_ns: 90 + 100,
        histogram: Histogram(vec![[10, 10, 9], [100, 100, 1]]),
    };
    let mean = mean(&held, 10).unwrap();
    assert!((mean.value - 19.0).abs() < 1e-9, "{mean:?}");
    assert_eq!(mean.interval, None);
}
