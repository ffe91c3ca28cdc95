//! From traces, a calibration and what one thread takes to what many will, and how well that does with
//! two. Pure, as all of the analysis.

mod sharing_check;

use model::calibration::Calibration;
use model::collect::grouped;
use model::parallel;
use model::sample::{Line, asks_the_same};
use model::scenario::{Activity, Scenario};
use model::trace::{Footprint, Operation, Pair, Path, State, TraceSeen};
use predict::backtest::published;
use predict::machine::Machine;
use predict::path::Cost;
use predict::scaling::{ByRecord, Workload, keeps, transfers_ns};

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
    let traces = evidence::traces(&samples.header.strategies, &samples.lines);
    let traces: Vec<&TraceSeen> = traces.filter(|trace| trace.died.is_none()).collect();
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
    let meetings = traces.iter().flat_map(|trace| run.meetings(trace));
    let mut scaling = Scaling {
        calibration,
        predictions: Vec::new(),
        unpredicted: Vec::new(),
        rankings: Vec::new(),
        one_to_two: Vec::new(),
        meetings: meetings.collect(),
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
    let others = others.iter().map(|other| (&*other.name, other.cpus()));
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
        let key = (scenario.metric(), &*scenario.name, strategy);
        let mut cells = self.cells.iter();
        let cell = cells.find(|cell| (cell.metric, &*cell.scenario, &*cell.strategy) == key);
        cell.filter(|cell| cell.median > 0.0 && cell.median.is_finite())
    }

    /// Predicts an operation everywhere, and tests it here.
    fn foresee(&self, trace: &TraceSeen, operation: Operation) -> Foreseen {
        let strategy = || trace.strategy.clone();
        let on = |workload: &Workload, machine: &Machine| Prediction {
            strategy: strategy(),
            operation,
            machine: machine.name.clone(),
            points: points(workload, machine),
        };
        let machines = self.machines.iter();
        let predicted = match self.alone(trace, operation) {
            Ok(workload) => Ok(machines.map(|machine| on(&workload, machine)).collect()),
            Err(reason) => Err(Unpredicted {
                strategy: strategy(),
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
        workload(trace, operation, cell.median, &self.calibration)
    }

    fn one_to_two(&self, trace: &TraceSeen, pair: &ScalingPair<'_>) -> Option<OneToTwo> {
        let (strategy, operation) = (&trace.strategy, pair.operation);
        let one_ns = self.cell(pair.one, strategy)?.median;
        let measured_ns = 2.0 * self.cell(pair.two, strategy)?.median;
        let workload = workload(trace, operation, one_ns, &self.calibration).ok()?;
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

/// Whoever takes longer for an instruction, on average, is taken to wait for somebody. Chosen on one
/// machine, where copies of a whole table take 1.9 and callers of an actor 4 to 38: not a law.
const NS_PER_INSTRUCTION_MAX: f64 = 2.5;

/// The two ways of an operation, with what it costs.
///
/// # Errors
///
/// Why the trace says nothing of the time.
fn workload(
    trace: &TraceSeen,
    operation: Operation,
    alone_ns: f64,
    calibration: &Calibration,
) -> Result<Workload, String> {
    if let Some(why) = why_idle(trace, operation, alone_ns) {
        return Err(why);
    }
    let with_paths = |same_process| {
        let pair = trace.pair(operation, operation, same_process)?;
        Some((pair, pair.paths.as_ref()?))
    };
    let same = with_paths(true);
    let apart = with_paths(false).or(same);
    let (pair_apart, apart) = apart.ok_or("the trace has no ways of two threads through it")?;
    let by_record = same.and_then(|(same, _)| by_record(same, pair_apart));
    let locked_ns = calibration.locked_ns;
    let cost = Cost {
        alone_ns,
        locked_ns,
    };
    let (waits, keeps) = (waits(trace, operation), keeps(calibration));
    Ok(Workload::new(apart, by_record, cost, waits, keeps))
}

/// Whether most of an operation's time is not its own.
fn why_idle(trace: &TraceSeen, operation: Operation, alone_ns: f64) -> Option<String> {
    let counts = trace.counts(operation, State::Quiescent)?;
    let instructions = counts.instructions + counts.allocator_instructions;
    (alone_ns > NS_PER_INSTRUCTION_MAX * instructions as f64).then(|| {
        format!(
            "alone it takes {alone_ns:.0} ns for {instructions} instructions: most of that is waiting for a thread of \
             the strategy's own, which the trace does not see"
        )
    })
}

/// Whether who finds a word taken waits: seen of reads, beside a guard; taken for granted of writes,
/// which exclude each other wherever they lock at all.
fn waits(trace: &TraceSeen, operation: Operation) -> bool {
    let held_up = |footprint: &Footprint| {
        let is_meant = (footprint.operation, footprint.state) == (operation, State::GuardHeld);
        is_meant && footprint.counts.is_none()
    };
    operation.is_write() || trace.footprints.iter().any(held_up)
}

/// Lines that both write only if they are about the same record.
fn by_record(same: &Pair, apart: &Pair) -> Option<ByRecord> {
    let lines = same.at_64.both().saturating_sub(apart.at_64.both());
    let visits = |pair: &Pair| pair.paths.as_ref().map_or(0, visits);
    let accesses = visits(same).saturating_sub(visits(apart)) as f64;
    (lines > 0).then_some(ByRecord {
        lines: lines as f64,
        accesses: accesses.max(lines as f64),
    })
}

/// How often the first comes to a line that both write, coming from another one.
fn visits([first, second]: &[Path; 2]) -> usize {
    let by_second = second.written();
    let by_first = first.written();
    let is_shared = |line: &u32| by_first.contains(line) && by_second.contains(line);
    let mut lines: Vec<u32> = first.touches.iter().map(|touch| touch.line).collect();
    lines.dedup();
    lines.iter().filter(|line| is_shared(line)).count()
}

/// Who is faster than whom: on each of these machines, with so many of its processors, the band of the one ends below the
/// beginning of the other's. Who has no prediction for one of them is not ranked.
pub fn rankings(scaling: &Scaling, operation: Operation, machines: &[(&str, u32)]) -> Vec<Ranking> {
    let predictions = scaling.predictions.iter();
    let predictions = predictions.filter(|prediction| prediction.operation == operation);
    let strategies = grouped(predictions.map(|prediction| (&prediction.strategy, prediction)));
    let bands = strategies.into_iter().map(|(strategy, predictions)| {
        let on = |&(machine, cpus): &(&str, u32)| {
            let mut predictions = predictions.iter();
            let prediction = predictions.find(|prediction| prediction.machine == machine);
            prediction?.at(cpus)
        };
        let bands: Option<Vec<Expected>> = machines.iter().map(on).collect();
        (strategy, bands.unwrap_or_default())
    });
    let bands: Vec<(&String, Vec<Expected>)> = bands.collect();
    let is_faster = |bands: &[Expected], others: &[Expected]| {
        let mut pairs = bands.iter().zip(others);
        let are_known = !bands.is_empty() && bands.len() == others.len();
        are_known && pairs.all(|(band, other)| band.ns.high < other.ns.low)
    };
    let rankings = bands.iter().map(|(strategy, candidate)| {
        let others = bands.iter();
        let slower = others.filter(|(_, other)| is_faster(candidate, other));
        Ranking {
            operation,
            strategy: (*strategy).clone(),
            faster_than: slower.map(|(name, _)| (*name).clone()).collect(),
        }
    });
    rankings.collect()
}

/// What all threads of a scenario do, as fast as they can; nothing if they do different things.
fn operation(scenario: &Scenario) -> Option<Operation> {
    let [group] = &scenario.groups[..] else {
        return None;
    };
    match group.does {
        _ if group.is_paced() || group.follows_script() || scenario.operations.is_some() => None,
        Activity::Read => Some(Operation::ReadHit),
        Activity::Update => Some(Operation::Apply),
        Activity::Churn | Activity::Scan | Activity::Mix | Activity::Replay => None,
    }
}

/// A scenario of one thread, and the same of two.
struct ScalingPair<'s> {
    operation: Operation,
    one: &'s Scenario,
    two: &'s Scenario,
}

/// All of them, in the order of the scenarios.
fn scaling_pairs(scenarios: &[Scenario]) -> Vec<ScalingPair<'_>> {
    let singles = scenarios.iter().filter(|one| one.threads() == 1);
    let pairs = singles.filter_map(|one| {
        let operation = operation(one)?;
        let mut pairs = scenarios.iter().filter(|two| two.threads() == 2);
        let two = pairs.find(|two| {
            let mut with_one = Scenario {
                name: one.name.clone(),
                optional: one.optional,
                point: one.point.clone(),
                ..(*two).clone()
            };
            for group in &mut with_one.groups {
                group.threads = 1;
            }
            asks_the_same(one, &with_one)
        })?;
        Some(ScalingPair {
            operation,
            one,
            two,
        })
    });
    pairs.collect()
}

/// Where an operation is measured alone: in a pair if there is one.
fn alone<'s>(
    scenarios: &'s [Scenario],
    pairs: &[ScalingPair<'s>],
    wanted: Operation,
) -> Option<&'s Scenario> {
    let in_pairs = pairs.iter().filter(|pair| pair.operation == wanted);
    let in_pairs = in_pairs.map(|pair| pair.one);
    let singles = scenarios.iter().filter(|scenario| scenario.threads() == 1);
    in_pairs
        .chain(singles.filter(|single| operation(single) == Some(wanted)))
        .next()
}

#[cfg(test)]
mod tests;
