//! `pivot advise`: a recommendation for a workload of the user's own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use basis::controls;
use basis::environment::Environment;
use basis::error::{Error, Result};
use basis::preset::Preset;
use basis::sample::Line;
use basis::scenario::RecordKind;
use harness::advice::{Excluded, Need, Needs, Questions, TEMPLATE, Workload, conclude};
use harness::analysis::{Samples, analyse};
use harness::report;
use harness::report::advice::{self, Advice};
use harness::results::Results;
use harness::run::{Interrupt, Plan, Recording, TraceEffort};
use registry::roster;

use super::interruptible;
use crate::arguments::{AdviseOptions, Choice, Format};
use crate::progress::Progress;
use crate::table::Table;
use crate::{selection, terminal};

/// Filters by what is observed, measures who is left, and says what follows.
pub(crate) fn advise(options: &AdviseOptions) -> Result<()> {
    let Some(file) = options.workload.as_deref().filter(|_| !options.init) else {
        return terminal::print(TEMPLATE.trim_end());
    };
    let workload = Workload::load(file)?;
    let fault = |what| Error::input(format!("{}: {what}", file.display()));
    let questions = workload.questions().map_err(fault)?;
    if let Some(record) = &options.adr {
        advice::may_write(record, options.force)?;
    }
    let plan = plan(options, &questions)?;
    let folder = folder(options, &workload);
    let header = plan.header(environment(options, file));
    let mut recording = if options.resume {
        Recording::resume(&folder, &header)?
    } else {
        Recording::begin(&folder, header)?
    };
    let mut progress = Progress::new();
    let asked = Asked {
        file,
        workload: &workload,
        plan: &plan,
    };
    let excluded = asked.carry_out(&mut recording, interruptible()?, &mut progress)?;
    progress.finish();
    let samples =
        Samples::from_lines(recording.lines().to_vec()).expect("it begins with its header");
    let results = analyse(&samples);
    let conclusion = conclude(&workload, &questions, &results, &excluded);
    let told = advice::advice(&workload, &questions, &results, &conclusion);
    let json = serde_json::json!({
        "schema": "pivot-advice/1",
        "conclusion": conclusion,
        "subjects": questions.subjects,
        "advice": told,
    });
    let json = serde_json::to_string_pretty(&json).expect("it is plain data");
    keep(&results, &told, &json, &folder)?;
    if let Some(record) = &options.adr {
        advice::write(&advice::decision_record(&told), record)?;
    }
    print(&told, &json, &folder, options)
}

/// Everybody that is asked about, the baseline, and the controls without which no row has a noise
/// floor.
fn plan(options: &AdviseOptions, questions: &Questions) -> Result<Plan> {
    let choice = Choice {
        strategy: options.strategy.clone(),
        scenario: None,
        scenarios: None,
        baseline: options.baseline.clone(),
    };
    let is_yardstick = |name: &str| name == controls::SAME || name == controls::NO_OP;
    let mut strategies = selection::contest(&choice)?;
    strategies.retain(|name| !controls::is_control(name) || is_yardstick(name));
    Ok(Plan {
        scenarios: questions.scenarios.clone(),
        strategies,
        baseline: options.baseline.clone(),
        assumptions: Vec::new(),
        preset: options.preset,
        seed: options.seed,
    })
}

fn folder(options: &AdviseOptions, workload: &Workload) -> PathBuf {
    let beside = || selection::workspace().join(format!("reports/advice-{}", workload.name));
    options.out.clone().unwrap_or_else(beside)
}

fn environment(options: &AdviseOptions, file: &Path) -> Environment {
    let mut command = format!(
        "cargo run --release -- advise {} --preset {} --seed {}",
        file.display(),
        options.preset.name(),
        options.seed
    );
    if options.baseline != controls::BASELINE {
        command.push_str(&format!(" --baseline {}", options.baseline));
    }
    if let Some(pattern) = &options.strategy {
        command.push_str(&format!(" --strategy '{pattern}'"));
    }
    Environment::capture(
        &selection::workspace(),
        command,
        options.seed,
        options.preset.name(),
    )
}

/// What the measuring of a preset may take: the checks before it take about half a minute.
const fn measuring(preset: Preset) -> Duration {
    Duration::from_secs(match preset {
        Preset::Quick => 8,
        Preset::Default => 100,
        Preset::Full => 1_000,
    })
}

/// A workload and how it is to be answered.
struct Asked<'a> {
    file: &'a Path,
    workload: &'a Workload,
    plan: &'a Plan,
}

