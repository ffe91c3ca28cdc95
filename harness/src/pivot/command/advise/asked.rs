//! The stages of an advice: who can take part, who may, and how fast those are.

use std::path::Path;
use std::time::Duration;

use basis::controls;
use basis::error::{Error, Result};
use basis::preset::Preset;
use basis::sample::{Card, Header, Line};
use harness::advice::{Basis, Excluded, Need, Needs, Screening, Workload};
use harness::run::{Calibration, Plan, Run, Stalls, Traces};
use registry::roster;
use trace::StallTask;

/// What the measuring of a preset may take: the checks before it take about half a minute.
const fn measuring(preset: Preset) -> Duration {
    Duration::from_secs(match preset {
        Preset::Quick => 8,
        Preset::Default => 100,
        Preset::Full => 1_000,
    })
}

/// What stopping threads may take, twice at most. Few strategies are left then, and most take a second or two; what
/// hands each operation over to a thread of its own takes minutes, and is left to its claim.
const fn stopping(preset: Preset) -> Duration {
    Duration::from_secs(match preset {
        Preset::Quick => 5,
        Preset::Default => 15,
        Preset::Full => 300,
    })
}

/// The share of an advice that is over behind the checks, for the progress display.
const VERIFIED: f64 = 0.2;
/// Behind the threads that were stopped.
const STOPPED: f64 = 0.3;
/// Behind the traces.
const TRACED: f64 = 0.35;

/// A workload and how it is to be answered.
pub(super) struct Asked<'a> {
    pub(super) file: &'a Path,
    pub(super) workload: &'a Workload,
    pub(super) plan: &'a Plan,
}

impl Asked<'_> {
    /// Refuses, before anything is done or written, needs that nobody even claims to meet.
    pub(super) fn answerable(&self, header: &Header) -> Result<()> {
        let unable = self.unable();
        let able = self.without(&unable);
        let header = [Line::Header(Box::new(header.clone()))];
        let objections = self.objections(&able, &header);
        let is_possible = |name: &String| objections.iter().all(|one| one.strategy != *name);
        if contenders(&able).any(is_possible) {
            return Ok(());
        }
        Err(Error::input(self.nobody(&unable, &objections)))
    }

    /// Checks, leaves out, and measures the others; who was left out, and what is known of the rest.
    pub(super) fn carry_out(&self, run: &mut Run<'_>) -> Result<Screening> {
        let unable = self.unable();
        let able = self.without(&unable);
        let is_complete = run.recording.is_complete();
        if !is_complete {
            able.verify(Preset::Quick, VERIFIED, run)?;
            self.stop_threads(&able, run)?;
        }
        let objections = self.objections(&able, run.recording.lines());
        let fit = without(&able, &objections);
        if contenders(&fit).next().is_none() {
            if !is_complete {
                run.complete()?;
            }
            return Err(Error::input(self.nobody(&unable, &objections)));
        }
        if !is_complete {
            if contenders(&fit).any(|name| *name != self.plan.baseline) {
                self.measure(&fit, run)?;
            }
            run.complete()?;
        }
        let mut excluded = unable;
        // Of the baseline all: they are what would have to be given up for it to stay.
        let of_baseline = |one: &&Excluded| one.strategy == self.plan.baseline;
        let others = first_of_each(&objections).filter(|one| !of_baseline(one));
        excluded.extend(others.chain(objections.iter().filter(of_baseline)).cloned());
        let lines = run.recording.lines();
        let kept = cards(&fit, lines).flat_map(|card| Needs::kept(self.workload, card, lines));
        let kept = kept.collect();
        Ok(Screening { excluded, kept })
    }

    /// Stops threads of those that meet the needs so far; then of those that only do not promise not to
    /// wait: seen is better than said.
    fn stop_threads(&self, able: &Plan, run: &mut Run<'_>) -> Result<()> {
        let mut out = self.objections(able, run.recording.lines());
        for _ in 0..2 {
            let stalls = Stalls {
                tasks: self.stalls(&without(able, &out)),
                budget: stopping(self.plan.preset),
            };
            run.carry_out(&stalls, STOPPED)?;
            out.retain(|one| one.basis == Basis::Observed || !one.need.is_about_waiting());
        }
        Ok(())
    }

    /// Measures who is left, beside the baseline even where that does not offer what is needed.
    fn measure(&self, fit: &Plan, run: &mut Run<'_>) -> Result<()> {
        let mut plan = fit.clone();
        let all = &self.plan.strategies;
        plan.strategies = all
            .iter()
            .filter(|name| fit.strategies.contains(name) || **name == plan.baseline)
            .cloned()
            .collect();
        if self.workload.is_predictable() {
            run.carry_out(&Traces::of(&plan, Preset::Quick), TRACED)?;
            run.carry_out(&Calibration, TRACED)?;
        }
        plan.measure(measuring(plan.preset), run)
    }

    /// Whom to stop in what, where waiting matters.
    fn stalls(&self, plan: &Plan) -> Vec<StallTask> {
        let encounters = Needs::encounters(self.workload);
        let of = |name: &String| {
            let task = |encounter: &harness::advice::Encounter| StallTask {
                strategy: name.clone(),
                stalled: encounter.stalled.clone(),
                peers: encounter.peers.clone(),
                every: false,
                // Three times the time, and what it finds is a fault and no trade-off.
                two_stops: 0,
            };
            encounters.iter().map(task).collect::<Vec<_>>()
        };
        contenders(plan).flat_map(of).collect()
    }

    /// The plan without those that were left out.
    fn without(&self, excluded: &[Excluded]) -> Plan {
        without(self.plan, excluded)
    }

    /// Who cannot take part in the workload at all.
    fn unable(&self) -> Vec<Excluded> {
        let workload = &self.plan.scenarios[0];
        let need = if self.workload.needs.heap_records {
            Need::HeapRecords
        } else {
            Need::Possible
        };
        let (_, exclusions) =
            roster::participants(workload, &self.plan.strategies, &self.plan.baseline);
        let contenders = exclusions.into_iter();
        contenders
            .filter(|one| !controls::is_control(&one.strategy))
            .map(|one| Excluded {
                strategy: one.strategy,
                need,
                basis: Basis::Claimed,
                reason: one.reason,
            })
            .collect()
    }

    /// Everything that the needs hold against somebody, by the lines of a run: the first is its header.
    fn objections(&self, able: &Plan, lines: &[Line]) -> Vec<Excluded> {
        cards(able, lines)
            .flat_map(|card| Needs::against(self.workload, card, lines))
            .collect()
    }

    /// Which need excludes whom, and which of them would have to be given up for whom.
    fn nobody(&self, unable: &[Excluded], objections: &[Excluded]) -> String {
        let mut by_need: Vec<(Need, Vec<&str>)> = Vec::new();
        for one in unable.iter().chain(first_of_each(objections)) {
            join(&mut by_need, one.need, &one.strategy);
        }
        let told = by_need
            .iter()
            .map(|(need, names)| format!("{need} excludes {}", names.join(", ")));
        let mut spared: Vec<(Need, Vec<&str>)> = Vec::new();
        for one in objections {
            let mut needs = objections
                .iter()
                .filter(|other| other.strategy == one.strategy);
            let is_only = needs.all(|other| other.need == one.need);
            if is_only && one.need != Need::Correct {
                join(&mut spared, one.need, &one.strategy);
            }
        }
        let without = spared
            .iter()
            .map(|(need, names)| format!("without {need}: {}", names.join(", ")));
        let without: Vec<String> = without.collect();
        let way_out = if without.is_empty() {
            "no single one of them can be given up to change that".to_owned()
        } else {
            format!("give one up, {}", without.join("; "))
        };
        format!(
            "{}: nothing offers all that [needs] asks for: {}; {way_out}",
            self.file.display(),
            told.collect::<Vec<_>>().join("; ")
        )
    }
}

