//! Advice for one workload: which strategy, by how much, at what price, and until when.
//!
//! A [`Workload`] file says what a table is asked to do and what it must never do. [`findings`] says which strategies
//! were observed doing that, [`Workload::questions`] turns the workload into scenarios of the usual kind, and
//! [`conclude`] reads the results of measuring them. Nothing here measures, prints or knows a strategy by name; the
//! words are `report::advice`'s.

mod agreement;
mod choice;
mod deployment;
mod questions;
mod screening;
#[cfg(test)]
mod tests;
mod validation;
mod workload;

use model::claims::Property;
use model::sample::Card;
use serde::Serialize;

pub use agreement::{Agreement, Earlier, agreement};
pub use choice::{Candidate, Choice, Why, choose};
pub use deployment::{Deployment, Forecast, Outlook, Standing, Unpredictable};
pub use questions::{Note, Questions, Subject};
pub use screening::{Basis, Encounter, Finding, Need, Screening, asked, encounters, findings};
pub use workload::{Part, Side, TEMPLATE, Workload};

use results::{Flip, Guaranteed, Machine, Metric, is_worse};

/// The version of `advice.json`.
pub const SCHEMA: &str = "pivot-advice/1";

/// What follows from what was measured of a workload.
#[derive(Clone, Debug, Serialize)]
pub struct Conclusion {
    /// What to do.
    #[serde(flatten)]
    pub decision: Choice,
    /// The strategies that were measured beside the baseline.
    pub candidates: Vec<String>,
    /// Those of them that improve something that decides by more than the margin, and slow nothing that
    /// does down by more than is tolerated, for certain.
    pub sound: Vec<String>,
    /// The strategies that were not, and what is known of the others and their needs.
    #[serde(flatten)]
    pub screening: Screening,
    /// What gets worse with the one that the decision is about.
    pub losses: Vec<Loss>,
    /// Where the answer changes for it.
    pub flips: Vec<Flip>,
    /// What is predicted of it where it will run.
    pub deployment: Deployment,
    /// Why nothing is predicted, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpredicted: Option<Unpredictable>,
}

/// Something that gets worse.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "loss", rename_all = "kebab-case")]
pub enum Loss {
    /// A guarantee of the baseline that the strategy does not give.
    Guarantee {
        /// Of what.
        property: Property,
        /// What the baseline claims.
        before: String,
        /// What the strategy claims.
        after: String,
        /// What was observed of the strategy; empty where nothing was.
        observed: String,
    },
    /// A part of the workload that was not compared: no ratio does not mean no loss.
    Part {
        /// The part.
        side: Side,
        /// What would have been compared.
        metric: Metric,
        /// The baseline's time, if it was measured.
        before: Option<f64>,
        /// The strategy's.
        after: Option<f64>,
    },
    /// Memory, or allocations.
    Cost {
        /// What was counted.
        metric: Metric,
        /// Its unit.
        unit: &'static str,
        /// The baseline's count.
        before: f64,
        /// The strategy's.
        after: f64,
    },
}

/// Reads the results of a workload's questions. `screening` names the strategies that were excluded. What strategies
/// claim is what the samples say they do.
pub fn conclude(
    workload: &Workload,
    questions: &Questions,
    results: &Machine,
    screening: Screening,
) -> Conclusion {
    let excluded = &screening.excluded;
    let is_out = |name: &String| excluded.iter().any(|finding| finding.strategy == *name);
    let contenders = results.contenders().map(|card| &card.name);
    let names = contenders.filter(|&name| *name != results.baseline && !is_out(name));
    let names: Vec<String> = names.cloned().collect();
    let subjects = &questions.subjects;
    let candidate = |name: &String| {
        let lost = guarantees_lost(results, name).len();
        Candidate::of(results, subjects, name, lost)
    };
    let candidates: Vec<Candidate> = names.iter().map(candidate).collect();
    let is_sound = |candidate: &&Candidate| candidate.is_sound(results.margin);
    let sound = candidates.iter().filter(is_sound);
    let sound = sound.map(|candidate| candidate.strategy.clone()).collect();
    let decision = choose(
        &candidates,
        results.margin,
        screening.baseline_lacks.is_empty(),
    );
    let name = decision.protagonist();
    let losses = name.map(|name| {
        let guarantees = guarantees_lost(results, name);
        let parts = parts_not_compared(results, subjects, name);
        [guarantees, parts, costs_added(results, subjects, name)].concat()
    });
    let flips = results.flips.iter();
    let flips = flips.filter(|flip| name == Some(&flip.strategy));
    let rivals = names.iter().map(String::as_str);
    let rivals: Vec<&str> = rivals.filter(|rival| name != Some(rival)).collect();
    let deployment = name.map(|name| deployment::deployment(workload, results, name, &rivals));
    let (deployment, unpredicted) = match deployment.transpose() {
        Ok(deployment) => (deployment.unwrap_or_default(), None),
        Err(why) => (Deployment::default(), Some(why)),
    };
    Conclusion {
        sound,
        screening,
        losses: losses.unwrap_or_default(),
        flips: flips.cloned().collect(),
        deployment,
        unpredicted,
        decision,
        candidates: names,
    }
}

/// Every guarantee of the baseline that a strategy does not give.
fn guarantees_lost(results: &Machine, strategy: &str) -> Vec<Loss> {
    let card =
        |name: &str| -> Option<&Card> { results.contenders().find(|card| card.name == name) };
    let (Some(from), Some(to)) = (card(&results.baseline), card(strategy)) else {
        return Vec::new();
    };
    let observed = |property| {
        let mut all = results.guarantees.iter();
        let of_it = all.find(|guarantee| {
            guarantee.strategy == strategy && guarantee.property == Guaranteed::Claim(property)
        });
        of_it.map_or_else(String::new, |guarantee| guarantee.observed.clone())
    };
    let differences = from.claims.differences(&to.claims);
    let losses = differences.filter(|(_, before, after)| after < before);
    losses
        .map(|(property, before, after)| Loss::Guarantee {
            property,
            before: before.to_string(),
            after: after.to_string(),
            observed: observed(property),
        })
        .collect()
}

/// The parts of a workload that were not compared, with what is known of them.
fn parts_not_compared(results: &Machine, subjects: &[Subject], strategy: &str) -> Vec<Loss> {
    let cell = |subject: &Subject, name: &str| subject.cell(results, name);
    let is_compared =
        |subject: &Subject| cell(subject, strategy).is_some_and(|cell| cell.ratio.is_some());
    let others = subjects.iter().filter(|subject| !is_compared(subject));
    others
        .map(|subject| Loss::Part {
            side: subject.side,
            metric: subject.metric,
            before: cell(subject, &results.baseline).map(|cell| cell.median),
            after: cell(subject, strategy).map(|cell| cell.median),
        })
        .collect()
}

/// What a workload pays besides, in the first of its scenarios in which it does: memory and allocations.
fn costs_added(results: &Machine, subjects: &[Subject], strategy: &str) -> Vec<Loss> {
    let cost = |metric: Metric| {
        subjects.iter().find_map(|subject| {
            let count = |name: &str| Some(results.cell(&subject.scenario, name, metric)?.median);
            let (before, after) = (count(&results.baseline)?, count(strategy)?);
            is_worse(before / after).then(|| Loss::Cost {
                metric,
                unit: metric.unit(),
                before,
                after,
            })
        })
    };
    let counts = [
        Metric::LiveBytesPerRecord,
        Metric::AllocsRead,
        Metric::AllocsWrite,
        Metric::AllocsScan,
    ];
    counts.into_iter().filter_map(cost).collect()
}
