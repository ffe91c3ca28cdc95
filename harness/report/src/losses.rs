//! What adopting a strategy costs: rows in which it is worse, promises that differ from the baseline's,
//! memory.

use model::sample::Card;
use serde::Serialize;

use results::{Machine, Metric, is_worse};

use super::{facts, format};

/// What a strategy costs on a machine. `templates/sections/first.md.j2` has the sentences.
#[derive(Debug, Serialize)]
pub(super) struct Losses {
    /// The rows in which it is worse, by their labels.
    labels: Vec<String>,
    /// The same with their ratios.
    rows: Vec<String>,
    /// The one that speaks most against it.
    worst: String,
    /// Promises that are not as good as the baseline's...
    pub(super) weaker: Vec<String>,
    /// ...and those that are better.
    stronger: Vec<String>,
    /// How much more a record keeps alive than in the baseline.
    pub(super) memory: Option<String>,
    /// Whether there is nothing of all that.
    pub(super) nothing: bool,
}

/// Rows that are named where there is room for the gist.
const SHORT_MAX: usize = 3;

impl Losses {
    pub(super) fn of(machine: &Machine, strategy: &str) -> Self {
        let lost = machine.recommendation(strategy);
        let lost = lost.map_or(&[][..], |found| &found.losses);
        let with_ratio = |judged| {
            let row = facts::row(machine, judged)?;
            let ratio = row.ratio(machine, strategy)?;
            Some((
                ratio.median,
                format!("{} {}", row.label(machine), format::ratio(ratio)),
            ))
        };
        let rows: Vec<(f64, String)> = lost.iter().filter_map(with_ratio).collect();
        let worst = rows.iter().min_by(|a, b| a.0.total_cmp(&b.0));
        let weaker = promises(machine, strategy, false);
        let stronger = promises(machine, strategy, true);
        let memory = memory(machine, strategy);
        Self {
            labels: facts::labels_on(machine, lost),
            worst: worst.map(|(_, told)| told.clone()).unwrap_or_default(),
            nothing: rows.is_empty()
                && weaker.is_empty()
                && stronger.is_empty()
                && memory.is_none(),
            rows: rows.into_iter().map(|(_, told)| told).collect(),
            weaker,
            stronger,
            memory,
        }
    }

    /// The gist, for a cell.
    pub(super) fn in_short(&self, machine: &Machine) -> String {
        let rows = match self.labels.len() {
            0 => None,
            1..=SHORT_MAX => Some(format!("worse in {}", format::list(&self.labels))),
            rows => {
                let all = format::counted(facts::all_rows(machine).len(), "row", "rows");
                Some(format!("worse in {rows} of {all}"))
            }
        };
        let parts = rows
            .into_iter()
            .chain(self.weaker.clone())
            .chain(self.memory.clone());
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() {
            return "none found in the properties checked".into();
        }
        parts.join("; ")
    }
}

/// Where a strategy claims something else than the baseline does: what is better, or all the rest.
fn promises(machine: &Machine, strategy: &str, better: bool) -> Vec<String> {
    let card = |name: &str| machine.strategies.iter().find(|card| card.name == name);
    let (Some(own), Some(baseline)) = (card(strategy), card(&machine.baseline)) else {
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
fn memory(machine: &Machine, strategy: &str) -> Option<String> {
    let weighed = machine
        .cells
        .iter()
        .filter(|cell| cell.strategy == strategy && cell.metric == Metric::LiveBytesPerRecord);
    let times: Vec<f64> = weighed
        .filter_map(|cell| Some(1.0 / cell.ratio.as_ref()?.median))
        .collect();
    let least = times.iter().copied().reduce(f64::min)?;
    let most = times.iter().copied().reduce(f64::max)?;
    let [low, high] = [least, most].map(format::times);
    is_worse(1.0 / most).then(|| {
        let up_to = if low == high { "" } else { "up to " };
        format!("{up_to}{high} the memory per record")
    })
}
