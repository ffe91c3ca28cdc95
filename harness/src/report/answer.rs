//! The first screen: a reviewer's questions, each with its answer.

use crate::results::{Decision, Flip, PROCESSES_LEAST, Recommendation, Results, TOLERATED};

use super::facts;
use super::view::{Answer, Tally};
use super::{certainty, flips, format, losses, method};

/// Strategies that a sentence names at most; the tally below it names all.
pub(super) const NAMED_MAX: usize = 3;

/// By how much nothing is better.
pub(super) const NONE_IS_RANKED: &str =
    "No strategy is ranked: checks found what each promises broken.";

/// The questions that a review asks, in its order.
pub(super) fn answers(results: &Results) -> Vec<Answer> {
    let again = Answer {
        question: "How to repeat it".into(),
        text: vec![method::again(results)],
    };
    if !results
        .recommendations
        .iter()
        .any(|found| is_compared(results, &found.strategy))
    {
        let text = format!(
            "Nothing was compared with `{}` in this run, so there is no answer: measure at least one \
             more strategy.",
            results.baseline
        );
        return vec![answer("Which to adopt", [text]), again];
    }
    let how_sure = answer("How sure", [certainty::of(results)]);
    if !is_for_decisions(results) {
        let along = format!(
            "This run asked along axes and not for a decision: the section on where the answer flips says \
             which strategies are better than `{}` by more than {}, and where.",
            results.baseline,
            format::margin(results.margin)
        );
        return vec![answer("Which to adopt", [along]), how_sure, again];
    }
    let chosen = chosen(results);
    let mut answers = vec![answer("Which to adopt", [what_to_adopt(results)])];
    answers.push(answer("By how much", [by_how_much(results, chosen)]));
    answers.push(how_sure);
    answers.push(answer("What is lost", what_is_lost(results, chosen)));
    answers.push(answer("When it flips", when_it_flips(results, chosen)));
    answers.push(answer("What not to adopt", [what_not(results)]));
    answers.push(again);
    answers
}

pub(super) fn answer(question: &str, text: impl IntoIterator<Item = String>) -> Answer {
    Answer {
        question: question.into(),
        text: text.into_iter().collect(),
    }
}

/// The strategy that the answers are about: the strongest of those that gain anything.
pub(super) fn chosen(results: &Results) -> Option<&Recommendation> {
    strongest(results, &[Decision::Adopt, Decision::AdoptForSome])
}

/// The one that comes closest to a gain, where none is sure of one.
fn closest(results: &Results) -> Option<&Recommendation> {
    use Decision::{StayWithBaseline, TooFew, Undecided};
    strongest(results, &[Undecided, TooFew, StayWithBaseline])
}

fn strongest<'r>(results: &'r Results, decisions: &[Decision]) -> Option<&'r Recommendation> {
    decisions.iter().find_map(|&wanted| {
        let found = facts::strongest_first(results, |decision| decision == wanted);
        found.first().copied()
    })
}

/// Whether anything but the points of sweeps was asked: those show where an answer changes, and count
/// in no recommendation.
pub(super) fn is_for_decisions(results: &Results) -> bool {
    let mut scenarios = results.scenarios.iter();
    scenarios.any(|scenario| scenario.point.is_none())
}

pub(super) fn is_compared(results: &Results, strategy: &str) -> bool {
    facts::all_rows(results)
        .iter()
        .any(|row| row.ratio(results, strategy).is_some())
}

