//! The checks of a run, and then its faults.

use std::collections::BTreeSet;

use basis::error::Result;
use basis::preset::Preset;
use basis::sample::{Card, CheckOutcome, Line};
use basis::scenario::RecordKind;
use checks::VerifyTask;
use registry::roster;

use super::session::{Ending, Interrupt, carry_out};
use super::task::Task;
use super::{Observer, Plan, Recording};

impl Plan {
    /// Runs the checks on every contender, puts it under every fault, and keeps what was seen.
    ///
    /// # Errors
    ///
    /// When the run is interrupted or a line cannot be kept. A check that fails is not an error but
    /// an outcome.
    pub fn verify(
        &self,
        effort: Preset,
        recording: &mut Recording,
        interrupt: &Interrupt,
        observer: &mut impl Observer,
    ) -> Result<()> {
        let verified: BTreeSet<String> = verified(recording.lines())
            .into_iter()
            .map(str::to_owned)
            .collect();
        let contenders: Vec<Card> = roster::entries(RecordKind::Status)
            .iter()
            .map(|entry| Card::from(&entry.profile))
            .filter(|card| !card.control && self.strategies.contains(&card.name))
            .collect();
        let unverified: Vec<&Card> = contenders
            .iter()
            .filter(|card| !verified.contains(&card.name))
            .collect();
        for (index, card) in unverified.iter().enumerate() {
            let share = super::VERIFYING_SHARE * index as f64 / unverified.len() as f64 / 2.0;
            observer.stage(&format!("verifying {}", card.name), share);
            let strategy = card.name.clone();
            let task = Task::Verify(VerifyTask {
                strategy,
                preset: effort,
                seed: self.seed,
            });
            let ending = carry_out(&task, interrupt, |line| {
                if let Line::Check(CheckOutcome {
                    strategy,
                    check,
                    passed: false,
                    ..
                }) = &line
                {
                    observer.note(&format!("{strategy} fails the {check} check"));
                }
                recording.keep(line)
            })?;
            if let Ending::Failed(failed) = ending {
                observer.note(&format!("{}: {}", failed.during, failed.reason));
                recording.keep(Line::Check(CheckOutcome {
                    strategy: card.name.clone(),
                    record: RecordKind::Status,
                    check: "checks end".into(),
                    passed: false,
                    evidence: format!("{}: {}", failed.during, failed.reason),
                }))?;
            }
        }
        self.inject(&contenders, effort, recording, interrupt, observer)
    }
}

/// The strategies whose checks have all been made: those that others came after.
fn verified(lines: &[Line]) -> BTreeSet<&str> {
    let mut seen: Vec<&str> = Vec::new();
    let mut is_over = false;
    for line in lines {
        match line {
            Line::Check(check) if seen.last() != Some(&check.strategy.as_str()) => {
                seen.push(&check.strategy);
            }
            Line::Fault(_) | Line::Part(_) => is_over = true,
            _ => {}
        }
    }
    if !is_over {
        seen.pop();
    }
    seen.into_iter().collect()
}
