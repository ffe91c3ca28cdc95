//! What the sections ask of all machines together.

use basis::sample::Card;
use basis::scenario::Scenario;

use crate::results::{Decision, Judged, Merged, OneMachine, Overall, Ratio, Results, Verdict};

use super::super::facts::{self, Row};
use super::super::format;
use super::super::view::Tone;

/// Everything of a kind that a machine has, once: as in the first that has it, and in its order.
fn united<'m, T>(
    merged: &'m Merged,
    of: impl Fn(&'m Results) -> Vec<T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for one in merged.machines.iter().flat_map(|one| of(&one.results)) {
        if !found.iter().any(|known| is_same(known, &one)) {
            found.push(one);
        }
    }
    found
}

pub(super) fn scenarios(merged: &Merged) -> Vec<&Scenario> {
    united(
        merged,
        |results| results.scenarios.iter().collect(),
        |a, b| a.name == b.name,
    )
}

pub(super) fn contenders(merged: &Merged) -> Vec<&Card> {
    united(
        merged,
        |results| results.contenders().collect(),
        |a, b| a.name == b.name,
    )
}

/// Yardsticks, which are no choice.
pub(super) fn controls(merged: &Merged) -> Vec<&Card> {
    united(
        merged,
        |results| {
            results
                .strategies
                .iter()
                .filter(|card| card.control)
                .collect()
        },
        |a, b| a.name == b.name,
    )
}

fn is_same_row(a: &Row<'_>, b: &Row<'_>) -> bool {
    a.scenario.name == b.scenario.name && a.metric == b.metric
}

/// The rows of the original report, as far as a machine has them.
pub(super) fn report_rows(merged: &Merged) -> Vec<Row<'_>> {
    united(merged, facts::report_rows, is_same_row)
}

/// Every row that a machine times.
pub(super) fn all_rows(merged: &Merged) -> Vec<Row<'_>> {
    united(merged, facts::all_rows, is_same_row)
}

/// All that a machine times of a scenario.
pub(super) fn timed_rows<'m>(merged: &'m Merged, scenario: &'m Scenario) -> Vec<Row<'m>> {
    let of = |results| facts::timed_rows(results, scenario);
    united(merged, of, is_same_row)
}

/// The machine that can say what a row is called: the first that has its scenario.
fn namer<'m>(merged: &'m Merged, scenario: &str) -> &'m Results {
    let has = |one: &&OneMachine| {
        one.results
            .scenarios
            .iter()
            .any(|known| known.name == scenario)
    };
    let found = merged.machines.iter().find(has);
    &found.unwrap_or(&merged.machines[0]).results
}

/// A row's label, as in a machine's own report.
pub(super) fn label(merged: &Merged, row: Row<'_>) -> String {
    label_of(merged, &row.scenario.name, row.metric)
}

/// A row's title, as in a machine's own report.
pub(super) fn title(merged: &Merged, row: Row<'_>) -> String {
    let results = namer(merged, &row.scenario.name);
    let own = results
        .scenarios
        .iter()
        .find(|one| one.name == row.scenario.name);
    own.map_or_else(String::new, |scenario| {
        let metric = row.metric;
        Row { scenario, metric }.title(results)
    })
}

pub(super) fn label_of(merged: &Merged, scenario: &str, metric: crate::results::Metric) -> String {
    let judged = Judged {
        scenario: scenario.into(),
        metric,
    };
    facts::labels(namer(merged, scenario), &[judged])
}

/// Judged rows by their labels.
pub(super) fn labels(merged: &Merged, judged: &[Judged]) -> String {
    let labels = judged
        .iter()
        .map(|one| label_of(merged, &one.scenario, one.metric));
    format::list(&labels.collect::<Vec<_>>())
}

/// What follows for a strategy; none about the baseline and controls.
pub(super) fn overall<'m>(merged: &'m Merged, strategy: &str) -> Option<&'m Overall> {
    let mut all = merged.recommendations.iter();
    all.find(|found| found.strategy == strategy)
}

