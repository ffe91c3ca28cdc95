//! What adopting a strategy costs: rows in which it is worse, promises that differ from the baseline's,
//! memory.

use basis::sample::Card;

use crate::results::{Judged, Metric, Recommendation, Results, is_worse};

use super::{facts, format};

/// All of it, in a sentence each.
pub(super) fn of(results: &Results, found: &Recommendation) -> Vec<String> {
    let mut told = Vec::new();
    if !found.losses.is_empty() {
        let rows = rows(results, found);
        told.push(format!("Worse than `{}` in {rows}.", results.baseline));
    }
    for (words, better) in [("Other promises than", false), ("Better ones than", true)] {
        let promises = promises(results, &found.strategy, better);
        if !promises.is_empty() {
            told.push(format!(
                "{words} `{}`'s (in brackets): {}.",
                results.baseline,
                format::list(&promises)
            ));
        }
    }
    told.extend(memory(results, &found.strategy).map(|more| format!("{more}.")));
    if told.is_empty() {
        told.push("Nothing that was looked at.".into());
    }
    told
}

/// The rows in which it is worse, each with its ratio; of many the one that speaks most against it.
fn rows(results: &Results, found: &Recommendation) -> String {
    let with_ratio = |judged: &Judged| {
        let row = facts::row(results, judged)?;
        let ratio = row.ratio(results, &found.strategy)?;
        let told = format!("{} {}", row.label(results), format::ratio(ratio));
        Some((ratio.median, told))
    };
    let mut told: Vec<(f64, String)> = found.losses.iter().filter_map(with_ratio).collect();
    if told.len() == found.losses.len() && told.len() <= SHORT_MAX {
        let told: Vec<String> = told.into_iter().map(|(_, told)| told).collect();
        return format::list(&told);
    }
    told.sort_by(|a, b| a.0.total_cmp(&b.0));
    let most = told.first().map(|(_, told)| format!("; most in {told}"));
    let all = facts::labels(results, &found.losses);
    format!("{all}{}", most.unwrap_or_default())
}

/// The same where there is room for the gist.
pub(super) fn in_short(results: &Results, found: &Recommendation) -> String {
    let mut told = Vec::new();
    match found.losses.len() {
        0 => {}
        1..=SHORT_MAX => told.push(format!(
            "worse in {}",
            facts::labels(results, &found.losses)
        )),
        rows => told.push(format!(
            "worse in {rows} of {}",
            format::counted(facts::all_rows(results).len(), "row", "rows")
        )),
    }
    told.extend(promises(results, &found.strategy, false));
    told.extend(memory(results, &found.strategy));
    if told.is_empty() {
        return "nothing that was looked at".into();
    }
    told.join("; ")
}

/// Rows that are named where there is room for the gist.
const SHORT_MAX: usize = 3;

/// Where a strategy claims something else than the baseline does: what is better, or all the rest.
fn promises(results: &Results, strategy: &str, better: bool) -> Vec<String> {
    let card = |name: &str| results.strategies.iter().find(|card| card.name == name);
    let (Some(own), Some(baseline)) = (card(strategy), card(&results.baseline)) else {
        return Vec::new();
    };
    let differences = own.claims.differences(&baseline.claims);
    differences
        .filter(|(_, claim, usual)| (claim > usual) == better)
        .map(|(property, claim, usual)| format!("{property} {claim} ({usual})"))
        .collect()
}

/// What a strategy claims, with the records that it holds.
pub(super) fn properties(card: &Card) -> Vec<(String, String)> {
    let claims = card.claims.all();
    claims
        .map(|(property, claim)| (property.to_string(), claim.to_string()))
        .collect()
}

/// How much more a record keeps alive than in the baseline, over the tables that were weighed.
fn memory(results: &Results, strategy: &str) -> Option<String> {
    let times: Vec<f64> = results
        .cells
        .iter()
        .filter(|cell| cell.strategy == strategy && cell.metric == Metric::LiveBytesPerRecord)
        .filter_map(|cell| Some(1.0 / cell.ratio.as_ref()?.median))
        .collect();
    let least = times.iter().copied().reduce(f64::min)?;
    let most = times.iter().copied().reduce(f64::max)?;
    let [low, high] = [least, most].map(format::times);
    is_worse(1.0 / most).then(|| {
        if low == high {
            format!("{high} the memory per record")
        } else {
            format!("up to {high} the memory per record")
        }
    })
}