fn what_to_adopt(results: &Results) -> String {
    let margin = format::margin(results.margin);
    let adopt = facts::strongest_first(results, |decision| decision == Decision::Adopt);
    if let [best, others @ ..] = adopt.as_slice() {
        return format!(
            "Adopt `{}`: better than `{}` by more than {margin} in every row of the report that was \
             measured, and worse by more than {} in none of this run's rows.{}{}",
            best.strategy,
            results.baseline,
            format::margin(TOLERATED),
            also(others),
            for_any_record(results, &adopt)
        );
    }
    let some = facts::strongest_first(results, |decision| decision == Decision::AdoptForSome);
    if let [best, others @ ..] = some.as_slice() {
        return format!(
            "No strategy beats `{}` by more than {margin} everywhere at no loss. The strongest is \
             `{}`{}.{}{}",
            results.baseline,
            best.strategy,
            but(results, best),
            for_any_record(results, &some),
            for_some(others)
        );
    }
    if !facts::strongest_first(results, |decision| decision == Decision::TooFew).is_empty() {
        return format!(
            "Too few to say: preset quick decides nothing, nor do fewer than {PROCESSES_LEAST} measuring \
             processes. The default preset decides."
        );
    }
    if facts::strongest_first(results, |decision| decision == Decision::Undecided).is_empty() {
        format!(
            "Stay with `{}`: no strategy is better by more than {margin} in any row.",
            results.baseline
        )
    } else {
        format!(
            "No answer yet: no strategy is better than `{}` by more than {margin} in any row for certain, \
             and these samples leave some open. More of them decide: a longer preset.",
            results.baseline
        )
    }
}

/// The strongest that holds more than plain data, if the strongest of all does not.
fn for_any_record(results: &Results, strongest: &[&Recommendation]) -> String {
    let is_plain = |found: &&&Recommendation| {
        let mut cards = results.contenders();
        cards.any(|card| card.name == found.strategy && card.claims.plain_data_only)
    };
    let any = strongest.iter().find(|found| !is_plain(found));
    match (strongest.first().filter(is_plain), any) {
        (Some(best), Some(any)) => format!(
            " `{}` holds plain data only; the strongest that holds any record is `{}` ({}).",
            best.strategy,
            any.strategy,
            rows_in_words(results, &any.strategy)
        ),
        _ => String::new(),
    }
}

/// The strongest in the report's rows, or else what comes closest to it.
fn by_how_much(results: &Results, chosen: Option<&Recommendation>) -> String {
    let Some(best) = chosen.or_else(|| closest(results)) else {
        return NONE_IS_RANKED.into();
    };
    let lead = if chosen.is_some() {
        String::new()
    } else {
        format!(
            "By less than {}, or not for certain. What comes closest: ",
            format::margin(results.margin)
        )
    };
    format!(
        "{lead}`{}`, times better than `{}` [95 % interval]: {}.",
        best.strategy,
        results.baseline,
        rows_in_words(results, &best.strategy)
    )
}

fn what_is_lost(results: &Results, chosen: Option<&Recommendation>) -> Vec<String> {
    let Some(best) = chosen else {
        let stays = format!("Nothing is, while `{}` stays.", results.baseline);
        let Some(closest) = closest(results) else {
            return vec![stays];
        };
        let lead = format!("{stays} With `{}`:", closest.strategy);
        return std::iter::once(lead)
            .chain(losses::of(results, closest))
            .collect();
    };
    losses::of(results, best)
}

/// A strategy in the report's rows, each with its interval; in its gains, if there are none.
pub(super) fn rows_in_words(results: &Results, strategy: &str) -> String {
    let rows = facts::main_rows(results);
    let words: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let ratio = row.ratio(results, strategy)?;
            Some(format!("{} {}", row.label(results), format::ratio(ratio)))
        })
        .collect();
    format::list(&words)
}

fn but(results: &Results, best: &Recommendation) -> String {
    if best.losses.is_empty() {
        "; it is worse nowhere, but misses or leaves open the margin somewhere".into()
    } else {
        format!("; it is worse in {}", facts::labels(results, &best.losses))
    }
}

fn names(found: &[&Recommendation]) -> String {
    let mut names: Vec<String> = found
        .iter()
        .take(NAMED_MAX)
        .map(|found| format!("`{}`", found.strategy))
        .collect();
    if found.len() > NAMED_MAX {
        names.push(format!("{} more", found.len() - NAMED_MAX));
    }
    format::list(&names)
}

