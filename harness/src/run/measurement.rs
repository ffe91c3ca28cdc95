//! Every scenario, measured part by part in the order of the schedule.

use std::time::Duration;

use measure::worker::MeasureTask;
use model::clock;
use model::environment;
use model::error::Result;
use model::sample::{Line, PartDone};
use model::scenario::Scenario;
use registry::roster::participants;

use super::Plan;
use super::recording::Done;
use super::schedule::{Assignment, MeasurementPlan, Schedule};
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
    worker.carry_out(task)?;
    worker.keep(Line::PartDone(PartDone {
        scenario: part.scenario.clone(),
        process: part.process,
        took_ms: began.elapsed().as_millis() as u64,
    }));
    Ok(())
}

impl Plan {
    /// Measures every scenario within a time, and keeps every slice. Goes on where the recording ends; no slice is
    /// measured twice.
    ///
    /// # Errors
    ///
    /// As [`Run::carry_out`].
    pub fn measure(&self, budget: Duration, run: &mut Run<'_>) -> Result<()> {
        let before = run.share;
        let mut schedule = Schedule::resume(self.measurement(budget), run.recording);
        while let Some(assignment) = schedule.next(run.recording) {
            let measured = schedule.share_done(run.recording.done());
            run.share = before + (1.0 - before) * measured;
            let task = self.measure_task(assignment, run.recording.done());
            let stage = Stage::new("measuring", [Task::Measure(Box::new(task))]);
            run.carry_out_by(stage, run.share, measure_part)?;
        }
        Ok(())
    }

    fn measure_task(&self, assignment: Assignment, done: &Done) -> MeasureTask {
        let part = assignment.part;
        let mut scenarios = self.scenarios.iter();
        let scenario = scenarios
            .find(|scenario| scenario.name == part.scenario)
            .expect("the schedule names scenarios of the plan only");
        let window = self.preset.window(scenario.threads() > environment::cpus());
        // Counts are exact: once is enough.
        let is_accounted = |name: &str| done.has_memory(&part.scenario, name);
        let names = part.strategies.iter();
        let account = names.filter(|name| !is_accounted(name)).cloned().collect();
        let trace = scenario.replay.as_ref();
        MeasureTask {
            trace: trace.map(|trace| trace.place.clone()),
            scenario: scenario.clone(),
            part,
            from: assignment.from,
            restarts: assignment.restarts,
            account,
            baseline: self.baseline.clone(),
            seed: self.seed,
            ramp_ns: self.preset.ramp().as_nanos() as u64,
            window_ns: window.as_nanos() as u64,
        }
    }

    fn measurement(&self, budget: Duration) -> MeasurementPlan {
        let with_participants = |scenario: &Scenario| {
            let (names, _) = participants(scenario, &self.strategies, &self.baseline);
            (scenario.clone(), names)
        };
        MeasurementPlan {
            scenarios: self.scenarios.iter().map(with_participants).collect(),
            baseline: self.baseline.clone(),
            cpus: environment::cpus(),
            preset: self.preset,
            budget,
            seed: self.seed,
        }
    }
}
