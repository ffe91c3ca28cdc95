//! What is predicted for the processors that a workload will run on.
//!
//! A workload may say how many processors it will have, and which of the known machines it is like. A ranking is stated
//! only if every machine that it may run on agrees.

use model::trace::Operation;
use predict::Band;
use predict::machine::Machine;
use serde::Serialize;

use super::workload::{Workload, only};
use results::{self, Prediction, Unpredicted};

/// What is predicted of a strategy where it will run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deployment {
    /// Operation by operation.
    pub forecasts: Vec<Forecast>,
    /// Machines that have fewer processors than the workload asks for.
    pub too_small: Vec<String>,
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
    /// Why one of the two is predicted nowhere, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Unpredictable {
    /// Traces are of plain records of 64 bytes, and of reads that do nothing else.
    OtherRecords,
    /// The strategies were not traced.
    Untraced {
        /// Why not, if that was tried.
        why: Option<String>,
    },
    /// The strategy or the baseline was not measured with one thread.
    NotAlone,
}

impl Standing {
    fn between(ours: Band, theirs: Band) -> Self {
        if ours.high < theirs.low {
            Self::Faster
        } else if theirs.high < ours.low {
            Self::Slower
        } else {
            Self::Open
        }
    }
}

/// What is predicted of a strategy where the workload will run. `rivals` could be adopted instead.
pub(super) fn deployment(
    workload: &Workload,
    results: &results::Machine,
    strategy: &str,
    rivals: &[&str],
) -> Result<Deployment, Unpredictable> {
    if !workload.is_predictable() {
        return Err(Unpredictable::OtherRecords);
    }
    let Some(scaling) = &results.scaling else {
        let why = results.untraced.clone();
        return Err(Unpredictable::Untraced { why });
    };
    let cores = |machine: &Machine| workload.deploy.cores.unwrap_or(machine.cpus());
    // A workload whose machine is unknown is refused when it is parsed.
    let machines = workload.machines().unwrap_or_default().into_iter();
    let (large, small): (Vec<Machine>, Vec<Machine>) =
        machines.partition(|machine| cores(machine) <= machine.cpus());
    let named = large.iter().map(|machine| (&*machine.name, cores(machine)));
    let mut contest = Contest {
        predictions: &scaling.predictions,
        unpredicted: &scaling.unpredicted,
        machines: named.collect(),
        baseline: &results.baseline,
        strategy,
        rivals,
        operation: Operation::ReadHit,
    };
    let mut forecasts = Vec::new();
    for operation in only([
        (Operation::ReadHit, workload.reads()),
        (Operation::Apply, workload.updates()),
    ]) {
        contest.operation = operation;
        forecasts.push(contest.forecast());
    }
    if forecasts.iter().all(|known| known.machines.is_empty()) {
        return Err(Unpredictable::NotAlone);
    }
    let too_small = small.into_iter().map(|machine| machine.name).collect();
    Ok(Deployment {
        forecasts,
        too_small,
    })
}

/// What is compared, and where.
struct Contest<'c> {
    predictions: &'c [Prediction],
    unpredicted: &'c [Unpredicted],
    /// By name, with the processors that the workload has of each.
    machines: Vec<(&'c str, u32)>,
    baseline: &'c str,
    strategy: &'c str,
    rivals: &'c [&'c str],
    operation: Operation,
}

