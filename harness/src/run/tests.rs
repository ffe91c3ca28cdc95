//! The schedule against a machine that is played: parts become lines as a measuring process would
//! write them, and are cut short wherever a kill might.

use std::collections::BTreeSet;

use measure::worker::{Place, order};
use model::controls;
use model::preset::Preset;
use model::sample::{Failure, GroupCount, Interference, Line, PartDone, Slice, SliceKey};
use model::scenario::{Activity, Origin, Point, Scenario, slices_in_block};

use super::recording::{Assignment, Recording};
use super::schedule::{Limits, MeasurementPlan, Schedule};

const BASELINE: &str = "mutex/std";

fn scenario(name: &str) -> Scenario {
    let text = format!(
        "name = \"{name}\"\ntitle = \"t\"\nquestion = \"q\"\nprocesses = 4\n[[groups]]\ndoes = \"read\"\nthreads = 1"
    );
    Scenario::parse(&text, "test").unwrap().remove(0)
}

/// `fast` is twice as fast as the baseline, `close` is near the margin; both are noisy.
fn plan() -> MeasurementPlan {
    let names: Vec<String> = [BASELINE, "a/fast", "a/close", controls::SAME]
        .map(String::from)
        .into();
    MeasurementPlan {
        scenarios: vec![(scenario("one"), names.clone()), (scenario("two"), names)],
        baseline: BASELINE.into(),
        limits: Limits {
            budget: Preset::Default.measuring(),
            rounds: Preset::Default.rounds(),
            one_answer: false,
        },
        seed: 1,
    }
}

/// The lines of a part, from where it goes on.
fn play(plan: &MeasurementPlan, assignment: &Assignment) -> Vec<Line> {
    let Assignment {
        part,
        next: from,
        restarts,
        ..
    } = assignment;
    let mut lines = Vec::new();
    if *restarts == 0 {
        lines.push(Line::Part(part.clone()));
    }
    for block in from.block..part.blocks {
        let order = order(part, BASELINE, plan.seed, block);
        for (position, name) in (0..).zip(order) {
            if (Place { block, position }) < *from {
                continue;
            }
            let key = SliceKey {
                scenario: part.scenario.clone(),
                process: part.process,
                block,
                position,
                strategy: name.to_owned(),
            };
            lines.push(Line::Slice(slice(key, *restarts)));
        }
        lines.push(Line::Interference(Interference {
            scenario: part.scenario.clone(),
            process: part.process,
            block,
            slices: 7,
            took_ns: 1_000_000,
            stolen_ns: 0,
            hand_off_ns: None,
        }));
    }
    lines.push(Line::PartDone(PartDone {
        scenario: part.scenario.clone(),
        process: part.process,
        took_ms: 300 * u64::from(part.blocks),
    }));
    lines
}

fn slice(key: SliceKey, restarts: u32) -> Slice {
    // Noise from the key alone, about 3 % to either side.
    let text = format!("{key:?}");
    let hash = text.bytes().fold(7u64, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    });
    let noise = 0.97 + 0.06 * (hash % 1_000) as f64 / 1_000.0;
    let speed = match key.strategy.as_str() {
        "a/fast" => 2.0,
        "a/close" => 1.2,
        // A plain difference, and one process in three without it.
        split if split.ends_with("/split") && !key.process.is_multiple_of(3) => 3.0,
        near if near.ends_with("/near") && !key.process.is_multiple_of(3) => 1.4,
        _ => 1.0,
    };
    #[expect(clippy::cast_sign_loss, reason = "positive")]
    let operations = (1e6 * speed * noise) as u64;
    Slice {
        key,
        window_ns: 10_000_000,
        groups: vec![GroupCount {
            does: Activity::Read,
            paced: false,
            operations: vec![operations],
            spans_ns: Vec::new(),
            misses: 0,
            drift: None,
            kinds: None,
        }],
        restarts,
    }
}

fn keep(lines: Vec<Line>, recording: &mut Recording) {
    for line in lines {
        recording.keep(line).unwrap();
    }
}

fn keys(lines: &[Line]) -> Vec<&SliceKey> {
    lines
        .iter()
        .filter_map(|line| match line {
            Line::Slice(slice) => Some(&slice.key),
            _ => None,
        })
        .collect()
}

