//! From traces, a calibration and what one thread takes to what many will, and how well that does with
//! two. Pure, as all of the analysis.

mod demand;
mod scaling_pairs;
mod sharing_check;

use std::collections::HashMap;

use model::calibration::Calibration;
use model::collect::grouped;
use model::parallel;
use model::sample::Line;
use model::scenario::Scenario;
use model::trace::{Operation, TraceSeen};
use predict::Band;
use predict::backtest::published;
use predict::machine::Machine;
use predict::scaling::{Workload, keeps, transfers_ns};

use self::scaling_pairs::{ScalingPair, alone, scaling_pairs};
use super::evidence;
use super::samples::Samples;
use results::{Cell, Expected, HERE, OneToTwo, Prediction, Ranking, Scaling, Unpredicted};

/// What is predicted: what all processors do at the same time.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];
/// Where published curves are calibrated: with fewer processors lines stay with their holders.
const PUBLISHED_AT: u32 = 16;

/// All that can be predicted of a run; nothing without a calibration and a trace.
pub(super) fn scaling(samples: &Samples, cells: &[Cell]) -> Option<Scaling> {
    let mut lines = samples.lines.iter();
    let calibration = *lines.find_map(Line::try_as_calibration_ref)?;
    let traces: Vec<&TraceSeen> = traces(samples);
    if traces.is_empty() {
        return None;
    }
    let mut machines = Machine::shipped();
    machines.extend(here(&calibration));
    let pairs = scaling_pairs(&samples.header.scenarios);
    let run = Run {
        samples,
        cells,
        calibration,
        pairs: &pairs,
        machines: &machines,
    };
    let of_trace = |trace| OPERATIONS.map(|operation| (trace, operation));
    let all: Vec<(&TraceSeen, Operation)> = traces.iter().copied().flat_map(of_trace).collect();
    let foreseen = parallel::map(&all, |&(trace, operation)| run.foresee(trace, operation));
    let meetings = traces
        .iter()
        .flat_map(|trace| run.meetings(trace))
        .collect();
    let mut scaling = Scaling {
        calibration,
        machines,
        predictions: Vec::new(),
        unpredicted: Vec::new(),
        rankings: Vec::new(),
        one_to_two: Vec::new(),
        meetings,
        published: published(PUBLISHED_AT),
    };
    for (predicted, tested) in foreseen {
        match predicted {
            Ok(predictions) => scaling.predictions.extend(predictions),
            Err(unpredicted) => scaling.unpredicted.push(unpredicted),
        }
        scaling.one_to_two.extend(tested);
    }
    let others = scaling
        .machines
        .iter()
        .filter(|machine| machine.name != HERE);
    let others: Vec<(&str, u32)> = others
        .map(|machine| (&*machine.name, machine.cpus()))
        .collect();
    let rankings = OPERATIONS.map(|operation| rankings(&scaling, operation, &others));
    scaling.rankings = rankings.concat();
    Some(scaling)
}

/// The trace of each strategy, if it went through.
fn traces(samples: &Samples) -> Vec<&TraceSeen> {
    let mut traces = evidence::traces(&samples.header.strategies, &samples.lines);
    traces.retain(|trace| trace.died.is_none());
    traces
}

/// This machine among the others.
fn here(calibration: &Calibration) -> Option<Machine> {
    let within_chiplet_ns = transfers_ns(&calibration.between?);
    Some(Machine {
        name: HERE.into(),
        title: "the machine of this run".into(),
        sockets: 1,
        chiplets: 1,
        cores: calibration.cpus.clamp(2, CPUS_MAX),
        within_chiplet_ns,
        across_chiplets_ns: None,
        across_sockets_ns: None,
    })
}

/// More are simulated of no machine.
const CPUS_MAX: u32 = 256;

/// What predictions are made of.
struct Run<'s> {
    samples: &'s Samples,
    cells: &'s [Cell],
    calibration: Calibration,
    pairs: &'s [ScalingPair<'s>],
    machines: &'s [Machine],
}

/// What an operation takes on each machine, and how that agrees with what two threads took here.
type Foreseen = (Result<Vec<Prediction>, Unpredicted>, Vec<OneToTwo>);

