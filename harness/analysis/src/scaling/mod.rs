//! From traces, a calibration and what one thread takes to what many will, and how well that does with
//! two. Pure, as all of the analysis.

mod demand;
mod scaling_pairs;
mod sharing_check;

use model::calibration::Calibration;
use model::parallel;
use model::sample::Line;
use model::scenario::Scenario;
use model::trace::{Operation, TraceSeen};
use predict::Band;
use predict::backtest::published;
use predict::machine::Machine;
use predict::scaling::{Workload, keeps, transfers_ns};

use self::scaling_pairs::{ScalingPair, alone, scaling_pairs};
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
    };
    let mut scaling = Scaling {
        calibration,
        machines,
        predictions: Vec::new(),
        unpredicted: Vec::new(),
        rankings: Vec::new(),
        one_to_two: Vec::new(),
        meetings: Vec::new(),
        published: published(PUBLISHED_AT),
    };
    let of_trace = |seen| OPERATIONS.map(|operation| (seen, operation));
    let all: Vec<(&TraceSeen, Operation)> = traces.iter().copied().flat_map(of_trace).collect();
    let foresee = |&(seen, operation): &_| run.foresee(seen, operation, &scaling.machines);
    for foreseen in parallel::map(&all, foresee) {
        scaling.predictions.extend(foreseen.predictions);
        scaling.unpredicted.extend(foreseen.unpredicted);
        scaling.one_to_two.extend(foreseen.one_to_two);
    }
    for seen in traces {
        scaling.meetings.extend(run.meetings(seen));
    }
    let others = scaling.machines.iter().filter(|one| one.name != HERE);
    let others: Vec<(&str, u32)> = others.map(|one| (&*one.name, one.cpus())).collect();
    let ranked = |operation| rankings(&scaling, operation, &others);
    scaling.rankings = OPERATIONS.into_iter().flat_map(ranked).collect();
    Some(scaling)
}

/// The last trace of each strategy that went through, in the order of the strategies.
fn traces(samples: &Samples) -> Vec<&TraceSeen> {
    let of = |name: &str| {
        let mut traces = samples
            .lines
            .iter()
            .rev()
            .filter_map(Line::try_as_trace_ref);
        traces.find(|seen| seen.strategy == name && seen.died.is_none())
    };
    let cards = samples.header.strategies.iter();
    cards.filter_map(|card| of(&card.name)).collect()
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

/// What is predicted of one operation of a strategy.
#[derive(Default)]
struct Foreseen {
    predictions: Vec<Prediction>,
    unpredicted: Vec<Unpredicted>,
    one_to_two: Vec<OneToTwo>,
}

/// What predictions are made of.
struct Run<'s> {
    samples: &'s Samples,
    cells: &'s [Cell],
    calibration: Calibration,
    pairs: &'s [ScalingPair<'s>],
}

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
    fn foresee(&self, seen: &TraceSeen, operation: Operation, machines: &[Machine]) -> Foreseen {
        let strategy = &seen.strategy;
        let mut foreseen = Foreseen::default();
        let workload = |alone_ns: f64| self.workload(seen, operation, alone_ns);
        match self.alone_ns(strategy, operation).and_then(workload) {
            Err(reason) => foreseen.unpredicted.push(Unpredicted {
                strategy: strategy.clone(),
                operation,
                reason,
            }),
            Ok(workload) => {
                let on = |machine: &Machine| Prediction {
                    strategy: strategy.clone(),
                    operation,
                    machine: machine.name.clone(),
                    points: points(&workload, machine),
                };
                foreseen.predictions.extend(machines.iter().map(on));
            }
        }
        if let Some(here) = machines.iter().find(|machine| machine.name == HERE) {
            let pairs = self.pairs.iter().filter(|one| one.operation == operation);
            let tested = pairs.filter_map(|pair| self.one_to_two(seen, pair, here));
            foreseen.one_to_two.extend(tested);
        }
        foreseen
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
        seen: &TraceSeen,
        operation: Operation,
        alone_ns: f64,
    ) -> Result<Workload, String> {
        let demand = demand::traced(seen, operation, alone_ns, self.calibration.locked_ns)?;
        Ok(Workload::of(demand, keeps(&self.calibration)))
    }

    fn one_to_two(
        &self,
        seen: &TraceSeen,
        pair: &ScalingPair<'_>,
        here: &Machine,
    ) -> Option<OneToTwo> {
        let strategy = &seen.strategy;
        let one_ns = self.cell(pair.one, strategy)?.median;
        let measured_ns = 2.0 * self.cell(pair.two, strategy)?.median;
        let workload = self.workload(seen, pair.operation, one_ns).ok()?;
        let predicted_ns = workload.on(here, 2);
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
    let predictions = predictions.filter(|one| one.operation == operation);
    let mut names: Vec<&str> = predictions.map(|one| one.strategy.as_str()).collect();
    // One after the other, each with all its machines.
    names.dedup();
    let band = |name: &str, machine: &str, cpus| -> Option<Band> {
        Some(scaling.prediction(name, operation, machine)?.at(cpus)?.ns)
    };
    let is_faster = |one: &str, other: &str| {
        machines.iter().all(|&(machine, cpus)| {
            let bands = band(one, machine, cpus).zip(band(other, machine, cpus));
            bands.is_some_and(|(one, other)| one.high < other.low)
        })
    };
    let faster_than = |name: &str| {
        let others = names.iter().filter(|other| is_faster(name, other));
        others.map(|&other| other.to_owned()).collect()
    };
    let rankings = names.iter().map(|&name| Ranking {
        operation,
        strategy: name.to_owned(),
        faster_than: faster_than(name),
    });
    rankings.collect()
}

#[cfg(test)]
mod tests;
