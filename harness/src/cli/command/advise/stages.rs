//! The stages of an advice: exclude what cannot meet the needs, measure the workload to a decision, then where the
//! answer flips, then what predictions take.

use std::path::Path;
use std::time::Duration;

use advice::{
    Choice, Finding, Need, Questions, Screening, Workload, conclude, encounters, findings,
};
use analysis::{Samples, analyse};
use harness::run::{Limits, Plan, Run, calibration, stalls};
use model::controls;
use model::error::{Error, Result};
use model::preset::Preset;
use model::sample::{Card, Header, Line};
use model::scenario::{Origin, Scenario};
use registry::strategies;
use results::Machine;
use serde_json::json;
use trace::StallTask;

/// What the measuring of a preset and the stopping of threads before it may take, in seconds. The checks before them take
/// about half a minute. Most strategies are stopped within a second or two; what hands each operation over to a thread of
/// its own takes minutes, and is left to its claim.
const fn budgets(preset: Preset) -> [Duration; 2] {
    match preset {
        Preset::Quick => [Duration::from_secs(8), Duration::from_secs(5)],
        Preset::Default => [Duration::from_secs(100), Duration::from_secs(15)],
        Preset::Full => [Duration::from_secs(1_000), Duration::from_mins(5)],
    }
}

/// The share of an advice that is over behind the checks, for the progress display.
const VERIFIED: f64 = 0.2;
/// Behind the threads that were stopped.
const STOPPED: f64 = 0.3;

/// The share of the measuring that the workload itself may take, and with that the time that decides...
const ASKED: f64 = 0.6;
/// ...that its closest strategies may take, if that did not decide...
const AGAIN: f64 = 0.8;
/// ...that is over behind the sweeps...
const SWEPT: f64 = 0.95;
/// ...and behind playing a recorded program, which comes on top.
const PLAYED: f64 = 1.3;

/// Measuring processes that decide: 1 % of wrong verdicts among a hundred, of which few agree, leaves 2^-14 to each.
const DECISIVE: u32 = 16;
/// As many strategies at most are asked where their answer flips: the others' time goes to these.
const FINALISTS_MAX: usize = 4;

/// A workload, and the plan of measuring it with every strategy that was chosen.
pub(super) struct Stages<'a> {
    pub(super) file: &'a Path,
    pub(super) workload: &'a Workload,
    pub(super) questions: &'a Questions,
    pub(super) plan: &'a Plan,
}

