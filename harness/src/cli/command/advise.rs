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
use model::sample::{PACKED, PLAIN};
use report::advice::{self, Advice};
use report::{self, Form, Source};
use results::Machine;

use super::{attended, content, environment};
use crate::arguments::{AdviseOptions, Contest, Format};
use crate::{selection, terminal};
use stages::{Stages, judged};

/// Excludes by what is observed, measures what is left, and says what follows.
pub(crate) fn advise(options: &AdviseOptions) -> Result<()> {
    let Some(file) = options.workload.as_deref() else {
        return terminal::print(TEMPLATE.trim_end());
    };
    let wrong = |what: String| Error::input(format!("{}: {what}", file.display()));
    let recorded = Recorded::load(file, options.lock.as_deref())?;
    if options.init {
        let none = "--init makes a workload file of a recording, and this is a workload file";
        return terminal::print(recorded.ok_or_else(|| wrong(none.into()))?.text.trim_end());
    }
    // Who names strategies wants them measured.
    if let Some(recorded) = &recorded
        && recorded.lock.program.verdict == Verdict::Leave
        && options.contest.strategy.is_none()
    {
        return leave(recorded, options);
    }
    let folder = |name: &str| {
        let usual = || selection::workspace().join(format!("reports/{ADVICE}{name}"));
        options.out.clone().unwrap_or_else(usual)
    };
    let workload = match &recorded {
        Some(recorded) => recorded.workload(&folder(&recorded.lock.name))?,
        None => Workload::load(file)?,
    };
    let folder = folder(&workload.name);
    let options = &with_baseline(options, &workload);
    let is_built_alike = workload.deploy.is_built_alike(&Build::of_this_program());
    is_built_alike.map_err(wrong)?;
    let mut questions = workload.questions().map_err(wrong)?;
    let program = recorded.as_ref().map(|recorded| &recorded.lock.program);
    let played = program.and_then(|program| in_program(program, &workload, cpus()));
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
    let mut recording = Recording::open(&folder, header, options.resume)?;
    let screening = attended(&mut recording, |run| stages.carry_out(run))?;
    let samples = Samples::from_lines(recording.lines().to_vec());
    let samples = samples.expect("it begins with its header");
    let results = judged(&samples);
    let mut conclusion = conclude(&workload, &questions, &samples, &results, screening);
    conclusion.left_out = left_out(options, &plan)?;
    let gains = |recorded: Recorded| recorded.gains(&workload, &results, &conclusion.candidates);
    conclusion.program = recorded.map(gains);
    let agreement = earlier
        .as_ref()
        .map(|earlier| (earlier, agreement(earlier, &conclusion)));
    let advice = report::advice::advice(&workload, &questions, &results, &conclusion, agreement);
    let results = merge(vec![results]);
    let source = Source::Beside(PLAIN);
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
    if options.resume || options.against.is_some() {
        let option = ["--against", "--resume"][usize::from(options.resume)];
        return Err(Error::input(format!(
            "{option}: nothing is measured of the lock {}, which a recording says to leave as it is; name strategies with \
             --strategy to measure it",
            recorded.lock.program.lock
        )));
    }
    print(
        &advice::left(&recorded.lock, &environment(&options.effort)),
        options,
    )
}

/// Writes the decision record, if there is to be one, and prints the advice as it was asked for.
fn print(advice: &Advice, options: &AdviseOptions) -> Result<()> {
    if let Some(record) = &options.adr {
        let (existing, text) = (Existing::forced(options.force), advice.decision_record());
        output::write(record, existing, text.as_bytes())?;
    }
    terminal::show(options.format, "advise", &advice.document, |form| {
        advice.render(form)
    })
}

/// The options with what the workload says is there now, unless they name something else.
fn with_baseline(options: &AdviseOptions, workload: &Workload) -> AdviseOptions {
    let mut options = options.clone();
    let named = options.contest.baseline.take();
    options.contest.baseline = named.or_else(|| workload.baseline.clone());
    options
}

/// The strategies that are asked about, the baseline, and the controls without which no row has a noise
/// floor, or nothing says how far off an approximation is.
fn plan(options: &AdviseOptions, workload: &Workload, questions: &Questions) -> Result<Plan> {
    let is_yardstick = |name: &str| match name {
        controls::UNSYNCHRONISED => workload.is_bounded_without_lock(),
        _ => name == controls::SAME || name == controls::NO_OP,
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
        let wrong = |what: String| Error::input(format!("{place}: {what}"));
        if first != Some(&b'{') {
            let misplaced = "--lock names a lock of a recording, and this is a workload file";
            return lock.map_or(Ok(None), |_| Err(wrong(misplaced.into())));
        }
        let recording = locks::read(&bytes, &place)?;
        let analysis = locks::analyse(&recording);
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
        let file = self.keep(folder)?;
        let place = format!("{}: the lock {}", self.place, self.lock.program.lock);
        Workload::parse(&self.text, &place).map_err(|why| {
            Error::input(format!(
                "{why}; what a recording does not say is a guess, marked with EDIT in {}: correct it and advise with that file",
                file.display()
            ))
        })
    }

    /// The program, and what it gains by each of these strategies.
    fn gains(self, workload: &Workload, results: &Machine, strategies: &[String]) -> Program {
        let mut program = self.lock.program;
        let gains = strategies.iter();
        let gains = gains.filter_map(|name| gain_of(&program, workload, results, name));
        program.gains = gains.collect();
        program
    }

    fn keep(&self, folder: &Path) -> Result<PathBuf> {
        let (file, packed) = (folder.join("workload.toml"), folder.join(PACKED));
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, &error))?;
        match fs::read_to_string(&file) {
            Ok(content) if content == self.text => {}
            Ok(_) => {
                return Err(Error::input(format!(
                    "{} is not what this recording makes: advise with that file, or give another folder with --out",
                    file.display()
                )));
            }
            Err(_) if packed.exists() => {
                return Err(Error::input(format!(
                    "{} holds a recorded run: give another folder with --out",
                    packed.display()
                )));
            }
            Err(_) => output::write(&file, Existing::Keep, self.text.as_bytes())?,
        }
        Ok(file)
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
