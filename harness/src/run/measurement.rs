//! Every scenario, measured part by part in the order of the schedule.
//!
//! A hypervisor moves the processors for seconds; what threads share costs something else then, and a part that was measured
//! meanwhile is kept apart ([`analysis::usual_hand_off`]). So before each part a run looks whether they are as far apart as usual.

use std::thread;
use std::time::Duration;

use measure::calibration::hand_off_briefly;
use measure::worker::MeasureTask;
use model::clock;
use model::environment;
use model::error::Result;
use model::preset;
use model::sample::{Line, PartDone};
use model::scenario::Scenario;

use super::Plan;
use super::child::{Failed, Interrupt};
use super::recording::Assignment;
use super::schedule::{Limits, MeasurementPlan, Schedule};
use super::task::Task;
use super::worker_pool::{Run, Stage, Worker};

/// Measures one part. A strategy that hangs or panics is noted, and left out of what follows of that scenario.
fn measure_part(task: &Task, worker: &Worker<'_>) -> Result<()> {
    let Task::Measure(measurement) = task else {
        unreachable!("nothing else is measured");
    };
    let part = &measurement.part;
    if measurement.restarts == 0 {
        worker.keep(Line::Part(part.clone()));
    }
    let began = clock::now();
    let failed = worker.attempt(task)?;
    worker.keep(Line::PartDone(PartDone {
        scenario: part.scenario.clone(),
        process: part.process,
        took_ms: took_ms(began.elapsed(), failed.as_ref()),
    }));
    Ok(())
}

/// What a part took of the time for measuring: the patience with a strategy that hung is not taken from the others.
fn took_ms(elapsed: Duration, failed: Option<&Failed>) -> u64 {
    let waited = failed.map_or(Duration::ZERO, |failed| failed.waited);
    elapsed.saturating_sub(waited).as_millis() as u64
}

impl Plan {
    /// Measures every scenario within limits, and keeps every slice. Goes on where the recording ends; no slice is
    /// measured twice. Behind it the share `until` of the run is over.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn measure(&self, limits: Limits, until: f64, run: &mut Run<'_>) -> Result<()> {
        let before = run.share;
        let mut schedule = Schedule::resume(self.measurement(limits), run.recording);
        schedule.shorten(run.waited);
        let mut distance = Distance::from_budget(limits.budget, run.waited);
        loop {
            // What one thread does costs the same wherever the processors are.
            let is_usual = environment::cpus() < 2 || distance.is_usual(hand_off_briefly());
            let is_welcome = |scenario: &Scenario| is_usual || scenario.threads() == 1;
            let Some(assignment) = schedule.next(run.recording, is_welcome) else {
                break;
            };
            if !is_welcome(schedule.scenario(&assignment.part)) {
                let waited = distance.wait(run.interrupt, hand_off_briefly);
                run.waited += waited;
                schedule.shorten(waited);
            }
            let measured = schedule.share_done(&run.recording.parts());
            run.share = before + (until - before) * measured;
            let task = self.measure_task(assignment, run.recording.lines());
            let stage = Stage::new("measuring", [Task::Measure(Box::new(task))]);
            run.carry_out_by(stage, run.share, measure_part)?;
        }
        Ok(())
    }

    fn measure_task(&self, assignment: Assignment, lines: &[Line]) -> MeasureTask {
        let part = assignment.part;
        let mut scenarios = self.scenarios.iter();
        let scenario = scenarios
            .find(|scenario| scenario.name == part.scenario)
            .expect("the schedule names scenarios of the plan only");
        let window = preset::window(scenario, environment::cpus());
        // Counts are exact: once is enough.
        let accounted = lines.iter().filter_map(Line::try_as_memory_ref);
        let accounted = accounted.filter(|memory| memory.scenario == part.scenario);
        let accounted: Vec<&String> = accounted.map(|memory| &memory.strategy).collect();
        let names = part.strategies.iter();
        let names = names.filter(|name| !accounted.contains(name));
        let account = names.cloned().collect();
        let trace = scenario.replay.as_ref();
        MeasureTask {
            trace: trace.map(|trace| trace.place.clone()),
            scenario: scenario.clone(),
            part,
            from: assignment.next,
            restarts: assignment.restarts,
            account,
            baseline: self.baseline.clone(),
            seed: self.seed,
            ramp_ns: preset::RAMP.as_nanos() as u64,
            window_ns: window.as_nanos() as u64,
        }
    }

    fn measurement(&self, limits: Limits) -> MeasurementPlan {
        let with_participants =
            |scenario: &Scenario| (scenario.clone(), self.participants(scenario).0);
        MeasurementPlan {
            scenarios: self.scenarios.iter().map(with_participants).collect(),
            baseline: self.baseline.clone(),
            cpus: environment::cpus(),
            limits,
            seed: self.seed,
        }
    }
}

/// The time between two looks while they are not.
const PAUSE: Duration = Duration::from_millis(100);
/// One part in so many of the time for measuring is spent waiting, at most: a machine may stay as it is now.
const WAITING_PART: u32 = 4;

/// Looks at the processors in the course of a run.
#[derive(Debug)]
struct Distance {
    looks: Vec<f64>,
    left: Duration,
}

impl Distance {
    /// Of a run that measures for so long, and has waited before.
    fn from_budget(budget: Duration, waited: Duration) -> Self {
        Self {
            looks: Vec::new(),
            left: (budget / WAITING_PART).saturating_sub(waited),
        }
    }

    /// Whether the processors, by this look, are as far apart as they usually were so far.
    fn is_usual(&mut self, look: f64) -> bool {
        self.looks.push(look);
        self.is_near(look)
    }

    fn is_near(&self, look: f64) -> bool {
        let usual = analysis::usual_hand_off(&self.looks);
        usual.is_none_or(|usual| !analysis::is_apart(look, usual))
    }

    /// Waits until they are, until that has taken too much of the run, or until it is interrupted. Returns how long. Its
    /// looks are not kept: they are many, and would make usual what is waited out.
    fn wait(&mut self, interrupt: &Interrupt, look: impl Fn() -> f64) -> Duration {
        let began = clock::now();
        let mut waited = Duration::ZERO;
        while waited < self.left && !interrupt.is_set() && !self.is_near(look()) {
            thread::sleep(PAUSE);
            waited = began.elapsed();
        }
        self.left = self.left.saturating_sub(waited);
        waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_makes_nothing_usual_and_takes_a_quarter_of_all_time() {
        let budget = Duration::from_secs(4);
        let mut distance = Distance::from_budget(budget, Duration::ZERO);
        assert!((0..5).all(|_| distance.is_usual(30.0)));
        assert!(!distance.is_usual(120.0));
        let waited = distance.wait(&Interrupt::new(), || 120.0);
        assert!(waited >= budget / 4, "{waited:?}");
        assert!(!distance.is_usual(120.0) && distance.is_usual(30.0));
        // What is measured later has less left, and goes on waiting within that.
        let left = |budget| Distance::from_budget(budget, waited).left;
        assert_eq!(left(budget), Duration::ZERO);
        assert_eq!(left(2 * budget) + waited, budget / 2);
    }

    #[test]
    fn patience_with_one_that_hung_is_not_taken_from_the_others() {
        let failed = |waited| Failed {
            during: "a/hangs".into(),
            slice: None,
            reason: "hung".into(),
            waited: Duration::from_secs(waited),
        };
        let took = |waited| took_ms(Duration::from_secs(11), Some(&failed(waited)));
        assert_eq!((took(10), took(0)), (1_000, 11_000));
        assert_eq!(took_ms(Duration::from_secs(11), None), 11_000);
    }
}
