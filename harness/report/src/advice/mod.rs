//! Advice in words: a section in every form, and an architecture decision record.
//!
//! What is known goes as facts into the template of the sentences (`advice_sentences.txt.j2`), which are the same in
//! every form. Every figure comes from the results; a sentence only says what it means.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::environment::Environment;
use serde_json::json;

use super::draft::{self, Placed};
use super::facts::{self, Serde, Value, context, grouped, list};
use super::view::Section;
use super::{Form, choices, flips, format, render};
use advice::{
    Agreement, Conclusion, Earlier, NEGLIGIBLE, Program, Questions, RecordedWorkload, SCHEMA,
    Subject, Times, Workload, asked,
};
use results::{Cell, Flag, Guaranteed, Machine, Metric, TOLERATED, Verdict, is_range, is_worse};

/// An advice in words.
#[derive(Clone, Debug)]
pub struct Advice {
    /// Its sentences, by section: `answer`, `because`, ... A text may have names between backticks.
    pub sections: BTreeMap<String, Vec<String>>,
    /// The advice for programs, as `reports/SCHEMA.md` describes it; what it rests on is among it.
    pub document: serde_json::Value,
}

/// The words for a conclusion, and for whether it agrees with an earlier one.
pub fn advice(
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    conclusion: &Conclusion,
    earlier: Option<(&Earlier, Agreement)>,
) -> Advice {
    let name = conclusion.decision.protagonist().unwrap_or_default();
    let subjects = &questions.subjects;
    let loses = |name: &str| subjects.iter().any(|it| it.loss(results, name).is_some());
    let harmless = conclusion.sound.iter().filter(|name| !loses(name));
    let facts = context! {
        workload => Serde(workload),
        title => workload.title(),
        parts => list(workload.parts(), |part| {
            let mean = |times: Option<&Times>| times.map(Times::mean).filter(|&ns| ns > 0.0);
            let times = [part.read_times(), part.write_times()];
            let is_spread = |times: &&Times| matches!(times, Times::Shares(_));
            context! {
                side => part.side.to_string(),
                read_ns => mean(times[0]),
                write_ns => mean(times[1]),
                spread => times.iter().flatten().any(is_spread),
                ..Value::from(Serde(&part))
            }
        }),
        record => Serde(workload.record()),
        record_bytes => workload.record().size(),
        records => workload.table.records(),
        hashed => workload.table.hashed().is_some(),
        asked => Serde(asked(workload)),
        baseline => &results.baseline,
        // The strategy that the advice is about.
        name => name,
        // Those that qualify, and lose in no part.
        harmless => list(harmless, String::as_str),
        strategy => strategy(results, name),
        conclusion => Serde(conclusion),
        subjects => list(subjects, |question| subject(results, question, name)),
        costs => costs(results, subjects, name),
        sweeps => sweeps(questions, results, name),
        flips => list(&conclusion.flips, flips::crossing),
        gain => results.margin,
        tolerated => TOLERATED,
        negligible => NEGLIGIBLE,
        controls => Serde(&results.controls),
        earlier => Serde(earlier.map(|(earlier, _)| earlier)),
        agreement => Serde(earlier.map(|(_, agreement)| agreement)),
        // Where it was measured, and what a reader has to know about that.
        ..Value::from(Serde(results))
    };
    let sections = sections(&render::render_value("advice_sentences.txt", facts));
    let document = json!({
        "schema": SCHEMA,
        "baseline": results.baseline,
        "workload": workload,
        "conclusion": conclusion,
        "subjects": subjects,
        "evidence": evidence(questions, results, conclusion.program.as_ref()),
        "advice": sections,
    });
    Advice { sections, document }
}

/// What a part of the workload costs with a strategy and with the baseline.
fn subject(results: &Machine, subject: &Subject, name: &str) -> Value {
    let ours = subject.cell(results, name);
    let theirs = results.baseline.as_str();
    context! {
        ours => Serde(ours),
        theirs => Serde(subject.cell(results, theirs)),
        busy => [theirs, name].map(|name| subject.busy(results, name)),
        loss => subject.loss(results, name),
        is_starved => ours.is_some_and(|cell| cell.flags.contains(&Flag::Starved)),
        ..Value::from(Serde(subject))
    }
}

/// What it takes to use a strategy, and what it promises less than the baseline.
fn strategy(results: &Machine, name: &str) -> Option<Value> {
    let card = results.card(name)?;
    let weaker = list(results.weaker_claims(name), |(property, after, before)| {
        let [before, after] = [before, after].map(|claim| claim.to_string());
        let claim = Guaranteed::Claim(property);
        let mut all = results.guarantees.iter();
        let observed = all.find(|graded| graded.strategy == name && graded.property == claim);
        let observed = observed.map(|guarantee| guarantee.observed.as_str());
        context! { property => property.to_string(), before, after, observed }
    });
    Some(context! {
        avoid_when => &card.avoid_when,
        weaker,
        ..choices::adoption(results, name)?
    })
}

