//! The stages of an advice: exclude what cannot meet the needs, measure the rest.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use advice::{Basis, Encounter, Finding, Need, Screening, Workload, encounters, findings};
use harness::run::{Plan, Run, calibration, stalls};
use model::controls;
use model::error::{Error, Result};
use model::preset::Preset;
use model::sample::{Card, Header, Line};
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

/// A workload, and the plan of measuring it with every strategy that was chosen.
pub(super) struct Stages<'a> {
    pub(super) file: &'a Path,
    pub(super) workload: &'a Workload,
    pub(super) plan: &'a Plan,
}

impl Stages<'_> {
    /// Refuses, before anything is done or written, needs that no strategy even claims to meet.
    pub(super) fn answerable(&self, header: &Header) -> Result<()> {
        let unable = self.unable();
        let able = without(self.plan, &unable);
        let header = [Line::Header(Box::new(header.clone()))];
        let objections = self.objections(&able, &header);
        self.has_contenders(&without(&able, &objections), &unable, &objections)
    }

    /// Checks, excludes, and measures the others; what is known of each.
    pub(super) fn carry_out(&self, run: &mut Run<'_>) -> Result<Screening> {
        let unable = self.unable();
        let able = without(self.plan, &unable);
        let is_complete = run.recording.is_complete();
        if !is_complete {
            able.verify(Preset::Quick, VERIFIED, run)?;
            self.stop_threads(&able, run)?;
        }
        let objections = self.objections(&able, run.recording.lines());
        let fit = without(&able, &objections);
        let answerable = self.has_contenders(&fit, &unable, &objections);
        if !is_complete {
            if contenders(&fit).any(|name| *name != self.plan.baseline) {
                self.measure(&fit, run)?;
            }
            run.complete()?;
        }
        answerable?;
        let is_baseline = |finding: &Finding| finding.strategy == self.plan.baseline;
        let all = unable.into_iter().chain(objections);
        let (baseline_lacks, others): (Vec<_>, Vec<_>) = all.partition(is_baseline);
        let lines = run.recording.lines();
        let kept = cards(&fit, lines).flat_map(|card| findings(self.workload, card, lines));
        Ok(Screening {
            excluded: first_of_each(&others).cloned().collect(),
            baseline_lacks,
            kept: kept.collect(),
        })
    }

    /// Stops threads of those that meet the needs so far; then of those whose only fault is not to promise not to
    /// wait: what is observed counts more than what is claimed.
    fn stop_threads(&self, able: &Plan, run: &mut Run<'_>) -> Result<()> {
        let mut out = self.objections(able, run.recording.lines());
        for _ in 0..2 {
            let tasks = self.stalls(&without(able, &out));
            run.carry_out(stalls(tasks, stopping(self.plan.preset)), STOPPED)?;
            out.retain(|finding| {
                finding.basis == Basis::Observed || !finding.need.is_about_waiting()
            });
        }
        Ok(())
    }

    /// Measures what is left, beside the baseline even where that does not offer what is needed.
    fn measure(&self, fit: &Plan, run: &mut Run<'_>) -> Result<()> {
        let mut plan = self.plan.clone();
        let is_measured = |name: &String| fit.strategies.contains(name) || *name == fit.baseline;
        plan.strategies.retain(is_measured);
        if self.workload.is_predictable() {
            run.carry_out(plan.traces(Preset::Quick), TRACED)?;
            run.carry_out(calibration(), TRACED)?;
        }
        plan.measure(measuring(plan.preset), run)
    }

    /// In which operations to stop threads of which strategies, where waiting matters.
    fn stalls(&self, plan: &Plan) -> Vec<StallTask> {
        let tasks = contenders(plan).flat_map(|strategy| {
            let encounters = encounters(self.workload).into_iter();
            encounters.map(move |Encounter { stalled, peers }| StallTask {
                strategy: strategy.clone(),
                stalled,
                peers,
                every: false,
                // Three times the time, and what it finds is a fault and no trade-off.
                two_stops: 0,
            })
        });
        tasks.collect()
    }

    /// The strategies that cannot take part in the workload at all.
    fn unable(&self) -> Vec<Finding> {
        let need = if self.workload.needs.heap_records {
            Need::HeapRecords
        } else {
            Need::Possible
        };
        let plan = self.plan;
        let (_, exclusions) =
            roster::participants(&plan.scenarios[0], &plan.strategies, &plan.baseline);
        let exclusions = exclusions.into_iter();
        exclusions
            .filter(|exclusion| !controls::is_control(&exclusion.strategy))
            .map(|exclusion| Finding {
                strategy: exclusion.strategy,
                need,
                is_met: false,
                basis: Basis::Claimed,
                evidence: exclusion.reason,
            })
            .collect()
    }

    /// The needs that each strategy does not meet, by the lines of a run: the first is its header.
    fn objections(&self, able: &Plan, lines: &[Line]) -> Vec<Finding> {
        let findings = cards(able, lines).flat_map(|card| findings(self.workload, card, lines));
        findings.filter(|finding| !finding.is_met).collect()
    }

    /// Whether a strategy is left; if not, which need excludes which strategies, and what they would do without it.
    fn has_contenders(&self, fit: &Plan, unable: &[Finding], objections: &[Finding]) -> Result<()> {
        if contenders(fit).next().is_some() {
            return Ok(());
        }
        let excluded = unable.iter().chain(first_of_each(objections));
        let excluded = listed(excluded, |need, names| format!("{need} excludes {names}"));
        let spared = by_strategy(objections).filter_map(|findings| match findings {
            [only] if only.need != Need::Correct => Some(only),
            _ => None,
        });
        let spared = listed(spared, |need, names| format!("without {need}: {names}"));
        let way_out = match spared.as_str() {
            "" => "giving up a single one of them does not change that".to_owned(),
            spared => format!("give one up, {spared}"),
        };
        Err(Error::input(format!(
            "{}: no strategy offers all that [needs] asks for: {excluded}; {way_out}",
            self.file.display(),
        )))
    }
}

