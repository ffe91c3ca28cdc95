//! Advice in words: for a terminal, as a Markdown page, and as an architecture decision record.
//!
//! What is known goes as facts into the template of the sentences (`advice_sentences.j2`), which are the same in
//! every form. Every figure comes from the results; a sentence only says what it means.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::table::Table;
use super::{format, render};
use advice::{Conclusion, Earlier, Part, Questions, SCHEMA, Subject, Workload, agreement, asked};
use results::{Cell, Flip, Machine, TOLERATED, Verdict};

/// What the templates of the three forms are given. A text may have names between backticks.
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
    /// All other sentences, by section: `because`, `lost`, ...
    #[serde(flatten)]
    pub sections: BTreeMap<String, Vec<String>>,
    /// The figures: strategy by strategy, the baseline first and then the fastest.
    #[serde(skip)]
    pub evidence: Table,
    /// When and where it was measured.
    pub conditions: String,
    /// The day of the measurement.
    pub date: String,
    /// The command that repeats it.
    pub command: String,
}

/// The words for a conclusion, and for whether it agrees with an earlier one.
pub fn advice(
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    conclusion: &Conclusion,
    earlier: Option<&Earlier>,
) -> Advice {
    let environment = &results.environment;
    let facts = facts(workload, questions, results, conclusion, earlier);
    let mut sections = sections(&render::render_value("advice_sentences.txt", facts));
    let mut sentence = |section: &str| sections.remove(section).unwrap_or_default().concat();
    let date = environment.started_at.split('T').next();
    Advice {
        name: workload.name.clone(),
        title: workload.title().to_owned(),
        baseline: results.baseline.clone(),
        answer: sentence("answer"),
        conditions: sentence("conditions"),
        sections,
        evidence: evidence(questions, results),
        date: date.unwrap_or_default().to_owned(),
        command: environment.command.clone(),
    }
}

/// All that the sentences are about.
fn facts(
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    conclusion: &Conclusion,
    earlier: Option<&Earlier>,
) -> Value {
    let name = conclusion.decision.protagonist();
    let subject = |subject: &Subject| {
        let ours = name.and_then(|name| subject.cell(results, name));
        context! {
            // A cell is wall time by the operations of the threads that have a processor.
            running => subject.threads.min(results.environment.cpus),
            ours => Serde(ours),
            theirs => Serde(subject.cell(results, &results.baseline)),
            ..Value::from(Serde(subject))
        }
    };
    let part = |part: &Part| context! { side => part.side.to_string(), ..Value::from(Serde(part)) };
    let flip = |flip: &Flip| {
        context! {
            words => flip.axis.words(),
            range => swept(flip, results),
            ..Value::from(Serde(flip))
        }
    };
    let subjects = &questions.subjects;
    let is_asked = |scenario: &str| subjects.iter().any(|subject| subject.scenario == scenario);
    let is_about_one = |warning: &&String| {
        let scenario = warning.split_once(':');
        scenario.is_some_and(|(scenario, _)| is_asked(scenario))
    };
    let warnings = results.warnings.iter().filter(is_about_one);
    let controls = results.controls.iter();
    let failed = controls.filter(|control| !control.passed && is_asked(&control.scenario));
    let mut contenders = results.contenders();
    let card = contenders.find(|card| Some(card.name.as_str()) == name);
    context! {
        workload => Serde(workload),
        parts => workload.parts().iter().map(part).collect::<Vec<_>>(),
        record => Serde(workload.record()),
        section_ns => workload.section_ns(),
        asked => Serde(asked(workload)),
        notes => Serde(&questions.notes),
        baseline => &results.baseline,
        // The strategy that the advice is about.
        name => name,
        avoid_when => card.map(|card| &card.avoid_when),
        conclusion => Serde(conclusion),
        subjects => subjects.iter().map(subject).collect::<Vec<_>>(),
        flips => conclusion.flips.iter().map(flip).collect::<Vec<_>>(),
        gain => results.margin,
        tolerated => TOLERATED,
        partial => results.partial,
        warnings => warnings.cloned().collect::<Vec<_>>(),
        failed_controls => Serde(failed.collect::<Vec<_>>()),
        environment => Serde(&results.environment),
        earlier => Serde(earlier),
        agreement => Serde(earlier.map(|earlier| agreement(earlier, conclusion))),
    }
}

