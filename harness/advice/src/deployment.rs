//! What is predicted for the processors that a workload will run on.
//!
//! A workload may say how many processors it will have, and which of the known machines it is like. A ranking is stated
//! only if every machine that it may run on agrees.

use model::trace::Operation;
use predict::Band;
use predict::machine::Machine;
use serde::Serialize;

use super::workload::{Deploy, Workload};
use analysis::rankings;
use results::{self, Prediction, Scaling};

/// What is predicted of a strategy where it will run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deployment {
    /// The processors that its threads will have, if the workload says so, or the machine that it names does.
    pub cores: Option<u32>,
    /// Operation by operation.
    pub forecasts: Vec<Forecast>,
    /// Machines that have fewer processors than the workload asks for.
    pub too_small: Vec<String>,
    /// Why nothing is predicted, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpredicted: Option<Unpredictable>,
}

/// An operation of a strategy beside the baseline's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// What all processors do.
    pub operation: Operation,
    /// What holds on every machine that the workload may run on: open unless all agree.
    pub standing: Standing,
    /// Machine by machine, where both are predicted.
    pub machines: Vec<Outlook>,
    /// Machines on which one of the two is not predicted: no ranking holds there.
    pub unpredicted: Vec<String>,
    /// Candidates that are predicted to be faster than the strategy on every machine.
    pub overtaken_by: Vec<String>,
}

/// A strategy beside the baseline on another machine than this.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// The machine's name.
    pub machine: String,
    /// Processors that do it: of those that were predicted the most that the workload has.
    pub cpus: u32,
    /// Nanoseconds per operation of the baseline, as one processor sees it.
    pub baseline_ns: Band,
    /// And of the strategy.
    pub strategy_ns: Band,
    /// What the two bands say.
    pub standing: Standing,
}

/// Where a strategy stands beside the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Its band ends below the beginning of the baseline's.
    Faster,
    /// The other way round.
    Slower,
    /// They overlap; or machines disagree.
    Open,
}

/// Why nothing is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unpredictable {
    /// No other strategy was measured.
    NoCandidate,
    /// Traces are of plain records of 64 bytes, and of reads that do nothing else.
    OtherRecords,
    /// The strategies were not traced.
    Untraced,
    /// The strategy or the baseline was not measured with one thread.
    NotAlone,
}

/// What is predicted of a strategy where the workload will run. `rivals` could be adopted instead.
pub(super) fn deployment(
    workload: &Workload,
    results: &results::Machine,
    strategy: Option<&str>,
    rivals: &[&str],
) -> Deployment {
    // A workload whose machine is unknown is refused when it is parsed.
    let machines = workload.machines().unwrap_or_default();
    let Deploy { cores, machine, .. } = &workload.deploy;
    let of_machine = machines.first().filter(|_| machine.is_some());
    let cores_of = |machine: &Machine| cores.unwrap_or(machine.cpus());
    let (large, small): (Vec<&Machine>, Vec<&Machine>) =
        machines.iter().partition(|it| cores_of(it) <= it.cpus());
    let places = large.iter().map(|it| (&*it.name, cores_of(it)));
    let places: Vec<(&str, u32)> = places.collect();
    let forecasts = || {
        let strategy = strategy.ok_or(Unpredictable::NoCandidate)?;
        if !workload.is_predictable() {
            return Err(Unpredictable::OtherRecords);
        }
        let scaling = results.scaling.as_ref();
        let scaling = scaling.ok_or(Unpredictable::Untraced)?;
        let pair = [strategy, &results.baseline];
        let mut operations = vec![Operation::ReadHit, Operation::Apply];
        operations.retain(|operation| workload.does(*operation));
        let forecast = |operation| forecast(scaling, operation, &places, pair, rivals);
        let forecasts: Vec<Forecast> = operations.into_iter().map(forecast).collect();
        let is_predicted = forecasts.iter().any(|it| !it.machines.is_empty());
        let forecasts = is_predicted.then_some(forecasts);
        forecasts.ok_or(Unpredictable::NotAlone)
    };
    let forecasts = forecasts();
    let too_small = small.iter().filter(|_| forecasts.is_ok());
    Deployment {
        cores: cores.or(of_machine.map(Machine::cpus)),
        too_small: too_small.map(|machine| machine.name.clone()).collect(),
        unpredicted: forecasts.as_ref().err().copied(),
        forecasts: forecasts.unwrap_or_default(),
    }
}

