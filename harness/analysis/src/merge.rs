//! From the results of several machines to what follows from all of them. Pure, and estimates nothing:
//! every figure is one machine's own.

use std::collections::BTreeSet;

use model::trace::Operation;

use results::{
    CalledThere, Cell, Contradiction, Decision, Judged, Machine, Metric, Overall, RatioThere,
    Results, There, Verdict, decide_together,
};

/// What machines say together; one says what it says alone.
///
/// # Panics
///
/// Without any machine.
pub fn merge(machines: Vec<Machine>) -> Results {
    let first = machines.first().expect("something was measured somewhere");
    let strategies = strategies(&machines).into_iter();
    Results {
        baseline: first.baseline.clone(),
        margin: first.margin,
        partial: machines.iter().any(|machine| machine.partial),
        overall: strategies
            .map(|strategy| overall(&machines, strategy))
            .collect(),
        differences: contradictions(&machines),
        machines,
    }
}

/// Every strategy that a machine decides about, in the order of the registry.
fn strategies(machines: &[Machine]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for recommendation in machines.iter().flat_map(|one| &one.recommendations) {
        if !found.contains(&recommendation.strategy.as_str()) {
            found.push(&recommendation.strategy);
        }
    }
    found
}

fn overall(machines: &[Machine], strategy: &str) -> Overall {
    let there = |one: &Machine| There {
        machine: one.name.clone(),
        decision: one.recommendation(strategy).map(|found| found.decision),
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
fn common_gains(machines: &[Machine], strategy: &str) -> Vec<Judged> {
    let gains = |one: &Machine| {
        one.recommendation(strategy)
            .map_or_else(Vec::new, |found| found.gains.clone())
    };
    let mut common = machines.first().map_or_else(Vec::new, gains);
    common.retain(|gain| machines.iter().all(|one| gains(one).contains(gain)));
    common
}

/// The rows in which a verdict of one machine is the opposite of another's. What a machine leaves open
/// contradicts nobody.
fn contradictions(machines: &[Machine]) -> Vec<Contradiction> {
    // No machine contradicts itself.
    if machines.len() < 2 {
        return Vec::new();
    }
    let mut found: Vec<Contradiction> = Vec::new();
    for cell in machines.iter().flat_map(|one| &one.cells) {
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

fn contradiction(machines: &[Machine], cell: &Cell) -> Option<Contradiction> {
    let is_judged = |one: &&Machine| one.is_ranked(&cell.strategy);
    let is_choice = |one: &Machine| one.recommendation(&cell.strategy).is_some();
    if !cell.metric.is_timed() || cell.ratio.is_none() || !machines.iter().any(is_choice) {
        return None;
    }
    let there = |one: &Machine| {
        let found = one.cell(&cell.scenario, &cell.strategy, cell.metric)?;
        Some(RatioThere {
            machine: one.name.clone(),
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
fn called(machines: &[Machine], cell: &Cell, ratios: &[RatioThere]) -> Vec<CalledThere> {
    let builds: Vec<&Machine> = ratios
        .iter()
        .filter_map(|there| machines.iter().find(|one| one.name == there.machine))
        .collect();
    let hardware = &builds[0].environment;
    let is_same = |one: &&Machine| one.environment.is_same_hardware(hardware);
    if !builds.iter().all(is_same) {
        return Vec::new();
    }
    let of = |one: &Machine, strategy: &str| calls(one, strategy, cell.metric);
    let only_there = |one: &Machine, strategy: &str| {
        let everywhere = |name: &String| builds.iter().all(|b| of(b, strategy).contains(name));
        let own = of(one, strategy).into_iter();
        own.filter(|name| !everywhere(name)).collect()
    };
    let all = builds.iter().map(|one| CalledThere {
        machine: one.name.clone(),
        by_strategy: only_there(one, &cell.strategy),
        by_baseline: only_there(one, &one.baseline),
    });
    all.collect()
}

/// The functions that a strategy calls in the operations that a metric is about.
fn calls(machine: &Machine, strategy: &str, metric: Metric) -> BTreeSet<String> {
    let operations: &[Operation] = match metric {
        Metric::ReadNs => &[Operation::ReadHit],
        Metric::WriteNs => &[Operation::Apply, Operation::Insert, Operation::Remove],
        Metric::ScanNs => &[Operation::Scan],
        _ => Operation::ALL,
    };
    let footprints = machine.trace(strategy).map(|seen| seen.footprints.iter());
    footprints
        .into_iter()
        .flatten()
        .filter(|one| operations.contains(&one.operation))
        .flat_map(|one| one.called.iter().cloned())
        .collect()
}
