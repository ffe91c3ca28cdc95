//! Slices without a finished operation are the worst there are, and no missing ones.

use model::sample::{Allocation, Slice};
use model::scenario::Activity;

use super::*;
use crate::analyse;
use fixtures::{contended, invented};
use results::Machine;

const SATURATING: &str = "contention-saturating";
const PACED: &str = "contention-paced";
const BASELINE: &str = "mutex/std";

/// 39 slices of every contender, of three blocks in each of 13 processes, changed by `change`: its
/// arguments are a slice and how many of the same scenario and strategy came before it.
fn results(change: impl Fn(&mut Slice, usize)) -> Machine {
    let strategies = [
        invented("atomics/cas", 14.4, 14.4, 2.0),
        invented("atomics/seqlock", 10.0, 10.0, 2.0),
    ];
    let mut lines = contended(strategies, 13, 3);
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    for line in &mut lines {
        if let Line::Slice(slice) = line {
            let key = (slice.key.scenario.clone(), slice.key.strategy.clone());
            let count = counts.entry(key).or_default();
            change(slice, *count);
            *count += 1;
        }
    }
    analyse(&Samples::from_lines(lines).expect("it begins with its header"))
}

/// The same with no reads in those slices of a strategy beside the writer that never pauses.
fn starved(strategy: &str, which: impl Fn(usize) -> bool) -> Machine {
    results(|slice, number| {
        if slice.key.scenario == SATURATING && slice.key.strategy == strategy && which(number) {
            slice.groups[0].operations.fill(0);
        }
    })
}

fn reads<'r>(results: &'r Machine, strategy: &str) -> (&'r Cell, &'r Ratio) {
    let cell = results.cell(SATURATING, strategy, Metric::ReadNs);
    let cell = cell.expect("a starved strategy has a cell");
    (cell, cell.ratio.as_ref().expect("it is compared"))
}

#[test]
fn who_starves_most_of_the_time_improves_nothing() {
    let whole = results(|_, _| ());
    for (strategy, slices) in [("atomics/cas", 26), ("atomics/seqlock", 33)] {
        let (cell, ratio) = reads(&whole, strategy);
        assert_eq!(
            (ratio.verdict, cell.starved),
            (Verdict::Holds, 0),
            "{strategy}"
        );
        let before = ratio.median;
        // In most slices of every process, and in all slices of most processes.
        let spread: &dyn Fn(usize) -> bool = &|number| number * slices % 39 < slices;
        let together: &dyn Fn(usize) -> bool = &|number| number < slices;
        for which in [spread, together] {
            let results = starved(strategy, which);
            let (cell, ratio) = reads(&results, strategy);
            assert_eq!((cell.starved, cell.n, cell.processes), (slices, 39, 13));
            assert!(cell.flags.contains(&Flag::Starved) && cell.median.is_infinite());
            assert!(
                ratio.verdict != Verdict::Holds && ratio.median < before,
                "{ratio:?}"
            );
        }
    }
}

#[test]
fn a_few_starved_slices_count_and_too_many_refuse() {
    let whole = results(|_, _| ());
    let before = reads(&whole, "atomics/cas").1.median;
    let few = starved("atomics/cas", |number| number < 3);
    let (cell, ratio) = reads(&few, "atomics/cas");
    assert_eq!((cell.starved, ratio.verdict), (3, Verdict::Holds));
    assert!(ratio.median <= before && cell.median.is_finite());
    let more = starved("atomics/cas", |number| number % 7 == 0);
    let (cell, ratio) = reads(&more, "atomics/cas");
    assert!(cell.median.is_finite(), "{cell:?}");
    let why = ratio.withheld.as_deref().expect("too many");
    assert!(why.contains("no operation in 6 of 39 slices"), "{why}");
    assert_eq!(ratio.verdict, Verdict::Inconclusive);
    // Nobody gains from a baseline that starves either.
    let baseline = starved(BASELINE, |number| number % 7 == 0);
    let (_, ratio) = reads(&baseline, "atomics/cas");
    let why = ratio.withheld.as_deref().expect("the baseline starved");
    assert!(why.starts_with(BASELINE), "{why}");
}

#[test]
fn a_paced_group_without_operations_is_no_starvation() {
    let results = results(|slice, _| {
        for group in &mut slice.groups {
            if group.paced {
                group.operations.fill(0);
            }
        }
    });
    let mut paced = results.cells.iter().filter(|cell| cell.scenario == PACED);
    assert!(
        paced
            .clone()
            .all(|cell| cell.starved == 0 && cell.metric != Metric::WriteNs)
    );
    assert!(paced.any(|cell| cell.metric == Metric::ReadNs));
    assert_eq!(reads(&results, "atomics/cas").1.verdict, Verdict::Holds);
}

#[test]
fn what_several_activities_allocate_is_one_count() {
    let mut lines = contended([invented("atomics/cas", 2.0, 2.0, 2.0)], 13, 1);
    let inserts = Allocation {
        scenario: SATURATING.into(),
        strategy: "atomics/cas".into(),
        does: Activity::Churn,
        operations: 3_000,
        allocations: 6_000,
        bytes: 0,
    };
    lines.insert(1, Line::Allocation(inserts));
    let results = analyse(&Samples::from_lines(lines).expect("it begins with its header"));
    let counts = results.cells.iter().filter(|cell| {
        let is_there = cell.scenario == SATURATING && cell.strategy == "atomics/cas";
        is_there && cell.metric == Metric::AllocsWrite
    });
    let counts: Vec<f64> = counts.map(|cell| cell.median).collect();
    // 1,000 updates without any beside them.
    assert_eq!(counts, [1.5]);
}
