//! Advice in words: for a terminal, as a Markdown page, and as an architecture decision record.
//!
//! Every figure comes from the results; a sentence only says what it means.

mod elsewhere;
mod sentences;
#[cfg(test)]
mod tests;

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::{format, render};
use crate::advice::{
    Agreement, Choice, Conclusion, Earlier, Questions, SCHEMA, Workload, operation,
};
use crate::results::{Machine, Verdict};

/// What templates and a terminal are given. A text may have names between backticks.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// The workload's name.
    pub name: String,
    /// What its table is.
    pub title: String,
    /// The strategy that is there now.
    pub baseline: String,
    /// What to do, in one sentence.
    pub answer: String,
    /// What that rests on.
    pub because: Vec<String>,
    /// The workload, in sentences.
    pub workload: Vec<String>,
    /// What a replacement must never do.
    pub needs: Vec<String>,
    /// How the workload was measured, where it is not obvious.
    pub notes: Vec<String>,
    /// Strategy by strategy, the fastest first.
    pub evidence: Vec<Evidence>,
    /// What gets worse.
    pub lost: Vec<String>,
    /// Where the answer flips.
    pub flips: Vec<String>,
    /// What the baseline would need to stay; or, where it stays, what would change that.
    pub reversal: Vec<String>,
    /// What holds where it will run.
    pub outlook: Vec<String>,
    /// What the needs rest on: seen, or only claimed.
    pub grounds: Vec<String>,
    /// Who was left out, by need.
    pub excluded: Vec<String>,
    /// What a reader has to know besides.
    pub warnings: Vec<String>,
    /// When and where it was measured.
    pub conditions: String,
    /// The day of the measurement.
    pub date: String,
    /// The command that repeats it.
    pub command: String,
}

/// A figure of a strategy.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// `crate/variant`.
    pub strategy: String,
    /// The part of the workload.
    pub part: String,
    /// The time, with its interval.
    pub time: String,
    /// Times better than the baseline, with its interval; empty for the baseline itself.
    pub ratio: String,
    /// Whether that is more than the margin.
    pub verdict: String,
}

/// The words for a conclusion.
pub fn advice(
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    conclusion: &Conclusion,
) -> Advice {
    let told = sentences::Told {
        workload,
        questions,
        results,
        conclusion,
    };
    let environment = &results.environment;
    let date = environment.started_at.split('T').next();
    Advice {
        name: workload.name.clone(),
        title: workload.title().to_owned(),
        baseline: results.baseline.clone(),
        answer: told.answer(),
        because: told.because(),
        workload: told.workload(),
        needs: told.needs(),
        notes: questions.notes.clone(),
        evidence: evidence(questions, results),
        lost: told.lost(),
        flips: told.flips(),
        reversal: told.reversal(),
        outlook: told.outlook(),
        grounds: told.grounds(),
        excluded: told.excluded(),
        warnings: told.warnings(),
        conditions: format!(
            "Measured {} on {} ({}), {}, {}.",
            environment.started_at,
            environment.cpu,
            format::counted(environment.cpus, "processor", "processors"),
            environment.build.rustc,
            environment.kernel
        ),
        date: date.unwrap_or_default().to_owned(),
        command: environment.command.clone(),
    }
}

/// All figures of the workload's parts, the baseline first and then the fastest.
fn evidence(questions: &Questions, results: &Machine) -> Vec<Evidence> {
    let mut rows = Vec::new();
    for subject in &questions.subjects {
        let is_it = |cell: &&crate::results::Cell| {
            cell.scenario == subject.scenario && cell.metric == subject.metric
        };
        let is_shown = |name: &str| results.contenders().any(|card| card.name == name);
        let mut cells: Vec<_> = results
            .cells
            .iter()
            .filter(is_it)
            .filter(|cell| is_shown(&cell.strategy))
            .collect();
        let is_baseline = |cell: &crate::results::Cell| cell.strategy == results.baseline;
        // The baseline first, what was not compared last.
        let rank = |cell: &&crate::results::Cell| match &cell.ratio {
            Some(ratio) => ratio.median,
            None if is_baseline(cell) => f64::INFINITY,
            None => f64::NEG_INFINITY,
        };
        cells.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        rows.extend(cells.into_iter().map(|cell| Evidence {
            strategy: cell.strategy.clone(),
            part: format!("{} of {}", operation(subject.metric), subject.side.name()),
            time: format::measured(cell),
            ratio: cell.ratio.as_ref().map(format::ratio).unwrap_or_default(),
            verdict: match &cell.ratio {
                None if is_baseline(cell) => "baseline".into(),
                None => "not compared".into(),
                Some(ratio) => verdict(ratio.verdict).into(),
            },
        }));
    }
    rows
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "better",
        Verdict::Rejected => "not by more than the margin",
        Verdict::Inconclusive => "not decided",
        Verdict::Withheld => "withheld: too noisy",
    }
}

/// The advice for programs, as `reports/SCHEMA.md` describes it.
///
/// # Panics
///
/// Never: it is plain data.
pub fn json(
    workload: &Workload,
    questions: &Questions,
    conclusion: &Conclusion,
    advice: &Advice,
) -> String {
    let document = serde_json::json!({
        "schema": SCHEMA,
        "baseline": advice.baseline,
        "workload": workload,
        "conclusion": conclusion,
        "subjects": questions.subjects,
        "advice": advice,
    });
    serde_json::to_string_pretty(&document).expect("it is plain data")
}

/// Whether an earlier advice agrees, in a sentence.
pub fn agreed(earlier: &Earlier, now: &Conclusion, agreement: Agreement) -> String {
    let said = |decision: &Choice| match decision {
        Choice::Adopt { strategy, .. } => format!("adopt {strategy}"),
        Choice::Stay { .. } => "stay".to_owned(),
        Choice::Undecided { .. } => "undecided".to_owned(),
    };
    let (before, after) = (said(&earlier.decision), said(&now.decision));
    let place = earlier.place.display();
    match agreement {
        Agreement::Same => format!("agrees with {place}: {after}"),
        Agreement::AsGood => {
            format!(
                "agrees with {place}: {before} there and {after} here, one as fast as the other"
            )
        }
        Agreement::Sound => format!(
            "agrees with {place} that there is something better: {before} holds here, too; {after} is faster still"
        ),
        Agreement::Open => {
            format!("neither agrees nor disagrees with {place}: {before} there, {after} here")
        }
        Agreement::Differs => format!("{place} is not borne out: {before} there, {after} here"),
    }
}

/// The advice as a Markdown page.
pub fn markdown(advice: &Advice) -> String {
    render::markdown_text("advice.md", Value::from(Serde(advice)))
}

/// The advice as an architecture decision record, to be kept beside the code that it is about.
pub fn decision_record(advice: &Advice) -> String {
    render::markdown_text("adr.md", Value::from(Serde(advice)))
}
