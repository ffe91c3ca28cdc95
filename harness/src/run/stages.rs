//! The stages of a run: which tasks each consists of.

use std::path::Path;
use std::time::Duration;

use contract::{Concurrency, Role};
use experiments::checks::VerifyTask;
use experiments::faults::FaultTask;
use experiments::probes::ProbeTask;
use model::controls;
use model::environment;
use model::error::Result;
use model::fault::Fault;
use model::preset::Preset;
use model::probe::{Count, Probe};
use model::random::shuffle;
use model::sample::Line;
use model::scenario::RecordKind;
use model::trace::{Operation, State};
use model::workload::Workload;
use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use registry::strategies::{self, Entry};
use trace::{StallTask, TraceTask};

use super::Plan;
use super::task::Task;
use super::worker_pool::Stage;
use crate::replay::ReplayTask;

/// Processes at a time of faults that mostly wait for what is held up. Where one thread works without a pause and others
/// want to be in time, each has a processor at best, so it is one process.
const WAITING_AT_A_TIME: usize = 8;

impl Plan {
    /// The strategies that are compared, without controls.
    pub fn contenders(&self) -> Vec<String> {
        self.names(|entry| entry.profile.role == Role::Contender)
    }

    /// The names of the strategies that are right for something, controls included.
    fn names(&self, is_right: fn(&Entry) -> bool) -> Vec<String> {
        let entries = strategies::entries(RecordKind::Status).into_iter();
        let names = entries
            .filter(is_right)
            .map(|entry| entry.profile.name.to_owned());
        names
            .filter(|name| self.strategies.contains(name))
            .collect()
    }

    /// Runs the checks on every contender.
    pub(super) fn checks(&self, preset: Preset) -> Stage {
        let seed = self.seed;
        let tasks = self.contenders().into_iter().map(|strategy| {
            Task::Verify(VerifyTask {
                strategy,
                preset,
                seed,
            })
        });
        Stage::new("verifying", tasks)
    }

    /// Puts every contender under every fault in which a thread works without a pause, or under the others.
    pub(super) fn faults(&self, effort: Preset, are_busy: bool) -> Stage {
        let (stops, patience_ms) = match effort {
            Preset::Quick => (20, 50),
            Preset::Default => (1_000, 100),
            Preset::Full => (20_000, 500),
        };
        let faults = Fault::ALL.iter().copied();
        let faults = faults.filter(|fault| fault.is_busy() == are_busy);
        let tasks = faults.flat_map(|fault| {
            self.contenders().into_iter().map(move |strategy| {
                Task::Fault(FaultTask {
                    strategy,
                    fault,
                    seed: self.seed,
                    stops,
                    patience_ms,
                })
            })
        });
        Stage {
            width: if are_busy { 1 } else { WAITING_AT_A_TIME },
            ..Stage::new("injecting faults:", tasks)
        }
    }

    /// Traces what a preset allows of every strategy that holds the traced record, controls included. A step takes a
    /// system call and more, and an operation has to be repeated in each layout.
    pub fn traces(&self, preset: Preset) -> Stage {
        let (operations, states): (&[Operation], &[State]) = match preset {
            Preset::Quick => (
                &[Operation::ReadHit, Operation::ReadMiss, Operation::Apply],
                &[State::Quiescent],
            ),
            Preset::Default | Preset::Full => (Operation::ALL, State::ALL),
        };
        let names = self.names(|entry| entry.excluded.is_none());
        traces(names.into_iter().map(|strategy| TraceTask {
            strategy,
            operations: operations.to_vec(),
            states: states.to_vec(),
            layouts: if preset == Preset::Full { 5 } else { 1 },
        }))
    }

    /// Finds the knee of the baseline; nothing if latencies at a share of it are there already, because those to come are
    /// to be at the same rate.
    pub(super) fn knee(&self, lines: &[Line]) -> Stage {
        let mut probes = lines.iter().filter_map(Line::try_as_probe_ref);
        let is_settled = probes.any(|probe| probe.probe.load().is_some());
        let can_be_found = !is_settled && self.shared_by_threads().contains(&self.baseline);
        let processes = 0..processes_and_budget(Probe::Knee, self.preset).0;
        let tasks = processes.filter(|_| can_be_found);
        let task = |process| self.probe(Probe::Knee, &self.baseline, process, None);
        Stage::new("finding the knee:", tasks.map(task))
    }