/// A strategy beside the baseline on machines, by name, with the processors that the workload has of each.
fn forecast(
    scaling: &Scaling,
    operation: Operation,
    machines: &[(&str, u32)],
    [strategy, baseline]: [&str; 2],
    rivals: &[&str],
) -> Forecast {
    let outlook = |&(machine, cores): &(&str, u32)| {
        let at = |name: &str| {
            let is_it = |it: &&Prediction| {
                it.strategy == name && it.operation == operation && it.machine == machine
            };
            scaling.predictions.iter().find(is_it)?.at(cores)
        };
        let (ours, theirs) = (at(strategy)?, at(baseline)?);
        Some(Outlook {
            machine: machine.to_owned(),
            cpus: ours.cpus,
            baseline_ns: theirs.ns,
            strategy_ns: ours.ns,
            standing: standing(ours.ns.high < theirs.ns.low, theirs.ns.high < ours.ns.low),
        })
    };
    let rankings = rankings(scaling, operation, machines);
    let beats = |name: &str, other: &str| {
        let ranked = rankings.iter().find(|ranked| ranked.strategy == name);
        ranked.is_some_and(|ranked| ranked.faster_than.iter().any(|it| it == other))
    };
    let unpredicted = machines.iter().filter(|place| outlook(place).is_none());
    let rivals = rivals.iter().filter(|rival| beats(rival, strategy));
    Forecast {
        operation,
        standing: standing(beats(strategy, baseline), beats(baseline, strategy)),
        machines: machines.iter().filter_map(outlook).collect(),
        unpredicted: unpredicted.map(|(name, _)| (*name).to_owned()).collect(),
        overtaken_by: rivals.map(|&rival| rival.to_owned()).collect(),
    }
}

const fn standing(is_faster: bool, is_slower: bool) -> Standing {
    match (is_faster, is_slower) {
        (true, _) => Standing::Faster,
        (_, true) => Standing::Slower,
        _ => Standing::Open,
    }
}

#[cfg(test)]
mod tests {
    use analysis::{Samples, analyse};
    use fixtures::sample_lines;
    use results::Expected;

    use super::*;

    const WHERE: [&str; 2] = ["desktop", "two-sockets"];

    /// A band that is a tenth wide in both directions, at 4 and 16 processors of a machine.
    fn prediction(strategy: &str, machine: &str, ns: f64) -> Prediction {
        let point = |cpus, ns| Expected {
            cpus,
            ns: Band::around(ns, 0.9, 1.1),
        };
        Prediction {
            strategy: strategy.into(),
            operation: Operation::ReadHit,
            machine: machine.into(),
            // With few processors it is the other way round: nobody may look there.
            points: vec![point(4, 1e6 / ns), point(16, ns), point(64, 1e6 / ns)],
        }
    }

    fn forecast_of(ours: [Option<f64>; 2], rival: [f64; 2]) -> (Forecast, Vec<Standing>) {
        let mut predictions = Vec::new();
        for (place, machine) in WHERE.into_iter().enumerate() {
            predictions.push(prediction("mutex/std", machine, 100.0));
            predictions.push(prediction("a/rival", machine, rival[place]));
            predictions.extend(ours[place].map(|ns| prediction("a/ours", machine, ns)));
        }
        let scaling = Scaling {
            predictions,
            ..analyse(&Samples::from_lines(sample_lines()).expect("it has a header"))
                .scaling
                .expect("it was traced")
        };
        let machines = WHERE.map(|machine| (machine, 20));
        let pair = ["a/ours", "mutex/std"];
        let forecast = forecast(&scaling, Operation::ReadHit, &machines, pair, &["a/rival"]);
        let machines = &forecast.machines;
        assert!(
            machines.iter().all(|outlook| outlook.cpus == 16),
            "{machines:?}"
        );
        let standings = machines.iter().map(|outlook| outlook.standing).collect();
        (forecast, standings)
    }

    #[test]
    fn a_ranking_is_stated_if_every_machine_agrees() {
        let (ranking, standings) = forecast_of([Some(10.0), Some(50.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Faster);
        assert_eq!(standings, [Standing::Faster; 2]);
        let (ranking, _) = forecast_of([Some(300.0), Some(200.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Slower);
    }

    #[test]
    fn nothing_is_stated_where_machines_disagree_or_bands_overlap() {
        let (ranking, standings) = forecast_of([Some(10.0), Some(300.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(standings, [Standing::Faster, Standing::Slower]);
        let (ranking, standings) = forecast_of([Some(10.0), Some(90.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(standings, [Standing::Faster, Standing::Open]);
    }

    #[test]
    fn nothing_is_stated_where_one_machine_is_not_predicted() {
        let (ranking, _) = forecast_of([Some(10.0), None], [1.0; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(ranking.unpredicted, ["two-sockets"]);
        assert!(ranking.overtaken_by.is_empty());
        let (ranking, _) = forecast_of([None; 2], [1.0; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(ranking.unpredicted, WHERE);
    }

    #[test]
    fn a_rival_overtakes_if_it_is_faster_on_every_machine() {
        let (ranking, _) = forecast_of([Some(10.0); 2], [1.0, 2.0]);
        assert_eq!(ranking.overtaken_by, ["a/rival"]);
        let (ranking, _) = forecast_of([Some(10.0); 2], [1.0, 20.0]);
        assert!(ranking.overtaken_by.is_empty());
    }
}