#[test]
fn a_run_ends_within_its_time_and_every_part_is_whole() {
    let plan = plan();
    let mut recording = Recording::in_memory();
    let mut schedule = Schedule::resume(plan.clone(), &recording);
    while let Some(assignment) = schedule.next(&recording, |_| true) {
        assert_eq!(assignment.restarts, 0);
        keep(play(&plan, &assignment), &mut recording);
    }
    let lines = recording.lines();
    let spent: u64 = lines
        .iter()
        .map(|line| match line {
            Line::PartDone(done) => done.took_ms,
            _ => 0,
        })
        .sum();
    let budget = plan.limits.budget.as_millis() as u64;
    assert!(spent <= budget, "{spent} of {budget} ms");
    let all = keys(lines);
    let different: BTreeSet<&SliceKey> = all.iter().copied().collect();
    assert_eq!(all.len(), different.len(), "no slice twice");
}

/// How many processes each of as many scenarios as the main job has gets. In the first ones, whose names are given, a
/// strategy without a verdict takes part, too, in that of the name `three` three, in three of other names one near the margin; one with an `@` is a point of a sweep.
fn processes_of(open: &[&str]) -> Vec<usize> {
    // What a block takes on two processors.
    processes_within(500, open)
}

/// The same where a block with all takes so many milliseconds.
fn processes_within(block_ms: u64, open: &[&str]) -> Vec<usize> {
    let (plan, recording) = recorded_within(block_ms, open);
    let processes = plan.scenarios.iter().map(|(scenario, _)| {
        let all = keys(recording.lines()).into_iter();
        let of_scenario = all.filter(|key| key.scenario == scenario.name);
        let processes: BTreeSet<u32> = of_scenario.map(|key| key.process).collect();
        processes.len()
    });
    processes.collect()
}

fn recorded_within(block_ms: u64, open: &[&str]) -> (MeasurementPlan, Recording) {
    let names = &plan().scenarios[0].1;
    let open = open.iter().map(|name| {
        let split = match *name {
            "three" => &["a/split", "b/split", "c/split"][..],
            "near" | "scan-while-writing" | "asked" => &["a/near"],
            _ => &["a/split"],
        };
        let names = names
            .iter()
            .cloned()
            .chain(split.iter().copied().map(String::from));
        let mut scenario = scenario("open");
        scenario.name = (*name).to_owned();
        if *name == "asked" {
            scenario.origin = Origin::Report;
        }
        scenario.point = name.contains('@').then(|| Point {
            sweep: "sweep-writes".to_owned(),
            coordinates: Vec::new(),
        });
        (scenario, names.collect())
    });
    let others = (0..).map(|number| (scenario(&format!("s{number}")), names.clone()));
    let plan = MeasurementPlan {
        scenarios: open.chain(others).take(13).collect(),
        ..plan()
    };
    let mut recording = Recording::in_memory();
    let mut schedule = Schedule::resume(plan.clone(), &recording);
    while let Some(assignment) = schedule.next(&recording, |_| true) {
        let mut played = play(&plan, &assignment);
        for line in &mut played {
            if let Line::PartDone(done) = line {
                done.took_ms = block_ms * u64::from(assignment.part.blocks);
                done.took_ms *= assignment.part.strategies.len() as u64;
                done.took_ms /= names.len() as u64;
            }
        }
        keep(played, &mut recording);
    }
    (plan, recording)
}

#[test]
fn a_default_run_has_processes_enough_for_verdicts() {
    // 1 % over some 320 verdicts leaves 2^-15 to each: 2^(1 - 17) is below it.
    let processes = processes_of(&[]);
    assert!(processes.iter().all(|count| *count >= 17), "{processes:?}");
}

#[test]
fn time_goes_where_a_plain_difference_has_no_verdict() {
    let processes = processes_of(&["one"]);
    assert_eq!(processes[0], 48, "as many as there may be");
    assert_eq!(processes[1..], [10; 12]);
}

