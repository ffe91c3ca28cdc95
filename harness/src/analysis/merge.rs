//! From the results of several machines to what follows from all of them. Pure, and estimates nothing:
//! every figure is one machine's own.

use std::collections::BTreeSet;

use basis::trace::Operation;

use crate::results::{
    CalledThere, Cell, Contradiction, Decision, Judged, MERGED, Merged, Metric, OneMachine,
    Overall, RatioThere, Recommendation, Results, There, Verdict, decide_together,
};

/// What machines say together.
///
/// # Panics
///
/// Without any machine.
pub fn merge(machines: Vec<OneMachine>) -> Merged {
    let first = &machines
        .first()
        .expect("it is a merger of machines")
        .results;
    Merged {
        schema: MERGED.into(),
        baseline: first.baseline.clone(),
        margin: first.margin,
        partial: machines.iter().any(|one| one.results.partial),
        recommendations: strategies(&machines)
            .into_iter()
            .map(|strategy| overall(&machines, strategy))
            .collect(),
        differences: contradictions(&machines),
        machines,
    }
}

/// Every strategy that a machine decides about, in the order of the registry.
fn strategies(machines: &[OneMachine]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for recommendation in machines.iter().flat_map(|one| &one.results.recommendations) {
        if !found.contains(&recommendation.strategy.as_str()) {
            found.push(&recommendation.strategy);
        }
    }
    found
}

fn own<'m>(machine: &'m OneMachine, strategy: &str) -> Option<&'m Recommendation> {
    let mut all = machine.results.recommendations.iter();
    all.find(|found| found.strategy == strategy)
}

fn overall(machines: &[OneMachine], strategy: &str) -> Overall {
    let there = |one: &OneMachine| There {
        machine: one.machine.clone(),
        decision: own(one, strategy).map(|found| found.decision),
    };
    let decisions: Vec<There> = machines.iter().map(there).collect();
    let gains = common_gains(machines, strategy);
    let said: Vec<Option<Decision>> = decisions.iter().map(|there| there.decision).collect();
    Overall {
        strategy: strategy.into(),
        decision: decide_together(&said, !gains.is_empty()),
        agree: said.iter().all(|decision| *decision == said[0]),
        gains,
        decisions,
    }
}

/// What every machine gains.
fn common_gains(machines: &[OneMachine], strategy: &str) -> Vec<Judged> {
    let gains = |one| own(one, strategy).map_or(&[][..], |found| &found.gains);
    let [first, others @ ..] = machines else {
        return Vec::new();
    };
    let is_common = |gain: &&Judged| others.iter().all(|one| gains(one).contains(gain));
    gains(first).iter().filter(is_common).cloned().collect()
}

/// The rows in which a verdict of one machine is the opposite of another's. What a machine leaves open
/// contradicts nobody.
fn contradictions(machines: &[OneMachine]) -> Vec<Contradiction> {
    let mut found: Vec<Contradiction> = Vec::new();
    for cell in machines.iter().flat_map(|one| &one.results.cells) {
        let is_known = found.iter().any(|known| {
            known.strategy == cell.strategy
                && known.scenario == cell.scenario
                && known.metric == cell.metric
        });
        if !is_known {
            found.extend(contradiction(machines, cell));
        }
    }
    found
}

fn contradiction(machines: &[OneMachine], cell: &Cell) -> Option<Contradiction> {
    let is_judged = |one: &&OneMachine| one.results.is_ranked(&cell.strategy);
    let is_choice = |one: &OneMachine| own(one, &cell.strategy).is_some();
    if !cell.metric.is_timed() || cell.ratio.is_none() || !machines.iter().any(is_choice) {
        return None;
    }
    let there = |one: &OneMachine| {
        let found = one
            .results
            .cell(&cell.scenario, &cell.strategy, cell.metric)?;
        Some(RatioThere {
            machine: one.machine.clone(),
            ratio: found.ratio.clone()?,
        })
    };
    let ratios: Vec<RatioThere> = machines
        .iter()
        .filter(is_judged)
        .filter_map(there)
        .collect();
    let says = |wanted| {
        let mut judged = ratios.iter();
        judged.any(|one| one.ratio.verdict == wanted)
    };
    (says(Verdict::Holds) && says(Verdict::Rejected)).then(|| Contradiction {
        strategy: cell.strategy.clone(),
        scenario: cell.scenario.clone(),
        metric: cell.metric,
        called: called(machines, cell, &ratios),
        ratios,
    })
}

/// What some builds of one program call and others have inlined, on the same hardware.
fn called(machines: &[OneMachine], cell: &Cell, ratios: &[RatioThere]) -> Vec<CalledThere> {
    let builds: Vec<&OneMachine> = ratios
        .iter()
        .filter_map(|there| machines.iter().find(|one| one.machine == there.machine))
        .collect();
    let hardware = &builds[0].results.environment;
    let is_same = |one: &&OneMachine| one.results.environment.is_same_hardware(hardware);
    if !builds.iter().all(is_same) {
        return Vec::new();
    }
    let of = |one: &OneMachine, strategy: &str| calls(&one.results, strategy, cell.metric);
    let only_there = |one: &OneMachine, strategy: &str| {
        let everywhere = |name: &String| builds.iter().all(|b| of(b, strategy).contains(name));
        let own = of(one, strategy).into_iter();
        own.filter(|name| !everywhere(name)).collect()
    };
    let all = builds.iter().map(|one| CalledThere {
        machine: one.machine.clone(),
        by_strategy: only_there(one, &cell.strategy),
        by_baseline: only_there(one, &one.results.baseline),
    });
    all.collect()
}

/// The functions that a strategy calls in the operations that a metric is about.
fn calls(results: &Results, strategy: &str, metric: Metric) -> BTreeSet<String> {
    let operations: &[Operation] = match metric {
        Metric::ReadNs => &[Operation::ReadHit],
        Metric::WriteNs => &[Operation::Apply, Operation::Insert, Operation::Remove],
        Metric::ScanNs => &[Operation::Scan],
        _ => Operation::ALL,
    };
    let footprints = results.trace(strategy).map(|seen| seen.footprints.iter());
    footprints
        .into_iter()
        .flatten()
        .filter(|one| operations.contains(&one.operation))
        .flat_map(|one| one.called.iter().cloned())
        .collect()
}
