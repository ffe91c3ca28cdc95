//! Verifying: the conformance checks on every strategy, in a child process that may hang or abort.

use std::io::{self, Write};

use conformance::{Check, Dawdler, Effort, Evidence, Finding, Inspector, Seed};
use contract::{ProcessSnapshot, ProcessStatus, Profile, Record, Strategy, Visitor};
use serde::{Deserialize, Serialize};

use basis::message::{Message, say};
use basis::preset::Preset;
use basis::sample::{CheckOutcome, Line};
use basis::scenario::RecordKind;

/// The checks of one strategy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyTask {
    /// The strategy.
    pub strategy: String,
    /// How thoroughly.
    pub preset: Preset,
    /// The seed of the checks' random numbers.
    pub seed: u64,
}

/// Runs the checks and says what they find.
///
/// # Errors
///
/// When the parent is gone.
pub fn verify(task: &VerifyTask, out: &mut impl Write) -> io::Result<()> {
    for record in [RecordKind::Status, RecordKind::Snapshot] {
        let mut result = Ok(());
        let effort = match task.preset {
            Preset::Quick => Effort::quick(),
            Preset::Default => Effort::default(),
            Preset::Full => Effort::full(),
        };
        say(
            out,
            &Message::Begin {
                what: format!("{} with {record}", task.strategy),
                slice: None,
            },
        )?;
        let mut inspector = Inspector::new(effort, Seed(task.seed), |finding: Finding| {
            if let Some(outcome) = outcome(finding, record) {
                let said = say(
                    out,
                    &Message::Found {
                        line: Line::Check(outcome),
                    },
                );
                result = std::mem::replace(&mut result, Ok(())).and(said);
            }
        });
        // A strategy's own test goes further: it also tries records that are wide enough to be torn.
        // Here every kind of record more is another copy of every library in the program.
        match record {
            RecordKind::Status => {
                let inner = inspector.with_checks(Check::ALL);
                let mut one = Only {
                    name: &task.strategy,
                    inner,
                };
                registry::visit_plain::<Dawdler<ProcessStatus>>(&mut one);
            }
            RecordKind::Snapshot => {
                let inner = inspector.with_checks(Check::PER_RECORD);
                let mut one = Only {
                    name: &task.strategy,
                    inner,
                };
                registry::visit_any::<ProcessSnapshot>(&mut one);
            }
            // Of other sizes only: left to a strategy's own test, too.
            RecordKind::Padded16 | RecordKind::Padded1Ki | RecordKind::Padded4Ki => {}
        }
        result?;
    }
    Ok(())
}

/// What a finding is in the sample file; nothing where the check does not apply.
fn outcome(finding: Finding, record: RecordKind) -> Option<CheckOutcome> {
    let (passed, evidence) = match finding.verdict {
        Ok(Evidence::Observed(line)) => (true, line),
        Ok(Evidence::NotApplicable(_)) => return None,
        Err(violation) => (false, violation.to_string()),
    };
    Some(CheckOutcome {
        strategy: finding.profile.name.into(),
        record,
        check: finding.check.to_string(),
        passed,
        evidence,
    })
}

/// Shows one strategy to a visitor.
struct Only<'n, V> {
    name: &'n str,
    inner: &'n mut V,
}

impl<R: Record, V: Visitor<R>> Visitor<R> for Only<'_, V> {
    fn visit<S: Strategy<R>>(&mut self) {
        if S::PROFILE.name == self.name {
            self.inner.visit::<S>();
        }
    }

    fn exclude(&mut self, profile: Profile, reason: &'static str) {
        if profile.name == self.name {
            self.inner.exclude(profile, reason);
        }
    }
}