#[test]
fn who_has_a_verdict_takes_no_time_of_those_without_one() {
    let (_, recording) = recorded_within(500, &["one", "three"]);
    let parts = recording.parts();
    let taking_part = |scenario: &str, process: u32| {
        let mut parts = parts.iter().map(|begun| &begun.part);
        let part = parts.find(|part| part.scenario == scenario && part.process == process);
        part.unwrap().strategies.clone()
    };
    assert!(taking_part("one", 9).contains(&"a/fast".to_owned()));
    assert_eq!(
        taking_part("one", 10),
        [BASELINE, controls::SAME, "a/split"]
    );
    let three = [BASELINE, controls::SAME, "a/split", "b/split", "c/split"];
    assert_eq!(taking_part("three", 10), three);
}

#[test]
fn a_slow_run_goes_on_where_that_makes_verdicts_possible() {
    // 13 scenarios and 160 s: eight rounds, and six.
    assert_eq!(processes_within(1_500, &["one"]), [10; 13]);
    assert_eq!(processes_within(2_000, &["one"]), [6; 13]);
}

#[test]
fn a_scenario_gets_time_in_proportion_to_its_plain_differences_without_a_verdict() {
    let processes = processes_within(800, &["one", "three", "two", "four"]);
    let [one, three, two, four, ..] = *processes else {
        panic!("{processes:?}")
    };
    assert!(one > 10 && three > one, "{processes:?}");
    assert_eq!((two, four), (one, one));
}

#[test]
fn a_gain_near_the_margin_is_worth_time_in_a_row_that_was_asked_or_decides_a_use_case() {
    let processes = processes_of(&["scan-while-writing", "asked", "near"]);
    let [deciding, asked, near, ..] = *processes else {
        panic!("{processes:?}")
    };
    assert!(deciding > 10 && asked > 10, "{processes:?}");
    assert_eq!(near, 10, "{processes:?}");
}

#[test]
fn points_of_sweeps_step_back_unless_they_decide_a_use_case() {
    let processes = processes_of(&["one", "sweep-writes@writes=0.05", "sweep-writes@writes=0.2"]);
    let [row, deciding, point, ..] = *processes else {
        panic!("{processes:?}")
    };
    assert!(row > 10 && deciding > 10, "{processes:?}");
    assert_eq!(point, 10, "{processes:?}");
}

#[test]
fn a_run_that_is_killed_anywhere_measures_every_slice_once() {
    let plan = plan();
    for kill_every in [1, 3, 7, 29, 113] {
        let mut recording = Recording::in_memory();
        let mut kills = 0;
        'starts: loop {
            let mut schedule = Schedule::resume(plan.clone(), &recording);
            let mut left = kill_every + kills % 5;
            while let Some(assignment) = schedule.next(&recording, |_| true) {
                for line in play(&plan, &assignment) {
                    recording.keep(line).unwrap();
                    left -= 1;
                    if left == 0 && kills < 400 {
                        kills += 1;
                        continue 'starts;
                    }
                }
            }
            break;
        }
        let lines = recording.lines();
        let all = keys(lines);
        let different: BTreeSet<&SliceKey> = all.iter().copied().collect();
        assert_eq!(all.len(), different.len(), "a slice twice, {kill_every}");
        for line in lines {
            let Line::Part(part) = line else { continue };
            let wanted = part.blocks as usize * slices_in_block(part.strategies.len());
            let got = all
                .iter()
                .filter(|key| key.scenario == part.scenario && key.process == part.process)
                .count();
            assert_eq!(got, wanted, "slices of {part:?}, {kill_every}");
        }
    }
}

#[test]
fn what_is_not_welcome_comes_last_in_its_round_and_still_comes() {
    let plan = plan();
    let unwelcome = &plan.scenarios[0].0.name;
    let mut recording = Recording::in_memory();
    let mut schedule = Schedule::resume(plan.clone(), &recording);
    for _ in 0..3 {
        let mut round = Vec::new();
        for _ in &plan.scenarios {
            let next = schedule.next(&recording, |scenario| scenario.name != *unwelcome);
            let next = next.unwrap();
            keep(play(&plan, &next), &mut recording);
            round.push(next.part);
        }
        let names: BTreeSet<&String> = round.iter().map(|part| &part.scenario).collect();
        assert_eq!(names.len(), plan.scenarios.len(), "one of each: {round:?}");
        assert_eq!(round.last().map(|part| &part.scenario), Some(unwelcome));
    }
    // Time spent waiting is not measured in.
    schedule.shorten(plan.limits.budget);
    assert!(schedule.next(&recording, |_| true).is_none());
}

