//! The first screen: a reviewer's questions, answered for all machines.

use crate::results::{Decision, Merged, Overall, Results};

use super::super::answer::{self, NAMED_MAX, answer};
use super::super::view::{Answer, Tally};
use super::super::{certainty, facts as own, format, losses};
use super::{differences, facts};

/// The questions that a review asks, in its order.
pub(super) fn answers(merged: &Merged) -> Vec<Answer> {
    let again = answer("How to repeat it", again(merged));
    let how_sure = answer(
        "How sure",
        each(merged, |results| vec![certainty::of(results)]),
    );
    if !merged.machines.iter().any(|one| is_compared(&one.results)) {
        let text = format!(
            "Nothing was compared with `{}` on any machine, so there is no answer: measure at least one \
             more strategy.",
            merged.baseline
        );
        return vec![answer("Which to adopt", [text]), again];
    }
    if !is_for_decisions(merged) {
        let along =
            "These runs asked along axes and not for a decision: where the answer flips on each \
                     machine is in its own report."
                .to_owned();
        return vec![answer("Which to adopt", [along]), how_sure, again];
    }
    let chosen = chosen(merged);
    let mut answers = vec![
        answer("Which to adopt", [what_to_adopt(merged)]),
        answer("Where machines differ", differences::in_words(merged)),
    ];
    answers.push(answer("By how much", by_how_much(merged, chosen)));
    answers.push(how_sure);
    answers.push(answer("What is lost", lost(merged, chosen)));
    answers.push(answer("When it flips", when_it_flips(merged, chosen)));
    answers.push(answer("What not to adopt", what_not(merged)));
    answers.push(again);
    answers
}

/// All strategies, by conclusion.
pub(super) fn tally(merged: &Merged) -> Vec<Tally> {
    if !is_for_decisions(merged) {
        return Vec::new();
    }
    let under = |conclusion| {
        let found = facts::strongest_first(merged, |found| found == conclusion);
        found
            .into_iter()
            .map(|found| found.strategy.clone())
            .collect()
    };
    own::BEST_FIRST
        .into_iter()
        .map(|conclusion| Tally {
            decision: format::decision(conclusion, &merged.baseline),
            tone: format::decision_tone(conclusion),
            strategies: under(conclusion),
        })
        .filter(|tally| !tally.strategies.is_empty())
        .collect()
}

fn is_compared(results: &Results) -> bool {
    let mut all = results.recommendations.iter();
    all.any(|found| answer::is_compared(results, &found.strategy))
}

fn is_for_decisions(merged: &Merged) -> bool {
    let mut machines = merged.machines.iter();
    machines.any(|one| answer::is_for_decisions(&one.results))
}

/// The strategy that the answers are about: the strongest of those that gain on every machine.
pub(in super::super) fn chosen(merged: &Merged) -> Option<&Overall> {
    strongest(merged, &[Decision::Adopt, Decision::AdoptForSome])
}

/// The one that comes closest to a gain on every machine, where none has one.
fn closest(merged: &Merged) -> Option<&Overall> {
    use Decision::{MachinesDiffer, StayWithBaseline, Undecided};
    strongest(merged, &[MachinesDiffer, Undecided, StayWithBaseline])
}

fn strongest<'m>(merged: &'m Merged, conclusions: &[Decision]) -> Option<&'m Overall> {
    conclusions.iter().find_map(|&wanted| {
        let found = facts::strongest_first(merged, |conclusion| conclusion == wanted);
        found.first().copied()
    })
}

/// What each machine says, after its name; what all say in the same words is said once and first.
fn each(merged: &Merged, said: impl Fn(&Results) -> Vec<String>) -> Vec<String> {
    let all: Vec<(&str, Vec<String>)> = merged
        .machines
        .iter()
        .map(|one| (one.machine.as_str(), said(&one.results)))
        .collect();
    let is_common = |text: &String| all.iter().all(|(_, texts)| texts.contains(text));
    let (_, first) = &all[0];
    let mut told: Vec<String> = first
        .iter()
        .filter(|text| is_common(text))
        .cloned()
        .collect();
    for (machine, texts) in &all {
        let apart: Vec<&str> = texts
            .iter()
            .filter(|text| !is_common(text))
            .map(String::as_str)
            .collect();
        if !apart.is_empty() {
            told.push(format!("{machine}: {}", apart.join(" ")));
        }
    }
    told
}

pub(super) fn names(found: &[&str]) -> String {
    let first = found.iter().take(NAMED_MAX);
    let mut names: Vec<String> = first.map(|name| format!("`{name}`")).collect();
    if found.len() > NAMED_MAX {
        names.push(format!("{} more", found.len() - NAMED_MAX));
    }
    format::list(&names)
}

fn strategies(merged: &Merged, wanted: Decision) -> Vec<&str> {
    let found = facts::strongest_first(merged, |conclusion| conclusion == wanted);
    found
        .into_iter()
        .map(|found| found.strategy.as_str())
        .collect()
}

