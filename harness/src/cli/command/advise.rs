//! `pivot advise`: a recommendation for a workload of the user's own, or for a recorded lock in the place of its file.

mod stages;

use std::fs;
use std::path::{Path, PathBuf};

use ::advice::{
    Agreement, Earlier, Program, Questions, RecordedWorkload, TEMPLATE, Workload, agreement,
    chosen, conclude, gain_of, in_program,
};
use analysis::{Samples, merge};
use harness::recorded::ADVICE;
use harness::run::{Plan, Recording};
use locks::verdict::Verdict;
use model::controls;
use model::environment::{Build, cpus};
use model::error::{Error, Result};
use model::output::{self, Existing};
use model::sample::PACKED;
use report::advice::{self, Advice};
use report::{self, Form, Source};
use results::Machine;

use super::{attended, content, environment, kept_in};
use crate::arguments::{AdviseOptions, Contest, Format};
use crate::{selection, terminal};
use stages::{Stages, judged};

/// Excludes by what is observed, measures what is left, and says what follows.
pub(crate) fn advise(options: &AdviseOptions) -> Result<()> {
    let Some(file) = options.workload.as_deref() else {
        return terminal::print(TEMPLATE.trim_end());
    };
    let recorded = Recorded::load(file, options.lock.as_deref())?;
    if options.init {
        let none = "--init makes a workload file of a recording, and this is a workload file";
        let none = || Error::input(format!("{}: {none}", file.display()));
        return terminal::print(recorded.ok_or_else(none)?.text.trim_end());
    }
    // Who names strategies wants them measured.
    let is_left = |recorded: &&Recorded| {
        let gains_nothing = recorded.lock.program.verdict == Verdict::Leave;
        gains_nothing && options.contest.strategy.is_none()
    };
    if let Some(recorded) = recorded.as_ref().filter(is_left) {
        return leave(recorded, options);
    }
    let folder = |name: &str| {
        let folder = || selection::workspace().join("reports");
        let folder = || folder().join(format!("{ADVICE}{name}"));
        options.out.clone().unwrap_or_else(folder)
    };
    let workload = match &recorded {
        Some(recorded) => recorded.workload(&folder(&recorded.lock.name))?,
        None => Workload::load(file)?,
    };
    let folder = folder(&workload.name);
    let options = &with_baseline(options, &workload);
    let wrong = |what| Error::input(format!("{}: {what}", file.display()));
    let is_built_alike = workload.deploy.is_built_alike(&Build::of_this_program());
    is_built_alike.map_err(wrong)?;
    let mut questions = workload.questions().map_err(wrong)?;
    let played = recorded
        .as_ref()
        .and_then(|Recorded { lock, .. }| in_program(&lock.program, &workload, cpus()));
    questions.scenarios.extend(played);
    if let Some(record) = &options.adr {
        output::check(record, Existing::forced(options.force))?;
    }
    let load = |place: &PathBuf| Earlier::load(place, &workload, options.contest.baseline());
    let earlier = options.against.as_ref().map(load).transpose()?;
    let plan = plan(options, &workload, &questions)?;
    let stages = Stages {
        file,
        workload: &workload,
        questions: &questions,
        plan: &plan,
    };
    report::check(&folder, DOCUMENTS)?;
    let mut header = plan.header(environment(&options.effort));
    // What is not decided at first is looked at once more.
    header.looks += 1;
    if let Some(warning) = stages.answerable(&header)? {
        terminal::say(format!("! {warning}"));
    }
    let mut recording = if options.resume {
        Recording::resume(&folder, &header)?
    } else {
        Recording::begin(&folder, header)?
    };
    let screening =
        attended(&mut recording, |run| stages.carry_out(run)).map_err(kept_in(&folder))?;
    let samples =
        Samples::from_lines(recording.lines().to_vec()).expect("it begins with its header");
    let results = judged(&samples);
    let mut conclusion = conclude(&workload, &questions, &samples, &results, screening);
    conclusion.left_out = left_out(options, &plan)?;
    let gains = |recorded: Recorded| recorded.gains(&workload, &results, &conclusion.candidates);
    conclusion.program = recorded.map(gains);
    let agreement = earlier
        .as_ref()
        .map(|earlier| (earlier, agreement(earlier, &conclusion)));
    let advice = report::advice::advice(&workload, &questions, &results, &conclusion, agreement);
    let source = Source::from_samples(&folder.join("samples.jsonl"), &folder)?;
    let results = merge(vec![results]);
    report::write(&results, Some(&advice), &source, &folder, Existing::Keep)?;
    let texts = [
        advice.render(Form::Markdown),
        format!("{:#}", advice.document),
    ];
    for (name, text) in DOCUMENTS.into_iter().zip(texts) {
        output::write(&folder.join(name), Existing::Replace, text.as_bytes())?;
    }
    print(&advice, options)?;
    if options.format == Format::Table {
        if let Some(record) = &options.adr {
            terminal::print(&format!("decision record: {}", record.display()))?;
        }
        terminal::print(&format!("report: {}", folder.join("report.html").display()))?;
    }
    let Some((_, agreement)) = agreement else {
        return Ok(());
    };
    // An earlier advice that is contradicted is exit code 1; what is printed for programs stays what it is.
    let sentence = advice.sections["agreement"].concat();
    match agreement {
        Agreement::Differs => Err(Error::Check(sentence)),
        _ if options.format == Format::Table => terminal::print(&sentence),
        _ => Ok(()),
    }
}

