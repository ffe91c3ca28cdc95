//! `pivot selftest`, `diff`, `check` and `locks`: what is recorded, judged.

use std::path::Path;

use analysis::diff::{self, Judged, LEVEL, NOTABLE, Run};
use analysis::selftest::{sizes, trials};
use clap::ValueEnum;
use history::Answer;
use model::error::{Error, Result};
use serde_json::json;

use super::content;
use super::report::samples;
use crate::arguments::{CheckOptions, DiffOptions, LocksOptions, SelftestOptions};
use crate::terminal::{self, show};

/// Tries how often the statistics err on samples where the truth is known; an error that is too frequent is exit code 1.
pub(crate) fn selftest(options: &SelftestOptions) -> Result<()> {
    let (file, samples) = samples(options.samples.as_deref())?;
    let mut trials = trials(&samples, options.runs);
    // Nothing to try a trial on is no error of the statistics.
    if let Some(trial) = trials.iter().find(|trial| trial.of == 0) {
        return Err(Error::input(format!(
            "{}: too few samples for the trial \"{}\": at least 16 measuring processes of a scenario are \
             needed, as a default run has them",
            file.display(),
            trial.what
        )));
    }
    trials.extend(sizes());
    show(options.format, "selftest", &trials, |form| {
        report::words("selftest", &json!({ "trials": trials }), form)
    })?;
    let (all, file) = (trials.len(), file.display());
    match trials.iter().filter(|trial| !trial.holds).count() {
        0 => Ok(()),
        failed => Err(Error::Check(format!(
            "{failed} of {all} trials err too often on {file}"
        ))),
    }
}

/// Compares two runs. Exit code 0 whether or not something changed, unless the user asks for 1.
pub(crate) fn diff(options: &DiffOptions) -> Result<()> {
    let run = |given: &Path| Ok::<_, Error>(Run::from_samples(&samples(Some(given))?.1));
    let (a, b) = (run(&options.a)?, run(&options.b)?);
    let judged = [Judged::Ratio, Judged::Absolute][usize::from(options.absolute)];
    let diff = diff::diff(&a, &b, judged)?;
    let findings = json!({ "diff": diff, "all": options.all, "notable": NOTABLE, "level": LEVEL });
    let words = |form| report::words("diff", &findings, form);
    show(options.format, "diff", &diff, words)?;
    if options.fail_on_regression && diff.has_regression() {
        let worse = diff.rows.iter().filter(|row| row.is_worse()).count();
        let broken = diff.checks.iter().filter(|check| !check.passes_now).count();
        return Err(Error::Check(format!(
            "{worse} of {} figures became worse, {broken} checks fail that passed before",
            diff.rows.len()
        )));
    }
    Ok(())
}

/// Judges whether a recorded history is linearizable. A violation is exit code 1, a question that stays open 3.
pub(crate) fn check(options: &CheckOptions) -> Result<()> {
    let (bytes, name) = content(&options.file)?;
    let history = history::read(&bytes, &name, &options.reading)?;
    drop(bytes);
    if history.is_empty && !options.allow_empty {
        let events = match history.passed_over {
            0 => String::new(),
            events => format!(" in {events} events"),
        };
        return Err(Error::input(format!(
            "{name}: it has no operation{events}; --allow-empty accepts that"
        )));
    }
    let judgement = history::judge(&history)?;
    let keys = judgement.keys;
    let model = history.model.to_possible_value();
    let model = model.map_or_else(String::new, |model| model.get_name().to_owned());
    let print = |violation: Option<(&str, &str)>| {
        let document = json!({
            "violation": violation.map(|(key, why)| json!({ "key": key, "why": why })),
            "operations": judgement.operations,
            "keys": keys,
            "model": model,
            "is_independent": history.is_independent,
            "passed_over": history.passed_over,
            "initial": options.reading.initial,
            "nil_is_unknown": options.reading.nil_is_unknown,
        });
        terminal::print(report::render("history.txt", &document).trim_end())
    };
    match judgement.answer {
        Answer::Linearizable => print(None),
        Answer::Violated { key, at, why } => {
            print(Some((&key, &why)))?;
            Err(Error::Check(format!(
                "{}: not linearizable ({model}): no order of the operations of key {key} explains this answer",
                history.place(at)
            )))
        }
        Answer::Open { decided, key, at } => Err(Error::Undecided(format!(
            "{name}: open after the longest search ({model}): {decided} of {keys} keys are linearizable, key {key} is \
             up to {}",
            history.place(at)
        ))),
    }
}

/// Analyses a recording; with a second one, says what moved between them.
pub(crate) fn locks(options: &LocksOptions) -> Result<()> {
    let analysis = analysed(&options.file)?;
    let after = options.after.as_deref().map(analysed).transpose()?;
    let change = after.as_ref();
    let change = change.map(|after| ::locks::compare(&analysis, after));
    // The later one is the program as it is.
    let current = after.as_ref().unwrap_or(&analysis);
    let findings = json!({ "recording": current, "change": change });
    show(options.format, "locks", &findings, |form| {
        report::locks(current, change.as_ref(), form)
    })
}

fn analysed(file: &Path) -> Result<::locks::Analysis> {
    let (bytes, place) = content(file)?;
    Ok(::locks::analyse(&::locks::read(&bytes, &place)?))
}

#[cfg(test)]
mod tests {
    use analysis::selftest::Trial;
    use report::Form;

    use super::*;

    #[test]
    fn a_trial_that_fails_is_seen() {
        let trial = Trial {
            what: "the baseline as its own contender".into(),
            expected: "1.000 in the 95 % interval".into(),
            came_out: "80 %".into(),
            bound: "at least 95 %".into(),
            of: 200,
            holds: false,
        };
        let findings = json!({ "trials": [trial] });
        for form in [Form::Terminal(100), Form::Markdown] {
            assert!(report::words("selftest", &findings, form).contains("FAILS"));
        }
    }
}
