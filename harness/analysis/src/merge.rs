//! From the results of several machines to what follows from all of them. Pure, and estimates nothing:
//! every figure is one machine's own.

use std::collections::BTreeSet;

use model::collect::unique;
use model::trace::Operation;

use results::{
    CalledThere, Contradiction, Decision, Machine, Metric, Overall, RatioThere, Results, There,
    Verdict, decide_together,
};

/// What machines say together; one says what it says alone.
///
/// # Panics
///
/// Without any machine.
pub fn merge(machines: Vec<Machine>) -> Results {
    let first = machines.first().expect("something was measured somewhere");
    let decided = machines.iter().flat_map(|machine| &machine.recommendations);
    let strategies = unique(decided.map(|decided| decided.strategy.as_str())).into_iter();
    let overall = strategies.map(|strategy| overall(&machines, strategy));
    Results {
        baseline: first.baseline.clone(),
        margin: first.margin,
        partial: machines.iter().any(|machine| machine.partial),
        overall: overall.collect(),
        differences: contradictions(&machines),
        machines,
    }
}

fn overall(machines: &[Machine], strategy: &str) -> Overall {
    let there = |machine: &Machine| There {
        machine: machine.name.clone(),
        decision: machine.recommendation(strategy).map(|it| it.decision),
    };
    let there: Vec<There> = machines.iter().map(there).collect();
    let decisions: Vec<Option<Decision>> = there.iter().map(|there| there.decision).collect();
    let gains_there = |machine: &Machine| {
        let recommendation = machine.recommendation(strategy);
        recommendation.map_or_else(Vec::new, |it| it.gains.clone())
    };
    // What every machine gains.
    let mut gains = gains_there(&machines[0]);
    gains.retain(|gain| {
        let mut all = machines.iter();
        all.all(|machine| gains_there(machine).contains(gain))
    });
    Overall {
        strategy: strategy.into(),
        decision: decide_together(&decisions, !gains.is_empty()),
        agree: decisions.iter().all(|decision| *decision == decisions[0]),
        gains,
        decisions: there,
    }
}

/// The rows in which a verdict of one machine is the opposite of another's. What a machine leaves open
/// contradicts nobody.
fn contradictions(machines: &[Machine]) -> Vec<Contradiction> {
    let decided = machines.iter().flat_map(|machine| &machine.recommendations);
    let choices: Vec<&str> = decided.map(|decided| decided.strategy.as_str()).collect();
    let cells = machines.iter().flat_map(|machine| &machine.cells);
    let compared = cells.filter(|cell| cell.metric.is_timed() && cell.ratio.is_some());
    let rows = compared.map(|cell| (cell.strategy.as_str(), cell.scenario.as_str(), cell.metric));
    let rows = unique(rows.filter(|(strategy, ..)| choices.contains(strategy))).into_iter();
    rows.filter_map(|(strategy, scenario, metric)| {
        let there = machines.iter().filter_map(|build| {
            let ratio = build.cell(scenario, strategy, metric)?.ratio.clone()?;
            let machine = build.name.clone();
            let there = RatioThere { machine, ratio };
            build.is_ranked(strategy).then_some((build, there))
        });
        let (builds, ratios): (Vec<&Machine>, Vec<RatioThere>) = there.unzip();
        let says = |wanted| ratios.iter().any(|there| there.ratio.verdict == wanted);
        let contradicts = says(Verdict::Holds) && says(Verdict::Rejected);
        contradicts.then(|| Contradiction {
            strategy: strategy.into(),
            scenario: scenario.into(),
            metric,
            called: called(&builds, strategy, metric),
            ratios,
        })
    })
    .collect()
}

/// What some builds of one program call and others have inlined, on the same hardware.
fn called(builds: &[&Machine], strategy: &str, metric: Metric) -> Vec<CalledThere> {
    let hardware = |build: &Machine| build.environment.machine();
    let mut others = builds.iter();
    if others.any(|build| hardware(build) != hardware(builds[0])) {
        return Vec::new();
    }
    let only_there = |machine: &Machine, strategy: &str| {
        let mut names = calls(machine, strategy, metric);
        let lacks = |build: &Machine, name: &String| !calls(build, strategy, metric).contains(name);
        names.retain(|name| builds.iter().any(|build| lacks(build, name)));
        names.into_iter().collect()
    };
    let all = builds.iter().map(|machine| CalledThere {
        machine: machine.name.clone(),
        by_strategy: only_there(machine, strategy),
        by_baseline: only_there(machine, &machine.baseline),
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
    let footprints = machine.trace(strategy).into_iter();
    let footprints = footprints.flat_map(|trace| &trace.footprints);
    let meant = footprints.filter(|footprint| operations.contains(&footprint.operation));
    let called = meant.flat_map(|footprint| &footprint.called);
    called.cloned().collect()
}