/// Advises to leave a lock as it is: nothing is measured.
fn leave(recorded: &Recorded, options: &AdviseOptions) -> Result<()> {
    let needless = [
        ("--resume", options.resume),
        ("--against", options.against.is_some()),
    ];
    if let Some((option, _)) = needless.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Error::input(format!(
            "{option}: nothing is measured of the lock {}, which a recording says to leave as it is; name strategies with \
             --strategy to measure it",
            recorded.lock.program.lock
        )));
    }
    let advice = advice::left(&recorded.lock, &environment(&options.effort));
    print(&advice, options)
}

/// Writes the decision record, if there is to be one, and prints the advice as it was asked for.
fn print(advice: &Advice, options: &AdviseOptions) -> Result<()> {
    if let Some(record) = &options.adr {
        let (existing, text) = (Existing::forced(options.force), advice.decision_record());
        output::write(record, existing, text.as_bytes())?;
    }
    let words = |form| advice.render(form);
    terminal::show(options.format, "advise", &advice.document, words)
}

/// The options with what the workload says is there now, unless they name something else.
fn with_baseline(options: &AdviseOptions, workload: &Workload) -> AdviseOptions {
    let mut options = options.clone();
    let baseline = &mut options.contest.baseline;
    *baseline = baseline.take().or_else(|| workload.baseline.clone());
    options
}

/// The strategies that are asked about, the baseline, and the controls without which no row has a noise
/// floor, or nothing says how far off an approximation is.
fn plan(options: &AdviseOptions, workload: &Workload, questions: &Questions) -> Result<Plan> {
    let is_bounded = workload.is_bounded_without_lock();
    let is_yardstick = |name: &str| {
        let always = name == controls::SAME || name == controls::NO_OP;
        always || is_bounded && name == controls::UNSYNCHRONISED
    };
    let baseline = options.contest.baseline();
    if controls::is_control(baseline) {
        return Err(Error::input(format!(
            "the baseline {baseline} is a control, which no program uses: name a strategy of `pivot list`"
        )));
    }
    let mut strategies = selection::contest(&options.contest)?;
    strategies.retain(|name| !controls::is_control(name) || is_yardstick(name));
    Ok(Plan {
        scenarios: questions.scenarios.clone(),
        strategies,
        baseline: baseline.to_owned(),
        assumptions: Vec::new(),
        preset: options.effort.preset,
        seed: options.effort.seed,
    })
}

