//! Advice for one workload: which strategy, by how much, at what price, and until when.
//!
//! A [`Workload`] file says what a table is asked to do and what it must never do. [`findings`] says which strategies
//! were observed doing that, [`Workload::questions`] turns the workload into scenarios of the usual kind, and
//! [`conclude`] reads the results of measuring them. Nothing here measures, prints or knows a strategy by name; the
//! words are `report::advice`'s.

mod agreement;
mod approximation;
mod choice;
mod deployment;
mod gain;
mod guarded;
mod questions;
mod recorded;
mod screening;
#[cfg(test)]
mod tests;
mod validation;
mod workload;

use analysis::series::Series;
use analysis::{Candidate, Samples};
use serde::Serialize;

pub use agreement::{Agreement, Earlier, agreement};
pub use approximation::{Approximated, Approximation, Bound};
pub use choice::{Choice, NEGLIGIBLE, Why};
pub use deployment::{Deployment, Forecast, Outlook, Standing, Unpredictable};
pub use gain::{Gain, Share, gain_of, in_program};
pub use questions::{Questions, Subject};
pub use recorded::{Program, RecordedWorkload, chosen};
pub use screening::{Basis, Finding, Need, Screening, asked, encounters, findings};
pub use workload::{
    KeyKind, Part, Pattern, RunAs, Shape, Side, TEMPLATE, Times, ValueKind, Workload,
};

use results::{Card, Decision, Flip, Judged, Loss, Machine};

/// The version of `advice.json`.
pub const SCHEMA: &str = "pivot-advice/5";

/// What follows from what was measured of a workload; by default, that a lock is left as it is without that.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Conclusion {
    /// What to do.
    #[serde(flatten)]
    pub decision: Choice,
    /// The strategies that were measured beside the baseline.
    pub candidates: Vec<String>,
    /// How many strategies were left out because others were named.
    pub left_out: usize,
    /// Those of them that qualify: they improve something that decides by more than the margin, and slow nothing that
    /// does down by more than is tolerated, as measured.
    pub sound: Vec<String>,
    /// Those that these samples do not judge.
    #[serde(skip)]
    pub open: Vec<String>,
    /// The strategies that were not, and what is known of the others and their needs.
    #[serde(flatten)]
    pub screening: Screening,
    /// Where the answer changes for the one that the decision is about.
    pub flips: Vec<Flip>,
    /// What is predicted of it where it will run.
    pub deployment: Deployment,
    /// What was measured as something else, and how far off that is.
    pub approximated: Vec<Approximation>,
    /// What the program gains whose lock it is about, if the workload is from a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
}

/// Reads what was measured of a workload's questions. `screening` names the strategies that were excluded before. What
/// strategies claim is what the samples say they do.
pub fn conclude(
    workload: &Workload,
    questions: &Questions,
    samples: &Samples,
    results: &Machine,
    mut screening: Screening,
) -> Conclusion {
    let subjects = &questions.subjects;
    screening.exclude(screening::stuck(subjects, results, &samples.lines));
    let excluded = &screening.excluded;
    let is_out = |card: &Card| excluded.iter().any(|out| out.strategy == card.name);
    let cards = results.contenders();
    let cards = cards.filter(|card| card.name != results.baseline && !is_out(card));
    let cards: Vec<&Card> = cards.collect();
    let deciding = subjects.iter().filter(|subject| subject.decides);
    let rows: Vec<Judged> = deciding.clone().map(Subject::row).collect();
    let series = Series::of_lines(&samples.lines);
    let weighed = cards.iter().copied();
    let weighed = weighed.map(|card| (card, worst_loss(results, subjects, &card.name)));
    let candidates = Candidate::all(results, &series, &samples.header.runs, &rows, weighed);
    let lacks = !screening.baseline_lacks.is_empty();
    // What a deciding part costs that has no rate, nobody knows before.
    let busy = deciding.map(|subject| subject.busy(results, &results.baseline));
    let busy: Option<f64> = busy.sum();
    let decision = choice::choose(results, &candidates, !cards.is_empty(), lacks, busy);
    let name = decision.protagonist();
    let rivals = cards.iter().map(|card| card.name.as_str());
    let rivals: Vec<&str> = rivals.filter(|rival| name != Some(rival)).collect();
    let mut flips = results.flips.clone();
    flips.retain(|flip| name == Some(&flip.strategy));
    let judged = |wanted: &[Decision]| {
        let all = candidates.iter().filter(|it| wanted.contains(&it.decision));
        all.map(|candidate| candidate.card.name.clone()).collect()
    };
    Conclusion {
        flips,
        deployment: deployment::deployment(workload, results, name, &rivals),
        approximated: approximation::approximations(workload, subjects, results),
        candidates: cards.iter().map(|card| card.name.clone()).collect(),
        left_out: 0,
        sound: judged(&[Decision::Adopt]),
        open: judged(&[Decision::Undecided, Decision::TooFew]),
        screening,
        decision,
        program: None,
    }
}

/// The part that loses most, those that do not decide among them.
fn worst_loss(results: &Machine, subjects: &[Subject], strategy: &str) -> Option<Loss> {
    let losses = subjects.iter().filter_map(|subject| {
        Some(Loss {
            scenario: subject.scenario.clone(),
            metric: subject.metric,
            times: subject.loss(results, strategy)?,
        })
    });
    losses.min_by(|a, b| a.times.total_cmp(&b.times))
}