impl Asked<'_> {
    /// Checks, leaves out, and measures the others; who was left out.
    fn carry_out(
        &self,
        recording: &mut Recording,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Vec<Excluded>> {
        let mut excluded = self.unable();
        let able = self.without(&excluded);
        if !recording.is_complete() {
            able.verify(Preset::Quick, recording, interrupt, progress)?;
        }
        excluded.extend(self.unfit(&able, recording.lines()));
        let fit = self.without(&excluded);
        let contenders = || {
            fit.strategies
                .iter()
                .filter(|name| !controls::is_control(name))
        };
        if contenders().next().is_none() {
            return Err(self.nobody(&excluded));
        }
        if !recording.is_complete() {
            if contenders().any(|name| *name != self.plan.baseline) {
                self.measure(fit, recording, interrupt, progress)?;
            }
            recording.keep(Line::Complete)?;
        }
        Ok(excluded)
    }

    /// Measures who is left, beside the baseline even where that does not offer what is needed.
    fn measure(
        &self,
        mut plan: Plan,
        recording: &mut Recording,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<()> {
        let all = &self.plan.strategies;
        plan.strategies = all
            .iter()
            .filter(|name| plan.strategies.contains(name) || **name == plan.baseline)
            .cloned()
            .collect();
        let effort = TraceEffort::of(Preset::Quick);
        if self.workload.is_predictable() {
            plan.trace(effort, recording, interrupt, progress)?;
            plan.calibrate(recording, interrupt, progress)?;
        }
        plan.measure_within(measuring(plan.preset), recording, interrupt, progress)
    }

    /// The same plan without them.
    fn without(&self, excluded: &[Excluded]) -> Plan {
        let mut plan = self.plan.clone();
        let is_out = |name: &String| excluded.iter().any(|one| one.strategy == *name);
        plan.strategies.retain(|name| !is_out(name));
        plan
    }

    /// Who cannot take part in the workload at all.
    fn unable(&self) -> Vec<Excluded> {
        let workload = &self.plan.scenarios[0];
        let need = if self.workload.needs.heap_records {
            Need::HeapRecords
        } else {
            Need::Possible
        };
        let (_, exclusions) = roster::participants(workload, &self.plan.strategies);
        let contenders = exclusions.into_iter();
        contenders
            .filter(|one| !controls::is_control(&one.strategy))
            .map(|one| Excluded {
                strategy: one.strategy,
                need,
                reason: one.reason,
            })
            .collect()
    }

    /// Who was seen doing what must not be done: each by the first need that it does not meet.
    fn unfit(&self, able: &Plan, lines: &[Line]) -> Vec<Excluded> {
        let entries = roster::entries(RecordKind::Status).into_iter();
        let profiles = entries.map(|entry| entry.profile);
        profiles
            .filter(|profile| !controls::is_control(profile.name))
            .filter(|profile| able.strategies.iter().any(|name| name == profile.name))
            .filter_map(|profile| {
                let against = Needs::against(self.workload, &profile, lines);
                against.into_iter().next()
            })
            .collect()
    }

    /// Which need excludes whom.
    fn nobody(&self, excluded: &[Excluded]) -> Error {
        let mut by_need: Vec<(Need, Vec<&str>)> = Vec::new();
        for one in excluded {
            match by_need.iter_mut().find(|(need, _)| *need == one.need) {
                Some((_, names)) => names.push(&one.strategy),
                None => by_need.push((one.need, vec![&one.strategy])),
            }
        }
        let told: Vec<String> = by_need
            .iter()
            .map(|(need, names)| format!("{need} excludes {}", names.join(", ")))
            .collect();
        Error::input(format!(
            "{}: nothing offers all that [needs] asks for, give one up: {}",
            self.file.display(),
            told.join("; ")
        ))
    }
}

/// Leaves report and advice beside the samples.
fn keep(results: &Results, told: &Advice, json: &str, folder: &Path) -> Result<()> {
    report::write(results, &folder.join("samples.jsonl"), folder)?;
    advice::write(&advice::markdown(told), &folder.join("advice.md"))?;
    advice::write(json, &folder.join("advice.json"))
}

fn print(told: &Advice, json: &str, folder: &Path, options: &AdviseOptions) -> Result<()> {
    match options.format {
        Format::Json => terminal::print(json),
        Format::Md => terminal::print(advice::markdown(told).trim_end()),
        Format::Csv => table(told).print(Format::Csv),
        Format::Table => {
            terminal::print(&headed(&plain(&told.answer), &told.because))?;
            table(told).print(Format::Table)?;
            for (heading, items) in [
                ("What is lost:", &told.lost),
                ("Where it flips:", &told.flips),
                ("What would change the answer:", &told.reversal),
                ("Where it will run:", &told.outlook),
                ("Left out:", &told.excluded),
                ("How it was measured:", &told.notes),
                ("Warnings:", &told.warnings),
            ] {
                if !items.is_empty() {
                    terminal::print(&headed(heading, items))?;
                }
            }
            if let Some(record) = &options.adr {
                terminal::print(&format!("decision record: {}", record.display()))?;
            }
            terminal::print(&format!("report: {}", folder.join("report.html").display()))
        }
    }
}

fn table(told: &Advice) -> Table<5> {
    let mut table = Table::new(["strategy", "part", "time", "times better", "> margin?"]);
    for row in &told.evidence {
        table.row([
            row.strategy.clone(),
            row.part.clone(),
            row.time.clone(),
            row.ratio.clone(),
            row.verdict.clone(),
        ]);
    }
    table
}

/// A heading and its items, each on a line of its own.
fn headed(heading: &str, items: &[String]) -> String {
    let items = items.iter().map(|item| format!("\n  - {}", plain(item)));
    std::iter::once(heading.to_owned()).chain(items).collect()
}

/// Without the marks of code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
