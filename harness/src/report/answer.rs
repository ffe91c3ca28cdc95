//! The first screen: what to adopt, what not, and how sure that is.

use basis::controls;

use crate::results::{Decision, Recommendation, Results, Verdict};

use super::facts::{self, Row};
use super::format;
use super::view::Tally;

/// Strategies that a sentence names at most; the tally below it names all.
const NAMED_MAX: usize = 3;

/// The answer in three sentences or paragraphs.
pub(super) fn sentences(results: &Results) -> Vec<String> {
    if !results
        .recommendations
        .iter()
        .any(|found| is_compared(results, &found.strategy))
    {
        return vec![format!(
            "Nothing was compared with `{}` in this run, so there is no answer: measure at least one \
             more strategy.",
            results.baseline
        )];
    }
    if !is_for_decisions(results) {
        let along = format!(
            "This run asked along axes and not for a decision: the section on where the answer flips says \
             which strategies are better than `{}` by more than {}, and where.",
            results.baseline,
            format::margin(results.margin)
        );
        return vec![along, how_sure(results)];
    }
    vec![what_to_adopt(results), what_not(results), how_sure(results)]
}

/// Whether anything but the points of sweeps was asked: those show where an answer changes, and count
/// in no recommendation.
fn is_for_decisions(results: &Results) -> bool {
    let mut scenarios = results.scenarios.iter();
    scenarios.any(|scenario| scenario.point.is_none())
}

fn is_compared(results: &Results, strategy: &str) -> bool {
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
             measured, and worse in none of this run's rows: {}.{}",
            best.strategy,
            results.baseline,
            rows_in_words(results, &best.strategy),
            also(others)
        );
    }
    let some = facts::strongest_first(results, |decision| decision == Decision::AdoptForSome);
    if let [best, others @ ..] = some.as_slice() {
        return format!(
            "No strategy beats `{}` by more than {margin} everywhere at no loss. The strongest is \
             `{}`: {}{}.{}",
            results.baseline,
            best.strategy,
            rows_in_words(results, &best.strategy),
            but(results, best),
            for_some(others)
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

/// A strategy in the report's rows, each with its interval; in its gains, if there are none.
fn rows_in_words(results: &Results, strategy: &str) -> String {
    let rows = facts::report_rows(results);
    let rows = if rows.is_empty() {
        facts::all_rows(results)
    } else {
        rows
    };
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
        "; it loses nowhere, but misses or leaves open the margin somewhere".into()
    } else {
        format!("; it is slower in {}", facts::labels(results, &best.losses))
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
fn channel(results: &Results) -> String {
    let worst = results
        .contenders()
        .filter(|card| facts::family(&card.name) == facts::CHANNEL && results.is_ranked(&card.name))
        .flat_map(|card| {
            facts::report_rows(results)
                .into_iter()
                .filter_map(|row| Some((row, &card.name, row.ratio(results, &card.name)?)))
        })
        .filter(|(_, _, ratio)| ratio.ci_high < 1.0)
        .min_by(|a, b| a.2.median.total_cmp(&b.2.median));
    worst.map_or_else(String::new, |(row, name, ratio)| {
        format!(
            " The channel stays invalidated: `{name}` is slower by {} ({}).",
            format::slower_by(ratio),
            row.label(results)
        )
    })
}

fn how_sure(results: &Results) -> String {
    let rows = facts::report_rows(results);
    let rows = if rows.is_empty() {
        facts::all_rows(results)
    } else {
        rows
    };
    let verdicts: Vec<Verdict> = results
        .contenders()
        .filter(|card| results.is_ranked(&card.name))
        .flat_map(|card| {
            rows.iter()
                .filter_map(|row| Some(row.ratio(results, &card.name)?.verdict))
        })
        .collect();
    let of = |wanted: Verdict| {
        verdicts
            .iter()
            .filter(|&&verdict| verdict == wanted)
            .count()
    };
    let mut text = format!(
        "How sure: of {} in these rows {} HOLD, {} are REJECTED and {} INCONCLUSIVE at 99 %, corrected for \
         their number",
        format::counted(verdicts.len(), "verdict", "verdicts"),
        of(Verdict::Holds),
        of(Verdict::Rejected),
        of(Verdict::Inconclusive)
    );
    text.push_str(&noise(results, &rows));
    text.push('.');
    let oversubscribed: Vec<String> = rows
        .iter()
        .filter(|row| {
            row.scenario.threads() > results.environment.cpus && results.environment.cpus > 0
        })
        .map(|row| row.label(results))
        .collect();
    if !oversubscribed.is_empty() {
        text.push_str(&format!(
            " On {} the scheduler has its share in {}.",
            format::counted(results.environment.cpus, "processor", "processors"),
            format::list(&oversubscribed)
        ));
    }
    text
}

/// What the baseline against itself says about these rows.
fn noise(results: &Results, rows: &[Row<'_>]) -> String {
    let same: Vec<_> = rows
        .iter()
        .filter_map(|row| row.ratio(results, controls::SAME))
        .filter(|ratio| ratio.judged_low < ratio.judged_high)
        .collect();
    if same.is_empty() {
        return "; how noisy these rows are was not measured, or in one process only".into();
    }
    let equal = same
        .iter()
        .filter(|ratio| ratio.judged_low <= 1.0 && 1.0 <= ratio.judged_high)
        .count();
    let widest = same
        .iter()
        .map(|ratio| ratio.judged_high / ratio.judged_low)
        .fold(1.0, f64::max);
    format!(
        "; the baseline against itself contains 1.00 in {equal} of {}, its widest interval spans a \
         factor of {}",
        format::counted(same.len(), "row", "rows"),
        format::significant(widest)
    )
}

/// All strategies, by decision.
pub(super) fn tally(results: &Results) -> Vec<Tally> {
    if !is_for_decisions(results) {
        return Vec::new();
    }
    [
        Decision::Adopt,
        Decision::AdoptForSome,
        Decision::Undecided,
        Decision::StayWithBaseline,
        Decision::Disqualified,
    ]
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