impl Contest<'_> {
    fn forecast(&self) -> Forecast {
        let outlooks = self.outlooks(self.strategy, self.baseline);
        let standing = agreed(&outlooks);
        let names = self.machines.iter().zip(&outlooks);
        let unpredicted = names.filter(|(_, outlook)| outlook.is_none());
        let unpredicted = unpredicted.map(|((name, _), _)| (*name).to_owned());
        let overtakes =
            |rival: &&&str| agreed(&self.outlooks(rival, self.strategy)) == Standing::Faster;
        let rivals = self.rivals.iter().filter(overtakes);
        let unpredicted = unpredicted.collect();
        let machines: Vec<Outlook> = outlooks.into_iter().flatten().collect();
        Forecast {
            operation: self.operation,
            standing,
            reason: if machines.is_empty() {
                self.reason()
            } else {
                None
            },
            machines,
            unpredicted,
            overtaken_by: rivals.map(|&rival| rival.to_owned()).collect(),
        }
    }

    /// A strategy beside another one, machine by machine, where both are predicted for as many processors.
    fn outlooks(&self, strategy: &str, other: &str) -> Vec<Option<Outlook>> {
        let beside = |&(machine, cores): &(&str, u32)| {
            let (cpus, strategy_ns) = self.band(strategy, machine, cores)?;
            let (others, baseline_ns) = self.band(other, machine, cores)?;
            (cpus == others).then(|| Outlook {
                machine: machine.to_owned(),
                cpus,
                baseline_ns,
                strategy_ns,
                standing: Standing::between(strategy_ns, baseline_ns),
            })
        };
        self.machines.iter().map(beside).collect()
    }

    /// Why one of the two is not predicted.
    fn reason(&self) -> Option<String> {
        let names = [self.strategy, self.baseline];
        let mut reasons = self.unpredicted.iter();
        let reason = reasons.find(|reason| {
            reason.operation == self.operation && names.contains(&reason.strategy.as_str())
        })?;
        Some(format!("{}: {}", reason.strategy, reason.reason))
    }

    /// The point with the most processors that are not more than the workload has.
    fn band(&self, strategy: &str, machine: &str, cores: u32) -> Option<(u32, Band)> {
        let key = (strategy, self.operation, machine);
        let mut predictions = self.predictions.iter();
        let prediction =
            predictions.find(|of| (&*of.strategy, of.operation, &*of.machine) == key)?;
        let points = prediction.points.iter();
        let points = points.filter(|point| point.cpus <= cores);
        let most = points.max_by_key(|point| point.cpus)?;
        Some((most.cpus, most.ns))
    }
}

/// What all machines agree on: nothing, if a prediction is missing.
fn agreed(outlooks: &[Option<Outlook>]) -> Standing {
    let standing = |outlook: &Option<Outlook>| outlook.as_ref().map(|known| known.standing);
    let first = outlooks.first().and_then(standing);
    let agree = outlooks.iter().all(|outlook| standing(outlook) == first);
    first.filter(|_| agree).unwrap_or(Standing::Open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use results::Expected;

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

    fn forecast(ours: [Option<f64>; 2], rival: [f64; 2]) -> (Forecast, Vec<Standing>) {
        let mut predictions = Vec::new();
        for (place, machine) in WHERE.into_iter().enumerate() {
            predictions.push(prediction("mutex/std", machine, 100.0));
            predictions.push(prediction("a/rival", machine, rival[place]));
            predictions.extend(ours[place].map(|ns| prediction("a/ours", machine, ns)));
        }
        let contest = Contest {
            predictions: &predictions,
            unpredicted: &[Unpredicted {
                strategy: "a/ours".into(),
                operation: Operation::ReadHit,
                reason: "cut short".into(),
            }],
            machines: WHERE.map(|machine| (machine, 20)).to_vec(),
            baseline: "mutex/std",
            strategy: "a/ours",
            rivals: &["a/rival"],
            operation: Operation::ReadHit,
        };
        let forecast = contest.forecast();
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
        let (ranking, standings) = forecast([Some(10.0), Some(50.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Faster);
        assert_eq!(standings, [Standing::Faster; 2]);
        let (ranking, _) = forecast([Some(300.0), Some(200.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Slower);
    }

    #[test]
    fn nothing_is_stated_where_machines_disagree_or_bands_overlap() {
        let (ranking, standings) = forecast([Some(10.0), Some(300.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(standings, [Standing::Faster, Standing::Slower]);
        let (ranking, standings) = forecast([Some(10.0), Some(90.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(standings, [Standing::Faster, Standing::Open]);
    }

    #[test]
    fn nothing_is_stated_where_one_machine_is_not_predicted() {
        let (ranking, _) = forecast([Some(10.0), None], [1.0; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(ranking.unpredicted, ["two-sockets"]);
        assert!(ranking.overtaken_by.is_empty());
        assert_eq!(ranking.reason, None);
        let (ranking, _) = forecast([None; 2], [1.0; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(ranking.reason.as_deref(), Some("a/ours: cut short"));
    }

    #[test]
    fn a_rival_overtakes_if_it_is_faster_on_every_machine() {
        let (ranking, _) = forecast([Some(10.0); 2], [1.0, 2.0]);
        assert_eq!(ranking.overtaken_by, ["a/rival"]);
        let (ranking, _) = forecast([Some(10.0); 2], [1.0, 20.0]);
        assert!(ranking.overtaken_by.is_empty());
    }
}
