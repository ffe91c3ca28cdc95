//! What is predicted for the processors that a workload will run on.
//!
//! Which machine that is, nobody here knows; a workload may say how many processors it has, and perhaps
//! which of the known machines it is like. A ranking is stated only if every machine that is asked
//! for agrees.

use basis::trace::Operation;
use predict::Band;
use predict::machine::Machine;
use serde::Serialize;

use super::workload::Workload;
use crate::results::{self, Prediction, Unpredicted};

/// What is predicted of a strategy where it will run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deployment {
    /// Machine by machine.
    pub outlook: Vec<Outlook>,
    /// What holds on all of them, operation by operation.
    pub rankings: Vec<Ranked>,
    /// Machines that have fewer processors than the workload asks for.
    pub too_small: Vec<String>,
}

/// A strategy beside the baseline on a machine that nobody here has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// What all processors do.
    pub operation: Operation,
    /// The machine's name.
    pub machine: String,
    /// What it is, in a few words.
    pub title: String,
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

/// What holds on every machine that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ranked {
    /// What all processors do.
    pub operation: Operation,
    /// Beside the baseline: open unless all machines agree.
    pub standing: Standing,
    /// Machines on which one of the two is not predicted: nothing holds there.
    pub unpredicted: Vec<String>,
    /// Why nothing is predicted, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Candidates that are predicted to be faster than the strategy on every machine.
    pub overtaken_by: Vec<String>,
}

impl Standing {
    fn of(ours: Band, theirs: Band) -> Self {
        if ours.high < theirs.low {
            Self::Faster
        } else if theirs.high < ours.low {
            Self::Slower
        } else {
            Self::Open
        }
    }
}

/// What is predicted of a strategy where the workload will run, and why nothing is, where that is so.
/// `rivals` are those that could be adopted instead.
pub(super) fn deployment(
    workload: &Workload,
    results: &results::Machine,
    strategy: &str,
    rivals: &[&str],
) -> Result<Deployment, String> {
    if !workload.is_predictable() {
        return Err(
            "nothing is predicted: traces are of plain records of 64 bytes, and of reads that do nothing else".into(),
        );
    }
    let Some(scaling) = &results.scaling else {
        let why = results.untraced.as_deref().unwrap_or("it was not traced");
        return Err(format!("nothing is predicted: {why}"));
    };
    let contest = Contest {
        predictions: &scaling.predictions,
        unpredicted: &scaling.unpredicted,
        machines: workload.machines()?,
        baseline: &results.baseline,
        strategy,
        rivals,
    };
    let operations = [
        (Operation::ReadHit, workload.reads()),
        (Operation::Apply, workload.updates()),
    ];
    let mut found = Deployment {
        too_small: workload.too_small(),
        ..Deployment::default()
    };
    for (operation, _) in operations.into_iter().filter(|(_, matters)| *matters) {
        found.outlook.extend(contest.outlook(operation));
        found.rankings.push(contest.ranked(operation));
    }
    if found.outlook.is_empty() {
        return Err(format!(
            "nothing is predicted of {strategy}: it or {} was not measured alone",
            results.baseline
        ));
    }
    Ok(found)
}

/// Who is compared with whom, and where.
struct Contest<'c> {
    predictions: &'c [Prediction],
    unpredicted: &'c [Unpredicted],
    machines: Vec<(Machine, u32)>,
    baseline: &'c str,
    strategy: &'c str,
    rivals: &'c [&'c str],
}