/// The ends of what was swept.
fn swept(flip: &Flip, results: &Machine) -> Option<Vec<String>> {
    let points = results.scenarios.iter();
    let points = points.filter(|point| point.family() == flip.sweep);
    let values = points.filter_map(|point| point.coordinate(flip.axis));
    let values: Vec<f64> = values.collect();
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    Some(vec![low.to_string(), high.to_string()])
}

/// The sentences that a template has made: `# name` begins a section and `-` a sentence, which goes on in the lines
/// below it.
fn sections(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut sentences = &mut Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("# ") {
            sentences = sections.entry(name.to_owned()).or_default();
        } else if let Some(begun) = line.strip_prefix('-') {
            sentences.push(begun.trim().to_owned());
        } else if let Some(sentence) = sentences.last_mut() {
            let gap = if sentence.is_empty() { "" } else { " " };
            sentence.extend([gap, line]);
        }
    }
    sections.values_mut().for_each(Vec::dedup);
    sections
}

/// All figures of the workload's parts, the baseline first and then the fastest.
fn evidence(questions: &Questions, results: &Machine) -> Table {
    let is_baseline = |cell: &Cell| cell.strategy == results.baseline;
    let mut table = Table::new(["strategy", "part", "time", "ratio", "verdict"]);
    for subject in &questions.subjects {
        let part = format!("{} of {}", format::operation(subject.metric), subject.side);
        let cards = results.contenders();
        let cells = cards.filter_map(|card| subject.cell(results, &card.name));
        let mut cells: Vec<&Cell> = cells.collect();
        // The baseline first, what was not compared last.
        let rank = |cell: &Cell| match &cell.ratio {
            Some(ratio) => ratio.median,
            None if is_baseline(cell) => f64::INFINITY,
            None => f64::NEG_INFINITY,
        };
        cells.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        for cell in cells {
            let ratio = cell.ratio.as_ref();
            let verdict = match ratio.map(|ratio| ratio.verdict) {
                None if is_baseline(cell) => "baseline",
                None => "not compared",
                Some(Verdict::Holds) => "better",
                Some(Verdict::Rejected) => "not by more than the margin",
                Some(Verdict::Inconclusive) => "too close to call",
            };
            let ratio = ratio.map(format::ratio).unwrap_or_default();
            let time = format::measured(cell);
            table.row([cell.strategy.as_str(), &part, &time, &ratio, verdict]);
        }
    }
    table
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
    let mut document = serde_json::json!({
        "schema": SCHEMA,
        "baseline": advice.baseline,
        "workload": workload,
        "conclusion": conclusion,
        "subjects": questions.subjects,
        "advice": advice,
    });
    let evidence = serde_json::from_str(&advice.evidence.json());
    document["advice"]["evidence"] = evidence.expect("a table in JSON");
    serde_json::to_string_pretty(&document).expect("it is plain data")
}

/// The advice as a Markdown page.
pub fn markdown(advice: &Advice) -> String {
    rendered("advice.md", advice, &advice.evidence.markdown())
}

/// The advice for a terminal.
pub fn text(advice: &Advice) -> String {
    rendered("advice.txt", advice, &advice.evidence.terminal(None))
}

/// The advice as an architecture decision record, to be kept beside the code that it is about.
pub fn decision_record(advice: &Advice) -> String {
    rendered("adr.md", advice, &advice.evidence.markdown())
}

fn rendered(template: &str, advice: &Advice, figures: &str) -> String {
    let advice = Value::from(Serde(advice));
    render::markdown_text(
        template,
        context! { figures => figures, is_text => template == "advice.txt", ..advice },
    )
}
