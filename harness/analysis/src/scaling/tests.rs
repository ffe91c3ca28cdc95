use model::scenario::Group;

use super::*;
use fixtures::traces::{Lock, calibration, traced};
use fixtures::{Invented, invented, readers};
use predict::Band;
use results::{self, Meeting};

/// What one and two readers take, and what the trace says: times better than the baseline, which takes
/// 40 ns alone and twice that with another reader.
fn results(contenders: &[(Invented, Lock)]) -> results::Machine {
    let mut lines = readers(contenders.iter().map(|(contender, _)| contender.clone()));
    lines.push(Line::Calibration(calibration()));
    lines.push(Line::Trace(traced("mutex/std", Lock::Table)));
    let traced = |(contender, lock): &(Invented, Lock)| Line::Trace(traced(&contender.name, *lock));
    lines.extend(contenders.iter().map(traced));
    crate::analyse(&Samples::from_lines(lines).expect("it has a header"))
}

fn scaling_of(results: &results::Machine) -> &Scaling {
    results.scaling.as_ref().expect("there are traces")
}

fn meeting<'s>(scaling: &'s Scaling, strategy: &str) -> &'s Meeting {
    let mut all = scaling.meetings.iter();
    all.find(|meeting| meeting.strategy == strategy)
        .expect("it is read")
}

#[test]
fn lines_that_both_write_are_held_against_the_second_readers_cost() {
    let results = results(&[
        (invented("good/flat", 2.0, 3.6, 1.0), Lock::Nothing),
        (invented("bad/flat", 2.0, 1.0, 1.0), Lock::Nothing),
        (invented("good/shards", 1.0, 1.9, 1.0), Lock::Record),
    ]);
    let scaling = scaling_of(&results);
    let mutex = meeting(scaling, "mutex/std");
    assert_eq!((mutex.lines_same, mutex.lines_apart), (1, 1));
    // Wall time by all operations is 40 ns: each of the two sees twice that.
    assert!((mutex.ratio - 2.0).abs() < 0.1 && mutex.agrees, "{mutex:?}");
    let flat = meeting(scaling, "good/flat");
    assert!(flat.agrees && flat.lines_same == 0 && flat.why.is_none());
    let slow = meeting(scaling, "bad/flat");
    let why = slow.why.as_deref().unwrap_or_default();
    assert!(
        !slow.agrees && why == "nothing in the trace explains it",
        "{why}"
    );
    let shards = meeting(scaling, "good/shards");
    let why = shards.why.as_deref().unwrap_or_default();
    assert_eq!((shards.lines_same, shards.lines_apart), (1, 0));
    assert!(
        !shards.agrees && why.contains("the same of 64 processes"),
        "{why}"
    );
}

#[test]
fn two_threads_are_predicted_from_one() {
    let results = results(&[(invented("good/flat", 2.0, 3.6, 1.0), Lock::Nothing)]);
    let scaling = scaling_of(&results);
    let tested = |name: &str| {
        let mut all = scaling.one_to_two.iter();
        all.find(|pair| pair.strategy == name)
            .expect("it is tested")
    };
    let flat = tested("good/flat");
    assert!((flat.predicted_ns.mid - flat.one_ns).abs() < 1e-9 && flat.is_inside);
    let mutex = tested("mutex/std");
    let expected = mutex.predicted_ns.mid / mutex.measured_ns - 1.0;
    assert!((mutex.error - expected).abs() < 1e-9);
    assert!((mutex.measured_ns - 80.0).abs() < 4.0, "{mutex:?}");
    assert!(mutex.predicted_ns.mid > 1.3 * mutex.one_ns, "{mutex:?}");
}

#[test]
fn an_order_is_stated_where_every_machine_has_it() {
    let results = results(&[
        (invented("good/flat", 2.0, 3.6, 1.0), Lock::Nothing),
        (invented("other/flat", 1.9, 3.5, 1.0), Lock::Nothing),
    ]);
    let beaten = |name: &str| {
        let mut all = scaling_of(&results).rankings.iter();
        let ranking =
            all.find(|ranking| ranking.strategy == name && ranking.operation == Operation::ReadHit);
        ranking.expect("it is ranked").faster_than.clone()
    };
    assert_eq!(beaten("good/flat"), ["mutex/std"]);
    assert_eq!(beaten("other/flat"), ["mutex/std"]);
    assert_eq!(beaten("mutex/std"), Vec::<String>::new());
}

