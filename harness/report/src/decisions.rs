//! One strategy for everything: which to adopt by the adoption rule, what each one gains and loses, and the report's
//! assumptions.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::{Serde, Value};

use results::{Card, Decision, Judged, Machine, Overall, Results, Verdict};

use super::collect::{grouped, unique};
use super::draft::Draft;
use super::losses::Losses;
use super::view::{Block, Cell, Section, Tone};
use super::{differences, facts, format, pivots};

/// The head of the page with the details.
pub(super) fn details(results: &Results) -> Section {
    Draft::new("details", results).section()
}

pub(super) fn section(results: &Results) -> Section {
    with_answer(Draft::new("decisions", results), results)
        .of_each(|machine| {
            let rows = facts::all_rows(machine);
            let titles = rows.iter().map(|row| row.label(machine));
            let cards = pivots::titled(machine.contenders()).into_iter();
            let strategies = cards.map(|(pivot, card)| strategy(results, machine, &pivot, card));
            context! {
                rows => titles.collect::<Vec<_>>(),
                strategies => strategies.collect::<Vec<_>>(),
                ids => Serde(unique(machine.assumptions.iter().map(|judged| &judged.id))),
            }
        })
        .section()
}

/// Which strategy to adopt for everything, and where machines differ, in a paragraph.
pub(super) fn answer(results: &Results) -> String {
    let section = with_answer(Draft::new("answer", results), results).section();
    let texts = section.blocks.iter().filter_map(|block| match block {
        Block::Prose { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The facts of `sections/answer.md.j2`.
fn with_answer<'r>(draft: Draft<'r>, results: &'r Results) -> Draft<'r> {
    let chosen = chosen(results);
    let gains = chosen.map(|chosen| facts::labels(&results.machines, &chosen.gains));
    let agreeing = results.overall.iter().filter(|overall| overall.agree);
    draft
        .fact("is_compared", is_compared(results))
        .fact("is_for_decisions", is_for_decisions(results))
        .fact("under", decided(results))
        .fact(
            "any_record",
            chosen.and_then(|one| any_record(results, one)),
        )
        .fact("gains", gains)
        .fact("decided", results.overall.len())
        .fact("agreeing", agreeing.count())
        .fact("disagreeing", disagreeing(results))
        .fact("differences", differences::rows(results))
}

/// Whether a machine has compared anything with the baseline.
pub(super) fn is_compared(results: &Results) -> bool {
    results.machines.iter().any(|machine| {
        let mut cells = machine.cells.iter();
        cells.any(|cell| {
            cell.ratio.is_some()
                && machine.recommendation(&cell.strategy).is_some()
                && cell.metric.is_timed()
        })
    })
}

/// Whether anything but the points of sweeps was asked: those show where an answer changes, and count
/// in no recommendation.
pub(super) fn is_for_decisions(results: &Results) -> bool {
    let mut machines = results.machines.iter();
    machines.any(|machine| machine.scenarios.iter().any(|one| one.point.is_none()))
}

/// The strategies under a decision over all machines, strongest first.
fn under(results: &Results, wanted: Decision) -> Vec<&str> {
    let ranked = facts::strongest_first(results, |decision| decision == wanted).into_iter();
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
    let others = under(results, chosen.decision).into_iter();
    others
        .filter(|_| is_plain(&chosen.strategy))
        .find(|name| !is_plain(name))
}

/// The strategies that machines decide differently about, together where they do so alike.
fn disagreeing(results: &Results) -> Vec<Value> {
    let ranked = facts::strongest_first(results, |_| true).into_iter();
    let apart = ranked.filter(|overall| !overall.agree);
    let groups = grouped(apart.map(|one| (of_machines(results, one), one.strategy.as_str())));
    let groups = groups.into_iter();
    groups
        .map(|(decisions, strategies)| {
            context! { decisions => decisions, strategies => Serde(strategies) }
        })
        .collect()
}

/// What each machine decides: `adopt on epyc-2cpu, undecided on xeon-2cpu`.
pub(super) fn of_machines(results: &Results, overall: &Overall) -> String {
    let each = overall.decisions.iter().map(|there| {
        let words = |decision| format::decision(decision, &results.baseline);
        let decision = there.decision.map_or_else(|| "not compared".into(), words);
        format!("{decision} on {}", there.machine)
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Which strategies fall under which decision over all machines, strongest first.
pub(super) fn decided(results: &Results) -> Vec<Value> {
    let decided = facts::BEST_FIRST.map(|decision| {
        context! {
            words => format::decision(decision, &results.baseline),
            names => Serde(under(results, decision)),
        }
    });
    decided.to_vec()
}

/// What is decided about a strategy, what speaks for and against it, what it gives up besides, its ratio in every row, and the
/// verdicts on each of the report's assumptions.
fn strategy(results: &Results, machine: &Machine, pivot: &str, card: &Card) -> Value {
    let name = card.name.as_str();
    let judged = machine.assumptions.iter();
    let judged = judged.filter(|judged| judged.strategy == name);
    let verdicts = grouped(judged.map(|judged| (&judged.id, judged.verdict)));
    let decided = machine.recommendation(name).map(|known| {
        let labels = |judged: &Vec<Judged>| facts::labels_on(machine, judged);
        let rows = facts::all_rows(machine).into_iter();
        let cells = rows.map(|row| signed(machine, row, name).marked());
        context! {
            over_all => facts::over_all(results, name).marked(),
            decision => facts::decision(machine, name).marked(),
            sides => [&known.gains, &known.losses, &known.open].map(labels).to_vec(),
            none => facts::none_of(machine, name),
            given_up => Losses::of(machine, name).given_up(),
            cells => cells.collect::<Vec<_>>(),
        }
    });
    context! {
        pivot => pivot,
        name => name,
        decided => decided,
        verdicts => Serde(BTreeMap::from_iter(verdicts)),
    }
}

/// A ratio with a sign instead of its verdict.
fn signed(machine: &Machine, row: facts::Row<'_>, strategy: &str) -> Cell {
    let cell = facts::ratio_cell(machine, row, strategy);
    let Some(ratio) = row.ratio(machine, strategy) else {
        return cell;
    };
    let (sign, tone) = match ratio.verdict {
        _ if ratio.loses() => ("-", Tone::Bad),
        Verdict::Holds => ("+", Tone::Good),
        Verdict::Rejected => ("", Tone::Figure),
        Verdict::Inconclusive => ("~", Tone::Open),
    };
    cell.judged(sign, tone)
}
