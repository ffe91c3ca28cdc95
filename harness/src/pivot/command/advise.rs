//! `pivot advise`: a recommendation for a workload of the user's own.

mod asked;
mod printed;

use std::path::{Path, PathBuf};

use basis::controls;
use basis::environment::Build;
use basis::error::{Error, Result};
use basis::output::{self, Existing};
use harness::advice::{
    Agreement, Conclusion, Earlier, Questions, TEMPLATE, Workload, agreement, conclude,
};
use harness::analysis::{Samples, analyse, merge};
use harness::recorded;
use harness::report::advice::{self, Advice};
use harness::report::{self, Source};
use harness::results::Machine;
use harness::run::{Plan, Recording};

use super::{attended, environment, kept_in};
use crate::arguments::{AdviseOptions, Choice, Format};
use crate::{selection, terminal};
use asked::Asked;

/// Filters by what is observed, measures who is left, and says what follows.
pub(crate) fn advise(options: &AdviseOptions) -> Result<()> {
    let Some(file) = options.workload.as_deref().filter(|_| !options.init) else {
        return terminal::print(TEMPLATE.trim_end());
    };
    let workload = Workload::load(file)?;
    let fault = |what| Error::input(format!("{}: {what}", file.display()));
    workload
        .deploy
        .is_built_alike(&Build::of_this_program())
        .map_err(fault)?;
    let questions = workload.questions().map_err(fault)?;
    let existing = Existing::forced(options.force);
    if let Some(record) = &options.adr {
        output::check(record, existing)?;
    }
    let earlier = options.against.as_deref();
    let earlier = earlier
        .map(|place| Earlier::load(place, &workload, &options.baseline))
        .transpose()?;
    let choice = Choice {
        strategy: options.strategy.clone(),
        scenario: None,
        scenarios: None,
        baseline: options.baseline.clone(),
    };
    let plan = plan(options, &choice, &questions)?;
    let asked = Asked {
        file,
        workload: &workload,
        plan: &plan,
    };
    let folder = folder(options, &workload);
    let verb = format!("advise {}", file.display());
    let environment = environment(&verb, &choice, None, options.preset, options.seed);
    let header = plan.header(environment);
    asked.answerable(&header)?;
    let mut recording = if options.resume {
        Recording::resume(&folder, &header)?
    } else {
        Recording::begin(&folder, header)?
    };
    let screening =
        attended(&mut recording, |run| asked.carry_out(run)).map_err(kept_in(&folder))?;
    let samples =
        Samples::from_lines(recording.lines().to_vec()).expect("it begins with its header");
    let results = analyse(&samples);
    let conclusion = conclude(&workload, &questions, &results, &screening);
    let told = advice::advice(&workload, &questions, &results, &conclusion);
    let json = advice::json(&workload, &questions, &conclusion, &told);
    keep(results, &told, &json, &folder)?;
    if let Some(record) = &options.adr {
        output::write(record, existing, advice::decision_record(&told).as_bytes())?;
    }
    printed::print(&told, &json, &folder, options)?;
    earlier.map_or(Ok(()), |earlier| {
        compare(&earlier, &conclusion, options.format)
    })
}

/// Says whether an earlier advice was the same; one that is contradicted is exit code 1.
fn compare(earlier: &Earlier, conclusion: &Conclusion, format: Format) -> Result<()> {
    let agreement = agreement(earlier, conclusion);
    let told = advice::agreed(earlier, conclusion, agreement);
    match agreement {
        Agreement::Differs => Err(Error::Check(told)),
        // What is printed for programs stays what it is.
        _ if format != Format::Table => Ok(()),
        _ => terminal::print(&told),
    }
}

/// Everybody that is asked about, the baseline, and the controls without which no row has a noise
/// floor.
fn plan(options: &AdviseOptions, choice: &Choice, questions: &Questions) -> Result<Plan> {
    let is_yardstick = |name: &str| name == controls::SAME || name == controls::NO_OP;
    let mut strategies = selection::contest(choice)?;
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
    let beside = || {
        selection::workspace().join("reports").join(format!(
            "{}{}",
            recorded::ADVICE,
            workload.name
        ))
    };
    options.out.clone().unwrap_or_else(beside)
}

/// Leaves report and advice beside the samples.
fn keep(results: Machine, told: &Advice, json: &str, folder: &Path) -> Result<()> {
    let samples = Source::of(&folder.join("samples.jsonl"), folder)?;
    report::write(&merge(vec![results]), &samples, folder)?;
    report::replace(&folder.join("advice.md"), &advice::markdown(told))?;
    report::replace(&folder.join("advice.json"), json)
}