/// That a strategy hung in the first slice that was measured.
fn hung(strategy: &str, recording: &Recording) -> Line {
    let key = SliceKey {
        strategy: strategy.into(),
        ..keys(recording.lines())[0].clone()
    };
    let reason = "hung".into();
    Line::Failure(Failure { key, reason })
}

#[test]
fn nothing_is_measured_without_the_baseline() {
    for one_answer in [true, false] {
        let mut plan = plan();
        plan.limits.one_answer = one_answer;
        let mut recording = Recording::in_memory();
        let mut schedule = Schedule::resume(plan.clone(), &recording);
        let first = schedule.next(&recording, |_| true).unwrap();
        keep(play(&plan, &first), &mut recording);
        keep(vec![hung(BASELINE, &recording)], &mut recording);
        let mut others = 0;
        while let Some(next) = schedule.next(&recording, |_| true) {
            assert!(next.part.strategies.contains(&BASELINE.to_owned()));
            assert_ne!(next.part.scenario, first.part.scenario);
            keep(play(&plan, &next), &mut recording);
            others += 1;
        }
        assert_eq!(others == 0, one_answer, "{others}");
    }
}

#[test]
fn who_hung_is_left_out_of_all_that_follows_or_of_that_scenario_only() {
    for one_answer in [true, false] {
        let mut plan = plan();
        plan.limits.one_answer = one_answer;
        let mut recording = Recording::in_memory();
        let mut schedule = Schedule::resume(plan.clone(), &recording);
        let first = schedule.next(&recording, |_| true).unwrap();
        keep(play(&plan, &first), &mut recording);
        keep(vec![hung("a/close", &recording)], &mut recording);
        for _ in 0..5 {
            let next = schedule.next(&recording, |_| true).unwrap();
            let is_left_out = one_answer || next.part.scenario == first.part.scenario;
            let takes_part = next.part.strategies.contains(&"a/close".to_owned());
            assert_eq!(takes_part, !is_left_out, "{next:?}");
            assert!(
                next.part.strategies.contains(&"a/fast".to_owned()),
                "{next:?}"
            );
            keep(play(&plan, &next), &mut recording);
        }
    }
}

#[test]
fn what_is_measured_later_has_rounds_of_its_own_and_the_time_that_is_left() {
    let both = plan();
    let part = |place: usize, seconds| {
        let mut part = both.clone();
        part.scenarios = vec![both.scenarios[place].clone()];
        part.limits.budget = std::time::Duration::from_secs(seconds);
        part
    };
    let mut recording = Recording::in_memory();
    let mut took = |plan: MeasurementPlan| {
        let mut schedule = Schedule::resume(plan.clone(), &recording);
        let (mut ms, mut processes) = (0, Vec::new());
        while let Some(next) = schedule.next(&recording, |_| true) {
            assert_eq!(next.part.scenario, plan.scenarios[0].0.name);
            ms += 300 * u64::from(next.part.blocks);
            processes.push(next.part.process);
            keep(play(&plan, &next), &mut recording);
        }
        (ms, processes)
    };
    let (first, processes) = took(part(0, 6));
    assert!((5_000..=6_000).contains(&first), "{first} ms");
    assert!(processes.len() > 8 && processes[0] == 0, "{processes:?}");
    let (second, processes) = took(part(1, 9));
    assert!(
        (8_000..=9_000).contains(&(first + second)),
        "{first} and {second} ms"
    );
    assert_eq!(processes[0], 0, "{processes:?}");
    // The first one again, with the time that is left then.
    let again = processes.len();
    let (third, processes) = took(part(0, 12));
    assert!(
        (11_000..=12_000).contains(&(first + second + third)),
        "{third} ms"
    );
    assert!(processes[0] > 8, "{again} and {processes:?}");
}