    /// Probes every strategy, controls included, in a process for each probe; latencies at shares of the baseline's knee, if
    /// `lines` have one. Stage by stage, each with a probe of a strategy once: who does not survive it is not asked again.
    pub(super) fn probes(&self, lines: &[Line]) -> Vec<Stage> {
        let knee = knee(&self.baseline, lines);
        let names = self.shared_by_threads();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let processes = |&probe: &Probe| processes_and_budget(probe, self.preset).0;
        let most = Probe::ALL.iter().map(processes).max();
        let in_process = |process| {
            let mut tasks = Vec::new();
            for &probe in Probe::ALL {
                let rate = probe.load().zip(knee).map(|(load, knee)| load * knee);
                let lacks_rate = probe.load().is_some() && rate.is_none();
                if probe == Probe::Knee || lacks_rate || process >= processes(&probe) {
                    continue;
                }
                // Strategies in random order beside each other: a machine that changes meanwhile decides
                // between probes and not between strategies.
                let mut order = names.clone();
                let same = self.strategies.iter().find(|name| *name == controls::SAME);
                order.extend(same.filter(|_| rate.is_some()).cloned());
                shuffle(&mut order, &mut random);
                let task = |name: &String| self.probe(probe, name, process, rate);
                tasks.extend(order.iter().map(task));
            }
            Stage::new("probing", tasks)
        };
        (0..most.unwrap_or_default()).map(in_process).collect()
    }

    /// The strategies that threads can share, controls included: others would wait for themselves.
    fn shared_by_threads(&self) -> Vec<String> {
        self.names(|entry| entry.profile.concurrency == Concurrency::Any)
    }

    fn probe(&self, probe: Probe, strategy: &str, process: u32, rate: Option<f64>) -> Task {
        let is_same = strategy == controls::SAME;
        let table = if is_same { &self.baseline } else { strategy };
        Task::Probe(ProbeTask {
            probe,
            strategy: strategy.into(),
            table: table.into(),
            process,
            seed: self.seed,
            budget_ms: processes_and_budget(probe, self.preset).1.as_millis() as u64,
            reads_per_s: rate,
        })
    }
}

/// The knee that the lines have, in reads a second: the highest of any process, since whatever disturbs one makes it lower.
fn knee(baseline: &str, lines: &[Line]) -> Option<f64> {
    let probes = lines.iter().filter_map(Line::try_as_probe_ref);
    let knees = probes.filter(|probe| probe.probe == Probe::Knee && probe.strategy == baseline);
    let rates = knees.filter_map(|probe| probe.per_s(Count::ReadsOffered));
    rates.reduce(f64::max).filter(|&rate| rate > 0.0)
}

/// Replays a process log on strategies: the outcome of a check is whether each ends with the model's table.
///
/// # Errors
///
/// When the log cannot be read: said once, and not as the failure of each strategy.
pub fn replays(strategies: impl IntoIterator<Item = String>, log: &Path) -> Result<Stage> {
    Workload::load(log)?;
    let tasks = strategies.into_iter().map(|strategy| {
        Task::Replay(ReplayTask {
            strategy,
            trace: log.to_owned(),
        })
    });
    Ok(Stage {
        width: environment::cpus(),
        ..Stage::new("replaying on", tasks)
    })
}

/// Looks at strategies instruction by instruction.
pub fn traces(tasks: impl IntoIterator<Item = TraceTask>) -> Stage {
    stepped("tracing", tasks.into_iter().map(Task::Trace))
}

/// Stops threads of strategies instruction by instruction. What is not done after `budget` is left undone.
pub fn stalls(tasks: impl IntoIterator<Item = StallTask>, budget: Duration) -> Stage {
    Stage {
        budget,
        ..stepped("stopping", tasks.into_iter().map(Task::Stall))
    }
}

fn stepped(name: &'static str, tasks: impl Iterator<Item = Task>) -> Stage {
    Stage {
        width: environment::cpus(),
        unavailable: || trace::available().err().map(|why| why.to_string()),
        ..Stage::new(name, tasks)
    }
}

