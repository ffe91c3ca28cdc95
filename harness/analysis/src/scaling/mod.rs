//! From traces, a calibration and what one thread takes to what many will, and how well that does with
//! two. Pure, as all of the analysis.

mod demand;
mod scaling_pairs;
mod sharing_check;

use model::calibration::Calibration;
use model::collect::grouped;
use model::parallel;
use model::sample::Line;
use model::scenario::Scenario;
use model::trace::{Operation, TraceSeen};
use predict::backtest::published;
use predict::machine::Machine;
use predict::scaling::{Workload, transfers_ns};

use self::scaling_pairs::{ScalingPair, alone, scaling_pairs};
use super::evidence;
use super::samples::Samples;
use results::{Cell, Expected, HERE, OneToTwo, Prediction, Ranking, Scaling, Unpredicted};

/// What is predicted: what all processors do at the same time.
const OPERATIONS: [Operation; 2] = [Operation::ReadHit, Operation::Apply];
/// Where published curves are calibrated: with fewer processors lines stay with their holders.
const PUBLISHED_AT: u32 = 16;

/// All that can be predicted of a run; nothing without a calibration and a trace that went through.
pub(super) fn scaling(samples: &Samples, cells: &[Cell]) -> Option<Scaling> {
    let calibration = *samples.all(Line::try_as_calibration_ref).next()?;
    let mut traces = evidence::traces(&samples.header.strategies, &samples.lines);
    traces.retain(|trace| trace.died.is_none());
    if traces.is_empty() {
        return None;
    }
    let others = Machine::shipped();
    let mut machines = others.clone();
    machines.extend(here(&calibration));
    let run = Run {
        samples,
        cells,
        calibration,
        pairs: scaling_pairs(&samples.header.scenarios),
        machines,
    };
    let of_trace = |&trace| OPERATIONS.map(|operation| (trace, operation));
    let all: Vec<(&TraceSeen, Operation)> = traces.iter().flat_map(of_trace).collect();
    let foreseen = parallel::map(&all, |&(trace, operation)| run.foresee(trace, operation));
    let mut scaling = Scaling {
        calibration,
        predictions: Vec::new(),
        unpredicted: Vec::new(),
        rankings: Vec::new(),
        one_to_two: Vec::new(),
        meetings: traces
            .iter()
            .flat_map(|trace| run.meetings(trace))
            .collect(),
        published: published(PUBLISHED_AT),
        machines: run.machines,
    };
    for (predicted, tested) in foreseen {
        match predicted {
            Ok(predictions) => scaling.predictions.extend(predictions),
            Err(unpredicted) => scaling.unpredicted.push(unpredicted),
        }
        scaling.one_to_two.extend(tested);
    }
    let others = others
        .iter()
        .map(|machine| (&*machine.name, machine.cpus()));
    let others: Vec<(&str, u32)> = others.collect();
    let rankings = OPERATIONS.map(|operation| rankings(&scaling, operation, &others));
    scaling.rankings = rankings.concat();
    Some(scaling)
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
    pairs: Vec<ScalingPair<'s>>,
    machines: Vec<Machine>,
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
        let predicted = match self.alone(trace, operation) {
            Ok(workload) => Ok(self
                .machines
                .iter()
                .map(|machine| Prediction {
                    strategy: strategy.clone(),
                    operation,
                    machine: machine.name.clone(),
                    points: points(&workload, machine),
                })
                .collect()),
            Err(reason) => Err(Unpredicted {
                strategy: strategy.clone(),
                operation,
                reason,
            }),
        };
        let pairs = self.pairs.iter().filter(|pair| pair.operation == operation);
        let tested = pairs.filter_map(|pair| self.one_to_two(trace, pair));
        (predicted, tested.collect())
    }

    /// The operation as one thread does it alone.
    ///
    /// # Errors
    ///
    /// Why it is not known.
    fn alone(&self, trace: &TraceSeen, operation: Operation) -> Result<Workload, String> {
        let scenario = alone(&self.samples.header.scenarios, &self.pairs, operation)
            .ok_or("no scenario of the run has one thread do it alone")?;
        let cell = self.cell(scenario, &trace.strategy);
        let cell = cell.ok_or_else(|| format!("not measured in {}", scenario.name))?;
        demand::workload(trace, operation, cell.median, &self.calibration)
    }

    fn one_to_two(&self, trace: &TraceSeen, pair: &ScalingPair<'_>) -> Option<OneToTwo> {
        let (strategy, operation) = (&trace.strategy, pair.operation);
        let one_ns = self.cell(pair.one, strategy)?.median;
        let measured_ns = 2.0 * self.cell(pair.two, strategy)?.median;
        let workload = demand::workload(trace, operation, one_ns, &self.calibration).ok()?;
        let here = self.machines.iter().find(|machine| machine.name == HERE);
        let predicted_ns = workload.on(here?, 2);
        Some(OneToTwo {
            strategy: strategy.clone(),
            operation,
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
    let strategies = grouped(predictions.map(|prediction| (&prediction.strategy, prediction)));
    let bands = strategies.into_iter().map(|(strategy, predictions)| {
        let bands = machines.iter().map(|&(machine, cpus)| {
            let mut predictions = predictions.iter();
            predictions
                .find(|prediction| prediction.machine == machine)?
                .at(cpus)
        });
        (strategy, bands.collect())
    });
    let bands: Vec<(&String, Vec<Option<Expected>>)> = bands.collect();
    let is_faster = |bands: &[Option<Expected>], others: &[Option<Expected>]| {
        let mut pairs = bands.iter().zip(others);
        !machines.is_empty()
            && pairs.all(
                |pair| matches!(pair, (Some(band), Some(other)) if band.ns.high < other.ns.low),
            )
    };
    let rankings = bands.iter().map(|(strategy, candidate)| {
        let slower = bands
            .iter()
            .filter(|(_, other)| is_faster(candidate, other));
        Ranking {
            operation,
            strategy: (*strategy).clone(),
            faster_than: slower.map(|(name, _)| (*name).clone()).collect(),
        }
    });
    rankings.collect()
}

#[cfg(test)]
mod tests;