impl Stages<'_> {
    /// Refuses, before anything is done or written, needs that no strategy even claims to meet. Otherwise why the preset
    /// cannot decide, if it cannot, and what does.
    pub(super) fn answerable(&self, header: &Header) -> Result<Option<String>> {
        let objections = self.objections(&[Line::Header(Box::new(header.clone()))]);
        let fit = self.fit(&objections)?;
        let time = |preset| {
            let asked = self.part(&fit, is_asked);
            Plan { preset, ..asked }.shortest(DECISIVE)
        };
        let suffices = |preset| time(preset) <= budgets(preset)[0].mul_f64(ASKED);
        let decides = |preset: &Preset| *preset != Preset::Quick && suffices(*preset);
        let preset = self.plan.preset;
        if decides(&preset) {
            return Ok(None);
        }
        let mut others = [Preset::Default, Preset::Full].into_iter();
        let facts = json!({
            "preset": preset,
            "remedy": others.find(decides),
            "minutes": time(preset).as_secs_f64() / 60.0,
        });
        let warning = report::render("advice_undecided.txt", &facts);
        Ok(Some(warning.trim().to_owned()))
    }

    /// Checks, excludes, and measures the others; what is known of each.
    pub(super) fn carry_out(&self, run: &mut Run<'_>) -> Result<Screening> {
        let is_complete = run.recording.is_complete();
        if !is_complete {
            // What was observed excludes those that claim enough; those that do not are out already.
            let able = self.part(&self.beside_baseline(run), |_| true);
            able.verify(Preset::Quick, VERIFIED, run)?;
            let tasks = self.stalls(&self.beside_baseline(run));
            run.carry_out(stalls(tasks, budgets(self.plan.preset)[1]), STOPPED)?;
        }
        let fit = self.fit(&self.objections(run.recording.lines()));
        if !is_complete {
            let is_contender = |name: &String| is_contender(name) && *name != self.plan.baseline;
            if fit.as_ref().is_ok_and(|fit| fit.iter().any(is_contender)) {
                self.measure(run)?;
            }
            run.complete()?;
        }
        fit?;
        Ok(self.screening(run.recording.lines()))
    }

    /// Measures the workload itself, with the baseline even where that does not offer what is needed. Then, with the
    /// strategies that the answer is about: the workload again, unless that is decided; where the answer flips; and
    /// what predictions start from. At last the program that the workload was recorded of, if it was.
    fn measure(&self, run: &mut Run<'_>) -> Result<()> {
        let all = self.beside_baseline(run);
        self.measure_part(&all, is_asked, ASKED, 1, run)?;
        let mut answer = self.answer(run.recording.lines());
        if matches!(answer, Choice::Undecided { .. }) {
            let closest = self.finalists(&answer).unwrap_or(all);
            self.measure_part(&closest, is_asked, AGAIN, 2, run)?;
            answer = self.answer(run.recording.lines());
        }
        if let Some(finalists) = self.finalists(&answer) {
            let is_swept = |scenario: &Scenario| scenario.point.is_some();
            self.measure_part(&finalists, is_swept, SWEPT, 1, run)?;
            let is_left = |scenario: &Scenario| {
                !is_asked(scenario) && !is_swept(scenario) && !is_played(scenario)
            };
            if self.workload.is_predictable() {
                let alone = self.part(&finalists, is_left);
                run.carry_out(alone.traces(Preset::Quick), self.until(SWEPT))?;
                run.carry_out(calibration(), self.until(SWEPT))?;
            }
            self.measure_part(&finalists, is_left, 1.0, 1, run)?;
        }
        self.measure_part(&self.beside_baseline(run), is_played, PLAYED, 1, run)
    }

    /// Measures some scenarios with some strategies until this share of the time is over, in so many times as many rounds
    /// as usual.
    fn measure_part(
        &self,
        strategies: &[String],
        is_part: impl Fn(&Scenario) -> bool,
        share: f64,
        times: u32,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let limits = Limits {
            budget: budgets(self.plan.preset)[0].mul_f64(share),
            rounds: times * self.plan.preset.rounds(),
            one_answer: true,
        };
        let part = self.part(strategies, is_part);
        part.measure(limits, self.until(share), run)
    }

    /// The share of an advice that is over behind this share of the measuring, for the progress display.
    fn until(&self, share: f64) -> f64 {
        let is_recorded = self.plan.scenarios.iter().any(is_played);
        let whole = if is_recorded { PLAYED } else { 1.0 };
        STOPPED + (1.0 - STOPPED) * share / whole
    }

    /// What the workload's own scenarios say so far.
    fn answer(&self, lines: &[Line]) -> Choice {
        let samples = Samples::from_lines(lines.to_vec()).expect("it begins with its header");
        let results = asked(&samples);
        let screening = self.screening(lines);
        conclude(self.workload, self.questions, &samples, &results, screening).decision
    }

    /// The strategies that an answer is about, the baseline and its second name; none if it is about none.
    fn finalists(&self, answer: &Choice) -> Option<Vec<String>> {
        let named = answer.named().into_iter().take(FINALISTS_MAX);
        let named: Vec<String> = named.map(str::to_owned).collect();
        let beside = [&*self.plan.baseline, controls::SAME].map(str::to_owned);
        (!named.is_empty()).then(|| [&*named, &beside].concat())
    }

    /// The plan with some of its scenarios and strategies.
    fn part(&self, strategies: &[String], is_part: impl Fn(&Scenario) -> bool) -> Plan {
        let mut plan = self.plan.clone();
        plan.strategies = strategies.to_vec();
        plan.scenarios.retain(is_part);
        plan
    }

    /// The baseline, and the strategies that nothing speaks against so far.
    fn beside_baseline(&self, run: &Run<'_>) -> Vec<String> {
        let objections = self.objections(run.recording.lines());
        let mut names = self.plan.strategies.clone();
        names.retain(|name| *name == self.plan.baseline || !is_out(&objections, name));
        names
    }

    /// In which operations to stop threads of which strategies, where waiting matters.
    fn stalls(&self, strategies: &[String]) -> Vec<StallTask> {
        let strategies = strategies.iter().filter(|name| is_contender(name));
        let tasks = strategies.flat_map(|strategy| {
            let encounters = encounters(self.workload).into_iter();
            encounters.map(|(stalled, peers)| StallTask {
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

    /// Who does not meet the needs, and what is known of the others, by the lines of a run.
    fn screening(&self, lines: &[Line]) -> Screening {
        let objections = self.objections(lines);
        let fit = cards(lines).filter(|card| !is_out(&objections, &card.name));
        let kept = fit.flat_map(|card| findings(self.workload, card, lines));
        let kept = kept.collect();
        let is_baseline = |finding: &Finding| finding.strategy == self.plan.baseline;
        let (baseline_lacks, mut excluded): (Vec<_>, Vec<_>) =
            objections.into_iter().partition(is_baseline);
        excluded.dedup_by(|next, first| next.strategy == first.strategy);
        Screening {
            excluded,
            baseline_lacks,
            kept,
        }
    }

    /// The needs that each strategy does not meet, by the lines of a run: the first is its header. First of those that
    /// cannot take part at all.
    fn objections(&self, lines: &[Line]) -> Vec<Finding> {
        let plan = self.plan;
        let (names, exclusions) =
            strategies::participants(&plan.scenarios[0], &plan.strategies, &plan.baseline);
        let unable = exclusions
            .into_iter()
            .filter(|exclusion| is_contender(&exclusion.strategy))
            .map(|exclusion| Finding::unable(self.workload, &exclusion.strategy, exclusion.reason));
        let able = cards(lines).filter(|card| names.contains(&card.name));
        let findings = able.flat_map(|card| findings(self.workload, card, lines));
        unable
            .chain(findings.filter(|finding| !finding.is_met))
            .collect()
    }

    /// The strategies that nothing speaks against. If none is left: which need excludes which, and what they would do
    /// without it.
    fn fit(&self, objections: &[Finding]) -> Result<Vec<String>> {
        let mut fit = self.plan.strategies.clone();
        fit.retain(|name| !is_out(objections, name));
        if fit.iter().any(|name| is_contender(name)) {
            return Ok(fit);
        }
        let can_be_given_up =
            |need| !matches!(need, Need::Correct | Need::Possible | Need::HeapRecords);
        let by_strategy = || objections.chunk_by(|a, b| a.strategy == b.strategy);
        let spared = by_strategy().filter_map(|findings| match findings {
            [only] if can_be_given_up(only.need) => Some(only),
            _ => None,
        });
        let why = json!({
            "excluded": by_strategy().map(|findings| &findings[0]).collect::<Vec<_>>(),
            "spared": spared.collect::<Vec<_>>(),
        });
        let why = report::render("advice_refused.txt", &why);
        let (file, why) = (self.file.display(), why.trim());
        Err(Error::input(format!("{file}: {why}")))
    }
}

/// What a run says. The workload itself is judged alone, as it was when its measuring ended: verdicts that are made together
/// change each other, and what was measured around it is no reason to change the answer.
pub(super) fn judged(samples: &Samples) -> Machine {
    let asked = asked(samples);
    let mut results = analyse(samples);
    for cell in &mut results.cells {
        if let Some(alone) = asked.cell(&cell.scenario, &cell.strategy, cell.metric) {
            cell.clone_from(alone);
        }
    }
    results.protocol.level = asked.protocol.level;
    results.protocol.verdicts = asked.protocol.verdicts;
    results.recommendations = asked.recommendations;
    results
}

/// What it says of the workload itself.
fn asked(samples: &Samples) -> Machine {
    let mut samples = samples.clone();
    samples.header.scenarios.retain(is_asked);
    analyse(&samples)
}

/// Whether a scenario is the workload itself, and not something around it.
fn is_asked(scenario: &Scenario) -> bool {
    scenario.origin == Origin::Report
}

/// Whether a scenario plays a recorded program.
fn is_played(scenario: &Scenario) -> bool {
    scenario.groups.iter().any(|group| group.pause_ns.is_some())
}

/// Whether a strategy competes.
fn is_contender(name: &str) -> bool {
    !controls::is_control(name)
}

/// The contenders of a run, as they were when it began.
fn cards(lines: &[Line]) -> impl Iterator<Item = &Card> {
    let headers = lines.iter().take(1).filter_map(Line::try_as_header_ref);
    let cards = headers.flat_map(|header| &header.strategies);
    cards.filter(|card| is_contender(&card.name))
}

/// Whether something was found against a strategy.
fn is_out(against: &[Finding], name: &str) -> bool {
    against.iter().any(|finding| finding.strategy == name)
}

#[cfg(test)]
mod tests {
    use fixtures::invented;
    use model::environment::Environment;
    use results::{Metric, Verdict};

    use super::*;

    /// What is said before a workload is measured, with every strategy there is.
    fn warning(text: &str, preset: Preset) -> Option<String> {
        let workload = Workload::parse(text, "w.toml").expect("it is a workload");
        let questions = workload.questions().expect("it can be asked");
        let names = strategies::entries(workload.record()).into_iter();
        let plan = Plan {
            scenarios: questions.scenarios.clone(),
            strategies: names.map(|entry| entry.profile.name.to_owned()).collect(),
            baseline: controls::BASELINE.into(),
            preset,
            ..Plan::default()
        };
        let header = plan.header(Environment::default());
        let stages = Stages {
            file: Path::new("w.toml"),
            workload: &workload,
            questions: &questions,
            plan: &plan,
        };
        stages.answerable(&header).expect("somebody can")
    }

    /// One comparison that nine processes agree on is certain, and one among four is not, if the others are open.
    #[test]
    fn what_was_measured_around_a_workload_does_not_change_its_answer() {
        let mut run = fixtures::Run::new([invented("a/fast", 3.0, 1.2, 1.2)]);
        let is_kept =
            |name: &str| ["single-reader", "update", "scan-while-writing"].contains(&name);
        run.scenarios.retain(|scenario| is_kept(&scenario.name));
        run.processes = 9;
        let samples = Samples::from_lines(run.lines()).expect("it begins with its header");
        let verdict = |results: &Machine| {
            let cell = results.cell("single-reader", "a/fast", Metric::ReadNs);
            let ratio = cell.and_then(|cell| cell.ratio.as_ref());
            ratio.expect("it was compared").verdict
        };
        assert_eq!(verdict(&asked(&samples)), Verdict::Holds);
        assert_eq!(verdict(&analyse(&samples)), Verdict::Inconclusive);
        let judged = judged(&samples);
        assert_eq!(verdict(&judged), Verdict::Holds);
        let around = judged.cell("update", "a/fast", Metric::WriteNs);
        assert!(around.is_some_and(|cell| cell.ratio.is_some()));
    }

    #[test]
    fn the_default_preset_decides_the_examples_and_what_people_ask() {
        for folder in ["../benches/workloads", "testdata/workloads"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let files = std::fs::read_dir(folder).expect("it is there");
            for file in files.map(|file| file.expect("it can be listed").path()) {
                if file
                    .extension()
                    .is_some_and(|extension| extension == "toml")
                {
                    let text = std::fs::read_to_string(&file).expect("it can be read");
                    assert_eq!(warning(&text, Preset::Default), None, "{}", file.display());
                }
            }
        }
    }

    #[test]
    fn a_preset_that_cannot_decide_says_so_and_names_the_one_that_can() {
        let of = |records: u64, preset| {
            let text =
                format!("name = \"w\"\n[table]\nrecords = {records}\n[readers]\nthreads = 1\n");
            warning(&text, preset).unwrap_or_default()
        };
        let quick = "preset quick cannot decide this: --preset default can, in 3 minutes";
        assert_eq!(of(1_000, Preset::Quick), quick);
        let large = "preset default cannot decide this: --preset full can, in 20 minutes";
        assert_eq!(of(2_000_000, Preset::Default), large);
        let huge = of(10_000_000, Preset::Full);
        assert!(
            huge.contains("minutes at least; use fewer strategies"),
            "{huge}"
        );
    }
}
