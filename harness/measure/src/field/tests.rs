use std::collections::HashMap;

use model::scenario::{Activity, Group, HashedKeys, Keys, Section};

use super::*;
use crate::script::Step;

fn scenario(group: &Group) -> Scenario {
    Scenario {
        processes: 512,
        groups: vec![Group {
            threads: 2,
            ..group.clone()
        }],
        ..Scenario::default()
    }
}

fn mix() -> Group {
    Group {
        does: Activity::Mix,
        writes: Some(0.05),
        read_modify_writes: Some(0.1),
        inserts: Some(0.1),
        scans: Some(0.01),
        ..Group::default()
    }
}

fn is_member(field: &Field, id: ProcessId) -> bool {
    field.processes.contains(&id)
}

#[test]
fn a_script_has_the_shares_that_were_asked_for() {
    let field = Field::new(&scenario(&mix()), 1);
    for thread in 0..2 {
        let kinds = field.script(thread).unwrap().kinds(TAPE_LENGTH as u64);
        let share = |count: u64| count as f64 / TAPE_LENGTH as f64;
        for (count, asked) in [
            (kinds.writes, 0.05),
            (kinds.read_modify_writes, 0.1),
            (kinds.inserts, 0.1),
            (kinds.removes, 0.1),
            (kinds.scans, 0.01),
            (kinds.reads, 0.64),
        ] {
            assert!((share(count) - asked).abs() < 0.0003, "{kinds:?}");
        }
    }
    assert!(field.script(2).is_none(), "there are two threads");
    let read = Group::default();
    assert!(Field::new(&scenario(&read), 1).script(0).is_none());
}

/// The chain of dependent operations may have any speed here: ten times the mean is ten times the links.
#[test]
fn pauses_have_the_mean_that_was_asked_for_and_differ() {
    let links = |pause_ns: Option<f64>| -> Vec<f64> {
        let group = Group { pause_ns, ..mix() };
        let field = Field::new(&scenario(&group), 1);
        let pauses = &field.script(0).unwrap().pauses;
        pauses.iter().map(|pause| pause.0 as f64).collect()
    };
    assert!(links(None).is_empty());
    let sum = |mean_ns: f64| links(Some(mean_ns)).iter().sum::<f64>();
    let ratio = sum(1e5) / sum(1e4);
    assert!((ratio - 10.0).abs() < 0.01, "{ratio}");
    let long = links(Some(1e5));
    let mean = long.iter().sum::<f64>() / long.len() as f64;
    let above = long.iter().filter(|&&pause| pause > mean).count() as f64;
    // Of the exponential distribution, one in e.
    assert!((above / long.len() as f64 - (-1.0_f64).exp()).abs() < 0.01);
}

/// YCSB D and E insert one in twenty.
#[test]
fn ycsb_inserts_what_it_says() {
    for text in [
        include_str!("../../../../benches/scenarios/ycsb/13-ycsb-d.toml"),
        include_str!("../../../../benches/scenarios/ycsb/14-ycsb-e.toml"),
    ] {
        let scenario = &Scenario::parse(text, "ycsb").unwrap()[0];
        let field = Field::new(scenario, 1);
        let kinds = field.script(0).unwrap().kinds(TAPE_LENGTH as u64);
        let share = |count: u64| count as f64 / TAPE_LENGTH as f64;
        assert!((share(kinds.inserts) - 0.05).abs() < 0.0003, "{kinds:?}");
        assert!((share(kinds.removes) - 0.05).abs() < 0.0003, "{kinds:?}");
        let others = share(kinds.reads + kinds.scans);
        assert!((others - 0.9).abs() < 0.0003, "{kinds:?}");
    }
}

#[test]
fn shares_that_leave_nothing_for_reads_leave_nothing() {
    let all = Group {
        does: Activity::Mix,
        writes: Some(1.0 / 3.0),
        inserts: Some(1.0 / 6.0),
        scans: Some(1.0 / 3.0),
        ..Group::default()
    };
    let field = Field::new(&scenario(&all), 1);
    let kinds = field.script(0).unwrap().kinds(TAPE_LENGTH as u64);
    assert_eq!(kinds.reads, 0, "{kinds:?}");
}

