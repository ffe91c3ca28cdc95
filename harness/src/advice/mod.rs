//! Advice for one workload: which strategy, by how much, at what price, and until when.
//!
//! A [`Workload`] file says what a table is asked to do and what it must never do. [`Needs::against`]
//! leaves out whoever was seen doing that, [`Workload::questions`] turns the rest into scenarios of the
//! usual kind, and [`conclude`] reads the results of measuring them. Nothing here measures, prints or
//! knows a strategy by name; the words are `report::advice`'s.

mod agreement;
mod choice;
mod contradictions;
mod deployment;
mod losses;
mod needs;
mod questions;
mod screening;
#[cfg(test)]
mod tests;
mod workload;

use serde::Serialize;

pub use agreement::{Agreement, Earlier, agreement};
pub use choice::{Candidate, Choice, Why, choose, operation};
pub use deployment::{Deployment, Outlook, Ranked, Standing};
pub use losses::Loss;
pub use needs::{Allocation, Basis, Encounter, Excluded, Kept, Need, Needs, Screening};
pub use questions::{Questions, Subject};
pub use workload::{Crew, Side, TEMPLATE, Workload};

use crate::results::{Flip, Machine};

/// The version of `advice.json`.
pub const SCHEMA: &str = "pivot-advice/1";

/// What follows from what was measured of a workload.
#[derive(Clone, Debug, Serialize)]
pub struct Conclusion {
    /// What to do.
    #[serde(flatten)]
    pub decision: Choice,
    /// Who was measured beside the baseline.
    pub candidates: Vec<String>,
    /// Those of them that improve something that decides by more than the margin, and slow nothing that
    /// does down by more than is tolerated, for certain.
    pub sound: Vec<String>,
    /// Who was not, and for which need.
    pub excluded: Vec<Excluded>,
    /// Which needs the baseline itself does not meet.
    pub baseline_lacks: Vec<Excluded>,
    /// What is known of those that were not left out, need by need: seen, or only claimed.
    pub kept: Vec<Kept>,
    /// What gets worse with the one that the decision is about.
    pub losses: Vec<Loss>,
    /// Where the answer changes for it.
    pub flips: Vec<Flip>,
    /// What is predicted of it where it will run.
    pub deployment: Deployment,
    /// Why nothing is predicted, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpredicted: Option<String>,
}

/// Reads the results of a workload's questions. `screening` names those that were left out, the
/// baseline perhaps among them. What strategies claim is what the samples say they do.
pub fn conclude(
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    screening: &Screening,
) -> Conclusion {
    let excluded = &screening.excluded;
    let card = |name: &str| results.contenders().find(|card| card.name == name);
    let is_out = |name: &str| excluded.iter().any(|one| one.strategy == name);
    let lost = |name: &str| match (card(&results.baseline), card(name)) {
        (Some(from), Some(to)) => losses::guarantees_lost(results, from, to),
        _ => Vec::new(),
    };
    let names: Vec<String> = results
        .contenders()
        .map(|card| card.name.clone())
        .filter(|name| *name != results.baseline && !is_out(name))
        .collect();
    let candidates: Vec<Candidate> = names
        .iter()
        .map(|name| Candidate::of(results, &questions.subjects, name, lost(name).len()))
        .collect();
    let margin = results.margin;
    let sound = candidates.iter().filter(|one| one.is_sound(margin));
    let sound = sound.map(|one| one.strategy.clone()).collect();
    let decision = choose(&candidates, margin, !is_out(&results.baseline));
    let protagonist = decision.protagonist().map(str::to_owned);
    let mut losses = Vec::new();
    let mut flips = Vec::new();
    let mut deployment = Ok(Deployment::default());
    if let Some(name) = &protagonist {
        losses = lost(name);
        let (subjects, baseline) = (&questions.subjects, &results.baseline);
        losses.extend(losses::not_compared(results, subjects, baseline, name));
        losses.extend(losses::costs_added(results, subjects, baseline, name));
        let is_of = |flip: &&Flip| flip.strategy == *name;
        flips = results.flips.iter().filter(is_of).cloned().collect();
        let rivals = names.iter().filter(|rival| *rival != name);
        let rivals: Vec<&str> = rivals.map(String::as_str).collect();
        deployment = deployment::deployment(workload, results, name, &rivals);
    }
    let (baseline_lacks, excluded) = excluded
        .iter()
        .cloned()
        .partition(|one| one.strategy == results.baseline);
    Conclusion {
        decision,
        candidates: names,
        sound,
        excluded,
        baseline_lacks,
        kept: screening.kept.clone(),
        losses,
        flips,
        unpredicted: deployment.as_ref().err().cloned(),
        deployment: deployment.unwrap_or_default(),
    }
}