/// A phrase for each need, of the strategies that were found not to meet it.
fn listed<'f>(
    findings: impl Iterator<Item = &'f Finding>,
    phrase: fn(Need, String) -> String,
) -> String {
    let mut by_need: BTreeMap<Need, Vec<&str>> = BTreeMap::new();
    for finding in findings {
        by_need
            .entry(finding.need)
            .or_default()
            .push(&finding.strategy);
    }
    let phrases = by_need.into_iter();
    let phrases = phrases.map(|(need, names)| phrase(need, names.join(", ")));
    phrases.collect::<Vec<_>>().join("; ")
}

/// The strategies of a plan that are no controls.
fn contenders(plan: &Plan) -> impl Iterator<Item = &String> {
    let all = plan.strategies.iter();
    all.filter(|name| !controls::is_control(name))
}

/// The contenders of a plan, as they were when the run began.
fn cards<'l>(plan: &Plan, lines: &'l [Line]) -> impl Iterator<Item = &'l Card> {
    let header = lines.first().and_then(Line::try_as_header_ref);
    let cards = header.into_iter().flat_map(|header| &header.strategies);
    cards.filter(|card| contenders(plan).any(|name| *name == card.name))
}

/// The same plan without the strategies that something was found against.
fn without(plan: &Plan, against: &[Finding]) -> Plan {
    let mut plan = plan.clone();
    let is_out = |name: &String| against.iter().any(|finding| finding.strategy == *name);
    plan.strategies.retain(|name| !is_out(name));
    plan
}

/// The findings, strategy by strategy.
fn by_strategy(findings: &[Finding]) -> impl Iterator<Item = &[Finding]> {
    findings.chunk_by(|a, b| a.strategy == b.strategy)
}

/// Each strategy by the first need that it does not meet.
fn first_of_each(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    by_strategy(findings).map(|findings| &findings[0])
}