fn also(others: &[&Recommendation]) -> String {
    match others.len() {
        0 => String::new(),
        1 => format!(" So is {}.", names(others)),
        _ => format!(" So are {}.", names(others)),
    }
}

fn for_some(others: &[&Recommendation]) -> String {
    if others.is_empty() {
        String::new()
    } else {
        format!(
            " Also worth adopting for some operations: {}.",
            names(others)
        )
    }
}

/// Where the answer changes, as far as this run tells: for the strategy in question along what was
/// swept, or else over the rows.
pub(super) fn when_it_flips(results: &Results, chosen: Option<&Recommendation>) -> Vec<String> {
    let is_telling = |flip: &&Flip| {
        let concerns = chosen.is_some_and(|found| found.strategy == flip.strategy);
        concerns && flip.at.is_some()
    };
    let told = results.flips.iter().filter(is_telling);
    let mut text: Vec<String> = told.take(NAMED_MAX).map(flips::sentence).collect();
    if let (true, Some(found)) = (text.is_empty(), chosen) {
        text.push(over_rows(results, found));
    }
    if flips::sweeps(results).is_empty() {
        text.push(flips::NOT_SWEPT.into());
    }
    text
}

/// In which rows a strategy is on which side.
fn over_rows(results: &Results, found: &Recommendation) -> String {
    let margin = format::margin(results.margin);
    let sides = [
        (format!("better by more than {margin} in"), &found.gains),
        ("worse in".into(), &found.losses),
        ("not decided in".into(), &found.open),
    ];
    let sides: Vec<String> = sides
        .iter()
        .filter(|(_, judged)| !judged.is_empty())
        .map(|(words, judged)| format!("{words} {}", facts::labels(results, judged)))
        .collect();
    let strategy = &found.strategy;
    format!(
        "`{strategy}` over the rows of this run: {}.",
        sides.join("; ")
    )
}

fn what_not(results: &Results) -> String {
    let stay = facts::strongest_first(results, |decision| decision == Decision::StayWithBaseline);
    let refused = facts::strongest_first(results, |decision| decision == Decision::Disqualified);
    let mut text = if stay.is_empty() {
        "Every ranked strategy improves something, or may.".to_owned()
    } else {
        format!(
            "Not worth leaving `{}` for: {}, better by the margin nowhere.",
            results.baseline,
            names(&stay)
        )
    };
    text.push_str(&channel(results));
    if !refused.is_empty() {
        text.push_str(&format!(
            " Not ranked, because a check found a guarantee broken: {}.",
            names(&refused)
        ));
    }
    text
}

/// What became of the report's own proposal.
pub(super) fn channel(results: &Results) -> String {
    let is_refused = |name: &str| {
        facts::recommendation(results, name)
            .is_some_and(|found| found.decision == Decision::StayWithBaseline)
    };
    let worst = results
        .contenders()
        .filter(|card| facts::family(&card.name) == facts::CHANNEL && is_refused(&card.name))
        .flat_map(|card| {
            facts::report_rows(results)
                .into_iter()
                .filter_map(|row| Some((row, &card.name, row.ratio(results, &card.name)?)))
        })
        .filter(|(_, _, ratio)| ratio.loses())
        .min_by(|a, b| a.2.median.total_cmp(&b.2.median));
    worst.map_or_else(String::new, |(row, name, ratio)| {
        format!(
            " The channel stays invalidated: `{name}` is slower by {} ({}).",
            format::slower_by(ratio),
            row.label(results)
        )
    })
}

/// All strategies, by decision.
pub(super) fn tally(results: &Results) -> Vec<Tally> {
    if !is_for_decisions(results) {
        return Vec::new();
    }
    facts::BEST_FIRST
        .into_iter()
        .map(|decision| Tally {
            decision: format::decision(decision, &results.baseline),
            tone: format::decision_tone(decision),
            strategies: facts::strongest_first(results, |found| found == decision)
                .into_iter()
                .map(|found| found.strategy.clone())
                .collect(),
        })
        .filter(|tally| !tally.strategies.is_empty())
        .collect()
}
