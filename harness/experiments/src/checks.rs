//! Verifying: the conformance checks on every strategy, in a child process that may hang or abort.

use std::io::{self, Write};

use conformance::{Check, Effort, Evidence, Finding, Inspector, Seed, YieldingRecord};
use contract::{ProcessSnapshot, ProcessStatus};
use registry::Only;
use serde::{Deserialize, Serialize};

use model::message::{Message, say};
use model::preset::Preset;
use model::sample::{CheckOutcome, Line};
use model::scenario::RecordKind;

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
    let effort = || match task.preset {
        Preset::Quick => Effort::quick(),
        Preset::Default => Effort::default(),
        Preset::Full => Effort::full(),
    };
    // A strategy's own test goes further: it also tries records of other sizes, some wide enough to be torn.
    // Here every kind of record more is another copy of every library in the program.
    for record in [RecordKind::Status, RecordKind::Snapshot] {
        let what = format!("{} with {record}", task.strategy);
        say(out, &Message::Begin { what, slice: None })?;
        let mut result = Ok(());
        let mut inspector = Inspector::new(effort(), Seed(task.seed), |finding: Finding| {
            if let Some(line) = outcome(finding, record)
                && result.is_ok()
            {
                result = say(out, &Message::Found { line });
            }
        });
        if record == RecordKind::Status {
            let mut only = Only(&task.strategy, inspector.with_checks(Check::ALL));
            registry::visit_plain::<YieldingRecord<ProcessStatus>>(&mut only);
        } else {
            let mut only = Only(&task.strategy, inspector.with_checks(Check::PER_RECORD));
            registry::visit_any::<ProcessSnapshot>(&mut only);
        }
        result?;
    }
    Ok(())
}

/// What a finding is in the sample file; nothing where the check does not apply.
fn outcome(finding: Finding, record: RecordKind) -> Option<Line> {
    let (passed, evidence) = match finding.verdict {
        Ok(Evidence::Observed(line)) => (true, line),
        Ok(Evidence::NotApplicable(_)) => return None,
        Err(violation) => (false, violation.to_string()),
    };
    Some(Line::Check(CheckOutcome {
        strategy: finding.profile.name.into(),
        record,
        check: finding.check.to_string(),
        passed,
        evidence,
    }))
}