/// On how many processors a scenario's threads ran, where machines have as many, or else each number.
pub(super) fn threads_note(merged: &Merged, scenario: &Scenario) -> String {
    let mut notes: Vec<String> = Vec::new();
    for one in &merged.machines {
        let note = facts::threads_note(scenario, one.results.environment.cpus);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes.join("; ")
}

/// The number of processors, if all machines have as many; otherwise 0, as where it is not known.
pub(super) fn common_cpus(merged: &Merged) -> usize {
    let mut all = merged
        .machines
        .iter()
        .map(|one| one.results.environment.cpus);
    let first = all.next().unwrap_or_default();
    if all.all(|cpus| cpus == first) {
        first
    } else {
        0
    }
}

/// A strategy's lowest ratio in a row and the machine that has it; `None` unless all machines have one.
pub(super) fn lowest<'m>(
    merged: &'m Merged,
    row: Row<'m>,
    strategy: &str,
) -> Option<(&'m OneMachine, &'m Ratio)> {
    let there = merged.machines.iter();
    let ratios = there.map(|one| Some((one, row.ratio(&one.results, strategy)?)));
    let ratios: Option<Vec<_>> = ratios.collect();
    ratios?
        .into_iter()
        .min_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// What machines say together about a strategy in a row; `None` unless all of them compared it.
pub(super) fn agreement(merged: &Merged, row: Row<'_>, strategy: &str) -> Option<(String, Tone)> {
    let mut machines = merged.machines.iter();
    if !machines.all(|one| one.results.is_ranked(strategy)) {
        return Some(("not ranked".into(), Tone::Absent));
    }
    let there = merged.machines.iter();
    let verdicts = there.map(|one| {
        let ratio = row.ratio(&one.results, strategy)?;
        Some(ratio.verdict)
    });
    let verdicts = verdicts.collect::<Option<Vec<Verdict>>>()?;
    let any = |wanted| verdicts.contains(&wanted);
    let verdict = match (any(Verdict::Holds), any(Verdict::Rejected)) {
        (true, true) => return Some(("OPPOSITE".into(), Tone::Open)),
        _ if any(Verdict::Inconclusive) => Verdict::Inconclusive,
        _ if any(Verdict::Withheld) => Verdict::Withheld,
        (true, false) => Verdict::Holds,
        (false, _) => Verdict::Rejected,
    };
    Some((verdict.to_string(), format::verdict_tone(verdict)))
}

/// The strategies with such a conclusion, strongest first: by the number of the report's rows in which they
/// improve by more than the margin on every machine, then by the lowest bound that they reach anywhere.
pub(in super::super) fn strongest_first(
    merged: &Merged,
    wanted: impl Fn(Decision) -> bool,
) -> Vec<&Overall> {
    let rows = report_rows(merged);
    let rows = if rows.is_empty() {
        all_rows(merged)
    } else {
        rows
    };
    let strength = |found: &Overall| {
        let low = |row: &Row<'_>| {
            let each = merged.machines.iter();
            let lows = each.map(|one| Some(row.ratio(&one.results, &found.strategy)?.ci_low));
            lows.collect::<Option<Vec<f64>>>()?
                .into_iter()
                .reduce(f64::min)
        };
        let lows: Vec<f64> = rows.iter().filter_map(low).collect();
        let held = lows.iter().filter(|&&low| low > merged.margin).count();
        (held, lows.into_iter().reduce(f64::min).unwrap_or(0.0))
    };
    let all = merged.recommendations.iter();
    let mut found: Vec<(&Overall, (usize, f64))> = all
        .filter(|found| wanted(found.decision))
        .map(|found| (found, strength(found)))
        .collect();
    found.sort_by(|(_, a), (_, b)| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    found.into_iter().map(|(found, _)| found).collect()
}
