//! What adopting a strategy costs: rows in which it is worse, promises that differ from the baseline's,
//! memory.

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
        let lost = lost.map_or(&[][..], |known| &known.losses);
        let ratios = lost.iter().filter_map(|judged| {
            let row = facts::row(machine, judged)?;
            let ratio = row.ratio(machine, strategy)?;
            let text = format!("{} {}", row.label(machine), format::ratio(ratio));
            Some((ratio.median, text))
        });
        let mut ratios: Vec<(f64, String)> = ratios.collect();
        let rows: Vec<String> = ratios.iter().map(|(_, text)| text.clone()).collect();
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        let [stronger, weaker] = [true, false].map(|better| promises(machine, strategy, better));
        let memory = memory(machine, strategy);
        let nothing =
            rows.is_empty() && weaker.is_empty() && stronger.is_empty() && memory.is_none();
        Self {
            labels: facts::labels_on(machine, lost),
            worst: ratios
                .into_iter()
                .map(|(_, text)| text)
                .next()
                .unwrap_or_default(),
            rows,
            weaker,
            stronger,
            memory,
            nothing,
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
        let parts = rows.into_iter().chain(self.weaker.clone());
        let parts: Vec<String> = parts.chain(self.memory.clone()).collect();
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

/// How much more a record keeps alive than in the baseline, over the tables that were weighed.
fn memory(machine: &Machine, strategy: &str) -> Option<String> {
    let weighed = machine
        .cells
        .iter()
        .filter(|cell| cell.strategy == strategy && cell.metric == Metric::LiveBytesPerRecord);
    let times = weighed.filter_map(|cell| Some(1.0 / cell.ratio.as_ref()?.median));
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    let (least, most) = (*times.first()?, *times.last()?);
    let [low, high] = [least, most].map(format::times);
    is_worse(1.0 / most).then(|| {
        let up_to = if low == high { "" } else { "up to " };
        format!("{up_to}{high} the memory per record")
    })
}