impl Contest<'_> {
    /// The strategy beside the baseline, where both are predicted.
    fn outlook(&self, operation: Operation) -> Vec<Outlook> {
        let beside = |(machine, cores): &(Machine, u32)| {
            let of = |name| self.band(name, operation, machine, *cores);
            let ((cpus, baseline_ns), (ours, strategy_ns)) =
                (of(self.baseline)?, of(self.strategy)?);
            (cpus == ours).then(|| Outlook {
                operation,
                machine: machine.name.clone(),
                title: machine.title.clone(),
                cpus,
                baseline_ns,
                strategy_ns,
                standing: Standing::of(strategy_ns, baseline_ns),
            })
        };
        self.machines.iter().filter_map(beside).collect()
    }

    /// What all machines agree on.
    fn ranked(&self, operation: Operation) -> Ranked {
        let outlook = self.outlook(operation);
        let first = outlook.first().map_or(Standing::Open, |one| one.standing);
        let is_predicted = |name: &str| outlook.iter().any(|one| one.machine == name);
        let names = self.machines.iter().map(|(machine, _)| &machine.name);
        let unpredicted: Vec<String> = names.filter(|name| !is_predicted(name)).cloned().collect();
        let agree = outlook.iter().all(|one| one.standing == first) && unpredicted.is_empty();
        let overtakes = |rival: &&&str| {
            self.machines.iter().all(|(machine, cores)| {
                let of = |name| self.band(name, operation, machine, *cores);
                match (of(rival), of(self.strategy)) {
                    (Some((a, theirs)), Some((b, ours))) => {
                        a == b && Standing::of(theirs, ours) == Standing::Faster
                    }
                    _ => false,
                }
            })
        };
        let rivals = self.rivals.iter().filter(overtakes);
        Ranked {
            operation,
            standing: if agree { first } else { Standing::Open },
            reason: outlook.is_empty().then(|| self.reason(operation)),
            unpredicted,
            overtaken_by: rivals.map(|&rival| rival.to_owned()).collect(),
        }
    }

    /// Why one of the two is not predicted.
    fn reason(&self, operation: Operation) -> String {
        let matters = |one: &&Unpredicted| {
            let name = one.strategy.as_str();
            one.operation == operation && (name == self.strategy || name == self.baseline)
        };
        let first = self.unpredicted.iter().find(matters);
        first.map_or_else(
            || "it was not traced".to_owned(),
            |one| format!("{}: {}", one.strategy, one.reason),
        )
    }

    /// The point with the most processors that are not more than there are.
    fn band(
        &self,
        strategy: &str,
        operation: Operation,
        machine: &Machine,
        cores: u32,
    ) -> Option<(u32, Band)> {
        let prediction = self.predictions.iter().find(|one| {
            one.strategy == strategy && one.operation == operation && one.machine == machine.name
        })?;
        let points = prediction.points.iter();
        let most = points
            .filter(|point| point.cpus <= cores)
            .max_by_key(|point| point.cpus)?;
        Some((most.cpus, most.ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Expected;

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

    fn ranked(ours: [Option<f64>; 2], rival: [f64; 2]) -> (Ranked, Vec<Standing>) {
        let mut predictions = Vec::new();
        for (place, machine) in WHERE.into_iter().enumerate() {
            predictions.push(prediction("mutex/std", machine, 100.0));
            predictions.push(prediction("a/rival", machine, rival[place]));
            predictions.extend(ours[place].map(|ns| prediction("a/ours", machine, ns)));
        }
        let all = Machine::shipped().into_iter();
        let machines = all.filter(|one| WHERE.contains(&one.name.as_str()));
        let contest = Contest {
            predictions: &predictions,
            unpredicted: &[Unpredicted {
                strategy: "a/ours".into(),
                operation: Operation::ReadHit,
                reason: "cut short".into(),
            }],
            machines: machines.map(|machine| (machine, 20)).collect(),
            baseline: "mutex/std",
            strategy: "a/ours",
            rivals: &["a/rival"],
        };
        let outlook = contest.outlook(Operation::ReadHit);
        assert!(outlook.iter().all(|one| one.cpus == 16), "{outlook:?}");
        let ranked = contest.ranked(Operation::ReadHit);
        (ranked, outlook.iter().map(|one| one.standing).collect())
    }

    #[test]
    fn a_ranking_is_stated_if_every_machine_agrees() {
        let (ranking, standings) = ranked([Some(10.0), Some(50.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Faster);
        assert_eq!(standings, [Standing::Faster; 2]);
        let (ranking, _) = ranked([Some(300.0), Some(200.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Slower);
    }

    #[test]
    fn nothing_is_stated_where_machines_disagree_or_bands_overlap() {
        let (ranking, standings) = ranked([Some(10.0), Some(300.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(standings, [Standing::Faster, Standing::Slower]);
        let (ranking, standings) = ranked([Some(10.0), Some(90.0)], [1e3; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(standings, [Standing::Faster, Standing::Open]);
    }

    #[test]
    fn nothing_is_stated_where_one_machine_is_not_predicted() {
        let (ranking, _) = ranked([Some(10.0), None], [1.0; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(ranking.unpredicted, ["two-sockets"]);
        assert!(ranking.overtaken_by.is_empty());
        assert_eq!(ranking.reason, None);
        let (ranking, _) = ranked([None; 2], [1.0; 2]);
        assert_eq!(ranking.standing, Standing::Open);
        assert_eq!(ranking.reason.as_deref(), Some("a/ours: cut short"));
    }

    #[test]
    fn a_rival_overtakes_if_it_is_faster_on_every_machine() {
        let (ranking, _) = ranked([Some(10.0); 2], [1.0, 2.0]);
        assert_eq!(ranking.overtaken_by, ["a/rival"]);
        let (ranking, _) = ranked([Some(10.0); 2], [1.0, 20.0]);
        assert!(ranking.overtaken_by.is_empty());
    }
}