/// Follows a script by a model: at any place, what `present_at` says is what inserting and removing
/// has left, nothing is removed that is not there, and a lap ends as it began.
#[test]
fn what_comes_goes_and_the_table_keeps_its_size() {
    for inserts in [0.000_5, 0.002, 0.15, 0.5] {
        let group = Group {
            does: Activity::Mix,
            inserts: Some(inserts),
            ..Group::default()
        };
        let field = Field::new(&scenario(&group), 3);
        let script = field.script(1).unwrap();
        let mut present: Vec<ProcessId> = script.present_at(0).collect();
        let length = present.len();
        assert!(length <= CHURN_WINDOW);
        for total in 0..2 * TAPE_LENGTH {
            if total.is_multiple_of(97) {
                assert!(script.present_at(total as u64).eq(present.iter().copied()));
            }
            let id = script.ids[total % TAPE_LENGTH];
            match script.steps[total % TAPE_LENGTH] {
                Step::Insert => {
                    assert!(!present.contains(&id) && !is_member(&field, id));
                    present.push(id);
                }
                Step::Remove => assert_eq!(present.remove(0), id, "the oldest goes first"),
                _ => assert!(is_member(&field, id)),
            }
            assert!(present.len() <= length + 1);
        }
        assert!(script.present_at(0).eq(present), "round and round");
    }
}

#[test]
fn kinds_are_counted_across_laps() {
    let field = Field::new(&scenario(&mix()), 5);
    let script = field.script(0).unwrap();
    let total = TAPE_LENGTH as u64 * 2 + 1_234;
    let counted = script.kinds(total);
    let count = |kind| {
        let steps = script.steps.iter().cycle().take(total as usize);
        steps.filter(|&&step| step == kind).count() as u64
    };
    assert_eq!(counted.writes, count(Step::Write));
    assert_eq!(counted.removes, count(Step::Remove));
    assert_eq!(counted.scans, count(Step::Scan));
}

#[test]
fn the_hit_rate_is_what_was_asked_for_and_misses_never_were() {
    for ids in [Identifiers::Pids, Identifiers::Random] {
        let missing = Scenario {
            hit_rate: Some(0.75),
            ids,
            ..scenario(&Group::default())
        };
        let field = Field::new(&missing, 7);
        let absent = field.absent_in(0, TAPE_LENGTH as u64).unwrap();
        assert_eq!(absent, TAPE_LENGTH as u64 / 4);
        let really = field
            .tape
            .iter()
            .filter(|&&id| !is_member(&field, id))
            .count();
        assert_eq!(really as u64, absent);
        // From anywhere and round again.
        let (start, total) = (5_000, TAPE_LENGTH as u64 + 6_000);
        let round = field.absent.iter().cycle().skip(start).take(total as usize);
        let expected = round.filter(|&&is_absent| is_absent).count() as u64;
        assert_eq!(field.absent_in(start, total), Some(expected));

        let mixed = Scenario {
            groups: vec![Group {
                threads: 1,
                ..mix()
            }],
            ..missing
        };
        let field = Field::new(&mixed, 7);
        let kinds = field.script(0).unwrap().kinds(TAPE_LENGTH as u64);
        let asked = kinds.reads + kinds.writes + kinds.read_modify_writes;
        let rate = 1.0 - kinds.absent as f64 / asked as f64;
        assert!((rate - 0.75).abs() < 0.001, "{rate}");
    }
    let all = Field::new(&scenario(&Group::default()), 7);
    assert_eq!(all.absent_in(0, 1_000), None);
}

fn shares(field: &Field) -> HashMap<ProcessId, f64> {
    let mut shares = HashMap::new();
    for &id in &field.tape {
        *shares.entry(id).or_insert(0.0) += 1.0 / field.tape.len() as f64;
    }
    shares
}

#[test]
fn the_hot_process_gets_its_share() {
    for (given, share) in [(None, 0.9), (Some(0.5), 0.5)] {
        let hot = Scenario {
            keys: Keys::Hot,
            hot_share: given,
            ..scenario(&Group::default())
        };
        let field = Field::new(&hot, 11);
        let observed = shares(&field)[&field.processes[0]];
        // Three standard deviations of 8,192 draws.
        assert!((observed - share).abs() < 0.017, "{observed}");
    }
}