/// The strategies of a plan that are no controls.
fn contenders(plan: &Plan) -> impl Iterator<Item = &String> {
    let all = plan.strategies.iter();
    all.filter(|name| !controls::is_control(name))
}

/// The contenders of a plan, as they were when the run began.
fn cards<'l>(plan: &Plan, lines: &'l [Line]) -> impl Iterator<Item = &'l Card> {
    let cards = match lines.first() {
        Some(Line::Header(header)) => &header.strategies[..],
        _ => &[],
    };
    let is_asked = |card: &&Card| contenders(plan).any(|name| *name == card.name);
    cards.iter().filter(is_asked)
}

/// The same plan without them.
fn without(plan: &Plan, excluded: &[Excluded]) -> Plan {
    let mut plan = plan.clone();
    let is_out = |name: &String| excluded.iter().any(|one| one.strategy == *name);
    plan.strategies.retain(|name| !is_out(name));
    plan
}

/// Each strategy by the first need that it does not meet.
fn first_of_each(objections: &[Excluded]) -> impl Iterator<Item = &Excluded> {
    let is_first = |place: usize| {
        let before = &objections[..place];
        before
            .iter()
            .all(|one| one.strategy != objections[place].strategy)
    };
    let all = objections.iter().enumerate();
    all.filter(move |(place, _)| is_first(*place))
        .map(|(_, one)| one)
}

/// Adds a name to those of a need.
fn join<'n>(to: &mut Vec<(Need, Vec<&'n str>)>, need: Need, name: &'n str) {
    match to.iter_mut().find(|(one, _)| *one == need) {
        Some((_, names)) if names.contains(&name) => {}
        Some((_, names)) => names.push(name),
        None => to.push((need, vec![name])),
    }
}