impl Run<'_> {
    /// Nanoseconds per operation as one thread sees it: cells have wall time by all operations.
    fn cell(&self, scenario: &Scenario, strategy: &str) -> Option<&Cell> {
        let mut cells = self.cells.iter();
        let is_it = |cell: &&Cell| cell.scenario == scenario.name && cell.strategy == strategy;
        cells
            .find(|cell| is_it(cell) && cell.metric == scenario.metric())
            .filter(|cell| cell.median > 0.0 && cell.median.is_finite())
    }

    /// Predicts an operation everywhere, and tests it here.
    fn foresee(&self, trace: &TraceSeen, operation: Operation) -> Foreseen {
        let strategy = &trace.strategy;
        let workload = self.alone_ns(strategy, operation);
        let workload = workload.and_then(|alone_ns| self.workload(trace, operation, alone_ns));
        let on = |workload: &Workload, machine: &Machine| Prediction {
            strategy: strategy.clone(),
            operation,
            machine: machine.name.clone(),
            points: points(workload, machine),
        };
        let machines = self.machines.iter();
        let predicted =
            workload.map(|workload| machines.map(|machine| on(&workload, machine)).collect());
        let predicted = predicted.map_err(|reason| Unpredicted {
            strategy: strategy.clone(),
            operation,
            reason,
        });
        let pairs = self.pairs.iter().filter(|pair| pair.operation == operation);
        let tested = pairs.filter_map(|pair| self.one_to_two(trace, pair));
        (predicted, tested.collect())
    }

    fn alone_ns(&self, strategy: &str, operation: Operation) -> Result<f64, String> {
        let scenarios = &self.samples.header.scenarios;
        let scenario = alone(scenarios, self.pairs, operation)
            .ok_or("no scenario of the run has one thread do it alone")?;
        let cell = self.cell(scenario, strategy);
        cell.map(|cell| cell.median)
            .ok_or_else(|| format!("not measured in {}", scenario.name))
    }

    fn workload(
        &self,
        trace: &TraceSeen,
        operation: Operation,
        alone_ns: f64,
    ) -> Result<Workload, String> {
        let demand = demand::traced(trace, operation, alone_ns, self.calibration.locked_ns)?;
        Ok(Workload::from_trace(demand, keeps(&self.calibration)))
    }

    fn one_to_two(&self, trace: &TraceSeen, pair: &ScalingPair<'_>) -> Option<OneToTwo> {
        let strategy = &trace.strategy;
        let one_ns = self.cell(pair.one, strategy)?.median;
        let measured_ns = 2.0 * self.cell(pair.two, strategy)?.median;
        let workload = self.workload(trace, pair.operation, one_ns).ok()?;
        let here = self.machines.iter().find(|machine| machine.name == HERE);
        let predicted_ns = workload.on(here?, 2);
        Some(OneToTwo {
            strategy: strategy.clone(),
            operation: pair.operation,
            one: pair.one.name.clone(),
            two: pair.two.name.clone(),
            one_ns,
            predicted_ns,
            measured_ns,
            error: predicted_ns.mid / measured_ns - 1.0,
            is_inside: predicted_ns.contains(measured_ns),
        })
    }
}

/// One, powers of four from two on, and all.
fn points(workload: &Workload, machine: &Machine) -> Vec<Expected> {
    let all = machine.cpus();
    let powers = [1, 2, 4, 16, 64].into_iter().filter(|&cpus| cpus < all);
    let on = |cpus| Expected {
        cpus,
        ns: workload.on(machine, cpus),
    };
    powers.chain([all]).map(on).collect()
}

/// Who is faster than whom: on each of these machines, with so many of its processors, the band of the one ends below the
/// beginning of the other's. Who has no prediction for one of them is not ranked.
pub fn rankings(scaling: &Scaling, operation: Operation, machines: &[(&str, u32)]) -> Vec<Ranking> {
    let predictions = scaling.predictions.iter();
    let predictions = predictions.filter(|prediction| prediction.operation == operation);
    let bands = predictions.flat_map(|prediction| {
        machines.iter().filter_map(|&(machine, cpus)| {
            let is_it = prediction.machine == machine;
            let point = is_it.then(|| prediction.at(cpus)).flatten()?;
            Some((&prediction.strategy, (machine, point.ns)))
        })
    });
    let bands = grouped(bands).into_iter();
    let bands = bands.map(|(name, bands)| (name, HashMap::from_iter(bands)));
    let bands: Vec<(&String, HashMap<&str, Band>)> = bands.collect();
    let is_faster = |bands: &HashMap<&str, Band>, other: &HashMap<&str, Band>| {
        machines.iter().all(|(machine, _)| {
            let pair = bands.get(machine).zip(other.get(machine));
            pair.is_some_and(|(band, other)| band.high < other.low)
        })
    };
    let rankings = bands.iter().map(|(name, candidate)| {
        let slower = bands
            .iter()
            .filter(|(_, other)| is_faster(candidate, other));
        Ranking {
            operation,
            strategy: (*name).clone(),
            faster_than: slower.map(|(name, _)| (*name).clone()).collect(),
        }
    });
    rankings.collect()
}

#[cfg(test)]
mod tests;