const COUNTED: [Metric; 4] = [
    Metric::LiveBytesPerRecord,
    Metric::AllocsRead,
    Metric::AllocsWrite,
    Metric::AllocsScan,
];

/// Memory and allocations that a strategy takes besides, in the first scenario in which it does.
fn costs(results: &Machine, subjects: &[Subject], name: &str) -> Vec<Value> {
    let cost = |metric: Metric| {
        subjects.iter().find_map(|subject| {
            let count = |name: &str| Some(results.cell(&subject.scenario, name, metric)?.median);
            let (before, after) = (count(&results.baseline)?, count(name)?);
            let (metric, unit) = (metric.name(), metric.unit());
            is_worse(before / after).then(|| context! { metric, unit, before, after })
        })
    };
    COUNTED.into_iter().filter_map(cost).collect()
}

/// The sweeps beside the workload, and by how many processes the strategy was measured at each of their points.
fn sweeps(questions: &Questions, results: &Machine, name: &str) -> Value {
    let points = questions.scenarios.iter().flat_map(|scenario| {
        let at = scenario.point.iter().flat_map(|point| &point.coordinates);
        at.map(move |at| ((scenario.family(), at.axis), scenario))
    });
    list(grouped(points), |((name_of_sweep, axis), points)| {
        let points = list(points, |point| {
            let cells = facts::cells(results, name).filter(|cell| cell.scenario == point.name);
            let ratios = cells.filter_map(|cell| cell.ratio.as_ref());
            let processes = ratios.map(|ratio| ratio.processes).max().unwrap_or(0);
            context! { at => point.coordinate(axis), processes }
        });
        context! { name => name_of_sweep, words => axis.words(), points }
    })
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

/// All figures of the workload's parts, the baseline first and then the fastest; and what a recorded program gains.
fn evidence(
    questions: &Questions,
    results: &Machine,
    program: Option<&Program>,
) -> Vec<serde_json::Value> {
    let is_baseline = |cell: &Cell| cell.strategy == results.baseline;
    // The baseline first, what was not compared last.
    let rank = |cell: &Cell| match &cell.ratio {
        Some(ratio) => ratio.median,
        None if is_baseline(cell) => f64::INFINITY,
        None => f64::NEG_INFINITY,
    };
    let mut rows = Vec::new();
    for subject in &questions.subjects {
        let part = format!("{} of {}", format::operation(subject.metric), subject.side);
        let cards = results.contenders();
        let cells = cards.filter_map(|card| subject.cell(results, &card.name));
        let mut cells: Vec<&Cell> = cells.collect();
        cells.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        rows.extend(cells.into_iter().map(|cell| {
            let verdict = match &cell.ratio {
                _ if cell.flags.contains(&Flag::Starved) => "starved: 0 operations",
                Some(it) if it.verdict == Verdict::Inconclusive && is_range(it.processes) => {
                    "too few processes"
                }
                Some(ratio) => format::verdict(ratio.verdict),
                None if is_baseline(cell) => "baseline",
                None => "not compared",
            };
            let mut gains = program.into_iter().flat_map(|program| &program.gains);
            let gain = gains.find(|gain| gain.strategy == cell.strategy);
            let ends = gain.map(|gain| [gain.low, gain.high].map(|end| format::off(end, 1)));
            json!({
                "strategy": cell.strategy,
                "part": part,
                "time": format::measured(cell),
                "ratio": cell.ratio.as_ref().map(format::ratio).unwrap_or_default(),
                "verdict": verdict,
                "program": ends.map(|ends| ends.join(" to ")).unwrap_or_default(),
            })
        }));
    }
    rows
}

/// The advice to leave a recorded lock as it is.
pub fn left(lock: &RecordedWorkload, environment: &Environment) -> Advice {
    let facts = context! {
        lock => Serde(lock),
        program => Serde(&lock.program),
        environment => Serde(environment),
    };
    let sections = sections(&render::render_value("advice_left.txt", facts));
    let conclusion = Conclusion {
        program: Some(lock.program.clone()),
        ..Conclusion::default()
    };
    let document = json!({
        "schema": SCHEMA,
        "baseline": lock.baseline,
        "conclusion": conclusion,
        "advice": sections,
    });
    Advice { sections, document }
}

/// The workload file of a recorded lock.
pub fn workload_file(lock: &RecordedWorkload) -> String {
    render::markdown_text("recorded_workload.txt", Value::from(Serde(lock)))
}

impl Advice {
    /// The advice as the first section of a page.
    pub(super) fn section(&self) -> Section {
        draft::over_findings("advice", &self.facts(), Placed::new())
    }

    /// Its sentences and its figures.
    fn facts(&self) -> Value {
        let figures = Serde(self.document.get("evidence"));
        context! { figures, ..Value::from(Serde(&self.sections)) }
    }

    /// The advice as a text of its own.
    pub fn render(&self, form: Form) -> String {
        super::alone(self.section(), form)
    }

    /// The advice as an architecture decision record, to be kept beside the code that it is about.
    pub fn decision_record(&self) -> String {
        render::markdown_text("adr.md", self.facts())
    }
}
