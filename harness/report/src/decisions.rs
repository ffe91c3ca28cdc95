//! One strategy for everything: which to adopt by the adoption rule, what each one gains and loses, and the report's
//! assumptions. And where machines do not come to the same.

use model::environment::Environment;

use results::{Decision, Judged, Overall, Results};

use super::draft::Draft;
use super::facts::{self, Serde, Value, context, grouped, list};
use super::view::{Block, Section};
use super::{format, pivots};

pub(super) fn section(results: &Results) -> Section {
    with_answer(Draft::new("decisions", results), results)
        .of_each(|machine| {
            let rows = facts::all_rows(machine);
            let on = std::slice::from_ref(machine);
            let labels = |judged: &Vec<Judged>| facts::labels(on, judged);
            let strategies = pivots::listed(machine.contenders(), |card| {
                let recommendation = machine.recommendation(&card.name);
                // What speaks for it and against it, and what does not say.
                let sides = recommendation.map(|it| [&it.gains, &it.losses, &it.open].map(labels));
                context! {
                    sides => Serde(sides),
                    lost => facts::tradeoffs(machine, &card.name),
                    figures => facts::figures(machine, &rows, &card.name),
                }
            });
            context! {
                rows => list(&rows, |row| row.label(machine)),
                strategies,
                assumptions => Serde(&machine.assumptions),
            }
        })
        .section()
}

/// Which strategy to adopt for everything, and where machines differ, in a paragraph.
pub(super) fn answer(results: &Results) -> String {
    let section = with_answer(Draft::new("answer", results), results).section();
    let texts = section.blocks.iter().filter_map(|block| match block {
        Block::Prose(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The facts of `sections/answer.md.j2`.
fn with_answer<'r>(draft: Draft<'r>, results: &'r Results) -> Draft<'r> {
    let chosen = chosen(results);
    let gains = chosen.map(|chosen| facts::labels(&results.machines, &chosen.gains));
    let any_record = chosen.and_then(|chosen| any_record(results, chosen));
    let agreeing = results.overall.iter().filter(|overall| overall.agree);
    draft
        .fact("is_compared", is_compared(results))
        .fact("is_for_decisions", is_for_decisions(results))
        .fact("under", decided(results))
        .fact("any_record", any_record)
        .fact("gains", gains)
        .fact("decided", results.overall.len())
        .fact("agreeing", agreeing.count())
        .fact("disagreeing", disagreeing(results))
        .fact("differences", opposites(results))
}

/// Whether a machine has compared anything with the baseline.
pub(super) fn is_compared(results: &Results) -> bool {
    results.machines.iter().any(|machine| {
        machine.cells.iter().any(|cell| {
            let is_compared = cell.ratio.is_some() && cell.metric.is_timed();
            is_compared && machine.recommendation(&cell.strategy).is_some()
        })
    })
}

/// Whether anything but the points of sweeps was asked: those show where an answer changes, and count
/// in no recommendation.
pub(super) fn is_for_decisions(results: &Results) -> bool {
    let mut scenarios = facts::all(results, |machine| &machine.scenarios);
    scenarios.any(|scenario| scenario.point.is_none())
}

/// The strategies under a decision over all machines, strongest first.
fn under(results: &Results, wanted: Decision) -> Vec<&str> {
    let ranked = facts::strongest_first(results).into_iter();
    let ranked = ranked.filter(|overall| overall.decision == wanted);
    ranked.map(|overall| overall.strategy.as_str()).collect()
}

/// The strongest of the strategies that gain on every machine.
pub(super) fn chosen(results: &Results) -> Option<&Overall> {
    let gains = [Decision::Adopt, Decision::AdoptForSome];
    facts::strongest(results, |overall| gains.contains(&overall.decision))
}

/// The strongest with the same decision that holds more than plain data, if the strongest of all does not.
fn any_record<'r>(results: &'r Results, chosen: &Overall) -> Option<&'r str> {
    let contenders = facts::contenders(results);
    let is_plain = |name: &str| {
        let mut cards = contenders.iter();
        cards.any(|card| card.name == name && card.claims.plain_data_only)
    };
    let mut others = under(results, chosen.decision).into_iter();
    others.find(|name| is_plain(&chosen.strategy) && !is_plain(name))
}

/// The strategies that machines decide differently about, together where they do so alike.
fn disagreeing(results: &Results) -> Value {
    let ranked = facts::strongest_first(results).into_iter();
    let apart = ranked.filter(|overall| !overall.agree);
    let groups = grouped(apart.map(|it| (of_machines(results, it), it.strategy.as_str())));
    list(
        groups,
        |(decisions, strategies)| context! { decisions, strategies => Serde(strategies) },
    )
}

/// What each machine decides: `adopt on epyc-2cpu, undecided on xeon-2cpu`.
pub(super) fn of_machines(results: &Results, overall: &Overall) -> String {
    let each = overall.decisions.iter().map(|entry| {
        let words = |decision| format::decision(decision, &results.baseline);
        let decision = entry.decision.map_or_else(|| "not compared".into(), words);
        format!("{decision} on {}", entry.machine)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Which strategies fall under which decision over all machines, strongest first.
pub(super) fn decided(results: &Results) -> Value {
    list(facts::BEST_FIRST, |decision| {
        let words = format::decision(decision, &results.baseline);
        context! { words, names => Serde(under(results, decision)) }
    })
}

/// The rows in which one machine has the opposite verdict of another, and what sets their runs apart.
pub(super) fn differences(results: &Results) -> Section {
    Draft::new("differences", results)
        .fact("rows", opposites(results))
        .fact("not_alike", not_alike(results))
        .section()
}

/// Opposite verdicts, with the factor between the machines.
fn opposites(results: &Results) -> Value {
    list(&results.differences, |contradiction| {
        let medians = || contradiction.ratios.iter().map(|entry| entry.ratio.median);
        let factor = medians().fold(0.0, f64::max) / medians().fold(f64::INFINITY, f64::min);
        let scenario = &contradiction.scenario;
        let label = facts::label(&results.machines, scenario, contradiction.metric);
        context! { label, factor, ..Value::from(Serde(contradiction)) }
    })
}

/// What belongs to a machine, so that it differs between any two.
const THE_MACHINES_OWN: [&str; 8] = [
    "caches",
    "cpu",
    "cpus",
    "governor",
    "hypervisor",
    "kernel",
    "memory_bytes",
    "threads_per_core",
];

/// What sets the first machine's run apart from the others', beside the machine.
fn not_alike(results: &Results) -> Vec<String> {
    let first = &results.machines[0];
    let others = results.machines[1..].iter().flat_map(|other| {
        let differences = Environment::differences(&first.environment, &other.environment);
        let apart = differences.into_iter();
        let apart = apart.filter(|entry| !THE_MACHINES_OWN.contains(&entry.what.as_str()));
        apart.map(|entry| format!("{entry} ({} / {})", first.name, other.name))
    });
    others.collect()
}