/// Measures what handing a line over costs. Where the process does not survive, predictions are missing and
/// nothing else.
pub fn calibration() -> Stage {
    Stage::new("calibrating", [Task::Calibrate])
}

/// In how many fresh processes a probe of a strategy is made, and how long it may take in each, setting up apart.
///
/// Tails need many operations, and processes to tell a bad one from a bad strategy. Garbage gets a limit and not a length;
/// most strategies need a millisecond.
const fn processes_and_budget(probe: Probe, effort: Preset) -> (u32, Duration) {
    let (of_latencies, of_others, unit_us) = match effort {
        // Tails and waits take time; half a minute has none to spare.
        Preset::Quick => (0, 0, 0),
        Preset::Default => (5, 3, 7_400),
        Preset::Full => (10, 10, 22_000),
    };
    let (processes, units) = match probe {
        Probe::OwnHalfLoad | Probe::OwnHighLoad => (0, 0),
        Probe::Knee => (of_latencies, 14),
        Probe::LowLoad => (of_latencies, 4),
        Probe::ModerateLoad => (of_latencies, 2),
        Probe::Visibility | Probe::FairnessReadWrite => (of_others, 3),
        Probe::StalledReader | Probe::StalledWriter | Probe::Scan | Probe::FairnessTwoWriters => {
            (of_others, 2)
        }
        Probe::GarbageOfUpdates
        | Probe::GarbageOfChurn
        | Probe::HeldGuardUpdates
        | Probe::HeldGuardChurn
        | Probe::Shutdown => (of_others, 1),
    };
    (processes, Duration::from_micros(unit_us * units))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::message::Message;
    use model::probe::ProbeSeen;
    use model::sample::Failure;

    use super::super::recording;
    use super::*;

    #[test]
    fn more_time_sees_no_less() {
        let task = |preset| {
            let plan = Plan {
                strategies: vec!["mutex/std".into()],
                ..Plan::default()
            };
            match plan.traces(preset).tasks.remove(0) {
                Task::Trace(task) => task,
                other => panic!("a trace: {other:?}"),
            }
        };
        let tasks = [Preset::Quick, Preset::Default, Preset::Full].map(task);
        for pair in tasks.windows(2) {
            let (less, more) = (&pair[0], &pair[1]);
            assert!(less.layouts <= more.layouts && less.layouts > 0);
            let operations = &more.operations;
            assert!(
                less.operations
                    .iter()
                    .all(|operation| operations.contains(operation))
            );
            assert!(less.states.iter().all(|state| more.states.contains(state)));
        }
    }

    /// A default run takes four minutes with it.
    #[test]
    fn the_probes_of_a_strategy_take_two_thirds_of_a_second() {
        let takes = |effort| -> Duration {
            let probes = Probe::ALL.iter().filter(|probe| **probe != Probe::Knee);
            let each = probes.map(|&probe| processes_and_budget(probe, effort));
            each.map(|(processes, budget)| budget * processes).sum()
        };
        assert_eq!(takes(Preset::Quick), Duration::ZERO);
        assert!(takes(Preset::Default) <= Duration::from_millis(650));
        assert!(takes(Preset::Full) <= Duration::from_millis(6_500));
    }

    fn plan() -> Plan {
        let names = ["mutex/std", "atomics/seqlock", controls::SAME];
        Plan {
            strategies: names.map(String::from).into(),
            baseline: "mutex/std".into(),
            ..Plan::default()
        }
    }

    fn probed(task: &Task, reads: i64) -> Line {
        let Task::Probe(task) = task else {
            panic!("a probe: {task:?}")
        };
        Line::Probe(ProbeSeen {
            probe: task.probe,
            strategy: task.strategy.clone(),
            process: task.process,
            counts: [
                (Count::ScheduleNs, 1_000_000_000),
                (Count::ReadsOffered, reads),
            ]
            .into(),
            histograms: BTreeMap::new(),
        })
    }

    fn latencies(stages: &[Stage]) -> Vec<&ProbeTask> {
        let tasks = stages.iter().flat_map(|stage| &stage.tasks);
        let tasks = tasks.filter_map(|task| match task {
            Task::Probe(task) => Some(task),
            _ => None,
        });
        tasks.filter(|task| task.probe.load().is_some()).collect()
    }

    #[test]
    fn every_strategy_is_asked_for_the_same_share_of_the_baselines_knee() {
        let plan = plan();
        let knee = plan.knee(&[]);
        let rates = [1_900_000, 1_000, 2_000_000, 1_800_000, 0];
        assert_eq!(knee.tasks.len(), rates.len());
        let lines = knee.tasks.iter().zip(rates);
        let lines: Vec<Line> = lines.map(|(task, reads)| probed(task, reads)).collect();
        let stages = plan.probes(&lines);
        let latencies = latencies(&stages);
        for task in &latencies {
            let load = task.probe.load().expect("it is a latency");
            assert_eq!(task.reads_per_s, Some(load * 2e6), "{task:?}");
            let is_same = task.strategy == controls::SAME;
            let table = if is_same { "mutex/std" } else { &task.strategy };
            assert_eq!(task.table, table);
        }
        for name in &plan.strategies {
            let of_it = latencies.iter().filter(|task| task.strategy == *name);
            assert_eq!(of_it.count(), 10, "{name}: two rates in five processes");
        }
        let all: usize = stages.iter().map(|stage| stage.tasks.len()).sum();
        let others = all - latencies.len();
        assert_eq!(
            others,
            2 * 3 * 11,
            "the baseline's second name has latencies only"
        );
    }

    #[test]
    fn a_resumed_run_goes_on_at_the_rate_that_it_began_with() {
        let plan = plan();
        let knee = plan.knee(&[]);
        // One of the processes has not been there. Until there is a latency, it is tried.
        let mut lines: Vec<Line> = knee.tasks[1..]
            .iter()
            .map(|task| probed(task, 1_000))
            .collect();
        let again = plan.knee(&lines);
        let left = again
            .tasks
            .iter()
            .filter(|task| !recording::has(&lines, task));
        assert_eq!(left.count(), 1);
        let rate_of = |lines: &[Line]| {
            let stages = plan.probes(lines);
            latencies(&stages)[0].reads_per_s
        };
        let before = rate_of(&lines);
        assert!(before.is_some());
        let stages = plan.probes(&lines);
        let mut tasks = stages.iter().flat_map(|stage| &stage.tasks);
        let first =
            tasks.find(|task| matches!(task, Task::Probe(task) if task.probe.load().is_some()));
        let first = first.expect("there are latencies");
        lines.push(probed(first, 200));
        assert!(plan.knee(&lines).tasks.is_empty());
        assert_eq!(rate_of(&lines), before);
        assert!(recording::has(&lines, first));
    }

    #[test]
    fn who_does_not_survive_a_probe_is_not_asked_the_same_again() {
        let stages = plan().probes(&[]);
        let first = &stages[0].tasks[0];
        let Some(Message::Begin {
            slice: Some(key), ..
        }) = first.begin()
        else {
            panic!("{first:?}")
        };
        let reason = "hung".into();
        let failure = [Line::Failure(Failure { key, reason })];
        for stage in &stages[..3] {
            let left_out = |task: &&Task| recording::has(&failure, task);
            let left_out: Vec<&Task> = stage.tasks.iter().filter(left_out).collect();
            let ([Task::Probe(probe)], Task::Probe(failed)) = (&left_out[..], first) else {
                panic!("one in each process: {left_out:?}")
            };
            let what = (&probe.strategy, probe.probe);
            assert_eq!(what, (&failed.strategy, failed.probe));
        }
    }

    #[test]
    fn without_a_knee_there_are_no_latencies() {
        let plan = plan();
        assert!(latencies(&plan.probes(&[])).is_empty());
        let knee = plan.knee(&[]);
        let none = [probed(&knee.tasks[0], 0)];
        assert!(latencies(&plan.probes(&none)).is_empty());
        // One thread at a time: it would wait for itself.
        let alone = Plan {
            strategies: vec![controls::UNSYNCHRONISED.into()],
            baseline: controls::UNSYNCHRONISED.into(),
            ..Plan::default()
        };
        assert!(alone.knee(&[]).tasks.is_empty());
    }
}