fn what_to_adopt(merged: &Merged) -> String {
    let margin = format::margin(merged.margin);
    let machines = merged.machines.len();
    let adopt = facts::strongest_first(merged, |found| found == Decision::Adopt);
    if let [best, others @ ..] = strategies(merged, Decision::Adopt).as_slice() {
        let also = match others.len() {
            0 => String::new(),
            1 => format!(" So is {}.", names(others)),
            _ => format!(" So are {}.", names(others)),
        };
        return format!(
            "Adopt `{best}`: on each of the {machines} machines better than `{}` by more than {margin} in \
             every row of the report that was measured, and worse in none of its rows.{also}{}",
            merged.baseline,
            for_any_record(merged, &adopt)
        );
    }
    let none = format!("No strategy is adopted on every one of the {machines} machines.");
    let some = facts::strongest_first(merged, |found| found == Decision::AdoptForSome);
    if let [best, others @ ..] = some.as_slice() {
        let others: Vec<&str> = others.iter().map(|found| found.strategy.as_str()).collect();
        let also = if others.is_empty() {
            String::new()
        } else {
            format!(
                " Also for some operations on all of them: {}.",
                names(&others)
            )
        };
        return format!(
            "{none} The strongest on all of them, for some operations, is `{}`: better by more than \
             {margin} on each in {}.{}{also}",
            best.strategy,
            facts::labels(merged, &best.gains),
            for_any_record(merged, &some)
        );
    }
    if !strategies(merged, Decision::MachinesDiffer).is_empty() {
        return format!(
            "{none} What one machine gains another does not, so none is recommended for all: it depends on \
             the machine."
        );
    }
    if strategies(merged, Decision::Undecided).is_empty() {
        return format!(
            "Stay with `{}`: no strategy is better by more than {margin} in any row, on any machine.",
            merged.baseline
        );
    }
    format!("{none} These samples leave some open; more of them decide: a longer preset.")
}

/// The strongest that holds more than plain data, if the strongest of all does not.
fn for_any_record(merged: &Merged, strongest: &[&Overall]) -> String {
    let contenders = facts::contenders(merged);
    let is_plain = |found: &&&Overall| {
        let mut cards = contenders.iter();
        cards.any(|card| card.name == found.strategy && card.claims.plain_data_only)
    };
    let any = strongest.iter().find(|found| !is_plain(found));
    match (strongest.first().filter(is_plain), any) {
        (Some(best), Some(any)) => format!(
            " `{}` holds plain data only; the strongest that holds any record is `{}`.",
            best.strategy, any.strategy
        ),
        _ => String::new(),
    }
}

/// Of the strategy in question, or else of what comes closest to it.
fn by_how_much(merged: &Merged, chosen: Option<&Overall>) -> Vec<String> {
    let Some(best) = chosen.or_else(|| closest(merged)) else {
        return vec![answer::NONE_IS_RANKED.into()];
    };
    let lead = if chosen.is_some() {
        String::new()
    } else {
        format!(
            "On every machine by less than {}, or not for certain. What comes closest: ",
            format::margin(merged.margin)
        )
    };
    let mut told = vec![format!(
        "{lead}`{}`, times better than `{}` [95 % interval].",
        best.strategy, merged.baseline
    )];
    told.extend(each(merged, |results| {
        vec![format!(
            "{}.",
            answer::rows_in_words(results, &best.strategy)
        )]
    }));
    told
}

fn lost(merged: &Merged, chosen: Option<&Overall>) -> Vec<String> {
    let stays = || format!("Nothing is, while `{}` stays.", merged.baseline);
    let (lead, best) = match (chosen, closest(merged)) {
        (Some(best), _) => (format!("`{}`.", best.strategy), best),
        (None, Some(best)) => (format!("{} With `{}`:", stays(), best.strategy), best),
        (None, None) => return vec![stays()],
    };
    let told = each(merged, |results| {
        let found = own::recommendation(results, &best.strategy);
        found.map_or_else(Vec::new, |found| losses::of(results, found))
    });
    std::iter::once(lead).chain(told).collect()
}

fn when_it_flips(merged: &Merged, best: Option<&Overall>) -> Vec<String> {
    each(merged, |results| {
        let found = best.and_then(|best| own::recommendation(results, &best.strategy));
        answer::when_it_flips(results, found)
    })
}

fn what_not(merged: &Merged) -> Vec<String> {
    let stay = strategies(merged, Decision::StayWithBaseline);
    let mut told = vec![if stay.is_empty() {
        "Every ranked strategy improves something on some machine, or may.".to_owned()
    } else {
        format!(
            "Not worth leaving `{}` for on any machine: {}, better by the margin nowhere.",
            merged.baseline,
            names(&stay)
        )
    }];
    told.extend(each(merged, |results| {
        let channel = answer::channel(results);
        let words = channel.trim();
        if words.is_empty() {
            Vec::new()
        } else {
            vec![words.to_owned()]
        }
    }));
    for one in &merged.machines {
        let broken = own::strongest_first(&one.results, |found| found == Decision::Disqualified);
        let broken: Vec<&str> = broken.iter().map(|found| found.strategy.as_str()).collect();
        if !broken.is_empty() {
            told.push(format!(
                "Not ranked, because a check on {} found a guarantee broken: {}.",
                one.machine,
                names(&broken)
            ));
        }
    }
    told
}

fn again(merged: &Merged) -> Vec<String> {
    let mut told = each(merged, |results| {
        let command = &results.environment.command;
        vec![if command.is_empty() {
            "the command that measured this is not known.".into()
        } else {
            format!("Measure again: `{command}`.")
        }]
    });
    let runs = merged.machines.iter().flat_map(|one| &one.runs);
    let runs: Vec<String> = runs.map(|run| format!("`{run}`")).collect();
    told.push(format!(
        "Judge again, from the samples of {}: `pivot report` of this folder, or of these with `--out`.",
        format::list(&runs)
    ));
    told
}