#[test]
fn who_waits_for_a_thread_of_its_own_is_not_predicted() {
    let results = results(&[(invented("actor/thread", 0.02, 0.02, 0.02), Lock::Nothing)]);
    let scaling = scaling_of(&results);
    let mut all = scaling.unpredicted.iter();
    let unpredicted = all.find(|unpredicted| unpredicted.strategy == "actor/thread");
    assert!(
        unpredicted
            .expect("it is not")
            .reason
            .contains("thread of the strategy's own")
    );
    let is_it = |pair: &OneToTwo| pair.strategy == "actor/thread";
    assert!(!scaling.one_to_two.iter().any(is_it));
}

#[test]
fn without_a_calibration_nothing_is_predicted() {
    let mut lines = readers([]);
    lines.push(Line::Trace(traced("mutex/std", Lock::Table)));
    let samples = Samples::from_lines(lines).expect("it has a header");
    assert_eq!(crate::analyse(&samples).scaling, None);
}

/// Predictions of reads on two machines, each band by its ends.
fn predicted(bands: &[(&str, &[[f64; 2]])]) -> Scaling {
    let machine = |number: usize| Machine {
        name: number.to_string(),
        ..Machine::shipped().swap_remove(0)
    };
    let on = |strategy: &str, number: usize, [low, high]: [f64; 2]| {
        let mid = f64::midpoint(low, high);
        let ns = Band { low, mid, high };
        Prediction {
            strategy: strategy.into(),
            operation: Operation::ReadHit,
            machine: number.to_string(),
            points: vec![Expected { cpus: 2, ns }],
        }
    };
    let of_strategy = |&(name, bands): &(&str, &[[f64; 2]])| -> Vec<Prediction> {
        let bands = bands.iter().enumerate();
        bands
            .map(|(number, &band)| on(name, number, band))
            .collect()
    };
    Scaling {
        calibration: calibration(),
        machines: vec![machine(0), machine(1)],
        predictions: bands.iter().flat_map(of_strategy).collect(),
        unpredicted: Vec::new(),
        rankings: Vec::new(),
        one_to_two: Vec::new(),
        meetings: Vec::new(),
        published: published(PUBLISHED_AT),
    }
}

#[test]
fn an_order_that_one_machine_denies_is_not_stated() {
    let fast: (&str, &[[f64; 2]]) = ("fast", &[[1.0, 2.0], [1.0, 2.0]]);
    let beaten_by_fast = |other: &[[f64; 2]]| {
        let scaling = predicted(&[fast, ("other", other)]);
        let machines = scaling.machines.iter();
        let machines: Vec<(&str, u32)> = machines
            .map(|machine| (&*machine.name, machine.cpus()))
            .collect();
        let rankings = rankings(&scaling, Operation::ReadHit, &machines);
        assert_eq!(rankings[1].faster_than, Vec::<String>::new());
        rankings[0].faster_than.clone()
    };
    assert_eq!(beaten_by_fast(&[[3.0, 4.0], [3.0, 4.0]]), ["other"]);
    for denied_or_unknown in [&[[3.0, 4.0], [1.5, 4.0]][..], &[[3.0, 4.0]]] {
        assert_eq!(beaten_by_fast(denied_or_unknown), Vec::<String>::new());
    }
}

fn scenario(name: &str, does: Activity, threads: usize, processes: usize) -> Scenario {
    Scenario {
        name: name.into(),
        processes,
        groups: vec![Group {
            does,
            threads,
            ..Group::default()
        }],
        ..Scenario::default()
    }
}

#[test]
fn pairs_differ_in_their_threads_only() {
    let paced = Scenario {
        groups: vec![Group {
            every_us: Some(1.0),
            ..scenario("", Activity::Read, 2, 64).groups[0].clone()
        }],
        ..scenario("paced", Activity::Read, 2, 64)
    };
    let all = [
        scenario("small", Activity::Read, 1, 64),
        paced,
        scenario("large", Activity::Read, 1, 1_024),
        scenario("large-two", Activity::Read, 2, 1_024),
        scenario("update", Activity::Update, 1, 1_024),
        scenario("scan-two", Activity::Scan, 2, 1_024),
    ];
    let pairs = scaling_pairs(&all);
    let names: Vec<_> = pairs
        .iter()
        .map(|pair| (pair.one.name.as_str(), pair.two.name.as_str()))
        .collect();
    assert_eq!(names, [("large", "large-two")]);
    let alone = |operation| alone(&all, &pairs, operation).map(|scenario| scenario.name.as_str());
    assert_eq!(alone(Operation::ReadHit), Some("large"));
    assert_eq!(alone(Operation::Apply), Some("update"));
    assert_eq!(alone(Operation::Scan), None);
}