/// How many strategies would have taken part if none were named.
fn left_out(options: &AdviseOptions, plan: &Plan) -> Result<usize> {
    let all = selection::contest(&Contest {
        strategy: None,
        ..options.contest.clone()
    })?;
    let all = all.iter().filter(|name| !controls::is_control(name));
    Ok(all.filter(|name| !plan.strategies.contains(name)).count())
}

/// The answer, for people and for programs.
const DOCUMENTS: [&str; 2] = ["advice.md", "advice.json"];

/// The file that keeps the workload of a recording beside its answer.
const WORKLOAD: &str = "workload.toml";

/// A lock of a recording, and the workload file that it becomes.
#[derive(Debug)]
struct Recorded {
    lock: RecordedWorkload,
    text: String,
    place: String,
}

impl Recorded {
    /// Reads a recording and chooses one of its locks; nothing if the file is none, as it does not begin as JSON does.
    fn load(file: &Path, lock: Option<&str>) -> Result<Option<Self>> {
        let (bytes, place) = content(file)?;
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            let misplaced = "--lock names a lock of a recording, and this is a workload file";
            return match lock {
                None => Ok(None),
                Some(_) => Err(Error::input(format!("{place}: {misplaced}"))),
            };
        }
        let recording = locks::read(&bytes, &place)?;
        let analysis = locks::analyse(&recording);
        let wrong = |what| Error::input(format!("{place}: {what}"));
        let lock = chosen(&analysis, lock).map_err(wrong)?;
        let lock = RecordedWorkload::new(&recording, lock);
        Ok(Some(Self {
            text: advice::workload_file(&lock),
            lock,
            place,
        }))
    }

    /// The workload. Its file is kept in the folder of the answer, where its reader may correct it, also if it is refused.
    fn workload(&self, folder: &Path) -> Result<Workload> {
        report::check(folder, DOCUMENTS)?;
        self.keep(folder)?;
        let place = format!("{}: the lock {}", self.place, self.lock.program.lock);
        let file = folder.join(WORKLOAD);
        let correct = |why| {
            Error::input(format!(
                "{why}; what a recording does not say is a guess, marked with EDIT in {}: correct it and advise with that file",
                file.display()
            ))
        };
        Workload::parse(&self.text, &place).map_err(correct)
    }

    /// The program, and what it gains by each of these strategies.
    fn gains(self, workload: &Workload, results: &Machine, strategies: &[String]) -> Program {
        let program = self.lock.program;
        let gains = strategies.iter();
        let gains = gains.filter_map(|name| gain_of(&program, workload, results, name));
        Program {
            gains: gains.collect(),
            ..program
        }
    }

    fn keep(&self, folder: &Path) -> Result<()> {
        let file = folder.join(WORKLOAD);
        let packed = folder.join(PACKED);
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
        match fs::read_to_string(&file) {
            Ok(content) if content == self.text => Ok(()),
            Ok(_) => Err(Error::input(format!(
                "{} is not what this recording makes: advise with that file, or give another folder with --out",
                file.display()
            ))),
            Err(_) if packed.exists() => Err(Error::input(format!(
                "{} holds a recorded run: give another folder with --out",
                packed.display()
            ))),
            Err(_) => output::write(&file, Existing::Keep, self.text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Action, Arguments};

    #[test]
    fn a_baseline_that_the_options_name_comes_before_that_of_the_workload() {
        let text = "name = \"w\"\nbaseline = \"rwlock/std\"\n[table]\nrecords = 4\n[readers]\nthreads = 1\n";
        let workload = Workload::parse(text, "w.toml").expect("it is a workload");
        let baseline = |named: &[&str]| {
            let words = ["pivot", "advise", "w.toml"].iter().chain(named);
            let arguments = Arguments::try_parse_from(words).expect("they are sound");
            let Some(Action::Advise(options)) = arguments.action else {
                panic!("another command");
            };
            let options = with_baseline(&options, &workload);
            options.contest.baseline().to_owned()
        };
        assert_eq!(baseline(&[]), "rwlock/std");
        assert_eq!(baseline(&["--baseline", "mutex/std"]), "mutex/std");
    }
}
