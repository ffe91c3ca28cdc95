//! What it takes to use a strategy in a program of one's own, and what that costs.
//!
//! To use it: what to depend on, the type, and the two most frequent steps before and after; `templates/adoption.txt` has
//! the words. What it costs: rows in which it is worse, promises that are weaker than the baseline's, memory.

use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use results::{Machine, Metric, Ratio, is_worse};

use super::{facts, format};

/// The facts for a strategy with a card, with the versions that were measured.
pub(super) fn adoption(machine: &Machine, strategy: &str) -> Option<Value> {
    let card = machine.card(strategy)?;
    let measured = &machine.environment.libraries;
    let recipe = recipes::recipe(strategy);
    let used: Vec<&str> = match recipe {
        Some(recipe) => recipe.libraries.to_vec(),
        None => card.library.split(", ").collect(),
    };
    let libraries = measured.iter();
    let libraries = libraries.filter(|(library, _)| used.contains(&library.as_str()));
    let steps = recipe.map(|recipe| {
        let steps = [("Read", "read"), ("Read, modify, write", "update")];
        let steps = steps.into_iter().filter_map(|(title, region)| {
            let [before, after] = recipe.line(region);
            Some(context! { title, before => before?, after => after? })
        });
        steps.collect::<Vec<_>>()
    });
    Some(context! {
        strategy,
        summary => &card.summary,
        family => strategy.split('/').next(),
        is_own => card.is_own(),
        libraries => Serde(libraries.collect::<Vec<_>>()),
        crates => recipe.map(|recipe| Serde(recipe.crates)),
        is_copied => recipe.is_some_and(recipes::Recipe::is_copied),
        types => recipe.map(|recipe| recipe.types().to_vec()),
        steps,
        breaks => recipe.map(recipes::Recipe::breaks),
    })
}

/// What a strategy costs on a machine.
#[derive(Debug, Serialize)]
pub(super) struct Tradeoffs {
    /// The rows in which it is worse with how many times better it is there, the worst first.
    pub(super) rows: Vec<String>,
    /// Promises that are not as good as the baseline's, and those.
    pub(super) weaker: Vec<String>,
    /// What these are about.
    pub(super) weaker_properties: Vec<String>,
    /// How much more a record keeps alive than in the baseline, if it is more than is tolerated.
    pub(super) memory: Option<String>,
    /// Whether that was compared.
    pub(super) is_weighed: bool,
}

impl Tradeoffs {
    pub(super) fn from_machine(machine: &Machine, strategy: &str) -> Self {
        let lost = machine.recommendation(strategy);
        let lost = lost.map_or(&[][..], |recommendation| &recommendation.losses);
        let ratios = lost.iter().filter_map(|judged| {
            let row = facts::row(machine, &judged.scenario, judged.metric)?;
            Some((row.label(machine), row.ratio(machine, strategy)?))
        });
        let mut ratios: Vec<_> = ratios.collect();
        ratios.sort_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
        let weaker = machine.weaker_claims(strategy).into_iter();
        let weaker = weaker.map(|(property, claim, usual)| {
            let text = format!("{property}: {claim} instead of {usual}");
            (property.to_string(), text)
        });
        let (weaker_properties, weaker) = weaker.unzip();
        let text =
            |(label, ratio): (String, &Ratio)| format!("{label} {}", format::times(ratio.median));
        Self {
            rows: ratios.into_iter().map(text).collect(),
            weaker,
            weaker_properties,
            memory: memory(machine, strategy),
            is_weighed: !weighed(machine, strategy).is_empty(),
        }
    }
}

/// How many times as much a record keeps alive as in the baseline, in each table that was weighed, ascending.
fn weighed(machine: &Machine, strategy: &str) -> Vec<f64> {
    let cells = machine.cells.iter();
    let weighed =
        cells.filter(|cell| cell.strategy == strategy && cell.metric == Metric::LiveBytesPerRecord);
    let times = weighed.filter_map(|cell| Some(1.0 / cell.ratio.as_ref()?.median));
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}

/// How much more a record keeps alive than in the baseline, over the tables that were weighed.
fn memory(machine: &Machine, strategy: &str) -> Option<String> {
    let times = weighed(machine, strategy);
    let (least, most) = (*times.first()?, *times.last()?);
    let [low, high] = [least, most].map(format::times);
    is_worse(1.0 / most).then(|| {
        let up_to = if low == high { "" } else { "up to " };
        format!("{up_to}{high} the memory per record")
    })
}