#[test]
fn zipf_has_favourites_scattered_over_the_table() {
    let zipf = Scenario {
        keys: Keys::Zipf,
        ..scenario(&Group::default())
    };
    let mut sorted: Vec<f64> = shares(&Field::new(&zipf, 13)).into_values().collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    assert!(sorted[0] > 0.03, "{}", sorted[0]);
    let uniform = Field::new(&scenario(&Group::default()), 13);
    assert!(shares(&uniform).into_values().all(|share| share < 0.01));
}

#[test]
fn the_latest_are_asked_for_most_and_are_there() {
    let latest = Scenario {
        keys: Keys::Latest,
        ..scenario(&Group {
            does: Activity::Mix,
            inserts: Some(0.025),
            writes: Some(0.05),
            ..Group::default()
        })
    };
    let field = Field::new(&latest, 17);
    let script = field.script(0).unwrap();
    let mut young: VecDeque<ProcessId> = script.present_at(0).rev().collect();
    let (mut reads, mut of_youngest) = (0.0, 0.0);
    for (&step, &id) in script.steps.iter().zip(&script.ids) {
        match step {
            Step::Insert => young.push_front(id),
            Step::Remove => drop(young.pop_back()),
            Step::Read => {
                assert!(young.contains(&id) || is_member(&field, id));
                reads += 1.0;
                of_youngest += f64::from(u8::from(young.front() == Some(&id)));
            }
            // A process that has just come does not run yet: it would reject a heartbeat.
            _ => assert!(is_member(&field, id)),
        }
    }
    // 1 / zeta(512, 0.99), the law's share of the first rank.
    assert!(
        (of_youngest / reads - 0.143).abs() < 0.02,
        "{}",
        of_youngest / reads
    );
}

#[test]
fn equal_seeds_give_equal_fields() {
    let field = |seed| Field::new(&scenario(&mix()), seed);
    assert_eq!(
        field(1).script(1).unwrap().ids,
        field(1).script(1).unwrap().ids
    );
    assert_ne!(
        field(1).script(1).unwrap().ids,
        field(2).script(1).unwrap().ids
    );
    assert_ne!(
        field(1).script(1).unwrap().ids,
        field(1).script(0).unwrap().ids
    );
}

#[test]
fn times_inside_operations_are_dealt_in_their_shares() {
    let [short, long] = [(100.0, 0.75), (10_000.0, 0.25)].map(|(ns, share)| Section { ns, share });
    let group = Group {
        does: Activity::Mix,
        writes: Some(0.5),
        sections: vec![short, long],
        write_sections: vec![Section { share: 1.0, ..long }],
        ..Group::default()
    };
    let field = Field::new(&scenario(&group), 1);
    let script = field.script(0).unwrap();
    let lasting = crate::section::Section::lasting;
    let dealt = |kind: Step, ns: f64| {
        let steps = script.steps.iter().enumerate();
        let steps = steps.filter(|&(at, &step)| {
            step == kind && script.extra(step, at, lasting(7.0)).section == lasting(ns)
        });
        steps.count() as f64 / TAPE_LENGTH as f64
    };
    for (kind, ns, share) in [
        (Step::Read, 100.0, 0.375),
        (Step::Read, 10_000.0, 0.125),
        (Step::Write, 10_000.0, 0.5),
    ] {
        assert!((dealt(kind, ns) - share).abs() < 0.001, "{kind:?}: {ns}");
    }
}

#[test]
fn keys_that_cost_something_are_looked_up_at_every_step() {
    let mut scenario = scenario(&Group::default());
    scenario.hashed = Some(HashedKeys {
        string_bytes: Some(16),
        ..HashedKeys::default()
    });
    let field = Field::new(&scenario, 1);
    let script = field.script(0).expect("it has steps of its own");
    let plain = crate::section::Section::default();
    assert!((0..64).all(|at| script.extra(Step::Read, at, plain).key.is_some()));
}
